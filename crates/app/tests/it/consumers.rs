//! Consumers of our own protocols: they open, write, close and rate their own conversations, once each, and reach no other.

use antiphon_app::ConsumerCaller;
use antiphon_app::consumers::{Open, OpenErrorKind, ProfileUpdate};
use antiphon_app::ports::Store;
use antiphon_app::publish::{DialogRef, Publish, PublishErrorKind};
use antiphon_app::query::ReadRefused;
use antiphon_app::update::{FieldChange, Update, UpdateDone, UpdateErrorKind};
use antiphon_domain::conversation::{ClosedBy, Rating, RatingStatus, ResponseTimeKind};
use antiphon_domain::id::DialogNumber;
use antiphon_domain::{AcceptStatus, Audience, Conversation, EventBody, Role, SkillId};
use antiphon_testkit::TestApp;
use std::sync::Arc;

fn text(conversation: &Conversation, text: &str, client_id: Option<&str>) -> Publish {
    Publish {
        dialog: DialogRef::main(conversation.id),
        audience: Audience::All,
        body: EventBody::text(text),
        metadata: None,
        client_message_id: client_id.map(str::to_owned),
    }
}

fn receipt(conversation: &Conversation, status: AcceptStatus, sequences: &[u64]) -> Publish {
    Publish { body: EventBody::Accept { status, sequences: sequences.to_vec() }, ..text(conversation, "", None) }
}

async fn update(
    test: &TestApp,
    consumer: &ConsumerCaller,
    conversation: &Conversation,
    change: FieldChange,
) -> Result<UpdateDone, UpdateErrorKind> {
    test.app.update_as_consumer(consumer, Update::new(conversation.id, vec![change])).await.map_err(|error| error.kind)
}

#[tokio::test]
async fn a_conversation_opens_with_everything_that_is_known() {
    let test = TestApp::start().await;
    let mut kim = test.consumer("kim");
    kim.client.properties = Some(r#"{"type":".ClientProperties","os":"IOS"}"#.into());
    let open = Open {
        profile: Some(ProfileUpdate {
            first_name: Some("Kim".into()),
            attributes: Some(r#"[{"type":"ctmrinfo","info":{"customerId":"c1"}}]"#.into()),
            ..ProfileUpdate::default()
        }),
        skill: Some(SkillId(2)),
        campaign: Some(r#"{"campaignId":1,"engagementId":"2"}"#.into()),
        context: Some(r#"{"type":"SharkContext","lang":"en-US"}"#.into()),
        response_time: Some(ResponseTimeKind::Urgent),
        idempotency_key: None,
    };
    let opened = test.app.open_conversation(&kim, open.clone()).await.expect("opens");
    let it = test.app.own_conversation(&kim, opened.conversation).await.expect("is there at once");
    assert_eq!((it.skill, it.first, it.response_time), (Some(SkillId(2)), true, (ResponseTimeKind::Urgent, 300)));
    assert_eq!(it.due_at(), Some(it.started_at.plus_s(300)), "who asks for a conversation waits from then");
    let origin = it.origin.as_ref().expect("where it comes from is kept");
    assert_eq!((&origin.campaign, &origin.context, &origin.client), (&open.campaign, &open.context, &kim.client.properties));
    assert!(it.client_can("MULTI_DIALOG"));
    let consumer = test.app.own_profile(&kim).await.expect("reads").expect("is kept");
    assert_eq!((consumer.name.as_deref(), consumer.address.as_str()), (Some("Kim"), "kim"));
    assert!(consumer.profile.as_ref().expect("a profile").attributes.as_ref().expect("attributes").contains("c1"));

    let agent = test.arrive("agent1").await;
    assert_eq!(test.accept(&agent).await.id, it.id, "it was routed");
}

#[tokio::test]
async fn one_open_conversation_at_most() {
    let test = TestApp::start().await;
    let kim = test.consumer("kim");
    let first = test.open(&kim).await;
    let profile = ProfileUpdate { last_name: Some("Lee".into()), ..ProfileUpdate::default() };
    let again = test.app.open_conversation(&kim, Open { profile: Some(profile), ..Open::default() }).await.expect_err("one is open");
    assert_eq!(again.kind, OpenErrorKind::AlreadyOpen(first.id));
    let name = test.app.own_profile(&kim).await.expect("reads").expect("is kept").name.clone();
    assert_eq!(name.as_deref(), Some("Lee"), "what was said about them is kept all the same");
    assert_eq!(update(&test, &kim, &first, FieldChange::Close { cause: None }).await, Ok(UpdateDone::Closed));
    let second = test.open(&kim).await;
    assert!(!second.first && second.id != first.id);
    assert_eq!(test.conversations().await.len(), 2);
    let lee = test.consumer("lee");
    let open = || test.app.open_conversation(&lee, Open::default());
    let (one, other) = tokio::join!(open(), open());
    assert!(one.is_ok() != other.is_ok(), "two at once: one of them opens");
}

#[tokio::test]
async fn a_key_opens_one_conversation() {
    let test = TestApp::start().await;
    let kim = test.consumer("kim");
    let open = Open { idempotency_key: Some("k1".into()), ..Open::default() };
    let first = test.app.open_conversation(&kim, open.clone()).await.expect("opens");
    let again = test.app.open_conversation(&kim, open.clone()).await.expect("is answered again");
    assert_eq!((again.conversation, first.repeated, again.repeated), (first.conversation, false, true));
    let other = test.app.open_conversation(&kim, Open { skill: Some(SkillId(2)), ..open }).await.expect_err("another request");
    assert_eq!(other.kind, OpenErrorKind::IdempotencyMismatch);
    let unknown = test.app.open_conversation(&test.consumer("lee"), Open { skill: Some(SkillId(99)), ..Open::default() }).await;
    assert_eq!(unknown.map_err(|error| error.kind), Err(OpenErrorKind::NoSuchSkill));
}

#[tokio::test]
async fn both_sides_write_and_nothing_is_delivered_to_a_vendor() {
    let test = TestApp::start().await;
    let kim = test.consumer("kim");
    let it = test.open(&kim).await;
    assert_eq!(test.app.publish_as_consumer(&kim, text(&it, "hello", Some("m1"))).await, Ok(0));
    assert_eq!(test.app.publish_as_consumer(&kim, text(&it, "hello", Some("m1"))).await, Ok(0), "once");
    let other = test.app.publish_as_consumer(&kim, text(&it, "something else", Some("m1"))).await;
    assert_eq!(other.map_err(|error| error.kind), Err(PublishErrorKind::IdempotencyMismatch));
    let agent = test.arrive("agent1").await;
    test.accept(&agent).await;
    assert_eq!(test.write(&agent, &it, "hi").await, Ok(1));
    for (at, status) in
        [AcceptStatus::Accept, AcceptStatus::Read, AcceptStatus::Access, AcceptStatus::Nack, AcceptStatus::Action].into_iter().enumerate()
    {
        assert_eq!(test.app.publish_as_consumer(&kim, receipt(&it, status, &[1])).await, Ok(2 + at as u64));
    }
    assert_eq!(test.texts(&it).await, ["hello", "hi"]);
    assert!(test.store.deliveries(&test.account(), &Default::default(), None, 10).await.expect("reads").is_empty());
    assert!(test.net.calls().is_empty());
    let after = test.app.own_conversation(&kim, it.id).await.expect("reads");
    assert_eq!(
        after.main().participants.iter().map(|p| (p.role, p.unread)).collect::<Vec<_>>(),
        [(Role::Consumer, 0), (Role::AssignedAgent, 1)]
    );
}

#[tokio::test]
async fn a_consumer_sees_no_private_note_and_no_other_conversation() {
    let test = TestApp::start().await;
    let (kim, lee) = (test.consumer("kim"), test.consumer("lee"));
    let it = test.open(&kim).await;
    test.say(&kim, &it, "hello").await.expect("publishes");
    let agent = test.arrive("agent1").await;
    test.accept(&agent).await;
    let note = Publish { audience: Audience::AgentsAndManagers, ..text(&it, "a difficult one", None) };
    test.app.publish(&agent, note.clone()).await.expect("a note");
    test.write(&agent, &it, "hi").await.expect("publishes");
    let dialog = DialogRef::main(it.id);
    let (events, next) = test.app.own_events(&kim, dialog, 0, 10).await.expect("reads");
    assert_eq!((events.iter().map(|event| event.sequence).collect::<Vec<_>>(), next), (vec![0, 2], None));
    assert_eq!(test.app.own_events(&kim, dialog, 0, 2).await.expect("reads").1, Some(2), "a page may be shorter than it says");

    test.open(&lee).await;
    assert_eq!(test.app.own_conversation(&lee, it.id).await, Err(ReadRefused::NotFound));
    assert_eq!(test.app.own_events(&lee, dialog, 0, 10).await.map(|_| ()), Err(ReadRefused::NotFound));
    assert_eq!(test.app.own_conversations(&lee, &Default::default(), None, 10).await.expect("reads").len(), 1);
    assert_eq!(test.say(&lee, &it, "hello").await.map_err(|error| error.kind), Err(PublishErrorKind::NotFound));
    let typing = test.app.chat_state_as_consumer(&lee, dialog, "COMPOSING").await;
    assert_eq!(typing.map_err(|error| error.kind), Err(PublishErrorKind::NotFound));
    assert_eq!(update(&test, &lee, &it, FieldChange::Close { cause: None }).await, Err(UpdateErrorKind::NotFound));
    let theirs = test.app.publish_as_consumer(&kim, note).await;
    assert_eq!(theirs.map_err(|error| error.kind), Err(PublishErrorKind::Forbidden), "no private notes by consumers");
}

#[tokio::test]
async fn a_consumer_closes_rates_and_asks_for_haste_once() {
    let test = TestApp::start().await;
    let kim = test.consumer("kim");
    let it = test.open(&kim).await;
    let haste = Update {
        metadata: Some(r#"[{"type":"ActionReason","reason":"late"}]"#.into()),
        client_id: Some("u1".into()),
        ..Update::new(it.id, vec![FieldChange::ResponseTime(ResponseTimeKind::Urgent, 300)])
    };
    for _ in 0..2 {
        assert_eq!(test.app.update_as_consumer(&kim, haste.clone()).await, Ok(UpdateDone::Changed));
    }
    let changes = test.store.changes(&test.account(), it.id, 0, 10).await.expect("reads");
    assert_eq!(changes.len(), 2, "carried out once: {changes:?}");
    assert_eq!(changes[1].metadata, haste.metadata);
    let other = Update { changes: vec![FieldChange::Close { cause: None }], ..haste };
    let other = test.app.update_as_consumer(&kim, other).await;
    assert_eq!(other.map_err(|error| error.kind), Err(UpdateErrorKind::IdempotencyMismatch));

    for refused in [FieldChange::Skill(None), FieldChange::Note("x".into()), FieldChange::Suggest(antiphon_domain::UserId(1))] {
        assert_eq!(update(&test, &kim, &it, refused).await, Err(UpdateErrorKind::Forbidden));
    }
    assert_eq!(
        update(&test, &kim, &it, FieldChange::CloseDialog { dialog: DialogNumber::MAIN, cause: Some("bye".into()) }).await,
        Ok(UpdateDone::Closed)
    );
    let rating = Rating { stars: Some(5), resolved: Some(true), status: RatingStatus::Filled };
    assert_eq!(update(&test, &kim, &it, FieldChange::Rate(rating)).await, Ok(UpdateDone::Changed), "after the end");
    let after = test.store.conversation(&test.account(), it.id).await.expect("reads").expect("is there");
    assert_eq!((after.open, after.closed_by, after.rating), (false, Some(ClosedBy::Consumer), Some(rating)));
    assert_eq!(after.main().closed_cause.as_deref(), Some("bye"));
    assert_eq!(test.say(&kim, &it, "hello?").await.map_err(|error| error.kind), Err(PublishErrorKind::Closed));
    assert_eq!(update(&test, &kim, &it, FieldChange::Close { cause: None }).await, Err(UpdateErrorKind::Closed));
}

#[tokio::test]
async fn a_source_that_is_off_takes_no_conversations() {
    let test = TestApp::start().await;
    let mut kim = test.consumer("kim");
    kim.source = antiphon_domain::SourceId(1);
    let refused = test.app.open_conversation(&kim, Open::default()).await;
    assert_eq!(refused.map_err(|error| error.kind), Err(OpenErrorKind::SourceOff), "a vendor's channel");
    kim.source = antiphon_domain::SourceId(99);
    let refused = test.app.open_conversation(&kim, Open::default()).await;
    assert_eq!(refused.map_err(|error| error.kind), Err(OpenErrorKind::SourceOff), "no source at all");
}

#[tokio::test]
async fn the_same_consumer_comes_back_after_a_restart() {
    let test = TestApp::start().await;
    let it = test.open(&test.consumer("kim")).await;
    let test = test.restart().await;
    let kim = test.consumer("kim");
    assert_eq!(test.say(&kim, &it, "still here").await, Ok(0));
    let again = test.app.open_conversation(&kim, Open::default()).await.map_err(|error| error.kind);
    assert_eq!(again, Err(OpenErrorKind::AlreadyOpen(it.id)));
    let typing = test.app.chat_state_as_consumer(&kim, DialogRef::main(it.id), "COMPOSING").await;
    assert_eq!(typing, Ok(()));
    assert_eq!(Arc::clone(&test.app.own_conversation(&kim, it.id).await.expect("reads")).id, it.id);
}
