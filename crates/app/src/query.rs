//! Authorised reads: who may not see something learns no more than that.

use crate::dispatcher::AgentStatus;
use crate::ports::store::{ConversationCursor, ConversationFilter, ReadError};
use crate::publish::DialogRef;
use crate::{App, Caller, Unavailable};
use antiphon_domain::id::Version;
use antiphon_domain::routing::{Ring, Task};
use antiphon_domain::{
    AccountId, Change, Consumer, ConsumerId, Conversation, ConversationId, Delivery, Event, Privilege, Sequence, SkillId, UserId,
};
use std::sync::Arc;

/// Why something is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadRefused {
    /// There is none.
    #[error("not found")]
    NotFound,
    /// The caller may not.
    #[error("you may not see this")]
    Forbidden,
    /// The store can't be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<ReadError> for ReadRefused {
    fn from(error: ReadError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl App {
    /// A conversation that the caller takes part in, is offered, or may see by privilege.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden`.
    pub async fn conversation(self: &Arc<Self>, caller: &Caller, id: ConversationId) -> Result<Arc<Conversation>, ReadRefused> {
        let state = self.account_state(&caller.account);
        let conversation = self.load(&state, &caller.account, id).await?.ok_or(ReadRefused::NotFound)?;
        let offered =
            || state.dispatcher.look(|router| router.rings_of(caller.id()).iter().any(|ring| ring.conversation == id)).unwrap_or(false);
        if caller.may(Privilege::ViewAllConversations)
            || conversation.involves(caller.id())
            || offered()
            || self.shares_consumer(caller, &conversation).await?
        {
            Ok(conversation)
        } else {
            Err(ReadRefused::Forbidden)
        }
    }

    /// Whether an open conversation of the same consumer is the caller's: then the earlier ones are context.
    async fn shares_consumer(self: &Arc<Self>, caller: &Caller, conversation: &Conversation) -> Result<bool, ReadRefused> {
        self.serves(caller, conversation.consumer).await
    }

    async fn serves(self: &Arc<Self>, caller: &Caller, consumer: ConsumerId) -> Result<bool, ReadRefused> {
        let filter = ConversationFilter { consumer: Some(consumer), involving: Some(caller.id()), ..ConversationFilter::default() };
        Ok(!self.store.conversations(&caller.account, &filter, None, 1).await?.is_empty())
    }

    /// Conversations, newest change first; without the privilege to see all, the caller's own and those of the consumers they serve.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn conversations(
        self: &Arc<Self>,
        caller: &Caller,
        mut filter: ConversationFilter,
        after: Option<ConversationCursor>,
        limit: usize,
    ) -> Result<Vec<Arc<Conversation>>, ReadRefused> {
        if !caller.may(Privilege::ViewAllConversations) {
            let of_own_consumer = match filter.consumer {
                Some(consumer) => self.serves(caller, consumer).await?,
                None => false,
            };
            if !of_own_consumer {
                if filter.involving.is_some_and(|user| user != caller.id()) || filter.unassigned {
                    return Ok(Vec::new());
                }
                filter.involving = Some(caller.id());
            }
        }
        let rows = self.store.conversations(&caller.account, &filter, after, limit).await?;
        Ok(rows.into_iter().map(Arc::new).collect())
    }

    /// Events of a dialog that the caller may see, from a sequence on.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden`.
    pub async fn events(
        self: &Arc<Self>,
        caller: &Caller,
        dialog: DialogRef,
        from: Sequence,
        limit: usize,
    ) -> Result<Vec<Arc<Event>>, ReadRefused> {
        self.conversation(caller, dialog.conversation).await?;
        let rows = self.store.events(&caller.account, dialog.conversation, dialog.number, from, limit).await?;
        Ok(rows.into_iter().map(Arc::new).collect())
    }

    /// Changes of a conversation that the caller may see.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden`.
    pub async fn changes(
        self: &Arc<Self>,
        caller: &Caller,
        id: ConversationId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Change>, ReadRefused> {
        self.conversation(caller, id).await?;
        Ok(self.store.changes(&caller.account, id, after, limit).await?)
    }

    /// Deliveries of a range of events, both ends inclusive.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden`.
    pub async fn deliveries_of_events(
        self: &Arc<Self>,
        caller: &Caller,
        dialog: DialogRef,
        from: Sequence,
        to: Sequence,
    ) -> Result<Vec<Delivery>, ReadRefused> {
        self.conversation(caller, dialog.conversation).await?;
        Ok(self.store.deliveries_of_events(&caller.account, dialog.conversation, dialog.number, from, to).await?)
    }

    /// A consumer whom the caller serves, or may see by privilege.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden`.
    pub async fn consumer(self: &Arc<Self>, caller: &Caller, id: ConsumerId) -> Result<Arc<Consumer>, ReadRefused> {
        let state = self.account_state(&caller.account);
        let consumer = self.load_consumer(&state, &caller.account, id).await?.ok_or(ReadRefused::NotFound)?;
        if caller.may(Privilege::ViewAllConversations) || self.is_offered(caller, &state, id) || self.serves(caller, id).await? {
            Ok(consumer)
        } else {
            Err(ReadRefused::Forbidden)
        }
    }

    fn is_offered(&self, caller: &Caller, state: &crate::AccountState, consumer: ConsumerId) -> bool {
        let offered = state.dispatcher.look(|router| {
            router.rings_of(caller.id()).iter().any(|ring| router.task(ring.conversation).is_some_and(|task| task.consumer == consumer))
        });
        offered.unwrap_or(false)
    }

    /// A consumer without a check: for showing a conversation that was already authorised.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn consumer_of(self: &Arc<Self>, conversation: &Conversation) -> Result<Option<Arc<Consumer>>, ReadRefused> {
        let state = self.account_state(&conversation.account);
        Ok(self.load_consumer(&state, &conversation.account, conversation.consumer).await?)
    }

    /// States and loads of the account's agents.
    pub async fn agent_seats(self: &Arc<Self>, account: &AccountId) -> Vec<AgentStatus> {
        let statuses = self.account_state(account).dispatcher.look(|router| {
            let status = |(user, seat): (UserId, &antiphon_domain::routing::AgentSeat)| AgentStatus {
                user,
                availability: seat.availability,
                open: u32::try_from(seat.open.len()).unwrap_or(u32::MAX),
                ringing: u32::try_from(seat.ringing.len()).unwrap_or(u32::MAX),
                max_conversations: seat.max_conversations,
            };
            router.agents().map(status).collect()
        });
        statuses.unwrap_or_default()
    }

    /// The live rings of a user, with what they offer.
    pub async fn rings_of(self: &Arc<Self>, account: &AccountId, user: UserId) -> Vec<(Ring, Arc<Task>)> {
        let rings = self.account_state(account).dispatcher.look(|router| {
            let rings = router.rings_of(user).into_iter();
            rings.filter_map(|ring| Some((ring, Arc::new(router.task(ring.conversation)?.clone())))).collect()
        });
        rings.unwrap_or_default()
    }

    /// How many conversations wait per skill, ringing ones included; `None` is "any agent".
    pub async fn queue_sizes(self: &Arc<Self>, account: &AccountId) -> Vec<(Option<SkillId>, usize)> {
        let directory = self.directory();
        let Some(view) = directory.account(account) else { return Vec::new() };
        let skills: Vec<Option<SkillId>> = view.skills.keys().copied().map(Some).chain([None]).collect();
        let sizes =
            self.account_state(account).dispatcher.look(|router| skills.iter().map(|skill| (*skill, router.waiting(*skill))).collect());
        sizes.unwrap_or_default()
    }

    /// Sets the caller's own state.
    ///
    /// # Errors
    /// When nothing could be stored.
    pub async fn set_agent_state(
        self: &Arc<Self>,
        caller: &Caller,
        availability: antiphon_domain::routing::Availability,
    ) -> Result<(), Unavailable> {
        self.account_state(&caller.account).dispatcher.set_availability(caller.id(), availability).await
    }

    /// Answers a ring.
    ///
    /// # Errors
    /// When the ring ended or is somebody else's, or nothing could be stored.
    pub async fn answer_ring(
        self: &Arc<Self>,
        caller: &Caller,
        conversation: ConversationId,
        offered_at: antiphon_domain::Timestamp,
        accept: bool,
    ) -> Result<(), crate::AnswerError> {
        self.account_state(&caller.account).dispatcher.answer(conversation, offered_at, caller.id(), accept).await
    }

    /// Tells how many sockets a user has, and how many of them listen for rings: absolute numbers.
    pub async fn sockets_changed(self: &Arc<Self>, account: &AccountId, user: UserId, open: u32, listening: u32) {
        self.account_state(account).dispatcher.sockets(user, open, listening);
    }
}
