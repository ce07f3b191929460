//! Reading the bootstrap file: its form, its values one by one, and its natural keys. Everything that needs to know what there
//! is already belongs into `plan`.

mod api_keys;
mod identity;

use crate::document::{Item, Place, Problems, Section, Value, parse};
use antiphon_app::administration::{SETTING_BOUNDS, is_zone};
use antiphon_app::channel::{Channel, ChannelKind, Field};
use antiphon_app::connector_app::ConnectorAppSettings;
use antiphon_app::identity::Manifest;
use antiphon_app::ports::store::ProviderKeys;
use antiphon_app::session::weakness_sentence;
use antiphon_domain::account::{Network, SignatureForm};
use antiphon_domain::conversation::ResponseTimeKind;
use antiphon_domain::login::LoginPolicy;
use antiphon_domain::{AccountId, Privilege, Profile, Scope, Timestamp, UserKind};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// A whole file.
#[derive(Debug, Default)]
pub struct Bootstrap {
    /// Its accounts.
    pub accounts: Vec<AccountEntry>,
}

/// A value as it is applied, its name, and its text for the hash.
#[derive(Clone, Debug)]
pub struct Valued<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// A value that the file may leave out.
pub type Maybe<T> = Option<Valued<T>>;

/// `[[account]]`.
#[derive(Debug)]
pub struct AccountEntry {
    /// Its natural key.
    pub id: AccountId,
    /// Where it stands.
    pub place: Place,
    /// Shown to people.
    pub name: Maybe<String>,
    /// IANA zone.
    pub timezone: Maybe<String>,
    /// By name.
    pub default_skill: Maybe<String>,
    /// Private networks for outbound calls.
    pub allow_private_endpoints: Maybe<Vec<Network>>,
    /// `[account.settings]`.
    pub settings: AccountSettingsEntry,
    /// `[[account.skill]]`.
    pub skills: Vec<SkillEntry>,
    /// `[[account.profile]]`.
    pub profiles: Vec<ProfileEntry>,
    /// `[[account.user]]`.
    pub users: Vec<UserEntry>,
    /// `[[account.channel_app]]`, and those of the top level that its sources name.
    pub channel_apps: Vec<ChannelAppEntry>,
    /// `[[account.source]]`.
    pub sources: Vec<SourceEntry>,
    /// `[[account.app]]`.
    pub apps: Vec<AppEntry>,
    /// `[[account.identity_provider]]`.
    pub identity_providers: Vec<IdentityProviderEntry>,
    /// `[[account.api_key]]`.
    pub api_keys: Vec<ApiKeyEntry>,
}

/// `[account.settings]`.
#[derive(Debug, Default)]
pub struct AccountSettingsEntry {
    /// Names and numbers; flags are 0 and 1.
    pub numbers: Vec<(&'static str, Valued<i64>)>,
    /// How urgent a conversation is when its opener says nothing.
    pub default_response_time: Maybe<ResponseTimeKind>,
    /// How notifications to apps are signed.
    pub notification_signature: Maybe<SignatureForm>,
    /// The language of the sentences that we add to what consumers read.
    pub consumer_language: Maybe<String>,
    /// Hosts from which pictures in structured content may come.
    pub image_hosts: Maybe<Vec<String>>,
    /// Who asks consumers after a conversation; empty: nobody.
    pub survey_app: Maybe<String>,
}

/// `[[account.skill]]`.
#[derive(Debug)]
pub struct SkillEntry {
    /// Its natural key.
    pub name: String,
    /// For administrators.
    pub description: Maybe<String>,
    /// Whether it takes new conversations.
    pub enabled: Maybe<bool>,
    /// Who asks its consumers after a conversation; empty: nobody.
    pub survey_app: Maybe<String>,
}

/// `[[account.profile]]`.
#[derive(Debug)]
pub struct ProfileEntry {
    /// Its natural key.
    pub name: String,
    /// What its users may do.
    pub privileges: Valued<Vec<Privilege>>,
}

/// `[[account.user]]`.
#[derive(Debug)]
pub struct UserEntry {
    /// Its natural key, without regard to case.
    pub login: String,
    /// Where it stands.
    pub place: Place,
    /// In the clear; never logged.
    pub password: Maybe<String>,
    /// What consumers see.
    pub nickname: Maybe<String>,
    /// For administrators.
    pub full_name: Maybe<String>,
    /// For resets.
    pub email: Maybe<String>,
    /// Person or program.
    pub kind: Maybe<UserKind>,
    /// A profile's name.
    pub profile: Maybe<String>,
    /// By name.
    pub skills: Maybe<Vec<String>>,
    /// How many conversations at once.
    pub max_conversations: Maybe<u32>,
    /// Whether they can sign in.
    pub enabled: Maybe<bool>,
    /// `[[account.user.api_key]]`.
    pub api_keys: Maybe<Vec<KeyEntry>>,
}

/// `[[account.user.api_key]]`.
#[derive(Clone, Debug)]
pub struct KeyEntry {
    /// app_key, secret, access_token, access_token_secret.
    pub values: [String; 4],
}

/// `[[account.channel_app]]`.
#[derive(Clone, Debug)]
pub struct ChannelAppEntry {
    /// Which channel: with the name, its natural key.
    pub channel: &'static ChannelKind,
    /// Its name.
    pub name: String,
    /// Field → value.
    pub credentials: Vec<(String, Valued<String>)>,
}

/// `[[account.source]]`.
#[derive(Debug)]
pub struct SourceEntry {
    /// Which channel: with the address, its natural key.
    pub channel: &'static ChannelKind,
    /// Page id, phone number …
    pub address: String,
    /// Where it stands.
    pub place: Place,
    /// Shown to people.
    pub name: Maybe<String>,
    /// By name.
    pub skill: Maybe<String>,
    /// A channel app's name.
    pub app: Maybe<String>,
    /// Whether it is active.
    pub enabled: Maybe<bool>,
    /// One server for all the vendor's hosts.
    pub api_base_url: Maybe<String>,
    /// Field → value.
    pub credentials: Vec<(String, Valued<String>)>,
    /// Field → value.
    pub settings: Vec<(String, Valued<String>)>,
}

/// `[[account.app]]`.
#[derive(Debug)]
pub struct AppEntry {
    /// Its natural key.
    pub client_id: String,
    /// Where it stands.
    pub place: Place,
    /// Its secret.
    pub client_secret: Maybe<String>,
    /// Shown to people.
    pub name: Maybe<String>,
    /// By name.
    pub skill: Maybe<String>,
    /// A disabled app is refused.
    pub enabled: Maybe<bool>,
    /// Scope, retention and webhooks, as JSON.
    pub settings: Valued<String>,
}

/// `[[account.identity_provider]]`.
#[derive(Debug)]
pub struct IdentityProviderEntry {
    /// Its natural key.
    pub issuer: String,
    /// Where its public keys come from.
    pub keys: Valued<ProviderKeys>,
    /// What its tokens must name as audience.
    pub audience: Maybe<String>,
    /// One that is off vouches for nobody.
    pub enabled: Maybe<bool>,
}

/// `[[account.api_key]]`.
#[derive(Debug)]
pub struct ApiKeyEntry {
    /// Its natural key.
    pub name: String,
    /// In whose name it acts, by log-in name.
    pub user: String,
    /// Where it stands.
    pub place: Place,
    /// What it opens.
    pub scopes: Valued<Vec<Scope>>,
    /// Where it may be used from.
    pub networks: Maybe<Vec<Network>>,
    /// Worth nothing from then on.
    pub expires_at: Maybe<Timestamp>,
    /// In the clear; never logged.
    pub secret: Maybe<String>,
}

/// Reads a file. The first list are problems, the second is advice.
pub fn read_file(path: &Path, channels: &[Arc<dyn Channel>]) -> (Bootstrap, Problems, Problems) {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => read(&name, &text, channels),
        Err(error) => {
            let mut problems = Problems::default();
            problems.add(&Place(name.as_str().into()), "", format!("can't be read: {error}"));
            (Bootstrap::default(), problems, Problems::default())
        }
    }
}

/// Reads a text. The first list are problems, the second is advice.
pub fn read(file: &str, text: &str, channels: &[Arc<dyn Channel>]) -> (Bootstrap, Problems, Problems) {
    let mut problems = Problems::default();
    let mut all = parse(file, text, &mut problems);
    let mut reader = Reader { channels, problems, advice: Problems::default() };
    let shared: Vec<ChannelAppEntry> =
        all.sections("channel_app", &mut reader.problems).into_iter().filter_map(|section| reader.channel_app(section)).collect();
    let mut accounts = Vec::new();
    let mut ids = HashSet::new();
    for section in all.sections("account", &mut reader.problems) {
        let place = section.place.clone();
        if let Some(mut account) = reader.account(section) {
            if !ids.insert(account.id.clone()) {
                reader.problems.add(&place, "account.id", format!("there are two accounts `{}`", account.id));
            }
            account.take_shared(&shared);
            accounts.push(account);
        }
    }
    all.finish(&mut reader.problems);
    (Bootstrap { accounts }, reader.problems, reader.advice)
}

impl AccountEntry {
    /// Takes in the apps of the top level that its sources name.
    fn take_shared(&mut self, shared: &[ChannelAppEntry]) {
        for app in shared {
            let own = self.channel_apps.iter().any(|own| own.channel.id == app.channel.id && own.name == app.name);
            let names = |source: &SourceEntry| source.app.as_ref().is_some_and(|name| name.value == app.name);
            let named = self.sources.iter().any(|source| source.channel.id == app.channel.id && names(source));
            if named && !own {
                self.channel_apps.push(app.clone());
            }
        }
    }
}

struct Reader<'c> {
    channels: &'c [Arc<dyn Channel>],
    problems: Problems,
    advice: Problems,
}

impl Reader<'_> {
    fn account(&mut self, mut section: Section) -> Option<AccountEntry> {
        let id = section.required("id", &mut self.problems).and_then(|(text, place)| match text.parse::<AccountId>() {
            Ok(id) => Some(id),
            Err(error) => {
                self.problems.add(&place, section.key("id"), format!("`{text}` is {error}"));
                None
            }
        });
        let name = self.text(&mut section, "name", 1, 80);
        let timezone = self.text(&mut section, "timezone", 1, 64);
        if let Some(zone) = timezone.as_ref().filter(|zone| !is_zone(&zone.value)) {
            let what = format!("`{}` is no IANA time zone; for example Europe/Berlin or UTC", zone.value);
            self.problems.add(&zone.place, section.key("timezone"), what);
        }
        let default_skill = self.text(&mut section, "default_skill", 1, 80);
        let allow_private_endpoints = self.networks(&mut section, "allow_private_endpoints");
        let settings = section.section("settings", &mut self.problems).map(|section| self.settings(section)).unwrap_or_default();
        let skills: Vec<SkillEntry> = self.each(&mut section, "skill", Self::skill);
        let profiles: Vec<ProfileEntry> = self.each(&mut section, "profile", Self::profile);
        let users: Vec<UserEntry> = self.each(&mut section, "user", Self::user);
        let channel_apps: Vec<ChannelAppEntry> = self.each(&mut section, "channel_app", Self::channel_app);
        let sources: Vec<SourceEntry> = self.each(&mut section, "source", Self::source);
        let apps: Vec<AppEntry> = self.each(&mut section, "app", Self::app);
        let identity_providers: Vec<IdentityProviderEntry> = self.each(&mut section, "identity_provider", Self::identity_provider);
        let api_keys: Vec<ApiKeyEntry> = self.each(&mut section, "api_key", Self::account_api_key);
        let place = section.place.clone();
        section.finish(&mut self.problems);
        let allow = allow_private_endpoints.as_ref().map_or(&[][..], |networks| &networks.value);
        self.endpoints(&apps, allow);
        self.check_identity_providers(&identity_providers, allow);
        self.unique(&place, "skill.name", skills.iter().map(|skill| skill.name.to_lowercase()));
        self.unique(&place, "profile.name", profiles.iter().map(|profile| profile.name.clone()));
        self.unique(&place, "channel_app.name", channel_apps.iter().map(|app| format!("{} {}", app.channel.id, app.name)));
        self.unique(&place, "app.client_id", apps.iter().map(|app| app.client_id.clone()));
        self.unique(&place, "identity_provider.issuer", identity_providers.iter().map(|provider| provider.issuer.clone()));
        self.unique(&place, "api_key.name", api_keys.iter().map(|key| key.name.clone()));
        let mut logins = HashSet::new();
        for user in &users {
            if !logins.insert(user.login.to_lowercase()) {
                self.problems.add(&user.place, "account.user.login", format!("there are two users `{}`", user.login));
            }
        }
        let mut addresses = HashSet::new();
        for source in &sources {
            if !addresses.insert((source.channel.id, &source.address)) {
                let what = format!("there are two sources of {} with the address `{}`", source.channel.id, source.address);
                self.problems.add(&source.place, "account.source.address", what);
            }
        }
        let (id, place) = (id?, place);
        Some(AccountEntry {
            id,
            place,
            name,
            timezone,
            default_skill,
            allow_private_endpoints,
            settings,
            skills,
            profiles,
            users,
            channel_apps,
            sources,
            apps,
            identity_providers,
            api_keys,
        })
    }

    fn each<T>(&mut self, section: &mut Section, key: &'static str, read: impl Fn(&mut Self, Section) -> Option<T>) -> Vec<T> {
        let sections = section.sections(key, &mut self.problems);
        sections.into_iter().filter_map(|section| read(self, section)).collect()
    }

    fn unique(&mut self, place: &Place, key: &str, names: impl Iterator<Item = String>) {
        let mut seen = HashSet::new();
        for name in names {
            if seen.contains(&name) {
                self.problems.add(place, format!("account.{key}"), format!("`{name}` stands there twice"));
            }
            seen.insert(name);
        }
    }

    fn text(&mut self, section: &mut Section, key: &'static str, least: usize, most: usize) -> Maybe<String> {
        let (text, place) = section.text(key, &mut self.problems)?;
        self.bounded(&text, &place, section.key(key), least, most).map(|value| Valued { value, place })
    }

    fn bounded(&mut self, text: &str, place: &Place, key: String, least: usize, most: usize) -> Option<String> {
        let text = text.trim();
        let length = text.chars().count();
        let problem = if length < least {
            format!("must have at least {least} characters")
        } else if length > most {
            format!("must have at most {most} characters, has {length}")
        } else if text.chars().any(char::is_control) {
            "must not contain control characters".to_owned()
        } else {
            return Some(text.to_owned());
        };
        self.problems.add(place, key, problem);
        None
    }

    fn name(&mut self, section: &mut Section, key: &'static str, most: usize) -> Option<String> {
        let (text, place) = section.required(key, &mut self.problems)?;
        self.bounded(&text, &place, section.key(key), 1, most)
    }

    fn flag(&mut self, section: &mut Section, key: &'static str) -> Maybe<bool> {
        let place = section.place.clone();
        section.flag(key, &mut self.problems).map(|value| Valued { value, place })
    }

    fn networks(&mut self, section: &mut Section, key: &'static str) -> Maybe<Vec<Network>> {
        let texts = section.texts(key, &mut self.problems)?;
        let mut networks = Vec::new();
        for (text, place) in texts {
            match Network::parse(text.trim()) {
                Some(network) => networks.push(network),
                None => {
                    let what = format!("`{text}` is no network; give it as address/prefix, for example 10.0.0.0/8");
                    self.problems.add(&place, section.key(key), what);
                }
            }
        }
        Some(Valued { value: networks, place: section.place.clone() })
    }

    fn settings(&mut self, mut section: Section) -> AccountSettingsEntry {
        let mut found = Vec::new();
        let place = section.place.clone();
        for name in ["auto_accept", "file_sharing"] {
            if let Some(on) = section.flag(name, &mut self.problems) {
                found.push((name, Valued { value: i64::from(on), place: place.clone() }));
            }
        }
        for (name, least, most) in SETTING_BOUNDS {
            if let Some(value) = section.number(name, least, most, &mut self.problems) {
                found.push((name, Valued { value, place: place.clone() }));
            }
        }
        let default_response_time = section.text("default_response_time", &mut self.problems).and_then(|(text, place)| {
            let kind = ResponseTimeKind::from_name(&text).filter(|kind| *kind != ResponseTimeKind::Custom);
            if kind.is_none() {
                let what = format!("must be NORMAL, URGENT or PRIORITIZED, is `{text}`");
                self.problems.add(&place, section.key("default_response_time"), what);
            }
            kind.map(|value| Valued { value, place })
        });
        let notification_signature = section.text("notification_signature", &mut self.problems).and_then(|(text, place)| {
            let form = SignatureForm::from_name(&text);
            if form.is_none() {
                let what = format!("must be one of {}, is `{text}`", SignatureForm::ALL.map(SignatureForm::name).join(", "));
                self.problems.add(&place, section.key("notification_signature"), what);
            }
            form.map(|value| Valued { value, place })
        });
        let consumer_language = section.text("consumer_language", &mut self.problems).and_then(|(text, place)| {
            let language = antiphon_app::structured::language(&text);
            language
                .map_err(|what| self.problems.add(&place, section.key("consumer_language"), what))
                .ok()
                .map(|value| Valued { value, place })
        });
        let image_hosts = section.texts("image_hosts", &mut self.problems).and_then(|texts| {
            let place = texts.first().map_or_else(|| section.place.clone(), |(_, place)| place.clone());
            let hosts: Vec<String> = texts.into_iter().map(|(text, _)| text).collect();
            let hosts = antiphon_app::structured::image_hosts(&hosts);
            hosts.map_err(|what| self.problems.add(&place, section.key("image_hosts"), what)).ok().map(|value| Valued { value, place })
        });
        let survey_app = self.text(&mut section, "survey_app", 0, 100);
        section.finish(&mut self.problems);
        AccountSettingsEntry { numbers: found, default_response_time, notification_signature, consumer_language, image_hosts, survey_app }
    }

    fn skill(&mut self, mut section: Section) -> Option<SkillEntry> {
        let name = self.name(&mut section, "name", 80);
        let description = self.text(&mut section, "description", 0, 500);
        let enabled = self.flag(&mut section, "enabled");
        let survey_app = self.text(&mut section, "survey_app", 0, 100);
        section.finish(&mut self.problems);
        Some(SkillEntry { name: name?, description, enabled, survey_app })
    }

    fn profile(&mut self, mut section: Section) -> Option<ProfileEntry> {
        let name = self.name(&mut section, "name", 40);
        if let Some(name) = &name {
            let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !plain || Profile::builtin().iter().any(|profile| profile.name == *name) {
                let what = format!("`{name}` must consist of lower-case letters, digits and underscores, and be none of the built-in ones");
                self.problems.add(&section.place, section.key("name"), what);
            }
        }
        let place = section.place.clone();
        let mut privileges = Vec::new();
        for (text, place) in section.texts("privileges", &mut self.problems).unwrap_or_default() {
            match Privilege::from_name(&text) {
                Some(privilege) => privileges.push(privilege),
                None => {
                    let known: Vec<&str> = Privilege::ALL.iter().map(|privilege| privilege.name()).collect();
                    let what = format!("there is no privilege `{text}`; there are {}", known.join(", "));
                    self.problems.add(&place, section.key("privileges"), what);
                }
            }
        }
        section.finish(&mut self.problems);
        Some(ProfileEntry { name: name?, privileges: Valued { value: privileges, place } })
    }

    fn user(&mut self, mut section: Section) -> Option<UserEntry> {
        let login = self.name(&mut section, "login", 80);
        if login.as_ref().is_some_and(|login| login.contains(char::is_whitespace)) {
            self.problems.add(&section.place, section.key("login"), "must not contain spaces");
        }
        let password = self.password(&mut section, login.as_deref().unwrap_or_default());
        let nickname = self.text(&mut section, "nickname", 1, 80);
        let full_name = self.text(&mut section, "full_name", 0, 120);
        let email = self.text(&mut section, "email", 3, 254);
        if let Some(email) = email.as_ref().filter(|email| !email.value.contains('@') || email.value.contains(char::is_whitespace)) {
            self.problems.add(&email.place, section.key("email"), format!("`{}` is no e-mail address", email.value));
        }
        let kind = section.text("kind", &mut self.problems).and_then(|(text, place)| match text.as_str() {
            "human" => Some(Valued { value: UserKind::Human, place }),
            "bot" => Some(Valued { value: UserKind::Bot, place }),
            _ => {
                self.problems.add(&place, section.key("kind"), format!("must be human or bot, is `{text}`"));
                None
            }
        });
        let profile = self.text(&mut section, "profile", 1, 40);
        let skills = section.texts("skills", &mut self.problems).map(|texts| {
            let place = texts.first().map_or_else(|| section.place.clone(), |(_, place)| place.clone());
            Valued { value: texts.into_iter().map(|(text, _)| text.trim().to_owned()).collect(), place }
        });
        let place = section.place.clone();
        let most = section.number("max_conversations", 0, 1_000, &mut self.problems);
        let max_conversations = most.and_then(|most| u32::try_from(most).ok()).map(|value| Valued { value, place: place.clone() });
        let enabled = self.flag(&mut section, "enabled");
        let keys: Vec<KeyEntry> = self.each(&mut section, "api_key", Self::api_key);
        if keys.len() > 8 {
            self.problems.add(&place, section.key("api_key"), "a user has at most 8 keys");
        }
        let api_keys = (!keys.is_empty()).then(|| Valued { value: keys, place: place.clone() });
        section.finish(&mut self.problems);
        Some(UserEntry {
            login: login?,
            place,
            password,
            nickname,
            full_name,
            email,
            kind,
            profile,
            skills,
            max_conversations,
            enabled,
            api_keys,
        })
    }

    fn password(&mut self, section: &mut Section, login: &str) -> Maybe<String> {
        let Valued { value: password, place } = self.secret(section, ["password", "password_file", "password_env"])?;
        if password.is_empty() || password.chars().count() > 256 {
            self.problems.add(&place, section.key("password"), "must have 1 to 256 characters");
            return None;
        }
        let policy = LoginPolicy::default();
        for weakness in policy.weaknesses(&password, login) {
            // Whoever runs the installation may: people who change their password later must keep the policy.
            let sentence = weakness_sentence(weakness, &policy);
            self.advice.add(
                &place,
                section.key("password"),
                format!("the password of {login:?} is weak, and taken all the same. {sentence}"),
            );
        }
        Some(Valued { value: password, place })
    }

    /// A secret that stands in the file, in another one, or in the environment.
    fn secret(&mut self, section: &mut Section, [own, in_file, in_variable]: [&'static str; 3]) -> Maybe<String> {
        let given = section.text(own, &mut self.problems);
        let file = section.text(in_file, &mut self.problems);
        let variable = section.text(in_variable, &mut self.problems);
        if usize::from(given.is_some()) + usize::from(file.is_some()) + usize::from(variable.is_some()) > 1 {
            self.problems.add(&section.place, section.key(own), format!("give one of {own}, {in_file} and {in_variable}"));
            return None;
        }
        let (value, place) = if let Some((path, place)) = file {
            match std::fs::read_to_string(&path) {
                Ok(text) => (text.trim_end_matches(['\r', '\n']).to_owned(), place),
                Err(error) => {
                    self.problems.add(&place, section.key(in_file), format!("{path} can't be read: {error}"));
                    return None;
                }
            }
        } else if let Some((name, place)) = variable {
            match variable_of(&name) {
                Some(value) => (value, place),
                None => {
                    self.problems.add(&place, section.key(in_variable), format!("the environment has no variable {name}"));
                    return None;
                }
            }
        } else {
            given?
        };
        Some(Valued { value, place })
    }

    fn api_key(&mut self, mut section: Section) -> Option<KeyEntry> {
        let mut value = |key| {
            let (text, place) = section.required(key, &mut self.problems)?;
            if !(8..=256).contains(&text.trim().chars().count()) {
                self.problems.add(&place, section.key(key), "must have 8 to 256 characters");
                return None;
            }
            Some(text.trim().to_owned())
        };
        let values = [value("app_key"), value("secret"), value("access_token"), value("access_token_secret")];
        section.finish(&mut self.problems);
        let [Some(app_key), Some(secret), Some(token), Some(token_secret)] = values else { return None };
        Some(KeyEntry { values: [app_key, secret, token, token_secret] })
    }

    fn channel(&mut self, section: &mut Section) -> Option<&'static ChannelKind> {
        let (id, place) = section.required("channel", &mut self.problems)?;
        let found = self.channels.iter().map(|channel| channel.describe()).find(|kind| kind.id == id);
        if found.is_none() {
            let known: Vec<&str> = self.channels.iter().map(|channel| channel.describe().id).collect();
            self.problems.add(&place, section.key("channel"), format!("there is no channel `{id}`; there are {}", known.join(", ")));
        }
        found
    }

    /// Values by a channel's fields.
    fn fields(&mut self, section: &mut Section, key: &'static str, declared: &[Field]) -> Vec<(String, Valued<String>)> {
        let mut found = Vec::new();
        for (name, value, place) in section.map(key, &mut self.problems) {
            if let Some(field) = declared.iter().find(|field| field.name == name) {
                let value = value.trim().to_owned();
                if let Some(message) = field.check(&value).err().filter(|_| !value.is_empty()) {
                    self.problems.add(&place, format!("{}.{name}", section.key(key)), message);
                }
                found.push((name, Valued { value, place }));
            } else {
                let known: Vec<&str> = declared.iter().map(|field| field.name).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                self.problems.add(
                    &place,
                    format!("{}.{name}", section.key(key)),
                    format!("the channel has no such field; it takes {known}"),
                );
            }
        }
        found
    }

    /// What the channel itself has to say about its settings.
    fn check_settings(&mut self, kind: &ChannelKind, section: &Section, settings: &[(String, Valued<String>)]) {
        let Some(channel) = self.channels.iter().find(|channel| channel.describe().id == kind.id) else { return };
        for (name, set) in settings.iter().filter(|(_, set)| !set.value.is_empty()) {
            if let Err(message) = channel.check_setting(name, &set.value) {
                self.problems.add(&set.place, format!("{}.{name}", section.key("settings")), message);
            }
        }
    }

    fn channel_app(&mut self, mut section: Section) -> Option<ChannelAppEntry> {
        let channel = self.channel(&mut section);
        let name = self.name(&mut section, "name", 80);
        let credentials = match channel {
            Some(kind) if kind.app_credentials.is_empty() => {
                section.map("credentials", &mut self.problems);
                self.problems.add(&section.place, section.key("channel"), "the channel has no apps: its secrets belong to the source");
                Vec::new()
            }
            Some(kind) => self.fields(&mut section, "credentials", kind.app_credentials),
            None => {
                section.map("credentials", &mut self.problems);
                Vec::new()
            }
        };
        section.finish(&mut self.problems);
        Some(ChannelAppEntry { channel: channel?, name: name?, credentials })
    }

    fn source(&mut self, mut section: Section) -> Option<SourceEntry> {
        let channel = self.channel(&mut section);
        let address = self.name(&mut section, "address", 200);
        let name = self.text(&mut section, "name", 1, 80);
        let skill = self.text(&mut section, "skill", 1, 80);
        let app = self.text(&mut section, "app", 1, 80);
        let enabled = self.flag(&mut section, "enabled");
        let api_base_url = self.text(&mut section, "api_base_url", 1, 500).and_then(|found| self.base_url(found, &section));
        let (credentials, settings) = match channel {
            Some(kind) => {
                let settings = self.fields(&mut section, "settings", kind.settings);
                self.check_settings(kind, &section, &settings);
                (self.fields(&mut section, "credentials", kind.credentials), settings)
            }
            None => {
                section.map("credentials", &mut self.problems);
                section.map("settings", &mut self.problems);
                (Vec::new(), Vec::new())
            }
        };
        let place = section.place.clone();
        section.finish(&mut self.problems);
        Some(SourceEntry { channel: channel?, address: address?, place, name, skill, app, enabled, api_base_url, credentials, settings })
    }

    fn base_url(&mut self, found: Valued<String>, section: &Section) -> Maybe<String> {
        let plain = url::Url::parse(&found.value).is_ok_and(|url| {
            let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
            matches!(url.scheme(), "http" | "https") && url.has_host() && bare
        });
        if !plain {
            self.problems.add(&found.place, section.key("api_base_url"), "must be an http or https address such as http://127.0.0.1:9999");
            return None;
        }
        Some(Valued { value: found.value.trim_end_matches('/').to_owned(), place: found.place })
    }

    fn app(&mut self, mut section: Section) -> Option<AppEntry> {
        let client_id = self.name(&mut section, "client_id", 64);
        if client_id.as_ref().is_some_and(|id| !id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))) {
            self.problems.add(&section.place, section.key("client_id"), "must consist of letters, digits, dots, dashes and underscores");
        }
        let client_secret = self.text(&mut section, "client_secret", 8, 256);
        let name = self.text(&mut section, "name", 1, 128);
        let skill = self.text(&mut section, "skill", 1, 80);
        let enabled = self.flag(&mut section, "enabled");
        let mut settings = serde_json::Map::new();
        let scope = self.text(&mut section, "scope", 1, 200).map_or_else(|| "msg.consumer".to_owned(), |scope| scope.value);
        settings.insert("scope".to_owned(), scope.into());
        if let Some(retention) = section.number("retention_time_s", 0, i64::MAX, &mut self.problems) {
            settings.insert("retention_time_s".to_owned(), retention.into());
        }
        for (name, most) in [("display_name", 128), ("description", 256), ("logo_uri", 1_024), ("entry_uri", 1_024)] {
            if let Some(text) = self.text(&mut section, name, 0, most) {
                settings.insert(name.to_owned(), text.value.into());
            }
        }
        for name in ["grant_types", "redirect_uris", "response_types"] {
            if let Some(texts) = section.texts(name, &mut self.problems) {
                settings.insert(name.to_owned(), texts.into_iter().map(|(text, _)| text).collect());
            }
        }
        if let Some(signature) = self.text(&mut section, "signature", 1, 20) {
            settings.insert("signature".to_owned(), signature.value.into());
        }
        if let Some(on) = self.flag(&mut section, "quick_launch_enabled") {
            settings.insert("quick_launch_enabled".to_owned(), on.value.into());
        }
        for name in ["capabilities", "webhooks"] {
            let Some(table) = section.section(name, &mut self.problems) else { continue };
            let json = table.entries.into_iter().map(|(inner, item)| (inner, self.json(item))).collect();
            settings.insert(name.to_owned(), serde_json::Value::Object(json));
        }
        let place = section.place.clone();
        section.finish(&mut self.problems);
        let settings = Valued { value: serde_json::Value::Object(settings).to_string(), place: place.clone() };
        Some(AppEntry { client_id: client_id?, place, client_secret, name, skill, enabled, settings })
    }

    /// What apps say of themselves, and where they are notified: as the admin API would take it.
    fn endpoints(&mut self, apps: &[AppEntry], allow: &[Network]) {
        for app in apps {
            let settings = serde_json::from_str(&app.settings.value).unwrap_or_default();
            let notifications = ConnectorAppSettings::check(&settings, allow).err();
            for problem in notifications.into_iter().chain(Manifest::check(&settings).err()).flatten() {
                self.problems.add(&app.place, format!("account.app.{}", problem.field), problem.message);
            }
        }
    }

    fn json(&mut self, item: Item) -> serde_json::Value {
        match item.value {
            Value::Text(text) => text.into(),
            Value::Number(number) => number.into(),
            Value::Flag(flag) => flag.into(),
            Value::List(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Table(section) => {
                serde_json::Value::Object(section.entries.into_iter().map(|(name, item)| (name, self.json(item))).collect())
            }
            Value::Other(kind) => {
                self.problems.add(&item.place, "account.app", format!("must not hold {kind}"));
                serde_json::Value::Null
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "password_env and secret_env name a variable of the environment")]
fn variable_of(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
