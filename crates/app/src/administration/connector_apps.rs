//! Outside programs on the Connector API: installing, changing and removing them. An app is implicitly a source, which is
//! written in the same unit: where there is an app, its conversations have somewhere to come from.

use super::{Act, AdminError, AdminErrorKind, Changes, Revision, expect_revision, later, validate};
use crate::connector_app::ConnectorAppSettings;
use crate::identity::{APP_CHANNEL, Manifest};
use crate::ports::store::{ConnectorApp, GrantsOf, UnitOfWork, Write};
use crate::{AccountView, App};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{Privilege, SkillId, Source, SourceId, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most apps of an account, removed ones included.
const MOST_APPS: usize = 1_000;
/// Longest settings of an app, in bytes of JSON.
const MOST_SETTINGS: usize = 64 << 10;
/// Longest time for which a replaced secret is accepted, in seconds.
const MOST_KEEP_S: i64 = 30 * 86_400;
/// Letters of a secret that we make: 130 bits in base 32.
const SECRET_LETTERS: usize = 26;

/// An outside program on the Connector API, whole.
#[derive(Clone, Debug)]
pub struct ConnectorAppInput {
    /// Unique in the account: `^[a-zA-Z0-9_.-]{1,64}$`; never changes. One is made when `None`.
    pub client_id: Option<String>,
    /// Shown to people, unique in the account; the client id when empty.
    pub name: String,
    /// `None` keeps the one there is; for a new app one is made.
    pub client_secret: Option<String>,
    /// For how many seconds a secret that is replaced goes on being accepted.
    pub keep_secret_s: i64,
    /// Where its conversations go.
    pub skill: Option<SkillId>,
    /// Everything else, as a JSON object.
    pub settings: String,
    /// A disabled app is refused.
    pub enabled: bool,
}

/// What must hold for an app to be changed.
#[derive(Clone, Copy, Debug)]
pub enum AppGuard<'a> {
    /// Whatever there is.
    Anything,
    /// There is no app of that id yet.
    Fresh,
    /// It is still the one that was read.
    Unchanged(&'a Revision),
    /// All the account's apps are still as they were read: see [`apps_revision`].
    AllUnchanged(&'a str),
}

/// The revision of all apps of an account: a plain number that is another one after each change of any of them.
pub fn apps_revision(view: &AccountView) -> String {
    let mut hash = Sha256::new();
    for app in view.connector_apps.values().chain(view.removed_apps.values()) {
        hash.update(app.client_id.as_bytes());
        hash.update([0]);
        hash.update(app.updated_at.0.to_be_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    // Small enough for clients whose numbers are floating.
    (u64::from_be_bytes(first) >> 11).to_string()
}

/// The source that an app is, as it has to be; `None` when `known` is that already. `new_id` names a new one.
pub fn app_source(app: &ConnectorApp, known: Option<&Source>, new_id: impl FnOnce() -> u64, now: Timestamp) -> Option<Source> {
    let enabled = app.enabled && !app.removed;
    match known {
        Some(known) if known.name == app.name && known.skill == app.skill && known.enabled == enabled => None,
        Some(known) => {
            Some(Source { name: app.name.clone(), skill: app.skill, enabled, updated_at: later(known.updated_at, now), ..known.clone() })
        }
        None if app.removed => None,
        None => Some(Source {
            id: SourceId(new_id()),
            channel: APP_CHANNEL.to_owned(),
            name: app.name.clone(),
            address: app.client_id.clone(),
            skill: app.skill,
            app: None,
            enabled,
            api_base_url: None,
            credentials: BTreeMap::new(),
            settings: BTreeMap::new(),
            health: Health { state: HealthState::Unknown, message: String::new(), since: now },
            created_at: now,
            updated_at: now,
        }),
    }
}

impl App {
    /// Installs or replaces an outside program.
    ///
    /// # Errors
    /// Without `manage_sources`, for bad values, for a client id or name in use, and when `guard` does not hold.
    pub async fn put_connector_app(
        self: &Arc<Self>,
        act: &Act<'_>,
        input: ConnectorAppInput,
        guard: AppGuard<'_>,
    ) -> Result<Arc<ConnectorApp>, AdminError> {
        act.require(Privilege::ManageSources)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        if let Some(answer) = self.answered_before(act).await? {
            return view.connector_apps.get(&*answer).cloned().ok_or_else(|| AdminError::not_found("app"));
        }
        let client_id = match input.client_id {
            Some(id) => checked_client_id(&id)?,
            None => self.ids().pid().to_string(),
        };
        let before = view.connector_apps.get(&client_id);
        let ever = before.or_else(|| view.removed_apps.get(&client_id));
        check_guard(guard, before, &view)?;
        if ever.is_none() && view.connector_apps.len() + view.removed_apps.len() >= MOST_APPS {
            return Err(AdminError::invalid("client_id", format!("an account has at most {MOST_APPS} apps, removed ones included")));
        }
        if before.is_none_or(|before| before.settings != input.settings) {
            check_settings(&input.settings, &view)?;
        }
        let now = self.clock().now();
        let name = if input.name.trim().is_empty() { client_id.clone() } else { validate::text("name", &input.name, 1, 128)? };
        if view.connector_apps.values().any(|other| other.client_id != client_id && other.name == name) {
            return Err(AdminError::taken("name", format!("there is an app named `{name}`")).remedy("choose another name"));
        }
        let secret = match (input.client_secret, ever) {
            (Some(secret), _) => validate::text("client_secret", &secret, 8, 256)?,
            (None, Some(ever)) => ever.client_secret.clone(),
            (None, None) => self.new_client_secret(),
        };
        let keep_s = validate::within("keep_secret_s", input.keep_secret_s, 0, MOST_KEEP_S)?;
        let app = ConnectorApp {
            name,
            previous_secret: previous_secret(ever, &secret, keep_s, now),
            client_secret: secret,
            skill: input.skill.map(|skill| validate::skill("skill_id", skill, &view)).transpose()?,
            settings: input.settings,
            enabled: input.enabled,
            removed: false,
            created_at: ever.map_or(now, |ever| ever.created_at),
            updated_at: ever.map_or(now, |ever| later(ever.updated_at, now)),
            client_id: client_id.clone(),
        };
        let changes = changes_of(before.map(|before| &**before), &app);
        if let Some(before) = before.filter(|_| changes.is_empty()) {
            return Ok(Arc::clone(before));
        }
        let action = if before.is_some() { "app.updated" } else { "app.created" };
        self.store_app(act, &view, app, (action, changes), now).await
    }

    /// Gives an app a new secret; the one before is accepted for `keep_s` more seconds. The new secret comes back this once
    /// to those who must hand it on.
    ///
    /// # Errors
    /// Without `manage_sources`, and when there is no such app.
    pub async fn rotate_client_secret(
        self: &Arc<Self>,
        act: &Act<'_>,
        client_id: &str,
        keep_s: i64,
    ) -> Result<Arc<ConnectorApp>, AdminError> {
        act.require(Privilege::ManageSources)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let before = view.connector_apps.get(client_id).ok_or_else(|| AdminError::not_found("app"))?;
        if let Some(answer) = self.answered_before(act).await? {
            return view.connector_apps.get(&*answer).cloned().ok_or_else(|| AdminError::not_found("app"));
        }
        let now = self.clock().now();
        let keep_s = validate::within("keep_secret_s", keep_s, 0, MOST_KEEP_S)?;
        let secret = self.new_client_secret();
        let app = ConnectorApp {
            previous_secret: previous_secret(Some(before), &secret, keep_s, now),
            client_secret: secret,
            updated_at: later(before.updated_at, now),
            ..ConnectorApp::clone(before)
        };
        let changes = changes_of(Some(before), &app);
        self.store_app(act, &view, app, ("app.secret_rotated", changes), now).await
    }

    /// Removes an app: it can't sign in, and its source is off. What it wrote stays.
    ///
    /// # Errors
    /// Without `manage_sources`, when there is no such app, and when `guard` does not hold.
    pub async fn remove_connector_app(self: &Arc<Self>, act: &Act<'_>, client_id: &str, guard: AppGuard<'_>) -> Result<(), AdminError> {
        act.require(Privilege::ManageSources)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let before = view.connector_apps.get(client_id).ok_or_else(|| AdminError::not_found("app"))?;
        check_guard(guard, Some(before), &view)?;
        let now = self.clock().now();
        let app = ConnectorApp {
            enabled: false,
            removed: true,
            previous_secret: None,
            updated_at: later(before.updated_at, now),
            ..ConnectorApp::clone(before)
        };
        self.store_app(act, &view, app, ("app.removed", Changes::default()), now).await.map(drop)
    }

    async fn store_app(
        self: &Arc<Self>,
        act: &Act<'_>,
        view: &AccountView,
        app: ConnectorApp,
        (action, changes): (&str, Changes),
        now: Timestamp,
    ) -> Result<Arc<ConnectorApp>, AdminError> {
        let directory = self.directory();
        let elsewhere = directory
            .source_at(APP_CHANNEL, &app.client_id)
            .filter(|(owner, source)| source.enabled && owner.account.id != view.account.id);
        if app.enabled && elsewhere.is_some() {
            return Err(AdminError::taken("client_id", "another account of this installation has an app of that client id")
                .remedy("choose another one"));
        }
        let known = view.sources.values().find(|source| source.channel == APP_CHANNEL && source.address == app.client_id);
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutConnectorApp(app.clone()));
        if app.removed {
            // Whoever installs an app of that id again must not find users signed in to it.
            unit.write(Write::EndAppGrants(GrantsOf::App(app.client_id.as_str().into())));
        }
        if let Some(source) = app_source(&app, known.map(|known| &**known), || self.ids().ascending(now), now) {
            unit.write(Write::PutSource(source));
        }
        unit.write(self.audit(act, now, action, ("app", app.client_id.clone()), changes));
        self.remember(act, &mut unit, &app.client_id, now);
        self.commit_configuration(unit).await?;
        Ok(Arc::new(app))
    }

    fn new_client_secret(&self) -> String {
        const LETTERS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
        self.ids().token().iter().take(SECRET_LETTERS).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
    }
}

fn check_guard(guard: AppGuard<'_>, before: Option<&Arc<ConnectorApp>>, view: &AccountView) -> Result<(), AdminError> {
    match (guard, before) {
        (AppGuard::Fresh, Some(_)) => {
            Err(AdminError::taken("client_id", "there is an app of that client id").remedy("choose another one, or change that app"))
        }
        (AppGuard::Unchanged(expected), Some(before)) => expect_revision(Some(expected), Revision::from(&**before)),
        (AppGuard::Unchanged(_), None) => Err(AdminError::not_found("app")),
        (AppGuard::AllUnchanged(expected), _) if expected != apps_revision(view) => {
            Err(AdminError::new(AdminErrorKind::Stale, "an app of the account changed since you read them")
                .remedy("read the apps again and repeat your change with their new revision"))
        }
        _ => Ok(()),
    }
}

fn checked_client_id(id: &str) -> Result<String, AdminError> {
    let id = validate::text("client_id", id, 1, 64)?;
    if id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
        return Ok(id);
    }
    Err(AdminError::invalid("client_id", "must consist of letters, digits, dots, dashes and underscores"))
}

/// The secret that goes on being accepted: the one that is replaced, or one from before that has not ended.
fn previous_secret(before: Option<&Arc<ConnectorApp>>, secret: &str, keep_s: i64, now: Timestamp) -> Option<(String, Timestamp)> {
    let before = before?;
    if before.client_secret == secret {
        return before.previous_secret.clone().filter(|(_, until)| *until > now);
    }
    (keep_s > 0).then(|| (before.client_secret.clone(), now.plus_s(keep_s)))
}

fn changes_of(before: Option<&ConnectorApp>, app: &ConnectorApp) -> Changes {
    let mut changes = Changes::default();
    changes.note("name", before.map(|before| before.name.clone()), app.name.clone());
    changes.note("enabled", before.map(|before| before.enabled), app.enabled);
    let skill = |app: &ConnectorApp| app.skill.map(|skill| skill.to_string());
    changes.note("skill_id", before.and_then(skill), skill(app));
    if before.is_none_or(|before| before.settings != app.settings) {
        // Its endpoints may carry headers with keys.
        changes.masked("settings");
    }
    if before.is_none_or(|before| before.client_secret != app.client_secret) {
        changes.masked("client_secret");
    }
    changes
}

fn check_settings(settings: &str, view: &AccountView) -> Result<(), AdminError> {
    let object = serde_json::from_str(settings).ok().filter(|_| settings.len() <= MOST_SETTINGS);
    let object =
        object.ok_or_else(|| AdminError::invalid("settings", format!("must be a JSON object of at most {MOST_SETTINGS} bytes")))?;
    let notifications = ConnectorAppSettings::check(&object, &view.account.allow_private_endpoints).err().unwrap_or_default();
    let manifest = Manifest::check(&object).err().unwrap_or_default();
    match notifications.into_iter().chain(manifest).next() {
        Some(problem) => Err(AdminError::invalid(format!("settings.{}", problem.field), problem.message)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(secret: &str, previous: Option<(&str, i64)>) -> Arc<ConnectorApp> {
        Arc::new(ConnectorApp {
            client_id: "a".into(),
            name: "A".into(),
            client_secret: secret.into(),
            previous_secret: previous.map(|(secret, until)| (secret.into(), Timestamp(until))),
            skill: None,
            settings: "{}".into(),
            enabled: true,
            removed: false,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        })
    }

    #[test]
    fn two_secrets_live_at_most() {
        let now = Timestamp(1_000);
        let check = |before: Option<Arc<ConnectorApp>>, secret: &str, keep_s: i64, expected: Option<(&str, i64)>| {
            let found = previous_secret(before.as_ref(), secret, keep_s, now);
            assert_eq!(found, expected.map(|(secret, until)| (secret.to_owned(), Timestamp(until))));
        };
        check(None, "new", 5, None);
        check(Some(app("old", None)), "new", 5, Some(("old", 6_000)));
        check(Some(app("old", None)), "new", 0, None);
        check(Some(app("old", Some(("older", 9_000)))), "new", 5, Some(("old", 6_000)));
        check(Some(app("same", Some(("older", 9_000)))), "same", 0, Some(("older", 9_000)));
        check(Some(app("same", Some(("older", 1_000)))), "same", 0, None);
    }

    #[test]
    fn an_app_is_a_source_that_goes_with_it() {
        let now = Timestamp(50);
        let installed = ConnectorApp { skill: Some(SkillId(4)), ..ConnectorApp::clone(&app("s", None)) };
        let source = app_source(&installed, None, || 9, now).expect("a source");
        let known = (source.id, source.channel.as_str(), source.address.as_str(), source.skill, source.enabled);
        assert_eq!(known, (SourceId(9), "connector_api", "a", Some(SkillId(4)), true));
        assert!(app_source(&installed, Some(&source), || 10, now).is_none(), "nothing changed");
        let off = app_source(&ConnectorApp { enabled: false, ..installed.clone() }, Some(&source), || 10, now).expect("a change");
        assert_eq!((off.id, off.enabled, off.updated_at), (SourceId(9), false, Timestamp(51)));
        let removed = ConnectorApp { removed: true, ..installed };
        assert!(!app_source(&removed, Some(&source), || 10, now).expect("a change").enabled);
        assert!(app_source(&removed, None, || 10, now).is_none());
    }
}
