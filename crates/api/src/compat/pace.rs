//! How fast one connection or address may ask: a rate with a burst, in a few bytes.
//!
//! Pure: the time comes in. Who is too fast is told so; who goes on regardless is cut off.

use super::Shared;
use antiphon_domain::AccountId;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
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

/// The paces of many askers.
pub(super) struct Paces<K = IpAddr> {
    by_asker: Mutex<HashMap<K, Pace>>,
}

impl<K: Eq + Hash> Paces<K> {
    /// Askers remembered at once; when there are more, those that could start afresh anyway are forgotten.
    const MOST: usize = 10_000;

    /// Nobody asked yet.
    pub(super) fn new() -> Self {
        Self { by_asker: Mutex::default() }
    }

    /// Whether somebody may ask now.
    pub(super) fn admit(&self, asker: K, now_us: u64, step_us: u64, at_once: u32) -> bool {
        let mut paces = self.by_asker.lock().unwrap_or_else(PoisonError::into_inner);
        if paces.len() >= Self::MOST {
            paces.retain(|_, pace| pace.due_us > now_us);
        }
        if paces.len() >= Self::MOST && !paces.contains_key(&asker) {
            return false;
        }
        paces.entry(asker).or_default().admit(now_us, step_us, at_once) == Verdict::Admitted
    }
}

/// How often one may ask for something: on average, and at once.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Per minute, on average.
    pub per_min: NonZeroU32,
    /// At once.
    pub at_once: u32,
}

impl Rate {
    /// A rate, at least one per minute.
    pub const fn new(per_min: u32, at_once: u32) -> Self {
        match NonZeroU32::new(per_min) {
            Some(per_min) => Self { per_min, at_once },
            None => Self { per_min: NonZeroU32::MIN, at_once },
        }
    }

    fn step_us(self) -> u64 {
        60_000_000 / u64::from(self.per_min.get())
    }
}

/// The paces of those who ask for tokens. Apps count for themselves only when they are installed: anybody can make ids up.
pub(super) struct TokenPaces {
    addresses: Paces,
    visitors: Paces,
    apps: Paces<(AccountId, String)>,
    consumers: Paces<(AccountId, String)>,
}

impl TokenPaces {
    pub(super) fn new() -> Self {
        Self { addresses: Paces::new(), visitors: Paces::new(), apps: Paces::new(), consumers: Paces::new() }
    }

    /// Whether an address may ask for an app's token.
    pub(super) fn token_of_address(&self, shared: &Shared, address: IpAddr) -> bool {
        admit(&self.addresses, address, shared, shared.limits.app_tokens_per_address)
    }

    /// Whether an app may ask for its token.
    pub(super) fn token_of_app(&self, shared: &Shared, account: &str, client_id: &str) -> bool {
        let Ok(account) = account.parse::<AccountId>() else { return true };
        let directory = shared.app.directory();
        let installed = directory.account(&account).is_some_and(|view| view.connector_apps.contains_key(client_id));
        !installed || admit(&self.apps, (account, client_id.to_owned()), shared, shared.limits.app_tokens_per_app)
    }

    /// Whether an app may ask for a consumer's token.
    pub(super) fn consumer_of_app(&self, shared: &Shared, account: &AccountId, client_id: &str) -> bool {
        admit(&self.consumers, (account.clone(), client_id.to_owned()), shared, shared.limits.consumer_tokens_per_app)
    }

    /// Whether a visitor may ask for a token from an address.
    pub(super) fn visitor_of_address(&self, shared: &Shared, address: IpAddr) -> bool {
        admit(&self.visitors, address, shared, shared.limits.visitor_tokens_per_address)
    }
}

fn admit<K: Eq + Hash>(paces: &Paces<K>, asker: K, shared: &Shared, rate: Rate) -> bool {
    let admitted = paces.admit(asker, shared.app.clock().ticks_us(), rate.step_us(), rate.at_once);
    if !admitted {
        metrics::counter!("antiphon_throttled_token_requests_total").increment(1);
    }
    admitted
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
