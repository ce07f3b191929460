//! The connections that read. Each reads a consistent moment and never waits for the writer.
//!
//! Point reads run where they are asked for: a handful of microseconds from memory-mapped pages is less than the price of
//! a thread change. Lists and searches run on the blocking pool, a few at a time.

use super::connection::open_reader;
use super::failure::Failure;
use super::shared::Shared;
use antiphon_app::ports::store::ReadError;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// How many lists are read at the same time.
const LISTS: usize = 4;
/// How many idle connections are kept.
const IDLE: usize = 8;

/// The pool of reading connections.
pub struct Readers {
    path: PathBuf,
    mmap_bytes: u64,
    shared: Arc<Shared>,
    idle: Mutex<Vec<Connection>>,
    lists: Semaphore,
    closed: AtomicBool,
}

/// A connection at work, with what reads need beside it.
pub struct View<'a> {
    pub connection: &'a Connection,
    pub shared: &'a Shared,
}

impl Readers {
    pub fn new(path: PathBuf, mmap_bytes: u64, shared: Arc<Shared>) -> Self {
        Self { path, mmap_bytes, shared, idle: Mutex::new(Vec::new()), lists: Semaphore::new(LISTS), closed: AtomicBool::new(false) }
    }

    /// Reads at once, on the caller's thread: for reads by key.
    pub fn now<T>(&self, read: impl FnOnce(&View<'_>) -> Result<T, Failure>) -> Result<T, ReadError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(ReadError::Unavailable("it is closed".to_owned()));
        }
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path, self.mmap_bytes).map_err(Failure::from)?,
        };
        let result = read(&View { connection: &connection, shared: &self.shared });
        // A connection that failed may be stuck in something: a fresh one costs less than finding out.
        if result.is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE {
                idle.push(connection);
            }
        }
        Ok(result?)
    }

    /// Reads on the blocking pool, as one consistent moment: for lists and searches.
    pub async fn list<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&View<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, ReadError> {
        let closed = |_| ReadError::Unavailable("it is closed".to_owned());
        let _permit = self.lists.acquire().await.map_err(closed)?;
        let readers = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || {
            readers.now(|view| {
                let moment = view.connection.unchecked_transaction()?;
                let result = read(view)?;
                moment.commit()?;
                Ok(result)
            })
        });
        task.await.unwrap_or_else(|error| Err(ReadError::Unavailable(format!("a read was given up: {error}"))))
    }

    /// Closes the idle connections; later reads are refused.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
