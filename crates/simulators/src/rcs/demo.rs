//! The demo's agent and the people who have it on their phones.

use super::RcsSim;
use crate::demo::{DemoSource, secret};
use crate::kit::SimError;

const AGENT: &str = "demo_shop_agent";

impl RcsSim {
    pub(crate) fn furnished(&self, hooks: &str) -> Result<DemoSource, SimError> {
        let account = self.create_agent(AGENT, "Demo shop", &secret("rcs"), &format!("{hooks}/{AGENT}"))?;
        self.create_consumer(AGENT, "+15005550121", "Amara Okafor")?;
        self.create_consumer(AGENT, "+15005550122", "Lukas Weber")?;
        Ok(DemoSource {
            name: "Demo shop".to_owned(),
            address: AGENT.to_owned(),
            hook: AGENT.to_owned(),
            app: None,
            credentials: vec![("service_account_json", account), ("client_token", secret("rcs"))],
            settings: Vec::new(),
        })
    }
}
