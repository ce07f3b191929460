//! Notifications to apps: the queue, lane by lane, and the log.

use super::super::failure::Failure;
use super::super::reader::View;
use super::super::rows::codec::{ordered, unordered};
use super::super::rows::notification::{app_column, decode, decode_tries, state_of};
use super::bound;
use antiphon_app::ports::store::{NotificationList, NotificationRow, NotificationState};
use antiphon_domain::{AccountId, ConversationId, NotificationId, Timestamp};
use rusqlite::{OptionalExtension, Params, Row, params};

/// From one conversation to the next by one search each, however many notifications a conversation has.
pub const LANES: &str = "WITH RECURSIVE lane (conversation) AS (
        SELECT min(conversation) FROM notifications INDEXED BY notifications_waiting
            WHERE account = ?1 AND app = ?2 AND state = 0 AND conversation > ?3
        UNION ALL
        SELECT (SELECT min(n.conversation) FROM notifications n INDEXED BY notifications_waiting
            WHERE n.account = ?1 AND n.app = ?2 AND n.state = 0 AND n.conversation > lane.conversation)
            FROM lane WHERE lane.conversation IS NOT NULL
    ) SELECT conversation FROM lane WHERE conversation IS NOT NULL LIMIT ?4";
pub const OF_LANE: &str = "SELECT id, conversation, at, state, data, tries FROM notifications INDEXED BY notifications_waiting
    WHERE account = ?1 AND app = ?2 AND state = 0 AND conversation = ?3 AND id > ?4 ORDER BY id LIMIT ?5";
pub const COUNT: &str = "SELECT count(*) FROM (SELECT 1 FROM notifications INDEXED BY notifications_waiting
    WHERE account = ?1 AND app = ?2 AND state = 0 LIMIT ?3)";
pub const ALL: &str = "SELECT id, conversation, at, state, data, tries FROM notifications
    WHERE account = ?1 AND app = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4";
pub const DROPPED: &str = "SELECT id, conversation, at, state, data, tries FROM notifications INDEXED BY notifications_dropped
    WHERE account = ?1 AND app = ?2 AND state = 2 AND id < ?3 ORDER BY id DESC LIMIT ?4";
pub const WAITING: &str = "SELECT id, conversation, at, state, data, tries FROM notifications INDEXED BY notifications_waiting
    WHERE account = ?1 AND app = ?2 AND state = 0 AND (conversation, id) > (?3, ?4) ORDER BY conversation, id LIMIT ?5";
pub const ONE: &str = "SELECT id, conversation, at, state, data, tries FROM notifications WHERE account = ?1 AND app = ?2 AND id = ?3";
pub const RANGE: &str = "SELECT id, state FROM notifications WHERE account = ?1 AND app = ?2 AND id >= ?3 AND id < ?4 ORDER BY id LIMIT ?5";

fn below(id: Option<NotificationId>) -> i64 {
    id.map_or(i64::MAX, |id| ordered(id.0))
}

fn above(id: Option<NotificationId>) -> i64 {
    id.map_or(i64::MIN, |id| ordered(id.0))
}

impl View<'_> {
    pub fn notification_lanes(
        &self,
        account: &AccountId,
        app: &str,
        after: Option<ConversationId>,
        limit: usize,
    ) -> Result<Vec<ConversationId>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(LANES)?;
        // An empty key is below all.
        let after: &[u8] = after.as_ref().map_or(&[], |id| &id.0);
        let rows = statement.query_map(params![number, app_column(app), after, bound(limit)], |row| row.get(0).map(ConversationId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn waiting_notifications(
        &self,
        account: &AccountId,
        app: &str,
        conversation: ConversationId,
        after: Option<NotificationId>,
        limit: usize,
    ) -> Result<Vec<NotificationRow>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let parameters = params![number, app_column(app), conversation.0, above(after), bound(limit)];
        self.read_notifications(account, OF_LANE, parameters)
    }

    pub fn count_waiting_notifications(&self, account: &AccountId, app: &str, most: usize) -> Result<usize, Failure> {
        let Some(number) = self.account(account)? else { return Ok(0) };
        let mut statement = self.connection.prepare_cached(COUNT)?;
        let count: i64 = statement.query_row(params![number, app_column(app), bound(most)], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    pub fn notifications(
        &self,
        account: &AccountId,
        app: &str,
        list: NotificationList,
        limit: usize,
    ) -> Result<Vec<NotificationRow>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let app = app_column(app);
        match list {
            NotificationList::All(after) => self.read_notifications(account, ALL, params![number, app, below(after), bound(limit)]),
            NotificationList::Dropped(after) => self.read_notifications(account, DROPPED, params![number, app, below(after), bound(limit)]),
            NotificationList::Waiting(after) => {
                let lane: &[u8] = after.as_ref().map_or(&[], |(conversation, _)| &conversation.0);
                let id = above(after.map(|(_, id)| id));
                self.read_notifications(account, WAITING, params![number, app, lane, id, bound(limit)])
            }
        }
    }

    pub fn notification(&self, account: &AccountId, app: &str, id: NotificationId) -> Result<Option<NotificationRow>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(ONE)?;
        let found = statement.query_row(params![number, app_column(app), ordered(id.0)], |row| Ok(columns(account, row))).optional()?;
        found.transpose()
    }

    pub fn notification_range(
        &self,
        account: &AccountId,
        app: &str,
        from: NotificationId,
        to: NotificationId,
        limit: usize,
    ) -> Result<Vec<(NotificationId, NotificationState)>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(RANGE)?;
        let mut rows = statement.query(params![number, app_column(app), ordered(from.0), ordered(to.0), bound(limit)])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push((NotificationId(unordered(row.get(0)?)), state_of(row.get(1)?)?));
        }
        Ok(all)
    }

    fn read_notifications(&self, account: &AccountId, sql: &str, parameters: impl Params) -> Result<Vec<NotificationRow>, Failure> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(columns(account, row)?);
        }
        Ok(all)
    }
}

fn columns(account: &AccountId, row: &Row<'_>) -> Result<NotificationRow, Failure> {
    let conversation = ConversationId(row.get(1)?);
    let (kind, about) = decode(account, conversation, row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?)?;
    Ok(NotificationRow {
        id: NotificationId(unordered(row.get(0)?)),
        conversation,
        kind,
        about,
        at: Timestamp(row.get(2)?),
        state: state_of(row.get(3)?)?,
        tries: decode_tries(row.get_ref(5)?.as_blob_or_null().map_err(rusqlite::Error::from)?)?,
    })
}
