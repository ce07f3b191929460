//! What the store keeps of notifications to apps: each is a row from the commit that caused it to the day it ages out.

use antiphon_domain::{Conversation, ConversationId, DialogNumber, NotificationId, Sequence, Timestamp};
use std::sync::Arc;

/// The kinds of notification: what an app sets an endpoint for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotificationKind {
    /// Text or a file.
    Content,
    /// Structured content.
    Rich,
    /// A receipt.
    Accept,
    /// Somebody types or stopped; never stored.
    ChatState,
    /// A conversation's participants, skill, state … changed.
    Conversation,
}

impl NotificationKind {
    /// Every kind.
    pub const ALL: [NotificationKind; 5] = [Self::Content, Self::Rich, Self::Accept, Self::ChatState, Self::Conversation];

    /// The name in an app's settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Content => "ms.MessagingEventNotification.ContentEvent",
            Self::Rich => "ms.MessagingEventNotification.RichContentEvent",
            Self::Accept => "ms.MessagingEventNotification.AcceptStatusEvent",
            Self::ChatState => "ms.MessagingEventNotification.ChatStateEvent",
            Self::Conversation => "cqm.ExConversationChangeNotification",
        }
    }

    /// The kind of that name. One published table calls the last one otherwise.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "ms.MessagingEventNotification.ExConversationChangeNotification" => Some(Self::Conversation),
            _ => Self::ALL.into_iter().find(|kind| kind.name() == name),
        }
    }
}

/// What a notification tells, as it was committed: delivered a day later, it tells the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotificationAbout {
    /// A numbered event.
    Event {
        /// Of which dialog of the conversation.
        dialog: DialogNumber,
        /// Its number there.
        sequence: Sequence,
    },
    /// A conversation's state at one version, without its last content.
    State(Arc<Conversation>),
}

/// Where a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotificationState {
    /// To be handed over.
    Waiting,
    /// The app took it.
    Delivered,
    /// Given up.
    Dropped,
}

impl NotificationState {
    /// Every state, in the order in which they are stored.
    pub const ALL: [NotificationState; 3] = [Self::Waiting, Self::Delivered, Self::Dropped];

    /// The name in the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dropped => "dropped",
        }
    }
}

/// How a notification fared so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotificationTries {
    /// How often it was tried since it was last put in the queue.
    pub attempts: u32,
    /// When it was last tried, or given up.
    pub at: Option<Timestamp>,
    /// HTTP status of the last answer.
    pub status: Option<u16>,
    /// How long the last call took, in milliseconds.
    pub duration_ms: u32,
    /// A fingerprint of the address that was last called: tells whether it is still the one that is set.
    pub endpoint: Option<u32>,
    /// What went wrong, in a sentence, secrets masked.
    pub error: Option<Arc<str>>,
    /// When somebody asked for it to be sent again.
    pub requeued_at: Option<Timestamp>,
}

/// One notification to one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationRow {
    /// Its id. Notifications of one conversation go out in the order of their ids.
    pub id: NotificationId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Its kind.
    pub kind: NotificationKind,
    /// What it tells.
    pub about: NotificationAbout,
    /// When it was caused.
    pub at: Timestamp,
    /// Where it stands.
    pub state: NotificationState,
    /// How it fared so far.
    pub tries: NotificationTries,
}

/// The same news for several apps: one write, a row each.
#[derive(Clone, Debug)]
pub struct NewNotifications {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Their kind.
    pub kind: NotificationKind,
    /// What they tell.
    pub about: NotificationAbout,
    /// When.
    pub at: Timestamp,
    /// Client ids of the apps, and the ids of their rows.
    pub to: Vec<(Arc<str>, NotificationId)>,
}

/// Which notifications of an app a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationList {
    /// All, newest first, below this one.
    All(Option<NotificationId>),
    /// Those that were given up, newest first, below this one.
    Dropped(Option<NotificationId>),
    /// Those that wait, by conversation and in the order in which they will go, after this one.
    Waiting(Option<(ConversationId, NotificationId)>),
}
