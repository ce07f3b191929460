//! Bytes the vendor hosts: photos a consumer sends, files the brand uploads or gives by address.
//! Bounded: the oldest go first, as they would at a vendor after some weeks.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use bytes::Bytes;

use super::lock;

/// One hosted file.
#[derive(Clone, Debug)]
pub struct Media {
    /// The vendor's id of it.
    pub id: String,
    /// MIME type as declared.
    pub content_type: String,
    /// Name given by the sender, may be empty.
    pub name: String,
    /// The bytes.
    pub bytes: Bytes,
    /// Virtual time of the upload.
    pub created_ms: i64,
}

#[derive(Default)]
struct Inner {
    by_id: HashMap<String, Media>,
    order: VecDeque<String>,
    bytes: usize,
}

/// The hosted files of one simulator, at most 256 MiB together.
#[derive(Default)]
pub struct MediaStore {
    inner: Mutex<Inner>,
}

const BYTES_KEPT: usize = 256 * 1024 * 1024;

impl MediaStore {
    /// Stores a file under its id.
    pub fn put(&self, media: Media) {
        let mut inner = lock(&self.inner);
        inner.bytes += media.bytes.len();
        inner.order.push_back(media.id.clone());
        inner.by_id.insert(media.id.clone(), media);
        while inner.bytes > BYTES_KEPT && inner.order.len() > 1 {
            let Some(oldest) = inner.order.pop_front() else {
                break;
            };
            if let Some(gone) = inner.by_id.remove(&oldest) {
                inner.bytes -= gone.bytes.len();
            }
        }
    }

    /// The file of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Media> {
        lock(&self.inner).by_id.get(id).cloned()
    }

    /// Forgets a file; false where there was none.
    pub fn remove(&self, id: &str) -> bool {
        let mut inner = lock(&self.inner);
        let Some(gone) = inner.by_id.remove(id) else {
            return false;
        };
        inner.bytes -= gone.bytes.len();
        inner.order.retain(|kept| kept != id);
        true
    }
}
