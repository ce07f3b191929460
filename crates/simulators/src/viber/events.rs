//! Events on their way: signed over the raw body, repeated for about an hour after anything but 200.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::ViberSim;
use crate::kit::threads::Note;
use crate::kit::{Outcome, Outgoing, lane_of, lock};

/// Gaps between tries, in seconds: about an hour in all.
const GAPS_S: [i64; 6] = [5, 30, 120, 300, 900, 2_400];
/// Kinds that come whether or not they were asked for.
const ALWAYS: [&str; 2] = ["message", "webhook"];

/// The signature of a body.
#[must_use]
pub fn signature(token: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

impl ViberSim {
    fn outgoing(&self, bot: &str, url: &str, event: &Value) -> Outgoing {
        let token = lock(&self.inner.state).bots.get(bot).map(|bot| bot.token.clone()).unwrap_or_default();
        let body = event.to_string().into_bytes();
        let headers = vec![("Content-Type", "application/json".to_owned()), ("X-Viber-Content-Signature", signature(&token, &body))];
        Outgoing { method: "POST", url: url.to_owned(), headers, body: Bytes::from(body) }
    }

    /// Whether an address takes the event that checks it.
    pub(super) async fn try_address(&self, bot: &str, url: &str) -> bool {
        let event = json!({ "event": "webhook", "timestamp": self.now_ms(), "message_token": self.message_token() });
        let outcome = self.kit().attempt(&self.outgoing(bot, url, &event)).await;
        matches!(outcome, Outcome::Answered { status: 200, .. })
    }

    /// Sends an event to the bot's webhook, where the kind is wanted.
    pub(super) fn emit(&self, bot: &str, person: &str, mut event: Value) {
        let kind = event["event"].as_str().unwrap_or_default().to_owned();
        event["timestamp"] = self.now_ms().into();
        let url = {
            let state = lock(&self.inner.state);
            let Some(known) = state.bots.get(bot) else { return };
            if known.webhook.is_empty() || !(ALWAYS.contains(&kind.as_str()) || known.event_types.contains(&kind)) {
                return;
            }
            known.webhook.clone()
        };
        let hook =
            Arc::new(Hook { bot: bot.to_owned(), person: person.to_owned(), lane: lane_of(person), out: self.outgoing(bot, &url, &event) });
        let welcomes = kind == "conversation_started";
        let sim = self.clone();
        self.kit().deliver(hook.lane, &url, Arc::new(move || sim.clone().try_hook(Arc::clone(&hook), 0, welcomes)));
    }

    fn try_hook(self, hook: Arc<Hook>, failed: usize, welcomes: bool) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            match self.kit().attempt(&hook.out).await {
                Outcome::Answered { status: 200, body, .. } => {
                    if welcomes {
                        self.welcome(&hook, &body);
                    }
                }
                _ => {
                    let Some(gap) = GAPS_S.get(failed) else { return };
                    let (sim, lane) = (self.clone(), hook.lane);
                    self.pump().schedule(self.now_ms() + gap * 1_000, lane, move || sim.try_hook(hook, failed + 1, welcomes));
                }
            }
        })
    }

    /// What the answer to a new conversation says is shown.
    fn welcome(&self, hook: &Hook, body: &[u8]) {
        let Ok(message) = serde_json::from_slice::<Value>(body) else { return };
        let Some(text) = message["text"].as_str().filter(|text| !text.is_empty()) else { return };
        let id = self.message_token().to_string();
        let note = Note { id, from: "brand", at_ms: self.now_ms(), text: text.to_owned(), status: "delivered", ..Note::default() };
        if let Ok(person) = lock(&self.inner.state).threads.person_mut(&hook.bot, &hook.person) {
            person.push(note);
        }
        self.changed();
    }
}

/// An event on its way.
struct Hook {
    bot: String,
    person: String,
    lane: u64,
    out: Outgoing,
}
