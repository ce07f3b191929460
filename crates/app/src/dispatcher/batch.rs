//! One batch of the dispatcher: commands in, one unit of work out, then answers and announcements.

use super::{AnswerError, Command, SharedRouter, load};
use crate::live::ConversationLock;
use crate::opening::{ByAgent, OpenByAgentError, OpenByAgentErrorKind};
use crate::ports::bus::{Announcement, ConversationMoved};
use crate::ports::store::{Answered, CommitError, UnitOfWork, Write};
use crate::update::decide::{Circumstances, decide};
use crate::update::{Actor, Update, UpdateDone, UpdateError};
use crate::{AccountState, App, Unavailable, users_of};
use antiphon_domain::event::Party;
use antiphon_domain::routing::{Availability, Decision, Input, Ring, RingRefused, RingState, Router, RoutingSettings, Task};
use antiphon_domain::{AccountId, Change, Conversation, ConversationId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// The published name of what a consumer's program needs for a survey.
const SURVEYS: &str = "MULTI_DIALOG";

type Reply = Box<dyn FnOnce(Result<(), Unavailable>) + Send>;

/// A request that came with its caller's own id.
struct Remembered {
    caller: Arc<str>,
    key: Arc<str>,
    asked: [u8; 32],
    answer: Arc<str>,
}

/// A conversation that the batch changes. One that begins was nothing before: its base has version 0.
pub(super) struct Work {
    base: Arc<Conversation>,
    next: Conversation,
    changes: Vec<Change>,
}

pub(super) struct Batch<'a> {
    app: &'a Arc<App>,
    state: &'a AccountState,
    account: &'a AccountId,
    router: &'a SharedRouter,
    now: Timestamp,
    held: HashMap<ConversationId, ConversationLock>,
    work: HashMap<ConversationId, Work>,
    order: Vec<ConversationId>,
    tasks: HashSet<ConversationId>,
    agents: BTreeSet<UserId>,
    states: Vec<(UserId, Availability)>,
    rings: Vec<(Ring, RingState, Arc<Task>)>,
    replies: Vec<Reply>,
    /// The requests with an id of their callers' that were carried out.
    remembered: Vec<Remembered>,
    /// Set when memory and store disagree: the batch must not be committed.
    broken: Option<String>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(app: &'a Arc<App>, state: &'a AccountState, account: &'a AccountId, router: &'a SharedRouter) -> Self {
        Self {
            app,
            state,
            account,
            router,
            now: app.clock.now(),
            held: HashMap::new(),
            work: HashMap::new(),
            order: Vec::new(),
            tasks: HashSet::new(),
            agents: BTreeSet::new(),
            states: Vec::new(),
            rings: Vec::new(),
            replies: Vec::new(),
            remembered: Vec::new(),
            broken: None,
        }
    }

    pub(super) async fn handle(&mut self, command: Command) {
        match command {
            // Committed by ingest; what moved on meanwhile (closed, assigned) was told to us in order.
            Command::Enqueue(task) => self.put_in(Input::Enqueue(task)).await,
            Command::Answer { conversation, offered_at, agent, accept, reply } => {
                match self
                    .with_router(|router, now| router.check_answer(conversation, offered_at, agent, now))
                    .unwrap_or(Err(RingRefused::Gone))
                {
                    Err(refused) => drop(reply.send(Err(AnswerError::Refused(refused)))),
                    Ok(_) => {
                        self.put_in(Input::Answer { conversation, offered_at, agent, accept }).await;
                        self.replies.push(Box::new(move |outcome| drop(reply.send(outcome.map_err(AnswerError::Unavailable)))));
                    }
                }
            }
            Command::SetAvailability { agent, availability, reply } => {
                self.put_in(Input::SetAvailability(agent, availability)).await;
                if !self.states.contains(&(agent, availability)) {
                    self.states.push((agent, availability));
                }
                self.replies.push(Box::new(move |outcome| drop(reply.send(outcome))));
            }
            Command::Sockets { agent, open, listening } => self.put_in(Input::Sockets { agent, open, listening }).await,
            Command::Update { actor, update, reply } => match self.update(&actor, &update).await {
                Err(error) => drop(reply.send(Err(error))),
                Ok(done) => self.replies.push(Box::new(move |outcome| drop(reply.send(outcome.map(|()| done).map_err(UpdateError::from))))),
            },
            Command::Begin { ask, reply } => match self.begin(&ask).await {
                Err(error) => drop(reply.send(Err(error))),
                Ok(begun) => self.replies.push(Box::new(move |outcome| drop(reply.send(outcome.map(|()| begun).map_err(Into::into))))),
            },
            Command::Directory(view) => {
                self.put_in(Input::Settings(RoutingSettings::of(&view.account.settings))).await;
                for user in view.users.values() {
                    self.put_in(load::agent_input(&view, user)).await;
                }
            }
        }
    }

    /// Lets time pass.
    pub(super) async fn tick(&mut self) {
        self.put_in(Input::Tick).await;
    }

    fn with_router<T>(&self, act: impl FnOnce(&mut Router, Timestamp) -> T) -> Option<T> {
        let mut router = self.router.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        router.as_mut().map(|router| act(router, self.now))
    }

    fn availability_of(&self, users: Vec<UserId>) -> BTreeMap<UserId, Availability> {
        if users.is_empty() {
            return BTreeMap::new();
        }
        let stands = |router: &mut Router, _| {
            let of = |user: &UserId| router.agent(*user).map_or_else(Availability::default, |seat| seat.availability);
            users.iter().map(|user| (*user, of(user))).collect()
        };
        self.with_router(stands).unwrap_or_default()
    }

    async fn put_in(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let decisions = self.with_router(|router, now| router.apply(input, now)).unwrap_or_default();
            for decision in decisions {
                if let Err(reason) = self.carry_out(decision, &mut inputs).await {
                    self.broken.get_or_insert(reason);
                }
            }
        }
    }

    async fn carry_out(&mut self, decision: Decision, inputs: &mut VecDeque<Input>) -> Result<(), String> {
        match decision {
            Decision::Offer(ring) => {
                let task = self.with_router(|router, _| router.task(ring.conversation).cloned()).flatten();
                self.rings.extend(task.map(|task| (ring, RingState::Waiting, Arc::new(task))));
            }
            Decision::End(ring, state) => {
                let task = self.task_of(ring).await?;
                self.rings.push((ring, state, Arc::new(task)));
                let now = self.now;
                let work = self.work(ring.conversation).await?;
                let change = work.next.note_ring(&ring, state, now);
                work.changes.push(change);
            }
            Decision::Assign { conversation, agent, ring: _ } => {
                let now = self.now;
                let work = self.work(conversation).await?;
                match work.next.assign(agent, Some(Party::User(agent)), now) {
                    Ok(change) => work.changes.push(change),
                    Err(refused) => {
                        // A task that outlived its conversation: it must not be offered for ever.
                        tracing::error!(%conversation, ?refused, "a queued conversation can't be assigned; taking it out of the queue");
                        inputs.push_back(Input::Unseat(conversation, agent));
                        inputs.push_back(Input::Remove(conversation));
                    }
                }
                self.tasks.insert(conversation);
                self.agents.insert(agent);
            }
            Decision::WithdrawSuggestion(conversation, agent) => {
                let now = self.now;
                let work = self.work(conversation).await?;
                // Gone already when the conversation closed in the same batch.
                if work.next.main().open {
                    let change = work
                        .next
                        .withdraw_suggestion(agent, now)
                        .map_err(|refused| format!("withdrawing from {conversation}: {refused:?}"))?;
                    work.changes.push(change);
                }
                self.tasks.insert(conversation);
            }
            Decision::Availability(agent, availability) => {
                self.agents.insert(agent);
                self.states.retain(|(user, _)| *user != agent);
                self.states.push((agent, availability));
            }
            Decision::ReturnWaiting(agent, conversations) => {
                for conversation in conversations {
                    let now = self.now;
                    let work = self.work(conversation).await?;
                    if work.next.waiting_since.is_none() || work.next.assigned_agent() != Some(agent) {
                        continue;
                    }
                    let change =
                        work.next.unassign(agent, None, now).map_err(|refused| format!("returning {conversation}: {refused:?}"))?;
                    work.changes.push(change);
                    let task = Task::of(&work.next, now);
                    self.tasks.insert(conversation);
                    inputs.push_back(Input::Unseat(conversation, agent));
                    inputs.push_back(Input::Enqueue(task));
                }
            }
        }
        Ok(())
    }

    /// The task behind a ring; one that has ended is made up from its conversation.
    async fn task_of(&mut self, ring: Ring) -> Result<Task, String> {
        if let Some(task) = self.with_router(|router, _| router.task(ring.conversation).cloned()).flatten() {
            return Ok(task);
        }
        let work = self.work(ring.conversation).await?;
        Ok(Task::of(&work.next, ring.offered_at))
    }

    /// The conversation as this batch leaves it so far; locked from here to the end of the batch.
    async fn work(&mut self, id: ConversationId) -> Result<&mut Work, String> {
        if !self.work.contains_key(&id) {
            self.hold(id).await;
            let loaded = self.app.load(self.state, self.account, id).await.map_err(|error| error.to_string())?;
            let base = loaded.ok_or_else(|| format!("conversation {id} does not exist"))?;
            self.order.push(id);
            self.work.insert(id, Work { next: (*base).clone(), base, changes: Vec::new() });
        }
        self.work.get_mut(&id).ok_or_else(|| format!("conversation {id} is not at hand"))
    }

    async fn update(&mut self, actor: &Actor, update: &Update) -> Result<UpdateDone, UpdateError> {
        let id = update.conversation;
        let asked = update.fingerprint();
        if let Some(done) = self.done_before(actor, update, asked).await? {
            return Ok(done);
        }
        let directory = self.app.directory();
        let view = directory.account(self.account).ok_or_else(|| UpdateError::not_found(id))?;
        self.hold(id).await;
        let exists = self.work.contains_key(&id) || self.app.load(self.state, self.account, id).await.map_err(Unavailable::from)?.is_some();
        if !exists {
            return Err(UpdateError::not_found(id));
        }
        let now = self.now;
        let app = self.app;
        let available = self.availability_of(update.suggested());
        let work = self.work(id).await.map_err(|reason| UpdateError::from(Unavailable(reason)))?;
        let hosted = view.sources.get(&work.next.source).and_then(|source| app.channel(&source.channel));
        let hosted = hosted.is_some_and(|channel| channel.describe().hosted);
        let around = Circumstances {
            view,
            routing: RoutingSettings::of(&view.account.settings),
            // Who comes over a vendor's channel answers a survey like any other message; a program must know how.
            can_survey: !hosted || work.next.client_can(SURVEYS) || actor.can(SURVEYS),
            available,
            now,
        };
        let decided = decide(actor, &around, &work.next, update)?;
        work.next = decided.next;
        work.changes.extend(decided.changes);
        if decided.routed {
            self.tasks.insert(id);
        }
        for input in decided.inputs {
            self.put_in(input).await;
        }
        if let Some(key) = &update.client_id {
            self.remembered.push(Remembered {
                caller: actor.key(),
                key: key.as_str().into(),
                asked,
                answer: decided.done.remembered().into(),
            });
        }
        Ok(decided.done)
    }

    /// Begins a conversation for an agent, if they have room for it.
    async fn begin(&mut self, ask: &ByAgent) -> Result<ConversationId, OpenByAgentError> {
        let gone = || OpenByAgentError::new(OpenByAgentErrorKind::SourceOff, "the consumer's page or number is no longer connected");
        let agent = ask.caller.id();
        let caller = Actor::User(ask.caller.clone()).key();
        if let Some((key, asked)) = &ask.client_id
            && let Some(earlier) = self.answered(&caller, key).await?
        {
            let begun = earlier.answer.parse().ok().filter(|_| earlier.asked == *asked);
            let message = "the same ClientMessageId came with another request before";
            return begun.ok_or_else(|| OpenByAgentError::new(OpenByAgentErrorKind::IdempotencyMismatch, message));
        }
        let has_room = self.with_router(|router, _| router.agent(agent).is_some_and(|seat| seat.load() < seat.max_conversations));
        if has_room != Some(true) {
            let message = "you have as many conversations as you may; close or give back one first";
            return Err(OpenByAgentError::new(OpenByAgentErrorKind::Busy, message));
        }
        let directory = self.app.directory();
        let view = directory.account(self.account).ok_or_else(gone)?;
        let (mut begun, opened) = self.app.begin(ask.beginning(view).ok_or_else(gone)?, self.now);
        // What it was before it began: nothing that anybody could have decided on.
        let base = Arc::new(Conversation { version: 0, ..begun.clone() });
        let id = begun.id;
        let assigned = begun.assign(agent, Some(Party::User(agent)), self.now).map_err(|refused| Unavailable(format!("{refused:?}")))?;
        self.hold(id).await;
        self.order.push(id);
        self.work.insert(id, Work { base, next: begun, changes: vec![opened, assigned] });
        self.agents.insert(agent);
        self.put_in(Input::Seat(id, agent)).await;
        if let Some((key, asked)) = &ask.client_id {
            self.remembered.push(Remembered { caller, key: Arc::clone(key), asked: *asked, answer: id.to_string().into() });
        }
        Ok(id)
    }

    /// Locks a conversation until the end of the batch.
    async fn hold(&mut self, id: ConversationId) {
        if !self.held.contains_key(&id) {
            let lock = self.state.live.lock_conversation(id).await;
            self.held.insert(id, lock);
        }
    }

    /// What the same request came to before.
    async fn done_before(&mut self, actor: &Actor, update: &Update, asked: [u8; 32]) -> Result<Option<UpdateDone>, UpdateError> {
        let Some(key) = &update.client_id else { return Ok(None) };
        let Some(earlier) = self.answered(&actor.key(), key).await? else { return Ok(None) };
        let done = UpdateDone::recalled(&earlier.answer).filter(|_| earlier.asked == asked);
        done.map(Some).ok_or_else(UpdateError::mismatch)
    }

    /// The answer to a caller's own id of a request: in this batch, or within a day.
    async fn answered(&mut self, caller: &Arc<str>, key: &str) -> Result<Option<Answered>, Unavailable> {
        let here = self.remembered.iter().find(|known| known.caller == *caller && *known.key == *key);
        match here {
            Some(known) => Ok(Some(Answered { asked: known.asked, answer: Arc::clone(&known.answer) })),
            None => Ok(self.app.store.answered(self.account, caller, key).await?),
        }
    }

    /// Commits, then announces and answers.
    ///
    /// # Errors
    /// When nothing was committed: memory is ahead of the store, and the dispatcher must be rebuilt.
    pub(super) async fn finish(mut self) -> Result<(), String> {
        let outcome = match self.broken.take() {
            Some(reason) => Err(reason),
            None => self.commit().await,
        };
        match outcome {
            Ok(moves) => {
                // The locks go last: moves of a conversation are announced in the order of their versions.
                for moved in moves {
                    self.app.announce_move(moved);
                }
                for (ring, state, task) in self.rings {
                    self.app.announce(self.account, &[ring.agent], Announcement::Ring { ring, state, task });
                }
                self.held.clear();
                for (user, availability) in self.states {
                    self.app.announce(self.account, &[user], Announcement::Agent(user, availability));
                }
                self.replies.into_iter().for_each(|reply| reply(Ok(())));
                Ok(())
            }
            Err(reason) => {
                for id in &self.order {
                    self.state.live.forget_conversation(*id);
                }
                self.held.clear();
                self.replies.into_iter().for_each(|reply| reply(Err(Unavailable(reason.clone()))));
                Err(reason)
            }
        }
    }

    async fn commit(&mut self) -> Result<Vec<ConversationMoved>, String> {
        let mut unit = UnitOfWork::new(self.account.clone());
        for Remembered { caller, key, asked, answer } in self.remembered.drain(..) {
            unit.write(Write::Remember { caller, key, asked, answer, at: self.now });
        }
        let mut moves = Vec::new();
        for id in &self.order {
            let Some(work) = self.work.remove(id) else { continue };
            if work.next.version == work.base.version {
                continue;
            }
            let after = Arc::new(work.next);
            unit.write(Write::PutConversation { conversation: Arc::clone(&after), was: work.base.version });
            for change in &work.changes {
                unit.write(Write::AddChange { conversation: *id, change: change.clone() });
            }
            let stay: HashSet<UserId> = users_of(&after).collect();
            let departed = users_of(&work.base).filter(|user| !stay.contains(user)).collect();
            moves.push(ConversationMoved { after, departed, events: Vec::new(), changes: work.changes });
        }
        for id in &self.tasks {
            let task = self.with_router(|router, _| router.task(*id).cloned()).flatten();
            unit.write(task.map_or(Write::DeleteTask(*id), Write::PutTask));
        }
        for agent in &self.agents {
            let seat = self.with_router(|router, _| router.agent(*agent).map(|seat| (seat.availability, seat.last_assigned_at))).flatten();
            if let Some((availability, last_assigned_at)) = seat {
                unit.write(Write::PutAgentState { user: *agent, availability, last_assigned_at });
            }
        }
        if !unit.writes.is_empty() {
            self.app.commit(unit).await.map_err(|error| match error {
                CommitError::Conflict => "another writer moved a conversation on".to_owned(),
                other => other.to_string(),
            })?;
        }
        for moved in &moves {
            self.state.live.keep_conversation(Arc::clone(&moved.after));
        }
        Ok(moves)
    }
}
