//! The system's clock. Everything below the outermost crate gets its time from here.
#![expect(clippy::disallowed_methods, reason = "this is the adapter of the clock")]

use antiphon_app::ports::Clock;
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;
use std::time::{Duration, Instant, SystemTime};

/// A wait is looked at again at least this often, because the wall clock may be set meanwhile.
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose ticks count from now.
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            loop {
                let Ok(left @ 1..) = u64::try_from(at.since(now())) else { return };
                tokio::time::sleep(Duration::from_millis(left).min(LONGEST_NAP)).await;
            }
        })
    }

    fn ticks_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_time_that_is_past_does_not_wait() {
        let clock = SystemClock::new();
        clock.sleep_until(Timestamp(0)).await;
        clock.sleep_until(clock.now()).await;
        assert!(clock.now() > Timestamp(1_700_000_000_000));
    }
}
