//! Who gets a conversation: queues, rings and capacity, as one pure state machine per account.
//!
//! Inputs go in with the time; [`Decision`]s come out in the order in which they must be carried out. The machine is
//! the account's dispatcher in memory; the store holds what it is rebuilt from. Invariants: no agent is ever above
//! capacity (open plus ringing), a conversation has at most one live ring, and nobody waits while a fitting agent is free.

mod agent;
mod queue;
#[cfg(test)]
mod tests;

pub use agent::{AgentSeat, Availability};

use crate::{ConsumerId, Conversation, ConversationId, SkillId, Timestamp, UserId};
use queue::Queues;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The account's routing settings, times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoutingSettings {
    /// Assign at once instead of ringing.
    pub auto_accept: bool,
    /// How long a ring waits.
    pub ring_expiration_ms: i64,
    /// After the last socket went: until the agent is offline.
    pub offline_after_ms: i64,
    /// After the last socket went: until waiting conversations return to the queue.
    pub return_after_ms: i64,
    /// For how long an agent who gave a conversation back is not offered it again, unless nobody else comes.
    pub grace_ms: i64,
    /// How long a transfer to an agent waits for that agent.
    pub suggestion_ms: i64,
}

impl RoutingSettings {
    /// The routing part of an account's settings.
    pub fn of(settings: &crate::AccountSettings) -> Self {
        Self {
            auto_accept: settings.auto_accept,
            ring_expiration_ms: settings.ring_expiration_s * 1000,
            offline_after_ms: settings.offline_after_s * 1000,
            return_after_ms: settings.return_to_queue_after_s * 1000,
            grace_ms: 60_000,
            suggestion_ms: settings.suggestion_s * 1000,
        }
    }
}

/// An offer of a conversation to one agent. Identified by conversation and time of offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ring {
    /// What is offered.
    pub conversation: ConversationId,
    /// When; no two rings of a conversation share it.
    pub offered_at: Timestamp,
    /// To whom.
    pub agent: UserId,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Where a ring stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingState {
    /// Offered.
    Waiting,
    /// Taken.
    Accepted,
    /// Declined.
    Rejected,
    /// Not answered in time.
    Expired,
    /// Withdrawn: the conversation ended or went elsewhere.
    Cancelled,
}

impl RingState {
    /// The name on the published wire.
    pub fn name(self) -> &'static str {
        match self {
            RingState::Waiting => "WAITING",
            RingState::Accepted => "ACCEPTED",
            RingState::Rejected => "REJECTED",
            RingState::Expired => "EXPIRED",
            RingState::Cancelled => "CANCELLED",
        }
    }
}

/// A conversation that needs an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Which.
    pub conversation: ConversationId,
    /// Whose.
    pub consumer: ConsumerId,
    /// In which queue; `None` means any agent may take it.
    pub skill: Option<SkillId>,
    /// Since when it waits: its place in the queue.
    pub enqueued_at: Timestamp,
    /// Kept for this agent until that time: a transfer to an agent.
    pub reserved: Option<(UserId, Timestamp)>,
    /// Not to be offered to these until that time: they just gave it back.
    pub declined: Vec<(UserId, Timestamp)>,
    /// The live ring.
    pub ring: Option<Ring>,
    /// When it was last offered; the next offer is later.
    pub last_offer: Option<Timestamp>,
    /// When its consumer should have an answer; shown with an offer, and of no weight in the queue.
    pub due_at: Option<Timestamp>,
}

impl Task {
    /// A fresh task.
    pub fn new(conversation: ConversationId, consumer: ConsumerId, skill: Option<SkillId>, enqueued_at: Timestamp) -> Self {
        let (reserved, declined, ring, last_offer, due_at) = (None, Vec::new(), None, None, None);
        Self { conversation, consumer, skill, enqueued_at, reserved, declined, ring, last_offer, due_at }
    }

    /// The task that a conversation is, from then on.
    pub fn of(conversation: &Conversation, enqueued_at: Timestamp) -> Self {
        let task = Self::new(conversation.id, conversation.consumer, conversation.skill, enqueued_at);
        Self { due_at: conversation.due_at(), ..task }
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// A conversation needs an agent. One that is already queued moves to the new skill.
    Enqueue(Task),
    /// A conversation no longer needs an agent: it ended.
    Remove(ConversationId),
    /// A user took a conversation without a ring (take-over), or one is loaded that has its agent.
    Seat(ConversationId, UserId),
    /// A conversation left its agent.
    Unseat(ConversationId, UserId),
    /// The agent answered a ring: taken or declined.
    Answer {
        /// Of which conversation.
        conversation: ConversationId,
        /// Offered when.
        offered_at: Timestamp,
        /// By whom.
        agent: UserId,
        /// Taken.
        accept: bool,
    },
    /// The agent set their state.
    SetAvailability(UserId, Availability),
    /// How many sockets the agent has, and how many of them listen for rings.
    Sockets {
        /// Whose.
        agent: UserId,
        /// Open ones.
        open: u32,
        /// Those subscribed to routing tasks.
        listening: u32,
    },
    /// A user was made or changed.
    Agent {
        /// Who.
        agent: UserId,
        /// Most conversations at once; 0 when disabled.
        max_conversations: u32,
        /// Whose conversations they may be offered.
        skills: BTreeSet<SkillId>,
    },
    /// The settings changed.
    Settings(RoutingSettings),
    /// Time passed.
    Tick,
}

/// Why an input was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingRefused {
    /// No such ring, or it ended.
    Gone,
    /// It was offered to somebody else.
    NotYours,
}

/// What is to be done about it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Ring this agent.
    Offer(Ring),
    /// A ring ended.
    End(Ring, RingState),
    /// Make this agent the assigned one.
    Assign {
        /// Which conversation.
        conversation: ConversationId,
        /// To whom.
        agent: UserId,
        /// The ring that was accepted; none under auto-accept.
        ring: Option<Ring>,
    },
    /// A transfer to an agent ran out of time: the proposal is withdrawn, the skill's queue takes over.
    WithdrawSuggestion(ConversationId, UserId),
    /// The agent's state is another one now.
    Availability(UserId, Availability),
    /// The agent has been gone too long: conversations of theirs whose consumer waits return to the queue.
    ReturnWaiting(UserId, Vec<ConversationId>),
}

/// The dispatcher of one account.
#[derive(Clone, Debug)]
pub struct Router {
    settings: RoutingSettings,
    agents: BTreeMap<UserId, AgentSeat>,
    tasks: HashMap<ConversationId, Task>,
    queues: Queues,
    deadlines: BTreeSet<(Timestamp, Deadline)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deadline {
    RingExpires(ConversationId, Timestamp),
    GraceEnds(ConversationId),
    ReservationEnds(ConversationId),
    Offline(UserId),
    Return(UserId),
}

impl Router {
    /// An empty dispatcher.
    pub fn new(settings: RoutingSettings) -> Self {
        Self { settings, agents: BTreeMap::new(), tasks: HashMap::new(), queues: Queues::default(), deadlines: BTreeSet::new() }
    }

    /// Restores an agent's state as it was stored; sockets are counted anew.
    pub fn restore_agent(&mut self, agent: UserId, availability: Availability, last_assigned_at: Timestamp, now: Timestamp) {
        let seat = self.agents.entry(agent).or_default();
        seat.availability = availability;
        seat.last_assigned_at = last_assigned_at;
        self.start_absence(agent, now);
        self.refresh(agent);
    }

    /// Restores a waiting conversation as it was stored, without offering it yet; the next input does.
    pub fn restore_task(&mut self, mut task: Task) {
        task.ring = None;
        task.declined.clear();
        if let Some((_, until)) = task.reserved {
            self.deadlines.insert((until, Deadline::ReservationEnds(task.conversation)));
        }
        self.queues.insert(&task);
        self.tasks.insert(task.conversation, task);
    }

    /// The time at which [`Input::Tick`] is next worth sending.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// An agent's seat.
    pub fn agent(&self, agent: UserId) -> Option<&AgentSeat> {
        self.agents.get(&agent)
    }

    /// All agents.
    pub fn agents(&self) -> impl Iterator<Item = (UserId, &AgentSeat)> {
        self.agents.iter().map(|(id, seat)| (*id, seat))
    }

    /// A waiting or ringing conversation.
    pub fn task(&self, conversation: ConversationId) -> Option<&Task> {
        self.tasks.get(&conversation)
    }

    /// The live rings of an agent.
    pub fn rings_of(&self, agent: UserId) -> Vec<Ring> {
        let ringing = self.agents.get(&agent).into_iter().flat_map(|seat| &seat.ringing);
        ringing.filter_map(|conversation| self.tasks.get(conversation)?.ring).collect()
    }

    /// How many conversations wait in a skill's queue, ringing ones included.
    pub fn waiting(&self, skill: Option<SkillId>) -> usize {
        self.queues.waiting(skill)
    }

    /// How many conversations wait, ringing ones included.
    pub fn waiting_in_all(&self) -> usize {
        self.tasks.len()
    }

    /// Checks an answer before it is put in, so that the caller can say what is wrong.
    ///
    /// # Errors
    /// `Gone` when the ring ended, `NotYours` when it is somebody else's.
    pub fn check_answer(
        &self,
        conversation: ConversationId,
        offered_at: Timestamp,
        agent: UserId,
        now: Timestamp,
    ) -> Result<Ring, RingRefused> {
        let ring = self.tasks.get(&conversation).and_then(|task| task.ring).ok_or(RingRefused::Gone)?;
        if ring.offered_at != offered_at || ring.expires_at <= now {
            return Err(RingRefused::Gone);
        }
        if ring.agent != agent {
            return Err(RingRefused::NotYours);
        }
        Ok(ring)
    }

    /// Takes an input and returns what follows from it, dispatching included.
    pub fn apply(&mut self, input: Input, now: Timestamp) -> Vec<Decision> {
        let mut decisions = Vec::new();
        self.pass_deadlines(now, &mut decisions);
        match input {
            Input::Enqueue(task) => self.enqueue(task, now, &mut decisions),
            Input::Remove(conversation) => self.remove(conversation, &mut decisions),
            Input::Seat(conversation, agent) => {
                self.remove(conversation, &mut decisions);
                self.seat(conversation, agent, now);
            }
            Input::Unseat(conversation, agent) => {
                if let Some(seat) = self.agents.get_mut(&agent) {
                    seat.open.remove(&conversation);
                }
                self.refresh(agent);
            }
            Input::Answer { conversation, offered_at, agent, accept } => {
                self.answer(conversation, offered_at, agent, accept, now, &mut decisions)
            }
            Input::SetAvailability(agent, availability) => self.set_availability(agent, availability, now, &mut decisions),
            Input::Sockets { agent, open, listening } => self.sockets(agent, open, listening, now, &mut decisions),
            Input::Agent { agent, max_conversations, skills } => {
                let seat = self.agents.entry(agent).or_default();
                seat.max_conversations = max_conversations;
                seat.skills = skills;
                self.end_unfit_rings(agent, now, &mut decisions);
                self.refresh(agent);
            }
            Input::Settings(settings) => {
                self.settings = settings;
                for agent in self.agents.keys().copied().collect::<Vec<_>>() {
                    self.refresh(agent);
                }
            }
            Input::Tick => {}
        }
        self.dispatch(now, &mut decisions);
        decisions
    }

    fn enqueue(&mut self, mut task: Task, now: Timestamp, decisions: &mut Vec<Decision>) {
        if let Some(old) = self.tasks.get(&task.conversation) {
            task.last_offer = task.last_offer.max(old.last_offer);
        }
        self.remove(task.conversation, decisions);
        let conversation = task.conversation;
        task.ring = None;
        if let Some((_, until)) = task.reserved {
            self.deadlines.insert((until, Deadline::ReservationEnds(conversation)));
        }
        for (_, until) in task.declined.iter().filter(|(_, until)| *until > now) {
            self.deadlines.insert((*until, Deadline::GraceEnds(conversation)));
        }
        self.queues.insert(&task);
        self.tasks.insert(conversation, task);
    }

    fn remove(&mut self, conversation: ConversationId, decisions: &mut Vec<Decision>) {
        let Some(task) = self.tasks.remove(&conversation) else {
            for agent in self.agents.iter().filter(|(_, seat)| seat.open.contains(&conversation)).map(|(id, _)| *id).collect::<Vec<_>>() {
                if let Some(seat) = self.agents.get_mut(&agent) {
                    seat.open.remove(&conversation);
                }
                self.refresh(agent);
            }
            return;
        };
        self.queues.remove(&task);
        if let Some((_, until)) = task.reserved {
            self.deadlines.remove(&(until, Deadline::ReservationEnds(conversation)));
        }
        for (_, until) in &task.declined {
            self.deadlines.remove(&(*until, Deadline::GraceEnds(conversation)));
        }
        if let Some(ring) = task.ring {
            self.release(ring);
            decisions.push(Decision::End(ring, RingState::Cancelled));
        }
    }

    /// Frees what a ring holds; the task itself is the caller's business.
    fn release(&mut self, ring: Ring) {
        self.deadlines.remove(&(ring.expires_at, Deadline::RingExpires(ring.conversation, ring.offered_at)));
        if let Some(seat) = self.agents.get_mut(&ring.agent) {
            seat.ringing.remove(&ring.conversation);
        }
        self.refresh(ring.agent);
    }

    fn seat(&mut self, conversation: ConversationId, agent: UserId, now: Timestamp) {
        for (other, seat) in &mut self.agents {
            if *other != agent {
                seat.open.remove(&conversation);
            }
        }
        let seat = self.agents.entry(agent).or_default();
        seat.open.insert(conversation);
        seat.last_assigned_at = seat.last_assigned_at.max(now);
        self.refresh(agent);
    }

    fn answer(
        &mut self,
        conversation: ConversationId,
        offered_at: Timestamp,
        agent: UserId,
        accept: bool,
        now: Timestamp,
        decisions: &mut Vec<Decision>,
    ) {
        let Ok(ring) = self.check_answer(conversation, offered_at, agent, now) else { return };
        if accept {
            if let Some(mut task) = self.tasks.remove(&conversation) {
                task.ring = None;
                self.forget(&task);
            }
            self.release(ring);
            decisions.push(Decision::End(ring, RingState::Accepted));
            decisions.push(Decision::Assign { conversation, agent, ring: Some(ring) });
            self.seat(conversation, agent, now);
        } else {
            self.end_ring(ring, RingState::Rejected, now, decisions);
        }
    }

    fn forget(&mut self, task: &Task) {
        self.queues.remove(task);
        if let Some((_, until)) = task.reserved {
            self.deadlines.remove(&(until, Deadline::ReservationEnds(task.conversation)));
        }
        for (_, until) in &task.declined {
            self.deadlines.remove(&(*until, Deadline::GraceEnds(task.conversation)));
        }
    }

    /// Ends a live ring; the conversation keeps its place in the queue, and its agent is passed over for a while.
    fn end_ring(&mut self, ring: Ring, state: RingState, now: Timestamp, decisions: &mut Vec<Decision>) {
        self.release(ring);
        decisions.push(Decision::End(ring, state));
        let until = now.plus_ms(self.settings.grace_ms);
        let Some(task) = self.tasks.get_mut(&ring.conversation) else { return };
        task.ring = None;
        if task.reserved.is_some_and(|(agent, _)| agent == ring.agent) {
            self.end_reservation(ring.conversation, decisions);
        } else if state != RingState::Cancelled {
            if let Some(task) = self.tasks.get_mut(&ring.conversation) {
                task.declined.push((ring.agent, until));
            }
            self.deadlines.insert((until, Deadline::GraceEnds(ring.conversation)));
        }
        if let Some(task) = self.tasks.get(&ring.conversation) {
            self.queues.make_ready(task);
        }
    }

    fn end_reservation(&mut self, conversation: ConversationId, decisions: &mut Vec<Decision>) {
        let Some(task) = self.tasks.get_mut(&conversation) else { return };
        let Some((agent, until)) = task.reserved.take() else { return };
        self.deadlines.remove(&(until, Deadline::ReservationEnds(conversation)));
        self.queues.make_ready(task);
        decisions.push(Decision::WithdrawSuggestion(conversation, agent));
    }

    fn set_availability(&mut self, agent: UserId, availability: Availability, now: Timestamp, decisions: &mut Vec<Decision>) {
        let seat = self.agents.entry(agent).or_default();
        if seat.availability != availability {
            seat.availability = availability;
            decisions.push(Decision::Availability(agent, availability));
        }
        self.end_unfit_rings(agent, now, decisions);
        self.refresh(agent);
    }

    /// Withdraws the rings that an agent may no longer be offered.
    fn end_unfit_rings(&mut self, agent: UserId, now: Timestamp, decisions: &mut Vec<Decision>) {
        for ring in self.rings_of(agent) {
            let fits = match (self.tasks.get(&ring.conversation), self.agents.get(&agent)) {
                (Some(task), Some(seat)) => {
                    let reserved = task.reserved.is_some_and(|(for_agent, _)| for_agent == agent);
                    let skilled = reserved || task.skill.is_none_or(|skill| seat.skills.contains(&skill));
                    let state = if reserved { seat.availability.takes_transfers() } else { seat.availability.takes_new() };
                    skilled && state && seat.listening > 0 && seat.load() <= seat.max_conversations
                }
                _ => false,
            };
            if !fits {
                self.cancel_ring(ring, now, decisions);
            }
        }
    }

    /// Takes a ring back without blaming its agent; a reservation stays.
    fn cancel_ring(&mut self, ring: Ring, _now: Timestamp, decisions: &mut Vec<Decision>) {
        self.release(ring);
        decisions.push(Decision::End(ring, RingState::Cancelled));
        if let Some(task) = self.tasks.get_mut(&ring.conversation) {
            task.ring = None;
            self.queues.make_ready(task);
        }
    }

    fn sockets(&mut self, agent: UserId, open: u32, listening: u32, now: Timestamp, decisions: &mut Vec<Decision>) {
        let seat = self.agents.entry(agent).or_default();
        let (was_open, was_listening) = (seat.sockets, seat.listening);
        seat.sockets = open;
        seat.listening = listening.min(open);
        if open > 0 && was_open == 0 {
            self.end_absence(agent);
        }
        if listening == 0 && was_listening > 0 {
            self.end_unfit_rings(agent, now, decisions);
        }
        if open == 0 && was_open > 0 {
            self.start_absence(agent, now);
        }
        self.refresh(agent);
    }

    fn start_absence(&mut self, agent: UserId, now: Timestamp) {
        self.end_absence(agent);
        let Some(seat) = self.agents.get_mut(&agent) else { return };
        let offline = now.plus_ms(self.settings.offline_after_ms);
        let back = now.plus_ms(self.settings.return_after_ms);
        seat.absence = Some((offline, back));
        if seat.availability != Availability::Offline {
            self.deadlines.insert((offline, Deadline::Offline(agent)));
        }
        self.deadlines.insert((back, Deadline::Return(agent)));
    }

    fn end_absence(&mut self, agent: UserId) {
        if let Some((offline, back)) = self.agents.get_mut(&agent).and_then(|seat| seat.absence.take()) {
            self.deadlines.remove(&(offline, Deadline::Offline(agent)));
            self.deadlines.remove(&(back, Deadline::Return(agent)));
        }
    }

    fn pass_deadlines(&mut self, now: Timestamp, decisions: &mut Vec<Decision>) {
        while let Some(&(at, deadline)) = self.deadlines.first() {
            if at > now {
                return;
            }
            self.deadlines.pop_first();
            match deadline {
                Deadline::RingExpires(conversation, offered_at) => {
                    let ring = self.tasks.get(&conversation).and_then(|task| task.ring).filter(|ring| ring.offered_at == offered_at);
                    if let Some(ring) = ring {
                        self.end_ring(ring, RingState::Expired, now, decisions);
                    }
                }
                Deadline::GraceEnds(conversation) => {
                    if let Some(task) = self.tasks.get_mut(&conversation) {
                        task.declined.retain(|(_, until)| *until > now);
                        self.queues.make_ready(task);
                    }
                }
                Deadline::ReservationEnds(conversation) => {
                    let ring = self.tasks.get(&conversation).and_then(|task| task.ring);
                    match ring {
                        Some(ring) => self.end_ring(ring, RingState::Expired, now, decisions),
                        None => self.end_reservation(conversation, decisions),
                    }
                }
                Deadline::Offline(agent) => {
                    if let Some(seat) = self.agents.get_mut(&agent)
                        && seat.availability != Availability::Offline
                    {
                        seat.availability = Availability::Offline;
                        decisions.push(Decision::Availability(agent, Availability::Offline));
                        self.refresh(agent);
                    }
                }
                Deadline::Return(agent) => {
                    if let Some(seat) = self.agents.get(&agent)
                        && !seat.open.is_empty()
                    {
                        decisions.push(Decision::ReturnWaiting(agent, seat.open.iter().copied().collect()));
                    }
                }
            }
        }
    }

    fn refresh(&mut self, agent: UserId) {
        if let Some(seat) = self.agents.get(&agent) {
            self.queues.refresh_agent(agent, seat, self.settings.auto_accept);
        }
    }

    /// Offers waiting conversations to free agents until nothing fits any more.
    fn dispatch(&mut self, now: Timestamp, decisions: &mut Vec<Decision>) {
        while let Some((conversation, agent)) = self.queues.next_match(&self.tasks, &self.agents, self.settings.auto_accept, now) {
            if self.settings.auto_accept {
                if let Some(task) = self.tasks.remove(&conversation) {
                    self.forget(&task);
                }
                decisions.push(Decision::Assign { conversation, agent, ring: None });
                self.seat(conversation, agent, now);
            } else {
                let Some(task) = self.tasks.get_mut(&conversation) else { continue };
                let offered_at = task.last_offer.map_or(now, |last| now.max(last.plus_ms(1)));
                let ring = Ring { conversation, offered_at, agent, expires_at: now.plus_ms(self.settings.ring_expiration_ms.max(1)) };
                task.ring = Some(ring);
                task.last_offer = Some(offered_at);
                self.queues.make_busy(task);
                self.deadlines.insert((ring.expires_at, Deadline::RingExpires(conversation, offered_at)));
                if let Some(seat) = self.agents.get_mut(&agent) {
                    seat.ringing.insert(conversation);
                    seat.last_assigned_at = seat.last_assigned_at.max(now);
                }
                self.refresh(agent);
                decisions.push(Decision::Offer(ring));
            }
        }
    }
}
