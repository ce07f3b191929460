//! The vendor's codes, what they mean for a message, and what to tell people.
//!
//! An answer has a code of the whole, `errorCode`, and one of each message, `messageErrorCode`: the message's own says more.

use crate::kit::errors::{self, Class, Row, Sub};
use crate::kit::{http, json};
use antiphon_app::channel::{SendError, TryAgain};
use antiphon_app::ports::net::NetAnswer;
use antiphon_domain::Timestamp;
use antiphon_domain::delivery::Reason;
use serde_json::Value;

const BUG: &str = "Write the message differently; if it stays, report it with the channel log.";
const OTHER_CHANNEL: &str = "Reach the consumer on another channel.";
/// After how long a phone that was off is tried once more, in milliseconds.
const ABSENT_MS: i64 = 10 * 60_000;

const fn row(codes: &'static [(i64, Sub)], class: Class, reason: &'static str, message: &'static str, remedy: &'static str) -> Row {
    Row { codes, class, reason, message, remedy }
}

pub(super) static TABLE: &[Row] = &[
    row(
        &[(101, Sub::Any), (103, Sub::Any)],
        Class::Reauthorise,
        "not_authorised",
        "CM does not accept the product token.",
        "Enter the product token of the messaging gateway, from CM's Channels app.",
    ),
    row(
        &[(102, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The balance at CM does not suffice.",
        "Top the balance up in CM's platform.",
    ),
    row(
        &[(202, Sub::Any), (203, Sub::Any), (304, Sub::Any), (305, Sub::Any)],
        Class::Permanent,
        "malformed",
        "CM found a fault in the message.",
        BUG,
    ),
    row(
        &[(301, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "CM does not accept the sender.",
        "Check the source's address or its field from: up to 11 letters and digits, or 16 digits.",
    ),
    row(&[(302, Sub::Any), (303, Sub::Any)], Class::Stop, "unreachable", "The consumer's number is not valid.", OTHER_CHANNEL),
    row(
        &[(401, Sub::Any)],
        Class::Permanent,
        "filtered",
        "CM took the message for spam.",
        "Reword the message; link shorteners and capitals are often the cause.",
    ),
    row(&[(402, Sub::Any)], Class::Stop, "unreachable", "The consumer's number is on CM's blacklist.", OTHER_CHANNEL),
    row(&[(403, Sub::Any)], Class::Permanent, "rejected", "CM rejected the message.", "The channel log shows what CM says."),
    row(
        &[(500, Sub::Any), (999, Sub::Any)],
        Class::Retry(None),
        "vendor_unavailable",
        "CM has a fault at the moment.",
        "Nothing to do: it is tried again.",
    ),
];

/// The code of an answer: the message's own, where the whole only says that one failed.
pub(super) fn code_of(body: &Value) -> Option<i64> {
    let of_message = json::integer(&body["messages"][0]["messageErrorCode"]);
    match json::integer(&body["errorCode"]) {
        Some(0 | 201) | None => of_message,
        whole => of_message.filter(|code| *code != 0).or(whole),
    }
}

/// What a refused call means.
pub(super) fn of_answer(answer: &NetAnswer, body: &Value, now: Timestamp) -> SendError {
    let after_ms = http::retry_after(answer, now);
    // Too many calls are too many whatever the body says.
    let code = code_of(body).filter(|code| *code != 0 && answer.status != 429);
    let Some(code) = code else { return errors::from_status(answer.status, after_ms) };
    match errors::find(TABLE, code, None) {
        Some(row) => row.error(&code.to_string(), after_ms),
        None => {
            // A refusal inside a success has no status of its own.
            let status = if answer.status < 300 { 400 } else { answer.status };
            let mut error = errors::from_status(status, after_ms);
            error.reason.vendor_code = Some(code.to_string().into());
            error
        }
    }
}

/// Why a message failed after it was taken, and whether it is worth another try: a phone that was off may be on again.
pub(super) fn of_report(code: &str, error: &str, description: &str) -> (Reason, Option<TryAgain>) {
    let words = description.to_ascii_lowercase();
    let absent = code == "3" && ["absent", "switched off", "unreachable"].iter().any(|word| words.contains(word));
    let (ours, message, remedy) = match (code, absent) {
        (_, true) => ("unreachable", "The consumer's phone is off or out of reach.", "Send it again later."),
        ("1", false) => ("rejected", "The carrier did not take the message.", "Send it again, or reach the consumer on another channel."),
        _ => ("rejected", "The carrier did not deliver the message.", "Send it again, or reach the consumer on another channel."),
    };
    let vendor_code = if error.is_empty() { code.to_owned() } else { format!("{code}/{error}") };
    let reason = Reason { code: ours.into(), vendor_code: Some(vendor_code.into()), message: message.into(), remedy: Some(remedy.into()) };
    (reason, absent.then_some(TryAgain { after_ms: ABSENT_MS, max_attempts: 2 }))
}
