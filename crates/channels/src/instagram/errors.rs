//! The vendor's codes, what they mean for a message, and what to tell people. They are Messenger's, but for those of Instagram's own.

use crate::kit::errors::{Class, Row, Sub};

/// How long an account that Meta has blocked is left alone before the next message shows whether it still is.
const PARKED_MS: i64 = 15 * 60_000;
const AGAIN: &str = "Nothing to do: it is tried again.";
const RECONNECT: &str = "Connect the account again, so that the source gets a new access token.";
const BUG: &str = "Write the message differently; if it stays, report it with the channel log.";
const OTHER_CHANNEL: &str = "Reach the consumer on another channel.";

const fn row(codes: &'static [(i64, Sub)], class: Class, reason: &'static str, message: &'static str, remedy: &'static str) -> Row {
    Row { codes, class, reason, message, remedy }
}

pub(super) static TABLE: &[Row] = &[
    row(
        &[(1, Sub::Any)],
        Class::Retry(Some(3)),
        "vendor_unavailable",
        "Meta had an unknown fault.",
        "If it stays, check the account's permissions.",
    ),
    row(&[(2, Sub::Any), (1200, Sub::Any)], Class::Retry(None), "vendor_unavailable", "Meta has a fault at the moment.", AGAIN),
    row(
        &[(4, Sub::Any), (17, Sub::Any), (32, Sub::Any), (613, Sub::Any), (80_002, Sub::Any), (80_006, Sub::Any)],
        Class::Throttle(None),
        "throttled",
        "The account or the app has used up its calls for the moment.",
        AGAIN,
    ),
    row(
        &[(10, Sub::Absent)],
        Class::Reauthorise,
        "not_authorised",
        "The app has no permission to send in the account's name, or has lost it.",
        RECONNECT,
    ),
    row(&[(10, Sub::Any)], Class::Permanent, "rejected", "Meta does not permit this message.", "The channel log shows Meta's explanation."),
    row(
        &[(10, Sub::Is(2_534_022)), (10, Sub::Is(2_018_278))],
        Class::Permanent,
        "window_closed",
        "The time for free answers after the consumer's last message is over.",
        "Wait until the consumer writes again, or have the app approved for human agents (7 days).",
    ),
    row(&[(100, Sub::Any)], Class::Permanent, "malformed", "Meta found a fault in the message.", BUG),
    row(
        &[(100, Sub::Is(2_534_014)), (100, Sub::Is(2_018_001))],
        Class::Stop,
        "unreachable",
        "Instagram does not know the consumer.",
        OTHER_CHANNEL,
    ),
    row(
        &[(100, Sub::Is(33))],
        Class::Permanent,
        "source_misconfigured",
        "Meta does not know the account or the person, or the token may not read it.",
        "Check the account's id and the token's permissions.",
    ),
    row(
        &[(100, Sub::Is(2_018_008))],
        Class::Retry(Some(2)),
        "media_unreachable",
        "Meta could not fetch the file from this server.",
        "Check that the public URL can be reached from outside.",
    ),
    row(
        &[(100, Sub::Is(2_018_047))],
        Class::Permanent,
        "media_unsupported",
        "Meta could not use the file: its kind does not fit its bytes.",
        "Send it in another format, or as a link.",
    ),
    row(
        &[(100, Sub::Is(2_018_109))],
        Class::Permanent,
        "media_too_large",
        "The file is too large for Instagram.",
        "Send a smaller file, or a link.",
    ),
    row(&[(190, Sub::Any)], Class::Reauthorise, "not_authorised", "The access token is no longer valid.", RECONNECT),
    row(
        &[(200, Sub::Any)],
        Class::Permanent,
        "source_misconfigured",
        "The app is in development and may write to people with a role in it only.",
        "Have the app reviewed for Instagram messaging, or give the consumer a role while testing.",
    ),
    row(
        &[(230, Sub::Any)],
        Class::Permanent,
        "rejected",
        "The consumer has not yet agreed to be known to the account.",
        "Wait until the consumer writes.",
    ),
    row(
        &[(551, Sub::Any)],
        Class::Stop,
        "unreachable",
        "The consumer can't be reached: they blocked the account, or theirs is inactive.",
        OTHER_CHANNEL,
    ),
    row(
        &[(341, Sub::Any), (368, Sub::Any)],
        Class::Source(Some(PARKED_MS)),
        "policy_block",
        "Meta has blocked the account or the app for breaking a policy.",
        "Look at the account's status in Instagram and appeal there.",
    ),
];
