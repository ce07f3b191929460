//! The statuses of the Bot API, what they mean for a message, and what to tell people.
//!
//! Public list: <https://developers.viber.com/docs/api/rest-bot-api/#error-codes>.

use crate::kit::errors::{self, Class, Row, Sub};
use crate::kit::{http, json};
use antiphon_app::channel::SendError;
use antiphon_app::ports::net::NetAnswer;
use antiphon_domain::Timestamp;
use serde_json::Value;

const AGAIN: &str = "Nothing to do: it is tried again.";
const OTHER_CHANNEL: &str = "Reach the consumer on another channel.";
const BUG: &str = "Write the message differently; if it stays, report it with the channel log.";
const TOKEN: &str = "Copy the token from the bot's admin panel into the source; if it is right, ask Viber why the account is closed.";
/// The outbox looks again after an hour at the latest.
const LONG_MS: i64 = 3_600_000;

const fn row(codes: &'static [(i64, Sub)], class: Class, reason: &'static str, message: &'static str, remedy: &'static str) -> Row {
    Row { codes, class, reason, message, remedy }
}

pub(super) static TABLE: &[Row] = &[
    row(
        &[(1, Sub::Any)],
        Class::Permanent,
        "source_misconfigured",
        "Viber does not accept the webhook's address.",
        "Check the public address: it must be https with a certificate of a public authority.",
    ),
    row(&[(2, Sub::Any)], Class::Reauthorise, "not_authorised", "Viber does not accept the token.", TOKEN),
    row(&[(3, Sub::Any), (4, Sub::Any)], Class::Permanent, "malformed", "Viber found a fault in the message.", BUG),
    row(&[(5, Sub::Any)], Class::Stop, "unreachable", "Viber does not know the consumer.", OTHER_CHANNEL),
    row(
        &[(6, Sub::Any)],
        Class::Stop,
        "opted_out",
        "The consumer has not subscribed to the bot, or has left it.",
        "They subscribe again by writing to the bot.",
    ),
    row(&[(7, Sub::Any)], Class::Reauthorise, "not_authorised", "Viber has blocked the bot's account.", TOKEN),
    row(&[(8, Sub::Any)], Class::Reauthorise, "not_authorised", "Viber knows no bot with this token.", TOKEN),
    row(&[(9, Sub::Any)], Class::Reauthorise, "not_authorised", "Viber has suspended the bot's account.", TOKEN),
    row(
        &[(10, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The bot has no webhook, and Viber sends nothing without one.",
        "Set the webhook again, as the channel's page tells.",
    ),
    row(&[(11, Sub::Any)], Class::Permanent, "unreachable", "None of the consumer's devices can show the message.", OTHER_CHANNEL),
    row(&[(12, Sub::Any)], Class::Throttle(None), "throttled", "Viber asks to slow down.", AGAIN),
    row(
        &[(13, Sub::Any), (14, Sub::Any)],
        Class::Permanent,
        "rejected",
        "The consumer's Viber is too old for the message.",
        "Send it as plain text.",
    ),
    row(
        &[(15, Sub::Any), (16, Sub::Any), (17, Sub::Any), (18, Sub::Any)],
        Class::Permanent,
        "rejected",
        "The bot may not send this.",
        "Look at the bot's permissions in its admin panel.",
    ),
    row(&[(19, Sub::Any), (20, Sub::Any)], Class::Permanent, "rejected", "Viber does not permit this bot to write to many at once.", BUG),
    row(&[(21, Sub::Any)], Class::Stop, "unreachable", "Bots can't write to the consumer's country.", OTHER_CHANNEL),
    row(&[(22, Sub::Any)], Class::Permanent, "rejected", "Payments are not possible in the consumer's Viber.", BUG),
    row(
        &[(23, Sub::Any)],
        Class::Throttle(Some(LONG_MS)),
        "throttled",
        "The bot has used up its free messages of this month.",
        "Buy messages at Viber, or wait for the next month.",
    ),
    row(
        &[(24, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The bot's account has no money left for messages.",
        "Top the account up at Viber.",
    ),
];

/// What a call that did not succeed means: by the status in the body, and without one by that of HTTP.
pub(super) fn of_answer(answer: &NetAnswer, body: &Value, now: Timestamp) -> SendError {
    let asked = http::retry_after(answer, now);
    let Some(status) = json::integer(&body["status"]) else { return errors::from_status(answer.status, asked) };
    match errors::find(TABLE, status, None) {
        Some(row) => row.error(&status.to_string(), asked),
        None => GENERAL.error(&status.to_string(), asked),
    }
}

/// Everything that the list does not name.
static GENERAL: Row = row(&[], Class::Retry(Some(2)), "vendor_unavailable", "Viber had a fault of no known kind.", AGAIN);
