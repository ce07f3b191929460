//! What many connections are sent is serialised once: a small table of recent results and frames.
//!
//! Keyed by what can't change (a conversation's version, an event's sequence), so nothing in it is ever wrong about that;
//! what may change besides (a consumer's name, a file's state) is announced by itself. Direct-mapped: a newcomer
//! replaces whoever has its slot, and the table never grows.

use axum::extract::ws::Utf8Bytes;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

const SLOTS: usize = 256;

type Cell = Arc<OnceCell<Utf8Bytes>>;
type Slot<K> = Mutex<Option<(K, Cell)>>;

/// Recent frames by key.
pub(crate) struct Frames<K> {
    slots: Box<[Slot<K>]>,
    hasher: RandomState,
}

impl<K: Hash + Eq + Clone> Default for Frames<K> {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| Mutex::new(None)).collect(), hasher: RandomState::new() }
    }
}

impl<K: Hash + Eq + Clone> Frames<K> {
    /// The frame of that key; whoever asks first makes it, and those who ask meanwhile wait for it.
    pub(super) async fn get_or_make<E, F>(&self, key: K, make: impl FnOnce() -> F) -> Result<Utf8Bytes, E>
    where
        F: Future<Output = Result<Utf8Bytes, E>>,
    {
        let cell = self.cell(key);
        cell.get_or_try_init(make).await.cloned()
    }

    fn cell(&self, key: K) -> Cell {
        let at = usize::try_from(self.hasher.hash_one(&key) % SLOTS as u64).unwrap_or(0);
        let mut slot = self.slots[at].lock().unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some((own, cell)) if *own == key => Arc::clone(cell),
            _ => {
                let cell = Cell::default();
                *slot = Some((key, Arc::clone(&cell)));
                cell
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_frame_is_made_once() {
        let frames = Frames::default();
        for (key, text, expected) in [(1, "a", "a"), (1, "b", "a"), (2, "c", "c")] {
            let got = frames.get_or_make(key, || async { Ok::<_, ()>(text.into()) }).await;
            assert_eq!(got, Ok(Utf8Bytes::from(expected)));
        }
        assert_eq!(frames.get_or_make(3, || async { Err("no") }).await, Err("no"));
        assert_eq!(frames.get_or_make(3, || async { Ok::<_, &str>("d".into()) }).await, Ok("d".into()));
    }
}
