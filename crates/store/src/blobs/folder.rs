//! The bytes of files in a local folder, one file per key, synced before they count as written.

use super::segments;
use antiphon_app::ports::Blobs;
use antiphon_app::ports::blobs::{Blob, BlobError};
use antiphon_domain::Timestamp;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
        let blobs = Self::beside(root)?;
        let unfinished = root.join(UNFINISHED);
        for entry in fs::read_dir(&unfinished).map_err(|error| failed(&unfinished, &error))?.flatten() {
            // What stays is overwritten later.
            let _ = fs::remove_file(entry.path());
        }
        Ok(blobs)
    }

    /// Uses a folder beside whoever has it open: what is half written there may be theirs.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn beside(root: &Path) -> Result<Self, BlobError> {
        let unfinished = root.join(UNFINISHED);
        fs::create_dir_all(&unfinished).map_err(|error| failed(&unfinished, &error))?;
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

    fn list<'a>(&'a self, after: Option<&'a str>, limit: usize) -> BoxFuture<'a, Result<Vec<Blob>, BlobError>> {
        let after = after.unwrap_or_default().to_owned();
        Box::pin(self.run(move |inner| {
            let mut found = Vec::new();
            inner.walk(&inner.root, "/", &after, limit, &mut found)?;
            Ok(found)
        }))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BlobError>> {
        let key = key.to_owned();
        Box::pin(self.run(move |inner| inner.delete(&key)))
    }
}

impl Inner {
    fn place(&self, key: &str) -> Result<PathBuf, BlobError> {
        Ok(segments(key)?.into_iter().fold(self.root.clone(), |place, segment| place.join(segment)))
    }

    fn put(&self, key: &str, bytes: &[u8]) -> Result<(), BlobError> {
        let place = self.place(key)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.root.join(UNFINISHED).join(format!("{}-{number}", std::process::id()));
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

    /// Collects files below a folder whose keys begin with `prefix` and come after `after`, in the order of keys.
    fn walk(&self, folder: &Path, prefix: &str, after: &str, limit: usize, found: &mut Vec<Blob>) -> Result<(), BlobError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            // Deleted since its parent was read.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(folder, &error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| failed(folder, &error))?;
            let Some(name) = entry.file_name().to_str().filter(|name| !name.starts_with('.')).map(str::to_owned) else { continue };
            let is_folder = entry.file_type().map_err(|error| failed(folder, &error))?.is_dir();
            // A folder sorts by what its keys go on with.
            names.push((format!("{prefix}{name}{}", if is_folder { "/" } else { "" }), entry.path(), is_folder));
        }
        names.sort();
        for (key, path, is_folder) in names {
            if found.len() >= limit {
                return Ok(());
            }
            if is_folder {
                if key.as_str() > after || after.starts_with(&key) {
                    self.walk(&path, &key, after, limit, found)?;
                }
            } else if key.as_str() > after {
                match fs::metadata(&path) {
                    Ok(about) => found.push(Blob { key, written_at: written_at(&about) }),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(failed(&path, &error)),
                }
            }
        }
        Ok(())
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

fn written_at(about: &fs::Metadata) -> Timestamp {
    let since = about.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    Timestamp(since.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0))
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
    async fn a_folder_keeps_the_contract_and_outlives_its_process() {
        let folder = tempfile::TempDir::new().unwrap();
        let blobs = FolderBlobs::open(folder.path()).unwrap();
        crate::blobs::contract::check(&blobs).await;
        let key = "/v1/a/b.jpg";
        blobs.put(key, Bytes::from_static(b"two")).await.unwrap();
        fs::write(folder.path().join(UNFINISHED).join("9"), b"half").unwrap();
        assert_eq!(FolderBlobs::open(folder.path()).unwrap().get(key).await.unwrap(), Some(Bytes::from_static(b"two")));
        assert_eq!(fs::read_dir(folder.path().join(UNFINISHED)).unwrap().count(), 0);
    }
}
