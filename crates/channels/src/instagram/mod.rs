//! Instagram professional accounts, through Instagram's own log-in or a linked Facebook page.
//!
//! Public reference: <https://developers.facebook.com/docs/instagram-platform>.
//! Here: what the channel is. The wire is Messenger's but for details, so [`meta::messaging`] parses and calls; [`errors`] is the table of
//! codes.

mod errors;
#[cfg(test)]
pub(crate) mod tests;

use crate::kit::field::{optional, secret};
use crate::kit::settings;
use crate::meta::messaging::{IMAGE_MAX_BYTES, MEDIA_MAX_BYTES, Messaging, Product, Way};
use crate::meta::{self, graph};
use antiphon_app::channel::{ChannelKind, Keys};
use antiphon_content::{MediaRule, TextLimit, Unit};

/// The host of Instagram's own log-in.
const HOST: &str = "https://graph.instagram.com";
/// The longest text, in bytes of UTF-8.
const TEXT_MAX: u32 = 1_000;

/// What is taken as media, and how large.
const MEDIA: [(&str, u64); 15] = [
    ("image/png", IMAGE_MAX_BYTES),
    ("image/jpeg", IMAGE_MAX_BYTES),
    ("image/gif", IMAGE_MAX_BYTES),
    ("audio/aac", MEDIA_MAX_BYTES),
    ("audio/mp4", MEDIA_MAX_BYTES),
    ("audio/x-m4a", MEDIA_MAX_BYTES),
    ("audio/wav", MEDIA_MAX_BYTES),
    ("audio/x-wav", MEDIA_MAX_BYTES),
    ("video/mp4", MEDIA_MAX_BYTES),
    ("video/ogg", MEDIA_MAX_BYTES),
    ("video/x-msvideo", MEDIA_MAX_BYTES),
    ("video/avi", MEDIA_MAX_BYTES),
    ("video/quicktime", MEDIA_MAX_BYTES),
    ("video/webm", MEDIA_MAX_BYTES),
    ("application/pdf", MEDIA_MAX_BYTES),
];

/// The connector.
#[expect(non_upper_case_globals, reason = "it stands where other connectors have a type of their own")]
pub const Instagram: Messaging = Messaging { kind: &KIND, product: &PRODUCT, text, media, delivered: false };

static KIND: ChannelKind = ChannelKind {
    id: "instagram",
    name: "Instagram",
    published_as: "INSTAGRAM",
    address_label: "professional account id",
    credentials: &[
        secret("access_token", "Access token", false, "Of the account, from Instagram's log-in; lives 60 days and can be refreshed."),
        secret("page_access_token", "Page access token", false, "Of the linked Facebook page, where the account is connected through it."),
        optional("page_id", "Page id", None, "Of the linked Facebook page."),
        optional("ig_id", "Account id", None, "Only if it differs from the source's address."),
        optional("username", "User name", None, "Shown to people."),
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
        optional("human_agent_enabled", "Human agent", Some("false"), "Whether the app was approved to answer for 7 days (human agent)."),
        meta::PROOF,
    ],
    settings: &[optional(
        "media_upload",
        "Upload files",
        Some("false"),
        "On: files are uploaded to Meta instead of fetched from this server's public URL.",
    )],
    consent_keywords: false,
    carrier_answers_keywords: false,
    hosted: false,
};

static PRODUCT: Product = Product {
    object: "instagram",
    platform: "instagram",
    table: errors::TABLE,
    way,
    profile: "name,username,profile_pic",
    fields: "messages,messaging_postbacks,messaging_seen,message_reactions,messaging_referral",
};

/// Through the linked page where its token is there, else by Instagram's own.
fn way(keys: &Keys) -> Way<'_> {
    let own = keys.credential("ig_id").unwrap_or_else(|| settings::address(keys));
    match (keys.credential("page_access_token"), keys.credential("access_token")) {
        (Some(_), None) => Way { host: graph::HOST, token: "page_access_token", path: keys.credential("page_id").unwrap_or("me"), own },
        _ => Way { host: HOST, token: "access_token", path: "me", own },
    }
}

fn text(_keys: &Keys) -> TextLimit {
    TextLimit { max: TEXT_MAX, unit: Unit::Utf8, segments: false }
}

fn media() -> Vec<MediaRule> {
    MEDIA.iter().map(|(mime, max)| MediaRule::new(mime, *max)).collect()
}
