//! How many sockets are open, per account and user, and how many of them listen for rings.
//!
//! Routing hears absolute numbers, so a lost report is mended by the next one; reports of one user never overtake one
//! another. A place is taken before the upgrade and given back when it is dropped, whatever ends the connection.

use antiphon_app::App;
use antiphon_domain::{AccountId, UserId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Reports of different users wait for one another only when their numbers share a lane.
const LANES: i64 = 64;

/// All open sockets of this process.
pub(crate) struct Presence {
    accounts: Mutex<HashMap<AccountId, AccountSockets>>,
    /// Held while a user's numbers are read and reported.
    reporting: Vec<tokio::sync::Mutex<()>>,
}

impl Default for Presence {
    fn default() -> Self {
        Self { accounts: Mutex::default(), reporting: (0..LANES).map(|_| tokio::sync::Mutex::new(())).collect() }
    }
}

#[derive(Default)]
struct AccountSockets {
    open: u32,
    users: HashMap<UserId, Arc<UserSockets>>,
}

#[derive(Default)]
struct UserSockets {
    open: AtomicU32,
    listening: AtomicU32,
}

/// One socket's place.
pub(super) struct Place {
    app: Arc<App>,
    presence: Arc<Presence>,
    account: AccountId,
    user: UserId,
    sockets: Arc<UserSockets>,
    listens: bool,
}

impl Presence {
    /// Takes a place, unless the account has as many sockets as it may.
    pub(super) fn enter(self: &Arc<Self>, app: &Arc<App>, account: &AccountId, user: UserId, most: u32) -> Option<Place> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_account = accounts.entry(account.clone()).or_default();
        if of_account.open >= most {
            return None;
        }
        of_account.open += 1;
        let sockets = Arc::clone(of_account.users.entry(user).or_default());
        sockets.open.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("antiphon_agent_sockets").increment(1);
        Some(Place { app: Arc::clone(app), presence: Arc::clone(self), account: account.clone(), user, sockets, listens: false })
    }

    fn leave(&self, account: &AccountId, user: UserId) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(of_account) = accounts.get_mut(account) else { return };
        of_account.open = of_account.open.saturating_sub(1);
        let left = of_account.users.get(&user).map_or(0, |sockets| sockets.open.fetch_sub(1, Ordering::Relaxed));
        if left <= 1 {
            of_account.users.remove(&user);
        }
        if of_account.open == 0 {
            accounts.remove(account);
        }
        metrics::gauge!("antiphon_agent_sockets").decrement(1);
    }

    /// The numbers as they are now; none when the user has no socket.
    fn count(&self, account: &AccountId, user: UserId) -> (u32, u32) {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let sockets = accounts.get(account).and_then(|of_account| of_account.users.get(&user));
        sockets.map_or((0, 0), |sockets| (sockets.open.load(Ordering::Relaxed), sockets.listening.load(Ordering::Relaxed)))
    }
}

impl Place {
    /// From now on this socket listens for rings, or no longer.
    pub(super) async fn listen(&mut self, listens: bool) {
        if self.listens != listens {
            self.listens = listens;
            if listens {
                self.sockets.listening.fetch_add(1, Ordering::Relaxed);
            } else {
                self.sockets.listening.fetch_sub(1, Ordering::Relaxed);
            }
            self.report().await;
        }
    }

    /// Tells routing the user's numbers.
    pub(super) async fn report(&self) {
        report(&self.app, &self.presence, &self.account, self.user).await;
    }
}

async fn report(app: &Arc<App>, presence: &Presence, account: &AccountId, user: UserId) {
    let lane = usize::try_from(user.0.rem_euclid(LANES)).unwrap_or(0);
    let _one_at_a_time = presence.reporting[lane].lock().await;
    let (open, listening) = presence.count(account, user);
    app.sockets_changed(account, user, open, listening).await;
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.listens {
            self.sockets.listening.fetch_sub(1, Ordering::Relaxed);
        }
        self.presence.leave(&self.account, self.user);
        let (app, presence) = (Arc::clone(&self.app), Arc::clone(&self.presence));
        let (account, user) = (self.account.clone(), self.user);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { report(&app, &presence, &account, user).await });
        }
    }
}
