//! The dispatcher: one task per account that alone decides who gets a conversation.
//!
//! Commands that touch routing (rings, states, transfers, closing …) come in over a mailbox, are worked off in batches,
//! and each batch is one unit of work. Announcements and answers follow the commit. When a commit fails, the dispatcher
//! rebuilds itself from the store. It must never be asked by somebody who holds a conversation's lock.

mod batch;
mod load;

use crate::directory::AccountView;
use crate::opening::{ByAgent, OpenByAgentError};
use crate::update::{Actor, Update, UpdateDone, UpdateError};
use crate::{App, Unavailable};
use antiphon_domain::routing::{Availability, RingRefused, Router, Task};
use antiphon_domain::{AccountId, ConversationId, Timestamp, UserId};
use batch::Batch;
use std::sync::{Arc, RwLock};
use tokio::sync::{mpsc, oneshot};

const BATCH: usize = 256;

/// What the dispatcher is asked.
pub(crate) enum Command {
    /// A committed conversation waits.
    Enqueue(Task),
    /// Answer a ring.
    Answer {
        conversation: ConversationId,
        offered_at: Timestamp,
        agent: UserId,
        accept: bool,
        reply: oneshot::Sender<Result<(), AnswerError>>,
    },
    /// Set an agent's state.
    SetAvailability { agent: UserId, availability: Availability, reply: oneshot::Sender<Result<(), Unavailable>> },
    /// An agent's sockets came or went.
    Sockets { agent: UserId, open: u32, listening: u32 },
    /// Change a conversation: atomic.
    Update { actor: Actor, update: Update, reply: oneshot::Sender<Result<UpdateDone, UpdateError>> },
    /// Begin a conversation for an agent, who has it from the start.
    Begin { ask: Box<ByAgent>, reply: oneshot::Sender<Result<ConversationId, OpenByAgentError>> },
    /// Users or settings changed.
    Directory(Arc<AccountView>),
}

/// Why a ring could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The ring ended or never was, or is somebody else's.
    #[error("the ring is gone")]
    Refused(RingRefused),
    /// Nothing could be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// An agent's state and load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStatus {
    /// Who.
    pub user: UserId,
    /// What they say.
    pub availability: Availability,
    /// How many conversations they have.
    pub open: u32,
    /// How many ring for them.
    pub ringing: u32,
    /// Most at once.
    pub max_conversations: u32,
}

/// The router, shared with those who only look. Absent while it is being rebuilt.
pub(crate) type SharedRouter = Arc<RwLock<Option<Router>>>;

/// Where commands go.
pub(crate) struct Handle {
    mailbox: mpsc::UnboundedSender<Command>,
    view: SharedRouter,
}

/// The dispatcher's end.
pub(crate) struct Mailbox {
    commands: mpsc::UnboundedReceiver<Command>,
    view: SharedRouter,
}

impl Handle {
    pub(crate) fn new() -> (Self, Mailbox) {
        // Unbounded on purpose: each entry stands for a committed row or an open request, both bounded elsewhere.
        let (mailbox, commands) = mpsc::unbounded_channel();
        let view = Arc::new(RwLock::new(None));
        (Self { mailbox, view: Arc::clone(&view) }, Mailbox { commands, view })
    }

    /// Tells of a committed task. A dispatcher that is gone has the store to rebuild from.
    pub(crate) fn enqueue(&self, task: Task) {
        let _ = self.mailbox.send(Command::Enqueue(task));
    }

    pub(crate) fn sockets(&self, agent: UserId, open: u32, listening: u32) {
        let _ = self.mailbox.send(Command::Sockets { agent, open, listening });
    }

    pub(crate) fn directory_changed(&self, view: Arc<AccountView>) {
        let _ = self.mailbox.send(Command::Directory(view));
    }

    pub(crate) async fn answer(
        &self,
        conversation: ConversationId,
        offered_at: Timestamp,
        agent: UserId,
        accept: bool,
    ) -> Result<(), AnswerError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Command::Answer { conversation, offered_at, agent, accept, reply });
        answer.await.unwrap_or_else(|_| Err(AnswerError::Unavailable(stopped())))
    }

    pub(crate) async fn set_availability(&self, agent: UserId, availability: Availability) -> Result<(), Unavailable> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Command::SetAvailability { agent, availability, reply });
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    pub(crate) async fn update(&self, actor: Actor, update: Update) -> Result<UpdateDone, UpdateError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Command::Update { actor, update, reply });
        answer.await.unwrap_or_else(|_| Err(stopped().into()))
    }

    pub(crate) async fn begin(&self, ask: ByAgent) -> Result<ConversationId, OpenByAgentError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.mailbox.send(Command::Begin { ask: Box::new(ask), reply });
        answer.await.unwrap_or_else(|_| Err(stopped().into()))
    }

    /// Reads from the router as it stood after the last batch; `None` while it is being rebuilt.
    pub(crate) fn look<T>(&self, read: impl FnOnce(&Router) -> T) -> Option<T> {
        let router = self.view.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        router.as_ref().map(read)
    }
}

fn stopped() -> Unavailable {
    Unavailable("the dispatcher has stopped".to_owned())
}

/// Runs an account's dispatcher until the product stops.
pub(crate) async fn run(app: Arc<App>, account: AccountId, mut mailbox: Mailbox) {
    let mut stopping = app.stopping();
    let mut sockets = load::Sockets::default();
    loop {
        let Some(router) = load::until_loaded(&app, &account, &sockets, &mut stopping).await else { return };
        set(&mailbox.view, Some(router));
        let mut commands = Vec::with_capacity(BATCH);
        loop {
            let deadline = app_deadline(&mailbox.view);
            let timer = async {
                match deadline {
                    Some(at) => app.clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stop| *stop) => return,
                received = mailbox.commands.recv_many(&mut commands, BATCH) => if received == 0 { return },
                () = timer => {}
            }
            sockets.note(&commands);
            let state = app.account_state(&account);
            let mut batch = Batch::new(&app, &state, &account, &mailbox.view);
            for command in commands.drain(..) {
                batch.handle(command).await;
            }
            batch.tick().await;
            if let Err(reason) = batch.finish().await {
                tracing::warn!(account = %account, %reason, "the dispatcher's unit was not committed; rebuilding from the store");
                metrics::counter!("antiphon_dispatcher_rebuilds_total").increment(1);
                set(&mailbox.view, None);
                break;
            }
        }
    }
}

fn set(view: &RwLock<Option<Router>>, router: Option<Router>) {
    *view.write().unwrap_or_else(std::sync::PoisonError::into_inner) = router;
}

fn app_deadline(view: &RwLock<Option<Router>>) -> Option<Timestamp> {
    let router = view.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    router.as_ref().and_then(Router::next_deadline)
}
