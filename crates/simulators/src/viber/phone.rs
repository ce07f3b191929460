//! The Viber phone: people of a bot.

use super::ViberSim;
use crate::kit::phone::{Features, NewConsumer, Overview, Phone, Thread, Written};
use crate::kit::{SimError, lock};

impl Phone for ViberSim {
    fn overview(&self) -> Overview {
        let features =
            Features { media: true, location: true, read: true, get_started: true, leave: true, text_limit: 7_000, ..Features::default() };
        lock(&self.inner.state).threads.overview(self, "viber", features)
    }

    fn thread(&self, line: &str, consumer: &str) -> Option<Thread> {
        lock(&self.inner.state).threads.thread(self, line, consumer)
    }

    fn add_consumer(&self, new: NewConsumer) -> Result<String, SimError> {
        let bot = if new.line.is_empty() { lock(&self.inner.state).threads.first_line().unwrap_or_default() } else { new.line };
        let id = if new.id.is_empty() { format!("{}==", &self.ids().sid("")[..22]) } else { new.id };
        self.create_consumer(&bot, &id, format!("{} {}", new.first_name, new.last_name).trim())?;
        Ok(id)
    }

    fn write(&self, line: &str, consumer: &str, written: Written) -> Result<Vec<String>, SimError> {
        if let Some(context) = &written.referral {
            self.consumer_starts(line, consumer, context)?;
            return Ok(Vec::new());
        }
        if let Some(action) = written.quick_reply.as_ref().or(written.postback.as_ref()) {
            if action == "GET_STARTED" {
                self.consumer_starts(line, consumer, "")?;
                return Ok(Vec::new());
            }
            return Ok(vec![self.consumer_writes_text(line, consumer, action)?]);
        }
        if let Some(place) = &written.location {
            return Ok(vec![self.consumer_writes_location(line, consumer, place)?]);
        }
        if !written.media.is_empty() {
            return self.consumer_writes_media(line, consumer, &written.media, &written.text);
        }
        if written.text.is_empty() {
            return Err(SimError("message: nothing to send; give text, media, a tap or a place".into()));
        }
        Ok(vec![self.consumer_writes_text(line, consumer, &written.text)?])
    }

    fn set_open(&self, line: &str, consumer: &str, open: bool) -> Result<(), SimError> {
        self.consumer_opens(line, consumer, open)
    }

    fn leave(&self, line: &str, consumer: &str, gone: bool) -> Result<(), SimError> {
        self.consumer_subscribes(line, consumer, !gone)
    }
}
