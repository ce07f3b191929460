//! Webhooks, and what people do that causes them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::LineSim;
use super::model::{Note, REPLY_MS, Reply};
use crate::kit::phone::{Place, Upload};
use crate::kit::{Outcome, Outgoing, SimError, lane_of, lock};

/// Tries of one webhook where redelivery is on.
const TRIES: u32 = 5;

/// `x-line-signature`: the base64 of an HMAC-SHA256 with the channel secret as text.
#[must_use]
pub fn signature(channel_secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(channel_secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

fn unknown(bot: &str, user: &str) -> SimError {
    SimError(format!("user: bot {bot} has no friend {user}; create both first"))
}

impl LineSim {
    pub(crate) fn endpoint_of(&self, bot: &str) -> String {
        let own = lock(&self.inner.state).bots.get(bot).map(|bot| bot.endpoint.clone()).unwrap_or_default();
        if own.is_empty() { self.webhook_target().map(|target| target.url).unwrap_or_default() } else { own }
    }

    fn outgoing(&self, bot: &str, url: &str, body: Vec<u8>) -> Outgoing {
        let secret = lock(&self.inner.state).bots.get(bot).map(|bot| bot.secret.clone()).unwrap_or_default();
        Outgoing {
            method: "POST",
            url: url.to_owned(),
            headers: vec![
                ("User-Agent", "LineBotWebhook/2.0".to_owned()),
                ("Content-Type", "application/json; charset=utf-8".to_owned()),
                ("x-line-signature", signature(&secret, &body)),
            ],
            body: Bytes::from(body),
        }
    }

    /// The console's check of an address: a webhook without events. The status, 0 without an answer.
    pub(crate) async fn check_endpoint(&self, bot: &str, url: &str) -> u16 {
        let body = json!({ "destination": bot, "events": [] }).to_string().into_bytes();
        match self.kit().attempt(&self.outgoing(bot, url, body)).await {
            Outcome::Answered { status, .. } => status,
            _ => 0,
        }
    }

    /// Sends events in one webhook.
    pub fn send_events(&self, bot: &str, events: &[Value]) {
        let lane = events.first().and_then(|event| event["source"]["userId"].as_str()).unwrap_or(bot).to_owned();
        self.post(bot, events.to_vec(), lane_of(&lane), 0);
    }

    /// Sends a body of your own, correctly signed (malformed and unknown payloads).
    pub fn send_raw_webhook(&self, bot: &str, body: &str) {
        let url = self.endpoint_of(bot);
        let out = Arc::new(self.outgoing(bot, &url, body.as_bytes().to_vec()));
        let sim = self.clone();
        self.kit().deliver(
            lane_of(bot),
            &url,
            Arc::new(move || {
                let (sim, out) = (sim.clone(), Arc::clone(&out));
                Box::pin(async move {
                    sim.kit().attempt(&out).await;
                })
            }),
        );
    }

    fn post(&self, bot: &str, events: Vec<Value>, lane: u64, failed: u32) {
        let url = self.endpoint_of(bot);
        if url.is_empty() {
            return;
        }
        let (sim, bot) = (self.clone(), bot.to_owned());
        let events = Arc::new(events);
        let target = url.clone();
        self.kit().deliver(
            lane,
            &url,
            Arc::new(move || {
                let (sim, bot, url, events) = (sim.clone(), bot.clone(), target.clone(), Arc::clone(&events));
                sim.try_events(bot, url, events, lane, failed)
            }),
        );
    }

    fn try_events(self, bot: String, url: String, events: Arc<Vec<Value>>, lane: u64, failed: u32) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let body = json!({ "destination": bot, "events": events.as_slice() }).to_string().into_bytes();
            let outcome = self.kit().attempt(&self.outgoing(&bot, &url, body)).await;
            let again = lock(&self.inner.state).settings.redelivery && failed + 1 < TRIES;
            if outcome.is_success() || !again {
                return;
            }
            // The same ids and times come again, marked.
            let mut events = events.as_ref().clone();
            for event in &mut events {
                event["deliveryContext"]["isRedelivery"] = true.into();
            }
            let wait = 60_000_i64 << failed;
            let (sim, due) = (self.clone(), self.now_ms() + wait);
            self.pump().schedule(due, lane, move || sim.try_events(bot, url, Arc::new(events), lane, failed + 1));
        })
    }

    /// An event of a person, with a reply token where the kind has one.
    fn event(&self, bot: &str, user: &str, kind: &str, replies: bool, content: &Value) -> Value {
        let now = self.now_ms();
        let mut state = lock(&self.inner.state);
        let standby = state.bots.get(bot).is_some_and(|bot| bot.standby);
        let mut event = json!({ "type": kind, "mode": if standby { "standby" } else { "active" }, "timestamp": now, "webhookEventId": format!("01{}", &self.ids().sid("")[..24].to_uppercase()),
            "deliveryContext": { "isRedelivery": false }, "source": { "type": "user", "userId": user } });
        if replies && !standby {
            let token = self.ids().sid("");
            state.replies.insert(token.clone(), Reply { bot: bot.to_owned(), user: user.to_owned(), until_ms: now + REPLY_MS });
            event["replyToken"] = token.into();
        }
        for (name, value) in content.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        event
    }

    /// Files what a person wrote and tells it; the message's id.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_sends(&self, bot: &str, user: &str, text: &str, media: Option<String>, mut message: Value) -> Result<String, SimError> {
        let now = self.now_ms();
        let id = {
            let mut state = lock(&self.inner.state);
            let id = state.message_id();
            let marks = state.settings.mark_as_read;
            let friend = state.friend_mut(bot, user).ok_or_else(|| unknown(bot, user))?;
            friend.add(Note {
                id: id.clone(),
                from: "consumer",
                at_ms: now,
                text: text.to_owned(),
                media: media.iter().cloned().collect(),
                buttons: Vec::new(),
                status: "received",
            });
            if let Some(media) = media {
                state.contents.insert(id.clone(), (bot.to_owned(), media, now));
            }
            if marks {
                let token = self.ids().sid("m");
                state.marks.insert(token.clone(), (bot.to_owned(), user.to_owned()));
                message["markAsReadToken"] = token.into();
            }
            message["id"] = id.as_str().into();
            id
        };
        let event = self.event(bot, user, "message", true, &json!({ "message": message }));
        self.send_events(bot, &[event]);
        self.changed();
        Ok(id)
    }

    /// A person writes; the message's id.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_writes_text(&self, bot: &str, user: &str, text: &str) -> Result<String, SimError> {
        self.consumer_sends(bot, user, text, None, json!({ "type": "text", "text": text, "quoteToken": "q" }))
    }

    /// A person sends a file; the message's id.
    ///
    /// # Errors
    /// Where bot or person are unknown or the file is not base64.
    pub fn consumer_writes_media(&self, bot: &str, user: &str, file: &Upload) -> Result<String, SimError> {
        let bytes = file.bytes()?;
        let size = bytes.len();
        let media = self.host("", &file.content_type, &file.name, bytes);
        let message = match file.content_type.split('/').next() {
            Some(kind @ ("image" | "video" | "audio")) => json!({ "type": kind, "contentProvider": { "type": "line" }, "duration": 1_000 }),
            _ => json!({ "type": "file", "fileName": file.name, "fileSize": size }),
        };
        self.consumer_sends(bot, user, "", Some(media), message)
    }

    /// A person shares a place; the message's id.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_writes_location(&self, bot: &str, user: &str, place: &Place) -> Result<String, SimError> {
        let text = format!("📍 {} {}, {}", place.label, place.lat, place.long);
        self.consumer_sends(
            bot,
            user,
            &text,
            None,
            json!({ "type": "location", "title": place.label, "latitude": place.lat, "longitude": place.long }),
        )
    }

    /// A person taps something: a postback tells its data only, a message action is an ordinary text.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_taps(&self, bot: &str, user: &str, title: &str, data: &str) -> Result<(), SimError> {
        let now = self.now_ms();
        {
            let mut state = lock(&self.inner.state);
            let id = state.message_id();
            let friend = state.friend_mut(bot, user).ok_or_else(|| unknown(bot, user))?;
            friend.add(Note {
                id,
                from: "consumer",
                at_ms: now,
                text: title.to_owned(),
                media: Vec::new(),
                buttons: Vec::new(),
                status: "received",
            });
        }
        let event = self.event(bot, user, "postback", true, &json!({ "postback": { "data": data } }));
        self.send_events(bot, &[event]);
        self.changed();
        Ok(())
    }

    /// A person takes a message back.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_unsends(&self, bot: &str, user: &str, message_id: &str) -> Result<(), SimError> {
        {
            let mut state = lock(&self.inner.state);
            let friend = state.friend_mut(bot, user).ok_or_else(|| unknown(bot, user))?;
            friend.notes.retain(|note| note.id != message_id);
        }
        let event = self.event(bot, user, "unsend", false, &json!({ "unsend": { "messageId": message_id } }));
        self.send_events(bot, &[event]);
        Ok(())
    }

    /// A person blocks the bot, or is its friend again.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_blocks(&self, bot: &str, user: &str, blocked: bool) -> Result<(), SimError> {
        lock(&self.inner.state).friend_mut(bot, user).map(|friend| friend.blocked = blocked).ok_or_else(|| unknown(bot, user))?;
        let event = match blocked {
            true => self.event(bot, user, "unfollow", false, &json!({})),
            false => self.event(bot, user, "follow", true, &json!({ "follow": { "isUnblocked": true } })),
        };
        self.send_events(bot, &[event]);
        self.changed();
        Ok(())
    }

    /// Any other event of a person (beacon, accountLink, botSuspended …).
    pub fn send_event(&self, bot: &str, user: &str, kind: &str, content: &Value) {
        let event = self.event(bot, user, kind, false, content);
        self.send_events(bot, &[event]);
    }
}
