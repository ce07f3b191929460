//! Consumers and their consents.

use super::super::failure::Failure;
use super::super::reader::View;
use super::super::rows::consumer as rows;
use super::super::search;
use super::bound;
use antiphon_app::ports::store::ConsumerAt;
use antiphon_domain::consent::Consent;
use antiphon_domain::{AccountId, Consumer, ConsumerId, ConversationId, RowId, SourceId};
use rusqlite::{Row, params};

/// A search looks at this many of the newest consumers that have the text.
pub const SEARCHED: i64 = 1_000;
/// A search for fewer than three characters has no index: it looks at this many consumers per page.
pub const LOOKED_THROUGH: i64 = 20_000;
/// The most entries of the consent ledger that are returned.
const CONSENTS: i64 = 200;

pub const AT: &str = "SELECT c.id, c.source, c.address, c.name, c.data,
    (SELECT o.id FROM conversations o WHERE o.account = ?1 AND o.consumer = c.id AND o.class > 0),
    EXISTS (SELECT 1 FROM conversations d WHERE d.account = ?1 AND d.consumer = c.id AND d.class <= 0)
    FROM consumers c WHERE c.account = ?1 AND c.source = ?2 AND c.address = ?3";
pub const STATE: &str = "SELECT c.id, c.source, c.address, c.name, c.data,
    (SELECT o.id FROM conversations o WHERE o.account = ?1 AND o.consumer = c.id AND o.class > 0),
    EXISTS (SELECT 1 FROM conversations d WHERE d.account = ?1 AND d.consumer = c.id AND d.class <= 0)
    FROM consumers c WHERE c.account = ?1 AND c.id = ?2";
pub const BY_ID: &str = "SELECT id, source, address, name, data FROM consumers WHERE account = ?1 AND id = ?2";
pub const PAGE: &str = "SELECT id, source, address, name, data FROM consumers WHERE account = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
pub const FIND: &str = "SELECT c.id, c.source, c.address, c.name, c.data FROM consumer_text t CROSS JOIN consumers c ON c.number = t.rowid
    WHERE t.consumer_text MATCH ?1 ORDER BY t.rowid DESC LIMIT ?2";
pub const CONSENT: &str = "SELECT id, data FROM consents WHERE account = ?1 AND consumer = ?2 ORDER BY id DESC LIMIT ?3";

impl View<'_> {
    pub fn consumer_at(&self, account: &AccountId, source: SourceId, address: &str) -> Result<Option<ConsumerAt>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(AT)?;
        let mut rows = statement.query(params![number, source.0 as i64, address])?;
        rows.next()?.map(state).transpose()
    }

    pub fn consumer_state(&self, account: &AccountId, id: ConsumerId) -> Result<Option<ConsumerAt>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(STATE)?;
        let mut rows = statement.query(params![number, id.0])?;
        rows.next()?.map(state).transpose()
    }

    pub fn consumer(&self, account: &AccountId, id: ConsumerId) -> Result<Option<Consumer>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(BY_ID)?;
        let mut rows = statement.query(params![number, id.0])?;
        rows.next()?.map(consumer).transpose()
    }

    /// An empty text pages over all; otherwise see [`SEARCHED`] and [`LOOKED_THROUGH`].
    pub fn consumers(&self, account: &AccountId, text: &str, after: Option<ConsumerId>, limit: usize) -> Result<Vec<Consumer>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let text = text.trim();
        if text.is_empty() {
            return self.consumers_after(number, after, bound(limit), |_| true);
        }
        let mut found = self.find_consumers(number, text, after)?;
        if let Some(after) = after {
            found.retain(|consumer| consumer.id > after);
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Consumers with a text in their name or address, by id, bounded.
    pub fn find_consumers(&self, number: i64, text: &str, after: Option<ConsumerId>) -> Result<Vec<Consumer>, Failure> {
        let folded = text.to_lowercase();
        let has = |consumer: &Consumer| {
            let name = consumer.name.as_deref().unwrap_or_default();
            name.to_lowercase().contains(&folded) || consumer.address.to_lowercase().contains(&folded)
        };
        let Some(query) = search::query(number, text) else {
            return self.consumers_after(number, after, LOOKED_THROUGH, has);
        };
        let mut statement = self.connection.prepare_cached(FIND)?;
        let mut rows = statement.query(params![query, SEARCHED])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let consumer = consumer(row)?;
            if has(&consumer) {
                found.push(consumer);
            }
        }
        found.sort_unstable_by_key(|consumer| consumer.id);
        Ok(found)
    }

    fn consumers_after(
        &self,
        number: i64,
        after: Option<ConsumerId>,
        limit: i64,
        wanted: impl Fn(&Consumer) -> bool,
    ) -> Result<Vec<Consumer>, Failure> {
        let mut statement = self.connection.prepare_cached(PAGE)?;
        // The empty blob sorts before every id.
        let after = after.map_or(Vec::new(), |id| id.0.to_vec());
        let mut rows = statement.query(params![number, after, limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let consumer = consumer(row)?;
            if wanted(&consumer) {
                found.push(consumer);
            }
        }
        Ok(found)
    }

    pub fn consents(&self, account: &AccountId, consumer: ConsumerId) -> Result<Vec<Consent>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(CONSENT)?;
        let mut rows = statement.query(params![number, consumer.0, CONSENTS])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let id = RowId(super::super::rows::codec::unordered(row.get(0)?));
            all.push(rows::decode_consent(id, consumer, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?);
        }
        Ok(all)
    }
}

fn state(row: &Row<'_>) -> Result<ConsumerAt, Failure> {
    let open = row.get::<_, Option<[u8; 16]>>(5)?.map(ConversationId);
    let had_one = open.is_some() || row.get(6)?;
    Ok(ConsumerAt { consumer: consumer(row)?, open, had_one })
}

fn consumer(row: &Row<'_>) -> Result<Consumer, Failure> {
    let data = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
    rows::decode_consumer(ConsumerId(row.get(0)?), SourceId(row.get::<_, i64>(1)? as u64), row.get(2)?, row.get(3)?, data)
}
