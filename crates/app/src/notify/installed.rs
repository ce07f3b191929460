//! One app: its lanes, its endpoints' gates, and whether it stands.
//!
//! An app that keeps notifications for a time fails as a whole: while one conversation waits for its next try the app counts as
//! failing, and when many do, all of it is left alone but for one try now and then. An app that counts tries has each kind of
//! notification tried again by itself, and only the endpoint in trouble is left alone.

use super::lane::{Item, Lane, Work};
use super::lanes::Settled;
use super::notified::Notified;
use crate::gate::{Entry, Gate};
use crate::ports::store::{NotificationKind, NotificationState, NotificationTries};
use antiphon_domain::{ConversationId, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Calls to an endpoint that nobody knows yet.
const FIRST_CALLS: usize = 8;
/// Between two tries when the number counts, in milliseconds.
const BETWEEN_MS: i64 = 30_000;
/// The first pause when time counts; each is twice the one before, up to the longest. In milliseconds.
const FIRST_MS: i64 = 2_000;
const LONGEST_MS: i64 = 300_000;
/// After everything that was kept is sent: for so long the app counts as recovered, in milliseconds.
const RECOVERED_MS: i64 = 4_000;
/// An endpoint that takes longer is called slow, in milliseconds.
const SLOW_MS: u32 = 2_500;

/// Whether an app takes what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Up,
    /// Something failed and waits for its next try.
    Failed,
    /// It does again, and what was kept is on its way.
    InTransition,
    /// What was kept is sent; what came meanwhile follows.
    Recovered,
}

impl Standing {
    /// The name in the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Failed => "failed",
            Self::InTransition => "in_transition",
            Self::Recovered => "recovered",
        }
    }
}

/// How an endpoint fared lately.
#[derive(Clone, Debug, Default)]
pub struct Fared {
    /// When a call last worked.
    pub worked_at: Option<Timestamp>,
    /// When a call last failed.
    pub failed_at: Option<Timestamp>,
    /// What went wrong then.
    pub error: Option<Arc<str>>,
    /// Since when every call took longer than an app should.
    pub slow_since: Option<Timestamp>,
}

/// What came of a try.
pub(super) enum Verdict {
    /// It was taken.
    Took { status: u16, duration_ms: u32 },
    /// It was not.
    Failed { status: Option<u16>, duration_ms: u32, error: Arc<str>, after_ms: Option<i64> },
    /// It was not even tried.
    GivenUp(&'static str),
}

/// What a lane does next.
pub(super) enum Choice {
    /// Sends that one, through that gate.
    Send(usize, u32),
    /// Gives that one up.
    Drop(usize, &'static str),
    /// Waits.
    Until(Timestamp),
    /// Waits until others are done.
    Crowded,
}

/// Where the reading of an app's lanes stands.
#[derive(Default)]
pub(super) struct Pages {
    /// There may be lanes in the store that are not here.
    pub more: bool,
    reading: bool,
    /// Something was left out since the pass began.
    left_out: bool,
    after: Option<ConversationId>,
}

impl Pages {
    pub(super) fn leave_out(&mut self) {
        self.more = true;
        self.left_out = true;
    }

    /// Begins to read a page: the place that it begins after.
    pub(super) fn begin(&mut self) -> Option<ConversationId> {
        self.reading = true;
        if self.after.is_none() {
            self.left_out = false;
        }
        self.after
    }
}

/// One app's books.
pub(super) struct Installed {
    /// `None` while it is switched off, or wants nothing.
    pub notified: Option<Arc<Notified>>,
    pub lanes: HashMap<ConversationId, Lane>,
    gates: HashMap<u32, (Gate<ConversationId>, Fared)>,
    calls: usize,
    pub standing: Standing,
    pub since: Timestamp,
    /// When time counts: all of it is left alone until then.
    pub paused_until: Option<Timestamp>,
    /// Rows in memory.
    pub rows: usize,
    /// Lanes that hold what came while it was failing.
    stored: usize,
    pub pages: Pages,
    /// Whether the store was looked at since the start.
    looked: bool,
}

impl Installed {
    pub(super) fn new(app: Arc<Notified>, calls: usize) -> Self {
        Self {
            notified: Some(app),
            lanes: HashMap::new(),
            gates: HashMap::new(),
            calls,
            standing: Standing::Up,
            since: Timestamp(0),
            paused_until: None,
            rows: 0,
            stored: 0,
            pages: Pages { more: true, ..Pages::default() },
            looked: false,
        }
    }

    pub(super) fn wants_page(&self, most: usize) -> bool {
        self.pages.more && !self.pages.reading && self.notified.is_some() && self.lanes.len() < most.div_ceil(2)
    }

    fn gate(&mut self, fingerprint: u32) -> &mut (Gate<ConversationId>, Fared) {
        let calls = self.calls;
        self.gates.entry(fingerprint).or_insert_with(|| (Gate::following(FIRST_CALLS, calls), Fared::default()))
    }

    /// An endpoint's gate and how it fared, if it was ever called.
    pub(super) fn endpoint(&self, fingerprint: u32) -> Option<&(Gate<ConversationId>, Fared)> {
        self.gates.get(&fingerprint)
    }

    /// What a lane with something in memory does next. When time counts only its first one may go; when tries count, a kind that
    /// waits for its next try holds up its own kind only.
    pub(super) fn choose(&mut self, conversation: ConversationId, app: &Notified, now: Timestamp) -> Option<Choice> {
        let by_time = app.by_time();
        let paused_until = self.paused_until.filter(|_| by_time);
        let mut earliest: Option<Timestamp> = None;
        let mut held_up = [false; NotificationKind::ALL.len()];
        let mut index = 0;
        while let Some(item) = self.lanes.get(&conversation)?.queue.get(index) {
            let (kind, at, not_before) = (item.kind, item.at, paused_until.unwrap_or_default().max(item.not_before));
            if !held_up[kind as usize] {
                if app.endpoint(kind).is_none() {
                    return Some(Choice::Drop(index, "the app no longer has an endpoint for this"));
                }
                if app.kept_until(at) < now {
                    return Some(Choice::Drop(index, "it could not be handed over in the time that the app allows"));
                }
                let fingerprint = app.fingerprint(kind);
                match self.gate(fingerprint).0.enter(conversation, not_before, now) {
                    Entry::Open => return Some(Choice::Send(index, fingerprint)),
                    Entry::Crowded => {
                        self.lanes.get_mut(&conversation)?.crowded = true;
                        return Some(Choice::Crowded);
                    }
                    Entry::Wait(until) if by_time => return Some(Choice::Until(until)),
                    Entry::Wait(until) => {
                        held_up[kind as usize] = true;
                        earliest = Some(earliest.map_or(until, |earliest| earliest.min(until)));
                    }
                }
            }
            index += 1;
        }
        earliest.map(Choice::Until)
    }

    /// Takes a lane's notification out, to be sent or given up.
    pub(super) fn take(&mut self, conversation: ConversationId, index: usize) -> Option<Item> {
        let lane = self.lanes.get_mut(&conversation)?;
        lane.work = Some(Work::Sending);
        lane.queue.remove(index)
    }

    /// Puts the books right after a try; fills in which lanes should look again.
    pub(super) fn finish(
        &mut self,
        conversation: ConversationId,
        mut item: Item,
        gate: Option<u32>,
        verdict: Verdict,
        (now, dice): (Timestamp, u64),
        look_again: &mut BTreeSet<ConversationId>,
    ) -> Settled {
        item.tries.at = Some(now);
        if let Some(fingerprint) = gate {
            item.tries.attempts = item.tries.attempts.saturating_add(1);
            item.tries.endpoint = Some(fingerprint);
        }
        let settled = match verdict {
            Verdict::Took { status, duration_ms } => {
                item.tries = NotificationTries { status: Some(status), duration_ms, error: None, ..item.tries };
                self.worked(conversation, gate, duration_ms, now, look_again);
                Settled { state: NotificationState::Delivered, tries: item.tries }
            }
            Verdict::GivenUp(why) => {
                let error = item.tries.error.take().map_or_else(|| why.into(), |last| format!("{why}; the last try: {last}").into());
                item.tries.error = Some(error);
                Settled { state: NotificationState::Dropped, tries: item.tries }
            }
            Verdict::Failed { status, duration_ms, error, after_ms } => {
                item.tries = NotificationTries { status, duration_ms, error: Some(Arc::clone(&error)), ..item.tries };
                let state = self.failed(conversation, &mut item, gate, (&error, after_ms), (now, dice), look_again);
                let settled = Settled { state, tries: item.tries.clone() };
                if state == NotificationState::Waiting
                    && let Some(lane) = self.lanes.get_mut(&conversation)
                {
                    let known = lane.known;
                    lane.insert(item);
                    // While the lane is to be read anew, it stays so.
                    lane.known = known;
                }
                settled
            }
        };
        if let Some(fingerprint) = gate {
            let freed: Vec<ConversationId> = self.gate(fingerprint).0.leave().collect();
            self.release(freed, look_again);
        }
        if settled.state != NotificationState::Waiting {
            self.rows = self.rows.saturating_sub(1);
        }
        if let Some(lane) = self.lanes.get_mut(&conversation) {
            lane.work = None;
        }
        self.pass(now);
        settled
    }

    fn release(&mut self, lanes: impl IntoIterator<Item = ConversationId>, look_again: &mut BTreeSet<ConversationId>) {
        for conversation in lanes {
            if let Some(lane) = self.lanes.get_mut(&conversation) {
                lane.crowded = false;
            }
            look_again.insert(conversation);
        }
    }

    fn worked(
        &mut self,
        conversation: ConversationId,
        gate: Option<u32>,
        duration_ms: u32,
        now: Timestamp,
        look_again: &mut BTreeSet<ConversationId>,
    ) {
        if let Some(lane) = self.lanes.get_mut(&conversation) {
            lane.failures = 0;
            lane.singled_out = false;
        }
        let Some(fingerprint) = gate else { return };
        let (gate, fared) = self.gate(fingerprint);
        let paused = gate.paused_until().is_some();
        let failed = gate.worked();
        fared.worked_at = Some(now);
        fared.slow_since = (duration_ms > SLOW_MS).then(|| fared.slow_since.unwrap_or(now));
        // Who failed while everybody did is tried again at once; who fails even then keeps to its own time.
        for other in failed.into_iter().filter(|other| *other != conversation) {
            if let Some(lane) = self.lanes.get_mut(&other)
                && !lane.singled_out
                && self.notified.as_ref().is_some_and(|app| app.by_time())
            {
                lane.singled_out = true;
                lane.queue.iter_mut().for_each(|item| item.not_before = now);
                look_again.insert(other);
            }
        }
        let resumed = !self.in_trouble() && self.paused_until.take().is_some();
        if resumed || paused {
            look_again.extend(self.lanes.keys().copied());
        }
    }

    /// Whether an endpoint that the app still has fails.
    fn in_trouble(&self) -> bool {
        let Some(app) = &self.notified else { return false };
        let mut gates = self.gates.iter().filter(|(_, (gate, _))| gate.is_failing());
        gates.any(|(fingerprint, _)| {
            NotificationKind::ALL.iter().any(|kind| app.endpoint(*kind).is_some() && app.fingerprint(*kind) == *fingerprint)
        })
    }

    /// The app has other settings now: forgets what concerns endpoints that it no longer has.
    pub(super) fn reconfigured(&mut self) {
        let app = self.notified.clone();
        let has = |fingerprint: u32| {
            let app = app.as_ref();
            app.is_some_and(|app| {
                NotificationKind::ALL.iter().any(|kind| app.endpoint(*kind).is_some() && app.fingerprint(*kind) == fingerprint)
            })
        };
        self.gates.retain(|fingerprint, (gate, _)| gate.under_way() > 0 || has(*fingerprint));
        self.paused_until = self.paused_until.filter(|_| self.in_trouble());
    }

    /// The endpoints answer again.
    fn recover(&mut self, now: Timestamp) {
        let by_time = self.notified.as_ref().is_some_and(|app| app.by_time());
        self.stand(if by_time { Standing::InTransition } else { Standing::Up }, now);
        self.stored = 0;
        for lane in self.lanes.values_mut() {
            lane.stored = by_time && (lane.more || !lane.queue.is_empty());
            self.stored += usize::from(lane.stored);
        }
    }

    fn failed(
        &mut self,
        conversation: ConversationId,
        item: &mut Item,
        gate: Option<u32>,
        (error, after_ms): (&Arc<str>, Option<i64>),
        (now, dice): (Timestamp, u64),
        look_again: &mut BTreeSet<ConversationId>,
    ) -> NotificationState {
        let Some(app) = self.notified.clone() else { return NotificationState::Waiting };
        let by_time = app.by_time();
        let exempt = app.is_exempt(item.kind);
        if let Some(fingerprint) = gate {
            let (_, fared) = self.gate(fingerprint);
            fared.failed_at = Some(now);
            fared.error = Some(Arc::clone(error));
        }
        if exempt && self.standing == Standing::Up {
            return NotificationState::Dropped;
        }
        let failures = self.lanes.get_mut(&conversation).map_or(1, |lane| {
            lane.failures = lane.failures.saturating_add(1);
            lane.failures
        });
        let wait_ms = if by_time { doubled_ms(failures, dice) } else { BETWEEN_MS };
        item.not_before = now.plus_ms(wait_ms.max(after_ms.unwrap_or(0).min(LONGEST_MS)));
        if !exempt && let Some(fingerprint) = gate {
            self.stand(Standing::Failed, now);
            if let Some(trips) = self.gate(fingerprint).0.failed(conversation, now) {
                let until = now.plus_ms(if by_time { doubled_ms(trips, dice) } else { BETWEEN_MS });
                let crowded: Vec<ConversationId> = self.gate(fingerprint).0.pause(until).collect();
                self.release(crowded, look_again);
                if by_time {
                    self.paused_until = self.paused_until.max(Some(until));
                }
                metrics::counter!("antiphon_notification_breakers_opened_total").increment(1);
                tracing::warn!(account = %app.account, app = %app.client_id, %error, "an app takes no notifications and is left alone for a while");
            }
        }
        let exhausted = !by_time && item.tries.attempts > app.retries(item.kind);
        if exhausted { NotificationState::Dropped } else { NotificationState::Waiting }
    }

    fn stand(&mut self, standing: Standing, now: Timestamp) {
        if self.standing != standing {
            self.standing = standing;
            self.since = now;
        }
    }

    /// A lane has nothing waiting any more.
    pub(super) fn drained(&mut self, conversation: ConversationId, now: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&conversation)
            && std::mem::take(&mut lane.stored)
        {
            self.stored = self.stored.saturating_sub(1);
        }
        self.pass(now);
    }

    /// Lets what ends by itself end.
    pub(super) fn pass(&mut self, now: Timestamp) {
        if self.standing == Standing::Failed && !self.in_trouble() {
            self.recover(now);
        }
        if self.standing == Standing::InTransition && self.stored == 0 && !self.pages.more {
            self.stand(Standing::Recovered, now);
        }
        let waits = || self.lanes.values().any(|lane| !lane.is_empty());
        if self.standing == Standing::Recovered && (now.since(self.since) >= RECOVERED_MS || !waits()) {
            self.stand(Standing::Up, now);
        }
    }

    /// Removes a lane that has nothing to do.
    pub(super) fn remove_idle(&mut self, conversation: ConversationId) {
        if self.lanes.get(&conversation).is_some_and(|lane| self.notified.is_none() && lane.expected == 0 || lane.is_empty()) {
            self.lanes.remove(&conversation);
        }
    }

    /// Takes in the lanes that the store named; gives those that are new here.
    pub(super) fn paged(&mut self, found: Option<Vec<ConversationId>>, limit: usize, now: Timestamp) -> Vec<ConversationId> {
        self.pages.reading = false;
        let Some(found) = found else { return Vec::new() };
        let fresh: Vec<ConversationId> = found.iter().copied().filter(|conversation| !self.lanes.contains_key(conversation)).collect();
        let by_time = self.notified.as_ref().is_some_and(|app| app.by_time());
        if !self.looked && !fresh.is_empty() && by_time {
            // What the process before left is what was kept.
            self.stand(Standing::InTransition, now);
        }
        self.looked = true;
        let stored = self.standing == Standing::InTransition;
        for conversation in &fresh {
            self.lanes.insert(*conversation, Lane { more: true, stored, ..Lane::default() });
            self.stored += usize::from(stored);
        }
        self.pages.after = if found.len() >= limit { found.last().copied() } else { None };
        if self.pages.after.is_none() {
            self.pages.more = self.pages.left_out;
        }
        self.pass(now);
        fresh
    }

    /// A chat state goes at once or not at all: never before what waits, and never to an app in trouble.
    pub(super) fn begin_chat(&mut self, fingerprint: u32, now: Timestamp) -> bool {
        let well = self.standing == Standing::Up && self.paused_until.is_none_or(|until| until <= now);
        let gate = &mut self.gate(fingerprint).0;
        // The lane's name means nothing here: an open gate makes nobody wait.
        well && gate.is_open(now) && gate.enter(ConversationId([0; 16]), now, now) == Entry::Open
    }

    pub(super) fn end_chat(&mut self, fingerprint: u32) -> Vec<ConversationId> {
        let freed: Vec<ConversationId> = self.gate(fingerprint).0.leave().collect();
        for conversation in &freed {
            if let Some(lane) = self.lanes.get_mut(conversation) {
                lane.crowded = false;
            }
        }
        freed
    }
}

/// Twice as long each time, up to the longest, and up to a tenth more so that not everybody comes at once.
fn doubled_ms(times: u32, dice: u64) -> i64 {
    let plain = FIRST_MS.checked_shl(times.saturating_sub(1).min(30)).unwrap_or(LONGEST_MS).min(LONGEST_MS);
    plain + i64::try_from(dice % 101).unwrap_or(0) * plain / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        assert_eq!([1, 2, 3, 7, 8, 9, 99].map(|times| doubled_ms(times, 0)), [2_000, 4_000, 8_000, 128_000, 256_000, 300_000, 300_000]);
        assert_eq!(doubled_ms(1, 100), 2_200);
    }
}
