//! The RCS simulator: agents with service accounts, a directory of phones with what each can show, signed events, message ids that count
//! once. It knows the vendor's wire only, nothing of the product's connector. Start reading at `api` (calls in) and `events` (webhooks out).

mod api;
mod consumers;
mod control;
mod demo;
mod events;
mod phone;
mod token;

use std::any::Any;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use bytes::Bytes;
use http::request::Parts;
use serde::Serialize;
use serde_json::Value;
use tokio::net::TcpListener;

pub use events::signature;

use crate::demo::DemoSource;
use crate::kit::phone::Phone;
use crate::kit::threads::Threads;
use crate::kit::{Kit, SimError, lock};
use crate::simulator::Vendor;
use crate::{Simulator, SimulatorConfig};
use token::Account;

/// Messages kept of what agents sent.
const SENT_KEPT: usize = 20_000;

/// An agent.
pub(crate) struct Agent {
    pub webhook: String,
    pub client_token: String,
    pub account: Account,
}

/// A phone.
#[derive(Clone, Debug)]
pub(crate) struct Handset {
    /// Whether it has RCS at all.
    pub reachable: bool,
    /// What it can show.
    pub features: HashSet<String>,
    /// Nothing arrives while it is off.
    pub offline: bool,
}

/// What phones can usually do.
pub const FEATURES: [&str; 8] = [
    "RICHCARD_STANDALONE",
    "RICHCARD_CAROUSEL",
    "ACTION_DIAL",
    "ACTION_OPEN_URL",
    "ACTION_SHARE_LOCATION",
    "ACTION_VIEW_LOCATION",
    "ACTION_CREATE_CALENDAR_EVENT",
    "REVOCATION",
];

impl Default for Handset {
    fn default() -> Self {
        Self { reachable: true, features: FEATURES.map(str::to_owned).into(), offline: false }
    }
}

/// A message that an agent sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sent {
    /// The agent.
    pub agent: String,
    /// The phone it went to.
    pub phone: String,
    /// Its id, the agent's own.
    pub message_id: String,
    /// As it came.
    pub message: Value,
}

#[derive(Default)]
pub(crate) struct State {
    pub agents: BTreeMap<String, Agent>,
    pub threads: Threads,
    pub handsets: HashMap<String, Handset>,
    pub ids: HashSet<String>,
    pub sent: Vec<Sent>,
    /// Token → agent, and until when.
    pub tokens: HashMap<String, (String, i64)>,
}

impl State {
    pub fn keep_sent(&mut self, sent: Sent) {
        self.sent.push(sent);
        if self.sent.len() > SENT_KEPT {
            self.sent.remove(0);
        }
    }
}

struct Inner {
    kit: Arc<Kit>,
    state: Mutex<State>,
}

/// The RCS simulator's typed handle. Clones share it; it derefs to [`Kit`].
#[derive(Clone)]
pub struct RcsSim {
    inner: Arc<Inner>,
}

impl Deref for RcsSim {
    type Target = Kit;

    fn deref(&self) -> &Kit {
        &self.inner.kit
    }
}

pub(crate) fn build(kit: Arc<Kit>) -> Arc<dyn Vendor> {
    Arc::new(RcsSim { inner: Arc::new(Inner { kit, state: Mutex::new(State::default()) }) })
}

impl Vendor for RcsSim {
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

impl RcsSim {
    /// Starts a simulator on its own.
    #[must_use]
    pub fn start(listener: TcpListener, config: SimulatorConfig) -> Self {
        crate::start("rcs", listener, config).typed().expect("the list builds this type for this channel")
    }

    /// The typed handle of a running simulator, where it is one of this channel.
    #[must_use]
    pub fn of(sim: &Simulator) -> Option<Self> {
        sim.typed()
    }

    pub(crate) fn kit(&self) -> &Arc<Kit> {
        &self.inner.kit
    }

    /// Creates an agent with a service account of its own; the JSON of the account's key. An existing agent gets a new key.
    ///
    /// # Errors
    /// Where the system makes no key.
    pub fn create_agent(&self, agent: &str, name: &str, client_token: &str, webhook: &str) -> Result<String, SimError> {
        let (account, json) = Account::new(agent)?;
        let mut state = lock(&self.inner.state);
        state.threads.add_line(agent, name);
        state.tokens.retain(|_, (of, _)| of != agent);
        let known = Agent { webhook: webhook.to_owned(), client_token: client_token.to_owned(), account };
        state.agents.insert(agent.to_owned(), known);
        drop(state);
        self.changed();
        Ok(json)
    }

    /// Makes a phone lose RCS or a feature, or switches it off.
    ///
    /// # Errors
    /// Where the phone is unknown.
    pub fn set_handset(&self, phone: &str, reachable: bool, features: &[&str], offline: bool) -> Result<(), SimError> {
        {
            let mut state = lock(&self.inner.state);
            let handset =
                state.handsets.get_mut(phone).ok_or_else(|| SimError(format!("phone: there is no phone {phone}; create it first")))?;
            *handset = Handset { reachable, features: features.iter().map(|&name| name.to_owned()).collect(), offline };
        }
        if !offline {
            self.deliver_to(phone);
        }
        Ok(())
    }

    /// Every message that was taken from agents, oldest first.
    #[must_use]
    pub fn messages_received(&self) -> Vec<Sent> {
        lock(&self.inner.state).sent.clone()
    }

    /// Waits until so many messages were taken, and returns them.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Sent> {
        self.wait_until(|| lock(&self.inner.state).sent.len() >= count).await;
        self.messages_received()
    }
}
