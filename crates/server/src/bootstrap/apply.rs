//! Commits plans: hashes passwords, gives users their permanent ids, one unit of work per account.

use super::plan::{AppliedHashes, LoginChange, Plan, plan};
use super::read::Bootstrap;
use crate::document::Problems;
use antiphon_app::ports::store::{Login, UnitOfWork, Write};
use antiphon_app::ports::{Clock, Ids, Secrets, Store};
use antiphon_domain::login::LoginPolicy;
use antiphon_domain::{AccountId, Pid, UserId};
use anyhow::Context;
use futures_util::future::try_join_all;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Accounts that were made or changed.
    pub accounts: usize,
    /// Objects and values written in them.
    pub writes: usize,
}

/// Applies a file to the store; `problems` are those of reading it.
///
/// # Errors
/// All problems of the file with what there is (nothing is changed then), or the store's refusal.
pub async fn apply(
    bootstrap: &Bootstrap,
    mut problems: Problems,
    store: &dyn Store,
    secrets: &dyn Secrets,
    ids: &dyn Ids,
    clock: &dyn Clock,
) -> anyhow::Result<Applied> {
    let rows = store.directory().await?;
    let mut applied = AppliedHashes::new();
    for entry in &bootstrap.accounts {
        applied.insert(entry.id.clone(), store.applied(&entry.id).await?.into_iter().collect());
    }
    let now = clock.now();
    // A keyed hash: what is kept of a password in the file must not be open to guessing.
    let hash = |path: &str, value: &str| secrets.sign("bootstrap value", format!("{path}\n{value}").as_bytes());
    let plans = plan(bootstrap, &rows, &applied, &hash, &mut || ids.ascending(now), now).unwrap_or_else(|found| {
        problems.0.extend(found.0);
        Vec::new()
    });
    if !problems.0.is_empty() {
        problems.sort();
        return Err(problems.into());
    }
    let mut done = Applied::default();
    for plan in plans {
        let unit = unit_of(plan, store, secrets, ids).await?;
        done.accounts += 1;
        done.writes += unit.writes.len();
        let account = unit.account.clone();
        store.commit(unit).await.with_context(|| format!("account {account} could not be set up"))?;
    }
    Ok(done)
}

async fn unit_of(plan: Plan, store: &dyn Store, secrets: &dyn Secrets, ids: &dyn Ids) -> anyhow::Result<UnitOfWork> {
    let mut unit = UnitOfWork::new(plan.account.clone());
    for mut write in plan.writes {
        if let Write::PutUser(user) = &mut write
            && user.pid == Pid([0; 16])
        {
            user.pid = ids.pid();
        }
        unit.write(write);
    }
    // Hashing is slow on purpose: all at once, as many as the processors take.
    let logins = try_join_all(plan.logins.into_iter().map(|change| login_of(&plan.account, change, store, secrets))).await?;
    let after_users = unit.writes.iter().rposition(|write| matches!(write, Write::PutUser(_))).map_or(0, |at| at + 1);
    unit.writes.splice(after_users..after_users, logins.into_iter().map(Write::PutLogin));
    Ok(unit)
}

async fn login_of(account: &AccountId, change: LoginChange, store: &dyn Store, secrets: &dyn Secrets) -> anyhow::Result<Login> {
    let mut login = store.login(account, change.user).await?.unwrap_or_else(|| empty_login(change.user));
    if let Some(password) = change.password {
        let hash = secrets.hash_password(&password).await;
        set_password(&mut login, hash);
    }
    if let Some(keys) = change.api_keys {
        login.api_keys = keys;
    }
    Ok(login)
}

/// Puts a new password's hash in, keeps the old one in the history, and lifts a lock.
pub fn set_password(login: &mut Login, hash: String) {
    let earlier = login.password_hash.replace(hash);
    login.history.splice(0..0, earlier);
    login.history.truncate(LoginPolicy::default().history);
    login.failures = 0;
    login.locked_until = None;
}

/// A user who can't sign in yet.
pub fn empty_login(user: UserId) -> Login {
    Login { user, password_hash: None, history: Vec::new(), failures: 0, locked_until: None, last_login_at: None, api_keys: Vec::new() }
}
