//! The one thread that writes: it takes what is queued, commits it as one transaction, and only then answers everybody.
//!
//! Batches form by themselves, because new units queue up while the disk syncs; there is no timer. A unit that fails in a
//! way that nobody expected costs itself only: the batch is rolled back and done again unit by unit.

use super::apply::Batch;
use super::checkpoint::Log;
use super::failure::Failure;
use super::prepare::Prepared;
use super::shared::Shared;
use super::sweep;
use antiphon_app::ports::store::{CommitError, Swept};
use antiphon_domain::{AccountId, Timestamp};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// How many units one transaction takes at most, so that the tail stays short.
pub const BATCH: usize = 512;
/// How many units may wait; senders of more wait for room.
pub const QUEUE: usize = 8192;

/// A reply to a committed or refused unit.
pub type Reply<T> = oneshot::Sender<Result<T, CommitError>>;

/// What the writer is asked to do.
pub enum Job {
    /// Commit a unit.
    Unit { account: AccountId, writes: Vec<Prepared>, reply: Reply<()> },
    /// Delete what has aged out, and so many of the channel log's oldest rows.
    Sweep { now: Timestamp, log_rows: u64, reply: Reply<Swept> },
    /// Prove that the disk takes writes.
    Beat { reply: Reply<()> },
    /// Bound the size of the database in pages; `None` lifts the bound.
    Bound { pages: Option<u64>, reply: Reply<()> },
    /// Finish what came before, then stop.
    Close { reply: oneshot::Sender<()> },
}

/// The writer's state, owned by its thread.
pub struct Writer {
    pub connection: Connection,
    pub shared: Arc<Shared>,
    pub queue: mpsc::Receiver<Job>,
    pub log: Arc<Log>,
}

enum Answer {
    Unit(Result<(), CommitError>),
    Swept(Swept),
}

/// Why a whole transaction was given up.
enum GivenUp {
    /// The store as a whole: everyone hears that it is unavailable.
    Store(String),
    /// One unit: do it again unit by unit.
    Unit,
}

impl Writer {
    /// Works until it is closed or nobody can send any more.
    pub fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(job) = self.queue.blocking_recv() {
            batch.push(job);
            while batch.len() < BATCH {
                let Ok(job) = self.queue.try_recv() else { break };
                batch.push(job);
            }
            let closing = self.take_close(&mut batch);
            self.commit(&mut batch);
            if self.log.take_finish_request() {
                self.checkpoint();
            }
            if let Some(reply) = closing {
                self.queue.close();
                while let Ok(job) = self.queue.try_recv() {
                    refuse(job, "it is closing");
                }
                self.checkpoint();
                drop(self.connection);
                // Nobody listening any more is fine.
                let _ = reply.send(());
                return;
            }
        }
        self.checkpoint();
    }

    /// Removes a request to close; what was queued behind it is refused.
    fn take_close(&self, batch: &mut Vec<Job>) -> Option<oneshot::Sender<()>> {
        let at = batch.iter().position(|job| matches!(job, Job::Close { .. }))?;
        for job in batch.drain(at + 1..) {
            refuse(job, "it is closing");
        }
        match batch.pop() {
            Some(Job::Close { reply }) => Some(reply),
            _ => None,
        }
    }

    fn commit(&mut self, batch: &mut Vec<Job>) {
        batch.retain_mut(|job| match job {
            Job::Bound { pages, .. } => {
                let pages = pages.map_or(i64::from(u32::MAX - 1), |pages| i64::try_from(pages).unwrap_or(i64::MAX));
                let bounded = self.connection.pragma_update(None, "max_page_count", pages);
                if let Job::Bound { reply, .. } = std::mem::replace(job, Job::Beat { reply: oneshot::channel().0 }) {
                    let _ = reply.send(bounded.map_err(|error| CommitError::Unavailable(error.to_string())));
                }
                false
            }
            _ => true,
        });
        if batch.is_empty() {
            return;
        }
        metrics::histogram!("antiphon_store_batch_units").record(batch.len() as f64);
        let result = match self.attempt(batch, false) {
            Err(GivenUp::Unit) => self.attempt(batch, true),
            other => other,
        };
        match result {
            Ok(answers) => {
                for (job, answer) in batch.drain(..).zip(answers) {
                    reply(job, answer);
                }
            }
            Err(given_up) => {
                let why = match given_up {
                    GivenUp::Store(why) => why,
                    GivenUp::Unit => "a unit failed twice".to_owned(),
                };
                tracing::error!(units = batch.len(), "the store can't commit: {why}");
                metrics::counter!("antiphon_store_failed_batches_total").increment(1);
                for job in batch.drain(..) {
                    refuse(job, &why);
                }
            }
        }
    }

    /// One transaction over all jobs. `one_by_one` guards each with a savepoint.
    fn attempt(&self, jobs: &[Job], one_by_one: bool) -> Result<Vec<Answer>, GivenUp> {
        let attempt = catch_unwind(AssertUnwindSafe(|| self.transaction(jobs, one_by_one)));
        let result = attempt.unwrap_or_else(|_| Err(if one_by_one { GivenUp::Store("a unit panicked".to_owned()) } else { GivenUp::Unit }));
        if result.is_err() && !self.connection.is_autocommit() {
            // If even this fails, the next transaction says so.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        result
    }

    fn transaction(&self, jobs: &[Job], one_by_one: bool) -> Result<Vec<Answer>, GivenUp> {
        let store = |failure: Failure| GivenUp::Store(failure.to_string());
        self.execute("BEGIN IMMEDIATE").map_err(store)?;
        let mut batch = Batch { connection: &self.connection, shared: &self.shared, new_accounts: Vec::new(), dirty: false };
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            let answer = match job {
                Job::Unit { account, writes, .. } => {
                    let guarded = one_by_one || writes.iter().any(Prepared::may_collide);
                    Answer::Unit(self.unit(&mut batch, account, writes, guarded)?)
                }
                Job::Sweep { now, log_rows, .. } => {
                    let swept = sweep::sweep(&self.connection, *now, *log_rows).map_err(store)?;
                    batch.dirty |= swept.rows > 0;
                    Answer::Swept(swept)
                }
                Job::Beat { .. } | Job::Bound { .. } | Job::Close { .. } => {
                    self.execute("UPDATE heartbeat SET beats = beats + 1").map_err(store)?;
                    batch.dirty = true;
                    Answer::Unit(Ok(()))
                }
            };
            answers.push(answer);
        }
        let Batch { new_accounts, dirty, .. } = batch;
        self.execute("COMMIT").map_err(store)?;
        for (id, number) in new_accounts {
            self.shared.accounts.learn(&id, number);
        }
        if dirty {
            self.log.grew();
        }
        Ok(answers)
    }

    fn unit(
        &self,
        batch: &mut Batch<'_>,
        account: &AccountId,
        writes: &[Prepared],
        guarded: bool,
    ) -> Result<Result<(), CommitError>, GivenUp> {
        let store = |failure: Failure| GivenUp::Store(failure.to_string());
        if !guarded {
            return batch.unit(account, writes).map_err(|failure| if failure.concerns_all() { store(failure) } else { GivenUp::Unit });
        }
        let accounts = batch.new_accounts.len();
        self.execute("SAVEPOINT unit").map_err(store)?;
        match batch.unit(account, writes) {
            Ok(outcome) => {
                self.execute("RELEASE unit").map_err(store)?;
                Ok(outcome)
            }
            Err(failure) if failure.concerns_all() => Err(store(failure)),
            Err(failure) => {
                self.execute("ROLLBACK TO unit").map_err(store)?;
                self.execute("RELEASE unit").map_err(store)?;
                batch.new_accounts.truncate(accounts);
                let refusal = failure.of_unit();
                if matches!(refusal, CommitError::Unavailable(_)) {
                    tracing::error!(%account, "a unit can't be written: {failure}");
                }
                Ok(Err(refusal))
            }
        }
    }

    fn execute(&self, sql: &str) -> Result<(), Failure> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Moves what the checkpoint thread could not keep up with, while nothing is being written.
    fn checkpoint(&self) {
        if let Err(error) = super::checkpoint::finish(&self.connection) {
            tracing::warn!("the log can't be checkpointed: {error}");
        }
    }
}

fn reply(job: Job, answer: Answer) {
    // A caller that went away does not need its answer.
    match (job, answer) {
        (Job::Unit { reply, .. } | Job::Beat { reply }, Answer::Unit(outcome)) => {
            let _ = reply.send(outcome);
        }
        (Job::Sweep { reply, .. }, Answer::Swept(rows)) => {
            let _ = reply.send(Ok(rows));
        }
        (job, _) => refuse(job, "the answer got lost"),
    }
}

fn refuse(job: Job, why: &str) {
    let unavailable = CommitError::Unavailable(why.to_owned());
    match job {
        Job::Unit { reply, .. } | Job::Beat { reply } | Job::Bound { reply, .. } => {
            let _ = reply.send(Err(unavailable));
        }
        Job::Sweep { reply, .. } => {
            let _ = reply.send(Err(unavailable));
        }
        Job::Close { reply } => {
            let _ = reply.send(());
        }
    }
}
