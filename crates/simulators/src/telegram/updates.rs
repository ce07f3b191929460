//! Updates on their way to a bot's webhook: increasing ids, the secret in a header, growing gaps after a failure, a day at most.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::TelegramSim;
use crate::kit::{Outcome, Outgoing, SimError, lane_of, lock};

/// An update that could not be delivered for so long is dropped.
const KEPT_MS: i64 = 24 * 3_600_000;
/// Kinds that come only where they are asked for by name.
const ON_REQUEST: [&str; 2] = ["message_reaction", "chat_member"];

/// An update on its way.
struct Update {
    bot: String,
    lane: u64,
    since_ms: i64,
    out: Outgoing,
}

impl TelegramSim {
    /// Sends an update of a kind; its id. Without a webhook, or where the kind is not wanted, it is lost.
    ///
    /// # Errors
    /// Where the bot is unknown.
    pub fn send_update(&self, bot: &str, kind: &str, thing: Value) -> Result<u64, SimError> {
        let lane = lane_of(thing["chat"]["id"].to_string().as_str());
        let (id, webhook) = self.bot(bot, |bot| {
            bot.next_update += 1;
            bot.webhook.pending_update_count += 1;
            (bot.next_update, bot.webhook.clone())
        })?;
        let wanted = match webhook.allowed_updates.is_empty() {
            true => !ON_REQUEST.contains(&kind),
            false => webhook.allowed_updates.iter().any(|allowed| allowed == kind),
        };
        if !wanted || webhook.url.is_empty() {
            self.arrived(bot);
            return Ok(id);
        }
        let body = json!({ "update_id": id, kind: thing }).to_string();
        let mut headers = vec![("Content-Type", "application/json".to_owned())];
        if !webhook.secret.is_empty() {
            headers.push(("X-Telegram-Bot-Api-Secret-Token", webhook.secret));
        }
        let out = Outgoing { method: "POST", url: webhook.url.clone(), headers, body: Bytes::from(body) };
        let update = Arc::new(Update { bot: bot.to_owned(), lane, since_ms: self.now_ms(), out });
        let sim = self.clone();
        self.kit().deliver(lane, &webhook.url, Arc::new(move || sim.clone().try_update(Arc::clone(&update), 0)));
        Ok(id)
    }

    fn arrived(&self, bot: &str) {
        // An unknown bot was refused before.
        let _ = self.bot(bot, |bot| bot.webhook.pending_update_count = bot.webhook.pending_update_count.saturating_sub(1));
    }

    fn try_update(self, update: Arc<Update>, failed: u32) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let outcome = self.kit().attempt(&update.out).await;
            let now = self.now_ms();
            if outcome.is_success() || now - update.since_ms >= KEPT_MS {
                self.arrived(&update.bot);
                return;
            }
            let why = match outcome {
                Outcome::Answered { status, .. } => format!("Wrong response from the webhook: {status}"),
                Outcome::NoConnection => "Connection refused".to_owned(),
                Outcome::TimedOut => "Read timeout expired".to_owned(),
            };
            if let Some(bot) = lock(&self.inner.state).bots.get_mut(&update.bot) {
                bot.webhook.last_error_date = Some(now / 1_000);
                bot.webhook.last_error_message = Some(why);
            }
            self.changed();
            let wait = (1_000_i64 << failed.min(9)).min(600_000);
            let (sim, lane) = (self.clone(), update.lane);
            self.pump().schedule(now + wait, lane, move || sim.try_update(update, failed + 1));
        })
    }
}
