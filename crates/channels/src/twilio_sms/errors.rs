//! The vendor's codes, what they mean for a message, and what to tell people.
//!
//! Public list: <https://www.twilio.com/docs/api/errors>. Codes below 30000 come as refusals of a call, those from 30001 mostly in a
//! status callback; both come from this one table.

use crate::kit::errors::{self, Class, Row, Sub};
use crate::kit::{http, json};
use antiphon_app::channel::{Disposition, SendError, TryAgain};
use antiphon_app::ports::net::NetAnswer;
use antiphon_domain::Timestamp;
use antiphon_domain::delivery::Reason;
use antiphon_domain::source::HealthState;
use serde_json::Value;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 3600 * 1000;
const AGAIN: &str = "Nothing to do: it is tried again.";

const fn row(codes: &'static [(i64, Sub)], class: Class, reason: &'static str, message: &'static str, remedy: &'static str) -> Row {
    Row { codes, class, reason, message, remedy }
}

pub(super) static TABLE: &[Row] = &[
    row(
        &[(20003, Sub::Any)],
        Class::Reauthorise,
        "not_authorised",
        "Twilio does not accept the source's credentials.",
        "Enter the account's current auth token, or a working API key, in the source's credentials.",
    ),
    row(
        &[(20005, Sub::Any)],
        Class::Reauthorise,
        "not_authorised",
        "The Twilio account is not active.",
        "Reactivate the account in the Twilio console.",
    ),
    row(
        &[(20404, Sub::Any)],
        Class::Permanent,
        "source_misconfigured",
        "Twilio does not know the account or the resource.",
        "Check the account SID in the source's credentials.",
    ),
    row(&[(20429, Sub::Any)], Class::Throttle(None), "throttled", "Twilio has too many requests of this account at once.", AGAIN),
    row(&[(20500, Sub::Any), (20503, Sub::Any)], Class::Retry(None), "vendor_unavailable", "Twilio has a fault at the moment.", AGAIN),
    row(
        &[(21211, Sub::Any), (21217, Sub::Any), (21401, Sub::Any), (21614, Sub::Any)],
        Class::Stop,
        "unreachable",
        "The consumer's number is not a valid mobile number.",
        "Reach the consumer on another channel.",
    ),
    row(
        &[(21212, Sub::Any), (21606, Sub::Any), (21603, Sub::Any), (21601, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The source's number is missing, not owned by the account, or can't send SMS.",
        "Check the source's number and the number's capabilities in the Twilio console.",
    ),
    row(
        &[(21408, Sub::Any)],
        Class::Permanent,
        "source_misconfigured",
        "The Twilio account may not send to the consumer's country.",
        "Enable the country under the messaging geographic permissions of the Twilio console.",
    ),
    row(
        &[(21608, Sub::Any)],
        Class::Permanent,
        "source_misconfigured",
        "A trial account may write to verified numbers only.",
        "Verify the consumer's number in the Twilio console, or upgrade the account.",
    ),
    row(
        &[(21610, Sub::Any)],
        Class::Stop,
        "opted_out",
        "The consumer has opted out with STOP.",
        "Wait until the consumer writes START; don't try again.",
    ),
    row(&[(21611, Sub::Any)], Class::Throttle(None), "throttled", "The queue of the source's number is full.", AGAIN),
    row(
        &[(21612, Sub::Any)],
        Class::Permanent,
        "rejected",
        "Twilio has no route from the source's number to the consumer's.",
        "Use another number for this country.",
    ),
    row(&[(21617, Sub::Any)], Class::Permanent, "malformed", "The text is longer than 1,600 characters.", "Send it in shorter messages."),
    row(
        &[(21620, Sub::Any), (21623, Sub::Any)],
        Class::Permanent,
        "media_unreachable",
        "Twilio can't use the file's address, or there are too many files.",
        "Check that this server's public URL can be reached from outside, or send the file as a link.",
    ),
    row(
        &[(21609, Sub::Any)],
        Class::Permanent,
        "source_misconfigured",
        "The address for status callbacks is not valid.",
        "Set a public URL for this server whose host has no underscore.",
    ),
    row(
        &[(21701, Sub::Any), (21702, Sub::Any), (21703, Sub::Any), (21704, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The messaging service is missing, inactive, or has no numbers.",
        "Check the messaging service SID, and the service's sender pool in the Twilio console.",
    ),
    row(
        &[(30001, Sub::Any)],
        Class::Later(1, MINUTE_MS),
        "vendor_unavailable",
        "The message waited too long in Twilio's queue.",
        "Send it again when there is less traffic.",
    ),
    row(
        &[(30002, Sub::Any)],
        Class::Reauthorise,
        "not_authorised",
        "The Twilio account is suspended.",
        "Reactivate the account in the Twilio console.",
    ),
    row(
        &[(30003, Sub::Any)],
        Class::Later(2, 10 * MINUTE_MS),
        "unreachable",
        "The consumer's phone is off or out of reach.",
        "Send it again later.",
    ),
    row(
        &[(30004, Sub::Any)],
        Class::Stop,
        "opted_out",
        "The consumer or their carrier blocks messages from this number.",
        "Reach the consumer on another channel.",
    ),
    row(
        &[(30005, Sub::Any), (30006, Sub::Any)],
        Class::Stop,
        "unreachable",
        "The consumer's number is unknown or can't receive SMS.",
        "Reach the consumer on another channel.",
    ),
    row(
        &[(30007, Sub::Any)],
        Class::Permanent,
        "filtered",
        "The carrier took the message for spam.",
        "Reword the message; link shorteners and capitals are often the cause.",
    ),
    row(
        &[(30008, Sub::Any)],
        Class::Later(1, MINUTE_MS),
        "vendor_unavailable",
        "The carrier gave no reason for the failure.",
        "Send it again.",
    ),
    row(
        &[(30017, Sub::Any), (30410, Sub::Any)],
        Class::Retry(None),
        "vendor_unavailable",
        "The carrier's network is congested.",
        "Send it again later.",
    ),
    row(&[(30022, Sub::Any)], Class::Throttle(None), "throttled", "The number sends faster than its registration allows.", AGAIN),
    row(
        &[(30023, Sub::Any), (30027, Sub::Any)],
        Class::Throttle(Some(DAY_MS)),
        "throttled",
        "The number has used up what its registration allows for today.",
        "Send it again tomorrow, or raise the brand's registration at Twilio.",
    ),
    row(
        &[(30032, Sub::Any), (30034, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The source's number is not registered for this traffic.",
        "Finish the toll-free verification or the A2P 10DLC registration in the Twilio console.",
    ),
    row(
        &[(30019, Sub::Any)],
        Class::Permanent,
        "media_too_large",
        "The file is too large for the consumer's carrier.",
        "Send the file as a link: switch the source's setting mms off.",
    ),
    row(
        &[(30011, Sub::Any), (21621, Sub::Any), (21622, Sub::Any)],
        Class::Permanent,
        "media_unsupported",
        "The number or the consumer's carrier takes no pictures.",
        "Send the file as a link: switch the source's setting mms off.",
    ),
    row(
        &[(63016, Sub::Any)],
        Class::Permanent,
        "window_closed",
        "The channel allows free replies only for a while after the consumer's last message.",
        "Wait until the consumer writes again.",
    ),
    row(&[(63018, Sub::Any)], Class::Throttle(None), "throttled", "The channel asks to slow down.", AGAIN),
    row(
        &[(63024, Sub::Any)],
        Class::Stop,
        "unreachable",
        "The recipient does not exist on the channel.",
        "Reach the consumer on another channel.",
    ),
];

/// What a refused call means.
pub(super) fn of_answer(answer: &NetAnswer, body: &Value, now: Timestamp) -> SendError {
    match json::integer(&body["code"]) {
        Some(code) => of_code(code, answer, now),
        None => errors::from_status(answer.status, http::retry_after(answer, now)),
    }
}

/// What a code means; one that the table lacks is told by the answer's status.
pub(super) fn of_code(code: i64, answer: &NetAnswer, now: Timestamp) -> SendError {
    let after_ms = http::retry_after(answer, now);
    match errors::find(TABLE, code, None) {
        Some(row) => row.error(&code.to_string(), after_ms),
        None => {
            // A failure inside a success has no status of its own.
            let status = if answer.status < 300 { 400 } else { answer.status };
            let mut error = errors::from_status(status, after_ms);
            error.reason.vendor_code = Some(code.to_string().into());
            error
        }
    }
}

/// What a failure after the message was taken means.
pub(super) struct Failed {
    pub reason: Reason,
    /// The consumer withdrew their consent.
    pub opted_out: bool,
    pub again: Option<TryAgain>,
    /// The account as a whole is at fault.
    pub source: Option<HealthState>,
}

/// Why a message failed after it was taken.
pub(super) fn of_status(status: &str, code: Option<&str>) -> Failed {
    let row = code.and_then(|code| code.trim().parse().ok()).and_then(|code| errors::find(TABLE, code, None));
    if let (Some(row), Some(code)) = (row, code) {
        let source = match row.class {
            Class::Reauthorise => Some(HealthState::NeedsReauthorisation),
            Class::Source(_) => Some(HealthState::Failing),
            _ => None,
        };
        return Failed { reason: row.reason(code.trim()), opted_out: row.reason == "opted_out", again: row.again(), source };
    }
    let (ours, message, remedy) = match status {
        "canceled" => ("cancelled", "The message was cancelled at Twilio.", "Send it again if it is still wanted."),
        "undelivered" => {
            ("rejected", "The carrier did not deliver the message.", "Send it again, or reach the consumer on another channel.")
        }
        _ => ("rejected", "Twilio could not send the message.", "The channel log and Twilio's console show more."),
    };
    let vendor_code = Some(code.unwrap_or(status).chars().take(40).collect::<String>().into());
    let reason = Reason { code: ours.into(), vendor_code, message: message.into(), remedy: Some(remedy.into()) };
    Failed { reason, opted_out: false, again: None, source: None }
}

/// Whether the same message without its picture would be taken.
pub(super) fn is_picture_refused(refused: &SendError) -> bool {
    refused.disposition == Disposition::Failed
        && matches!(refused.reason.code.as_ref(), "media_unsupported" | "media_too_large" | "media_unreachable")
}
