//! What the store keeps of notifications to apps: each is a row from the commit that caused it to the day it ages out.

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
