//! Bots of Telegram, Bot API.
//!
//! Public reference: <https://core.telegram.org/bots/api>.
//! Here: what the channel is. [`signature`] verifies, [`inbound`] parses, [`call`] calls, [`send`] makes messages of parts, [`errors`] reads
//! refusals. The token stands in the address of every call, so no address may be shown to anybody.

mod call;
mod cards;
mod errors;
mod health;
mod inbound;
mod send;
mod signature;
#[cfg(test)]
pub(crate) mod tests;

use crate::kit::field::secret;
use crate::kit::{adapt, media};
use antiphon_app::channel::{
    Adapted, CatchUp, Channel, ChannelKind, Confirm, DeadLetter, FetchedMedia, InboundItem, Keys, MediaFetch, Outbound, OutboundContent,
    RawRequest, Refusal, SendError, Sent, SignalTo, Signals, Verified,
};
use antiphon_app::ports::net::{Net, NetRequest};
use antiphon_content::{Capabilities, MediaLimits, MediaRule, TextLimit, Unit};
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// The vendor's host, for calls and for files.
const HOST: &str = "https://api.telegram.org";
const TEXT_MAX: u32 = 4_096;
const CAPTION_MAX: u32 = 1_024;
/// What may be uploaded as a picture, and as anything else.
const PHOTO_MAX_BYTES: u64 = 10 << 20;
const UPLOAD_MAX_BYTES: u64 = 50 << 20;
/// How often the vendor is asked whether our webhook still is the bot's.
const HEALTH_MS: i64 = 10 * 60_000;

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct Telegram;

static KIND: ChannelKind = ChannelKind {
    id: "telegram",
    name: "Telegram",
    published_as: "TELEGRAM",
    address_label: "bot id (the digits before the colon of its token)",
    credentials: &[
        secret("bot_token", "Bot token", true, "From BotFather, for example 123456789:AA…; allows everything in the bot's name."),
        secret(
            "secret_token",
            "Secret token",
            true,
            "Any 32 characters or more of A-Z, a-z, 0-9, _ and -; Telegram sends it with every webhook. Given to setWebhook together with the address.",
        ),
        secret(
            "secret_token_previous",
            "Previous secret token",
            false,
            "While the secret token is being changed: webhooks that carry it are accepted too.",
        ),
    ],
    app_credentials: &[],
    settings: &[],
    consent_keywords: false,
    carrier_answers_keywords: false,
    hosted: false,
};

impl Channel for Telegram {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn capabilities(&self, _keys: &Keys) -> Capabilities {
        let picture = |kind| MediaRule::new(kind, PHOTO_MAX_BYTES);
        let mut types = ["image/jpeg", "image/png", "image/webp"].map(picture).to_vec();
        types.push(MediaRule::new("*/*", UPLOAD_MAX_BYTES));
        Capabilities {
            text: TextLimit { max: TEXT_MAX, unit: Unit::Utf16, segments: false },
            caption_max: CAPTION_MAX,
            structured: cards::LIMITS,
            media: MediaLimits { types, max_bytes: UPLOAD_MAX_BYTES, max_per_message: 1 },
            signals: antiphon_content::Signals { typing_out: true, ..antiphon_content::Signals::default() },
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

    fn adapt(&self, content: &OutboundContent, can: &Capabilities) -> Adapted {
        match content {
            OutboundContent::Structured(shown) => adapt::structured(shown, can, cards::message),
            _ => adapt::parts(content, can),
        }
    }

    fn send<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<Sent, SendError>> {
        Box::pin(send::send(out, net))
    }

    fn confirm(&self) -> Option<&dyn Confirm> {
        Some(self)
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
}

impl Confirm for Telegram {
    fn awaited(&self, request: &RawRequest) -> bool {
        inbound::callback_query(request).is_some()
    }

    /// Ends the waiting mark on the tapped button.
    fn confirm<'a>(&'a self, request: &'a RawRequest, keys: &'a Keys, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let Some(id) = inbound::callback_query(request) else { return Ok(()) };
            call::quietly(keys, "answerCallbackQuery", &serde_json::json!({ "callback_query_id": id }), net).await
        })
    }
}

impl Signals for Telegram {
    /// Shown for five seconds, or until the message comes.
    fn typing<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, on: bool, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            if !on {
                return Ok(());
            }
            let mut body = send::addressed(to.address);
            body["action"] = "typing".into();
            call::quietly(keys, "sendChatAction", &body, net).await
        })
    }

    /// Telegram shows nobody what a bot has read.
    fn seen<'a>(&'a self, _keys: &'a Keys, _to: SignalTo<'a>, _net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }
}

impl MediaFetch for Telegram {
    /// `url` is a file id: where the file lies is asked first, and told for an hour.
    fn fetch<'a>(
        &'a self,
        keys: &'a Keys,
        url: &'a str,
        max_bytes: u64,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<FetchedMedia, SendError>> {
        Box::pin(async move {
            let address = call::file_address(keys, url, net).await?;
            media::fetch(NetRequest::new(::http::Method::GET, address), max_bytes, net).await
        })
    }
}

impl CatchUp for Telegram {
    fn every_ms(&self) -> i64 {
        HEALTH_MS
    }

    /// Telegram keeps what it could not deliver and has no list; what can be seen is why it could not.
    fn missed<'a>(
        &'a self,
        keys: &'a Keys,
        since: Timestamp,
        now: Timestamp,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Vec<InboundItem>, SendError>> {
        Box::pin(health::look(keys, since, now, net))
    }
}
