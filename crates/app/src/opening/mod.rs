//! Beginning a conversation: the one place where a channel's message, a consumer's request and an agent's meet.

mod by_agent;

use crate::live::KnownConsumer;
use crate::ports::bus::ConversationMoved;
use crate::ports::store::{UnitOfWork, Write};
use crate::{AccountState, AccountView, App};
use antiphon_domain::conversation::{Opening, Origin, ResponseTimeKind};
use antiphon_domain::event::Party;
use antiphon_domain::routing::Task;
use antiphon_domain::{Change, Consumer, Conversation, Event, SkillId, Source, Timestamp};
use std::sync::Arc;

pub(crate) use by_agent::ByAgent;
pub use by_agent::{OpenByAgent, OpenByAgentError, OpenByAgentErrorKind};

/// How a conversation begins.
pub(crate) struct Beginning<'a> {
    pub view: &'a AccountView,
    pub source: &'a Source,
    pub consumer: &'a Consumer,
    /// The consumer's first one with us.
    pub first: bool,
    pub by: Party,
    /// Where it goes; where its source says otherwise.
    pub skill: Option<SkillId>,
    /// How urgent it is; as the account says otherwise.
    pub response_time: Option<ResponseTimeKind>,
    pub origin: Option<Arc<Origin>>,
}

impl App {
    /// The conversation at its beginning, and the record of that.
    pub(crate) fn begin(&self, beginning: Beginning<'_>, now: Timestamp) -> (Conversation, Change) {
        let Beginning { view, source, consumer, first, by, skill, response_time, origin } = beginning;
        let account = &view.account;
        let kind = response_time.unwrap_or(account.settings.default_response_time);
        let opening = Opening {
            id: self.ids.conversation(now),
            account: account.id.clone(),
            consumer: consumer.id,
            source: source.id,
            skill: skill.or(source.skill).or(account.default_skill),
            response_time: (kind, account.settings.response_time_of(kind)),
            first,
            by,
            origin,
        };
        Conversation::open(opening, now)
    }

    /// Remembers and announces a conversation that has just been committed; its dispatcher hears of it before anybody else
    /// can act on it. Hold its consumer's lock and its own.
    pub(crate) fn begun(
        &self,
        state: &AccountState,
        consumer: &Arc<Consumer>,
        begun: Arc<Conversation>,
        task: Option<Task>,
        (events, changes): (Vec<Arc<Event>>, Vec<Change>),
    ) {
        state.live.keep_known(KnownConsumer { consumer: Arc::clone(consumer), open: Some(begun.id), had_one: true });
        state.live.keep_conversation(Arc::clone(&begun));
        if let Some(task) = task {
            state.dispatcher.enqueue(task);
        }
        self.announce_move(ConversationMoved { after: begun, departed: Vec::new(), events, changes });
    }
}

/// What is written for a conversation that begins.
pub(crate) fn write_beginning(unit: &mut UnitOfWork, begun: &Arc<Conversation>, changes: &[Change], task: Option<&Task>) {
    unit.write(Write::PutConversation { conversation: Arc::clone(begun), was: 0 });
    unit.writes.extend(changes.iter().map(|change| Write::AddChange { conversation: begun.id, change: change.clone() }));
    unit.writes.extend(task.cloned().map(Write::PutTask));
}
