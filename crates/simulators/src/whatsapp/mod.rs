//! The WhatsApp vendor's simulator: the Cloud API, its webhooks, media, templates, windows and limits.
//! It knows the vendor's wire only, nothing of the product's connector. Start reading at `graph` (calls in) and `hooks` (webhooks out).

mod control;
mod demo;
mod graph;
mod hooks;
mod media;
mod model;
mod people;
mod phone;
mod send;
mod setup;
mod templates;

use std::any::Any;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use bytes::Bytes;
use http::request::Parts;
use tokio::net::TcpListener;

pub use model::{Marked, Sent, Settings as WhatsappSettings};

use crate::kit::phone::Phone;
use crate::kit::{Kit, SimError, lock};
use crate::simulator::Vendor;
use crate::{DemoSource, Simulator, SimulatorConfig};
use model::{App, Number, State, Token};

struct Inner {
    kit: Arc<Kit>,
    state: Mutex<State>,
}

/// The WhatsApp simulator's typed handle. Clones share it; it derefs to [`Kit`].
#[derive(Clone)]
pub struct WhatsappSim {
    inner: Arc<Inner>,
}

impl Deref for WhatsappSim {
    type Target = Kit;

    fn deref(&self) -> &Kit {
        &self.inner.kit
    }
}

pub(crate) fn build(kit: Arc<Kit>) -> Arc<dyn Vendor> {
    Arc::new(WhatsappSim { inner: Arc::new(Inner { kit, state: Mutex::new(State::default()) }) })
}

impl Vendor for WhatsappSim {
    fn router(&self) -> Router {
        let sim = self.clone();
        Router::new().fallback(move |parts: Parts, body: Bytes| {
            let sim = sim.clone();
            async move { sim.answer(parts, body).await }
        })
    }

    fn control(&self) -> Router {
        control::router(self)
    }

    fn phone(&self) -> &dyn Phone {
        self
    }

    fn furnish(&self, _hooks: &str) -> Result<DemoSource, SimError> {
        self.furnished()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl WhatsappSim {
    /// Starts a simulator on its own.
    #[must_use]
    pub fn start(listener: TcpListener, config: SimulatorConfig) -> Self {
        crate::start("whatsapp", listener, config).typed().expect("the list builds this type for this channel")
    }

    /// The typed handle of a running simulator, where it is one of this channel.
    #[must_use]
    pub fn of(sim: &Simulator) -> Option<Self> {
        sim.typed()
    }

    pub(crate) fn kit(&self) -> &Arc<Kit> {
        &self.inner.kit
    }

    /// Creates an app whose webhooks go to the simulator's default address. An existing one gets the new secret and token.
    pub fn create_app(&self, app_id: &str, app_secret: &str, verify_token: &str) {
        let mut state = lock(&self.inner.state);
        let app = state.apps.entry(app_id.to_owned()).or_insert_with(|| App {
            secret: String::new(),
            verify_token: String::new(),
            callback_url: String::new(),
        });
        app_secret.clone_into(&mut app.secret);
        verify_token.clone_into(&mut app.verify_token);
    }

    /// Sets the app's own webhook address without a handshake.
    ///
    /// # Errors
    /// Where the app is unknown.
    pub fn set_callback_url(&self, app_id: &str, url: &str) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        let app = state.apps.get_mut(app_id).ok_or_else(|| no_app(app_id))?;
        url.clone_into(&mut app.callback_url);
        Ok(())
    }

    /// Performs the handshake with the app's webhook address, as setting it at the vendor does.
    ///
    /// # Errors
    /// Where the app is unknown or the callback did not answer 200 with exactly the challenge.
    pub async fn verify_webhook(&self, app_id: &str) -> Result<(), SimError> {
        let default = self.webhook_target().map(|target| target.url).unwrap_or_default();
        let (url, token) = {
            let state = lock(&self.inner.state);
            let app = state.apps.get(app_id).ok_or_else(|| no_app(app_id))?;
            (if app.callback_url.is_empty() { default } else { app.callback_url.clone() }, app.verify_token.clone())
        };
        self.handshake(&url, &token).await.map_err(SimError)
    }

    /// Creates a business account and subscribes an app to it.
    ///
    /// # Errors
    /// Where the app is unknown.
    pub fn create_account(&self, waba_id: &str, app_id: &str) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        if !state.apps.contains_key(app_id) {
            return Err(no_app(app_id));
        }
        state.accounts.entry(waba_id.to_owned()).or_default().subscribed.insert(app_id.to_owned(), None);
        Ok(())
    }

    /// Creates a registered number of a business account, with a token for an app.
    ///
    /// # Errors
    /// Where the account or the app is unknown.
    pub fn create_number(
        &self,
        phone_number_id: &str,
        display: &str,
        name: &str,
        waba_id: &str,
        token: &str,
        app_id: &str,
    ) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        if !state.apps.contains_key(app_id) {
            return Err(no_app(app_id));
        }
        if !state.accounts.contains_key(waba_id) {
            return Err(SimError(format!("waba_id: no account {waba_id}; create it first")));
        }
        let number = Number {
            id: phone_number_id.to_owned(),
            display: display.to_owned(),
            name: name.to_owned(),
            account: waba_id.to_owned(),
            registered: true,
            verified: true,
            pin: "123456".to_owned(),
            wrong_pins: 0,
            registrations: 0,
            override_url: None,
            second: (0, 0),
        };
        state.numbers.insert(phone_number_id.to_owned(), number);
        let record = Token { app: app_id.to_owned(), accounts: vec![waba_id.to_owned()], revoked: None };
        state.tokens.insert(token.to_owned(), record);
        drop(state);
        self.changed();
        Ok(())
    }

    /// Kills a token with a code (0, 10, 190, 131005 …), or revives it.
    ///
    /// # Errors
    /// Where the token is unknown.
    pub fn revoke_token(&self, token: &str, code: Option<u32>) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        let record = state.tokens.get_mut(token).ok_or_else(|| SimError("token: no such token; create its number first".into()))?;
        record.revoked = code;
        Ok(())
    }

    /// Reads the vendor's switches.
    #[must_use]
    pub fn settings(&self) -> WhatsappSettings {
        lock(&self.inner.state).settings.clone()
    }

    /// Changes the vendor's switches.
    pub fn change_settings(&self, change: impl FnOnce(&mut WhatsappSettings)) {
        change(&mut lock(&self.inner.state).settings);
        self.changed();
    }

    /// The next messages are accepted and then fail with these codes, one each.
    pub fn fail_next(&self, codes: &[u32]) {
        lock(&self.inner.state).fates.extend(codes);
    }

    /// Every accepted message still kept, oldest first.
    #[must_use]
    pub fn messages_received(&self) -> Vec<Sent> {
        lock(&self.inner.state).log.iter().cloned().collect()
    }

    /// How many messages were accepted so far; cheap.
    #[must_use]
    pub fn messages_received_count(&self) -> u64 {
        lock(&self.inner.state).sent
    }

    /// Every accepted read mark, oldest first.
    #[must_use]
    pub fn marks_received(&self) -> Vec<Marked> {
        lock(&self.inner.state).marks.clone()
    }

    /// Waits until `count` messages were accepted, and returns them.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Sent> {
        let wanted = u64::try_from(count).unwrap_or(u64::MAX);
        self.wait_until(|| self.messages_received_count() >= wanted).await;
        self.messages_received()
    }

    /// Whether an app is subscribed to a business account.
    #[must_use]
    pub fn is_subscribed(&self, waba_id: &str, app_id: &str) -> bool {
        lock(&self.inner.state).accounts.get(waba_id).is_some_and(|account| account.subscribed.contains_key(app_id))
    }

    /// Subscribes an app to a business account, or ends that without telling anybody.
    ///
    /// # Errors
    /// Where the account is unknown.
    pub fn set_subscribed(&self, waba_id: &str, app_id: &str, on: bool) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        let account = state.accounts.get_mut(waba_id).ok_or_else(|| SimError(format!("waba_id: no account {waba_id}; create it first")))?;
        if on {
            account.subscribed.insert(app_id.to_owned(), None);
        } else {
            account.subscribed.remove(app_id);
        }
        Ok(())
    }
}

fn no_app(app_id: &str) -> SimError {
    SimError(format!("app_id: no app {app_id}; create it first"))
}
