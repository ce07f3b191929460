//! The bytes of files in a local folder, one file per key.
//!
//! A key is a path such as `/v1/AUTH_async-images/acc/name.jpg`. Nothing outside the folder is ever touched: a key with
//! an empty, dotted or strange segment is refused, not repaired.

use antiphon_app::ports::Blobs;
use antiphon_app::ports::blobs::BlobError;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest segment of a key, in bytes.
const SEGMENT: usize = 200;
/// The most segments of a key.
const SEGMENTS: usize = 16;
/// Where files are written until they are whole.
const UNFINISHED: &str = ".unfinished";

/// A folder of files.
pub struct FolderBlobs {
    inner: Arc<Inner>,
}

struct Inner {
    root: PathBuf,
    next: AtomicU64,
}

impl FolderBlobs {
    /// Uses a folder, creating it if it is missing, and removes what an earlier process left half written.
    ///
    /// # Errors
    /// When the folder can't be made or read.
    pub fn open(root: &Path) -> Result<Self, BlobError> {
        let unfinished = root.join(UNFINISHED);
        fs::create_dir_all(&unfinished).map_err(|error| failed(&unfinished, &error))?;
        for entry in fs::read_dir(&unfinished).map_err(|error| failed(&unfinished, &error))?.flatten() {
            // What stays is overwritten later.
            let _ = fs::remove_file(entry.path());
        }
        Ok(Self { inner: Arc::new(Inner { root: root.to_owned(), next: AtomicU64::new(0) }) })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Inner) -> Result<T, BlobError> + Send + 'static) -> Result<T, BlobError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || work(&inner)).await.unwrap_or_else(|error| Err(BlobError(error.to_string())))
    }
}

impl Blobs for FolderBlobs {
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), BlobError>> {
        let key = key.to_owned();
        Box::pin(self.run(move |inner| inner.put(&key, &bytes)))
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, BlobError>> {
        let key = key.to_owned();
        Box::pin(self.run(move |inner| inner.get(&key)))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BlobError>> {
        let key = key.to_owned();
        Box::pin(self.run(move |inner| inner.delete(&key)))
    }
}

impl Inner {
    fn place(&self, key: &str) -> Result<PathBuf, BlobError> {
        let refused = || BlobError(format!("{key:?} is no key: it wants /-separated segments of letters, digits, '-', '_' and inner '.'"));
        let segments: Vec<&str> = key.strip_prefix('/').unwrap_or(key).split('/').collect();
        let fits = |segment: &&str| {
            (1..=SEGMENT).contains(&segment.len())
                && !segment.starts_with('.')
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        if segments.len() > SEGMENTS || !segments.iter().all(fits) {
            return Err(refused());
        }
        Ok(segments.into_iter().fold(self.root.clone(), |place, segment| place.join(segment)))
    }

    fn put(&self, key: &str, bytes: &[u8]) -> Result<(), BlobError> {
        let place = self.place(key)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.root.join(UNFINISHED).join(number.to_string());
        let written = self.write(&unfinished, &place, bytes);
        if written.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&unfinished);
        }
        written
    }

    fn write(&self, unfinished: &Path, place: &Path, bytes: &[u8]) -> Result<(), BlobError> {
        let mut file = File::create(unfinished).map_err(|error| failed(unfinished, &error))?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| failed(unfinished, &error))?;
        let folder = place.parent().unwrap_or(&self.root);
        let is_new = !folder.is_dir();
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        fs::rename(unfinished, place).map_err(|error| failed(place, &error))?;
        sync_folder(folder)?;
        if is_new {
            folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.root)).try_for_each(sync_folder)?;
        }
        Ok(())
    }

    fn get(&self, key: &str) -> Result<Option<Bytes>, BlobError> {
        let place = self.place(key)?;
        match fs::read(&place) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&place, &error)),
        }
    }

    fn delete(&self, key: &str) -> Result<(), BlobError> {
        let place = self.place(key)?;
        match fs::remove_file(&place) {
            Ok(()) => sync_folder(place.parent().unwrap_or(&self.root)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed(&place, &error)),
        }
    }
}

fn sync_folder(folder: &Path) -> Result<(), BlobError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(folder, &error))
}

fn failed(place: &Path, error: &std::io::Error) -> BlobError {
    BlobError(format!("{}: {error}", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_come_back_until_they_are_deleted() {
        let folder = tempfile::TempDir::new().unwrap();
        let blobs = FolderBlobs::open(folder.path()).unwrap();
        let key = "/v1/AUTH_async-images/acc/photo-1.jpg";
        assert_eq!(blobs.get(key).await.unwrap(), None);
        blobs.put(key, Bytes::from_static(b"one")).await.unwrap();
        blobs.put(key, Bytes::from_static(b"two")).await.unwrap();
        assert_eq!(blobs.get(key).await.unwrap(), Some(Bytes::from_static(b"two")));
        assert_eq!(FolderBlobs::open(folder.path()).unwrap().get(key).await.unwrap(), Some(Bytes::from_static(b"two")));
        blobs.delete(key).await.unwrap();
        blobs.delete(key).await.unwrap();
        assert_eq!(blobs.get(key).await.unwrap(), None);
        assert_eq!(fs::read_dir(folder.path().join(UNFINISHED)).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn keys_that_lead_elsewhere_are_refused() {
        let folder = tempfile::TempDir::new().unwrap();
        let blobs = FolderBlobs::open(folder.path()).unwrap();
        let long = "x".repeat(SEGMENT + 1);
        for key in ["", "/", "/a/../b", "..", "/a//b", "/a/./b", "/.unfinished/0", "a\\b", "/a/b\0", "/ä", "//etc/passwd", &long] {
            assert!(blobs.put(key, Bytes::new()).await.is_err(), "{key:?}");
            assert!(blobs.get(key).await.is_err(), "{key:?}");
            assert!(blobs.delete(key).await.is_err(), "{key:?}");
        }
    }
}
