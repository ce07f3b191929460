//! The tables of this connector, and what has no place in a table.

use super::{Telegram, errors, signature};
use crate::kit::table::{
    CannedNet, Fixture, InboundCase, Manner, NOW, OutboundCase, Trouble, Wanted, WantedBody, answer, now, outbound, request, source,
    structured, with_header,
};
use antiphon_app::channel::{Channel, Disposition, InboundContent, InboundItem, InboundKind, Keys, OutboundContent, RawRequest, SignalTo};
use antiphon_domain::Timestamp;
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::source::HealthState;
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

mod received;
mod sent;

const TOKEN: &str = "123456789:AAsimulatedbottoken0000000000000000";
const SECRET: &str = "sim_secret_token_0123456789abcdef";
const HOOK: &str = "https://hooks.example.test/webhooks/telegram/123456789";
const JSON: Option<&str> = Some("application/json");

fn keys() -> Keys {
    let credentials = [("bot_token", TOKEN), ("secret_token", SECRET)];
    Keys { source: Some(Arc::new(source("telegram", "123456789", &credentials, &[]))), app: None }
}

fn address(method: &str) -> &'static str {
    // Addresses in tables are static; leaking a test's few strings is what that costs.
    Box::leak(format!("https://api.telegram.org/bot{TOKEN}/{method}").into_boxed_str())
}

fn update(id: u64, kind: &str, thing: &Value) -> RawRequest {
    request(Method::POST, HOOK, JSON, &json!({ "update_id": id, kind: thing }).to_string())
}

pub(crate) fn fixture() -> Fixture {
    Fixture {
        channel: Arc::new(Telegram),
        keys: keys(),
        sign: |request| *request = with_header(request, signature::HEADER, Some(SECRET)),
        signature: signature::HEADER,
        inbound: received::table(),
        outbound: sent::table(),
        manner: Manner { body_unsigned: true, credential: None, ids_are_ours: false },
    }
}

#[test]
fn refusals_are_told_apart_by_their_description() {
    let check = |code: u16, description: &str, disposition: Disposition, reason: &str| {
        let body = json!({ "ok": false, "error_code": code, "description": description }).to_string();
        let given = answer(code, &body).expect("an answer");
        let refused = errors::of_answer(&given, &serde_json::from_str(&body).expect("JSON"), NOW);
        assert_eq!((&refused.disposition, &*refused.reason.code), (&disposition, reason), "{description}");
        assert_eq!(refused.reason.vendor_code.as_deref(), Some(code.to_string().as_str()));
    };
    check(400, "Bad Request: chat not found", Disposition::OptedOut, "unreachable");
    check(400, "Bad Request: PEER_ID_INVALID", Disposition::OptedOut, "unreachable");
    check(400, "Bad Request: message is too long", Disposition::Failed, "malformed");
    check(400, "Bad Request: message text is empty", Disposition::Failed, "malformed");
    check(400, "Bad Request: wrong file identifier/HTTP URL specified", Disposition::Failed, "media_unsupported");
    check(400, "Bad Request: something new", Disposition::Failed, "rejected");
    check(401, "Unauthorized", Disposition::NeedsReauthorisation, "not_authorised");
    check(403, "Forbidden: bot was blocked by the user", Disposition::OptedOut, "opted_out");
    check(403, "Forbidden: user is deactivated", Disposition::OptedOut, "unreachable");
    check(404, "Not Found", Disposition::NeedsReauthorisation, "not_authorised");
    check(409, "Conflict: terminated by other getUpdates request", Disposition::Misconfigured { pause_ms: None }, "source_misconfigured");
    check(413, "Request Entity Too Large", Disposition::Failed, "media_too_large");
    check(500, "Internal Server Error", Disposition::Retry { after_ms: None, max_attempts: None }, "vendor_unavailable");
    for (code, says, _, message, remedy) in errors::classes() {
        assert!(message.ends_with('.') && remedy.ends_with('.'), "{code} {says}");
    }
}

#[test]
fn the_wait_that_is_asked_for_stands_in_the_body() {
    let body = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5","parameters":{"retry_after":5}}"#;
    let out = outbound(&keys(), &OutboundContent::Text("Hi".into()), r#"{"text":"Hi"}"#.to_owned());
    let net = CannedNet::new([answer(429, body)]);
    let refused = now(Telegram.send(&out, &net)).map_err(|error| error.disposition);
    assert_eq!(refused, Err(Disposition::Throttled { after_ms: Some(5_000) }));
}

#[test]
fn a_group_that_moved_is_written_to_where_it_is_now() {
    let moved =
        r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-1009}}"#;
    let out = outbound(&keys(), &OutboundContent::Text("Hi".into()), r#"{"text":"Hi"}"#.to_owned());
    let net = CannedNet::new([answer(400, moved), answer(200, r#"{"ok":true,"result":{"message_id":5}}"#)]);
    assert_eq!(now(Telegram.send(&out, &net)).map(|sent| sent.vendor_id), Ok("5".to_owned()));
    let bodies: Vec<Value> = net.calls().iter().map(|call| serde_json::from_slice(&call.body).expect("JSON")).collect();
    assert_eq!(bodies, [json!({ "chat_id": 2002, "text": "Hi" }), json!({ "chat_id": -1009, "text": "Hi" })]);
    // It does not move twice.
    let net = CannedNet::new([answer(400, moved), answer(400, moved)]);
    assert_eq!(now(Telegram.send(&out, &net)).map_err(|error| error.disposition), Err(Disposition::Failed));
}

#[test]
fn files_are_fetched_where_the_vendor_says_they_are() {
    let media = Telegram.media().expect("this channel has media");
    let told = |path: &str| answer(200, &json!({ "ok": true, "result": { "file_path": path, "file_size": 5 } }).to_string());
    let net = CannedNet::new([told("photos/file_1.jpg"), answer(200, "12345")]);
    let fetched = now(media.fetch(&keys(), "FILE1", 1_000, &net)).expect("fetched");
    assert_eq!(&fetched.bytes[..], b"12345");
    let calls = net.calls();
    assert_eq!(calls[0].url, address("getFile"));
    assert_eq!(calls[1].url, format!("https://api.telegram.org/file/bot{TOKEN}/photos/file_1.jpg"));
    for path in ["../../etc", "", "a//b"] {
        let net = CannedNet::new([told(path)]);
        assert_eq!(now(media.fetch(&keys(), "FILE1", 1_000, &net)).map_err(|e| e.disposition).err(), Some(Disposition::Failed), "{path}");
    }
    let big = r#"{"ok":false,"error_code":400,"description":"Bad Request: file is too big"}"#;
    let refused = now(media.fetch(&keys(), "FILE1", 1_000, &CannedNet::new([answer(400, big)]))).expect_err("refused");
    assert_eq!((&*refused.reason.code, refused.disposition), ("media_too_large", Disposition::Failed));
}

#[test]
fn a_tap_is_confirmed_and_typing_shown() {
    let tap = update(1, "callback_query", &json!({ "id": "cq1", "from": { "id": 2002 }, "data": "a" }));
    let confirm = Telegram.confirm().expect("taps wait");
    assert!(confirm.awaited(&tap));
    assert!(!confirm.awaited(&update(2, "message", &json!({ "text": "\"callback_query\"" }))));
    let done = || answer(200, r#"{"ok":true,"result":true}"#);
    let net = CannedNet::new([done()]);
    now(confirm.confirm(&tap, &keys(), &net)).expect("confirmed");
    let call = net.calls().remove(0);
    assert_eq!((call.url.as_str(), &call.body[..]), (address("answerCallbackQuery"), &br#"{"callback_query_id":"cq1"}"#[..]));
    let signals = Telegram.signals().expect("typing is shown");
    let to = SignalTo { address: "2002", about: None };
    let net = CannedNet::new([done()]);
    now(signals.typing(&keys(), to, true, &net)).expect("shown");
    now(signals.typing(&keys(), to, false, &net)).expect("nothing to end");
    now(signals.seen(&keys(), to, &net)).expect("nothing to show");
    let calls = net.calls();
    assert_eq!((calls.len(), calls[0].url.as_str()), (1, address("sendChatAction")));
    assert_eq!(serde_json::from_slice::<Value>(&calls[0].body).expect("JSON"), json!({ "chat_id": 2002, "action": "typing" }));
}

#[test]
fn a_stolen_webhook_is_noticed() {
    let look = |info: &Value| {
        let net = CannedNet::new([answer(200, &json!({ "ok": true, "result": info }).to_string())]);
        let found = now(Telegram.catch_up().expect("it looks").missed(&keys(), NOW.plus_s(-600), NOW, &net)).expect("an answer");
        found.into_iter().map(|item| item.kind).next()
    };
    let failing = |kind: Option<InboundKind>| match kind {
        Some(InboundKind::Health { state: HealthState::Failing, message }) => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(look(&json!({ "url": HOOK, "pending_update_count": 0 })), None);
    assert_eq!(look(&json!({ "url": "https://h.test/webhooks/telegram/src_0000000000000007" })), None);
    assert!(failing(look(&json!({ "url": "" }))).contains("no webhook"));
    assert!(failing(look(&json!({ "url": "https://other.test/bot" }))).contains("Another system"));
    let trouble = |at: Timestamp| json!({ "url": HOOK, "pending_update_count": 3, "last_error_date": at.0 / 1_000, "last_error_message": "Connection refused" });
    assert!(failing(look(&trouble(NOW.plus_s(-60)))).contains("3 updates"));
    assert_eq!(look(&trouble(NOW.plus_s(-3_600))), None, "it has passed");
}

#[test]
fn the_secret_has_its_own_header_and_two_may_be_live() {
    let mut hook = update(1, "message", &json!({}));
    hook = with_header(&hook, signature::HEADER, Some(&SECRET.to_ascii_uppercase()));
    assert!(Telegram.verify(&hook, &keys()).is_err(), "case counts");
}
