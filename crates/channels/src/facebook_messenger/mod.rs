//! Facebook pages over Meta's Messenger Platform, Graph API.
//!
//! Public reference: <https://developers.facebook.com/docs/messenger-platform>,
//! <https://developers.facebook.com/docs/graph-api/webhooks>.
//! Here: what the channel is, and the handshake. [`signature`] verifies, [`inbound`] parses, [`send`] calls, [`errors`] is the table
//! of codes. One app secret covers all pages of an app, so every item names its page.

mod attachments;
mod cards;
mod catch_up;
mod deletion;
mod errors;
mod inbound;
mod send;
mod signature;
#[cfg(test)]
pub(crate) mod tests;
mod usage;

use crate::kit::{adapt, form, mac, media, settings};
use antiphon_app::channel::{
    Adapted, Answer, CatchUp, Channel, ChannelKind, ChannelProfile, DeadLetter, FetchedMedia, Field, InboundItem, Keys, LookedUp, Lookup,
    MediaFetch, Outbound, OutboundContent, Profiles, RawRequest, Refusal, SendError, Sent, SignalTo, Signals, Verified,
};
use antiphon_app::ports::net::{Net, NetRequest};
use antiphon_content::{Capabilities, MediaLimits, MediaRule, TextLimit, Unit, Window, WindowExtension};
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// The vendor's API host.
const HOST: &str = "https://graph.facebook.com";
/// Pinned: an unversioned call gets the app's oldest usable version.
const GRAPH_VERSION: &str = "v25.0";
/// The longest text that the vendor takes, in characters.
const TEXT_MAX: u32 = 2_000;
/// Long bubbles are cut on phones, so texts are split earlier by default.
const TEXT_MAX_DEFAULT: u32 = 640;
const MEDIA_MAX_BYTES: u64 = 25 << 20;
const IMAGE_MAX_BYTES: u64 = 8 << 20;
const WINDOW_HOURS: u32 = 24;
const HUMAN_AGENT_HOURS: u32 = 7 * 24;
/// The longest handshake challenge that is echoed.
const CHALLENGE_MAX: usize = 1_000;

/// Webhooks are repeated for hours, so the page is asked seldom: its conversations may be read twice a second only.
const CATCH_UP_MS: i64 = 3_600_000;

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct FacebookMessenger;

const fn optional(name: &'static str, label: &'static str, default: Option<&'static str>, help: &'static str) -> Field {
    Field { name, label, secret: false, required: false, default, choices: &[], help }
}

const fn secret(name: &'static str, label: &'static str, required: bool, help: &'static str) -> Field {
    Field { name, label, secret: true, required, default: None, choices: &[], help }
}

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
        optional("app_id", "App id", None, "Only if the source names no app."),
        secret("app_secret", "App secret", false, "Only if the source names no app. Signs webhooks; in the app's basic settings."),
        secret(
            "app_secret_previous",
            "Previous app secret",
            false,
            "While the secret is being reset: webhooks signed with it are accepted too.",
        ),
        secret(
            "verify_token",
            "Verify token",
            false,
            "Only if the source names no app. Any text; entered at Meta together with the webhook's address.",
        ),
    ],
    app_credentials: &[
        Field {
            name: "app_id",
            label: "App id",
            secret: false,
            required: false,
            default: None,
            choices: &[],
            help: "On the app's first page.",
        },
        secret("app_secret", "App secret", true, "Signs webhooks; in the app's basic settings."),
        secret(
            "app_secret_previous",
            "Previous app secret",
            false,
            "While the secret is being reset: webhooks signed with it are accepted too.",
        ),
        secret("verify_token", "Verify token", false, "Any text; entered at Meta together with the webhook's address."),
        optional("graph_version", "Graph API version", Some(GRAPH_VERSION), "The version that is called, for example v25.0."),
        optional("login_config_id", "Log-in configuration", None, "Of Facebook Login for Business, if it is used."),
        optional("human_agent_enabled", "Human agent", Some("false"), "Whether the app was approved to answer for 7 days (human agent)."),
        optional("require_appsecret_proof", "App secret proof", Some("false"), "As the app's advanced setting of the same name."),
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

fn human_agent(keys: &Keys) -> bool {
    settings::flag(keys, "human_agent_enabled", false)
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
        Some(if request.tail == deletion::TAIL { deletion::state(request) } else { handshake(request, keys) })
    }

    fn parse(&self, verified: Verified<'_>, _keys: &Keys, _now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>> {
        inbound::parse(verified.request)
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
        Box::pin(send::send(out, net))
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
        Box::pin(catch_up::missed(keys, since, now, net))
    }
}

/// Meta checks a webhook's address: the challenge goes back exactly as it came, but only to who knows the token.
fn handshake(request: &RawRequest, keys: &Keys) -> Result<Answer, Refusal> {
    let query = form::pairs(request.query.as_bytes());
    let expected = keys.credential("verify_token").ok_or(Refusal::NoSecret("verify_token"))?;
    let given = form::first(&query, "hub.verify_token").unwrap_or_default();
    let challenge = form::first(&query, "hub.challenge").unwrap_or_default();
    let subscribes = form::first(&query, "hub.mode").is_some_and(|mode| mode == "subscribe");
    // Hashes compare in constant time whatever the lengths.
    let knows = mac::equal(&mac::sha256(given.as_bytes()), &mac::sha256(expected.as_bytes()));
    if !subscribes || !knows || challenge.is_empty() || challenge.len() > CHALLENGE_MAX {
        return Err(Refusal::BadToken);
    }
    Ok(Answer { status: 200, content_type: "text/plain", body: challenge.into_owned() })
}

impl Signals for FacebookMessenger {
    fn typing<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, on: bool, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(send::sender_action(keys, to.address, if on { "typing_on" } else { "typing_off" }, net))
    }

    fn seen<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(send::sender_action(keys, to.address, "mark_seen", net))
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
        Box::pin(send::profile(keys, address, net))
    }
}

impl Lookup for FacebookMessenger {
    fn lookup<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<LookedUp, SendError>> {
        Box::pin(send::lookup(out, net))
    }
}
