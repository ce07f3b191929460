//! The channel log: what was exchanged is found again, with its conversation and without its secrets, and never in the way.

use antiphon_app::ports::store::{ChannelLogFilter, ChannelLogRow, UnitOfWork, Write};
use antiphon_app::ports::{Clock, Store};
use antiphon_domain::{DeliveryStatus, RowId, SourceId};
use antiphon_testkit::TestApp;
use antiphon_testkit::app::SECRET;
use antiphon_testkit::net::answer;
use std::sync::Arc;

/// The log, oldest first, as soon as it has so many rows that fit.
async fn log(test: &TestApp, filter: &ChannelLogFilter, rows: usize) -> Vec<ChannelLogRow> {
    loop {
        let mut found = test.store.channel_log(&test.account(), filter, None, 1_000).await.expect("the store reads");
        if found.len() >= rows {
            found.reverse();
            return found;
        }
        // Rows gather a moment before they are written.
        test.clock.advance(100);
        tokio::task::yield_now().await;
    }
}

fn inbound() -> ChannelLogFilter {
    ChannelLogFilter { inbound: Some(true), ..ChannelLogFilter::default() }
}

fn assert_secret_is_hidden(rows: &[ChannelLogRow]) {
    for row in rows {
        assert!(!format!("{row:?}").contains(SECRET), "{row:?}");
    }
}

#[tokio::test]
async fn a_webhook_is_found_with_its_conversation() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    test.receive("say m1 +1 hello").await;
    test.receive(&format!("say m2 +2 my word is {SECRET}")).await;
    let rows = log(&test, &inbound(), 3).await;
    let conversations = test.conversations().await;
    let of = |address: usize| Some(conversations[conversations.len() - address].id);
    let seen: Vec<_> = rows.iter().map(|row| (row.source, row.conversation, row.status)).collect();
    let source = Some(SourceId(1));
    assert_eq!(seen, [(source, of(1), Some(200)), (source, of(1), Some(200)), (source, of(2), Some(200))], "a repeat is an exchange too");
    assert_eq!((&*rows[0].method, &*rows[0].url), ("POST", "https://antiphon.test/webhooks/test_channel/+100"));
    assert_eq!(&*rows[0].request, "x-test-signature: •••\n\nsay m1 +1 hello");
    assert_secret_is_hidden(&rows);
    let filter = ChannelLogFilter { conversation: of(2), ..inbound() };
    assert_eq!(log(&test, &filter, 1).await, rows[2..]);
}

#[tokio::test]
async fn a_webhook_with_many_conversations_is_found_from_each() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello\nsay m2 +2 hello\nsay m3 +1 again\nwhat is this").await;
    let rows = log(&test, &inbound(), 3).await;
    assert_eq!(rows.len(), 3, "two conversations, and a dead letter that is about none");
    let mut about: Vec<_> = rows.iter().map(|row| row.conversation).collect();
    about.sort_unstable();
    let mut expected: Vec<_> = test.conversations().await.iter().map(|conversation| Some(conversation.id)).chain([None]).collect();
    expected.sort_unstable();
    assert_eq!(about, expected);
    let error = rows[0].error.as_deref().expect("something could not be used");
    assert!(error.contains("dead letter") && error.contains("the line is none"), "{error}");
}

#[tokio::test]
async fn what_was_refused_is_not_kept_and_a_handshake_is() {
    let test = TestApp::start().await;
    assert_eq!(test.receive_signed("say m1 +1 hello", "wrong").await.status, 401);
    assert_eq!(test.shake_hands("a-wrong-guess").await.status, 403);
    assert_eq!(test.shake_hands(SECRET).await.status, 200);
    let rows = log(&test, &inbound(), 1).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(&*rows[0].url, "https://antiphon.test/webhooks/test_channel/+100?token=•••");
    assert_eq!((&*rows[0].method, &*rows[0].answer), ("GET", "welcome"));
}

#[tokio::test]
async fn a_call_and_its_receipt_are_found_with_their_delivery() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    test.net.then(answer(200, "v1"));
    test.write(&agent, &conversation, "hi").await.expect("publishes");
    let delivery = loop {
        let all = test.store.deliveries(&test.account(), &Default::default(), None, 9).await.expect("the store reads");
        match all.into_iter().find(|delivery| delivery.status == DeliveryStatus::Sent) {
            Some(delivery) => break delivery,
            None => tokio::task::yield_now().await,
        }
    };
    test.receive("delivered v1").await;
    let filter = ChannelLogFilter { delivery: Some(delivery.id), ..ChannelLogFilter::default() };
    let rows = log(&test, &filter, 2).await;
    let seen: Vec<_> = rows.iter().map(|row| (row.inbound, row.conversation)).collect();
    assert_eq!(seen, [(false, Some(conversation.id)), (true, Some(conversation.id))]);
    assert_eq!((&*rows[0].url, &*rows[0].request, &*rows[0].answer), ("http://vendor.test/send/+1", "\nhi", "\nv1"));
}

#[tokio::test]
async fn a_stop_writes_what_is_left() {
    let test = TestApp::start().await;
    for number in 0..600 {
        test.receive(&format!("say m{number} +1 hello")).await;
    }
    // The clock stands still: nothing was due yet.
    let test = test.restart().await;
    let rows = test.store.channel_log(&test.account(), &inbound(), None, 1_000).await.expect("the store reads");
    assert_eq!(rows.len(), 600);
}

#[tokio::test]
async fn what_has_aged_goes_without_long_pauses() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let one = log(&test, &inbound(), 1).await.remove(0);
    for page in 0..4u64 {
        let row = |id| Write::AddChannelLog(Arc::new(ChannelLogRow { id: RowId(page * 1_000 + id), ..one.clone() }));
        let unit = UnitOfWork { account: test.account(), writes: (1..=1_000).map(row).collect() };
        test.store.commit(unit).await.expect("the store takes it");
    }
    let fortnight = test.clock.now().plus_s(15 * 24 * 3600);
    test.clock.advance(fortnight.since(test.clock.now()));
    while !test.store.channel_log(&test.account(), &inbound(), None, 1).await.expect("the store reads").is_empty() {
        assert!(test.clock.now() < fortnight.plus_s(600), "one bite a minute would take much longer");
        test.clock.advance(50);
        tokio::task::yield_now().await;
    }
}
