//! A bus that is as bad as the contract allows: it loses, repeats and reorders. For tests of those who listen.
//!
//! It never invents: what is heard was announced. Losses are silent here, as they can be between nodes.

use antiphon_app::ports::bus::{Announcement, Bus, Listener, Topic};
use std::sync::{Arc, Mutex, PoisonError};

/// How often something goes wrong, each in percent of the announcements.
#[derive(Clone, Copy, Debug, Default)]
pub struct Odds {
    /// Not delivered at all.
    pub lost: u8,
    /// Delivered twice.
    pub repeated: u8,
    /// Delivered only after the one that follows it.
    pub late: u8,
}

/// A bus with faults; the same seed gives the same faults.
pub struct Faulty {
    bus: Arc<dyn Bus>,
    odds: Odds,
    state: Mutex<State>,
}

struct State {
    random: u64,
    held: Option<(Vec<Topic>, Announcement)>,
}

impl Faulty {
    /// Puts faults on a bus.
    pub fn new(bus: Arc<dyn Bus>, odds: Odds, seed: u64) -> Self {
        // The generator below must not start at zero.
        Self { bus, odds, state: Mutex::new(State { random: seed | 1, held: None }) }
    }

    /// Delivers what is held back.
    pub fn settle(&self) {
        let held = self.state.lock().unwrap_or_else(PoisonError::into_inner).held.take();
        if let Some((topics, what)) = held {
            self.bus.announce(&topics, what);
        }
    }
}

impl State {
    fn hits(&mut self, percent: u8) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % 100 < u64::from(percent)
    }
}

impl Bus for Faulty {
    fn announce(&self, topics: &[Topic], what: Announcement) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (lost, repeated, late) = (state.hits(self.odds.lost), state.hits(self.odds.repeated), state.hits(self.odds.late));
        let released = state.held.take();
        if late && !lost && released.is_none() {
            state.held = Some((topics.to_vec(), what));
            return;
        }
        drop(state);
        if !lost {
            if repeated {
                self.bus.announce(topics, what.clone());
            }
            self.bus.announce(topics, what);
        }
        if let Some((topics, what)) = released {
            self.bus.announce(&topics, what);
        }
    }

    fn listen(&self) -> Listener {
        self.bus.listen()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InProcess, contract};
    use antiphon_app::ports::bus::Heard;
    use antiphon_domain::ConsumerId;

    fn heard_through(odds: Odds) -> Vec<u8> {
        let bus = Faulty::new(Arc::new(InProcess::new()), odds, 7);
        let mut listener = bus.listen();
        listener.tuner.add(contract::account("a"));
        (0..100).for_each(|number| bus.announce(&[contract::account("a")], contract::numbered(number)));
        bus.settle();
        let mut numbers = Vec::new();
        while let Ok(Heard::That(Announcement::Consumer(ConsumerId([number, ..])))) = listener.heard.try_recv() {
            numbers.push(number);
        }
        numbers
    }

    #[test]
    fn each_fault_happens_and_no_other() {
        let in_order = |numbers: &[u8]| numbers.is_sorted();
        assert_eq!(heard_through(Odds::default()), (0..100).collect::<Vec<u8>>());
        let lost = heard_through(Odds { lost: 30, ..Odds::default() });
        assert!((40..95).contains(&lost.len()) && in_order(&lost));
        let repeated = heard_through(Odds { repeated: 30, ..Odds::default() });
        assert!((105..160).contains(&repeated.len()) && in_order(&repeated));
        let mut late = heard_through(Odds { late: 30, ..Odds::default() });
        assert!(late.len() == 100 && !in_order(&late));
        late.sort_unstable();
        assert_eq!(late, (0..100).collect::<Vec<u8>>());
    }
}
