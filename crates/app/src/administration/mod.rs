//! What administrators do: each act checks its privilege, validates, commits one unit with its audit row, swaps the
//! directory and announces. Secrets never leave this module in an audit row or an error.
//!
//! Acts of one process follow one another, so that "load, compare, commit" is safe without versions on every row.

mod accounts;
mod api_keys;
mod apps;
mod connector_apps;
mod consents;
mod credentials;
mod deliveries;
mod features;
mod identity_providers;
mod logins;
pub mod notifications;
mod profiles;
mod redrive;
mod settings;
mod skills;
mod sources;
mod users;
mod validate;
mod zones;

pub use accounts::NewAccount;
pub use api_keys::{ApiKeyPatch, MOST_API_KEYS, MOST_KEY_NETWORKS, MadeApiKey, NewApiKey, key_privileges};
pub use apps::{ChannelAppPatch, NewChannelApp};
pub use connector_apps::{AppGuard, ConnectorAppInput, app_source, apps_revision};
pub use consents::NewConsent;
pub use identity_providers::{IdentityProviderInput, check_identity_provider};
pub use profiles::{NewProfile, ProfilePatch};
pub use settings::{SETTING_BOUNDS, SettingsPatch};
pub use skills::{NewSkill, SkillPatch};
pub use sources::{NewSource, SourcePatch};
pub use users::{NewUser, UserPatch};
pub use zones::is_zone;

use crate::ports::store::{AuditRow, CommitError, ConnectorApp, IdentityProvider, ReadError, UnitOfWork, Write};
use crate::{AccountView, App, Caller, Unavailable};
use antiphon_domain::{
    Account, AccountId, ApiKey, ApiKeyId, ChannelApp, Privilege, Profile, RowId, Skill, Source, Timestamp, User, UserId,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// Acts of this process follow one another.
static ACTS: Mutex<()> = Mutex::const_new(());

/// Who acts.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// A signed-in user, within their privileges.
    Caller(&'a Caller),
    /// Whoever runs the installation: the bootstrap file, the command line, the first set-up.
    Installation(&'a AccountId),
}

impl By<'_> {
    /// In which account.
    pub fn account(&self) -> &AccountId {
        match self {
            By::Caller(caller) => &caller.account,
            By::Installation(account) => account,
        }
    }

    /// The user, if it is one.
    pub fn user(&self) -> Option<UserId> {
        match self {
            By::Caller(caller) => Some(caller.id()),
            By::Installation(_) => None,
        }
    }

    /// The key that they use, if they do.
    pub fn key(&self) -> Option<ApiKeyId> {
        match self {
            By::Caller(caller) => caller.key,
            By::Installation(_) => None,
        }
    }

    /// Whether they may do that.
    pub fn may(&self, privilege: Privilege) -> bool {
        match self {
            By::Caller(caller) => caller.may(privilege),
            By::Installation(_) => true,
        }
    }

    /// Whether every privilege of a profile is theirs too: nobody lifts anybody, or touches the password of anybody, above themselves.
    fn covers(&self, profile: &Profile) -> bool {
        profile.privileges.iter().all(|privilege| self.may(*privilege))
    }
}

/// An act: who does it, and how often at most.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// Who.
    pub by: By<'a>,
    /// The caller's idempotency key, where they gave one.
    pub once: Option<Once<'a>>,
}

/// A caller's idempotency key: the same key and request again gets the same answer for 24 h, another request under it is refused.
#[derive(Clone, Copy, Debug)]
pub struct Once<'a> {
    /// Chosen by the caller.
    pub key: &'a str,
    /// A hash of what is asked.
    pub asked: [u8; 32],
}

impl<'a> Act<'a> {
    /// An act of a signed-in user.
    pub fn of(caller: &'a Caller) -> Self {
        Self { by: By::Caller(caller), once: None }
    }

    /// An act of whoever runs the installation.
    pub fn installation(account: &'a AccountId) -> Self {
        Self { by: By::Installation(account), once: None }
    }

    fn require(&self, privilege: Privilege) -> Result<(), AdminError> {
        if self.by.may(privilege) { Ok(()) } else { Err(AdminError::forbidden(privilege)) }
    }

    fn caller_key(&self) -> Arc<str> {
        match (self.by.key(), self.by.user()) {
            (Some(key), _) => key.to_string().into(),
            (None, Some(user)) => format!("user {user}").into(),
            (None, None) => "installation".into(),
        }
    }
}

/// Why an act was refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AdminError {
    /// The class.
    pub kind: AdminErrorKind,
    /// The member at fault, as the admin API names it; dotted for nested ones.
    pub field: Option<String>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do about it, in a sentence.
    pub remedy: Option<String>,
}

/// The classes of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminErrorKind {
    /// The caller may not.
    Forbidden,
    /// There is no such object.
    NotFound,
    /// A value makes no sense.
    Invalid,
    /// A unique value is in use, or an idempotency key stands for another request.
    Taken,
    /// The object changed since the caller read it.
    Stale,
    /// The object is in no state for that.
    Unfit,
    /// Nothing could be stored.
    Unavailable,
}

impl AdminError {
    fn new(kind: AdminErrorKind, message: impl Into<String>) -> Self {
        Self { kind, field: None, message: message.into(), remedy: None }
    }

    fn forbidden(privilege: Privilege) -> Self {
        Self::new(AdminErrorKind::Forbidden, format!("your profile lacks the privilege `{}`", privilege.name()))
            .remedy("ask an administrator to give it to your profile")
    }

    fn not_found(what: &str) -> Self {
        Self::new(AdminErrorKind::NotFound, format!("there is no such {what}"))
    }

    fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(AdminErrorKind::Invalid, message) }
    }

    fn taken(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(AdminErrorKind::Taken, message) }
    }

    fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

impl From<Unavailable> for AdminError {
    fn from(error: Unavailable) -> Self {
        Self::new(AdminErrorKind::Unavailable, error.to_string())
    }
}

impl From<ReadError> for AdminError {
    fn from(error: ReadError) -> Self {
        Self::new(AdminErrorKind::Unavailable, error.to_string())
    }
}

/// Which state of an object somebody read: another state has another revision. Used as `ETag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision(pub String);

impl Revision {
    fn at(time: Timestamp) -> Self {
        Self(format!("{:x}", time.0))
    }

    fn of(text: &str) -> Self {
        let mut short = String::with_capacity(16);
        for byte in &Sha256::digest(text.as_bytes())[..8] {
            let _ = write!(short, "{byte:02x}");
        }
        Self(short)
    }
}

impl From<&User> for Revision {
    fn from(user: &User) -> Self {
        Self::at(user.updated_at)
    }
}

impl From<&Skill> for Revision {
    fn from(skill: &Skill) -> Self {
        Self::at(skill.updated_at)
    }
}

impl From<&Source> for Revision {
    fn from(source: &Source) -> Self {
        Self::at(source.updated_at)
    }
}

impl From<&ChannelApp> for Revision {
    fn from(app: &ChannelApp) -> Self {
        Self::at(app.updated_at)
    }
}

impl From<&Account> for Revision {
    fn from(account: &Account) -> Self {
        Self::of(&format!("{account:?}"))
    }
}

impl From<&Profile> for Revision {
    fn from(profile: &Profile) -> Self {
        Self::of(&format!("{profile:?}"))
    }
}

impl From<&IdentityProvider> for Revision {
    fn from(provider: &IdentityProvider) -> Self {
        Self::at(provider.updated_at)
    }
}

impl From<&ApiKey> for Revision {
    fn from(key: &ApiKey) -> Self {
        Self::at(key.updated_at)
    }
}

impl From<&ConnectorApp> for Revision {
    fn from(app: &ConnectorApp) -> Self {
        Self::at(app.updated_at)
    }
}

fn expect_revision(expected: Option<&Revision>, found: Revision) -> Result<(), AdminError> {
    if expected.is_none_or(|expected| *expected == found) {
        return Ok(());
    }
    Err(AdminError::new(AdminErrorKind::Stale, "the object changed since you read it").remedy("read it again and repeat your change"))
}

/// Strictly later than before, so that each change has its own revision.
fn later(before: Timestamp, now: Timestamp) -> Timestamp {
    now.max(before.plus_ms(1))
}

/// The changed members of an object, for the audit trail; secrets only say that they were set.
#[derive(Default)]
struct Changes(Map<String, Value>);

impl Changes {
    fn note(&mut self, member: &str, before: impl Into<Value>, after: impl Into<Value>) {
        let (before, after) = (before.into(), after.into());
        if before != after {
            self.0.insert(member.to_owned(), serde_json::json!({"from": before, "to": after}));
        }
    }

    fn masked(&mut self, member: &str) {
        self.0.insert(member.to_owned(), serde_json::json!({"set": true}));
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl App {
    /// Holds off other changes of the configuration by this process: take it before reading what is to be changed.
    pub(crate) async fn acting(&self) -> MutexGuard<'static, ()> {
        ACTS.lock().await
    }

    fn administered(&self, act: &Act<'_>) -> Result<Arc<AccountView>, AdminError> {
        self.directory().account(act.by.account()).cloned().ok_or_else(|| AdminError::not_found("account"))
    }

    fn audit(&self, act: &Act<'_>, now: Timestamp, action: &str, object: (&str, String), changes: Changes) -> Write {
        Write::AddAudit(AuditRow {
            id: RowId(self.ids().ascending(now)),
            at: now,
            by: act.by.user(),
            by_key: act.by.key(),
            action: action.into(),
            object_kind: object.0.into(),
            object_id: object.1.into(),
            detail: Value::Object(changes.0).to_string().into(),
        })
    }

    /// The earlier answer to this act's idempotency key, if there is one.
    async fn answered_before(&self, act: &Act<'_>) -> Result<Option<Arc<str>>, AdminError> {
        let Some(once) = act.once else { return Ok(None) };
        let caller = act.caller_key();
        match self.store().answered(act.by.account(), &caller, once.key).await? {
            None => Ok(None),
            Some(before) if before.asked == once.asked => Ok(Some(before.answer)),
            Some(_) => {
                Err(AdminError::taken("Idempotency-Key", "this idempotency key was used for another request").remedy("choose a new key"))
            }
        }
    }

    fn remember(&self, act: &Act<'_>, unit: &mut UnitOfWork, answer: &str, now: Timestamp) {
        if let Some(once) = act.once {
            let (caller, key) = (act.caller_key(), once.key.into());
            unit.writes.insert(0, Write::Remember { caller, key, asked: once.asked, answer: answer.into(), at: now });
        }
    }

    /// Commits a unit that changes the configuration, and lets everybody see it.
    async fn commit_configuration(self: &Arc<Self>, unit: UnitOfWork) -> Result<(), AdminError> {
        self.commit_act(unit).await?;
        // The change is durable: a snapshot that can't be read now must not make it look refused.
        if let Err(error) = self.reload_directory().await {
            tracing::error!(%error, "a change of the configuration is stored, but could not be loaded: it takes effect with the next one");
        }
        Ok(())
    }

    async fn commit_act(&self, unit: UnitOfWork) -> Result<(), AdminError> {
        self.commit(unit).await.map_err(|error| match error {
            CommitError::Taken(field) => AdminError::taken(field, format!("this {field} is in use")).remedy("choose another one"),
            CommitError::Conflict | CommitError::Duplicate | CommitError::Answered(_) => {
                AdminError::new(AdminErrorKind::Stale, "something else changed it at the same moment").remedy("try again")
            }
            CommitError::Unavailable(problem) => AdminError::new(AdminErrorKind::Unavailable, problem),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_has_its_own_revision() {
        assert_eq!(later(Timestamp(5), Timestamp(9)), Timestamp(9));
        assert_eq!(later(Timestamp(9), Timestamp(9)), Timestamp(10));
        assert_eq!(later(Timestamp(12), Timestamp(9)), Timestamp(13));
        assert!(expect_revision(None, Revision::at(Timestamp(1))).is_ok());
        let stale = expect_revision(Some(&Revision::at(Timestamp(1))), Revision::at(Timestamp(2)));
        assert_eq!(stale.map_err(|error| error.kind), Err(AdminErrorKind::Stale));
    }

    #[test]
    fn the_audit_row_holds_changes_and_masks() {
        let mut changes = Changes::default();
        changes.note("name", "a", "b");
        changes.note("enabled", true, true);
        changes.masked("auth_token");
        assert_eq!(Value::Object(changes.0).to_string(), r#"{"auth_token":{"set":true},"name":{"from":"a","to":"b"}}"#);
    }
}
