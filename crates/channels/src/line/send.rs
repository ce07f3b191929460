//! Calls: replies and pushes, tokens, typing, read marks, profiles.

use super::{HOST, errors, media};
use crate::kit::adapt::{self, Carried, Part};
use crate::kit::{errors as kit_errors, form, http, json, mac, settings};
use antiphon_app::channel::{ChannelProfile, Disposition, Keys, LookedUp, Outbound, Pass, SendError, Sent};
use antiphon_app::ports::net::{Net, NetAnswer, NetRequest};
use antiphon_domain::Timestamp;
use serde_json::{Value, json as object};

/// How long the dots are shown.
const TYPING_S: u32 = 20;
/// A pasted token is good until it is refused.
const LONG_MS: i64 = 365 * 24 * 3_600_000;
/// A reply token may have been used so long after the consumer's message.
const REPLY_MS: i64 = 25_000;
/// How long the vendor remembers a retry key.
const KEY_MS: i64 = 23 * 3_600_000;

pub(super) async fn send(out: &Outbound, net: &dyn Net) -> Result<Sent, SendError> {
    let message = message(out)?;
    if let Some(token) = &out.reply_token {
        match reply(out, token, &message, net).await {
            // It is too old, and nothing was sent: the other way then.
            Err(refused) if errors::is_token_refused(&refused) => {}
            outcome => return outcome,
        }
    }
    push(out, &message, net).await
}

fn bug(message: &str) -> SendError {
    kit_errors::error(Disposition::Failed, "malformed", message, Some("Write the message again."))
}

/// The message of a part.
fn message(out: &Outbound) -> Result<Value, SendError> {
    let part = Part::read(&out.payload).ok_or_else(|| bug("The delivery's payload can't be read."))?;
    let text = |text: &str| object!({ "type": "text", "text": text });
    match (part.message, part.file, &out.file) {
        (Some(message), _, _) => Ok(message),
        (None, None, _) => Ok(text(&part.text)),
        (None, Some(_), None) => Err(bug("The delivery's file is missing.")),
        (None, Some(Carried::Link), Some(file)) => Ok(text(&adapt::with_link(&part.text, file))),
        // A file of a kind that was media when it was written, and is not any more, is still a link.
        (None, Some(Carried::Media), Some(file)) => {
            Ok(media::message(&out.keys, file).unwrap_or_else(|| text(&adapt::with_link(&part.text, file))))
        }
    }
}

async fn reply(out: &Outbound, token: &str, message: &Value, net: &dyn Net) -> Result<Sent, SendError> {
    let body = object!({ "replyToken": token, "messages": [message] });
    let call = post(&out.keys, "/v2/bot/message/reply", &body)?;
    sent(net.call(call).await.map_err(|problem| kit_errors::from_net(&problem))?, out)
}

async fn push(out: &Outbound, message: &Value, net: &dyn Net) -> Result<Sent, SendError> {
    let body = object!({ "to": out.to, "messages": [message] });
    let mut call = post(&out.keys, "/v2/bot/message/push", &body)?;
    if let Ok(key) = retry_key(out).parse() {
        call.headers.insert("x-line-retry-key", key);
    }
    sent(net.call(call).await.map_err(|problem| kit_errors::from_net(&problem))?, out)
}

/// A UUID that is the same at each attempt of a delivery: what the vendor has under it is not sent again.
pub(super) fn retry_key(out: &Outbound) -> String {
    let digest = mac::sha256(format!("line-retry-key:{}", out.delivery).as_bytes());
    let mut bytes: [u8; 16] = std::array::from_fn(|at| digest[at]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

fn sent(answer: NetAnswer, out: &Outbound) -> Result<Sent, SendError> {
    let body = read(&answer);
    let id = json::text(&body["sentMessages"][0]["id"]);
    match answer.status {
        200..=299 => Ok(Sent { vendor_id: id.ok_or_else(kit_errors::unknown)?, usage: None }),
        // An earlier attempt under the same key was taken.
        409 => {
            let request = http::header(&answer.headers, "x-line-accepted-request-id").map(str::to_owned);
            let vendor_id = id.or(request).ok_or_else(|| errors::of(&answer, &body, out.now))?;
            Ok(Sent { vendor_id, usage: None })
        }
        _ => Err(errors::of(&answer, &body, out.now)),
    }
}

fn read(answer: &NetAnswer) -> Value {
    json::read(&answer.body).unwrap_or(Value::Null)
}

fn post(keys: &Keys, path: &str, body: &Value) -> Result<NetRequest, SendError> {
    let url = format!("{}{path}", settings::base(keys, HOST));
    authorized(http::post(url, "application/json", body.to_string()), keys)
}

/// The token goes into a header.
pub(super) fn authorized(mut request: NetRequest, keys: &Keys) -> Result<NetRequest, SendError> {
    let token = keys.credential("access_token").ok_or_else(|| missing("access_token"))?;
    http::authorize(&mut request, &format!("Bearer {token}"));
    Ok(request)
}

fn missing(field: &str) -> SendError {
    let message = format!("The source lacks the credential {field}.");
    let remedy = Some("Enter it in the source's credentials.");
    kit_errors::error(Disposition::NeedsReauthorisation, "source_misconfigured", &message, remedy)
}

/// The pasted token, or one that is issued for a quarter of an hour.
pub(super) async fn sign_in(keys: &Keys, now: Timestamp, net: &dyn Net) -> Result<Pass, SendError> {
    let stateless = keys.credential("token_mode") == Some("stateless");
    if let Some(token) = keys.credential("access_token").filter(|_| !stateless) {
        return Ok(Pass { token: token.to_owned(), until: now.plus_ms(LONG_MS) });
    }
    let id = keys.credential("channel_id").ok_or_else(|| missing("channel_id"))?;
    let secret = keys.credential("channel_secret").ok_or_else(|| missing("channel_secret"))?;
    let body = form::encode([("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)]);
    let url = format!("{}/oauth2/v3/token", settings::base(keys, HOST));
    let call = http::post(url, "application/x-www-form-urlencoded", body);
    let answer = net.call(call).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))?;
    let body = read(&answer);
    match (answer.status, json::text(&body["access_token"])) {
        (200..=299, Some(token)) => {
            let seconds = json::integer(&body["expires_in"]).unwrap_or(900).clamp(60, 3_600);
            Ok(Pass { token, until: now.plus_s(seconds) })
        }
        // Whatever is wrong with id or secret, nothing goes out until they are right.
        (400 | 401 | 403, _) => Err(errors::refused_sign_in(answer.status)),
        _ => Err(kit_errors::harmless(errors::of(&answer, &body, now))),
    }
}

async fn harmless(call: NetRequest, net: &dyn Net) -> Result<NetAnswer, SendError> {
    net.call(call).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))
}

/// Shows the dots. Only people see them, not groups.
pub(super) async fn typing(keys: &Keys, to: &str, net: &dyn Net) -> Result<(), SendError> {
    if !to.starts_with('U') {
        return Ok(());
    }
    let answer = harmless(post(keys, "/v2/bot/chat/loading/start", &object!({ "chatId": to, "loadingSeconds": TYPING_S }))?, net).await?;
    done(&answer)
}

/// Marks what the consumer wrote as read, where they sent along what that takes.
pub(super) async fn seen(keys: &Keys, about: Option<&str>, net: &dyn Net) -> Result<(), SendError> {
    let Some(token) = about else { return Ok(()) };
    done(&harmless(post(keys, "/v2/bot/chat/markAsRead", &object!({ "markAsReadToken": token }))?, net).await?)
}

fn done(answer: &NetAnswer) -> Result<(), SendError> {
    match answer.status {
        200..=299 => Ok(()),
        // Nobody waits as long as it asks for.
        _ => Err(kit_errors::harmless(errors::without_wait(answer, &read(answer)))),
    }
}

/// Who a consumer is: a person, or a group or room by its name. Nothing where they are no friends, or blocked us.
pub(super) async fn profile(keys: &Keys, address: &str, net: &dyn Net) -> Result<Option<ChannelProfile>, SendError> {
    // The id becomes a piece of the path.
    if address.is_empty() || !address.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    let path = match address.as_bytes()[0] {
        b'C' => format!("/v2/bot/group/{address}/summary"),
        b'R' => return Ok(None),
        _ => format!("/v2/bot/profile/{address}"),
    };
    let call = authorized(http::get(format!("{}{path}", settings::base(keys, HOST))), keys)?;
    let answer = harmless(call, net).await?;
    let body = read(&answer);
    match answer.status {
        200 => {
            let name = json::text(&body["displayName"]).or_else(|| json::text(&body["groupName"]));
            Ok(Some(ChannelProfile { name, avatar_url: json::text(&body["pictureUrl"]) }))
        }
        404 => Ok(None),
        _ => Err(kit_errors::harmless(errors::without_wait(&answer, &body))),
    }
}

/// Whether a message of unknown outcome arrived.
///
/// A push may simply be sent again: its key keeps it from doubling. A reply token answers once, so trying it again tells: what is
/// refused now was taken before.
pub(super) async fn lookup(out: &Outbound, net: &dyn Net) -> Result<LookedUp, SendError> {
    if let Some(token) = &out.reply_token {
        let Ok(message) = message(out) else { return Ok(LookedUp::Unclear) };
        return Ok(match reply(out, token, &message, net).await {
            Ok(sent) => LookedUp::Found(sent.vendor_id),
            Err(refused) if errors::is_token_refused(&refused) => LookedUp::Found(format!("reply-{}", out.delivery)),
            Err(_) => LookedUp::Unclear,
        });
    }
    let first = out.first_attempt_at.unwrap_or(out.now);
    // After a restart nobody knows whether it was a reply.
    let may_be_reply = out.last_consumer_at.is_some_and(|wrote| first.since(wrote) < REPLY_MS);
    let remembered = out.now.since(first) < KEY_MS;
    Ok(if remembered && !may_be_reply { LookedUp::Absent } else { LookedUp::Unclear })
}
