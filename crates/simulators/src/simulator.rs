//! A running simulator: its handle, its configuration, and how one is started.
//! It must know no vendor but through the list.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::demo::DemoSource;
use crate::kit::phone::Phone;
use crate::kit::{Kit, SimError, control};
use crate::list;

/// Where a simulator sends its webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WebhookTarget {
    /// The address as configured at the vendor. Signatures stand over it.
    pub url: String,
    /// The origin really connected to, such as `http://127.0.0.1:8080`, where `url` names a public one that does not lead here.
    /// It replaces the origin of every webhook address, path and query stay.
    #[serde(default)]
    pub connect_to: Option<String>,
}

impl WebhookTarget {
    /// A target that is reached under its own address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connect_to: None }
    }
}

/// How a simulator starts.
#[derive(Debug, Clone, Default)]
pub struct SimulatorConfig {
    /// All ids derive from it.
    pub seed: u64,
    /// Default webhook address for numbers and apps created without one.
    pub webhook: Option<WebhookTarget>,
    /// Where the virtual clock stands at first, in milliseconds since the Unix epoch. It stands still until moved or run.
    pub start_ms: i64,
}

/// A vendor's side of a simulator.
pub trait Vendor: Send + Sync + 'static {
    /// The vendor's own surface: API, media hosts, dialogs.
    fn router(&self) -> Router;
    /// The vendor's part of the control API.
    fn control(&self) -> Router;
    /// The phone's view.
    fn phone(&self) -> &dyn Phone;
    /// Sets up what the demo's source names, with people to begin with, and tells what that is. `hooks` is where the product takes the
    /// channel's webhooks, without a trailing slash.
    ///
    /// # Errors
    /// Where something of it exists already.
    fn furnish(&self, hooks: &str) -> Result<DemoSource, SimError>;
    /// For the typed handles.
    fn as_any(&self) -> &dyn Any;
}

/// A handle of a running simulator. Clones share it; it derefs to [`Kit`] for clock, faults, journal and waiting.
#[derive(Clone)]
pub struct Simulator {
    channel: &'static str,
    title: &'static str,
    kit: Arc<Kit>,
    vendor: Arc<dyn Vendor>,
}

impl Simulator {
    /// The channel's id, as in URLs and the bootstrap file.
    #[must_use]
    pub fn channel(&self) -> &'static str {
        self.channel
    }

    /// The channel's name for people.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// The control API, to be served elsewhere as well (it is at `/_sim` of the simulator's own port).
    pub fn control_router(&self) -> Router {
        control::router(self)
    }

    /// Makes it the demo's: what the returned source names, with people to begin with, and webhooks to `hooks` (the product's webhooks
    /// of this channel, without a trailing slash), reached at `connect_to` where they don't lead there by themselves.
    ///
    /// # Errors
    /// Where it was furnished before.
    pub fn furnish(&self, hooks: &str, connect_to: Option<String>) -> Result<DemoSource, SimError> {
        let source = self.vendor.furnish(hooks)?;
        self.kit.set_webhook_target(Some(WebhookTarget { url: format!("{hooks}/{}", source.hook), connect_to }));
        Ok(source)
    }

    /// The vendor's typed handle, where `T` is the one of this channel.
    #[must_use]
    pub fn typed<T: Clone + 'static>(&self) -> Option<T> {
        self.vendor.as_any().downcast_ref::<T>().cloned()
    }

    /// The phone: who can write to whom, what was said, and what its holder does.
    #[must_use]
    pub fn phone(&self) -> &dyn Phone {
        self.vendor.phone()
    }

    pub(crate) fn vendor(&self) -> &dyn Vendor {
        self.vendor.as_ref()
    }
}

impl Deref for Simulator {
    type Target = Kit;

    fn deref(&self) -> &Kit {
        &self.kit
    }
}

/// Starts the simulator of a channel on a listener; its server runs as a task until `shutdown`.
///
/// # Panics
/// Where `channel` is not in [`channels`](crate::channels), the listener has no address, or no Tokio runtime is entered: mistakes of
/// the calling program, never of its input.
#[must_use]
pub fn start(channel: &str, listener: TcpListener, config: SimulatorConfig) -> Simulator {
    let kind = list::CHANNELS
        .iter()
        .find(|kind| kind.channel == channel)
        .unwrap_or_else(|| panic!("no simulator for channel {channel:?}; see channels()"));
    let address = listener.local_addr().expect("a bound listener has an address");
    let kit = Kit::new(format!("http://{address}"), config);
    let sim = Simulator { channel: kind.channel, title: kind.title, vendor: (kind.build)(Arc::clone(&kit)), kit };
    let router = Router::new()
        .nest("/_sim", sim.control_router())
        .merge(sim.vendor.router())
        // The server loop has bounded the body already.
        .layer(DefaultBodyLimit::disable());
    sim.kit.serve(listener, router);
    sim
}
