//! What every simulator shares: virtual time, seeded ids, the journal, faults, the webhook sender, hosted files, the server
//! loop and the common part of the control API. It must know no vendor.

mod clock;
pub(crate) mod control;
pub(crate) mod dates;
mod faults;
mod http;
mod ids;
mod journal;
mod media;
pub(crate) mod phone;
mod pump;
pub(crate) mod respond;
pub(crate) mod threads;
mod webhook;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use clock::Clock;
pub use faults::{Fault, Faults, Side, Trouble};
pub use ids::Ids;
pub use journal::{Direction, Entry, Journal};
pub use media::{Media, MediaStore};
pub use pump::Pump;
pub(crate) use webhook::{Outcome, Outgoing};

use crate::{SimulatorConfig, WebhookTarget};

/// A lock that goes on after a panic elsewhere: the simulators keep no invariant across statements that could panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A refusal by the simulator itself (not by the vendor it plays): which input was wrong and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimError(pub String);

impl std::fmt::Display for SimError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SimError {}

/// The common part of a running simulator. Every handle derefs to it.
pub struct Kit {
    me: Weak<Kit>,
    clock: Arc<Clock>,
    journal: Journal,
    faults: Faults,
    pump: Arc<Pump>,
    media: MediaStore,
    ids: Ids,
    changes: watch::Sender<u64>,
    base_url: String,
    webhook: Mutex<Option<WebhookTarget>>,
    client: OnceLock<reqwest::Client>,
    held: Mutex<Option<webhook::Held>>,
    stop: watch::Sender<bool>,
    server: Mutex<Option<JoinHandle<()>>>,
    quick: AtomicBool,
}

/// Entries the journal keeps unless told otherwise.
const JOURNAL_ENTRIES: usize = 10_000;

impl Kit {
    pub(crate) fn new(base_url: String, config: SimulatorConfig) -> Arc<Self> {
        let clock = Arc::new(Clock::new(config.start_ms));
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            pump: Pump::start(Arc::clone(&clock)),
            clock,
            journal: Journal::new(JOURNAL_ENTRIES),
            faults: Faults::default(),
            media: MediaStore::default(),
            ids: Ids::new(config.seed),
            changes: watch::Sender::new(0),
            base_url,
            webhook: Mutex::new(config.webhook),
            client: OnceLock::new(),
            held: Mutex::new(None),
            stop: watch::Sender::new(false),
            server: Mutex::new(None),
            quick: AtomicBool::new(false),
        })
    }

    pub(crate) fn serve(self: &Arc<Self>, listener: TcpListener, router: Router) {
        let task = tokio::spawn(http::serve(listener, Arc::clone(self), router, self.stop.subscribe()));
        *lock(&self.server) = Some(task);
    }

    /// Where the simulator answers, without a trailing slash: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Stops listening, drops open connections and forgets scheduled work. Further calls do nothing.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        self.pump.stop();
        let task = lock(&self.server).take();
        if let Some(task) = task {
            // The loop ends by itself on the signal; an error would be its panic, which is logged by the runtime.
            let _ = task.await;
        }
    }

    /// The virtual time in milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The virtual clock itself.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Moves the virtual clock and runs everything that falls due, in order, each webhook answered before the next step.
    pub async fn advance_clock(&self, ms: i64) {
        self.pump.advance(ms).await;
        self.changed();
    }

    /// Lets the virtual clock follow real time (as in the demo), or stops it (the default).
    pub fn run_clock(&self, running: bool) {
        self.clock.set_running(running);
        self.changed();
    }

    /// Waits until nothing is due and no webhook is under way.
    pub async fn settle(&self) {
        self.pump.settle().await;
    }

    /// Adds a fault.
    pub fn add_fault(&self, fault: Fault) {
        self.faults.add(fault);
        self.changed();
    }

    /// Lifts all faults; a webhook held back for reordering is let go.
    pub fn clear_faults(&self) {
        self.faults.clear();
        self.release_held();
        self.changed();
    }

    /// The faults in force.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.list()
    }

    /// Everything on the wire, oldest first (the newest 10,000 exchanges unless changed).
    #[must_use]
    pub fn journal(&self) -> Vec<Arc<Entry>> {
        self.journal.entries()
    }

    /// Only the requests received on the vendor's API.
    #[must_use]
    pub fn requests(&self) -> Vec<Arc<Entry>> {
        self.of(Direction::Api)
    }

    /// Only the webhooks sent, one entry per attempt.
    #[must_use]
    pub fn webhooks(&self) -> Vec<Arc<Entry>> {
        self.of(Direction::Webhook)
    }

    fn of(&self, direction: Direction) -> Vec<Arc<Entry>> {
        let mut entries = self.journal.entries();
        entries.retain(|entry| entry.direction == direction);
        entries
    }

    /// The journal itself, to page through, bound or clear it.
    #[must_use]
    pub fn journal_store(&self) -> &Journal {
        &self.journal
    }

    /// Prepares for load: the journal keeps nothing and accepted sends cause neither receipts nor webhooks.
    pub fn sink_mode(&self, on: bool) {
        self.quick.store(on, Ordering::Relaxed);
        self.journal.set_capacity(if on { 0 } else { JOURNAL_ENTRIES });
    }

    pub(crate) fn is_sink(&self) -> bool {
        self.quick.load(Ordering::Relaxed)
    }

    /// Waits until `condition` holds; checked now and after each change of the simulator.
    pub async fn wait_until(&self, mut condition: impl FnMut() -> bool) {
        let mut changes = self.changes.subscribe();
        loop {
            changes.mark_unchanged();
            if condition() || changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Waits until at least `count` webhook attempts are in the journal and returns them.
    pub async fn wait_for_webhooks(&self, count: usize) -> Vec<Arc<Entry>> {
        self.wait_until(|| {
            let sent = self.webhooks();
            sent.len() >= count && sent.iter().take(count).all(|entry| entry.status() != 0)
        })
        .await;
        self.webhooks()
    }

    /// Waits until at least `count` API requests were answered and returns them.
    pub async fn wait_for_requests(&self, count: usize) -> Vec<Arc<Entry>> {
        self.wait_until(|| {
            let got = self.requests();
            got.len() >= count && got.iter().take(count).all(|entry| entry.status() != 0)
        })
        .await;
        self.requests()
    }

    /// Where webhooks go unless a number, service or app says otherwise.
    #[must_use]
    pub fn webhook_target(&self) -> Option<WebhookTarget> {
        lock(&self.webhook).clone()
    }

    /// Changes where webhooks go.
    pub fn set_webhook_target(&self, target: Option<WebhookTarget>) {
        *lock(&self.webhook) = target;
    }

    pub(crate) fn media(&self) -> &MediaStore {
        &self.media
    }

    pub(crate) fn ids(&self) -> &Ids {
        &self.ids
    }

    pub(crate) fn pump(&self) -> &Pump {
        &self.pump
    }

    /// Says that something changed: wakes waiters and the phone pages.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }

    pub(crate) fn watch_changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Stores bytes as a hosted file and returns its id.
    pub(crate) fn host(&self, prefix: &str, content_type: &str, name: &str, bytes: bytes::Bytes) -> String {
        let id = self.ids.sid(prefix);
        self.media.put(Media {
            id: id.clone(),
            content_type: content_type.to_owned(),
            name: name.to_owned(),
            bytes,
            created_ms: self.now_ms(),
        });
        id
    }
}

/// The lane of a key: work of one key stays in order.
pub(crate) fn lane_of(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
