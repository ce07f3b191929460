//! Ids that look like the vendors' and come from a seed, so that one number replays a whole run.
//! They must never be used as secrets.

use std::sync::atomic::{AtomicU64, Ordering};

/// A seeded, endless source of distinct ids. Safe to share between tasks.
pub struct Ids {
    seed: u64,
    next: AtomicU64,
}

/// The SplitMix64 step: a bijection, so distinct inputs give distinct outputs.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Ids {
    /// Ids that depend on `seed` and on how many were taken before.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(1) }
    }

    /// A pseudo-random number.
    pub fn number(&self) -> u64 {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        mix(mix(self.seed) ^ count)
    }

    /// 32 lower-case hexadecimal digits after `prefix`, as in a `SM…` sid.
    pub fn sid(&self, prefix: &str) -> String {
        format!("{prefix}{:016x}{:016x}", self.number(), self.number())
    }

    /// A decimal id of 16 digits, as page-scoped ids have.
    pub fn digits(&self) -> String {
        format!("{}", 1_000_000_000_000_000 + self.number() % 9_000_000_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (a, b, c) = (Ids::new(7), Ids::new(7), Ids::new(8));
        let first = a.sid("SM");
        assert_eq!(first, b.sid("SM"));
        assert_ne!(first, c.sid("SM"));
        assert_ne!(first, a.sid("SM"));
        assert_eq!(first.len(), 34);
        assert_eq!(a.digits().len(), 16);
    }
}
