//! The vendor's codes, what they mean for a message, and what to tell people.
//!
//! Public list: <https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes>. Most of them come after the message was taken,
//! in a status; both come from this one table.

use crate::kit::errors::{Class, Row, Sub};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How long a number that Meta has blocked is left alone before the next message shows whether it still is.
const PARKED_MS: i64 = 15 * MINUTE_MS;
const AGAIN: &str = "Nothing to do: it is tried again.";
const RECONNECT: &str = "Connect the number again, so that the source gets a new access token.";
const BUG: &str = "Write the message differently; if it stays, report it with the channel log.";
const OTHER_CHANNEL: &str = "Reach the consumer on another channel.";
const MANAGER: &str = "Look at the number in WhatsApp Manager.";
const TEMPLATE: &str = "Look at the template in WhatsApp Manager, or choose another one.";

const fn row(codes: &'static [(i64, Sub)], class: Class, reason: &'static str, message: &'static str, remedy: &'static str) -> Row {
    Row { codes, class, reason, message, remedy }
}

const NO_PERMISSION: &str = "The app has no permission to send in the number's name, or has lost it.";
/// Every code from 200 to 299 is a permission that is missing.
const PERMISSIONS: [(i64, Sub); 100] = {
    let mut codes = [(200, Sub::Any); 100];
    let mut at = 1;
    while at < codes.len() {
        codes[at] = (codes[at - 1].0 + 1, Sub::Any);
        at += 1;
    }
    codes
};

pub(super) static TABLE: &[Row] = &[
    row(
        &[(0, Sub::Any), (190, Sub::Any)],
        Class::Reauthorise,
        "not_authorised",
        "The access token of the number is no longer valid.",
        RECONNECT,
    ),
    row(&PERMISSIONS, Class::Reauthorise, "not_authorised", NO_PERMISSION, RECONNECT),
    row(&[(3, Sub::Any), (10, Sub::Any), (131_005, Sub::Any)], Class::Reauthorise, "not_authorised", NO_PERMISSION, RECONNECT),
    row(
        &[(1, Sub::Any), (2, Sub::Any), (131_000, Sub::Any), (131_016, Sub::Any)],
        Class::Retry(None),
        "vendor_unavailable",
        "WhatsApp has a fault at the moment.",
        AGAIN,
    ),
    row(
        &[(135_000, Sub::Any)],
        Class::Retry(Some(2)),
        "vendor_unavailable",
        "WhatsApp could not take the message and gives no reason.",
        BUG,
    ),
    row(
        &[(4, Sub::Any), (80_007, Sub::Any), (130_429, Sub::Any), (613, Sub::Any)],
        Class::Throttle(None),
        "throttled",
        "The number or the app sends faster than it may.",
        AGAIN,
    ),
    row(&[(131_056, Sub::Any)], Class::Later(5, 6_000), "throttled", "Too many messages went to this consumer in a short time.", AGAIN),
    row(
        &[(131_048, Sub::Any)],
        Class::Source(Some(4 * HOUR_MS)),
        "throttled",
        "Too many people have blocked the number or reported it, so WhatsApp lets little through.",
        "Look at the number's quality in WhatsApp Manager, and write to people who expect it only.",
    ),
    row(
        &[(131_064, Sub::Any)],
        Class::Source(Some(DAY_MS)),
        "throttled",
        "WhatsApp limits the number because its templates broke the rules.",
        "Look at the templates' quality in WhatsApp Manager.",
    ),
    row(&[(131_057, Sub::Any)], Class::Later(10, MINUTE_MS), "vendor_unavailable", "The number is being maintained.", AGAIN),
    row(
        &[(133_016, Sub::Any)],
        Class::Source(Some(72 * HOUR_MS)),
        "source_misconfigured",
        "The number was registered and removed too often.",
        "Wait three days, then register it again.",
    ),
    row(
        &[(33, Sub::Any), (100, Sub::Any), (131_008, Sub::Any), (131_009, Sub::Any)],
        Class::Permanent,
        "malformed",
        "WhatsApp found a fault in the message, or does not know the number.",
        "Check the phone number id of the source; otherwise write the message differently.",
    ),
    row(
        &[(368, Sub::Any), (131_031, Sub::Any), (130_497, Sub::Any)],
        Class::Source(Some(PARKED_MS)),
        "policy_block",
        "Meta has restricted the business account.",
        "Look at the account in Meta Business Support and appeal there.",
    ),
    row(
        &[(130_472, Sub::Any)],
        Class::Permanent,
        "filtered",
        "WhatsApp withholds advertisements from this consumer as part of an experiment.",
        OTHER_CHANNEL,
    ),
    row(&[(131_021, Sub::Any)], Class::Permanent, "rejected", "The consumer's number is the source's own.", "Write to another number."),
    row(
        &[(131_026, Sub::Any)],
        Class::Permanent,
        "unreachable",
        "The consumer can't be reached: not on WhatsApp, with an old version, or without having accepted its terms.",
        OTHER_CHANNEL,
    ),
    row(
        &[(131_030, Sub::Any)],
        Class::Permanent,
        "source_misconfigured",
        "A test number may write to listed recipients only.",
        "Add the consumer's number to the list of the test number, or use a real one.",
    ),
    row(&[(131_037, Sub::Any)], Class::Source(None), "source_misconfigured", "The number's display name is not approved.", MANAGER),
    row(
        &[(131_042, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The business account can't pay for the message.",
        "Put the payment method in order in Meta Business Suite.",
    ),
    row(
        &[(131_045, Sub::Any), (133_010, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The number is not registered for WhatsApp.",
        "Register it again with its PIN.",
    ),
    row(
        &[(131_047, Sub::Any), (470, Sub::Any)],
        Class::Permanent,
        "window_closed",
        "The time for free answers after the consumer's last message is over.",
        "Send a template, or wait until the consumer writes again.",
    ),
    row(
        &[(131_049, Sub::Any)],
        Class::Permanent,
        "filtered",
        "WhatsApp withheld the message so that the consumer does not get too many advertisements.",
        "Don't send it again before tomorrow.",
    ),
    row(
        &[(131_050, Sub::Any)],
        Class::Permanent,
        "opted_out",
        "The consumer wants no advertisements from this business.",
        "Send them answers and notices only.",
    ),
    row(
        &[(131_051, Sub::Any)],
        Class::Permanent,
        "media_unsupported",
        "WhatsApp does not take messages of this kind.",
        "Send it in another form, or as a link.",
    ),
    row(
        &[(131_052, Sub::Any)],
        Class::Permanent,
        "media_unreachable",
        "The file that the consumer sent can't be fetched.",
        "Ask the consumer to send it again.",
    ),
    row(
        &[(131_053, Sub::Any)],
        Class::Retry(Some(2)),
        "media_unreachable",
        "WhatsApp could not fetch or use the file.",
        "Check that the public URL can be reached from outside, or switch the source's setting media_upload on.",
    ),
    row(
        &[(131_062, Sub::Any)],
        Class::Permanent,
        "rejected",
        "This message can't go to a consumer who hides their number.",
        "Send plain text.",
    ),
    row(&[(131_063, Sub::Any)], Class::Permanent, "rejected", "The number may not send advertisements.", MANAGER),
    row(
        &[(132_000, Sub::Any), (132_001, Sub::Any), (132_005, Sub::Any), (132_007, Sub::Any), (132_008, Sub::Any), (132_012, Sub::Any)],
        Class::Permanent,
        "malformed",
        "The template does not exist in this language, or what was filled in does not fit it.",
        TEMPLATE,
    ),
    row(
        &[(132_015, Sub::Any), (132_016, Sub::Any)],
        Class::Permanent,
        "rejected",
        "WhatsApp has paused or disabled the template for its low quality.",
        TEMPLATE,
    ),
    row(&[(132_068, Sub::Any)], Class::Permanent, "rejected", "The form of this message is blocked.", TEMPLATE),
    row(&[(132_069, Sub::Any)], Class::Throttle(None), "throttled", "The form of this message is sent too often.", AGAIN),
    row(
        &[(133_005, Sub::Any), (133_006, Sub::Any), (133_008, Sub::Any)],
        Class::Source(None),
        "source_misconfigured",
        "The number must be verified, or its PIN is wrong.",
        MANAGER,
    ),
    row(
        &[(133_009, Sub::Any), (133_015, Sub::Any)],
        Class::Later(5, 5 * MINUTE_MS),
        "vendor_unavailable",
        "The number's registration is not finished.",
        "Wait some minutes.",
    ),
    row(
        &[(137_000, Sub::Any)],
        Class::Permanent,
        "rejected",
        "The consumer's account has changed hands, or their phone has.",
        "Ask the consumer who they are before you write about their affairs.",
    ),
];
