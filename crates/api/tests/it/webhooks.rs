//! Channels' webhooks over HTTP: the answers of the design, byte limits, and no session anywhere.

use crate::world::{Answer, World, wide};
use antiphon_api::ApiLimits;
use antiphon_app::ports::store::{AuditRow, UnitOfWork, Write};
use antiphon_app::ports::{Clock, Store};
use antiphon_domain::RowId;
use antiphon_testkit::app::SECRET;
use antiphon_testkit::channel::SIGNATURE;
use axum::body::Body;
use futures_util::FutureExt;
use http::Request;

async fn call(world: &World, path: &str, signature: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(path).header("host", "hooks.test").header(SIGNATURE, signature).body(body.into());
    world.anonymous().send(request.expect("a request")).await
}

#[tokio::test]
async fn the_answers_are_those_of_the_design() {
    let world = World::start().await;
    let check = async |path: &str, signature: &str, body: &'static str, status: u16| {
        assert_eq!(call(&world, path, signature, body).await.status.as_u16(), status, "{path} {signature} {body}");
    };
    check("/webhooks/test_channel/%2B100", SECRET, "say k1 +4930 hello", 200).await;
    check("/webhooks/test_channel/+100", SECRET, "say k1 +4930 hello", 200).await;
    check("/webhooks/test_channel/src_0000000000000001", SECRET, "say k2 +4930 again", 200).await;
    check("/webhooks/test_channel/src_0000000000000001/status/x", SECRET, "say k3 +4930 third", 200).await;
    check("/webhooks/test_channel/%2B100", "wrong", "say k4 +4930 hello", 401).await;
    check("/webhooks/test_channel/%2B100", SECRET, "nonsense", 200).await;
    check("/webhooks/test_channel/%2B999", SECRET, "say k5 +4930 hello", 404).await;
    check("/webhooks/pigeon/%2B100", SECRET, "say k6 +4930 hello", 404).await;
    check("/webhooks/test_channel/app/unknown", SECRET, "say k7 +4930 hello", 404).await;
    check("/webhooks/test_channel", SECRET, "say k8 +4930 hello", 404).await;
    let conversations = world.test.conversations().await;
    assert_eq!(conversations.len(), 1);
    assert_eq!(world.test.texts(&conversations[0]).await, ["hello", "again", "third"], "each once, in order");
    let letters = world.test.store.dead_letters(&world.test.account(), None, 10).await.expect("the store reads");
    assert_eq!(letters.iter().map(|letter| &*letter.code).collect::<Vec<_>>(), ["malformed"]);
    assert!(letters[0].request.contains("http://hooks.test/webhooks/") && letters[0].request.contains("https://antiphon.test/webhooks/"));
}

#[tokio::test]
async fn a_large_body_is_refused_and_nothing_is_stored() {
    let world = World::start_with(ApiLimits { webhook_bytes: 1_000, ..wide() }).await;
    let body = format!("say k1 +4930 {}", "x".repeat(1_000));
    assert_eq!(call(&world, "/webhooks/test_channel/%2B100", SECRET, body.clone()).await.status.as_u16(), 413);
    // The same without a length in front.
    let pieces =
        futures_util::stream::iter(body.into_bytes().chunks(100).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>());
    assert_eq!(call(&world, "/webhooks/test_channel/%2B100", SECRET, Body::from_stream(pieces)).await.status.as_u16(), 413);
    assert!(world.test.conversations().await.is_empty());
}

#[tokio::test]
async fn what_can_not_be_stored_is_not_acknowledged() {
    let world = World::start().await;
    world.test.store.close().await;
    let answer = call(&world, "/webhooks/test_channel/%2B100", SECRET, "say k1 +4930 hello").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"));
}

/// The store is busy for a while: what is committed now is on its way when its caller goes away.
fn busy(world: &World) {
    let mut much = UnitOfWork::new(world.test.account());
    for row in 0..20_000 {
        much.write(Write::AddAudit(AuditRow {
            id: RowId(row),
            at: world.test.clock.now(),
            by: None,
            by_key: None,
            action: "much".into(),
            object_kind: "row".into(),
            object_id: "1".into(),
            detail: "{}".into(),
        }));
    }
    assert!(world.test.store.commit(much).now_or_never().is_none());
}

#[tokio::test]
async fn a_vendor_who_hangs_up_leaves_nobody_without_a_ring() {
    let world = World::start().await;
    let agent = world.test.arrive("agent1").await;
    busy(&world);
    let hung_up = call(&world, "/webhooks/test_channel/%2B100", SECRET, "say k1 +4930 hello");
    assert!(hung_up.now_or_never().is_none(), "the vendor hung up before the answer");
    let conversation = world.test.accept(&agent).await;
    assert_eq!(world.test.texts(&conversation).await, ["hello"]);
    assert_eq!(call(&world, "/webhooks/test_channel/%2B100", SECRET, "say k1 +4930 hello").await.status.as_u16(), 200);
    assert_eq!(world.test.texts(&conversation).await, ["hello"], "sent again, it is known");
}

#[tokio::test]
async fn a_vendor_who_is_told_to_come_again_leaves_nobody_without_a_ring() {
    let world = World::start().await;
    let agent = world.test.arrive("agent1").await;
    busy(&world);
    let mut slow = Box::pin(call(&world, "/webhooks/test_channel/%2B100", SECRET, "say k1 +4930 hello"));
    assert!((&mut slow).now_or_never().is_none());
    world.test.clock.advance(wide().webhook_ms);
    // Whichever comes first, the commit or the deadline.
    assert!([200, 503].contains(&slow.await.status.as_u16()));
    let conversation = world.test.accept(&agent).await;
    assert_eq!(world.test.texts(&conversation).await, ["hello"]);
}
