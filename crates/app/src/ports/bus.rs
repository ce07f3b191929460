//! Announcements after a commit. The bus may lose, repeat or reorder: readers carry a cursor and fill gaps from the store.

use antiphon_domain::event::Party;
use antiphon_domain::routing::{Availability, Ring, RingState, Task};
use antiphon_domain::source::Health;
use antiphon_domain::{
    AccountId, Change, ConsumerId, Conversation, ConversationId, Delivery, DialogNumber, Event, SourceId, StoredFile, UserId,
};
use std::sync::Arc;
use tokio::sync::mpsc;

/// What happened, after it is durable.
#[derive(Clone, Debug)]
pub enum Announcement {
    /// A conversation moved on: its state after, and what was added.
    Conversation(Arc<ConversationMoved>),
    /// Somebody types or stopped; never stored.
    ChatState {
        /// Where.
        conversation: Arc<Conversation>,
        /// In which dialog.
        dialog: DialogNumber,
        /// Who.
        party: Party,
        /// The published name: `COMPOSING`, `PAUSE` …
        state: Arc<str>,
    },
    /// A ring began or ended.
    Ring {
        /// The ring.
        ring: Ring,
        /// Where it stands.
        state: RingState,
        /// The conversation's task, or what is left of it.
        task: Arc<Task>,
    },
    /// An agent's state.
    Agent(UserId, Availability),
    /// Deliveries moved on.
    Deliveries(Arc<Vec<Delivery>>),
    /// A file became ready or failed.
    File(Arc<StoredFile>),
    /// A source's health or switch changed.
    Source(SourceId, Health, bool),
    /// A consumer's name or consent changed.
    Consumer(ConsumerId),
    /// Users, skills, sources or settings changed.
    Directory,
    /// Some sessions of this user ended: who holds one checks whether it still stands.
    Sessions(UserId),
}

/// A committed move of a conversation.
#[derive(Debug)]
pub struct ConversationMoved {
    /// Its state after.
    pub after: Arc<Conversation>,
    /// Who was involved before but is no longer.
    pub departed: Vec<UserId>,
    /// New numbered events, in order.
    pub events: Vec<Arc<Event>>,
    /// New changes, in order.
    pub changes: Vec<Change>,
}

impl ConversationMoved {
    /// Whether somebody who watches the conversation sees it differ. What is told without events and changes, to make good for
    /// something lost, counts.
    pub fn shows(&self) -> bool {
        !self.events.is_empty() || self.changes.is_empty() || self.changes.iter().any(|change| change.kind.shows())
    }
}

/// Whom an announcement concerns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Everything of an account.
    Account(AccountId),
    /// What concerns one user of it.
    User(AccountId, UserId),
    /// What concerns one conversation.
    Conversation(ConversationId),
    /// What concerns one consumer of it: their conversations, and who types in them.
    Consumer(AccountId, ConsumerId),
}

/// Announces, and lets listen.
pub trait Bus: Send + Sync {
    /// Announces to those who listen to any of the topics; each listener gets it once.
    fn announce(&self, topics: &[Topic], what: Announcement);
    /// Listens. The listener says which topics it wants, and may change its mind.
    ///
    /// A listener that lags more than its queue's length behind loses announcements and is told so by [`Heard::Missed`].
    fn listen(&self) -> Listener;
}

/// What a listener hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// An announcement.
    That(Announcement),
    /// Some were lost: read from the store what may be missing.
    Missed,
}

/// Someone who listens; dropping it ends that.
pub struct Listener {
    /// What is heard.
    pub heard: mpsc::Receiver<Heard>,
    /// Changes what is listened to.
    pub tuner: Box<dyn Tuner>,
}

/// Changes what a listener listens to.
pub trait Tuner: Send + Sync {
    /// From now on also this.
    fn add(&self, topic: Topic);
    /// From now on no longer this.
    fn remove(&self, topic: &Topic);
}
