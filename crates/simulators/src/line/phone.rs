//! The LINE phone: friends of a bot, one thread each.

use super::LineSim;
use super::model::Note;
use crate::kit::phone::{Attachment, Bubble, Consumer, Features, Line, NewConsumer, Overview, Phone, Thread, Written};
use crate::kit::{SimError, lock};

/// Bubbles shown of a thread.
const SHOWN: usize = 200;

impl LineSim {
    fn bubble(&self, note: &Note) -> Bubble {
        let files = note.media.iter().filter_map(|id| self.media().get(id));
        Bubble {
            id: note.id.clone(),
            from: note.from,
            at_ms: note.at_ms,
            text: note.text.clone(),
            media: files
                .map(|media| Attachment { id: media.id, content_type: media.content_type, name: media.name, size: media.bytes.len() })
                .collect(),
            buttons: note.buttons.clone(),
            status: note.status.to_owned(),
            error: String::new(),
        }
    }
}

impl Phone for LineSim {
    fn overview(&self) -> Overview {
        let state = lock(&self.inner.state);
        let people = state.friends.iter().flat_map(|(bot, friends)| {
            friends.iter().map(move |(user, friend)| Consumer { id: user.clone(), name: friend.name.clone(), line: Some(bot.clone()) })
        });
        Overview {
            channel: "line",
            lines: state.bots.iter().map(|(id, bot)| Line { id: id.clone(), label: bot.name.clone() }).collect(),
            consumers: people.collect(),
            features: Features {
                media: true,
                location: true,
                read: false,
                native: false,
                get_started: false,
                typing: false,
                leave: true,
                text_limit: 5_000,
            },
            now_ms: self.now_ms(),
            clock_running: self.clock().is_running(),
        }
    }

    fn thread(&self, line: &str, consumer: &str) -> Option<Thread> {
        let state = lock(&self.inner.state);
        let friend = state.friend(line, consumer)?;
        let notes = &friend.notes[friend.notes.len().saturating_sub(SHOWN)..];
        Some(Thread {
            line: line.to_owned(),
            consumer: consumer.to_owned(),
            messages: notes.iter().map(|note| self.bubble(note)).collect(),
            typing: friend.typing_until_ms > self.now_ms(),
            seen_ms: friend.seen_ms,
            open: friend.open,
            left: friend.blocked,
            notice: String::new(),
        })
    }

    fn add_consumer(&self, new: NewConsumer) -> Result<String, SimError> {
        let bot = if new.line.is_empty() { lock(&self.inner.state).bots.keys().next().cloned().unwrap_or_default() } else { new.line };
        let id = if new.id.is_empty() { self.ids().sid("U") } else { new.id };
        if id.len() != 33 || !id.starts_with('U') {
            return Err(SimError("id: give U and 32 hex digits".into()));
        }
        self.create_consumer(&bot, &id, format!("{} {}", new.first_name, new.last_name).trim())?;
        Ok(id)
    }

    fn write(&self, line: &str, consumer: &str, written: Written) -> Result<Vec<String>, SimError> {
        if let Some(payload) = written.quick_reply.as_ref().or(written.postback.as_ref()) {
            self.consumer_taps(line, consumer, &written.text, payload)?;
            return Ok(Vec::new());
        }
        if let Some(place) = &written.location {
            return Ok(vec![self.consumer_writes_location(line, consumer, place)?]);
        }
        let mut ids = Vec::new();
        for file in &written.media {
            ids.push(self.consumer_writes_media(line, consumer, file)?);
        }
        if !written.text.is_empty() {
            ids.push(self.consumer_writes_text(line, consumer, &written.text)?);
        }
        if ids.is_empty() {
            return Err(SimError("message: nothing to send; give text, media, a tap or a place".into()));
        }
        Ok(ids)
    }

    fn set_open(&self, line: &str, consumer: &str, open: bool) -> Result<(), SimError> {
        let known = lock(&self.inner.state).friend_mut(line, consumer).map(|friend| friend.open = open);
        known.ok_or_else(|| SimError("consumer: no such friend of this bot".into()))?;
        self.changed();
        Ok(())
    }

    fn native(&self, _line: &str, _consumer: &str, _text: &str) -> Result<String, SimError> {
        Err(SimError("native: this vendor tells nothing of what is written in its own tools".into()))
    }

    fn leave(&self, line: &str, consumer: &str, gone: bool) -> Result<(), SimError> {
        self.consumer_blocks(line, consumer, gone)
    }
}
