//! `antiphon account create` and `antiphon user …`: for the first start, and for an administrator who is locked out.
//!
//! They work on the data folder while no server runs on it, through the same plan as the bootstrap file. Each act is audited.

use crate::adapters::{SystemClock, SystemIds};
use crate::bootstrap::{self, AccountEntry, Bootstrap, SkillEntry, UserEntry, Valued};
use crate::cli::say;
use crate::config::Config;
use crate::document::{Place, Problems};
use crate::serve::{Data, OpenData};
use antiphon_app::ports::store::{AccountRows, AuditRow, Login, UnitOfWork, Write};
use antiphon_app::ports::{Clock, Ids, Secrets, Store};
use antiphon_app::session::weakness_sentence;
use antiphon_domain::login::LoginPolicy;
use antiphon_domain::{AccountId, RowId, User, UserKind};
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;

/// An account to be made.
#[derive(Args)]
pub struct NewAccount {
    /// Its id: letters, digits and underscores
    #[arg(long)]
    id: String,
    /// Shown to people
    #[arg(long)]
    name: Option<String>,
    /// IANA time zone
    #[arg(long, default_value = "UTC")]
    timezone: String,
}

/// A user to be made.
#[derive(Args)]
pub struct NewUser {
    #[command(flatten)]
    which: WhichUser,
    /// agent, agent_manager, administrator, or a custom profile
    #[arg(long, default_value = "agent")]
    profile: String,
    /// What consumers see
    #[arg(long)]
    nickname: Option<String>,
    /// human or bot
    #[arg(long, default_value = "human")]
    kind: String,
    /// A skill by name; may be repeated
    #[arg(long = "skill")]
    skills: Vec<String>,
    /// How many conversations at once
    #[arg(long, default_value_t = 10)]
    max_conversations: u32,
    #[command(flatten)]
    password: Password,
}

/// A user by natural key.
#[derive(Args)]
pub struct WhichUser {
    /// The account's id
    #[arg(long)]
    account: String,
    /// The log-in name
    #[arg(long)]
    login: String,
}

/// A user, and where their new password comes from.
#[derive(Args)]
pub struct WhichUserAndPassword {
    #[command(flatten)]
    which: WhichUser,
    #[command(flatten)]
    password: Password,
}

/// Where a password comes from; without any, one is made and printed.
#[derive(Args)]
#[group(multiple = false)]
struct Password {
    /// The password is the first line of standard input
    #[arg(long)]
    password_stdin: bool,
    /// The password is the first line of a file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Password {
    /// The password, and whether it was made here.
    fn read(&self, login: &str) -> anyhow::Result<(String, bool)> {
        let text = if self.password_stdin {
            std::io::read_to_string(std::io::stdin())?
        } else if let Some(path) = &self.password_file {
            std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?
        } else {
            return Ok((made_up(), true));
        };
        let password = text.lines().next().unwrap_or_default().to_owned();
        let policy = LoginPolicy::default();
        let weak: Vec<String> =
            policy.weaknesses(&password, login).into_iter().map(|weakness| weakness_sentence(weakness, &policy)).collect();
        anyhow::ensure!(weak.is_empty(), "the password is too weak. {}", weak.join(" "));
        Ok((password, false))
    }
}

/// A password that keeps the policy: 20 letters and digits in groups, about 100 bits.
pub(super) fn made_up() -> String {
    // No characters that are mistaken for each other.
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let policy = LoginPolicy::default();
    let bytes = SystemIds::new().token();
    let groups: Vec<String> =
        bytes[..20].chunks(5).map(|group| group.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()).collect();
    let password = groups.join("-");
    if policy.weaknesses(&password, "").is_empty() { password } else { made_up() }
}

fn place() -> Place {
    Place("command line".into())
}

fn given<T>(value: T) -> Option<Valued<T>> {
    Some(Valued { value, place: place() })
}

fn entry(id: AccountId) -> AccountEntry {
    AccountEntry {
        id,
        place: place(),
        name: None,
        timezone: None,
        default_skill: None,
        allow_private_endpoints: None,
        settings: Default::default(),
        skills: Vec::new(),
        profiles: Vec::new(),
        users: Vec::new(),
        channel_apps: Vec::new(),
        sources: Vec::new(),
        apps: Vec::new(),
        identity_providers: Vec::new(),
        api_keys: Vec::new(),
    }
}

async fn apply(entry: AccountEntry, data: &Data) -> anyhow::Result<()> {
    let file = Bootstrap { accounts: vec![entry] };
    bootstrap::apply(&file, Problems::default(), &*data.store, &*data.secrets, &SystemIds::new(), &SystemClock::new()).await?;
    Ok(())
}

/// Makes an account with a skill to begin with.
///
/// # Errors
/// For bad values, and when there is one.
pub async fn create_account(config: &Config, new: NewAccount) -> anyhow::Result<()> {
    let id: AccountId = new.id.parse().map_err(|error| anyhow::anyhow!("--id: `{}` is {error}", new.id))?;
    anyhow::ensure!(bootstrap::is_zone(&new.timezone), "--timezone: `{}` is no IANA time zone; for example Europe/Berlin", new.timezone);
    let data = OpenData::default().open(config).await?;
    let rows = data.store.directory().await?;
    anyhow::ensure!(rows.accounts.iter().all(|rows| rows.account.id != id), "--id: there is an account {id} already");
    let mut entry = entry(id.clone());
    entry.name = given(new.name.unwrap_or_else(|| id.to_string()));
    entry.timezone = given(new.timezone);
    entry.default_skill = given("General".to_owned());
    entry.skills.push(SkillEntry { name: "General".to_owned(), description: None, enabled: None, survey_app: None });
    apply(entry, &data).await?;
    close(data).await;
    say(&format!(
        "account {id} is made, with the skill General; next: antiphon user create --account {id} --login … --profile administrator"
    ));
    Ok(())
}

/// Makes a user.
///
/// # Errors
/// For bad values, for an unknown account, and when there is one of that log-in name.
pub async fn create_user(config: &Config, new: NewUser) -> anyhow::Result<()> {
    let kind = match new.kind.as_str() {
        "human" => UserKind::Human,
        "bot" => UserKind::Bot,
        other => anyhow::bail!("--kind: must be human or bot, is `{other}`"),
    };
    let login = new.which.login.trim().to_owned();
    anyhow::ensure!(!login.is_empty() && !login.contains(char::is_whitespace), "--login: must not be empty or contain spaces");
    anyhow::ensure!(new.max_conversations <= 1_000, "--max-conversations: must be between 0 and 1000");
    let (password, made) = new.password.read(&login)?;
    let data = OpenData { existing: true }.open(config).await?;
    let rows = account_rows(&data, &new.which.account).await?;
    anyhow::ensure!(user_of(&rows, &login).is_none(), "--login: there is a user {login} already; see antiphon user set-password");
    let mut entry = entry(rows.account.id.clone());
    entry.users.push(UserEntry {
        login: login.clone(),
        place: place(),
        password: given(password.clone()),
        nickname: given(new.nickname.unwrap_or_else(|| login.clone())),
        full_name: None,
        email: None,
        kind: given(kind),
        profile: given(new.profile),
        skills: given(new.skills),
        max_conversations: given(new.max_conversations),
        enabled: None,
        api_keys: None,
    });
    apply(entry, &data).await?;
    close(data).await;
    say(&format!("user {login} is made"));
    tell(made, &password);
    Ok(())
}

/// Gives a user another password.
///
/// # Errors
/// For a weak password, and when there is no such user.
pub async fn set_password(config: &Config, with: WhichUserAndPassword) -> anyhow::Result<()> {
    let (password, made) = with.password.read(&with.which.login)?;
    let data = OpenData { existing: true }.open(config).await?;
    let rows = account_rows(&data, &with.which.account).await?;
    let user = known(&rows, &with.which.login)?;
    let mut login = login_of(&data, &rows, user).await?;
    let hash = data.secrets.hash_password(&password).await;
    bootstrap::set_password(&mut login, hash);
    commit(&data, &rows, user, login, "user.password_set").await?;
    close(data).await;
    say(&format!("the password of {} is set", user.login));
    tell(made, &password);
    Ok(())
}

/// Lifts a user's lock.
///
/// # Errors
/// When there is no such user.
pub async fn unlock(config: &Config, which: WhichUser) -> anyhow::Result<()> {
    let data = OpenData { existing: true }.open(config).await?;
    let rows = account_rows(&data, &which.account).await?;
    let user = known(&rows, &which.login)?;
    let login = login_of(&data, &rows, user).await?;
    commit(&data, &rows, user, Login { failures: 0, locked_until: None, ..login }, "user.unlocked").await?;
    close(data).await;
    say(&format!("{} can sign in again", user.login));
    Ok(())
}

fn tell(made: bool, password: &str) {
    if made {
        say(&format!("password: {password}"));
    }
}

async fn close(data: Data) {
    data.store.close().await;
}

async fn account_rows(data: &Data, account: &str) -> anyhow::Result<AccountRows> {
    let rows = data.store.directory().await?;
    let known: Vec<String> = rows.accounts.iter().map(|rows| rows.account.id.to_string()).collect();
    let found = rows.accounts.into_iter().find(|rows| rows.account.id.as_str() == account);
    found.with_context(|| format!("--account: there is no account `{account}`; there are: {}", known.join(", ")))
}

fn user_of<'r>(rows: &'r AccountRows, login: &str) -> Option<&'r User> {
    rows.users.iter().find(|user| user.login.to_lowercase() == login.to_lowercase())
}

fn known<'r>(rows: &'r AccountRows, login: &str) -> anyhow::Result<&'r User> {
    user_of(rows, login).with_context(|| format!("--login: the account {} has no user `{login}`", rows.account.id))
}

async fn login_of(data: &Data, rows: &AccountRows, user: &User) -> anyhow::Result<Login> {
    let found = data.store.login(&rows.account.id, user.id).await?;
    Ok(found.unwrap_or_else(|| bootstrap::empty_login(user.id)))
}

async fn commit(data: &Data, rows: &AccountRows, user: &User, login: Login, action: &str) -> anyhow::Result<()> {
    let now = SystemClock::new().now();
    let mut unit = UnitOfWork::new(rows.account.id.clone());
    unit.write(Write::PutLogin(login));
    unit.write(Write::AddAudit(AuditRow {
        id: RowId(SystemIds::new().ascending(now)),
        at: now,
        by: None,
        by_key: None,
        action: action.into(),
        object_kind: "user".into(),
        object_id: user.id.to_string().into(),
        detail: "{}".into(),
    }));
    Ok(data.store.commit(unit).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_passwords_keep_the_policy() {
        for _ in 0..200 {
            let password = made_up();
            assert_eq!(password.len(), 23, "{password}");
            assert!(LoginPolicy::default().weaknesses(&password, "admin").is_empty(), "{password}");
        }
    }
}
