//! `POST /v1.0/message`: checks, the split of 200 and 400, and one result for each recipient.

use axum::body::Body;
use http::request::Parts;
use http::{Method, Response};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::{CmSim, Note, Sent, with_plus};
use crate::kit::lock;
use crate::kit::respond;

/// Recipients ending in these digits are refused with the code after them.
const MAGIC: [(&str, i64); 7] =
    [("990301", 301), ("990303", 303), ("990304", 304), ("990401", 401), ("990402", 402), ("990403", 403), ("990500", 500)];

fn refused(status: u16, code: i64, details: &str) -> Response<Body> {
    respond::json(status, &json!({ "details": details, "errorCode": code, "messages": [] }))
}

/// Segments of a text: 160 and 153 septets of plain text, 70 and 67 units of any other.
fn parts_of(text: &str) -> usize {
    let plain = text.chars().all(|sign| sign.is_ascii() || "£¥èéùìòÇØøÅåÄÖÑÜ§¿äöñüà€".contains(sign));
    let (units, one, many) = if plain { (text.chars().count(), 160, 153) } else { (text.encode_utf16().count(), 70, 67) };
    if units <= one { 1 } else { units.div_ceil(many) }
}

impl CmSim {
    pub(super) fn answer(&self, parts: &Parts, body: &[u8]) -> Response<Body> {
        let path = parts.uri.path();
        if let Some(id) = path.strip_prefix("/_media/") {
            return match self.media().get(id) {
                Some(media) => respond::bytes(200, &media.content_type, media.bytes),
                None => respond::empty(404),
            };
        }
        if path != "/v1.0/message" || parts.method != Method::POST {
            return respond::empty(404);
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return refused(400, 202, "The request is malformed.") };
        let header = parts.headers.get("x-cm-producttoken").and_then(|value| value.to_str().ok());
        let token = header.or_else(|| body["messages"]["authentication"]["producttoken"].as_str()).unwrap_or_default();
        let known = lock(&self.inner.state).tokens.iter().any(|known| bool::from(known.as_bytes().ct_eq(token.as_bytes())));
        if !known {
            return refused(400, 101, "Invalid product token.");
        }
        if lock(&self.inner.state).settings.no_balance {
            return refused(400, 102, "Balance is insufficient.");
        }
        let Some(messages) = body["messages"]["msg"].as_array().filter(|all| (1..=1_000).contains(&all.len())) else {
            return refused(400, 203, "The msg array is wrong.");
        };
        let mut results = Vec::new();
        for message in messages {
            let recipients = message["to"].as_array().map_or(&[][..], Vec::as_slice);
            if recipients.is_empty() {
                results.push((String::new(), message, 303));
            }
            for recipient in recipients {
                let to = recipient["number"].as_str().unwrap_or_default().to_owned();
                let code = check(message, &to);
                if code == 0 {
                    self.accept(message, &to);
                }
                results.push((to, message, code));
            }
        }
        let good = results.iter().filter(|(.., code)| *code == 0).count();
        let shown: Vec<Value> = results
            .iter()
            .map(|(to, message, code)| {
                let parts = parts_of(message["body"]["content"].as_str().unwrap_or_default());
                json!({ "to": to, "status": if *code == 0 { "Accepted" } else { "Rejected" }, "reference": message["reference"], "parts": if *code == 0 { parts } else { 0 },
                    "messageDetails": if *code == 0 { Value::Null } else { json!("The message was not accepted.") }, "messageErrorCode": code })
            })
            .collect();
        let whole = if good == results.len() { 0 } else { 201 };
        respond::json(
            if good == 0 { 400 } else { 200 },
            &json!({ "details": format!("Created {good} message(s)"), "errorCode": whole, "messages": shown }),
        )
    }

    fn accept(&self, message: &Value, to: &str) {
        let now = self.now_ms();
        let text = message["body"]["content"].as_str().unwrap_or_default().to_owned();
        let reference = message["reference"].as_str().unwrap_or_default().to_owned();
        let from = message["from"].as_str().unwrap_or_default().to_owned();
        let parts = parts_of(&text);
        let key = (with_plus(&from), with_plus(to));
        let fate = {
            let mut state = lock(&self.inner.state);
            let known = state.people.contains_key(&key.1);
            if known {
                let note =
                    Note { id: reference.clone(), from: "brand", at_ms: now, text: text.clone(), media: Vec::new(), status: "queued" };
                state.threads.entry(key.clone()).or_default().push(note);
            }
            state.log.push(Sent {
                from,
                to: to.to_owned(),
                text,
                reference: reference.clone(),
                parts,
                at_ms: now,
                message: message.clone(),
            });
            let fallback = if known { ("2".to_owned(), String::new()) } else { ("3".to_owned(), "Absent subscriber".to_owned()) };
            state.fates.pop_front().unwrap_or(fallback)
        };
        if !self.is_sink() {
            self.report_later(key, to.to_owned(), reference, parts, fate);
            self.changed();
        }
    }
}

/// The code of a message to one recipient; 0 is good.
fn check(message: &Value, to: &str) -> i64 {
    let from = message["from"].as_str().unwrap_or_default();
    let digits = from.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+');
    if from.is_empty() || from.len() > if digits { 16 } else { 11 } {
        return 301;
    }
    if let Some((_, code)) = MAGIC.iter().find(|(ending, _)| to.ends_with(ending)) {
        return *code;
    }
    if !to.starts_with("00") || to.len() < 8 || to.len() > 18 || !to.bytes().all(|byte| byte.is_ascii_digit()) {
        return 303;
    }
    if message["body"]["content"].as_str().is_none_or(str::is_empty) {
        return 304;
    }
    let reference = message["reference"].as_str().unwrap_or_default();
    if reference.len() > 32 || !reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return 305;
    }
    let most = message["maximumNumberOfMessageParts"].as_u64().unwrap_or(1);
    let parts = parts_of(message["body"]["content"].as_str().unwrap_or_default());
    if u64::try_from(parts).unwrap_or(u64::MAX) > most { 304 } else { 0 }
}
