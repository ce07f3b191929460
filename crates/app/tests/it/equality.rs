//! Applying what was announced to an old snapshot gives what a fresh read gives: after every use case.

use antiphon_app::ports::Store;
use antiphon_app::ports::bus::{Announcement, Heard, Listener, Topic};
use antiphon_app::update::{FieldChange, Update};
use antiphon_domain::conversation::{Delay, Rating, RatingStatus};
use antiphon_domain::id::DialogNumber;
use antiphon_domain::{AccountSettings, Change, Conversation, ConversationId, DeliveryStatus, Event, Role, SkillId, UserId};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;
use std::collections::BTreeMap;

/// What somebody knows who was told everything and asked nothing.
#[derive(Default)]
struct Told {
    conversations: BTreeMap<ConversationId, (Conversation, Vec<Event>, Vec<Change>)>,
}

impl Told {
    fn hear_all(&mut self, listener: &mut Listener) {
        while let Ok(heard) = listener.heard.try_recv() {
            let Heard::That(Announcement::Conversation(moved)) = heard else { continue };
            let entry = self.conversations.entry(moved.after.id).or_insert_with(|| ((*moved.after).clone(), Vec::new(), Vec::new()));
            assert!(entry.1.is_empty() && entry.2.is_empty() || entry.0.version < moved.after.version, "moves come in order");
            entry.0 = (*moved.after).clone();
            entry.1.extend(moved.events.iter().map(|event| (**event).clone()));
            entry.2.extend(moved.changes.iter().cloned());
        }
    }

    async fn check(&mut self, test: &TestApp, listener: &mut Listener, after: &str) {
        self.hear_all(listener);
        let stored = test.conversations().await;
        assert_eq!(stored.len(), self.conversations.len(), "after {after}");
        for conversation in stored {
            let (told, events, changes) = &self.conversations[&conversation.id];
            assert_eq!(told, &conversation, "after {after}");
            let mut read = Vec::new();
            for dialog in &conversation.dialogs {
                read.extend(test.store.events(&test.account(), conversation.id, dialog.number, 0, 1_000).await.expect("reads"));
            }
            assert_eq!(events, &read, "after {after}");
            let read = test.store.changes(&test.account(), conversation.id, 0, 1_000).await.expect("reads");
            assert_eq!(changes, &read, "after {after}");
        }
    }
}

/// Waits until a delivery came that far: its consequences are announced then.
async fn settled(listener: &mut Listener, status: DeliveryStatus) {
    TestApp::hear(listener, |heard| match heard {
        Heard::That(Announcement::Deliveries(moved)) => moved.iter().any(|delivery| delivery.status == status).then_some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn what_is_told_of_consumers_of_our_own_protocols_is_what_is_read() {
    let settings = AccountSettings { survey_app: Some("survey-app".to_owned()), ..AccountSettings::default() };
    let test = TestApp::start_with(settings).await;
    let mut listener = test.listen(Topic::Account(test.account()));
    let mut told = Told::default();
    let kim = test.consumer("kim");

    let it = test.open(&kim).await;
    told.check(&test, &mut listener, "opening").await;
    test.say(&kim, &it, "hello").await.expect("publishes");
    told.check(&test, &mut listener, "a consumer's message").await;
    let agent = test.arrive("agent1").await;
    let (ring, _) = test.ring(&agent).await;
    test.app.answer_ring(&agent, it.id, ring.offered_at, false).await.expect("declined");
    told.check(&test, &mut listener, "a declined ring").await;
    let manager = test.caller("manager1");
    let take = FieldChange::Add { role: Role::AssignedAgent, user: manager.id(), dialog: DialogNumber::MAIN };
    test.app.update(&manager, it.id, vec![take]).await.expect("taken over");

    let rating = Rating { stars: Some(4), resolved: None, status: RatingStatus::PartiallyFilled };
    let survey = DialogNumber(1);
    let join = FieldChange::Add { role: Role::Agent, user: manager.id(), dialog: survey };
    let delay = Delay { kind: "NIGHT".into(), till: it.started_at.plus_s(60) };
    for (name, changes) in [
        ("a note", vec![FieldChange::Note("vip".into()), FieldChange::Topic("bikes".into())]),
        ("a delay", vec![FieldChange::Delay(Some(delay))]),
        ("a due time", vec![FieldChange::Due(Some(it.started_at.plus_s(90)))]),
        ("the end of the main dialog", vec![FieldChange::CloseDialog { dialog: DialogNumber::MAIN, cause: None }]),
        ("joining the survey", vec![join]),
        ("tagging the survey", vec![FieldChange::Tag(survey)]),
    ] {
        let update = Update { metadata: Some(r#"[{"type":"ActionReason","reason":"x"}]"#.into()), ..Update::new(it.id, changes) };
        test.app.update_with(&manager, update).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        told.check(&test, &mut listener, name).await;
    }
    for (name, changes) in [("a rating", vec![FieldChange::Rate(rating)]), ("the end", vec![FieldChange::Close { cause: None }])] {
        test.app.update_as_consumer(&kim, Update::new(it.id, changes)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        told.check(&test, &mut listener, name).await;
    }
    test.open(&kim).await;
    told.check(&test, &mut listener, "opening another").await;
}

#[tokio::test]
async fn what_is_told_is_what_is_read() {
    let test = TestApp::start().await;
    test.net.otherwise(answer(200, "v1"));
    let mut listener = test.listen(Topic::Account(test.account()));
    let mut told = Told::default();

    test.receive("say m1 +1 hello").await;
    told.check(&test, &mut listener, "a first message").await;
    test.receive("say m2 +1 again\npicture m3 +1 http://vendor.test/p").await;
    told.check(&test, &mut listener, "more messages").await;
    test.receive("echo e1 +1 native").await;
    told.check(&test, &mut listener, "a native message").await;

    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    told.check(&test, &mut listener, "an accepted ring").await;
    let mut deliveries = test.listen(Topic::Account(test.account()));
    test.write(&agent, &conversation, "hi").await.expect("publishes");
    settled(&mut deliveries, DeliveryStatus::Sent).await;
    told.check(&test, &mut listener, "a reply").await;
    test.receive("delivered v1").await;
    settled(&mut deliveries, DeliveryStatus::Delivered).await;
    told.check(&test, &mut listener, "a receipt").await;
    test.receive("reacts r1 +1 v1\ncomes c1 +1 summer\nreacts r1 +1 v1").await;
    told.check(&test, &mut listener, "a reaction and a referral").await;

    let manager = test.caller("manager1");
    // Nobody else transfers to somebody who is offline.
    let administrator = test.caller("admin1");
    let add = |role, user: UserId| FieldChange::Add { role, user, dialog: DialogNumber::MAIN };
    let remove = |role, user: UserId| FieldChange::Remove { role, user, dialog: DialogNumber::MAIN };
    for (name, caller, changes) in [
        ("joining", &manager, vec![add(Role::Manager, manager.id())]),
        ("leaving", &manager, vec![remove(Role::Manager, manager.id())]),
        ("taking over", &manager, vec![add(Role::AssignedAgent, manager.id())]),
        ("a transfer", &manager, vec![remove(Role::AssignedAgent, manager.id()), FieldChange::Skill(Some(SkillId(2)))]),
        ("a suggestion", &administrator, vec![FieldChange::Suggest(UserId(2))]),
        ("a response time", &manager, vec![FieldChange::ResponseTime(antiphon_domain::conversation::ResponseTimeKind::Custom, 1_800)]),
        ("closing", &manager, vec![FieldChange::Close { cause: Some("done".into()) }]),
    ] {
        test.app.update(caller, conversation.id, changes).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        told.check(&test, &mut listener, name).await;
    }
    test.receive("say m9 +1 STOP\nsay m10 +1 START\nsay m11 +1 hello again").await;
    told.check(&test, &mut listener, "consent words and a new conversation").await;
    assert_eq!(told.conversations.len(), 2);
}
