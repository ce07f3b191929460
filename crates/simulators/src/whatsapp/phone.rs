//! The WhatsApp phone: people with a thread for each number.

use super::WhatsappSim;
use super::model::{Note, Pair, WINDOW_MS};
use crate::kit::phone::{Attachment, Bubble, Consumer, Features, Line, NewConsumer, Overview, Phone, Thread, Written};
use crate::kit::{SimError, lock};

/// Bubbles shown of a thread.
const SHOWN: usize = 200;

impl WhatsappSim {
    fn bubble(&self, note: &Note) -> Bubble {
        let file = |id: &String| self.media().get(id);
        Bubble {
            id: note.id.clone(),
            from: note.from,
            at_ms: note.at_ms,
            text: note.text.clone(),
            media: note
                .media
                .iter()
                .filter_map(file)
                .map(|media| Attachment { id: media.id, content_type: media.content_type, name: media.name, size: media.bytes.len() })
                .collect(),
            buttons: note.buttons.clone(),
            status: note.status.to_owned(),
            error: note.error.clone(),
        }
    }
}

impl Phone for WhatsappSim {
    fn overview(&self) -> Overview {
        let state = lock(&self.inner.state);
        Overview {
            channel: "whatsapp",
            lines: state
                .numbers
                .values()
                .map(|number| Line { id: number.id.clone(), label: format!("{} {}", number.name, number.display) })
                .collect(),
            consumers: state
                .people
                .iter()
                .map(|(digits, person)| Consumer { id: digits.clone(), name: person.name.clone(), line: None })
                .collect(),
            features: Features {
                media: true,
                location: true,
                read: true,
                native: true,
                get_started: false,
                typing: false,
                leave: false,
                text_limit: 4_096,
            },
            now_ms: self.now_ms(),
            clock_running: self.clock().is_running(),
        }
    }

    fn thread(&self, line: &str, consumer: &str) -> Option<Thread> {
        let state = lock(&self.inner.state);
        state.numbers.get(line)?;
        let person = state.people.get(consumer)?;
        let empty = Pair::default();
        let pair = person.pairs.get(line).unwrap_or(&empty);
        let notes = &pair.notes[pair.notes.len().saturating_sub(SHOWN)..];
        let open = pair.last_in_ms.is_some_and(|last| self.now_ms() - last < WINDOW_MS);
        let notice = match (person.fails_with, open) {
            (Some(_), _) => "unreachable",
            (None, false) => "The brand may send templates only: nothing was written within 24 hours.",
            (None, true) => "",
        };
        Some(Thread {
            line: line.to_owned(),
            consumer: consumer.to_owned(),
            messages: notes.iter().map(|note| self.bubble(note)).collect(),
            typing: pair.typing_until_ms > self.now_ms(),
            seen_ms: pair.seen_ms,
            open: pair.open,
            left: false,
            notice: notice.to_owned(),
        })
    }

    fn add_consumer(&self, new: NewConsumer) -> Result<String, SimError> {
        let id = if new.id.is_empty() {
            format!("1555{:07}", self.ids().number() % 10_000_000)
        } else {
            new.id.trim_start_matches('+').to_owned()
        };
        if id.is_empty() || id.len() > 15 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SimError("id: give a phone number, digits only".into()));
        }
        self.create_consumer(&id, format!("{} {}", new.first_name, new.last_name).trim());
        Ok(id)
    }

    fn write(&self, line: &str, consumer: &str, written: Written) -> Result<Vec<String>, SimError> {
        if let Some(payload) = written.quick_reply.as_ref().or(written.postback.as_ref()) {
            return Ok(vec![self.consumer_taps(line, consumer, payload)?]);
        }
        if let Some(place) = &written.location {
            return Ok(vec![self.consumer_writes_location(line, consumer, place)?]);
        }
        let mut ids = Vec::new();
        for (index, file) in written.media.iter().enumerate() {
            // The words stand below the last file, as on the phone.
            let caption = if index + 1 == written.media.len() { written.text.as_str() } else { "" };
            ids.push(self.consumer_writes_media(line, consumer, caption, file)?);
        }
        let unsaid = written.media.last().is_none_or(|file| file.content_type.starts_with("audio/"));
        if !written.text.is_empty() && unsaid {
            ids.push(match &written.reply_to {
                Some(id) => self.consumer_replies_to(line, consumer, id, &written.text)?,
                None => self.consumer_writes_text(line, consumer, &written.text)?,
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
        self.brand_writes_native(line, consumer, text)
    }
}
