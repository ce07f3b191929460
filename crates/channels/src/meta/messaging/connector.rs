//! The connector of both channels: what differs between them comes in as data.

use super::{HUMAN_AGENT_HOURS, MEDIA_MAX_BYTES, Product, WINDOW_HOURS, cards, catch_up, human_agent, inbound, send};
use crate::kit::{adapt, media};
use crate::meta::{deletion, handshake, signature};
use antiphon_app::channel::{
    Adapted, Answer, CatchUp, Channel, ChannelKind, ChannelProfile, DeadLetter, FetchedMedia, InboundItem, Keys, LookedUp, Lookup,
    MediaFetch, Outbound, OutboundContent, Profiles, RawRequest, Refusal, SendError, Sent, SignalTo, Signals, Verified,
};
use antiphon_app::ports::net::{Net, NetRequest};
use antiphon_content::{Capabilities, MediaLimits, MediaRule, TextLimit, Window, WindowExtension};
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// Webhooks are repeated for hours, so an account is asked seldom: its conversations may be read twice a second only.
const CATCH_UP_MS: i64 = 3_600_000;

/// One of the two channels, as a connector.
#[derive(Clone, Copy, Debug)]
pub struct Messaging {
    /// What it is.
    pub kind: &'static ChannelKind,
    /// In what its wire differs.
    pub product: &'static Product,
    /// How much text a message holds.
    pub text: fn(&Keys) -> TextLimit,
    /// What it takes as media.
    pub media: fn() -> Vec<MediaRule>,
    /// Whether it tells when a message has arrived.
    pub delivered: bool,
}

impl Channel for Messaging {
    fn describe(&self) -> &'static ChannelKind {
        self.kind
    }

    fn capabilities(&self, keys: &Keys) -> Capabilities {
        let extend = human_agent(keys).then(|| WindowExtension { name: "human_agent".to_owned(), hours: HUMAN_AGENT_HOURS });
        Capabilities {
            text: (self.text)(keys),
            caption_max: 0,
            structured: cards::LIMITS,
            media: MediaLimits { types: (self.media)(), max_bytes: MEDIA_MAX_BYTES, max_per_message: 1 },
            signals: antiphon_content::Signals {
                typing_out: true,
                seen_out: true,
                typing_in: false,
                delivered: self.delivered,
                read: true,
            },
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
        inbound::parse(self.product, verified.request)
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
        Box::pin(send::send(self.product, out, net))
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

impl CatchUp for Messaging {
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
        Box::pin(catch_up::missed(self.product, keys, since, now, net))
    }
}

impl Signals for Messaging {
    fn typing<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, on: bool, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(send::sender_action(self.product, keys, to.address, if on { "typing_on" } else { "typing_off" }, net))
    }

    fn seen<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(send::sender_action(self.product, keys, to.address, "mark_seen", net))
    }
}

impl MediaFetch for Messaging {
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

impl Profiles for Messaging {
    fn profile<'a>(
        &'a self,
        keys: &'a Keys,
        address: &'a str,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Option<ChannelProfile>, SendError>> {
        Box::pin(send::profile(self.product, keys, address, net))
    }
}

impl Lookup for Messaging {
    fn lookup<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<LookedUp, SendError>> {
        Box::pin(send::lookup(self.product, out, net))
    }
}
