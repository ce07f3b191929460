//! Making, changing and revoking keys of the admin API. A secret is shown once, to whoever makes it, and only its hash is kept.

use super::{Act, AdminError, AdminErrorKind, Changes, Revision, expect_revision, later, validate};
use crate::api_keys::{API_KEY_PREFIX, kept_of_secret};
use crate::ports::store::{UnitOfWork, Write};
use crate::{AccountView, App};
use antiphon_domain::account::Network;
use antiphon_domain::{ApiKey, ApiKeyId, Privilege, Scope, Timestamp, User, UserId};
use std::sync::Arc;

/// Most keys of an account.
pub const MOST_API_KEYS: usize = 200;
/// Most networks of one key.
pub const MOST_KEY_NETWORKS: usize = 50;

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Shown to people, unique in the account.
    pub name: String,
    /// In whose name it acts; the maker's when `None`.
    pub user: Option<UserId>,
    /// What it opens; at least one.
    pub scopes: Vec<Scope>,
    /// Where it may be used from, as `address/prefix`; empty: everywhere.
    pub networks: Vec<String>,
    /// Worth nothing from then on; in the future.
    pub expires_at: Option<Timestamp>,
}

/// Changes of a key; what is `None` stays. Its secret and its user never change.
#[derive(Clone, Debug, Default)]
pub struct ApiKeyPatch {
    /// See [`NewApiKey`].
    pub name: Option<String>,
    /// See [`NewApiKey`].
    pub scopes: Option<Vec<Scope>>,
    /// See [`NewApiKey`].
    pub networks: Option<Vec<String>>,
    /// See [`NewApiKey`].
    pub expires_at: Option<Option<Timestamp>>,
}

/// A key that was just made.
#[derive(Clone, Debug)]
pub struct MadeApiKey {
    /// The key.
    pub key: Arc<ApiKey>,
    /// Its secret; `None` when an idempotency key says that it was shown before.
    pub secret: Option<String>,
}

/// The most that a key of these scopes may do: what they need, as far as its maker may do it.
pub fn key_privileges(scopes: &[Scope], maker_may: impl Fn(Privilege) -> bool) -> Vec<Privilege> {
    let needed = |privilege: &Privilege| scopes.iter().any(|scope| scope.privileges().contains(privilege));
    Privilege::ALL.into_iter().filter(|privilege| needed(privilege) && maker_may(*privilege)).collect()
}

impl App {
    /// Makes a key.
    ///
    /// # Errors
    /// Without `manage_api_keys`, for whoever uses a key themselves, for bad values, for a user above the maker, and for scopes that
    /// would open nothing.
    pub async fn create_api_key(self: &Arc<Self>, act: &Act<'_>, new: NewApiKey) -> Result<MadeApiKey, AdminError> {
        may_administer(act)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        if let Some(answer) = self.answered_before(act).await? {
            let key = answer.parse().ok().and_then(|id| view.api_keys.get(&id).cloned());
            return key.map(|key| MadeApiKey { key, secret: None }).ok_or_else(missing);
        }
        if view.api_keys.len() >= MOST_API_KEYS {
            return Err(AdminError::new(AdminErrorKind::Unfit, format!("an account has at most {MOST_API_KEYS} API keys"))
                .remedy("revoke those that nobody uses"));
        }
        let now = self.clock().now();
        let user = new.user.or_else(|| act.by.user()).ok_or_else(|| AdminError::invalid("user_id", "is missing"))?;
        let user = view.users.get(&user).ok_or_else(|| AdminError::invalid("user_id", format!("there is no user {user}")))?;
        self.refuse_above(act, user, &view)?;
        let secret = format!("{API_KEY_PREFIX}{}", hex::encode(self.ids().token()));
        let (hash, beginning) = kept_of_secret(&secret);
        let key = ApiKey {
            id: ApiKeyId(self.ids().ascending(now)),
            name: unused_name(&new.name, None, &view)?,
            user: user.id,
            privileges: opened(act, &new.scopes, user, &view)?,
            scopes: sorted(new.scopes),
            networks: networks(&new.networks)?,
            hash,
            beginning,
            expires_at: future(new.expires_at, now)?,
            created_at: now,
            updated_at: now,
        };
        let mut changes = changes_of(None, &key);
        changes.masked("secret");
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutApiKey(key.clone()));
        unit.write(self.audit(act, now, "api_key.created", ("api_key", key.id.to_string()), changes));
        self.remember(act, &mut unit, &key.id.to_string(), now);
        self.commit_configuration(unit).await?;
        Ok(MadeApiKey { key: Arc::new(key), secret: Some(secret) })
    }

    /// Changes a key.
    ///
    /// # Errors
    /// As for making one; besides when there is none, and when it is no longer the one that was read.
    pub async fn update_api_key(
        self: &Arc<Self>,
        act: &Act<'_>,
        id: ApiKeyId,
        patch: ApiKeyPatch,
        expected: Option<&Revision>,
    ) -> Result<Arc<ApiKey>, AdminError> {
        may_administer(act)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let before = view.api_keys.get(&id).cloned().ok_or_else(missing)?;
        expect_revision(expected, Revision::from(&*before))?;
        let now = self.clock().now();
        let mut key = ApiKey::clone(&before);
        if let Some(user) = view.users.get(&key.user) {
            self.refuse_above(act, user, &view)?;
            if let Some(scopes) = patch.scopes {
                key.privileges = opened(act, &scopes, user, &view)?;
                key.scopes = sorted(scopes);
            }
        }
        if let Some(name) = patch.name {
            key.name = unused_name(&name, Some(id), &view)?;
        }
        if let Some(wanted) = patch.networks {
            key.networks = networks(&wanted)?;
        }
        if let Some(at) = patch.expires_at {
            key.expires_at = if at == before.expires_at { at } else { future(at, now)? };
        }
        let changes = changes_of(Some(&before), &key);
        if changes.is_empty() {
            return Ok(before);
        }
        key.updated_at = later(before.updated_at, now);
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutApiKey(key.clone()));
        unit.write(self.audit(act, now, "api_key.updated", ("api_key", id.to_string()), changes));
        self.commit_configuration(unit).await?;
        Ok(Arc::new(key))
    }

    /// Revokes a key: it is refused from now on, and gone.
    ///
    /// # Errors
    /// Without `manage_api_keys`, for whoever uses a key themselves, when there is none, and when it is no longer the one that was read.
    pub async fn revoke_api_key(self: &Arc<Self>, act: &Act<'_>, id: ApiKeyId, expected: Option<&Revision>) -> Result<(), AdminError> {
        may_administer(act)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let before = view.api_keys.get(&id).ok_or_else(missing)?;
        expect_revision(expected, Revision::from(&**before))?;
        let now = self.clock().now();
        let mut changes = Changes::default();
        changes.note("name", before.name.clone(), None::<String>);
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::DeleteApiKey(id));
        unit.write(self.audit(act, now, "api_key.revoked", ("api_key", id.to_string()), changes));
        self.commit_configuration(unit).await?;
        self.key_uses.forget(id);
        Ok(())
    }
}

fn missing() -> AdminError {
    AdminError::not_found("API key")
}

/// A key that could make keys would outlive its own end.
fn may_administer(act: &Act<'_>) -> Result<(), AdminError> {
    if act.by.key().is_some() {
        return Err(AdminError::new(AdminErrorKind::Forbidden, "API keys are not administered with an API key").remedy("sign in"));
    }
    act.require(Privilege::ManageApiKeys)
}

fn unused_name(name: &str, own: Option<ApiKeyId>, view: &AccountView) -> Result<String, AdminError> {
    let name = validate::text("name", name, 1, 80)?;
    if view.api_keys.values().any(|key| key.name == name && Some(key.id) != own) {
        return Err(AdminError::taken("name", format!("there is an API key named `{name}`")).remedy("choose another name"));
    }
    Ok(name)
}

/// What a key may do at most. Each scope has to open something: neither more than its maker has, nor more than its user.
fn opened(act: &Act<'_>, scopes: &[Scope], user: &User, view: &AccountView) -> Result<Vec<Privilege>, AdminError> {
    if scopes.is_empty() {
        return Err(AdminError::invalid("scopes", "must name at least one scope: a key opens nothing else"));
    }
    let profile = view.profile_of(user);
    for scope in scopes {
        let by_maker = key_privileges(&[*scope], |privilege| act.by.may(privilege));
        if by_maker.is_empty() || !by_maker.iter().any(|privilege| profile.allows(*privilege)) {
            let whose = if by_maker.is_empty() || act.by.user() == Some(user.id) { "your profile" } else { "the user's profile" };
            let needed = scope.privileges().iter().map(|privilege| privilege.name()).collect::<Vec<_>>().join("`, `");
            return Err(AdminError::invalid("scopes", format!("`{scope}` would open nothing: {whose} lacks `{needed}`"))
                .remedy("leave it out, or let a user with that privilege have the key"));
        }
    }
    Ok(key_privileges(scopes, |privilege| act.by.may(privilege)))
}

fn sorted(mut scopes: Vec<Scope>) -> Vec<Scope> {
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

fn networks(texts: &[String]) -> Result<Vec<Network>, AdminError> {
    if texts.len() > MOST_KEY_NETWORKS {
        return Err(AdminError::invalid("networks", format!("a key has at most {MOST_KEY_NETWORKS} networks")));
    }
    texts.iter().map(|text| validate::network("networks", text)).collect()
}

fn future(at: Option<Timestamp>, now: Timestamp) -> Result<Option<Timestamp>, AdminError> {
    match at {
        Some(at) if at <= now => Err(AdminError::invalid("expires_at", "must be in the future").remedy("give it in UTC milliseconds")),
        at => Ok(at),
    }
}

fn changes_of(before: Option<&ApiKey>, key: &ApiKey) -> Changes {
    let mut changes = Changes::default();
    let scopes = |key: &ApiKey| key.scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
    let networks = |key: &ApiKey| key.networks.iter().map(ToString::to_string).collect::<Vec<_>>();
    changes.note("name", before.map(|before| before.name.clone()), key.name.clone());
    changes.note("user_id", before.map(|before| before.user.to_string()), key.user.to_string());
    changes.note("scopes", before.map(scopes), scopes(key));
    changes.note("networks", before.map_or_else(Vec::new, networks), networks(key));
    changes.note("expires_at", before.and_then(|before| before.expires_at).map(|at| at.0), key.expires_at.map(|at| at.0));
    changes
}
