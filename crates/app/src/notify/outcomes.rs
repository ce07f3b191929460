//! What became of notifications, on its way to the store: many outcomes share a commit, and nobody waits for it.
//!
//! What is lost with the process is sent again after the next start: apps are told at least once.

use crate::App;
use crate::ports::store::{UnitOfWork, Write};
use antiphon_domain::AccountId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Most outcomes of one commit.
const MOST: usize = 1_000;
/// With so many waiting, whoever brings more waits too.
const CROWDED: usize = 10_000;
/// After a commit that failed, in milliseconds.
const PAUSE_MS: i64 = 500;

/// Outcomes that are not stored yet.
#[derive(Default)]
pub(super) struct Outcomes {
    waiting: Mutex<Vec<(AccountId, Write)>>,
    /// Held while a commit is under way.
    storing: tokio::sync::Mutex<()>,
    changed: Notify,
}

impl Outcomes {
    fn waiting(&self) -> MutexGuard<'_, Vec<(AccountId, Write)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, account: &AccountId, write: Write) {
        self.waiting().push((account.clone(), write));
        self.changed.notify_one();
    }

    /// Waits while too much is waiting.
    pub(super) async fn room(&self, app: &App) {
        if self.waiting().len() >= CROWDED {
            self.store_all(app).await;
        }
    }

    /// Returns when everything that was added before is stored, or the product stops.
    pub(super) async fn store_all(&self, app: &App) {
        let mut stopping = app.stopping();
        let _one_at_a_time = self.storing.lock().await;
        let mut left = std::mem::take(&mut *self.waiting());
        while !left.is_empty() {
            let batch: Vec<(AccountId, Write)> = left.drain(..left.len().min(MOST)).collect();
            let mut units: HashMap<AccountId, UnitOfWork> = HashMap::new();
            for (account, write) in batch {
                units.entry(account.clone()).or_insert_with(|| UnitOfWork::new(account)).write(write);
            }
            for unit in units.into_values() {
                while let Err(error) = app.store.commit(unit.clone()).await {
                    tracing::warn!(%error, "what became of notifications is not stored yet; trying again");
                    tokio::select! {
                        _ = stopping.wait_for(|stop| *stop) => return,
                        () = app.clock.sleep_until(app.clock.now().plus_ms(PAUSE_MS)) => {}
                    }
                }
            }
        }
    }

    /// Stores what comes, until the product stops and nothing more can come.
    pub(super) async fn run(&self, app: &Arc<App>, all_done: impl Fn() -> bool) {
        let mut stopping = app.stopping();
        loop {
            self.store_all(app).await;
            if *stopping.borrow() && all_done() && self.waiting().is_empty() {
                return;
            }
            tokio::select! {
                () = self.changed.notified() => {}
                _ = stopping.wait_for(|stop| *stop), if !*stopping.borrow() => {}
            }
        }
    }

    /// Lets [`Outcomes::run`] look whether it is done.
    pub(super) fn nudge(&self) {
        self.changed.notify_one();
    }
}
