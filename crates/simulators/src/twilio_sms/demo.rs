//! The demo's number and the people who write to it.

use super::TwilioSim;
use crate::demo::{DemoSource, secret};
use crate::kit::SimError;

const NUMBER: &str = "+15005550006";
const ACCOUNT_SID: &str = "AC0000000000000000000000000000demo";

impl TwilioSim {
    pub(crate) fn furnished(&self, hooks: &str) -> Result<DemoSource, SimError> {
        let token = secret("token");
        let hook = NUMBER.replace('+', "%2B");
        self.create_account(ACCOUNT_SID, &token);
        self.create_number(ACCOUNT_SID, NUMBER, &format!("{hooks}/{hook}"))?;
        self.create_consumer("+15005550111", "Erika Muster");
        self.create_consumer("+15005550112", "John Doe");
        Ok(DemoSource {
            name: "Support line".to_owned(),
            address: NUMBER.to_owned(),
            hook,
            app: None,
            credentials: vec![("account_sid", ACCOUNT_SID.to_owned()), ("auth_token", token)],
            settings: Vec::new(),
        })
    }
}
