//! Facebook pages over Meta's Messenger Platform, Graph API.
//!
//! Public reference: <https://developers.facebook.com/docs/messenger-platform>,
//! <https://developers.facebook.com/docs/graph-api/webhooks>.
//! Here: what the channel is. What it shares with its vendor's other channels is in [`meta`], which verifies; [`meta::messaging`] parses and
//! calls, and [`errors`] is the table of codes. One app secret covers all pages of an app, so every item names its page.

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

/// The longest text that the vendor takes, in characters.
const TEXT_MAX: u32 = 2_000;
/// Long bubbles are cut on phones, so texts are split earlier by default.
const TEXT_MAX_DEFAULT: u32 = 640;
const MEDIA_MAX_BYTES: u64 = 25 << 20;
const IMAGE_MAX_BYTES: u64 = 8 << 20;

/// Webhooks are repeated for hours, so the page is asked seldom: its conversations may be read twice a second only.
const CATCH_UP_MS: i64 = 3_600_000;

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct FacebookMessenger;

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

impl Channel for FacebookMessenger {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn capabilities(&self, keys: &Keys) -> Capabilities {
        let extend = human_agent(keys).then(|| WindowExtension { name: "human_agent".to_owned(), hours: HUMAN_AGENT_HOURS });
        Capabilities {
            text: TextLimit {
                max: settings::number(keys, "text_max", TEXT_MAX_DEFAULT, 1, TEXT_MAX),
                unit: Unit::Codepoint,
                segments: false,
            },
            caption_max: 0,
            structured: cards::LIMITS,
            media: MediaLimits {
                types: vec![MediaRule::new("image/*", IMAGE_MAX_BYTES), MediaRule::new("*/*", MEDIA_MAX_BYTES)],
                max_bytes: MEDIA_MAX_BYTES,
                max_per_message: 1,
            },
            signals: antiphon_content::Signals { typing_out: true, seen_out: true, typing_in: false, delivered: true, read: true },
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

impl CatchUp for FacebookMessenger {
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

impl Signals for FacebookMessenger {
    fn typing<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, on: bool, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(send::sender_action(&PRODUCT, keys, to.address, if on { "typing_on" } else { "typing_off" }, net))
    }

    fn seen<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(send::sender_action(&PRODUCT, keys, to.address, "mark_seen", net))
    }
}

impl MediaFetch for FacebookMessenger {
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

impl Profiles for FacebookMessenger {
    fn profile<'a>(
        &'a self,
        keys: &'a Keys,
        address: &'a str,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Option<ChannelProfile>, SendError>> {
        Box::pin(send::profile(&PRODUCT, keys, address, net))
    }
}

impl Lookup for FacebookMessenger {
    fn lookup<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<LookedUp, SendError>> {
        Box::pin(send::lookup(&PRODUCT, out, net))
    }
}
