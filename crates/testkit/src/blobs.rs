//! Files in memory.

use crate::VirtualClock;
use antiphon_app::ports::blobs::{Blob, BlobError};
use antiphon_app::ports::{Blobs, Clock};
use antiphon_domain::Timestamp;
use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A file store in memory, whose clock is moved by hand.
pub struct MemoryBlobs {
    clock: Arc<VirtualClock>,
    held: Mutex<BTreeMap<String, (Bytes, Timestamp)>>,
}

impl MemoryBlobs {
    /// An empty one.
    pub fn new(clock: Arc<VirtualClock>) -> Self {
        Self { clock, held: Mutex::default() }
    }

    /// Every key, in order.
    pub fn keys(&self) -> Vec<String> {
        self.held().keys().cloned().collect()
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, (Bytes, Timestamp)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blobs for MemoryBlobs {
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(ready(checked(key).map(|()| {
            self.held().insert(key.to_owned(), (bytes, self.clock.now()));
        })))
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, BlobError>> {
        Box::pin(ready(checked(key).map(|()| self.held().get(key).map(|(bytes, _)| bytes.clone()))))
    }

    fn list<'a>(&'a self, after: Option<&'a str>, limit: usize) -> BoxFuture<'a, Result<Vec<Blob>, BlobError>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let held = self.held();
        let page = held.range::<str, _>((from, Bound::Unbounded)).take(limit);
        let page = page.map(|(key, (_, written_at))| Blob { key: key.clone(), written_at: *written_at }).collect();
        Box::pin(ready(Ok(page)))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(ready(checked(key).map(|()| {
            self.held().remove(key);
        })))
    }
}

fn checked(key: &str) -> Result<(), BlobError> {
    antiphon_store::blobs::check_key(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_keeps_the_contract() {
        antiphon_store::blobs::contract::check(&MemoryBlobs::new(Arc::default())).await;
    }
}
