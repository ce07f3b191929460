//! What people do: write, send files, tap, type, read, leave.

use serde_json::{Value, json};

use super::RcsSim;
use crate::kit::phone::{Place, Upload};
use crate::kit::threads::Note;
use crate::kit::{SimError, lock};

impl RcsSim {
    /// Creates somebody with a phone. An existing one gets the new name.
    ///
    /// # Errors
    /// Where the agent is unknown.
    pub fn create_consumer(&self, agent: &str, phone: &str, name: &str) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        state.threads.add_person(agent, phone, name)?;
        state.handsets.entry(phone.to_owned()).or_default();
        drop(state);
        self.changed();
        Ok(())
    }

    fn incoming(&self, agent: &str, phone: &str, shown: &str, media: Vec<String>, mut event: Value) -> Result<String, SimError> {
        let id = self.ids().sid("Mx");
        let note = Note {
            id: id.clone(),
            from: "consumer",
            at_ms: self.now_ms(),
            text: shown.to_owned(),
            media,
            buttons: Vec::new(),
            status: "received",
        };
        lock(&self.inner.state).threads.person_mut(agent, phone)?.push(note);
        event["messageId"] = id.as_str().into();
        self.emit(agent, phone, event);
        self.changed();
        Ok(id)
    }

    /// A person writes; the message's id.
    ///
    /// # Errors
    /// Where agent or person are unknown.
    pub fn consumer_writes_text(&self, agent: &str, phone: &str, text: &str) -> Result<String, SimError> {
        self.incoming(agent, phone, text, Vec::new(), json!({ "text": text }))
    }

    /// A person sends a file; the message's id.
    ///
    /// # Errors
    /// Where agent or person are unknown or the file is not base64.
    pub fn consumer_writes_media(&self, agent: &str, phone: &str, file: &Upload) -> Result<String, SimError> {
        let bytes = file.bytes()?;
        let size = bytes.len();
        let hosted = self.host("uf", &file.content_type, &file.name, bytes);
        let uri = format!("{}/userfiles/{hosted}", self.base_url());
        let payload = json!({ "mimeType": file.content_type, "fileSizeBytes": size, "fileName": file.name, "fileUri": uri });
        self.incoming(agent, phone, "", vec![hosted], json!({ "userFile": { "payload": payload } }))
    }

    /// A person shares a place; the message's id.
    ///
    /// # Errors
    /// Where agent or person are unknown.
    pub fn consumer_writes_location(&self, agent: &str, phone: &str, place: &Place) -> Result<String, SimError> {
        let shown = format!("📍 {} {}, {}", place.label, place.lat, place.long);
        self.incoming(agent, phone, &shown, Vec::new(), json!({ "location": { "latitude": place.lat, "longitude": place.long } }))
    }

    /// A person taps a suggestion; the message's id.
    ///
    /// # Errors
    /// Where agent or person are unknown.
    pub fn consumer_taps(&self, agent: &str, phone: &str, text: &str, postback: &str, kind: &str) -> Result<String, SimError> {
        let tap = json!({ "suggestionResponse": { "postbackData": postback, "text": text, "type": kind } });
        self.incoming(agent, phone, text, Vec::new(), tap)
    }

    /// A person types: told again and again, and never that it ended.
    ///
    /// # Errors
    /// Where agent or person are unknown.
    pub fn consumer_types(&self, agent: &str, phone: &str) -> Result<(), SimError> {
        lock(&self.inner.state).threads.person_mut(agent, phone)?;
        self.emit(agent, phone, json!({ "eventType": "IS_TYPING", "eventId": self.ids().sid("") }));
        Ok(())
    }

    /// A person unsubscribes, or subscribes again.
    ///
    /// # Errors
    /// Where agent or person are unknown.
    pub fn consumer_subscribes(&self, agent: &str, phone: &str, on: bool) -> Result<(), SimError> {
        lock(&self.inner.state).threads.person_mut(agent, phone)?.left = !on;
        let kind = if on { "SUBSCRIBE" } else { "UNSUBSCRIBE" };
        self.emit(agent, phone, json!({ "eventType": kind, "eventId": self.ids().sid("") }));
        self.changed();
        Ok(())
    }

    /// A person opens the thread, which reads everything in it and everything that follows, or leaves it.
    ///
    /// # Errors
    /// Where agent or person are unknown.
    pub fn consumer_opens(&self, agent: &str, phone: &str, open: bool) -> Result<(), SimError> {
        let mut read = Vec::new();
        {
            let mut state = lock(&self.inner.state);
            let person = state.threads.person_mut(agent, phone)?;
            person.open = open;
            for note in person.thread.iter_mut().filter(|note| open && note.status == "delivered") {
                note.status = "read";
                read.push(note.id.clone());
            }
        }
        for id in read {
            self.report(agent, phone, "READ", &id);
        }
        self.changed();
        Ok(())
    }
}
