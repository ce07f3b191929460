//! The queries, one file per group. Each is bounded by its key range and its limit; `plans.rs` looks at their plans.

pub mod configuration;
pub mod consumers;
pub mod conversations;
pub mod deliveries;
pub mod identity;
pub mod logs;
pub mod notifications;

use super::failure::Failure;
use super::reader::View;
use antiphon_domain::AccountId;

/// A page's limit as SQLite wants it.
fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl View<'_> {
    /// The account's number; `None` when nothing was ever stored for it.
    fn account(&self, id: &AccountId) -> Result<Option<i64>, Failure> {
        self.shared.accounts.number(self.connection, id)
    }
}
