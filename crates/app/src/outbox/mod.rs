//! The outbox: what is queued goes out, in order per conversation, and its outcome is stored.
//!
//! Rows are the truth; what is held here only says which of them to take next. A lane is one conversation: its head is
//! handed over, the rest waits. Lanes never wait for one another, except that a source in trouble pauses as a whole.

mod lanes;
mod send;

use crate::channel::Usage;
use crate::ingest::Early;
use crate::{App, Unavailable};
use antiphon_domain::delivery::Reason;
use antiphon_domain::{AccountId, ConversationId, Delivery, DeliveryId, SourceId, Timestamp};
use lanes::{Lanes, Next, Until};
use moka::sync::Cache;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Which deliveries to take next, and what is on its way.
pub(crate) struct Outbox {
    lanes: Mutex<Lanes>,
    changed: Notify,
    /// Tells whoever waits in [`Outbox::settled`].
    tried: Notify,
    early: Cache<(SourceId, Arc<str>), Early>,
    /// Whether any receipt may be kept at all.
    any_early: AtomicBool,
}

impl Outbox {
    pub(crate) fn new(sends_per_source: usize) -> Self {
        Self {
            lanes: Mutex::new(Lanes::new(sends_per_source)),
            changed: Notify::new(),
            tried: Notify::new(),
            early: Cache::new(10_000),
            any_early: AtomicBool::new(false),
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes committed, queued deliveries.
    pub(crate) fn push(&self, account: &AccountId, deliveries: Vec<Delivery>) {
        if deliveries.is_empty() {
            return;
        }
        let mut lanes = self.lanes();
        for delivery in deliveries {
            lanes.push(account, delivery);
        }
        drop(lanes);
        self.changed.notify_one();
    }

    /// Forgets deliveries that are settled by other means, unless they are on their way right now.
    pub(crate) fn forget(&self, deliveries: &[Delivery]) {
        let mut lanes = self.lanes();
        deliveries.iter().for_each(|delivery| lanes.forget(delivery.conversation, delivery.id));
        drop(lanes);
        self.changed.notify_one();
    }

    /// A send worked: its source is well, and goes as fast as the channel's allowance lets it.
    fn worked(&self, source: SourceId, usage: Option<Usage>, now: Timestamp) {
        let mut lanes = self.lanes();
        lanes.worked(source);
        if lanes.used(source, usage, now) > 0 {
            metrics::counter!("antiphon_sources_slowed_total").increment(1);
        }
    }

    /// Sends nothing over a source until then.
    fn pause(&self, source: SourceId, until: Timestamp) {
        self.lanes().pause(source, until);
    }

    /// Whether what is queued for a conversation now would be handed over at once.
    pub(crate) fn would_send_now(&self, conversation: ConversationId, source: SourceId, now: Timestamp) -> bool {
        self.lanes().would_send_now(conversation, source, now)
    }

    /// Queued deliveries to an address that are not on their way.
    pub(crate) fn idle_to(&self, source: SourceId, address: &str) -> Vec<Delivery> {
        self.lanes().idle_to(source, address)
    }

    /// Whether a delivery is on its way right now.
    pub(crate) fn in_flight(&self, delivery: &Delivery) -> bool {
        self.lanes().in_flight(delivery.conversation, delivery.id)
    }

    /// Waits until a delivery whose outcome is stored is no longer on its way: moments, but a reader of the store may come sooner.
    /// Whoever holds a conversation's lock must not wait for this.
    pub(crate) async fn settled(&self, delivery: &Delivery) {
        self.until_settled(delivery.conversation, delivery.id).await;
    }

    /// Waits until what a conversation sends right now has its outcome, if it sends anything.
    /// Whoever holds a conversation's lock must not wait for this.
    pub(crate) async fn settled_in(&self, conversation: ConversationId) {
        let sending = self.lanes().sending(conversation);
        if let Some(delivery) = sending {
            self.until_settled(conversation, delivery).await;
        }
    }

    async fn until_settled(&self, conversation: ConversationId, delivery: DeliveryId) {
        loop {
            let tried = self.tried.notified();
            if !self.lanes().in_flight(conversation, delivery) {
                return;
            }
            tried.await;
        }
    }

    /// Keeps a receipt that came before the answer to its send.
    pub(crate) fn keep_early(&self, source: SourceId, vendor_id: &str, early: Early) {
        let key = (source, Arc::<str>::from(vendor_id));
        if self.early.get(&key).is_none_or(|kept| kept.status < early.status) {
            self.early.insert(key, early);
            self.any_early.store(true, Ordering::SeqCst);
        }
    }

    /// Whether any receipt is kept at all: spares a read per send.
    fn has_early(&self) -> bool {
        // Taken back before the count, so that whoever keeps one meanwhile is not overlooked.
        if !self.any_early.swap(false, Ordering::SeqCst) {
            return false;
        }
        self.early.run_pending_tasks();
        let any = self.early.entry_count() > 0;
        if any {
            self.any_early.store(true, Ordering::SeqCst);
        }
        any
    }

    fn take_early(&self, source: SourceId, vendor_id: &str) -> Option<Early> {
        self.early.remove(&(source, Arc::<str>::from(vendor_id)))
    }

    /// Lets everything that waits for its source try again: the configuration changed.
    pub(crate) fn wake_all(&self) {
        self.lanes().resume_all();
        self.changed.notify_one();
    }
}

/// What becomes of a lane's head after a try.
enum Outcome {
    /// It is settled.
    Settled,
    /// It stays, until then.
    Later(Timestamp, Box<Delivery>),
    /// The channel can't take it for now: it stays, until then.
    Failing(Timestamp, Box<Delivery>),
    /// It stays, and its source pauses until then.
    Pause(Timestamp, Box<Delivery>),
    /// It stays until the configuration changes.
    Hold(Box<Delivery>),
}

/// Works until the product stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping();
    loop {
        let wake_at = loop {
            let next = app.outbox.lanes().next(app.clock.now());
            match next {
                Next::Send(account, delivery, generation) => {
                    let worker = Arc::clone(&app);
                    app.spawn(async move {
                        let (lane, id, source) = (delivery.conversation, delivery.id, delivery.source);
                        let outcome = send::one(&worker, &account, *delivery).await;
                        if let Some(reason) = finish(&worker, &account, (lane, id, source), generation, outcome) {
                            send::breaker_opened(&worker, &account, source, &reason).await;
                        }
                        if worker.outbox.has_early() {
                            send::apply_early(&worker, &account, source, id).await;
                        }
                    });
                }
                Next::Wait(until) => break until,
            }
        };
        metrics::gauge!("antiphon_outbox_deliveries").set(app.outbox.lanes().len() as f64);
        let timer = async {
            match wake_at {
                Some(at) => app.clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = app.outbox.changed.notified() => {}
            () = timer => {}
        }
    }
}

/// Puts the books right after a try. When it opened the source's breaker: why.
fn finish(
    app: &App,
    account: &AccountId,
    (lane, id, source): (ConversationId, DeliveryId, SourceId),
    generation: u64,
    outcome: Outcome,
) -> Option<Reason> {
    let mut opened = None;
    let mut lanes = app.outbox.lanes();
    match outcome {
        Outcome::Settled => lanes.settle(lane, id, source),
        Outcome::Later(at, delivery) => lanes.put_back(account, lane, *delivery, Until::Time(at)),
        Outcome::Failing(at, delivery) => {
            if lanes.failed(lane, source, app.clock.now(), app.ids.dice()).is_some() {
                opened.clone_from(&delivery.reason);
            }
            lanes.put_back(account, lane, *delivery, Until::Time(at));
        }
        Outcome::Pause(at, delivery) => {
            lanes.pause(source, at);
            lanes.put_back(account, lane, *delivery, Until::Time(at));
        }
        Outcome::Hold(delivery) => lanes.put_back(account, lane, *delivery, Until::Change { since: generation }),
    }
    drop(lanes);
    app.outbox.changed.notify_one();
    app.outbox.tried.notify_waiters();
    opened
}

/// Takes what the process before left queued: before anything new can be queued, or its own would look left over. What had been handed over when the process ended may have gone out: it becomes unknown.
pub(crate) async fn load(app: &Arc<App>) -> Result<(), Unavailable> {
    let mut after = None;
    loop {
        let page = app.store.outbox(after, 500).await?;
        let Some((account, last)) = page.last() else { return Ok(()) };
        after = Some((account.clone(), last.id));
        for (account, delivery) in page {
            if delivery.handed_over_at.is_some() {
                send::interrupted(app, &account, delivery).await?;
            } else {
                app.outbox.push(&account, vec![delivery]);
            }
        }
    }
}
