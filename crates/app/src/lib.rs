//! The use cases: one way for each change of state, and the ports through which they reach the world.
//!
//! A command loads, decides by a pure function of `antiphon_domain`, commits one unit of work, and only then
//! announces. Nothing here knows HTTP servers, SQL, or any vendor.

pub mod administration;
pub mod api_keys;
pub mod caller;
mod catch_up;
pub mod channel;
mod channel_log;
pub mod composer;
pub mod connector_app;
pub mod consumers;
pub mod directory;
mod dispatcher;
pub mod files;
mod gate;
pub mod history;
pub mod identity;
mod idle;
mod ingest;
pub mod limits;
mod live;
mod locks;
mod media;
mod notify;
pub mod opening;
mod outbox;
pub mod ports;
mod profiles;
pub mod publish;
pub mod query;
mod see_through;
pub mod session;
mod sign_in;
mod start;
pub mod structured;
pub mod templates;
pub mod update;
pub mod webhook;
pub mod widget;

pub use caller::Caller;
pub use consumers::ConsumerCaller;
pub use directory::{AccountView, Directory};
pub use dispatcher::{AgentStatus, AnswerError};
pub use limits::Limits;
pub use see_through::SeenThrough;
pub use start::{AppParts, StartError};

use crate::channel::Channel;
use crate::ports::bus::{Announcement, ConversationMoved, Topic};
use crate::ports::store::{CommitError, ReadError, UnitOfWork};
use crate::ports::{Blobs, Bus, Clock, Ids, Secrets, Store, net::NetFactory};
use antiphon_domain::event::Party;
use antiphon_domain::{AccountId, Consumer, ConsumerId, Conversation, ConversationId, DialogNumber, UserId};
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The running product: all use cases over one set of ports.
pub struct App {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    net: Arc<dyn NetFactory>,
    blobs: Arc<dyn Blobs>,
    secrets: Arc<dyn Secrets>,
    channels: Vec<Arc<dyn Channel>>,
    limits: Limits,
    public_url: String,
    directory: ArcSwap<Directory>,
    reloading: tokio::sync::Mutex<()>,
    accounts: Mutex<HashMap<AccountId, Arc<AccountState>>>,
    outbox: Arc<outbox::Outbox>,
    notifier: Arc<notify::Notifier>,
    channel_log: channel_log::ChannelLog,
    lines: channel_log::Lines,
    listed_templates: templates::ListedTemplates,
    media: Arc<tokio::sync::Notify>,
    shrinking: Arc<tokio::sync::Semaphore>,
    passes: sign_in::Passes,
    sessions: session::SessionCache,
    signers: session::Signers,
    key_uses: api_keys::Uses,
    identity: identity::Identity,
    stopping: tokio::sync::watch::Sender<bool>,
    tasks: Mutex<tokio::task::JoinSet<()>>,
}

/// What the process holds of one account.
pub(crate) struct AccountState {
    pub live: live::Live,
    pub dispatcher: dispatcher::Handle,
}

/// The store can't take or give anything right now: nothing may be acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store is unavailable: {0}")]
pub struct Unavailable(pub String);

impl From<ReadError> for Unavailable {
    fn from(error: ReadError) -> Self {
        Self(error.to_string())
    }
}

impl From<CommitError> for Unavailable {
    fn from(error: CommitError) -> Self {
        Self(error.to_string())
    }
}

impl App {
    /// The configuration as it stands.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// New ids.
    pub fn ids(&self) -> &dyn Ids {
        &*self.ids
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The bus.
    pub fn bus(&self) -> &dyn Bus {
        &*self.bus
    }

    /// The file store.
    pub fn blobs(&self) -> &dyn Blobs {
        &*self.blobs
    }

    /// Sealing and signing.
    pub fn secrets(&self) -> &dyn Secrets {
        &*self.secrets
    }

    /// Every registered connector.
    pub fn channels(&self) -> &[Arc<dyn Channel>] {
        &self.channels
    }

    /// A connector by its channel's id.
    pub fn channel(&self, id: &str) -> Option<&Arc<dyn Channel>> {
        self.channels.iter().find(|channel| channel.describe().id == id)
    }

    /// The public address of the installation, without a trailing slash.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Reads the configuration afresh after a commit that changed it, tells the dispatchers, and announces it.
    ///
    /// # Errors
    /// When the store can't be read; the old snapshot stays.
    pub async fn reload_directory(self: &Arc<Self>) -> Result<(), Unavailable> {
        let _one_at_a_time = self.reloading.lock().await;
        let directory = Arc::new(Directory::new(self.store.directory().await?));
        self.directory.store(Arc::clone(&directory));
        self.lines.clear();
        for view in directory.accounts() {
            let state = self.account_state(&view.account.id);
            state.dispatcher.directory_changed(Arc::clone(view));
            let users: Vec<UserId> = view.users.keys().copied().collect();
            self.announce(&view.account.id, &users, Announcement::Directory);
        }
        self.sessions.clear();
        self.outbox.wake_all();
        self.notifier.configure(self);
        Ok(())
    }

    /// The live state of an account; made, with its dispatcher, when it is first asked for.
    pub(crate) fn account_state(self: &Arc<Self>, account: &AccountId) -> Arc<AccountState> {
        let mut accounts = self.accounts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let make = || {
            let (handle, mailbox) = dispatcher::Handle::new();
            let state = Arc::new(AccountState { live: live::Live::new(self.limits.cached_conversations), dispatcher: handle });
            self.spawn(dispatcher::run(Arc::clone(self), account.clone(), mailbox));
            state
        };
        Arc::clone(accounts.entry(account.clone()).or_insert_with(make))
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    pub(crate) fn stopping(&self) -> tokio::sync::watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Announces to the account's listeners and to those of the given users.
    pub(crate) fn announce(&self, account: &AccountId, users: &[UserId], what: Announcement) {
        let topics: Vec<Topic> =
            std::iter::once(Topic::Account(account.clone())).chain(users.iter().map(|user| Topic::User(account.clone(), *user))).collect();
        self.bus.announce(&topics, what);
    }

    /// Announces a committed move to everyone who takes or took part.
    pub(crate) fn announce_move(&self, moved: ConversationMoved) {
        let users = users_of(&moved.after).chain(moved.departed.iter().copied());
        let topics = topics_of(&moved.after, users);
        self.bus.announce(&topics, Announcement::Conversation(Arc::new(moved)));
    }

    /// Announces that somebody types, or stopped, to everyone in the conversation. Never stored.
    pub(crate) fn announce_chat_state(&self, conversation: Arc<Conversation>, dialog: DialogNumber, party: Party, state: &str) {
        self.notifier.overhear(self, &conversation, dialog, party, state);
        let topics = topics_of(&conversation, users_of(&conversation));
        self.bus.announce(&topics, Announcement::ChatState { conversation, dialog, party, state: state.into() });
    }

    /// A conversation, from memory or the store. Hold its lock to decide on it.
    pub(crate) async fn load(
        &self,
        state: &AccountState,
        account: &AccountId,
        id: ConversationId,
    ) -> Result<Option<Arc<Conversation>>, ReadError> {
        if let Some(conversation) = state.live.conversation(id) {
            return Ok(Some(conversation));
        }
        let loaded = self.store.conversation(account, id).await?.map(Arc::new);
        if let Some(conversation) = &loaded {
            state.live.keep_conversation(Arc::clone(conversation));
        }
        Ok(loaded)
    }

    /// A consumer, from memory or the store.
    pub(crate) async fn load_consumer(
        &self,
        state: &AccountState,
        account: &AccountId,
        id: ConsumerId,
    ) -> Result<Option<Arc<Consumer>>, ReadError> {
        if let Some(consumer) = state.live.consumer(id) {
            return Ok(Some(consumer));
        }
        let loaded = self.store.consumer(account, id).await?.map(Arc::new);
        if let Some(consumer) = &loaded {
            state.live.keep_consumer(Arc::clone(consumer));
        }
        Ok(loaded)
    }

    /// Commits a unit, and with it what apps are to be told of it.
    pub(crate) async fn commit(&self, mut unit: UnitOfWork) -> Result<(), CommitError> {
        let Some(expected) = self.notifier.expect(self, &mut unit) else { return self.store.commit(unit).await };
        let outcome = self.store.commit(unit).await;
        expected.answered(outcome.is_ok());
        outcome
    }
}

/// Whom a conversation concerns: its account, its consumer, and these users.
fn topics_of(conversation: &Conversation, users: impl Iterator<Item = UserId>) -> Vec<Topic> {
    let account = &conversation.account;
    let all = [Topic::Account(account.clone()), Topic::Consumer(account.clone(), conversation.consumer)];
    all.into_iter().chain(users.map(|user| Topic::User(account.clone(), user))).collect()
}

/// The users in any dialog of a conversation, proposed ones included.
pub(crate) fn users_of(conversation: &Conversation) -> impl Iterator<Item = UserId> + '_ {
    let parties = conversation.dialogs.iter().flat_map(|dialog| &dialog.participants).map(|participant| participant.party);
    parties.filter_map(|party| match party {
        antiphon_domain::event::Party::User(user) => Some(user),
        _ => None,
    })
}
