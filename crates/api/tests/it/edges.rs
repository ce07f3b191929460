//! The edges of the admin API: misses, methods, sizes, rates, and a store that is away.

use crate::world::{Principal, World, wide};
use antiphon_api::ApiLimits;
use antiphon_app::ports::{Clock, Store};
use antiphon_domain::account::Network;
use antiphon_testkit::app::PASSWORD;
use antiphon_testkit::channel::SIGNATURE;
use axum::body::Body;
use http::{Method, Request, header};
use serde_json::json;
use std::num::NonZeroU32;

#[tokio::test]
async fn a_miss_is_an_error_in_its_one_shape() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let missed = admin.get("/api/v1/nonsense").await;
    assert_eq!(missed.header("cache-control"), "no-store");
    let id = missed.header("x-request-id").to_owned();
    assert_eq!(missed.expect_error(404, "not_found", None)["request_id"], json!(id));
    admin.get("nonsense").await.expect_error(404, "not_found", None);
    admin.get("users/77").await.expect_error(404, "not_found", None);
    admin.get("users/seventy").await.expect_error(404, "not_found", None);
    admin.call(Method::PUT, &Principal::path("users"), None, &[]).await.expect_error(405, "method_not_allowed", None);
}

#[tokio::test]
async fn bodies_are_bounded_and_must_be_json() {
    let world = World::start_with(ApiLimits { body_bytes: 100, ..wide() }).await;
    let admin = world.administrator().await;
    admin.post("skills", json!({"name": "x".repeat(200)})).await.expect_error(413, "too_large", None);
    let path = Principal::path("skills");
    admin.call(Method::POST, &path, None, &[]).await.expect_error(415, "unsupported_media_type", None);
    admin.call(Method::POST, &path, None, &[("content-type", "application/json")]).await.expect_error(400, "malformed", None);
    admin.call(Method::POST, &path, Some(json!({"name": "x"})), &[("idempotency-key", "")]).await.expect_error(
        400,
        "validation_failed",
        Some("Idempotency-Key"),
    );
    let bad = admin.call(Method::PATCH, &Principal::path("skills/1"), Some(json!({})), &[("if-match", "no-quotes")]).await;
    bad.expect_error(400, "validation_failed", Some("If-Match"));
}

#[tokio::test]
async fn each_user_has_a_rate() {
    let two = NonZeroU32::new(2).expect("two is not zero");
    let world = World::start_with(ApiLimits { requests_per_s: two, requests_burst: two, ..wide() }).await;
    let admin = world.administrator().await;
    let manager = world.signed_in("manager1").await;
    for _ in 0..2 {
        admin.get("skills").await.expect(200);
    }
    let refused = admin.get("skills").await;
    assert_eq!(refused.header("retry-after"), "1");
    refused.expect_error(429, "too_many_requests", None);
    manager.get("skills").await.expect(200);
    world.test.clock.advance(1_000);
    admin.get("skills").await.expect(200);
}

#[tokio::test]
async fn a_store_that_is_away_is_told_without_details() {
    let world = World::start().await;
    let admin = world.administrator().await;
    world.test.store.close().await;
    let refused = admin.post("skills", json!({"name": "Billing"})).await;
    assert_eq!(refused.header("retry-after"), "2");
    let body = refused.expect_error(503, "unavailable", None);
    assert_eq!(body["message"], "the server can't do that right now; nothing was changed");
}

#[tokio::test]
async fn machines_ask_how_the_process_is() {
    let world = World::start().await;
    for (path, body) in [("/healthz", "ok\n"), ("/readyz", "ready\n"), ("/metrics", "antiphon_up 1\n")] {
        let answer = world.anonymous().call(Method::GET, path, None, &[]).await;
        assert_eq!((answer.status.as_u16(), String::from_utf8_lossy(&answer.bytes).as_ref()), (200, body), "{path}");
    }
}

/// A body of which nothing ever comes.
fn stuck() -> Body {
    Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>())
}

/// Lets 30 seconds pass as soon as somebody waits for exactly that.
async fn half_a_minute(world: &World) {
    let end = world.test.clock.now().plus_ms(30_000);
    while !world.test.clock.is_awaited(end) {
        tokio::task::yield_now().await;
    }
    world.test.clock.advance(30_000);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_let_go() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let path = Principal::path("skills");
    let slow = admin.call_with(Method::POST, &path, stuck(), &[("content-type", "application/json")]);
    let (answer, ()) = tokio::join!(slow, half_a_minute(&world));
    answer.expect_error(503, "timeout", None);
    let hook = Request::post("/webhooks/test_channel/%2B100").header(SIGNATURE, "x").body(stuck()).expect("a request");
    let anonymous = world.anonymous();
    let (answer, ()) = tokio::join!(anonymous.send(hook), half_a_minute(&world));
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"));
}

#[tokio::test]
async fn forwarded_headers_count_from_trusted_proxies_only() {
    let body = || Body::from(json!({"account": "12", "login": "agent1", "password": PASSWORD}).to_string());
    let forwarded = || {
        let request = Request::post("/api/v1/session").header(header::CONTENT_TYPE, "application/json");
        request.header("x-forwarded-proto", "https").header("x-forwarded-for", "203.0.113.9, 198.51.100.7").body(body()).expect("a request")
    };
    let stranger = World::start().await;
    let answer = stranger.anonymous().send(forwarded()).await;
    assert!(!answer.header("set-cookie").contains("Secure"), "anybody can write a header");
    let behind = World::start_behind(Network::parse("127.0.0.0/8").expect("a network")).await;
    let answer = behind.anonymous().send(forwarded()).await;
    assert!(answer.header("set-cookie").contains("Secure"));
    let admin = behind.administrator().await;
    let audit = admin.get("audit").await.expect(200).to_string();
    assert!(audit.contains("198.51.100.7") && !audit.contains("203.0.113.9"), "the proxy's own word counts: {audit}");
}
