//! Connecting and changing sources.

use super::{Act, AdminError, Changes, Revision, credentials, expect_revision, later, validate};
use crate::channel::{Channel, ChannelKind, Keys};
use crate::ports::bus::Announcement;
use crate::ports::store::{UnitOfWork, Write};
use crate::{AccountView, App};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{ChannelAppId, Privilege, SkillId, Source, SourceId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most sources of an account.
const MOST_SOURCES: usize = 10_000;

/// A source to be connected.
#[derive(Clone, Debug)]
pub struct NewSource {
    /// A registered channel's id; never changes.
    pub channel: String,
    /// Shown to people.
    pub name: String,
    /// Page id, number …; unique over the active sources of the installation.
    pub address: String,
    /// Where its conversations go; the account's default skill otherwise.
    pub skill: Option<SkillId>,
    /// The vendor app whose secrets it uses.
    pub app: Option<ChannelAppId>,
    /// An active source needs everything that its channel requires.
    pub enabled: bool,
    /// One server in the place of all the vendor's hosts.
    pub api_base_url: Option<String>,
    /// As the channel names them; `None` removes.
    pub credentials: BTreeMap<String, Option<String>>,
    /// As the channel names them; `None` removes.
    pub settings: BTreeMap<String, Option<String>>,
}

/// Changes of a source; what is `None`, or not in the maps, stays.
#[derive(Clone, Debug, Default)]
pub struct SourcePatch {
    /// See [`NewSource`].
    pub name: Option<String>,
    /// See [`NewSource`].
    pub address: Option<String>,
    /// See [`NewSource`].
    pub skill: Option<Option<SkillId>>,
    /// See [`NewSource`].
    pub app: Option<Option<ChannelAppId>>,
    /// See [`NewSource`].
    pub enabled: Option<bool>,
    /// See [`NewSource`].
    pub api_base_url: Option<Option<String>>,
    /// See [`NewSource`].
    pub credentials: BTreeMap<String, Option<String>>,
    /// See [`NewSource`].
    pub settings: BTreeMap<String, Option<String>>,
}

impl App {
    /// Connects a source.
    ///
    /// # Errors
    /// Without `manage_sources`, for an unknown channel or bad values, for missing secrets of an active one, and for an
    /// address that another active source has.
    pub async fn create_source(self: &Arc<Self>, act: &Act<'_>, new: NewSource) -> Result<Arc<Source>, AdminError> {
        act.require(Privilege::ManageSources)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        if let Some(answer) = self.answered_before(act).await? {
            return answer.parse().ok().and_then(|id| view.sources.get(&id).cloned()).ok_or_else(|| AdminError::not_found("source"));
        }
        if view.sources.len() >= MOST_SOURCES {
            return Err(AdminError::invalid("channel", format!("an account has at most {MOST_SOURCES} sources")));
        }
        let channel = self.channel_of(&new.channel)?;
        let kind = channel.describe();
        let now = self.clock().now();
        let blank = Source {
            id: SourceId(self.ids().ascending(now)),
            channel: kind.id.to_owned(),
            name: String::new(),
            address: String::new(),
            skill: None,
            app: None,
            enabled: true,
            api_base_url: None,
            credentials: BTreeMap::new(),
            settings: BTreeMap::new(),
            health: Health { state: HealthState::Unknown, message: String::new(), since: now },
            created_at: now,
            updated_at: now,
        };
        let patch = SourcePatch {
            name: Some(new.name),
            address: Some(new.address),
            skill: Some(new.skill),
            app: Some(new.app),
            enabled: Some(new.enabled),
            api_base_url: Some(new.api_base_url),
            credentials: new.credentials,
            settings: new.settings,
        };
        let (source, changes) = apply(&**channel, &view, &blank, patch, now)?;
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutSource(source.clone()));
        unit.write(self.audit(act, now, "source.created", ("source", source.id.to_string()), changes));
        self.remember(act, &mut unit, &source.id.to_string(), now);
        self.commit_configuration(unit).await?;
        Ok(Arc::new(source))
    }

    /// Changes a source. New credentials end "needs re-authorisation": deliveries that waited for them go on.
    ///
    /// # Errors
    /// As for connecting one; besides when there is none, and when it is no longer the one that was read.
    pub async fn update_source(
        self: &Arc<Self>,
        act: &Act<'_>,
        id: SourceId,
        patch: SourcePatch,
        expected: Option<&Revision>,
    ) -> Result<Arc<Source>, AdminError> {
        act.require(Privilege::ManageSources)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let before = view.sources.get(&id).cloned().ok_or_else(|| AdminError::not_found("source"))?;
        expect_revision(expected, Revision::from(&*before))?;
        let now = self.clock().now();
        let (mut source, changes) = apply(&**self.channel_of(&before.channel)?, &view, &before, patch, now)?;
        if changes.is_empty() {
            return Ok(before);
        }
        source.updated_at = later(before.updated_at, now);
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutSource(source.clone()));
        unit.write(self.audit(act, now, "source.updated", ("source", id.to_string()), changes));
        self.commit_configuration(unit).await?;
        self.announce(act.by.account(), &[], Announcement::Source(id, source.health.clone(), source.enabled));
        Ok(Arc::new(source))
    }

    pub(super) fn channel_kind(&self, channel: &str) -> Result<&'static ChannelKind, AdminError> {
        Ok(self.channel_of(channel)?.describe())
    }

    fn channel_of(&self, channel: &str) -> Result<&Arc<dyn Channel>, AdminError> {
        self.channel(channel).ok_or_else(|| {
            let known: Vec<&str> = self.channels().iter().map(|channel| channel.describe().id).collect();
            AdminError::invalid("channel", format!("there is no channel `{channel}`")).remedy(format!("there are {}", known.join(", ")))
        })
    }
}

fn apply(
    channel: &dyn Channel,
    view: &AccountView,
    before: &Source,
    patch: SourcePatch,
    now: Timestamp,
) -> Result<(Source, Changes), AdminError> {
    let kind = channel.describe();
    let mut source = before.clone();
    let mut changes = Changes::default();
    if let Some(name) = patch.name {
        source.name = validate::text("name", &name, 1, 80)?;
    }
    if let Some(address) = patch.address {
        source.address = validate::text("address", &address, 1, 200)?;
    }
    if let Some(skill) = patch.skill {
        source.skill = skill.map(|skill| validate::skill("skill_id", skill, view)).transpose()?;
    }
    if let Some(app) = patch.app {
        let fits = |id: &ChannelAppId| view.channel_apps.get(id).is_some_and(|app| app.channel == kind.id);
        if let Some(id) = app.filter(|id| !fits(id)) {
            return Err(AdminError::invalid("app_id", format!("the channel has no app {id}")).remedy("create the channel app first"));
        }
        source.app = app;
    }
    if let Some(enabled) = patch.enabled {
        source.enabled = enabled;
    }
    if let Some(url) = patch.api_base_url {
        source.api_base_url = url.map(|url| validate::base_url("api_base_url", &url)).transpose()?;
    }
    credentials::apply("credentials", kind.credentials, &mut source.credentials, patch.credentials, &mut changes)?;
    credentials::apply("settings", kind.settings, &mut source.settings, patch.settings, &mut changes)?;
    for (name, value) in source.settings.iter().filter(|(name, value)| before.settings.get(*name) != Some(value)) {
        channel.check_setting(name, value).map_err(|message| AdminError::invalid(format!("settings.{name}"), message))?;
    }
    if source.enabled {
        let app = source.app.and_then(|id| view.channel_apps.get(&id).cloned());
        credentials::complete(kind, &Keys { source: Some(Arc::new(source.clone())), app })?;
    }
    let renewed = source.credentials != before.credentials || source.app != before.app || source.enabled && !before.enabled;
    if renewed && source.health.state == HealthState::NeedsReauthorisation {
        source.health = Health { state: HealthState::Unknown, message: String::new(), since: now };
    }
    let skill = |source: &Source| source.skill.map(|skill| skill.to_string());
    let app = |source: &Source| source.app.map(|app| app.to_string());
    changes.note("name", before.name.clone(), source.name.clone());
    changes.note("address", before.address.clone(), source.address.clone());
    changes.note("skill_id", skill(before), skill(&source));
    changes.note("app_id", app(before), app(&source));
    changes.note("enabled", before.enabled, source.enabled);
    changes.note("api_base_url", before.api_base_url.clone(), source.api_base_url.clone());
    Ok((source, changes))
}
