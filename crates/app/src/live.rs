//! What the process remembers of live conversations, and the locks that keep its own writers apart.
//!
//! Nothing here is the truth: every commit names the version it was decided on, and the store refuses a stale one.
//! The locks only spare wasted work; they are taken in the order consumer, then conversation, and a holder of a
//! conversation's lock never asks for another one, except for the account's one dispatcher.

use crate::channel::ReplyToken;
use crate::locks::{Held, Locks};
use antiphon_domain::{Consumer, ConsumerId, Conversation, ConversationId, SourceId, Timestamp};
use moka::Entry;
use moka::ops::compute::Op;
use moka::sync::Cache;
use std::sync::Arc;

/// A consumer's lock, by their address.
pub(crate) type ConsumerLock = Held<(SourceId, Arc<str>)>;
/// A conversation's lock.
pub(crate) type ConversationLock = Held<ConversationId>;

/// A consumer as ingest knows them.
#[derive(Clone, Debug)]
pub(crate) struct KnownConsumer {
    pub consumer: Arc<Consumer>,
    /// Their last conversation that was open when we looked.
    pub open: Option<ConversationId>,
    pub had_one: bool,
}

/// With what a consumer's last message can be marked or answered. Lost with the process: then the slower way is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    pub about: Option<Arc<str>>,
    pub reply: Option<ReplyToken>,
}

/// An account's live state.
pub(crate) struct Live {
    conversations: Cache<ConversationId, Arc<Conversation>>,
    by_address: Cache<(SourceId, Arc<str>), KnownConsumer>,
    consumers: Cache<ConsumerId, Arc<Consumer>>,
    handles: Cache<(SourceId, Arc<str>), Handle>,
    conversation_locks: Locks<ConversationId>,
    consumer_locks: Locks<(SourceId, Arc<str>)>,
}

impl Live {
    pub(crate) fn new(capacity: u64) -> Self {
        Self {
            conversations: Cache::new(capacity),
            by_address: Cache::new(capacity),
            consumers: Cache::new(capacity),
            handles: Cache::new(capacity),
            conversation_locks: Locks::default(),
            consumer_locks: Locks::default(),
        }
    }

    pub(crate) async fn lock_consumer(&self, source: SourceId, address: &str) -> ConsumerLock {
        self.consumer_locks.lock((source, address.into())).await
    }

    pub(crate) async fn lock_conversation(&self, id: ConversationId) -> ConversationLock {
        self.conversation_locks.lock(id).await
    }

    pub(crate) fn conversation(&self, id: ConversationId) -> Option<Arc<Conversation>> {
        self.conversations.get(&id)
    }

    pub(crate) fn keep_conversation(&self, conversation: Arc<Conversation>) {
        if conversation.open {
            self.conversations.insert(conversation.id, conversation);
        } else {
            self.conversations.invalidate(&conversation.id);
        }
    }

    pub(crate) fn forget_conversation(&self, id: ConversationId) {
        self.conversations.invalidate(&id);
    }

    pub(crate) fn known(&self, source: SourceId, address: &Arc<str>) -> Option<KnownConsumer> {
        self.by_address.get(&(source, Arc::clone(address)))
    }

    pub(crate) fn keep_known(&self, known: KnownConsumer) {
        let consumer = &known.consumer;
        self.consumers.insert(consumer.id, Arc::clone(consumer));
        self.by_address.insert((consumer.source, consumer.address.as_str().into()), known);
    }

    pub(crate) fn consumer(&self, id: ConsumerId) -> Option<Arc<Consumer>> {
        self.consumers.get(&id)
    }

    pub(crate) fn keep_consumer(&self, consumer: Arc<Consumer>) {
        let key = (consumer.source, Arc::<str>::from(consumer.address.as_str()));
        if let Some(known) = self.by_address.get(&key) {
            self.by_address.insert(key, KnownConsumer { consumer: Arc::clone(&consumer), ..known });
        }
        self.consumers.insert(consumer.id, consumer);
    }

    pub(crate) fn keep_handle(&self, source: SourceId, address: &str, handle: Handle) {
        self.handles.insert((source, address.into()), handle);
    }

    /// What names the consumer's last message.
    pub(crate) fn about(&self, source: SourceId, address: &str) -> Option<Arc<str>> {
        self.handles.get(&(source, Arc::from(address)))?.about
    }

    /// What answers the consumer's last message, if it still can; nobody gets it a second time.
    pub(crate) fn take_reply_token(&self, source: SourceId, address: &str, now: Timestamp) -> Option<String> {
        let mut taken = None;
        self.handles.entry((source, address.into())).and_compute_with(|entry| match entry.map(Entry::into_value) {
            Some(mut handle) if handle.reply.is_some() => {
                taken = handle.reply.take();
                Op::Put(handle)
            }
            _ => Op::Nop,
        });
        taken.filter(|reply| reply.expires_at > now).map(|reply| reply.token)
    }

    pub(crate) fn forget_consumer(&self, consumer: &Consumer) {
        self.consumers.invalidate(&consumer.id);
        self.by_address.invalidate(&(consumer.source, consumer.address.as_str().into()));
    }
}
