//! The channel log: every exchange with a channel, calls and webhooks alike, kept a while for support with secrets masked.
//!
//! Its rows are written beside the hot path: whoever has exchanged something leaves the row in a bounded queue, and one task
//! commits what has gathered as one unit. A row may be dropped, which is counted and warned of; nothing ever waits for one,
//! and no outcome depends on one.

mod line;
mod mask;
mod recorder;
mod webhooks;
mod writer;

pub(crate) use line::{Line, Lines};
pub(crate) use mask::Mask;
pub(crate) use recorder::Recorder;
pub(crate) use webhooks::Trace;
pub(crate) use writer::run;

use crate::App;
use crate::ports::store::ChannelLogRow;
use antiphon_domain::{AccountId, ConversationId, Delivery, DeliveryId, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// At most so often a warning says that rows are dropped, in milliseconds.
const WARN_EVERY_MS: i64 = 60_000;

/// What an exchange is about, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct About {
    pub conversation: Option<ConversationId>,
    pub delivery: Option<DeliveryId>,
}

impl About {
    pub(crate) fn conversation(id: ConversationId) -> Self {
        Self { conversation: Some(id), delivery: None }
    }

    pub(crate) fn delivery(delivery: &Delivery) -> Self {
        Self { conversation: Some(delivery.conversation), delivery: Some(delivery.id) }
    }
}

/// A row on its way to the store.
type Waiting = (AccountId, Arc<ChannelLogRow>);

/// Where rows are left.
pub(crate) struct ChannelLog {
    queue: mpsc::Sender<Waiting>,
    /// True when everything that writes rows has ended: what is left is written, then the writer ends.
    ending: watch::Sender<bool>,
    writer: Mutex<JoinSet<()>>,
    warned_at: AtomicI64,
}

impl ChannelLog {
    /// A log with room for so many waiting rows, and the end from which they are taken.
    pub(crate) fn new(room: usize) -> (Self, mpsc::Receiver<Waiting>) {
        let (queue, waiting) = mpsc::channel(room);
        let log = Self { queue, ending: watch::channel(false).0, writer: Mutex::default(), warned_at: AtomicI64::new(i64::MIN) };
        (log, waiting)
    }

    /// Starts the task that writes.
    pub(crate) fn start(&self, writer: impl Future<Output = ()> + Send + 'static) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).spawn(writer);
    }

    pub(crate) fn ending(&self) -> watch::Receiver<bool> {
        self.ending.subscribe()
    }

    /// Writes what is left and ends the writer. Rows that are left later are dropped.
    pub(crate) async fn end(&self) {
        self.ending.send_replace(true);
        let mut writer = std::mem::take(&mut *self.writer.lock().unwrap_or_else(PoisonError::into_inner));
        while writer.join_next().await.is_some() {}
    }

    /// Leaves a row, made only when there is room for it.
    fn leave(&self, account: &AccountId, now: Timestamp, row: impl FnOnce() -> ChannelLogRow) {
        match self.queue.try_reserve() {
            Ok(room) => room.send((account.clone(), Arc::new(row()))),
            Err(_) => self.dropped(1, now, "more is exchanged than the store takes"),
        }
    }

    fn dropped(&self, rows: u64, now: Timestamp, why: &'static str) {
        metrics::counter!("antiphon_channel_log_dropped_total").increment(rows);
        let last = self.warned_at.load(Ordering::Relaxed);
        if now.0.saturating_sub(last) >= WARN_EVERY_MS
            && self.warned_at.compare_exchange(last, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            tracing::warn!(rows, why, "the channel log drops rows; see antiphon_channel_log_dropped_total for how many");
        }
    }
}

impl App {
    /// The milliseconds since a reading of [`crate::ports::Clock::ticks_us`].
    fn milliseconds_since(&self, ticks_us: u64) -> u32 {
        u32::try_from(self.clock.ticks_us().saturating_sub(ticks_us) / 1000).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use antiphon_domain::RowId;

    fn row() -> ChannelLogRow {
        ChannelLogRow {
            id: RowId(1),
            at: Timestamp(0),
            source: None,
            inbound: true,
            method: "POST".into(),
            url: "".into(),
            status: Some(200),
            duration_ms: 0,
            request: "".into(),
            answer: "".into(),
            error: None,
            conversation: None,
            delivery: None,
        }
    }

    #[test]
    fn a_full_log_takes_nothing_and_nobody_waits() {
        let (log, mut waiting) = ChannelLog::new(2);
        let account: AccountId = "1".parse().expect("an account id");
        let mut made = 0;
        for _ in 0..5 {
            log.leave(&account, Timestamp(0), || {
                made += 1;
                row()
            });
        }
        assert_eq!((made, waiting.len()), (2, 2), "what is dropped is not even made");
        assert!(waiting.try_recv().is_ok());
        log.leave(&account, Timestamp(0), row);
        assert_eq!(waiting.len(), 2);
    }
}
