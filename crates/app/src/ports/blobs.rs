//! Where the bytes of files are: a local folder, or an object store.

use antiphon_domain::Timestamp;
use bytes::Bytes;
use futures_util::future::BoxFuture;

/// A file's bytes could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("the file store failed: {0}")]
pub struct BlobError(pub String);

/// Stored bytes, as a list shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Their key, with its leading slash.
    pub key: String,
    /// When they were last written, by the file store's clock.
    pub written_at: Timestamp,
}

/// Keeps and returns bytes by key. Keys are the paths of stored files.
pub trait Blobs: Send + Sync {
    /// Writes bytes durably; an existing key is replaced.
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), BlobError>>;
    /// The bytes, or `None` when there are none under that key.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, BlobError>>;
    /// The keys after one, ascending by their bytes.
    fn list<'a>(&'a self, after: Option<&'a str>, limit: usize) -> BoxFuture<'a, Result<Vec<Blob>, BlobError>>;
    /// Forgets the bytes; a missing key is no error.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BlobError>>;
}
