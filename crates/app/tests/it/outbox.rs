//! Deliveries: in order, retried, never doubled, and never a guess.

use antiphon_app::administration::Act;
use antiphon_app::ports::bus::{Announcement, Heard, Listener, Topic};
use antiphon_app::ports::net::NetError;
use antiphon_app::ports::store::{AuditRow, DeliveryFilter, UnitOfWork, Write};
use antiphon_app::ports::{Clock, Store};
use antiphon_app::publish::{DialogRef, Publish};
use antiphon_domain::source::HealthState;
use antiphon_domain::{Audience, Conversation, Delivery, DeliveryStatus, EventBody, RowId};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;
use futures_util::FutureExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// The store is busy for a while: what is committed now is on its way when whoever asked goes away.
async fn busy(test: &TestApp) {
    let mut much = UnitOfWork::new(test.account());
    for row in 0..20_000 {
        much.write(Write::AddAudit(AuditRow {
            id: RowId(row),
            at: test.clock.now(),
            by: None,
            by_key: None,
            action: "much".into(),
            object_kind: "row".into(),
            object_id: "1".into(),
            detail: "{}".into(),
        }));
    }
    assert!(test.store.commit(much).now_or_never().is_none());
}

#[tokio::test]
async fn a_caller_who_goes_away_loses_no_delivery_and_nobody_misses_the_event() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.net.then(answer(200, "v1")).then(answer(200, "v2"));
    busy(&test).await;
    let request = Publish {
        dialog: DialogRef::main(conversation.id),
        audience: Audience::All,
        body: EventBody::text("left alone"),
        metadata: None,
        client_message_id: None,
    };
    let (app, caller) = (Arc::clone(&test.app), agent.clone());
    let left = test.app.see_through(async move { app.publish(&caller, request).await });
    assert!(left.now_or_never().is_none(), "the caller went away before the commit was answered");
    test.write(&agent, &conversation, "waited for").await.expect("publishes");
    test.net.called(2).await;
    let bodies: Vec<String> = test.net.calls().iter().map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect();
    assert_eq!(bodies, ["left alone", "waited for"]);
    for sequence in [1, 2] {
        let told = TestApp::hear(&mut listener, |heard| match heard {
            Heard::That(Announcement::Conversation(moved)) => moved.events.first().map(|event| event.sequence),
            _ => None,
        });
        assert_eq!(told.await, sequence);
    }
}

#[tokio::test]
async fn what_never_began_is_not_done() {
    let test = TestApp::start().await;
    let (agent, conversation, _listener) = conversation(&test).await;
    let (app, ran) = (Arc::clone(&test.app), Arc::new(AtomicBool::new(false)));
    let mark = Arc::clone(&ran);
    drop(app.see_through(async move { mark.store(true, Ordering::Relaxed) }));
    test.write(&agent, &conversation, "meanwhile").await.expect("publishes");
    assert!(!ran.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_failure_can_be_tried_again_as_soon_as_it_shows() {
    let test = TestApp::start().await;
    let (agent, conversation, _listener) = conversation(&test).await;
    for round in 0..50 {
        test.net.then(answer(400, "no"));
        test.write(&agent, &conversation, &format!("round {round}")).await.expect("publishes");
        let filter = DeliveryFilter { status: Some(DeliveryStatus::Failed), ..Default::default() };
        let failed = loop {
            let found = test.store.deliveries(&test.account(), &filter, None, 1).await.expect("reads");
            if let Some(failed) = found.into_iter().next() {
                break failed;
            }
        };
        test.net.then(answer(200, &format!("v{round}")));
        test.app.retry_delivery(&Act::of(&agent), failed.id).await.expect("is tried again");
        test.net.called(2 * (round + 1)).await;
    }
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
async fn what_certainly_never_arrives_fails_in_the_end() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.net.at("http://vendor.test/send/", Err(NetError::Broken("reset".into()))).at("http://vendor.test/find/", answer(404, ""));
    test.write(&agent, &conversation, "hi").await.expect("publishes");
    let attempts = test.app.limits().delivery_attempts;
    until_called(&test, 2 * attempts as usize).await;
    let failed = delivered(&mut listener, DeliveryStatus::Failed).await;
    assert_eq!((failed.attempts, failed.reason.map(|reason| reason.code.to_string())), (attempts, Some("not_delivered".to_owned())));
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
    let mut unit = UnitOfWork::new(test.account());
    unit.write(Write::PutSource(renewed));
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

async fn stored(test: &TestApp, delivery: &Delivery) -> Delivery {
    test.store.delivery(&test.account(), delivery.id).await.expect("reads").expect("is there")
}

/// Lets everything that is due happen, up to a time from now.
async fn pass(test: &TestApp, ms: i64) {
    let end = test.clock.now().plus_ms(ms);
    while test.clock.now() < end {
        let wake = test.clock.next_wake().filter(|at| *at < end).unwrap_or(end);
        test.clock.advance(wake.since(test.clock.now()).max(1));
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn what_the_channel_failed_to_deliver_is_attempted_again_so_often_and_no_more() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.net.then(answer(200, "v1")).then(answer(200, "v2"));
    test.write(&agent, &conversation, "hi").await.expect("publishes");
    let first = delivered(&mut listener, DeliveryStatus::Sent).await;
    let say = |word: &str, vendor_id: &str| format!("{word} {vendor_id} {}", first.id);
    test.receive(&say("bounced", "v1")).await;
    let waiting = delivered(&mut listener, DeliveryStatus::Queued).await;
    assert_eq!(waiting.reason.as_ref().map(|reason| &*reason.code), Some("out_of_reach"));
    assert!(waiting.next_at >= test.clock.now().plus_s(60), "not before the channel's time");
    // The same callback again, and a late one of the hand-over that failed.
    test.receive(&say("bounced", "v1")).await;
    test.receive(&say("sent", "v1")).await;
    assert_eq!((stored(&test, &first).await.status, test.net.calls().len()), (DeliveryStatus::Queued, 1));
    until_called(&test, 2).await;
    let second = delivered(&mut listener, DeliveryStatus::Sent).await;
    assert_eq!(second.vendor_id.as_deref(), Some("v2"), "the new id replaces the old");
    test.receive(&say("bounced", "v1")).await;
    assert_eq!(stored(&test, &first).await.status, DeliveryStatus::Sent, "not the hand-over that counts");
    test.receive(&say("bounced", "v2")).await;
    delivered(&mut listener, DeliveryStatus::Failed).await;
    pass(&test, 24 * 3_600_000).await;
    assert_eq!(test.net.calls().len(), 2, "bounded");
    // The carrier's own retry of the first got through after all.
    test.receive(&say("arrived", "v1")).await;
    assert_eq!(stored(&test, &first).await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn what_arrives_after_all_is_not_attempted_again() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.net.otherwise(answer(200, "v1"));
    test.write(&agent, &conversation, "hi").await.expect("publishes");
    let sent = delivered(&mut listener, DeliveryStatus::Sent).await;
    test.receive(&format!("bounced v1 {}", sent.id)).await;
    test.receive(&format!("arrived v1 {}", sent.id)).await;
    assert_eq!(stored(&test, &sent).await.status, DeliveryStatus::Delivered);
    pass(&test, 3_600_000).await;
    assert_eq!(test.net.calls().len(), 1);
}

#[tokio::test]
async fn another_attempt_outlives_a_restart_and_a_receipt_that_overtakes_its_send() {
    let test = TestApp::start().await;
    let (agent, conversation, mut listener) = conversation(&test).await;
    test.net.then(answer(200, "v1"));
    test.write(&agent, &conversation, "hi").await.expect("publishes");
    let sent = delivered(&mut listener, DeliveryStatus::Sent).await;
    test.receive(&format!("bounced v1 {}", sent.id)).await;
    assert_eq!(stored(&test, &sent).await.status, DeliveryStatus::Queued);
    test.net.then(answer(200, "v2"));
    let test = test.restart().await;
    until_called(&test, 2).await;
    while stored(&test, &sent).await.vendor_id.as_deref() != Some("v2") {
        tokio::task::yield_now().await;
    }
    assert_eq!(stored(&test, &sent).await.status, DeliveryStatus::Sent);
}

#[tokio::test]
async fn a_source_whose_allowance_runs_out_slows_down_before_it_is_refused() {
    let test = TestApp::start().await;
    let (agent, first, mut listener) = conversation(&test).await;
    test.receive("say m2 +2 hello").await;
    let second = test.accept(&agent).await;
    let mut nearly = answer(200, "v1").expect("an answer");
    nearly.headers.insert("x-used-percent", "90".parse().expect("a header"));
    test.net.then(Ok(nearly)).then(answer(200, "v2"));
    test.write(&agent, &first, "one").await.expect("publishes");
    delivered(&mut listener, DeliveryStatus::Sent).await;
    test.write(&agent, &second, "two").await.expect("publishes");
    pass(&test, 2_900).await;
    assert_eq!(test.net.calls().len(), 1, "it waits a while");
    pass(&test, 200).await;
    test.net.called(2).await;
    assert_eq!(delivered(&mut listener, DeliveryStatus::Sent).await.conversation, second.id);
}

#[tokio::test]
async fn a_source_that_the_channel_blocks_is_parked_and_its_administrator_told() {
    let test = TestApp::start().await;
    let (agent, first, mut listener) = conversation(&test).await;
    test.receive("say m2 +2 hello").await;
    let second = test.accept(&agent).await;
    test.net.then(answer(403, "")).then(answer(200, "v2"));
    test.write(&agent, &first, "one").await.expect("publishes");
    let health = |heard| match heard {
        Heard::That(Announcement::Source(_, health, _)) => Some((health.state, health.message)),
        _ => None,
    };
    let failed = delivered(&mut listener, DeliveryStatus::Failed).await;
    assert_eq!(failed.reason.map(|reason| reason.code.to_string()).as_deref(), Some("blocked"));
    assert_eq!(TestApp::hear(&mut listener, health).await, (HealthState::Failing, "The test channel says blocked.".to_owned()));
    test.write(&agent, &second, "two").await.expect("publishes");
    pass(&test, 59_000).await;
    assert_eq!(test.net.calls().len(), 1, "parked");
    pass(&test, 2_000).await;
    test.net.called(2).await;
    assert_eq!(TestApp::hear(&mut listener, health).await.0, HealthState::Ok);
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
