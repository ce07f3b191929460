//! Signing in and out, by cookie and by bearer, and what guards it.

use crate::world::{Principal, World, wide};
use antiphon_api::{ApiLimits, Connection};
use antiphon_app::identity::{Asked, Renewed};
use antiphon_testkit::app::{ACCOUNT, PASSWORD};
use axum::body::Body;
use http::{Method, Request, header};
use serde_json::{Value, json};
use std::num::NonZeroU32;

async fn cookie_session(world: &World, login: &str) -> (String, Value) {
    let body = json!({"account": ACCOUNT, "login": login, "password": PASSWORD});
    let answer = world.anonymous().post("/api/v1/session", body).await;
    let cookie = answer.header("set-cookie").to_owned();
    (cookie, answer.expect(200))
}

fn pair(cookie: &str) -> &str {
    cookie.split(';').next().unwrap_or_default()
}

#[tokio::test]
async fn a_person_signs_in_and_learns_who_they_are() {
    let world = World::start().await;
    let (cookie, session) = cookie_session(&world, "agent1").await;
    assert!(cookie.starts_with("antiphon_session=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains("Secure"), "plain http on our own listener");
    assert_eq!(session["account"], json!({"id": "12", "name": "Acme", "timezone": "Europe/Berlin", "default_skill_id": "1"}));
    assert_eq!(session["user"]["login"], "agent1");
    assert_eq!(session["user"]["skill_ids"], json!(["1", "2"]));
    assert_eq!(session["privileges"], json!(["handle_conversations", "transfer_to_agents"]));
    assert_eq!(session["demo"], json!(false));
    assert!(session.get("bearer").is_none(), "the token stays out of scripts' reach");
    assert!(!session.to_string().contains(pair(&cookie).trim_start_matches("antiphon_session=")));

    // A second tab gets the same guard token, so both go on working.
    let again = world.anonymous().call(Method::GET, "/api/v1/session", None, &[("cookie", pair(&cookie))]).await.expect(200);
    assert_eq!(again["csrf"], session["csrf"]);
}

#[tokio::test]
async fn over_tls_the_cookie_is_secure() {
    let world = World::start().await;
    let body = json!({"account": ACCOUNT, "login": "agent1", "password": PASSWORD}).to_string();
    let mut request =
        Request::post("/api/v1/session").header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).expect("a request");
    request.extensions_mut().insert(Connection { https: true, ..Connection::default() });
    use tower::ServiceExt;
    let response = world.router.clone().oneshot(request).await.expect("the router never fails");
    let cookie = response.headers()[header::SET_COOKIE].to_str().expect("text");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
}

#[tokio::test]
async fn a_cookie_needs_the_guard_token_to_change_anything() {
    let world = World::start().await;
    let (cookie, session) = cookie_session(&world, "admin1").await;
    let csrf = session["csrf"].as_str().expect("a guard token");
    let path = Principal::path("skills");
    let skill = || Some(json!({"name": "Billing"}));
    let anonymous = world.anonymous();
    let cookie = ("cookie", pair(&cookie));
    anonymous.call(Method::POST, &path, skill(), &[cookie]).await.expect_error(403, "csrf", None);
    anonymous.call(Method::POST, &path, skill(), &[cookie, ("x-csrf-token", "00")]).await.expect_error(403, "csrf", None);
    anonymous.call(Method::GET, &path, None, &[cookie]).await.expect(200);
    anonymous.call(Method::POST, &path, skill(), &[cookie, ("x-csrf-token", csrf)]).await.expect(201);
    anonymous.call(Method::DELETE, "/api/v1/session", None, &[cookie, ("x-csrf-token", csrf)]).await.expect(204);
    anonymous.call(Method::GET, "/api/v1/session", None, &[cookie]).await.expect_error(401, "unauthenticated", None);
}

#[tokio::test]
async fn wrong_log_ins_look_alike_and_lock_in_the_end() {
    let world = World::start().await;
    let try_it = async |account: &str, login: &str, password: &str| {
        world.anonymous().post("/api/v1/session", json!({"account": account, "login": login, "password": password})).await
    };
    for (account, login, password) in [("12", "agent1", "wrong"), ("12", "unknown", PASSWORD), ("77", "agent1", PASSWORD), ("?", "x", "y")]
    {
        let refused = try_it(account, login, password).await;
        assert_eq!(refused.header("set-cookie"), "");
        let body = refused.expect_error(401, "login_failed", None);
        assert_eq!(body["message"], "account, log-in name or password is wrong");
    }
    for _ in 0..9 {
        try_it("12", "agent1", "wrong").await;
    }
    let locked = try_it("12", "agent1", PASSWORD).await;
    assert_eq!(locked.header("retry-after"), "1800");
    locked.expect_error(429, "login_locked", None);
    let admin = world.administrator().await;
    assert!(admin.get("users/1").await.expect(200)["locked_until"].is_i64());
    admin.post("users/1/unlock", json!({})).await.expect(204);
    assert!(admin.get("users/1").await.expect(200)["locked_until"].is_null());
    try_it("12", "agent1", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn log_ins_from_one_address_are_throttled() {
    let two = NonZeroU32::new(2).expect("two is not zero");
    let world = World::start_with(ApiLimits { sign_ins_burst: two, sign_ins_per_min: two, ..wide() }).await;
    let body = json!({"account": ACCOUNT, "login": "agent1", "password": PASSWORD});
    for _ in 0..2 {
        world.anonymous().post("/api/v1/session", body.clone()).await.expect(200);
    }
    let refused = world.anonymous().post("/api/v1/session", body.clone()).await;
    assert_eq!(refused.header("retry-after"), "30");
    refused.expect_error(429, "too_many_requests", None);
    world.test.clock.advance(30_000);
    world.anonymous().post("/api/v1/session", body).await.expect(200);
}

#[tokio::test]
async fn another_site_can_not_sign_anybody_in() {
    let world = World::start().await;
    let body = json!({"account": ACCOUNT, "login": "agent1", "password": PASSWORD});
    let site = [("sec-fetch-site", "cross-site")];
    world.anonymous().call(Method::POST, "/api/v1/session", Some(body), &site).await.expect_error(403, "forbidden", None);
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_the_old_one() {
    let world = World::start().await;
    let agent = world.signed_in("agent1").await;
    let change = async |current: &str, new: &str| {
        agent.post("/api/v1/session/password", json!({"current_password": current, "new_password": new})).await
    };
    change("wrong", "a-brand-new-one-7").await.expect_error(400, "validation_failed", Some("current_password"));
    let weak = change(PASSWORD, "short").await.expect_error(400, "validation_failed", Some("new_password"));
    assert_eq!(weak["message"].as_str().map(|message| message.lines().count()), Some(2), "{weak}");
    change(PASSWORD, PASSWORD).await.expect_error(400, "validation_failed", Some("new_password"));
    change(PASSWORD, "a-brand-new-one-7").await.expect(204);
    let body = json!({"account": ACCOUNT, "login": "agent1", "password": "a-brand-new-one-7"});
    world.anonymous().post("/api/v1/session", body).await.expect(200);
}

const MINUTE: i64 = 60_000;

#[tokio::test]
async fn a_programs_session_is_kept_by_its_requests() {
    let world = World::start().await;
    let agent = world.signed_in("agent1").await;
    for _ in 0..4 {
        world.test.clock.advance(14 * MINUTE);
        assert_eq!(agent.get("/api/v1/session").await.expect(200)["idle"], Value::Null);
    }
    world.test.clock.advance(16 * MINUTE);
    agent.get("/api/v1/session").await.expect_error(401, "session_expired", None);
}

#[tokio::test]
async fn a_browser_is_signed_out_when_its_person_does_nothing_whatever_the_page_asks() {
    let world = World::start().await;
    let (cookie, session) = cookie_session(&world, "agent1").await;
    assert_eq!(session["idle"], json!({"after_ms": 15 * MINUTE, "left_ms": 15 * MINUTE}));
    let anonymous = world.anonymous();
    let cookie = ("cookie", pair(&cookie));
    let csrf = ("x-csrf-token", session["csrf"].as_str().expect("a guard token"));
    let read = async || anonymous.call(Method::GET, "/api/v1/session", None, &[cookie]).await;
    for minute in 1..15 {
        world.test.clock.advance(MINUTE);
        assert_eq!(read().await.expect(200)["idle"]["left_ms"], json!((15 - minute) * MINUTE));
    }
    anonymous.call(Method::POST, "/api/v1/session/activity", None, &[cookie]).await.expect_error(403, "csrf", None);
    let told = anonymous.call(Method::POST, "/api/v1/session/activity", None, &[cookie, csrf]).await.expect(200);
    assert_eq!(told, json!({"idle": {"after_ms": 15 * MINUTE, "left_ms": 15 * MINUTE}}));
    world.test.clock.advance(15 * MINUTE - 1);
    read().await.expect(200);
    world.test.clock.advance(1);
    read().await.expect_error(401, "session_expired", None);
    // It is gone for good: a longer idle time does not bring it back, and nor does a late report.
    world.administrator().await.patch("settings", json!({"idle_logout_s": 86_400})).await.expect(200);
    read().await.expect_error(401, "unauthenticated", None);
    let late = anonymous.call(Method::POST, "/api/v1/session/activity", None, &[cookie, csrf]).await;
    late.expect_error(401, "unauthenticated", None);
}

#[tokio::test]
async fn a_bot_is_never_signed_out_for_inactivity() {
    let world = World::start().await;
    let bot = json!({"login": "bot1", "password": PASSWORD, "nickname": "Bot", "profile": "agent", "kind": "bot"});
    world.administrator().await.post("users", bot).await.expect(201);
    let (cookie, session) = cookie_session(&world, "bot1").await;
    assert_eq!(session["idle"], Value::Null);
    world.test.clock.advance(11 * 60 * MINUTE);
    world.anonymous().call(Method::GET, "/api/v1/session", None, &[("cookie", pair(&cookie))]).await.expect(200);
}

#[tokio::test]
async fn what_an_app_got_from_a_users_sign_in_administers_nothing() {
    let world = World::start().await;
    let admin = world.signed_in("admin1").await;
    let settings = json!({"redirect_uris": ["https://desk.example/back"]});
    let app = json!({"client_id": "desk", "client_secret": "a-secret-of-the-desk", "settings": settings});
    admin.post("apps", app).await.expect(201);
    let app = &world.test.app;
    let asked = Asked { client_id: Some("desk"), response_type: Some("code"), ..Asked::default() };
    let plan = app.plan_sign_in("12", asked).expect("a good request");
    let address = app.sign_in_to_app("12", &plan, "admin1".into(), PASSWORD.into(), "test").await.expect("signed in");
    let code = address.split("code=").nth(1).expect("a code");
    let shown = Renewed::Code { code, redirect_uri: None, verifier: None };
    let tokens = app.exchange_for_app("12", "desk", "a-secret-of-the-desk", shown, "test").await.expect("tokens");
    let holder = world.holder(&tokens.access_token);
    holder.get("settings").await.expect_error(403, "forbidden", None);
    holder.post("users", json!({"login": "mallory"})).await.expect_error(403, "forbidden", None);
}
