//! The Messenger vendor's simulator: Graph API, signed webhooks, windows, receipts, expiring attachments, thread ownership.
//! It knows the vendor's wire only, nothing of the product's connector. Start reading at `graph` (calls in) and `events` (webhooks out).

mod consumers;
mod control;
mod demo;
mod events;
mod graph;
mod model;
mod phone;
mod send;
mod setup;
mod threads;

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use bytes::Bytes;
use http::request::Parts;
use tokio::net::TcpListener;

pub use crate::meta::sign::{appsecret_proof, escaped, signature_256, signature_sha1, signed_request};
pub use model::{Action, Referral, Sent, Settings as MessengerSettings, Unreachable, Usage};

use crate::demo::DemoSource;
use crate::kit::phone::Phone;
use crate::kit::{Kit, SimError, lane_of, lock};
use crate::simulator::Vendor;
use crate::{Simulator, SimulatorConfig};
use model::{App, Bearer, Page, State, Token, User};

struct Inner {
    kit: Arc<Kit>,
    state: Mutex<State>,
}

/// The Messenger simulator's typed handle. Clones share it; it derefs to [`Kit`].
#[derive(Clone)]
pub struct MessengerSim {
    inner: Arc<Inner>,
}

impl Deref for MessengerSim {
    type Target = Kit;

    fn deref(&self) -> &Kit {
        &self.inner.kit
    }
}

pub(crate) fn build(kit: Arc<Kit>) -> Arc<dyn Vendor> {
    Arc::new(MessengerSim::playing(kit, false))
}

impl Vendor for MessengerSim {
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

impl MessengerSim {
    /// Messenger, or Instagram, which shares its wire.
    pub(crate) fn playing(kit: Arc<Kit>, instagram: bool) -> Self {
        Self { inner: Arc::new(Inner { kit, state: Mutex::new(State { instagram, ..State::default() }) }) }
    }

    pub(crate) fn is_instagram(&self) -> bool {
        lock(&self.inner.state).instagram
    }

    /// When a token ends, in virtual milliseconds.
    ///
    /// # Errors
    /// Where the token is unknown.
    pub fn set_token_end(&self, token: &str, expires_ms: Option<i64>) -> Result<(), SimError> {
        self.token_mut(token, |record| record.expires_ms = expires_ms)
    }

    /// Starts a simulator on its own.
    #[must_use]
    pub fn start(listener: TcpListener, config: SimulatorConfig) -> Self {
        crate::start("facebook_messenger", listener, config).typed().expect("the list builds this type for this channel")
    }

    /// The typed handle of a running simulator, where it is one of this channel.
    #[must_use]
    pub fn of(sim: &Simulator) -> Option<Self> {
        sim.typed()
    }

    pub(crate) fn kit(&self) -> &Arc<Kit> {
        &self.inner.kit
    }

    /// Creates an app, subscribed to every page field, its webhooks going to the simulator's default address.
    /// An existing one gets the new secret (rotation) and verify token.
    pub fn create_app(&self, app_id: &str, app_secret: &str, verify_token: &str) {
        let mut state = lock(&self.inner.state);
        if let Some(app) = state.apps.get_mut(app_id) {
            app_secret.clone_into(&mut app.secret);
            verify_token.clone_into(&mut app.verify_token);
            return;
        }
        let fields = model::fields(state.instagram).map(str::to_owned).collect();
        state.apps.insert(
            app_id.to_owned(),
            App {
                secret: app_secret.to_owned(),
                name: "Simulated app".to_owned(),
                verify_token: verify_token.to_owned(),
                callback_url: String::new(),
                fields,
                require_proof: false,
                human_agent: false,
                failing_since_ms: None,
            },
        );
    }

    fn app_mut(&self, app_id: &str, change: impl FnOnce(&mut App)) -> Result<(), SimError> {
        lock(&self.inner.state)
            .apps
            .get_mut(app_id)
            .map(change)
            .ok_or_else(|| SimError(format!("app_id: no app {app_id}; create it first")))
    }

    /// Whether calls must carry `appsecret_proof`.
    ///
    /// # Errors
    /// Where the app is unknown.
    pub fn require_proof(&self, app_id: &str, on: bool) -> Result<(), SimError> {
        self.app_mut(app_id, |app| app.require_proof = on)
    }

    /// Whether the app may use the human agent's seven days.
    ///
    /// # Errors
    /// Where the app is unknown.
    pub fn approve_human_agent(&self, app_id: &str, on: bool) -> Result<(), SimError> {
        self.app_mut(app_id, |app| app.human_agent = on)
    }

    /// Sets the app's own webhook address without a handshake.
    ///
    /// # Errors
    /// Where the app is unknown.
    pub fn set_callback_url(&self, app_id: &str, url: &str) -> Result<(), SimError> {
        self.app_mut(app_id, |app| url.clone_into(&mut app.callback_url))
    }

    /// Performs the handshake with the app's webhook address, as setting it at the vendor does.
    ///
    /// # Errors
    /// Where the app is unknown or the callback did not answer 200 with exactly the challenge.
    pub async fn verify_webhook(&self, app_id: &str) -> Result<(), SimError> {
        let default = self.webhook_target().map(|target| target.url).unwrap_or_default();
        let (url, token) = {
            let state = lock(&self.inner.state);
            let app = state.apps.get(app_id).ok_or_else(|| SimError(format!("app_id: no app {app_id}; create it first")))?;
            let url = if app.callback_url.is_empty() { default } else { app.callback_url.clone() };
            (url, app.verify_token.clone())
        };
        self.handshake(&url, &token).await.map_err(|error| SimError(error.message))
    }

    /// Creates a page with a token for an app, and subscribes the app to every field of it.
    ///
    /// # Errors
    /// Where the app is unknown.
    pub fn create_page(&self, page_id: &str, name: &str, page_access_token: &str, app_id: &str) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        if !state.apps.contains_key(app_id) {
            return Err(SimError(format!("app_id: no app {app_id}; create it first")));
        }
        let fields: Vec<String> = model::fields(state.instagram).map(str::to_owned).collect();
        if let Some(page) = state.pages.get_mut(page_id) {
            page.subscribed.insert(app_id.to_owned(), fields);
        } else {
            let page = Page {
                id: page_id.to_owned(),
                name: name.to_owned(),
                subscribed: BTreeMap::from([(app_id.to_owned(), fields)]),
                profile: BTreeMap::new(),
                routing: false,
                usage: Usage::default(),
            };
            state.pages.insert(page_id.to_owned(), page);
            state.page_order.push(page_id.to_owned());
        }
        let token =
            Token { bearer: Bearer::Page(page_id.to_owned()), app: app_id.to_owned(), revoked: None, expires_ms: None, messaging: true };
        state.tokens.insert(page_access_token.to_owned(), token);
        drop(state);
        self.changed();
        Ok(())
    }

    fn page_mut(&self, page_id: &str, change: impl FnOnce(&mut Page)) -> Result<(), SimError> {
        lock(&self.inner.state)
            .pages
            .get_mut(page_id)
            .map(change)
            .ok_or_else(|| SimError(format!("page_id: no page {page_id}; create it first")))
    }

    /// Sets which fields an app gets from a page; none removes the subscription.
    ///
    /// # Errors
    /// Where the page is unknown.
    pub fn set_subscribed_fields(&self, page_id: &str, app_id: &str, fields: &[&str]) -> Result<(), SimError> {
        self.page_mut(page_id, |page| {
            if fields.is_empty() {
                page.subscribed.remove(app_id);
            } else {
                let fields = fields.iter().map(|&field| field.to_owned()).collect();
                page.subscribed.insert(app_id.to_owned(), fields);
            }
        })
    }

    /// Whether an app is subscribed to a page.
    #[must_use]
    pub fn is_subscribed(&self, page_id: &str, app_id: &str) -> bool {
        lock(&self.inner.state).pages.get(page_id).is_some_and(|page| page.subscribed.contains_key(app_id))
    }

    /// Scripts the page's call budget.
    ///
    /// # Errors
    /// Where the page is unknown.
    pub fn set_usage(&self, page_id: &str, usage: Usage) -> Result<(), SimError> {
        self.page_mut(page_id, |page| page.usage = usage)
    }

    /// Whether the page uses Conversation Routing, which disables most handover calls.
    ///
    /// # Errors
    /// Where the page is unknown.
    pub fn set_conversation_routing(&self, page_id: &str, on: bool) -> Result<(), SimError> {
        self.page_mut(page_id, |page| page.routing = on)
    }

    /// Creates a user (who signs in and owns pages) with a token for an app.
    ///
    /// # Errors
    /// Where the app is unknown.
    pub fn create_user(&self, user_id: &str, name: &str, token: &str, app_id: &str, pages: &[&str]) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        if !state.apps.contains_key(app_id) {
            return Err(SimError(format!("app_id: no app {app_id}; create it first")));
        }
        let pages = pages.iter().map(|&page| page.to_owned()).collect();
        state.users.insert(user_id.to_owned(), User { name: name.to_owned(), pages });
        let token_record =
            Token { bearer: Bearer::User(user_id.to_owned()), app: app_id.to_owned(), revoked: None, expires_ms: None, messaging: true };
        state.tokens.insert(token.to_owned(), token_record);
        Ok(())
    }

    /// Kills a token with a subcode (458, 459, 460, 463, 464, 467, 492), or revives it (`None`).
    ///
    /// # Errors
    /// Where the token is unknown.
    pub fn revoke_token(&self, token: &str, subcode: Option<u32>) -> Result<(), SimError> {
        self.token_mut(token, |record| record.revoked = subcode)
    }

    /// Whether `pages_messaging` was granted to a token.
    ///
    /// # Errors
    /// Where the token is unknown.
    pub fn grant_messaging(&self, token: &str, on: bool) -> Result<(), SimError> {
        self.token_mut(token, |record| record.messaging = on)
    }

    fn token_mut(&self, token: &str, change: impl FnOnce(&mut Token)) -> Result<(), SimError> {
        lock(&self.inner.state)
            .tokens
            .get_mut(token)
            .map(change)
            .ok_or_else(|| SimError("token: no such token; create its page or user first".into()))
    }

    /// Reads the vendor's switches.
    #[must_use]
    pub fn settings(&self) -> MessengerSettings {
        lock(&self.inner.state).settings.clone()
    }

    /// Changes the vendor's switches.
    pub fn change_settings(&self, change: impl FnOnce(&mut MessengerSettings)) {
        change(&mut lock(&self.inner.state).settings);
        self.changed();
    }

    /// Every message accepted by the Send API and still kept, oldest first.
    #[must_use]
    pub fn messages_received(&self) -> Vec<Sent> {
        lock(&self.inner.state).log.iter().cloned().collect()
    }

    /// How many messages the Send API has accepted so far; cheap.
    #[must_use]
    pub fn messages_received_count(&self) -> u64 {
        lock(&self.inner.state).sent
    }

    /// Every accepted sender action, oldest first.
    #[must_use]
    pub fn actions_received(&self) -> Vec<Action> {
        lock(&self.inner.state).actions.iter().cloned().collect()
    }

    /// Waits until the Send API has accepted `count` messages, and returns them.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Sent> {
        let wanted = u64::try_from(count).unwrap_or(u64::MAX);
        self.wait_until(|| self.messages_received_count() >= wanted).await;
        self.messages_received()
    }

    /// Waits until `count` sender actions were accepted, and returns them.
    pub async fn wait_for_actions(&self, count: usize) -> Vec<Action> {
        self.wait_until(|| lock(&self.inner.state).actions.len() >= count).await;
        self.actions_received()
    }

    /// Sends a body of your own to an app's webhook, correctly signed (malformed and unknown payloads).
    pub fn send_raw_webhook(&self, app_id: &str, body: &str) {
        self.post_raw(app_id, Vec::new(), body.as_bytes().to_vec(), lane_of(app_id));
    }
}
