//! Tokens over HTTP: of apps, of the consumers that they speak for, and of visitors. Tests that bear the number of a line of
//! the published protocol's conformance list begin with `connector_line_`.

use crate::harness::*;
use antiphon_api::compat::{CompatLimits, Rate};
use antiphon_app::administration::{Act, AppGuard, ConnectorAppInput};
use antiphon_app::ports::store::{UnitOfWork, Write};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{AccountSettings, Source, SourceId, Timestamp};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use http::Request;
use serde_json::{Value, json};

pub const CLIENT: &str = "sms-gateway";
pub const CLIENT_SECRET: &str = "a-client-secret";
const FORM: &str = "application/x-www-form-urlencoded";
const TOKEN: &str = "/sentinel/api/account/12/app/token";

pub async fn install(served: &Served) {
    let input = ConnectorAppInput {
        client_id: Some(CLIENT.into()),
        name: "SMS gateway".into(),
        client_secret: Some(CLIENT_SECRET.into()),
        keep_secret_s: 0,
        skill: None,
        settings: "{}".into(),
        enabled: true,
    };
    let admin = served.test.caller("admin1");
    served.test.app.put_connector_app(&Act::of(&admin), input, AppGuard::Anything).await.expect("the app is installed");
}

async fn with_app() -> Served {
    let served = serve().await;
    install(&served).await;
    served
}

/// A server with a web source.
async fn with_web() -> Served {
    let served = serve().await;
    let source = Source {
        id: SourceId(71),
        channel: "web".into(),
        name: "Shop".into(),
        address: "shop".into(),
        skill: None,
        app: None,
        enabled: true,
        api_base_url: None,
        credentials: Default::default(),
        settings: Default::default(),
        health: Health { state: HealthState::Unknown, message: String::new(), since: Timestamp(0) },
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    };
    let mut unit = UnitOfWork::new(served.test.account());
    unit.write(Write::PutSource(source));
    antiphon_app::ports::Store::commit(&*served.test.store, unit).await.expect("stored");
    served.test.app.reload_directory().await.expect("loaded");
    served
}

async fn ask(served: &Served, path: &str, kind: &str, body: &str) -> Answer {
    let request = Request::post(path).header("content-type", kind).body(Body::from(body.to_owned()));
    served.call(request.expect("a request")).await
}

async fn app_token(served: &Served) -> String {
    let answer = ask(served, TOKEN, FORM, &format!("client_id={CLIENT}&client_secret={CLIENT_SECRET}")).await;
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

async fn consumer(served: &Served, authorization: &str, body: &str) -> Answer {
    let request = Request::post("/api/account/12/consumer?v=1.0").header("content-type", "application/json");
    let request = if authorization.is_empty() { request } else { request.header("authorization", authorization) };
    served.call(request.body(Body::from(body.to_owned())).expect("a request")).await
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("claims");
    serde_json::from_slice(&STANDARD_NO_PAD.decode(part).expect("readable by `atob`")).expect("JSON")
}

#[tokio::test]
async fn connector_line_1_a_token_is_taken_raw_and_with_a_scheme_and_refused_when_it_is_none() {
    let served = with_app().await;
    let token = app_token(&served).await;
    let body = r#"{"ext_consumer_id":"anna","iss_display_name":"x"}"#;
    for authorization in [token.clone(), format!("Bearer {token}"), format!("bearer {token}")] {
        let answer = consumer(&served, &authorization, body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    let issued = consumer(&served, &token, body).await.json()["token"].as_str().expect("a token").to_owned();
    for wrong in [String::new(), "x".into(), format!("{token}x"), issued, format!("Basic {token}")] {
        let answer = consumer(&served, &wrong, body).await;
        let error = &answer.json()["error"];
        assert_eq!((answer.status, &error["responseStatus"]), (401, &json!("UNAUTHORIZED")), "{wrong}");
    }
    served.test.clock.advance(3_600_000);
    let expired = consumer(&served, &token, body).await;
    assert_eq!((expired.status, &expired.json()["error"]["message"]), (401, &json!("Authorization: the token has expired")));
    assert_eq!(served.post("/api/account/13/consumer", "", json!({})).await.status, 401);
    assert_eq!(served.post("/api/account/no%20one/consumer", "", json!({})).await.status, 404);
}

#[tokio::test]
async fn connector_line_2_an_app_gets_its_token_from_parameters_wherever_they_stand() {
    let served = with_app().await;
    let (id, secret) = (format!("client_id={CLIENT}"), format!("client_secret={CLIENT_SECRET}"));
    let grant = "grant_type=client_credentials";
    let json_body = json!({"client_id": CLIENT, "client_secret": CLIENT_SECRET}).to_string();
    let forms = [
        (format!("{TOKEN}?v=1.0&{grant}&{id}&{secret}"), FORM, String::new()),
        (format!("{TOKEN}?v=1.0&{grant}&{id}&{secret}"), "application/json", String::new()),
        (format!("{TOKEN}?v=1.0&{grant}"), FORM, format!("{id}&{secret}")),
        (format!("{TOKEN}?v=1.0"), FORM, format!("{id}&{secret}&{grant}")),
        (format!("{TOKEN}?{id}"), FORM, secret.clone()),
        (format!("{TOKEN}?v=1.0"), "application/json;charset=utf-8", json_body),
        ("/sentinel/api/v2/account/12/app/token".to_owned(), FORM, format!("{grant}&{id}&{secret}")),
    ];
    for (path, kind, body) in forms {
        let answer = ask(&served, &path, kind, &body).await;
        let tokens = answer.json();
        assert_eq!((answer.status, &tokens["token_type"], &tokens["expires_in"]), (200, &json!("Bearer"), &json!(3600)), "{path} {body}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(claims(tokens["access_token"].as_str().expect("a token"))["azp"], CLIENT);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}")));
    let request = Request::post(TOKEN).header("authorization", basic).body(Body::empty()).expect("a request");
    assert_eq!(served.call(request).await.status, 200);

    let check = async |path: &str, body: &str, status: u16, error: &str| {
        let answer = ask(&served, path, FORM, body).await;
        assert_eq!((answer.status, &answer.json()["error"]), (status, &json!(error)), "{path} {body}");
        assert!(answer.json()["error_description"].is_string() && !answer.body.contains(CLIENT_SECRET));
    };
    check(TOKEN, "", 400, "invalid_request").await;
    check(TOKEN, &id, 400, "invalid_request").await;
    check(TOKEN, &secret, 400, "invalid_request").await;
    check(TOKEN, &format!("{id}&client_secret=wrong"), 401, "invalid_client").await;
    check(TOKEN, &format!("client_id=else&{secret}"), 401, "invalid_client").await;
    check("/sentinel/api/account/13/app/token", &format!("{id}&{secret}"), 401, "invalid_client").await;
    check(TOKEN, &format!("{id}&{secret}&grant_type=password"), 400, "unsupported_grant_type").await;
    let huge = ask(&served, TOKEN, FORM, &"x".repeat(20_000)).await;
    assert_eq!((huge.status, &huge.json()["error"]), (413, &json!("invalid_request")));
    let broken = ask(&served, TOKEN, "application/json", "[object Object]").await;
    assert_eq!((broken.status, &broken.json()["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn connector_line_3_the_same_name_is_the_same_consumer_across_restarts() {
    let served = with_app().await;
    let token = app_token(&served).await;
    let id = async |served: &Served, token: &str, name: &str| {
        let answer = consumer(served, token, &json!({"ext_consumer_id": name}).to_string()).await;
        claims(answer.json()["token"].as_str().expect("a token"))["lp_consumer_id"].as_str().expect("an id").to_owned()
    };
    let anna = id(&served, &token, "0.8372").await;
    assert_eq!(id(&served, &token, "0.8372").await, anna);
    assert_ne!(id(&served, &token, "0.8373").await, anna);
    let again = served.restart().await;
    assert_eq!(id(&again, &token, "0.8372").await, anna, "the app's token is good across restarts, too");
    let number = consumer(&again, &token, r#"{"ext_consumer_id":0.8372}"#).await;
    assert_eq!(claims(number.json()["token"].as_str().expect("a token"))["lp_consumer_id"], anna);
    for bad in ["", "{}", r#"{"ext_consumer_id":""}"#, r#"{"ext_consumer_id":null}"#, r#"{"ext_consumer_id":"a\u0000"}"#] {
        let answer = consumer(&again, &token, bad).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (400, &json!("ext_consumer_id")), "{bad}");
    }
    assert_eq!(consumer(&again, &token, "[object Object]").await.status, 400);
}

#[tokio::test]
async fn the_published_keys_are_those_of_the_second_version() {
    let served = with_app().await;
    assert_eq!(served.get("/sentinel/well-known/jwks").await.json(), json!({"keys": []}));
    app_token(&served).await;
    assert_eq!(served.get("/sentinel/well-known/jwks").await.json(), json!({"keys": []}), "the fixed key is not published");
    let body = format!("client_id={CLIENT}&client_secret={CLIENT_SECRET}&grant_type=client_credentials");
    let token = ask(&served, "/sentinel/api/v2/account/12/app/token", FORM, &body).await.json();
    let token = token["access_token"].as_str().expect("a token").to_owned();
    let header: Value =
        serde_json::from_slice(&STANDARD_NO_PAD.decode(token.split('.').next().expect("a header")).expect("base64")).expect("JSON");
    let keys = served.get("/sentinel/well-known/jwks").await.json();
    let key = &keys["keys"][0];
    assert_eq!(
        (&key["kid"], &key["kty"], &key["alg"], &key["use"], &key["e"]),
        (&header["kid"], &json!("RSA"), &json!("RS256"), &json!("sig"), &json!("AQAB"))
    );
    assert!(key["n"].as_str().is_some_and(|n| n.len() == 342), "2048 bits");
}

#[tokio::test]
async fn a_visitor_signs_up_as_json_and_as_a_script() {
    let served = with_web().await;
    let answer = ask(&served, "/api/account/12/signup", "application/json", "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "*"));
    let claims = claims(answer.json()["jwt"].as_str().expect("a token"));
    assert_eq!((&claims["aud"], claims.get("lp.ext")), (&json!("acc:12"), None));
    let script = served.get("/api/account/12/signup.jsonp?callback=jsonp_callback_123").await;
    assert!(script.header("content-type").starts_with("application/javascript"));
    let body = script.body.strip_prefix("jsonp_callback_123(").and_then(|body| body.strip_suffix(");")).expect("a call");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_ne!(claims["sub"], self::claims(body["jwt"].as_str().expect("a token"))["sub"]);
    for bad in ["", "?callback=", "?callback=alert(1)//"] {
        assert_eq!(served.get(&format!("/api/account/12/signup.jsonp{bad}")).await.status, 400, "{bad}");
    }
    assert_eq!(ask(&served, "/api/account/13/signup", "", "").await.status, 404);
    let preflight = Request::options("/api/account/12/signup").header("origin", "https://shop.example").body(Body::empty());
    let preflight = served.call(preflight.expect("a request")).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, "*"));
    assert!(preflight.header("access-control-allow-headers").contains("authorization"));
    let none = serve().await;
    let refused = ask(&none, "/api/account/12/signup", "", "").await;
    assert_eq!(refused.status, 404);
    assert!(refused.json()["error"]["message"].as_str().is_some_and(|message| message.contains("channel web")));
}

#[tokio::test]
async fn an_anonymous_identity_is_exchanged_and_kept() {
    let served = with_web().await;
    let identity = async |body: &str| ask(&served, "/api/account/12/anonymous/authorize", "application/json", body).await;
    let exchange = async |token: &str| {
        let body = json!({"id_token": token}).to_string();
        ask(&served, "/api/account/12/app/shop/authenticate?v=3.0", "application/json", &body).await
    };
    let first = identity("").await.json()["token"].as_str().expect("a token").to_owned();
    let sub = claims(exchange(&first).await.json()["token"].as_str().expect("a token"))["sub"].clone();
    served.test.clock.advance(600_000);
    assert_eq!(exchange(&first).await.status, 401);
    let second = identity(&json!({"id_token": first}).to_string()).await.json()["token"].as_str().expect("a token").to_owned();
    assert_eq!(claims(exchange(&second).await.json()["token"].as_str().expect("a token"))["sub"], sub);
    assert_eq!(identity(r#"{"id_token":"x.y.z"}"#).await.status, 401);
    assert_eq!(exchange("").await.status, 400);
    assert_eq!(exchange("a.b.c.d.e").await.status, 401);
    let elsewhere =
        ask(&served, "/api/account/12/app/blog/authenticate", "application/json", &json!({"id_token": second}).to_string()).await;
    assert_eq!(elsewhere.status, 404);
    let legacy = ask(&served, "/api/account/12/authenticate", "application/json", &json!({"authCode": second}).to_string()).await;
    assert!(legacy.json()["jwt"].is_string(), "{}", legacy.body);
    assert_eq!(ask(&served, "/api/account/12/authenticate", "application/json", "{}").await.status, 400);
}

#[tokio::test]
async fn who_asks_too_often_is_told_to_wait() {
    let limits = CompatLimits {
        app_tokens_per_address: Rate::new(1, 8),
        app_tokens_per_app: Rate::new(1, 3),
        consumer_tokens_per_app: Rate::new(1, 1),
        visitor_tokens_per_address: Rate::new(1, 1),
        ..CompatLimits::default()
    };
    let served = serve_with(AccountSettings::default(), limits).await;
    install(&served).await;
    let good = format!("client_id={CLIENT}&client_secret={CLIENT_SECRET}");
    let statuses = async |count: usize, path: &str, body: &str| {
        let mut statuses = Vec::new();
        for _ in 0..count {
            statuses.push(ask(&served, path, FORM, body).await.status);
        }
        statuses
    };
    let token = ask(&served, TOKEN, FORM, &good).await.json()["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(statuses(4, TOKEN, &good).await, [200, 200, 200, 429], "the app's own pace");
    let made_up = "client_id=made-up&client_secret=x";
    assert_eq!(statuses(5, TOKEN, made_up).await, [401, 401, 401, 401, 429], "the address's pace");
    let answer = ask(&served, TOKEN, FORM, made_up).await;
    assert_eq!((answer.header("retry-after"), &answer.json()["error"]), ("1", &json!("too_many_requests")));
    let body = r#"{"ext_consumer_id":"a"}"#;
    let mut of_app = Vec::new();
    for _ in 0..3 {
        of_app.push(consumer(&served, &token, body).await.status);
    }
    assert_eq!(of_app, [201, 201, 429]);
    assert_eq!(consumer(&served, "forged", body).await.status, 429, "the address has used its tries up");
    assert_eq!(statuses(3, "/api/account/12/signup", "").await, [404, 404, 429]);
    let slow = ask(&served, "/api/account/12/signup", "", "").await;
    assert_eq!((slow.header("retry-after"), &slow.json()["error"]["responseStatus"]), ("1", &json!("TOO_MANY_REQUESTS")));
}
