//! What the bootstrap file promises: every problem with its line, and values that survive until the file's own value changes.

use super::{Applied, apply, read};
use crate::adapters::{SealedSecrets, SystemIds};
use antiphon_app::ports::store::{AccountRows, ConnectorApp, Login, ProviderKeys, UnitOfWork, Write};
use antiphon_app::ports::{Clock, Secrets, Store};
use antiphon_domain::account::SkillSurvey;
use antiphon_domain::conversation::ResponseTimeKind;
use antiphon_domain::{AccountId, Timestamp, User};
use antiphon_store::SqliteStore;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000)
    }

    fn sleep_until(&self, _at: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn ticks_us(&self) -> u64 {
        0
    }
}

const GOOD: &str = r#"[[account]]
id = "12345678"
name = "Acme"
timezone = "Europe/Berlin"
default_skill = "General"
allow_private_endpoints = ["127.0.0.0/8"]

[account.settings]
auto_accept = true
ring_expiration_s = 30

[[account.skill]]
name = "General"

[[account.user]]
login = "agent1"
password = "correct-horse-9A"
nickname = "Agent One"
kind = "human"
profile = "agent"
skills = ["General"]
max_conversations = 10

[[account.user]]
login = "robot"
kind = "bot"
[[account.user.api_key]]
app_key = "key-0001"
secret = "secret-1"
access_token = "token-01"
access_token_secret = "tsecret1"

[[account.channel_app]]
channel = "facebook_messenger"
name = "Acme app"
[account.channel_app.credentials]
app_id = "1"
app_secret = "hush"
verify_token = "v"

[[account.source]]
channel = "facebook_messenger"
name = "Page"
address = "1001"
app = "Acme app"
[account.source.credentials]
page_access_token = "EAAP"

[[account.source]]
channel = "twilio_sms"
name = "Support line"
address = "+15005550006"
skill = "General"
api_base_url = "http://127.0.0.1:9999"
[account.source.credentials]
account_sid = "AC0123"
auth_token = "t0ken"

[[account.app]]
client_id = "my-connector"
client_secret = "client-secret"
name = "My connector"
skill = "General"
retention_time_s = 3600
[account.app.webhooks]
"ms.MessagingEventNotification.ContentEvent" = { endpoint = "https://example.com/hook" }
"#;

struct Bench {
    store: SqliteStore,
    secrets: Arc<SealedSecrets>,
}

impl Bench {
    fn new() -> Self {
        let secrets = Arc::new(SealedSecrets::new(Zeroizing::new([7; 32])));
        let store = SqliteStore::in_memory(Arc::clone(&secrets) as _).expect("a temporary store");
        Self { store, secrets }
    }

    async fn apply(&self, text: &str) -> Result<Applied, String> {
        let (file, problems, _) = read("file.toml", text, &antiphon_channels::list::all());
        let done = apply(&file, problems, &self.store, &*self.secrets, &SystemIds::new(), &Still).await;
        done.map_err(|error| error.to_string())
    }

    async fn rows(&self) -> AccountRows {
        let mut rows = self.store.directory().await.expect("readable");
        rows.accounts.remove(0)
    }

    async fn login(&self, user: &User) -> Login {
        self.store.login(&account(), user.id).await.expect("readable").expect("it was made with the user")
    }
}

fn account() -> AccountId {
    "12345678".parse().expect("a good id")
}

#[tokio::test]
async fn response_times_and_surveys_are_set() {
    let bench = Bench::new();
    let settings = "ring_expiration_s = 30\nurgent_response_time_s = 120\ndefault_response_time = \"PRIORITIZED\"\nsurvey_app = \"bot\"\nnotification_signature = \"sha256_hex\"";
    let file = GOOD.replacen("ring_expiration_s = 30", settings, 1);
    let file = file.replacen("[[account.skill]]\nname = \"General\"", "[[account.skill]]\nname = \"General\"\nsurvey_app = \"\"", 1);
    bench.apply(&file).await.expect("a good file");
    let rows = bench.rows().await;
    let settings = &rows.account.settings;
    assert_eq!((settings.urgent_response_time_s, settings.default_response_time), (120, ResponseTimeKind::Prioritized));
    assert_eq!(settings.notification_signature.name(), "sha256_hex");
    assert_eq!((settings.survey_app.as_deref(), &rows.skills[0].survey), (Some("bot"), &SkillSurvey::Off));
    let wrong = GOOD.replacen("ring_expiration_s = 30", "default_response_time = \"CUSTOM\"", 1);
    let problems = bench.apply(&wrong).await.expect_err("refused");
    assert!(problems.to_string().contains("must be NORMAL, URGENT or PRIORITIZED, is `CUSTOM`"), "{problems}");
}

#[tokio::test]
async fn everything_that_the_file_can_say_is_made() {
    let bench = Bench::new();
    bench.apply(GOOD).await.expect("a good file");
    let rows = bench.rows().await;
    assert_eq!((rows.account.name.as_str(), rows.account.timezone.as_str()), ("Acme", "Europe/Berlin"));
    assert_eq!(rows.account.default_skill, Some(rows.skills[0].id));
    assert_eq!(rows.account.allow_private_endpoints.len(), 1);
    assert!(rows.account.settings.auto_accept && rows.account.settings.ring_expiration_s == 30);
    let agent = rows.users.iter().find(|user| user.login == "agent1").expect("agent1");
    assert_eq!(
        (agent.nickname.as_str(), agent.profile.as_str(), agent.skills.as_slice()),
        ("Agent One", "agent", &[rows.skills[0].id][..])
    );
    let hash = bench.login(agent).await.password_hash.expect("a password");
    assert!(bench.secrets.check_password("correct-horse-9A", &hash).await);
    let robot = rows.users.iter().find(|user| user.login == "robot").expect("robot");
    assert_ne!(agent.pid, robot.pid);
    assert_eq!(bench.login(robot).await.api_keys[0].access_token_secret, "tsecret1");
    let page = rows.sources.iter().find(|source| source.address == "1001").expect("the page");
    assert_eq!(page.app, Some(rows.channel_apps[0].id));
    let line = rows.sources.iter().find(|source| source.address == "+15005550006").expect("the number");
    assert_eq!(line.credentials.get("auth_token").map(String::as_str), Some("t0ken"));
    assert_eq!(line.api_base_url.as_deref(), Some("http://127.0.0.1:9999"));
    assert!(rows.connector_apps[0].settings.contains("https://example.com/hook"));
    let app = rows.sources.iter().find(|source| source.channel == "connector_api").expect("an app is a source");
    assert_eq!((app.address.as_str(), app.name.as_str(), app.skill), ("my-connector", "My connector", Some(rows.skills[0].id)));
    assert!(app.enabled);
    let audit = bench.store.audit(&account(), None, 100).await.expect("readable");
    assert!(
        audit
            .iter()
            .all(|row| !["t0ken", "hush", "correct-horse-9A", "EAAP", "client-secret"].iter().any(|secret| row.detail.contains(secret)))
    );
    assert!(audit.iter().any(|row| &*row.action == "source.created"));
}

#[tokio::test]
async fn what_was_changed_by_hand_survives_until_the_files_value_changes() {
    let bench = Bench::new();
    bench.apply(GOOD).await.expect("a good file");
    assert_eq!(bench.apply(GOOD).await, Ok(Applied::default()), "the second start changes nothing");

    let mut unit = UnitOfWork::new(account());
    let rows = bench.rows().await;
    let agent = rows.users.iter().find(|user| user.login == "agent1").expect("agent1");
    let mut line = rows.sources.iter().find(|source| source.address == "+15005550006").expect("the number").clone();
    line.credentials.insert("auth_token".to_owned(), "rotated".to_owned());
    let own_hash = bench.secrets.hash_password("my-own-password-1").await;
    unit.write(Write::PutUser(User { nickname: "Renamed".to_owned(), ..agent.clone() }));
    unit.write(Write::PutLogin(Login { password_hash: Some(own_hash.clone()), ..bench.login(agent).await }));
    unit.write(Write::PutSource(line));
    bench.store.commit(unit).await.expect("it can be stored");

    // Another value of the same user changes; the ones set by hand stay.
    bench.apply(&GOOD.replace("max_conversations = 10", "max_conversations = 3")).await.expect("a good file");
    let rows = bench.rows().await;
    let agent = rows.users.iter().find(|user| user.login == "agent1").expect("agent1");
    assert_eq!((agent.nickname.as_str(), agent.max_conversations), ("Renamed", 3));
    assert_eq!(bench.login(agent).await.password_hash.as_ref(), Some(&own_hash));
    let line = rows.sources.iter().find(|source| source.address == "+15005550006").expect("the number");
    assert_eq!(line.credentials.get("auth_token").map(String::as_str), Some("rotated"));

    // The file's own values change: they are applied, and the old password stays in the history.
    let renewed = GOOD.replace("t0ken", "t0ken-2").replace("correct-horse-9A", "correct-horse-9B").replace("Agent One", "Agent 1");
    bench.apply(&renewed).await.expect("a good file");
    let rows = bench.rows().await;
    let agent = rows.users.iter().find(|user| user.login == "agent1").expect("agent1");
    assert_eq!((agent.nickname.as_str(), agent.max_conversations), ("Agent 1", 10));
    let login = bench.login(agent).await;
    assert!(bench.secrets.check_password("correct-horse-9B", login.password_hash.as_deref().unwrap_or_default()).await);
    assert_eq!(login.history.first(), Some(&own_hash));
    let line = rows.sources.iter().find(|source| source.address == "+15005550006").expect("the number");
    assert_eq!(line.credentials.get("auth_token").map(String::as_str), Some("t0ken-2"));
}

#[tokio::test]
async fn what_the_file_no_longer_names_stays() {
    let bench = Bench::new();
    bench.apply(GOOD).await.expect("a good file");
    let short = &GOOD[..GOOD.find("[[account.user]]").expect("it has users")];
    assert_eq!(bench.apply(short).await, Ok(Applied::default()));
    let rows = bench.rows().await;
    assert_eq!((rows.users.len(), rows.sources.len()), (2, 3));
}

#[tokio::test]
async fn an_app_of_the_top_level_serves_the_sources_that_name_it() {
    let bench = Bench::new();
    let app = "[[account.channel_app]]\nchannel = \"facebook_messenger\"\nname = \"Acme app\"\n[account.channel_app.credentials]\n\
        app_id = \"1\"\napp_secret = \"hush\"\nverify_token = \"v\"\n";
    let shared = GOOD.replace(app, "") + &app.replace("account.channel_app", "channel_app");
    bench.apply(&shared).await.expect("a good file");
    let rows = bench.rows().await;
    let page = rows.sources.iter().find(|source| source.address == "1001").expect("the page");
    assert_eq!(page.app, Some(rows.channel_apps[0].id));
}

/// Replaces text of the good file, and says which problem that makes.
#[track_caller]
fn check(replaced: &str, by: &str, expected: &str) {
    let texts = problems_with(replaced, by);
    assert!(texts.iter().any(|text| text.starts_with(expected)), "`{expected}` is not in\n{}", texts.join("\n"));
}

fn problems_with(replaced: &str, by: &str) -> Vec<String> {
    assert!(GOOD.contains(replaced), "the good file has no {replaced}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file.toml");
    std::fs::write(&path, GOOD.replacen(replaced, by, 1)).expect("it can be written");
    let (problems, _) = super::check(&path, &antiphon_channels::list::all());
    problems.iter().map(|problem| problem.to_string().replace(&path.display().to_string(), "FILE")).collect()
}

#[test]
fn notifications_over_plain_http_stay_in_allowed_networks() {
    assert_eq!(problems_with("https://example.com/hook", "http://127.0.0.2/hook"), Vec::<String>::new());
    assert_eq!(problems_with("https://example.com/hook", "http://192.0.2.1/hook").len(), 1);
}

#[test]
fn each_problem_is_named_with_its_place() {
    check("id = \"12345678\"", "id = \"1 2\"", "FILE:2: account.id: `1 2` is not an account id");
    check("id = \"12345678\"\n", "", "FILE:1: account.id: is missing");
    check("name = \"Acme\"", "colour = \"red\"", "FILE:3: account.colour: there is no such key; known here: id, name,");
    check("Europe/Berlin", "Mars/Olympus", "FILE:4: account.timezone: `Mars/Olympus` is no IANA time zone");
    check("default_skill = \"General\"", "default_skill = \"Sales\"", "FILE:5: account.default_skill: there is no skill `Sales`");
    check("127.0.0.0/8", "127.0.0.0/80", "FILE:6: account.allow_private_endpoints: `127.0.0.0/80` is no network");
    check(
        "ring_expiration_s = 30",
        "ring_expiration_s = 1",
        "FILE:10: account.settings.ring_expiration_s: must be between 5 and 86400, is 1",
    );
    check("ring_expiration_s = 30", "notification_signature = \"md5\"", "FILE:10: account.settings.notification_signature: must be one of");
    check("ring_expiration_s = 30", "ring_time = 30", "FILE:10: account.settings.ring_time: there is no such key");
    check("password = \"correct-horse-9A\"", "password = 5", "FILE:17: account.user.password: must be a string");
    check(
        "password = \"correct-horse-9A\"",
        "password_env = \"NO_SUCH_VARIABLE\"",
        "FILE:17: account.user.password_env: the environment has no",
    );
    check(
        "password = \"correct-horse-9A\"",
        "password_file = \"/no/such/file\"",
        "FILE:17: account.user.password_file: /no/such/file can't be",
    );
    check("kind = \"human\"", "kind = \"alien\"", "FILE:19: account.user.kind: must be human or bot, is `alien`");
    check(
        "profile = \"agent\"",
        "profile = \"boss\"",
        "FILE:20: account.user.profile: there is no profile `boss`; there are agent, agent_manager",
    );
    check("skills = [\"General\"]", "skills = [\"Sales\"]", "FILE:21: account.user.skills: there is no skill `Sales`");
    check("max_conversations = 10", "max_conversations = -1", "FILE:22: account.user.max_conversations: must be between 0 and 1000");
    check("login = \"robot\"", "login = \"AGENT1\"", "FILE:24: account.user.login: there are two users `AGENT1`");
    check("secret = \"secret-1\"\n", "", "FILE:27: account.user.api_key.secret: is missing");
    check(
        "channel = \"twilio_sms\"",
        "channel = \"pigeon_post\"",
        "FILE:50: account.source.channel: there is no channel `pigeon_post`; there are",
    );
    let web = |settings: &str| {
        format!(
            "[[account.source]]\nchannel = \"web\"\nname = \"Shop\"\naddress = \"shop\"\n[account.source.settings]\n{settings}\n[[account.app]]"
        )
    };
    check("[[account.app]]", &web("color = \"teal\""), "FILE:64: account.source.settings.color: must be a colour as #rrggbb");
    check("[[account.app]]", &web("theme = \"blue\""), "FILE:64: account.source.settings.theme: must be one of auto, light, dark");
    check("app = \"Acme app\"", "app = \"Other\"", "FILE:45: account.source.app: there is no channel_app `Other`");
    check(
        "auth_token = \"t0ken\"\n",
        "",
        "FILE:49: account.source.credentials.auth_token: is missing: a source can't be active without it",
    );
    check(
        "auth_token = \"t0ken\"",
        "auth = \"t0ken\"",
        "FILE:57: account.source.credentials.auth: the channel has no such field; it takes account_sid",
    );
    check("app_secret = \"hush\"\n", "", "FILE:40: account.channel_app.credentials.app_secret: is missing");
    check("http://127.0.0.1:9999", "127.0.0.1:9999", "FILE:54: account.source.api_base_url: must be an http or https address");
    check("client_id = \"my-connector\"", "client_id = \"my connector\"", "FILE:59: account.app.client_id: must consist of");
    check(
        "retention_time_s = 3600",
        "retention_time_s = 1.5",
        "FILE:64: account.app.retention_time_s: must be a whole number, is a number with",
    );
    check(
        "retention_time_s = 3600",
        "retention_time_s = 1",
        "FILE:59: account.app.retention_time_s: must be a number of seconds from 2 to 259200",
    );
    check("retention_time_s = 3600", "signature = \"md5\"", "FILE:59: account.app.signature: must be one of sha1_base64, sha1_hex,");
    check(
        "https://example.com/hook",
        "http://10.0.0.1/hook",
        "FILE:59: account.app.webhooks.ms.MessagingEventNotification.ContentEvent.endpoint: must begin with https://",
    );
    check(
        "ms.MessagingEventNotification.ContentEvent",
        "ms.Nothing",
        "FILE:59: account.app.webhooks.ms.Nothing: is no event type; there are ms.MessagingEventNotification.ContentEvent,",
    );
    check(
        "retention_time_s = 3600",
        "redirect_uris = [\"http://example.com/back\"]",
        "FILE:59: account.app.redirect_uris.0: must be an address without a fragment",
    );
    let second = "\n[[account.app]]\nclient_id = \"b\"\nclient_secret = \"client-secret\"\nname = \"My connector\"\n";
    check("/hook\" }\n", &format!("/hook\" }}\n{second}"), "FILE:68: account.app.name: the account has another app named");
    let other = "\n[[account]]\nid = \"2\"\n[[account.app]]\nclient_id = \"my-connector\"\nclient_secret = \"client-secret\"\n";
    check("/hook\" }\n", &format!("/hook\" }}\n{other}"), "FILE:70: account.app.client_id: another account has an active app");
    check("[[account.skill]]", "[account.skill]", "FILE:12: account.skill: must be a list of tables");
    check("name = \"Acme\"", "name = \"Acme", "FILE:3: ");
}

#[tokio::test]
async fn identity_providers_are_applied_once() {
    let bench = Bench::new();
    let provider = "\n[[account.identity_provider]]\nissuer = \"https://shop.example\"\njwks_url = \"https://shop.example/jwks\"\n";
    let file = format!("{GOOD}{provider}audience = \"chat\"\n");
    bench.apply(&file).await.expect("a good file");
    let rows = bench.rows().await;
    let made = &rows.identity_providers[0];
    assert_eq!(made.keys, ProviderKeys::Jwks("https://shop.example/jwks".to_owned()));
    assert_eq!((made.audience.as_deref(), made.enabled), (Some("chat"), true));
    assert_eq!(bench.apply(&file).await, Ok(Applied::default()));
    bench.apply(&file.replace("/jwks", "/keys")).await.expect("a good file");
    assert_eq!(bench.rows().await.identity_providers[0].keys, ProviderKeys::Jwks("https://shop.example/keys".to_owned()));
    let refused = |change: &str| {
        let text = format!("{GOOD}{provider}{change}\n");
        let bench = &bench;
        async move { bench.apply(&text).await.expect_err("a bad file") }
    };
    let both = refused("public_key_pem = \"x\"").await;
    assert!(both.contains("account.identity_provider.jwks_url: give one of jwks_url and public_key_pem"), "{both}");
    let twice = refused(provider).await;
    assert!(twice.contains("account.identity_provider.issuer: `https://shop.example` stands there twice"), "{twice}");
    let plain = bench.apply(&file.replace("https://shop.example/jwks", "http://shop.example/jwks").replace("127.0.0.0/8", "")).await;
    assert!(plain.is_err(), "{plain:?}");
}

#[tokio::test]
async fn an_api_key_is_applied_once_and_stays_revoked() {
    let bench = Bench::new();
    let digits = "0123456789abcdef".repeat(4);
    let key = format!(
        "\n[[account.api_key]]\nname = \"Export\"\nuser = \"Agent1\"\nscopes = [\"users:read\", \"audit:read\"]\nsecret = \"antk_{digits}\"\n"
    );
    let file = format!("{GOOD}{key}networks = [\"10.0.0.0/8\"]\nexpires_at = 1900000000000\n");
    bench.apply(&file).await.expect("a good file");
    let (made, used) = bench.rows().await.api_keys.remove(0);
    assert_eq!((made.hash, made.beginning.clone()), antiphon_app::api_keys::kept_of_secret(&format!("antk_{digits}")));
    assert_eq!((made.user.0, made.expires_at, used), (1, Some(Timestamp(1_900_000_000_000)), None));
    assert_eq!(made.scopes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["users:read", "audit:read"]);
    assert!(made.privileges.contains(&antiphon_domain::Privilege::ViewAudit));
    assert_eq!(bench.apply(&file).await, Ok(Applied::default()));

    bench.apply(&file.replace("\"audit:read\"", "\"skills:write\"")).await.expect("a good file");
    let (changed, _) = bench.rows().await.api_keys.remove(0);
    assert_eq!((changed.id, changed.hash), (made.id, made.hash));
    assert!(!changed.privileges.contains(&antiphon_domain::Privilege::ViewAudit));

    // Revoked by hand: the same secret never comes back, another one is another key.
    let mut unit = UnitOfWork::new(account());
    unit.write(Write::DeleteApiKey(made.id));
    bench.store.commit(unit).await.expect("stored");
    bench.apply(&file).await.expect("a good file");
    assert!(bench.rows().await.api_keys.is_empty());
    bench.apply(&file.replace("antk_0", "antk_1")).await.expect("a good file");
    assert_eq!(bench.rows().await.api_keys.len(), 1);

    for (change, to, expected) in [
        ("antk_0", "antk_x", "account.api_key.secret: must be `antk_` and 64"),
        ("\"audit:read\"", "\"audit:write\"", "account.api_key.scopes: there is no scope `audit:write`; there are users:read"),
        ("user = \"Agent1\"", "user = \"nobody\"", "account.api_key.user: there is no user `nobody`"),
        ("10.0.0.0/8", "10.0.0.0/99", "account.api_key.networks: `10.0.0.0/99` is no network"),
        ("scopes = [\"users:read\", \"audit:read\"]", "scopes = []", "account.api_key.scopes: must name at least one"),
        ("secret = \"antk_", "secret_env = \"ANTIPHON_NO_SUCH_", "account.api_key.secret_env: the environment has no variable"),
    ] {
        let refused = bench.apply(&file.replace(change, to)).await.expect_err(to);
        assert!(refused.contains(expected), "{refused}");
    }
}

#[tokio::test]
async fn an_app_says_of_itself_what_the_admin_api_takes() {
    let bench = Bench::new();
    let more =
        "retention_time_s = 3600\nlogo_uri = \"https://shop.example/logo.png\"\nresponse_types = [\"code\"]\nquick_launch_enabled = true";
    let engagement = "[account.app.capabilities.engagement]\ndesign_window = true\nentry_point = [\"section\"]\n";
    let file = format!("{}{engagement}", GOOD.replace("retention_time_s = 3600", more));
    bench.apply(&file).await.expect("a good file");
    let settings: serde_json::Value = bench.rows().await.connector_apps[0].settings.parse().expect("JSON");
    assert_eq!((&settings["logo_uri"], &settings["quick_launch_enabled"]), (&"https://shop.example/logo.png".into(), &true.into()));
    assert_eq!(settings["response_types"], serde_json::json!(["code"]));
    assert_eq!(settings["capabilities"]["engagement"], serde_json::json!({"design_window": true, "entry_point": ["section"]}));
    let refused = bench.apply(&file.replace("design_window = true", "design_window = 7")).await.expect_err("a bad file");
    assert!(refused.contains("account.app.capabilities.engagement.design_window"), "{refused}");
}

#[tokio::test]
async fn an_app_and_its_source_go_together() {
    let bench = Bench::new();
    bench.apply(GOOD).await.expect("a good file");
    let source = |rows: &AccountRows| rows.sources.iter().find(|source| source.channel == "connector_api").cloned().expect("a source");
    let first = source(&bench.rows().await);
    bench.apply(&GOOD.replace("name = \"My connector\"", "name = \"Ours\"\nenabled = false")).await.expect("a good file");
    let rows = bench.rows().await;
    let changed = source(&rows);
    assert_eq!((changed.id, changed.name.as_str(), changed.enabled), (first.id, "Ours", false));
    assert!(!rows.connector_apps[0].enabled && rows.connector_apps[0].updated_at > rows.connector_apps[0].created_at);

    // Removed by hand: the same file leaves it so, a changed value brings it back.
    let removed = ConnectorApp { removed: true, enabled: false, ..rows.connector_apps[0].clone() };
    let mut unit = UnitOfWork::new(account());
    unit.write(Write::PutConnectorApp(removed)).write(Write::PutSource(antiphon_domain::Source { enabled: false, ..first }));
    bench.store.commit(unit).await.expect("stored");
    bench.apply(&GOOD.replace("name = \"My connector\"", "name = \"Ours\"\nenabled = false")).await.expect("a good file");
    assert!(bench.rows().await.connector_apps[0].removed);
    bench.apply(GOOD).await.expect("a good file");
    let rows = bench.rows().await;
    assert!(!rows.connector_apps[0].removed && rows.connector_apps[0].name == "My connector");
}

#[test]
fn several_problems_come_in_the_order_of_their_lines() {
    let text = GOOD
        .replace("Europe/Berlin", "Mars/Olympus")
        .replace("profile = \"agent\"", "profile = \"boss\"")
        .replace("twilio_sms", "pigeon_post");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file.toml");
    std::fs::write(&path, text).expect("it can be written");
    let (problems, _) = super::check(&path, &antiphon_channels::list::all());
    let lines: Vec<&str> = problems.iter().filter_map(|problem| problem.place.0.rsplit(':').next()).collect();
    assert_eq!(lines, ["4", "20", "50"]);
}

#[test]
fn a_weak_password_is_advice() {
    let (_, problems, advice) = read("file.toml", &GOOD.replace("correct-horse-9A", "secret"), &antiphon_channels::list::all());
    assert_eq!(problems.0, Vec::new());
    assert!(advice.0.iter().any(|hint| hint.key == "account.user.password"), "{advice}");
    assert!(!advice.to_string().contains("secret"), "{advice}");
}
