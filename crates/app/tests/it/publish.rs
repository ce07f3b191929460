//! What agents publish, who may, and what a repeated click does.

use antiphon_app::ports::Store;
use antiphon_app::publish::{DialogRef, Publish, PublishErrorKind};
use antiphon_app::query::ReadRefused;
use antiphon_domain::id::DialogNumber;
use antiphon_domain::{AcceptStatus, Audience, EventBody};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;

fn publish(conversation: &antiphon_domain::Conversation, text: &str, client_id: Option<&str>) -> Publish {
    Publish {
        dialog: DialogRef::main(conversation.id),
        audience: Audience::All,
        body: EventBody::text(text),
        metadata: None,
        client_message_id: client_id.map(str::to_owned),
    }
}

#[tokio::test]
async fn the_same_click_twice_is_published_once() {
    let test = TestApp::start().await;
    test.net.otherwise(answer(200, "v1"));
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    let first = test.app.publish(&agent, publish(&conversation, "hi", Some("c1"))).await;
    let again = test.app.publish(&agent, publish(&conversation, "hi", Some("c1"))).await;
    assert_eq!((first.clone(), again), (Ok(1), Ok(1)));
    let other = test.app.publish(&agent, publish(&conversation, "something else", Some("c1"))).await;
    assert_eq!(other.map_err(|error| error.kind), Err(PublishErrorKind::IdempotencyMismatch));
    assert_eq!(test.texts(&conversation).await, ["hello", "hi"]);
    test.net.called(1).await;
    assert_eq!(test.net.calls().len(), 1);
}

#[tokio::test]
async fn who_takes_no_part_neither_reads_nor_writes() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    let other = test.caller("agent2");
    let outcome = test.write(&other, &conversation, "hi").await;
    assert_eq!(outcome.map_err(|error| error.kind), Err(PublishErrorKind::NotAParticipant));
    assert_eq!(test.app.conversation(&other, conversation.id).await, Err(ReadRefused::Forbidden));
    assert!(test.app.conversations(&other, Default::default(), None, 10).await.expect("reads").is_empty());
    let manager = test.caller("manager1");
    assert!(test.app.conversation(&manager, conversation.id).await.is_ok(), "sees all");
}

#[tokio::test]
async fn a_private_note_reaches_no_consumer() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    let note = Publish { audience: Audience::AgentsAndManagers, ..publish(&conversation, "a difficult one", None) };
    assert_eq!(test.app.publish(&agent, note).await, Ok(1));
    let deliveries = test.store.deliveries(&test.account(), &Default::default(), None, 10).await.expect("reads");
    assert!(deliveries.is_empty());
    let after = test.app.conversation(&agent, conversation.id).await.expect("reads");
    assert!(after.waiting_since.is_some(), "the consumer still waits");
}

#[tokio::test]
async fn bad_content_is_named() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    for text in ["", "   ", &"x".repeat(5_001)] {
        let outcome = test.write(&agent, &conversation, text).await.expect_err("refused");
        assert_eq!(outcome.kind, PublishErrorKind::BadContent);
        assert!(outcome.message.starts_with("message:"), "{}", outcome.message);
    }
    let receipt =
        Publish { body: EventBody::Accept { status: AcceptStatus::Read, sequences: vec![42] }, ..publish(&conversation, "", None) };
    assert_eq!(test.app.publish(&agent, receipt).await.map_err(|error| error.kind), Err(PublishErrorKind::NoSuchEvent));
}

#[tokio::test]
async fn receipts_take_their_place_in_the_order_and_lower_the_count() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    let receipt =
        Publish { body: EventBody::Accept { status: AcceptStatus::Read, sequences: vec![0] }, ..publish(&conversation, "", None) };
    assert_eq!(test.app.publish(&agent, receipt).await, Ok(1));
    let after = test.app.conversation(&agent, conversation.id).await.expect("reads");
    assert!(after.main().participants.iter().all(|participant| participant.unread == 0));
    let events = test.store.events(&test.account(), conversation.id, DialogNumber::MAIN, 0, 10).await.expect("reads");
    assert_eq!(events.len(), 2);
}
