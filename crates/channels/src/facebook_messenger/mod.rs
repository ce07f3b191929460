//! Facebook pages over Meta's Messenger Platform, Graph API.
//!
//! Public reference: <https://developers.facebook.com/docs/messenger-platform>,
//! <https://developers.facebook.com/docs/graph-api/webhooks>.
//! Here: what the channel is. What it shares with its vendor's other channels is in [`meta`], which verifies; [`meta::messaging`] parses and
//! calls, and [`errors`] is the table of codes. One app secret covers all pages of an app, so every item names its page.

mod errors;
#[cfg(test)]
pub(crate) mod tests;

use crate::kit::field::{optional, secret};
use crate::kit::settings;
use crate::meta::messaging::{IMAGE_MAX_BYTES, MEDIA_MAX_BYTES, Messaging, Product, Way};
use crate::meta::{self, graph};
use antiphon_app::channel::{ChannelKind, Keys};
use antiphon_content::{MediaRule, TextLimit, Unit};

/// The longest text that the vendor takes, in characters.
const TEXT_MAX: u32 = 2_000;
/// Long bubbles are cut on phones, so texts are split earlier by default.
const TEXT_MAX_DEFAULT: u32 = 640;

/// The connector.
#[expect(non_upper_case_globals, reason = "it stands where other connectors have a type of their own")]
pub const FacebookMessenger: Messaging = Messaging { kind: &KIND, product: &PRODUCT, text, media, delivered: true };

static KIND: ChannelKind = ChannelKind {
    id: "facebook_messenger",
    name: "Facebook Messenger",
    published_as: "FACEBOOK",
    address_label: "page id",
    credentials: &[
        secret(
            "page_access_token",
            "Page access token",
            true,
            "Allows calls in the page's name. From the app's Messenger settings, or from the log-in.",
        ),
        optional("page_id", "Page id", None, "Only if it differs from the source's address."),
        optional("page_name", "Page name", None, "Shown to people."),
        secret("user_access_token", "User access token", false, "Of the person who connected the page; lists their pages again."),
        meta::OWN_APP_ID,
        meta::OWN_APP_SECRET,
        meta::APP_SECRET_PREVIOUS,
        meta::OWN_VERIFY_TOKEN,
    ],
    app_credentials: &[
        meta::APP_ID,
        meta::APP_SECRET,
        meta::APP_SECRET_PREVIOUS,
        meta::VERIFY_TOKEN,
        meta::VERSION,
        optional("login_config_id", "Log-in configuration", None, "Of Facebook Login for Business, if it is used."),
        optional("human_agent_enabled", "Human agent", Some("false"), "Whether the app was approved to answer for 7 days (human agent)."),
        meta::PROOF,
    ],
    settings: &[
        optional("text_max", "Longest message", Some("640"), "Longer texts are split; characters, 1 to 2000."),
        optional(
            "media_upload",
            "Upload files",
            Some("false"),
            "On: files are uploaded to Meta instead of fetched from this server's public URL.",
        ),
    ],
    consent_keywords: false,
    carrier_answers_keywords: false,
    hosted: false,
};

static PRODUCT: Product = Product {
    object: "page",
    platform: "messenger",
    table: errors::TABLE,
    way,
    profile: "first_name,last_name,name,profile_pic",
    // An unknown name would be refused, so only those that every version knows are here.
    fields: "messages,messaging_postbacks,messaging_optins,messaging_optouts,messaging_referrals,message_deliveries,message_reads,\
        message_echoes,message_reactions,messaging_handovers,standby,messaging_policy_enforcement,messaging_account_linking,\
        messaging_feedback",
};

fn way(keys: &Keys) -> Way<'_> {
    let page = keys.credential("page_id").unwrap_or_else(|| settings::address(keys));
    Way { host: graph::HOST, token: "page_access_token", path: page, own: page }
}

fn text(keys: &Keys) -> TextLimit {
    let max = settings::number(keys, "text_max", TEXT_MAX_DEFAULT, 1, TEXT_MAX);
    TextLimit { max, unit: Unit::Codepoint, segments: false }
}

fn media() -> Vec<MediaRule> {
    vec![MediaRule::new("image/*", IMAGE_MAX_BYTES), MediaRule::new("*/*", MEDIA_MAX_BYTES)]
}
