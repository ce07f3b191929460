//! What a consumer does in their own conversation: write, give receipts, type, close, rate, ask for haste.

use super::ConsumerCaller;
use crate::ports::store::ConversationFilter;
use crate::publish::{Author, DialogRef, Publish, PublishError};
use crate::update::{Actor, Update, UpdateDone, UpdateError};
use crate::{App, Unavailable};
use antiphon_domain::event::Party;
use antiphon_domain::id::{DialogNumber, Sequence};
use antiphon_domain::{AccountId, ConsumerId};
use std::sync::Arc;

impl App {
    /// Publishes what a consumer writes, or a receipt of theirs; returns its sequence once it is durable.
    ///
    /// # Errors
    /// Names what is wrong; nothing was published then. Another consumer's conversation is not there.
    pub async fn publish_as_consumer(self: &Arc<Self>, caller: &ConsumerCaller, request: Publish) -> Result<Sequence, PublishError> {
        self.publish_by(&Author::Consumer(caller), request).await
    }

    /// Tells agents that the consumer types, or stopped. Never stored. A survey takes no chat states: they are passed over.
    ///
    /// # Errors
    /// For an unknown state, when the conversation is not the caller's, or the dialog is closed.
    pub async fn chat_state_as_consumer(
        self: &Arc<Self>,
        caller: &ConsumerCaller,
        dialog: DialogRef,
        chat_state: &str,
    ) -> Result<(), PublishError> {
        let (conversation, party) = self.typing_in(&Author::Consumer(caller), dialog, chat_state).await?;
        if dialog.number == DialogNumber::MAIN {
            self.announce_chat_state(conversation, dialog.number, party, chat_state);
        }
        Ok(())
    }

    /// Tells agents that a consumer's last connection went, or that one came back. Never stored.
    ///
    /// # Errors
    /// When the store can't be read; nobody was told then.
    pub async fn consumer_presence(self: &Arc<Self>, account: &AccountId, consumer: ConsumerId, present: bool) -> Result<(), Unavailable> {
        let filter = ConversationFilter { open: Some(true), consumer: Some(consumer), ..ConversationFilter::default() };
        for open in self.store.conversations(account, &filter, None, 1).await?.into_iter().filter(|open| open.main().open) {
            let state = if present { "ACTIVE" } else { "BACKGROUND" };
            self.announce_chat_state(Arc::new(open), DialogNumber::MAIN, Party::Consumer(consumer), state);
        }
        Ok(())
    }

    /// Changes the caller's own conversation; all changes or none.
    ///
    /// # Errors
    /// Names what is wrong; nothing was changed then. Another consumer's conversation is not there.
    pub async fn update_as_consumer(self: &Arc<Self>, caller: &ConsumerCaller, update: Update) -> Result<UpdateDone, UpdateError> {
        update.check(&self.limits)?;
        let dispatcher = &self.account_state(&caller.account).dispatcher;
        dispatcher.update(Actor::Consumer(Box::new(caller.clone())), update).await
    }
}
