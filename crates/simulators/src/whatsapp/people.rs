//! What people do: write, tap, react, change and take back, look; and what the brand writes in its own app.

use serde_json::{Value, json};

use super::WhatsappSim;
use super::media::digest;
use super::model::{Note, Person};
use crate::kit::phone::{Place, Upload};
use crate::kit::{SimError, lane_of, lock};

fn unknown(number: &str, digits: &str) -> SimError {
    SimError(format!("wa_id: nobody with {digits}, or no number {number}; create both first"))
}

fn kind_of(content_type: &str) -> &'static str {
    match content_type.split('/').next() {
        _ if content_type == "image/webp" => "sticker",
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "document",
    }
}

impl WhatsappSim {
    /// Creates a person by their digits; an existing one gets the new name.
    pub fn create_consumer(&self, wa_id: &str, name: &str) {
        let mut state = lock(&self.inner.state);
        let person = state.people.entry(wa_id.to_owned()).or_default();
        name.clone_into(&mut person.name);
        if person.user_id.is_empty() {
            person.user_id = format!("US.{}", self.ids().digits());
        }
        drop(state);
        self.changed();
    }

    fn person<T>(&self, digits: &str, act: impl FnOnce(&mut Person) -> T) -> Result<T, SimError> {
        let done = lock(&self.inner.state).people.get_mut(digits).map(act).ok_or_else(|| unknown("any", digits));
        self.changed();
        done
    }

    /// The vendor's own id of a person.
    #[must_use]
    pub fn user_id(&self, wa_id: &str) -> Option<String> {
        lock(&self.inner.state).people.get(wa_id).map(|person| person.user_id.clone())
    }

    /// Hides a person's digits from businesses: they are known by the vendor's id only.
    ///
    /// # Errors
    /// Where the person is unknown.
    pub fn hide_number(&self, wa_id: &str, hidden: bool) -> Result<(), SimError> {
        self.person(wa_id, |person| person.hidden = hidden)
    }

    /// Every message to a person fails with this code, or none any more.
    ///
    /// # Errors
    /// Where the person is unknown.
    pub fn set_unreachable(&self, wa_id: &str, code: Option<u32>) -> Result<(), SimError> {
        self.person(wa_id, |person| person.fails_with = code)
    }

    /// Switches a person's device off (nothing is delivered) or on again (everything is).
    ///
    /// # Errors
    /// Where the person is unknown.
    pub fn set_offline(&self, wa_id: &str, offline: bool) -> Result<(), SimError> {
        let numbers: Vec<String> = self.person(wa_id, |person| {
            person.offline = offline;
            person.pairs.keys().cloned().collect()
        })?;
        for number in numbers.iter().filter(|_| !offline) {
            self.arrive(number, wa_id);
        }
        Ok(())
    }

    /// A person opens the thread, which reads everything in it and everything that follows, or leaves it.
    ///
    /// # Errors
    /// Where the person or the number is unknown.
    pub fn consumer_opens(&self, number: &str, wa_id: &str, open: bool) -> Result<(), SimError> {
        let known = lock(&self.inner.state).pair_mut(number, wa_id).map(|pair| pair.open = open);
        known.ok_or_else(|| unknown(number, wa_id))?;
        if open {
            let (sim, number, digits) = (self.clone(), number.to_owned(), wa_id.to_owned());
            self.pump().schedule(self.now_ms(), lane_of(wa_id), move || async move { sim.look_at(&number, &digits) });
        }
        self.changed();
        Ok(())
    }

    /// Files what a person wrote and tells it; the id. `message` is what the webhook says beyond sender, id and time.
    ///
    /// # Errors
    /// Where the person or the number is unknown.
    pub fn consumer_sends(&self, number: &str, wa_id: &str, text: &str, media: Vec<String>, message: Value) -> Result<String, SimError> {
        let now = self.now_ms();
        let id = format!("wamid.{}", self.ids().sid(""));
        let told = {
            let mut state = lock(&self.inner.state);
            let stamp = self.stamp(&state, now);
            let pair = state.pair_mut(number, wa_id).ok_or_else(|| unknown(number, wa_id))?;
            pair.last_in_ms = Some(now);
            pair.add(Note {
                id: id.clone(),
                from: "consumer",
                at_ms: now,
                text: text.to_owned(),
                media,
                buttons: Vec::new(),
                taps: "",
                status: "received",
                error: String::new(),
                opaque: None,
                voice: false,
            });
            let person = state.people.get(wa_id).cloned().unwrap_or_default();
            let mut written = json!({ "id": id, "timestamp": stamp });
            let mut contact = json!({ "profile": { "name": person.name }, "user_id": person.user_id });
            if person.hidden {
                written["from_user_id"] = person.user_id.as_str().into();
                contact["profile"]["username"] = person.name.to_lowercase().replace(' ', ".").into();
            } else {
                written["from"] = wa_id.into();
                contact["wa_id"] = wa_id.into();
            }
            for (name, value) in message.as_object().into_iter().flatten() {
                written[name] = value.clone();
            }
            json!({ "contacts": [contact], "messages": [written] })
        };
        self.emit(number, "messages", told, wa_id);
        self.changed();
        Ok(id)
    }

    /// A person writes; the id.
    ///
    /// # Errors
    /// Where the person or the number is unknown.
    pub fn consumer_writes_text(&self, number: &str, wa_id: &str, text: &str) -> Result<String, SimError> {
        self.consumer_sends(number, wa_id, text, Vec::new(), json!({ "type": "text", "text": { "body": text } }))
    }

    /// A person answers to an earlier message; the id.
    ///
    /// # Errors
    /// Where the person or the number is unknown.
    pub fn consumer_replies_to(&self, number: &str, wa_id: &str, message_id: &str, text: &str) -> Result<String, SimError> {
        let context = json!({ "from": number, "id": message_id });
        self.consumer_sends(number, wa_id, text, Vec::new(), json!({ "type": "text", "text": { "body": text }, "context": context }))
    }

    /// A person sends a file, with words below it where the kind allows; the id.
    ///
    /// # Errors
    /// Where the person or the number is unknown or the file is not base64.
    pub fn consumer_writes_media(&self, number: &str, wa_id: &str, caption: &str, file: &Upload) -> Result<String, SimError> {
        let bytes = file.bytes()?;
        let sha256 = digest(&bytes);
        let kind = kind_of(&file.content_type);
        let (id, media) = self.keep(number, &file.content_type, &file.name, bytes, 7);
        let mut content = json!({ "id": id, "mime_type": file.content_type, "sha256": sha256 });
        if !caption.is_empty() && matches!(kind, "image" | "video" | "document") {
            content["caption"] = caption.into();
        }
        if kind == "document" {
            content["filename"] = file.name.as_str().into();
        }
        if kind == "audio" {
            content["voice"] = true.into();
        }
        self.consumer_sends(number, wa_id, caption, vec![media], json!({ "type": kind, kind: content }))
    }

    /// A person shares a place; the id.
    ///
    /// # Errors
    /// Where the person or the number is unknown.
    pub fn consumer_writes_location(&self, number: &str, wa_id: &str, place: &Place) -> Result<String, SimError> {
        let mut location = json!({ "latitude": place.lat, "longitude": place.long });
        if !place.label.is_empty() {
            location["name"] = place.label.as_str().into();
        }
        let text = format!("📍 {} {}, {}", place.label, place.lat, place.long);
        self.consumer_sends(number, wa_id, &text, Vec::new(), json!({ "type": "location", "location": location }))
    }

    /// A person taps a button or picks a row of a message they got; the id.
    ///
    /// # Errors
    /// Where nothing in the thread offers that.
    pub fn consumer_taps(&self, number: &str, wa_id: &str, payload: &str) -> Result<String, SimError> {
        let found = {
            let state = lock(&self.inner.state);
            let notes = state.pair(number, wa_id).map(|pair| pair.notes.as_slice()).unwrap_or_default();
            notes.iter().rev().find_map(|note| {
                let button = note.buttons.iter().find(|button| button.payload == payload && button.kind != "url")?;
                Some((note.id.clone(), note.taps, button.title.clone()))
            })
        };
        let (about, taps, title) = found.ok_or_else(|| SimError(format!("payload: nothing in the thread offers {payload:?}")))?;
        let context = json!({ "from": number, "id": about });
        let message = match taps {
            "template" => json!({ "type": "button", "button": { "payload": payload, "text": title }, "context": context }),
            taps => {
                json!({ "type": "interactive", "interactive": { "type": taps, taps: { "id": payload, "title": title } }, "context": context })
            }
        };
        self.consumer_sends(number, wa_id, &title, Vec::new(), message)
    }

    /// A person reacts to a message, or takes the reaction back (an empty emoji).
    ///
    /// # Errors
    /// Where the person or the number is unknown.
    pub fn consumer_reacts(&self, number: &str, wa_id: &str, message_id: &str, emoji: &str) -> Result<String, SimError> {
        self.consumer_changes(number, wa_id, json!({ "type": "reaction", "reaction": { "message_id": message_id, "emoji": emoji } }))
    }

    /// A person changes a message.
    ///
    /// # Errors
    /// Where the person or the number is unknown.
    pub fn consumer_edits(&self, number: &str, wa_id: &str, message_id: &str, text: &str) -> Result<String, SimError> {
        self.with_note(number, wa_id, message_id, |note| text.clone_into(&mut note.text));
        let message = json!({ "type": "text", "text": { "body": text } });
        self.consumer_changes(number, wa_id, json!({ "type": "edit", "edit": { "original_message_id": message_id, "message": message } }))
    }

    /// A person takes a message back.
    ///
    /// # Errors
    /// Where the person or the number is unknown.
    pub fn consumer_revokes(&self, number: &str, wa_id: &str, message_id: &str) -> Result<String, SimError> {
        self.with_note(number, wa_id, message_id, |note| "🚫".clone_into(&mut note.text));
        self.consumer_changes(number, wa_id, json!({ "type": "revoke", "revoke": { "original_message_id": message_id } }))
    }

    fn with_note(&self, number: &str, digits: &str, id: &str, act: impl FnOnce(&mut Note)) {
        let mut state = lock(&self.inner.state);
        if let Some(note) = state.pair_mut(number, digits).and_then(|pair| pair.notes.iter_mut().find(|note| note.id == id)) {
            act(note);
        }
    }

    /// Tells something about a thread that is no message of its own; the id.
    fn consumer_changes(&self, number: &str, wa_id: &str, message: Value) -> Result<String, SimError> {
        let id = self.consumer_sends(number, wa_id, "", Vec::new(), message)?;
        if let Some(pair) = lock(&self.inner.state).pair_mut(number, wa_id) {
            pair.notes.retain(|note| note.id != id);
        }
        Ok(id)
    }

    /// Somebody answers in the brand's own app; the id.
    ///
    /// # Errors
    /// Where the person or the number is unknown.
    pub fn brand_writes_native(&self, number: &str, wa_id: &str, text: &str) -> Result<String, SimError> {
        let now = self.now_ms();
        let id = format!("wamid.{}", self.ids().sid(""));
        let (from, stamp) = {
            let mut state = lock(&self.inner.state);
            let from: String =
                state.numbers.get(number).map(|one| one.display.chars().filter(char::is_ascii_digit).collect()).unwrap_or_default();
            let stamp = self.stamp(&state, now);
            let pair = state.pair_mut(number, wa_id).ok_or_else(|| unknown(number, wa_id))?;
            pair.add(Note {
                id: id.clone(),
                from: "page",
                at_ms: now,
                text: text.to_owned(),
                media: Vec::new(),
                buttons: Vec::new(),
                taps: "",
                status: "sent",
                error: String::new(),
                opaque: None,
                voice: false,
            });
            (from, stamp)
        };
        let echo = json!({ "from": from, "to": wa_id, "id": id, "timestamp": stamp, "type": "text", "text": { "body": text } });
        self.emit(number, "smb_message_echoes", json!({ "message_echoes": [echo] }), wa_id);
        self.changed();
        Ok(id)
    }

    /// Tells the apps of a business account about it: `account_update`, `phone_number_quality_update` …
    pub fn send_account_event(&self, waba_id: &str, field: &str, value: Value) {
        self.emit_of_account(waba_id, None, field, value, waba_id);
    }

    /// Whether the brand is shown typing to this person now.
    #[must_use]
    pub fn is_typing(&self, number: &str, wa_id: &str) -> bool {
        let now = self.now_ms();
        lock(&self.inner.state).pair(number, wa_id).is_some_and(|pair| pair.typing_until_ms > now)
    }

    /// The state of a message in a person's thread.
    #[must_use]
    pub fn message_status(&self, number: &str, wa_id: &str, id: &str) -> Option<&'static str> {
        let state = lock(&self.inner.state);
        state.pair(number, wa_id)?.notes.iter().find(|note| note.id == id).map(|note| note.status)
    }
}
