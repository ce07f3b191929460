//! A channel of our own protocols, without a vendor: what is published on it goes nowhere and is read by whoever asks.

use antiphon_app::channel::{
    Adapted, Channel, ChannelKind, DeadLetter, Disposition, InboundItem, Keys, Outbound, OutboundContent, RawRequest, Refusal, SendError,
    Sent, Verified,
};
use antiphon_app::ports::Net;
use antiphon_content::capabilities::{Capabilities, MediaLimits, MediaRule, Signals, TextLimit, Unit};
use antiphon_domain::Timestamp;
use antiphon_domain::delivery::Reason;
use futures_util::future::BoxFuture;

/// The channel's id.
pub const ID: &str = "test_hosted";

/// The hosted test channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostedChannel;

static KIND: ChannelKind = ChannelKind {
    id: ID,
    name: "Hosted test channel",
    published_as: "TEST_HOSTED",
    address_label: "name",
    credentials: &[],
    app_credentials: &[],
    settings: &[],
    consent_keywords: false,
    carrier_answers_keywords: false,
    hosted: true,
};

impl Channel for HostedChannel {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn capabilities(&self, _keys: &Keys) -> Capabilities {
        Capabilities {
            text: TextLimit { max: 5_000, unit: Unit::Codepoint, segments: false },
            caption_max: 5_000,
            structured: Default::default(),
            media: MediaLimits { types: vec![MediaRule::new("image/*", 1_000_000)], max_bytes: 1_000_000, max_per_message: 1 },
            signals: Signals { delivered: true, read: true, ..Signals::default() },
            window: None,
            consent_keywords: false,
            native_messages: false,
        }
    }

    fn verify<'a>(&self, _request: &'a RawRequest, _keys: &Keys) -> Result<Verified<'a>, Refusal> {
        Err(Refusal::BadSignature("the channel has no webhooks"))
    }

    fn parse(&self, _verified: Verified<'_>, _keys: &Keys, _now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>> {
        Vec::new()
    }

    fn adapt(&self, _content: &OutboundContent, _can: &Capabilities) -> Adapted {
        Adapted::default()
    }

    fn send<'a>(&'a self, _out: &'a Outbound, _net: &'a dyn Net) -> BoxFuture<'a, Result<Sent, SendError>> {
        let reason = Reason { code: "no_vendor".into(), vendor_code: None, message: "Nothing is sent.".into(), remedy: None };
        Box::pin(async move { Err(SendError { disposition: Disposition::Failed, reason }) })
    }
}
