//! What a consumer may read: their own conversations, without what is meant for agents only.

use super::ConsumerCaller;
use crate::App;
use crate::ports::store::{ConversationCursor, ConversationFilter};
use crate::publish::DialogRef;
use crate::query::ReadRefused;
use antiphon_domain::id::Sequence;
use antiphon_domain::{Audience, Consumer, Conversation, ConversationId, Event};
use std::sync::Arc;

impl App {
    /// A conversation of the caller's. Another's is not there: whether it exists is nobody's business.
    ///
    /// # Errors
    /// `NotFound`, or the store can't be read.
    pub async fn own_conversation(self: &Arc<Self>, caller: &ConsumerCaller, id: ConversationId) -> Result<Arc<Conversation>, ReadRefused> {
        let state = self.account_state(&caller.account);
        let found = self.load(&state, &caller.account, id).await?;
        found.filter(|conversation| conversation.consumer == caller.consumer).ok_or(ReadRefused::NotFound)
    }

    /// The caller's conversations, newest change first.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn own_conversations(
        self: &Arc<Self>,
        caller: &ConsumerCaller,
        filter: &ConversationFilter,
        after: Option<ConversationCursor>,
        limit: usize,
    ) -> Result<Vec<Arc<Conversation>>, ReadRefused> {
        let filter = ConversationFilter { consumer: Some(caller.consumer), ..filter.clone() };
        let rows = self.store.conversations(&caller.account, &filter, after, limit).await?;
        Ok(rows.into_iter().map(Arc::new).collect())
    }

    /// Events of a dialog of the caller's from a sequence on, as far as they are meant for consumers. The page may be shorter
    /// than its limit: the second value is where the next one starts, `None` at the end.
    ///
    /// # Errors
    /// `NotFound`, or the store can't be read.
    pub async fn own_events(
        self: &Arc<Self>,
        caller: &ConsumerCaller,
        dialog: DialogRef,
        from: Sequence,
        limit: usize,
    ) -> Result<(Vec<Arc<Event>>, Option<Sequence>), ReadRefused> {
        let conversation = self.own_conversation(caller, dialog.conversation).await?;
        conversation.dialog(dialog.number).ok_or(ReadRefused::NotFound)?;
        let rows = self.store.events(&caller.account, dialog.conversation, dialog.number, from, limit).await?;
        let next = rows.last().filter(|_| rows.len() >= limit).map(|last| last.sequence + 1);
        Ok((rows.into_iter().filter(|event| event.audience == Audience::All).map(Arc::new).collect(), next))
    }

    /// What is known about the caller; `None` before they said or opened anything.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn own_profile(self: &Arc<Self>, caller: &ConsumerCaller) -> Result<Option<Arc<Consumer>>, ReadRefused> {
        let state = self.account_state(&caller.account);
        Ok(self.load_consumer(&state, &caller.account, caller.consumer).await?)
    }
}
