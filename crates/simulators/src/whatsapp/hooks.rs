//! Webhooks: where they go, how they are signed and repeated, and the statuses that follow a send.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::WhatsappSim;
use super::model::State;
use crate::kit::{Outcome, Outgoing, lane_of, lock};
use crate::meta::sign::{escaped, signature_256, signature_sha1};

/// A webhook on its way.
struct Hook {
    out: Outgoing,
    lane: u64,
    first_ms: i64,
}

impl WhatsappSim {
    /// The vendor's time of an event, as text.
    pub(crate) fn stamp(&self, state: &State, at_ms: i64) -> String {
        if state.settings.milli_timestamps { at_ms.to_string() } else { (at_ms / 1_000).to_string() }
    }

    /// Tells the apps of a number's account something about that number.
    pub(crate) fn emit(&self, number: &str, field: &str, content: Value, lane: &str) {
        let (account, value) = {
            let state = lock(&self.inner.state);
            let Some(record) = state.numbers.get(number) else { return };
            let display: String = record.display.chars().filter(char::is_ascii_digit).collect();
            let mut value =
                json!({ "messaging_product": "whatsapp", "metadata": { "display_phone_number": display, "phone_number_id": number } });
            for (name, part) in content.as_object().into_iter().flatten() {
                value[name] = part.clone();
            }
            (record.account.clone(), value)
        };
        self.emit_of_account(&account, Some(number), field, value, lane);
    }

    /// Tells the apps of a business account something.
    pub(crate) fn emit_of_account(&self, account: &str, number: Option<&str>, field: &str, value: Value, lane: &str) {
        let envelope =
            json!({ "object": "whatsapp_business_account", "entry": [{ "id": account, "changes": [{ "value": value, "field": field }] }] });
        // Only maps with string keys are ever given, so writing cannot fail.
        let body = escaped(&serde_json::to_string(&envelope).unwrap_or_default()).into_bytes();
        let targets = {
            let state = lock(&self.inner.state);
            let default = self.webhook_target().map(|target| target.url).unwrap_or_default();
            let own = number.and_then(|number| state.numbers.get(number)?.override_url.clone());
            let subscribed = state.accounts.get(account).map(|account| account.subscribed.clone()).unwrap_or_default();
            let target = |(app, of_account): (String, Option<String>)| {
                let record = state.apps.get(&app)?;
                let general = if record.callback_url.is_empty() { default.clone() } else { record.callback_url.clone() };
                Some((own.clone().or(of_account).unwrap_or(general), record.secret.clone()))
            };
            subscribed.into_iter().filter_map(target).collect::<Vec<_>>()
        };
        for (url, secret) in targets {
            self.post(&url, &secret, body.clone(), lane_of(lane));
        }
    }

    /// Sends a body of your own to an app's webhook, correctly signed (malformed and unknown payloads).
    pub fn send_raw_webhook(&self, app_id: &str, body: &str) {
        let default = self.webhook_target().map(|target| target.url).unwrap_or_default();
        let (url, secret) = {
            let state = lock(&self.inner.state);
            let Some(app) = state.apps.get(app_id) else { return };
            (if app.callback_url.is_empty() { default } else { app.callback_url.clone() }, app.secret.clone())
        };
        self.post(&url, &secret, body.as_bytes().to_vec(), lane_of(app_id));
    }

    fn post(&self, url: &str, secret: &str, body: Vec<u8>, lane: u64) {
        if url.is_empty() {
            return;
        }
        let out = Outgoing {
            method: "POST",
            url: url.to_owned(),
            headers: vec![
                ("User-Agent", "facebookexternalua".to_owned()),
                ("Accept", "*/*".to_owned()),
                ("Content-Type", "application/json".to_owned()),
                ("X-Hub-Signature", signature_sha1(secret, &body)),
                ("X-Hub-Signature-256", signature_256(secret, &body)),
            ],
            body: Bytes::from(body),
        };
        let hook = Arc::new(Hook { out, lane, first_ms: self.now_ms() });
        let sim = self.clone();
        self.kit().deliver(lane, url, Arc::new(move || sim.clone().try_hook(Arc::clone(&hook), 0)));
    }

    /// One try; after a failure the next follows at once, then after 1, 2, 4 … minutes, at most an hour apart, for a week.
    fn try_hook(self, hook: Arc<Hook>, failed: u32) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let outcome = self.kit().attempt(&hook.out).await;
            if matches!(outcome, Outcome::Answered { status: 200, .. }) {
                return;
            }
            let now = self.now_ms();
            if now - hook.first_ms >= lock(&self.inner.state).settings.give_up_after_ms {
                return;
            }
            let wait = if failed == 0 { 0 } else { (60_000_i64 << (failed - 1).min(6)).min(3_600_000) };
            let (sim, lane) = (self.clone(), hook.lane);
            self.pump().schedule(now + wait, lane, move || sim.try_hook(hook, failed + 1));
        })
    }

    /// What becomes of an accepted message: sent, delivered and read, or failed.
    pub(crate) fn follow(&self, number: &str, digits: &str, id: &str, fails_with: Option<u32>) {
        let after = lock(&self.inner.state).settings.sent_after_ms;
        let (sim, number, digits, id) = (self.clone(), number.to_owned(), digits.to_owned(), id.to_owned());
        self.pump().schedule(self.now_ms() + after, lane_of(&digits.clone()), move || async move {
            match fails_with {
                Some(code) => sim.status(&number, &digits, &id, "failed", Some(code)),
                None => {
                    sim.status(&number, &digits, &id, "sent", None);
                    sim.arrive(&number, &digits);
                }
            }
        });
    }

    /// The device gets everything sent so far, if it is on.
    pub(crate) fn arrive(&self, number: &str, digits: &str) {
        let after = lock(&self.inner.state).settings.delivered_after_ms;
        let (sim, number, digits) = (self.clone(), number.to_owned(), digits.to_owned());
        self.pump().schedule(self.now_ms() + after, lane_of(&digits.clone()), move || async move {
            let (arrived, reads, read_after, skip) = {
                let mut state = lock(&sim.inner.state);
                let settings = state.settings.clone();
                if state.people.get(&digits).is_none_or(|person| person.offline) {
                    return;
                }
                let Some(pair) = state.pair_mut(&number, &digits) else { return };
                let waiting = pair.notes.iter().filter(|note| note.from == "brand" && note.status == "sent");
                let arrived: Vec<String> = waiting.map(|note| note.id.clone()).collect();
                (arrived, pair.open || settings.auto_read, settings.read_after_ms, settings.skip_delivered)
            };
            for id in &arrived {
                if skip && reads {
                    sim.note_status(&number, &digits, id, "delivered", String::new());
                } else {
                    sim.status(&number, &digits, id, "delivered", None);
                }
            }
            if reads && !arrived.is_empty() {
                let (later, number, digits) = (sim.clone(), number.clone(), digits.clone());
                sim.pump().schedule(
                    sim.now_ms() + read_after,
                    lane_of(&digits.clone()),
                    move || async move { later.look_at(&number, &digits) },
                );
            }
        });
    }

    /// The person looks at the thread: everything delivered is read, voice messages are played.
    pub(crate) fn look_at(&self, number: &str, digits: &str) {
        let unread: Vec<(String, bool)> = {
            let state = lock(&self.inner.state);
            let notes = state.pair(number, digits).map(|pair| pair.notes.as_slice()).unwrap_or_default();
            let delivered = notes.iter().filter(|note| note.from == "brand" && note.status == "delivered");
            delivered.map(|note| (note.id.clone(), note.voice)).collect()
        };
        for (id, voice) in unread {
            self.status(number, digits, &id, "read", None);
            if voice {
                self.tell_status(number, digits, &id, "played", None);
            }
        }
    }

    fn note_status(&self, number: &str, digits: &str, id: &str, status: &'static str, error: String) {
        if let Some(pair) = lock(&self.inner.state).pair_mut(number, digits)
            && let Some(note) = pair.notes.iter_mut().find(|note| note.id == id)
        {
            note.status = status;
            note.error = error;
        }
        self.changed();
    }

    fn status(&self, number: &str, digits: &str, id: &str, status: &'static str, code: Option<u32>) {
        self.note_status(number, digits, id, status, code.map(|code| code.to_string()).unwrap_or_default());
        self.tell_status(number, digits, id, status, code);
    }

    fn tell_status(&self, number: &str, digits: &str, id: &str, status: &str, code: Option<u32>) {
        let told = {
            let state = lock(&self.inner.state);
            let note = state.pair(number, digits).and_then(|pair| pair.notes.iter().find(|note| note.id == id));
            let mut told = json!({ "id": id, "status": status, "timestamp": self.stamp(&state, self.now_ms()) });
            let person = state.people.get(digits);
            if person.is_none_or(|person| !person.hidden) {
                told["recipient_id"] = digits.into();
            }
            if let Some(opaque) = note.and_then(|note| note.opaque.as_deref()) {
                told["biz_opaque_callback_data"] = opaque.into();
            }
            if status == "sent" {
                told["conversation"] = json!({ "id": "c1", "origin": { "type": "service" } });
                told["pricing"] = json!({ "billable": true, "pricing_model": "PMP", "category": "service" });
            }
            if let Some(code) = code {
                let title = title_of(code);
                told["errors"] = json!([{ "code": code, "title": title, "message": title, "error_data": { "details": title }, "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/" }]);
            }
            told
        };
        self.emit(number, "messages", json!({ "statuses": [told] }), digits);
    }
}

/// What the vendor calls a code.
pub(crate) fn title_of(code: u32) -> String {
    match code {
        131_026 => "Message undeliverable".to_owned(),
        131_047 => "Re-engagement message".to_owned(),
        131_053 => "Media upload error".to_owned(),
        131_049 => "This message was not delivered to maintain healthy ecosystem engagement.".to_owned(),
        131_050 => "User has stopped marketing messages".to_owned(),
        other => format!("Error {other}"),
    }
}
