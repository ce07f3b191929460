//! Locks by key: each key has its own, so that nobody waits for a stranger; a lock lasts as long as somebody holds or awaits it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex as Short, PoisonError};
use tokio::sync::{Mutex, OwnedMutexGuard};

type Known<K> = Arc<Short<HashMap<K, Arc<Mutex<()>>>>>;

/// The locks that somebody holds or awaits.
pub(crate) struct Locks<K: Eq + Hash> {
    known: Known<K>,
}

/// A lock that is held, or awaited; dropping it gives it back.
pub(crate) struct Held<K: Eq + Hash> {
    known: Known<K>,
    key: K,
    lock: Option<Arc<Mutex<()>>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl<K: Eq + Hash> Default for Locks<K> {
    fn default() -> Self {
        Self { known: Arc::default() }
    }
}

impl<K: Clone + Eq + Hash> Locks<K> {
    /// Waits for a key's lock; who came first gets it first.
    pub(crate) async fn lock(&self, key: K) -> Held<K> {
        let lock = Arc::clone(self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default());
        // Made before the wait, so that whoever stops waiting leaves nothing behind.
        let mut held = Held { known: Arc::clone(&self.known), key, lock: Some(Arc::clone(&lock)), guard: None };
        held.guard = Some(lock.lock_owned().await);
        held
    }
}

impl<K: Eq + Hash> Drop for Held<K> {
    fn drop(&mut self) {
        self.guard = None;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock = None;
        // Who else holds or awaits it has a share; shares are taken under the same lock.
        if known.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            known.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn known(locks: &Locks<u8>) -> usize {
        locks.known.lock().expect("no holder panics").len()
    }

    #[test]
    fn one_key_waits_for_itself_only_and_nothing_is_left() {
        let locks = Locks::<u8>::default();
        let first = locks.lock(1).now_or_never().expect("nobody holds it");
        let other = locks.lock(2).now_or_never().expect("another key");
        let mut second = Box::pin(locks.lock(1));
        let mut third = Box::pin(locks.lock(1));
        assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
        assert_eq!(known(&locks), 2);
        drop(first);
        assert!((&mut third).now_or_never().is_none(), "the second came first");
        let second = second.now_or_never().expect("it was given back");
        drop((other, second));
        let third = third.now_or_never().expect("it was given back");
        assert_eq!(known(&locks), 1);
        drop(third);
        assert_eq!(known(&locks), 0);
    }

    #[test]
    fn who_stops_waiting_leaves_nothing_behind() {
        let locks = Locks::<u8>::default();
        let first = locks.lock(1).now_or_never().expect("nobody holds it");
        let mut second = Box::pin(locks.lock(1));
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        assert_eq!(known(&locks), 1, "it is awaited");
        drop(second);
        assert_eq!(known(&locks), 0);
    }
}
