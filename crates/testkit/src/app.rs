//! The whole product for a test: one account with a source, two skills, two agents, a manager and an administrator.

use crate::channel::{self, SIGNATURE};
use crate::{CannedNet, SeededIds, VirtualClock, blobs::MemoryBlobs, hosted, secrets::TestSecrets, wire::TestWire};
use antiphon_app::administration::{Act, AppGuard, ConnectorAppInput};
use antiphon_app::channel::{Answer, RawRequest};
use antiphon_app::consumers::{Client, Open};
use antiphon_app::ports::bus::{Heard, Listener, Topic};
use antiphon_app::ports::store::{ConversationFilter, Login, UnitOfWork, Write};
use antiphon_app::ports::{Clock, NotificationWire, Secrets, Store};
use antiphon_app::publish::{DialogRef, Publish};
use antiphon_app::webhook::WebhookTarget;
use antiphon_app::{App, AppParts, Caller, ConsumerCaller, Limits};
use antiphon_bus::InProcess;
use antiphon_domain::account::Network;
use antiphon_domain::routing::Availability;
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{
    Account, AccountId, AccountSettings, Audience, ConsumerId, Conversation, EventBody, Pid, Skill, SkillId, Source, SourceId, User,
    UserId, UserKind,
};
use antiphon_store::SqliteStore;
use std::sync::Arc;

/// The account's id.
pub const ACCOUNT: &str = "12";
/// The source's address.
pub const ADDRESS: &str = "+100";
/// The source of our own protocols.
pub const HOSTED: SourceId = SourceId(2);
/// The source's secret.
pub const SECRET: &str = "a-test-secret";
/// Everybody's password.
pub const PASSWORD: &str = "correct-horse-9A";
/// The users: number, log-in name, profile.
pub const USERS: [(i64, &str, &str); 4] =
    [(1, "agent1", "agent"), (2, "agent2", "agent"), (3, "manager1", "agent_manager"), (4, "admin1", "administrator")];

/// The product, and the world around it.
pub struct TestApp {
    /// The product.
    pub app: Arc<App>,
    /// Its store.
    pub store: Arc<SqliteStore>,
    /// Its clock.
    pub clock: Arc<VirtualClock>,
    /// Its way out.
    pub net: CannedNet,
    /// Its files.
    pub blobs: Arc<MemoryBlobs>,
    ids: Arc<SeededIds>,
    wire: Arc<dyn NotificationWire>,
}

impl TestApp {
    /// Starts one with the usual settings.
    pub async fn start() -> Self {
        Self::start_with(AccountSettings::default()).await
    }

    /// Starts one with an account's settings.
    pub async fn start_with(settings: AccountSettings) -> Self {
        Self::start_telling(settings, Arc::new(TestWire)).await
    }

    /// The same, with notifications to apps in other words than [`TestWire`]'s.
    pub async fn start_telling(settings: AccountSettings, wire: Arc<dyn NotificationWire>) -> Self {
        let store = Arc::new(SqliteStore::in_memory(Arc::new(TestSecrets)).expect("a store in memory opens"));
        let clock = Arc::new(VirtualClock::default());
        seed(&*store, &clock, settings).await;
        let blobs = Arc::new(MemoryBlobs::new(Arc::clone(&clock)));
        Self::over(store, clock, CannedNet::default(), blobs, wire, 1).await
    }

    async fn over(
        store: Arc<SqliteStore>,
        clock: Arc<VirtualClock>,
        net: CannedNet,
        blobs: Arc<MemoryBlobs>,
        wire: Arc<dyn NotificationWire>,
        seed: u64,
    ) -> Self {
        let ids = Arc::new(SeededIds::new(seed * 1_000_000));
        let parts = AppParts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            bus: Arc::new(InProcess::new()),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Arc::clone(&ids) as _,
            net: Arc::new(net.clone()),
            blobs: Arc::clone(&blobs) as _,
            secrets: Arc::new(TestSecrets),
            channels: channel::channels(),
            notifications: Arc::clone(&wire),
            limits: Limits::default(),
            public_url: "https://antiphon.test".to_owned(),
        };
        let app = App::start(parts).await.expect("the product starts");
        Self { app, store, clock, net, blobs, ids, wire }
    }

    /// Stops the product and starts it again over the same store.
    pub async fn restart(self) -> Self {
        self.app.stop().await;
        let seed = antiphon_app::ports::Ids::dice(&*self.ids) % 1_000 + 2;
        Self::over(self.store, self.clock, self.net, self.blobs, self.wire, seed).await
    }

    /// The account.
    pub fn account(&self) -> AccountId {
        ACCOUNT.parse().expect("an account id")
    }

    /// Installs an app with these settings.
    pub async fn install(&self, client_id: &str, settings: serde_json::Value) {
        let account = self.account();
        let input = ConnectorAppInput {
            client_id: Some(client_id.to_owned()),
            name: client_id.to_owned(),
            client_secret: Some(format!("secret-of-{client_id}")),
            keep_secret_s: 0,
            skill: None,
            settings: settings.to_string(),
            enabled: true,
        };
        self.app.put_connector_app(&Act::installation(&account), input, AppGuard::Anything).await.expect("the app is installed");
    }

    /// A user as a caller, by log-in name.
    pub fn caller(&self, login: &str) -> Caller {
        let directory = self.app.directory();
        let view = directory.account(&self.account()).expect("the account is there");
        let user = Arc::clone(view.user_by_login(login).expect("the user is there"));
        Caller { account: self.account(), profile: view.profile_of(&user), user, key: None }
    }

    /// A consumer of our own protocols, by the id that their program gives them.
    pub fn consumer(&self, address: &str) -> ConsumerCaller {
        let mut id = [0x0c; 32];
        id[..address.len().min(32)].copy_from_slice(&address.as_bytes()[..address.len().min(32)]);
        ConsumerCaller {
            account: self.account(),
            consumer: ConsumerId(id),
            source: HOSTED,
            address: address.into(),
            authenticated: true,
            claims: None,
            client: Client { properties: None, features: vec!["MULTI_DIALOG".into()] },
        }
    }

    /// A consumer of our own protocols opens a conversation.
    pub async fn open(&self, consumer: &ConsumerCaller) -> Arc<Conversation> {
        let opened = self.app.open_conversation(consumer, Open::default()).await.expect("the consumer may open one");
        self.app.own_conversation(consumer, opened.conversation).await.expect("the conversation is the consumer's")
    }

    /// A consumer of our own protocols publishes text in a conversation's main dialog.
    pub async fn say(
        &self,
        consumer: &ConsumerCaller,
        conversation: &Conversation,
        text: &str,
    ) -> Result<u64, antiphon_app::publish::PublishError> {
        let request = Publish {
            dialog: DialogRef::main(conversation.id),
            audience: Audience::All,
            body: EventBody::text(text),
            metadata: None,
            client_message_id: None,
        };
        self.app.publish_as_consumer(consumer, request).await
    }

    /// The channel calls the webhook of the source with these lines, rightly signed.
    pub async fn receive(&self, lines: &str) -> Answer {
        self.receive_signed(lines, SECRET).await
    }

    /// The channel calls the webhook with a signature.
    pub async fn receive_signed(&self, lines: &str, signature: &str) -> Answer {
        let mut headers = http::HeaderMap::new();
        headers.insert(SIGNATURE, signature.parse().expect("a header value"));
        self.call_webhook(http::Method::POST, "", headers, lines).await
    }

    /// The channel asks whether the webhook is ours, with a token.
    pub async fn shake_hands(&self, token: &str) -> Answer {
        self.call_webhook(http::Method::GET, &format!("token={token}"), http::HeaderMap::new(), "").await
    }

    async fn call_webhook(&self, method: http::Method, query: &str, headers: http::HeaderMap, body: &str) -> Answer {
        let mark = if query.is_empty() { "" } else { "?" };
        let request = RawRequest {
            method,
            urls: vec![format!("https://antiphon.test/webhooks/{}/{ADDRESS}{mark}{query}", channel::ID)],
            tail: String::new(),
            query: query.to_owned(),
            headers,
            body: body.to_owned().into(),
        };
        self.app.receive_webhook(channel::ID, &WebhookTarget::Source(ADDRESS.to_owned()), request).await
    }

    /// A user opens a socket that listens for rings, and says to be online.
    pub async fn arrive(&self, login: &str) -> Caller {
        let caller = self.caller(login);
        self.app.sockets_changed(&caller.account, caller.id(), 1, 1).await;
        self.app.set_agent_state(&caller, Availability::Online).await.expect("the state is stored");
        caller
    }

    /// Accepts the first ring of a user.
    pub async fn accept(&self, caller: &Caller) -> Arc<Conversation> {
        let (ring, _) = self.ring(caller).await;
        self.app.answer_ring(caller, ring.conversation, ring.offered_at, true).await.expect("the ring is there");
        self.app.conversation(caller, ring.conversation).await.expect("the conversation is the agent's")
    }

    /// Waits until something rings for a user.
    pub async fn ring(&self, caller: &Caller) -> (antiphon_domain::routing::Ring, Arc<antiphon_domain::routing::Task>) {
        let mut listener = self.listen(Topic::User(caller.account.clone(), caller.id()));
        loop {
            if let Some(first) = self.app.rings_of(&caller.account, caller.id()).await.into_iter().next() {
                return first;
            }
            listener.heard.recv().await.expect("the bus lives");
        }
    }

    /// Publishes text in a conversation's main dialog.
    pub async fn write(
        &self,
        caller: &Caller,
        conversation: &Conversation,
        text: &str,
    ) -> Result<u64, antiphon_app::publish::PublishError> {
        let request = Publish {
            dialog: DialogRef::main(conversation.id),
            audience: Audience::All,
            body: EventBody::text(text),
            metadata: None,
            client_message_id: None,
        };
        self.app.publish(caller, request).await
    }

    /// Every conversation, newest change first.
    pub async fn conversations(&self) -> Vec<Conversation> {
        self.store.conversations(&self.account(), &ConversationFilter::default(), None, 200).await.expect("the store reads")
    }

    /// The texts of a conversation's main dialog, in order.
    pub async fn texts(&self, conversation: &Conversation) -> Vec<String> {
        let events = self.store.events(&self.account(), conversation.id, antiphon_domain::id::DialogNumber::MAIN, 0, 1_000).await;
        let text = |event: antiphon_domain::Event| match event.body {
            EventBody::Content(antiphon_domain::Content::Text { text, .. }) => Some(text.to_string()),
            _ => None,
        };
        events.expect("the store reads").into_iter().filter_map(text).collect()
    }

    /// Listens to a topic.
    pub fn listen(&self, topic: Topic) -> Listener {
        let listener = self.app.bus().listen();
        listener.tuner.add(topic);
        listener
    }

    /// Waits until what a listener hears makes `seen` return something.
    pub async fn hear<T>(listener: &mut Listener, mut seen: impl FnMut(Heard) -> Option<T>) -> T {
        loop {
            let heard = listener.heard.recv().await.expect("the bus lives");
            if let Some(found) = seen(heard) {
                return found;
            }
        }
    }
}

async fn seed(store: &dyn Store, clock: &VirtualClock, settings: AccountSettings) {
    let now = clock.now();
    let account: AccountId = ACCOUNT.parse().expect("an account id");
    let mut unit = UnitOfWork::new(account.clone());
    unit.write(Write::PutAccount(Account {
        id: account,
        name: "Acme".into(),
        timezone: "Europe/Berlin".into(),
        default_skill: Some(SkillId(1)),
        allow_private_endpoints: vec![Network::parse("127.0.0.0/8").expect("a network")],
        settings,
        created_at: now,
    }));
    for (id, name) in [(1, "General"), (2, "Sales")] {
        unit.write(Write::PutSkill(Skill {
            id: SkillId(id),
            name: name.into(),
            description: String::new(),
            enabled: true,
            survey: Default::default(),
            created_at: now,
            updated_at: now,
        }));
    }
    for (id, login, profile) in USERS {
        let mut pid = [0; 16];
        pid[15] = u8::try_from(id).expect("a small number");
        unit.write(Write::PutUser(User {
            id: UserId(id),
            pid: Pid(pid),
            login: login.into(),
            nickname: format!("Nick {id}"),
            full_name: format!("Full Name {id}"),
            email: None,
            kind: UserKind::Human,
            profile: profile.into(),
            skills: vec![SkillId(1), SkillId(2)],
            max_conversations: 3,
            enabled: true,
            created_at: now,
            updated_at: now,
        }));
        unit.write(Write::PutLogin(Login {
            user: UserId(id),
            password_hash: Some(TestSecrets.hash_password(PASSWORD).await),
            history: Vec::new(),
            failures: 0,
            locked_until: None,
            last_login_at: None,
            api_keys: Vec::new(),
        }));
    }
    unit.write(Write::PutSource(Source {
        id: SourceId(1),
        channel: channel::ID.into(),
        name: "Test line".into(),
        address: ADDRESS.into(),
        skill: None,
        app: None,
        enabled: true,
        api_base_url: None,
        credentials: [("secret".to_owned(), SECRET.to_owned())].into(),
        settings: Default::default(),
        health: Health { state: HealthState::Unknown, message: String::new(), since: now },
        created_at: now,
        updated_at: now,
    }));
    unit.write(Write::PutSource(Source {
        id: HOSTED,
        channel: hosted::ID.into(),
        name: "Test app".into(),
        address: "app-1".into(),
        skill: None,
        app: None,
        enabled: true,
        api_base_url: None,
        credentials: Default::default(),
        settings: Default::default(),
        health: Health { state: HealthState::Unknown, message: String::new(), since: now },
        created_at: now,
        updated_at: now,
    }));
    store.commit(unit).await.expect("the seed is stored");
}
