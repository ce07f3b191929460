//! A conversation: everything between one consumer and the account until it is closed.
//!
//! Each command takes the state and a time, and either refuses or moves the state one version on. Who may issue a
//! command is decided before (see `profile`); whether it makes sense is decided here. Here are the state and the order of
//! events; [`agents`] is who is in it, [`fields`] what is noted about it, [`ending`] how it closes and what follows.

mod agents;
mod ending;
mod fields;

use crate::event::Party;
use crate::routing::RingState;
use crate::{
    AcceptStatus, AccountId, Audience, ConsumerId, Content, ConversationId, Event, EventBody, Originator, Sequence, SkillId, SourceId,
    Timestamp, UserId,
};
use crate::{id::DialogNumber, id::Version};
use std::sync::Arc;

/// What a participant is in a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The person outside; exactly one.
    Consumer,
    /// Who answers; at most one.
    AssignedAgent,
    /// A further agent who may write.
    Agent,
    /// A manager who joined.
    Manager,
    /// Sees everything, takes no part.
    Reader,
    /// A bot or the product itself, steering.
    Controller,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] = [Role::Consumer, Role::AssignedAgent, Role::Agent, Role::Manager, Role::Reader, Role::Controller];

    /// The name on the published wire.
    pub fn name(self) -> &'static str {
        match self {
            Role::Consumer => "CONSUMER",
            Role::AssignedAgent => "ASSIGNED_AGENT",
            Role::Agent => "AGENT",
            Role::Manager => "MANAGER",
            Role::Reader => "READER",
            Role::Controller => "CONTROLLER",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Someone in a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Who.
    pub party: Party,
    /// As what.
    pub role: Role,
    /// Only proposed: a transfer that its agent has not taken yet.
    pub suggested: bool,
    /// How many content events of others they have not read.
    pub unread: u32,
    /// The highest sequence they said they read.
    pub read_up_to: Option<Sequence>,
}

/// The kinds of dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogKind {
    /// Created with the conversation, same id.
    Main,
    /// Asked after the main dialog closed.
    PostSurvey,
}

/// Who ended something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedBy {
    /// Someone of the brand.
    Agent,
    /// The person outside.
    Consumer,
    /// The product.
    System,
}

impl ClosedBy {
    /// The name on the published wire.
    pub fn name(self) -> &'static str {
        match self {
            ClosedBy::Agent => "AGENT",
            ClosedBy::Consumer => "CONSUMER",
            ClosedBy::System => "SYSTEM",
        }
    }
}

/// A stage of a conversation; owns an order of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    /// Its place in the order of creation.
    pub number: DialogNumber,
    /// Its kind.
    pub kind: DialogKind,
    /// Whether it still takes events.
    pub open: bool,
    /// The sequence of its next event, which is also how many it has.
    pub next_sequence: Sequence,
    /// Who is in it.
    pub participants: Vec<Participant>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    pub closed_by: Option<ClosedBy>,
    /// In the words of whoever ended it.
    pub closed_cause: Option<Arc<str>>,
    /// When its participants or state last changed.
    pub updated_at: Timestamp,
    /// The app that asks: a survey's.
    pub app: Option<Arc<str>>,
    /// What somebody attached to it last: a JSON array, kept as their bytes.
    pub metadata: Option<Arc<str>>,
}

impl Dialog {
    /// The role in which a user is in it; proposals don't count.
    pub fn role_of(&self, user: UserId) -> Option<Role> {
        self.participants.iter().filter(|p| p.party == Party::User(user) && !p.suggested).map(|p| p.role).min()
    }
}

/// How soon an answer is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseTimeKind {
    /// The account's own.
    Normal,
    /// Marked as urgent.
    Urgent,
    /// Before others.
    Prioritized,
    /// Set by hand.
    Custom,
}

impl ResponseTimeKind {
    /// The name on the published wire.
    pub fn name(self) -> &'static str {
        match self {
            ResponseTimeKind::Normal => "NORMAL",
            ResponseTimeKind::Urgent => "URGENT",
            ResponseTimeKind::Prioritized => "PRIORITIZED",
            ResponseTimeKind::Custom => "CUSTOM",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Normal, Self::Urgent, Self::Prioritized, Self::Custom].into_iter().find(|kind| kind.name() == name)
    }
}

/// Where a conversation comes from, in the words of whoever opened it. Never changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Campaign and engagement: a JSON object, kept as the opener's bytes.
    pub campaign: Option<Arc<str>>,
    /// The page, app or conversation it began on: a JSON object.
    pub context: Option<Arc<str>>,
    /// What the consumer's program says of itself: a JSON object.
    pub client: Option<Arc<str>>,
    /// What that program can do, by the published names.
    pub features: Vec<Arc<str>>,
}

/// What the consumer thinks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating {
    /// From 1 to 5.
    pub stars: Option<u8>,
    /// Whether their matter is settled.
    pub resolved: Option<bool>,
    /// How much of the question they answered.
    pub status: RatingStatus,
}

/// How much of a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatingStatus {
    /// All.
    Filled,
    /// Some.
    PartiallyFilled,
    /// Nothing.
    Skipped,
}

impl RatingStatus {
    /// Every status.
    pub const ALL: [RatingStatus; 3] = [RatingStatus::Filled, RatingStatus::PartiallyFilled, RatingStatus::Skipped];

    /// The name on the published wire.
    pub fn name(self) -> &'static str {
        match self {
            RatingStatus::Filled => "FILLED",
            RatingStatus::PartiallyFilled => "PARTIALLY_FILLED",
            RatingStatus::Skipped => "SKIPPED",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Why an answer is not owed before a certain time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delay {
    /// In the published words: `NIGHT`, `WEEKEND`, `HOLIDAY`.
    pub kind: Arc<str>,
    /// Until when.
    pub till: Timestamp,
}

/// The state of a conversation. Cloned to change it; shared once committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its id and that of its main dialog.
    pub id: ConversationId,
    /// Whose.
    pub account: AccountId,
    /// With whom.
    pub consumer: ConsumerId,
    /// Over which page or number.
    pub source: SourceId,
    /// Its current skill; `None` means any agent may take it.
    pub skill: Option<SkillId>,
    /// How often it changed.
    pub version: Version,
    /// Whether it takes anything at all.
    pub open: bool,
    /// Its dialogs by number; the main one first.
    pub dialogs: Vec<Dialog>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who ended the main dialog.
    pub closed_by: Option<ClosedBy>,
    /// When anything last changed; never goes back.
    pub updated_at: Timestamp,
    /// Since when the consumer waits for an answer: their first unanswered message, or the moment of a transfer.
    pub waiting_since: Option<Timestamp>,
    /// How soon an answer is owed.
    pub response_time: (ResponseTimeKind, i64),
    /// When the consumer last wrote: opens the channel's reply window.
    pub last_consumer_at: Option<Timestamp>,
    /// The consumer's first one with us.
    pub first: bool,
    /// The last content event of the main dialog that everyone may see.
    pub last_content: Option<Arc<Event>>,
    /// Where it comes from, where its opener said so.
    pub origin: Option<Arc<Origin>>,
    /// What the consumer thinks of it.
    pub rating: Option<Rating>,
    /// What agents noted about it.
    pub note: Option<Arc<str>>,
    /// What it is about, in an agent's words.
    pub topic: Option<Arc<str>>,
    /// When an answer is due, set by hand.
    pub manual_due: Option<Timestamp>,
    /// Until when nothing is owed.
    pub delay: Option<Delay>,
    /// The last message to the consumer that offers something to choose, until it is answered or followed by another.
    pub asked: Option<Asked>,
}

/// A message that offers something to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// In which dialog.
    pub dialog: DialogNumber,
    /// Its place there.
    pub sequence: Sequence,
    /// Whether one answer settles it; cards may be answered again.
    pub once: bool,
}

/// Why a command was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The conversation or dialog is closed.
    Closed,
    /// There is no such dialog.
    NoSuchDialog,
    /// Nobody, or somebody else, holds the role that was to be removed.
    NotAParticipant,
    /// The role is taken, or the user is in the dialog already.
    AlreadyAParticipant,
    /// A receipt names an event that does not exist.
    NoSuchEvent,
}

/// A recorded change that is not a numbered event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The conversation's version after it.
    pub version: Version,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: ChangeKind,
    /// By whom; `None` means the product.
    pub by: Option<Party>,
    /// What came along with the request: a JSON array, kept as the caller's bytes and echoed.
    pub metadata: Option<Arc<str>>,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It began.
    Opened,
    /// It moved to another skill.
    SkillChanged {
        /// From which.
        from: Option<SkillId>,
        /// To which.
        to: Option<SkillId>,
    },
    /// An agent took it.
    AgentAssigned(UserId),
    /// Its agent no longer has it.
    AgentRemoved(UserId),
    /// It was proposed to an agent.
    AgentSuggested(UserId),
    /// Somebody joined.
    Joined(UserId, Role),
    /// Somebody left.
    Left(UserId, Role),
    /// The owed response time changed, in seconds.
    ResponseTimeChanged(ResponseTimeKind, i64),
    /// It ended.
    Closed(ClosedBy),
    /// A further dialog began.
    DialogOpened(DialogNumber),
    /// One of its dialogs ended, and others go on.
    DialogClosed(DialogNumber, ClosedBy),
    /// Something was attached to a dialog.
    DialogTagged(DialogNumber),
    /// The consumer rated it.
    Rated(Rating),
    /// Agents' note changed.
    NoteChanged,
    /// Its topic changed.
    TopicChanged,
    /// The time until which nothing is owed changed.
    DelayChanged(Option<Timestamp>),
    /// The due time set by hand changed.
    DueChanged(Option<Timestamp>),
    /// A proposal to an agent was withdrawn.
    SuggestionEnded(UserId),
    /// An offer to an agent ended. It changes nothing that anybody sees of the conversation.
    RingEnded {
        /// To whom it was offered.
        agent: UserId,
        /// When.
        offered_at: Timestamp,
        /// How it ended.
        state: RingState,
    },
}

impl ChangeKind {
    /// Whether somebody who watches the conversation sees it differ. The record of an offer is for reports only.
    pub fn shows(&self) -> bool {
        !matches!(self, ChangeKind::RingEnded { .. })
    }
}

/// An event before it has its place.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who writes.
    pub originator: Originator,
    /// The channel's time.
    pub vendor_at: Option<Timestamp>,
    /// Who may see it.
    pub audience: Audience,
    /// What it says.
    pub body: EventBody,
    /// To be kept and echoed.
    pub metadata: Option<Arc<str>>,
}

/// What a new conversation starts with.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Its id.
    pub id: ConversationId,
    /// Whose.
    pub account: AccountId,
    /// With whom.
    pub consumer: ConsumerId,
    /// Over which page or number.
    pub source: SourceId,
    /// Its first skill.
    pub skill: Option<SkillId>,
    /// How soon an answer is owed, in seconds.
    pub response_time: (ResponseTimeKind, i64),
    /// The consumer's first one with us.
    pub first: bool,
    /// Who opens it: the consumer waits from the start only when they do.
    pub by: Party,
    /// Where it comes from, where its opener says so.
    pub origin: Option<Arc<Origin>>,
}

impl Conversation {
    /// Opens a conversation with its main dialog and its consumer in it.
    pub fn open(opening: Opening, now: Timestamp) -> (Self, Change) {
        let consumer =
            Participant { party: Party::Consumer(opening.consumer), role: Role::Consumer, suggested: false, unread: 0, read_up_to: None };
        let main = Dialog {
            number: DialogNumber::MAIN,
            kind: DialogKind::Main,
            open: true,
            next_sequence: 0,
            participants: vec![consumer],
            created_at: now,
            ended_at: None,
            closed_by: None,
            closed_cause: None,
            updated_at: now,
            app: None,
            metadata: None,
        };
        let asked = matches!(opening.by, Party::Consumer(_));
        let conversation = Self {
            id: opening.id,
            account: opening.account,
            consumer: opening.consumer,
            source: opening.source,
            skill: opening.skill,
            version: 1,
            open: true,
            dialogs: vec![main],
            started_at: now,
            ended_at: None,
            closed_by: None,
            updated_at: now,
            waiting_since: asked.then_some(now),
            response_time: opening.response_time,
            last_consumer_at: None,
            first: opening.first,
            last_content: None,
            origin: opening.origin,
            rating: None,
            note: None,
            topic: None,
            manual_due: None,
            delay: None,
            asked: None,
        };
        let change = Change { version: 1, at: now, kind: ChangeKind::Opened, by: Some(opening.by), metadata: None };
        (conversation, change)
    }

    /// The dialog of that number.
    pub fn dialog(&self, number: DialogNumber) -> Option<&Dialog> {
        self.dialogs.get(usize::from(number.0))
    }

    /// The main dialog.
    pub fn main(&self) -> &Dialog {
        &self.dialogs[0]
    }

    fn main_mut(&mut self) -> &mut Dialog {
        &mut self.dialogs[0]
    }

    /// The agent who has it.
    pub fn assigned_agent(&self) -> Option<UserId> {
        self.main().participants.iter().find_map(|p| match (p.role, p.party) {
            (Role::AssignedAgent, Party::User(user)) if !p.suggested => Some(user),
            _ => None,
        })
    }

    /// The role in which a user is in any open or closed dialog; the assigned agent's wins.
    pub fn role_of(&self, user: UserId) -> Option<Role> {
        self.dialogs.iter().filter_map(|dialog| dialog.role_of(user)).min()
    }

    /// Whether a user takes part, or is proposed to.
    pub fn involves(&self, user: UserId) -> bool {
        self.dialogs.iter().flat_map(|dialog| &dialog.participants).any(|p| p.party == Party::User(user))
    }

    /// When the answer is due; `None` while the agent owes nothing.
    ///
    /// A time set by hand wins; else the response time runs from the first unanswered message, or from the end of a delay.
    pub fn due_at(&self) -> Option<Timestamp> {
        let since = self.waiting_since?;
        let from = self.delay.as_ref().map_or(since, |delay| since.max(delay.till));
        Some(self.manual_due.unwrap_or_else(|| from.plus_s(self.response_time.1)))
    }

    /// Whether its main dialog has ended while a survey goes on.
    pub fn in_survey(&self) -> bool {
        self.open && !self.main().open
    }

    /// The open dialog that takes what the consumer says when they name none: the main one, else the survey.
    pub fn current_dialog(&self) -> Option<DialogNumber> {
        self.dialogs.iter().find(|dialog| dialog.open).map(|dialog| dialog.number)
    }

    /// Whether the consumer's program said that it can do this.
    pub fn client_can(&self, feature: &str) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.features.iter().any(|known| **known == *feature))
    }

    fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.updated_at = self.updated_at.max(now);
    }

    fn change(&self, now: Timestamp, kind: ChangeKind, by: Option<Party>) -> Change {
        Change { version: self.version, at: now, kind, by, metadata: None }
    }

    /// Appends an event at the end of a dialog's order.
    ///
    /// Content of the consumer starts the wait, content of the brand that the consumer can see ends it.
    /// A receipt lowers its reader's unread count.
    ///
    /// # Errors
    /// `NoSuchDialog`, `Closed`, or `NoSuchEvent` for a receipt of something that is not there.
    pub fn append(&mut self, number: DialogNumber, draft: Draft, now: Timestamp) -> Result<Event, Refused> {
        let dialog = self.dialogs.get_mut(usize::from(number.0)).ok_or(Refused::NoSuchDialog)?;
        if !dialog.open {
            return Err(Refused::Closed);
        }
        let sequence = dialog.next_sequence;
        let originator = draft.originator;
        match &draft.body {
            EventBody::Content(_) => {
                for participant in dialog.participants.iter_mut() {
                    let sees = draft.audience == Audience::All || participant.role != Role::Consumer;
                    if participant.party != originator.party && sees {
                        participant.unread += 1;
                    }
                }
            }
            EventBody::Accept { status, sequences } => {
                let settles = |asked: &Asked| asked.once && asked.dialog == number && sequences.contains(&asked.sequence);
                if *status == AcceptStatus::Action && originator.role == Role::Consumer && self.asked.as_ref().is_some_and(settles) {
                    self.asked = None;
                }
                if sequences.is_empty() || sequences.iter().any(|&s| s >= sequence) {
                    return Err(Refused::NoSuchEvent);
                }
                if *status == AcceptStatus::Read
                    && let Some(reader) = dialog.participants.iter_mut().find(|p| p.party == originator.party)
                {
                    let last = match number {
                        DialogNumber::MAIN => self.last_content.as_ref().map(|event| event.sequence),
                        _ => sequence.checked_sub(1),
                    };
                    reader.mark_read(sequences, last);
                }
            }
        }
        dialog.next_sequence += 1;
        let event = Event {
            dialog: number,
            sequence,
            originator,
            at: now,
            vendor_at: draft.vendor_at,
            audience: draft.audience,
            body: draft.body,
            metadata: draft.metadata,
        };
        if let EventBody::Content(content) = &event.body
            && content.asks()
            && event.audience == Audience::All
            && originator.role != Role::Consumer
        {
            let once = !matches!(content, Content::Rich { .. });
            self.asked = Some(Asked { dialog: number, sequence, once });
        }
        if event.is_content() && event.audience == Audience::All && number == DialogNumber::MAIN {
            if originator.role == Role::Consumer {
                // Who asked for a conversation waits from then; the first thing they say is what is to be answered.
                let first = self.last_content.is_none();
                self.waiting_since = self.waiting_since.filter(|_| !first).or(Some(now));
                self.last_consumer_at = Some(now);
            } else {
                self.waiting_since = None;
            }
            self.last_content = Some(Arc::new(event.clone()));
        }
        self.touch(now);
        Ok(event)
    }

    fn refuse_closed(&self) -> Result<(), Refused> {
        if self.main().open { Ok(()) } else { Err(Refused::Closed) }
    }
}

impl Participant {
    fn mark_read(&mut self, sequences: &[Sequence], last_content: Option<Sequence>) {
        let newly = sequences.iter().filter(|&&s| self.read_up_to.is_none_or(|mark| s > mark)).count();
        let highest = sequences.iter().copied().max();
        self.read_up_to = self.read_up_to.max(highest);
        self.unread = self.unread.saturating_sub(u32::try_from(newly).unwrap_or(u32::MAX));
        if self.read_up_to >= last_content {
            self.unread = 0;
        }
    }
}

impl EventBody {
    /// Plain text content.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        EventBody::Content(Content::text(text))
    }
}

#[cfg(test)]
mod tests;
