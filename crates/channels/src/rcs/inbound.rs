//! An event into items. What counts is the base64 in `message.data`: only that is signed, and nothing is believed of what stands around it.

use crate::google;
use crate::kit::item::{Item, dead, item, message, names, text};
use crate::kit::{json, time};
use antiphon_app::channel::{InboundContent, InboundKind, Keys, RawRequest, ReceiptOf, Refusal, Verified};
use antiphon_domain::DeliveryStatus;
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::delivery::Reason;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The signed bytes.
fn data(request: &RawRequest) -> Option<Vec<u8>> {
    let envelope = json::read(&request.body).ok()?;
    STANDARD.decode(envelope["message"]["data"].as_str()?).ok()
}

pub(super) fn verify<'a>(request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
    if keys.credential("client_token").is_none() {
        return Err(Refusal::NoSecret("client_token"));
    }
    let data = data(request).ok_or(Refusal::BadSignature("the field message.data is missing or not base64"))?;
    google::check(request, keys, &data)?;
    Ok(Verified { request })
}

pub(super) fn parse(request: &RawRequest) -> Vec<Item> {
    let Some(data) = data(request) else { return vec![dead("malformed", "The field message.data is missing or not base64.")] };
    match json::read(&data) {
        Ok(event) => of(&event),
        Err(reason) => vec![dead("malformed", reason)],
    }
}

fn of(event: &Value) -> Vec<Item> {
    let Some(from) = json::text(&event["senderPhoneNumber"]).or_else(|| json::text(&event["phoneNumber"])) else {
        return vec![dead("malformed", "The event has neither senderPhoneNumber nor phoneNumber.")];
    };
    if let Some(kind) = json::text(&event["eventType"]) {
        return vec![told(event, &from, &kind)];
    }
    let Some(id) = json::text(&event["messageId"]) else { return vec![dead("malformed", "A message has no messageId.")] };
    let at = event["sendTime"].as_str().and_then(time::iso8601);
    let Some(content) = content(event) else {
        return vec![dead("unsupported", format!("The message {id} has nothing that can be shown; its fields are: {}.", names(event)))];
    };
    let key = format!("{from}:{id}");
    let handle = InboundKind::Handle { from: from.clone(), about: Some(id), reply: None };
    vec![item(format!("handle:{key}"), at, handle), item(key, at, message(from, None, vec![content], Vec::new()))]
}

fn content(event: &Value) -> Option<InboundContent> {
    if let Some(tap) = event.get("suggestionResponse").filter(|tap| tap.is_object()) {
        let payload = json::text(&tap["postbackData"]);
        return Some(text(json::text(&tap["text"]).or_else(|| payload.clone())?, payload));
    }
    if let Some(file) = event["userFile"].get("payload") {
        let field = |name: &str| json::text(&file[name]);
        return Some(InboundContent::Media {
            url: field("fileUri")?,
            declared_type: field("mimeType"),
            name: field("fileName"),
            caption: None,
        });
    }
    if let Some(place) = event.get("location").filter(|place| place.is_object()) {
        let degrees = |name: &str| json::float(&place[name]);
        // Zero degrees are left out.
        let (latitude, longitude) = (degrees("latitude").unwrap_or(0.0), degrees("longitude").unwrap_or(0.0));
        return Some(InboundContent::Location { latitude, longitude, label: None });
    }
    json::text(&event["text"]).map(|words| text(words, None))
}

fn told(event: &Value, from: &str, kind: &str) -> Item {
    let at = event["sendTime"].as_str().and_then(time::iso8601);
    let Some(id) = json::text(&event["eventId"]) else { return dead("malformed", format!("An event {kind} has no eventId.")) };
    let own = |what| item(format!("event:{from}:{id}"), at, what);
    let receipt = |status, reason| match json::text(&event["messageId"]) {
        Some(message) => {
            let of = ReceiptOf::Ids { vendor_ids: vec![message], delivery: None };
            own(InboundKind::Receipt { of, status, reason, opted_out: false, again: None })
        }
        None => dead("malformed", format!("An event {kind} has no messageId.")),
    };
    let consent = |kind, proof: &str| own(InboundKind::Consent { from: from.to_owned(), kind, proof: proof.to_owned() });
    match kind {
        "DELIVERED" => receipt(DeliveryStatus::Delivered, None),
        "READ" => receipt(DeliveryStatus::Read, None),
        "IS_TYPING" => own(InboundKind::Typing { from: from.to_owned(), on: true }),
        "UNSUBSCRIBE" => consent(ConsentKind::OptOut, "Google says that the consumer has unsubscribed."),
        "SUBSCRIBE" => consent(ConsentKind::OptIn, "Google says that the consumer has subscribed."),
        "TTL_EXPIRATION_REVOKED" => {
            let reason = Reason {
                code: "unreachable".into(),
                vendor_code: Some(kind.into()),
                message: "The message's time to live was over before the consumer's phone could be reached; it was taken back.".into(),
                remedy: Some("Reach the consumer on another channel.".into()),
            };
            receipt(DeliveryStatus::Failed, Some(reason))
        }
        "TTL_EXPIRATION_REVOKE_FAILED" => own(InboundKind::Ignored("revoke_failed")),
        _ => own(InboundKind::Ignored("other_event")),
    }
}
