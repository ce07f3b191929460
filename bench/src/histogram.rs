//! Durations in buckets of about one per cent, so that millions of them cost a few kilobytes.
//!
//! It must never be asked for more precision than that.

use std::time::Duration;

/// Buckets per doubling.
const STEPS: u32 = 64;
/// Covers a microsecond to more than an hour.
const BUCKETS: usize = (STEPS * 32) as usize;

/// Counts durations from one microsecond upwards.
#[derive(Clone)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    most: Duration,
}

impl Histogram {
    /// An empty one.
    pub fn new() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0, most: Duration::ZERO }
    }

    /// Adds one duration.
    pub fn add(&mut self, duration: Duration) {
        let micros = (duration.as_secs_f64() * 1e6).max(1.0);
        let bucket = (micros.log2() * f64::from(STEPS)) as usize;
        self.buckets[bucket.min(BUCKETS - 1)] += 1;
        self.count += 1;
        self.most = self.most.max(duration);
    }

    /// Adds all of another's durations.
    pub fn merge(&mut self, other: &Histogram) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.most = self.most.max(other.most);
    }

    /// How many were added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The duration below which the given share (0 to 1) lies, in milliseconds.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted.max(1) {
                return ((bucket as f64 + 0.5) / f64::from(STEPS)).exp2() / 1e3;
            }
        }
        0.0
    }

    /// The longest, in milliseconds.
    pub fn most(&self) -> f64 {
        self.most.as_secs_f64() * 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_within_two_per_cent() {
        let mut histogram = Histogram::new();
        for micros in 1..=10_000 {
            histogram.add(Duration::from_micros(micros));
        }
        for (share, expected) in [(0.5, 5.0), (0.99, 9.9), (1.0, 10.0)] {
            let found = histogram.quantile(share);
            assert!((found - expected).abs() < expected * 0.02, "{share}: {found}");
        }
        assert_eq!(histogram.most(), 10.0);
        assert_eq!(histogram.count(), 10_000);
    }

    #[test]
    fn merging_adds_up() {
        let mut one = Histogram::new();
        one.add(Duration::from_millis(1));
        let mut two = Histogram::new();
        two.add(Duration::from_millis(8));
        one.merge(&two);
        assert_eq!((one.count(), one.most()), (2, 8.0));
    }
}
