//! The LINE vendor's simulator: the Messaging API with its tokens, reply tokens, retry keys and quota, signed webhooks, and the host of files.
//! It knows the vendor's wire only, nothing of the product's connector. Start reading at `api` (calls in) and `events` (webhooks out).

mod api;
mod control;
mod demo;
mod events;
mod messages;
mod model;
mod phone;

use std::any::Any;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use bytes::Bytes;
use http::request::Parts;
use tokio::net::TcpListener;

pub use events::signature;
pub use model::{Sent, Settings as LineSettings};

use crate::kit::phone::Phone;
use crate::kit::{Kit, SimError, lock};
use crate::simulator::Vendor;
use crate::{DemoSource, Simulator, SimulatorConfig};
use model::{Bot, State, Token};

struct Inner {
    kit: Arc<Kit>,
    state: Mutex<State>,
}

/// The LINE simulator's typed handle. Clones share it; it derefs to [`Kit`].
#[derive(Clone)]
pub struct LineSim {
    inner: Arc<Inner>,
}

impl Deref for LineSim {
    type Target = Kit;

    fn deref(&self) -> &Kit {
        &self.inner.kit
    }
}

pub(crate) fn build(kit: Arc<Kit>) -> Arc<dyn Vendor> {
    Arc::new(LineSim { inner: Arc::new(Inner { kit, state: Mutex::new(State::default()) }) })
}

impl Vendor for LineSim {
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

impl LineSim {
    /// Starts a simulator on its own.
    #[must_use]
    pub fn start(listener: TcpListener, config: SimulatorConfig) -> Self {
        crate::start("line", listener, config).typed().expect("the list builds this type for this channel")
    }

    /// The typed handle of a running simulator, where it is one of this channel.
    #[must_use]
    pub fn of(sim: &Simulator) -> Option<Self> {
        sim.typed()
    }

    pub(crate) fn kit(&self) -> &Arc<Kit> {
        &self.inner.kit
    }

    /// Creates a channel with its bot and a long-lived token. An existing one gets the new secret, and the token besides.
    pub fn create_bot(&self, bot_user_id: &str, channel_id: &str, secret: &str, name: &str, token: &str) {
        let mut state = lock(&self.inner.state);
        let endpoint = state.bots.get(bot_user_id).map(|bot| bot.endpoint.clone()).unwrap_or_default();
        let bot = Bot { channel_id: channel_id.to_owned(), secret: secret.to_owned(), name: name.to_owned(), endpoint, standby: false };
        state.bots.insert(bot_user_id.to_owned(), bot);
        state.tokens.insert(token.to_owned(), Token { bot: bot_user_id.to_owned(), until_ms: None });
        drop(state);
        self.changed();
    }

    fn bot_mut(&self, bot: &str, change: impl FnOnce(&mut Bot)) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        state.bots.get_mut(bot).map(change).ok_or_else(|| SimError(format!("bot_user_id: no bot {bot}; create it first")))
    }

    /// Sets the webhook's address without the console.
    ///
    /// # Errors
    /// Where the bot is unknown.
    pub fn set_endpoint(&self, bot: &str, url: &str) -> Result<(), SimError> {
        self.bot_mut(bot, |bot| url.clone_into(&mut bot.endpoint))
    }

    /// Lets another module own the conversations: webhooks come in standby.
    ///
    /// # Errors
    /// Where the bot is unknown.
    pub fn set_standby(&self, bot: &str, on: bool) -> Result<(), SimError> {
        self.bot_mut(bot, |bot| bot.standby = on)
    }

    /// Ends a token.
    pub fn revoke_token(&self, token: &str) {
        lock(&self.inner.state).tokens.remove(token);
    }

    /// Creates a friend of a bot; an existing one gets the new name.
    ///
    /// # Errors
    /// Where the bot is unknown.
    pub fn create_consumer(&self, bot: &str, user: &str, name: &str) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        if !state.bots.contains_key(bot) {
            return Err(SimError(format!("bot_user_id: no bot {bot}; create it first")));
        }
        let friend = state.friends.entry(bot.to_owned()).or_default().entry(user.to_owned()).or_default();
        name.clone_into(&mut friend.name);
        drop(state);
        self.changed();
        Ok(())
    }

    /// Reads the vendor's switches.
    #[must_use]
    pub fn settings(&self) -> LineSettings {
        lock(&self.inner.state).settings.clone()
    }

    /// Changes the vendor's switches.
    pub fn change_settings(&self, change: impl FnOnce(&mut LineSettings)) {
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

    /// Whether the bot is shown typing to this person now.
    #[must_use]
    pub fn is_typing(&self, bot: &str, user: &str) -> bool {
        let now = self.now_ms();
        lock(&self.inner.state).friend(bot, user).is_some_and(|friend| friend.typing_until_ms > now)
    }

    /// When the bot last marked what this person wrote as read.
    #[must_use]
    pub fn seen_ms(&self, bot: &str, user: &str) -> Option<i64> {
        lock(&self.inner.state).friend(bot, user)?.seen_ms
    }
}
