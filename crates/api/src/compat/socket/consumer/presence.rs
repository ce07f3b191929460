//! How many connections each consumer has, and how many have not said yet whose they are.
//!
//! When a consumer's last connection goes, agents are told that they are in the background; when one comes back, that they
//! are active. A place is given back when it is dropped, whatever ends the connection.

use antiphon_app::App;
use antiphon_domain::{AccountId, ConsumerId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// All consumers' connections of this process.
#[derive(Default)]
pub(in crate::compat) struct Visitors {
    accounts: Mutex<HashMap<AccountId, Account>>,
    waiting: AtomicU32,
}

#[derive(Default)]
struct Account {
    open: u32,
    consumers: HashMap<ConsumerId, u32>,
}

/// A place among those that have not said whose they are.
pub(super) struct Waiting(Arc<Visitors>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One connection's place.
pub(super) struct Place {
    app: Arc<App>,
    visitors: Arc<Visitors>,
    account: AccountId,
    consumer: ConsumerId,
    /// Whether it was the consumer's first.
    pub first: bool,
}

impl Visitors {
    /// Takes a place among the nameless, unless there are as many as may be.
    pub(super) fn wait(self: &Arc<Self>, most: u32) -> Option<Waiting> {
        let taken = self.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(Arc::clone(self));
        (taken < most).then_some(waiting)
    }

    /// Takes a place, unless the account or the consumer has as many connections as they may.
    pub(super) fn enter(
        self: &Arc<Self>,
        app: &Arc<App>,
        account: &AccountId,
        consumer: ConsumerId,
        (of_account, of_consumer): (u32, u32),
    ) -> Option<Place> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = accounts.entry(account.clone()).or_default();
        let own = known.consumers.get(&consumer).copied().unwrap_or(0);
        if known.open >= of_account || own >= of_consumer {
            return None;
        }
        known.open += 1;
        known.consumers.insert(consumer, own + 1);
        metrics::gauge!("antiphon_consumer_sockets").increment(1);
        let (app, visitors, account) = (Arc::clone(app), Arc::clone(self), account.clone());
        Some(Place { app, visitors, account, consumer, first: own == 0 })
    }

    /// Whether a consumer has any connection.
    fn is_here(&self, account: &AccountId, consumer: ConsumerId) -> bool {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.get(account).is_some_and(|known| known.consumers.contains_key(&consumer))
    }

    /// Returns whether it was the consumer's last.
    fn leave(&self, account: &AccountId, consumer: ConsumerId) -> bool {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = accounts.get_mut(account) else { return false };
        known.open = known.open.saturating_sub(1);
        let left = known.consumers.get(&consumer).map_or(0, |own| own.saturating_sub(1));
        if left == 0 {
            known.consumers.remove(&consumer);
        } else {
            known.consumers.insert(consumer, left);
        }
        if known.open == 0 {
            accounts.remove(account);
        }
        metrics::gauge!("antiphon_consumer_sockets").decrement(1);
        left == 0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.visitors.leave(&self.account, self.consumer) {
            return;
        }
        let (app, visitors) = (Arc::clone(&self.app), Arc::clone(&self.visitors));
        let (account, consumer) = (self.account.clone(), self.consumer);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // A page that is loaded anew is back before anybody could be told that it went.
                if !visitors.is_here(&account, consumer)
                    && let Err(error) = app.consumer_presence(&account, consumer, false).await
                {
                    tracing::debug!(account = %account, %error, "agents were not told that a consumer went");
                }
            });
        }
    }
}
