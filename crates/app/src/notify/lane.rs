//! One lane: the notifications of one conversation to one app, in their order.

use crate::ports::store::{NotificationAbout, NotificationKind, NotificationRow, NotificationTries};
use antiphon_domain::{Conversation, ConversationId, DialogNumber, Event, NotificationId, Sequence, Timestamp};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

/// A notification in memory.
pub(super) struct Item {
    pub id: NotificationId,
    pub kind: NotificationKind,
    /// Its age counts from here.
    pub at: Timestamp,
    /// Not tried before.
    pub not_before: Timestamp,
    pub tries: NotificationTries,
    pub told: Told,
}

/// What it tells.
#[derive(Clone)]
pub(super) enum Told {
    /// At hand; apps that are told the same share it.
    Held(Arc<Held>),
    /// An event to be read.
    Stored(DialogNumber, Sequence),
}

/// What was committed, and its body once somebody has made it.
pub(super) struct Held {
    pub what: Committed,
    pub body: OnceLock<Bytes>,
}

/// What was committed.
pub(super) enum Committed {
    Event(ConversationId, Arc<Event>),
    State(Arc<Conversation>),
}

impl Held {
    pub(super) fn new(what: Committed) -> Arc<Self> {
        Arc::new(Self { what, body: OnceLock::new() })
    }
}

impl Item {
    /// A row as it was read.
    pub(super) fn read(row: NotificationRow) -> Self {
        let told = match row.about {
            NotificationAbout::Event { dialog, sequence } => Told::Stored(dialog, sequence),
            NotificationAbout::State(state) => Told::Held(Held::new(Committed::State(state))),
        };
        let at = row.tries.requeued_at.map_or(row.at, |requeued| requeued.max(row.at));
        Self { id: row.id, kind: row.kind, at, not_before: Timestamp(0), tries: row.tries, told }
    }
}

/// What a lane is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// One of its notifications is on its way.
    Sending,
    /// Its next rows are being read.
    Reading,
}

/// A lane's books.
#[derive(Default)]
pub(super) struct Lane {
    pub queue: VecDeque<Item>,
    /// The highest id that was ever held: the next ones are read from there.
    pub known: Option<NotificationId>,
    /// The highest id that was ever read from the store: whoever brings one below brings nothing new.
    pub read_to: Option<NotificationId>,
    pub work: Option<Work>,
    /// Stands in the queue of ready lanes.
    pub ready: bool,
    /// Waits at an endpoint's gate.
    pub crowded: bool,
    /// Its place in the timers, while it waits for a time.
    pub due: Option<Timestamp>,
    /// The store holds rows beyond `known`.
    pub more: bool,
    /// Something came that was not taken in, since the last read began.
    pub left_out: bool,
    /// What is being read may be old: rows were put back meanwhile.
    pub stale: bool,
    /// Units under commit that bring more.
    pub expected: u32,
    /// Those of them whose answer nobody heard.
    pub doubts: u32,
    /// Tries that failed since the last one that worked.
    pub failures: u32,
    /// Was tried early because others worked, since it last worked itself: it is the one in trouble, not the endpoint.
    pub singled_out: bool,
    /// Holds what came while the app was failing.
    pub stored: bool,
}

impl Lane {
    /// Free to be made ready.
    pub(super) fn is_idle(&self) -> bool {
        self.work.is_none() && !self.ready && !self.crowded && self.due.is_none()
    }

    /// Has nothing to do, now or soon.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && !self.more && self.work.is_none() && self.expected == 0
    }

    /// Puts a notification in its place.
    pub(super) fn insert(&mut self, item: Item) {
        self.known = self.known.max(Some(item.id));
        let at = self.queue.partition_point(|held| held.id < item.id);
        self.queue.insert(at, item);
    }

    /// Forgets what is in memory: it will be read anew. Returns how many rows that were.
    pub(super) fn forget(&mut self) -> usize {
        let dropped = self.queue.len();
        self.queue.clear();
        (self.known, self.read_to) = (None, None);
        (self.more, self.left_out) = (true, true);
        self.stale = self.work == Some(Work::Reading);
        dropped
    }

    /// Takes rows in that were read; returns how many. Fewer than asked for are all, if nothing was left out meanwhile.
    pub(super) fn take_in(&mut self, rows: Vec<NotificationRow>, limit: usize) -> usize {
        self.work = None;
        if std::mem::take(&mut self.stale) {
            return 0;
        }
        self.more = rows.len() >= limit || self.left_out;
        let mut added = 0;
        for row in rows {
            self.read_to = self.read_to.max(Some(row.id));
            if !self.queue.iter().any(|held| held.id == row.id) {
                self.insert(Item::read(row));
                added += 1;
            }
        }
        added
    }
}
