//! The vendor's refusals, what they mean for a message, and what to tell people.
//!
//! Public list: <https://developers.line.biz/en/reference/messaging-api/#error-responses>. There are no codes: the HTTP status and the
//! words of `message` decide, `{"message":"Invalid reply token","details":[{"message":"…","property":"messages[0].text"}]}`.

use crate::kit::errors::{self, Class, Row, Sub};
use crate::kit::{http, json};
use antiphon_app::channel::{Disposition, SendError};
use antiphon_app::ports::net::NetAnswer;
use antiphon_domain::Timestamp;
use serde_json::Value;

const BUG: &str = "Write the message differently; if it stays, report it with the channel log.";
const OTHER_CHANNEL: &str = "Reach the consumer on another channel.";

/// What the words of a refusal tell beyond its status.
const TOKEN: i64 = 1;
const RECIPIENT: i64 = 2;
const UNREACHABLE: i64 = 3;
const MONTH: i64 = 4;

const fn row(codes: &'static [(i64, Sub)], class: Class, reason: &'static str, message: &'static str, remedy: &'static str) -> Row {
    Row { codes, class, reason, message, remedy }
}

pub(super) static TABLE: &[Row] = &[
    row(&[(400, Sub::Absent)], Class::Permanent, "malformed", "LINE found a fault in the message.", BUG),
    row(
        &[(400, Sub::Is(TOKEN))],
        Class::Permanent,
        "rejected",
        "The time to answer the consumer's message directly is over.",
        "Send the message again.",
    ),
    row(
        &[(400, Sub::Is(RECIPIENT)), (400, Sub::Is(UNREACHABLE))],
        Class::Stop,
        "unreachable",
        "LINE does not know the consumer, or can't reach them.",
        OTHER_CHANNEL,
    ),
    row(
        &[(401, Sub::Any)],
        Class::Reauthorise,
        "not_authorised",
        "LINE does not accept the channel access token.",
        "Enter a new access token, or the right channel id and secret, in the source's credentials.",
    ),
    row(
        &[(403, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The account's plan does not allow this.",
        "Look at the account's plan in LINE Official Account Manager.",
    ),
    row(&[(404, Sub::Any)], Class::Permanent, "rejected", "LINE does not know what was asked for.", BUG),
    row(&[(409, Sub::Any)], Class::Permanent, "rejected", "LINE has taken this message before.", "Nothing to do: it was sent."),
    row(&[(410, Sub::Any)], Class::Permanent, "rejected", "What was asked for is gone.", BUG),
    row(
        &[(413, Sub::Any), (415, Sub::Any)],
        Class::Permanent,
        "malformed",
        "The message is too large for LINE.",
        "Send it in smaller pieces.",
    ),
    row(&[(429, Sub::Absent)], Class::Throttle(None), "throttled", "LINE asks to slow down.", "Nothing to do: it is tried again."),
    row(
        &[(429, Sub::Is(MONTH))],
        Class::Source(None),
        "throttled",
        "The account has used up the messages of this month; only direct answers still go out.",
        "Raise the plan in LINE Official Account Manager, or wait for the next month.",
    ),
];

fn meaning(status: u16, body: &Value) -> Option<i64> {
    let words = body["message"].as_str().unwrap_or_default().to_ascii_lowercase();
    match status {
        400 if words.contains("reply token") => Some(TOKEN),
        400 if words.contains("failed to send") => Some(UNREACHABLE),
        400 if words.contains("'to'") || body["details"][0]["property"] == "to" => Some(RECIPIENT),
        429 if words.contains("monthly limit") => Some(MONTH),
        _ => None,
    }
}

/// What a refused call means.
pub(super) fn of(answer: &NetAnswer, body: &Value, now: Timestamp) -> SendError {
    read(answer, body, http::retry_after(answer, now))
}

/// As [`of`] where nobody will wait as asked.
pub(super) fn without_wait(answer: &NetAnswer, body: &Value) -> SendError {
    read(answer, body, None)
}

fn read(answer: &NetAnswer, body: &Value, after_ms: Option<i64>) -> SendError {
    if let Some(request) = http::header(&answer.headers, "x-line-request-id") {
        tracing::info!(status = answer.status, request, "the vendor refused a call");
    }
    let status = i64::from(answer.status);
    match errors::find(TABLE, status, meaning(answer.status, body)) {
        Some(row) => row.error(&vendor_code(answer.status, body), after_ms),
        None => errors::from_status(answer.status, after_ms),
    }
}

/// The status, and which part of the message was at fault.
fn vendor_code(status: u16, body: &Value) -> String {
    let property = json::text(&body["details"][0]["property"]).unwrap_or_default();
    let property: String = property.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
    if property.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status} {property}") }
}

/// The reply token is used or too old.
pub(super) fn is_token_refused(refused: &SendError) -> bool {
    refused.disposition == Disposition::Failed
        && errors::find(TABLE, 400, Some(TOKEN)).is_some_and(|row| row.message == &*refused.reason.message)
}

/// The channel's id or secret is wrong.
pub(super) fn refused_sign_in(status: u16) -> SendError {
    match errors::find(TABLE, 401, None) {
        Some(row) => row.error(&format!("HTTP {status}"), None),
        None => errors::from_status(401, None),
    }
}
