//! How often one may ask: a token bucket per key, on the injected clock.

use antiphon_app::ports::Clock;
use governor::clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// After so many checks, keys whose bucket is full again are forgotten.
const SWEEP_EVERY: u64 = 4_096;

/// The limiter's clock: each check first sets it to the time that was handed in.
#[derive(Clone, Debug, Default)]
struct Handed(Arc<AtomicU64>);

impl clock::Clock for Handed {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.load(Ordering::Relaxed).into()
    }
}

/// A bucket per key.
pub(crate) struct Throttle<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, Handed, NoOpMiddleware<Nanos>>,
    clock: Handed,
    checks: AtomicU64,
}

impl<K: Hash + Eq + Clone> Throttle<K> {
    pub(crate) fn per_second(rate: NonZeroU32, burst: NonZeroU32) -> Self {
        Self::new(Quota::per_second(rate).allow_burst(burst))
    }

    pub(crate) fn per_minute(rate: NonZeroU32, burst: NonZeroU32) -> Self {
        Self::new(Quota::per_minute(rate).allow_burst(burst))
    }

    fn new(quota: Quota) -> Self {
        let clock = Handed::default();
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
        Self { limiter, clock, checks: AtomicU64::new(0) }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// The seconds to wait, at least one, when there is none.
    pub(crate) fn check(&self, key: &K, clock: &dyn Clock) -> Result<(), u64> {
        self.clock.0.fetch_max(clock.ticks_us().saturating_mul(1_000), Ordering::Relaxed);
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|refused| {
            let earliest = refused.earliest_possible().as_u64();
            let wait = earliest.saturating_sub(self.clock.0.load(Ordering::Relaxed));
            wait.div_ceil(1_000_000_000).max(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use antiphon_domain::Timestamp;
    use futures_util::future::BoxFuture;

    struct At(u64);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }
        fn sleep_until(&self, _: Timestamp) -> BoxFuture<'static, ()> {
            Box::pin(std::future::ready(()))
        }
        fn ticks_us(&self) -> u64 {
            self.0 * 1_000_000
        }
    }

    #[test]
    fn a_bucket_empties_fills_again_and_is_ones_own() {
        let two = NonZeroU32::new(2).expect("two is not zero");
        let throttle = Throttle::per_minute(two, two);
        assert_eq!(throttle.check(&"a", &At(1_000)), Ok(()));
        assert_eq!(throttle.check(&"a", &At(1_000)), Ok(()));
        assert_eq!(throttle.check(&"a", &At(1_000)), Err(30));
        assert_eq!(throttle.check(&"b", &At(1_000)), Ok(()));
        assert_eq!(throttle.check(&"a", &At(1_030)), Ok(()));
        assert_eq!(throttle.check(&"a", &At(1_031)), Err(29));
    }
}
