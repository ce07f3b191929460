//! Deliveries: in order, retried, never doubled, and never a guess.

use antiphon_app::ports::bus::{Announcement, Heard, Listener, Topic};
use antiphon_app::ports::net::NetError;
use antiphon_app::ports::{Clock, Store};
use antiphon_domain::source::HealthState;
use antiphon_domain::{Conversation, Delivery, DeliveryStatus, EventBody};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;
use std::sync::Arc;

async fn conversation(test: &TestApp) -> (antiphon_app::Caller, Arc<Conversation>, Listener) {
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    let listener = test.listen(Topic::Account(agent.account.clone()));
    (agent, conversation, listener)
}

async fn delivered(listener: &mut Listener, status: DeliveryStatus) -> Delivery {
    TestApp::hear(listener, |heard| match heard {
        Heard::That(Announcement::Deliveries(moved)) => moved.iter().find(|delivery| delivery.status == status).cloned(),
        _ => None,
    })
    .await
}

/// Moves the clock to the next time somebody waits for, until so many calls were made.
async fn until_called(test: &TestApp, calls: usize) {
    while test.net.calls().len() < calls {
        if let Some(at) = test.clock.next_wake() {
            test.clock.advance(at.since(test.clock.now()).max(1));
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn long_text_goes_out_in_parts_and_in_order() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.net.then(answer(200, "v1")).then(answer(200, "v2")).then(answer(200, "v3"));
    test.write(&agent, &conversation, "one two three four five six seven eight nine").await.expect("publishes");
    test.net.called(3).await;
    let sent: String = test.net.calls().iter().map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect::<Vec<_>>().join(" ");
    assert_eq!(sent, "one two three four five six seven eight nine");
    while delivered(&mut listener, DeliveryStatus::Sent).await.vendor_id.as_deref() != Some("v3") {}
}

#[tokio::test]
async fn an_outage_of_an_hour_loses_and_doubles_nothing() {
    let test = TestApp::start().await;
    let (agent, conversation, _listener) = conversation(&test).await;
    for text in ["first", "second", "third"] {
        test.write(&agent, &conversation, text).await.expect("publishes");
    }
    let end = test.clock.now().plus_s(3600);
    // Nothing is sent while the vendor is away; backoff keeps the calls few.
    while test.clock.now() < end {
        test.clock.advance(30_000);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    let failed = test.net.calls().len();
    assert!(failed < 200, "{failed} calls in an hour");
    for n in 0..3 {
        test.net.then(answer(200, &format!("v{n}")));
    }
    until_called(&test, failed + 3).await;
    let bodies: Vec<String> = test.net.calls()[failed..].iter().map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect();
    assert_eq!(bodies, ["first", "second", "third"]);
}

#[tokio::test]
async fn an_unknown_outcome_is_looked_up_and_not_resent() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.net.then(Err(NetError::Timeout(15_000))).then(answer(200, "found1"));
    test.write(&agent, &conversation, "hi").await.expect("publishes");
    delivered(&mut listener, DeliveryStatus::Unknown).await;
    until_called(&test, 2).await;
    let found = delivered(&mut listener, DeliveryStatus::Sent).await;
    assert_eq!(found.vendor_id.as_deref(), Some("found1"));
    assert!(test.net.calls()[1].url.contains("/find/"));
}

#[tokio::test]
async fn an_unknown_outcome_that_certainly_failed_is_sent_again_before_what_follows() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.net.then(Err(NetError::Broken("reset".into()))).then(answer(404, "")).then(answer(200, "v1")).then(answer(200, "v2"));
    test.write(&agent, &conversation, "first").await.expect("publishes");
    test.write(&agent, &conversation, "second").await.expect("publishes");
    delivered(&mut listener, DeliveryStatus::Unknown).await;
    until_called(&test, 4).await;
    let bodies: Vec<String> = test.net.calls().iter().map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect();
    assert_eq!(bodies, ["first", "", "first", "second"]);
}

#[tokio::test]
async fn a_dead_token_holds_everything_until_it_is_renewed() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.net.then(answer(401, ""));
    test.write(&agent, &conversation, "hi").await.expect("publishes");
    let health = TestApp::hear(&mut listener, |heard| match heard {
        Heard::That(Announcement::Source(_, health, _)) => Some(health),
        _ => None,
    })
    .await;
    assert_eq!(health.state, HealthState::NeedsReauthorisation);
    let consumer = test.app.consumer(&agent, conversation.consumer).await.expect("reads");
    let composer = test.app.composer(&conversation, &consumer);
    assert_eq!((composer.enabled, composer.code), (false, Some("source_broken")));

    let directory = test.app.directory();
    let (_, source) = directory.source(antiphon_domain::SourceId(1)).expect("is there");
    let mut renewed = (**source).clone();
    renewed.health.state = HealthState::Unknown;
    let mut unit = antiphon_app::ports::store::UnitOfWork::new(test.account());
    unit.write(antiphon_app::ports::store::Write::PutSource(renewed));
    test.net.then(answer(200, "v1"));
    test.store.commit(unit).await.expect("commits");
    test.app.reload_directory().await.expect("reloads");
    assert_eq!(delivered(&mut listener, DeliveryStatus::Sent).await.vendor_id.as_deref(), Some("v1"));
}

#[tokio::test]
async fn receipts_climb_and_join_the_dialog_even_when_they_come_first() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.receive("delivered v1").await;
    test.net.then(answer(200, "v1"));
    test.write(&agent, &conversation, "hi").await.expect("publishes");
    delivered(&mut listener, DeliveryStatus::Delivered).await;
    test.clock.advance(5_000);
    let at = test.clock.now().0;
    test.receive(&format!("read +1 {at}")).await;
    test.receive(&format!("read +1 {at}")).await;
    test.receive("delivered v1").await;
    let deliveries = test.store.deliveries(&test.account(), &Default::default(), None, 10).await.expect("reads");
    assert_eq!(deliveries.iter().map(|delivery| delivery.status).collect::<Vec<_>>(), [DeliveryStatus::Read]);
    let events = test.store.events(&test.account(), conversation.id, antiphon_domain::id::DialogNumber::MAIN, 0, 10).await.expect("reads");
    let receipts: Vec<&str> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::Accept { status, .. } => Some(status.name()),
            EventBody::Content(_) => None,
        })
        .collect();
    assert_eq!(receipts, ["ACCEPT", "READ"], "each once");
}

#[tokio::test]
async fn one_poisoned_conversation_does_not_delay_another() {
    let test = TestApp::start().await;
    let (agent, poisoned, mut listener) = conversation(&test).await;
    test.receive("say m2 +2 hello").await;
    let other = test.accept(&agent).await;
    test.net.then(answer(500, "")).then(answer(200, "v2"));
    test.write(&agent, &poisoned, "poison").await.expect("publishes");
    test.net.called(1).await;
    test.write(&agent, &other, "fine").await.expect("publishes");
    assert_eq!(delivered(&mut listener, DeliveryStatus::Sent).await.conversation, other.id);
}

#[tokio::test]
async fn a_source_in_trouble_pauses_as_a_whole_says_so_and_recovers() {
    let test = TestApp::start().await;
    let mut listener = test.listen(Topic::Account(test.account()));
    let health = |heard| match heard {
        Heard::That(Announcement::Source(_, health, _)) => Some(health.state),
        _ => None,
    };
    for login in ["agent1", "agent2"] {
        let agent = test.arrive(login).await;
        for n in 0..3 {
            test.receive(&format!("say m{agent}{n} +{agent}{n} hello", agent = agent.id())).await;
            let conversation = test.accept(&agent).await;
            test.write(&agent, &conversation, "hi").await.expect("publishes");
        }
    }
    assert_eq!(TestApp::hear(&mut listener, health).await, HealthState::Failing);
    test.net.otherwise(answer(200, "v1"));
    while test
        .store
        .deliveries(&test.account(), &Default::default(), None, 10)
        .await
        .expect("reads")
        .iter()
        .any(|d| d.status != DeliveryStatus::Sent)
    {
        if let Some(at) = test.clock.next_wake() {
            test.clock.advance(at.since(test.clock.now()).max(1));
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(TestApp::hear(&mut listener, health).await, HealthState::Ok);
}

#[tokio::test]
async fn what_was_on_its_way_at_a_crash_is_unknown_and_looked_up() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.net.then(Err(NetError::NoConnection("down".into())));
    test.write(&agent, &conversation, "hi").await.expect("publishes");
    let mut queued = delivered(&mut listener, DeliveryStatus::Queued).await;
    // As if the process had ended between the hand-over and its answer.
    queued.handed_over_at = Some(test.clock.now());
    test.app.stop().await;
    let mut unit = antiphon_app::ports::store::UnitOfWork::new(test.account());
    unit.write(antiphon_app::ports::store::Write::PutDelivery(queued.clone()));
    test.store.commit(unit).await.expect("commits");
    test.net.then(answer(200, "found"));
    let calls = test.net.calls().len();
    let test = test.restart().await;
    until_called(&test, calls + 1).await;
    loop {
        let now = test.store.delivery(&test.account(), queued.id).await.expect("reads").expect("is there");
        if now.status == DeliveryStatus::Sent {
            assert_eq!(now.vendor_id.as_deref(), Some("found"));
            break;
        }
        assert_eq!(now.status, DeliveryStatus::Unknown);
        tokio::task::yield_now().await;
    }
}
