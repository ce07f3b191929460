//! Calls: messages, read marks, the subscription.

use super::{PRODUCT, graph, media, number};
use crate::kit::adapt::{self, Carried, Part};
use crate::kit::{errors as kit_errors, http, json, settings};
use crate::meta::graph::{MEDIA_TIMEOUT_MS, read};
use crate::meta::usage;
use antiphon_app::channel::{Disposition, Keys, Outbound, SendError, Sent};
use antiphon_app::ports::net::Net;
use serde_json::{Value, json as object};

pub(super) async fn send(out: &Outbound, net: &dyn Net) -> Result<Sent, SendError> {
    let part = Part::read(&out.payload).ok_or_else(|| bug("The delivery's payload can't be read."))?;
    let message = match (part.message, part.file, &out.file) {
        (Some(message), _, _) => message,
        (None, None, _) => text(&part.text),
        (None, Some(_), None) => return Err(bug("The delivery's file is missing.")),
        (None, Some(Carried::Link), Some(file)) => text(&adapt::with_link(&part.text, file)),
        (None, Some(Carried::Media), Some(file)) if settings::flag(&out.keys, "media_upload", false) => {
            let id = media::upload(out, file, net).await?;
            media::message(file, ("id", &id), &part.text)
        }
        (None, Some(Carried::Media), Some(file)) => media::message(file, ("link", &file.url), &part.text),
    };
    post(out, message, net).await
}

fn bug(message: &str) -> SendError {
    kit_errors::error(Disposition::Failed, "malformed", message, Some("Write the message again."))
}

/// Links are shown with a preview, as people's own are.
fn text(text: &str) -> Value {
    let linked = text.contains("https://") || text.contains("http://");
    object!({ "type": "text", "text": { "body": text, "preview_url": linked } })
}

async fn post(out: &Outbound, mut message: Value, net: &dyn Net) -> Result<Sent, SendError> {
    message["messaging_product"] = "whatsapp".into();
    message["recipient_type"] = "individual".into();
    // Who hides their digits is written to by the id that the vendor gave them.
    let digits = out.to.strip_prefix('+').unwrap_or(&out.to);
    let field = if digits.bytes().all(|byte| byte.is_ascii_digit()) { "to" } else { "recipient" };
    message[field] = digits.into();
    // Comes back in statuses, by which an outcome that is not known is found.
    message["biz_opaque_callback_data"] = out.delivery.to_string().into();
    let graph = graph(&out.keys);
    let mut call = http::post(graph.address(&format!("{}/messages", number(&out.keys)), &[])?, "application/json", message.to_string());
    if out.file.is_some() {
        call.timeout_ms = MEDIA_TIMEOUT_MS;
    }
    let answer = net.call(graph.authorized(call)?).await.map_err(|problem| kit_errors::from_net(&problem))?;
    let body = read(&answer);
    if !(200..300).contains(&answer.status) {
        return Err(graph.refused(&answer, &body, Some(out.now)));
    }
    let vendor_id = json::text(&body["messages"][0]["id"]).ok_or_else(kit_errors::unknown)?;
    Ok(Sent { vendor_id, usage: usage::read(&answer, PRODUCT) })
}

/// Marks a person's last message, and with it all before, as read; with typing if wished. Nothing to mark: nothing done.
pub(super) async fn mark(keys: &Keys, about: Option<&str>, typing: bool, net: &dyn Net) -> Result<(), SendError> {
    let Some(id) = about else { return Ok(()) };
    let mut body = object!({ "messaging_product": "whatsapp", "status": "read", "message_id": id });
    if typing {
        body["typing_indicator"] = object!({ "type": "text" });
    }
    let graph = graph(keys);
    let url = graph.address(&format!("{}/messages", number(keys)), &[])?;
    graph.harmless(http::post(url, "application/json", body.to_string()), net).await.map(|_| ())
}

/// Renews the app's subscription to the business account if it is gone, which the vendor does not tell.
pub(super) async fn stay_subscribed(keys: &Keys, net: &dyn Net) -> Result<(), SendError> {
    let Some(account) = keys.credential("waba_id").filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())) else { return Ok(()) };
    let graph = graph(keys);
    let url = graph.address(&format!("{account}/subscribed_apps"), &[])?;
    let body = graph.harmless(http::get(url.clone()), net).await?;
    let app = keys.credential("app_id");
    let id = |subscribed: &Value| json::text(&subscribed["whatsapp_business_api_data"]["id"]).or_else(|| json::text(&subscribed["id"]));
    let subscribed = body["data"].as_array().map_or(&[][..], Vec::as_slice);
    if subscribed.iter().any(|one| app.is_none_or(|app| id(one).as_deref() == Some(app))) {
        return Ok(());
    }
    graph.harmless(http::post(url, "application/json", "{}"), net).await?;
    tracing::warn!(account, "the app was no longer subscribed to the business account's webhooks; it is again");
    Ok(())
}
