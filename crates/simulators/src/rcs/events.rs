//! Events on their way: base64 in an envelope, signed over what is inside, repeated for a week. The envelope's id is another each time.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha512;

use super::RcsSim;
use crate::kit::dates;
use crate::kit::{Outgoing, SimError, lane_of, lock};

const KEPT_MS: i64 = 7 * 24 * 3_600_000;

/// The signature of what is inside an event.
#[must_use]
pub fn signature(client_token: &str, data: &[u8]) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(client_token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(data);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// An event on its way.
struct Hook {
    lane: u64,
    since_ms: i64,
    url: String,
    signature: String,
    data: Vec<u8>,
}

impl RcsSim {
    /// Calls the agent's webhook as Google does when its address is saved: whether the secret came back.
    ///
    /// # Errors
    /// Where the agent is unknown.
    pub async fn shake_hands(&self, agent: &str) -> Result<bool, SimError> {
        let (url, token) = {
            let state = lock(&self.inner.state);
            let known = state.agents.get(agent).ok_or_else(|| SimError(format!("agent: there is no agent {agent}; create it first")))?;
            (known.webhook.clone(), known.client_token.clone())
        };
        let secret = self.ids().digits();
        let body = json!({ "clientToken": token, "secret": secret }).to_string();
        let headers = vec![("Content-Type", "application/json".to_owned())];
        let outcome = self.kit().attempt(&Outgoing { method: "POST", url, headers, body: Bytes::from(body) }).await;
        Ok(matches!(outcome, crate::kit::Outcome::Answered { status: 200, body, .. } if body == secret))
    }

    /// Sends an event to the agent; fields that all have are filled in.
    pub(super) fn emit(&self, agent: &str, phone: &str, mut event: Value) {
        let (url, token) = {
            let state = lock(&self.inner.state);
            let Some(known) = state.agents.get(agent).filter(|known| !known.webhook.is_empty()) else { return };
            (known.webhook.clone(), known.client_token.clone())
        };
        if event["phoneNumber"].is_null() {
            event["senderPhoneNumber"] = phone.into();
        }
        event["agentId"] = agent.into();
        event["sendTime"] = dates::iso8601(self.now_ms(), "Z").into();
        let data = event.to_string().into_bytes();
        let signature = signature(&token, &data);
        let hook = Arc::new(Hook { lane: lane_of(phone), since_ms: self.now_ms(), url: url.clone(), signature, data });
        let sim = self.clone();
        self.kit().deliver(hook.lane, &url, Arc::new(move || sim.clone().try_hook(Arc::clone(&hook), 0)));
    }

    fn try_hook(self, hook: Arc<Hook>, failed: u32) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let envelope = json!({
                "message": { "data": STANDARD.encode(&hook.data), "messageId": self.ids().digits(), "attributes": { "type": "event" } },
                "subscription": "projects/sim/subscriptions/sim",
            });
            let headers = vec![("Content-Type", "application/json".to_owned()), ("X-Goog-Signature", hook.signature.clone())];
            let out = Outgoing { method: "POST", url: hook.url.clone(), headers, body: Bytes::from(envelope.to_string()) };
            let now = self.now_ms();
            if self.kit().attempt(&out).await.is_success() || now - hook.since_ms >= KEPT_MS {
                return;
            }
            let wait = (1_000_i64 << failed.min(10)).min(600_000);
            let (sim, lane) = (self.clone(), hook.lane);
            self.pump().schedule(now + wait, lane, move || sim.try_hook(hook, failed + 1));
        })
    }

    /// The phone gets everything sent so far, if it is on.
    pub(super) fn deliver_to(&self, phone: &str) {
        let (sim, own) = (self.clone(), phone.to_owned());
        self.pump().schedule(self.now_ms(), lane_of(phone), move || async move { sim.delivered(&own) });
    }

    fn delivered(&self, phone: &str) {
        let mut arrived = Vec::new();
        {
            let mut state = lock(&self.inner.state);
            if state.handsets.get(phone).is_none_or(|handset| handset.offline) {
                return;
            }
            let agents: Vec<String> = state.agents.keys().cloned().collect();
            for agent in agents {
                let Ok(person) = state.threads.person_mut(&agent, phone) else { continue };
                let open = person.open;
                for note in person.thread.iter_mut().filter(|note| note.status == "sent") {
                    note.status = if open { "read" } else { "delivered" };
                    arrived.push((agent.clone(), note.id.clone(), open));
                }
            }
        }
        for (agent, id, open) in arrived {
            self.report(&agent, phone, "DELIVERED", &id);
            if open {
                self.report(&agent, phone, "READ", &id);
            }
        }
        self.changed();
    }

    pub(super) fn report(&self, agent: &str, phone: &str, kind: &str, message: &str) {
        self.emit(agent, phone, json!({ "eventType": kind, "eventId": self.ids().sid(""), "messageId": message }));
    }

    /// What has not arrived by then is taken back, and told.
    pub(super) fn expire_later(&self, agent: &str, phone: &str, id: &str, seconds: i64) {
        let (sim, agent, own, id) = (self.clone(), agent.to_owned(), phone.to_owned(), id.to_owned());
        self.pump().schedule(self.now_ms() + seconds * 1_000, lane_of(phone), move || async move {
            let waiting = {
                let mut state = lock(&sim.inner.state);
                let Ok(person) = state.threads.person_mut(&agent, &own) else { return };
                let waiting = person.thread.iter().any(|note| note.id == id && note.status == "sent");
                person.thread.retain(|note| !waiting || note.id != id);
                waiting
            };
            if waiting {
                let event =
                    json!({ "phoneNumber": own, "eventType": "TTL_EXPIRATION_REVOKED", "eventId": sim.ids().sid(""), "messageId": id });
                sim.emit(&agent, &own, event);
                sim.changed();
            }
        });
    }
}
