//! The contract of a connector: what the core asks of a channel, and nothing else.
//!
//! A connector never calls the core. It turns verified bytes into [`InboundItem`]s, content into parts, and one part
//! into one call at its vendor. Everything a connector needs to know comes in as an argument; it holds no state.

use crate::ports::net::Net;
use antiphon_content::capabilities::Capabilities;
use antiphon_content::rich::{Loss, Presentation};
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::delivery::Reason;
use antiphon_domain::source::HealthState;
use antiphon_domain::{ChannelApp, DeliveryId, DeliveryStatus, Source, Timestamp};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a channel is: data, not code. Settings forms, capability tables and the documentation are made from it.
#[derive(Debug, serde::Serialize)]
pub struct ChannelKind {
    /// The id used in URLs and the bootstrap file; also the name of the connector's folder.
    pub id: &'static str,
    /// Shown to people.
    pub name: &'static str,
    /// What the published history calls it, for example `SMS`.
    pub published_as: &'static str,
    /// What `address` of a source is, for example "phone number (E.164)".
    pub address_label: &'static str,
    /// The secrets and ids of one source.
    pub credentials: &'static [Field],
    /// The secrets and ids of the brand's app at the vendor; empty when the channel has no such thing.
    pub app_credentials: &'static [Field],
    /// What an administrator may set per source.
    pub settings: &'static [Field],
    /// Whether text-message consent rules (STOP, START, HELP) hold on it.
    pub consent_keywords: bool,
    /// Whether the carrier layer answers such words itself, so that we stay silent.
    pub carrier_answers_keywords: bool,
    /// Whether consumers come to us over our own protocols: there is no vendor to call and none that calls, so nothing is
    /// delivered anywhere, and what was published is there for whoever reads it.
    pub hosted: bool,
}

/// A field of a settings form.
#[derive(Debug, serde::Serialize)]
pub struct Field {
    /// Its name in the bootstrap file and the admin API.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// Never shown again once set.
    pub secret: bool,
    /// A source without it can't be activated.
    pub required: bool,
    /// What it is when nobody sets it.
    pub default: Option<&'static str>,
    /// All values that it may have; empty when it takes any text.
    pub choices: &'static [&'static str],
    /// One sentence: what it is and where to find it.
    pub help: &'static str,
}

impl Field {
    /// Looks at a value that is to be kept.
    ///
    /// # Errors
    /// When it is none of the choices: a sentence.
    pub fn check(&self, value: &str) -> Result<(), String> {
        match self.choices.is_empty() || self.choices.contains(&value) {
            true => Ok(()),
            false => Err(format!("must be one of {}", self.choices.join(", "))),
        }
    }
}

/// A webhook request as it came in: raw bytes, nothing decoded.
#[derive(Clone, Debug)]
pub struct RawRequest {
    /// The method.
    pub method: http::Method,
    /// The absolute URLs under which the vendor may have called us, most likely first. Where a vendor signs the URL, each is tried.
    pub urls: Vec<String>,
    /// What follows the source or app in the path, without a leading slash; often empty.
    pub tail: String,
    /// The query string, undecoded, without the question mark.
    pub query: String,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body's bytes.
    pub body: Bytes,
}

/// With what a webhook is verified and a vendor is called: a source, its app, or both.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// The source, when the request or call concerns one.
    pub source: Option<Arc<Source>>,
    /// The vendor app that the source uses, or that was addressed directly.
    pub app: Option<Arc<ChannelApp>>,
}

impl Keys {
    /// A credential by name: the source's own, else its app's.
    pub fn credential(&self, name: &str) -> Option<&str> {
        let own = self.source.as_ref().and_then(|source| source.credentials.get(name));
        own.or_else(|| self.app.as_ref().and_then(|app| app.credentials.get(name))).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A setting of the source by name.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.source.as_ref().and_then(|source| source.settings.get(name)).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Every secret value in it, for redaction.
    pub fn secrets(&self, kind: &ChannelKind) -> Vec<String> {
        let fields = kind.credentials.iter().chain(kind.app_credentials).filter(|field| field.secret);
        fields.filter_map(|field| self.credential(field.name)).map(str::to_owned).collect()
    }
}

/// A request whose signature was right. Only verification makes one.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a> {
    /// The request.
    pub request: &'a RawRequest,
}

/// Why a webhook was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A missing, malformed or wrong signature: 401.
    BadSignature(&'static str),
    /// A wrong handshake token: 403.
    BadToken,
    /// The source lacks the secret to verify with: 401, and its administrator is told.
    NoSecret(&'static str),
}

/// One thing that a vendor told us.
#[derive(Clone, Debug, PartialEq)]
pub struct InboundItem {
    /// The address of the source that it names; `None` means the source the webhook was addressed to.
    pub source_address: Option<String>,
    /// What makes it the same thing when it comes again, unique per source.
    pub key: String,
    /// The vendor's own time.
    pub at: Option<Timestamp>,
    /// What it is.
    pub kind: InboundKind,
}

/// What a vendor can tell us.
#[derive(Clone, Debug, PartialEq)]
pub enum InboundKind {
    /// A consumer wrote.
    Message {
        /// Their channel address.
        from: String,
        /// Their name, where the channel sends it along.
        name: Option<String>,
        /// What they wrote, in order.
        contents: Vec<InboundContent>,
        /// A JSON array of typed objects to keep with the event, or nothing.
        metadata: Option<String>,
        /// The channel says that this message withdraws or gives consent.
        consent: Option<ConsentKind>,
    },
    /// The brand wrote, here or elsewhere: the channel's copy of an outbound message.
    Echo {
        /// The consumer's channel address.
        to: String,
        /// The channel's id of the message.
        vendor_id: String,
        /// Our delivery, if the message carries the id that we sent along.
        delivery: Option<DeliveryId>,
        /// What was written, in order.
        contents: Vec<InboundContent>,
    },
    /// Something about the conversation that nobody wrote: a reaction, a message taken back, how the consumer came.
    /// It opens no conversation and rings nobody.
    Note {
        /// Their channel address.
        from: String,
        /// The channel's id of the message it is about; the last one otherwise.
        about: Option<String>,
        /// One JSON object with a `type`: kept as metadata of an `ENRICH` event.
        note: String,
        /// Without an open conversation: kept for the consumer's next message. Otherwise it is only counted then.
        keep: bool,
    },
    /// What became of outbound messages.
    Receipt {
        /// Which ones.
        of: ReceiptOf,
        /// How far they came.
        status: DeliveryStatus,
        /// Why, when they failed.
        reason: Option<Reason>,
        /// The consumer withdrew or never gave consent: recorded besides.
        opted_out: bool,
        /// It failed for a reason that may pass.
        again: Option<TryAgain>,
    },
    /// A consumer is typing, or stopped.
    Typing {
        /// Their channel address.
        from: String,
        /// Whether they type now.
        on: bool,
    },
    /// With what the consumer's last message can be answered or marked as read. It comes before that message, is kept in memory
    /// only, and the newest replaces the one before.
    Handle {
        /// Their channel address.
        from: String,
        /// What names their last message when it is marked as read, or answered by typing.
        about: Option<String>,
        /// What answers it once, where the channel has such a thing.
        reply: Option<ReplyToken>,
    },
    /// The channel tells that a consumer does not want to be written to, or does again, without a message of theirs: they blocked the
    /// brand, left, came back.
    Consent {
        /// Their channel address.
        from: String,
        /// Which of the two.
        kind: ConsentKind,
        /// What the channel said, in a sentence.
        proof: String,
    },
    /// The channel tells how the source fares.
    Health {
        /// The class.
        state: HealthState,
        /// A sentence with the remedy.
        message: String,
    },
    /// Understood, and of no consequence here; counted under its label.
    Ignored(&'static str),
}

/// Answers a message once, for a while: a channel may let that through where other sends cost or are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyToken {
    /// The channel's own.
    pub token: String,
    /// From when on it must not be used any more.
    pub expires_at: Timestamp,
}

/// How to try a message again that the channel took and then failed to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryAgain {
    /// At the earliest after so many milliseconds.
    pub after_ms: i64,
    /// So many hand-overs in all, the earlier ones included.
    pub max_attempts: u32,
}

/// Which outbound messages a receipt is about.
#[derive(Clone, Debug, PartialEq)]
pub enum ReceiptOf {
    /// These, by the channel's ids; `delivery` is ours, where the callback carries it.
    Ids {
        /// The channel's ids.
        vendor_ids: Vec<String>,
        /// Ours.
        delivery: Option<DeliveryId>,
    },
    /// All that were sent to a consumer up to a time of the channel.
    UpTo {
        /// Their channel address.
        consumer: String,
        /// The channel's time, inclusive.
        at: Timestamp,
    },
}

/// Something that a consumer sent.
#[derive(Clone, Debug, PartialEq)]
pub enum InboundContent {
    /// Text; `payload` is what stands behind a tapped button.
    Text {
        /// What they wrote or tapped.
        text: String,
        /// The button's payload.
        payload: Option<String>,
    },
    /// A file at the vendor.
    Media {
        /// Where it is: an address, or the vendor's media id.
        url: String,
        /// What the vendor says it is, for example `image/jpeg`.
        declared_type: Option<String>,
        /// Its name.
        name: Option<String>,
        /// Text below it.
        caption: Option<String>,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// Its name or address.
        label: Option<String>,
    },
}

/// A piece of a verified webhook that can't be used. Kept, shown to the administrator, and redriven on request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The source it names, if that could be read.
    pub source_address: Option<String>,
    /// A stable code, for example `malformed`.
    pub code: &'static str,
    /// What is wrong, with the field's name, in a sentence.
    pub reason: String,
}

/// What is to go out, still neutral.
#[derive(Clone, Debug, PartialEq)]
pub enum OutboundContent {
    /// Text.
    Text(Arc<str>),
    /// A file that we hold.
    File {
        /// The path clients know it by.
        path: Arc<str>,
        /// Its media type.
        content_type: Arc<str>,
        /// Its name.
        name: Option<Arc<str>>,
        /// Bytes.
        size: u64,
        /// A line below it.
        caption: Arc<str>,
    },
    /// A message that may offer something to choose.
    Structured(Box<Presentation>),
    /// A message that the vendor approved beforehand: the way out of a closed reply window.
    Template(Box<FilledTemplate>),
}

/// A message that the vendor approved beforehand, with gaps to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageTemplate {
    /// Its name at the vendor.
    pub name: String,
    /// Its language, as the vendor writes it.
    pub language: String,
    /// What it is for, as the vendor sorts it.
    pub category: Option<String>,
    /// How far the vendor's approval is, in the vendor's word.
    pub state: String,
    /// Whether it can be sent now.
    pub usable: bool,
    /// How it reads; a gap is its name in double braces.
    pub text: String,
    /// The gaps.
    pub slots: Vec<TemplateSlot>,
    /// The labels of its buttons.
    pub buttons: Vec<String>,
}

/// A gap of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSlot {
    /// Its name, unique in the template.
    pub name: String,
    /// What goes in.
    pub kind: SlotKind,
    /// What could go in.
    pub example: Option<String>,
}

/// What goes into a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    /// Words.
    Text,
    /// The address of a picture.
    Image,
    /// The address of a video.
    Video,
    /// The address of a document.
    Document,
}

/// A template with every gap filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilledTemplate {
    /// The template.
    pub template: MessageTemplate,
    /// What goes into its gaps, by their names.
    pub values: BTreeMap<String, String>,
}

/// What adaptation made of content.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adapted {
    /// One payload per vendor call, in order; the connector's own JSON, opaque to everyone else.
    pub parts: Vec<String>,
    /// What the consumer won't get as it was meant.
    pub losses: Vec<Loss>,
    /// The first option that found no room, from 0: it comes when the consumer types a nought.
    pub more: Option<usize>,
}

/// One part on its way out.
pub struct Outbound {
    /// With what the vendor is called.
    pub keys: Keys,
    /// The consumer's channel address.
    pub to: String,
    /// Our delivery's id, to be sent along where the channel gives it back.
    pub delivery: DeliveryId,
    /// What [`Channel::adapt`] made.
    pub payload: String,
    /// The file that the payload names.
    pub file: Option<OutboundFile>,
    /// Where the vendor may report what became of it.
    pub callback_url: String,
    /// What answers the consumer's last message once, if that is still possible. No other part gets the same.
    pub reply_token: Option<String>,
    /// When the consumer last wrote; opens the channel's reply window.
    pub last_consumer_at: Option<Timestamp>,
    /// When it was handed over before, if it was: an earlier attempt may have arrived.
    pub first_attempt_at: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// The file of an outbound part.
#[derive(Clone, Debug)]
pub struct OutboundFile {
    /// A link that the vendor can fetch it from; lives hours.
    pub url: String,
    /// Its media type.
    pub content_type: String,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytes,
    /// A link to a small picture of it, if there is one.
    pub thumbnail_url: Option<String>,
}

/// The channel took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The channel's id of it.
    pub vendor_id: String,
    /// What the channel says of its allowance, where it does.
    pub usage: Option<Usage>,
}

/// How much of what a channel allows a source is used up. The outbox slows down before the channel refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Of the allowance that is used most; a hundred is all of it.
    pub percent: u32,
    /// How long until there is room again, in milliseconds, where the channel says so.
    pub regain_ms: Option<i64>,
}

/// The channel did not take it, or we don't know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    /// What to do.
    pub disposition: Disposition,
    /// Why, for people.
    pub reason: Reason,
}

/// What to do about a send that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Try again, at the earliest after so many milliseconds, at most so many times in all.
    Retry {
        /// What the channel asked for.
        after_ms: Option<i64>,
        /// `None`: as long as the outbox keeps trying.
        max_attempts: Option<u32>,
    },
    /// As `Retry`, and the whole source slows down.
    Throttled {
        /// How long the source pauses.
        after_ms: Option<i64>,
    },
    /// Never retry this message.
    Failed,
    /// Never retry this message; the fault is the source's, and its administrator is told.
    Misconfigured {
        /// How long the source pauses.
        pause_ms: Option<i64>,
    },
    /// It may have arrived: never blindly resent.
    Unknown,
    /// The credential is dead: the source waits until it is renewed.
    NeedsReauthorisation,
    /// The consumer must not be written to, or can't be reached on this channel any more.
    OptedOut,
}

/// What a look-up after an unknown outcome found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookedUp {
    /// It arrived under this id.
    Found(String),
    /// It certainly did not arrive: sending it again does not double.
    Absent,
    /// Still unknown.
    Unclear,
}

/// What a channel knows about a consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelProfile {
    /// Full name.
    pub name: Option<String>,
    /// A picture's address; expires.
    pub avatar_url: Option<String>,
}

/// The answer to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// A connector.
pub trait Channel: Send + Sync {
    /// What the channel is.
    fn describe(&self) -> &'static ChannelKind;

    /// Looks at a setting that is to be kept, beyond its field's choices; the error is a sentence. Pure.
    fn check_setting(&self, _name: &str, _value: &str) -> Result<(), String> {
        Ok(())
    }

    /// What the channel can show through a source, given its settings.
    fn capabilities(&self, keys: &Keys) -> Capabilities;

    /// Checks a webhook's signature on the raw bytes, in constant time. No I/O.
    fn verify<'a>(&self, request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal>;

    /// Answers the vendor's check of a webhook address; `None` when the request is none.
    fn handshake(&self, _request: &RawRequest, _keys: &Keys) -> Option<Result<Answer, Refusal>> {
        None
    }

    /// Turns a verified webhook into items, in the vendor's order. Pure; one bad item never costs another.
    fn parse(&self, verified: Verified<'_>, keys: &Keys, now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>>;

    /// What the vendor wants to hear after everything is committed.
    fn acknowledgement(&self, _request: &RawRequest, _keys: &Keys) -> Answer {
        Answer { status: 200, content_type: "text/plain", body: String::new() }
    }

    /// Makes parts of content. Pure.
    fn adapt(&self, content: &OutboundContent, can: &Capabilities) -> Adapted;

    /// Hands one part to the vendor: exactly one call that sends.
    fn send<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<Sent, SendError>>;

    /// How a source signs in, where its credential only buys one that lives shortly.
    fn sign_in(&self) -> Option<&dyn SignIn> {
        None
    }

    /// What a webhook makes the vendor wait for.
    fn confirm(&self) -> Option<&dyn Confirm> {
        None
    }

    /// Typing and seen, where the channel shows them.
    fn signals(&self) -> Option<&dyn Signals> {
        None
    }

    /// How to fetch inbound media.
    fn media(&self) -> Option<&dyn MediaFetch> {
        None
    }

    /// How to learn a consumer's name.
    fn profiles(&self) -> Option<&dyn Profiles> {
        None
    }

    /// How to find out whether a send of unknown outcome arrived.
    fn lookup(&self) -> Option<&dyn Lookup> {
        None
    }

    /// How to learn what webhooks failed to bring.
    fn catch_up(&self) -> Option<&dyn CatchUp> {
        None
    }

    /// Messages that the vendor approves beforehand, where the channel has them.
    fn templates(&self) -> Option<&dyn Templates> {
        None
    }
}

/// The consumer whom a signal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalTo<'a> {
    /// Their channel address.
    pub address: &'a str,
    /// What names their last message, if the channel told it since this process started (see [`InboundKind::Handle`]).
    pub about: Option<&'a str>,
}

/// Buys a credential that lives shortly. The core keeps it, and asks again when it runs out or is refused.
pub trait SignIn: Send + Sync {
    /// The name under which calls find it among the source's credentials.
    fn name(&self) -> &'static str;
    /// Signs in.
    fn sign_in<'a>(&'a self, keys: &'a Keys, now: Timestamp, net: &'a dyn Net) -> BoxFuture<'a, Result<Pass, SendError>>;
}

/// A credential that lives shortly.
#[derive(Clone, PartialEq, Eq)]
pub struct Pass {
    /// The credential.
    pub token: String,
    /// When it stops being good.
    pub until: Timestamp,
}

/// Makes the call that the vendor waits for once a webhook is durable, such as ending a button's spinning. Best effort: never retried.
pub trait Confirm: Send + Sync {
    /// Whether this webhook makes it wait.
    fn awaited(&self, request: &RawRequest) -> bool;
    /// Makes the call.
    fn confirm<'a>(&'a self, request: &'a RawRequest, keys: &'a Keys, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>>;
}

/// Shows the consumer what the agent does. Best effort: never retried.
pub trait Signals: Send + Sync {
    /// The agent types, or stopped.
    fn typing<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, on: bool, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>>;
    /// The agent has read what the consumer wrote.
    fn seen<'a>(&'a self, keys: &'a Keys, to: SignalTo<'a>, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>>;
}

/// Tells what the vendor has approved.
pub trait Templates: Send + Sync {
    /// Every template of the source, those that can't be sent now included.
    fn list<'a>(&'a self, keys: &'a Keys, net: &'a dyn Net) -> BoxFuture<'a, Result<Vec<MessageTemplate>, SendError>>;
}

/// Fetches inbound media.
pub trait MediaFetch: Send + Sync {
    /// Fetches the file, at most `max_bytes` of it.
    fn fetch<'a>(
        &'a self,
        keys: &'a Keys,
        url: &'a str,
        max_bytes: u64,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<FetchedMedia, SendError>>;
}

/// A fetched file.
#[derive(Clone, Debug)]
pub struct FetchedMedia {
    /// Its bytes.
    pub bytes: Bytes,
    /// What the answer's header says it is.
    pub content_type: Option<String>,
    /// Its name, if the answer gave one.
    pub name: Option<String>,
}

/// Asks who a consumer is.
pub trait Profiles: Send + Sync {
    /// `Ok(None)` when the channel won't tell.
    fn profile<'a>(
        &'a self,
        keys: &'a Keys,
        address: &'a str,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Option<ChannelProfile>, SendError>>;
}

/// Asks now and then for what webhooks failed to bring.
pub trait CatchUp: Send + Sync {
    /// How long to wait between two rounds, in milliseconds.
    fn every_ms(&self) -> i64;
    /// What consumers wrote since a time, oldest first, each with its time and under the key that its webhook would have brought.
    /// Puts right what keeps webhooks from coming, where that can be seen.
    fn missed<'a>(
        &'a self,
        keys: &'a Keys,
        since: Timestamp,
        now: Timestamp,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Vec<InboundItem>, SendError>>;
}

/// Resolves unknown outcomes.
pub trait Lookup: Send + Sync {
    /// Looks for the part at the vendor.
    fn lookup<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<LookedUp, SendError>>;
}
