//! STOP, START and HELP.

use antiphon_app::ports::Store;
use antiphon_app::publish::PublishErrorKind;
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::{DeliveryStatus, SourceId};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;

#[tokio::test]
async fn stop_alone_opens_no_conversation_and_rings_nobody() {
    let test = TestApp::start().await;
    let agent = test.arrive("agent1").await;
    assert_eq!(test.receive("say m1 +1 Stop").await.status, 200);
    assert!(test.conversations().await.is_empty());
    assert!(test.app.rings_of(&agent.account, agent.id()).await.is_empty());
    let at = test.store.consumer_at(&test.account(), SourceId(1), "+1").await.expect("reads").expect("is known");
    assert!(at.consumer.opted_out);
    let ledger = test.store.consents(&test.account(), at.consumer.id).await.expect("reads");
    assert_eq!(ledger.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [ConsentKind::OptOut]);
    test.receive("say m2 +1 start").await;
    let at = test.store.consumer_at(&test.account(), SourceId(1), "+1").await.expect("reads").expect("is known");
    assert!(!at.consumer.opted_out);
    assert!(test.net.calls().is_empty(), "the carrier layer answers");
}

#[tokio::test]
async fn what_the_channel_tells_of_leaving_and_returning_is_entered_once() {
    let test = TestApp::start().await;
    test.receive("leaves l0 +1").await;
    assert!(test.store.consumer_at(&test.account(), SourceId(1), "+1").await.expect("reads").is_none(), "nobody to write to");
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    test.receive("leaves l1 +1").await;
    let refused = test.write(&agent, &conversation, "sorry").await;
    assert_eq!(refused.map_err(|error| error.kind), Err(PublishErrorKind::OptedOut));
    test.receive("returns r1 +1").await;
    // What was told before counts once, however late it is repeated.
    test.receive("leaves l1 +1").await;
    assert!(test.write(&agent, &conversation, "welcome").await.is_ok());
    let at = test.store.consumer_at(&test.account(), SourceId(1), "+1").await.expect("reads").expect("is known");
    let ledger = test.store.consents(&test.account(), at.consumer.id).await.expect("reads");
    let mut kinds: Vec<bool> = ledger.iter().map(|entry| entry.kind == ConsentKind::OptOut).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [false, true]);
}

#[tokio::test]
async fn after_stop_a_send_is_refused_and_what_was_queued_is_cancelled() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    test.write(&agent, &conversation, "on its way").await.expect("publishes");
    test.net.called(1).await;
    test.write(&agent, &conversation, "not yet").await.expect("publishes");
    loop {
        let queued = test.store.deliveries(&test.account(), &Default::default(), None, 10).await.expect("reads");
        if queued.iter().all(|delivery| delivery.handed_over_at.is_none()) {
            break;
        }
        tokio::task::yield_now().await;
    }
    test.receive("say m2 +1 STOP").await;
    let refused = test.write(&agent, &conversation, "sorry").await;
    assert_eq!(refused.map_err(|error| error.kind), Err(PublishErrorKind::OptedOut));
    // One may have been on its way at that very moment; it is not tried again.
    loop {
        let deliveries = test.store.deliveries(&test.account(), &Default::default(), None, 10).await.expect("reads");
        if deliveries.iter().all(|delivery| delivery.status == DeliveryStatus::Cancelled) {
            break;
        }
        test.clock.advance(1_000);
        tokio::task::yield_now().await;
    }
    assert_eq!(test.net.calls().len(), 1, "nothing goes out after STOP");
    assert_eq!(test.texts(&conversation).await.last().map(String::as_str), Some("STOP"), "shown in the open conversation");
}

#[tokio::test]
async fn where_the_product_confirms_it_does_so_exactly_once() {
    let test = TestApp::start().await;
    let directory = test.app.directory();
    let (_, source) = directory.source(SourceId(1)).expect("is there");
    let mut confirming = (**source).clone();
    confirming.settings.insert("consent_reply".into(), "confirm".into());
    confirming.settings.insert("stop_text".into(), "You are out.".into());
    let mut unit = antiphon_app::ports::store::UnitOfWork::new(test.account());
    unit.write(antiphon_app::ports::store::Write::PutSource(confirming));
    test.store.commit(unit).await.expect("commits");
    test.app.reload_directory().await.expect("reloads");
    test.net.otherwise(answer(200, "v1"));
    for _ in 0..3 {
        test.receive("say m1 +1 STOP").await;
    }
    let calls = test.net.called(1).await;
    assert_eq!(String::from_utf8_lossy(&calls[0].body), "You are out.");
    let deliveries = test.store.deliveries(&test.account(), &Default::default(), None, 10).await.expect("reads");
    assert_eq!(deliveries.len(), 1);
}

#[tokio::test]
async fn yes_is_an_answer_unless_the_consumer_is_out() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 yes").await;
    assert_eq!(test.conversations().await.len(), 1);
}
