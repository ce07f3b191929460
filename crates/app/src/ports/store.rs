//! The store: units of work go in, rows come out.
//!
//! A unit of work is data. The adapter checks everything that it expects (versions, guards) before it writes anything of
//! it, commits it whole or not at all, and answers only when it is synced to disk. Many units may share one sync.

mod identity;
mod notifications;

pub use identity::{AppGrant, AppGrantKind, GrantsOf, IdentityProvider, KeyUse, ProviderKeys, SigningKey};
pub use notifications::{
    NewNotifications, NotificationAbout, NotificationKind, NotificationList, NotificationRow, NotificationState, NotificationTries,
};

use antiphon_domain::consent::Consent;
use antiphon_domain::id::Version;
use antiphon_domain::routing::{Availability, Task};
use antiphon_domain::{
    Account, AccountId, ApiKey, ApiKeyId, Change, ChannelApp, Consumer, ConsumerId, Conversation, ConversationId, Delivery, DeliveryId,
    DeliveryStatus, DialogNumber, Event, FileId, NotificationId, Profile, RowId, Sequence, Skill, SkillId, Source, SourceId, StoredFile,
    Timestamp, User, UserId,
};
use futures_util::future::BoxFuture;
use std::path::Path;
use std::sync::Arc;

/// Everything that changes together, in one account.
#[derive(Clone, Debug)]
pub struct UnitOfWork {
    /// The account that every write of it belongs to.
    pub account: AccountId,
    /// The writes, in order.
    pub writes: Vec<Write>,
}

impl UnitOfWork {
    /// A unit with nothing in it yet.
    pub fn new(account: AccountId) -> Self {
        Self { account, writes: Vec::new() }
    }

    /// Adds a write.
    pub fn write(&mut self, write: Write) -> &mut Self {
        self.writes.push(write);
        self
    }
}

/// One change of the store. "Put" inserts or replaces by id, "Add" only inserts.
#[derive(Clone, Debug)]
pub enum Write {
    /// Guards a vendor's item: refuses the unit as [`CommitError::Duplicate`] when the source had this key in the last 35 days.
    Once {
        /// Which source.
        source: SourceId,
        /// The vendor's id of it.
        key: Arc<str>,
        /// When.
        at: Timestamp,
    },
    /// Remembers the answer to a caller's idempotency key for 24 h: refuses the unit as [`CommitError::Answered`] when there is one.
    Remember {
        /// Who asks: keeps callers apart.
        caller: Arc<str>,
        /// Their key.
        key: Arc<str>,
        /// A hash of what they asked.
        asked: [u8; 32],
        /// Our answer, to be repeated.
        answer: Arc<str>,
        /// When.
        at: Timestamp,
    },
    /// A conversation's state. `was` is the version it was loaded at, 0 for a new one; a stale one refuses the unit as
    /// [`CommitError::Conflict`], and so does a second open conversation of the same consumer.
    PutConversation {
        /// The state after.
        conversation: Arc<Conversation>,
        /// The version it was loaded at.
        was: Version,
    },
    /// A numbered event. Its sequence is unique in its dialog.
    AddEvent {
        /// Of which conversation.
        conversation: ConversationId,
        /// The event.
        event: Arc<Event>,
    },
    /// A recorded change.
    AddChange {
        /// Of which conversation.
        conversation: ConversationId,
        /// The change.
        change: Change,
    },
    /// A consumer.
    PutConsumer(Consumer),
    /// A conversation that needs an agent.
    PutTask(Task),
    /// It no longer does.
    DeleteTask(ConversationId),
    /// An agent's state.
    PutAgentState {
        /// Whose.
        user: UserId,
        /// What they say.
        availability: Availability,
        /// When they last got a conversation.
        last_assigned_at: Timestamp,
    },
    /// An outbound part.
    PutDelivery(Delivery),
    /// A file.
    PutFile(StoredFile),
    /// Forgets a file that no event shows; one that is shown by now stays.
    DropUnshownFile(FileId),
    /// An entry of the consent ledger.
    AddConsent(Consent),
    /// Something signed but unusable.
    AddDeadLetter(DeadLetterRow),
    /// A dead letter was worked through again.
    MarkRedriven(RowId, Timestamp),
    /// An exchange with a channel.
    AddChannelLog(Arc<ChannelLogRow>),
    /// An administrative act.
    AddAudit(AuditRow),
    /// An account.
    PutAccount(Account),
    /// A skill.
    PutSkill(Skill),
    /// A custom profile.
    PutProfile(Profile),
    /// A user; their log-in name is unique in the account ([`CommitError::Taken`]).
    PutUser(User),
    /// What a user signs in with.
    PutLogin(Login),
    /// A source; its address is unique over the channel's enabled sources of the installation ([`CommitError::Taken`]).
    PutSource(Source),
    /// A vendor app; its name is unique in the account and channel ([`CommitError::Taken`]).
    PutChannelApp(ChannelApp),
    /// An installed app of the Connector API, as the bootstrap file or admin API gave it.
    PutConnectorApp(ConnectorApp),
    /// A key of the admin API; its name is unique in the account, its hash in the installation ([`CommitError::Taken`]). When it was
    /// last used stays.
    PutApiKey(ApiKey),
    /// It is gone.
    DeleteApiKey(ApiKeyId),
    /// It was used, where it still is.
    ApiKeyUsed(ApiKeyId, Timestamp),
    /// A key of the whole installation, whichever account's unit it comes with. Never replaces one ([`CommitError::Taken`]).
    AddSigningKey(SigningKey),
    /// A key of the installation that no living token was signed with.
    DeleteSigningKey {
        /// Its use.
        purpose: KeyUse,
        /// Its id.
        id: Arc<str>,
    },
    /// A secret that the account keeps for ever; stored sealed. Never replaces one ([`CommitError::Taken`]).
    AddAccountSecret {
        /// What for.
        purpose: &'static str,
        /// The secret.
        secret: [u8; 32],
    },
    /// A log-in of the brand's.
    PutIdentityProvider(IdentityProvider),
    /// A feature, switched.
    PutFeatureGrant {
        /// Its name.
        feature: Arc<str>,
        /// Whether the account has it.
        granted: bool,
    },
    /// News for apps.
    AddNotifications(NewNotifications),
    /// How a notification fared.
    PutNotificationOutcome {
        /// The app's client id.
        app: Arc<str>,
        /// Which.
        id: NotificationId,
        /// Where it stands now.
        state: NotificationState,
        /// How it fared.
        tries: NotificationTries,
    },
    /// Notifications that were settled and are to go out again.
    RequeueNotifications {
        /// The app's client id.
        app: Arc<str>,
        /// Which.
        ids: Vec<NotificationId>,
        /// When that was asked for.
        at: Timestamp,
    },
    /// A signed-in session.
    PutSession(Session),
    /// A session as it is now, where it still is: what has ended does not come back.
    RenewSession(Session),
    /// A session ended.
    DeleteSession([u8; 32]),
    /// What a user lets an app have.
    AddAppGrant(AppGrant),
    /// The same with another end, where it still is: what has ended does not come back.
    RenewAppGrant(AppGrant),
    /// Grants ended, and with them the sessions that came of them.
    EndAppGrants(GrantsOf),
    /// A user's sessions ended, all but one, and what they let apps have: their password or keys changed.
    EndSessions {
        /// Whose.
        user: UserId,
        /// The hash of the one token that stays.
        keep: Option<[u8; 32]>,
    },
    /// The hash of a bootstrap value that was applied.
    Applied {
        /// The value's place in the file, by natural keys.
        path: Arc<str>,
        /// Its hash.
        hash: [u8; 32],
    },
}

/// Why a unit was not committed. Nothing of it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Something moved on meanwhile: load afresh and decide again.
    #[error("stale version")]
    Conflict,
    /// The vendor's item was stored before.
    #[error("stored before")]
    Duplicate,
    /// The caller's key was used before.
    #[error("answered before")]
    Answered(Answered),
    /// A unique value is in use; names the field.
    #[error("{0} is in use")]
    Taken(&'static str),
    /// Full disk, read-only, shutting down …: nothing may be acknowledged. Recovers by itself.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// A read failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Can't be reached for now.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What is stored makes no sense.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
}

/// An earlier answer to an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The hash of what was asked.
    pub asked: [u8; 32],
    /// What we answered.
    pub answer: Arc<str>,
}

/// What a user signs in with, and how that went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Whose.
    pub user: UserId,
    /// Argon2id; `None` when the user signs in with keys only.
    pub password_hash: Option<String>,
    /// Hashes of earlier passwords, newest first.
    pub history: Vec<String>,
    /// Failed log-ins in a row.
    pub failures: u32,
    /// No log-in until then.
    pub locked_until: Option<Timestamp>,
    /// When they last signed in.
    pub last_login_at: Option<Timestamp>,
    /// Keys of a bot: application key, secret, access token, access token secret; stored sealed.
    pub api_keys: Vec<BotKey>,
}

/// The four values that a bot signs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct BotKey {
    /// Public part.
    pub app_key: String,
    /// Secret.
    pub secret: String,
    /// Public part.
    pub access_token: String,
    /// Secret.
    pub access_token_secret: String,
}

impl std::fmt::Debug for BotKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BotKey").field("app_key", &self.app_key).finish_non_exhaustive()
    }
}

/// A signed-in session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the bearer token: the token itself is nowhere.
    pub token_hash: [u8; 32],
    /// SHA-256 of the token that guards against forged requests.
    pub csrf_hash: [u8; 32],
    /// Whose.
    pub user: UserId,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When they last did something.
    pub seen_at: Timestamp,
    /// When it ends whatever they do.
    pub expires_at: Timestamp,
    /// How it began.
    pub kind: SessionKind,
    /// The app that holds it, where the user signed in to one.
    pub app: Option<SessionApp>,
}

/// The app that holds a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionApp {
    /// Its client id.
    pub client_id: String,
    /// The grant that the session came of: it ends with it.
    pub grant: [u8; 32],
}

/// How a session began, which decides what inactivity does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// In a browser, which holds it in a cookie: a person's activity alone keeps it, nothing that their page does by itself.
    Browser,
    /// By password, for a program: requests and open sockets keep it.
    Program,
    /// By keys: inactivity never ends it.
    Keys,
    /// By an app that the user signed in to: inactivity never ends it, and it is short.
    App,
}

/// An installed app of the Connector API.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectorApp {
    /// Its id, unique in the account.
    pub client_id: String,
    /// Shown to people; unique among the account's apps that are not removed.
    pub name: String,
    /// What it signs in with, and what its notifications are signed with; stored sealed.
    pub client_secret: String,
    /// The secret before, and until when it is accepted too; stored sealed.
    pub previous_secret: Option<(String, Timestamp)>,
    /// Where its conversations go.
    pub skill: Option<SkillId>,
    /// Everything else, as a JSON object: see [`crate::connector_app`] and [`crate::identity::Manifest`].
    pub settings: String,
    /// A disabled app is refused.
    pub enabled: bool,
    /// A removed app is nowhere shown; installing it again brings it back. It is disabled, too.
    pub removed: bool,
    /// When it was installed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for ConnectorApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectorApp").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Something signed but unusable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterRow {
    /// Its row.
    pub id: RowId,
    /// Which channel.
    pub channel: Arc<str>,
    /// The source it was for, if known.
    pub source: Option<SourceId>,
    /// When it came.
    pub at: Timestamp,
    /// A stable code.
    pub code: Arc<str>,
    /// What is wrong, in a sentence.
    pub reason: Arc<str>,
    /// The whole request as JSON, stored sealed, so that it can be redriven.
    pub request: Arc<str>,
    /// When it was worked through again.
    pub redriven_at: Option<Timestamp>,
}

/// An exchange with a channel, secrets masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelLogRow {
    /// Its row.
    pub id: RowId,
    /// When.
    pub at: Timestamp,
    /// Which source.
    pub source: Option<SourceId>,
    /// Whether they called us.
    pub inbound: bool,
    /// HTTP method.
    pub method: Arc<str>,
    /// Address, secrets masked.
    pub url: Arc<str>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// The request, secrets masked, at most 4 KiB.
    pub request: Arc<str>,
    /// The answer, secrets masked, at most 4 KiB.
    pub answer: Arc<str>,
    /// What went wrong, in a sentence.
    pub error: Option<Arc<str>>,
    /// The conversation it belongs to.
    pub conversation: Option<ConversationId>,
    /// The delivery it belongs to.
    pub delivery: Option<DeliveryId>,
}

/// An administrative act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its row.
    pub id: RowId,
    /// When.
    pub at: Timestamp,
    /// By whom; `None` for the bootstrap file and the command line.
    pub by: Option<UserId>,
    /// With which key, where they used one.
    pub by_key: Option<ApiKeyId>,
    /// For example `user.created`.
    pub action: Arc<str>,
    /// For example `user`.
    pub object_kind: Arc<str>,
    /// Its id.
    pub object_id: Arc<str>,
    /// Changed members, secrets masked: JSON.
    pub detail: Arc<str>,
}

/// All configuration of the installation; small enough to be held in memory.
#[derive(Clone, Debug, Default)]
pub struct DirectoryRows {
    /// Accounts with what belongs to them.
    pub accounts: Vec<AccountRows>,
}

/// One account's configuration.
#[derive(Clone, Debug)]
pub struct AccountRows {
    /// The account.
    pub account: Account,
    /// Its skills.
    pub skills: Vec<Skill>,
    /// Its custom profiles.
    pub profiles: Vec<Profile>,
    /// Its users.
    pub users: Vec<User>,
    /// Its sources, secrets open.
    pub sources: Vec<Source>,
    /// Its vendor apps, secrets open.
    pub channel_apps: Vec<ChannelApp>,
    /// Its connector apps, secrets open.
    pub connector_apps: Vec<ConnectorApp>,
    /// The brand's log-ins.
    pub identity_providers: Vec<IdentityProvider>,
    /// Features that are switched otherwise than by default.
    pub feature_grants: Vec<(String, bool)>,
    /// Its keys of the admin API, and when each was last used.
    pub api_keys: Vec<(ApiKey, Option<Timestamp>)>,
}

/// What a dispatcher is rebuilt from.
#[derive(Clone, Debug, Default)]
pub struct RoutingRows {
    /// What waits or rings.
    pub tasks: Vec<Task>,
    /// Agents' states.
    pub agents: Vec<(UserId, Availability, Timestamp)>,
    /// Open conversations whose main dialog goes on, and their agents.
    pub assigned: Vec<(ConversationId, UserId)>,
}

/// A consumer as ingest needs it.
#[derive(Clone, Debug)]
pub struct ConsumerAt {
    /// The consumer.
    pub consumer: Consumer,
    /// Their open conversation.
    pub open: Option<ConversationId>,
    /// Whether they ever had one.
    pub had_one: bool,
}

/// Which conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationFilter {
    /// Only open, or only closed ones.
    pub open: Option<bool>,
    /// Only those in which this user takes part or is proposed.
    pub involving: Option<UserId>,
    /// Only those without an assigned agent.
    pub unassigned: bool,
    /// Only those whose main dialog has ended while a survey goes on.
    pub in_survey: bool,
    /// Only those of a skill.
    pub skill: Option<SkillId>,
    /// Only those of a consumer.
    pub consumer: Option<ConsumerId>,
    /// Only those changed at or after.
    pub updated_from: Option<Timestamp>,
    /// Only those changed at or before.
    pub updated_to: Option<Timestamp>,
    /// Only those whose consumer's name or address contains this text (case-insensitive), or whose id it is.
    pub text: Option<String>,
}

/// A place in the list of conversations: newest change first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationCursor {
    /// The last one's time of change.
    pub updated_at: Timestamp,
    /// The last one.
    pub id: ConversationId,
}

/// Which deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only with that status.
    pub status: Option<DeliveryStatus>,
    /// Only of a conversation.
    pub conversation: Option<ConversationId>,
    /// Only over a source.
    pub source: Option<SourceId>,
}

/// Which exchanges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelLogFilter {
    /// Only of a source.
    pub source: Option<SourceId>,
    /// Only of a conversation.
    pub conversation: Option<ConversationId>,
    /// Only of a delivery.
    pub delivery: Option<DeliveryId>,
    /// Only when they called us, or only when we called them.
    pub inbound: Option<bool>,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// How many rows went.
    pub rows: u64,
    /// Whether there may be more: each sweep deletes a bounded number of each kind.
    pub more: bool,
}

/// A read in progress.
pub type Reading<'a, T> = BoxFuture<'a, Result<T, ReadError>>;

/// Keeps everything that must not be lost.
///
/// Lists are keyset-paged: `after` is the last key of the page before, `limit` bounds the page.
pub trait Store: Send + Sync {
    /// Commits a unit: durable when this returns `Ok`.
    fn commit<'a>(&'a self, unit: UnitOfWork) -> BoxFuture<'a, Result<(), CommitError>>;

    /// All configuration.
    fn directory<'a>(&'a self) -> Reading<'a, DirectoryRows>;
    /// Hashes of the bootstrap values that were applied to an account.
    fn applied<'a>(&'a self, account: &'a AccountId) -> Reading<'a, Vec<(String, [u8; 32])>>;
    /// What a user signs in with.
    fn login<'a>(&'a self, account: &'a AccountId, user: UserId) -> Reading<'a, Option<Login>>;
    /// The installation's signing keys, oldest first, secrets open.
    fn signing_keys<'a>(&'a self) -> Reading<'a, Vec<SigningKey>>;
    /// A secret that an account keeps.
    fn account_secret<'a>(&'a self, account: &'a AccountId, purpose: &'a str) -> Reading<'a, Option<[u8; 32]>>;
    /// A session by the hash of its token, with its account.
    fn session<'a>(&'a self, token_hash: [u8; 32]) -> Reading<'a, Option<(AccountId, Session)>>;
    /// What a user lets an app have, with its account.
    fn app_grant<'a>(&'a self, token_hash: [u8; 32]) -> Reading<'a, Option<(AccountId, AppGrant)>>;
    /// An earlier answer to a caller's idempotency key.
    fn answered<'a>(&'a self, account: &'a AccountId, caller: &'a str, key: &'a str) -> Reading<'a, Option<Answered>>;

    /// A consumer by their address at a source.
    fn consumer_at<'a>(&'a self, account: &'a AccountId, source: SourceId, address: &'a str) -> Reading<'a, Option<ConsumerAt>>;
    /// The same by the consumer's id.
    fn consumer_state<'a>(&'a self, account: &'a AccountId, id: ConsumerId) -> Reading<'a, Option<ConsumerAt>>;
    /// A consumer by id.
    fn consumer<'a>(&'a self, account: &'a AccountId, id: ConsumerId) -> Reading<'a, Option<Consumer>>;
    /// Consumers whose name or address contains a text; all when it is empty. Ordered by id.
    fn consumers<'a>(
        &'a self,
        account: &'a AccountId,
        text: &'a str,
        after: Option<ConsumerId>,
        limit: usize,
    ) -> Reading<'a, Vec<Consumer>>;
    /// A consumer's entries in the consent ledger, newest first, at most 200.
    fn consents<'a>(&'a self, account: &'a AccountId, consumer: ConsumerId) -> Reading<'a, Vec<Consent>>;

    /// A conversation.
    fn conversation<'a>(&'a self, account: &'a AccountId, id: ConversationId) -> Reading<'a, Option<Conversation>>;
    /// Conversations, newest change first.
    fn conversations<'a>(
        &'a self,
        account: &'a AccountId,
        filter: &'a ConversationFilter,
        after: Option<ConversationCursor>,
        limit: usize,
    ) -> Reading<'a, Vec<Conversation>>;
    /// Events of a dialog from a sequence on, ascending.
    fn events<'a>(
        &'a self,
        account: &'a AccountId,
        conversation: ConversationId,
        dialog: DialogNumber,
        from: Sequence,
        limit: usize,
    ) -> Reading<'a, Vec<Event>>;
    /// Changes of a conversation after a version, ascending.
    fn changes<'a>(
        &'a self,
        account: &'a AccountId,
        conversation: ConversationId,
        after: Version,
        limit: usize,
    ) -> Reading<'a, Vec<Change>>;
    /// What an account's dispatcher is rebuilt from.
    fn routing<'a>(&'a self, account: &'a AccountId) -> Reading<'a, RoutingRows>;

    /// Queued deliveries of the whole installation, for rebuilding the outbox: account by account, each account's by id.
    fn outbox<'a>(&'a self, after: Option<(AccountId, DeliveryId)>, limit: usize) -> Reading<'a, Vec<(AccountId, Delivery)>>;
    /// A delivery.
    fn delivery<'a>(&'a self, account: &'a AccountId, id: DeliveryId) -> Reading<'a, Option<Delivery>>;
    /// A source's delivery by the channel's id of it.
    fn delivery_by_vendor_id<'a>(&'a self, account: &'a AccountId, source: SourceId, vendor_id: &'a str) -> Reading<'a, Option<Delivery>>;
    /// Deliveries of a conversation that were handed over and are not read yet, created at or before a time, ascending: among those
    /// of its newest events, 500 deliveries in all.
    fn unread_deliveries<'a>(
        &'a self,
        account: &'a AccountId,
        conversation: ConversationId,
        up_to: Timestamp,
    ) -> Reading<'a, Vec<Delivery>>;
    /// Deliveries of events of a dialog, from a sequence to another, both inclusive.
    fn deliveries_of_events<'a>(
        &'a self,
        account: &'a AccountId,
        conversation: ConversationId,
        dialog: DialogNumber,
        from: Sequence,
        to: Sequence,
    ) -> Reading<'a, Vec<Delivery>>;
    /// Deliveries, newest first; those of one conversation by their events. What no longer exists is the end of the list.
    fn deliveries<'a>(
        &'a self,
        account: &'a AccountId,
        filter: &'a DeliveryFilter,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Reading<'a, Vec<Delivery>>;

    /// Conversations with waiting notifications to an app, ascending.
    fn notification_lanes<'a>(
        &'a self,
        account: &'a AccountId,
        app: &'a str,
        after: Option<ConversationId>,
        limit: usize,
    ) -> Reading<'a, Vec<ConversationId>>;
    /// Waiting notifications of one conversation to an app, in their order.
    fn waiting_notifications<'a>(
        &'a self,
        account: &'a AccountId,
        app: &'a str,
        conversation: ConversationId,
        after: Option<NotificationId>,
        limit: usize,
    ) -> Reading<'a, Vec<NotificationRow>>;
    /// How many notifications wait for an app; counts no further than `most`.
    fn count_waiting_notifications<'a>(&'a self, account: &'a AccountId, app: &'a str, most: usize) -> Reading<'a, usize>;
    /// A page of an app's notifications.
    fn notifications<'a>(
        &'a self,
        account: &'a AccountId,
        app: &'a str,
        list: NotificationList,
        limit: usize,
    ) -> Reading<'a, Vec<NotificationRow>>;
    /// A notification.
    fn notification<'a>(&'a self, account: &'a AccountId, app: &'a str, id: NotificationId) -> Reading<'a, Option<NotificationRow>>;
    /// Ids and states of an app's notifications from one id to before another, ascending.
    fn notification_range<'a>(
        &'a self,
        account: &'a AccountId,
        app: &'a str,
        from: NotificationId,
        to: NotificationId,
        limit: usize,
    ) -> Reading<'a, Vec<(NotificationId, NotificationState)>>;

    /// A file by its path.
    fn file<'a>(&'a self, account: &'a AccountId, path: &'a str) -> Reading<'a, Option<StoredFile>>;
    /// Files that are still to be fetched, of the whole installation, soonest first.
    fn pending_files<'a>(&'a self, limit: usize) -> Reading<'a, Vec<(AccountId, StoredFile)>>;

    /// Uploads of the whole installation that no event shows and that were made before then, oldest first. What comes with an event is
    /// only not known as shown yet: write it again.
    fn unshown_files<'a>(&'a self, before: Timestamp, limit: usize) -> Reading<'a, Vec<(AccountId, StoredFile)>>;

    /// Dead letters, newest first.
    fn dead_letters<'a>(&'a self, account: &'a AccountId, after: Option<RowId>, limit: usize) -> Reading<'a, Vec<DeadLetterRow>>;
    /// A dead letter.
    fn dead_letter<'a>(&'a self, account: &'a AccountId, id: RowId) -> Reading<'a, Option<DeadLetterRow>>;
    /// The channel log, newest first.
    fn channel_log<'a>(
        &'a self,
        account: &'a AccountId,
        filter: &'a ChannelLogFilter,
        after: Option<RowId>,
        limit: usize,
    ) -> Reading<'a, Vec<ChannelLogRow>>;
    /// The audit trail, newest first.
    fn audit<'a>(&'a self, account: &'a AccountId, after: Option<RowId>, limit: usize) -> Reading<'a, Vec<AuditRow>>;

    /// Whether the store can be reached and written to.
    fn ready<'a>(&'a self) -> Reading<'a, ()>;
    /// Deletes what has aged out, and the oldest exchanges beyond the most that the channel log may hold: a bounded number of rows
    /// at a time.
    fn sweep<'a>(&'a self, now: Timestamp, most_log_rows: u64) -> BoxFuture<'a, Result<Swept, CommitError>>;
    /// Writes a consistent copy of the database into a new file, while everything goes on.
    fn backup<'a>(&'a self, to: &'a Path) -> Reading<'a, ()>;
    /// Finishes what was accepted and closes; later commits are refused as unavailable.
    fn close<'a>(&'a self) -> BoxFuture<'a, ()>;
}
