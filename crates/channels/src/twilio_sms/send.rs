//! Calls to the REST interface: create a message, find one again, fetch media.

use super::{HOST, errors};
use crate::kit::adapt::{self, Carried, Part};
use crate::kit::{errors as kit_errors, form, http, json, settings, time};
use ::http::Method;
use antiphon_app::channel::{Disposition, Keys, LookedUp, Outbound, SendError, Sent};
use antiphon_app::ports::net::{Net, NetAnswer, NetRequest};
use antiphon_domain::Timestamp;
use serde_json::Value;

/// The name under which our delivery's id stands in a status callback's query.
pub(super) const DELIVERY: &str = "delivery";

/// How long after a send of unknown outcome the vendor's list is believed when it lacks the message.
const SETTLED_MS: i64 = 60_000;
/// How far the vendor's clock, which counts seconds, may be behind ours.
const CLOCK_SLACK_MS: i64 = 5_000;
const LOOKUP_PAGE: &str = "50";

/// The number that messages come from.
pub(super) fn sender(keys: &Keys) -> &str {
    settings::value(keys, "from_number").unwrap_or_else(|| settings::address(keys))
}

pub(super) async fn send(out: &Outbound, net: &dyn Net) -> Result<Sent, SendError> {
    let part = Part::read(&out.payload).ok_or_else(|| bug("The delivery's payload can't be read."))?;
    let carried = match (part.file, &out.file) {
        (Some(_), None) => return Err(bug("The delivery's file is missing.")),
        (carried, _) => carried,
    };
    let answer = net.call(create(out, &part, carried)?).await.map_err(|problem| kit_errors::from_net(&problem))?;
    let refused = match read_created(&answer, out.now) {
        Ok(sent) => return Ok(sent),
        Err(refused) => refused,
    };
    // The number or the destination takes no pictures, so nothing was sent: the same part goes as a link.
    if carried == Some(Carried::Media) && errors::is_picture_refused(&refused) {
        let answer = net.call(create(out, &part, Some(Carried::Link))?).await.map_err(|problem| kit_errors::from_net(&problem))?;
        return read_created(&answer, out.now);
    }
    Err(refused)
}

fn bug(message: &str) -> SendError {
    kit_errors::error(Disposition::Failed, "malformed", message, Some("Write the message again."))
}

fn create(out: &Outbound, part: &Part, carried: Option<Carried>) -> Result<NetRequest, SendError> {
    let keys = &out.keys;
    let body = text_of(part, carried, out);
    let callback = callback_url(out);
    let mut pairs = vec![("To", out.to.as_str())];
    match settings::value(keys, "messaging_service_sid") {
        Some(service) => pairs.push(("MessagingServiceSid", service)),
        None => pairs.push(("From", sender(keys))),
    }
    if !body.is_empty() {
        pairs.push(("Body", &body));
    }
    if let (Some(Carried::Media), Some(file)) = (carried, &out.file) {
        pairs.push(("MediaUrl", &file.url));
    }
    if let Some(callback) = &callback {
        pairs.push(("StatusCallback", callback));
    }
    let validity =
        settings::value(keys, "validity_period").map(|_| settings::number(keys, "validity_period", 36_000, 1, 36_000).to_string());
    if let Some(validity) = &validity {
        pairs.push(("ValidityPeriod", validity));
    }
    if settings::flag(keys, "smart_encoded", false) {
        pairs.push(("SmartEncoded", "true"));
    }
    let url = format!("{}/Messages.json", account_url(keys)?);
    let mut request = http::post(url, "application/x-www-form-urlencoded", form::encode(pairs));
    request.headers.insert(::http::header::ACCEPT, ::http::HeaderValue::from_static("application/json"));
    sign_in(&mut request, keys);
    Ok(request)
}

fn text_of(part: &Part, carried: Option<Carried>, out: &Outbound) -> String {
    match (carried, &out.file) {
        (Some(Carried::Link), Some(file)) => adapt::with_link(&part.text, file),
        _ => part.text.clone(),
    }
}

/// The status callback with our delivery's id, which makes it ours whatever comes first: the callback or the answer.
fn callback_url(out: &Outbound) -> Option<String> {
    let base = out.callback_url.as_str();
    if base.is_empty() {
        return None;
    }
    let has_it = base.split_once('?').is_some_and(|(_, query)| form::first(&form::pairs(query.as_bytes()), DELIVERY).is_some());
    if has_it {
        return Some(base.to_owned());
    }
    let join = if base.contains('?') { '&' } else { '?' };
    Some(format!("{base}{join}{DELIVERY}={}", out.delivery))
}

pub(super) fn account_url(keys: &Keys) -> Result<String, SendError> {
    let account = keys.credential("account_sid").ok_or_else(|| {
        kit_errors::error(
            Disposition::NeedsReauthorisation,
            "source_misconfigured",
            "The source has no account SID.",
            Some("Enter the field account_sid in the source's credentials."),
        )
    })?;
    Ok(format!("{}/2010-04-01/Accounts/{account}", settings::base(keys, HOST)))
}

pub(super) fn sign_in(request: &mut NetRequest, keys: &Keys) {
    let key = (keys.credential("api_key_sid"), keys.credential("api_key_secret"));
    let account = (keys.credential("account_sid"), keys.credential("auth_token"));
    if let ((Some(name), Some(password)), _) | (_, (Some(name), Some(password))) = (key, account) {
        http::authorize(request, &http::basic(name, password));
    }
}

fn read_created(answer: &NetAnswer, now: Timestamp) -> Result<Sent, SendError> {
    let body = json::read(&answer.body).unwrap_or(Value::Null);
    if !(200..300).contains(&answer.status) {
        return Err(errors::of_answer(answer, &body, now));
    }
    let sid = json::text(&body["sid"]).ok_or_else(kit_errors::unknown)?;
    match (body["status"].as_str(), json::integer(&body["error_code"])) {
        (Some("failed" | "undelivered"), Some(code)) => Err(errors::of_code(code, answer, now)),
        _ => Ok(Sent { vendor_id: sid, usage: None }),
    }
}

/// Looks for the message in the vendor's list, newest first.
///
/// The list is not narrowed by `DateSent`: a message that still waits at the vendor has none, and would be missed.
pub(super) async fn lookup(out: &Outbound, net: &dyn Net) -> Result<LookedUp, SendError> {
    let Some(part) = Part::read(&out.payload) else { return Ok(LookedUp::Unclear) };
    let first = out.first_attempt_at.unwrap_or(out.now);
    let mut pairs = vec![("To", out.to.as_str())];
    if settings::value(&out.keys, "messaging_service_sid").is_none() {
        pairs.push(("From", sender(&out.keys)));
    }
    pairs.push(("PageSize", LOOKUP_PAGE));
    let mut request = http::get(format!("{}/Messages.json?{}", account_url(&out.keys)?, form::encode(pairs)));
    sign_in(&mut request, &out.keys);
    let answer = net.call(request).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))?;
    let body = json::read(&answer.body).unwrap_or(Value::Null);
    if answer.status != 200 {
        return Err(kit_errors::harmless(errors::of_answer(&answer, &body, out.now)));
    }
    let Some(messages) = body["messages"].as_array() else { return Ok(LookedUp::Unclear) };
    let since = first.plus_ms(-CLOCK_SLACK_MS);
    let created = |message: &Value| message["date_created"].as_str().and_then(time::rfc2822);
    let ours = |message: &&Value| {
        let outbound = message["direction"].as_str().is_some_and(|direction| direction.starts_with("outbound"));
        let text = message["body"].as_str().unwrap_or_default();
        let alike =
            [part.file, part.file.map(|_| Carried::Link)].into_iter().any(|carried| text_of(&part, carried, out).trim() == text.trim());
        outbound && alike && created(message).is_none_or(|at| at >= since)
    };
    let found: Vec<String> = messages.iter().filter(ours).filter_map(|message| json::text(&message["sid"])).collect();
    let seen_all = body["next_page_uri"].is_null() || messages.last().and_then(created).is_some_and(|at| at < since);
    Ok(match found.as_slice() {
        [sid] => LookedUp::Found(sid.clone()),
        [] if seen_all && out.now.since(first) >= SETTLED_MS => LookedUp::Absent,
        // Two alike: which one is ours can't be told.
        _ => LookedUp::Unclear,
    })
}

/// The call that fetches inbound media. The credentials go to the vendor's interface only, whatever address a webhook named;
/// the client drops them where it is redirected to the storage's host.
pub(super) fn media_request(keys: &Keys, url: &str) -> NetRequest {
    let base = settings::base(keys, HOST);
    let url = match url.strip_prefix(HOST) {
        Some(path) if path.starts_with('/') => format!("{base}{path}"),
        _ => url.to_owned(),
    };
    let own = http::origin(&url).is_some_and(|origin| Some(origin) == http::origin(base));
    let mut request = NetRequest::new(Method::GET, url);
    if own && settings::flag(keys, "media_auth", true) {
        sign_in(&mut request, keys);
    }
    request
}
