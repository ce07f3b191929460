//! How fast one connection or address may ask: a rate with a burst, in a few bytes.
//!
//! Pure: the time comes in. Who is too fast is told so; who goes on regardless is cut off.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Refusals in a row after which a connection is cut off.
const PATIENCE: u32 = 2_000;

/// What a request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Go on.
    Admitted,
    /// Too fast.
    Slower,
    /// Too fast for too long.
    Abuse,
}

/// The state of one connection's pace: when its requests so far would have been done at the allowed rate.
#[derive(Debug, Default)]
pub(super) struct Pace {
    due_us: u64,
    refused: u32,
}

impl Pace {
    /// Judges a request at a monotonic time, both in microseconds; one per `step_us` is allowed on average.
    pub(super) fn admit(&mut self, now_us: u64, step_us: u64, at_once: u32) -> Verdict {
        let due = self.due_us.max(now_us);
        if due - now_us > step_us * u64::from(at_once) {
            self.refused += 1;
            return if self.refused > PATIENCE { Verdict::Abuse } else { Verdict::Slower };
        }
        self.refused = 0;
        self.due_us = due + step_us;
        Verdict::Admitted
    }
}

/// The paces of many addresses.
pub(super) struct Paces {
    by_address: Mutex<HashMap<IpAddr, Pace>>,
}

impl Paces {
    /// Addresses remembered at once; when there are more, those that could start afresh anyway are forgotten.
    const MOST: usize = 10_000;

    /// Nobody asked yet.
    pub(super) fn new() -> Self {
        Self { by_address: Mutex::default() }
    }

    /// Whether an address may ask now.
    pub(super) fn admit(&self, address: IpAddr, now_us: u64, step_us: u64, at_once: u32) -> bool {
        let mut paces = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if paces.len() >= Self::MOST {
            paces.retain(|_, pace| pace.due_us > now_us);
        }
        if paces.len() >= Self::MOST && !paces.contains_key(&address) {
            return false;
        }
        paces.entry(address).or_default().admit(now_us, step_us, at_once) == Verdict::Admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_a_flood_does_not() {
        let mut pace = Pace::default();
        let mut verdicts = |now_us: u64, count: usize| -> Vec<Verdict> { (0..count).map(|_| pace.admit(now_us, 100_000, 4)).collect() };
        assert_eq!(verdicts(1_000, 5), [Verdict::Admitted; 5]);
        assert_eq!(verdicts(1_000, 1), [Verdict::Slower]);
        assert_eq!(verdicts(101_000, 2), [Verdict::Admitted, Verdict::Slower]);
        assert_eq!(verdicts(101_000, 2_000).last(), Some(&Verdict::Abuse));
        assert_eq!(verdicts(2_000_000, 1), [Verdict::Admitted]);
    }
}
