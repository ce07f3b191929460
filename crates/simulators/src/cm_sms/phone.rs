//! The phone of somebody who writes to a number at CM.com.

use serde_json::json;

use super::CmSim;
use crate::kit::phone::{Attachment, Bubble, Consumer, Features, Line, NewConsumer, Overview, Phone, Thread, Written};
use crate::kit::{SimError, lock};

/// Bubbles shown of a thread.
const SHOWN: usize = 200;

impl Phone for CmSim {
    fn overview(&self) -> Overview {
        let state = lock(&self.inner.state);
        Overview {
            channel: "cm_sms",
            lines: state.lines.iter().map(|(id, label)| Line { id: id.clone(), label: label.clone() }).collect(),
            consumers: state.people.iter().map(|(id, name)| Consumer { id: id.clone(), name: name.clone(), line: None }).collect(),
            features: Features {
                media: true,
                location: false,
                read: false,
                native: false,
                get_started: false,
                typing: false,
                leave: false,
                text_limit: 1_224,
            },
            now_ms: self.now_ms(),
            clock_running: self.clock().is_running(),
        }
    }

    fn thread(&self, line: &str, consumer: &str) -> Option<Thread> {
        let state = lock(&self.inner.state);
        state.lines.get(line)?;
        state.people.get(consumer)?;
        let notes = state.threads.get(&(line.to_owned(), consumer.to_owned())).map(Vec::as_slice).unwrap_or_default();
        let bubble = |note: &super::Note| Bubble {
            id: note.id.clone(),
            from: note.from,
            at_ms: note.at_ms,
            text: note.text.clone(),
            media: note
                .media
                .iter()
                .filter_map(|id| self.media().get(id))
                .map(|media| Attachment { id: media.id, content_type: media.content_type, name: media.name, size: media.bytes.len() })
                .collect(),
            status: note.status.to_owned(),
            ..Bubble::default()
        };
        Some(Thread {
            line: line.to_owned(),
            consumer: consumer.to_owned(),
            messages: notes[notes.len().saturating_sub(SHOWN)..].iter().map(bubble).collect(),
            typing: false,
            seen_ms: None,
            open: false,
            left: false,
            notice: String::new(),
        })
    }

    fn add_consumer(&self, new: NewConsumer) -> Result<String, SimError> {
        let id = if new.id.is_empty() { format!("+316{:08}", self.ids().number() % 100_000_000) } else { new.id };
        if !id.starts_with('+') || id.len() < 8 || !id[1..].bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SimError("id: give a phone number with a plus".into()));
        }
        self.create_consumer(&id, format!("{} {}", new.first_name, new.last_name).trim());
        Ok(id)
    }

    fn write(&self, line: &str, consumer: &str, written: Written) -> Result<Vec<String>, SimError> {
        let mut ids = Vec::new();
        for file in &written.media {
            ids.push(self.consumer_sends(line, consumer, "", Some(file), &json!({}))?);
        }
        if !written.text.is_empty() {
            ids.push(self.consumer_sends(line, consumer, &written.text, None, &json!({}))?);
        }
        if ids.is_empty() {
            return Err(SimError("message: nothing to send; give text or media".into()));
        }
        Ok(ids)
    }

    fn set_open(&self, _line: &str, _consumer: &str, _open: bool) -> Result<(), SimError> {
        Ok(())
    }

    fn native(&self, _line: &str, _consumer: &str, _text: &str) -> Result<String, SimError> {
        Err(SimError("native: this vendor has no inbox of its own".into()))
    }
}
