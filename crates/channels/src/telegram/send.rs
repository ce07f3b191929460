//! One part into one call: text, a file by upload, or what [`super::cards`] made.

use super::{call, errors};
use crate::kit::adapt::{self, Carried, Part};
use crate::kit::http::FormPart;
use crate::kit::{errors as kit_errors, http, json};
use antiphon_app::channel::{Disposition, Outbound, OutboundFile, SendError, Sent};
use antiphon_app::ports::net::{Net, NetRequest};
use serde_json::{Value, json as object};

/// Uploads of 50 MB take a while.
const UPLOAD_TIMEOUT_MS: u64 = 90_000;

/// The fields that name a consumer. One who wrote to a business account that the bot serves is `<chat>@<connection>`.
pub(super) fn addressed(to: &str) -> Value {
    let (chat, connection) = to.split_once('@').map_or((to, None), |(chat, connection)| (chat, Some(connection)));
    let mut body = object!({ "chat_id": chat.parse::<i64>().map_or_else(|_| Value::from(chat), Value::from) });
    if let Some(connection) = connection {
        body["business_connection_id"] = connection.into();
    }
    body
}

pub(super) async fn send(out: &Outbound, net: &dyn Net) -> Result<Sent, SendError> {
    let part = Part::read(&out.payload).ok_or_else(|| bug("The delivery's payload can't be read."))?;
    let first = try_once(out, &part, &out.to, net).await;
    match first {
        Err((_, body)) if errors::moved_to(&body).is_some() => {
            // Nothing was sent: the group has another id now.
            let chat = errors::moved_to(&body).unwrap_or_default().to_string();
            try_once(out, &part, &chat, net).await.map_err(|(error, _)| error)
        }
        outcome => outcome.map_err(|(error, _)| error),
    }
}

async fn try_once(out: &Outbound, part: &Part, to: &str, net: &dyn Net) -> Result<Sent, (SendError, Value)> {
    let request = request(out, part, to).map_err(|error| (error, Value::Null))?;
    let answer = net.call(request).await.map_err(|problem| (kit_errors::from_net(&problem), Value::Null))?;
    let result = call::read(&answer, out.now)?;
    let vendor_id = json::text(&result["message_id"]).ok_or_else(|| (kit_errors::unknown(), Value::Null))?;
    Ok(Sent { vendor_id, usage: None })
}

fn request(out: &Outbound, part: &Part, to: &str) -> Result<NetRequest, SendError> {
    let mut body = addressed(to);
    if let Some(message) = &part.message {
        let method = message["method"].as_str().ok_or_else(|| bug("The delivery's payload can't be read."))?;
        let fields = message["fields"].as_object().cloned().unwrap_or_default();
        fields.into_iter().for_each(|(name, value)| body[name] = value);
        return call::json_call(&out.keys, method, &body);
    }
    match (part.file, &out.file) {
        (None, _) => text(out, body, &part.text),
        (Some(_), None) => Err(bug("The delivery's file is missing.")),
        (Some(Carried::Link), Some(file)) => text(out, body, &adapt::with_link(&part.text, file)),
        (Some(Carried::Media), Some(file)) => upload(out, &body, &part.text, file),
    }
}

fn bug(message: &str) -> SendError {
    kit_errors::error(Disposition::Failed, "malformed", message, Some("Write the message again."))
}

fn text(out: &Outbound, mut body: Value, text: &str) -> Result<NetRequest, SendError> {
    body["text"] = text.into();
    call::json_call(&out.keys, "sendMessage", &body)
}

/// How a file of this type is shown: the method and its field.
fn shown_as(content_type: &str) -> (&'static str, &'static str) {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "image/jpeg" | "image/png" | "image/webp" => ("sendPhoto", "photo"),
        "video/mp4" => ("sendVideo", "video"),
        "audio/ogg" => ("sendVoice", "voice"),
        "audio/mpeg" | "audio/mp4" | "audio/x-m4a" => ("sendAudio", "audio"),
        _ => ("sendDocument", "document"),
    }
}

fn upload(out: &Outbound, body: &Value, caption: &str, file: &OutboundFile) -> Result<NetRequest, SendError> {
    let (method, field) = shown_as(&file.content_type);
    let plain: Vec<(String, String)> = body
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), json::text(value)?)))
        .chain((!caption.is_empty()).then(|| ("caption".to_owned(), caption.to_owned())))
        .collect();
    let mut parts: Vec<FormPart<'_>> =
        plain.iter().map(|(name, value)| FormPart { name, file_name: None, content_type: None, bytes: value.as_bytes() }).collect();
    let name = if file.name.is_empty() { "file" } else { &file.name };
    parts.push(FormPart { name: field, file_name: Some(name), content_type: Some(&file.content_type), bytes: &file.bytes });
    let (content_type, bytes) = http::multipart(&out.delivery.to_string(), &parts);
    let mut request = http::post(call::address(&out.keys, method)?, &content_type, bytes);
    request.timeout_ms = UPLOAD_TIMEOUT_MS;
    Ok(request)
}
