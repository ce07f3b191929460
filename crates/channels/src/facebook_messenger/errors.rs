//! The vendor's codes, what they mean for a message, and what to tell people.
//!
//! Public list: <https://developers.facebook.com/docs/messenger-platform/error-codes>. How a refusal
//! is read is in `meta::refusal`.

use crate::kit::errors::{Class, Row, Sub};

/// How long a page that Meta has blocked is left alone before the next message shows whether it still is.
const PARKED_MS: i64 = 15 * 60_000;
const AGAIN: &str = "Nothing to do: it is tried again.";
const RECONNECT: &str = "Connect the page again, so that the source gets a new page access token.";
const BUG: &str = "Write the message differently; if it stays, report it with the channel log.";
const OTHER_CHANNEL: &str = "Reach the consumer on another channel.";

const fn row(codes: &'static [(i64, Sub)], class: Class, reason: &'static str, message: &'static str, remedy: &'static str) -> Row {
    Row { codes, class, reason, message, remedy }
}

pub(super) static TABLE: &[Row] = &[
    row(
        &[(1, Sub::Any), (1, Sub::Is(99))],
        Class::Retry(Some(3)),
        "vendor_unavailable",
        "Meta had an unknown fault.",
        "If it stays, check the page's permissions.",
    ),
    row(&[(2, Sub::Any), (1200, Sub::Any)], Class::Retry(None), "vendor_unavailable", "Meta has a fault at the moment.", AGAIN),
    row(
        &[(2, Sub::Is(2_018_344))],
        Class::Source(None),
        "source_misconfigured",
        "An administrator of the page has not accepted the terms for contact labels.",
        "Accept the terms in the page's settings.",
    ),
    row(
        &[(4, Sub::Any), (4, Sub::Is(2_018_022))],
        Class::Throttle(None),
        "throttled",
        "The app has used up its calls for the moment.",
        AGAIN,
    ),
    row(
        &[(10, Sub::Absent), (230, Sub::Any)],
        Class::Reauthorise,
        "not_authorised",
        "The app has no permission to send in the page's name, or has lost it.",
        RECONNECT,
    ),
    row(&[(10, Sub::Any)], Class::Permanent, "rejected", "Meta does not permit this message.", "The channel log shows Meta's explanation."),
    row(
        &[(10, Sub::Is(2_018_278)), (10, Sub::Is(2_018_065))],
        Class::Permanent,
        "window_closed",
        "The time for free answers after the consumer's last message is over.",
        "Wait until the consumer writes again, or have the app approved for human agents (7 days).",
    ),
    row(
        &[(10, Sub::Is(2_018_108))],
        Class::Stop,
        "unreachable",
        "The consumer does not receive messages from the page at the moment.",
        OTHER_CHANNEL,
    ),
    row(
        &[(10, Sub::Is(2_018_300))],
        Class::Permanent,
        "not_owner",
        "Another app has taken over the conversation at Meta.",
        "Send it again when that app has handed the conversation back.",
    ),
    row(&[(17, Sub::Any)], Class::Throttle(None), "throttled", "The user behind the token has made too many calls.", AGAIN),
    row(
        &[(32, Sub::Any), (613, Sub::Any), (80_006, Sub::Any)],
        Class::Throttle(None),
        "throttled",
        "The page has used up its calls for the moment.",
        AGAIN,
    ),
    row(&[(100, Sub::Any), (100, Sub::Is(2_018_034))], Class::Permanent, "malformed", "Meta found a fault in the message.", BUG),
    row(
        &[(100, Sub::Is(33))],
        Class::Permanent,
        "source_misconfigured",
        "Meta does not know the page or the person, or the token may not read it.",
        "Check the page id and the token's permissions.",
    ),
    row(&[(100, Sub::Is(2_018_001))], Class::Stop, "unreachable", "Meta does not know the consumer.", OTHER_CHANNEL),
    row(
        &[(100, Sub::Is(2_018_008))],
        Class::Retry(Some(2)),
        "media_unreachable",
        "Meta could not fetch the file from this server.",
        "Check that the public URL can be reached from outside, or switch the source's setting media_upload on.",
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
        "The file is too large for Messenger.",
        "Send a smaller file, or a link.",
    ),
    row(
        &[(100, Sub::Is(2_018_294))],
        Class::Retry(Some(1)),
        "media_unreachable",
        "Meta took too long to process the video.",
        "Send a shorter video, or a link.",
    ),
    row(&[(100, Sub::Is(1_893_061))], Class::Permanent, "malformed", "The message's tag is no longer permitted.", BUG),
    row(
        &[
            (190, Sub::Any),
            (190, Sub::Is(458)),
            (190, Sub::Is(459)),
            (190, Sub::Is(460)),
            (190, Sub::Is(463)),
            (190, Sub::Is(464)),
            (190, Sub::Is(467)),
            (190, Sub::Is(492)),
        ],
        Class::Reauthorise,
        "not_authorised",
        "The page access token is no longer valid.",
        RECONNECT,
    ),
    row(
        &[(200, Sub::Any), (200, Sub::Is(2_018_028)), (200, Sub::Is(2_018_027)), (200, Sub::Is(2_018_021))],
        Class::Permanent,
        "source_misconfigured",
        "The app is in development and may write to people with a role in it only.",
        "Have the app reviewed for pages_messaging (advanced access), or give the consumer a role while testing.",
    ),
    row(
        &[(200, Sub::Is(1_545_041)), (551, Sub::Any), (551, Sub::Is(1_545_041))],
        Class::Stop,
        "unreachable",
        "The consumer can't be reached: they blocked the page, or their account is inactive.",
        OTHER_CHANNEL,
    ),
    row(
        &[(341, Sub::Any), (368, Sub::Any)],
        Class::Source(Some(PARKED_MS)),
        "policy_block",
        "Meta has blocked the page or the app for breaking a policy.",
        "Look at the page's quality in Meta Business Support and appeal there.",
    ),
    row(
        &[(10_303, Sub::Any)],
        Class::Permanent,
        "rejected",
        "Linking the consumer's account failed.",
        "Ask the consumer to link it again.",
    ),
];
