//! SMS over CM.com's Business Messaging API, version 1.0.
//!
//! Public reference: <https://developers.cm.com/messaging/docs/>.
//! Here: what the channel is, and who may call. [`inbound`] parses what people write and what became of messages, [`send`] calls,
//! [`errors`] is the table of codes.
//!
//! The vendor signs nothing. What proves a webhook is a long secret in its address, and a name and password where they are set; and
//! a status report must name a message that we sent, by the only id that there is: our own.

mod errors;
mod inbound;
mod send;
#[cfg(test)]
pub(crate) mod tests;

use crate::kit::field::{optional, secret};
use crate::kit::{adapt, http, mac, media, settings};
use antiphon_app::channel::{
    Adapted, Channel, ChannelKind, DeadLetter, FetchedMedia, InboundItem, Keys, MediaFetch, Outbound, OutboundContent, RawRequest, Refusal,
    SendError, Sent, Verified,
};
use antiphon_app::ports::net::{Net, NetRequest};
use antiphon_content::{Capabilities, MediaLimits, Signals, Structured, TextLimit, Unit};
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// The vendor's host.
const HOST: &str = "https://gw.messaging.cm.com";
/// Segments of one message that every route carries.
const PARTS_MAX: u32 = 8;
/// The shortest secret in an address.
const SECRET_LEAST: usize = 32;

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct CmSms;

static KIND: ChannelKind = ChannelKind {
    id: "cm_sms",
    name: "SMS (CM.com)",
    published_as: "SMS",
    address_label: "phone number (E.164), or the sender's name",
    credentials: &[
        secret("product_token", "Product token", true, "Of the messaging gateway, in CM's Channels app."),
        secret(
            "webhook_path_secret",
            "Secret in the webhook's address",
            true,
            "At least 32 characters that nobody can guess; the last piece of the address that is entered at CM.",
        ),
        secret(
            "webhook_path_secret_previous",
            "Previous secret in the address",
            false,
            "While the address is being changed: webhooks to the old one are accepted too.",
        ),
        optional("webhook_basic_user", "Webhook user", None, "If the address at CM carries a name and password."),
        secret("webhook_basic_password", "Webhook password", false, "The password beside it."),
        optional("from", "Sender", None, "Up to 11 letters and digits, or 16 digits; if it is not the source's address."),
    ],
    app_credentials: &[],
    settings: &[
        optional("allowed_channels", "Channels", Some("SMS"), "What CM may deliver over, for example SMS."),
        optional("validity", "Validity", None, "How long CM tries, for example 2h or 30m; at most 48h."),
        optional("max_parts", "Longest message", Some("8"), "Longer texts are split; in segments, 1 to 8."),
        optional("ip_allow_list", "Addresses of CM", None, "A note for whoever keeps the firewall: where CM calls from."),
        optional("default_country", "Country", None, "A note for people: the country of the number."),
        optional(
            "consent_reply",
            "Who answers STOP, START and HELP",
            None,
            "Empty or confirm: we send exactly one confirmation; silent: nobody does.",
        ),
        optional("stop_text", "Answer to STOP", None, "A sentence of ours otherwise."),
        optional("start_text", "Answer to START", None, "A sentence of ours otherwise."),
        optional("help_text", "Answer to HELP", None, "A sentence of ours otherwise."),
    ],
    consent_keywords: true,
    carrier_answers_keywords: false,
    hosted: false,
};

/// Who messages come from.
fn sender(keys: &Keys) -> &str {
    keys.credential("from").unwrap_or_else(|| settings::address(keys))
}

/// A name that people see, and can't answer.
fn is_name(sender: &str) -> bool {
    sender.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn max_parts(keys: &Keys) -> u32 {
    settings::number(keys, "max_parts", PARTS_MAX, 1, PARTS_MAX)
}

impl Channel for CmSms {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn check_setting(&self, name: &str, value: &str) -> Result<(), String> {
        let whole = || value.parse::<u32>().is_ok_and(|parts| (1..=PARTS_MAX).contains(&parts));
        match name {
            "max_parts" if !value.is_empty() && !whole() => Err(format!("must be a number from 1 to {PARTS_MAX}")),
            _ => Ok(()),
        }
    }

    fn capabilities(&self, keys: &Keys) -> Capabilities {
        let parts = max_parts(keys);
        // In septets of the GSM alphabet; other alphabets have the room that these take.
        let max = if parts == 1 { 160 } else { parts * 153 };
        Capabilities {
            text: TextLimit { max, unit: Unit::Gsm, segments: true },
            caption_max: 0,
            structured: Structured { one_way: is_name(sender(keys)), ..Structured::default() },
            media: MediaLimits { types: Vec::new(), max_bytes: 0, max_per_message: 0 },
            signals: Signals { delivered: true, ..Signals::default() },
            window: None,
            consent_keywords: true,
            native_messages: false,
        }
    }

    fn verify<'a>(&self, request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
        verify(request, keys)
    }

    fn parse(&self, verified: Verified<'_>, keys: &Keys, _now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>> {
        inbound::parse(verified.request, keys)
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
}

/// The secret in the address, and the name and password where the source has them. Hashes compare in constant time whatever the lengths.
fn verify<'a>(request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
    // One that could be guessed is as good as none.
    let long = |name| keys.credential(name).filter(|secret| secret.len() >= SECRET_LEAST);
    let secrets: Vec<&str> = ["webhook_path_secret", "webhook_path_secret_previous"].into_iter().filter_map(long).collect();
    if keys.credential("webhook_path_secret").is_none() || secrets.is_empty() {
        return Err(Refusal::NoSecret("webhook_path_secret"));
    }
    let same = |one: &str, other: &str| mac::equal(&mac::sha256(one.as_bytes()), &mac::sha256(other.as_bytes()));
    let given = request.tail.trim_matches('/');
    let known = secrets.into_iter().fold(false, |known, secret| known | same(given, secret));
    if !known {
        return Err(Refusal::BadSignature("the secret in the address is missing or wrong"));
    }
    if let Some(user) = keys.credential("webhook_basic_user") {
        let password = keys.credential("webhook_basic_password").unwrap_or_default();
        let header = http::header(&request.headers, "authorization").unwrap_or_default();
        if !same(header, &http::basic(user, password)) {
            return Err(Refusal::BadSignature("the name and password are missing or wrong"));
        }
    }
    Ok(Verified { request })
}

impl MediaFetch for CmSms {
    /// The addresses in webhooks carry their own permission: no credential is sent to them.
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
