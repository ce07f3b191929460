//! What people do: write, tap, react, look, and what the page's own inbox answers.

use serde_json::{Value, json};

use super::MessengerSim;
use super::model::{Author, Note, Person, Referral, State, Unreachable};
use crate::kit::phone::{Place, Upload};
use crate::kit::{SimError, lane_of, lock};

fn kind_of(content_type: &str) -> &'static str {
    match content_type.split('/').next() {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "file",
    }
}

fn unknown(page: &str, psid: &str) -> SimError {
    SimError(format!("psid: page {page} has no person {psid}; create the page and the person first"))
}

impl MessengerSim {
    /// Creates a person in relation to a page. An existing one gets the new names.
    ///
    /// # Errors
    /// Where the page is unknown.
    pub fn create_consumer(&self, page_id: &str, psid: &str, first_name: &str, last_name: &str) -> Result<(), SimError> {
        let mut state = lock(&self.inner.state);
        if !state.pages.contains_key(page_id) {
            return Err(SimError(format!("page_id: no page {page_id}; create it first")));
        }
        let people = state.people.entry(page_id.to_owned()).or_default();
        let person = people.entry(psid.to_owned()).or_insert_with(|| Person {
            first_name: String::new(),
            last_name: String::new(),
            picture: None,
            last_in_ms: None,
            unreachable: None,
            profile_hidden: false,
            open: false,
            offline: false,
            typing_until_ms: 0,
            seen_ms: None,
            owner: None,
            thread: Vec::new(),
        });
        first_name.clone_into(&mut person.first_name);
        last_name.clone_into(&mut person.last_name);
        drop(state);
        self.changed();
        Ok(())
    }

    fn person<T>(&self, page: &str, psid: &str, act: impl FnOnce(&mut Person) -> T) -> Result<T, SimError> {
        let mut state = lock(&self.inner.state);
        let done = state.person_mut(page, psid).map(act).ok_or_else(|| unknown(page, psid));
        drop(state);
        self.changed();
        done
    }

    /// Gives a person a profile picture.
    ///
    /// # Errors
    /// Where the person is unknown or the file is not base64.
    pub fn set_picture(&self, page: &str, psid: &str, picture: &Upload) -> Result<(), SimError> {
        let media = self.host("", &picture.content_type, &picture.name, picture.bytes()?);
        self.person(page, psid, |person| person.picture = Some(media))
    }

    /// Makes a person unreachable, or reachable again.
    ///
    /// # Errors
    /// Where the person is unknown.
    pub fn set_unreachable(&self, page: &str, psid: &str, why: Option<Unreachable>) -> Result<(), SimError> {
        self.person(page, psid, |person| person.unreachable = why)
    }

    /// Hides a person's profile: lookups answer 100/33.
    ///
    /// # Errors
    /// Where the person is unknown.
    pub fn hide_profile(&self, page: &str, psid: &str, hidden: bool) -> Result<(), SimError> {
        self.person(page, psid, |person| person.profile_hidden = hidden)
    }

    /// Switches a person's device off (nothing is delivered) or on again (everything is).
    ///
    /// # Errors
    /// Where the person is unknown.
    pub fn set_offline(&self, page: &str, psid: &str, offline: bool) -> Result<(), SimError> {
        self.person(page, psid, |person| person.offline = offline)?;
        if !offline {
            self.deliver_to_person(page, psid);
        }
        Ok(())
    }

    /// Gives a thread to an app, or to nobody.
    ///
    /// # Errors
    /// Where the person is unknown.
    pub fn set_thread_owner(&self, page: &str, psid: &str, app_id: Option<&str>) -> Result<(), SimError> {
        self.person(page, psid, |person| person.owner = app_id.map(str::to_owned))
    }

    /// The person opens the thread, which reads everything in it and everything that follows, or leaves it.
    ///
    /// # Errors
    /// Where the person is unknown.
    pub fn consumer_opens(&self, page: &str, psid: &str, open: bool) -> Result<(), SimError> {
        self.person(page, psid, |person| person.open = open)?;
        if open {
            let (sim, page, psid) = (self.clone(), page.to_owned(), psid.to_owned());
            self.pump().schedule(self.now_ms(), lane_of(&psid), move || async move { sim.read_thread(&page, &psid) });
        }
        Ok(())
    }

    /// The person reads what was delivered, once.
    ///
    /// # Errors
    /// Where the person is unknown.
    pub fn consumer_reads(&self, page: &str, psid: &str) -> Result<(), SimError> {
        self.person(page, psid, |_| ())?;
        self.read_thread(page, psid);
        Ok(())
    }

    /// Files an incoming message and sends its event; returns the mid.
    fn incoming(&self, page: &str, psid: &str, text: &str, media: Vec<String>, mut message: Value) -> Result<String, SimError> {
        let now = self.now_ms();
        let mid = format!("m_{}", self.ids().sid(""));
        self.person(page, psid, |person| {
            person.last_in_ms = Some(now);
            person.add(Note {
                mid: mid.clone(),
                author: Author::Consumer,
                at_ms: now,
                text: text.to_owned(),
                media,
                buttons: Vec::new(),
                status: "sent",
            });
            if let Some(note) = person.thread.last_mut() {
                // The page needs no delivery report for what it is told by webhook.
                note.status = "received";
            }
        })?;
        message["mid"] = mid.as_str().into();
        self.emit(page, psid, "messages", "message", message, now);
        Ok(mid)
    }

    /// A person writes; the mid.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_writes_text(&self, page: &str, psid: &str, text: &str) -> Result<String, SimError> {
        self.incoming(page, psid, text, Vec::new(), json!({ "text": text }))
    }

    /// A person answers to an earlier message; the mid.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_replies_to(&self, page: &str, psid: &str, mid: &str, text: &str) -> Result<String, SimError> {
        self.incoming(page, psid, text, Vec::new(), json!({ "text": text, "reply_to": { "mid": mid } }))
    }

    /// A person sends files in one message; the mid.
    ///
    /// # Errors
    /// Where page or person are unknown or a file is not base64.
    pub fn consumer_writes_media(&self, page: &str, psid: &str, files: &[Upload]) -> Result<String, SimError> {
        let mut media = Vec::with_capacity(files.len());
        let mut attachments = Vec::with_capacity(files.len());
        for file in files {
            let id = self.host("", &file.content_type, &file.name, file.bytes()?);
            attachments.push(json!({ "type": kind_of(&file.content_type), "payload": { "url": self.cdn_url(&id) } }));
            media.push(id);
        }
        self.incoming(page, psid, "", media, json!({ "attachments": attachments }))
    }

    /// A person sends a sticker (the thumbs are 369239263222822, 369239343222814, 369239383222810); the mid.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_writes_sticker(&self, page: &str, psid: &str, sticker_id: u64) -> Result<String, SimError> {
        let media = self.host("", "image/png", "sticker.png", bytes::Bytes::from_static(STICKER));
        let url = self.cdn_url(&media);
        let attachment = json!({ "type": "image", "payload": { "url": url, "sticker_id": sticker_id } });
        self.incoming(page, psid, "", vec![media], json!({ "attachments": [attachment], "sticker_id": sticker_id }))
    }

    /// A person shares a place; the mid.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_writes_location(&self, page: &str, psid: &str, place: &Place) -> Result<String, SimError> {
        let mut attachment = json!({ "type": "location", "payload": { "coordinates": { "lat": place.lat, "long": place.long } } });
        if !place.label.is_empty() {
            attachment["title"] = place.label.as_str().into();
        }
        let text = format!("📍 {} {}, {}", place.label, place.lat, place.long);
        self.incoming(page, psid, &text, Vec::new(), json!({ "attachments": [attachment] }))
    }

    /// A person shares a link with a preview; the mid. `legacy` gives the older shape, title and address beside the type.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_shares_link(&self, page: &str, psid: &str, url: &str, title: &str, legacy: bool) -> Result<String, SimError> {
        let attachment = if legacy {
            json!({ "type": "fallback", "title": title, "url": url, "payload": null })
        } else {
            json!({ "type": "fallback", "payload": { "url": url, "title": title } })
        };
        self.incoming(page, psid, url, Vec::new(), json!({ "text": url, "attachments": [attachment] }))
    }

    /// A person taps a quick reply; the mid.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_taps_quick_reply(&self, page: &str, psid: &str, title: &str, payload: &str) -> Result<String, SimError> {
        let message = json!({ "text": title, "quick_reply": { "payload": payload } });
        self.incoming(page, psid, title, Vec::new(), message)
    }

    /// A person taps a button; the mid.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_taps_postback(
        &self,
        page: &str,
        psid: &str,
        title: &str,
        payload: &str,
        referral: Option<&Referral>,
    ) -> Result<String, SimError> {
        let now = self.now_ms();
        let mid = format!("m_{}", self.ids().sid(""));
        self.person(page, psid, |person| {
            person.last_in_ms = Some(now);
            person.add(Note {
                mid: mid.clone(),
                author: Author::Consumer,
                at_ms: now,
                text: title.to_owned(),
                media: Vec::new(),
                buttons: Vec::new(),
                status: "received",
            });
        })?;
        let mut postback = json!({ "mid": mid, "title": title, "payload": payload });
        if let Some(referral) = referral {
            postback["referral"] = json!(referral);
        }
        self.emit(page, psid, "messaging_postbacks", "postback", postback, now);
        Ok(mid)
    }

    /// A person opens the thread through a link or an advertisement.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_comes_by_referral(&self, page: &str, psid: &str, referral: &Referral) -> Result<(), SimError> {
        let now = self.now_ms();
        self.person(page, psid, |person| person.last_in_ms = Some(now))?;
        self.emit(page, psid, "messaging_referrals", "referral", json!(referral), now);
        Ok(())
    }

    /// A person reacts to a message, or takes the reaction back (`None`).
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_reacts(&self, page: &str, psid: &str, mid: &str, reaction: Option<(&str, &str)>) -> Result<(), SimError> {
        self.person(page, psid, |_| ())?;
        let content = match reaction {
            Some((name, emoji)) => json!({ "mid": mid, "action": "react", "reaction": name, "emoji": emoji }),
            None => json!({ "mid": mid, "action": "unreact" }),
        };
        self.emit(page, psid, "message_reactions", "reaction", content, self.now_ms());
        Ok(())
    }

    /// A person changes a message.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_edits(&self, page: &str, psid: &str, mid: &str, text: &str, num_edit: u32) -> Result<(), SimError> {
        self.person(page, psid, |person| {
            if let Some(note) = person.thread.iter_mut().find(|note| note.mid == mid) {
                text.clone_into(&mut note.text);
            }
        })?;
        let content = json!({ "mid": mid, "text": text, "num_edit": num_edit });
        self.emit(page, psid, "message_edits", "message_edit", content, self.now_ms());
        Ok(())
    }

    /// A person takes a message back.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_unsends(&self, page: &str, psid: &str, mid: &str) -> Result<(), SimError> {
        self.person(page, psid, |person| person.thread.retain(|note| note.mid != mid))?;
        self.emit(page, psid, "messages", "message", json!({ "mid": mid, "is_deleted": true }), self.now_ms());
        Ok(())
    }

    /// A person answers to a story, or names the account in one of theirs (without text); the mid.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn consumer_tells_of_story(&self, page: &str, psid: &str, text: &str, url: &str) -> Result<String, SimError> {
        let message = match text.is_empty() {
            true => json!({ "attachments": [{ "type": "story_mention", "payload": { "url": url } }] }),
            false => json!({ "text": text, "reply_to": { "story": { "id": "s1", "url": url } } }),
        };
        self.incoming(page, psid, text, Vec::new(), message)
    }

    /// Sends any other event (opt-in, account linking, policy …): subscription field, key of the event, its content.
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn send_event(&self, page: &str, psid: &str, field: &str, kind: &str, content: Value) -> Result<(), SimError> {
        self.person(page, psid, |_| ())?;
        self.emit(page, psid, field, kind, content, self.now_ms());
        Ok(())
    }

    /// Somebody answers in the page's own inbox; the mid. The echo carries the inbox's app id, or none (`inbox_app_id` setting).
    ///
    /// # Errors
    /// Where page or person are unknown.
    pub fn page_writes_native(&self, page: &str, psid: &str, text: &str) -> Result<String, SimError> {
        let now = self.now_ms();
        let mid = format!("m_{}", self.ids().sid(""));
        self.person(page, psid, |person| {
            person.add(Note {
                mid: mid.clone(),
                author: Author::Inbox,
                at_ms: now,
                text: text.to_owned(),
                media: Vec::new(),
                buttons: Vec::new(),
                status: "sent",
            });
        })?;
        let mut echo = json!({ "is_echo": true, "mid": mid, "text": text });
        if let Some(app) = lock(&self.inner.state).settings.inbox_app_id {
            echo["app_id"] = app.into();
        }
        self.echo(page, psid, echo, now);
        self.deliver_to_person(page, psid);
        Ok(mid)
    }

    /// Whether the brand is shown typing to this person now.
    #[must_use]
    pub fn is_typing(&self, page: &str, psid: &str) -> bool {
        let now = self.now_ms();
        lock(&self.inner.state).person(page, psid).is_some_and(|person| person.typing_until_ms > now)
    }

    /// The state of a message in a person's thread: `sent`, `delivered`, `read`, or `received` for their own.
    #[must_use]
    pub fn message_status(&self, page: &str, psid: &str, mid: &str) -> Option<&'static str> {
        let state: &State = &lock(&self.inner.state);
        let person = state.person(page, psid)?;
        person.thread.iter().find(|note| note.mid == mid).map(|note| note.status)
    }
}

/// A picture of one pixel.
const STICKER: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f,
    0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0, 5, 0, 1, 0xff, 0x56, 0xc7,
    0x2f, 0x0d, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];
