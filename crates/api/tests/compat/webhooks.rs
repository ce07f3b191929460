//! The Connector API's webhooks, as the published description's conformance checklist has them: each test is named after its line.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use antiphon_app::administration::{Act, AppGuard, ConnectorAppInput};
use antiphon_app::ports::Store;
use antiphon_app::ports::net::NetRequest;
use antiphon_app::ports::store::{NotificationKind, NotificationList};
use antiphon_domain::SkillId;
use antiphon_testkit::net::answer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

const APP: &str = "gateway";
const SECRET: &str = "demo-secret-0001";
const CONTENT: &str = "ms.MessagingEventNotification.ContentEvent";
const RICH: &str = "ms.MessagingEventNotification.RichContentEvent";
const ACCEPT: &str = "ms.MessagingEventNotification.AcceptStatusEvent";
const CHAT: &str = "ms.MessagingEventNotification.ChatStateEvent";
const CHANGE: &str = "cqm.ExConversationChangeNotification";

/// Each type at an address of its own, as the published manifest spells it.
fn webhooks() -> Value {
    let hook = |path: &str| json!({"endpoint": format!("https://app.test/{path}?q=1"), "headers": [{"header_name": "X-Env", "header_value": "dev"}]});
    json!({CONTENT: hook("content"), RICH: hook("rich"), ACCEPT: hook("accept"), CHAT: hook("chat"), CHANGE: hook("change")})
}

async fn install(served: &Served, webhooks: Value, enabled: bool) {
    let account = served.test.account();
    let input = ConnectorAppInput {
        client_id: Some(APP.into()),
        name: "Gateway".into(),
        client_secret: Some(SECRET.into()),
        keep_secret_s: 0,
        skill: Some(SkillId(1)),
        settings: json!({"scope": "msg.consumer", "capabilities": {"webhooks": webhooks}}).to_string(),
        enabled,
    };
    served.test.app.put_connector_app(&Act::installation(&account), input, AppGuard::Anything).await.expect("the app is installed");
}

async fn served() -> Served {
    let served = serve().await;
    served.test.net.at("https://app.test/", answer(200, "\"OK\""));
    install(&served, webhooks(), true).await;
    served
}

pub fn calls(served: &Served, path: &str) -> Vec<NetRequest> {
    served.test.net.calls().into_iter().filter(|call| call.url.starts_with(&format!("https://app.test/{path}"))).collect()
}

/// The one change of each call to a path, once there are so many.
pub async fn told(served: &Served, path: &str, count: usize) -> Vec<Value> {
    loop {
        let calls = calls(served, path);
        if calls.len() >= count {
            return calls.iter().map(|call| change(&call.body)).collect();
        }
        tokio::task::yield_now().await;
    }
}

/// Waits until it is stored that the latest notification of a kind was tried so often.
async fn tried(served: &Served, kind: NotificationKind, attempts: u32) {
    loop {
        let rows = served.test.store.notifications(&served.test.account(), APP, NotificationList::All(None), 50).await.expect("reads");
        if rows.iter().any(|row| row.kind == kind && row.tries.attempts >= attempts) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// After so many tries the next one comes in that time, with a tenth more at most, and not before.
async fn tries_again(served: &Served, path: &str, attempts: u32, wait_ms: i64) {
    tried(served, NotificationKind::Content, attempts).await;
    let before = calls(served, path).len();
    served.test.clock.advance(wait_ms - 1);
    for _ in 0..300 {
        tokio::task::yield_now().await;
    }
    assert_eq!(calls(served, path).len(), before, "not before {wait_ms} ms");
    served.test.clock.advance(1 + wait_ms / 10);
    told(served, path, before + 1).await;
}

pub fn change(body: &[u8]) -> Value {
    let body: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(body["kind"], "notification");
    assert_eq!(body["body"]["changes"].as_array().map(Vec::len), Some(1), "one change per call");
    body["body"]["changes"][0].clone()
}

#[tokio::test]
async fn connector_line_6_sequences_are_the_dialogs_and_a_chat_state_has_none() {
    let served = served().await;
    let mut client = agent(&served, "agent1").await;
    served.test.receive("say k1 +1 hello").await;
    accept(&mut client).await;
    let conversation = served.test.conversations().await.remove(0);
    let dialog = conversation.id.to_string();
    for text in ["one", "two"] {
        let body = json!({"dialogId": dialog, "event": {"type": "ContentEvent", "contentType": "text/plain", "message": text}});
        client.ask(PUBLISH, body).await;
    }
    let chat = json!({"dialogId": dialog, "event": {"type": "ChatStateEvent", "chatState": "COMPOSING"}});
    client.ask(PUBLISH, chat).await;
    let stored = served.test.store.events(&served.test.account(), conversation.id, antiphon_domain::DialogNumber::MAIN, 0, 9).await;
    let stored: Vec<u64> = stored.expect("reads").iter().filter(|event| event.is_content()).map(|event| event.sequence).collect();
    let sequences: Vec<u64> = told(&served, "content", 3).await.iter().filter_map(|change| change["sequence"].as_u64()).collect();
    assert_eq!(sequences, stored);
    let chat = told(&served, "chat", 1).await.remove(0);
    assert!(chat.get("sequence").is_none() && chat.get("serverTimestamp").is_none(), "{chat}");
    assert_eq!(chat["event"], json!({"type": "ChatStateEvent", "chatState": "COMPOSING"}));
}

#[tokio::test]
async fn connector_line_8_bodies_are_signed_byte_for_byte_with_headers_and_one_change_each() {
    let served = served().await;
    served.test.receive("say k1 +1 hi 😀").await;
    told(&served, "content", 1).await;
    told(&served, "change", 1).await;
    for call in served.test.net.calls() {
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(SECRET.as_bytes()).expect("a key");
        mac.update(&call.body);
        let expected = format!("sha1={}", STANDARD.encode(mac.finalize().into_bytes()));
        for (name, value) in [
            ("x-liveperson-signature", expected.as_str()),
            ("x-liveperson-account-id", "12"),
            ("x-liveperson-client-id", APP),
            ("content-type", "application/json"),
            ("x-env", "dev"),
        ] {
            assert_eq!(call.headers[name], value);
        }
        assert_eq!(call.method, http::Method::POST);
        change(&call.body);
        // Whoever parses the body and writes it again gets the same bytes.
        let text = std::str::from_utf8(&call.body).expect("text");
        assert!(!text.contains("\\u") && !text.contains("\": ") && !text.contains(", \""), "{text}");
    }
}

#[tokio::test]
async fn connector_line_9_types_go_to_their_own_endpoints_and_nowhere_without_one() {
    let served = served().await;
    served.test.receive("say k1 +1 hello").await;
    told(&served, "change", 1).await;
    assert_eq!(told(&served, "content", 1).await[0]["event"]["message"], "hello");
    let mut fewer = webhooks();
    fewer.as_object_mut().expect("an object").remove(CHANGE);
    install(&served, fewer, true).await;
    served.test.receive("say k2 +2 second").await;
    told(&served, "content", 2).await;
    assert_eq!(calls(&served, "change").len(), 1, "no endpoint, no notification");
    install(&served, webhooks(), false).await;
    served.test.receive("say k3 +3 third").await;
    install(&served, webhooks(), true).await;
    served.test.receive("say k4 +4 fourth").await;
    let texts: Vec<Value> = told(&served, "content", 3).await.into_iter().map(|change| change["event"]["message"].clone()).collect();
    assert_eq!(texts, ["hello", "second", "fourth"], "an app that is off is told nothing");
}

#[tokio::test]
async fn connector_line_10_tries_by_number() {
    let served = served().await;
    let mut hooks = webhooks();
    hooks[CONTENT]["max_retries"] = json!(1);
    install(&served, hooks, true).await;
    served.test.net.at("https://app.test/content", answer(202, "")).at("https://app.test/change", answer(500, ""));
    served.test.receive("say k1 +1 hello").await;
    tries_again(&served, "content", 1, 30_000).await;
    assert_eq!(calls(&served, "change").len(), 1, "no number, no second try");
    served.test.net.at("https://app.test/content", answer(200, ""));
    served.test.receive("say k2 +1 again").await;
    assert_eq!(told(&served, "content", 3).await[2]["event"]["message"], "again", "what was exhausted is gone");
}

#[tokio::test]
async fn connector_line_10_tries_by_time_take_precedence_and_zero_exempts() {
    let served = served().await;
    let mut hooks = webhooks();
    hooks[CONTENT]["max_retries"] = json!(1);
    hooks[CHANGE]["max_retries"] = json!(0);
    hooks["retry"] = json!({"retention_time": 3600});
    install(&served, hooks, true).await;
    served.test.net.at("https://app.test/", answer(500, ""));
    served.test.receive("say k1 +1 one").await;
    served.test.receive("say k2 +1 two").await;
    for (attempts, wait_ms) in [(1, 2_000), (2, 4_000), (3, 8_000)] {
        tries_again(&served, "content", attempts, wait_ms).await;
    }
    tried(&served, NotificationKind::Content, 4).await;
    assert_eq!(calls(&served, "change").len(), 1, "an exempt type is let go");
    served.test.net.at("https://app.test/", answer(201, ""));
    served.test.clock.advance(17_600);
    let texts: Vec<Value> = told(&served, "content", 6).await.into_iter().map(|change| change["event"]["message"].clone()).collect();
    assert_eq!(texts, ["one", "one", "one", "one", "one", "two"], "in order, beyond the number");
}

#[tokio::test]
async fn connector_line_11_every_change_names_its_conversation_and_both_states() {
    let served = served().await;
    let mut client = agent(&served, "agent1").await;
    served.test.receive("say k1 +1 hello").await;
    accept(&mut client).await;
    let conversation = served.test.conversations().await.remove(0).id.to_string();
    let read = json!({"dialogId": conversation, "event": {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}});
    client.ask(PUBLISH, read).await;
    let close =
        json!({"conversationId": conversation, "conversationField": [{"field": "ConversationStateField", "conversationState": "CLOSE"}]});
    client.ask(UPDATE, close).await;
    let changes = told(&served, "change", 3).await;
    let states: Vec<(&Value, &Value)> = changes
        .iter()
        .map(|change| {
            let details = &change["result"]["conversationDetails"];
            assert_eq!((&change["type"], &change["result"]["convId"]), (&json!("UPSERT"), &json!(conversation)));
            assert_eq!((&details["dialogs"][0]["dialogType"], &details["dialogs"][0]["dialogId"]), (&json!("MAIN"), &json!(conversation)));
            (&details["state"], &details["stage"])
        })
        .collect();
    assert_eq!(states, [(&json!("OPEN"), &json!("OPEN")), (&json!("OPEN"), &json!("OPEN")), (&json!("CLOSE"), &json!("CLOSE"))]);
    assert_eq!(changes[2]["result"]["effectiveTTR"], -1);
    for path in ["content", "accept"] {
        for change in told(&served, path, 1).await {
            assert_eq!((&change["conversationId"], &change["dialogId"]), (&json!(conversation), &json!(conversation)));
            assert_eq!(change["originatorId"], change["originatorMetadata"]["id"]);
            assert_eq!(change["messageAudience"], "ALL");
        }
    }
}
