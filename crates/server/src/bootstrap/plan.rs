//! Compares a file with what there is, and makes the units of work that bring it about. Pure: hashes and ids are arguments.
//!
//! A value whose hash was applied before is left alone, whatever stands in the store now.

mod api_keys;
mod identity;

use super::read::{AccountEntry, AppEntry, Bootstrap, ChannelAppEntry, Maybe, SourceEntry, UserEntry, Valued};
use crate::document::{Place, Problems};
use antiphon_app::administration::app_source;
use antiphon_app::channel::{ChannelKind, Field, Keys};
use antiphon_app::identity::APP_CHANNEL;
use antiphon_app::ports::store::{AccountRows, AuditRow, BotKey, ConnectorApp, DirectoryRows, Write};
use antiphon_domain::account::SkillSurvey;
use antiphon_domain::conversation::ResponseTimeKind;
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{
    Account, AccountId, AccountSettings, ChannelApp, ChannelAppId, Profile, RowId, Skill, SkillId, Source, SourceId, Timestamp, User,
    UserId, UserKind,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Everything that one account needs, to be committed together.
#[derive(Debug)]
pub struct Plan {
    /// Which account.
    pub account: AccountId,
    /// In an order in which everything that is referred to comes first.
    pub writes: Vec<Write>,
    /// What users sign in with: passwords are still to be hashed.
    pub logins: Vec<LoginChange>,
}

/// What a user signs in with from now on; `None` stays.
#[derive(Debug)]
pub struct LoginChange {
    /// Whose.
    pub user: UserId,
    /// In the clear.
    pub password: Option<String>,
    /// All of them.
    pub api_keys: Option<Vec<BotKey>>,
}

/// The plans, one per account that needs one.
pub type Outcome = Result<Vec<Plan>, Problems>;
/// The hashes of values that were applied, per account.
pub type AppliedHashes = HashMap<AccountId, HashMap<String, [u8; 32]>>;

/// Makes the plans.
///
/// # Errors
/// Names that nothing bears, addresses in use, and sources that lack what they need, each with its place.
pub fn plan(
    bootstrap: &Bootstrap,
    rows: &DirectoryRows,
    applied: &AppliedHashes,
    hash: &dyn Fn(&str, &str) -> [u8; 32],
    next_id: &mut dyn FnMut() -> u64,
    now: Timestamp,
) -> Outcome {
    let none = HashMap::new();
    let mut problems = Problems::default();
    let mut plans = Vec::new();
    for entry in &bootstrap.accounts {
        let before = rows.accounts.iter().find(|rows| rows.account.id == entry.id);
        let applied = applied.get(&entry.id).unwrap_or(&none);
        let mut planner =
            Planner { applied, hash, next_id, now, problems: &mut problems, writes: Vec::new(), marks: Vec::new(), audits: Vec::new() };
        let plan = planner.account(entry, before);
        elsewhere(entry, bootstrap, rows, planner.problems);
        plans.push(plan);
    }
    plans.retain(|plan| !plan.writes.is_empty() || !plan.logins.is_empty());
    if problems.0.is_empty() { Ok(plans) } else { Err(problems) }
}

/// An address belongs to one active source of the whole installation, and so does an app's client id.
fn elsewhere(entry: &AccountEntry, bootstrap: &Bootstrap, rows: &DirectoryRows, problems: &mut Problems) {
    let is_on = |app: &AppEntry| app.enabled.as_ref().is_none_or(|enabled| enabled.value);
    for app in entry.apps.iter().filter(|app| is_on(app)) {
        let in_store =
            rows.accounts.iter().filter(|other| other.account.id != entry.id).any(|other| {
                other.sources.iter().any(|other| other.enabled && other.channel == APP_CHANNEL && other.address == app.client_id)
            });
        let same = |other: &AppEntry| other.client_id == app.client_id && is_on(other);
        let earlier = bootstrap.accounts.iter().take_while(|other| other.id != entry.id).any(|other| other.apps.iter().any(same));
        if in_store || earlier {
            let what = format!("another account has an active app with the client id `{}`", app.client_id);
            problems.add(&app.place, "account.app.client_id", what);
        }
    }
    for source in entry.sources.iter().filter(|source| source.enabled.as_ref().is_none_or(|enabled| enabled.value)) {
        let in_store = rows.accounts.iter().filter(|other| other.account.id != entry.id).any(|other| {
            other.sources.iter().any(|other| other.enabled && other.channel == source.channel.id && other.address == source.address)
        });
        let same = |other: &SourceEntry| {
            other.channel.id == source.channel.id
                && other.address == source.address
                && other.enabled.as_ref().is_none_or(|enabled| enabled.value)
        };
        let earlier = bootstrap.accounts.iter().take_while(|other| other.id != entry.id).any(|other| other.sources.iter().any(same));
        if in_store || earlier {
            let what = format!("another account has an active source of {} with the address `{}`", source.channel.id, source.address);
            problems.add(&source.place, "account.source.address", what);
        }
    }
}

struct Planner<'p> {
    applied: &'p HashMap<String, [u8; 32]>,
    hash: &'p dyn Fn(&str, &str) -> [u8; 32],
    next_id: &'p mut dyn FnMut() -> u64,
    now: Timestamp,
    problems: &'p mut Problems,
    writes: Vec<Write>,
    marks: Vec<Write>,
    audits: Vec<Write>,
}

/// One object while its values are compared.
struct Object {
    path: String,
    exists: bool,
    changes: Map<String, Value>,
}

impl Object {
    fn new(path: String, exists: bool) -> Self {
        Self { path, exists, changes: Map::new() }
    }
}

impl Planner<'_> {
    /// Whether a value is to be applied; then it is noted, masked when it is secret.
    fn applies(&mut self, object: &mut Object, name: &str, text: &str, secret: bool) -> bool {
        let path = format!("{}/{name}", object.path);
        let hash = (self.hash)(&path, text);
        if object.exists && self.applied.get(&path) == Some(&hash) {
            return false;
        }
        if self.applied.get(&path) != Some(&hash) {
            self.marks.push(Write::Applied { path: path.into(), hash });
        }
        object.changes.insert(name.to_owned(), if secret { json!({"set": true}) } else { json!({"to": text}) });
        true
    }

    /// Whether exactly this value was applied before.
    fn was_applied(&self, object: &Object, name: &str, text: &str) -> bool {
        let path = format!("{}/{name}", object.path);
        self.applied.get(&path) == Some(&(self.hash)(&path, text))
    }

    fn set<T: Clone>(&mut self, object: &mut Object, name: &str, wanted: &Maybe<T>, text: impl Fn(&T) -> String, place: &mut T) {
        if let Some(wanted) = wanted
            && self.applies(object, name, &text(&wanted.value), false)
        {
            *place = wanted.value.clone();
        }
    }

    fn finish(&mut self, object: Object, kind: &str, id: &str, write: Write) {
        if object.exists && object.changes.is_empty() {
            return;
        }
        self.writes.push(write);
        let action = format!("{kind}.{}", if object.exists { "updated" } else { "created" });
        self.audits.push(Write::AddAudit(AuditRow {
            id: RowId((self.next_id)()),
            at: self.now,
            by: None,
            by_key: None,
            action: action.into(),
            object_kind: kind.into(),
            object_id: id.into(),
            detail: Value::Object(object.changes).to_string().into(),
        }));
    }

    fn account(&mut self, entry: &AccountEntry, before: Option<&AccountRows>) -> Plan {
        let blank = AccountRows {
            account: Account {
                id: entry.id.clone(),
                name: entry.id.to_string(),
                timezone: "UTC".to_owned(),
                default_skill: None,
                allow_private_endpoints: Vec::new(),
                settings: AccountSettings::default(),
                created_at: self.now,
            },
            skills: Vec::new(),
            profiles: Vec::new(),
            users: Vec::new(),
            sources: Vec::new(),
            channel_apps: Vec::new(),
            connector_apps: Vec::new(),
            identity_providers: Vec::new(),
            feature_grants: Vec::new(),
            api_keys: Vec::new(),
        };
        let rows = before.unwrap_or(&blank);
        let skills = self.skills(entry, rows);
        self.account_itself(entry, rows, before.is_some(), &skills);
        let profiles = self.profiles(entry, rows);
        let mut logins = Vec::new();
        let mut numbers: HashMap<String, UserId> = rows.users.iter().map(|user| (user.login.to_lowercase(), user.id)).collect();
        let mut next_user = rows.users.iter().map(|user| user.id.0).max().unwrap_or(0) + 1;
        for user in &entry.users {
            let known = rows.users.iter().find(|known| known.login.to_lowercase() == user.login.to_lowercase());
            let (id, change) = self.user(user, known, &mut next_user, &skills, &profiles);
            numbers.insert(user.login.to_lowercase(), id);
            logins.extend(change);
        }
        let apps: Vec<Arc<ChannelApp>> = self.channel_apps(entry, rows);
        for source in &entry.sources {
            let known = rows.sources.iter().find(|known| known.channel == source.channel.id && known.address == source.address);
            self.source(source, known, &skills, &apps);
        }
        let in_file = |app: &ConnectorApp| entry.apps.iter().any(|wanted| wanted.client_id == app.client_id);
        let mut names: HashSet<String> =
            rows.connector_apps.iter().filter(|app| !app.removed && !in_file(app)).map(|app| app.name.clone()).collect();
        for app in &entry.apps {
            let known = rows.connector_apps.iter().find(|known| known.client_id == app.client_id);
            let source = rows.sources.iter().find(|known| known.channel == APP_CHANNEL && known.address == app.client_id);
            self.app(app, known, source, &mut names, &skills);
        }
        for provider in &entry.identity_providers {
            let known = rows.identity_providers.iter().find(|known| known.issuer == provider.issuer);
            self.identity_provider(provider, known);
        }
        self.api_keys(&entry.api_keys, &rows.api_keys, &numbers);
        let mut writes = std::mem::take(&mut self.writes);
        writes.append(&mut self.marks);
        writes.append(&mut self.audits);
        Plan { account: entry.id.clone(), writes, logins }
    }

    /// Gives the skills by name, those to come included. The account is written before them.
    fn skills(&mut self, entry: &AccountEntry, rows: &AccountRows) -> HashMap<String, SkillId> {
        let mut ids: HashMap<String, SkillId> = rows.skills.iter().map(|skill| (skill.name.to_lowercase(), skill.id)).collect();
        let mut next = rows.skills.iter().map(|skill| skill.id.0).max().unwrap_or(0) + 1;
        for wanted in &entry.skills {
            let known = rows.skills.iter().find(|skill| skill.name.to_lowercase() == wanted.name.to_lowercase());
            let mut object = Object::new(format!("skill/{}", wanted.name.to_lowercase()), known.is_some());
            let mut skill = known.cloned().unwrap_or_else(|| {
                let id = SkillId(next);
                next += 1;
                Skill {
                    id,
                    name: wanted.name.clone(),
                    description: String::new(),
                    enabled: true,
                    survey: SkillSurvey::default(),
                    created_at: self.now,
                    updated_at: self.now,
                }
            });
            self.set(&mut object, "description", &wanted.description, String::clone, &mut skill.description);
            self.set(&mut object, "enabled", &wanted.enabled, bool::to_string, &mut skill.enabled);
            if let Some(app) = &wanted.survey_app
                && self.applies(&mut object, "survey_app", &app.value, false)
            {
                skill.survey = SkillSurvey::of(Some(&app.value));
            }
            skill.updated_at = later(known.map(|known| known.updated_at), self.now);
            ids.insert(wanted.name.to_lowercase(), skill.id);
            self.finish(object, "skill", &skill.id.to_string(), Write::PutSkill(skill));
        }
        ids
    }

    fn account_itself(&mut self, entry: &AccountEntry, rows: &AccountRows, exists: bool, skills: &HashMap<String, SkillId>) {
        let mut object = Object::new("account".to_owned(), exists);
        let mut account = rows.account.clone();
        self.set(&mut object, "name", &entry.name, String::clone, &mut account.name);
        self.set(&mut object, "timezone", &entry.timezone, String::clone, &mut account.timezone);
        let networks = |networks: &Vec<_>| networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        self.set(&mut object, "allow_private_endpoints", &entry.allow_private_endpoints, networks, &mut account.allow_private_endpoints);
        let default = self.skill_of("account.default_skill", &entry.default_skill, skills);
        if let (Some(wanted), Some(id)) = (&entry.default_skill, default)
            && self.applies(&mut object, "default_skill", &wanted.value, false)
        {
            account.default_skill = Some(id);
        }
        for (name, wanted) in &entry.settings.numbers {
            if self.applies(&mut object, &format!("settings.{name}"), &wanted.value.to_string(), false) {
                put_setting(&mut account.settings, name, wanted.value);
            }
        }
        let settings = &mut account.settings;
        let kind = |kind: &ResponseTimeKind| kind.name().to_owned();
        self.set(
            &mut object,
            "settings.default_response_time",
            &entry.settings.default_response_time,
            kind,
            &mut settings.default_response_time,
        );
        self.set(
            &mut object,
            "settings.notification_signature",
            &entry.settings.notification_signature,
            |form| form.name().to_owned(),
            &mut settings.notification_signature,
        );
        let language = |language: &String| language.clone();
        self.set(&mut object, "settings.consumer_language", &entry.settings.consumer_language, language, &mut settings.consumer_language);
        let hosts = |hosts: &Vec<String>| hosts.join(" ");
        self.set(&mut object, "settings.image_hosts", &entry.settings.image_hosts, hosts, &mut settings.image_hosts);
        if let Some(app) = &entry.settings.survey_app
            && self.applies(&mut object, "settings.survey_app", &app.value, false)
        {
            settings.survey_app = Some(app.value.clone()).filter(|app| !app.is_empty());
        }
        let id = account.id.to_string();
        let at = self.writes.len();
        self.finish(object, "account", &id, Write::PutAccount(account));
        // The account comes before the skills that were planned above: everything else belongs to it.
        if self.writes.len() > at {
            self.writes.rotate_right(1);
        }
    }

    fn profiles(&mut self, entry: &AccountEntry, rows: &AccountRows) -> Vec<String> {
        let mut names: Vec<String> =
            Profile::builtin().into_iter().chain(rows.profiles.iter().cloned()).map(|profile| profile.name).collect();
        for wanted in &entry.profiles {
            let known = rows.profiles.iter().find(|profile| profile.name == wanted.name);
            let mut object = Object::new(format!("profile/{}", wanted.name), known.is_some());
            let text: Vec<&str> = wanted.privileges.value.iter().map(|privilege| privilege.name()).collect();
            let mut profile = known.cloned().unwrap_or(Profile { name: wanted.name.clone(), privileges: Vec::new() });
            if self.applies(&mut object, "privileges", &text.join(" "), false) {
                profile.privileges.clone_from(&wanted.privileges.value);
            }
            names.push(wanted.name.clone());
            self.finish(object, "profile", &wanted.name, Write::PutProfile(profile));
        }
        names
    }

    fn user(
        &mut self,
        wanted: &UserEntry,
        known: Option<&User>,
        next: &mut i64,
        skills: &HashMap<String, SkillId>,
        profiles: &[String],
    ) -> (UserId, Option<LoginChange>) {
        let mut object = Object::new(format!("user/{}", wanted.login.to_lowercase()), known.is_some());
        let mut user = known.cloned().unwrap_or_else(|| {
            let id = UserId(*next);
            *next += 1;
            User {
                id,
                // Replaced by a real one before it is committed: making one takes randomness.
                pid: antiphon_domain::Pid([0; 16]),
                login: wanted.login.clone(),
                nickname: wanted.login.clone(),
                full_name: String::new(),
                email: None,
                kind: UserKind::Human,
                profile: "agent".to_owned(),
                skills: Vec::new(),
                max_conversations: 10,
                enabled: true,
                created_at: self.now,
                updated_at: self.now,
            }
        });
        self.set(&mut object, "nickname", &wanted.nickname, String::clone, &mut user.nickname);
        self.set(&mut object, "full_name", &wanted.full_name, String::clone, &mut user.full_name);
        if let Some(email) = &wanted.email
            && self.applies(&mut object, "email", &email.value, false)
        {
            user.email = Some(email.value.clone());
        }
        let kind = |kind: &UserKind| if *kind == UserKind::Bot { "bot".to_owned() } else { "human".to_owned() };
        self.set(&mut object, "kind", &wanted.kind, kind, &mut user.kind);
        if let Some(profile) = wanted.profile.as_ref().filter(|profile| !profiles.contains(&profile.value)) {
            let what = format!("there is no profile `{}`; there are {}", profile.value, profiles.join(", "));
            self.problems.add(&profile.place, "account.user.profile", what);
        }
        self.set(&mut object, "profile", &wanted.profile, String::clone, &mut user.profile);
        if let Some(names) = &wanted.skills {
            let ids: Vec<SkillId> =
                names.value.iter().filter_map(|name| self.skill_named("account.user.skills", name, &names.place, skills)).collect();
            if self.applies(&mut object, "skills", &names.value.join("\n"), false) {
                user.skills = ids;
            }
        }
        self.set(&mut object, "max_conversations", &wanted.max_conversations, u32::to_string, &mut user.max_conversations);
        self.set(&mut object, "enabled", &wanted.enabled, bool::to_string, &mut user.enabled);
        let password = wanted.password.as_ref().filter(|password| self.applies(&mut object, "password", &password.value, true));
        let keys = wanted.api_keys.as_ref().filter(|keys| {
            let text: Vec<String> = keys.value.iter().map(|key| key.values.join("\n")).collect();
            self.applies(&mut object, "api_keys", &text.join("\n\n"), true)
        });
        let api_keys = keys.map(|keys| {
            keys.value
                .iter()
                .map(|key| {
                    let [app_key, secret, access_token, access_token_secret] = key.values.clone();
                    BotKey { app_key, secret, access_token, access_token_secret }
                })
                .collect()
        });
        user.updated_at = later(known.map(|known| known.updated_at), self.now);
        let id = user.id;
        let change = LoginChange { user: id, password: password.map(|password| password.value.clone()), api_keys };
        self.finish(object, "user", &id.to_string(), Write::PutUser(user));
        (id, (known.is_none() || change.password.is_some() || change.api_keys.is_some()).then_some(change))
    }

    fn channel_apps(&mut self, entry: &AccountEntry, rows: &AccountRows) -> Vec<Arc<ChannelApp>> {
        let mut apps: Vec<Arc<ChannelApp>> = rows.channel_apps.iter().cloned().map(Arc::new).collect();
        for wanted in &entry.channel_apps {
            let ChannelAppEntry { channel, name, credentials } = wanted;
            let known = rows.channel_apps.iter().find(|app| app.channel == channel.id && app.name == *name);
            let mut object = Object::new(format!("channel_app/{}/{name}", channel.id), known.is_some());
            let mut app = known.cloned().unwrap_or_else(|| ChannelApp {
                id: ChannelAppId((self.next_id)()),
                channel: channel.id.to_owned(),
                name: name.clone(),
                credentials: BTreeMap::new(),
                created_at: self.now,
                updated_at: self.now,
            });
            self.fields(&mut object, "credentials", channel.app_credentials, credentials, &mut app.credentials);
            app.updated_at = later(known.map(|known| known.updated_at), self.now);
            apps.retain(|known| known.id != app.id);
            apps.push(Arc::new(app.clone()));
            self.finish(object, "channel_app", &app.id.to_string(), Write::PutChannelApp(app));
        }
        apps
    }

    fn fields(
        &mut self,
        object: &mut Object,
        member: &str,
        declared: &[Field],
        wanted: &[(String, Valued<String>)],
        values: &mut BTreeMap<String, String>,
    ) {
        for (name, wanted) in wanted {
            let secret = declared.iter().any(|field| field.name == name && field.secret);
            if self.applies(object, &format!("{member}.{name}"), &wanted.value, secret) {
                if wanted.value.is_empty() {
                    values.remove(name);
                } else {
                    values.insert(name.clone(), wanted.value.clone());
                }
            }
        }
    }

    fn source(&mut self, wanted: &SourceEntry, known: Option<&Source>, skills: &HashMap<String, SkillId>, apps: &[Arc<ChannelApp>]) {
        let mut object = Object::new(format!("source/{}/{}", wanted.channel.id, wanted.address), known.is_some());
        let mut source = known.cloned().unwrap_or_else(|| Source {
            id: SourceId((self.next_id)()),
            channel: wanted.channel.id.to_owned(),
            name: wanted.address.clone(),
            address: wanted.address.clone(),
            skill: None,
            app: None,
            enabled: true,
            api_base_url: None,
            credentials: BTreeMap::new(),
            settings: BTreeMap::new(),
            health: Health { state: HealthState::Unknown, message: String::new(), since: self.now },
            created_at: self.now,
            updated_at: self.now,
        });
        self.set(&mut object, "name", &wanted.name, String::clone, &mut source.name);
        let skill = self.skill_of("account.source.skill", &wanted.skill, skills);
        if let (Some(name), Some(id)) = (&wanted.skill, skill)
            && self.applies(&mut object, "skill", &name.value, false)
        {
            source.skill = Some(id);
        }
        if let Some(name) = &wanted.app {
            match apps.iter().find(|app| app.channel == wanted.channel.id && app.name == name.value) {
                Some(app) if self.applies(&mut object, "app", &name.value, false) => source.app = Some(app.id),
                Some(_) => {}
                None => {
                    let what = format!("there is no channel_app `{}` of {}", name.value, wanted.channel.id);
                    self.problems.add(&name.place, "account.source.app", what);
                }
            }
        }
        self.set(&mut object, "enabled", &wanted.enabled, bool::to_string, &mut source.enabled);
        if let Some(url) = &wanted.api_base_url
            && self.applies(&mut object, "api_base_url", &url.value, false)
        {
            source.api_base_url = Some(url.value.clone());
        }
        self.fields(&mut object, "credentials", wanted.channel.credentials, &wanted.credentials, &mut source.credentials);
        self.fields(&mut object, "settings", wanted.channel.settings, &wanted.settings, &mut source.settings);
        let renewed = known.is_some_and(|known| known.credentials != source.credentials || known.app != source.app);
        if renewed && source.health.state == HealthState::NeedsReauthorisation {
            source.health = Health { state: HealthState::Unknown, message: String::new(), since: self.now };
        }
        if source.enabled && wanted.app.as_ref().is_none_or(|_| source.app.is_some()) {
            let app = source.app.and_then(|id| apps.iter().find(|app| app.id == id).cloned());
            let keys = Keys { source: Some(Arc::new(source.clone())), app };
            self.complete(wanted.channel, &keys, &wanted.place);
        }
        source.updated_at = later(known.map(|known| known.updated_at), self.now);
        self.finish(object, "source", &source.id.to_string(), Write::PutSource(source));
    }

    /// An active source needs every secret that its channel requires.
    fn complete(&mut self, kind: &ChannelKind, keys: &Keys, place: &Place) {
        let of_source = kind.credentials.iter().map(|field| ("account.source.credentials", field));
        let of_app = kind.app_credentials.iter().map(|field| ("account.channel_app.credentials", field));
        for (member, field) in of_source.chain(of_app).filter(|(_, field)| field.required && keys.credential(field.name).is_none()) {
            let help = if member.contains("channel_app") && keys.app.is_none() {
                "name the channel_app that has it with `app`"
            } else {
                field.help
            };
            self.problems.add(
                place,
                format!("{member}.{}", field.name),
                format!("is missing: a source can't be active without it; {help}"),
            );
        }
        let lacking = |field: &&Field| field.required && field.default.is_none() && keys.setting(field.name).is_none();
        for field in kind.settings.iter().filter(lacking) {
            self.problems.add(place, format!("account.source.settings.{}", field.name), format!("is missing; {}", field.help));
        }
    }

    /// An app, and the source that it is.
    fn app(
        &mut self,
        wanted: &AppEntry,
        known: Option<&ConnectorApp>,
        source: Option<&Source>,
        names: &mut HashSet<String>,
        skills: &HashMap<String, SkillId>,
    ) {
        let mut object = Object::new(format!("app/{}", wanted.client_id), known.is_some());
        let mut app = known.cloned().unwrap_or_else(|| ConnectorApp {
            client_id: wanted.client_id.clone(),
            name: wanted.client_id.clone(),
            client_secret: String::new(),
            previous_secret: None,
            skill: None,
            settings: "{}".to_owned(),
            enabled: true,
            removed: false,
            created_at: self.now,
            updated_at: self.now,
        });
        if let Some(secret) = &wanted.client_secret
            && self.applies(&mut object, "client_secret", &secret.value, true)
        {
            app.client_secret.clone_from(&secret.value);
            // Whoever puts a new secret into the file wants the old one gone.
            app.previous_secret = None;
        }
        if app.client_secret.is_empty() {
            self.problems.add(&wanted.place, "account.app.client_secret", "is missing: the app signs in with it");
        }
        self.set(&mut object, "name", &wanted.name, String::clone, &mut app.name);
        if !names.insert(app.name.clone()) {
            self.problems.add(&wanted.place, "account.app.name", format!("the account has another app named `{}`", app.name));
        }
        let skill = self.skill_of("account.app.skill", &wanted.skill, skills);
        if let (Some(name), Some(id)) = (&wanted.skill, skill)
            && self.applies(&mut object, "skill", &name.value, false)
        {
            app.skill = Some(id);
        }
        self.set(&mut object, "enabled", &wanted.enabled, bool::to_string, &mut app.enabled);
        // Endpoints may carry headers with keys.
        if self.applies(&mut object, "settings", &wanted.settings.value, true) {
            app.settings.clone_from(&wanted.settings.value);
        }
        if !object.changes.is_empty() {
            // A value of the file that changed brings a removed app back; one that did not leaves it removed.
            app.removed = false;
            app.updated_at = later(known.map(|known| known.updated_at), self.now);
        }
        let next_id = &mut self.next_id;
        if let Some(source) = app_source(&app, source, next_id, self.now) {
            self.writes.push(Write::PutSource(source));
        }
        self.finish(object, "app", &wanted.client_id, Write::PutConnectorApp(app));
    }

    fn skill_of(&mut self, key: &str, wanted: &Maybe<String>, skills: &HashMap<String, SkillId>) -> Option<SkillId> {
        let wanted = wanted.as_ref()?;
        self.skill_named(key, &wanted.value, &wanted.place, skills)
    }

    fn skill_named(&mut self, key: &str, name: &str, place: &Place, skills: &HashMap<String, SkillId>) -> Option<SkillId> {
        let found = skills.get(&name.to_lowercase()).copied();
        if found.is_none() {
            self.problems.add(place, key, format!("there is no skill `{name}`; add it with [[account.skill]]"));
        }
        found
    }
}

fn put_setting(settings: &mut AccountSettings, name: &str, value: i64) {
    match name {
        "auto_accept" => settings.auto_accept = value != 0,
        "file_sharing" => settings.file_sharing = value != 0,
        "consumer_file_kib" => settings.consumer_file_kib = value,
        "agent_file_kib" => settings.agent_file_kib = value,
        "ring_expiration_s" => settings.ring_expiration_s = value,
        "offline_after_s" => settings.offline_after_s = value,
        "return_to_queue_after_s" => settings.return_to_queue_after_s = value,
        "response_time_s" => settings.response_time_s = value,
        "urgent_response_time_s" => settings.urgent_response_time_s = value,
        "prioritized_response_time_s" => settings.prioritized_response_time_s = value,
        "suggestion_s" => settings.suggestion_s = value,
        "survey_idle_s" => settings.survey_idle_s = value,
        "auto_close_s" => settings.auto_close_s = value,
        "idle_logout_s" => settings.idle_logout_s = value,
        "channel_log_days" => settings.channel_log_days = value,
        "max_sockets" => settings.max_sockets = u32::try_from(value).unwrap_or(settings.max_sockets),
        other => debug_assert!(false, "{other} is read but not applied"),
    }
}

/// Strictly later than before, so that each change has its own revision.
fn later(before: Option<Timestamp>, now: Timestamp) -> Timestamp {
    before.map_or(now, |before| now.max(before.plus_ms(1)))
}
