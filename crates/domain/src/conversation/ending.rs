//! How a conversation ends: all at once, or its main dialog first and a survey after it.
//!
//! The last dialog that closes closes the conversation. Closing is final, for a dialog as for the whole.

use super::{Change, ChangeKind, ClosedBy, Conversation, Dialog, DialogKind, Participant, Refused, Role};
use crate::Timestamp;
use crate::event::Party;
use crate::id::DialogNumber;
use std::sync::Arc;

impl Conversation {
    /// Ends it with all its dialogs, without a survey. Its participants stay listed.
    ///
    /// # Errors
    /// `Closed` when it is closed already.
    pub fn close(&mut self, closed_by: ClosedBy, cause: Option<Arc<str>>, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        if !self.open {
            return Err(Refused::Closed);
        }
        for dialog in &mut self.dialogs {
            dialog.end(closed_by, cause.as_ref(), now);
        }
        self.open = false;
        self.ended_at = Some(now);
        // Who ended the main dialog stays the one who ended the talk.
        self.closed_by = self.closed_by.or(Some(closed_by));
        self.waiting_since = None;
        self.touch(now);
        Ok(self.change(now, ChangeKind::Closed(closed_by), by))
    }

    /// Ends one dialog. When it was the last open one, the conversation ends with it.
    ///
    /// With `survey`, the app that asks, the end of the main dialog begins a survey: the consumer is in it, and who had the
    /// conversation reads along. A conversation that nobody has gets none.
    ///
    /// # Errors
    /// `NoSuchDialog`, or `Closed`.
    pub fn close_dialog(
        &mut self,
        number: DialogNumber,
        closed_by: ClosedBy,
        cause: Option<Arc<str>>,
        survey: Option<Arc<str>>,
        by: Option<Party>,
        now: Timestamp,
    ) -> Result<Vec<Change>, Refused> {
        let dialog = self.dialog(number).ok_or(Refused::NoSuchDialog)?;
        if !dialog.open {
            return Err(Refused::Closed);
        }
        let survey = survey.zip(self.assigned_agent()).filter(|_| number == DialogNumber::MAIN);
        let others_open = self.dialogs.iter().any(|other| other.open && other.number != number);
        if survey.is_none() && !others_open {
            return self.close(closed_by, cause, by, now).map(|change| vec![change]);
        }
        self.dialogs[usize::from(number.0)].end(closed_by, cause.as_ref(), now);
        if number == DialogNumber::MAIN {
            self.closed_by = Some(closed_by);
            self.waiting_since = None;
        }
        self.touch(now);
        let mut changes = vec![self.change(now, ChangeKind::DialogClosed(number, closed_by), by)];
        if let Some((app, agent)) = survey {
            let own = |party, role| Participant { party, role, suggested: false, unread: 0, read_up_to: None };
            let next = DialogNumber(u16::try_from(self.dialogs.len()).unwrap_or(u16::MAX));
            self.dialogs.push(Dialog {
                number: next,
                kind: DialogKind::PostSurvey,
                open: true,
                next_sequence: 0,
                participants: vec![own(Party::Consumer(self.consumer), Role::Consumer), own(Party::User(agent), Role::Reader)],
                created_at: now,
                ended_at: None,
                closed_by: None,
                closed_cause: None,
                updated_at: now,
                app: Some(app),
                metadata: None,
            });
            self.touch(now);
            changes.push(self.change(now, ChangeKind::DialogOpened(next), None));
        }
        Ok(changes)
    }
}

impl Dialog {
    fn end(&mut self, closed_by: ClosedBy, cause: Option<&Arc<str>>, now: Timestamp) {
        if !self.open {
            return;
        }
        self.open = false;
        self.ended_at = Some(now);
        self.closed_by = Some(closed_by);
        self.closed_cause = cause.cloned();
        self.updated_at = now;
        self.participants.retain(|p| !p.suggested);
    }
}
