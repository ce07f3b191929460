//! Sessions that were checked a moment ago, so that a request does not read the store. What was read before sessions ended
//! is not believed afterwards: a slow reader must not bring back one that is gone.

use crate::ports::store::Session;
use antiphon_domain::AccountId;
use moka::sync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most sessions that are remembered.
const MOST: u64 = 50_000;

/// When something was read, counted in the times that sessions ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Age(u64);

/// The remembered sessions, by the hash of their token.
pub(crate) struct SessionCache {
    known: Cache<[u8; 32], (Age, AccountId, Session)>,
    age: AtomicU64,
}

impl Default for SessionCache {
    fn default() -> Self {
        Self { known: Cache::new(MOST), age: AtomicU64::new(0) }
    }
}

impl SessionCache {
    /// To be taken before the store is read.
    pub(super) fn age(&self) -> Age {
        Age(self.age.load(Ordering::SeqCst))
    }

    pub(super) fn get(&self, token_hash: &[u8; 32]) -> Option<(AccountId, Session)> {
        let (age, account, session) = self.known.get(token_hash)?;
        (age == self.age()).then_some((account, session))
    }

    /// Remembers what was read or written since `age` was taken.
    pub(super) fn put(&self, age: Age, account: AccountId, session: Session) {
        self.known.insert(session.token_hash, (age, account, session));
    }

    pub(super) fn forget(&self, token_hash: &[u8; 32]) {
        self.known.invalidate(token_hash);
    }

    /// Some sessions ended: called after that was committed.
    pub(crate) fn clear(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::store::SessionKind;
    use antiphon_domain::{Timestamp, UserId};

    #[test]
    fn what_was_read_before_sessions_ended_is_not_believed() {
        let cache = SessionCache::default();
        let account: AccountId = "12".parse().expect("an id");
        let at = Timestamp(1);
        let session = Session {
            token_hash: [1; 32],
            csrf_hash: [2; 32],
            user: UserId(7),
            created_at: at,
            seen_at: at,
            expires_at: at,
            kind: SessionKind::Browser,
            app: None,
        };
        let early = cache.age();
        cache.put(early, account.clone(), session.clone());
        assert!(cache.get(&[1; 32]).is_some());
        cache.clear();
        assert!(cache.get(&[1; 32]).is_none());
        cache.put(early, account.clone(), session.clone());
        assert!(cache.get(&[1; 32]).is_none(), "read before, remembered after");
        cache.put(cache.age(), account, session);
        assert!(cache.get(&[1; 32]).is_some());
    }
}
