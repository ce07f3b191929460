//! A destination of lanes: how many of them may call it at once, and when it is left alone. Pure book-keeping.
//!
//! One poisoned lane never closes it: only so many lanes that fail, with none that works in between, say that the destination
//! itself is in trouble.

use antiphon_domain::Timestamp;
use std::collections::{BTreeSet, VecDeque};

/// So many lanes must fail, with none that works in between, before the destination as a whole is thought to be in trouble.
pub(crate) const BREAKER_LANES: usize = 5;

/// The gate before one destination.
pub(crate) struct Gate<L> {
    /// How many calls may be under way; at least one.
    limit: usize,
    most: usize,
    /// Whether the limit follows how the destination fares.
    follows: bool,
    under_way: usize,
    paused_until: Option<Timestamp>,
    /// Lanes that would call but for the limit.
    crowded: VecDeque<L>,
    /// Lanes that failed since the last one that worked.
    failing: BTreeSet<L>,
    /// How often the breaker opened since then.
    trips: u32,
}

/// What a lane meets at the gate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It may call now, and has to [`Gate::leave`] afterwards.
    Open,
    /// Not before then.
    Wait(Timestamp),
    /// When others leave: [`Gate::leave`] names it.
    Crowded,
}

impl<L: Copy + Ord> Gate<L> {
    /// A gate that lets so many in, however they fare.
    pub(crate) fn fixed(most: usize) -> Self {
        let most = most.max(1);
        Self {
            limit: most,
            most,
            follows: false,
            under_way: 0,
            paused_until: None,
            crowded: VecDeque::new(),
            failing: BTreeSet::new(),
            trips: 0,
        }
    }

    /// A gate that lets a few in at first, one more for each call that works, and half of them for each that fails: a destination
    /// that is dead or slow holds few.
    pub(crate) fn following(first: usize, most: usize) -> Self {
        Self { limit: first.clamp(1, most.max(1)), follows: true, ..Self::fixed(most) }
    }

    /// A lane would call, but not before a time.
    pub(crate) fn enter(&mut self, lane: L, not_before: Timestamp, now: Timestamp) -> Entry {
        self.paused_until = self.paused_until.filter(|until| *until > now);
        if let Some(at) = self.paused_until.max(Some(not_before)).filter(|at| *at > now) {
            return Entry::Wait(at);
        }
        if self.under_way >= self.limit {
            self.crowded.push_back(lane);
            return Entry::Crowded;
        }
        self.under_way += 1;
        Entry::Open
    }

    /// Whether a call could be made at once.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.under_way < self.limit && self.paused_until.is_none_or(|until| until <= now)
    }

    /// A call has ended: the lanes that should try to enter again.
    pub(crate) fn leave(&mut self) -> impl Iterator<Item = L> + '_ {
        self.under_way = self.under_way.saturating_sub(1);
        let room = self.limit.saturating_sub(self.under_way).min(self.crowded.len());
        self.crowded.drain(..room)
    }

    /// A call worked: the lanes that failed until now.
    pub(crate) fn worked(&mut self) -> BTreeSet<L> {
        if self.follows {
            self.limit = (self.limit + 1).min(self.most);
        }
        self.trips = 0;
        self.paused_until = None;
        std::mem::take(&mut self.failing)
    }

    /// A lane's call failed. When that opens the breaker: how often it opened since the last call that worked. The caller then pauses
    /// the destination.
    pub(crate) fn failed(&mut self, lane: L, now: Timestamp) -> Option<u32> {
        if self.follows {
            self.limit = (self.limit / 2).max(1);
        }
        self.failing.insert(lane);
        let closed = self.paused_until.is_none_or(|until| until <= now);
        if self.failing.len() < BREAKER_LANES || !closed {
            return None;
        }
        self.trips += 1;
        Some(self.trips)
    }

    /// Leaves the destination alone until then; the lanes that were crowded should look again.
    pub(crate) fn pause(&mut self, until: Timestamp) -> impl Iterator<Item = L> + '_ {
        self.paused_until = self.paused_until.max(Some(until));
        self.crowded.drain(..)
    }

    /// Until when it is left alone.
    pub(crate) fn paused_until(&self) -> Option<Timestamp> {
        self.paused_until
    }

    /// Whether any lane failed since the last one that worked.
    pub(crate) fn is_failing(&self) -> bool {
        !self.failing.is_empty()
    }

    /// How many lanes failed since the last one that worked.
    pub(crate) fn failing(&self) -> usize {
        self.failing.len()
    }

    /// Calls under way.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(gate: &mut Gate<u8>, lane: u8, now: i64) -> Entry {
        gate.enter(lane, Timestamp(0), Timestamp(now))
    }

    #[test]
    fn the_crowded_follow_as_others_leave() {
        let mut gate = Gate::fixed(1);
        assert_eq!(enter(&mut gate, 1, 0), Entry::Open);
        assert_eq!(enter(&mut gate, 2, 0), Entry::Crowded);
        assert_eq!(gate.enter(3, Timestamp(9), Timestamp(0)), Entry::Wait(Timestamp(9)));
        assert_eq!(gate.leave().collect::<Vec<_>>(), [2]);
        assert!(gate.is_open(Timestamp(0)));
        assert_eq!(enter(&mut gate, 2, 0), Entry::Open);
        assert!(!gate.is_open(Timestamp(0)));
    }

    #[test]
    fn a_destination_in_trouble_holds_few() {
        let mut gate = Gate::following(4, 6);
        for lane in 0..4 {
            assert_eq!(enter(&mut gate, lane, 0), Entry::Open);
        }
        assert_eq!(enter(&mut gate, 4, 0), Entry::Crowded);
        gate.worked();
        gate.worked();
        gate.worked();
        assert_eq!(gate.leave().collect::<Vec<_>>(), [4], "there is room for three, and one waits");
        for lane in 5..8 {
            assert_eq!(enter(&mut gate, lane, 0), Entry::Open);
        }
        assert_eq!(enter(&mut gate, 8, 0), Entry::Crowded, "six is the most");
        for lane in 0..4 {
            assert_eq!(gate.failed(lane, Timestamp(0)), None);
        }
        for _ in 0..5 {
            assert_eq!(gate.leave().count(), 0);
        }
        assert_eq!(gate.leave().collect::<Vec<_>>(), [8], "one at a time");
    }

    #[test]
    fn many_lanes_open_the_breaker_and_one_never_does() {
        let mut gate = Gate::fixed(9);
        for _ in 0..20 {
            assert_eq!(gate.failed(1, Timestamp(0)), None);
        }
        assert_eq!([2, 3, 4].map(|lane| gate.failed(lane, Timestamp(0))), [None; 3]);
        assert_eq!(gate.failed(5, Timestamp(0)), Some(1));
        gate.pause(Timestamp(50)).for_each(drop);
        assert_eq!(gate.failed(6, Timestamp(1)), None, "it is open already");
        assert_eq!(enter(&mut gate, 7, 49), Entry::Wait(Timestamp(50)));
        assert_eq!(enter(&mut gate, 7, 50), Entry::Open);
        assert_eq!(gate.failed(7, Timestamp(50)), Some(2));
        assert_eq!(gate.worked().len(), 7);
        assert_eq!(gate.failed(1, Timestamp(60)), None, "counted anew");
    }
}
