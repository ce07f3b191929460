//! The tables of this connector: in what it differs from Messenger, whose own tables hold the shared wire.

use super::{Instagram, errors};
use crate::kit::mac;
use crate::kit::table::{
    CannedNet, Fixture, InboundCase, Manner, NOW, OutboundCase, Trouble, Wanted, WantedBody, answer, channel_app, now, outbound, request,
    source, structured, with_header,
};
use antiphon_app::channel::{
    Channel, ChannelProfile, Disposition, InboundContent, InboundItem, InboundKind, Keys, OutboundContent, RawRequest, ReceiptOf, SignalTo,
};
use antiphon_domain::{DeliveryId, DeliveryStatus};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

const SECRET: &str = "sim_app_secret_0123456789abcdef";
const TOKEN: &str = "IGACCESSTOKEN";
const HOOK: &str = "https://hooks.example.test/webhooks/instagram/app/app_1";
const HEADER: &str = "x-hub-signature-256";
const JSON: Option<&str> = Some("application/json");
const MESSAGES: &str = "https://graph.instagram.com/v25.0/me/messages";

fn keys() -> Keys {
    let app = channel_app("instagram", &[("app_id", "555"), ("app_secret", SECRET), ("verify_token", "let-me-in")]);
    let source = source("instagram", "17841400000000001", &[("access_token", TOKEN)], &[]);
    Keys { source: Some(Arc::new(source)), app: Some(Arc::new(app)) }
}

fn sign(request: &mut RawRequest) {
    let signature = format!("sha256={}", hex::encode(mac::hmac_sha256(SECRET.as_bytes(), &request.body)));
    *request = with_header(request, HEADER, Some(&signature));
}

/// A webhook with one update of person 2002.
fn update(field: &str, value: &Value) -> RawRequest {
    let update = json!({"sender": {"id": "2002"}, "recipient": {"id": "17841400000000001"}, "timestamp": NOW.0, field: value});
    let body = json!({"object": "instagram", "entry": [{"id": "17841400000000001", "time": NOW.0, "messaging": [update]}]});
    request(Method::POST, HOOK, JSON, &body.to_string())
}

fn item(key: &str, kind: InboundKind) -> Vec<Result<InboundItem, &'static str>> {
    vec![Ok(InboundItem { source_address: Some("17841400000000001".to_owned()), key: key.to_owned(), at: Some(NOW), kind })]
}

fn said(contents: Vec<InboundContent>, metadata: Option<Value>) -> InboundKind {
    let metadata = metadata.map(|metadata| metadata.to_string());
    InboundKind::Message { from: "2002".to_owned(), name: None, contents, metadata, consent: None }
}

fn text(text: &str, payload: Option<&str>) -> InboundContent {
    InboundContent::Text { text: text.to_owned(), payload: payload.map(str::to_owned) }
}

fn received() -> Vec<InboundCase> {
    let case = |label, field: &str, value: Value, items| InboundCase { label, request: update(field, &value), items };
    let message = |label, value: Value, contents, metadata| case(label, "message", value, item("m_1", said(contents, metadata)));
    let note = |note: Value, about: &str| InboundKind::Note {
        from: "2002".to_owned(),
        about: Some(about.to_owned()),
        note: note.to_string(),
        keep: false,
    };
    let ids = |id: &str| ReceiptOf::Ids { vendor_ids: vec![id.to_owned()], delivery: None };
    let read = InboundKind::Receipt { of: ids("m_9"), status: DeliveryStatus::Read, reason: None, opted_out: false, again: None };
    let story = json!({"story": {"id": "s1", "url": "https://cdn.test/s1"}});
    let mention = InboundContent::Media {
        url: "https://cdn.test/s".to_owned(),
        declared_type: None,
        name: None,
        caption: Some("[story mention]".to_owned()),
    };
    let echo = json!({"object": "instagram", "entry": [{"id": "17841400000000001", "messaging": [
        {"sender": {"id": "17841400000000001"}, "recipient": {"id": "2002"}, "timestamp": NOW.0, "message": {"mid": "m_8", "text": "by hand", "is_echo": true}}]}]});
    vec![
        message("text", json!({"mid": "m_1", "text": "hi"}), vec![text("hi", None)], None),
        message("a quick reply", json!({"mid": "m_1", "text": "Yes", "quick_reply": {"payload": "Y"}}), vec![text("Yes", Some("Y"))], None),
        message(
            "an answer to a story",
            json!({"mid": "m_1", "text": "nice", "reply_to": story}),
            vec![text("nice", None)],
            Some(json!([{"type": "StoryReply", "id": "s1", "url": "https://cdn.test/s1"}])),
        ),
        message(
            "a story that names us",
            json!({"mid": "m_1", "attachments": [{"type": "story_mention", "payload": {"url": "https://cdn.test/s"}}]}),
            vec![mention],
            None,
        ),
        message("a heart", json!({"mid": "m_1", "attachments": [{"type": "like_heart"}]}), vec![text("❤️", None)], None),
        message(
            "a shared reel",
            json!({"mid": "m_1", "attachments": [{"type": "ig_reel", "payload": {"url": "https://r.test"}}]}),
            vec![text("https://r.test", None)],
            None,
        ),
        message(
            "what is not shown to us",
            json!({"mid": "m_1", "is_unsupported": true}),
            vec![text("[message of a kind that can't be shown]", None)],
            None,
        ),
        case(
            "taken back",
            "message",
            json!({"mid": "m_1", "is_deleted": true}),
            item("deleted:m_1", note(json!({"type": "Deleted", "id": "m_1"}), "m_1")),
        ),
        case(
            "to ourselves",
            "message",
            json!({"mid": "m_1", "text": "x", "is_self": true, "is_echo": true}),
            item("m_1", InboundKind::Ignored("self")),
        ),
        case("read, by id", "read", json!({"mid": "m_9"}), item("read:2002::m_9", read)),
        case(
            "an ice breaker",
            "postback",
            json!({"mid": "m_1", "title": "Hours?", "payload": "HOURS"}),
            item("m_1", said(vec![text("Hours?", Some("HOURS"))], None)),
        ),
        case(
            "a reaction",
            "reaction",
            json!({"mid": "m_9", "action": "react", "reaction": "love", "emoji": "❤"}),
            item(
                &format!("reaction:m_9:2002:react:{}", NOW.0),
                note(json!({"type": "Reaction", "action": "react", "id": "m_9", "reaction": "love", "emoji": "❤"}), "m_9"),
            ),
        ),
        InboundCase {
            label: "written in the app",
            request: request(Method::POST, HOOK, JSON, &echo.to_string()),
            items: item(
                "m_8",
                InboundKind::Echo {
                    to: "2002".to_owned(),
                    vendor_id: "m_8".to_owned(),
                    delivery: None,
                    contents: vec![text("by hand", None)],
                },
            ),
        },
        InboundCase {
            label: "another product",
            request: request(Method::POST, HOOK, JSON, r#"{"object":"page","entry":[]}"#),
            items: vec![Err("unknown_item")],
        },
    ]
}

fn wanted(url: &'static str, token: &str, message: &Value) -> Wanted {
    let mut message = message.clone();
    message["metadata"] = json!("dlv_000000000000004d");
    let body = json!({"recipient": {"id": "2002"}, "messaging_type": "RESPONSE", "message": message});
    Wanted { method: Method::POST, url, headers: vec![("authorization", format!("Bearer {token}"))], body: WantedBody::Json(body) }
}

const ACCEPTED: &str = r#"{"recipient_id":"2002","message_id":"m_9"}"#;

fn sent() -> Vec<OutboundCase> {
    let case = |label, content, answers, requests, outcomes| OutboundCase { label, content, with: |_| {}, answers, requests, outcomes };
    let hello = || OutboundContent::Text("Hello".into());
    let words = |text: &str| wanted(MESSAGES, TOKEN, &json!({"text": text}));
    let refused = |label, code: i64, sub: Option<i64>, disposition, ours, vendor| {
        let body = json!({"error": {"message": "no", "code": code, "error_subcode": sub}}).to_string();
        let outcome = Err(Trouble { disposition, code: ours, vendor_code: Some(vendor) });
        case(label, hello(), vec![answer(400, &body)], vec![words("Hello")], vec![outcome])
    };
    let replies = json!({"type": "quickReplies", "replies": [{"type": "button", "title": "Yes"}]});
    let through_page = OutboundCase {
        label: "through the linked page",
        content: hello(),
        with: |out| {
            let credentials = [("page_access_token", "EAAPAGE"), ("page_id", "1001")];
            let source = source("instagram", "17841400000000001", &credentials, &[]);
            out.keys = Keys { source: Some(Arc::new(source)), app: keys().app };
        },
        answers: vec![answer(200, ACCEPTED)],
        requests: vec![wanted("https://graph.facebook.com/v25.0/1001/messages", "EAAPAGE", &json!({"text": "Hello"}))],
        outcomes: vec![Ok("m_9")],
    };
    vec![
        case("text", hello(), vec![answer(200, ACCEPTED)], vec![words("Hello")], vec![Ok("m_9")]),
        case(
            "long text, counted in bytes",
            OutboundContent::Text(format!("{}. {}", "é".repeat(400), "é".repeat(400)).into()),
            vec![answer(200, ACCEPTED), answer(200, ACCEPTED)],
            vec![words(&format!("{}.", "é".repeat(400))), words(&"é".repeat(400))],
            vec![Ok("m_9"), Ok("m_9")],
        ),
        case(
            "answers to tap",
            structured(&json!({"type": "text", "text": "Shall we?"}), Some(&replies)),
            vec![answer(200, ACCEPTED)],
            vec![wanted(
                MESSAGES,
                TOKEN,
                &json!({"text": "Shall we?", "quick_replies": [{"content_type": "text", "title": "Yes", "payload": "a.c.0.1.0"}]}),
            )],
            vec![Ok("m_9")],
        ),
        through_page,
        refused("outside the window", 10, Some(2_534_022), Disposition::Failed, "window_closed", "10/2534022"),
        refused("nobody there", 100, Some(2_534_014), Disposition::OptedOut, "unreachable", "100/2534014"),
        refused("no consent yet", 230, None, Disposition::Failed, "rejected", "230"),
        refused("token dead", 190, None, Disposition::NeedsReauthorisation, "not_authorised", "190"),
        refused("too fast", 80_002, None, Disposition::Throttled { after_ms: None }, "throttled", "80002"),
        refused("policy", 368, None, Disposition::Misconfigured { pause_ms: Some(900_000) }, "policy_block", "368"),
        refused("a code of tomorrow", 77_777, None, Disposition::Failed, "rejected", "77777"),
    ]
}

pub(crate) fn fixture() -> Fixture {
    Fixture {
        channel: Arc::new(Instagram),
        keys: keys(),
        sign,
        signature: HEADER,
        manner: Manner::default(),
        inbound: received(),
        outbound: sent(),
    }
}

#[test]
fn sentences_end_and_files_keep_to_their_kinds() {
    assert!(errors::TABLE.iter().all(|row| row.message.ends_with('.') && row.remedy.ends_with('.')));
    let can = Instagram.capabilities(&keys());
    let allows = |kind: &str, size: u64| can.media.allows(kind, Some(size));
    assert!(allows("image/png", 8 << 20) && !allows("image/png", (8 << 20) + 1) && allows("application/pdf", 25 << 20));
    assert!(!allows("application/zip", 9) && !allows("audio/mpeg", 9) && !allows("image/webp", 9));
    assert_eq!((can.window.map(|window| window.longest_hours()), can.signals.delivered, can.signals.read), (Some(24), false, true));
}

#[test]
fn a_human_agent_has_seven_days() {
    let mut app = antiphon_domain::ChannelApp::clone(keys().app.as_ref().expect("an app"));
    app.credentials.insert("human_agent_enabled".to_owned(), "true".to_owned());
    let keys = Keys { app: Some(Arc::new(app)), ..keys() };
    let mut out = outbound(&keys, &OutboundContent::Text("x".into()), r#"{"text":"x"}"#.to_owned());
    out.delivery = DeliveryId(1);
    out.last_consumer_at = Some(NOW.plus_s(-25 * 3_600));
    let net = CannedNet::new([answer(200, ACCEPTED)]);
    assert!(now(Instagram.send(&out, &net)).is_ok());
    let body: Value = serde_json::from_slice(&net.calls()[0].body).expect("JSON");
    assert_eq!((&body["messaging_type"], &body["tag"]), (&json!("MESSAGE_TAG"), &json!("HUMAN_AGENT")));
}

#[test]
fn typing_and_profiles_go_to_its_own_host() {
    let to = SignalTo { address: "2002", about: None };
    let net = CannedNet::new([answer(200, r#"{"recipient_id":"2002"}"#)]);
    assert!(now(Instagram.signals().expect("signals").typing(&keys(), to, true, &net)).is_ok());
    assert_eq!(net.calls()[0].url, MESSAGES);
    let net = CannedNet::new([answer(200, r#"{"username":"ann","profile_pic":"https://p.test/1"}"#)]);
    let found = now(Instagram.profiles().expect("profiles").profile(&keys(), "2002", &net)).expect("asked");
    assert_eq!(found, Some(ChannelProfile { name: Some("ann".to_owned()), avatar_url: Some("https://p.test/1".to_owned()) }));
    assert_eq!(net.calls()[0].url, "https://graph.instagram.com/v25.0/2002?fields=name%2Cusername%2Cprofile_pic");
}
