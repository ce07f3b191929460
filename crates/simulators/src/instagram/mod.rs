//! The Instagram vendor's simulator. The wire is Messenger's but for details, so the Messenger simulator plays it: webhooks about
//! `instagram`, reads by message, no delivery, texts of a thousand bytes, echoes without metadata, tokens that are refreshed.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use crate::demo::{DemoApp, secret};
use crate::facebook_messenger::MessengerSim;
use crate::kit::phone::Phone;
use crate::kit::{Kit, SimError};
use crate::simulator::Vendor;
use crate::{DemoSource, Simulator, SimulatorConfig};

const ACCOUNT: &str = "17841400000000001";
const APP: &str = "900800700600502";

/// The Instagram simulator's typed handle; a page of the handle that it derefs to is a professional account here.
#[derive(Clone)]
pub struct InstagramSim(MessengerSim);

impl Deref for InstagramSim {
    type Target = MessengerSim;

    fn deref(&self) -> &MessengerSim {
        &self.0
    }
}

pub(crate) fn build(kit: Arc<Kit>) -> Arc<dyn Vendor> {
    Arc::new(InstagramSim(MessengerSim::playing(kit, true)))
}

impl Vendor for InstagramSim {
    fn router(&self) -> Router {
        Vendor::router(&self.0)
    }

    fn control(&self) -> Router {
        self.0.control()
    }

    fn phone(&self) -> &dyn Phone {
        &self.0
    }

    fn furnish(&self, _hooks: &str) -> Result<DemoSource, SimError> {
        let name = "Demo shop on Instagram";
        self.create_app(APP, &secret("instagram-app"), &secret("verify"));
        self.create_page(ACCOUNT, name, &secret("instagram"), APP)?;
        self.create_consumer(ACCOUNT, "700600500400301", "Ines", "Costa")?;
        self.create_consumer(ACCOUNT, "700600500400302", "Kofi", "Mensah")?;
        let app =
            DemoApp::new(vec![("app_id", APP.to_owned()), ("app_secret", secret("instagram-app")), ("verify_token", secret("verify"))]);
        Ok(DemoSource {
            name: name.to_owned(),
            address: ACCOUNT.to_owned(),
            hook: app.hook(),
            app: Some(app),
            credentials: vec![("access_token", secret("instagram"))],
            settings: Vec::new(),
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl InstagramSim {
    /// Starts a simulator on its own.
    #[must_use]
    pub fn start(listener: TcpListener, config: SimulatorConfig) -> Self {
        crate::start("instagram", listener, config).typed().expect("the list builds this type for this channel")
    }

    /// The typed handle of a running simulator, where it is one of this channel.
    #[must_use]
    pub fn of(sim: &Simulator) -> Option<Self> {
        sim.typed()
    }
}
