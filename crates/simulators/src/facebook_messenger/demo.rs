//! The demo's page and the people who write to it.

use super::MessengerSim;
use crate::demo::{DemoApp, DemoSource, secret};
use crate::kit::SimError;

const PAGE: &str = "100200300400500";
const APP: &str = "900800700600500";

impl MessengerSim {
    pub(crate) fn furnished(&self) -> Result<DemoSource, SimError> {
        let name = "Demo shop";
        self.create_app(APP, &secret("app"), &secret("verify"));
        self.create_page(PAGE, name, &secret("page"), APP)?;
        self.create_consumer(PAGE, "500400300200101", "Chiara", "Rossi")?;
        self.create_consumer(PAGE, "500400300200102", "Yusuf", "Kaya")?;
        let app = DemoApp::new(vec![("app_id", APP.to_owned()), ("app_secret", secret("app")), ("verify_token", secret("verify"))]);
        Ok(DemoSource {
            name: name.to_owned(),
            address: PAGE.to_owned(),
            hook: app.hook(),
            app: Some(app),
            credentials: vec![("page_access_token", secret("page"))],
            settings: Vec::new(),
        })
    }
}
