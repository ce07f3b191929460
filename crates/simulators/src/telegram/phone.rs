//! The Telegram phone: people who write to a bot.

use super::TelegramSim;
use crate::kit::phone::{Features, NewConsumer, Overview, Phone, Thread, Written};
use crate::kit::{SimError, lock};

impl Phone for TelegramSim {
    fn overview(&self) -> Overview {
        let features = Features { media: true, location: true, get_started: true, leave: true, text_limit: 4_096, ..Features::default() };
        lock(&self.inner.state).threads.overview(self, "telegram", features)
    }

    fn thread(&self, line: &str, consumer: &str) -> Option<Thread> {
        lock(&self.inner.state).threads.thread(self, line, consumer)
    }

    fn add_consumer(&self, new: NewConsumer) -> Result<String, SimError> {
        let bot = if new.line.is_empty() { lock(&self.inner.state).threads.first_line().unwrap_or_default() } else { new.line };
        let id = if new.id.is_empty() { (self.ids().number() % 9_000_000_000 + 1_000_000_000).to_string() } else { new.id };
        if id.parse::<i64>().is_err() {
            return Err(SimError(format!("id: {id:?} is not a chat's id; write digits")));
        }
        self.create_consumer(&bot, &id, format!("{} {}", new.first_name, new.last_name).trim())?;
        Ok(id)
    }

    fn write(&self, line: &str, consumer: &str, written: Written) -> Result<Vec<String>, SimError> {
        if let Some(data) = written.quick_reply.as_ref().or(written.postback.as_ref()) {
            return Ok(vec![match data.as_str() {
                "GET_STARTED" => self.consumer_writes_text(line, consumer, "/start")?,
                data => self.consumer_taps(line, consumer, data)?,
            }]);
        }
        if let Some(reference) = &written.referral {
            return Ok(vec![self.consumer_writes_text(line, consumer, &format!("/start {reference}"))?]);
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
        Ok(vec![match &written.reply_to {
            Some(earlier) => self.consumer_replies_to(line, consumer, earlier, &written.text)?,
            None => self.consumer_writes_text(line, consumer, &written.text)?,
        }])
    }

    fn set_open(&self, _line: &str, _consumer: &str, _open: bool) -> Result<(), SimError> {
        // Telegram tells bots nothing of what was read.
        Ok(())
    }

    fn leave(&self, line: &str, consumer: &str, gone: bool) -> Result<(), SimError> {
        self.consumer_blocks(line, consumer, gone)
    }
}
