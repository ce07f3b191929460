//! The one call: a message with one recipient. The vendor has no id of it; its success is our own reference.

use super::{HOST, errors, max_parts, sender};
use crate::kit::adapt::{self, Carried, Part};
use crate::kit::{errors as kit_errors, http, json, settings};
use antiphon_app::channel::{Disposition, Outbound, SendError, Sent};
use antiphon_app::ports::net::Net;
use antiphon_domain::DeliveryId;
use serde_json::{Value, json as object};

/// The header that carries the product token, so that it stays out of bodies and addresses.
pub(super) const TOKEN: &str = "x-cm-producttoken";
/// What ids of ours begin with, and references of ours, which may have letters and digits only.
const PREFIX: (&str, &str) = ("dlv_", "dlv");

/// What a delivery is called at the vendor.
pub(super) fn reference_of(delivery: DeliveryId) -> String {
    delivery.to_string().replacen(PREFIX.0, PREFIX.1, 1)
}

/// The delivery behind a reference, if it is one of ours.
pub(super) fn delivery_of(reference: &str) -> Option<DeliveryId> {
    format!("{}{}", PREFIX.0, reference.strip_prefix(PREFIX.1)?).parse().ok()
}

pub(super) async fn send(out: &Outbound, net: &dyn Net) -> Result<Sent, SendError> {
    let bug = |message: &str| kit_errors::error(Disposition::Failed, "malformed", message, Some("Write the message again."));
    let part = Part::read(&out.payload).ok_or_else(|| bug("The delivery's payload can't be read."))?;
    let text = match (part.file, &out.file) {
        (None, _) => part.text,
        // The channel carries no files.
        (Some(Carried::Link | Carried::Media), Some(file)) => adapt::with_link(&part.text, file),
        (Some(_), None) => return Err(bug("The delivery's file is missing.")),
    };
    let token = out.keys.credential("product_token").ok_or_else(|| {
        let remedy = Some("Enter the field product_token in the source's credentials.");
        kit_errors::error(Disposition::NeedsReauthorisation, "source_misconfigured", "The source has no product token.", remedy)
    })?;
    let reference = reference_of(out.delivery);
    let channels: Vec<&str> =
        settings::value(&out.keys, "allowed_channels").unwrap_or("SMS").split([',', ' ']).filter(|one| !one.is_empty()).collect();
    let mut message = object!({
        "from": gateway_number(sender(&out.keys)), "to": [{ "number": gateway_number(&out.to) }],
        "body": { "type": "auto", "content": text }, "reference": reference, "allowedChannels": channels,
        "minimumNumberOfMessageParts": 1, "maximumNumberOfMessageParts": max_parts(&out.keys),
    });
    if let Some(validity) = settings::value(&out.keys, "validity") {
        message["validity"] = validity.into();
    }
    let body = object!({ "messages": { "msg": [message] } }).to_string();
    let mut call = http::post(format!("{}/v1.0/message", settings::base(&out.keys, HOST)), "application/json", body);
    if let Ok(mut value) = ::http::HeaderValue::from_str(token) {
        value.set_sensitive(true);
        call.headers.insert(TOKEN, value);
    }
    let answer = net.call(call).await.map_err(|problem| kit_errors::from_net(&problem))?;
    let body = json::read(&answer.body).unwrap_or(Value::Null);
    match errors::code_of(&body) {
        Some(0) if answer.status == 200 => Ok(Sent { vendor_id: reference, usage: None }),
        _ => Err(errors::of_answer(&answer, &body, out.now)),
    }
}

/// A number as the gateway writes it: with two zeros in place of the plus. Names stay as they are.
fn gateway_number(address: &str) -> String {
    match address.strip_prefix('+') {
        Some(digits) => format!("00{digits}"),
        None => address.to_owned(),
    }
}
