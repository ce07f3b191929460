//! The brand's apps at vendors.

use super::{Act, AdminError, Changes, Revision, credentials, expect_revision, later, validate};
use crate::channel::{ChannelKind, Keys};
use crate::ports::store::{UnitOfWork, Write};
use crate::{AccountView, App};
use antiphon_domain::{ChannelApp, ChannelAppId, Privilege};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most channel apps of an account.
const MOST_APPS: usize = 1_000;

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
}

fn unused_name(name: &str, kind: &ChannelKind, own: Option<ChannelAppId>, view: &AccountView) -> Result<String, AdminError> {
    let name = validate::text("name", name, 1, 80)?;
    let taken = view.channel_apps.values().any(|app| app.channel == kind.id && Some(app.id) != own && app.name == name);
    if taken { Err(AdminError::taken("name", "the channel has an app of that name").remedy("choose another name")) } else { Ok(name) }
}
