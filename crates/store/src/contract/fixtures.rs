//! Values for the suite: small, complete, and different in every field.

use antiphon_app::ports::Secrets;
use antiphon_app::ports::secrets::SealBroken;
use antiphon_app::ports::store::{
    AppGrant, AppGrantKind, ChannelLogRow, CommitError, DeadLetterRow, IdentityProvider, KeyUse, Login, ProviderKeys, Session, SessionApp,
    SessionKind, SigningKey, Store, UnitOfWork, Write,
};
use antiphon_domain::account::{Network, SignatureForm, SkillSurvey};
use antiphon_domain::consumer::{Claims, ConsumerProfile};
use antiphon_domain::conversation::{Draft, Opening, Origin, ResponseTimeKind};
use antiphon_domain::event::Party;
use antiphon_domain::file::Picture;
use antiphon_domain::source::HealthState;
use antiphon_domain::{
    Account, AccountId, AccountSettings, ApiKey, ApiKeyId, Audience, ChannelApp, ChannelAppId, Consumer, ConsumerId, Conversation,
    ConversationId, Delivery, DeliveryId, DeliveryStatus, DialogNumber, Event, EventBody, FileId, FileState, Health, Originator, Pid,
    Privilege, Role, RowId, Scope, Skill, SkillId, Source, SourceId, StoredFile, Timestamp, User, UserId, UserKind,
};
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sealing for tests: reversible without a key, but bound to its context and unreadable on disk.
pub struct TestSecrets;

impl Secrets for TestSecrets {
    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let mut sealed = (context.len() as u64).to_be_bytes().to_vec();
        sealed.extend(context.bytes().chain(plain.iter().copied()).map(|byte| byte ^ 0xa5));
        sealed
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
        let rest = sealed.strip_prefix(&(context.len() as u64).to_be_bytes()).ok_or(SealBroken)?;
        let bytes: Vec<u8> = rest.iter().map(|byte| byte ^ 0xa5).collect();
        bytes.strip_prefix(context.as_bytes()).map(<[u8]>::to_vec).ok_or(SealBroken)
    }

    fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let mut signature = [0; 32];
        purpose.bytes().chain(message.iter().copied()).enumerate().for_each(|(at, byte)| signature[at % 32] ^= byte);
        signature
    }

    fn hash_password<'a>(&'a self, password: &'a str) -> BoxFuture<'a, String> {
        Box::pin(async move { format!("hash of {} bytes", password.len()) })
    }

    fn check_password<'a>(&'a self, password: &'a str, hash: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(async move { hash == format!("hash of {} bytes", password.len()) })
    }
}

/// The suite's first account; [`other_account_id`] is its second.
pub fn account_id() -> AccountId {
    "acme_1".parse().expect("an account id")
}

/// Another account.
pub fn other_account_id() -> AccountId {
    "other_2".parse().expect("an account id")
}

/// The suite's only source in most cases.
pub const SOURCE: SourceId = SourceId(u64::MAX - 7);

/// An account.
pub fn account(id: AccountId) -> Account {
    Account {
        id,
        name: "Acme & Söhne".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        default_skill: Some(SkillId(4)),
        allow_private_endpoints: [Network::parse("127.0.0.0/8"), Network::parse("fd00::/8")].into_iter().flatten().collect(),
        settings: AccountSettings {
            auto_accept: true,
            channel_log_days: 7,
            notification_signature: SignatureForm::Sha256Hex,
            max_sockets: 17,
            urgent_response_time_s: 61,
            prioritized_response_time_s: 62,
            default_response_time: ResponseTimeKind::Prioritized,
            suggestion_s: 63,
            survey_app: Some("survey-app".to_owned()),
            survey_idle_s: 64,
            auto_close_s: 1_600,
            file_sharing: false,
            agent_file_kib: 9,
            consumer_language: "de".to_owned(),
            image_hosts: vec!["cdn.example.test".to_owned()],
            ..AccountSettings::default()
        },
        created_at: Timestamp(1_000),
    }
}

/// A skill.
pub fn skill(id: i64, name: &str) -> Skill {
    Skill {
        id: SkillId(id),
        name: name.to_owned(),
        description: "what it is for".to_owned(),
        enabled: id % 2 == 0,
        survey: match id % 3 {
            0 => SkillSurvey::App("another-app".to_owned()),
            1 => SkillSurvey::Off,
            _ => SkillSurvey::Inherited,
        },
        created_at: Timestamp(1),
        updated_at: Timestamp(2),
    }
}

/// A user.
pub fn user(id: i64, login: &str) -> User {
    User {
        id: UserId(id),
        pid: Pid([id as u8; 16]),
        login: login.to_owned(),
        nickname: format!("Nick {id}"),
        full_name: "Full Name".to_owned(),
        email: (id % 2 == 0).then(|| "a@example.com".to_owned()),
        kind: if id % 2 == 0 { UserKind::Human } else { UserKind::Bot },
        profile: "agent".to_owned(),
        skills: vec![SkillId(4), SkillId(9)],
        max_conversations: 3,
        enabled: true,
        created_at: Timestamp(3),
        updated_at: Timestamp(4),
    }
}

/// What a user signs in with; its secrets contain "very-secret".
pub fn login(user: i64) -> Login {
    Login {
        user: UserId(user),
        password_hash: Some("$argon2id$hash".to_owned()),
        history: vec!["older".to_owned(), "oldest".to_owned()],
        failures: 2,
        locked_until: Some(Timestamp(99)),
        last_login_at: None,
        api_keys: vec![antiphon_app::ports::store::BotKey {
            app_key: "public-1".to_owned(),
            secret: "very-secret-1".to_owned(),
            access_token: "public-2".to_owned(),
            access_token_secret: "very-secret-2".to_owned(),
        }],
    }
}

/// A source; its credentials contain "very-secret".
pub fn source(id: u64, address: &str) -> Source {
    Source {
        id: SourceId(id),
        channel: "texts".to_owned(),
        name: "Support line".to_owned(),
        address: address.to_owned(),
        skill: Some(SkillId(4)),
        app: Some(ChannelAppId(u64::MAX)),
        enabled: true,
        api_base_url: Some("http://127.0.0.1:1".to_owned()),
        credentials: BTreeMap::from([("auth_token".to_owned(), "very-secret-3".to_owned())]),
        settings: BTreeMap::from([("segments".to_owned(), "3".to_owned())]),
        health: Health { state: HealthState::Failing, message: "try later".to_owned(), since: Timestamp(5) },
        created_at: Timestamp(6),
        updated_at: Timestamp(7),
    }
}

/// A vendor app; its credentials contain "very-secret".
pub fn channel_app(id: u64, name: &str) -> ChannelApp {
    ChannelApp {
        id: ChannelAppId(id),
        channel: "pages".to_owned(),
        name: name.to_owned(),
        credentials: BTreeMap::from([("app_secret".to_owned(), "very-secret-4".to_owned())]),
        created_at: Timestamp(8),
        updated_at: Timestamp(9),
    }
}

/// A signing key; its private part contains "very-secret".
pub fn signing_key(purpose: KeyUse, id: &str, at: i64) -> SigningKey {
    SigningKey { purpose, id: id.to_owned(), created_at: Timestamp(at), pkcs8: format!("very-secret-7 {id}").into_bytes() }
}

/// A key of the admin API.
pub fn api_key(id: u64, name: &str) -> ApiKey {
    ApiKey {
        id: ApiKeyId(id),
        name: name.to_owned(),
        user: UserId(7),
        scopes: Scope::all().filter(|scope| scope.writes).collect(),
        privileges: vec![Privilege::ManageUsers, Privilege::ViewAudit],
        networks: ["10.0.0.0/8", "::1"].iter().filter_map(|text| Network::parse(text)).collect(),
        hash: [(id % 251) as u8; 32],
        beginning: "antk_012345".to_owned(),
        expires_at: id.is_multiple_of(2).then_some(Timestamp(90)),
        created_at: Timestamp(10),
        updated_at: Timestamp(11),
    }
}

/// A log-in of the brand's.
pub fn identity_provider(issuer: &str) -> IdentityProvider {
    IdentityProvider {
        issuer: issuer.to_owned(),
        keys: if issuer.len().is_multiple_of(2) {
            ProviderKeys::Jwks(format!("{issuer}/jwks"))
        } else {
            ProviderKeys::Pem("-----BEGIN PUBLIC KEY-----".to_owned())
        },
        audience: issuer.ends_with('a').then(|| "shop".to_owned()),
        enabled: !issuer.ends_with('c'),
        created_at: Timestamp(10),
        updated_at: Timestamp(11),
    }
}

/// What a user lets an app have: a code for odd tokens, something that renews for the others.
pub fn app_grant(token: u8, user: i64, app: &str, expires_at: i64) -> AppGrant {
    let code = AppGrantKind::Code {
        redirect_uri: Some("https://app.example/back".into()),
        challenge: token.is_multiple_of(3).then(|| "a-challenge".into()),
        nonce: Some("n".into()),
    };
    AppGrant {
        token_hash: [token; 32],
        app: app.into(),
        user: UserId(user),
        kind: if token % 2 == 1 { code } else { AppGrantKind::Renewal },
        created_at: Timestamp(3),
        expires_at: Timestamp(expires_at),
    }
}

/// A session.
pub fn session(token: u8, user: i64, expires_at: i64) -> Session {
    Session {
        token_hash: [token; 32],
        csrf_hash: [token.wrapping_add(1); 32],
        user: UserId(user),
        created_at: Timestamp(1),
        seen_at: Timestamp(2),
        expires_at: Timestamp(expires_at),
        kind: match token % 4 {
            0 => SessionKind::Program,
            1 => SessionKind::Browser,
            2 => SessionKind::Keys,
            _ => SessionKind::App,
        },
        app: (token % 4 == 3).then(|| SessionApp { client_id: "desk".into(), grant: [token; 32] }),
    }
}

/// A consumer's id.
pub fn consumer_id(number: u8) -> ConsumerId {
    let mut id = [number; 32];
    id[0] = number.wrapping_mul(97);
    ConsumerId(id)
}

/// A consumer.
pub fn consumer(number: u8) -> Consumer {
    Consumer {
        id: consumer_id(number),
        source: SOURCE,
        address: format!("+4915100{number:04}"),
        name: (!number.is_multiple_of(3)).then(|| format!("Frida {number} Müller")),
        avatar_url: (number.is_multiple_of(2)).then(|| "https://example.com/a.png".to_owned()),
        opted_out: number.is_multiple_of(5),
        created_at: Timestamp(i64::from(number)),
        context: Some(r#"[{"type":"Referral","ref":"abc"}]"#.to_owned()),
        profile_checked_at: (number % 2 == 1).then_some(Timestamp(77)),
        profile: (number % 4 == 1).then(|| Arc::new(profile(number))),
    }
}

/// What a program says about a consumer; the more, the higher the number.
fn profile(number: u8) -> ConsumerProfile {
    let text = |name: &str| (number > 4).then(|| format!("{name} {number}").into());
    ConsumerProfile {
        first_name: Some("Frida".into()),
        last_name: text("last"),
        avatar_url: text("avatar"),
        background_url: text("background"),
        role: text("role"),
        description: text("description"),
        external_id: text("id"),
        phone: text("phone"),
        email: text("mail"),
        push: text("push"),
        attributes: Some(r#"[{"type":"ctmrinfo","info":{"customerId":"7"}}]"#.into()),
        claims: (number > 8).then(|| Claims { issuer: "https://brand".into(), level: "loa1".into(), attributes: "[]".into() }),
    }
}

/// A conversation's id: ascending in its number.
pub fn conversation_id(number: u32) -> ConversationId {
    let mut id = [7; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    ConversationId(id)
}

/// A fresh conversation of a consumer.
pub fn conversation(number: u32, consumer: u8, skill: Option<i64>, now: i64) -> (Conversation, antiphon_domain::Change) {
    let opening = Opening {
        id: conversation_id(number),
        account: account_id(),
        consumer: consumer_id(consumer),
        source: SOURCE,
        skill: skill.map(SkillId),
        response_time: (ResponseTimeKind::Normal, 3600),
        first: number.is_multiple_of(2),
        by: Party::Consumer(consumer_id(consumer)),
        origin: number.is_multiple_of(3).then(|| {
            Arc::new(Origin {
                campaign: number.is_multiple_of(2).then(|| r#"{"campaignId":1}"#.into()),
                context: Some(r#"{"type":"SharkContext"}"#.into()),
                client: None,
                features: vec!["MULTI_DIALOG".into(), "RICH_CONTENT".into()],
            })
        }),
    };
    Conversation::open(opening, Timestamp(now))
}

/// A text by somebody, not yet in its place.
pub fn text(party: Party, role: Role, text: &str) -> Draft {
    Draft { originator: Originator { party, role }, vendor_at: None, audience: Audience::All, body: EventBody::text(text), metadata: None }
}

/// Appends the consumer's text to a conversation: the event that goes with it.
pub fn consumer_writes(conversation: &mut Conversation, what: &str, now: i64) -> Arc<Event> {
    let draft = text(Party::Consumer(conversation.consumer), Role::Consumer, what);
    Arc::new(conversation.append(DialogNumber::MAIN, draft, Timestamp(now)).expect("an open conversation"))
}

/// A queued delivery.
pub fn delivery(id: u64, conversation: ConversationId, sequence: u64) -> Delivery {
    Delivery {
        id: DeliveryId(id),
        conversation,
        dialog: DialogNumber::MAIN,
        sequence,
        part: 0,
        parts: 2,
        source: SOURCE,
        address: "+491510000001".into(),
        payload: "{\"text\":\"hello\"}".into(),
        file: (id.is_multiple_of(2)).then(|| "/v1/AUTH_async-images/acc/a.jpg".into()),
        status: DeliveryStatus::Queued,
        attempts: 0,
        next_at: Timestamp(50),
        handed_over_at: None,
        vendor_id: None,
        reason: None,
        created_at: Timestamp(i64::try_from(id).unwrap_or(i64::MAX)),
        updated_at: Timestamp(60),
    }
}

/// A file.
pub fn file(id: u64, path: &str) -> StoredFile {
    StoredFile {
        id: FileId(id),
        path: path.to_owned(),
        state: FileState::Ready,
        declared_type: Some("image/jpeg".to_owned()),
        content_type: None,
        name: Some("photo.jpg".to_owned()),
        size: Some(1234),
        sha256: Some([3; 32]),
        fetch: None,
        shown_in: Some((conversation_id(1), DialogNumber::MAIN, 3)),
        created_at: Timestamp(5),
        owner: Some(Party::User(UserId(7))),
        also_shown: vec![(conversation_id(2), DialogNumber::MAIN, 4)],
        picture: Some(Picture { width: 640, height: 480, preview: "data:image/jpeg;base64,AAAA".to_owned(), thumbnail: true }),
    }
}

/// A dead letter; its request contains "very-secret".
pub fn dead_letter(id: u64) -> DeadLetterRow {
    DeadLetterRow {
        id: RowId(id),
        channel: "texts".into(),
        source: (id.is_multiple_of(2)).then_some(SOURCE),
        at: Timestamp(id as i64),
        code: "bad_form".into(),
        reason: "the form has no From".into(),
        request: "{\"body\":\"very-secret-5\"}".into(),
        redriven_at: None,
    }
}

/// An exchange.
pub fn channel_log(id: u64, at: i64) -> ChannelLogRow {
    ChannelLogRow {
        id: RowId(id),
        at: Timestamp(at),
        source: (id.is_multiple_of(2)).then_some(SOURCE),
        inbound: id.is_multiple_of(3),
        method: "POST".into(),
        url: "https://example.com/x?key=***".into(),
        status: Some(200),
        duration_ms: 12,
        request: "request".into(),
        answer: "answer".into(),
        error: None,
        conversation: (id.is_multiple_of(4)).then(|| conversation_id(1)),
        delivery: (id.is_multiple_of(5)).then_some(DeliveryId(9)),
    }
}

/// Commits writes to the first account and expects that to work.
pub async fn commit(store: &dyn Store, writes: impl IntoIterator<Item = Write>) {
    attempt(store, writes).await.expect("the unit is committed");
}

/// Commits writes to the first account.
pub async fn attempt(store: &dyn Store, writes: impl IntoIterator<Item = Write>) -> Result<(), CommitError> {
    store.commit(UnitOfWork { account: account_id(), writes: writes.into_iter().collect() }).await
}

/// The write that puts a conversation.
pub fn put(conversation: &Conversation, was: u64) -> Write {
    Write::PutConversation { conversation: Arc::new(conversation.clone()), was }
}

/// The write that adds an event.
pub fn add(conversation: &Conversation, event: &Arc<Event>) -> Write {
    Write::AddEvent { conversation: conversation.id, event: Arc::clone(event) }
}

/// The write that guards a vendor's key.
pub fn once(key: &str, at: i64) -> Write {
    Write::Once { source: SOURCE, key: key.into(), at: Timestamp(at) }
}

/// Opens a conversation of a consumer with their first text and commits it, with the consumer.
pub async fn open_conversation(store: &dyn Store, number: u32, of: u8, skill: Option<i64>, now: i64) -> Conversation {
    let (mut conversation, change) = conversation(number, of, skill, now);
    let event = consumer_writes(&mut conversation, &format!("hello {number}"), now);
    commit(
        store,
        [
            Write::PutConsumer(consumer(of)),
            put(&conversation, 0),
            Write::AddChange { conversation: conversation.id, change },
            add(&conversation, &event),
        ],
    )
    .await;
    conversation
}
