//! A clock that stands still until a test moves it.

use antiphon_app::ports::Clock;
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// Where the virtual clock starts: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp(1_767_225_600_000);

/// A clock that a test moves.
#[derive(Default)]
pub struct VirtualClock {
    inner: Mutex<Inner>,
}

struct Inner {
    now: Timestamp,
    sleepers: Vec<(Timestamp, oneshot::Sender<()>)>,
}

impl Default for Inner {
    fn default() -> Self {
        Self { now: START, sleepers: Vec::new() }
    }
}

impl VirtualClock {
    /// Lets so many milliseconds pass and wakes whoever waited for that.
    pub fn advance(&self, ms: i64) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.now = inner.now.plus_ms(ms);
        let now = inner.now;
        let (due, waiting) = std::mem::take(&mut inner.sleepers).into_iter().partition(|(at, _)| *at <= now);
        inner.sleepers = waiting;
        drop(inner);
        let due: Vec<(Timestamp, oneshot::Sender<()>)> = due;
        for (_, wake) in due {
            let _ = wake.send(());
        }
    }

    /// Whether somebody waits for that very time.
    pub fn is_awaited(&self, at: Timestamp) -> bool {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.sleepers.iter().any(|(due, wake)| *due == at && !wake.is_closed())
    }

    /// The next time that somebody waits for.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .sleepers
            .iter()
            .filter(|(_, wake)| !wake.is_closed())
            .map(|(at, _)| *at)
            .min()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if at <= inner.now {
            return Box::pin(std::future::ready(()));
        }
        let (wake, woken) = oneshot::channel();
        inner.sleepers.push((at, wake));
        Box::pin(async move { drop(woken.await) })
    }

    fn ticks_us(&self) -> u64 {
        u64::try_from(self.now().0).unwrap_or(0) * 1000
    }
}
