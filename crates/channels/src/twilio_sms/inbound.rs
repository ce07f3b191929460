//! Webhooks of messages and of statuses into items.
//!
//! A message, as the vendor posts it (form, here one pair a line; more appear without notice):
//! `MessageSid=SM…` `AccountSid=AC…` `From=+15550002222` `To=+15550001111` `Body=Hi` `NumSegments=1` `NumMedia=0` `SmsStatus=received`
//!
//! A status: `MessageSid=SM…` `MessageStatus=delivered` `To=…` `From=…` `ErrorCode=30003`, with our delivery's id in the URL's query.
//! SMS has neither typing nor read receipts nor deletions.

use super::errors;
use crate::kit::{form, http, json};
use antiphon_app::channel::{DeadLetter, InboundContent, InboundItem, InboundKind, RawRequest, ReceiptOf};
use antiphon_domain::DeliveryStatus;
use antiphon_domain::consent::ConsentKind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// Files of one message that are looked for; the vendor sends at most ten.
const MAX_MEDIA: usize = 100;

pub(super) fn parse(request: &RawRequest) -> Vec<Result<InboundItem, DeadLetter>> {
    let item = parse_one(request);
    // A failure that is the account's concerns more than its message.
    let health = item.as_ref().ok().and_then(health_of);
    std::iter::once(item).chain(health.map(Ok)).collect()
}

fn parse_one(request: &RawRequest) -> Result<InboundItem, DeadLetter> {
    let fields = Fields::read(request)?;
    if let Some(status) = fields.get("MessageStatus").filter(|status| status != "received") {
        return status_of(request, &fields, &status);
    }
    if fields.get("Body").is_none() && fields.raw("Body").is_none() {
        // An older callback names its status in the alias only.
        if let Some(status) = fields.get("SmsStatus").filter(|status| status != "received") {
            return status_of(request, &fields, &status);
        }
    }
    message(&fields)
}

/// The fields of a form, of a query string or of a flat JSON object.
enum Fields<'a> {
    Form(Vec<form::Pair<'a>>),
    Json(serde_json::Value),
}

impl<'a> Fields<'a> {
    fn read(request: &'a RawRequest) -> Result<Self, DeadLetter> {
        if request.body.is_empty() {
            return Ok(Self::Form(form::pairs(request.query.as_bytes())));
        }
        let declared = http::header(&request.headers, "content-type").unwrap_or_default().to_ascii_lowercase();
        if !declared.contains("json") {
            return Ok(Self::Form(form::pairs(&request.body)));
        }
        match json::read(&request.body) {
            Ok(value) if value.is_object() => Ok(Self::Json(value)),
            Ok(_) => Err(malformed("The body is JSON, but not an object.".to_owned())),
            Err(reason) => Err(malformed(reason)),
        }
    }

    /// A field's text, even if it is empty.
    fn raw(&self, name: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Form(pairs) => form::first(pairs, name),
            Self::Json(value) => json::text(value.get(name)?).map(Cow::Owned),
        }
    }

    /// A field's text; empty ones count as absent.
    fn get(&self, name: &str) -> Option<String> {
        self.raw(name).filter(|text| !text.is_empty()).map(Cow::into_owned)
    }

    /// The message's id, under any of its names.
    fn sid(&self) -> Result<String, DeadLetter> {
        let sid = ["MessageSid", "SmsSid", "SmsMessageSid"].into_iter().find_map(|name| self.get(name));
        sid.filter(|sid| sid.len() <= 100).ok_or_else(|| malformed("The field MessageSid is missing.".to_owned()))
    }
}

fn malformed(reason: String) -> DeadLetter {
    DeadLetter { source_address: None, code: "malformed", reason }
}

fn message(fields: &Fields<'_>) -> Result<InboundItem, DeadLetter> {
    let key = fields.sid()?;
    let from = fields.get("From").map(|from| from.trim().to_owned()).filter(|from| !from.is_empty());
    let from = from.ok_or_else(|| malformed("The field From is missing.".to_owned()))?;
    let mut contents = Vec::new();
    for index in 0..MAX_MEDIA {
        let Some(url) = fields.get(&format!("MediaUrl{index}")) else { break };
        let declared_type = fields.get(&format!("MediaContentType{index}"));
        contents.push(InboundContent::Media { url, declared_type, name: None, caption: None });
    }
    let coordinate = |name| fields.get(name).and_then(|text| text.trim().parse::<f64>().ok()).filter(|degrees| degrees.is_finite());
    if let (Some(latitude), Some(longitude)) = (coordinate("Latitude"), coordinate("Longitude")) {
        let label = fields.get("Label").or_else(|| fields.get("Address"));
        contents.push(InboundContent::Location { latitude, longitude, label });
    }
    let body = fields.get("Body").map(|body| decode_carrier_base64(&body).unwrap_or(body));
    let payload = fields.get("ButtonPayload");
    let text = body.or_else(|| payload.as_ref().and_then(|_| fields.get("ButtonText")));
    if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
        contents.push(InboundContent::Text { text, payload });
    }
    if contents.is_empty() {
        let reason = format!("The message {key} has neither text nor media that could be read.");
        return Err(DeadLetter { source_address: None, code: "empty", reason });
    }
    let consent = match fields.get("OptOutType").as_deref() {
        Some("STOP") => Some(ConsentKind::OptOut),
        Some("START") => Some(ConsentKind::OptIn),
        _ => None,
    };
    let kind = InboundKind::Message { from, name: fields.get("ProfileName"), contents, metadata: None, consent };
    // The webhook carries no time of its own.
    Ok(InboundItem { source_address: None, key, at: None, kind })
}

/// How the source fares, where a receipt's failure tells.
fn health_of(item: &InboundItem) -> Option<InboundItem> {
    let InboundKind::Receipt { reason: Some(reason), .. } = &item.kind else { return None };
    let state = errors::of_status("failed", reason.vendor_code.as_deref()).source?;
    let message = format!("{} {}", reason.message, reason.remedy.as_deref().unwrap_or_default()).trim().to_owned();
    Some(InboundItem { key: format!("{}:health", item.key), kind: InboundKind::Health { state, message }, ..item.clone() })
}

fn status_of(request: &RawRequest, fields: &Fields<'_>, status: &str) -> Result<InboundItem, DeadLetter> {
    let sid = fields.sid()?;
    let code = fields.get("ErrorCode").filter(|code| code != "0");
    let receipt = |status, failed: Option<errors::Failed>| {
        let query = form::pairs(request.query.as_bytes());
        let delivery = form::first(&query, super::send::DELIVERY).and_then(|id| id.parse().ok());
        let of = ReceiptOf::Ids { vendor_ids: vec![sid.clone()], delivery };
        let opted_out = failed.as_ref().is_some_and(|failed| failed.opted_out);
        let again = failed.as_ref().and_then(|failed| failed.again);
        InboundKind::Receipt { of, status, reason: failed.map(|failed| failed.reason), opted_out, again }
    };
    let kind = match status {
        "accepted" | "scheduled" | "queued" | "sending" => InboundKind::Ignored("status_before_sent"),
        "receiving" | "received" => InboundKind::Ignored("status_of_inbound"),
        // Some parts arrived; the final state follows.
        "sent" | "partially_delivered" => receipt(DeliveryStatus::Sent, None),
        "delivered" => receipt(DeliveryStatus::Delivered, None),
        "read" => receipt(DeliveryStatus::Read, None),
        "undelivered" | "failed" | "canceled" => receipt(DeliveryStatus::Failed, Some(errors::of_status(status, code.as_deref()))),
        other => {
            let other: String = other.chars().filter(|c| !c.is_control()).take(40).collect();
            let reason = format!("The field MessageStatus has the unknown value \"{other}\".");
            return Err(DeadLetter { source_address: None, code: "unknown_item", reason });
        }
    };
    // RawDlrDoneDate names no zone, so it is no time we could keep.
    Ok(InboundItem { source_address: None, key: format!("{sid}:{status}"), at: None, kind })
}

/// Some carriers hand on long messages in base64. A text is taken for such only if all of it is base64 of printable UTF-8 with
/// spaces in it, which no ordinary word is.
pub(super) fn decode_carrier_base64(body: &str) -> Option<String> {
    const LEAST: usize = 8;
    if body.len() < LEAST || body.contains(' ') {
        return None;
    }
    let packed: String = body.split(['\r', '\n']).collect();
    let decoded = String::from_utf8(STANDARD.decode(packed).ok()?).ok()?;
    let printable = decoded.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    (printable && decoded.contains(' ') && !decoded.trim().is_empty()).then_some(decoded)
}
