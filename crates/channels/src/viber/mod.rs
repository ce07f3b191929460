//! Bots of Viber, REST Bot API.
//!
//! Public reference: <https://developers.viber.com/docs/api/rest-bot-api/>.
//! Here: what the channel is, and the welcome. [`signature`] verifies, [`inbound`] parses, [`send`] calls, [`errors`] is the table of
//! statuses. Every call is answered with HTTP 200; whether it worked stands in the body.

mod cards;
mod errors;
mod health;
mod inbound;
mod send;
mod signature;
#[cfg(test)]
pub(crate) mod tests;

use crate::kit::field::{optional, secret};
use crate::kit::{adapt, media, settings};
use antiphon_app::channel::{
    Adapted, Answer, CatchUp, Channel, ChannelKind, DeadLetter, FetchedMedia, InboundItem, Keys, MediaFetch, Outbound, OutboundContent,
    RawRequest, Refusal, SendError, Sent, Verified,
};
use antiphon_app::ports::net::{Net, NetRequest};
use antiphon_content::{Capabilities, MediaLimits, MediaRule, Signals, TextLimit, Unit};
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// The vendor's host.
const HOST: &str = "https://chatapi.viber.com";
const TEXT_MAX: u32 = 7_000;
const PICTURE_MAX_BYTES: u64 = 1 << 20;
const VIDEO_MAX_BYTES: u64 = 26 << 20;
const FILE_MAX_BYTES: u64 = 50 << 20;
/// The longest name that the vendor shows of a sender, in characters.
const NAME_MAX: usize = 28;
/// How often the vendor is asked whether our webhook still is the bot's.
const HEALTH_MS: i64 = 10 * 60_000;

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct Viber;

static KIND: ChannelKind = ChannelKind {
    id: "viber",
    name: "Viber",
    published_as: "VIBER",
    address_label: "bot id (pa:…) or its uri",
    credentials: &[secret(
        "auth_token",
        "Authentication token",
        true,
        "In the bot's admin panel; calls are made with it, and it signs webhooks.",
    )],
    app_credentials: &[],
    settings: &[
        optional("bot_name", "Sender's name", None, "Shown above messages, at most 28 characters; the source's name otherwise."),
        optional("avatar_url", "Sender's picture", None, "A public https address of a picture of at most 100 kB."),
        optional(
            "welcome_text",
            "Welcome",
            None,
            "What somebody gets who opens the conversation for the first time; nothing else may be sent before they write.",
        ),
    ],
    consent_keywords: false,
    carrier_answers_keywords: false,
    hosted: false,
};

/// Who writes, as Viber shows it.
fn sender(keys: &Keys) -> serde_json::Value {
    let own = keys.source.as_ref().map_or("", |source| source.name.as_str());
    let name: String = settings::value(keys, "bot_name").unwrap_or(own).chars().take(NAME_MAX).collect();
    let mut sender = serde_json::json!({ "name": name });
    if let Some(avatar) = settings::value(keys, "avatar_url") {
        sender["avatar"] = avatar.into();
    }
    sender
}

impl Channel for Viber {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn capabilities(&self, _keys: &Keys) -> Capabilities {
        Capabilities {
            text: TextLimit { max: TEXT_MAX, unit: Unit::Codepoint, segments: false },
            caption_max: 0,
            structured: cards::LIMITS,
            media: MediaLimits { types: vec![MediaRule::new("*/*", FILE_MAX_BYTES)], max_bytes: FILE_MAX_BYTES, max_per_message: 1 },
            signals: Signals { delivered: true, read: true, ..Signals::default() },
            window: None,
            consent_keywords: false,
            native_messages: false,
        }
    }

    fn verify<'a>(&self, request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
        signature::verify(request, keys)
    }

    fn parse(&self, verified: Verified<'_>, _keys: &Keys, _now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>> {
        inbound::parse(verified.request)
    }

    /// Whoever opens the conversation may be welcomed in the answer, and nowhere else.
    fn acknowledgement(&self, request: &RawRequest, keys: &Keys) -> Answer {
        let welcome = settings::value(keys, "welcome_text").filter(|text| !text.is_empty() && inbound::is_new_conversation(request));
        let body = welcome.map_or(String::new(), |text| {
            let text: String = text.chars().take(TEXT_MAX as usize).collect();
            serde_json::json!({ "sender": sender(keys), "type": "text", "text": text }).to_string()
        });
        Answer { status: 200, content_type: "application/json", body }
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

    fn media(&self) -> Option<&dyn MediaFetch> {
        Some(self)
    }

    fn catch_up(&self) -> Option<&dyn CatchUp> {
        Some(self)
    }
}

impl MediaFetch for Viber {
    /// The addresses in webhooks carry their own permission and expire within an hour: no credential is sent to them.
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

impl CatchUp for Viber {
    fn every_ms(&self) -> i64 {
        HEALTH_MS
    }

    /// Viber has no list of messages; what can be seen is whether they come here at all.
    fn missed<'a>(
        &'a self,
        keys: &'a Keys,
        since: Timestamp,
        _now: Timestamp,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Vec<InboundItem>, SendError>> {
        Box::pin(health::look(keys, since, net))
    }
}
