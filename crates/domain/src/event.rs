//! Events: the numbered, immutable facts of a dialog.

use crate::{ConsumerId, DialogNumber, FileId, Sequence, SourceId, Timestamp, UserId};
use std::sync::Arc;

/// Someone who can originate an event or take part in a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// The person outside.
    Consumer(ConsumerId),
    /// An agent, manager, bot …
    User(UserId),
    /// The source's external user: what the brand wrote in the channel's own tools, by a hand that we don't know.
    External(SourceId),
    /// The product itself.
    System,
}

/// Who wrote an event, and in which role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Originator {
    /// Who.
    pub party: Party,
    /// In which role at that moment.
    pub role: crate::Role,
}

/// Who may see an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everyone, the consumer included.
    All,
    /// A private note: agents and managers only.
    AgentsAndManagers,
}

/// A numbered fact in a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// In which dialog of its conversation.
    pub dialog: DialogNumber,
    /// Its place in that dialog's order.
    pub sequence: Sequence,
    /// Who wrote it.
    pub originator: Originator,
    /// When we committed to it.
    pub at: Timestamp,
    /// What the channel says about when it was written.
    pub vendor_at: Option<Timestamp>,
    /// Who may see it.
    pub audience: Audience,
    /// What it says.
    pub body: EventBody,
    /// The request's metadata: a JSON array, kept as the caller's bytes and echoed.
    pub metadata: Option<Arc<str>>,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventBody {
    /// Something to read or look at.
    Content(Content),
    /// A receipt.
    Accept {
        /// Which kind.
        status: AcceptStatus,
        /// The events it covers.
        sequences: Vec<Sequence>,
    },
}

/// Something to read or look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Plain text.
    Text {
        /// The text.
        text: Arc<str>,
        /// Tappable answers: the published JSON object, kept as the caller's bytes.
        quick_replies: Option<Arc<str>>,
    },
    /// A file that we hold.
    File {
        /// Which.
        file: FileId,
        /// The path clients know it by.
        path: Arc<str>,
        /// A line below it.
        caption: Arc<str>,
        /// As on the wire: `JPEG`, `PNG`, `PDF` …
        file_type: Arc<str>,
        /// A small data URL to show until it is loaded.
        preview: Option<Arc<str>>,
    },
    /// Structured content: the published JSON, kept as the caller's bytes.
    Rich {
        /// The card tree.
        json: Arc<str>,
        /// Tappable answers below it.
        quick_replies: Option<Arc<str>>,
    },
}

impl Content {
    /// Whether it may offer something to choose.
    pub fn asks(&self) -> bool {
        match self {
            Content::Rich { .. } => true,
            Content::Text { quick_replies, .. } => quick_replies.is_some(),
            Content::File { .. } => false,
        }
    }

    /// Plain text without quick replies.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Content::Text { text: text.into(), quick_replies: None }
    }
}

/// The kinds of receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptStatus {
    /// Arrived at the reader's device.
    Accept,
    /// Seen.
    Read,
    /// A file was opened.
    Access,
    /// Not received.
    Nack,
    /// A button was pressed.
    Action,
    /// Metadata was attached to an earlier line.
    Enrich,
    /// Shown.
    Viewed,
}

impl AcceptStatus {
    /// Every kind.
    pub const ALL: [AcceptStatus; 7] = [
        AcceptStatus::Accept,
        AcceptStatus::Read,
        AcceptStatus::Access,
        AcceptStatus::Nack,
        AcceptStatus::Action,
        AcceptStatus::Enrich,
        AcceptStatus::Viewed,
    ];

    /// The name on the published wire.
    pub fn name(self) -> &'static str {
        match self {
            AcceptStatus::Accept => "ACCEPT",
            AcceptStatus::Read => "READ",
            AcceptStatus::Access => "ACCESS",
            AcceptStatus::Nack => "NACK",
            AcceptStatus::Action => "ACTION",
            AcceptStatus::Enrich => "ENRICH",
            AcceptStatus::Viewed => "VIEWED",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

impl Event {
    /// Whether it is content, not a receipt.
    pub fn is_content(&self) -> bool {
        matches!(self.body, EventBody::Content(_))
    }
}
