//! SMS and MMS over Twilio's Programmable Messaging, REST interface 2010-04-01.
//!
//! Public reference: <https://www.twilio.com/docs/messaging/api/message-resource>,
//! <https://www.twilio.com/docs/usage/webhooks/webhooks-security>.
//! Here: what the channel is. [`signature`] verifies, [`inbound`] parses, [`send`] calls, [`errors`] is the table of codes.

mod catch_up;
mod errors;
mod inbound;
mod send;
mod signature;
#[cfg(test)]
pub(crate) mod tests;

use crate::kit::field::{optional, required, secret};
use crate::kit::{adapt, media, settings};
use antiphon_app::channel::{
    Adapted, Answer, CatchUp, Channel, ChannelKind, DeadLetter, FetchedMedia, InboundItem, Keys, LookedUp, Lookup, MediaFetch, Outbound,
    OutboundContent, RawRequest, Refusal, SendError, Sent, Verified,
};
use antiphon_app::ports::net::Net;
use antiphon_content::{Capabilities, MediaLimits, MediaRule, Signals, Structured, TextLimit, Unit};
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// The vendor's REST host.
const HOST: &str = "https://api.twilio.com";
/// The longest body that the vendor takes, in characters; longer ones are refused with 21617.
const TEXT_MAX: u32 = 1_600;
/// All media of one message, in bytes (US and Canada).
const MEDIA_MAX_BYTES: u64 = 5 << 20;

/// A webhook that is answered with an error is not repeated, so the list is asked often.
const CATCH_UP_MS: i64 = 5 * 60_000;

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct TwilioSms;

static KIND: ChannelKind = ChannelKind {
    id: "twilio_sms",
    name: "SMS (Twilio)",
    published_as: "SMS",
    address_label: "phone number (E.164)",
    credentials: &[
        required("account_sid", "Account SID", "Begins with AC; on the first page of the Twilio console."),
        secret(
            "auth_token",
            "Auth token",
            true,
            "The account's primary auth token: it signs webhooks. Beside the account SID in the console.",
        ),
        secret(
            "auth_token_previous",
            "Previous auth token",
            false,
            "While the token is being rotated: webhooks signed with it are accepted too.",
        ),
        optional("api_key_sid", "API key SID", None, "Begins with SK. With its secret it is used for calls in place of the auth token."),
        secret("api_key_secret", "API key secret", false, "Shown once, when the API key is made."),
        optional("from_number", "Sender", None, "The number that messages come from, if it is not the source's address."),
        optional("messaging_service_sid", "Messaging service SID", None, "Begins with MG. Messages then go out through this service."),
    ],
    app_credentials: &[],
    settings: &[
        optional("text_max", "Longest message", Some("1600"), "Longer texts are split; characters, 1 to 1600."),
        optional("mms", "Pictures as MMS", Some("auto"), "auto: when the number begins with +1; on; off: always as links."),
        optional(
            "consent_reply",
            "Who answers STOP, START and HELP",
            None,
            "Empty: Twilio or the carrier answers and we stay silent; confirm: we send exactly one confirmation (Twilio's own must be off).",
        ),
        optional("stop_text", "Answer to STOP", None, "Only with confirm; a sentence of ours otherwise."),
        optional("start_text", "Answer to START", None, "Only with confirm; a sentence of ours otherwise."),
        optional("help_text", "Answer to HELP", None, "Only with confirm; a sentence of ours otherwise."),
        optional("media_auth", "Sign in to fetch media", Some("on"), "Off only if the Twilio account serves media without authentication."),
        optional("validity_period", "Validity period", None, "Seconds that Twilio tries to hand a message to the carrier, 1 to 36000."),
        optional("smart_encoded", "Smart encoding", Some("off"), "On: Twilio replaces typographic characters so that more fits a segment."),
    ],
    consent_keywords: true,
    carrier_answers_keywords: true,
    hosted: false,
};

impl Channel for TwilioSms {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn capabilities(&self, keys: &Keys) -> Capabilities {
        let text_max = settings::number(keys, "text_max", TEXT_MAX, 1, TEXT_MAX);
        // Picture messages exist between numbers of the US and Canada only.
        let mms = settings::flag(keys, "mms", send::sender(keys).starts_with("+1"));
        let picture = |kind| MediaRule::new(kind, MEDIA_MAX_BYTES);
        let types = if mms { ["image/jpeg", "image/png", "image/gif"].map(picture).to_vec() } else { Vec::new() };
        Capabilities {
            text: TextLimit { max: text_max, unit: Unit::Codepoint, segments: true },
            structured: Structured::default(),
            caption_max: if mms { text_max } else { 0 },
            media: MediaLimits { types, max_bytes: MEDIA_MAX_BYTES, max_per_message: if mms { 10 } else { 0 } },
            signals: Signals { delivered: true, ..Signals::default() },
            window: None,
            consent_keywords: true,
            native_messages: false,
        }
    }

    fn verify<'a>(&self, request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
        signature::verify(request, keys)
    }

    fn parse(&self, verified: Verified<'_>, _keys: &Keys, _now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>> {
        inbound::parse(verified.request)
    }

    fn acknowledgement(&self, _request: &RawRequest, _keys: &Keys) -> Answer {
        // Any other media type raises warning 12300 in the account's debugger.
        Answer { status: 200, content_type: "text/xml", body: "<Response/>".to_owned() }
    }

    fn adapt(&self, content: &OutboundContent, can: &Capabilities) -> Adapted {
        adapt::parts(content, can)
    }

    fn send<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<Sent, SendError>> {
        Box::pin(send::send(out, net))
    }

    fn media(&self) -> Option<&dyn MediaFetch> {
        Some(self)
    }

    fn lookup(&self) -> Option<&dyn Lookup> {
        Some(self)
    }

    fn catch_up(&self) -> Option<&dyn CatchUp> {
        Some(self)
    }
}

impl CatchUp for TwilioSms {
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
        Box::pin(catch_up::missed(keys, since, now, net))
    }
}

impl MediaFetch for TwilioSms {
    fn fetch<'a>(
        &'a self,
        keys: &'a Keys,
        url: &'a str,
        max_bytes: u64,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<FetchedMedia, SendError>> {
        Box::pin(async move { media::fetch(send::media_request(keys, url), max_bytes, net).await })
    }
}

impl Lookup for TwilioSms {
    fn lookup<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<LookedUp, SendError>> {
        Box::pin(send::lookup(out, net))
    }
}
