//! The brand's apps at vendors, and outside programs on the Connector API.

use super::{Act, AdminError, Changes, Revision, credentials, expect_revision, later, validate};
use crate::channel::{ChannelKind, Keys};
use crate::connector_app::ConnectorAppSettings;
use crate::ports::store::{ConnectorApp, UnitOfWork, Write};
use crate::{AccountView, App};
use antiphon_domain::{ChannelApp, ChannelAppId, Privilege, SkillId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most apps of one kind in an account.
const MOST_APPS: usize = 1_000;
/// Longest settings of a connector app, in bytes of JSON.
const MOST_SETTINGS: usize = 64 << 10;

/// A vendor app to be made.
#[derive(Clone, Debug)]
pub struct NewChannelApp {
    /// A registered channel's id; never changes.
    pub channel: String,
    /// Unique in the account and channel; webhooks and the bootstrap file may name it.
    pub name: String,
    /// As the channel names them; `None` removes.
    pub credentials: BTreeMap<String, Option<String>>,
}

/// Changes of a vendor app; what is `None`, or not in the map, stays.
#[derive(Clone, Debug, Default)]
pub struct ChannelAppPatch {
    /// See [`NewChannelApp`].
    pub name: Option<String>,
    /// See [`NewChannelApp`].
    pub credentials: BTreeMap<String, Option<String>>,
}

/// An outside program on the Connector API, whole.
#[derive(Clone, Debug)]
pub struct ConnectorAppInput {
    /// Unique in the account: `^[a-zA-Z0-9_.-]{1,64}$`; never changes.
    pub client_id: String,
    /// Shown to people; the client id when empty.
    pub name: String,
    /// Must be given for a new app; `None` keeps the one there is.
    pub client_secret: Option<String>,
    /// Where its conversations go.
    pub skill: Option<SkillId>,
    /// Everything else, as a JSON object.
    pub settings: String,
    /// A disabled app is refused.
    pub enabled: bool,
}

impl App {
    /// Makes a vendor app.
    ///
    /// # Errors
    /// Without `manage_sources`, for an unknown channel or one without apps, for bad values, and for a name in use.
    pub async fn create_channel_app(self: &Arc<Self>, act: &Act<'_>, new: NewChannelApp) -> Result<Arc<ChannelApp>, AdminError> {
        act.require(Privilege::ManageSources)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        if let Some(answer) = self.answered_before(act).await? {
            return answer
                .parse()
                .ok()
                .and_then(|id| view.channel_apps.get(&id).cloned())
                .ok_or_else(|| AdminError::not_found("channel app"));
        }
        let kind = self.channel_kind(&new.channel)?;
        if kind.app_credentials.is_empty() {
            return Err(AdminError::invalid("channel", "the channel has no apps: its secrets belong to the source"));
        }
        if view.channel_apps.len() >= MOST_APPS {
            return Err(AdminError::invalid("channel", format!("an account has at most {MOST_APPS} channel apps")));
        }
        let now = self.clock().now();
        let mut changes = Changes::default();
        let mut app = ChannelApp {
            id: ChannelAppId(self.ids().ascending(now)),
            channel: kind.id.to_owned(),
            name: unused_name(&new.name, kind, None, &view)?,
            credentials: BTreeMap::new(),
            created_at: now,
            updated_at: now,
        };
        changes.note("name", None::<String>, app.name.clone());
        credentials::apply("credentials", kind.app_credentials, &mut app.credentials, new.credentials, &mut changes)?;
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutChannelApp(app.clone()));
        unit.write(self.audit(act, now, "channel_app.created", ("channel_app", app.id.to_string()), changes));
        self.remember(act, &mut unit, &app.id.to_string(), now);
        self.commit_configuration(unit).await?;
        Ok(Arc::new(app))
    }

    /// Changes a vendor app.
    ///
    /// # Errors
    /// As for making one; besides when there is none, when an active source would lose a secret that it needs, and when
    /// it is no longer the one that was read.
    pub async fn update_channel_app(
        self: &Arc<Self>,
        act: &Act<'_>,
        id: ChannelAppId,
        patch: ChannelAppPatch,
        expected: Option<&Revision>,
    ) -> Result<Arc<ChannelApp>, AdminError> {
        act.require(Privilege::ManageSources)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let before = view.channel_apps.get(&id).cloned().ok_or_else(|| AdminError::not_found("channel app"))?;
        expect_revision(expected, Revision::from(&*before))?;
        let kind = self.channel_kind(&before.channel)?;
        let mut app = ChannelApp::clone(&before);
        let mut changes = Changes::default();
        if let Some(name) = patch.name {
            app.name = unused_name(&name, kind, Some(id), &view)?;
        }
        changes.note("name", before.name.clone(), app.name.clone());
        credentials::apply("credentials", kind.app_credentials, &mut app.credentials, patch.credentials, &mut changes)?;
        if changes.is_empty() {
            return Ok(before);
        }
        let now = self.clock().now();
        app.updated_at = later(before.updated_at, now);
        let shared = Arc::new(app.clone());
        for source in view.sources.values().filter(|source| source.enabled && source.app == Some(id)) {
            let keys = Keys { source: Some(Arc::clone(source)), app: Some(Arc::clone(&shared)) };
            credentials::complete(kind, &keys).map_err(|error| error.remedy(format!("switch the source {} off first", source.name)))?;
        }
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutChannelApp(app));
        unit.write(self.audit(act, now, "channel_app.updated", ("channel_app", id.to_string()), changes));
        self.commit_configuration(unit).await?;
        Ok(shared)
    }

    /// Installs or replaces an outside program.
    ///
    /// # Errors
    /// Without `manage_sources`, for bad values, for a missing secret, when `fresh` and there is one, and when it is no
    /// longer the one that was read.
    pub async fn put_connector_app(
        self: &Arc<Self>,
        act: &Act<'_>,
        input: ConnectorAppInput,
        fresh: bool,
        expected: Option<&Revision>,
    ) -> Result<Arc<ConnectorApp>, AdminError> {
        act.require(Privilege::ManageSources)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        if let Some(answer) = self.answered_before(act).await? {
            return view.connector_apps.get(&*answer).cloned().ok_or_else(|| AdminError::not_found("app"));
        }
        let client_id = validate::text("client_id", &input.client_id, 1, 64)?;
        if !client_id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            return Err(AdminError::invalid("client_id", "must consist of letters, digits, dots, dashes and underscores"));
        }
        let before = view.connector_apps.get(&client_id);
        if fresh && before.is_some() {
            return Err(
                AdminError::taken("client_id", "there is an app of that client id").remedy("choose another one, or change that app")
            );
        }
        if before.is_none() && view.connector_apps.len() >= MOST_APPS {
            return Err(AdminError::invalid("client_id", format!("an account has at most {MOST_APPS} apps")));
        }
        if let Some(before) = before {
            expect_revision(expected, Revision::from(&**before))?;
        }
        let secret = match (input.client_secret, before) {
            (Some(secret), _) => validate::text("client_secret", &secret, 8, 256)?,
            (None, Some(before)) => before.client_secret.clone(),
            (None, None) => return Err(AdminError::invalid("client_secret", "is missing: the app signs in with it")),
        };
        if before.is_none_or(|before| before.settings != input.settings) {
            check_settings(&input.settings, &view)?;
        }
        let name = if input.name.trim().is_empty() { client_id.clone() } else { validate::text("name", &input.name, 1, 80)? };
        let app = ConnectorApp {
            name,
            client_secret: secret,
            skill: input.skill.map(|skill| validate::skill("skill_id", skill, &view)).transpose()?,
            settings: input.settings,
            enabled: input.enabled,
            client_id: client_id.clone(),
        };
        let mut changes = Changes::default();
        changes.note("name", before.map(|before| before.name.clone()), app.name.clone());
        changes.note("enabled", before.map(|before| before.enabled), app.enabled);
        let skill = |app: &ConnectorApp| app.skill.map(|skill| skill.to_string());
        changes.note("skill_id", before.and_then(|before| skill(before)), skill(&app));
        if before.is_none_or(|before| before.settings != app.settings) {
            // Its endpoints may carry headers with keys.
            changes.masked("settings");
        }
        if before.is_none_or(|before| before.client_secret != app.client_secret) {
            changes.masked("client_secret");
        }
        if let Some(before) = before.filter(|_| changes.is_empty()) {
            return Ok(Arc::clone(before));
        }
        let now = self.clock().now();
        let action = if before.is_some() { "app.updated" } else { "app.created" };
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutConnectorApp(app.clone()));
        unit.write(self.audit(act, now, action, ("app", client_id.clone()), changes));
        self.remember(act, &mut unit, &client_id, now);
        self.commit_configuration(unit).await?;
        Ok(Arc::new(app))
    }
}

fn check_settings(settings: &str, view: &AccountView) -> Result<(), AdminError> {
    let object = serde_json::from_str(settings).ok().filter(|_| settings.len() <= MOST_SETTINGS);
    let object =
        object.ok_or_else(|| AdminError::invalid("settings", format!("must be a JSON object of at most {MOST_SETTINGS} bytes")))?;
    let first =
        ConnectorAppSettings::check(&object, &view.account.allow_private_endpoints).err().and_then(|problems| problems.into_iter().next());
    first.map_or(Ok(()), |problem| Err(AdminError::invalid(format!("settings.{}", problem.field), problem.message)))
}

fn unused_name(name: &str, kind: &ChannelKind, own: Option<ChannelAppId>, view: &AccountView) -> Result<String, AdminError> {
    let name = validate::text("name", name, 1, 80)?;
    let taken = view.channel_apps.values().any(|app| app.channel == kind.id && Some(app.id) != own && app.name == name);
    if taken { Err(AdminError::taken("name", "the channel has an app of that name").remedy("choose another name")) } else { Ok(name) }
}
