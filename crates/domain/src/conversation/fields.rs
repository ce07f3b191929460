//! What is noted about a conversation: how soon an answer is owed, what the consumer thinks, remarks.

use super::{Change, ChangeKind, Conversation, Delay, Rating, Refused, ResponseTimeKind};
use crate::Timestamp;
use crate::event::Party;
use crate::id::DialogNumber;
use std::sync::Arc;

impl Conversation {
    /// Changes how soon an answer is owed, in seconds. A due time set by hand no longer holds then.
    ///
    /// # Errors
    /// `Closed`.
    pub fn change_response_time(
        &mut self,
        kind: ResponseTimeKind,
        seconds: i64,
        by: Option<Party>,
        now: Timestamp,
    ) -> Result<Change, Refused> {
        self.refuse_closed()?;
        self.response_time = (kind, seconds);
        self.manual_due = None;
        self.touch(now);
        Ok(self.change(now, ChangeKind::ResponseTimeChanged(kind, seconds), by))
    }

    /// Sets by hand when an answer is due; `None` lets the response time decide again.
    ///
    /// # Errors
    /// `Closed`.
    pub fn set_due(&mut self, due: Option<Timestamp>, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        self.manual_due = due;
        self.touch(now);
        Ok(self.change(now, ChangeKind::DueChanged(due), by))
    }

    /// Sets until when nothing is owed.
    ///
    /// # Errors
    /// `Closed`.
    pub fn set_delay(&mut self, delay: Option<Delay>, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        let till = delay.as_ref().map(|delay| delay.till);
        self.delay = delay;
        self.touch(now);
        Ok(self.change(now, ChangeKind::DelayChanged(till), by))
    }

    /// Keeps what the consumer thinks; also, and mostly, after the end.
    pub fn rate(&mut self, rating: Rating, by: Option<Party>, now: Timestamp) -> Change {
        self.rating = Some(rating);
        self.touch(now);
        self.change(now, ChangeKind::Rated(rating), by)
    }

    /// Keeps agents' note about it; also after the end. An empty one is none.
    pub fn set_note(&mut self, note: Arc<str>, by: Option<Party>, now: Timestamp) -> Change {
        self.note = Some(note).filter(|note| !note.is_empty());
        self.touch(now);
        self.change(now, ChangeKind::NoteChanged, by)
    }

    /// Keeps what it is about; also after the end. An empty one is none.
    pub fn set_topic(&mut self, topic: Arc<str>, by: Option<Party>, now: Timestamp) -> Change {
        self.topic = Some(topic).filter(|topic| !topic.is_empty());
        self.touch(now);
        self.change(now, ChangeKind::TopicChanged, by)
    }

    /// Attaches something to a dialog, in the place of what was attached before.
    ///
    /// # Errors
    /// `NoSuchDialog`, or `Closed`.
    pub fn tag_dialog(
        &mut self,
        number: DialogNumber,
        metadata: Option<Arc<str>>,
        by: Option<Party>,
        now: Timestamp,
    ) -> Result<Change, Refused> {
        let dialog = self.dialogs.get_mut(usize::from(number.0)).ok_or(Refused::NoSuchDialog)?;
        if !dialog.open {
            return Err(Refused::Closed);
        }
        if metadata.is_some() {
            dialog.metadata = metadata;
        }
        dialog.updated_at = now;
        self.touch(now);
        Ok(self.change(now, ChangeKind::DialogTagged(number), by))
    }
}
