//! Deliveries and files.

use super::super::failure::Failure;
use super::super::prepare::key_hash;
use super::super::reader::View;
use super::super::rows::codec::{ordered, unordered};
use super::super::rows::consumer::decode_file;
use super::super::rows::conversation::number;
use super::super::rows::delivery::{decode, status_column};
use super::bound;
use antiphon_app::ports::store::DeliveryFilter;
use antiphon_domain::{
    AccountId, ConversationId, Delivery, DeliveryId, DeliveryStatus, DialogNumber, FileId, Sequence, SourceId, StoredFile, Timestamp,
};
use rusqlite::{OptionalExtension, Params, Row, params};

/// The most deliveries that one read watermark looks at.
const UNREAD: usize = 500;

pub const ACCOUNTS: &str = "SELECT number, id FROM accounts WHERE number >= ?1 ORDER BY number";
pub const OUTBOX: &str = "SELECT id, data FROM deliveries INDEXED BY deliveries_status
    WHERE account = ?1 AND status = 0 AND id > ?2 ORDER BY id LIMIT ?3";
pub const BY_ID: &str = "SELECT id, data FROM deliveries WHERE account = ?1 AND id = ?2";
pub const BY_VENDOR_ID: &str = "SELECT id, data FROM deliveries INDEXED BY deliveries_vendor
    WHERE account = ?1 AND source = ?2 AND vendor_hash = ?3 AND vendor_hash IS NOT NULL";
pub const NEWEST: &str = "SELECT id, data, status FROM deliveries INDEXED BY deliveries_conversation
    WHERE account = ?1 AND conversation = ?2 ORDER BY dialog DESC, sequence DESC, id DESC";
pub const PLACE: &str = "SELECT dialog, sequence FROM deliveries WHERE account = ?1 AND id = ?2";
pub const OF_EVENTS: &str = "SELECT id, data FROM deliveries INDEXED BY deliveries_conversation
    WHERE account = ?1 AND conversation = ?2 AND dialog = ?3 AND sequence BETWEEN ?4 AND ?5 ORDER BY sequence, id";
pub const ALL: &str = "SELECT id, data FROM deliveries
    WHERE account = ?1 AND id < ?2 AND (?4 IS NULL OR ?5 IS NULL OR ?6 IS NULL) ORDER BY id DESC LIMIT ?3";
pub const OF_CONVERSATION: &str = "SELECT id, data FROM deliveries INDEXED BY deliveries_conversation
    WHERE account = ?1 AND conversation = ?4 AND (dialog, sequence, id) < (?7, ?8, ?2)
    AND (?5 IS NULL OR status = ?5) AND (?6 IS NULL OR source = ?6) ORDER BY dialog DESC, sequence DESC, id DESC LIMIT ?3";
pub const OF_STATUS: &str = "SELECT id, data FROM deliveries INDEXED BY deliveries_status
    WHERE account = ?1 AND id < ?2 AND (?4 IS NULL OR conversation = ?4) AND status = ?5 AND (?6 IS NULL OR source = ?6)
    ORDER BY id DESC LIMIT ?3";
pub const OF_SOURCE: &str = "SELECT id, data FROM deliveries INDEXED BY deliveries_source
    WHERE account = ?1 AND id < ?2 AND (?4 IS NULL OR conversation = ?4) AND (?5 IS NULL OR status = ?5) AND source = ?6
    ORDER BY id DESC LIMIT ?3";
pub const FILE: &str = "SELECT id, path, data FROM files WHERE path = ?2 AND account = ?1";
pub const UNSHOWN: &str =
    "SELECT account, id, path, data FROM files WHERE unshown_at < ?1 AND unshown_at IS NOT NULL ORDER BY unshown_at, id LIMIT ?2";
pub const PENDING: &str = "SELECT account, id, path, data FROM files WHERE fetch_at IS NOT NULL ORDER BY fetch_at, id LIMIT ?1";

impl View<'_> {
    pub fn outbox(&self, after: Option<(AccountId, DeliveryId)>, limit: usize) -> Result<Vec<(AccountId, Delivery)>, Failure> {
        let first = match &after {
            Some((account, id)) => self.account(account)?.map(|number| (number, ordered(id.0))),
            None => None,
        };
        let mut accounts = self.connection.prepare_cached(ACCOUNTS)?;
        let mut accounts = accounts.query([first.map_or(i64::MIN, |(number, _)| number)])?;
        let mut all = Vec::new();
        while all.len() < limit
            && let Some(account) = accounts.next()?
        {
            let number: i64 = account.get(0)?;
            let id: String = account.get(1)?;
            let id: AccountId = id.parse().map_err(|_| Failure::corrupt("an account's id is malformed"))?;
            // Nothing has the lowest id of all: it would mean the beginning of time.
            let above = first.filter(|(account, _)| *account == number).map_or(i64::MIN, |(_, above)| above);
            self.read_deliveries(OUTBOX, params![number, above, bound(limit - all.len())], |delivery| {
                all.push((id.clone(), delivery));
                true
            })?;
        }
        Ok(all)
    }

    fn read_deliveries(&self, sql: &str, parameters: impl Params, mut take: impl FnMut(Delivery) -> bool) -> Result<(), Failure> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            if !take(delivery(row)?) {
                break;
            }
        }
        Ok(())
    }

    pub fn delivery(&self, account: &AccountId, id: DeliveryId) -> Result<Option<Delivery>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut found = None;
        self.read_deliveries(BY_ID, params![number, ordered(id.0)], |delivery| found.replace(delivery).is_some())?;
        Ok(found)
    }

    pub fn delivery_by_vendor_id(&self, account: &AccountId, source: SourceId, vendor_id: &str) -> Result<Option<Delivery>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let hash = key_hash(self.shared, source, vendor_id);
        let mut found = None;
        self.read_deliveries(BY_VENDOR_ID, params![number, source.0 as i64, hash], |delivery| {
            if delivery.vendor_id.as_deref() == Some(vendor_id) {
                found = Some(delivery);
            }
            found.is_none()
        })?;
        Ok(found)
    }

    pub fn unread_deliveries(&self, account: &AccountId, conversation: ConversationId, up_to: Timestamp) -> Result<Vec<Delivery>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let waiting = [DeliveryStatus::Unknown, DeliveryStatus::Sent, DeliveryStatus::Delivered].map(status_column);
        let mut statement = self.connection.prepare_cached(NEWEST)?;
        let mut rows = statement.query(params![number, conversation.0])?;
        let mut all = Vec::new();
        for _ in 0..UNREAD {
            let Some(row) = rows.next()? else { break };
            if waiting.contains(&row.get(2)?) {
                all.push(delivery(row)?);
            }
        }
        all.retain(|delivery| delivery.created_at <= up_to);
        all.sort_unstable_by_key(|delivery| delivery.id);
        Ok(all)
    }

    pub fn deliveries_of_events(
        &self,
        account: &AccountId,
        conversation: ConversationId,
        dialog: DialogNumber,
        from: Sequence,
        to: Sequence,
    ) -> Result<Vec<Delivery>, Failure> {
        let Some(account) = self.account(account)? else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        self.read_deliveries(OF_EVENTS, params![account, conversation.0, dialog.0, number(from), number(to)], |delivery| {
            all.push(delivery);
            true
        })?;
        Ok(all)
    }

    pub fn deliveries(
        &self,
        account: &AccountId,
        filter: &DeliveryFilter,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let sql = match filter {
            DeliveryFilter { conversation: Some(_), .. } => OF_CONVERSATION,
            DeliveryFilter { status: Some(_), .. } => OF_STATUS,
            DeliveryFilter { source: Some(_), .. } => OF_SOURCE,
            _ => ALL,
        };
        let mut all = Vec::new();
        let take = |delivery| {
            all.push(delivery);
            true
        };
        let below = after.map_or(i64::MAX, |id| ordered(id.0));
        let (status, source) = (filter.status.map(status_column), filter.source.map(|id| id.0 as i64));
        let Some(conversation) = filter.conversation else {
            self.read_deliveries(sql, params![number, below, bound(limit), None::<i64>, status, source], take)?;
            return Ok(all);
        };
        let place = match after {
            None => Some((i64::MAX, i64::MAX)),
            Some(_) => {
                let mut statement = self.connection.prepare_cached(PLACE)?;
                statement.query_row(params![number, below], |row| Ok((row.get(0)?, row.get(1)?))).optional()?
            }
        };
        if let Some((dialog, sequence)) = place {
            self.read_deliveries(sql, params![number, below, bound(limit), conversation.0, status, source, dialog, sequence], take)?;
        }
        Ok(all)
    }

    pub fn file(&self, account: &AccountId, path: &str) -> Result<Option<StoredFile>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(FILE)?;
        let found: Option<(i64, String, Vec<u8>)> =
            statement.query_row(params![number, path], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        found.map(|(id, path, data)| decode_file(FileId(unordered(id)), path, &data)).transpose()
    }

    pub fn pending_files(&self, limit: usize) -> Result<Vec<(AccountId, StoredFile)>, Failure> {
        self.files(PENDING, [bound(limit)])
    }

    pub fn unshown_files(&self, before: Timestamp, limit: usize) -> Result<Vec<(AccountId, StoredFile)>, Failure> {
        self.files(UNSHOWN, [before.0, bound(limit)])
    }

    fn files(&self, sql: &str, values: impl Params) -> Result<Vec<(AccountId, StoredFile)>, Failure> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let account = self.shared.accounts.id(self.connection, row.get(0)?)?;
            let data = row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?;
            all.push((account, decode_file(FileId(unordered(row.get(1)?)), row.get(2)?, data)?));
        }
        Ok(all)
    }
}

fn delivery(row: &Row<'_>) -> Result<Delivery, Failure> {
    decode(DeliveryId(unordered(row.get(0)?)), row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)
}
