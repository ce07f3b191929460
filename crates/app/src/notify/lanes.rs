//! Which notification goes next: pure book-keeping over lanes, one for each conversation of each app.
//!
//! The store's queue is the truth. Memory holds its beginning, a bounded number of rows a lane, an app and in all; what is beyond is
//! read when its turn comes. A lane that is not here has nothing waiting in the store, unless its app says that it has more.

use super::installed::{Choice, Installed, Verdict};
use super::lane::{Item, Lane, Work};
use super::notified::Notified;
use crate::ports::store::{NotificationKind, NotificationRow, NotificationState, NotificationTries};
use antiphon_domain::{AccountId, ConversationId, NotificationId, Timestamp};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// What is held in memory, and what is under way, at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Calls to one endpoint at once.
    pub calls: usize,
    /// Rows of a lane.
    pub lane_rows: usize,
    /// Rows of an app.
    pub app_rows: usize,
    /// Rows in all.
    pub rows: usize,
    /// Lanes of an app.
    pub app_lanes: usize,
}

/// An app's place in the books.
pub(super) type Slot = usize;

/// A conversation of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LaneKey {
    pub slot: Slot,
    pub conversation: ConversationId,
}

/// Something to do.
pub(super) enum Next {
    /// Hand this over, then [`Lanes::finish`].
    Send { lane: LaneKey, app: Arc<Notified>, item: Box<Item>, gate: u32 },
    /// Give this up, then [`Lanes::finish`].
    Drop { lane: LaneKey, app: Arc<Notified>, item: Box<Item>, why: &'static str },
    /// Read the lane's next rows, then [`Lanes::read`]. With `after` missing, outcomes must be stored first.
    Read { lane: LaneKey, app: Arc<Notified>, after: Option<NotificationId>, limit: usize },
    /// Read the app's next lanes, then [`Lanes::paged`].
    Page { slot: Slot, app: Arc<Notified>, after: Option<ConversationId>, limit: usize },
    /// Nothing now; at the given time there may be.
    Wait(Option<Timestamp>),
}

/// How a notification stands after a try, to be stored.
pub(super) struct Settled {
    pub state: NotificationState,
    pub tries: NotificationTries,
}

/// All lanes of all apps.
pub(super) struct Lanes {
    bounds: Bounds,
    apps: Vec<Installed>,
    slots: HashMap<(AccountId, Arc<str>), Slot>,
    ready: VecDeque<LaneKey>,
    timers: BTreeSet<(Timestamp, LaneKey)>,
    pages: VecDeque<Slot>,
    /// Lanes whose commit was never answered.
    doubtful: Vec<LaneKey>,
    rows: usize,
}

impl Lanes {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            apps: Vec::new(),
            slots: HashMap::new(),
            ready: VecDeque::new(),
            timers: BTreeSet::new(),
            pages: VecDeque::new(),
            doubtful: Vec::new(),
            rows: 0,
        }
    }

    /// Rows held in memory.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// An app's place; what the store holds for an app that is new here is still to be looked at.
    fn slot(&mut self, app: &Arc<Notified>) -> Slot {
        let key = (app.account.clone(), Arc::clone(&app.client_id));
        if let Some(slot) = self.slots.get(&key) {
            return *slot;
        }
        let slot = self.apps.len();
        self.apps.push(Installed::new(Arc::clone(app), self.bounds.calls));
        self.slots.insert(key, slot);
        self.pages.push_back(slot);
        slot
    }

    /// The configuration: apps that are not named are told nothing from now on.
    pub(super) fn configure(&mut self, apps: Vec<Arc<Notified>>) {
        let mut named = vec![false; self.apps.len()];
        for app in apps {
            let slot = self.slot(&app);
            if let Some(named) = named.get_mut(slot) {
                *named = true;
            }
            let resumed = self.apps[slot].notified.replace(app).is_none();
            if resumed {
                self.pages.push_back(slot);
            }
        }
        for slot in (0..named.len()).filter(|slot| !named[*slot]) {
            self.apps[slot].notified = None;
        }
        self.apps.iter_mut().for_each(Installed::reconfigured);
        // Whoever waits may have another endpoint now, or none any more.
        for slot in 0..self.apps.len() {
            let all: Vec<ConversationId> = self.apps[slot].lanes.keys().copied().collect();
            all.into_iter().for_each(|conversation| self.hurry(LaneKey { slot, conversation }));
        }
    }

    /// A unit with news for that conversation is about to be committed: say afterwards what came of it, by [`Lanes::push`],
    /// [`Lanes::abandon`] or [`Lanes::doubt`].
    pub(super) fn expect(&mut self, app: &Arc<Notified>, conversation: ConversationId) -> LaneKey {
        let slot = self.slot(app);
        let bounds = self.bounds;
        let app = &mut self.apps[slot];
        if !app.lanes.contains_key(&conversation) && app.lanes.len() >= bounds.app_lanes {
            app.pages.leave_out();
            return LaneKey { slot, conversation };
        }
        let more = app.pages.more;
        app.lanes.entry(conversation).or_insert_with(|| Lane { more, ..Lane::default() }).expected += 1;
        LaneKey { slot, conversation }
    }

    /// What was expected is committed.
    pub(super) fn push(&mut self, key: LaneKey, item: Item) {
        let bounds = self.bounds;
        let full = self.rows >= bounds.rows;
        let app = &mut self.apps[key.slot];
        let room = !full && app.rows < bounds.app_rows;
        let Some(lane) = app.lanes.get_mut(&key.conversation) else {
            // There was no room for its lane: the store knows.
            app.pages.leave_out();
            return self.want_page(key.slot);
        };
        lane.expected = lane.expected.saturating_sub(1);
        if lane.read_to >= Some(item.id) {
            // It was read from the store already.
        } else if lane.more || !room || lane.queue.len() >= bounds.lane_rows {
            lane.more = true;
            lane.left_out = true;
        } else {
            lane.insert(item);
            app.rows += 1;
            self.rows += 1;
        }
        self.wake(key);
    }

    /// What was expected was not committed.
    pub(super) fn abandon(&mut self, key: LaneKey) {
        if let Some(lane) = self.apps[key.slot].lanes.get_mut(&key.conversation) {
            lane.expected = lane.expected.saturating_sub(1);
        }
        self.wake(key);
    }

    /// Nobody heard what became of the commit.
    pub(super) fn doubt(&mut self, key: LaneKey) {
        if let Some(lane) = self.apps[key.slot].lanes.get_mut(&key.conversation) {
            lane.doubts += 1;
            // What is committed after it must not be taken before it.
            (lane.more, lane.left_out) = (true, true);
        }
        self.doubtful.push(key);
    }

    /// The lanes of commits that nobody heard of. Say by [`Lanes::resolve`] when everything is done that the store was asked before.
    pub(super) fn take_doubtful(&mut self) -> Vec<LaneKey> {
        std::mem::take(&mut self.doubtful)
    }

    /// The store knows by now: its rows tell.
    pub(super) fn resolve(&mut self, key: LaneKey) {
        let app = &mut self.apps[key.slot];
        match app.lanes.get_mut(&key.conversation) {
            Some(lane) => {
                lane.expected = lane.expected.saturating_sub(1);
                lane.doubts = lane.doubts.saturating_sub(1);
                (lane.more, lane.left_out) = (true, true);
                self.wake(key);
            }
            None => {
                app.pages.leave_out();
                self.want_page(key.slot);
            }
        }
    }

    /// Everything of an app is to be read anew: rows that were settled wait again.
    pub(super) fn reload(&mut self, account: &AccountId, client_id: &str) {
        let Some(&slot) = self.slots.get(&(account.clone(), Arc::from(client_id))) else { return };
        let app = &mut self.apps[slot];
        let mut dropped = 0;
        for lane in app.lanes.values_mut() {
            dropped += lane.forget();
        }
        app.rows = app.rows.saturating_sub(dropped);
        self.rows = self.rows.saturating_sub(dropped);
        app.pages.leave_out();
        self.want_page(slot);
        let all: Vec<ConversationId> = self.apps[slot].lanes.keys().copied().collect();
        all.into_iter().for_each(|conversation| self.hurry(LaneKey { slot, conversation }));
    }

    /// Makes a lane ready, unless it is, is busy, or waits for something else.
    fn wake(&mut self, key: LaneKey) {
        if let Some(lane) = self.apps[key.slot].lanes.get_mut(&key.conversation)
            && lane.is_idle()
        {
            lane.ready = true;
            self.ready.push_back(key);
        }
    }

    /// The same for one that waits for a time.
    fn hurry(&mut self, key: LaneKey) {
        if let Some(lane) = self.apps[key.slot].lanes.get_mut(&key.conversation)
            && let Some(due) = lane.due.take()
        {
            self.timers.remove(&(due, key));
        }
        self.wake(key);
    }

    fn want_page(&mut self, slot: Slot) {
        if self.apps[slot].wants_page(self.bounds.app_lanes) && !self.pages.contains(&slot) {
            self.pages.push_back(slot);
        }
    }

    pub(super) fn next(&mut self, now: Timestamp) -> Next {
        while let Some(&(at, key)) = self.timers.first() {
            if at > now {
                break;
            }
            self.timers.pop_first();
            if let Some(lane) = self.apps[key.slot].lanes.get_mut(&key.conversation) {
                lane.due = None;
            }
            self.wake(key);
        }
        while let Some(slot) = self.pages.pop_front() {
            let app = &mut self.apps[slot];
            if !app.wants_page(self.bounds.app_lanes) {
                continue;
            }
            let Some(notified) = app.notified.clone() else { continue };
            let after = app.pages.begin();
            let limit = self.bounds.app_lanes.saturating_sub(app.lanes.len()).clamp(1, PAGE);
            return Next::Page { slot, app: notified, after, limit };
        }
        while let Some(key) = self.ready.pop_front() {
            if let Some(next) = self.look(key, now) {
                return next;
            }
        }
        Next::Wait(self.timers.first().map(|(at, _)| *at))
    }

    /// What a ready lane has to do.
    fn look(&mut self, key: LaneKey, now: Timestamp) -> Option<Next> {
        let app = &mut self.apps[key.slot];
        let lane = app.lanes.get_mut(&key.conversation)?;
        lane.ready = false;
        if !lane.is_idle() {
            return None;
        }
        let Some(notified) = app.notified.clone() else {
            // Switched off: its rows stay in the store.
            let dropped = lane.forget();
            app.rows = app.rows.saturating_sub(dropped);
            self.rows = self.rows.saturating_sub(dropped);
            app.pages.leave_out();
            app.remove_idle(key.conversation);
            return None;
        };
        // What was put back is older than what came since, and goes first.
        let anew = lane.more && lane.known.is_none();
        if lane.queue.is_empty() || anew {
            if lane.doubts > 0 {
                // What is in doubt may not be in the store yet.
                return None;
            }
            if lane.more {
                lane.work = Some(Work::Reading);
                lane.left_out = false;
                return Some(Next::Read { lane: key, app: notified, after: lane.known, limit: self.bounds.lane_rows });
            }
            app.drained(key.conversation, now);
            app.remove_idle(key.conversation);
            self.want_page(key.slot);
            return None;
        }
        match app.choose(key.conversation, &notified, now)? {
            Choice::Send(index, gate) => {
                let item = Box::new(app.take(key.conversation, index)?);
                Some(Next::Send { lane: key, app: notified, item, gate })
            }
            Choice::Drop(index, why) => {
                let item = Box::new(app.take(key.conversation, index)?);
                Some(Next::Drop { lane: key, app: notified, item, why })
            }
            Choice::Until(at) => {
                if let Some(lane) = app.lanes.get_mut(&key.conversation) {
                    lane.due = Some(at);
                    self.timers.insert((at, key));
                }
                None
            }
            Choice::Crowded => None,
        }
    }

    /// A try has ended, or something was given up: how it stands now.
    pub(super) fn finish(&mut self, key: LaneKey, item: Item, gate: Option<u32>, verdict: Verdict, now: Timestamp, dice: u64) -> Settled {
        let app = &mut self.apps[key.slot];
        let rows = app.rows;
        let mut look_again = BTreeSet::new();
        let settled = app.finish(key.conversation, item, gate, verdict, (now, dice), &mut look_again);
        self.rows = self.rows.saturating_sub(rows - app.rows);
        for conversation in look_again {
            self.hurry(LaneKey { conversation, ..key });
        }
        self.wake(key);
        settled
    }

    /// A lane's rows were read; fewer than asked for are all.
    pub(super) fn read(&mut self, key: LaneKey, rows: Vec<NotificationRow>, limit: usize) {
        let app = &mut self.apps[key.slot];
        if let Some(lane) = app.lanes.get_mut(&key.conversation) {
            let added = lane.take_in(rows, limit);
            app.rows += added;
            self.rows += added;
        }
        self.wake(key);
    }

    /// A lane's rows could not be read.
    pub(super) fn read_later(&mut self, key: LaneKey, at: Timestamp) {
        if let Some(lane) = self.apps[key.slot].lanes.get_mut(&key.conversation) {
            lane.work = None;
            lane.due = Some(at);
            self.timers.insert((at, key));
        }
    }

    /// An app's lanes were read; fewer than asked for are all. `None`: they could not be read.
    pub(super) fn paged(&mut self, slot: Slot, found: Option<Vec<ConversationId>>, limit: usize, now: Timestamp) {
        let fresh = self.apps[slot].paged(found, limit, now);
        for conversation in fresh {
            self.wake(LaneKey { slot, conversation });
        }
        self.want_page(slot);
    }

    /// A chat state may go at once, or not at all. If it does, [`Lanes::end_chat`] has to follow.
    pub(super) fn begin_chat(&mut self, app: &Arc<Notified>, now: Timestamp) -> Option<(Slot, u32)> {
        let slot = self.slot(app);
        let gate = app.fingerprint(NotificationKind::ChatState);
        self.apps[slot].begin_chat(gate, now).then_some((slot, gate))
    }

    pub(super) fn end_chat(&mut self, slot: Slot, gate: u32) {
        for conversation in self.apps[slot].end_chat(gate) {
            self.wake(LaneKey { slot, conversation });
        }
    }

    /// Where an app stands at this moment.
    pub(super) fn look_at(&mut self, account: &AccountId, client_id: &str, now: Timestamp) -> Option<&Installed> {
        let slot = *self.slots.get(&(account.clone(), Arc::from(client_id)))?;
        self.apps[slot].pass(now);
        self.apps.get(slot)
    }
}

/// Most lanes that are read at once.
const PAGE: usize = 1_000;

#[cfg(test)]
#[path = "lanes_tests.rs"]
mod tests;
