//! Writes of notifications: appended with their cause, settled in place, put back on request.

use super::Batch;
use crate::sqlite::failure::Failure;
use crate::sqlite::rows::codec::ordered;
use crate::sqlite::rows::notification::{app_column, decode_tries, encode_tries, state_column};
use antiphon_app::ports::store::{NewNotifications, NotificationState, NotificationTries};
use antiphon_domain::{NotificationId, Timestamp};
use rusqlite::{OptionalExtension, params};

pub const SETTLE: &str = "UPDATE notifications SET state = ?4, tries = ?5 WHERE account = ?1 AND app = ?2 AND id = ?3";
pub const TRIES: &str = "SELECT tries FROM notifications WHERE account = ?1 AND app = ?2 AND id = ?3 AND state <> 0";

impl Batch<'_> {
    pub(super) fn add_notifications(&self, account: i64, new: &NewNotifications, data: &[u8]) -> Result<(), Failure> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO notifications (account, app, id, conversation, at, state, data) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)",
        )?;
        for (app, id) in &new.to {
            insert.execute(params![account, app_column(app), ordered(id.0), new.conversation.0, new.at.0, data])?;
        }
        Ok(())
    }

    pub(super) fn settle_notification(
        &self,
        account: i64,
        app: &str,
        id: NotificationId,
        state: NotificationState,
        tries: &[u8],
    ) -> Result<(), Failure> {
        self.run(SETTLE, params![account, app_column(app), ordered(id.0), state_column(state), tries])?;
        Ok(())
    }

    pub(super) fn requeue_notifications(&self, account: i64, app: &str, ids: &[NotificationId], at: Timestamp) -> Result<(), Failure> {
        let app = app_column(app);
        for id in ids {
            let mut statement = self.connection.prepare_cached(TRIES)?;
            let found = statement.query_row(params![account, app, ordered(id.0)], |row| row.get::<_, Option<Vec<u8>>>(0)).optional()?;
            // One that waits already, or has aged out meanwhile, is left alone.
            let Some(before) = found else { continue };
            let before = decode_tries(before.as_deref())?;
            let tries = NotificationTries { attempts: 0, requeued_at: Some(at), ..before };
            let waiting = state_column(NotificationState::Waiting);
            self.run(SETTLE, params![account, app, ordered(id.0), waiting, encode_tries(&tries)])?;
        }
        Ok(())
    }
}
