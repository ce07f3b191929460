//! Refusals of the Bot API: a code, which is the HTTP status again, and a description in English that alone tells one 400 from another.

use crate::kit::errors::{self, error};
use crate::kit::{http, json};
use antiphon_app::channel::{Disposition, SendError};
use antiphon_app::ports::net::NetAnswer;
use antiphon_domain::Timestamp;
use serde_json::Value;

const OTHER_CHANNEL: &str = "Reach the consumer on another channel, or wait until they write again.";

/// What a description means.
struct Row {
    code: i64,
    /// One of these stands in the description, in lower case; an empty one stands in all.
    says: &'static [&'static str],
    disposition: Disposition,
    reason: &'static str,
    message: &'static str,
    remedy: &'static str,
}

const fn row(
    code: i64,
    says: &'static [&'static str],
    disposition: Disposition,
    reason: &'static str,
    message: &'static str,
    remedy: &'static str,
) -> Row {
    Row { code, says, disposition, reason, message, remedy }
}

/// The first row that fits counts.
static TABLE: &[Row] = &[
    row(
        400,
        &["chat not found", "user not found", "peer_id_invalid"],
        Disposition::OptedOut,
        "unreachable",
        "Telegram does not know the consumer, or they never wrote to this bot.",
        OTHER_CHANNEL,
    ),
    row(
        400,
        &["message is too long", "caption is too long"],
        Disposition::Failed,
        "malformed",
        "The text is longer than Telegram takes.",
        "Write it in several messages.",
    ),
    row(
        400,
        &["text is empty", "must be non-empty"],
        Disposition::Failed,
        "malformed",
        "There is nothing in the message.",
        "Write a text.",
    ),
    row(
        400,
        &["wrong file identifier", "wrong type of the web page content", "failed to get http url content", "image_process_failed"],
        Disposition::Failed,
        "media_unsupported",
        "Telegram could not use the file.",
        "Send it in another format, or as a link.",
    ),
    row(
        400,
        &["file is too big"],
        Disposition::Failed,
        "media_too_large",
        "The file is larger than the 20 MB that a bot may fetch from Telegram.",
        "Ask the consumer for a smaller file, or for a link.",
    ),
    row(
        401,
        &[""],
        Disposition::NeedsReauthorisation,
        "not_authorised",
        "Telegram does not accept the bot's token any more.",
        "Get the bot's current token from BotFather and enter it in the source.",
    ),
    row(403, &["bot was blocked by the user"], Disposition::OptedOut, "opted_out", "The consumer has blocked the bot.", OTHER_CHANNEL),
    row(
        403,
        &[""],
        Disposition::OptedOut,
        "unreachable",
        "The bot may not write to the consumer: their account is gone, they removed the bot, or they never started it.",
        OTHER_CHANNEL,
    ),
    row(
        404,
        &[""],
        Disposition::NeedsReauthorisation,
        "not_authorised",
        "Telegram knows no bot with this token.",
        "Get the bot's token from BotFather and enter it in the source.",
    ),
    row(
        409,
        &[""],
        Disposition::Misconfigured { pause_ms: None },
        "source_misconfigured",
        "Another program fetches this bot's updates.",
        "Stop the other program, or make a bot of its own for it; then set the webhook again.",
    ),
    row(
        413,
        &[""],
        Disposition::Failed,
        "media_too_large",
        "The file is larger than the 50 MB that a bot may send.",
        "Send a smaller file, or a link.",
    ),
];

/// What a refused call means.
pub(super) fn of_answer(answer: &NetAnswer, body: &Value, now: Timestamp) -> SendError {
    let asked = json::integer(&body["parameters"]["retry_after"]).filter(|seconds| (0..=86_400).contains(seconds));
    let after_ms = asked.map(|seconds| seconds * 1_000).or_else(|| http::retry_after(answer, now));
    let Some(code) = json::integer(&body["error_code"]) else { return errors::from_status(answer.status, after_ms) };
    let description = body["description"].as_str().unwrap_or_default().to_ascii_lowercase();
    let found = TABLE.iter().find(|row| row.code == code && row.says.iter().any(|says| description.contains(says)));
    let mut refused = match found {
        Some(row) => error(row.disposition.clone(), row.reason, row.message, Some(row.remedy)),
        None => errors::from_status(u16::try_from(code).unwrap_or(answer.status), after_ms),
    };
    refused.reason.vendor_code = Some(code.to_string().into());
    refused
}

/// A group has become another chat: its new id.
pub(super) fn moved_to(body: &Value) -> Option<i64> {
    json::integer(&body["parameters"]["migrate_to_chat_id"])
}

#[cfg(test)]
pub(super) fn classes() -> impl Iterator<Item = (i64, &'static str, Disposition, &'static str, &'static str)> {
    TABLE.iter().map(|row| (row.code, row.says[0], row.disposition.clone(), row.message, row.remedy))
}
