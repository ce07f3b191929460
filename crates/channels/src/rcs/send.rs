//! One part into one call of `agentMessages`. What a phone can't show is refused, and goes out once more as text.

use super::cards::FALLBACK;
use crate::google::{self, errors};
use crate::kit::adapt::{self, Carried, Part};
use crate::kit::{errors as kit_errors, form, mac, settings};
use antiphon_app::channel::{Disposition, Keys, Outbound, SendError, Sent, SignalTo};
use antiphon_app::ports::net::{Net, NetAnswer};
use antiphon_domain::Timestamp;
use http::Method;
use serde_json::{Value, json};

const HOST: &str = "https://rcsbusinessmessaging.googleapis.com";
/// Google fetches a file before it answers.
const TIMEOUT_MS: u64 = 60_000;

fn agent(keys: &Keys) -> &str {
    keys.credential("agent_id").unwrap_or_else(|| settings::address(keys))
}

/// The address of something that belongs to a consumer. Regional agents have hosts of their own.
fn address(keys: &Keys, to: &str, what: &str, id: (&str, &str)) -> Result<String, SendError> {
    let number = !to.is_empty() && to.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+');
    if !number {
        return Err(bug("The consumer's address is not a phone number."));
    }
    let regional = match settings::value(keys, "region") {
        Some(region) if ["us", "europe", "asia"].contains(&region) => HOST.replacen("https://", &format!("https://{region}-"), 1),
        _ => HOST.to_owned(),
    };
    let query = form::encode([id, ("agentId", agent(keys))]);
    Ok(format!("{}/v1/phones/{to}/{what}?{query}", settings::base(keys, &regional)))
}

fn bug(message: &str) -> SendError {
    kit_errors::error(Disposition::Failed, "malformed", message, Some("Write the message again."))
}

pub(super) async fn send(out: &Outbound, net: &dyn Net) -> Result<Sent, SendError> {
    let part = Part::read(&out.payload).ok_or_else(|| bug("The delivery's payload can't be read."))?;
    let (content, fallback) = match (part.message, part.file, &out.file) {
        (Some(mut message), ..) => {
            let fallback = message.as_object_mut().and_then(|fields| fields.remove(FALLBACK));
            (message, fallback)
        }
        (None, None, _) => (json!({ "text": part.text }), None),
        (None, Some(_), None) => return Err(bug("The delivery's file is missing.")),
        (None, Some(Carried::Link), Some(file)) => (json!({ "text": adapt::with_link(&part.text, file) }), None),
        (None, Some(Carried::Media), Some(file)) => (json!({ "contentInfo": { "fileUrl": file.url, "forceRefresh": false } }), None),
    };
    // The same delivery has the same id whenever it is sent.
    let source = out.keys.source.as_ref().map(|source| source.id.to_string()).unwrap_or_default();
    let id = mac::uuid(&[b"message", source.as_bytes(), out.delivery.to_string().as_bytes()]);
    let answer = call(out, &id, &content, net).await?;
    let answer = match fallback {
        Some(text) if errors::is_invalid(&answer) => call(out, &id, &json!({ "text": text }), net).await?,
        _ => answer,
    };
    match answer.status {
        // It was there already.
        200..=299 | 409 => Ok(Sent { vendor_id: id, usage: None }),
        _ => Err(errors::of_answer(&answer, out.now)),
    }
}

async fn call(out: &Outbound, id: &str, content: &Value, net: &dyn Net) -> Result<NetAnswer, SendError> {
    let mut body = json!({ "contentMessage": content, "messageTrafficType": settings::value(&out.keys, "traffic_type_default").unwrap_or("TRANSACTION") });
    if settings::value(&out.keys, "ttl_seconds").is_some() {
        body["ttl"] = format!("{}s", settings::number(&out.keys, "ttl_seconds", 86_400, 10, 1_296_000)).into();
    }
    let mut call = google::call(&out.keys, Method::POST, address(&out.keys, &out.to, "agentMessages", ("messageId", id))?, &body);
    call.timeout_ms = TIMEOUT_MS;
    net.call(call).await.map_err(|problem| kit_errors::from_net(&problem))
}

/// Typing and read. Best effort: the caller doesn't repeat it.
pub(super) async fn event(keys: &Keys, to: SignalTo<'_>, event: Value, net: &dyn Net) -> Result<(), SendError> {
    let id = mac::uuid(&[b"event", to.address.as_bytes(), to.about.unwrap_or_default().as_bytes(), event.to_string().as_bytes()]);
    let call = google::call(keys, Method::POST, address(keys, to.address, "agentEvents", ("eventId", &id))?, &event);
    let answer = net.call(call).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))?;
    match answer.status {
        200..=299 | 409 => Ok(()),
        // Dates are no use here: nobody will wait.
        _ => Err(kit_errors::harmless(errors::of_answer(&answer, Timestamp(0)))),
    }
}
