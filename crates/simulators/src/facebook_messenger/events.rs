//! Webhook events: who gets them, how they are batched, signed and retried. A failing subscription is dropped silently in the end.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::{Value, json};

use super::MessengerSim;
use super::model::State;
use crate::kit::{Outcome, Outgoing, lane_of, lock};
use crate::meta::sign::{escaped, signature_256, signature_sha1};

/// The envelope, in the order the vendor writes it.
#[derive(Serialize)]
struct Envelope<'a> {
    object: &'static str,
    entry: &'a [Value],
}

impl MessengerSim {
    /// Sends an event from a person to a page to every app that wants it.
    pub(crate) fn emit(&self, page: &str, psid: &str, field: &str, kind: &str, content: Value, at_ms: i64) {
        self.emit_between(page, psid, (psid, page), field, kind, content, at_ms);
    }

    /// An echo: from the page to the person.
    pub(crate) fn echo(&self, page: &str, psid: &str, content: Value, at_ms: i64) {
        // On Instagram echoes ride along with the messages.
        let field = if self.is_instagram() { "messages" } else { "message_echoes" };
        self.emit_between(page, psid, (page, psid), field, "message", content, at_ms);
    }

    #[expect(clippy::too_many_arguments, reason = "one event has this many independent parts")]
    fn emit_between(&self, page: &str, psid: &str, (sender, recipient): (&str, &str), field: &str, kind: &str, content: Value, at_ms: i64) {
        let mut state = lock(&self.inner.state);
        let timestamp = if state.settings.second_timestamps { at_ms / 1_000 } else { at_ms };
        let event = json!({
            "sender": { "id": sender },
            "recipient": { "id": recipient },
            "timestamp": timestamp,
            kind: content,
        });
        let now = self.now_ms();
        let mut ready = Vec::new();
        for (app, standby) in receivers(&state, page, psid, field) {
            let mut event = event.clone();
            if standby && let Some(postback) = event.get_mut("postback").and_then(Value::as_object_mut) {
                postback.remove("payload");
            }
            let list = if standby { "standby" } else { "messaging" };
            let entry = json!({ "id": page, "time": now, list: [event] });
            match &mut state.held {
                Some(held) => held.entry(app).or_default().push((page.to_owned(), entry)),
                None => ready.push((app, entry)),
            }
        }
        drop(state);
        for (app, entry) in ready {
            self.post(&app, vec![page.to_owned()], &[entry], lane_of(psid));
        }
    }

    /// Entries pile up instead of going out, until `release_webhooks`.
    pub fn hold_webhooks(&self) {
        lock(&self.inner.state).held.get_or_insert_default();
    }

    /// Sends what was held, several entries in one webhook (as many as the `batch_size` setting says), and stops holding.
    pub fn release_webhooks(&self) {
        let (held, size) = {
            let mut state = lock(&self.inner.state);
            (state.held.take(), state.settings.batch_size.clamp(1, 1_000))
        };
        for (app, entries) in held.unwrap_or_default() {
            for batch in entries.chunks(size) {
                let pages = batch.iter().map(|(page, _)| page.clone()).collect();
                let entries: Vec<Value> = batch.iter().map(|(_, entry)| entry.clone()).collect();
                self.post(&app, pages, &entries, lane_of(&app));
            }
        }
    }

    /// Signs and hands over a webhook.
    pub(crate) fn post(&self, app: &str, pages: Vec<String>, entries: &[Value], lane: u64) {
        let envelope = Envelope { object: if self.is_instagram() { "instagram" } else { "page" }, entry: entries };
        // Only maps with string keys are ever given, so writing cannot fail.
        let body = escaped(&serde_json::to_string(&envelope).unwrap_or_default());
        self.post_raw(app, pages, body.into_bytes(), lane);
    }

    /// Signs and hands over a body that may be anything.
    pub(crate) fn post_raw(&self, app: &str, pages: Vec<String>, body: Vec<u8>, lane: u64) {
        let default = self.webhook_target().map(|target| target.url).unwrap_or_default();
        let (url, secret) = {
            let state = lock(&self.inner.state);
            let Some(record) = state.apps.get(app) else { return };
            let url = if record.callback_url.is_empty() { default } else { record.callback_url.clone() };
            (url, record.secret.clone())
        };
        if url.is_empty() {
            return;
        }
        let out = Outgoing {
            method: "POST",
            url: url.clone(),
            headers: vec![
                ("User-Agent", "facebookexternalua".to_owned()),
                ("Accept", "*/*".to_owned()),
                ("Content-Type", "application/json".to_owned()),
                ("X-Hub-Signature", signature_sha1(&secret, &body)),
                ("X-Hub-Signature-256", signature_256(&secret, &body)),
            ],
            body: Bytes::from(body),
        };
        let hook = Arc::new(Hook { app: app.to_owned(), pages, lane, out });
        let sim = self.clone();
        self.kit().deliver(lane, &url, Arc::new(move || sim.clone().try_hook(Arc::clone(&hook), 0)));
    }

    /// One try; after a failure the next follows at once, then after 1, 2, 4 … minutes, at most an hour apart.
    fn try_hook(self, hook: Arc<Hook>, failed: u32) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if failed > 0 && !self.still_subscribed(&hook) {
                return;
            }
            let outcome = self.kit().attempt(&hook.out).await;
            let now = self.now_ms();
            if matches!(outcome, Outcome::Answered { status: 200, .. }) {
                if let Some(app) = lock(&self.inner.state).apps.get_mut(&hook.app) {
                    app.failing_since_ms = None;
                }
                return;
            }
            {
                let mut state = lock(&self.inner.state);
                let limit = state.settings.unsubscribe_after_ms;
                let Some(app) = state.apps.get_mut(&hook.app) else { return };
                let since = *app.failing_since_ms.get_or_insert(now);
                if now - since >= limit {
                    app.failing_since_ms = None;
                    for id in &hook.pages {
                        if let Some(page) = state.pages.get_mut(id) {
                            page.subscribed.remove(&hook.app);
                        }
                    }
                    drop(state);
                    self.changed();
                    return;
                }
            }
            let wait = if failed == 0 { 0 } else { 60_000_i64 << (failed - 1).min(6) }.min(3_600_000);
            let (sim, lane) = (self.clone(), hook.lane);
            self.pump().schedule(now + wait, lane, move || sim.try_hook(hook, failed + 1));
        })
    }

    fn still_subscribed(&self, hook: &Hook) -> bool {
        let state = lock(&self.inner.state);
        hook.pages.is_empty()
            || hook.pages.iter().any(|page| state.pages.get(page).is_some_and(|page| page.subscribed.contains_key(&hook.app)))
    }

    /// The device gets everything sent so far, if it is on: `delivery`, then `read` where the thread is open.
    pub(crate) fn deliver_to_person(&self, page: &str, psid: &str) {
        let (due, lane) = {
            let state = lock(&self.inner.state);
            (self.now_ms() + state.settings.delivered_after_ms, lane_of(psid))
        };
        let (sim, page, psid) = (self.clone(), page.to_owned(), psid.to_owned());
        self.pump().schedule(due, lane, move || async move { sim.delivered(&page, &psid) });
    }

    fn delivered(&self, page: &str, psid: &str) {
        let (mids, watermark, reads, read_after, omit) = {
            let mut state = lock(&self.inner.state);
            let settings = state.settings.clone();
            let Some(person) = state.person_mut(page, psid).filter(|person| !person.offline) else { return };
            let mut mids = Vec::new();
            let mut watermark = 0;
            for note in person.thread.iter_mut().rev().take(200) {
                if note.status == "sent" {
                    note.status = "delivered";
                    watermark = watermark.max(note.at_ms);
                    mids.push(note.mid.clone());
                }
            }
            mids.reverse();
            (mids, watermark, person.open || settings.auto_read, settings.read_after_ms, settings.omit_mids)
        };
        if mids.is_empty() {
            return;
        }
        let content = if omit { json!({ "watermark": watermark }) } else { json!({ "mids": mids, "watermark": watermark }) };
        let now = self.now_ms();
        // Instagram tells nothing of delivery.
        if !self.is_instagram() {
            self.emit(page, psid, "message_deliveries", "delivery", content, now);
        }
        self.changed();
        if reads {
            let (sim, page, psid) = (self.clone(), page.to_owned(), psid.to_owned());
            self.pump().schedule(now + read_after, lane_of(&psid), move || async move { sim.read_thread(&page, &psid) });
        }
    }

    /// The person looks at the thread: everything delivered is read.
    pub(crate) fn read_thread(&self, page: &str, psid: &str) {
        let read = {
            let mut state = lock(&self.inner.state);
            let Some(person) = state.person_mut(page, psid) else { return };
            let mut watermark = None;
            let mut last = None;
            for note in person.thread.iter_mut().rev().take(200) {
                if note.status == "delivered" {
                    note.status = "read";
                    watermark = watermark.max(Some(note.at_ms));
                    // Newest first: the first that was unread is the last that was read.
                    last.get_or_insert(note.mid.clone());
                }
            }
            watermark.zip(last)
        };
        if let Some((watermark, last)) = read {
            match self.is_instagram() {
                true => self.emit(page, psid, "messaging_seen", "read", json!({ "mid": last }), self.now_ms()),
                false => self.emit(page, psid, "message_reads", "read", json!({ "watermark": watermark }), self.now_ms()),
            }
            self.changed();
        }
    }
}

/// A webhook on its way.
struct Hook {
    app: String,
    pages: Vec<String>,
    lane: u64,
    out: Outgoing,
}

/// The apps that get an event, and whether as bystanders.
fn receivers(state: &State, page: &str, psid: &str, field: &str) -> Vec<(String, bool)> {
    let Some(record) = state.pages.get(page) else { return Vec::new() };
    let owner = state.person(page, psid).and_then(|person| person.owner.as_deref());
    record
        .subscribed
        .iter()
        .filter_map(|(app, fields)| {
            let app_fields = &state.apps.get(app)?.fields;
            let wants = |name: &str| fields.iter().any(|field| field == name) && app_fields.contains(name);
            let standby = owner.is_some_and(|owner| owner != app) && field != "messaging_handovers";
            (wants(field) && (!standby || wants("standby"))).then(|| (app.clone(), standby))
        })
        .collect()
}
