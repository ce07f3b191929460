//! The phone's view of a simulator: lines (numbers, pages), consumers, and the thread between the two as its holder sees it.
//! Vendor-neutral on purpose, so that one page serves every channel.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::SimError;

/// What the phone shows before a thread is chosen.
#[derive(Debug, Serialize)]
pub struct Overview {
    /// The channel's id.
    pub channel: &'static str,
    /// The brand's addresses a consumer may write to.
    pub lines: Vec<Line>,
    /// Everybody who can write.
    pub consumers: Vec<Consumer>,
    /// What this kind of phone can do.
    pub features: Features,
    /// Virtual time.
    pub now_ms: i64,
    /// Whether the virtual clock moves by itself.
    pub clock_running: bool,
}

/// An address of the brand.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Number or page id.
    pub id: String,
    /// Shown name.
    pub label: String,
}

/// Somebody with a phone.
#[derive(Debug, Serialize)]
pub struct Consumer {
    /// Number or page-scoped id.
    pub id: String,
    /// Shown name, may be empty.
    pub name: String,
    /// The only line this consumer can write to, where the vendor scopes ids.
    pub line: Option<String>,
}

/// Abilities of a channel's phone.
#[derive(Debug, Default, Serialize)]
pub struct Features {
    /// Photos and files.
    pub media: bool,
    /// Locations.
    pub location: bool,
    /// The consumer's reading is reported.
    pub read: bool,
    /// The brand can answer from the vendor's own inbox.
    pub native: bool,
    /// The consumer starts with a button.
    pub get_started: bool,
    /// The vendor tells that the consumer types.
    pub typing: bool,
    /// The consumer can leave (block the brand, unsubscribe, delete the conversation) and the vendor tells.
    pub leave: bool,
    /// Longest text.
    pub text_limit: usize,
}

/// A conversation as its holder sees it.
#[derive(Debug, Serialize)]
pub struct Thread {
    /// The brand's address.
    pub line: String,
    /// The consumer's id.
    pub consumer: String,
    /// Newest last, at most 200.
    pub messages: Vec<Bubble>,
    /// The brand is typing.
    pub typing: bool,
    /// The brand has seen everything up to this time.
    pub seen_ms: Option<i64>,
    /// The consumer has this thread open (and so reads what arrives).
    pub open: bool,
    /// The consumer has left.
    pub left: bool,
    /// A line about the state, such as an opt-out; empty where there is nothing to say.
    pub notice: String,
}

/// One message in a thread.
#[derive(Debug, Default, Serialize)]
pub struct Bubble {
    /// The vendor's id.
    pub id: String,
    /// `consumer`, `brand` (through the API), `page` (the vendor's own inbox) or `network` (an automatic answer).
    pub from: &'static str,
    /// Virtual time.
    pub at_ms: i64,
    /// Text, may be empty.
    pub text: String,
    /// Hosted files.
    pub media: Vec<Attachment>,
    /// Tappable things.
    pub buttons: Vec<Button>,
    /// `queued`, `sent`, `delivered`, `read`, `failed` …
    pub status: String,
    /// Why it failed, or empty.
    pub error: String,
}

/// A hosted file in a bubble; its bytes are at `media/{id}` of the control API.
#[derive(Debug, Clone, Serialize)]
pub struct Attachment {
    /// Id of the bytes.
    pub id: String,
    /// MIME type.
    pub content_type: String,
    /// Name, may be empty.
    pub name: String,
    /// Bytes.
    pub size: usize,
}

/// A tappable thing under a message.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Button {
    /// `quick_reply`, `postback` or `url`.
    pub kind: &'static str,
    /// What it says.
    pub title: String,
    /// What a tap sends back.
    pub payload: String,
    /// Where a link leads.
    pub url: String,
}

/// What a consumer does on the phone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Written {
    /// Text of a message, or title of the tapped button.
    pub text: String,
    /// Files.
    pub media: Vec<Upload>,
    /// A place.
    pub location: Option<Place>,
    /// Payload of a tapped quick reply.
    pub quick_reply: Option<String>,
    /// Payload of a tapped button.
    pub postback: Option<String>,
    /// Reference of a link through which the thread was opened.
    pub referral: Option<String>,
    /// Id of the message answered to.
    pub reply_to: Option<String>,
    /// Media id of a sticker, sent instead of text.
    pub sticker: Option<u64>,
}

/// A place on the map.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Place {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub long: f64,
    /// What it is called.
    #[serde(default)]
    pub label: String,
}

/// A file from the phone.
#[derive(Debug, Clone, Deserialize)]
pub struct Upload {
    /// MIME type.
    pub content_type: String,
    /// File name.
    #[serde(default)]
    pub name: String,
    /// The bytes in base64.
    pub base64: String,
}

impl Upload {
    /// A file from bytes at hand.
    #[must_use]
    pub fn new(content_type: &str, name: &str, bytes: &[u8]) -> Self {
        Self { content_type: content_type.to_owned(), name: name.to_owned(), base64: STANDARD.encode(bytes) }
    }

    pub(crate) fn bytes(&self) -> Result<Bytes, SimError> {
        STANDARD
            .decode(&self.base64)
            .map(Bytes::from)
            .map_err(|_| SimError("media.base64: not base64; send the file's bytes in standard base64".into()))
    }
}

/// A consumer to be created.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewConsumer {
    /// Number or page-scoped id; made up where empty.
    pub id: String,
    /// The line the consumer belongs to, where the vendor scopes ids; the first where empty.
    pub line: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

/// The phone side of a vendor's simulator.
pub trait Phone {
    /// Lines, consumers and abilities.
    fn overview(&self) -> Overview;
    /// The thread of a consumer with a line; `None` where either is unknown.
    fn thread(&self, line: &str, consumer: &str) -> Option<Thread>;
    /// Creates a consumer and returns the id.
    ///
    /// # Errors
    /// Where the id is malformed or taken, or the line unknown.
    fn add_consumer(&self, new: NewConsumer) -> Result<String, SimError>;
    /// The consumer writes or taps; returns the ids of the messages.
    ///
    /// # Errors
    /// Where line or consumer are unknown or nothing was written.
    fn write(&self, line: &str, consumer: &str, written: Written) -> Result<Vec<String>, SimError>;
    /// The consumer opens or leaves the thread.
    ///
    /// # Errors
    /// Where line or consumer are unknown.
    fn set_open(&self, line: &str, consumer: &str, open: bool) -> Result<(), SimError>;
    /// The brand answers from the vendor's own inbox; returns the message id.
    ///
    /// # Errors
    /// Where the vendor has no such inbox, or line or consumer are unknown.
    fn native(&self, _line: &str, _consumer: &str, _text: &str) -> Result<String, SimError> {
        Err(SimError("native: this vendor has no inbox of its own; answer through the API".into()))
    }
    /// The consumer types, or stopped.
    ///
    /// # Errors
    /// Where the vendor does not tell that, or line or consumer are unknown.
    fn typing(&self, _line: &str, _consumer: &str, _on: bool) -> Result<(), SimError> {
        Err(SimError("typing: this vendor does not tell that consumers type".into()))
    }
    /// The consumer leaves, or comes back.
    ///
    /// # Errors
    /// Where that is not told, or line or consumer are unknown.
    fn leave(&self, _line: &str, _consumer: &str, _gone: bool) -> Result<(), SimError> {
        Err(SimError("leave: this vendor does not tell that consumers leave".into()))
    }
}
