//! A conversation with everything that happened in it, as connectors and bots ask for it afterwards.
//!
//! Reads only, authorised like every other read. What is read is bounded: a conversation longer than that is told as partial.

use crate::ports::store::{ConversationCursor, ConversationFilter};
use crate::query::ReadRefused;
use crate::{App, Caller};
use antiphon_domain::{Change, Consumer, ConsumerId, Conversation, ConversationId, Event};
use std::sync::Arc;

/// Most events of one conversation that are told.
pub const MOST_EVENTS: usize = 5_000;
/// Most changes of one conversation that are told.
pub const MOST_CHANGES: usize = 2_000;
/// How far into a consumer's conversations one can page.
pub const MOST_OF_CONSUMER: usize = 1_000;

const PAGE: usize = 500;

/// A conversation's story.
#[derive(Clone, Debug)]
pub struct History {
    /// Its state as it is now.
    pub conversation: Arc<Conversation>,
    /// With whom.
    pub consumer: Option<Arc<Consumer>>,
    /// The events of all its dialogs: by dialog, then in their order.
    pub events: Vec<Arc<Event>>,
    /// Its changes in their order.
    pub changes: Vec<Change>,
    /// Whether there is more than is told.
    pub partial: bool,
}

/// Which parts of the story are wanted: what is not asked for is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The events.
    pub events: bool,
    /// The changes.
    pub changes: bool,
}

impl App {
    /// A conversation's story, as far as the caller may see it.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden`.
    pub async fn history(self: &Arc<Self>, caller: &Caller, id: ConversationId, wanted: Wanted) -> Result<History, ReadRefused> {
        let conversation = self.conversation(caller, id).await?;
        self.story(conversation, wanted).await
    }

    /// The stories of a consumer's conversations, by their start, and how many there are.
    ///
    /// `open` picks only open or only closed ones; `page` is offset, limit and whether the earliest comes first, out of at most
    /// [`MOST_OF_CONSUMER`].
    ///
    /// # Errors
    /// When the store can't be read. Conversations that the caller may not see are left out.
    pub async fn histories_of_consumer(
        self: &Arc<Self>,
        caller: &Caller,
        consumer: ConsumerId,
        open: Option<bool>,
        (offset, limit, ascending): (usize, usize, bool),
        wanted: Wanted,
    ) -> Result<(usize, Vec<History>), ReadRefused> {
        let filter = ConversationFilter { consumer: Some(consumer), open, ..ConversationFilter::default() };
        let mut found = Vec::new();
        let mut after = None;
        while found.len() < MOST_OF_CONSUMER {
            let page = self.conversations(caller, filter.clone(), after, PAGE.min(MOST_OF_CONSUMER - found.len())).await?;
            let Some(last) = page.last() else { break };
            after = Some(ConversationCursor { updated_at: last.updated_at, id: last.id });
            found.extend(page);
        }
        found.sort_by_key(|conversation| (conversation.started_at, conversation.id));
        if !ascending {
            found.reverse();
        }
        let count = found.len();
        let mut stories = Vec::new();
        for conversation in found.into_iter().skip(offset).take(limit) {
            stories.push(self.story(conversation, wanted).await?);
        }
        Ok((count, stories))
    }

    async fn story(self: &Arc<Self>, conversation: Arc<Conversation>, wanted: Wanted) -> Result<History, ReadRefused> {
        let (account, id) = (&conversation.account, conversation.id);
        let mut partial = false;
        let mut events: Vec<Arc<Event>> = Vec::new();
        if wanted.events {
            for dialog in &conversation.dialogs {
                let mut from = 0;
                loop {
                    let room = MOST_EVENTS - events.len();
                    if room == 0 {
                        partial |= from < dialog.next_sequence;
                        break;
                    }
                    let page = self.store.events(account, id, dialog.number, from, PAGE.min(room)).await?;
                    let Some(last) = page.last() else { break };
                    from = last.sequence + 1;
                    events.extend(page.into_iter().map(Arc::new));
                }
            }
        }
        let mut changes: Vec<Change> = Vec::new();
        if wanted.changes {
            changes = self.store.changes(account, id, 0, MOST_CHANGES + 1).await?;
            partial |= changes.len() > MOST_CHANGES;
            changes.truncate(MOST_CHANGES);
        }
        let consumer = self.consumer_of(&conversation).await?;
        Ok(History { consumer, events, changes, partial, conversation })
    }
}
