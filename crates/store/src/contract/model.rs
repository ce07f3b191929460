//! The simplest store that keeps the promises: maps in memory, units applied to a copy. What the adapters are compared with.

use antiphon_app::ports::store::{CommitError, ConversationCursor, ConversationFilter, DeliveryFilter, Write};
use antiphon_domain::routing::{Availability, Task};
use antiphon_domain::{
    Change, Consumer, ConsumerId, Conversation, ConversationId, Delivery, DeliveryId, DeliveryStatus, DialogNumber, Event, Sequence,
    SourceId, Timestamp, UserId, Version,
};
use std::collections::{BTreeMap, BTreeSet};

/// One account's data.
#[derive(Clone, Default)]
pub struct Model {
    pub conversations: BTreeMap<ConversationId, Conversation>,
    pub events: BTreeMap<(ConversationId, DialogNumber, Sequence), Event>,
    pub changes: BTreeMap<(ConversationId, Version), Change>,
    pub consumers: BTreeMap<ConsumerId, Consumer>,
    pub tasks: BTreeMap<ConversationId, Task>,
    pub agents: BTreeMap<UserId, (Availability, Timestamp)>,
    pub deliveries: BTreeMap<DeliveryId, Delivery>,
    guards: BTreeSet<(SourceId, String)>,
}

impl Model {
    /// Applies a unit whole or not at all.
    pub fn commit(&mut self, writes: &[Write]) -> Result<(), CommitError> {
        let mut next = self.clone();
        for write in writes {
            next.apply(write)?;
        }
        *self = next;
        Ok(())
    }

    fn apply(&mut self, write: &Write) -> Result<(), CommitError> {
        match write {
            Write::Once { source, key, .. } => {
                if !self.guards.insert((*source, key.to_string())) {
                    return Err(CommitError::Duplicate);
                }
            }
            Write::PutConversation { conversation, was } => {
                let stored = self.conversations.get(&conversation.id).map_or(0, |stored| stored.version);
                let second = self
                    .conversations
                    .values()
                    .any(|other| other.open && other.consumer == conversation.consumer && other.id != conversation.id);
                if stored != *was || (conversation.open && second) {
                    return Err(CommitError::Conflict);
                }
                self.conversations.insert(conversation.id, Conversation::clone(conversation));
            }
            Write::AddEvent { conversation, event } => {
                let key = (*conversation, event.dialog, event.sequence);
                if self.events.insert(key, Event::clone(event)).is_some() {
                    return Err(CommitError::Conflict);
                }
            }
            Write::AddChange { conversation, change } => {
                if self.changes.insert((*conversation, change.version), change.clone()).is_some() {
                    return Err(CommitError::Conflict);
                }
            }
            Write::PutConsumer(consumer) => {
                self.consumers.insert(consumer.id, consumer.clone());
            }
            Write::PutTask(task) => {
                self.tasks.insert(task.conversation, task.clone());
            }
            Write::DeleteTask(conversation) => {
                self.tasks.remove(conversation);
            }
            Write::PutAgentState { user, availability, last_assigned_at } => {
                self.agents.insert(*user, (*availability, *last_assigned_at));
            }
            Write::PutDelivery(delivery) => {
                self.deliveries.insert(delivery.id, delivery.clone());
            }
            other => panic!("the model does not know {other:?}"),
        }
        Ok(())
    }

    /// What the list of conversations is to give.
    pub fn conversations(&self, filter: &ConversationFilter, after: Option<ConversationCursor>, limit: usize) -> Vec<Conversation> {
        let mut all: Vec<&Conversation> = self.conversations.values().filter(|conversation| self.fits(conversation, filter)).collect();
        all.sort_unstable_by_key(|conversation| std::cmp::Reverse((conversation.updated_at, conversation.id)));
        all.into_iter()
            .filter(|conversation| after.is_none_or(|after| (conversation.updated_at, conversation.id) < (after.updated_at, after.id)))
            .take(limit)
            .cloned()
            .collect()
    }

    fn fits(&self, conversation: &Conversation, filter: &ConversationFilter) -> bool {
        let text = filter.text.as_deref().map(str::to_lowercase).filter(|text| !text.is_empty());
        let has_text = text.is_none_or(|text| {
            let consumer = self.consumers.get(&conversation.consumer);
            conversation.id.to_string() == text
                || conversation.consumer.to_string() == text
                || consumer.is_some_and(|consumer| {
                    consumer.name.as_deref().unwrap_or_default().to_lowercase().contains(&text)
                        || consumer.address.to_lowercase().contains(&text)
                })
        });
        has_text
            && filter.open.is_none_or(|open| open == conversation.open)
            && filter.involving.is_none_or(|user| conversation.involves(user))
            && (!filter.unassigned || conversation.assigned_agent().is_none())
            && (!filter.in_survey || conversation.in_survey())
            && filter.skill.is_none_or(|skill| conversation.skill == Some(skill))
            && filter.consumer.is_none_or(|consumer| conversation.consumer == consumer)
            && filter.updated_from.is_none_or(|from| conversation.updated_at >= from)
            && filter.updated_to.is_none_or(|to| conversation.updated_at <= to)
    }

    /// What the list of deliveries is to give: by id, or by event where only one conversation is asked for.
    pub fn deliveries(&self, filter: &DeliveryFilter, after: Option<DeliveryId>, limit: usize) -> Vec<Delivery> {
        let by_event = |delivery: &Delivery| filter.conversation.map(|_| (delivery.dialog, delivery.sequence));
        let place = |delivery: &Delivery| (by_event(delivery), delivery.id);
        let after = match after {
            Some(after) if filter.conversation.is_some() => match self.deliveries.get(&after) {
                Some(delivery) => Some(place(delivery)),
                None => return Vec::new(),
            },
            after => after.map(|after| (None, after)),
        };
        let mut all: Vec<&Delivery> = self.deliveries.values().collect();
        all.sort_unstable_by_key(|delivery| std::cmp::Reverse(place(delivery)));
        all.into_iter()
            .filter(|delivery| after.is_none_or(|after| place(delivery) < after))
            .filter(|delivery| filter.status.is_none_or(|status| delivery.status == status))
            .filter(|delivery| filter.conversation.is_none_or(|conversation| delivery.conversation == conversation))
            .filter(|delivery| filter.source.is_none_or(|source| delivery.source == source))
            .take(limit)
            .cloned()
            .collect()
    }

    /// Deliveries of a conversation that went out and are not read.
    pub fn unread(&self, conversation: ConversationId, up_to: Timestamp) -> Vec<Delivery> {
        use DeliveryStatus::{Delivered, Sent, Unknown};
        self.deliveries
            .values()
            .filter(|delivery| delivery.conversation == conversation && delivery.created_at <= up_to)
            .filter(|delivery| matches!(delivery.status, Unknown | Sent | Delivered))
            .cloned()
            .collect()
    }
}
