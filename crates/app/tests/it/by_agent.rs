//! Agents begin conversations with consumers whom the account knows, as far as they have room.

use antiphon_app::opening::{OpenByAgent, OpenByAgentErrorKind};
use antiphon_app::update::FieldChange;
use antiphon_domain::event::Party;
use antiphon_domain::{ConsumerId, Role};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;

fn with(consumer: ConsumerId) -> OpenByAgent {
    OpenByAgent { consumer, skill: None, context: None, campaign: None, response_time: None, client_id: None }
}

#[tokio::test]
async fn an_agent_begins_one_and_has_it() {
    let test = TestApp::start().await;
    test.net.otherwise(answer(200, "v1"));
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let first = test.accept(&agent).await;
    let open = test.app.open_by_agent(&agent, with(first.consumer)).await.map_err(|error| error.kind);
    assert_eq!(open, Err(OpenByAgentErrorKind::AlreadyOpen(first.id)), "one at most");
    test.app.update(&agent, first.id, vec![FieldChange::Close { cause: None }]).await.expect("closes");

    let context: std::sync::Arc<str> = r#"{"type":"ProactiveContext"}"#.into();
    let ask = OpenByAgent { context: Some(context.clone()), client_id: Some("c1".into()), ..with(first.consumer) };
    let begun = test.app.open_by_agent(&agent, ask.clone()).await.expect("begins");
    assert_eq!(test.app.open_by_agent(&agent, ask).await, Ok(begun), "the same request is answered again");
    let it = test.app.conversation(&agent, begun).await.expect("reads");
    assert_eq!((it.assigned_agent(), it.due_at(), it.first, it.source), (Some(agent.id()), None, false, first.source));
    assert_eq!(it.origin.as_ref().and_then(|origin| origin.context.clone()), Some(context));
    let changes = test.app.changes(&agent, begun, 0, 10).await.expect("reads");
    assert!(changes.iter().all(|change| change.by == Some(Party::User(agent.id()))));

    // What the consumer writes, and what the agent answers, goes there.
    test.write(&agent, &it, "are you happy?").await.expect("publishes");
    test.net.called(1).await;
    test.receive("say m2 +1 yes").await;
    assert_eq!(test.texts(&it).await, ["are you happy?", "yes"]);
    assert_eq!(test.conversations().await.len(), 2);
}

#[tokio::test]
async fn capacity_consent_and_privilege_hold() {
    let test = TestApp::start().await;
    let agent = test.arrive("agent1").await;
    for number in 0..4 {
        test.receive(&format!("say m{number} +{number} hello")).await;
    }
    let mut served = Vec::new();
    for _ in 0..3 {
        served.push(test.accept(&agent).await);
    }
    let waiting = test.conversations().await.into_iter().find(|it| it.assigned_agent().is_none()).expect("one waits");
    let manager = test.caller("manager1");
    test.app.update(&manager, waiting.id, vec![FieldChange::Close { cause: None }]).await.expect("closes");
    let stranger = test.app.open_by_agent(&agent, with(waiting.consumer)).await.map_err(|error| error.kind);
    assert_eq!(stranger, Err(OpenByAgentErrorKind::NoSuchConsumer), "not one that they serve");
    test.app
        .update(
            &manager,
            served[0].id,
            vec![FieldChange::Add { role: Role::Manager, user: manager.id(), dialog: antiphon_domain::DialogNumber::MAIN }],
        )
        .await
        .expect("joins");
    test.app.update(&manager, served[0].id, vec![FieldChange::Close { cause: None }]).await.expect("closes");
    test.receive("say m9 +9 hello").await;
    let fourth = test.accept(&agent).await;
    let busy = test.app.open_by_agent(&agent, with(served[0].consumer)).await.map_err(|error| error.kind);
    assert_eq!(busy, Err(OpenByAgentErrorKind::Busy), "three are as many as they may");
    test.app.update(&agent, fourth.id, vec![FieldChange::Close { cause: None }]).await.expect("closes");
    assert!(test.app.open_by_agent(&agent, with(served[0].consumer)).await.is_ok());
    let seat = test.app.agent_seats(&test.account()).await.into_iter().find(|seat| seat.user == agent.id()).expect("a seat");
    assert_eq!(seat.open, 3, "it counts");

    test.receive("say m10 +9 STOP").await;
    test.app.update(&agent, served[1].id, vec![FieldChange::Close { cause: None }]).await.expect("closes");
    let out = test.app.open_by_agent(&agent, with(fourth.consumer)).await.map_err(|error| error.kind);
    assert_eq!(out, Err(OpenByAgentErrorKind::OptedOut));
    let administrator = test.caller("admin1");
    let reader = antiphon_app::Caller {
        profile: std::sync::Arc::new(antiphon_domain::Profile {
            name: "reads".into(),
            privileges: vec![antiphon_domain::Privilege::ViewAllConversations],
        }),
        ..administrator
    };
    let refused = test.app.open_by_agent(&reader, with(served[1].consumer)).await.map_err(|error| error.kind);
    assert_eq!(refused, Err(OpenByAgentErrorKind::Forbidden));
}
