//! The Messenger phone: people of a page, one thread each.

use super::MessengerSim;
use super::model::{Author, Note, Referral};
use crate::kit::phone::{Attachment, Bubble, Consumer, Features, Line, NewConsumer, Overview, Phone, Thread, Written};
use crate::kit::{SimError, lock};

/// Bubbles shown of a thread.
const SHOWN: usize = 200;

impl MessengerSim {
    fn bubble(&self, note: &Note) -> Bubble {
        Bubble {
            id: note.mid.clone(),
            from: match &note.author {
                Author::Consumer => "consumer",
                Author::App(_) => "brand",
                Author::Inbox => "page",
            },
            at_ms: note.at_ms,
            text: note.text.clone(),
            media: note
                .media
                .iter()
                .filter_map(|id| self.media().get(id))
                .map(|media| Attachment { id: media.id, content_type: media.content_type, name: media.name, size: media.bytes.len() })
                .collect(),
            buttons: note.buttons.clone(),
            status: note.status.to_owned(),
            error: String::new(),
        }
    }
}

impl Phone for MessengerSim {
    fn overview(&self) -> Overview {
        let state = lock(&self.inner.state);
        let lines = state.page_order.iter().filter_map(|id| state.pages.get(id));
        let consumers = state.page_order.iter().flat_map(|page| {
            let people = state.people.get(page).into_iter().flatten();
            people.map(move |(psid, person)| Consumer { id: psid.clone(), name: person.name(), line: Some(page.clone()) })
        });
        Overview {
            channel: if state.instagram { "instagram" } else { "facebook_messenger" },
            lines: lines.map(|page| Line { id: page.id.clone(), label: page.name.clone() }).collect(),
            consumers: consumers.collect(),
            features: Features {
                media: true,
                location: true,
                read: true,
                native: true,
                get_started: true,
                text_limit: 20_000,
                ..Features::default()
            },
            now_ms: self.now_ms(),
            clock_running: self.clock().is_running(),
        }
    }

    fn thread(&self, line: &str, consumer: &str) -> Option<Thread> {
        let state = lock(&self.inner.state);
        let person = state.person(line, consumer)?;
        let notes = &person.thread[person.thread.len().saturating_sub(SHOWN)..];
        Some(Thread {
            line: line.to_owned(),
            consumer: consumer.to_owned(),
            messages: notes.iter().map(|note| self.bubble(note)).collect(),
            typing: person.typing_until_ms > self.now_ms(),
            seen_ms: person.seen_ms,
            open: person.open,
            left: false,
            notice: if person.unreachable.is_some() { "unreachable".to_owned() } else { String::new() },
        })
    }

    fn add_consumer(&self, new: NewConsumer) -> Result<String, SimError> {
        let page = if new.line.is_empty() { lock(&self.inner.state).page_order.first().cloned().unwrap_or_default() } else { new.line };
        let id = if new.id.is_empty() { self.ids().digits() } else { new.id };
        self.create_consumer(&page, &id, &new.first_name, &new.last_name)?;
        Ok(id)
    }

    fn write(&self, line: &str, consumer: &str, written: Written) -> Result<Vec<String>, SimError> {
        let text = written.text.as_str();
        let referral = written.referral.as_ref().map(|reference| Referral {
            reference: reference.clone(),
            source: "SHORTLINK".to_owned(),
            kind: "OPEN_THREAD".to_owned(),
            ad_id: None,
        });
        if let Some(payload) = &written.quick_reply {
            return Ok(vec![self.consumer_taps_quick_reply(line, consumer, text, payload)?]);
        }
        if let Some(payload) = &written.postback {
            return Ok(vec![self.consumer_taps_postback(line, consumer, text, payload, referral.as_ref())?]);
        }
        if let Some(referral) = &referral {
            self.consumer_comes_by_referral(line, consumer, referral)?;
            return Ok(Vec::new());
        }
        if let Some(place) = &written.location {
            return Ok(vec![self.consumer_writes_location(line, consumer, place)?]);
        }
        if let Some(sticker) = written.sticker {
            return Ok(vec![self.consumer_writes_sticker(line, consumer, sticker)?]);
        }
        let mut ids = Vec::new();
        if !written.media.is_empty() {
            ids.push(self.consumer_writes_media(line, consumer, &written.media)?);
        }
        if !text.is_empty() {
            ids.push(match &written.reply_to {
                Some(mid) => self.consumer_replies_to(line, consumer, mid, text)?,
                None => self.consumer_writes_text(line, consumer, text)?,
            });
        }
        if ids.is_empty() {
            return Err(SimError("message: nothing to send; give text, media, a tap or a place".into()));
        }
        Ok(ids)
    }

    fn set_open(&self, line: &str, consumer: &str, open: bool) -> Result<(), SimError> {
        self.consumer_opens(line, consumer, open)
    }

    fn native(&self, line: &str, consumer: &str, text: &str) -> Result<String, SimError> {
        if text.is_empty() {
            return Err(SimError("text: nothing to send".into()));
        }
        self.page_writes_native(line, consumer, text)
    }
}
