//! Moves the log into the database on a thread of its own, so that the writer does not pay for it.
//!
//! Passive checkpoints never wait for anybody. Under steady load they can't reach the log's end, and a log that is never
//! done is never overwritten: when it has grown long, the writer is asked to do the rest between two batches. The log is
//! never truncated, because overwriting it syncs faster than growing it.

use super::connection::PAGE_BYTES;
use rusqlite::Connection;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long to gather before a checkpoint.
const PAUSE: Duration = Duration::from_millis(200);
/// The length of log at which the writer finishes it, in bytes.
const LONG: u64 = 32 * 1024 * 1024;

/// How long the writer waits for readers of a finished log.
const PATIENCE: Duration = Duration::from_millis(10);

/// What the writer and the checkpoint thread tell each other.
#[derive(Default)]
pub struct Log {
    state: Mutex<LogState>,
    changed: Condvar,
    finish: AtomicBool,
}

#[derive(Default)]
struct LogState {
    grew: bool,
    closed: bool,
}

impl Log {
    /// The writer committed something.
    pub fn grew(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.grew {
            state.grew = true;
            self.changed.notify_all();
        }
    }

    /// The store closes: the thread ends.
    pub fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.changed.notify_all();
    }

    /// Whether the writer is asked to finish the log; asks once per request.
    pub fn take_finish_request(&self) -> bool {
        self.finish.load(Ordering::Relaxed) && self.finish.swap(false, Ordering::Relaxed)
    }

    /// Waits until the log has grown and some time has passed; `false` when the store closes.
    fn wait(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.grew && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let (mut state, _) = self.changed.wait_timeout_while(state, PAUSE, |state| !state.closed).unwrap_or_else(PoisonError::into_inner);
        state.grew = false;
        !state.closed
    }

    /// The checkpoint thread: works until the store closes.
    pub fn run(&self, connection: &Connection) {
        while self.wait() {
            match passive(connection) {
                // Even when all of it is moved: the writer has gone on meanwhile, and only a log that is done begins anew.
                Ok(pages) if pages * PAGE_BYTES > LONG => self.finish.store(true, Ordering::Relaxed),
                Ok(_) => {}
                Err(error) => tracing::warn!("the log can't be checkpointed: {error}"),
            }
        }
    }
}

/// Moves what can be moved without waiting; returns the log's length in pages.
fn passive(connection: &Connection) -> Result<u64, rusqlite::Error> {
    checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)")
}

/// For the writer, between two batches: moves the rest of the log and waits a moment for readers of it, so that the next
/// batch overwrites it from its beginning.
pub fn finish(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(PATIENCE)?;
    let finished = checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)");
    connection.busy_timeout(super::connection::BUSY)?;
    finished.map(drop)
}

fn checkpoint(connection: &Connection, sql: &str) -> Result<u64, rusqlite::Error> {
    connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(1)).map(|pages| pages.max(0) as u64)
}
