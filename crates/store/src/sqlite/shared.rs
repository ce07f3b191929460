//! What the writer and the readers have in common: the numbers of accounts, the sealing of secrets, the guard's hash.

use super::failure::Failure;
use antiphon_app::ports::Secrets;
use antiphon_domain::AccountId;
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Handed to everyone who touches the database.
pub struct Shared {
    pub accounts: Accounts,
    pub secrets: Arc<dyn Secrets>,
    /// The hash of a guard's (source, key); see [`super::Options::guard_hash`].
    pub guard_hash: fn(&[u8]) -> u64,
}

/// The numbers that stand for account ids in keys. Holds committed ones only; they never change.
#[derive(Default)]
pub struct Accounts {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    numbers: HashMap<AccountId, i64>,
    ids: HashMap<i64, AccountId>,
}

impl Accounts {
    /// The number of an account, if it was met before in this process.
    pub fn cached(&self, id: &AccountId) -> Option<i64> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).numbers.get(id).copied()
    }

    /// Remembers a committed pair.
    pub fn learn(&self, id: &AccountId, number: i64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.numbers.insert(id.clone(), number);
        known.ids.insert(number, id.clone());
    }

    /// The number of an account, `None` when nothing was ever stored for it. Not for the writer: inside its transaction
    /// it would learn what may be rolled back.
    pub fn number(&self, connection: &Connection, id: &AccountId) -> Result<Option<i64>, Failure> {
        if let Some(number) = self.cached(id) {
            return Ok(Some(number));
        }
        let mut statement = connection.prepare_cached("SELECT number FROM accounts WHERE id = ?1")?;
        let number = statement.query_row([id.as_str()], |row| row.get::<_, i64>(0)).optional()?;
        if let Some(number) = number {
            self.learn(id, number);
        }
        Ok(number)
    }

    /// The account of a number. Not for the writer.
    pub fn id(&self, connection: &Connection, number: i64) -> Result<AccountId, Failure> {
        if let Some(id) = self.known.read().unwrap_or_else(PoisonError::into_inner).ids.get(&number) {
            return Ok(id.clone());
        }
        let mut statement = connection.prepare_cached("SELECT id FROM accounts WHERE number = ?1")?;
        let text: String = statement.query_row([number], |row| row.get(0))?;
        let id: AccountId = text.parse().map_err(|_| Failure::corrupt("an account's id is malformed"))?;
        self.learn(&id, number);
        Ok(id)
    }
}
