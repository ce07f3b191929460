//! Deletes what has aged out, in small bites, so that no transaction grows long.

use super::apply::ANSWER_MS;
use super::failure::Failure;
use super::rows::configuration::decode_account;
use antiphon_app::ports::store::Swept;
use antiphon_domain::{AccountId, Timestamp};
use rusqlite::{Connection, params};

/// How many rows of each kind one call looks at: some milliseconds of the writer's time.
pub const BITE: i64 = 250;
/// For how long a vendor's item is guarded, in milliseconds.
pub const GUARD_MS: i64 = 35 * DAY_MS;
const DAY_MS: i64 = 24 * 3600 * 1000;

pub const GUARDS: &str = "SELECT item, account, hash, at FROM guard_items ORDER BY item LIMIT ?1";
pub const ANSWERS: &str = "DELETE FROM answers WHERE (account, caller, key) IN
    (SELECT account, caller, key FROM answers WHERE at <= ?1 ORDER BY at LIMIT ?2)";
pub const SESSIONS: &str = "DELETE FROM sessions WHERE token_hash IN
    (SELECT token_hash FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
pub const APP_GRANTS: &str = "DELETE FROM app_grants WHERE token_hash IN
    (SELECT token_hash FROM app_grants WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
pub const CHANNEL_LOG: &str = "DELETE FROM channel_log WHERE number IN
    (SELECT number FROM channel_log INDEXED BY channel_log_id WHERE account = ?1 ORDER BY id LIMIT ?2) AND at < ?3";

/// An account's apps with notifications, from one to the next by one search each.
pub const NOTIFIED: &str = "WITH RECURSIVE of (app) AS (
        SELECT min(app) FROM notifications WHERE account = ?1
        UNION ALL
        SELECT (SELECT min(n.app) FROM notifications n WHERE n.account = ?1 AND n.app > of.app) FROM of WHERE of.app IS NOT NULL
    ) SELECT app FROM of WHERE app IS NOT NULL";
pub const NOTIFICATIONS: &str = "DELETE FROM notifications WHERE account = ?1 AND app = ?2 AND id IN
    (SELECT id FROM notifications WHERE account = ?1 AND app = ?2 ORDER BY id LIMIT ?3) AND at < ?4";
pub const OLDEST_LOG: &str = "DELETE FROM channel_log WHERE number IN (SELECT number FROM channel_log ORDER BY number LIMIT ?1)";

/// Runs inside the writer's transaction. `log_rows` of the channel log's oldest rows go whatever their age.
pub fn sweep(connection: &Connection, now: Timestamp, log_rows: u64) -> Result<Swept, Failure> {
    let kinds = [
        guards(connection, now.0.saturating_sub(GUARD_MS))?,
        connection.prepare_cached(ANSWERS)?.execute(params![now.0.saturating_sub(ANSWER_MS), BITE])?,
        connection.prepare_cached(SESSIONS)?.execute(params![now.0, BITE])?,
        connection.prepare_cached(APP_GRANTS)?.execute(params![now.0, BITE])?,
        logs(connection, now)?,
        connection.prepare_cached(OLDEST_LOG)?.execute([i64::try_from(log_rows).unwrap_or(BITE).min(BITE)])?,
    ];
    Ok(Swept { rows: kinds.iter().sum::<usize>() as u64, more: kinds.contains(&(BITE as usize)) })
}

fn guards(connection: &Connection, until: i64) -> Result<usize, Failure> {
    let mut oldest = connection.prepare_cached(GUARDS)?;
    let aged: Vec<(i64, i64, i64)> = oldest
        .query_map([BITE], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, i64>(3)?)))?
        .filter_map(|row| row.map(|(item, account, hash, at)| (at < until).then_some((item, account, hash))).transpose())
        .collect::<Result<_, _>>()?;
    let mut narrow = connection.prepare_cached("DELETE FROM guards WHERE account = ?1 AND hash = ?2 AND item = ?3")?;
    let mut wide = connection.prepare_cached("DELETE FROM guard_items WHERE item = ?1")?;
    for (item, account, hash) in &aged {
        narrow.execute([account, hash, item])?;
        wide.execute([item])?;
    }
    Ok(aged.len())
}

/// The channel log, and the log of notifications, which is kept as long.
fn logs(connection: &Connection, now: Timestamp) -> Result<usize, Failure> {
    let mut accounts = connection.prepare_cached("SELECT number, id, data FROM accounts WHERE data IS NOT NULL")?;
    let kept: Vec<(i64, String, Vec<u8>)> =
        accounts.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
    // Ids ascend in time, so an account's oldest entries come first.
    let mut delete = connection.prepare_cached(CHANNEL_LOG)?;
    let mut left = BITE;
    for (number, id, data) in kept {
        let id: AccountId = id.parse().map_err(|_| Failure::corrupt("an account's id is malformed"))?;
        let days = decode_account(id, &data)?.settings.channel_log_days;
        let until = now.0.saturating_sub(days.saturating_mul(DAY_MS));
        left -= delete.execute(params![number, left, until])? as i64;
        if left > 0 {
            left -= notifications(connection, number, left, until)?;
        }
        if left <= 0 {
            break;
        }
    }
    Ok((BITE - left) as usize)
}

/// Also those that still wait: by then nobody would send them any more.
fn notifications(connection: &Connection, account: i64, most: i64, until: i64) -> Result<i64, Failure> {
    let apps: Vec<i64> = connection.prepare_cached(NOTIFIED)?.query_map([account], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut delete = connection.prepare_cached(NOTIFICATIONS)?;
    let mut gone = 0;
    for app in apps {
        gone += delete.execute(params![account, app, most - gone, until])? as i64;
        if gone >= most {
            break;
        }
    }
    Ok(gone)
}
