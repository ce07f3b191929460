//! What people do: come by a link, subscribe, write, tap, read, leave.

use serde_json::{Value, json};

use super::ViberSim;
use crate::kit::phone::{Place, Upload};
use crate::kit::threads::Note;
use crate::kit::{SimError, lane_of, lock};

impl ViberSim {
    /// Creates somebody who can find a bot. An existing one gets the new name.
    ///
    /// # Errors
    /// Where the bot is unknown.
    pub fn create_consumer(&self, bot: &str, id: &str, name: &str) -> Result<(), SimError> {
        lock(&self.inner.state).threads.add_person(bot, id, name)?;
        self.changed();
        Ok(())
    }

    fn user(&self, bot: &str, id: &str) -> Result<Value, SimError> {
        let mut state = lock(&self.inner.state);
        let name = state.threads.person_mut(bot, id)?.name.clone();
        Ok(json!({ "id": id, "name": name, "language": "en", "country": "GB", "api_version": 10 }))
    }

    fn incoming(&self, bot: &str, id: &str, shown: &str, media: Vec<String>, mut message: Value) -> Result<String, SimError> {
        let sender = self.user(bot, id)?;
        let token = self.message_token();
        let note = Note {
            id: token.to_string(),
            from: "consumer",
            at_ms: self.now_ms(),
            text: shown.to_owned(),
            media,
            buttons: Vec::new(),
            status: "received",
        };
        {
            let mut state = lock(&self.inner.state);
            let person = state.threads.person_mut(bot, id)?;
            person.push(note);
            person.left = false;
            let relation = state.relation(bot, id);
            // Whoever writes has subscribed.
            relation.subscribed = true;
            if let Some(data) = &relation.tracking_data {
                message["tracking_data"] = data.as_str().into();
            }
        }
        self.emit(bot, id, json!({ "event": "message", "message_token": token, "sender": sender, "message": message, "silent": false }));
        self.changed();
        Ok(token.to_string())
    }

    /// A person writes, or taps what says this; the message's token.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_writes_text(&self, bot: &str, id: &str, text: &str) -> Result<String, SimError> {
        self.incoming(bot, id, text, Vec::new(), json!({ "type": "text", "text": text }))
    }

    /// A person sends files, each in a message of its own; the messages' tokens.
    ///
    /// # Errors
    /// Where bot or person are unknown or a file is not base64.
    pub fn consumer_writes_media(&self, bot: &str, id: &str, files: &[Upload], text: &str) -> Result<Vec<String>, SimError> {
        let mut tokens = Vec::new();
        for (at, file) in files.iter().enumerate() {
            let bytes = file.bytes()?;
            let size = bytes.len();
            let hosted = self.host("vb", &file.content_type, &file.name, bytes);
            let url = format!("{}/media/{hosted}", self.base_url());
            let mut message = match file.content_type.split('/').next() {
                Some("image") => json!({ "type": "picture", "media": url, "thumbnail": url }),
                Some("video") => json!({ "type": "video", "media": url, "size": size, "duration": 1 }),
                _ => json!({ "type": "file", "media": url, "size": size, "file_name": file.name }),
            };
            let own = if at == 0 { text } else { "" };
            if !own.is_empty() {
                message["text"] = own.into();
            }
            tokens.push(self.incoming(bot, id, own, vec![hosted], message)?);
        }
        Ok(tokens)
    }

    /// A person shares a place; the message's token.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_writes_location(&self, bot: &str, id: &str, place: &Place) -> Result<String, SimError> {
        let shown = format!("📍 {} {}, {}", place.label, place.lat, place.long);
        self.incoming(bot, id, &shown, Vec::new(), json!({ "type": "location", "location": { "lat": place.lat, "lon": place.long } }))
    }

    /// A person opens the conversation, by a link with a context or without.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_starts(&self, bot: &str, id: &str, context: &str) -> Result<(), SimError> {
        let user = self.user(bot, id)?;
        let subscribed = lock(&self.inner.state).relation(bot, id).subscribed;
        let mut event = json!({ "event": "conversation_started", "message_token": self.message_token(), "type": "open", "user": user, "subscribed": subscribed });
        if !context.is_empty() {
            event["context"] = context.into();
        }
        self.emit(bot, id, event);
        Ok(())
    }

    /// A person subscribes or unsubscribes without writing.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_subscribes(&self, bot: &str, id: &str, on: bool) -> Result<(), SimError> {
        let user = self.user(bot, id)?;
        {
            let mut state = lock(&self.inner.state);
            state.relation(bot, id).subscribed = on;
            state.threads.person_mut(bot, id)?.left = !on;
        }
        let token = self.message_token();
        let event = match on {
            true => json!({ "event": "subscribed", "message_token": token, "user": user }),
            false => json!({ "event": "unsubscribed", "message_token": token, "user_id": id }),
        };
        self.emit(bot, id, event);
        self.changed();
        Ok(())
    }

    /// A person opens the thread, which reads everything in it and everything that follows, or leaves it.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_opens(&self, bot: &str, id: &str, open: bool) -> Result<(), SimError> {
        let read: Vec<String> = {
            let mut state = lock(&self.inner.state);
            let person = state.threads.person_mut(bot, id)?;
            person.open = open;
            let unread = person.thread.iter_mut().filter(|note| open && note.status == "delivered");
            unread
                .map(|note| {
                    note.status = "read";
                    note.id.clone()
                })
                .collect()
        };
        let (sim, bot, id) = (self.clone(), bot.to_owned(), id.to_owned());
        self.pump().schedule(self.now_ms(), lane_of(&id), move || async move {
            for token in read {
                let token = token.parse::<u64>().unwrap_or_default();
                sim.emit(&bot, &id, json!({ "event": "seen", "message_token": token, "user_id": id }));
            }
            sim.changed();
        });
        Ok(())
    }

    /// What is sent to a person from now on fails with this description, or arrives again.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn set_failure(&self, bot: &str, id: &str, why: Option<&str>) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        state.threads.person_mut(bot, id)?;
        state.relation(bot, id).fails_with = why.map(str::to_owned);
        Ok(())
    }
}
