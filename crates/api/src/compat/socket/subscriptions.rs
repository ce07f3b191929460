//! What one connection asked to be told about, and what it was told already.
//!
//! Remembering which conversations matched a subscription is what turns states into UPSERT and DELETE. Pure bookkeeping:
//! no reads, no frames. Everything in it is bounded.

use super::super::render::Protocol;
use antiphon_app::ports::store::ConversationFilter;
use antiphon_domain::event::Party;
use antiphon_domain::id::Version;
use antiphon_domain::routing::{Ring, Task};
use antiphon_domain::{ConsumerId, Conversation, ConversationId, DialogNumber, Sequence, Timestamp, UserId};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Most subscriptions of one connection, of each kind.
pub(super) const MAX_SUBSCRIPTIONS: usize = 32;
/// Most conversations that one subscription remembers. Beyond it, a change of any conversation that does not match is told
/// as a DELETE: one too many does no harm.
const MAX_KNOWN: usize = 200_000;
/// How many conversations that left are remembered, so that a late announcement does not bring them back.
const MAX_GONE: usize = 64;

/// Open, closed, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct States {
    /// Open ones.
    pub open: bool,
    /// Closed ones.
    pub close: bool,
}

impl States {
    /// Both.
    pub(super) const ANY: States = States { open: true, close: true };

    fn allow(self, open: bool) -> bool {
        if open { self.open } else { self.close }
    }
}

/// Which conversations a subscription is about. All parts must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    /// Of the main dialog.
    pub state: States,
    /// Of the whole conversation.
    pub stage: States,
    /// With any of these in it; empty means all of the account.
    pub agents: Vec<UserId>,
    /// Changed at or after.
    pub updated_from: Option<Timestamp>,
    /// Changed at or before.
    pub updated_to: Option<Timestamp>,
    /// Only of this consumer.
    pub consumer: Option<ConsumerId>,
    /// Only this one.
    pub conversation: Option<ConversationId>,
}

impl Filter {
    /// Whether a conversation matches, as a connection of that version sees it.
    pub(super) fn matches(&self, protocol: Protocol, it: &Conversation) -> bool {
        let concerns = |agent: &UserId| {
            let mut participants = it.dialogs.iter().flat_map(|dialog| &dialog.participants);
            participants.any(|participant| participant.party == Party::User(*agent) && protocol.sees(participant))
        };
        self.state.allow(it.main().open)
            && self.stage.allow(it.open)
            && (self.agents.is_empty() || self.agents.iter().any(concerns))
            && self.updated_from.is_none_or(|from| it.updated_at >= from)
            && self.updated_to.is_none_or(|to| it.updated_at <= to)
            && self.consumer.is_none_or(|consumer| it.consumer == consumer)
            && self.conversation.is_none_or(|conversation| it.id == conversation)
    }

    /// What to ask the store for so that everything that matches is in it: one question for each agent.
    pub(super) fn questions(&self) -> Vec<ConversationFilter> {
        // A conversation whose main dialog is closed may still be open as a whole; the other way round it may not.
        let open = match (self.state.open, self.stage) {
            (true, States { open: true, close: false }) => Some(true),
            (false, States { open: false, close: true }) => Some(false),
            (true, States { open: true, close: true }) if !self.state.close => Some(true),
            _ if !self.stage.open => Some(false),
            _ if !self.stage.close => Some(true),
            _ => None,
        };
        let base = ConversationFilter {
            open,
            consumer: self.consumer,
            updated_from: self.updated_from,
            updated_to: self.updated_to,
            ..ConversationFilter::default()
        };
        if self.agents.is_empty() {
            return vec![base];
        }
        self.agents.iter().map(|agent| ConversationFilter { involving: Some(*agent), ..base.clone() }).collect()
    }
}

/// A subscription to changes of conversations.
#[derive(Debug)]
pub(super) struct ConversationSubscription {
    /// Its id on the wire.
    pub id: Box<str>,
    /// What it is about.
    pub filter: Filter,
    known: HashMap<ConversationId, Version>,
    full: bool,
}

/// What a new state of a conversation is to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It did not match before and does now.
    Appears,
    /// It matched and still does.
    Moves,
    /// It matched and does no longer.
    Leaves,
    /// Nothing to tell.
    Nothing,
}

impl ConversationSubscription {
    /// A subscription that was told nothing yet.
    pub(super) fn new(id: String, filter: Filter) -> Self {
        Self { id: id.into(), filter, known: HashMap::new(), full: false }
    }

    /// Whether the client was told that this conversation matches.
    pub(super) fn knows(&self, id: ConversationId) -> bool {
        self.full || self.known.contains_key(&id)
    }

    /// The conversations that matched last.
    pub(super) fn known(&self) -> impl Iterator<Item = ConversationId> + '_ {
        self.known.keys().copied()
    }

    /// Takes a new state in, and says what it is to the client. Repeated and older states are nothing.
    pub(super) fn take(&mut self, protocol: Protocol, it: &Conversation) -> Step {
        let matches = self.filter.matches(protocol, it);
        match (self.known.get(&it.id).copied(), matches) {
            (Some(version), _) if version > it.version => Step::Nothing,
            (Some(version), true) => {
                self.known.insert(it.id, it.version);
                if version < it.version { Step::Moves } else { Step::Nothing }
            }
            (Some(_), false) => {
                self.known.remove(&it.id);
                Step::Leaves
            }
            (None, true) if self.full => Step::Moves,
            (None, true) => {
                self.full = self.known.len() >= MAX_KNOWN;
                if !self.full {
                    self.known.insert(it.id, it.version);
                }
                Step::Appears
            }
            (None, false) if self.full => Step::Leaves,
            (None, false) => Step::Nothing,
        }
    }
}

/// The extensions that a client asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    /// What becomes of outbound messages.
    pub deliveries: bool,
    /// How sources fare.
    pub sources: bool,
    /// Files that became ready or failed.
    pub files: bool,
    /// Consumers' names and consents.
    pub consumers: bool,
}

/// Everything that one connection is told about. Boxed, and made when the first subscription is: an idle connection pays nothing.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    /// To conversations.
    pub conversations: Vec<ConversationSubscription>,
    /// To rings, by id.
    pub routing: Vec<Box<str>>,
    /// To the own state, by id.
    pub agents: Vec<Box<str>>,
    /// Extensions.
    pub extensions: Extensions,
    /// The next sequence that the client has not seen, for each dialog whose events it gets.
    pub seen: HashMap<(ConversationId, DialogNumber), Sequence>,
    /// The rings that wait, as the client knows.
    pub ringing: Vec<(Ring, Arc<Task>)>,
    gone: VecDeque<(ConversationId, Version)>,
}

/// What a new state of a conversation is to a connection's subscriptions, by their places.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// To these it is new.
    pub appears: Vec<usize>,
    /// These knew it already.
    pub moves: Vec<usize>,
    /// From these it goes.
    pub leaves: Vec<usize>,
}

impl Steps {
    /// Whether nobody is to be told.
    pub(super) fn is_empty(&self) -> bool {
        self.appears.is_empty() && self.moves.is_empty() && self.leaves.is_empty()
    }
}

impl Subscriptions {
    /// Takes a new state in. Older ones than that with which it left are nothing.
    pub(super) fn take(&mut self, protocol: Protocol, it: &Conversation) -> Steps {
        let mut steps = Steps::default();
        for (at, subscription) in self.conversations.iter_mut().enumerate() {
            match subscription.take(protocol, it) {
                Step::Appears => steps.appears.push(at),
                Step::Moves => steps.moves.push(at),
                Step::Leaves => steps.leaves.push(at),
                Step::Nothing => {}
            }
        }
        steps
    }

    /// Whether a subscription still contains a conversation.
    pub(super) fn knows(&self, id: ConversationId) -> bool {
        self.conversations.iter().any(|subscription| subscription.knows(id))
    }

    /// Whether events of a conversation may be sent: the client knows it, or never asked for conversations at all.
    pub(super) fn tells_of(&self, id: ConversationId) -> bool {
        self.conversations.is_empty() || self.knows(id)
    }

    /// Notes that a conversation left at that version.
    pub(super) fn note_gone(&mut self, id: ConversationId, version: Version) {
        self.gone.retain(|(gone, _)| *gone != id);
        if self.gone.len() >= MAX_GONE {
            self.gone.pop_front();
        }
        self.gone.push_back((id, version));
    }

    /// Whether a state is older than the one with which the conversation left.
    pub(super) fn is_stale(&self, it: &Conversation) -> bool {
        self.gone.iter().any(|(gone, version)| *gone == it.id && it.version <= *version)
    }

    /// Forgets how far the client has seen a conversation's events.
    pub(super) fn forget_events(&mut self, id: ConversationId) {
        self.seen.retain(|(conversation, _), _| *conversation != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixtures;
    use antiphon_domain::conversation::ClosedBy;

    fn filter(state: States, agents: &[i64]) -> Filter {
        let agents = agents.iter().map(|agent| UserId(*agent)).collect();
        Filter { state, stage: States::ANY, agents, updated_from: None, updated_to: None, consumer: None, conversation: None }
    }

    const OPEN: States = States { open: true, close: false };

    #[test]
    fn states_become_steps() {
        let mut it = fixtures::conversation();
        let mut own = ConversationSubscription::new("S".into(), filter(OPEN, &[77]));
        let mut all = ConversationSubscription::new("A".into(), filter(States::ANY, &[]));
        let mut check = |it: &Conversation, expected_own: Step, expected_all: Step| {
            assert_eq!(own.take(Protocol::V21, it), expected_own);
            assert_eq!(all.take(Protocol::V21, it), expected_all);
        };
        check(&it, Step::Nothing, Step::Appears);
        it.assign(UserId(77), None, Timestamp(2_000)).expect("open");
        check(&it, Step::Appears, Step::Moves);
        check(&it, Step::Nothing, Step::Nothing);
        let before = it.clone();
        it.unassign(UserId(77), None, Timestamp(3_000)).expect("assigned");
        check(&it, Step::Leaves, Step::Moves);
        check(&before, Step::Appears, Step::Nothing);
    }

    #[test]
    fn a_late_state_does_not_bring_back_what_left() {
        let mut it = fixtures::conversation();
        let late = it.clone();
        it.close(ClosedBy::Agent, None, None, Timestamp(2_000)).expect("open");
        let mut subscriptions = Subscriptions::default();
        subscriptions.note_gone(it.id, it.version);
        assert!(subscriptions.is_stale(&late) && subscriptions.is_stale(&it));
        it.version += 1;
        assert!(!subscriptions.is_stale(&it));
    }

    #[test]
    fn only_newer_versions_see_proposals() {
        let mut it = fixtures::conversation();
        it.suggest(UserId(77), None, Timestamp(2_000)).expect("open");
        let filter = filter(OPEN, &[77]);
        assert!(filter.matches(Protocol::V21, &it));
        assert!(!filter.matches(Protocol::V20, &it));
    }

    #[test]
    fn the_store_is_asked_no_more_than_needed() {
        fn check(state: States, stage: States, expected: Option<bool>) {
            let filter = Filter { stage, ..filter(state, &[]) };
            assert_eq!(filter.questions()[0].open, expected, "{state:?} {stage:?}");
        }
        let close = States { open: false, close: true };
        check(OPEN, States::ANY, Some(true));
        check(States::ANY, OPEN, Some(true));
        check(States::ANY, close, Some(false));
        check(close, close, Some(false));
        check(close, OPEN, Some(true));
        check(close, States::ANY, None);
        check(States::ANY, States::ANY, None);
    }
}
