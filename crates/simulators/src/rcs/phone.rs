//! The RCS phone: people of an agent.

use super::RcsSim;
use crate::kit::phone::{Features, NewConsumer, Overview, Phone, Thread, Written};
use crate::kit::{SimError, lock};

impl Phone for RcsSim {
    fn overview(&self) -> Overview {
        let features =
            Features { media: true, location: true, read: true, typing: true, leave: true, text_limit: 3_072, ..Features::default() };
        lock(&self.inner.state).threads.overview(self, "rcs", features)
    }

    fn thread(&self, line: &str, consumer: &str) -> Option<Thread> {
        lock(&self.inner.state).threads.thread(self, line, consumer)
    }

    fn add_consumer(&self, new: NewConsumer) -> Result<String, SimError> {
        let agent = if new.line.is_empty() { lock(&self.inner.state).threads.first_line().unwrap_or_default() } else { new.line };
        let id = if new.id.is_empty() { format!("+1555{:07}", self.ids().number() % 10_000_000) } else { new.id };
        if !id.strip_prefix('+').is_some_and(|digits| (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(SimError(format!("id: {id:?} is not a number; write it like +15550002222")));
        }
        self.create_consumer(&agent, &id, format!("{} {}", new.first_name, new.last_name).trim())?;
        Ok(id)
    }

    fn write(&self, line: &str, consumer: &str, written: Written) -> Result<Vec<String>, SimError> {
        if let Some(postback) = &written.quick_reply {
            return Ok(vec![self.consumer_taps(line, consumer, &written.text, postback, "REPLY")?]);
        }
        if let Some(postback) = &written.postback {
            return Ok(vec![self.consumer_taps(line, consumer, &written.text, postback, "ACTION")?]);
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
        self.consumer_opens(line, consumer, open)
    }

    fn typing(&self, line: &str, consumer: &str, on: bool) -> Result<(), SimError> {
        if on { self.consumer_types(line, consumer) } else { Ok(()) }
    }

    fn leave(&self, line: &str, consumer: &str, gone: bool) -> Result<(), SimError> {
        self.consumer_subscribes(line, consumer, !gone)
    }
}
