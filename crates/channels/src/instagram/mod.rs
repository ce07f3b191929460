//! Instagram professional accounts, through Instagram's own log-in or a linked Facebook page.
//!
//! Public reference: <https://developers.facebook.com/docs/instagram-platform>.
//! Here: what the channel is. The wire is Messenger's but for details, so [`meta::messaging`] parses and calls; [`errors`] is the table of
//! codes.

mod errors;
#[cfg(test)]
pub(crate) mod tests;

use crate::kit::{adapt, media, settings};
use crate::meta::messaging::{HUMAN_AGENT_HOURS, Product, WINDOW_HOURS, Way, cards, catch_up, human_agent, inbound, send};
use crate::meta::{self, deletion, graph, handshake, optional, secret, signature};
use antiphon_app::channel::{
    Adapted, Answer, CatchUp, Channel, ChannelKind, ChannelProfile, DeadLetter, FetchedMedia, InboundItem, Keys, LookedUp, Lookup,
    MediaFetch, Outbound, OutboundContent, Profiles, RawRequest, Refusal, SendError, Sent, SignalTo, Signals, Verified,
};
use antiphon_app::ports::net::{Net, NetRequest};
use antiphon_content::{Capabilities, MediaLimits, MediaRule, TextLimit, Unit, Window, WindowExtension};
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// The host of Instagram's own log-in.
const HOST: &str = "https://graph.instagram.com";
/// The longest text, in bytes of UTF-8.
const TEXT_MAX: u32 = 1_000;
const IMAGE_MAX_BYTES: u64 = 8 << 20;
const MEDIA_MAX_BYTES: u64 = 25 << 20;
/// Webhooks are repeated for hours, and conversations may be read twice a second only.
const CATCH_UP_MS: i64 = 3_600_000;

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
#[derive(Clone, Copy, Debug)]
pub struct Instagram;

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

impl Channel for Instagram {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn capabilities(&self, keys: &Keys) -> Capabilities {
        let extend = human_agent(keys).then(|| WindowExtension { name: "human_agent".to_owned(), hours: HUMAN_AGENT_HOURS });
        Capabilities {
            text: TextLimit { max: TEXT_MAX, unit: Unit::Utf8, segments: false },
            caption_max: 0,
            structured: cards::LIMITS,
            media: MediaLimits {
                types: MEDIA.iter().map(|(mime, max)| MediaRule::new(mime, *max)).collect(),
                max_bytes: MEDIA_MAX_BYTES,
                max_per_message: 1,
            },
            signals: antiphon_content::Signals { typing_out: true, seen_out: true, typing_in: false, delivered: false, read: true },
            window: Some(Window { hours: WINDOW_HOURS, extend }),
            consent_keywords: false,
            native_messages: true,
        }
    }

    fn verify<'a>(&self, request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
        signature::verify(request, keys)
    }

    fn handshake(&self, request: &RawRequest, keys: &Keys) -> Option<Result<Answer, Refusal>> {
        if request.method != ::http::Method::GET {
            return None;
        }
        Some(if request.tail == deletion::TAIL { deletion::state(request) } else { handshake::answer(request, keys) })
    }

    fn parse(&self, verified: Verified<'_>, _keys: &Keys, _now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>> {
        inbound::parse(&PRODUCT, verified.request)
    }

    fn acknowledgement(&self, request: &RawRequest, _keys: &Keys) -> Answer {
        if request.tail == deletion::TAIL {
            return deletion::receipt(request);
        }
        Answer { status: 200, content_type: "text/plain", body: "EVENT_RECEIVED".to_owned() }
    }

    fn adapt(&self, content: &OutboundContent, can: &Capabilities) -> Adapted {
        match content {
            OutboundContent::Structured(shown) => adapt::structured(shown, can, cards::message),
            _ => adapt::parts(content, can),
        }
    }

    fn send<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<Sent, SendError>> {
        Box::pin(send::send(&PRODUCT, out, net))
    }

    fn signals(&self) -> Option<&dyn Signals> {
        Some(self)
    }

    fn media(&self) -> Option<&dyn MediaFetch> {
        Some(self)
    }

    fn profiles(&self) -> Option<&dyn Profiles> {
        Some(self)
    }

    fn lookup(&self) -> Option<&dyn Lookup> {
        Some(self)
    }

    fn catch_up(&self) -> Option<&dyn CatchUp> {
        Some(self)
    }
}

impl CatchUp for Instagram {
    fn every_ms(&self) -> i64 {
        CATCH_UP_MS
    }

    fn missed<'a>(
        &'a self,
        keys: &'a Keys,
        since: Timestamp,
        now: Timestamp,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Vec<InboundItem>, SendError>> {
        Box::pin(catch_up::missed(&PRODUCT, keys, since, now, net))
    }
}

impl Signals for Instagram {
    fn typing<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, on: bool, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(send::sender_action(&PRODUCT, keys, to.address, if on { "typing_on" } else { "typing_off" }, net))
    }

    fn seen<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(send::sender_action(&PRODUCT, keys, to.address, "mark_seen", net))
    }
}

impl MediaFetch for Instagram {
    /// The addresses in webhooks carry their own permission and expire: no credential is sent to them.
    fn fetch<'a>(
        &'a self,
        _keys: &'a Keys,
        url: &'a str,
        max_bytes: u64,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<FetchedMedia, SendError>> {
        Box::pin(media::fetch(NetRequest::new(::http::Method::GET, url), max_bytes, net))
    }
}

impl Profiles for Instagram {
    fn profile<'a>(
        &'a self,
        keys: &'a Keys,
        address: &'a str,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Option<ChannelProfile>, SendError>> {
        Box::pin(send::profile(&PRODUCT, keys, address, net))
    }
}

impl Lookup for Instagram {
    fn lookup<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<LookedUp, SendError>> {
        Box::pin(send::lookup(&PRODUCT, out, net))
    }
}
