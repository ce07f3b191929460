//! One part into one call of `send_message`. Viber fetches files from us, by their links.

use super::{HOST, PICTURE_MAX_BYTES, VIDEO_MAX_BYTES, errors, sender};
use crate::kit::adapt::{self, Carried, Part};
use crate::kit::{errors as kit_errors, http, json, settings};
use ::http::HeaderValue;
use antiphon_app::channel::{Disposition, Keys, Outbound, OutboundFile, SendError, Sent};
use antiphon_app::ports::net::{Net, NetAnswer, NetRequest};
use serde_json::{Value, json as object};

/// The header that carries the token.
pub(super) const TOKEN: &str = "x-viber-auth-token";
/// Cards need clients of this version; text and keyboards do with any.
const VERSION_OF_CARDS: u32 = 7;

pub(super) async fn send(out: &Outbound, net: &dyn Net) -> Result<Sent, SendError> {
    let part = Part::read(&out.payload).ok_or_else(|| bug("The delivery's payload can't be read."))?;
    let mut body = match (&part.message, part.file, &out.file) {
        (Some(message), ..) => message.clone(),
        (None, None, _) => text(&part.text),
        (None, Some(_), None) => return Err(bug("The delivery's file is missing.")),
        (None, Some(Carried::Link), Some(file)) => text(&adapt::with_link(&part.text, file)),
        (None, Some(Carried::Media), Some(file)) => media(file),
    };
    let taps = body.as_object_mut().and_then(|fields| fields.remove("taps"));
    body["receiver"] = out.to.as_str().into();
    body["min_api_version"] = if body["type"] == "rich_media" { VERSION_OF_CARDS } else { 1 }.into();
    body["sender"] = sender(&out.keys);
    body["tracking_data"] =
        object!({ "delivery": out.delivery.to_string(), "taps": taps.unwrap_or_else(|| object!([])) }).to_string().into();
    let answer = net.call(call(&out.keys, "send_message", &body)?).await.map_err(|problem| kit_errors::from_net(&problem))?;
    let answered = read(&answer);
    if !is_ok(&answer, &answered) {
        return Err(errors::of_answer(&answer, &answered, out.now));
    }
    let vendor_id = json::text(&answered["message_token"]).ok_or_else(kit_errors::unknown)?;
    Ok(Sent { vendor_id, usage: None })
}

pub(super) fn read(answer: &NetAnswer) -> Value {
    json::read(&answer.body).unwrap_or(Value::Null)
}

pub(super) fn is_ok(answer: &NetAnswer, body: &Value) -> bool {
    (200..300).contains(&answer.status) && json::integer(&body["status"]) == Some(0)
}

fn bug(message: &str) -> SendError {
    kit_errors::error(Disposition::Failed, "malformed", message, Some("Write the message again."))
}

fn text(text: &str) -> Value {
    object!({ "type": "text", "text": text })
}

/// Pictures are JPEG of a megabyte; everything else that is no small video goes as a file.
fn media(file: &OutboundFile) -> Value {
    let size = file.bytes.len() as u64;
    match file.content_type.split(';').next().unwrap_or_default().trim() {
        "image/jpeg" if size <= PICTURE_MAX_BYTES => object!({ "type": "picture", "text": "", "media": file.url }),
        "video/mp4" if size <= VIDEO_MAX_BYTES => object!({ "type": "video", "media": file.url, "size": size }),
        _ => {
            let name = if file.name.is_empty() { "file" } else { &file.name };
            object!({ "type": "file", "media": file.url, "size": size, "file_name": name })
        }
    }
}

/// A call. The token goes into its header, marked so that logs leave it out.
pub(super) fn call(keys: &Keys, method: &str, body: &Value) -> Result<NetRequest, SendError> {
    let token = keys.credential("auth_token").ok_or_else(|| {
        kit_errors::error(
            Disposition::NeedsReauthorisation,
            "source_misconfigured",
            "The source has no authentication token.",
            Some("Enter the field auth_token in the source's credentials."),
        )
    })?;
    let mut request = http::post(format!("{}/pa/{method}", settings::base(keys, HOST)), "application/json", body.to_string());
    // A token with control characters can't be sent; Viber then answers that it is missing.
    if let Ok(mut value) = HeaderValue::from_str(token) {
        value.set_sensitive(true);
        request.headers.insert(TOKEN, value);
    }
    Ok(request)
}
