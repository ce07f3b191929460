//! Webhooks into items: what people write, and status reports, which come to the same address.
//!
//! `{"reference":"…","from":{"number":"0031…"},"to":{"number":"0031…"},"message":{"text":"hi","media":{"mediaUri":"…"},"custom":{}},
//! "timeUtc":"2026-01-01T00:00:00","channel":"SMS"}`; an older form has texts in place of the objects. No message has an id: what makes
//! one is a hash of what it says, so that two equal texts in one second are taken for one.
//!
//! `{"messages":{"msg":{"received":"…","to":"0031…","reference":"…","status":{"code":"2","errorCode":"","errorDescription":""}}}}`.

use super::errors;
use super::send::delivery_of;
use crate::kit::{json, mac, settings, time};
use antiphon_app::channel::{DeadLetter, InboundContent, InboundItem, InboundKind, Keys, RawRequest, ReceiptOf};
use antiphon_domain::{DeliveryStatus, Timestamp};
use serde_json::{Value, json as object};

/// Reports in one webhook that are read.
const MAX_REPORTS: usize = 1_000;
/// The longest part of a channel's own kinds that is kept, in bytes.
const CUSTOM_BYTES: usize = 4_000;

type Item = Result<InboundItem, DeadLetter>;

fn dead(code: &'static str, reason: &str) -> DeadLetter {
    DeadLetter { source_address: None, code, reason: reason.to_owned() }
}

pub(super) fn parse(request: &RawRequest, keys: &Keys) -> Vec<Item> {
    let body = match json::read(&request.body) {
        Ok(body) => body,
        Err(reason) => return vec![Err(dead("malformed", &reason))],
    };
    let reports = &body["messages"]["msg"];
    match reports {
        Value::Array(all) => all.iter().take(MAX_REPORTS).map(report).collect(),
        Value::Object(_) => vec![report(reports)],
        _ if body.is_object() && !body["from"].is_null() => message(&body, keys),
        _ => vec![Err(dead("malformed", "The body is neither a message nor a status report: it has no field from and no messages.msg."))],
    }
}

/// A number as the rest of the world writes it: with a plus and without leading zeros. Names stay as they are.
fn number(value: &Value) -> Option<String> {
    let text = json::text(&value["number"]).or_else(|| json::text(value))?;
    let text = text.trim();
    let digits = text.strip_prefix("00").or_else(|| text.strip_prefix('+')).unwrap_or(text);
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    Some(if all_digits { format!("+{digits}") } else { text.to_owned() })
}

/// Times have no zone, and are UTC.
fn at(value: &Value) -> Option<Timestamp> {
    let text = json::text(value)?;
    time::iso8601(&text).or_else(|| time::iso8601(&format!("{text}Z")))
}

fn message(body: &Value, keys: &Keys) -> Vec<Item> {
    let Some(from) = number(&body["from"]) else { return vec![Err(dead("malformed", "A message has no from.number."))] };
    let part = |value: &Value| json::text(value).unwrap_or_default();
    let (message, event) = (&body["message"], &body["event"]);
    let text = json::text(&message["text"]).or_else(|| json::text(&body["body"]));
    let media = json::text(&message["media"]["mediaUri"]);
    let channel = part(&body["channel"]);
    let to = number(&body["to"]).unwrap_or_default();
    // Each piece with its length, so that no two messages are joined to the same.
    let pieces = [
        &channel,
        &from,
        &to,
        &part(&body["timeUtc"]),
        text.as_deref().unwrap_or_default(),
        media.as_deref().unwrap_or_default(),
        &event_key(event),
    ]
    .map(|piece: &str| format!("{}:{piece}", piece.len()));
    let key = format!("mo:{}", hex::encode(mac::sha256(pieces.join("|").as_bytes())));
    let item = |kind| Ok(InboundItem { source_address: None, key: key.clone(), at: at(&body["timeUtc"]), kind });
    let allowed = settings::value(keys, "allowed_channels").unwrap_or("SMS");
    let taken = channel.is_empty() || allowed.split([',', ' ']).any(|one| one.trim().eq_ignore_ascii_case(&channel));
    if !taken {
        return vec![item(InboundKind::Ignored("another_channel"))];
    }
    if event["type"] == "isTyping" {
        return vec![item(InboundKind::Typing { from, on: true })];
    }
    let mut contents = Vec::new();
    let mut notes = Vec::new();
    if event["type"] == "SuggestionClick" {
        let payload = json::text(&event["custom"]["postbackdata"]);
        if let Some(text) = json::text(&event["custom"]["label"]).or_else(|| payload.clone()) {
            contents.push(InboundContent::Text { text, payload });
        }
    }
    if let Some(url) = media {
        let file = &message["media"];
        let (declared_type, name) = (json::text(&file["contentType"]), json::text(&file["title"]));
        contents.push(InboundContent::Media { url, declared_type, name, caption: None });
    }
    contents.extend(text.filter(|text| !text.trim().is_empty()).map(|text| InboundContent::Text { text, payload: None }));
    let custom = message["custom"].as_object().filter(|custom| !custom.is_empty());
    if let Some(custom) = custom {
        if contents.is_empty() {
            contents.push(InboundContent::Text { text: "[message of a kind that can't be shown]".to_owned(), payload: None });
        }
        let note = object!({ "type": "Custom", "custom": custom });
        notes.extend((note.to_string().len() <= CUSTOM_BYTES).then_some(note));
    }
    if contents.is_empty() {
        return vec![Err(dead("empty", "A message has neither text nor media."))];
    }
    if let Some(reference) = json::text(&body["reference"]) {
        notes.push(object!({ "type": "ReplyTo", "id": reference.chars().take(64).collect::<String>() }));
    }
    let metadata = (!notes.is_empty()).then(|| Value::Array(notes).to_string());
    vec![item(InboundKind::Message { from, name: json::text(&body["from"]["name"]), contents, metadata, consent: None })]
}

fn event_key(event: &Value) -> String {
    if event.is_null() { String::new() } else { event.to_string() }
}

/// What became of a message. One of several segments may be reported by itself; a failure stays until something arrives.
fn report(report: &Value) -> Item {
    let reference = json::text(&report["reference"]).ok_or_else(|| dead("malformed", "A status report has no reference."))?;
    let status = &report["status"];
    let code = json::text(&status["code"]).ok_or_else(|| dead("malformed", "A status report has no status.code."))?;
    let short = |text: String| text.chars().take(100).collect::<String>();
    let part = |value: &Value| short(json::text(value).unwrap_or_default());
    let key = format!("status:{}:{}:{}:{}", short(reference.clone()), part(&report["to"]), short(code.clone()), part(&report["received"]));
    let item = |kind| InboundItem { source_address: None, key: key.clone(), at: at(&report["received"]), kind };
    let (reached, failed) = match code.as_str() {
        "0" => (DeliveryStatus::Sent, None),
        "1" | "3" => {
            (DeliveryStatus::Failed, Some(errors::of_report(&code, &part(&status["errorCode"]), &part(&status["errorDescription"]))))
        }
        "2" => (DeliveryStatus::Delivered, None),
        "4" => (DeliveryStatus::Read, None),
        // A code of tomorrow says that something goes on.
        _ => return Ok(item(InboundKind::Ignored("status_unknown"))),
    };
    let delivery = delivery_of(&reference);
    let (reason, again) = failed.map_or((None, None), |(reason, again)| (Some(reason), again));
    let of = ReceiptOf::Ids { vendor_ids: vec![reference], delivery };
    Ok(item(InboundKind::Receipt { of, status: reached, reason, opted_out: false, again }))
}
