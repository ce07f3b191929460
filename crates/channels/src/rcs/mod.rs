//! RCS over Google's RCS Business Messaging, API version 1.
//!
//! Public reference: <https://developers.google.com/business-communications/rcs-business-messaging/reference/rest>.
//! Here: what the channel is. [`inbound`] verifies and parses, [`send`] calls; signing in, the handshake, refusals and cards stand in
//! [`crate::google`]. The ids of messages are ours, so a message may be sent again without doubling.

mod cards;
mod inbound;
mod send;
#[cfg(test)]
pub(crate) mod tests;

use crate::google::{self, service_account};
use crate::kit::field::{optional, secret};
use crate::kit::{adapt, media};
use antiphon_app::channel::{
    Adapted, Answer, Channel, ChannelKind, DeadLetter, FetchedMedia, Field, InboundItem, Keys, LookedUp, Lookup, MediaFetch, Outbound,
    OutboundContent, Pass, RawRequest, Refusal, SendError, Sent, SignIn, SignalTo, Signals, Verified,
};
use antiphon_app::ports::net::{Net, NetRequest};
use antiphon_content::{Capabilities, MediaLimits, MediaRule, TextLimit, Unit};
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

const SCOPE: &str = "https://www.googleapis.com/auth/rcsbusinessmessaging";
const TEXT_MAX: u32 = 3_072;
const MEDIA_MAX_BYTES: u64 = 100 << 20;
const TYPES: [&str; 8] = ["image/jpeg", "image/png", "image/gif", "video/mp4", "video/mpeg", "video/webm", "application/pdf", "audio/mpeg"];

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct Rcs;

const fn choice(
    name: &'static str,
    label: &'static str,
    default: &'static str,
    choices: &'static [&'static str],
    help: &'static str,
) -> Field {
    Field { name, label, secret: false, required: false, default: Some(default), choices, help }
}

static KIND: ChannelKind = ChannelKind {
    id: "rcs",
    name: "RCS (Google)",
    published_as: "RCS",
    address_label: "agent id",
    credentials: &[
        secret(
            "service_account_json",
            "Service account",
            true,
            "The whole JSON of a key of the agent's service account, from Google's console.",
        ),
        secret(
            "client_token",
            "Client token",
            true,
            "Any text of 16 characters or more; entered at Google with the webhook's address. It signs webhooks.",
        ),
        secret(
            "client_token_previous",
            "Previous client token",
            false,
            "While the client token is being changed: webhooks signed with it are accepted too.",
        ),
        optional("agent_id", "Agent id", None, "Only if it differs from the source's address."),
        optional("brand_id", "Brand id", None, "For people who look the agent up."),
        optional("region", "Region", None, "Where the agent is hosted: us, europe or asia. Empty: Google's common address."),
    ],
    app_credentials: &[],
    settings: &[
        choice(
            "traffic_type_default",
            "Kind of traffic",
            "TRANSACTION",
            &["TRANSACTION", "AUTHENTICATION", "PROMOTION", "SERVICEREQUEST", "ACKNOWLEDGEMENT"],
            "What messages are declared to be.",
        ),
        optional(
            "ttl_seconds",
            "Time to live",
            None,
            "Seconds after which a message that has not arrived is given up, 10 to 1296000; empty: Google tries for 30 days.",
        ),
        choice("transport", "How events come", "webhook", &["webhook"], "By webhook."),
    ],
    consent_keywords: false,
    carrier_answers_keywords: false,
    hosted: false,
};

impl Channel for Rcs {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn capabilities(&self, _keys: &Keys) -> Capabilities {
        Capabilities {
            text: TextLimit { max: TEXT_MAX, unit: Unit::Codepoint, segments: false },
            caption_max: 0,
            structured: cards::LIMITS,
            media: MediaLimits {
                types: TYPES.iter().map(|kind| MediaRule::new(kind, MEDIA_MAX_BYTES)).collect(),
                max_bytes: MEDIA_MAX_BYTES,
                max_per_message: 1,
            },
            signals: antiphon_content::Signals { typing_out: true, seen_out: true, typing_in: true, delivered: true, read: true },
            window: None,
            consent_keywords: false,
            native_messages: false,
        }
    }

    fn verify<'a>(&self, request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
        inbound::verify(request, keys)
    }

    fn handshake(&self, request: &RawRequest, keys: &Keys) -> Option<Result<Answer, Refusal>> {
        google::handshake(request, keys)
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

    fn sign_in(&self) -> Option<&dyn SignIn> {
        Some(self)
    }

    fn signals(&self) -> Option<&dyn Signals> {
        Some(self)
    }

    fn media(&self) -> Option<&dyn MediaFetch> {
        Some(self)
    }

    fn lookup(&self) -> Option<&dyn Lookup> {
        Some(self)
    }
}

impl SignIn for Rcs {
    fn name(&self) -> &'static str {
        google::PASS
    }

    fn sign_in<'a>(&'a self, keys: &'a Keys, now: Timestamp, net: &'a dyn Net) -> BoxFuture<'a, Result<Pass, SendError>> {
        Box::pin(service_account::sign_in(keys, SCOPE, now, net))
    }
}

impl Signals for Rcs {
    /// There is no end to it: the phone stops showing it by itself.
    fn typing<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, on: bool, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move { if on { send::event(keys, to, serde_json::json!({ "eventType": "IS_TYPING" }), net).await } else { Ok(()) } })
    }

    fn seen<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let Some(about) = to.about else { return Ok(()) };
            send::event(keys, to, serde_json::json!({ "eventType": "READ", "messageId": about }), net).await
        })
    }
}

impl MediaFetch for Rcs {
    /// The addresses in webhooks are open to whoever knows them, and expire: no credential is sent to them.
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

impl Lookup for Rcs {
    /// The same id makes no second message, so that it may simply be sent again.
    fn lookup<'a>(&'a self, _out: &'a Outbound, _net: &'a dyn Net) -> BoxFuture<'a, Result<LookedUp, SendError>> {
        Box::pin(async { Ok(LookedUp::Absent) })
    }
}
