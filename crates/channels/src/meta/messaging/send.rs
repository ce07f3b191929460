//! Calls to the Graph API: messages, sender actions, profiles, and conversations for finding a message again.

use super::{HUMAN_AGENT_HOURS, Product, WINDOW_HOURS, human_agent};
use crate::kit::adapt::{self, Carried, Part};
use crate::kit::http::FormPart;
use crate::kit::{errors as kit_errors, http, json, settings, time};
use crate::meta::graph::{MEDIA_TIMEOUT_MS, read};
use crate::meta::usage;
use antiphon_app::channel::{ChannelProfile, Disposition, Keys, LookedUp, Outbound, OutboundFile, SendError, Sent};
use antiphon_app::ports::net::{Net, NetRequest};
use serde_json::{Value, json as object};

const HOUR_MS: i64 = 3_600_000;
/// Just before the window closes the message may arrive just after: the tag is used a little earlier.
const WINDOW_MARGIN_MS: i64 = 60_000;
/// How long an echo may take: a conversation that lacks the message sooner proves nothing.
const SETTLED_MS: i64 = 60_000;
/// How far the vendor's clock, which counts seconds here, may be behind ours.
const CLOCK_SLACK_MS: i64 = 5_000;
const LOOKUP_MESSAGES: usize = 20;

pub async fn send(product: &Product, out: &Outbound, net: &dyn Net) -> Result<Sent, SendError> {
    let part = Part::read(&out.payload).ok_or_else(|| bug("The delivery's payload can't be read."))?;
    if let Some(mut message) = part.message {
        message["metadata"] = out.delivery.to_string().into();
        return sent(product, json_call(product, out, message)?, out, net).await;
    }
    match (part.file, &out.file) {
        (None, _) => sent(product, json_call(product, out, text_message(&part.text, out))?, out, net).await,
        (Some(_), None) => Err(bug("The delivery's file is missing.")),
        (Some(Carried::Link), Some(file)) => {
            let text = adapt::with_link(&part.text, file);
            sent(product, json_call(product, out, text_message(&text, out))?, out, net).await
        }
        (Some(Carried::Media), Some(file)) if settings::flag(&out.keys, "media_upload", false) => {
            sent(product, upload_call(product, out, file)?, out, net).await
        }
        (Some(Carried::Media), Some(file)) => {
            let message = attachment_message(file, Some(&file.url), out);
            let mut call = json_call(product, out, message)?;
            call.timeout_ms = MEDIA_TIMEOUT_MS;
            match sent(product, call, out, net).await {
                // Meta could not fetch the file from us, so nothing was sent: it gets the bytes instead.
                Err(refused) if is_fetch_refused(&refused) => sent(product, upload_call(product, out, file)?, out, net).await,
                outcome => outcome,
            }
        }
    }
}

fn bug(message: &str) -> SendError {
    kit_errors::error(Disposition::Failed, "malformed", message, Some("Write the message again."))
}

async fn sent(product: &Product, call: NetRequest, out: &Outbound, net: &dyn Net) -> Result<Sent, SendError> {
    let answer = net.call(call).await.map_err(|problem| kit_errors::from_net(&problem))?;
    let body = read(&answer);
    if !(200..300).contains(&answer.status) {
        return Err(product.graph(&out.keys).refused(&answer, &body, Some(out.now)));
    }
    let vendor_id = json::text(&body["message_id"]).ok_or_else(kit_errors::unknown)?;
    Ok(Sent { vendor_id, usage: usage::read(&answer, product.platform) })
}

/// The metadata comes back in the echo, by which our own message is recognised.
fn text_message(text: &str, out: &Outbound) -> Value {
    object!({ "text": text, "metadata": out.delivery.to_string() })
}

fn attachment_message(file: &OutboundFile, url: Option<&str>, out: &Outbound) -> Value {
    let kind = ["image", "audio", "video"].into_iter().find(|kind| file.content_type.split('/').next() == Some(kind)).unwrap_or("file");
    let payload = match url {
        Some(url) => object!({ "url": url, "is_reusable": false }),
        None => object!({ "is_reusable": false }),
    };
    object!({ "attachment": { "type": kind, "payload": payload }, "metadata": out.delivery.to_string() })
}

/// How the message is declared: an answer within the window, with the human agent's tag after it where the app may use that.
///
/// Whether the window is open Meta decides: a click on an advertisement opens it too, and we don't see all of those.
fn declared(out: &Outbound) -> Vec<(&'static str, &'static str)> {
    let silence_ms = out.last_consumer_at.map_or(0, |at| out.now.since(at));
    let window_ms = i64::from(WINDOW_HOURS) * HOUR_MS - WINDOW_MARGIN_MS;
    let longest_ms = i64::from(HUMAN_AGENT_HOURS) * HOUR_MS;
    if human_agent(&out.keys) && (window_ms..longest_ms).contains(&silence_ms) {
        vec![("messaging_type", "MESSAGE_TAG"), ("tag", "HUMAN_AGENT")]
    } else {
        vec![("messaging_type", "RESPONSE")]
    }
}

fn json_call(product: &Product, out: &Outbound, message: Value) -> Result<NetRequest, SendError> {
    let mut body = object!({ "recipient": { "id": out.to }, "message": message });
    for (name, value) in declared(out) {
        body[name] = value.into();
    }
    let graph = product.graph(&out.keys);
    let url = graph.address(&format!("{}/messages", product.path(&out.keys)), &[])?;
    graph.authorized(http::post(url, "application/json", body.to_string()))
}

fn upload_call(product: &Product, out: &Outbound, file: &OutboundFile) -> Result<NetRequest, SendError> {
    let recipient = object!({ "id": out.to }).to_string();
    let message = attachment_message(file, None, out).to_string();
    let declared = declared(out);
    let plain = |name, bytes| FormPart { name, file_name: None, content_type: None, bytes };
    let mut parts = vec![plain("recipient", recipient.as_bytes()), plain("message", message.as_bytes())];
    parts.extend(declared.iter().map(|(name, value)| plain(name, value.as_bytes())));
    let name = if file.name.is_empty() { "file" } else { &file.name };
    parts.push(FormPart { name: "filedata", file_name: Some(name), content_type: Some(&file.content_type), bytes: &file.bytes });
    let (content_type, body) = http::multipart(&out.delivery.to_string(), &parts);
    let graph = product.graph(&out.keys);
    let url = graph.address(&format!("{}/messages", product.path(&out.keys)), &[])?;
    let mut call = http::post(url, &content_type, body);
    call.timeout_ms = MEDIA_TIMEOUT_MS;
    graph.authorized(call)
}

/// Typing and seen. Best effort: the caller doesn't repeat it.
pub async fn sender_action(product: &Product, keys: &Keys, to: &str, action: &str, net: &dyn Net) -> Result<(), SendError> {
    let body = object!({ "recipient": { "id": to }, "sender_action": action }).to_string();
    let graph = product.graph(keys);
    let url = graph.address(&format!("{}/messages", product.path(keys)), &[])?;
    graph.harmless(http::post(url, "application/json", body), net).await.map(|_| ())
}

/// Who a person is. Nothing where Meta won't tell (no conversation yet, or no permission).
pub async fn profile(product: &Product, keys: &Keys, person: &str, net: &dyn Net) -> Result<Option<ChannelProfile>, SendError> {
    // The id becomes a piece of the path.
    if person.is_empty() || !person.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return Ok(None);
    }
    let graph = product.graph(keys);
    let url = graph.address(person, &[("fields", product.profile)])?;
    let call = graph.authorized(http::get(url))?;
    let answer = net.call(call).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))?;
    let body = read(&answer);
    if !(200..300).contains(&answer.status) {
        let refused = &body["error"];
        let hidden = json::integer(&refused["code"]) == Some(100) && json::integer(&refused["error_subcode"]) == Some(33);
        return if hidden { Ok(None) } else { Err(kit_errors::harmless(graph.refused(&answer, &body, None))) };
    }
    let names: Vec<String> = ["first_name", "last_name"].into_iter().filter_map(|field| json::text(&body[field])).collect();
    let name = json::text(&body["name"]).or_else(|| (!names.is_empty()).then(|| names.join(" "))).or_else(|| json::text(&body["username"]));
    Ok(Some(ChannelProfile { name, avatar_url: json::text(&body["profile_pic"]) }))
}

/// Looks for the message in the conversation; that it is absent is believed only once an echo would have come.
pub async fn lookup(product: &Product, out: &Outbound, net: &dyn Net) -> Result<LookedUp, SendError> {
    let Some(part) = Part::read(&out.payload).filter(|part| part.message.is_none()) else { return Ok(LookedUp::Unclear) };
    let first = out.first_attempt_at.unwrap_or(out.now);
    let fields = format!("id,updated_time,messages.limit({LOOKUP_MESSAGES}){{id,created_time,from,to,message,attachments}}");
    let query = [("platform", product.platform), ("user_id", out.to.as_str()), ("fields", fields.as_str())];
    let graph = product.graph(&out.keys);
    let call = graph.authorized(http::get(graph.address(&format!("{}/conversations", product.path(&out.keys)), &query)?))?;
    let answer = net.call(call).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))?;
    let body = read(&answer);
    if answer.status != 200 {
        return Err(kit_errors::harmless(graph.refused(&answer, &body, Some(out.now))));
    }
    let Some(conversations) = body["data"].as_array() else { return Ok(LookedUp::Unclear) };
    let text = match (part.file, &out.file) {
        (Some(Carried::Link), Some(file)) => adapt::with_link(&part.text, file),
        (Some(Carried::Media), _) => String::new(),
        _ => part.text.clone(),
    };
    let since = first.plus_ms(-CLOCK_SLACK_MS);
    let created = |message: &Value| message["created_time"].as_str().and_then(time::iso8601);
    let messages = |conversation: &Value| conversation["messages"]["data"].as_array().cloned().unwrap_or_default();
    let all: Vec<Vec<Value>> = conversations.iter().map(messages).collect();
    let ours = |message: &&Value| {
        let from_page = json::text(&message["from"]["id"]).is_some_and(|id| id == product.own(&out.keys));
        let attached = message["attachments"]["data"].as_array().is_some_and(|list| !list.is_empty());
        let alike =
            message["message"].as_str().unwrap_or_default().trim() == text.trim() && attached == (part.file == Some(Carried::Media));
        from_page && alike && created(message).is_none_or(|at| at >= since)
    };
    let found: Vec<String> = all.iter().flatten().filter(ours).filter_map(|message| json::text(&message["id"])).collect();
    // A full page of newer messages may hide ours.
    let seen_all = all.iter().all(|list| list.len() < LOOKUP_MESSAGES || list.last().and_then(created).is_some_and(|at| at < since));
    Ok(match found.as_slice() {
        [id] => LookedUp::Found(id.clone()),
        [] if seen_all && out.now.since(first) >= SETTLED_MS => LookedUp::Absent,
        _ => LookedUp::Unclear,
    })
}

/// Whether Meta refused because it could not fetch the file from us.
fn is_fetch_refused(refused: &SendError) -> bool {
    matches!(refused.disposition, Disposition::Retry { .. }) && refused.reason.vendor_code.as_deref() == Some("100/2018008")
}
