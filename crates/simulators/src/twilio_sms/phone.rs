//! The SMS phone: one handset per consumer number, one thread per brand number.

use super::TwilioSim;
use super::model::{Message, is_e164};
use crate::kit::phone::{Attachment, Bubble, Consumer, Features, Line, NewConsumer, Overview, Phone, Thread, Written};
use crate::kit::{SimError, lock};

/// Bubbles shown of a thread.
const SHOWN: usize = 200;

impl TwilioSim {
    fn bubble(&self, message: &Message) -> Bubble {
        let from = match message.direction {
            "inbound" => "consumer",
            "outbound-reply" => "network",
            _ => "brand",
        };
        // A real handset knows nothing of messages under way or lost; the page shows them greyed.
        let media = message
            .media
            .iter()
            .filter_map(|id| self.media().get(id))
            .map(|media| Attachment { id: media.id, content_type: media.content_type, name: media.name, size: media.bytes.len() })
            .collect();
        Bubble {
            id: message.sid.clone(),
            from,
            at_ms: message.created_ms,
            text: message.body.clone(),
            media,
            buttons: Vec::new(),
            status: message.status.clone(),
            error: message.error_code.map(|code| format!("{code} {}", super::model::error_text(code))).unwrap_or_default(),
        }
    }
}

impl Phone for TwilioSim {
    fn overview(&self) -> Overview {
        let state = lock(&self.inner.state);
        Overview {
            channel: "twilio_sms",
            lines: state
                .number_order
                .iter()
                .filter_map(|number| state.numbers.get(number))
                .map(|number| Line { id: number.phone_number.clone(), label: number.friendly_name.clone() })
                .collect(),
            consumers: state
                .handsets
                .iter()
                .map(|(id, handset)| Consumer { id: id.clone(), name: handset.name.clone(), line: None })
                .collect(),
            features: Features { media: true, text_limit: 1_600, ..Features::default() },
            now_ms: self.now_ms(),
            clock_running: self.clock().is_running(),
        }
    }

    fn thread(&self, line: &str, consumer: &str) -> Option<Thread> {
        let state = lock(&self.inner.state);
        state.numbers.get(line)?;
        let key = (line.to_owned(), consumer.to_owned());
        let sids = state.threads.get(&key).map_or(&[][..], Vec::as_slice);
        let messages = sids[sids.len().saturating_sub(SHOWN)..]
            .iter()
            .filter_map(|sid| state.messages.get(sid))
            .map(|message| self.bubble(message))
            .collect();
        let opted_out = state.opted_out.contains(&(state.opt_out_scope(line), consumer.to_owned()));
        Some(Thread {
            line: line.to_owned(),
            consumer: consumer.to_owned(),
            messages,
            typing: false,
            seen_ms: None,
            open: true,
            left: false,
            notice: if opted_out { "opted_out".to_owned() } else { String::new() },
        })
    }

    fn add_consumer(&self, new: NewConsumer) -> Result<String, SimError> {
        let id = if new.id.is_empty() { format!("+1555{:07}", self.ids().number() % 10_000_000) } else { new.id };
        if !is_e164(&id) {
            return Err(SimError(format!("id: {id:?} is not a number; write it like +15550002222")));
        }
        self.create_consumer(&id, format!("{} {}", new.first_name, new.last_name).trim());
        Ok(id)
    }

    fn write(&self, line: &str, consumer: &str, written: Written) -> Result<Vec<String>, SimError> {
        if let Some(place) = &written.location {
            return Ok(vec![self.consumer_writes_location(consumer, line, place)?]);
        }
        if written.text.is_empty() && written.media.is_empty() {
            return Err(SimError("message: nothing to send; give text or media".into()));
        }
        if written.text.chars().count() > 1_600 {
            return Err(SimError("message.text: longer than 1,600 characters; send it in parts".into()));
        }
        Ok(vec![self.consumer_writes_media(consumer, line, &written.text, &written.media)?])
    }

    fn set_open(&self, _line: &str, _consumer: &str, _open: bool) -> Result<(), SimError> {
        // A handset tells nobody what was read.
        Ok(())
    }
}
