//! Callbacks: what people write and what became of messages. Nothing is signed; what is not taken comes again every five minutes.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{CmSim, Note, with_zeros};
use crate::kit::dates;
use crate::kit::phone::Upload;
use crate::kit::{Outgoing, SimError, lane_of, lock};

const AGAIN_MS: i64 = 5 * 60_000;
const GIVE_UP_MS: i64 = 30 * 24 * 3_600_000;

impl CmSim {
    /// Sends a body to the webhook's address, or below another secret; correct or not.
    pub fn send_raw_webhook(&self, body: &str, url: Option<&str>) {
        let default = self.webhook_target().map(|target| target.url).unwrap_or_default();
        self.post(url.unwrap_or(&default), body.to_owned(), lane_of(""));
    }

    fn post(&self, url: &str, body: String, lane: u64) {
        if url.is_empty() {
            return;
        }
        let out = Outgoing {
            method: "POST",
            url: url.to_owned(),
            headers: vec![("Content-Type", "application/json".to_owned())],
            body: Bytes::from(body),
        };
        let (sim, out, first) = (self.clone(), Arc::new(out), self.now_ms());
        self.kit().deliver(lane, url, Arc::new(move || sim.clone().try_hook(Arc::clone(&out), lane, first)));
    }

    fn try_hook(self, out: Arc<Outgoing>, lane: u64, first_ms: i64) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let outcome = self.kit().attempt(&out).await;
            let due = self.now_ms() + AGAIN_MS;
            if outcome.is_success() || due - first_ms > GIVE_UP_MS {
                return;
            }
            let sim = self.clone();
            self.pump().schedule(due, lane, move || sim.try_hook(out, lane, first_ms));
        })
    }

    fn stamp(&self) -> String {
        dates::iso8601(self.now_ms(), "")
    }

    /// The carrier's report, and then what came of it.
    pub(super) fn report_later(&self, key: (String, String), to: String, reference: String, parts: usize, fate: (String, String)) {
        let settings = self.settings();
        let lane = lane_of(&key.1);
        let (sim, due) = (self.clone(), self.now_ms() + settings.sent_after_ms);
        self.pump().schedule(due, lane, move || async move {
            if fate.0 != "1" {
                sim.report(&key, &to, &reference, "0", "", "sent");
            }
            let later = sim.clone();
            sim.pump().schedule(sim.now_ms() + settings.delivered_after_ms, lane, move || async move {
                let status = if matches!(fate.0.as_str(), "2" | "4") { "delivered" } else { "failed" };
                for _ in 0..if settings.report_each_part { parts } else { 1 } {
                    later.report(&key, &to, &reference, &fate.0, &fate.1, status);
                }
            });
        });
    }

    fn report(&self, key: &(String, String), to: &str, reference: &str, code: &str, why: &str, status: &'static str) {
        if let Some(note) = lock(&self.inner.state).threads.get_mut(key).into_iter().flatten().find(|note| note.id == reference) {
            note.status = status;
        }
        let state = json!({ "code": code, "errorCode": "", "errorDescription": why });
        let report = json!({ "received": self.stamp(), "to": to, "reference": reference, "status": state, "operator": "00101" });
        self.send_raw_in_lane(&json!({ "messages": { "msg": report } }), &key.1);
        self.changed();
    }

    fn send_raw_in_lane(&self, body: &Value, lane: &str) {
        let url = self.webhook_target().map(|target| target.url).unwrap_or_default();
        self.post(&url, body.to_string(), lane_of(lane));
    }

    /// Somebody writes; `more` overlays the callback's body (an event, a reference, another channel).
    ///
    /// # Errors
    /// Where line or person are unknown, or the file is not base64.
    pub fn consumer_sends(&self, line: &str, person: &str, text: &str, file: Option<&Upload>, more: &Value) -> Result<String, SimError> {
        let id = self.ids().sid("mo");
        let mut body = json!({ "reference": "", "messageContext": "", "from": { "number": with_zeros(person), "name": "" }, "to": { "number": with_zeros(line) },
            "message": { "text": text, "media": { "mediaUri": "", "contentType": "", "title": "" }, "custom": {} },
            "groupings": ["", "", ""], "timeUtc": self.stamp(), "channel": "SMS" });
        let mut media = Vec::new();
        if let Some(file) = file {
            let hosted = self.host("", &file.content_type, &file.name, file.bytes()?);
            let uri = format!("{}/_media/{hosted}", self.base_url());
            body["message"]["media"] = json!({ "mediaUri": uri, "contentType": file.content_type, "title": file.name });
            media.push(hosted);
        }
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        {
            let mut state = lock(&self.inner.state);
            if !state.lines.contains_key(line) || !state.people.contains_key(person) {
                return Err(SimError(format!("person: nobody with {person}, or no number {line}; create both first")));
            }
            let note = Note { id: id.clone(), from: "consumer", at_ms: self.now_ms(), text: text.to_owned(), media, status: "received" };
            state.threads.entry((line.to_owned(), person.to_owned())).or_default().push(note);
        }
        self.send_raw_in_lane(&body, person);
        self.changed();
        Ok(id)
    }
}
