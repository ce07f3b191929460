//! The demo's bot and the people who write to it.

use super::TelegramSim;
use crate::demo::{DemoSource, secret};
use crate::kit::SimError;

const BOT: &str = "700600500";

impl TelegramSim {
    pub(crate) fn furnished(&self, hooks: &str) -> Result<DemoSource, SimError> {
        let token = format!("{BOT}:{}", secret("bot"));
        let bot = self.create_bot(&token, "demo_shop_bot", "Demo shop bot")?;
        self.set_webhook(&bot, &format!("{hooks}/{bot}"), &secret("telegram"))?;
        self.bot(&bot, |bot| bot.webhook.allowed_updates = ALLOWED.map(str::to_owned).to_vec())?;
        self.create_consumer(&bot, "5550000101", "Olena Bondar")?;
        self.create_consumer(&bot, "5550000102", "Mateo Silva")?;
        Ok(DemoSource {
            name: "Demo shop bot".to_owned(),
            address: bot.clone(),
            hook: bot,
            app: None,
            credentials: vec![("bot_token", token), ("secret_token", secret("telegram"))],
            settings: Vec::new(),
        })
    }
}

const ALLOWED: [&str; 5] = ["message", "edited_message", "callback_query", "my_chat_member", "message_reaction"];
