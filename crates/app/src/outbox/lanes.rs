//! Lanes and sources of the outbox: pure book-keeping.

use crate::channel::Usage;
use antiphon_domain::delivery::backoff_ms;
use antiphon_domain::{AccountId, ConversationId, Delivery, DeliveryId, SourceId, Timestamp};
use std::collections::{BTreeSet, HashMap, VecDeque};

#[derive(Default)]
struct Lane {
    queue: VecDeque<(AccountId, Delivery)>,
    sending: Option<DeliveryId>,
    /// Its place in the timers, while it waits for a time.
    due: Option<Timestamp>,
    /// Waits for the configuration to change.
    held: bool,
}

#[derive(Default)]
struct Sending {
    under_way: usize,
    paused_until: Option<Timestamp>,
    /// Lanes that would send but for the source's bound.
    crowded: VecDeque<ConversationId>,
    /// Lanes whose sends failed for now, since the last one that worked.
    failing: BTreeSet<ConversationId>,
    /// How often the breaker opened since then.
    trips: u32,
    /// Fewer at once than usual: the channel's allowance runs out.
    at_once: Option<usize>,
}

/// Above this share of the allowance a source sends one at a time, with a gap that grows; above the other it stops.
const SLOW_ABOVE: u32 = 75;
const STOP_ABOVE: u32 = 95;
/// What each percent above the first adds to the gap, in milliseconds.
const GAP_MS: i64 = 200;
/// How long a source stops where the channel names no time, and at most.
const STOP_MS: i64 = 60_000;
const STOP_MOST_MS: i64 = 3_600_000;

/// How many to send at once from now on, where that is fewer than usual, and how long to wait before the next.
fn pace(usage: Usage) -> (Option<usize>, i64) {
    match usage.percent {
        0..=SLOW_ABOVE => (None, 0),
        percent if percent <= STOP_ABOVE => (Some(1), GAP_MS * i64::from(percent - SLOW_ABOVE)),
        _ => (Some(1), usage.regain_ms.unwrap_or(STOP_MS).clamp(STOP_MS, STOP_MOST_MS)),
    }
}

/// So many conversations must fail, with none that works in between, before the source as a whole is thought to be in trouble:
/// one poisoned conversation never delays another.
const BREAKER_LANES: usize = 5;

pub(super) struct Lanes {
    per_source: usize,
    lanes: HashMap<ConversationId, Lane>,
    ready: VecDeque<ConversationId>,
    timers: BTreeSet<(Timestamp, ConversationId)>,
    sources: HashMap<SourceId, Sending>,
    held: usize,
    /// How often the configuration changed.
    generation: u64,
}

/// Until when a delivery stays.
#[derive(Clone, Copy)]
pub(super) enum Until {
    Time(Timestamp),
    /// Until the configuration changes from what it was at that generation.
    Change {
        since: u64,
    },
}

pub(super) enum Next {
    /// Hand this over; with the generation of the configuration at this moment.
    Send(AccountId, Box<Delivery>, u64),
    /// Nothing now; at the given time there may be.
    Wait(Option<Timestamp>),
}

impl Lanes {
    pub(super) fn new(per_source: usize) -> Self {
        Self {
            per_source,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            timers: BTreeSet::new(),
            sources: HashMap::new(),
            held: 0,
            generation: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.held
    }

    pub(super) fn push(&mut self, account: &AccountId, delivery: Delivery) {
        let id = delivery.conversation;
        let lane = self.lanes.entry(id).or_default();
        if lane.sending == Some(delivery.id) || lane.queue.iter().any(|(_, queued)| queued.id == delivery.id) {
            return;
        }
        // Retried deliveries are older than what was queued since, and go first.
        let at = lane.queue.iter().position(|(_, queued)| queued.id > delivery.id).unwrap_or(lane.queue.len());
        lane.queue.insert(at, (account.clone(), delivery));
        self.held += 1;
        if at == 0 && lane.sending.is_none() && !lane.held {
            if let Some(due) = lane.due.take() {
                self.timers.remove(&(due, id));
            }
            self.ready.push_back(id);
        }
    }

    pub(super) fn next(&mut self, now: Timestamp) -> Next {
        while let Some(&(at, id)) = self.timers.first() {
            if at > now {
                break;
            }
            self.timers.pop_first();
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.due = None;
                self.ready.push_back(id);
            }
        }
        while let Some(id) = self.ready.pop_front() {
            let Some(lane) = self.lanes.get_mut(&id) else { continue };
            if lane.sending.is_some() || lane.due.is_some() || lane.held {
                continue;
            }
            let Some((_, head)) = lane.queue.front() else {
                self.lanes.remove(&id);
                continue;
            };
            let source = self.sources.entry(head.source).or_default();
            source.paused_until = source.paused_until.filter(|until| *until > now);
            if let Some(at) = source.paused_until.max(Some(head.next_at)).filter(|at| *at > now) {
                lane.due = Some(at);
                self.timers.insert((at, id));
                continue;
            }
            if source.under_way >= source.at_once.unwrap_or(self.per_source) {
                source.crowded.push_back(id);
                continue;
            }
            source.under_way += 1;
            if let Some((account, delivery)) = lane.queue.pop_front() {
                lane.sending = Some(delivery.id);
                return Next::Send(account, Box::new(delivery), self.generation);
            }
        }
        Next::Wait(self.timers.first().map(|(at, _)| *at))
    }

    fn ended(&mut self, id: ConversationId, source: SourceId) {
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.sending = None;
        }
        if let Some(source) = self.sources.get_mut(&source) {
            source.under_way = source.under_way.saturating_sub(1);
            self.ready.extend(source.crowded.pop_front());
        }
        self.ready.push_back(id);
    }

    pub(super) fn settle(&mut self, id: ConversationId, delivery: DeliveryId, source: SourceId) {
        debug_assert!(self.lanes.get(&id).is_none_or(|lane| lane.sending == Some(delivery)));
        self.held = self.held.saturating_sub(1);
        self.ended(id, source);
    }

    /// The head goes back to where it was; a generation instead of a time waits for [`Lanes::resume_all`], unless that came since.
    pub(super) fn put_back(&mut self, account: &AccountId, id: ConversationId, mut delivery: Delivery, until: Until) {
        let source = delivery.source;
        if let Until::Time(at) = until {
            delivery.next_at = at;
        }
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.queue.push_front((account.clone(), delivery));
            lane.held = matches!(until, Until::Change { since } if since == self.generation);
        }
        self.ended(id, source);
    }

    pub(super) fn pause(&mut self, source: SourceId, until: Timestamp) {
        let source = self.sources.entry(source).or_default();
        source.paused_until = source.paused_until.max(Some(until));
    }

    /// A send failed for now. When that opens the source's breaker: until when.
    pub(super) fn failed(&mut self, id: ConversationId, source: SourceId, now: Timestamp, dice: u64) -> Option<Timestamp> {
        let source = self.sources.entry(source).or_default();
        source.failing.insert(id);
        let closed = source.paused_until.is_none_or(|until| until <= now);
        if source.failing.len() < BREAKER_LANES || !closed {
            return None;
        }
        source.trips += 1;
        let until = now.plus_ms(backoff_ms(source.trips, dice, None).clamp(1_000, 60_000));
        source.paused_until = Some(until);
        Some(until)
    }

    /// A send worked: the source is well.
    pub(super) fn worked(&mut self, source: SourceId) {
        if let Some(source) = self.sources.get_mut(&source) {
            source.failing.clear();
            source.trips = 0;
        }
    }

    /// What the channel said of a source's allowance with its last answer. Returns how long the source pauses, in milliseconds.
    pub(super) fn used(&mut self, source: SourceId, usage: Option<Usage>, now: Timestamp) -> i64 {
        let source = self.sources.entry(source).or_default();
        let (at_once, pause_ms) = usage.map_or((None, 0), pace);
        if source.at_once.is_some() && at_once.is_none() {
            self.ready.extend(source.crowded.drain(..));
        }
        source.at_once = at_once;
        if pause_ms > 0 {
            source.paused_until = source.paused_until.max(Some(now.plus_ms(pause_ms)));
        }
        pause_ms
    }

    pub(super) fn resume_all(&mut self) {
        self.generation += 1;
        for (id, lane) in &mut self.lanes {
            if std::mem::take(&mut lane.held) {
                self.ready.push_back(*id);
            }
        }
    }

    pub(super) fn forget(&mut self, id: ConversationId, delivery: DeliveryId) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        let before = lane.queue.len();
        lane.queue.retain(|(_, queued)| queued.id != delivery);
        if lane.queue.len() < before {
            self.held = self.held.saturating_sub(1);
            self.ready.push_back(id);
        }
    }

    /// Whether the next delivery of a lane would be handed over at once.
    pub(super) fn would_send_now(&self, id: ConversationId, source: SourceId, now: Timestamp) -> bool {
        let idle = self.lanes.get(&id).is_none_or(|lane| lane.queue.is_empty() && lane.sending.is_none());
        let source = self.sources.get(&source);
        idle && source.is_none_or(|source| {
            source.under_way < source.at_once.unwrap_or(self.per_source) && source.paused_until.is_none_or(|until| until <= now)
        })
    }

    pub(super) fn idle_to(&self, source: SourceId, address: &str) -> Vec<Delivery> {
        let queued = self.lanes.values().flat_map(|lane| &lane.queue).map(|(_, delivery)| delivery);
        queued.filter(|delivery| delivery.source == source && *delivery.address == *address).cloned().collect()
    }

    /// What a conversation sends right now.
    pub(super) fn sending(&self, id: ConversationId) -> Option<DeliveryId> {
        self.lanes.get(&id).and_then(|lane| lane.sending)
    }

    pub(super) fn in_flight(&self, id: ConversationId, delivery: DeliveryId) -> bool {
        self.sending(id) == Some(delivery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use antiphon_domain::{DeliveryStatus, id::DialogNumber};

    fn delivery(id: u64, lane: u8) -> Delivery {
        Delivery {
            id: DeliveryId(id),
            conversation: ConversationId([lane; 16]),
            dialog: DialogNumber::MAIN,
            sequence: id,
            part: 0,
            parts: 1,
            source: SourceId(1),
            address: "+1".into(),
            payload: "".into(),
            file: None,
            status: DeliveryStatus::Queued,
            attempts: 0,
            next_at: Timestamp(0),
            handed_over_at: None,
            vendor_id: None,
            reason: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    fn account() -> AccountId {
        "1".parse().expect("an account id")
    }

    fn sends(lanes: &mut Lanes, now: i64) -> Vec<u64> {
        std::iter::from_fn(|| match lanes.next(Timestamp(now)) {
            Next::Send(_, delivery, _) => Some(delivery.id.0),
            Next::Wait(_) => None,
        })
        .collect()
    }

    #[test]
    fn a_lane_sends_one_at_a_time_and_in_order() {
        let mut lanes = Lanes::new(8);
        for (id, lane) in [(1, 1), (2, 1), (3, 2)] {
            lanes.push(&account(), delivery(id, lane));
        }
        assert_eq!(sends(&mut lanes, 0), vec![1, 3]);
        lanes.settle(ConversationId([1; 16]), DeliveryId(1), SourceId(1));
        assert_eq!(sends(&mut lanes, 0), vec![2]);
    }

    #[test]
    fn what_waits_delays_its_own_lane_only() {
        let mut lanes = Lanes::new(8);
        lanes.push(&account(), delivery(1, 1));
        assert_eq!(sends(&mut lanes, 0), vec![1]);
        lanes.put_back(&account(), ConversationId([1; 16]), delivery(1, 1), Until::Time(Timestamp(500)));
        lanes.push(&account(), delivery(2, 1));
        lanes.push(&account(), delivery(3, 2));
        assert_eq!(sends(&mut lanes, 10), vec![3], "2 stays behind 1");
        assert!(matches!(lanes.next(Timestamp(10)), Next::Wait(Some(Timestamp(500)))));
        assert_eq!(sends(&mut lanes, 500), vec![1]);
    }

    #[test]
    fn a_paused_source_resumes_and_a_held_lane_waits_for_a_change() {
        let mut lanes = Lanes::new(8);
        lanes.pause(SourceId(1), Timestamp(100));
        lanes.push(&account(), delivery(1, 1));
        assert_eq!(sends(&mut lanes, 0), Vec::<u64>::new());
        assert_eq!(sends(&mut lanes, 100), vec![1]);
        lanes.put_back(&account(), ConversationId([1; 16]), delivery(1, 1), Until::Change { since: 0 });
        assert_eq!(sends(&mut lanes, 9_999), Vec::<u64>::new());
        lanes.resume_all();
        assert_eq!(sends(&mut lanes, 9_999), vec![1]);
        lanes.put_back(&account(), ConversationId([1; 16]), delivery(1, 1), Until::Change { since: 0 });
        assert_eq!(sends(&mut lanes, 9_999), vec![1], "the change came while it was on its way");
    }

    #[test]
    fn many_failing_lanes_open_the_breaker_and_one_never_does() {
        let (mut lanes, source) = (Lanes::new(8), SourceId(1));
        let lane = |n| ConversationId([n; 16]);
        for _ in 0..20 {
            assert_eq!(lanes.failed(lane(1), source, Timestamp(0), 7), None, "one poisoned conversation");
        }
        for n in 2..5 {
            assert_eq!(lanes.failed(lane(n), source, Timestamp(0), 7), None);
        }
        let until = lanes.failed(lane(5), source, Timestamp(0), 7).expect("five conversations fail");
        assert!(until >= Timestamp(1_000));
        assert_eq!(lanes.failed(lane(6), source, Timestamp(1), 7), None, "it is open already");
        lanes.push(&account(), delivery(9, 9));
        assert_eq!(sends(&mut lanes, 1), Vec::<u64>::new());
        assert_eq!(sends(&mut lanes, until.0), vec![9]);
        lanes.worked(source);
        assert_eq!(lanes.failed(lane(1), source, until, 7), None, "counted anew");
    }

    #[test]
    fn a_source_slows_down_before_its_allowance_is_used_up_and_speeds_up_again() {
        let (mut lanes, source) = (Lanes::new(8), SourceId(1));
        let used = |percent, regain_ms| Some(Usage { percent, regain_ms });
        assert_eq!(lanes.used(source, used(75, None), Timestamp(0)), 0);
        assert_eq!(lanes.used(source, used(80, None), Timestamp(0)), 1_000);
        for id in 1..=3 {
            lanes.push(&account(), delivery(id, u8::try_from(id).expect("small")));
        }
        assert!(!lanes.would_send_now(ConversationId([9; 16]), source, Timestamp(0)));
        assert_eq!(sends(&mut lanes, 0), Vec::<u64>::new(), "not before the gap is over");
        assert_eq!(sends(&mut lanes, 1_000), vec![1], "one at a time");
        lanes.settle(ConversationId([1; 16]), DeliveryId(1), source);
        assert_eq!(lanes.used(source, used(96, None), Timestamp(1_000)), 60_000);
        assert_eq!(sends(&mut lanes, 60_999), Vec::<u64>::new(), "stopped");
        assert_eq!(lanes.used(source, used(100, Some(120_000)), Timestamp(1_000)), 120_000, "as long as the channel says");
        assert_eq!(lanes.used(source, used(100, Some(99_999_999)), Timestamp(1_000)), 3_600_000, "within reason");
        let (mut lanes, source) = (Lanes::new(8), SourceId(1));
        lanes.used(source, used(76, None), Timestamp(0));
        for id in 1..=4 {
            lanes.push(&account(), delivery(id, u8::try_from(id).expect("small")));
        }
        assert_eq!(sends(&mut lanes, 200), vec![1]);
        assert_eq!(lanes.used(source, used(10, None), Timestamp(200)), 0);
        assert_eq!(sends(&mut lanes, 200), vec![2, 3, 4], "side by side again");
    }

    #[test]
    fn a_source_has_a_bound_and_crowded_lanes_follow() {
        let mut lanes = Lanes::new(1);
        lanes.push(&account(), delivery(1, 1));
        lanes.push(&account(), delivery(2, 2));
        assert_eq!(sends(&mut lanes, 0), vec![1]);
        lanes.settle(ConversationId([1; 16]), DeliveryId(1), SourceId(1));
        assert_eq!(sends(&mut lanes, 0), vec![2]);
        lanes.settle(ConversationId([2; 16]), DeliveryId(2), SourceId(1));
        assert_eq!(lanes.len(), 0);
    }
}
