//! The configuration in memory: an immutable snapshot, swapped after each commit that changes it.

use crate::channel::Keys;
use crate::notify::Notified;
use crate::ports::store::{AccountRows, ConnectorApp, DirectoryRows, IdentityProvider};
use antiphon_domain::{
    Account, AccountId, ApiKey, ApiKeyId, ChannelApp, ChannelAppId, Pid, Profile, Skill, SkillId, Source, SourceId, Timestamp, User, UserId,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Everything that is configured.
#[derive(Debug, Default)]
pub struct Directory {
    accounts: HashMap<AccountId, Arc<AccountView>>,
    sources: HashMap<SourceId, AccountId>,
    by_address: HashMap<String, (AccountId, SourceId)>,
    apps: HashMap<ChannelAppId, AccountId>,
    by_key: HashMap<[u8; 32], (AccountId, ApiKeyId)>,
}

/// One account's configuration.
#[derive(Debug)]
pub struct AccountView {
    /// The account.
    pub account: Account,
    /// Skills by id.
    pub skills: BTreeMap<SkillId, Arc<Skill>>,
    /// Profiles by name, the built-in ones included.
    pub profiles: BTreeMap<String, Arc<Profile>>,
    /// Users by id.
    pub users: BTreeMap<UserId, Arc<User>>,
    /// Sources by id.
    pub sources: BTreeMap<SourceId, Arc<Source>>,
    /// Vendor apps by id.
    pub channel_apps: BTreeMap<ChannelAppId, Arc<ChannelApp>>,
    /// Connector apps by client id, without removed ones.
    pub connector_apps: BTreeMap<String, Arc<ConnectorApp>>,
    /// Removed connector apps by client id.
    pub removed_apps: BTreeMap<String, Arc<ConnectorApp>>,
    /// The brand's log-ins by issuer.
    pub identity_providers: BTreeMap<String, Arc<IdentityProvider>>,
    /// Features that are switched otherwise than by default.
    pub feature_grants: BTreeMap<String, bool>,
    /// Keys of the admin API by id.
    pub api_keys: BTreeMap<ApiKeyId, Arc<ApiKey>>,
    /// When each of them was last used, as far as that was stored when this was read.
    pub(crate) keys_used: BTreeMap<ApiKeyId, Timestamp>,
    /// Connector apps that are told what happens.
    pub(crate) notified: Vec<Arc<Notified>>,
    by_login: HashMap<String, UserId>,
    by_pid: HashMap<Pid, UserId>,
}

impl Directory {
    /// Builds the snapshot.
    pub fn new(rows: DirectoryRows) -> Self {
        let mut directory = Self::default();
        for rows in rows.accounts {
            let view = AccountView::new(rows);
            let id = view.account.id.clone();
            for source in view.sources.values() {
                directory.sources.insert(source.id, id.clone());
                let key = address_key(&source.channel, &source.address);
                if source.enabled || !directory.by_address.contains_key(&key) {
                    directory.by_address.insert(key, (id.clone(), source.id));
                }
            }
            directory.apps.extend(view.channel_apps.keys().map(|app| (*app, id.clone())));
            directory.by_key.extend(view.api_keys.values().map(|key| (key.hash, (id.clone(), key.id))));
            directory.accounts.insert(id, Arc::new(view));
        }
        directory
    }

    /// An account.
    pub fn account(&self, id: &AccountId) -> Option<&Arc<AccountView>> {
        self.accounts.get(id)
    }

    /// All accounts.
    pub fn accounts(&self) -> impl Iterator<Item = &Arc<AccountView>> {
        self.accounts.values()
    }

    /// A source of any account, by id.
    pub fn source(&self, id: SourceId) -> Option<(&Arc<AccountView>, &Arc<Source>)> {
        let view = self.accounts.get(self.sources.get(&id)?)?;
        Some((view, view.sources.get(&id)?))
    }

    /// A source of any account, by channel and address; an enabled one wins.
    pub fn source_at(&self, channel: &str, address: &str) -> Option<(&Arc<AccountView>, &Arc<Source>)> {
        let (account, id) = self.by_address.get(&address_key(channel, address))?;
        let view = self.accounts.get(account)?;
        Some((view, view.sources.get(id)?))
    }

    /// A key of the admin API of any account, by the hash of its secret.
    pub fn api_key(&self, hash: &[u8; 32]) -> Option<(&Arc<AccountView>, &Arc<ApiKey>)> {
        let (account, id) = self.by_key.get(hash)?;
        let view = self.accounts.get(account)?;
        Some((view, view.api_keys.get(id)?))
    }

    /// A vendor app of a channel, by id or, where only one account has that name, by name.
    pub fn channel_app(&self, channel: &str, id_or_name: &str) -> Option<(&Arc<AccountView>, &Arc<ChannelApp>)> {
        if let Ok(id) = id_or_name.parse::<ChannelAppId>() {
            let view = self.accounts.get(self.apps.get(&id)?)?;
            return view.channel_apps.get(&id).filter(|app| app.channel == channel).map(|app| (view, app));
        }
        let mut named = self.accounts.values().flat_map(|view| {
            view.channel_apps.values().filter(|app| app.channel == channel && app.name == id_or_name).map(move |app| (view, app))
        });
        match (named.next(), named.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}

fn address_key(channel: &str, address: &str) -> String {
    format!("{channel}\n{address}")
}

impl AccountView {
    fn new(rows: AccountRows) -> Self {
        let apps = rows.connector_apps.into_iter().map(|app| (app.client_id.clone(), Arc::new(app)));
        let (removed_apps, connector_apps) = apps.partition(|(_, app)| app.removed);
        let mut view = Self {
            account: rows.account,
            skills: rows.skills.into_iter().map(|skill| (skill.id, Arc::new(skill))).collect(),
            profiles: BTreeMap::new(),
            users: BTreeMap::new(),
            sources: rows.sources.into_iter().map(|source| (source.id, Arc::new(source))).collect(),
            channel_apps: rows.channel_apps.into_iter().map(|app| (app.id, Arc::new(app))).collect(),
            connector_apps,
            removed_apps,
            identity_providers: rows.identity_providers.into_iter().map(|provider| (provider.issuer.clone(), Arc::new(provider))).collect(),
            feature_grants: rows.feature_grants.into_iter().collect(),
            keys_used: rows.api_keys.iter().filter_map(|(key, used)| Some((key.id, (*used)?))).collect(),
            api_keys: rows.api_keys.into_iter().map(|(key, _)| (key.id, Arc::new(key))).collect(),
            notified: Vec::new(),
            by_login: HashMap::new(),
            by_pid: HashMap::new(),
        };
        let form = view.account.settings.notification_signature;
        let notified = |app: &Arc<ConnectorApp>| Notified::of(&view.account.id, app, form).map(Arc::new);
        view.notified = view.connector_apps.values().filter_map(notified).collect();
        for profile in rows.profiles.into_iter().chain(Profile::builtin()) {
            view.profiles.insert(profile.name.clone(), Arc::new(profile));
        }
        for user in rows.users {
            view.by_login.insert(user.login.to_lowercase(), user.id);
            view.by_pid.insert(user.pid, user.id);
            view.users.insert(user.id, Arc::new(user));
        }
        view
    }

    /// A user by log-in name, without regard to case.
    pub fn user_by_login(&self, login: &str) -> Option<&Arc<User>> {
        self.users.get(self.by_login.get(&login.to_lowercase())?)
    }

    /// A user by permanent id.
    pub fn user_by_pid(&self, pid: Pid) -> Option<&Arc<User>> {
        self.users.get(self.by_pid.get(&pid)?)
    }

    /// With what a source is verified and its vendor called: the source and its app.
    pub fn keys(&self, source: &Arc<Source>) -> Keys {
        let app = source.app.and_then(|id| self.channel_apps.get(&id)).cloned();
        Keys { source: Some(Arc::clone(source)), app }
    }

    /// A user's profile; one that no longer exists allows nothing.
    pub fn profile_of(&self, user: &User) -> Arc<Profile> {
        let none = || Arc::new(Profile { name: user.profile.clone(), privileges: Vec::new() });
        self.profiles.get(&user.profile).cloned().unwrap_or_else(none)
    }
}
