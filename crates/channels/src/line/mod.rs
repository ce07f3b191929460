//! LINE official accounts over the Messaging API.
//!
//! Public reference: <https://developers.line.biz/en/reference/messaging-api/>.
//! Here: what the channel is. [`inbound`] verifies and parses, [`contents`] reads messages, [`send`] replies and pushes, [`cards`] writes
//! templates and flexible messages, [`media`] knows files, [`errors`] is the table of refusals.
//!
//! An answer goes out on the reply token of the consumer's last message while that is fresh, which costs nothing, and is pushed
//! otherwise. A push carries a key of its own, so that sending it again never doubles it.

mod cards;
mod contents;
mod errors;
mod inbound;
mod media;
mod send;
#[cfg(test)]
pub(crate) mod tests;

use crate::kit::{adapt, settings};
use antiphon_app::channel::{
    Adapted, Channel, ChannelKind, ChannelProfile, DeadLetter, FetchedMedia, Field, InboundItem, Keys, LookedUp, Lookup, MediaFetch,
    Outbound, OutboundContent, Pass, Profiles, RawRequest, Refusal, SendError, Sent, SignIn, SignalTo, Signals, Verified,
};
use antiphon_app::ports::net::Net;
use antiphon_content::{Capabilities, MediaLimits, MediaRule, TextLimit, Unit};
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// The vendor's API host.
const HOST: &str = "https://api.line.me";
/// Where files are.
const DATA_HOST: &str = "https://api-data.line.me";
/// The longest text of one message, in UTF-16 units.
const TEXT_MAX: u32 = 5_000;
const IMAGE_MAX_BYTES: u64 = 10 << 20;
const MEDIA_MAX_BYTES: u64 = 200 << 20;

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct Line;

const fn field(name: &'static str, label: &'static str, help: &'static str) -> Field {
    Field { name, label, secret: false, required: false, default: None, choices: &[], help }
}

static KIND: ChannelKind = ChannelKind {
    id: "line",
    name: "LINE",
    published_as: "LINE",
    address_label: "bot user id (U and 32 hex digits)",
    credentials: &[
        field("channel_id", "Channel id", "In the channel's basic settings; needed where tokens are issued by us."),
        Field {
            secret: true,
            required: true,
            ..field("channel_secret", "Channel secret", "In the channel's basic settings; signs webhooks.")
        },
        Field {
            secret: true,
            ..field(
                "channel_secret_previous",
                "Previous channel secret",
                "While the secret is being reissued: webhooks signed with it are accepted too.",
            )
        },
        Field {
            choices: &["long_lived", "stateless"],
            ..field(
                "token_mode",
                "Access token",
                "Pasted once (long_lived), or issued by us every quarter of an hour (stateless); by what is there.",
            )
        },
        Field {
            secret: true,
            ..field("access_token", "Channel access token", "From the channel's Messaging API settings; not needed with stateless tokens.")
        },
        field("bot_user_id", "Bot user id", "Only if it differs from the source's address."),
        field("basic_id", "Basic id", "As people find the account, for example @shop."),
        field("chat_mode", "Response mode", "As the console shows it; a note for people."),
        field("mark_as_read_mode", "Read marks", "As the console shows it; a note for people."),
    ],
    app_credentials: &[],
    settings: &[
        Field {
            default: Some("off"),
            choices: &["off", "on"],
            ..field("groups", "Groups", "On: what is written in groups and rooms is taken in too, each as one consumer.")
        },
        field("video_preview_url", "Picture before videos", "The https address of a picture; without one videos go as links."),
    ],
    consent_keywords: false,
    carrier_answers_keywords: false,
    hosted: false,
};

/// Whether a source's own bot is named.
fn is_own(keys: &Keys, bot: &str) -> bool {
    settings::address(keys) == bot || keys.credential("bot_user_id") == Some(bot)
}

impl Channel for Line {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn check_setting(&self, name: &str, value: &str) -> Result<(), String> {
        match name == "video_preview_url" && !value.is_empty() && !value.starts_with("https://") {
            true => Err("must be an address that begins with https://".to_owned()),
            false => Ok(()),
        }
    }

    fn capabilities(&self, keys: &Keys) -> Capabilities {
        let mut types = vec![
            MediaRule::new("image/jpeg", IMAGE_MAX_BYTES),
            MediaRule::new("image/png", IMAGE_MAX_BYTES),
            MediaRule::new("audio/mp4", MEDIA_MAX_BYTES),
            MediaRule::new("audio/x-m4a", MEDIA_MAX_BYTES),
            MediaRule::new("audio/mpeg", MEDIA_MAX_BYTES),
        ];
        // A video needs a picture to stand for it, and we can make none.
        if settings::value(keys, "video_preview_url").is_some() {
            types.push(MediaRule::new("video/mp4", MEDIA_MAX_BYTES));
        }
        Capabilities {
            text: TextLimit { max: TEXT_MAX, unit: Unit::Utf16, segments: false },
            caption_max: 0,
            structured: cards::LIMITS,
            media: MediaLimits { types, max_bytes: MEDIA_MAX_BYTES, max_per_message: 1 },
            signals: antiphon_content::Signals { typing_out: true, seen_out: true, typing_in: false, delivered: false, read: false },
            window: None,
            consent_keywords: false,
            native_messages: false,
        }
    }

    fn verify<'a>(&self, request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
        inbound::verify(request, keys)
    }

    fn parse(&self, verified: Verified<'_>, keys: &Keys, _now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>> {
        inbound::parse(verified.request, keys)
    }

    fn adapt(&self, content: &OutboundContent, can: &Capabilities) -> Adapted {
        match content {
            OutboundContent::Structured(shown) => adapt::structured(shown, can, cards::message),
            _ => adapt::parts(content, can),
        }
    }

    fn send<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<Sent, SendError>> {
        Box::pin(send::send(out, net))
    }

    fn sign_in(&self) -> Option<&dyn SignIn> {
        Some(self)
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
}

impl SignIn for Line {
    fn name(&self) -> &'static str {
        "access_token"
    }

    fn sign_in<'a>(&'a self, keys: &'a Keys, now: Timestamp, net: &'a dyn Net) -> BoxFuture<'a, Result<Pass, SendError>> {
        Box::pin(send::sign_in(keys, now, net))
    }
}

impl Signals for Line {
    /// Dots for some seconds, or until something is sent; they can't be taken back, and groups have none.
    fn typing<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, on: bool, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move { if on { send::typing(keys, to.address, net).await } else { Ok(()) } })
    }

    fn seen<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(send::seen(keys, to.about, net))
    }
}

impl MediaFetch for Line {
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

impl Profiles for Line {
    fn profile<'a>(
        &'a self,
        keys: &'a Keys,
        address: &'a str,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Option<ChannelProfile>, SendError>> {
        Box::pin(send::profile(keys, address, net))
    }
}

impl Lookup for Line {
    fn lookup<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<LookedUp, SendError>> {
        Box::pin(send::lookup(out, net))
    }
}
