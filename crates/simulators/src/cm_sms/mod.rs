//! The CM.com gateway's simulator: messages in, unsigned callbacks out, status reports by reference, and a month of retries.
//! It knows the vendor's wire only, nothing of the product's connector. Start reading at [`gateway`] (calls in) and `callbacks`.

mod callbacks;
mod control;
mod gateway;
mod phone;

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use bytes::Bytes;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::demo::secret;
use crate::kit::phone::Phone;
use crate::kit::{Kit, SimError, lock};
use crate::simulator::Vendor;
use crate::{DemoSource, Simulator, SimulatorConfig};

/// A message the gateway accepted.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The sender, as given.
    pub from: String,
    /// The recipient, as given.
    pub to: String,
    /// The text.
    pub text: String,
    /// The caller's own id of it.
    pub reference: String,
    /// Segments.
    pub parts: usize,
    /// Virtual time.
    pub at_ms: i64,
    /// The whole message as given.
    pub message: Value,
}

/// Switches of the vendor's behaviour.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Milliseconds from acceptance to the carrier's report.
    pub sent_after_ms: i64,
    /// Milliseconds from there to delivery.
    pub delivered_after_ms: i64,
    /// One report for each segment instead of one for all.
    pub report_each_part: bool,
    /// The balance is used up.
    pub no_balance: bool,
}

#[derive(Clone, Debug)]
struct Note {
    id: String,
    from: &'static str,
    at_ms: i64,
    text: String,
    media: Vec<String>,
    status: &'static str,
}

#[derive(Default)]
struct State {
    /// Product token → nothing more is known of it.
    tokens: Vec<String>,
    /// Numbers that people can write to, with their names.
    lines: BTreeMap<String, String>,
    people: BTreeMap<String, String>,
    /// Line and person → their thread.
    threads: BTreeMap<(String, String), Vec<Note>>,
    /// What becomes of the next messages: code of the report, and its description.
    fates: VecDeque<(String, String)>,
    log: Vec<Sent>,
    settings: Settings,
}

struct Inner {
    kit: Arc<Kit>,
    state: Mutex<State>,
}

/// The CM.com simulator's typed handle. Clones share it; it derefs to [`Kit`].
#[derive(Clone)]
pub struct CmSim {
    inner: Arc<Inner>,
}

impl Deref for CmSim {
    type Target = Kit;

    fn deref(&self) -> &Kit {
        &self.inner.kit
    }
}

pub(crate) fn build(kit: Arc<Kit>) -> Arc<dyn Vendor> {
    Arc::new(CmSim { inner: Arc::new(Inner { kit, state: Mutex::new(State::default()) }) })
}

impl Vendor for CmSim {
    fn router(&self) -> Router {
        let sim = self.clone();
        Router::new().fallback(move |parts: Parts, body: Bytes| {
            let sim = sim.clone();
            async move { sim.answer(&parts, &body) }
        })
    }

    fn control(&self) -> Router {
        control::router(self)
    }

    fn phone(&self) -> &dyn Phone {
        self
    }

    fn furnish(&self, _hooks: &str) -> Result<DemoSource, SimError> {
        let (number, name) = ("+31600000002", "Demo shop (NL)");
        let token = secret("cm-product");
        self.create_product(&token);
        self.create_line(number, name);
        self.create_consumer("+31600000101", "Sanne de Vries");
        self.create_consumer("+31600000102", "Daan Bakker");
        Ok(DemoSource {
            name: name.to_owned(),
            address: number.to_owned(),
            hook: format!("%2B31600000002/{}", secret("cm-address")),
            app: None,
            credentials: vec![("product_token", token), ("webhook_path_secret", secret("cm-address"))],
            settings: Vec::new(),
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl CmSim {
    /// Starts a simulator on its own.
    #[must_use]
    pub fn start(listener: TcpListener, config: SimulatorConfig) -> Self {
        crate::start("cm_sms", listener, config).typed().expect("the list builds this type for this channel")
    }

    /// The typed handle of a running simulator, where it is one of this channel.
    #[must_use]
    pub fn of(sim: &Simulator) -> Option<Self> {
        sim.typed()
    }

    fn kit(&self) -> &Arc<Kit> {
        &self.inner.kit
    }

    /// Makes a product token good.
    pub fn create_product(&self, product_token: &str) {
        lock(&self.inner.state).tokens.push(product_token.to_owned());
    }

    /// Creates a number that people can write to.
    pub fn create_line(&self, number: &str, name: &str) {
        lock(&self.inner.state).lines.insert(number.to_owned(), name.to_owned());
        self.changed();
    }

    /// Creates somebody with a phone.
    pub fn create_consumer(&self, number: &str, name: &str) {
        lock(&self.inner.state).people.insert(number.to_owned(), name.to_owned());
        self.changed();
    }

    /// What becomes of the next messages, one each: the code of the status report (1, 2, 3, 4) and its description.
    pub fn set_fates(&self, fates: &[(&str, &str)]) {
        lock(&self.inner.state).fates.extend(fates.iter().map(|(code, why)| ((*code).to_owned(), (*why).to_owned())));
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

    /// Every accepted message, oldest first.
    #[must_use]
    pub fn messages_received(&self) -> Vec<Sent> {
        lock(&self.inner.state).log.clone()
    }

    /// Waits until `count` messages were accepted, and returns them.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Sent> {
        self.wait_until(|| lock(&self.inner.state).log.len() >= count).await;
        self.messages_received()
    }
}

/// A number as the gateway writes it.
fn with_zeros(number: &str) -> String {
    match number.strip_prefix('+') {
        Some(digits) => format!("00{digits}"),
        None => number.to_owned(),
    }
}

/// A number as everybody else writes it.
fn with_plus(number: &str) -> String {
    match number.strip_prefix("00") {
        Some(digits) => format!("+{digits}"),
        None => number.to_owned(),
    }
}
