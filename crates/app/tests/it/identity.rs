//! Tokens: whom they name, how long they live, and everything that must not be believed.

use antiphon_app::administration::{Act, AppGuard, ConnectorAppInput};
use antiphon_app::identity::{AppIdentity, AppTokenError, TokenError};
use antiphon_app::ports::store::{AuditRow, KeyUse, SigningKey};
use antiphon_app::ports::{Clock, Store};
use antiphon_domain::{AccountId, Timestamp};
use antiphon_testkit::TestApp;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const SECRET: &str = "a-client-secret";

async fn with_app() -> TestApp {
    let world = TestApp::start().await;
    install(&world, true).await;
    world
}

async fn install(world: &TestApp, enabled: bool) {
    let admin = world.caller("admin1");
    let input = ConnectorAppInput {
        client_id: Some("sms-gateway".into()),
        name: "SMS gateway".into(),
        client_secret: Some(SECRET.into()),
        keep_secret_s: 0,
        skill: None,
        settings: "{}".into(),
        enabled,
    };
    world.app.put_connector_app(&Act::of(&admin), input, AppGuard::Anything).await.expect("the app is installed");
}

fn advance_s(world: &TestApp, seconds: i64) {
    world.clock.advance(seconds * 1000);
}

async fn app_token(world: &TestApp) -> String {
    let issued = world.app.issue_app_token("12", "sms-gateway", SECRET, false, "192.0.2.1").await;
    issued.expect("the app knows its secret").token
}

fn app_of(world: &TestApp, token: &str) -> Result<AppIdentity, TokenError> {
    world.app.check_app_token(&world.account(), token)
}

async fn consumer_token(world: &TestApp, external: &str) -> String {
    let app = app_of(world, &app_token(world).await).expect("a fresh token");
    world.app.issue_consumer_token(&app, external).await.expect("the name is fine")
}

fn part(token: &str, at: usize) -> Value {
    // As the published browser clients read it: the ordinary alphabet.
    let part = token.split('.').nth(at).expect("a part");
    serde_json::from_slice(&STANDARD_NO_PAD.decode(part).expect("readable by `atob`")).expect("JSON")
}

/// The newest key of a use, as it is stored.
async fn key(world: &TestApp, purpose: KeyUse) -> SigningKey {
    let keys = world.store.signing_keys().await.expect("the store reads");
    keys.into_iter().rfind(|key| key.purpose == purpose).expect("there is one")
}

/// Signs anything with one of our own keys: what only a thief or a bug of ours could do.
async fn sign(world: &TestApp, purpose: KeyUse, header: Value, claims: Value) -> String {
    let stored = key(world, purpose).await;
    let pair = RsaKeyPair::from_pkcs8(&stored.pkcs8).expect("a key pair");
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), unsigned.as_bytes(), &mut signature).expect("signs");
    format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The audit rows of an action, once everything that is written in the background is written.
async fn audited(world: &TestApp, action: &str) -> Vec<AuditRow> {
    world.app.stop().await;
    let rows = world.store.audit(&world.account(), None, 200).await.expect("the store reads");
    rows.into_iter().filter(|row| &*row.action == action).collect()
}

#[tokio::test]
async fn an_apps_token_says_who_it_is_for_an_hour() {
    let world = with_app().await;
    let token = app_token(&world).await;
    let now_s = world.clock.now().0 / 1000;
    assert_eq!(part(&token, 0), json!({"kid": part(&token, 0)["kid"], "typ": "JWT", "alg": "RS256"}));
    assert!(part(&token, 0)["kid"].as_str().expect("a key id").starts_with("appjwt-"));
    let expected =
        json!({"aud": "12", "azp": "sms-gateway", "scope": "msg.consumer", "iss": "Sentinel", "iat": now_s, "exp": now_s + 3600});
    assert_eq!(part(&token, 1), expected);
    let app = app_of(&world, &token).expect("a fresh token");
    assert_eq!((app.client_id.as_str(), app.scopes.as_slice()), ("sms-gateway", &["msg.consumer".to_owned()][..]));
    assert_eq!(app.expires_at, Timestamp((now_s + 3600) * 1000));
    advance_s(&world, 3599);
    assert!(app_of(&world, &token).is_ok());
    advance_s(&world, 1);
    assert_eq!(app_of(&world, &token), Err(TokenError::Expired), "also when its signature was checked before");
}

#[tokio::test]
async fn an_app_needs_its_secret_and_to_be_switched_on() {
    let world = with_app().await;
    let ask = |account: &'static str, client: &'static str, secret: &'static str| {
        let app = world.app.clone();
        async move { app.issue_app_token(account, client, secret, true, "192.0.2.1").await.map(drop) }
    };
    assert_eq!(ask("12", "sms-gateway", SECRET).await, Ok(()));
    for (account, client, secret) in
        [("12", "sms-gateway", "wrong"), ("12", "sms-gateway", ""), ("12", "else", SECRET), ("13", "sms-gateway", SECRET), ("", "", "")]
    {
        assert_eq!(ask(account, client, secret).await, Err(AppTokenError::UnknownOrWrong), "{account} {client} {secret}");
    }
    let token = app_token(&world).await;
    install(&world, false).await;
    assert_eq!(ask("12", "sms-gateway", SECRET).await, Err(AppTokenError::Disabled));
    assert_eq!(ask("12", "sms-gateway", "wrong").await, Err(AppTokenError::UnknownOrWrong));
    assert_eq!(app_of(&world, &token), Err(TokenError::NoSuchApp), "tokens that are out there end with the app");
}

#[tokio::test]
async fn a_consumer_is_the_same_one_for_ever_and_in_this_account_only() {
    let world = with_app().await;
    let token = consumer_token(&world, "anna@example.com ~?>ü").await;
    let again = consumer_token(&world, "anna@example.com ~?>ü").await;
    assert_eq!(part(&token, 1), part(&again, 1));
    assert_ne!(part(&token, 1)["lp_consumer_id"], part(&consumer_token(&world, "bert").await, 1)["lp_consumer_id"]);
    let claims = part(&token, 1);
    assert_eq!(claims.as_object().map(|claims| claims.len()), Some(3), "no time in it: {claims}");
    assert_eq!((&claims["account_id"], &claims["ext_consumer_id"]), (&json!("12"), &json!("anna@example.com ~?>ü")));
    let id = claims["lp_consumer_id"].as_str().expect("an id").to_owned();
    assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)), "{id}");
    let world = world.restart().await;
    advance_s(&world, 20 * 365 * 86_400);
    let consumer = world.app.check_consumer_token(&world.account(), &token).expect("it never expires");
    assert_eq!((consumer.consumer.to_string(), consumer.expires_at, consumer.authenticated), (id, None, true));
    let fresh = consumer_token(&world, "anna@example.com ~?>ü").await;
    assert_eq!(part(&fresh, 1), claims, "the same consumer under a new key");
    assert_ne!(part(&fresh, 0)["kid"], part(&token, 0)["kid"]);
    assert!(world.app.check_consumer_token(&world.account(), &token).is_ok(), "old keys of consumers are kept");
}

#[tokio::test]
async fn a_name_of_a_consumer_has_bounds() {
    let world = with_app().await;
    let app = app_of(&world, &app_token(&world).await).expect("a fresh token");
    for bad in ["", "a\nb", &"x".repeat(251)] {
        assert!(world.app.issue_consumer_token(&app, bad).await.is_err(), "{bad:?}");
    }
    assert!(world.app.issue_consumer_token(&app, &"ü".repeat(250)).await.is_ok());
}

#[tokio::test]
async fn what_is_forged_confused_or_foreign_is_refused() {
    let world = with_app().await;
    let (app, consumer) = (app_token(&world).await, consumer_token(&world, "anna").await);
    let account = world.account();
    let kid = part(&app, 0)["kid"].clone();
    let claims = part(&app, 1);
    let check = |token: &str, expected: TokenError| assert_eq!(app_of(&world, token), Err(expected), "{token}");

    check("", TokenError::Missing);
    check("not.a.token", TokenError::Malformed("a part is not base64url"));
    // One use for another: both keys bear the same id, the day's.
    assert_eq!(part(&consumer, 0)["kid"], kid);
    check(&consumer, TokenError::Forged);
    assert_eq!(world.app.check_consumer_token(&account, &app), Err(TokenError::Forged));

    let body = |claims: &Value| URL_SAFE_NO_PAD.encode(claims.to_string());
    let header = |alg: &str| URL_SAFE_NO_PAD.encode(json!({"alg": alg, "kid": kid}).to_string());
    for alg in ["none", "None", "HS256", "RS512", "ES256", ""] {
        check(&format!("{}.{}.", header(alg), body(&claims)), TokenError::Algorithm);
    }
    check(&format!("{}.{}.", header("RS256"), body(&claims)), TokenError::Forged);
    let parts: Vec<&str> = app.split('.').collect();
    let mut other = claims.clone();
    other["azp"] = json!("else");
    check(&format!("{}.{}.{}", parts[0], body(&other), parts[2]), TokenError::Forged);
    let stranger = URL_SAFE_NO_PAD.encode(json!({"alg": "RS256", "kid": "appjwt-01-01-01"}).to_string());
    check(&format!("{stranger}.{}.{}", parts[1], parts[2]), TokenError::UnknownKey);
    let nameless = URL_SAFE_NO_PAD.encode(json!({"alg": "RS256"}).to_string());
    check(&format!("{nameless}.{}.{}", parts[1], parts[2]), TokenError::UnknownKey);

    // Rightly signed, but saying the wrong things.
    let ours = json!({"alg": "RS256", "kid": kid});
    let with = |change: &dyn Fn(&mut Value)| {
        let mut claims = claims.clone();
        change(&mut claims);
        claims
    };
    let cases = [
        (with(&|claims| claims["aud"] = json!("13")), TokenError::WrongAccount),
        (with(&|claims| claims["iss"] = json!("Idp")), TokenError::WrongIssuer),
        (with(&|claims| claims["azp"] = json!("else")), TokenError::NoSuchApp),
        (with(&|claims| claims["exp"] = json!(1)), TokenError::Expired),
        (with(&|claims| drop(claims.as_object_mut().and_then(|claims| claims.remove("exp")))), TokenError::Claim("exp")),
        (with(&|claims| drop(claims.as_object_mut().and_then(|claims| claims.remove("aud")))), TokenError::Claim("aud")),
        (with(&|claims| claims["aud"] = json!(["12"])), TokenError::Malformed("its claims have the wrong form")),
    ];
    for (claims, expected) in cases {
        check(&sign(&world, KeyUse::App, ours.clone(), claims).await, expected);
    }
    let lower = with(&|claims| claims["iss"] = json!("sentinel"));
    assert!(app_of(&world, &sign(&world, KeyUse::App, ours.clone(), lower).await).is_ok(), "the issuer's case is open");

    let elsewhere: AccountId = "13".parse().expect("an account id");
    assert_eq!(world.app.check_app_token(&elsewhere, &app), Err(TokenError::WrongAccount));
    assert_eq!(world.app.check_consumer_token(&elsewhere, &consumer), Err(TokenError::WrongAccount));
    let foreign = with(&|claims| *claims = json!({"account_id": "13", "ext_consumer_id": "a", "lp_consumer_id": "0".repeat(64)}));
    let foreign = sign(&world, KeyUse::Consumer, ours.clone(), foreign).await;
    assert_eq!(world.app.check_consumer_token(&account, &foreign), Err(TokenError::WrongAccount));
    let bad_id = json!({"account_id": "12", "ext_consumer_id": "a", "lp_consumer_id": "0"});
    let bad_id = sign(&world, KeyUse::Consumer, ours, bad_id).await;
    assert_eq!(world.app.check_consumer_token(&account, &bad_id), Err(TokenError::Claim("lp_consumer_id")));
}

#[tokio::test]
async fn refused_tokens_are_audited_but_not_one_by_one() {
    let world = with_app().await;
    let token = app_token(&world).await;
    let (signed, _) = token.rsplit_once('.').expect("a signature");
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([7; 256]));
    for _ in 0..500 {
        assert!(app_of(&world, &forged).is_err());
    }
    for _ in 0..50 {
        assert!(world.app.issue_app_token("12", "sms-gateway", "wrong", false, "192.0.2.7").await.is_err());
        app_token(&world).await;
    }
    let rows = audited(&world, "token.refused").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(&*rows[0].object_id, "app/forged");
    assert_eq!(audited(&world, "app.token_issued").await.len(), 1);
    assert_eq!(audited(&world, "signing_key.created").await.len(), 1);
    let rows = audited(&world, "app.token_refused").await;
    assert_eq!(rows.len(), 1);
    assert!(rows[0].detail.contains("192.0.2.7") && &*rows[0].object_id == "sms-gateway", "{rows:?}");
}

#[tokio::test]
async fn keys_are_renewed_by_age_and_kept_while_their_tokens_live() {
    let world = with_app().await;
    let fixed = world.app.issue_app_token("12", "sms-gateway", SECRET, true, "").await.expect("a token").token;
    let first = app_token(&world).await;
    assert_eq!(world.app.public_keys().len(), 1, "the fixed key is nobody's to know");
    advance_s(&world, 30 * 86_400 - 1);
    let late = app_token(&world).await;
    assert_eq!(part(&late, 0), part(&first, 0));
    advance_s(&world, 1);
    let renewed = app_token(&world).await;
    assert_ne!(part(&renewed, 0), part(&first, 0));
    assert!(app_of(&world, &late).is_ok(), "its key is still known");
    let ids: Vec<String> = world.app.public_keys().into_iter().map(|key| key.id).collect();
    assert_eq!(ids, [part(&first, 0)["kid"].as_str().expect("an id"), part(&renewed, 0)["kid"].as_str().expect("an id")]);
    assert_eq!(world.app.public_keys()[0].modulus.len(), 256);
    assert_eq!(world.app.public_keys()[0].exponent, [1, 0, 1]);
    advance_s(&world, 30 * 86_400);
    app_token(&world).await;
    let ids: Vec<String> = world.app.public_keys().into_iter().map(|key| key.id).collect();
    assert_eq!(ids.len(), 2, "the first one is spent: {ids:?}");
    assert_eq!(app_of(&world, &first), Err(TokenError::Forged), "only the fixed key still bears that day's name");
    let again = world.app.issue_app_token("12", "sms-gateway", SECRET, true, "").await.expect("a token").token;
    assert_eq!(part(&again, 0), part(&fixed, 0), "the fixed key is never renewed");
    let world = world.restart().await;
    assert_eq!(world.app.public_keys().into_iter().map(|key| key.id).collect::<Vec<_>>(), ids, "keys survive a restart");
}
