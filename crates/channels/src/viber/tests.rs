//! The tables of this connector, its signature vector, and what has no place in a table.

use super::{Viber, errors, send, signature};
use crate::kit::errors::Class;
use crate::kit::mac;
use crate::kit::table::{
    CannedNet, Fixture, InboundCase, Manner, NOW, OutboundCase, Trouble, Wanted, WantedBody, answer, now, request, source, structured,
    with_header, with_setting,
};
use antiphon_app::channel::{Channel, Disposition, InboundContent, InboundItem, InboundKind, Keys, OutboundContent, RawRequest, ReceiptOf};
use antiphon_app::ports::net::{NetAnswer, NetError};
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::delivery::Reason;
use antiphon_domain::{DeliveryStatus, Timestamp};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

const TOKEN: &str = "sim-viber-token";
const HOOK: &str = "https://hooks.example.test/webhooks/viber/pa%3A1";
const JSON: Option<&str> = Some("application/json");
const SEND: &str = "https://chatapi.viber.com/pa/send_message";

fn keys() -> Keys {
    Keys {
        source: Some(Arc::new(source(
            "viber",
            "pa:1",
            &[("auth_token", TOKEN)],
            &[("bot_name", "Shop"), ("avatar_url", "https://h.test/a.png")],
        ))),
        app: None,
    }
}

fn sign(request: &mut RawRequest) {
    let signature = hex::encode(mac::hmac_sha256(TOKEN.as_bytes(), &request.body));
    *request = with_header(request, signature::HEADER, Some(&signature));
}

pub(crate) fn fixture() -> Fixture {
    Fixture {
        channel: Arc::new(Viber),
        keys: keys(),
        sign,
        signature: signature::HEADER,
        inbound: received(),
        outbound: sent(),
        manner: Manner { credential: Some(send::TOKEN), ..Manner::default() },
    }
}

fn event(kind: &str, mut fields: Value) -> RawRequest {
    fields["event"] = kind.into();
    fields["timestamp"] = NOW.0.into();
    fields["message_token"] = 4_912_661_846_655_238_145_u64.into();
    request(Method::POST, HOOK, JSON, &fields.to_string())
}

fn message(fields: Value) -> RawRequest {
    event("message", json!({ "sender": { "id": "u/1=", "name": "Ada" }, "message": fields }))
}

fn text(text: &str, payload: Option<&str>) -> InboundContent {
    InboundContent::Text { text: text.to_owned(), payload: payload.map(str::to_owned) }
}

fn media(declared: Option<&str>, name: Option<&str>, caption: Option<&str>) -> InboundContent {
    let own = |text: Option<&str>| text.map(str::to_owned);
    InboundContent::Media { url: "https://dl.test/1".to_owned(), declared_type: own(declared), name: own(name), caption: own(caption) }
}

fn one(kind: &str, person: &str, what: InboundKind) -> Vec<Result<InboundItem, &'static str>> {
    vec![Ok(InboundItem { source_address: None, key: format!("{kind}:4912661846655238145:{person}"), at: Some(NOW), kind: what })]
}

fn said(contents: Vec<InboundContent>, metadata: Option<&str>) -> Vec<Result<InboundItem, &'static str>> {
    let metadata = metadata.map(str::to_owned);
    one(
        "message",
        "u/1=",
        InboundKind::Message { from: "u/1=".to_owned(), name: Some("Ada".to_owned()), contents, metadata, consent: None },
    )
}

fn receipt(kind: &str, status: DeliveryStatus, reason: Option<Reason>) -> Vec<Result<InboundItem, &'static str>> {
    let of = ReceiptOf::Ids { vendor_ids: vec!["4912661846655238145".to_owned()], delivery: None };
    one(kind, "u/1=", InboundKind::Receipt { of, status, reason, opted_out: false, again: None })
}

fn received() -> Vec<InboundCase> {
    let tracking = r#"{"delivery":"dlv_1","taps":[["Yes","a.c.0.1.0"],["No","a.c.0.1.1"]]}"#;
    let case = |label, fields: Value, contents| InboundCase { label, request: message(fields), items: said(contents, None) };
    let consent = |kind, proof: &str| InboundKind::Consent { from: "u/1=".to_owned(), kind, proof: proof.to_owned() };
    let referral =
        InboundKind::Note { from: "u/1=".to_owned(), about: None, note: r#"{"ref":"spring","type":"Referral"}"#.to_owned(), keep: true };
    let failed = Reason {
        code: "rejected".into(),
        vendor_code: None,
        message: "Viber could not deliver the message: no device.".into(),
        remedy: Some("Send it again, or reach the consumer on another channel.".into()),
    };
    let raw = |label, body: &str, code| InboundCase { label, request: request(Method::POST, HOOK, JSON, body), items: vec![Err(code)] };
    vec![
        case("text", json!({ "type": "text", "text": "hé 😀" }), vec![text("hé 😀", None)]),
        case("tap", json!({ "type": "text", "text": "No", "tracking_data": tracking }), vec![text("No", Some("a.c.0.1.1"))]),
        case(
            "something else than a tap",
            json!({ "type": "text", "text": "Perhaps", "tracking_data": tracking }),
            vec![text("Perhaps", None)],
        ),
        case("tracking data of another system", json!({ "type": "text", "text": "No", "tracking_data": "[1" }), vec![text("No", None)]),
        case(
            "picture",
            json!({ "type": "picture", "media": "https://dl.test/1", "text": "look" }),
            vec![media(Some("image/jpeg"), None, Some("look"))],
        ),
        case("video", json!({ "type": "video", "media": "https://dl.test/1", "size": 9 }), vec![media(Some("video/mp4"), None, None)]),
        case("file", json!({ "type": "file", "media": "https://dl.test/1", "file_name": "a.pdf" }), vec![media(None, Some("a.pdf"), None)]),
        case(
            "sticker",
            json!({ "type": "sticker", "media": "https://dl.test/1", "sticker_id": 7 }),
            vec![media(Some("image/png"), None, None)],
        ),
        case("sticker without a picture", json!({ "type": "sticker", "sticker_id": 7 }), vec![text("[sticker 7]", None)]),
        case("address", json!({ "type": "url", "media": "https://h.test/" }), vec![text("https://h.test/", None)]),
        case(
            "place",
            json!({ "type": "location", "location": { "lat": 1.5, "lon": "2.5" } }),
            vec![InboundContent::Location { latitude: 1.5, longitude: 2.5, label: None }],
        ),
        InboundCase {
            label: "contact",
            request: message(json!({ "type": "contact", "contact": { "name": "Bo", "phone_number": "+4917" } })),
            items: said(vec![text("Bo +4917", None)], Some(r#"[{"type":"Contact"}]"#)),
        },
        InboundCase {
            label: "handshake",
            request: event("webhook", json!({})),
            items: one("webhook", "", InboundKind::Ignored("webhook_set")),
        },
        InboundCase {
            label: "a conversation by a link",
            request: event(
                "conversation_started",
                json!({ "type": "open", "context": "spring", "user": { "id": "u/1=" }, "subscribed": false }),
            ),
            items: one("conversation_started", "u/1=", referral),
        },
        InboundCase {
            label: "a conversation",
            request: event("conversation_started", json!({ "type": "open", "user": { "id": "u/1=" } })),
            items: one("conversation_started", "u/1=", InboundKind::Ignored("conversation_started")),
        },
        InboundCase {
            label: "subscribed",
            request: event("subscribed", json!({ "user": { "id": "u/1=" } })),
            items: one("subscribed", "u/1=", consent(ConsentKind::OptIn, "Viber says that the consumer has subscribed to the bot.")),
        },
        InboundCase {
            label: "unsubscribed",
            request: event("unsubscribed", json!({ "user_id": "u/1=" })),
            items: one("unsubscribed", "u/1=", consent(ConsentKind::OptOut, "Viber says that the consumer has unsubscribed from the bot.")),
        },
        InboundCase {
            label: "delivered",
            request: event("delivered", json!({ "user_id": "u/1=" })),
            items: receipt("delivered", DeliveryStatus::Delivered, None),
        },
        InboundCase {
            label: "seen",
            request: event("seen", json!({ "user_id": "u/1=" })),
            items: receipt("seen", DeliveryStatus::Read, None),
        },
        InboundCase {
            label: "failed",
            request: event("failed", json!({ "user_id": "u/1=", "desc": "no device" })),
            items: receipt("failed", DeliveryStatus::Failed, Some(failed)),
        },
        raw("no JSON", "{\"event\"", "malformed"),
        raw("no event", "{}", "malformed"),
        raw("an unknown event", r#"{"event":"payment"}"#, "unknown_item"),
        raw("nobody's message", r#"{"event":"message","message_token":1,"message":{"type":"text","text":"x"}}"#, "malformed"),
        raw("a message without a token", r#"{"event":"message","sender":{"id":"1"},"message":{"type":"text","text":"x"}}"#, "malformed"),
        raw("a receipt without a token", r#"{"event":"seen","user_id":"1"}"#, "malformed"),
        raw("an empty message", r#"{"event":"message","message_token":1,"sender":{"id":"1"},"message":{"type":"text"}}"#, "unsupported"),
    ]
}

fn accepted() -> Result<NetAnswer, NetError> {
    answer(200, r#"{"status":0,"status_message":"ok","message_token":4912661846655238145,"billing_status":1}"#)
}

fn post(mut own: Value, taps: &str) -> Wanted {
    own["receiver"] = "2002".into();
    own["min_api_version"] = if own["type"] == "rich_media" { 7 } else { 1 }.into();
    own["sender"] = json!({ "name": "Shop", "avatar": "https://h.test/a.png" });
    own["tracking_data"] = format!(r#"{{"delivery":"dlv_000000000000004d","taps":{taps}}}"#).into();
    Wanted { method: Method::POST, url: SEND, headers: vec![(send::TOKEN, TOKEN.to_owned())], body: WantedBody::Json(own) }
}

fn file(content_type: &str, size: u64) -> OutboundContent {
    OutboundContent::File { path: "p".into(), content_type: content_type.into(), name: Some("a.bin".into()), size, caption: "".into() }
}

fn goes(label: &'static str, content: OutboundContent, own: Vec<Wanted>) -> OutboundCase {
    let outcomes = own.iter().map(|_| Ok("4912661846655238145")).collect();
    OutboundCase { label, content, with: |_| (), answers: own.iter().map(|_| accepted()).collect(), requests: own, outcomes }
}

fn sent() -> Vec<OutboundCase> {
    let url = "https://files.example.test/f/1?sig=s";
    let says = |title: &str, text: &str| json!({ "type": "button", "title": title, "click": { "actions": [{ "type": "publishText", "text": text }] } });
    let replies = |one: Value, two: Value| json!({ "type": "quickReplies", "itemsPerRow": 2, "replies": [one, two] });
    let question = json!({ "type": "text", "text": "Shall we?" });
    let key = |text: &str, body: &str| json!({ "Columns": 3, "Rows": 1, "ActionType": "reply", "ActionBody": body, "Text": text });
    let board = |keys: Value| json!({ "type": "text", "text": "Shall we?", "keyboard": { "Type": "keyboard", "DefaultHeight": false, "Buttons": keys } });
    let mut silent = [key("Yes", "a.c.0.1.0"), key("Sure", "a.c.0.1.1")];
    silent[1]["Silent"] = true.into();
    silent[0]["Silent"] = true.into();
    vec![
        goes("text", OutboundContent::Text("Hi & <b>".into()), vec![post(json!({ "type": "text", "text": "Hi & <b>" }), "[]")]),
        goes("picture", file("image/jpeg", 9), vec![post(json!({ "type": "picture", "text": "", "media": url }), "[]")]),
        goes("video", file("video/mp4", 9), vec![post(json!({ "type": "video", "media": url, "size": 9 }), "[]")]),
        goes("file", file("image/png", 9), vec![post(json!({ "type": "file", "media": url, "size": 9, "file_name": "a.bin" }), "[]")]),
        goes(
            "a file that is too large goes as a link",
            file("image/png", 60 << 20),
            vec![post(json!({ "type": "text", "text": format!("a.bin: {url}") }), "[]")],
        ),
        goes(
            "answers to tap",
            structured(&question, Some(&replies(says("Yes", "Yes"), says("No", "No, thanks")))),
            vec![post(board(json!([key("Yes", "Yes"), key("No", "No, thanks")])), r#"[["Yes","a.c.0.1.0"],["No, thanks","a.c.0.1.1"]]"#)],
        ),
        goes(
            "answers that say the same are told apart by their tokens",
            structured(&question, Some(&replies(says("Yes", "Ok"), says("Sure", "Ok")))),
            vec![post(board(json!(silent)), r#"[["a.c.0.1.0","a.c.0.1.0"],["a.c.0.1.1","a.c.0.1.1"]]"#)],
        ),
        goes(
            "place",
            structured(&json!({ "type": "map", "la": 35.5, "lo": 139.25 }), None),
            vec![post(json!({ "type": "location", "location": { "lat": 35.5, "lon": 139.25 } }), "[]")],
        ),
        OutboundCase {
            label: "left",
            content: OutboundContent::Text("Hi".into()),
            with: |_| (),
            answers: vec![answer(200, r#"{"status":6,"status_message":"receiverNotSubscribed"}"#)],
            requests: vec![post(json!({ "type": "text", "text": "Hi" }), "[]")],
            outcomes: vec![Err(Trouble { disposition: Disposition::OptedOut, code: "opted_out", vendor_code: Some("6") })],
        },
        OutboundCase {
            label: "a status that nobody knows",
            content: OutboundContent::Text("Hi".into()),
            with: |_| (),
            answers: vec![answer(200, r#"{"status":99,"status_message":"general"}"#)],
            requests: vec![post(json!({ "type": "text", "text": "Hi" }), "[]")],
            outcomes: vec![Err(Trouble {
                disposition: Disposition::Retry { after_ms: None, max_attempts: Some(3) },
                code: "vendor_unavailable",
                vendor_code: Some("99"),
            })],
        },
    ]
}

#[test]
fn the_published_vector_holds() {
    let body = r#"{"event":"webhook","timestamp":1767225600000,"message_token":1}"#;
    let right = "bba9af0eab9865fa9f535ca937ec21fd747e5f65a08426fdc8da3aa5bff2f885";
    let hook = request(Method::POST, HOOK, JSON, body);
    let check = |signature: &str| Viber.verify(&with_header(&hook, signature::HEADER, Some(signature)), &keys()).is_ok();
    assert!(check(right));
    assert!(!check(&right.to_ascii_uppercase()), "lower-case digits only");
    // In the query as well, but never beside a wrong header.
    let by_query = request(Method::POST, &format!("{HOOK}?sig={right}"), JSON, body);
    assert!(Viber.verify(&by_query, &keys()).is_ok());
    assert!(Viber.verify(&with_header(&by_query, signature::HEADER, Some("00")), &keys()).is_err());
}

#[test]
fn every_status_of_the_table_has_its_class() {
    use Class::{Permanent, Reauthorise, Source, Stop, Throttle};
    let expected: &[(Class, &[i64])] = &[
        (Reauthorise, &[2, 7, 8, 9]),
        (Permanent, &[1, 3, 4, 11, 13, 14, 15, 16, 17, 18, 19, 20, 22]),
        (Stop, &[5, 6, 21]),
        (Source(None), &[10, 24]),
        (Throttle(None), &[12]),
        (Throttle(Some(3_600_000)), &[23]),
    ];
    for (class, codes) in expected {
        for code in *codes {
            let row = crate::kit::errors::find(errors::TABLE, *code, None).unwrap_or_else(|| panic!("{code} is missing"));
            assert_eq!(row.class, *class, "{code}");
            assert!(row.message.ends_with('.') && row.remedy.ends_with('.'), "{code}");
        }
    }
}

#[test]
fn whoever_comes_is_welcomed_in_the_answer() {
    let keys = with_setting(&keys(), "welcome_text", "Hello!");
    let new = event("conversation_started", json!({ "user": { "id": "u" }, "subscribed": false }));
    let told = Viber.acknowledgement(&new, &keys);
    let body: Value = serde_json::from_str(&told.body).expect("JSON");
    assert_eq!(
        (body["type"].as_str(), body["text"].as_str(), body["sender"]["name"].as_str()),
        (Some("text"), Some("Hello!"), Some("Shop"))
    );
    assert_eq!(Viber.acknowledgement(&new, &super::tests::keys()).body, "");
    assert_eq!(Viber.acknowledgement(&message(json!({ "type": "text", "text": "x" })), &keys).body, "");
}

#[test]
fn a_stolen_webhook_is_noticed() {
    let look = |info: &str| {
        let net = CannedNet::new([answer(200, info)]);
        let found = now(Viber.catch_up().expect("it looks").missed(&keys(), Timestamp(0), NOW, &net)).expect("an answer");
        found.len()
    };
    assert_eq!(look(&json!({ "status": 0, "webhook": HOOK }).to_string()), 0);
    assert_eq!(look(r#"{"status":0,"webhook":"https://other.test/"}"#), 1);
    assert_eq!(look(r#"{"status":0}"#), 1);
    let net = CannedNet::new([answer(200, r#"{"status":2}"#)]);
    let refused = now(Viber.catch_up().expect("it looks").missed(&keys(), Timestamp(0), NOW, &net));
    assert_eq!(refused.map_err(|error| error.disposition), Err(Disposition::NeedsReauthorisation));
}
