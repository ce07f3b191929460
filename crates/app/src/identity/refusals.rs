//! The audit trail of what may come thousands of times a second: at most one row a minute for each object, with how often
//! it happened since the last one. What must be counted exactly is a metric.

use crate::App;
use crate::ports::store::{AuditRow, UnitOfWork, Write};
use antiphon_domain::{AccountId, RowId, Timestamp};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Milliseconds between two rows about the same.
const PAUSE_MS: i64 = 60_000;
/// Objects kept count of at once; what comes beyond them is only counted by the metric.
const MOST: usize = 10_000;

/// What happened to what: the account, the action, and the object's kind and id.
type About = (AccountId, &'static str, &'static str, String);

/// When a row was last written about something, and what happened since.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<About, (Timestamp, u64)>>);

impl Refusals {
    /// Notes one; the number to be written down, when it is time.
    fn note(&self, about: About, now: Timestamp) -> Option<u64> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last, count)) = known.get_mut(&about) {
            *count += 1;
            if now.since(*last) < PAUSE_MS {
                return None;
            }
            *last = now;
            return Some(std::mem::take(count));
        }
        if known.len() >= MOST {
            known.retain(|_, (last, _)| now.since(*last) < PAUSE_MS);
        }
        if known.len() < MOST {
            known.insert(about, (now, 0));
            return Some(1);
        }
        None
    }
}

impl App {
    /// Writes a row about something that may come often, if it is time; `detail` is a JSON object. The account must exist.
    pub(crate) fn audit_often(
        &self,
        account: &AccountId,
        action: &'static str,
        (kind, id): (&'static str, &str),
        detail: impl FnOnce() -> Value,
    ) {
        let now = self.clock.now();
        let Some(count) = self.identity.refusals.note((account.clone(), action, kind, id.to_owned()), now) else { return };
        let mut detail = detail();
        if let Some(members) = detail.as_object_mut() {
            members.insert("count".to_owned(), json!(count));
        }
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::AddAudit(AuditRow {
            id: RowId(self.ids.ascending(now)),
            at: now,
            by: None,
            by_key: None,
            action: action.into(),
            object_kind: kind.into(),
            object_id: id.into(),
            detail: detail.to_string().into(),
        }));
        let store = Arc::clone(&self.store);
        self.spawn(async move {
            if let Err(error) = store.commit(unit).await {
                tracing::warn!(%error, action, "an audit row could not be stored");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(id: usize) -> About {
        ("12".parse().expect("an account id"), "token.refused", "token", id.to_string())
    }

    #[test]
    fn a_flood_makes_one_row_a_minute_and_loses_no_count() {
        let refusals = Refusals::default();
        assert_eq!(refusals.note(about(1), Timestamp(0)), Some(1));
        assert!((0..500).all(|at| refusals.note(about(1), Timestamp(at)).is_none()));
        assert_eq!(refusals.note(about(2), Timestamp(600)), Some(1), "another object has its own row");
        assert_eq!(refusals.note(about(1), Timestamp(60_000)), Some(501));
        assert_eq!(refusals.note(about(1), Timestamp(60_001)), None);
    }

    #[test]
    fn many_objects_take_bounded_memory() {
        let refusals = Refusals::default();
        let rows = (0..2 * MOST).filter(|id| refusals.note(about(*id), Timestamp(0)).is_some()).count();
        assert_eq!(rows, MOST);
        assert_eq!(refusals.note(about(MOST), Timestamp(60_000)), Some(1), "old ones make room");
    }
}
