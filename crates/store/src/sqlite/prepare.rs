//! Turns a unit of work into what the writer thread needs: encoded, hashed and sealed on the caller's thread, because the
//! writer's time is everybody's time.

use super::rows::conversation::ConversationRow;
use super::rows::{configuration, consumer, delivery, event, identity, log, notification};
use super::shared::Shared;
use antiphon_app::ports::store::Write;
use antiphon_domain::{AccountId, SourceId};

/// A write with what could be computed before its turn.
pub struct Prepared {
    pub write: Write,
    /// The record of its `data` column.
    pub data: Vec<u8>,
    /// The sealed record of its `sealed` column.
    pub sealed: Vec<u8>,
    /// A guard's or vendor id's hash.
    pub hash: Option<i64>,
    /// A conversation's row.
    pub row: Option<Box<ConversationRow>>,
}

/// The context under which a column is sealed: account, table, column and the row's id.
pub fn context(account: &AccountId, table: &str, column: &str, id: impl std::fmt::Display) -> String {
    format!("{account}/{table}/{column}/{id}")
}

/// The hash of a source's key: a guard's, or a delivery's vendor id.
pub fn key_hash(shared: &Shared, source: SourceId, key: &str) -> i64 {
    let mut bytes = Vec::with_capacity(8 + key.len());
    bytes.extend_from_slice(&source.0.to_be_bytes());
    bytes.extend_from_slice(key.as_bytes());
    (shared.guard_hash)(&bytes) as i64
}

/// Prepares one write of a unit.
pub fn prepare(shared: &Shared, account: &AccountId, write: Write) -> Prepared {
    let mut data = Vec::new();
    let mut sealed = Vec::new();
    let mut hash = None;
    let mut row = None;
    let seal = |table: &str, column: &str, id: &dyn std::fmt::Display, plain: &[u8]| {
        shared.secrets.seal(&context(account, table, column, id), plain)
    };
    match &write {
        Write::Once { source, key, .. } => hash = Some(key_hash(shared, *source, key)),
        Write::PutConversation { conversation, .. } => row = Some(Box::new(ConversationRow::of(conversation))),
        Write::AddEvent { event, .. } => data = event::encode_event(event),
        Write::AddChange { change, .. } => data = event::encode_change(change),
        Write::PutConsumer(value) => data = consumer::encode_consumer(value),
        Write::PutTask(task) => data = consumer::encode_task(task),
        Write::PutDelivery(value) => {
            data = delivery::encode(value);
            hash = value.vendor_id.as_deref().map(|id| key_hash(shared, value.source, id));
        }
        Write::PutFile(file) => data = consumer::encode_file(file),
        Write::AddConsent(consent) => data = consumer::encode_consent(consent),
        Write::AddDeadLetter(letter) => {
            data = log::encode_dead_letter(letter);
            sealed = seal("dead_letters", "request", &letter.id, letter.request.as_bytes());
        }
        Write::AddChannelLog(entry) => data = log::encode_channel_log(entry),
        Write::AddAudit(entry) => data = log::encode_audit(entry),
        Write::PutAccount(value) => data = configuration::encode_account(value),
        Write::PutSkill(skill) => data = configuration::encode_skill(skill),
        Write::PutProfile(profile) => data = configuration::encode_profile(profile),
        Write::PutUser(user) => data = configuration::encode_user(user),
        Write::PutLogin(login) => {
            data = configuration::encode_login(login);
            sealed = seal("logins", "api_keys", &login.user, &configuration::encode_keys(login));
        }
        Write::PutSource(source) => {
            data = configuration::encode_source(source);
            sealed = seal("sources", "credentials", &source.id, &configuration::encode_credentials(&source.credentials));
        }
        Write::PutChannelApp(app) => {
            data = configuration::encode_channel_app(app);
            sealed = seal("channel_apps", "credentials", &app.id, &configuration::encode_credentials(&app.credentials));
        }
        Write::PutConnectorApp(app) => {
            data = configuration::encode_connector_app(app);
            sealed = seal("connector_apps", "client_secret", &app.client_id, configuration::encode_client_secrets(app).as_bytes());
        }
        Write::PutApiKey(key) => data = identity::encode_api_key(key),
        Write::AddSigningKey(key) => sealed = shared.secrets.seal(&identity::key_context(key.purpose, &key.id), &key.pkcs8),
        Write::AddAccountSecret { purpose, secret } => sealed = seal("account_secrets", "secret", purpose, secret),
        Write::PutIdentityProvider(provider) => data = identity::encode_provider(provider),
        Write::AddNotifications(new) => data = notification::encode(new),
        Write::PutNotificationOutcome { tries, .. } => data = notification::encode_tries(tries),
        Write::AddAppGrant(grant) | Write::RenewAppGrant(grant) => data = identity::encode_grant(grant),
        Write::PutSession(session) | Write::RenewSession(session) => data = configuration::encode_session(session),
        Write::Remember { .. }
        | Write::RequeueNotifications { .. }
        | Write::DeleteTask(_)
        | Write::PutAgentState { .. }
        | Write::MarkRedriven(..)
        | Write::DeleteSigningKey { .. }
        | Write::DeleteApiKey(_)
        | Write::ApiKeyUsed(..)
        | Write::PutFeatureGrant { .. }
        | Write::DeleteSession(_)
        | Write::EndSessions { .. }
        | Write::EndAppGrants(_)
        | Write::DropUnshownFile(_)
        | Write::Applied { .. } => {}
    }
    Prepared { write, data, sealed, hash, row }
}

impl Prepared {
    /// Whether it may break a uniqueness that only the database checks: such units get a savepoint of their own. None of
    /// them is on the hot path.
    pub fn may_collide(&self) -> bool {
        matches!(
            self.write,
            Write::PutSkill(_)
                | Write::PutUser(_)
                | Write::PutSource(_)
                | Write::PutChannelApp(_)
                | Write::PutFile(_)
                | Write::PutApiKey(_)
                | Write::AddSigningKey(_)
                | Write::AddAccountSecret { .. }
        )
    }
}
