//! The received table.

use super::*;
use crate::kit::mac;

const FROM: &str = "+31600000001";

fn message(content: Value) -> Value {
    let mut body = json!({"reference": "", "messageContext": "", "from": {"number": "0031600000001", "name": ""}, "to": {"number": "0031600000002"},
        "message": {"text": "", "media": {"mediaUri": "", "contentType": "", "title": ""}, "custom": {}}, "groupings": ["", "", ""],
        "timeUtc": "2026-01-01T00:00:00", "channel": "SMS"});
    for (name, value) in content.as_object().expect("an object") {
        match (&mut body[name], value) {
            (Value::Object(known), Value::Object(given)) => known.extend(given.clone()),
            (place, value) => *place = value.clone(),
        }
    }
    body
}

/// The key of a message: channel, sender, number, time, text, file and event, each with its length.
fn key(channel: &str, text: &str, media: &str, event: &str) -> String {
    let pieces = [channel, FROM, "+31600000002", "2026-01-01T00:00:00", text, media, event].map(|piece| format!("{}:{piece}", piece.len()));
    format!("mo:{}", hex::encode(mac::sha256(pieces.join("|").as_bytes())))
}

fn item(key: String, kind: InboundKind) -> Result<InboundItem, &'static str> {
    Ok(InboundItem { source_address: None, key, at: Some(NOW), kind })
}

fn said(contents: Vec<InboundContent>, metadata: Option<Value>) -> InboundKind {
    let metadata = metadata.map(|metadata| metadata.to_string());
    InboundKind::Message { from: FROM.to_owned(), name: None, contents, metadata, consent: None }
}

fn text(text: &str) -> InboundContent {
    InboundContent::Text { text: text.to_owned(), payload: None }
}

pub(super) fn table() -> Vec<InboundCase> {
    let case = |label, body: &Value, items| InboundCase { label, request: hook(body), items };
    let report = |code: &str, more: &Value| {
        let mut status = json!({"code": code, "errorCode": "", "errorDescription": ""});
        for (name, value) in more.as_object().expect("an object") {
            status[name] = value.clone();
        }
        json!({"messages": {"msg": {"received": "2026-01-01T00:00:00", "to": "0031600000001", "reference": "dlv000000000000004d", "status": status, "operator": "00101"}}})
    };
    let receipt = |status, reason: Option<Reason>, again| InboundKind::Receipt {
        of: ReceiptOf::Ids { vendor_ids: vec!["dlv000000000000004d".to_owned()], delivery: Some(DeliveryId(77)) },
        status,
        reason,
        opted_out: false,
        again,
    };
    let reported = |code: &str, kind| vec![item(format!("status:dlv000000000000004d:0031600000001:{code}:2026-01-01T00:00:00"), kind)];
    let reason = |code: &str, vendor: &str, message: &str, remedy: &str| {
        Some(Reason { code: code.into(), vendor_code: Some(vendor.into()), message: message.into(), remedy: Some(remedy.into()) })
    };
    let click = json!({"type": "SuggestionClick", "custom": {"postbackdata": "YES", "label": "Yes"}});
    let typing = json!({"type": "isTyping"});
    let off = "The consumer's phone is off or out of reach.";
    let elsewhere = "Send it again, or reach the consumer on another channel.";
    vec![
        case("text", &message(json!({"message": {"text": "hi"}})), vec![item(key("SMS", "hi", "", ""), said(vec![text("hi")], None))]),
        case(
            "an answer to a message of ours",
            &message(json!({"message": {"text": "hi"}, "reference": "dlv000000000000004d"})),
            vec![item(key("SMS", "hi", "", ""), said(vec![text("hi")], Some(json!([{"type": "ReplyTo", "id": "dlv000000000000004d"}]))))],
        ),
        case(
            "the older form",
            &json!({"from": "0031600000001", "to": "0031600000002", "body": "hi", "timeUtc": "2026-01-01T00:00:00", "reference": ""}),
            vec![item(key("", "hi", "", ""), said(vec![text("hi")], None))],
        ),
        case(
            "a picture with text",
            &message(
                json!({"message": {"text": "look", "media": {"mediaUri": "https://cdn.test/a", "contentType": "image/png", "title": "a.png"}}}),
            ),
            vec![item(
                key("SMS", "look", "https://cdn.test/a", ""),
                said(
                    vec![
                        InboundContent::Media {
                            url: "https://cdn.test/a".to_owned(),
                            declared_type: Some("image/png".to_owned()),
                            name: Some("a.png".to_owned()),
                            caption: None,
                        },
                        text("look"),
                    ],
                    None,
                ),
            )],
        ),
        case(
            "a tapped answer",
            &message(json!({"event": click})),
            vec![item(
                key("SMS", "", "", &click.to_string()),
                said(vec![InboundContent::Text { text: "Yes".to_owned(), payload: Some("YES".to_owned()) }], None),
            )],
        ),
        case(
            "typing",
            &message(json!({"event": typing})),
            vec![item(key("SMS", "", "", &typing.to_string()), InboundKind::Typing { from: FROM.to_owned(), on: true })],
        ),
        case(
            "a kind of another channel's own",
            &message(json!({"message": {"custom": {"location": {"latitude": "1"}}}})),
            vec![item(
                key("SMS", "", "", ""),
                said(
                    vec![text("[message of a kind that can't be shown]")],
                    Some(json!([{"type": "Custom", "custom": {"location": {"latitude": "1"}}}])),
                ),
            )],
        ),
        case(
            "over a channel that this source does not take",
            &message(json!({"message": {"text": "hi"}, "channel": "WhatsApp"})),
            vec![item(key("WhatsApp", "hi", "", ""), InboundKind::Ignored("another_channel"))],
        ),
        case("nothing in it", &message(json!({})), vec![Err("empty")]),
        case("nobody", &message(json!({"from": {"number": ""}, "message": {"text": "hi"}})), vec![Err("malformed")]),
        case("accepted by the carrier", &report("0", &json!({})), reported("0", receipt(DeliveryStatus::Sent, None, None))),
        case("delivered", &report("2", &json!({})), reported("2", receipt(DeliveryStatus::Delivered, None, None))),
        case("read", &report("4", &json!({})), reported("4", receipt(DeliveryStatus::Read, None, None))),
        case(
            "rejected",
            &report("1", &json!({"errorCode": "5"})),
            reported(
                "1",
                receipt(DeliveryStatus::Failed, reason("rejected", "1/5", "The carrier did not take the message.", elsewhere), None),
            ),
        ),
        case(
            "failed",
            &report("3", &json!({})),
            reported(
                "3",
                receipt(DeliveryStatus::Failed, reason("rejected", "3", "The carrier did not deliver the message.", elsewhere), None),
            ),
        ),
        case(
            "failed: the phone was off, so once more",
            &report("3", &json!({"errorDescription": "Absent subscriber"})),
            reported(
                "3",
                receipt(
                    DeliveryStatus::Failed,
                    reason("unreachable", "3", off, "Send it again later."),
                    Some(TryAgain { after_ms: 600_000, max_attempts: 2 }),
                ),
            ),
        ),
        case("a code of tomorrow", &report("9", &json!({})), reported("9", InboundKind::Ignored("status_unknown"))),
        case(
            "several reports, one of them bad",
            &json!({"messages": {"msg": [{"reference": "x"}, report("2", &json!({}))["messages"]["msg"]]}}),
            [vec![Err("malformed")], reported("2", receipt(DeliveryStatus::Delivered, None, None))].concat(),
        ),
        case("neither", &json!({"hello": 1}), vec![Err("malformed")]),
        InboundCase { label: "XML", request: request(Method::POST, HOOK, JSON, "<REPORT/>"), items: vec![Err("malformed")] },
    ]
}
