//! Who is in a conversation: assignment, transfer, joining and leaving, and the record of offers.

use super::{Change, ChangeKind, Conversation, Participant, Refused, Role};
use crate::event::Party;
use crate::id::DialogNumber;
use crate::routing::{Ring, RingState};
use crate::{SkillId, Timestamp, UserId};

impl Conversation {
    /// Makes a user the assigned agent; a proposal for them becomes real.
    ///
    /// # Errors
    /// `Closed`, or `AlreadyAParticipant` while somebody is assigned.
    pub fn assign(&mut self, agent: UserId, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        if self.assigned_agent().is_some() {
            return Err(Refused::AlreadyAParticipant);
        }
        let unread = u32::try_from(self.main().next_sequence).unwrap_or(u32::MAX).min(u32::from(self.last_content.is_some()));
        let main = self.main_mut();
        main.participants.retain(|p| !(p.suggested || p.party == Party::User(agent) && p.role == Role::AssignedAgent));
        let assigned = Participant { party: Party::User(agent), role: Role::AssignedAgent, suggested: false, unread, read_up_to: None };
        main.participants.insert(1.min(main.participants.len()), assigned);
        main.updated_at = now;
        self.touch(now);
        Ok(self.change(now, ChangeKind::AgentAssigned(agent), by))
    }

    /// Takes the conversation from its agent; it waits for the next one, from this moment.
    ///
    /// # Errors
    /// `Closed`, or `NotAParticipant` when that user is not assigned.
    pub fn unassign(&mut self, agent: UserId, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        if self.assigned_agent() != Some(agent) {
            return Err(Refused::NotAParticipant);
        }
        let main = self.main_mut();
        main.participants.retain(|p| p.role != Role::AssignedAgent);
        main.updated_at = now;
        self.waiting_since = Some(now);
        self.touch(now);
        Ok(self.change(now, ChangeKind::AgentRemoved(agent), by))
    }

    /// Proposes an agent for a transfer.
    ///
    /// # Errors
    /// `Closed`; `AlreadyAParticipant` while somebody is assigned or the user is in the dialog.
    pub fn suggest(&mut self, agent: UserId, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        if self.assigned_agent().is_some() || self.main().participants.iter().any(|p| p.party == Party::User(agent)) {
            return Err(Refused::AlreadyAParticipant);
        }
        let main = self.main_mut();
        main.participants.push(Participant {
            party: Party::User(agent),
            role: Role::AssignedAgent,
            suggested: true,
            unread: 0,
            read_up_to: None,
        });
        main.updated_at = now;
        self.touch(now);
        Ok(self.change(now, ChangeKind::AgentSuggested(agent), by))
    }

    /// Takes back a proposal that was not accepted.
    ///
    /// # Errors
    /// `Closed`, or `NotAParticipant` when nothing was proposed to that user.
    pub fn withdraw_suggestion(&mut self, agent: UserId, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        let main = self.main_mut();
        let before = main.participants.len();
        main.participants.retain(|p| !(p.suggested && p.party == Party::User(agent)));
        if main.participants.len() == before {
            return Err(Refused::NotAParticipant);
        }
        main.updated_at = now;
        self.touch(now);
        Ok(self.change(now, ChangeKind::SuggestionEnded(agent), None))
    }

    /// Moves it to another skill; without an agent, the wait starts anew.
    ///
    /// # Errors
    /// `Closed`.
    pub fn change_skill(&mut self, skill: Option<SkillId>, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        self.refuse_closed()?;
        let from = std::mem::replace(&mut self.skill, skill);
        if self.assigned_agent().is_none() && self.last_content.is_some() {
            self.waiting_since = Some(now);
        }
        self.touch(now);
        Ok(self.change(now, ChangeKind::SkillChanged { from, to: skill }, by))
    }

    /// Adds a user in a role other than consumer or assigned agent.
    ///
    /// # Errors
    /// `NoSuchDialog`, `Closed`, or `AlreadyAParticipant` when the user has that role already, or is proposed.
    pub fn join(&mut self, number: DialogNumber, user: UserId, role: Role, now: Timestamp) -> Result<Change, Refused> {
        let dialog = self.dialogs.get_mut(usize::from(number.0)).ok_or(Refused::NoSuchDialog)?;
        if !dialog.open {
            return Err(Refused::Closed);
        }
        // Who is proposed takes it or lets it be; joining besides would make them two.
        if dialog.participants.iter().any(|p| p.party == Party::User(user) && (p.role == role || p.suggested)) {
            return Err(Refused::AlreadyAParticipant);
        }
        let last_actives = dialog.participants.iter().rposition(|p| !p.suggested).map_or(0, |at| at + 1);
        dialog
            .participants
            .insert(last_actives, Participant { party: Party::User(user), role, suggested: false, unread: 0, read_up_to: None });
        dialog.updated_at = now;
        self.touch(now);
        Ok(self.change(now, ChangeKind::Joined(user, role), Some(Party::User(user))))
    }

    /// Removes a user from a role other than consumer or assigned agent.
    ///
    /// # Errors
    /// `NoSuchDialog`, `Closed`, or `NotAParticipant`.
    pub fn leave(&mut self, number: DialogNumber, user: UserId, role: Role, by: Option<Party>, now: Timestamp) -> Result<Change, Refused> {
        let dialog = self.dialogs.get_mut(usize::from(number.0)).ok_or(Refused::NoSuchDialog)?;
        if !dialog.open {
            return Err(Refused::Closed);
        }
        let at = dialog.participants.iter().position(|p| p.party == Party::User(user) && p.role == role).ok_or(Refused::NotAParticipant)?;
        dialog.participants.remove(at);
        dialog.updated_at = now;
        self.touch(now);
        Ok(self.change(now, ChangeKind::Left(user, role), by))
    }

    /// Records how an offer ended, after the fact: it neither needs nor changes the conversation's state, so that lists and
    /// whoever watches it stay as they are.
    pub fn note_ring(&mut self, ring: &Ring, state: RingState, now: Timestamp) -> Change {
        self.version += 1;
        self.change(now, ChangeKind::RingEnded { agent: ring.agent, offered_at: ring.offered_at, state }, None)
    }
}
