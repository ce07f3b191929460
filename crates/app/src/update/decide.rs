//! What follows from a request to change a conversation: the state after, the record of it, and what routing is told. Pure.

use super::{Actor, FieldChange, Update, UpdateDone, UpdateError, UpdateErrorKind};
use crate::AccountView;
use antiphon_domain::routing::{Availability, Input, RoutingSettings, Task};
use antiphon_domain::{Change, Conversation, Privilege, Role, Timestamp, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longest response time, in seconds.
const LONGEST_S: i64 = 90 * 24 * 3600;

/// What a decision depends on besides the conversation.
pub(crate) struct Circumstances<'a> {
    pub view: &'a AccountView,
    pub routing: RoutingSettings,
    /// Whether the consumer's side can hold a survey.
    pub can_survey: bool,
    /// What the agents say whom the request would transfer to.
    pub available: BTreeMap<UserId, Availability>,
    pub now: Timestamp,
}

/// What follows from a request.
pub(crate) struct Decided {
    pub next: Conversation,
    pub changes: Vec<Change>,
    pub inputs: Vec<Input>,
    /// Whether the queue's row changes.
    pub routed: bool,
    pub done: UpdateDone,
}

/// Decides a request.
pub(crate) fn decide(actor: &Actor, around: &Circumstances<'_>, current: &Conversation, update: &Update) -> Result<Decided, UpdateError> {
    let mut ordered: Vec<&FieldChange> = update.changes.iter().collect();
    ordered.sort_by_key(|change| change.rank());
    let mut deciding = Deciding {
        actor,
        around,
        metadata: update.metadata.as_ref(),
        next: current.clone(),
        recorded: Vec::new(),
        done: UpdateDone::Changed,
        reserved: None,
    };
    for change in ordered {
        actor.authorise(change, current)?;
        deciding.take(change)?;
    }
    let Deciding { next, mut recorded, done, reserved, .. } = deciding;
    for change in &mut recorded {
        change.metadata.clone_from(&update.metadata);
    }
    let (inputs, routed) = routing_inputs(current, &next, actor.user(), reserved, around);
    Ok(Decided { next, changes: recorded, inputs, routed, done })
}

struct Deciding<'a> {
    actor: &'a Actor,
    around: &'a Circumstances<'a>,
    metadata: Option<&'a Arc<str>>,
    next: Conversation,
    recorded: Vec<Change>,
    done: UpdateDone,
    reserved: Option<(UserId, Timestamp)>,
}

impl Deciding<'_> {
    fn take(&mut self, change: &FieldChange) -> Result<(), UpdateError> {
        let (by, now) = (self.actor.party(), self.around.now);
        let refused = UpdateError::refused;
        let next = &mut self.next;
        let recorded = match change {
            FieldChange::Remove { role: Role::AssignedAgent, user, .. } => {
                self.done = UpdateDone::Removed;
                next.unassign(*user, by, now)
            }
            FieldChange::Remove { role, user, dialog } => {
                self.done = UpdateDone::Removed;
                next.leave(*dialog, *user, *role, by, now)
            }
            FieldChange::Skill(skill) => {
                let known = skill.is_none_or(|skill| self.around.view.skills.get(&skill).is_some_and(|skill| skill.enabled));
                if !known {
                    return Err(UpdateError::new(UpdateErrorKind::NoSuchSkill, "there is no such skill, or it is disabled"));
                }
                if next.skill == *skill && next.main().open {
                    return Ok(());
                }
                next.change_skill(*skill, by, now)
            }
            FieldChange::Suggest(user) => {
                self.check_user(*user)?;
                self.check_transfer(*user)?;
                self.reserved = Some((*user, now.plus_ms(self.around.routing.suggestion_ms)));
                self.next.suggest(*user, by, now)
            }
            FieldChange::Add { role: Role::AssignedAgent, user, .. } => {
                self.check_user(*user)?;
                if let Some(former) = self.next.assigned_agent().filter(|former| former != user) {
                    self.recorded.push(self.next.unassign(former, by, now).map_err(refused)?);
                }
                self.done = UpdateDone::Added;
                self.next.assign(*user, by, now)
            }
            FieldChange::Add { role: Role::Consumer, .. } => {
                return Err(UpdateError::new(
                    UpdateErrorKind::Invalid,
                    "role: a conversation has one consumer; add agents, managers or readers",
                ));
            }
            FieldChange::Add { role, user, dialog } => {
                self.check_user(*user)?;
                if self.done == UpdateDone::Changed {
                    self.done = UpdateDone::Added;
                }
                self.next.join(*dialog, *user, *role, now)
            }
            FieldChange::ResponseTime(kind, seconds) => {
                if !(1..=LONGEST_S).contains(seconds) {
                    return Err(UpdateError::new(UpdateErrorKind::Invalid, "value: seconds from 1 to 7776000 (90 days)"));
                }
                next.change_response_time(*kind, *seconds, by, now)
            }
            FieldChange::Due(due) => next.set_due(*due, by, now),
            FieldChange::Delay(delay) => next.set_delay(delay.clone(), by, now),
            FieldChange::Rate(rating) => Ok(next.rate(*rating, by, now)),
            FieldChange::Note(note) => Ok(next.set_note(Arc::clone(note), by, now)),
            FieldChange::Topic(topic) => Ok(next.set_topic(Arc::clone(topic), by, now)),
            FieldChange::Tag(dialog) => next.tag_dialog(*dialog, self.metadata.cloned(), by, now),
            FieldChange::Close { cause } => {
                self.done = UpdateDone::Closed;
                next.close(self.actor.closes_as(), cause.clone(), by, now)
            }
            // Somebody wrote between the look and the change.
            FieldChange::CloseIdle { since, .. } if next.updated_at > *since => return Ok(()),
            FieldChange::CloseIdle { cause, .. } => {
                self.done = UpdateDone::Closed;
                next.close(self.actor.closes_as(), Some(Arc::clone(cause)), by, now)
            }
            FieldChange::CloseDialog { dialog, cause } => {
                self.done = UpdateDone::Closed;
                let survey = self.survey();
                let ended = self.next.close_dialog(*dialog, self.actor.closes_as(), cause.clone(), survey, by, now);
                self.recorded.extend(ended.map_err(refused)?);
                return Ok(());
            }
        };
        self.recorded.push(recorded.map_err(refused)?);
        Ok(())
    }

    /// The app that asks after this conversation: that of its last skill, if its consumer can be asked.
    fn survey(&self) -> Option<Arc<str>> {
        let view = self.around.view;
        let skill = view.skills.get(&self.next.skill?)?;
        let app = skill.survey.app(view.account.settings.survey_app.as_deref())?;
        self.around.can_survey.then(|| app.into())
    }

    /// Whether the caller may transfer to that agent, as the agent stands now.
    fn check_transfer(&self, agent: UserId) -> Result<(), UpdateError> {
        let Actor::User(caller) = self.actor else { return Ok(()) };
        let view = self.around.view;
        let takes = view.users.get(&agent).is_some_and(|user| view.profile_of(user).allows(Privilege::HandleConversations));
        if !takes {
            return Err(UpdateError::new(UpdateErrorKind::NoSuchUser, format!("user {agent} does not handle conversations")));
        }
        let stands = self.around.available.get(&agent).copied().unwrap_or_default();
        let needed = match stands {
            Availability::Online | Availability::Occupied | Availability::BackSoon => Privilege::TransferToAgents,
            Availability::Away => Privilege::TransferToAwayAgents,
            Availability::Offline => Privilege::TransferToOfflineAgents,
        };
        if caller.may(needed) {
            return Ok(());
        }
        let (stands, needed) = (stands.name(), needed.name());
        Err(UpdateError::new(
            UpdateErrorKind::Forbidden,
            format!("the agent is {stands}: a transfer to them needs the privilege {needed}; transfer to a skill instead"),
        ))
    }

    fn check_user(&self, user: UserId) -> Result<(), UpdateError> {
        let serves = self.around.view.users.get(&user).is_some_and(|user| user.enabled);
        if serves { Ok(()) } else { Err(UpdateError::new(UpdateErrorKind::NoSuchUser, format!("there is no enabled user {user}"))) }
    }
}

/// What the router must be told so that it agrees with the conversation.
fn routing_inputs(
    before: &Conversation,
    after: &Conversation,
    actor: Option<UserId>,
    reserved: Option<(UserId, Timestamp)>,
    around: &Circumstances<'_>,
) -> (Vec<Input>, bool) {
    let id = after.id;
    if !before.main().open {
        return (Vec::new(), false);
    }
    let (was, is) = (before.assigned_agent(), after.assigned_agent());
    if !after.main().open {
        let inputs = was.map(|agent| Input::Unseat(id, agent)).into_iter().chain([Input::Remove(id)]).collect();
        return (inputs, true);
    }
    if is.is_some() {
        if is == was {
            return (Vec::new(), false);
        }
        let unseat = was.map(|agent| Input::Unseat(id, agent));
        let seat = is.map(|agent| Input::Seat(id, agent));
        return (unseat.into_iter().chain(seat).collect(), true);
    }
    if was.is_none() && before.skill == after.skill && reserved.is_none() {
        return (Vec::new(), false);
    }
    let mut task = Task::of(after, around.now);
    task.reserved = reserved;
    // Who gives a conversation back does not want it straight back.
    let until = around.now.plus_ms(around.routing.grace_ms);
    task.declined.extend(was.filter(|agent| actor == Some(*agent)).map(|agent| (agent, until)));
    let unseat = was.map(|agent| Input::Unseat(id, agent));
    (unseat.into_iter().chain([Input::Enqueue(task)]).collect(), true)
}
