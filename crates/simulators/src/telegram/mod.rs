//! The Telegram simulator: bots, updates with a secret header, files whose addresses expire, taps that want an answer.
//! It knows the vendor's wire only, nothing of the product's connector. Start reading at `api` (calls in) and `updates` (webhooks out).

mod api;
mod consumers;
mod control;
mod demo;
mod model;
mod phone;
mod send;
mod updates;

use std::any::Any;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use bytes::Bytes;
use http::request::Parts;
use tokio::net::TcpListener;

pub use model::{Sent, WebhookInfo};

use crate::demo::DemoSource;
use crate::kit::phone::Phone;
use crate::kit::{Kit, SimError, lock};
use crate::simulator::Vendor;
use crate::{Simulator, SimulatorConfig};
use model::{Bot, State};

struct Inner {
    kit: Arc<Kit>,
    state: Mutex<State>,
}

/// The Telegram simulator's typed handle. Clones share it; it derefs to [`Kit`].
#[derive(Clone)]
pub struct TelegramSim {
    inner: Arc<Inner>,
}

impl Deref for TelegramSim {
    type Target = Kit;

    fn deref(&self) -> &Kit {
        &self.inner.kit
    }
}

pub(crate) fn build(kit: Arc<Kit>) -> Arc<dyn Vendor> {
    Arc::new(TelegramSim { inner: Arc::new(Inner { kit, state: Mutex::new(State::default()) }) })
}

impl Vendor for TelegramSim {
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

    fn furnish(&self, hooks: &str) -> Result<DemoSource, SimError> {
        self.furnished(hooks)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl TelegramSim {
    /// Starts a simulator on its own.
    #[must_use]
    pub fn start(listener: TcpListener, config: SimulatorConfig) -> Self {
        crate::start("telegram", listener, config).typed().expect("the list builds this type for this channel")
    }

    /// The typed handle of a running simulator, where it is one of this channel.
    #[must_use]
    pub fn of(sim: &Simulator) -> Option<Self> {
        sim.typed()
    }

    pub(crate) fn kit(&self) -> &Arc<Kit> {
        &self.inner.kit
    }

    /// Creates a bot; its id is what stands before the colon of its token.
    ///
    /// # Errors
    /// Where the token has no id.
    pub fn create_bot(&self, token: &str, username: &str, name: &str) -> Result<String, SimError> {
        let id = token.split_once(':').map(|(id, _)| id).filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
        let id = id.ok_or_else(|| SimError(format!("token: {token:?} is none; write digits, a colon and letters")))?;
        let mut state = lock(&self.inner.state);
        state.threads.add_line(id, name);
        state.bots.insert(id.to_owned(), Bot::new(token, username, name));
        drop(state);
        self.changed();
        Ok(id.to_owned())
    }

    /// Gives a bot another token (as `/revoke` does): the old one is dead.
    ///
    /// # Errors
    /// Where the bot is unknown.
    pub fn renew_token(&self, bot: &str, token: &str) -> Result<(), SimError> {
        self.bot(bot, |bot| token.clone_into(&mut bot.token))
    }

    /// Sets a bot's webhook, as `setWebhook` does.
    ///
    /// # Errors
    /// Where the bot is unknown.
    pub fn set_webhook(&self, bot: &str, url: &str, secret: &str) -> Result<(), SimError> {
        self.bot(bot, |bot| {
            url.clone_into(&mut bot.webhook.url);
            secret.clone_into(&mut bot.webhook.secret);
        })
    }

    /// How a bot's webhook fares.
    #[must_use]
    pub fn webhook_info(&self, bot: &str) -> Option<WebhookInfo> {
        lock(&self.inner.state).bots.get(bot).map(|bot| bot.webhook.clone())
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

    fn bot<T>(&self, id: &str, act: impl FnOnce(&mut Bot) -> T) -> Result<T, SimError> {
        let mut state = lock(&self.inner.state);
        let done = state.bots.get_mut(id).map(act).ok_or_else(|| SimError(format!("bot: there is no bot {id:?}; create it first")));
        drop(state);
        self.changed();
        done
    }
}
