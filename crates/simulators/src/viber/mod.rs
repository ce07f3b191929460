//! The Viber simulator: bots, signed events with tokens beyond 2^53, a webhook that is called while it is being set, answers of HTTP 200
//! whatever happened. It knows the vendor's wire only, nothing of the product's connector. Start reading at `api` (calls in) and `events` (out).

mod api;
mod consumers;
mod control;
mod demo;
mod events;
mod phone;
mod send;

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use bytes::Bytes;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;

pub use events::signature;

use crate::demo::DemoSource;
use crate::kit::phone::Phone;
use crate::kit::threads::Threads;
use crate::kit::{Kit, SimError, lock};
use crate::simulator::Vendor;
use crate::{Simulator, SimulatorConfig};

/// Messages kept of what bots sent.
const SENT_KEPT: usize = 20_000;

/// A bot.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    pub token: String,
    pub name: String,
    pub uri: String,
    pub webhook: String,
    /// Kinds of events that are wanted besides those that always come.
    pub event_types: Vec<String>,
    /// A status that every call gets, where the account is blocked or out of money.
    pub refused_with: Option<i64>,
}

/// What a person is to a bot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relation {
    pub subscribed: bool,
    /// What travelled with the bot's last message, and comes back with the person's next.
    pub tracking_data: Option<String>,
    /// Whether the next delivery fails, and why.
    pub fails_with: Option<String>,
}

/// The vendor's switches.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How long after a send it is delivered.
    pub delivered_after_ms: i64,
    /// Whether the webhook's address must be `https`.
    pub https_only: bool,
}

/// A message that a bot sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sent {
    /// The bot's id.
    pub bot: String,
    /// Whom it went to.
    pub receiver: String,
    /// Its token.
    pub message_token: u64,
    /// As it came.
    pub message: Value,
}

#[derive(Default)]
pub(crate) struct State {
    /// By id.
    pub bots: BTreeMap<String, Bot>,
    pub threads: Threads,
    pub relations: HashMap<(String, String), Relation>,
    pub sent: Vec<Sent>,
    pub settings: Settings,
}

impl State {
    pub fn keep_sent(&mut self, sent: Sent) {
        self.sent.push(sent);
        if self.sent.len() > SENT_KEPT {
            self.sent.remove(0);
        }
    }

    pub fn relation(&mut self, bot: &str, person: &str) -> &mut Relation {
        self.relations.entry((bot.to_owned(), person.to_owned())).or_default()
    }
}

struct Inner {
    kit: Arc<Kit>,
    state: Mutex<State>,
}

/// The Viber simulator's typed handle. Clones share it; it derefs to [`Kit`].
#[derive(Clone)]
pub struct ViberSim {
    inner: Arc<Inner>,
}

impl Deref for ViberSim {
    type Target = Kit;

    fn deref(&self) -> &Kit {
        &self.inner.kit
    }
}

pub(crate) fn build(kit: Arc<Kit>) -> Arc<dyn Vendor> {
    Arc::new(ViberSim { inner: Arc::new(Inner { kit, state: Mutex::new(State::default()) }) })
}

impl Vendor for ViberSim {
    fn router(&self) -> Router {
        let sim = self.clone();
        Router::new().fallback(move |parts: Parts, body: Bytes| {
            let sim = sim.clone();
            async move { sim.answer(&parts, &body).await }
        })
    }

    fn control(&self) -> Router {
        control::router(self)
    }

    fn phone(&self) -> &dyn Phone {
        self
    }

    fn furnish(&self, hooks: &str) -> Result<DemoSource, SimError> {
        self.furnished(hooks)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl ViberSim {
    /// Starts a simulator on its own.
    #[must_use]
    pub fn start(listener: TcpListener, config: SimulatorConfig) -> Self {
        crate::start("viber", listener, config).typed().expect("the list builds this type for this channel")
    }

    /// The typed handle of a running simulator, where it is one of this channel.
    #[must_use]
    pub fn of(sim: &Simulator) -> Option<Self> {
        sim.typed()
    }

    pub(crate) fn kit(&self) -> &Arc<Kit> {
        &self.inner.kit
    }

    /// Creates a bot; an existing one gets the new token.
    pub fn create_bot(&self, id: &str, token: &str, name: &str) {
        let mut state = lock(&self.inner.state);
        state.threads.add_line(id, name);
        let bot = state.bots.entry(id.to_owned()).or_insert_with(|| Bot {
            token: String::new(),
            name: name.to_owned(),
            uri: name.to_lowercase().replace(' ', ""),
            webhook: String::new(),
            event_types: ["delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started"].map(str::to_owned).to_vec(),
            refused_with: None,
        });
        token.clone_into(&mut bot.token);
        drop(state);
        self.changed();
    }

    /// Sets a bot's webhook without calling it.
    ///
    /// # Errors
    /// Where the bot is unknown.
    pub fn set_webhook(&self, bot: &str, url: &str) -> Result<(), SimError> {
        self.bot(bot, |bot| url.clone_into(&mut bot.webhook))
    }

    /// Answers every call of a bot with a status (7 blocked, 9 suspended, 12 too fast, 24 no money …), or as usual again.
    ///
    /// # Errors
    /// Where the bot is unknown.
    pub fn refuse_with(&self, bot: &str, status: Option<i64>) -> Result<(), SimError> {
        self.bot(bot, |bot| bot.refused_with = status)
    }

    /// Reads the vendor's switches.
    #[must_use]
    pub fn settings(&self) -> Settings {
        lock(&self.inner.state).settings.clone()
    }

    /// Changes the vendor's switches.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut lock(&self.inner.state).settings);
        self.changed();
    }

    /// Every message that was taken from bots, oldest first.
    #[must_use]
    pub fn messages_received(&self) -> Vec<Sent> {
        lock(&self.inner.state).sent.clone()
    }

    /// Waits until so many messages were taken, and returns them.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Sent> {
        self.wait_until(|| lock(&self.inner.state).sent.len() >= count).await;
        self.messages_received()
    }

    /// A message's token: beyond what a float holds.
    pub(crate) fn message_token(&self) -> u64 {
        4_900_000_000_000_000_000 + self.ids().number() % 300_000_000_000_000_000
    }

    fn bot<T>(&self, id: &str, act: impl FnOnce(&mut Bot) -> T) -> Result<T, SimError> {
        let mut state = lock(&self.inner.state);
        let done = state.bots.get_mut(id).map(act).ok_or_else(|| SimError(format!("bot: there is no bot {id:?}; create it first")));
        drop(state);
        self.changed();
        done
    }
}
