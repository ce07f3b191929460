//! Where the bytes of files are: a local folder, or an object store.

use bytes::Bytes;
use futures_util::future::BoxFuture;

/// A file's bytes could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("the file store failed: {0}")]
pub struct BlobError(pub String);

/// Keeps and returns bytes by key. Keys are the paths of stored files.
pub trait Blobs: Send + Sync {
    /// Writes bytes durably; an existing key is replaced.
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), BlobError>>;
    /// The bytes, or `None` when there are none under that key.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, BlobError>>;
    /// Forgets the bytes; a missing key is no error.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BlobError>>;
}
