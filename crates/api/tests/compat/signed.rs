//! Requests that a bot signs one by one with its keys (OAuth 1.0a): taken for what a bearer token is taken for, once and in their time.

use crate::harness::*;
use antiphon_api::compat::CompatLimits;
use antiphon_app::administration::{Act, NewUser};
use antiphon_app::ports::store::BotKey;
use antiphon_app::ports::{Clock, Store};
use antiphon_domain::{AccountSettings, UserKind};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use serde_json::{Value, json};

const HISTORY: &str = "/messaging_history/api/account/12/conversations/conversation/search";
const SECRETS: &str = "the-secret&the-access-secret";

fn keys() -> BotKey {
    let text = |text: &str| text.to_owned();
    BotKey {
        app_key: text("the-app-key"),
        secret: text("the-secret"),
        access_token: text("the-access-token"),
        access_token_secret: text("the-access-secret"),
    }
}

async fn with_bot() -> Served {
    with_bot_under(CompatLimits::default()).await
}

async fn with_bot_under(limits: CompatLimits) -> Served {
    let served = serve_with(AccountSettings::default(), limits).await;
    let admin = served.test.caller("admin1");
    let bot = NewUser {
        login: "bot1".into(),
        nickname: "Bot".into(),
        full_name: String::new(),
        email: None,
        kind: UserKind::Bot,
        profile: "agent_manager".into(),
        skills: Vec::new(),
        max_conversations: 10,
        enabled: true,
        password: None,
        api_keys: vec![keys()],
    };
    served.test.app.create_user(&Act::of(&admin), bot).await.expect("made");
    served
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// How a request is signed; written from the standard, not from the product.
struct Signing<'a> {
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    origin: &'a str,
    nonce: &'a str,
    secrets: &'a str,
    method: &'a str,
    at_s: i64,
}

impl Signing<'_> {
    fn header(&self) -> String {
        let own = [
            ("oauth_consumer_key", "the-app-key".to_owned()),
            ("oauth_nonce", self.nonce.to_owned()),
            ("oauth_signature_method", self.method.to_owned()),
            ("oauth_timestamp", self.at_s.to_string()),
            ("oauth_token", "the-access-token".to_owned()),
            ("oauth_version", "1.0".to_owned()),
        ];
        let mut pairs: Vec<String> = own.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        pairs.extend(self.query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))));
        pairs.sort();
        let text = format!("POST&{}&{}", encoded(&format!("{}{}", self.origin, self.path)), encoded(&pairs.join("&")));
        let signature = if self.method == "HMAC-SHA256" {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(self.secrets.as_bytes()).expect("a key");
            mac.update(text.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        } else {
            let mut mac = Hmac::<sha1::Sha1>::new_from_slice(self.secrets.as_bytes()).expect("a key");
            mac.update(text.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        };
        let own: Vec<String> = own.iter().map(|(name, value)| format!("{name}=\"{}\"", encoded(value))).collect();
        format!("OAuth {}, oauth_signature=\"{}\"", own.join(", "), encoded(&signature))
    }
}

fn signing<'a>(served: &Served, path: &'a str, nonce: &'a str) -> Signing<'a> {
    let at_s = served.test.clock.now().0.div_euclid(1_000);
    Signing { path, query: &[], origin: "https://antiphon.test:8443", nonce, secrets: SECRETS, method: "HMAC-SHA1", at_s }
}

async fn post(served: &Served, signing: &Signing<'_>, body: Value) -> Answer {
    let query: Vec<String> = signing.query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let request = Request::post(format!("{}?{}", signing.path, query.join("&")))
        .header("host", "antiphon.test:8443")
        .header("authorization", signing.header())
        .body(Body::from(body.to_string()));
    served.call(request.expect("a request")).await
}

#[tokio::test]
async fn a_bot_signs_its_requests_in_the_place_of_signing_in() {
    let served = with_bot().await;
    let search = json!({"conversationId": "019aff00-0102-7304-8506-0708090a0b0c"});
    let query = [("offset", "0"), ("sort", "start:desc"), ("NC", "true")];
    let plain = Signing { query: &query, ..signing(&served, HISTORY, "n1") };
    let first = post(&served, &plain, search.clone()).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let newer = Signing { query: &query, method: "HMAC-SHA256", ..signing(&served, HISTORY, "n2") };
    assert_eq!(post(&served, &newer, search.clone()).await.status, 200);
    let http = Signing { query: &query, origin: "http://antiphon.test:8443", ..signing(&served, HISTORY, "n3") };
    assert_eq!(post(&served, &http, search.clone()).await.status, 200);
    // One session serves them all.
    let rows = served.test.store.audit(&served.test.account(), None, 200).await.expect("reads");
    assert_eq!(rows.iter().filter(|row| &*row.action == "login.succeeded").count(), 1);

    // And the log-in takes the signature for the keys.
    let path = "/api/account/12/login";
    let login = post(&served, &signing(&served, path, "n4"), json!({"username": "bot1"})).await;
    assert_eq!((login.status, &login.json()["config"]["loginName"]), (200, &json!("bot1")), "{}", login.body);
    assert_eq!(post(&served, &signing(&served, path, "n5"), json!({})).await.status, 200);
    let other = post(&served, &signing(&served, path, "n6"), json!({"username": "agent1"})).await;
    assert_eq!((other.status, other.body.contains("another user's keys")), (400, true));
}

#[tokio::test]
async fn what_is_not_signed_so_now_and_for_this_is_refused_and_audited() {
    let served = with_bot().await;
    let check = async |signing: &Signing<'_>, expected: u16, why: &str| {
        let answer = post(&served, signing, json!({"conversationId": "x"})).await;
        assert_eq!(answer.status, expected, "{why}: {}", answer.body);
        if expected == 401 {
            assert_eq!(answer.json()["error"]["responseStatus"], "UNAUTHORIZED", "{why}");
        }
    };
    let good = || signing(&served, HISTORY, "n1");
    check(&Signing { secrets: "the-secret&wrong", ..good() }, 401, "another secret").await;
    check(&Signing { origin: "https://elsewhere.example", ..good() }, 401, "another host").await;
    check(&Signing { at_s: good().at_s - 301, ..good() }, 401, "long ago").await;
    check(&Signing { at_s: good().at_s + 301, ..good() }, 401, "not yet").await;
    check(&Signing { method: "PLAINTEXT", ..good() }, 401, "no signature at all").await;
    let header = Signing { query: &[("offset", "0")], ..good() }.header();
    let request = Request::post(format!("{HISTORY}?offset=1")).header("host", "antiphon.test:8443").header("authorization", header);
    assert_eq!(served.call(request.body(Body::empty()).expect("a request")).await.status, 401, "another query");
    check(&good(), 200, "none of that used the request up").await;
    check(&good(), 401, "the same again").await;
    for header in ["OAuth", "OAuth oauth_nonce", "OAuth oauth_nonce=\"a\""] {
        let request = Request::post(HISTORY).header("authorization", header).body(Body::empty()).expect("a request");
        assert_eq!(served.call(request).await.status, 401, "{header}");
    }
    loop {
        let rows = served.test.store.audit(&served.test.account(), None, 200).await.expect("reads");
        if rows.iter().any(|row| &*row.action == "signature.refused") {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_guesses_signatures_is_told_to_wait_and_who_signs_well_is_not() {
    let served = with_bot_under(CompatLimits { sign_ins_at_once: 3, ..CompatLimits::default() }).await;
    let ask = async |nonce: &str, secrets: &str| {
        let answer = post(&served, &Signing { secrets, ..signing(&served, HISTORY, nonce) }, json!({"conversationId": "x"})).await;
        (answer.status, answer.header("retry-after").to_owned())
    };
    for number in 0..20 {
        assert_eq!(ask(&format!("good{number}"), SECRETS).await.0, 200);
    }
    let mut refused = 0;
    let wait = loop {
        match ask(&format!("bad{refused}"), "a&guess").await {
            (401, _) if refused < 10 => refused += 1,
            (429, wait) => break wait,
            other => panic!("{other:?} after {refused}"),
        }
    };
    assert!(refused > 0 && wait.parse::<u32>().is_ok_and(|seconds| seconds > 0), "{refused} {wait}");
    assert_eq!(ask("good again", SECRETS).await.0, 200, "the bot at that address goes on");
}
