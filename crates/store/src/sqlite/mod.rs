//! The SQLite adapter: one file, one writing thread with group commit, readers beside it.
//!
//! Invariants: nothing is answered before its transaction is synced; a refused unit leaves nothing; readers never block the
//! writer. It must never contain a rule of the contact centre: it stores what it is told.

mod apply;
mod backup;
mod checkpoint;
mod connection;
mod failure;
#[cfg(test)]
mod plans;
mod prepare;
mod read;
mod reader;
mod rows;
mod search;
mod shared;
mod store;
mod sweep;
mod writer;

use antiphon_app::ports::Secrets;
use antiphon_app::ports::store::CommitError;
use checkpoint::Log;
use failure::Failure;
use reader::Readers;
use shared::{Accounts, Shared};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use writer::{Job, Writer};

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether a commit waits for the disk. Only tests may switch it off.
    pub durable: bool,
    /// How much of the file readers map into memory, in bytes.
    pub mmap_bytes: u64,
    /// The writer's page cache, in KiB.
    pub writer_cache_kib: i64,
    /// The 64-bit hash of a guard's (source, key). Stored, so it never changes for a database; equal hashes are told
    /// apart by comparing the keys. Settable so that tests can make keys collide.
    pub guard_hash: fn(&[u8]) -> u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { durable: true, mmap_bytes: 256 * 1024 * 1024, writer_cache_kib: 32 * 1024, guard_hash: first_of_sha256 }
    }
}

/// The first eight bytes of SHA-256: nobody outside can make many keys collide.
fn first_of_sha256(bytes: &[u8]) -> u64 {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(bytes);
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(first)
}

/// Why a store could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A newer program wrote it.
    #[error("the data has schema {found}, this program knows only up to {known}: run the newer program, or restore a backup")]
    NewerSchema {
        /// The data's schema.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Another process has it open.
    #[error("another process has the database open: {0}")]
    Locked(String),
    /// The disk or its permissions.
    #[error("the database can't be opened: {0}")]
    Io(String),
    /// It is no database of ours, or damaged.
    #[error("the database is damaged or not ours: {0}; restore a backup")]
    Corrupt(String),
}

/// The store in one SQLite file. Dropping it finishes what was accepted.
pub struct SqliteStore {
    path: PathBuf,
    schema: i64,
    shared: Arc<Shared>,
    readers: Arc<Readers>,
    writer: mpsc::Sender<Job>,
    log: Arc<Log>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Held as long as the store is open, or at least until it is dropped.
    lock: Mutex<Option<File>>,
    /// A store for tests lives in a folder that goes with it.
    _folder: Option<tempfile::TempDir>,
}

impl SqliteStore {
    /// Opens the database file, creating it if it is missing and bringing its schema up to date.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: &Path, secrets: Arc<dyn Secrets>, options: Options) -> Result<Self, OpenError> {
        Self::open_in(path, secrets, options, None)
    }

    /// A store for tests: in a folder of its own that goes away with it; commits do not wait for the disk.
    ///
    /// # Errors
    /// When no temporary folder can be made.
    pub fn in_memory(secrets: Arc<dyn Secrets>) -> Result<Self, OpenError> {
        let folder = tempfile::TempDir::new().map_err(|error| OpenError::Io(error.to_string()))?;
        let path = folder.path().join("antiphon.db");
        Self::open_in(&path, secrets, Options { durable: false, ..Options::default() }, Some(folder))
    }

    fn open_in(path: &Path, secrets: Arc<dyn Secrets>, options: Options, folder: Option<tempfile::TempDir>) -> Result<Self, OpenError> {
        let lock = lock(path)?;
        let connection = connection::open_writer(path, &options)?;
        let schema = connection::newest_schema();
        let checkpointer = connection::open_checkpointer(path, &options).map_err(|error| connection::open_error(path, &error))?;
        let shared = Arc::new(Shared { accounts: Accounts::default(), secrets, guard_hash: options.guard_hash });
        let log = Arc::new(Log::default());
        let (sender, queue) = mpsc::channel(writer::QUEUE);
        let writer = Writer { connection, shared: Arc::clone(&shared), queue, log: Arc::clone(&log) };
        let io = |error: std::io::Error| OpenError::Io(format!("a thread could not be started: {error}"));
        let writing = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || writer.run()).map_err(io)?;
        let thread_log = Arc::clone(&log);
        let checkpointing =
            std::thread::Builder::new().name("store-checkpoint".to_owned()).spawn(move || thread_log.run(&checkpointer)).map_err(io)?;
        Ok(Self {
            readers: Arc::new(Readers::new(path.to_owned(), options.mmap_bytes, Arc::clone(&shared))),
            path: path.to_owned(),
            schema,
            shared,
            writer: sender,
            log,
            threads: Mutex::new(vec![writing, checkpointing]),
            lock: Mutex::new(Some(lock)),
            _folder: folder,
        })
    }

    /// The schema of the data, which is the newest that this program knows.
    pub fn schema_version(&self) -> i64 {
        self.schema
    }

    /// Bounds the size of the database in bytes; `None` lifts the bound. Beyond it, commits are unavailable.
    ///
    /// # Errors
    /// `Unavailable` when the store is closed.
    pub async fn bound_size(&self, bytes: Option<u64>) -> Result<(), CommitError> {
        // None at all would mean "no change" to SQLite; less than it has means no growth.
        let pages = bytes.map(|bytes| (bytes / connection::PAGE_BYTES).max(1));
        self.ask(|reply| Job::Bound { pages, reply }).await
    }

    async fn ask<T>(&self, job: impl FnOnce(writer::Reply<T>) -> Job) -> Result<T, CommitError> {
        let closed = || CommitError::Unavailable("it is closed".to_owned());
        let (reply, answer) = oneshot::channel();
        self.writer.send(job(reply)).await.map_err(|_| closed())?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn shut(&self) {
        let (reply, done) = oneshot::channel();
        if self.writer.send(Job::Close { reply }).await.is_ok() {
            // The writer closes its connection before it answers.
            let _ = done.await;
        }
        self.log.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let readers = Arc::clone(&self.readers);
        let finish = move || {
            for thread in threads {
                // A thread that panicked has nothing left to finish.
                let _ = thread.join();
            }
            readers.close();
        };
        let _ = tokio::task::spawn_blocking(finish).await;
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        if threads.is_empty() {
            return;
        }
        // The writer ends when nobody can send any more: the sender has to go before the threads are joined.
        self.writer = mpsc::channel(1).0;
        self.log.close();
        for thread in threads {
            let _ = thread.join();
        }
    }
}

/// Copies a database that may be in use, also by another process, into a new file.
///
/// # Errors
/// In a sentence: the target exists, is not writable, or the source can't be read.
pub fn backup_file(from: &Path, to: &Path) -> Result<(), String> {
    backup::copy(from, to)
}

/// The schema of a database file without opening it for use, and the newest that this program knows.
///
/// # Errors
/// `Io` when there is no such file, `Corrupt` when it is no database.
pub fn inspect(path: &Path) -> Result<(i64, i64), OpenError> {
    let reader = connection::open_reader(path, 0).map_err(|error| connection::open_error(path, &error))?;
    let found = connection::schema_of(&reader).map_err(|error| connection::open_error(path, &error))?;
    Ok((found, connection::newest_schema()))
}

/// Takes the lock beside the database, which a dying process lets go by itself.
fn lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".lock");
    let lock_path = path.with_file_name(name);
    let io = |error: std::io::Error| OpenError::Io(format!("{}: {error}", lock_path.display()));
    let file = File::options().read(true).write(true).create(true).truncate(false).open(&lock_path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::Locked(path.display().to_string())),
        Err(std::fs::TryLockError::Error(error)) => Err(io(error)),
    }
}
