//! WhatsApp over Meta's Cloud API.
//!
//! Public reference: <https://developers.facebook.com/docs/whatsapp/cloud-api>.
//! Here: what the channel is. [`crate::meta`] verifies, [`inbound`] parses what people write ([`contents`]) and what became of our messages
//! ([`statuses`]), [`send`] calls, [`cards`] and [`templates`] are the vendor's forms, [`errors`] is the table of codes.
//!
//! One app secret covers all numbers of an app, so every item names its number; people are known by their digits, or by the id that
//! the vendor gives those who hide them.

mod cards;
mod contents;
mod errors;
mod inbound;
mod media;
mod send;
mod statuses;
mod templates;
#[cfg(test)]
pub(crate) mod tests;

use crate::kit::field::{optional, secret};
use crate::kit::{adapt, settings};
use crate::meta::graph::Graph;
use crate::meta::{self, graph, handshake, signature};
use antiphon_app::channel::{
    Adapted, Answer, CatchUp, Channel, ChannelKind, DeadLetter, FetchedMedia, InboundItem, Keys, MediaFetch, MessageTemplate, Outbound,
    OutboundContent, RawRequest, Refusal, SendError, Sent, SignalTo, Signals, Templates, Verified,
};
use antiphon_app::ports::net::Net;
use antiphon_content::{Capabilities, MediaLimits, MediaRule, TextLimit, Unit, Window};
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// The product's name in the usage headers.
const PRODUCT: &str = "whatsapp";
const TEXT_MAX: u32 = 4_096;
const CAPTION_MAX: u32 = 1_024;
const MIB: u64 = 1 << 20;
const MEDIA_MAX_BYTES: u64 = 100 * MIB;
const WINDOW_HOURS: u32 = 24;
/// Webhooks are repeated for a week; only a lost subscription has to be found.
const CATCH_UP_MS: i64 = 3_600_000;

/// What is taken as media, and how large.
const MEDIA: [(&str, u64); 22] = [
    ("image/jpeg", 5 * MIB),
    ("image/png", 5 * MIB),
    ("image/webp", 100 << 10),
    ("audio/aac", 16 * MIB),
    ("audio/amr", 16 * MIB),
    ("audio/mpeg", 16 * MIB),
    ("audio/mp4", 16 * MIB),
    ("audio/ogg", 16 * MIB),
    ("video/mp4", 16 * MIB),
    ("video/3gpp", 16 * MIB),
    ("text/plain", MEDIA_MAX_BYTES),
    ("text/csv", MEDIA_MAX_BYTES),
    ("application/pdf", MEDIA_MAX_BYTES),
    ("application/msword", MEDIA_MAX_BYTES),
    ("application/vnd.ms-excel", MEDIA_MAX_BYTES),
    ("application/vnd.ms-powerpoint", MEDIA_MAX_BYTES),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", MEDIA_MAX_BYTES),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", MEDIA_MAX_BYTES),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", MEDIA_MAX_BYTES),
    ("application/vnd.oasis.opendocument.text", MEDIA_MAX_BYTES),
    ("application/vnd.oasis.opendocument.spreadsheet", MEDIA_MAX_BYTES),
    ("application/vnd.oasis.opendocument.presentation", MEDIA_MAX_BYTES),
];

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct Whatsapp;

static KIND: ChannelKind = ChannelKind {
    id: "whatsapp",
    name: "WhatsApp",
    published_as: "WHATSAPP BUSINESS",
    address_label: "phone number id",
    credentials: &[
        secret("business_token", "Access token", true, "From the sign-up of the number, or of a system user; allows calls in its name."),
        optional("phone_number_id", "Phone number id", None, "Only if it differs from the source's address."),
        optional("waba_id", "Business account id", None, "Of the WhatsApp Business Account; needed for templates."),
        optional("display_phone_number", "Phone number", None, "As people see it, for example +1 555 000 1111."),
        secret("pin", "PIN", false, "The six digits of two-step verification; used when the number is registered."),
        optional("webhook_override_url", "Own webhook address", None, "Where Meta calls for this number, if not the app's address."),
        optional("quality_rating", "Quality", None, "As WhatsApp Manager shows it; a note for people."),
        optional("throughput_level", "Throughput", None, "As WhatsApp Manager shows it; a note for people."),
        optional("messaging_limit", "Messaging limit", None, "As WhatsApp Manager shows it; a note for people."),
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
        optional("embedded_signup_config_id", "Sign-up configuration", None, "Of Embedded Signup, if it is used."),
        secret("admin_system_user_token", "System user token", false, "Of the brand's own business, if it manages numbers of others."),
        meta::PROOF,
    ],
    settings: &[
        optional("text_max", "Longest message", Some("4096"), "Longer texts are split; characters, 1 to 4096."),
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

/// The Graph API, as the number calls it.
fn graph(keys: &Keys) -> Graph<'_> {
    Graph { keys, host: graph::HOST, token: "business_token", table: errors::TABLE, product: PRODUCT }
}

/// The number's id.
fn number(keys: &Keys) -> &str {
    keys.credential("phone_number_id").unwrap_or_else(|| settings::address(keys))
}

impl Channel for Whatsapp {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn capabilities(&self, keys: &Keys) -> Capabilities {
        Capabilities {
            text: TextLimit { max: settings::number(keys, "text_max", TEXT_MAX, 1, TEXT_MAX), unit: Unit::Codepoint, segments: false },
            caption_max: CAPTION_MAX.min(settings::number(keys, "text_max", TEXT_MAX, 1, TEXT_MAX)),
            structured: cards::LIMITS,
            media: MediaLimits {
                types: MEDIA.iter().map(|(mime, max)| MediaRule::new(mime, *max)).collect(),
                max_bytes: MEDIA_MAX_BYTES,
                max_per_message: 1,
            },
            signals: antiphon_content::Signals { typing_out: true, seen_out: true, typing_in: false, delivered: true, read: true },
            window: Some(Window { hours: WINDOW_HOURS, extend: None }),
            consent_keywords: false,
            native_messages: true,
        }
    }

    fn verify<'a>(&self, request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
        signature::verify(request, keys)
    }

    fn handshake(&self, request: &RawRequest, keys: &Keys) -> Option<Result<Answer, Refusal>> {
        (request.method == ::http::Method::GET).then(|| handshake::answer(request, keys))
    }

    fn parse(&self, verified: Verified<'_>, keys: &Keys, _now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>> {
        inbound::parse(verified.request, keys)
    }

    fn adapt(&self, content: &OutboundContent, can: &Capabilities) -> Adapted {
        match content {
            OutboundContent::Structured(shown) => adapt::structured(shown, can, cards::message),
            OutboundContent::Template(filled) => adapt::ready(templates::message(filled)),
            // Nothing can be written below a voice message or a sticker.
            OutboundContent::File { content_type, .. } if media::is_bare(content_type) => {
                adapt::parts(content, &Capabilities { caption_max: 0, ..can.clone() })
            }
            OutboundContent::Text(_) | OutboundContent::File { .. } => adapt::parts(content, can),
        }
    }

    fn send<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<Sent, SendError>> {
        Box::pin(send::send(out, net))
    }

    fn signals(&self) -> Option<&dyn Signals> {
        Some(self)
    }

    fn media(&self) -> Option<&dyn MediaFetch> {
        Some(self)
    }

    fn catch_up(&self) -> Option<&dyn CatchUp> {
        Some(self)
    }

    fn templates(&self) -> Option<&dyn Templates> {
        Some(self)
    }
}

impl Signals for Whatsapp {
    /// Typing is shown together with "read", for 25 s or until something is sent; it can't be taken back.
    fn typing<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, on: bool, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move { if on { send::mark(keys, to.about, true, net).await } else { Ok(()) } })
    }

    fn seen<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(send::mark(keys, to.about, false, net))
    }
}

impl MediaFetch for Whatsapp {
    fn fetch<'a>(
        &'a self,
        keys: &'a Keys,
        url: &'a str,
        max_bytes: u64,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<FetchedMedia, SendError>> {
        Box::pin(media::fetch(keys, url, max_bytes, net))
    }
}

impl CatchUp for Whatsapp {
    fn every_ms(&self) -> i64 {
        CATCH_UP_MS
    }

    /// The vendor lists no messages: what can be done is to renew a subscription that is gone.
    fn missed<'a>(
        &'a self,
        keys: &'a Keys,
        _since: Timestamp,
        _now: Timestamp,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Vec<InboundItem>, SendError>> {
        Box::pin(async move { send::stay_subscribed(keys, net).await.map(|()| Vec::new()) })
    }
}

impl Templates for Whatsapp {
    fn list<'a>(&'a self, keys: &'a Keys, net: &'a dyn Net) -> BoxFuture<'a, Result<Vec<MessageTemplate>, SendError>> {
        Box::pin(templates::list(keys, net))
    }
}
