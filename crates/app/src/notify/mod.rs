//! Notifications to apps: what is committed is told to every installed app that wants to know, in order per conversation.
//!
//! The rows are added where everything is committed ([`App::commit`]), from the unit's own writes, so that no use case can
//! forget them. From there on memory is only a hurry: what is lost of it is read again from the store's queue.

mod installed;
mod lane;
mod lanes;
mod notified;
mod outcomes;
mod send;
mod shown;

pub use installed::{Fared, Standing};
pub(crate) use notified::{Notified, fingerprint};
pub use shown::{TestCall, ToldRequest};

use crate::ports::net::Net;
use crate::ports::notifications::{News, NotificationWire};
use crate::ports::store::{NewNotifications, NotificationAbout, NotificationKind, NotificationState, NotificationTries, UnitOfWork, Write};
use crate::{AccountView, App, Limits};
use antiphon_domain::event::Party;
use antiphon_domain::{
    AccountId, Change, ChangeKind, Content, Conversation, ConversationId, DialogNumber, Event, EventBody, NotificationId, Timestamp,
};
use arc_swap::ArcSwap;
use installed::Verdict;
use lane::{Committed, Held, Item, Told};
use lanes::{Bounds, LaneKey, Lanes, Next};
use outcomes::Outcomes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc};

/// News of typing that wait to be told; more are let go.
const CHATS: usize = 1_000;
/// Rows of a lane that are held in memory.
const LANE_ROWS: usize = 64;
/// Rows of an app that are held in memory.
const APP_ROWS: usize = 4_096;
/// Rows that are held in memory, of all apps.
const ROWS: usize = 65_536;
/// Lanes of an app that are held in memory.
const APP_LANES: usize = 20_000;
/// After a read that failed, in milliseconds.
const PAUSE_MS: i64 = 500;

/// What the process knows of notifications.
pub(crate) struct Notifier {
    pub(crate) wire: Arc<dyn NotificationWire>,
    lanes: Mutex<Lanes>,
    changed: Notify,
    outcomes: Outcomes,
    under_way: std::sync::atomic::AtomicUsize,
    chats: mpsc::Sender<TypingNews>,
    /// Taken by whoever runs.
    heard: Mutex<Option<mpsc::Receiver<TypingNews>>>,
    nets: ArcSwap<HashMap<AccountId, Arc<Nets>>>,
}

/// The ways out for one account's notifications.
struct Nets {
    /// For whom they were made.
    allow: Vec<antiphon_domain::account::Network>,
    /// For https.
    open: Arc<dyn Net>,
    /// For plain http.
    inside: Arc<dyn Net>,
}

/// Somebody types.
struct TypingNews {
    conversation: Arc<Conversation>,
    dialog: DialogNumber,
    party: Party,
    state: Arc<str>,
}

/// News under commit. Dropped without an answer, the store is asked later.
pub(crate) struct Expected<'a> {
    notifier: &'a Notifier,
    items: Vec<(LaneKey, Item)>,
}

impl Expected<'_> {
    /// The commit was answered.
    pub(crate) fn answered(mut self, committed: bool) {
        let items = std::mem::take(&mut self.items);
        let mut lanes = self.notifier.lanes();
        for (key, item) in items {
            if committed { lanes.push(key, item) } else { lanes.abandon(key) }
        }
        drop(lanes);
        if committed {
            self.notifier.changed.notify_one();
        }
    }
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        if self.items.is_empty() {
            return;
        }
        let mut lanes = self.notifier.lanes();
        self.items.iter().for_each(|(key, _)| lanes.doubt(*key));
        drop(lanes);
        self.notifier.changed.notify_one();
    }
}

impl Notifier {
    pub(crate) fn new(wire: Arc<dyn NotificationWire>, limits: &Limits) -> Self {
        let bounds =
            Bounds { calls: limits.notifications_per_endpoint, lane_rows: LANE_ROWS, app_rows: APP_ROWS, rows: ROWS, app_lanes: APP_LANES };
        let (chats, heard) = mpsc::channel(CHATS);
        Self {
            wire,
            lanes: Mutex::new(Lanes::new(bounds)),
            changed: Notify::new(),
            outcomes: Outcomes::default(),
            under_way: std::sync::atomic::AtomicUsize::new(0),
            chats,
            heard: Mutex::new(Some(heard)),
            nets: ArcSwap::default(),
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration as it stands.
    pub(crate) fn configure(&self, app: &App) {
        let directory = app.directory();
        self.lanes().configure(directory.accounts().flat_map(|view| view.notified.iter().cloned()).collect());
        self.changed.notify_one();
    }

    /// An account's ways out, made once for what it allows.
    fn nets(&self, app: &App, view: &AccountView) -> Arc<Nets> {
        let allow = &view.account.allow_private_endpoints;
        if let Some(nets) = self.nets.load().get(&view.account.id).filter(|nets| nets.allow == *allow) {
            return Arc::clone(nets);
        }
        let nets = Arc::new(Nets { allow: allow.clone(), open: app.net.for_account(allow, None), inside: app.net.inside(allow) });
        self.nets.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.insert(view.account.id.clone(), Arc::clone(&nets));
            known
        });
        nets
    }

    /// Adds to a unit what apps are to be told of it. `None` when that is nothing: nearly always without cost.
    pub(crate) fn expect(&self, app: &App, unit: &mut UnitOfWork) -> Option<Expected<'_>> {
        let directory = app.directory.load();
        let view = directory.account(&unit.account).filter(|view| !view.notified.is_empty())?;
        let told = news(unit);
        let now = app.clock.now();
        let mut items = Vec::new();
        for (conversation, kind, what) in told {
            let wants = |to: &&Arc<Notified>| to.endpoint(kind).is_some();
            if !view.notified.iter().any(|to| wants(&to)) {
                continue;
            }
            let about = match &what {
                Committed::Event(_, event) => NotificationAbout::Event { dialog: event.dialog, sequence: event.sequence },
                Committed::State(state) => NotificationAbout::State(Arc::clone(state)),
            };
            let held = Held::new(what);
            let mut to = Vec::new();
            let mut lanes = self.lanes();
            for addressee in view.notified.iter().filter(wants) {
                let id = NotificationId(app.ids.ascending(now));
                to.push((Arc::clone(&addressee.client_id), id));
                let (tries, told) = (NotificationTries::default(), Told::Held(Arc::clone(&held)));
                items.push((lanes.expect(addressee, conversation), Item { id, kind, at: now, not_before: now, tries, told }));
            }
            drop(lanes);
            unit.write(Write::AddNotifications(NewNotifications { conversation, kind, about, at: now, to }));
        }
        (!items.is_empty()).then_some(Expected { notifier: self, items })
    }

    /// Tells apps that somebody types: at once, or not at all.
    pub(crate) fn overhear(&self, app: &App, conversation: &Arc<Conversation>, dialog: DialogNumber, party: Party, state: &str) {
        let directory = app.directory.load();
        let view = directory.account(&conversation.account);
        if !view.is_some_and(|view| view.notified.iter().any(|to| to.endpoint(NotificationKind::ChatState).is_some())) {
            return;
        }
        if self.chats.try_send(TypingNews { conversation: Arc::clone(conversation), dialog, party, state: state.into() }).is_err() {
            metrics::counter!("antiphon_notified_chat_states_total", "outcome" => "let_go").increment(1);
        }
    }
}

/// What a unit tells, in the order of its writes: numbered events, and the state of each conversation that changed otherwise.
fn news(unit: &UnitOfWork) -> Vec<(ConversationId, NotificationKind, Committed)> {
    let mut news: Vec<(ConversationId, NotificationKind, Committed)> = Vec::new();
    for write in &unit.writes {
        match write {
            Write::AddEvent { conversation, event } => {
                news.push((*conversation, kind_of(event), Committed::Event(*conversation, Arc::clone(event))));
            }
            Write::AddChange { conversation, change } if is_told(change) => {
                let told = |(of, kind, _): &(ConversationId, NotificationKind, Committed)| {
                    of == conversation && *kind == NotificationKind::Conversation
                };
                let after = unit.writes.iter().rev().find_map(|write| match write {
                    Write::PutConversation { conversation: after, .. } if after.id == *conversation => Some(after),
                    _ => None,
                });
                if let Some(after) = after.filter(|_| !news.iter().any(told)) {
                    news.push((*conversation, NotificationKind::Conversation, Committed::State(Arc::clone(after))));
                }
            }
            _ => {}
        }
    }
    news
}

fn kind_of(event: &Event) -> NotificationKind {
    match &event.body {
        EventBody::Content(Content::Rich { .. }) => NotificationKind::Rich,
        EventBody::Content(_) => NotificationKind::Content,
        EventBody::Accept { .. } => NotificationKind::Accept,
    }
}

/// What apps are not shown of a conversation makes no news: proposals, offers, and what agents note for one another.
fn is_told(change: &Change) -> bool {
    use ChangeKind::{AgentSuggested, DialogTagged, NoteChanged, RingEnded, SuggestionEnded, TopicChanged};
    !matches!(change.kind, AgentSuggested(_) | SuggestionEnded(_) | RingEnded { .. } | NoteChanged | TopicChanged | DialogTagged(_))
}

/// Works until the product stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping();
    let heard = app.notifier.heard.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut chats) = heard else { return };
    loop {
        let wake_at = pump(&app);
        look_into_doubts(&app);
        metrics::gauge!("antiphon_notifications_held").set(app.notifier.lanes().rows() as f64);
        let timer = async {
            match wake_at {
                Some(at) => app.clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = app.notifier.changed.notified() => {}
            Some(chat) = chats.recv() => tell_chat(&app, chat),
            () = timer => {}
        }
    }
}

/// Stores outcomes until the product stops and the last one is stored.
pub(crate) async fn store_outcomes(app: Arc<App>) {
    let done = || app.notifier.under_way.load(std::sync::atomic::Ordering::Acquire) == 0;
    app.notifier.outcomes.run(&app, done).await;
}

/// Starts everything that can be started; when the next thing may.
fn pump(app: &Arc<App>) -> Option<Timestamp> {
    loop {
        let next = app.notifier.lanes().next(app.clock.now());
        match next {
            Next::Wait(at) => return at,
            job => spawn(app, job),
        }
    }
}

fn spawn(app: &Arc<App>, job: Next) {
    app.notifier.under_way.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
    let worker = Arc::clone(app);
    app.spawn(async move {
        work(&worker, job).await;
        worker.notifier.under_way.fetch_sub(1, std::sync::atomic::Ordering::AcqRel);
        worker.notifier.outcomes.nudge();
        worker.notifier.changed.notify_one();
    });
}

/// Does one thing after the other while there are any: a worker of its own for each call would cost more than many calls.
async fn work(app: &Arc<App>, first: Next) {
    let stopping = app.stopping();
    let mut job = first;
    loop {
        carry_out(app, job).await;
        if *stopping.borrow() {
            return;
        }
        let mut lanes = app.notifier.lanes();
        job = match lanes.next(app.clock.now()) {
            Next::Wait(_) => return,
            next => next,
        };
        // Whatever else became ready gets workers of its own.
        let others: Vec<Next> = std::iter::from_fn(|| match lanes.next(app.clock.now()) {
            Next::Wait(_) => None,
            next => Some(next),
        })
        .collect();
        drop(lanes);
        others.into_iter().for_each(|next| spawn(app, next));
    }
}

async fn carry_out(app: &Arc<App>, job: Next) {
    let notifier = &app.notifier;
    match job {
        Next::Send { lane, app: to, item, gate } => {
            notifier.outcomes.room(app).await;
            let verdict = send::one(app, &to, lane.conversation, &item).await;
            settle(app, lane, &to, *item, Some(gate), verdict);
        }
        Next::Drop { lane, app: to, item, why } => {
            notifier.outcomes.room(app).await;
            settle(app, lane, &to, *item, None, Verdict::GivenUp(why));
        }
        Next::Read { lane, app: to, after, limit } => {
            if after.is_none() {
                notifier.outcomes.store_all(app).await;
            }
            match app.store.waiting_notifications(&to.account, &to.client_id, lane.conversation, after, limit).await {
                Ok(rows) => notifier.lanes().read(lane, rows, limit),
                Err(error) => {
                    tracing::warn!(account = %to.account, app = %to.client_id, %error, "waiting notifications can't be read; trying again");
                    notifier.lanes().read_later(lane, app.clock.now().plus_ms(PAUSE_MS));
                }
            }
        }
        Next::Page { slot, app: to, after, limit } => {
            let found = app.store.notification_lanes(&to.account, &to.client_id, after, limit).await;
            if let Err(error) = &found {
                tracing::warn!(account = %to.account, app = %to.client_id, %error, "waiting notifications can't be read; trying again");
                let mut stopping = app.stopping();
                tokio::select! {
                    _ = stopping.wait_for(|stop| *stop) => {}
                    () = app.clock.sleep_until(app.clock.now().plus_ms(PAUSE_MS)) => {}
                }
            }
            notifier.lanes().paged(slot, found.ok(), limit, app.clock.now());
        }
        Next::Wait(_) => {}
    }
}

/// Puts the books right, and has the outcome stored.
fn settle(app: &App, lane: LaneKey, to: &Notified, item: Item, gate: Option<u32>, verdict: Verdict) {
    let id = item.id;
    let settled = app.notifier.lanes().finish(lane, item, gate, verdict, app.clock.now(), app.ids.dice());
    let outcome = match settled.state {
        NotificationState::Delivered => "delivered",
        NotificationState::Waiting => "failed",
        NotificationState::Dropped => "dropped",
    };
    metrics::counter!("antiphon_notifications_total", "outcome" => outcome).increment(1);
    let write = Write::PutNotificationOutcome { app: Arc::clone(&to.client_id), id, state: settled.state, tries: settled.tries };
    app.notifier.outcomes.add(&to.account, write);
}

/// Commits that nobody waited for have been done when a later one is: then the rows tell.
fn look_into_doubts(app: &Arc<App>) {
    let doubtful = app.notifier.lanes().take_doubtful();
    let Some(view) = app.directory().accounts().next().cloned().filter(|_| !doubtful.is_empty()) else { return };
    let later = Arc::clone(app);
    app.spawn(async move {
        let mut stopping = later.stopping();
        while later.store.commit(UnitOfWork::new(view.account.id.clone())).await.is_err() {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                () = later.clock.sleep_until(later.clock.now().plus_ms(PAUSE_MS)) => {}
            }
        }
        let mut lanes = later.notifier.lanes();
        doubtful.into_iter().for_each(|key| lanes.resolve(key));
        drop(lanes);
        later.notifier.changed.notify_one();
    });
}

/// Tells every app that is well that somebody types.
fn tell_chat(app: &Arc<App>, chat: TypingNews) {
    let directory = app.directory();
    let Some(view) = directory.account(&chat.conversation.account).cloned() else { return };
    let news = News::ChatState { conversation: &chat.conversation, dialog: chat.dialog, party: chat.party, state: &chat.state };
    let body = app.notifier.wire.body(&view, news);
    for to in &view.notified {
        let Some(endpoint) = to.endpoint(NotificationKind::ChatState).cloned() else { continue };
        let Some((slot, gate)) = app.notifier.lanes().begin_chat(to, app.clock.now()) else {
            metrics::counter!("antiphon_notified_chat_states_total", "outcome" => "let_go").increment(1);
            continue;
        };
        let (worker, view, to, body) = (Arc::clone(app), Arc::clone(&view), Arc::clone(to), body.clone());
        app.spawn(async move {
            let called = send::call(&worker, &view, &to, &endpoint, body).await;
            let took = called.outcome.is_ok_and(|answer| send::is_success(answer.status));
            metrics::counter!("antiphon_notified_chat_states_total", "outcome" => if took { "told" } else { "failed" }).increment(1);
            worker.notifier.lanes().end_chat(slot, gate);
            worker.notifier.changed.notify_one();
        });
    }
}
