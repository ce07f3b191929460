//! A conversation: everything between one consumer and the account until it is closed.
//!
//! Each command takes the state and a time, and either refuses or moves the state one version on. Who may issue a
//! command is decided before (see `profile`); whether it makes sense is decided here.

use crate::event::Party;
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
    /// Seconds in which an answer is owed.
    pub response_time_s: i64,
    /// The consumer's first one with us.
    pub first: bool,
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
        };
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
            waiting_since: None,
            response_time: (ResponseTimeKind::Normal, opening.response_time_s),
            last_consumer_at: None,
            first: opening.first,
            last_content: None,
        };
        let change = Change { version: 1, at: now, kind: ChangeKind::Opened, by: Some(Party::Consumer(conversation.consumer)) };
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
        self.dialogs
            .iter()
            .flat_map(|dialog| &dialog.participants)
            .filter(|p| p.party == Party::User(user) && !p.suggested)
            .map(|p| p.role)
            .min()
    }

    /// Whether a user takes part, or is proposed to.
    pub fn involves(&self, user: UserId) -> bool {
        self.dialogs.iter().flat_map(|dialog| &dialog.participants).any(|p| p.party == Party::User(user))
    }

    /// When the answer is due; `None` while the agent owes nothing.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.waiting_since.map(|since| since.plus_s(self.response_time.1))
    }

    fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.updated_at = self.updated_at.max(now);
    }

    fn change(&self, now: Timestamp, kind: ChangeKind, by: Option<Party>) -> Change {
        Change { version: self.version, at: now, kind, by }
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
                if sequences.is_empty() || sequences.iter().any(|&s| s >= sequence) {
                    return Err(Refused::NoSuchEvent);
                }
                if *status == AcceptStatus::Read
                    && let Some(reader) = dialog.participants.iter_mut().find(|p| p.party == originator.party)
                {
                    reader.mark_read(sequences, self.last_content.as_ref().map(|event| event.sequence));
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
        if event.is_content() && event.audience == Audience::All && number == DialogNumber::MAIN {
            if originator.role == Role::Consumer {
                self.waiting_since = self.waiting_since.or(Some(now));
                self.last_consumer_at = Some(now);
            } else {
                self.waiting_since = None;
            }
            self.last_content = Some(Arc::new(event.clone()));
        }
        self.touch(now);
        Ok(event)
    }

    /// Makes a user the assigned agent; a proposal for them becomes real.
    ///
    /// # Errors
    /// `Closed`, or `AlreadyAParticipant` while somebody is assigned.
    pub fn assign(&mut self, agent: UserId, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        if self.assigned_agent().is_some() {
            return Err(Refused::AlreadyAParticipant);
        }
        let unread = u32::try_from(self.main().next_sequence).unwrap_or(u32::MAX).min(u32::from(self.last_content.is_some()));
        let main = self.main_mut();
        main.participants.retain(|p| !(p.suggested || p.party == Party::User(agent) && p.role == Role::AssignedAgent));
        let assigned = Participant { party: Party::User(agent), role: Role::AssignedAgent, suggested: false, unread, read_up_to: None };
        main.participants.insert(1.min(main.participants.len()), assigned);
        main.updated_at = now;
        self.touch(now);
        Ok(self.change(now, ChangeKind::AgentAssigned(agent), by))
    }

    /// Takes the conversation from its agent; it waits for the next one, from this moment.
    ///
    /// # Errors
    /// `Closed`, or `NotAParticipant` when that user is not assigned.
    pub fn unassign(&mut self, agent: UserId, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        if self.assigned_agent() != Some(agent) {
            return Err(Refused::NotAParticipant);
        }
        let main = self.main_mut();
        main.participants.retain(|p| p.role != Role::AssignedAgent);
        main.updated_at = now;
        self.waiting_since = Some(now);
        self.touch(now);
        Ok(self.change(now, ChangeKind::AgentRemoved(agent), by))
    }

    /// Proposes an agent for a transfer.
    ///
    /// # Errors
    /// `Closed`; `AlreadyAParticipant` while somebody is assigned or the user is in the dialog.
    pub fn suggest(&mut self, agent: UserId, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        if self.assigned_agent().is_some() || self.main().participants.iter().any(|p| p.party == Party::User(agent)) {
            return Err(Refused::AlreadyAParticipant);
        }
        let main = self.main_mut();
        main.participants.push(Participant {
            party: Party::User(agent),
            role: Role::AssignedAgent,
            suggested: true,
            unread: 0,
            read_up_to: None,
        });
        main.updated_at = now;
        self.touch(now);
        Ok(self.change(now, ChangeKind::AgentSuggested(agent), by))
    }

    /// Takes back a proposal that was not accepted.
    ///
    /// # Errors
    /// `Closed`, or `NotAParticipant` when nothing was proposed to that user.
    pub fn withdraw_suggestion(&mut self, agent: UserId, now: Timestamp) -> Result<(), Refused> {
        self.refuse_closed()?;
        let main = self.main_mut();
        let before = main.participants.len();
        main.participants.retain(|p| !(p.suggested && p.party == Party::User(agent)));
        if main.participants.len() == before {
            return Err(Refused::NotAParticipant);
        }
        main.updated_at = now;
        self.touch(now);
        Ok(())
    }

    /// Moves it to another skill; without an agent, the wait starts anew.
    ///
    /// # Errors
    /// `Closed`.
    pub fn change_skill(&mut self, skill: Option<SkillId>, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        let from = std::mem::replace(&mut self.skill, skill);
        if self.assigned_agent().is_none() && self.last_content.is_some() {
            self.waiting_since = Some(now);
        }
        self.touch(now);
        Ok(self.change(now, ChangeKind::SkillChanged { from, to: skill }, by))
    }

    /// Adds a user in a role other than consumer or assigned agent.
    ///
    /// # Errors
    /// `NoSuchDialog`, `Closed`, or `AlreadyAParticipant` when the user has that role already.
    pub fn join(&mut self, number: DialogNumber, user: UserId, role: Role, now: Timestamp) -> Result<Change, Refused> {
        let dialog = self.dialogs.get_mut(usize::from(number.0)).ok_or(Refused::NoSuchDialog)?;
        if !dialog.open {
            return Err(Refused::Closed);
        }
        if dialog.participants.iter().any(|p| p.party == Party::User(user) && p.role == role) {
            return Err(Refused::AlreadyAParticipant);
        }
        let last_actives = dialog.participants.iter().rposition(|p| !p.suggested).map_or(0, |at| at + 1);
        dialog
            .participants
            .insert(last_actives, Participant { party: Party::User(user), role, suggested: false, unread: 0, read_up_to: None });
        dialog.updated_at = now;
        self.touch(now);
        Ok(self.change(now, ChangeKind::Joined(user, role), Some(Party::User(user))))
    }

    /// Removes a user from a role other than consumer or assigned agent.
    ///
    /// # Errors
    /// `NoSuchDialog`, `Closed`, or `NotAParticipant`.
    pub fn leave(&mut self, number: DialogNumber, user: UserId, role: Role, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        let dialog = self.dialogs.get_mut(usize::from(number.0)).ok_or(Refused::NoSuchDialog)?;
        if !dialog.open {
            return Err(Refused::Closed);
        }
        let at = dialog.participants.iter().position(|p| p.party == Party::User(user) && p.role == role).ok_or(Refused::NotAParticipant)?;
        dialog.participants.remove(at);
        dialog.updated_at = now;
        self.touch(now);
        Ok(self.change(now, ChangeKind::Left(user, role), by))
    }

    /// Changes how soon an answer is owed, in seconds.
    ///
    /// # Errors
    /// `Closed`.
    pub fn change_response_time(
        &mut self,
        kind: ResponseTimeKind,
        seconds: i64,
        by: Option<Party>,
        now: Timestamp,
    ) -> Result<Change, Refused> {
        self.refuse_closed()?;
        self.response_time = (kind, seconds);
        self.touch(now);
        Ok(self.change(now, ChangeKind::ResponseTimeChanged(kind, seconds), by))
    }

    /// Ends it with all its dialogs. Its participants stay listed.
    ///
    /// # Errors
    /// `Closed` when it is closed already: closing is final.
    pub fn close(&mut self, closed_by: ClosedBy, cause: Option<Arc<str>>, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        for dialog in self.dialogs.iter_mut().filter(|dialog| dialog.open) {
            dialog.open = false;
            dialog.ended_at = Some(now);
            dialog.closed_by = Some(closed_by);
            dialog.closed_cause = cause.clone();
            dialog.updated_at = now;
            dialog.participants.retain(|p| !p.suggested);
        }
        self.open = false;
        self.ended_at = Some(now);
        self.closed_by = Some(closed_by);
        self.waiting_since = None;
        self.touch(now);
        Ok(self.change(now, ChangeKind::Closed(closed_by), by))
    }

    fn refuse_closed(&self) -> Result<(), Refused> {
        if self.open && self.main().open { Ok(()) } else { Err(Refused::Closed) }
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
#[path = "conversation_tests.rs"]
mod tests;
