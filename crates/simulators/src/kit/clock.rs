//! The simulator's own time. It stands still until a caller moves it (tests) or is told to run (demo).
//! It must never be read from the machine's calendar: every timestamp a vendor would write comes from here.

use std::sync::Mutex;

use tokio::sync::watch;
use tokio::time::{Duration, Instant};

use super::lock;

struct State {
    base_ms: i64,
    running_since: Option<Instant>,
}

impl State {
    fn now_ms(&self) -> i64 {
        let elapsed = self.running_since.map_or(0, |since| i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX));
        self.base_ms.saturating_add(elapsed)
    }
}

/// A virtual clock in milliseconds since the Unix epoch.
pub struct Clock {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

impl Clock {
    /// A clock that stands at `start_ms`.
    #[must_use]
    pub fn new(start_ms: i64) -> Self {
        Self { state: Mutex::new(State { base_ms: start_ms, running_since: None }), changed: watch::Sender::new(0) }
    }

    /// The present virtual time in milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        lock(&self.state).now_ms()
    }

    /// Whether the clock moves by itself.
    #[must_use]
    pub fn is_running(&self) -> bool {
        lock(&self.state).running_since.is_some()
    }

    /// Lets the clock move with real time, or stops it where it is.
    pub fn set_running(&self, running: bool) {
        {
            let mut state = lock(&self.state);
            state.base_ms = state.now_ms();
            state.running_since = running.then(Instant::now);
        }
        self.changed.send_modify(|version| *version += 1);
    }

    /// Moves the clock forward to `target_ms`; a time already passed changes nothing.
    pub(crate) fn move_to(&self, target_ms: i64) {
        {
            let mut state = lock(&self.state);
            if target_ms <= state.now_ms() {
                return;
            }
            state.base_ms = target_ms;
            if state.running_since.is_some() {
                state.running_since = Some(Instant::now());
            }
        }
        self.changed.send_modify(|version| *version += 1);
    }

    /// Waits until the virtual time is at least `due_ms`.
    pub async fn sleep_until(&self, due_ms: i64) {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let (now, running) = {
                let state = lock(&self.state);
                (state.now_ms(), state.running_since.is_some())
            };
            if now >= due_ms {
                return;
            }
            if running {
                let left = Duration::from_millis(u64::try_from(due_ms - now).unwrap_or(0));
                tokio::select! {
                    () = tokio::time::sleep_until(Instant::now() + left) => {}
                    _ = changed.changed() => {}
                }
            } else if changed.changed().await.is_err() {
                return;
            }
        }
    }
}
