//! The demo's number, its templates, and the people who write to it.

use serde_json::json;

use super::WhatsappSim;
use crate::demo::{DemoApp, DemoSource, secret};
use crate::kit::SimError;

const NUMBER: &str = "106540352242922";
const ACCOUNT: &str = "102290129340398";
const APP: &str = "900800700600501";

impl WhatsappSim {
    pub(crate) fn furnished(&self) -> Result<DemoSource, SimError> {
        let name = "Demo shop on WhatsApp";
        self.create_app(APP, &secret("app"), &secret("verify"));
        self.create_account(ACCOUNT, APP)?;
        self.create_number(NUMBER, "+1 555 010 0200", "Demo shop", ACCOUNT, &secret("number"), APP)?;
        self.create_template(
            ACCOUNT,
            "order_ready",
            "en_US",
            json!([{ "type": "BODY", "text": "Hello {{1}}, your order {{2}} is ready to be picked up.", "example": { "body_text": [["Amina", "1042"]] } },
                { "type": "FOOTER", "text": "Demo shop" },
                { "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "Thank you" }] }]),
        )?;
        self.create_template(
            ACCOUNT,
            "are_you_still_there",
            "en_US",
            json!([{ "type": "BODY", "text": "We have an answer to your question. May we write to you?" },
                { "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "Yes, please" }, { "type": "QUICK_REPLY", "text": "No" }] }]),
        )?;
        self.create_consumer("15550100301", "Amina Diallo");
        self.create_consumer("15550100302", "Jonas Weber");
        let app = DemoApp::new(vec![("app_id", APP.to_owned()), ("app_secret", secret("app")), ("verify_token", secret("verify"))]);
        Ok(DemoSource {
            name: name.to_owned(),
            address: NUMBER.to_owned(),
            hook: app.hook(),
            app: Some(app),
            credentials: vec![("business_token", secret("number")), ("waba_id", ACCOUNT.to_owned())],
            settings: Vec::new(),
        })
    }
}
