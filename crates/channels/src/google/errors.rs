//! Refusals: an HTTP status, its name, and a text for developers.

use crate::kit::errors::{self, Class, Row, Sub};
use crate::kit::{http, json};
use antiphon_app::channel::SendError;
use antiphon_app::ports::net::NetAnswer;
use antiphon_domain::Timestamp;

const AGAIN: &str = "Nothing to do: it is tried again.";

const fn row(codes: &'static [(i64, Sub)], class: Class, reason: &'static str, message: &'static str, remedy: &'static str) -> Row {
    Row { codes, class, reason, message, remedy }
}

pub(crate) static TABLE: &[Row] = &[
    row(
        &[(400, Sub::Any)],
        Class::Permanent,
        "malformed",
        "Google found a fault in the message, or the consumer's phone can't show it.",
        "Send it as plain text; if it stays, report it with the channel log.",
    ),
    row(
        &[(401, Sub::Any)],
        Class::Reauthorise,
        "not_authorised",
        "Google does not accept the service account.",
        "Make a new key for the service account at Google, and paste its JSON into the source.",
    ),
    row(
        &[(403, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The agent may not write to this consumer: it is not launched there, the API is off, or the consumer is no tester.",
        "Check the agent's launch and testers in Google's console.",
    ),
    row(
        &[(404, Sub::Any)],
        Class::Permanent,
        "unreachable",
        "Google can't reach the consumer on this channel.",
        "Reach the consumer on another channel.",
    ),
    row(
        &[(413, Sub::Any)],
        Class::Permanent,
        "media_too_large",
        "The message is larger than Google takes.",
        "Send a smaller file, or a link.",
    ),
    row(&[(429, Sub::Any)], Class::Throttle(None), "throttled", "The agent has used up its messages for the moment.", AGAIN),
    row(
        &[(500, Sub::Any), (502, Sub::Any), (503, Sub::Any)],
        Class::Retry(None),
        "vendor_unavailable",
        "Google has a fault at the moment.",
        AGAIN,
    ),
];

/// Whether the message itself was refused: it is malformed, or more than the consumer's phone can show.
pub(crate) fn is_invalid(answer: &NetAnswer) -> bool {
    answer.status == 400 && json::read(&answer.body).is_ok_and(|body| body["error"]["status"] == "INVALID_ARGUMENT")
}

/// What a refused call means. The status of HTTP and the code in the body are the same number.
pub(crate) fn of_answer(answer: &NetAnswer, now: Timestamp) -> SendError {
    let body = json::read(&answer.body).unwrap_or_default();
    let asked = http::retry_after(answer, now);
    let name = json::text(&body["error"]["status"]);
    match errors::find(TABLE, i64::from(answer.status), None) {
        Some(row) => row.error(&name.unwrap_or_else(|| answer.status.to_string()), asked),
        None => errors::from_status(answer.status, asked),
    }
}
