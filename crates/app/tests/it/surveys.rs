//! Surveys after a conversation: when they begin, who is in them, and how they end.

use antiphon_app::ports::Store;
use antiphon_app::publish::{DialogRef, Publish, PublishErrorKind};
use antiphon_app::update::{FieldChange, Update, UpdateDone};
use antiphon_app::{Caller, ConsumerCaller};
use antiphon_domain::conversation::ClosedBy;
use antiphon_domain::event::Party;
use antiphon_domain::id::DialogNumber;
use antiphon_domain::{AccountSettings, Audience, Conversation, DialogKind, EventBody, Role, UserId};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;
use std::sync::Arc;

const SURVEY: DialogNumber = DialogNumber(1);

async fn start() -> TestApp {
    TestApp::start_with(AccountSettings { survey_app: Some("survey-app".to_owned()), ..AccountSettings::default() }).await
}

fn end_main() -> FieldChange {
    FieldChange::CloseDialog { dialog: DialogNumber::MAIN, cause: None }
}

fn says(it: &Conversation, text: &str) -> Publish {
    Publish {
        dialog: DialogRef { conversation: it.id, number: SURVEY },
        audience: Audience::All,
        body: EventBody::text(text),
        metadata: None,
        client_message_id: None,
    }
}

async fn now(test: &TestApp, it: &Conversation) -> Conversation {
    test.store.conversation(&test.account(), it.id).await.expect("reads").expect("is there")
}

/// A conversation with its agent.
async fn served(test: &TestApp, kim: &ConsumerCaller) -> (Caller, Arc<Conversation>) {
    test.open(kim).await;
    let agent = test.arrive("agent1").await;
    let it = test.accept(&agent).await;
    test.say(kim, &it, "hello").await.expect("publishes");
    (agent, it)
}

#[tokio::test]
async fn the_end_of_the_main_dialog_begins_a_survey() {
    let test = start().await;
    let kim = test.consumer("kim");
    let (agent, it) = served(&test, &kim).await;
    assert_eq!(test.app.update_as_consumer(&kim, Update::new(it.id, vec![end_main()])).await, Ok(UpdateDone::Closed));
    let after = now(&test, &it).await;
    assert!(after.in_survey() && after.ended_at.is_none() && after.due_at().is_none());
    assert_eq!((after.closed_by, after.main().open), (Some(ClosedBy::Consumer), false));
    let survey = after.dialog(SURVEY).expect("a survey");
    assert_eq!((survey.kind, survey.app.as_deref(), survey.next_sequence), (DialogKind::PostSurvey, Some("survey-app"), 0));
    let roles: Vec<_> = survey.participants.iter().map(|p| (p.party, p.role)).collect();
    assert_eq!(roles, [(Party::Consumer(kim.consumer), Role::Consumer), (Party::User(agent.id()), Role::Reader)]);
    let seat = test.app.agent_seats(&test.account()).await.into_iter().find(|seat| seat.user == agent.id()).expect("a seat");
    assert_eq!(seat.open, 0, "the agent's slot is free");

    // The bot joins, asks and is answered; who had the conversation only reads along.
    let bot = test.caller("manager1");
    let join = FieldChange::Add { role: Role::Agent, user: bot.id(), dialog: SURVEY };
    assert_eq!(test.app.update(&bot, it.id, vec![join]).await, Ok(UpdateDone::Added));
    assert_eq!(test.app.publish(&bot, says(&it, "how was it?")).await, Ok(0), "numbers start anew");
    assert_eq!(test.app.publish_as_consumer(&kim, says(&it, "good")).await, Ok(1));
    assert_eq!(test.app.publish(&agent, says(&it, "thanks")).await.map_err(|error| error.kind), Err(PublishErrorKind::Forbidden));
    assert_eq!(test.say(&kim, &it, "hello?").await.map_err(|error| error.kind), Err(PublishErrorKind::Closed), "the talk is over");
    let tag = Update { metadata: Some(r#"[{"type":"Survey","id":"1"}]"#.into()), ..Update::new(it.id, vec![FieldChange::Tag(SURVEY)]) };
    assert_eq!(test.app.update_with(&bot, tag.clone()).await, Ok(UpdateDone::Changed));
    assert_eq!(now(&test, &it).await.dialog(SURVEY).expect("a survey").metadata, tag.metadata);

    // Its end is the end of everything.
    let end = FieldChange::CloseDialog { dialog: SURVEY, cause: Some("Completed".into()) };
    assert!(test.app.update(&agent, it.id, vec![end.clone()]).await.is_err(), "a reader ends nothing");
    assert_eq!(test.app.update(&bot, it.id, vec![end]).await, Ok(UpdateDone::Closed));
    let after = now(&test, &it).await;
    assert!(!after.open && after.ended_at.is_some());
    assert_eq!(after.closed_by, Some(ClosedBy::Consumer), "who ended the talk stays");
    let survey = after.dialog(SURVEY).expect("a survey");
    assert_eq!((survey.closed_by, survey.closed_cause.as_deref()), (Some(ClosedBy::Agent), Some("Completed")));
}

#[tokio::test]
async fn agents_begin_one_too_and_what_ends_everything_does_not() {
    let test = start().await;
    let kim = test.consumer("kim");
    let (agent, it) = served(&test, &kim).await;
    assert_eq!(test.app.update(&agent, it.id, vec![end_main()]).await, Ok(UpdateDone::Closed));
    let after = now(&test, &it).await;
    assert!(after.in_survey() && after.closed_by == Some(ClosedBy::Agent));
    let close = Update::new(it.id, vec![FieldChange::Close { cause: None }]);
    assert_eq!(test.app.update_as_consumer(&kim, close).await, Ok(UpdateDone::Closed), "the survey is skipped");
    assert!(!now(&test, &it).await.open);

    test.open(&kim).await;
    let second = test.accept(&agent).await;
    assert_eq!(test.app.update(&agent, second.id, vec![FieldChange::Close { cause: None }]).await, Ok(UpdateDone::Closed));
    assert!(!now(&test, &second).await.open, "no survey");
}

#[tokio::test]
async fn nobody_is_asked_who_was_not_served_or_can_not_be_asked() {
    let test = start().await;
    let kim = test.consumer("kim");
    let waiting = test.open(&kim).await;
    assert!(test.app.update_as_consumer(&kim, Update::new(waiting.id, vec![end_main()])).await.is_ok());
    assert!(!now(&test, &waiting).await.open, "nobody had it");

    let mut lee = test.consumer("lee");
    lee.client.features.clear();
    let (_, it) = served(&test, &lee).await;
    assert!(test.app.update_as_consumer(&lee, Update::new(it.id, vec![end_main()])).await.is_ok());
    assert!(!now(&test, &it).await.open, "their program can't show a survey");
}

#[tokio::test]
async fn who_comes_anew_ends_the_survey() {
    let test = start().await;
    let kim = test.consumer("kim");
    let (agent, it) = served(&test, &kim).await;
    assert!(test.app.update(&agent, it.id, vec![end_main()]).await.is_ok());
    let next = test.open(&kim).await;
    assert!(next.id != it.id && next.open && !next.first);
    let after = now(&test, &it).await;
    assert_eq!((after.open, after.closed_by), (false, Some(ClosedBy::Agent)));
    assert_eq!(after.dialog(SURVEY).and_then(|dialog| dialog.closed_by), Some(ClosedBy::System));
}

#[tokio::test]
async fn an_idle_survey_is_closed_also_after_a_restart() {
    let test = start().await;
    let kim = test.consumer("kim");
    let (agent, it) = served(&test, &kim).await;
    assert!(test.app.update(&agent, it.id, vec![end_main()]).await.is_ok());
    test.clock.advance(7 * 24 * 3_600_000 - 120_000);
    assert!(now(&test, &it).await.in_survey());
    let test = test.restart().await;
    let closed = loop {
        // Each minute it is looked again; the first look may have begun its wait before or after this.
        test.clock.advance(60_000);
        tokio::task::yield_now().await;
        let after = now(&test, &it).await;
        if !after.open {
            break after;
        }
        assert!(test.app.clock().now().since(it.started_at) < 8 * 24 * 3_600_000, "it stays open");
    };
    assert_eq!((closed.id, closed.open), (it.id, false));
    assert_eq!(closed.dialog(SURVEY).and_then(|dialog| dialog.closed_by), Some(ClosedBy::System));
}

#[tokio::test]
async fn a_channels_consumer_answers_a_survey_by_writing() {
    let test = start().await;
    test.net.otherwise(answer(200, "v1"));
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let it = test.accept(&agent).await;
    assert!(test.app.update(&agent, it.id, vec![end_main()]).await.is_ok());
    assert!(now(&test, &it).await.in_survey(), "every channel can carry a survey");
    let bot = test.caller("manager1");
    let join = FieldChange::Add { role: Role::Agent, user: bot.id(), dialog: SURVEY };
    assert!(test.app.update(&bot, it.id, vec![join]).await.is_ok());
    assert_eq!(test.app.publish(&bot, says(&it, "how was it?")).await, Ok(0));
    test.net.called(1).await;
    test.receive("say m2 +1 good").await;
    let answers = test.store.events(&test.account(), it.id, SURVEY, 0, 10).await.expect("reads");
    assert_eq!(answers.len(), 2, "the question went out, and what came back is its answer");
    assert_eq!(test.conversations().await.len(), 1);
    assert!(test.app.update(&bot, it.id, vec![FieldChange::Close { cause: None }]).await.is_ok());
    test.receive("say m3 +1 one more thing").await;
    assert_eq!(test.conversations().await.len(), 2, "after it, a new conversation begins");
}

#[tokio::test]
async fn an_offers_end_is_recorded_and_moves_nothing() {
    let test = TestApp::start().await;
    let kim = test.consumer("kim");
    let it = test.open(&kim).await;
    let agent = test.arrive("agent1").await;
    let (ring, _) = test.ring(&agent).await;
    test.clock.advance(1_000);
    test.app.answer_ring(&agent, it.id, ring.offered_at, false).await.expect("declined");
    let after = now(&test, &it).await;
    assert_eq!((after.updated_at, after.due_at()), (it.updated_at, it.due_at()));
    let changes = test.store.changes(&test.account(), it.id, 1, 10).await.expect("reads");
    let kinds: Vec<_> = changes.iter().map(|change| (change.kind.clone(), change.at)).collect();
    let expected = antiphon_domain::ChangeKind::RingEnded {
        agent: UserId(1),
        offered_at: ring.offered_at,
        state: antiphon_domain::routing::RingState::Rejected,
    };
    assert_eq!(kinds, [(expected, ring.offered_at.plus_ms(1_000))]);
}
