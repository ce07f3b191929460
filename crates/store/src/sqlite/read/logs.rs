//! The logs that an administrator pages through, newest first.

use super::super::failure::Failure;
use super::super::prepare::context;
use super::super::reader::View;
use super::super::rows::codec::{ordered, unordered};
use super::super::rows::log as rows;
use super::bound;
use antiphon_app::ports::store::{AuditRow, ChannelLogFilter, ChannelLogRow, DeadLetterRow};
use antiphon_domain::{AccountId, RowId};
use rusqlite::{Row, params};

pub const DEAD_LETTERS: &str =
    "SELECT id, redriven_at, data, sealed FROM dead_letters WHERE account = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
pub const DEAD_LETTER: &str = "SELECT id, redriven_at, data, sealed FROM dead_letters WHERE account = ?1 AND id = ?2";
pub const AUDIT: &str = "SELECT id, data FROM audit WHERE account = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
pub const LOG: &str = "SELECT id, data FROM channel_log INDEXED BY channel_log_id
    WHERE account = ?1 AND id < ?2 AND (?4 IS NULL OR ?5 IS NULL OR ?6 IS NULL) AND (?7 IS NULL OR inbound = ?7)
    ORDER BY id DESC LIMIT ?3";
pub const LOG_OF_CONVERSATION: &str = "SELECT id, data FROM channel_log INDEXED BY channel_log_conversation
    WHERE account = ?1 AND id < ?2 AND conversation = ?4 AND conversation IS NOT NULL
    AND (?7 IS NULL OR inbound = ?7) AND (?5 IS NULL OR delivery = ?5) AND (?6 IS NULL OR source = ?6) ORDER BY id DESC LIMIT ?3";
pub const LOG_OF_DELIVERY: &str = "SELECT id, data FROM channel_log INDEXED BY channel_log_delivery
    WHERE account = ?1 AND id < ?2 AND (?4 IS NULL OR conversation = ?4)
    AND delivery = ?5 AND delivery IS NOT NULL AND (?6 IS NULL OR source = ?6) AND (?7 IS NULL OR inbound = ?7)
    ORDER BY id DESC LIMIT ?3";
pub const LOG_OF_SOURCE: &str = "SELECT id, data FROM channel_log INDEXED BY channel_log_source
    WHERE account = ?1 AND id < ?2 AND (?4 IS NULL OR conversation = ?4)
    AND (?7 IS NULL OR inbound = ?7) AND (?5 IS NULL OR delivery = ?5) AND source = ?6 AND source IS NOT NULL
    ORDER BY id DESC LIMIT ?3";
pub const LOG_SPAN: &str = "SELECT (SELECT max(number) FROM channel_log) - (SELECT min(number) FROM channel_log) + 1";
pub const LOG_COUNT: &str = "SELECT count(*) FROM channel_log";

/// Where a page begins: below this.
fn below(after: Option<RowId>) -> i64 {
    after.map_or(i64::MAX, |id| ordered(id.0))
}

impl View<'_> {
    pub fn dead_letters(&self, account: &AccountId, after: Option<RowId>, limit: usize) -> Result<Vec<DeadLetterRow>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(DEAD_LETTERS)?;
        let mut rows = statement.query(params![number, below(after), bound(limit)])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(self.open_dead_letter(account, row)?);
        }
        Ok(all)
    }

    pub fn dead_letter(&self, account: &AccountId, id: RowId) -> Result<Option<DeadLetterRow>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(DEAD_LETTER)?;
        let mut rows = statement.query(params![number, ordered(id.0)])?;
        rows.next()?.map(|row| self.open_dead_letter(account, row)).transpose()
    }

    fn open_dead_letter(&self, account: &AccountId, row: &Row<'_>) -> Result<DeadLetterRow, Failure> {
        let id = RowId(unordered(row.get(0)?));
        let sealed = row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?;
        let request = self.shared.secrets.open(&context(account, "dead_letters", "request", id), sealed)?;
        rows::decode_dead_letter(id, row.get(1)?, row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?, &request)
    }

    pub fn channel_log(
        &self,
        account: &AccountId,
        filter: &ChannelLogFilter,
        after: Option<RowId>,
        limit: usize,
    ) -> Result<Vec<ChannelLogRow>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        // The narrowest first.
        let sql = match filter {
            ChannelLogFilter { delivery: Some(_), .. } => LOG_OF_DELIVERY,
            ChannelLogFilter { conversation: Some(_), .. } => LOG_OF_CONVERSATION,
            ChannelLogFilter { source: Some(_), .. } => LOG_OF_SOURCE,
            _ => LOG,
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![
            number,
            below(after),
            bound(limit),
            filter.conversation.map(|id| id.0),
            filter.delivery.map(|id| ordered(id.0)),
            filter.source.map(|id| id.0 as i64),
            filter.inbound
        ])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let data = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            all.push(rows::decode_channel_log(RowId(unordered(row.get(0)?)), data)?);
        }
        Ok(all)
    }

    /// How many rows of the channel log, over all accounts, are more than there may be.
    pub fn channel_log_excess(&self, most: u64) -> Result<u64, Failure> {
        let rows =
            |sql| Ok::<_, Failure>(self.connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0).max(0) as u64);
        // From the oldest to the newest row is at least as many as there are: only beyond that they are counted.
        if rows(LOG_SPAN)? <= most { Ok(0) } else { Ok(rows(LOG_COUNT)?.saturating_sub(most)) }
    }

    pub fn audit(&self, account: &AccountId, after: Option<RowId>, limit: usize) -> Result<Vec<AuditRow>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(AUDIT)?;
        let mut rows = statement.query(params![number, below(after), bound(limit)])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let data = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            all.push(rows::decode_audit(RowId(unordered(row.get(0)?)), data)?);
        }
        Ok(all)
    }
}
