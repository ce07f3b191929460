//! What people do: start the bot, write, send files, tap, react, block.

use serde_json::{Value, json};

use super::TelegramSim;
use super::model::Tap;
use crate::kit::phone::{Place, Upload};
use crate::kit::threads::Note;
use crate::kit::{SimError, lock};

impl TelegramSim {
    /// Creates somebody who can write to a bot. An existing one gets the new name.
    ///
    /// # Errors
    /// Where the bot is unknown.
    pub fn create_consumer(&self, bot: &str, chat: &str, name: &str) -> Result<(), SimError> {
        lock(&self.inner.state).threads.add_person(bot, chat, name)?;
        self.changed();
        Ok(())
    }

    fn person(&self, bot: &str, chat: &str) -> Result<Value, SimError> {
        let mut state = lock(&self.inner.state);
        let name = state.threads.person_mut(bot, chat)?.name.clone();
        let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
        let mut person =
            json!({ "id": chat.parse::<i64>().unwrap_or_default(), "is_bot": false, "first_name": first, "language_code": "en" });
        if !last.is_empty() {
            person["last_name"] = last.into();
        }
        Ok(person)
    }

    /// Files what a person sent and sends its update; the message's id.
    fn incoming(&self, bot: &str, chat: &str, text: &str, media: Vec<String>, mut message: Value) -> Result<String, SimError> {
        let person = self.person(bot, chat)?;
        let now = self.now_ms();
        let id = self.bot(bot, |bot| {
            bot.next_message += 1;
            bot.next_message
        })?;
        let note = Note {
            id: id.to_string(),
            from: "consumer",
            at_ms: now,
            text: text.to_owned(),
            media,
            buttons: Vec::new(),
            status: "received",
        };
        {
            let mut state = lock(&self.inner.state);
            let known = state.threads.person_mut(bot, chat)?;
            // Whoever writes has started the bot again.
            known.left = false;
            known.push(note);
        }
        message["message_id"] = id.into();
        message["date"] = (now / 1_000).into();
        message["chat"] = json!({ "id": person["id"], "type": "private", "first_name": person["first_name"] });
        message["from"] = person;
        self.send_update(bot, "message", message)?;
        Ok(id.to_string())
    }

    /// A person writes; the message's id.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_writes_text(&self, bot: &str, chat: &str, text: &str) -> Result<String, SimError> {
        self.incoming(bot, chat, text, Vec::new(), json!({ "text": text }))
    }

    /// A person answers to an earlier message; the message's id.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_replies_to(&self, bot: &str, chat: &str, message: &str, text: &str) -> Result<String, SimError> {
        let earlier = json!({ "message_id": message.parse::<u64>().unwrap_or_default() });
        self.incoming(bot, chat, text, Vec::new(), json!({ "text": text, "reply_to_message": earlier }))
    }

    /// A person sends files: an album of several, each in a message of its own. The ids of the messages.
    ///
    /// # Errors
    /// Where bot or person are unknown or a file is not base64.
    pub fn consumer_writes_media(&self, bot: &str, chat: &str, files: &[Upload], caption: &str) -> Result<Vec<String>, SimError> {
        let album = (files.len() > 1).then(|| self.ids().digits());
        let mut ids = Vec::new();
        for (at, file) in files.iter().enumerate() {
            let bytes = file.bytes()?;
            let size = bytes.len();
            let id = self.host("BQAC", &file.content_type, &file.name, bytes);
            let mut message = match file.content_type.split('/').next() {
                Some("image") if file.content_type != "image/gif" => {
                    let size_of = |id: &str, width: u32| json!({ "file_id": id, "file_unique_id": id, "width": width, "height": width, "file_size": size });
                    json!({ "photo": [size_of(&id, 90), size_of(&id, 800)] })
                }
                Some("video") => {
                    json!({ "video": { "file_id": id, "mime_type": file.content_type, "file_name": file.name, "file_size": size } })
                }
                Some("audio") if file.content_type == "audio/ogg" => {
                    json!({ "voice": { "file_id": id, "mime_type": "audio/ogg", "file_size": size } })
                }
                Some("audio") => {
                    json!({ "audio": { "file_id": id, "mime_type": file.content_type, "file_name": file.name, "file_size": size } })
                }
                _ => json!({ "document": { "file_id": id, "mime_type": file.content_type, "file_name": file.name, "file_size": size } }),
            };
            let own = if at == 0 { caption } else { "" };
            if !own.is_empty() {
                message["caption"] = own.into();
            }
            if let Some(album) = &album {
                message["media_group_id"] = album.as_str().into();
            }
            ids.push(self.incoming(bot, chat, own, vec![id], message)?);
        }
        Ok(ids)
    }

    /// A person shares a place; the message's id.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_writes_location(&self, bot: &str, chat: &str, place: &Place) -> Result<String, SimError> {
        let at = json!({ "latitude": place.lat, "longitude": place.long });
        let mut message = json!({ "location": at });
        if !place.label.is_empty() {
            message["venue"] = json!({ "location": at, "title": place.label, "address": place.label });
        }
        self.incoming(bot, chat, &format!("📍 {} {}, {}", place.label, place.lat, place.long), Vec::new(), message)
    }

    /// A person taps a button below a message of the bot; the id of the tap.
    ///
    /// # Errors
    /// Where bot or person are unknown, or no message has such a button.
    pub fn consumer_taps(&self, bot: &str, chat: &str, data: &str) -> Result<String, SimError> {
        let person = self.person(bot, chat)?;
        let id = self.ids().digits();
        let now = self.now_ms();
        let (message_id, keyboard) = {
            let mut state = lock(&self.inner.state);
            let thread = &state.threads.person_mut(bot, chat)?.thread;
            let note = thread.iter().rev().find(|note| note.buttons.iter().any(|button| button.payload == data));
            let note = note.ok_or_else(|| SimError(format!("data: no message has a button {data:?}")))?;
            let rows: Vec<Value> = note.buttons.iter().map(|one| json!([{ "text": one.title, "callback_data": one.payload }])).collect();
            let found = (note.id.clone(), rows);
            state.taps.insert(id.clone(), Tap { at_ms: now, answered: false });
            found
        };
        let message = json!({
            "message_id": message_id.parse::<u64>().unwrap_or_default(), "date": now / 1_000,
            "chat": { "id": person["id"], "type": "private" }, "reply_markup": { "inline_keyboard": keyboard },
        });
        self.send_update(
            bot,
            "callback_query",
            json!({ "id": id, "from": person, "message": message, "chat_instance": "1", "data": data }),
        )?;
        Ok(id)
    }

    /// Whether a tap was answered in time.
    #[must_use]
    pub fn tap_was_answered(&self, tap: &str) -> bool {
        lock(&self.inner.state).taps.get(tap).is_some_and(|tap| tap.answered)
    }

    /// A person edits a message of theirs.
    ///
    /// # Errors
    /// Where bot, person or message are unknown.
    pub fn consumer_edits(&self, bot: &str, chat: &str, message: &str, text: &str) -> Result<(), SimError> {
        let person = self.person(bot, chat)?;
        {
            let mut state = lock(&self.inner.state);
            let note = state.threads.person_mut(bot, chat)?.note_mut(message);
            text.clone_into(&mut note.ok_or_else(|| SimError(format!("message: there is no message {message:?}")))?.text);
        }
        let now = self.now_ms() / 1_000;
        let chat = json!({ "id": person["id"], "type": "private" });
        let edited = json!({ "message_id": message.parse::<u64>().unwrap_or_default(), "from": person, "chat": chat, "date": now, "edit_date": now, "text": text });
        self.send_update(bot, "edited_message", edited)?;
        Ok(())
    }

    /// A person reacts to a message, or takes the reaction back.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_reacts(&self, bot: &str, chat: &str, message: &str, emoji: Option<&str>) -> Result<(), SimError> {
        let person = self.person(bot, chat)?;
        let new: Vec<Value> = emoji.map(|emoji| json!({ "type": "emoji", "emoji": emoji })).into_iter().collect();
        let reaction = json!({
            "chat": { "id": person["id"], "type": "private" }, "message_id": message.parse::<u64>().unwrap_or_default(), "user": person,
            "date": self.now_ms() / 1_000, "old_reaction": [], "new_reaction": new,
        });
        self.send_update(bot, "message_reaction", reaction)?;
        Ok(())
    }

    /// A person blocks the bot, or unblocks it.
    ///
    /// # Errors
    /// Where bot or person are unknown.
    pub fn consumer_blocks(&self, bot: &str, chat: &str, blocked: bool) -> Result<(), SimError> {
        let person = self.person(bot, chat)?;
        lock(&self.inner.state).threads.person_mut(bot, chat)?.left = blocked;
        let status = |blocked: bool| json!({ "status": if blocked { "kicked" } else { "member" } });
        let change = json!({
            "chat": { "id": person["id"], "type": "private" }, "from": person, "date": self.now_ms() / 1_000,
            "old_chat_member": status(!blocked), "new_chat_member": status(blocked),
        });
        self.send_update(bot, "my_chat_member", change)?;
        Ok(())
    }

    /// A group becomes another chat: what is sent to the old id is refused with the new one.
    ///
    /// # Errors
    /// Where bot or chat are unknown.
    pub fn move_chat(&self, bot: &str, chat: &str, to: i64) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        let old = state.threads.person_mut(bot, chat)?.clone();
        state.threads.add_person(bot, &to.to_string(), &old.name)?;
        *state.threads.person_mut(bot, &to.to_string())? = old;
        state.moved.insert(chat.to_owned(), to);
        Ok(())
    }
}
