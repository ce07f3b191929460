//! The demo's bot and the people who write to it.

use super::ViberSim;
use crate::demo::{DemoSource, secret};
use crate::kit::SimError;

const BOT: &str = "pa:5012345678901234567";

impl ViberSim {
    pub(crate) fn furnished(&self, hooks: &str) -> Result<DemoSource, SimError> {
        let hook = BOT.replace(':', "%3A");
        self.create_bot(BOT, &secret("viber"), "Demo shop");
        self.set_webhook(BOT, &format!("{hooks}/{hook}"))?;
        self.create_consumer(BOT, "01234567890A1234567890==", "Elena Petrova")?;
        self.create_consumer(BOT, "01234567890A1234567891==", "Nikos Papas")?;
        Ok(DemoSource {
            name: "Demo shop".to_owned(),
            address: BOT.to_owned(),
            hook,
            app: None,
            credentials: vec![("auth_token", secret("viber"))],
            settings: vec![("bot_name", "Demo shop".to_owned()), ("welcome_text", "Hello! Write to us and a person answers.".to_owned())],
        })
    }
}
