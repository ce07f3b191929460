//! Users who sign in to apps: the page, the code, the exchange, the renewal, and everything that is refused.

use crate::harness::*;
use antiphon_api::compat::CompatLimits;
use antiphon_app::administration::{Act, AppGuard, ConnectorAppInput};
use antiphon_app::ports::Store;
use antiphon_domain::AccountSettings;
use antiphon_testkit::app::PASSWORD;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::Request;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const APP: &str = "desk";
const SECRET: &str = "a-client-secret";
const BACK: &str = "https://desk.example/back?x=1";
const FORM: &str = "application/x-www-form-urlencoded";
const ROOT: &str = "/sentinel/api/account/12";

async fn install(served: &Served, client_id: &str, settings: Value, enabled: bool) {
    let input = ConnectorAppInput {
        client_id: Some(client_id.into()),
        name: format!("The <{client_id}>"),
        client_secret: Some(SECRET.into()),
        keep_secret_s: 0,
        skill: None,
        settings: settings.to_string(),
        enabled,
    };
    let admin = served.test.caller("admin1");
    served.test.app.put_connector_app(&Act::of(&admin), input, AppGuard::Anything).await.expect("the app is installed");
}

async fn with_app() -> Served {
    let served = serve().await;
    install(&served, APP, json!({"redirect_uris": [BACK, "https://desk.example/other"]}), true).await;
    served
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn asked<'a>(more: &[(&'a str, &'a str)]) -> String {
    let mut pairs = vec![("client_id", APP), ("redirect_uri", BACK), ("response_type", "code"), ("state", "s & t")];
    pairs.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    pairs.extend_from_slice(more);
    query(&pairs)
}

async fn browse(served: &Served, address: &str, cookie: &str, form: Option<&str>) -> Answer {
    let request = match form {
        Some(form) => Request::post(address).header("content-type", FORM).body(Body::from(form.to_owned())),
        None => Request::get(address).body(Body::empty()),
    };
    let mut request = request.expect("a request");
    request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
    served.call(request).await
}

/// What a page's cookie and form carry.
fn ticket(page: &Answer) -> (String, String) {
    let cookie = page.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    let (_, rest) = page.body.split_once("name=\"ticket\" value=\"").expect("a ticket");
    (cookie, rest.split('"').next().expect("its end").to_owned())
}

/// Where the user is sent after they signed in.
async fn sign_in(served: &Served, asked: &str, login: &str) -> url::Url {
    let sent = browse(served, &format!("{ROOT}/authorize?v=1.0&{asked}"), "", None).await;
    assert_eq!(sent.status, 302, "{}", sent.body);
    let page = browse(served, sent.header("location"), "", None).await;
    assert_eq!(page.status, 200);
    let (cookie, ticket) = ticket(&page);
    let form = query(&[("ticket", &ticket), ("username", login), ("password", PASSWORD)]);
    let back = browse(served, sent.header("location"), &cookie, Some(&form)).await;
    assert_eq!(back.status, 303, "{}", back.body);
    back.header("location").parse().expect("an address")
}

fn told(address: &url::Url, name: &str) -> Option<String> {
    address.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

async fn code(served: &Served, more: &[(&str, &str)]) -> String {
    told(&sign_in(served, &asked(more), "agent1").await, "code").expect("a code")
}

async fn token(served: &Served, pairs: &[(&str, &str)]) -> Answer {
    let mut all = vec![("client_id", APP), ("client_secret", SECRET)];
    all.retain(|(name, _)| pairs.iter().all(|(other, _)| other != name));
    all.extend_from_slice(pairs);
    let request = Request::post(format!("{ROOT}/token?v=2.0")).header("content-type", FORM).body(Body::from(query(&all)));
    served.call(request.expect("a request")).await
}

async fn exchange(served: &Served, code: &str) -> Answer {
    token(served, &[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK)]).await
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("claims");
    serde_json::from_slice(&STANDARD_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

async fn installations(served: &Served, bearer: &str) -> u16 {
    let path = "/api/account/12/configuration/app-install/installations?v=1.0";
    let request = Request::get(path).header("authorization", format!("Bearer {bearer}")).body(Body::empty());
    served.call(request.expect("a request")).await.status
}

async fn audited(served: &Served, action: &str) -> usize {
    let rows = served.test.store.audit(&served.test.account(), None, 200).await.expect("reads");
    rows.iter().filter(|row| &*row.action == action).count()
}

#[tokio::test]
async fn a_user_signs_in_to_an_app_and_the_app_acts_for_them() {
    let served = with_app().await;
    let back = sign_in(&served, &asked(&[("nonce", "n-1")]), "admin1").await;
    assert_eq!(back.as_str().split("&code=").next(), Some(BACK));
    assert_eq!(told(&back, "state").as_deref(), Some("s & t"));
    let answer = exchange(&served, &told(&back, "code").expect("a code")).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.body);
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let who = claims(&text(&tokens["id_token"]));
    let admin = served.test.caller("admin1");
    assert_eq!((&who["sub"], &who["aud"], &who["iss"]), (&json!(admin.id().to_string()), &json!(APP), &json!("Sentinel")));
    assert_eq!((&who["is_admin"], &who["is_lpa"], &who["nonce"]), (&json!(true), &json!(false), &json!("n-1")));
    assert_eq!(who["exp"].as_i64().zip(who["iat"].as_i64()).map(|(exp, iat)| exp - iat), Some(600));
    let head = STANDARD_NO_PAD.decode(text(&tokens["id_token"]).split('.').next().expect("a header")).expect("base64");
    let head: Value = serde_json::from_slice(&head).expect("JSON");
    assert!(head["kid"].as_str().is_some_and(|kid| kid.starts_with("idtoken-")), "{head}");
    let keys = served.get("/sentinel/well-known/jwks").await.json();
    assert_eq!(keys["keys"][0]["kid"], head["kid"], "whoever checks it finds its key");

    let bearer = text(&tokens["access_token"]);
    assert_eq!(installations(&served, &bearer).await, 200);
    // A token of one use is none of another.
    for confused in [text(&tokens["id_token"]), bearer.clone(), text(&tokens["refresh_token"])] {
        let consumer = Request::post("/api/account/12/consumer").header("authorization", &confused);
        let consumer = consumer.body(Body::from(r#"{"ext_consumer_id":"anna"}"#)).expect("a request");
        assert_eq!(served.call(consumer).await.status, 401);
        let open = Request::post("/api/account/12/messaging/consumer/conversation?v=3").header("authorization", &confused);
        let open = served.call(open.header("x-lp-on-behalf", &confused).body(Body::from("[]")).expect("a request")).await;
        assert_eq!((open.status, &open.json()["body"]["errorCode"]), (401, &json!(40102)));
        assert_eq!(installations(&served, &confused).await, if confused == bearer { 200 } else { 401 });
    }
    while audited(&served, "token.refused").await == 0 {
        tokio::task::yield_now().await;
    }
    served.try_connect(&bearer, "2.1", &[]).await.expect("the agent socket takes it, too");
    assert_eq!((audited(&served, "app.user_signed_in").await, audited(&served, "app.user_token_issued").await), (1, 1));
}

#[tokio::test]
async fn a_session_is_renewed_and_ends_with_what_it_came_of() {
    let served = with_app().await;
    let tokens = exchange(&served, &code(&served, &[]).await).await.json();
    let (first, refresh) = (text(&tokens["access_token"]), text(&tokens["refresh_token"]));
    let renew = async |path: &str| {
        let form = query(&[("client_id", APP), ("client_secret", SECRET), ("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
        served.call(Request::post(path).header("content-type", FORM).body(Body::from(form)).expect("a request")).await
    };
    served.test.clock.advance(3_599_000);
    assert_eq!(installations(&served, &first).await, 403, "nobody was idle for an app; an agent may not see apps");
    served.test.clock.advance(1_000);
    assert_eq!(installations(&served, &first).await, 401);
    for path in [format!("{ROOT}/token?v=2.0"), "/api/account/12/token".to_owned()] {
        let renewed = renew(&path).await;
        assert_eq!((renewed.status, &renewed.json()["refresh_token"]), (200, &json!(refresh)), "{path}");
        assert_eq!(installations(&served, &text(&renewed.json()["access_token"])).await, 403);
    }
    // Thirty days without a renewal end it; each renewal begins them anew.
    served.test.clock.advance(29 * 86_400_000);
    let renewed = renew(&format!("{ROOT}/token")).await.json();
    served.test.clock.advance(2 * 86_400_000);
    assert_eq!(renew(&format!("{ROOT}/token")).await.status, 200);
    assert_eq!(installations(&served, &text(&renewed["access_token"])).await, 401);
    served.test.clock.advance(30 * 86_400_000);
    let late = renew(&format!("{ROOT}/token")).await;
    assert_eq!((late.status, &late.json()["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn what_ends_for_the_user_or_the_app_ends_here() {
    for what in ["password", "disabled app", "removed app", "restart"] {
        let served = with_app().await;
        let tokens = exchange(&served, &code(&served, &[]).await).await.json();
        let (bearer, refresh) = (text(&tokens["access_token"]), text(&tokens["refresh_token"]));
        assert_eq!(installations(&served, &bearer).await, 403);
        let admin = served.test.caller("admin1");
        let mut expected = (401, 400);
        let served = match what {
            "password" => {
                let agent = served.test.caller("agent1");
                served.test.app.change_password(&agent, None, PASSWORD, "another-Horse-77-battery").await.expect("changed");
                served
            }
            "disabled app" => {
                install(&served, APP, json!({"redirect_uris": [BACK]}), false).await;
                expected = (401, 401);
                served
            }
            "removed app" => {
                served.test.app.remove_connector_app(&Act::of(&admin), APP, AppGuard::Anything).await.expect("removed");
                install(&served, APP, json!({"redirect_uris": [BACK]}), true).await;
                served
            }
            _ => {
                expected = (403, 200);
                served.restart().await
            }
        };
        let renewed = token(&served, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await.status;
        assert_eq!((installations(&served, &bearer).await, renewed), expected, "{what}");
    }
}

#[tokio::test]
async fn a_code_is_worth_something_once_for_its_app_and_for_a_minute() {
    let served = with_app().await;
    install(&served, "crm", json!({"redirect_uris": [BACK]}), true).await;
    let check = async |pairs: &[(&str, &str)], status: u16, error: &str| {
        let answer = token(&served, pairs).await;
        assert_eq!((answer.status, &answer.json()["error"]), (status, &json!(error)), "{pairs:?}");
        assert!(answer.json()["error_description"].is_string() && !answer.body.contains(SECRET));
    };
    let grant = ("grant_type", "authorization_code");
    let fresh = code(&served, &[]).await;
    let good = [grant, ("code", &*fresh), ("redirect_uri", BACK)];
    let but = |name: &'static str, value: &'static str| {
        let mut pairs = good.to_vec();
        pairs.retain(|(known, _)| *known != name);
        pairs.push((name, value));
        pairs
    };
    check(&[("code", &fresh)], 400, "invalid_request").await;
    check(&[grant], 400, "invalid_request").await;
    check(&but("grant_type", "password"), 400, "unsupported_grant_type").await;
    check(&but("client_secret", "wrong"), 401, "invalid_client").await;
    check(&but("client_id", "nobody"), 401, "invalid_client").await;
    check(&but("client_id", "crm"), 400, "invalid_grant").await;
    check(&but("redirect_uri", "https://desk.example/other"), 400, "invalid_grant").await;
    check(&[grant, ("code", &fresh)], 400, "invalid_grant").await;
    check(&but("code_verifier", "nobody-asked-for-one"), 400, "invalid_grant").await;
    check(&but("code", "0000"), 400, "invalid_grant").await;
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*fresh)];
    check(&refresh, 400, "invalid_grant").await;
    // None of that used it up. Shown again, everything that came of it ends.
    let tokens = exchange(&served, &fresh).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let (bearer, renewal) = (text(&tokens.json()["access_token"]), text(&tokens.json()["refresh_token"]));
    check(&[grant, ("code", &renewal), ("redirect_uri", BACK)], 400, "invalid_grant").await;
    check(&[("client_id", "crm"), ("grant_type", "refresh_token"), ("refresh_token", &renewal)], 400, "invalid_grant").await;
    assert_eq!(installations(&served, &bearer).await, 403);
    check(&good, 400, "invalid_grant").await;
    assert_eq!(installations(&served, &bearer).await, 401, "the session ended");
    check(&[("grant_type", "refresh_token"), ("refresh_token", &renewal)], 400, "invalid_grant").await;
    assert_eq!(audited(&served, "app.user_tokens_ended").await, 1);
    // Refusals are written down aside.
    while audited(&served, "app.user_token_refused").await == 0 {
        tokio::task::yield_now().await;
    }

    let late = code(&served, &[]).await;
    served.test.clock.advance(60_000);
    check(&[grant, ("code", &late), ("redirect_uri", BACK)], 400, "invalid_grant").await;
}

#[tokio::test]
async fn a_challenge_is_met_by_its_verifier_only() {
    let served = with_app().await;
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let with = async || code(&served, &[("code_challenge", &challenge), ("code_challenge_method", "S256")]).await;
    let show = async |code: &str, verifier: &str| {
        let pairs = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK), ("code_verifier", verifier)];
        token(&served, &pairs).await.status
    };
    let made = with().await;
    assert_eq!((exchange(&served, &made).await.status, show(&made, "wrong").await, show(&made, verifier).await), (400, 400, 200));
}

#[tokio::test]
async fn what_the_app_did_wrong_is_told_to_the_app_and_the_rest_to_the_user() {
    let served = with_app().await;
    install(&served, "one", json!({"redirect_uris": ["com.example.one:/back"], "grant_types": ["client_credentials"]}), true).await;
    install(&served, "none", json!({}), true).await;
    install(&served, "off", json!({"redirect_uris": [BACK]}), false).await;
    let to_user = async |query: &str, account: &str, status: u16, reason: &str| {
        for page in ["authorize", "sign-in"] {
            let answer = served.get(&format!("/sentinel/api/account/{account}/{page}?{query}")).await;
            assert_eq!(answer.status, status, "{query}");
            assert!(answer.body.contains(reason) && answer.header("location").is_empty(), "{query}: {}", answer.body);
        }
    };
    to_user(&asked(&[("client_id", "nobody")]), "12", 401, "no such app").await;
    to_user(&asked(&[("client_id", "off")]), "12", 401, "no such app").await;
    to_user(&asked(&[]), "13", 401, "no such app").await;
    to_user("", "12", 401, "no such app").await;
    for bad in ["https://evil.example/", "https://desk.example/back", "https://desk.example/back?x=1&y=2", "https://DESK.example/back?x=1"]
    {
        to_user(&asked(&[("redirect_uri", bad)]), "12", 400, "none of the addresses").await;
    }
    to_user("client_id=desk&response_type=code", "12", 400, "several addresses").await;
    to_user("client_id=none&response_type=code", "12", 400, "registered no address").await;
    let to_app = async |query: String, error: &str| {
        let answer = served.get(&format!("{ROOT}/authorize?{query}")).await;
        assert_eq!(answer.status, 302, "{}", answer.body);
        let back: url::Url = answer.header("location").parse().expect("an address");
        assert_eq!(told(&back, "error").as_deref(), Some(error), "{query}");
        assert!(told(&back, "error_description").is_some());
        back
    };
    let back = to_app(asked(&[("response_type", "token")]), "unsupported_response_type").await;
    assert_eq!(told(&back, "state").as_deref(), Some("s & t"));
    to_app(asked(&[("response_type", "")]), "invalid_request").await;
    to_app(asked(&[("code_challenge", "x"), ("code_challenge_method", "S256")]), "invalid_request").await;
    to_app(asked(&[("code_challenge", "plain-text"), ("code_challenge_method", "plain")]), "invalid_request").await;
    to_app(asked(&[("code_challenge", "plain-text")]), "invalid_request").await;
    to_app(asked(&[("state", &"s".repeat(2_049))]), "invalid_request").await;
    let own = to_app("client_id=one&response_type=code".into(), "unauthorized_client").await;
    assert!(own.as_str().starts_with("com.example.one:/back?"), "{own}");
    // By POST it is the same, wherever the parameters stand.
    let form = Request::post(format!("{ROOT}/authorize?v=1.0")).header("content-type", FORM).body(Body::from(asked(&[])));
    assert_eq!(served.call(form.expect("a request")).await.status, 302);
}

#[tokio::test]
async fn the_page_needs_no_script_says_who_asks_and_is_in_no_frame() {
    let served = with_app().await;
    let page = served.get(&format!("{ROOT}/sign-in?{}", asked(&[]))).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    for part in [
        "<html lang=\"en\">",
        "<main>",
        "<h1>Sign in to The &lt;desk&gt;</h1>",
        "desk.example",
        "label for=\"username\"",
        "label for=\"password\"",
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    assert!(!page.body.contains("<script") && !page.body.contains("The <desk>"));
    let policy = page.header("content-security-policy");
    let style = page.body.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("a style");
    let hash = STANDARD.encode(Sha256::digest(style));
    for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self' https://desk.example;", &format!("'sha256-{hash}'")] {
        assert!(policy.contains(part), "{part} is not in {policy}");
    }
    assert_eq!((page.header("x-frame-options"), page.header("referrer-policy")), ("DENY", "no-referrer"));
    assert_eq!(page.header("access-control-allow-origin"), "", "no other page reads it");
    let cookie = page.header("set-cookie");
    for part in ["ibs_id=", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=600"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
}

#[tokio::test]
async fn a_log_in_that_fails_is_shown_counted_and_throttled() {
    let limits = CompatLimits { sign_ins_at_once: 16, ..CompatLimits::default() };
    let served = serve_with(AccountSettings::default(), limits).await;
    install(&served, APP, json!({"redirect_uris": [BACK]}), true).await;
    let address = format!("{ROOT}/sign-in?{}", asked(&[]));
    let (cookie, ticket) = ticket(&browse(&served, &address, "", None).await);
    let give = async |cookie: &str, ticket: &str, login: &str, password: &str| {
        let form = query(&[("ticket", ticket), ("username", login), ("password", password)]);
        browse(&served, &address, cookie, Some(&form)).await
    };
    // Another page's form has no cookie, or another ticket.
    for (cookie, ticket) in [("", &*ticket), (&*cookie, ""), (&*cookie, "x"), ("ibs_id=", "")] {
        let answer = give(cookie, ticket, "agent1", PASSWORD).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("role=\"alert\"") && answer.header("set-cookie").starts_with("ibs_id="));
    }
    assert_eq!(give(&cookie, &ticket, "agent1", "").await.status, 400);
    let wrong = give(&cookie, &ticket, "agent1\"><b>", "wrong").await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.body.contains("value=\"agent1&quot;&gt;&lt;b&gt;\"") && wrong.body.contains("aria-describedby=\"problem\""));
    assert!(!wrong.body.contains("wrong\" autocomplete"), "a password is never shown");
    let mut failures = 0;
    let locked = loop {
        let answer = give(&cookie, &ticket, "agent1", "wrong").await;
        assert_eq!(answer.status, 401);
        failures += 1;
        if answer.body.contains("wait, or ask an administrator") {
            break failures;
        }
        assert!(failures < 15 && answer.body.contains("is wrong"), "{}", answer.body);
    };
    assert!(locked > 3, "some mistakes are allowed");
    let right = give(&cookie, &ticket, "agent1", PASSWORD).await;
    assert_eq!((right.status, right.body.contains("wait, or ask an administrator")), (401, true));
    assert!(audited(&served, "login.failed").await >= 3 && audited(&served, "login.locked").await == 1);
    let mut asked = 0;
    while give(&cookie, &ticket, "agent1", PASSWORD).await.status != 429 {
        asked += 1;
        assert!(asked < 20, "the address is never told to wait");
    }
}
