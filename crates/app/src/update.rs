//! Changing a conversation: transfer, join, leave, take over, close. Several changes are one: all or none.

use crate::{AccountView, App, Caller, Unavailable};
use antiphon_domain::conversation::{ClosedBy, Refused, ResponseTimeKind};
use antiphon_domain::event::Party;
use antiphon_domain::id::DialogNumber;
use antiphon_domain::routing::{Input, Task};
use antiphon_domain::{Change, Conversation, ConversationId, Privilege, Role, SkillId, Timestamp, UserId};
use std::sync::Arc;

/// One change of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldChange {
    /// End it with all its dialogs.
    Close {
        /// In the caller's words.
        cause: Option<Arc<str>>,
    },
    /// End one dialog; the last one to end ends the conversation.
    CloseDialog {
        /// Which.
        dialog: DialogNumber,
        /// In the caller's words.
        cause: Option<Arc<str>>,
    },
    /// Move it to a skill; `None` is "any agent".
    Skill(Option<SkillId>),
    /// Add a user.
    Add {
        /// As what.
        role: Role,
        /// Whom.
        user: UserId,
        /// To which dialog.
        dialog: DialogNumber,
    },
    /// Remove a user.
    Remove {
        /// From what.
        role: Role,
        /// Whom.
        user: UserId,
        /// From which dialog.
        dialog: DialogNumber,
    },
    /// Propose an agent: a transfer that waits for their acceptance.
    Suggest(UserId),
    /// Change how soon an answer is owed, in seconds.
    ResponseTime(ResponseTimeKind, i64),
}

impl FieldChange {
    /// Changes of one request may come in any order; this is the order in which they make sense.
    fn rank(&self) -> u8 {
        match self {
            FieldChange::Remove { .. } => 0,
            FieldChange::Skill(_) => 1,
            FieldChange::Suggest(_) | FieldChange::Add { .. } => 2,
            FieldChange::ResponseTime(..) => 3,
            FieldChange::Close { .. } | FieldChange::CloseDialog { .. } => 4,
        }
    }
}

/// What was done, as far as callers tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateDone {
    /// Somebody was added.
    Added,
    /// Somebody was removed (and perhaps the skill changed).
    Removed,
    /// It was closed.
    Closed,
    /// Something else.
    Changed,
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UpdateError {
    /// The class.
    pub kind: UpdateErrorKind,
    /// A sentence.
    pub message: String,
}

/// The classes of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateErrorKind {
    /// No such conversation or dialog.
    NotFound,
    /// The caller may not.
    Forbidden,
    /// It is closed.
    Closed,
    /// Nobody, or somebody else, holds the role that was to be removed.
    NoSuchAgent,
    /// The role is taken.
    AlreadyThere,
    /// No such user, or one who can't serve.
    NoSuchUser,
    /// No such skill.
    NoSuchSkill,
    /// A value makes no sense.
    Invalid,
    /// Nothing could be stored.
    Unavailable,
}

impl From<Unavailable> for UpdateError {
    fn from(error: Unavailable) -> Self {
        Self { kind: UpdateErrorKind::Unavailable, message: error.to_string() }
    }
}

impl UpdateError {
    fn new(kind: UpdateErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn not_found(id: ConversationId) -> Self {
        Self::new(UpdateErrorKind::NotFound, format!("conversation {id} does not exist"))
    }

    fn refused(refused: Refused) -> Self {
        let (kind, message) = match refused {
            Refused::Closed => (UpdateErrorKind::Closed, "the conversation is closed"),
            Refused::NoSuchDialog => (UpdateErrorKind::NotFound, "the conversation has no such dialog"),
            Refused::NotAParticipant => (UpdateErrorKind::NoSuchAgent, "the user does not hold that role in the conversation"),
            Refused::AlreadyAParticipant => {
                (UpdateErrorKind::AlreadyThere, "the role is taken, or the user is in the conversation already")
            }
            Refused::NoSuchEvent => (UpdateErrorKind::Invalid, "the receipt names an event that does not exist"),
        };
        Self::new(kind, message)
    }
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

/// Decides a request: pure.
pub(crate) fn decide(
    caller: &Caller,
    view: &AccountView,
    current: &Conversation,
    changes: &[FieldChange],
    now: Timestamp,
    suggestion_ms: i64,
) -> Result<Decided, UpdateError> {
    let mut ordered: Vec<&FieldChange> = changes.iter().collect();
    ordered.sort_by_key(|change| change.rank());
    let own_role = current.role_of(caller.id());
    let privileged = caller.may(Privilege::JoinConversations);
    let mut next = current.clone();
    let mut recorded = Vec::new();
    let mut done = UpdateDone::Changed;
    let mut reserved = None;
    let by = Some(Party::User(caller.id()));
    let refused = UpdateError::refused;
    for change in ordered {
        authorise(change, caller, own_role, privileged)?;
        match change {
            FieldChange::Remove { role: Role::AssignedAgent, user, .. } => {
                recorded.push(next.unassign(*user, by, now).map_err(refused)?);
                done = UpdateDone::Removed;
            }
            FieldChange::Remove { role, user, dialog } => {
                recorded.push(next.leave(*dialog, *user, *role, by, now).map_err(refused)?);
                done = UpdateDone::Removed;
            }
            FieldChange::Skill(skill) => {
                let known = skill.is_none_or(|skill| view.skills.get(&skill).is_some_and(|skill| skill.enabled));
                if !known {
                    return Err(UpdateError::new(UpdateErrorKind::NoSuchSkill, "there is no such skill, or it is disabled"));
                }
                if next.skill != *skill {
                    recorded.push(next.change_skill(*skill, by, now).map_err(refused)?);
                } else if !next.open {
                    return Err(refused(Refused::Closed));
                }
            }
            FieldChange::Suggest(user) => {
                check_user(view, *user)?;
                recorded.push(next.suggest(*user, by, now).map_err(refused)?);
                reserved = Some((*user, now.plus_ms(suggestion_ms)));
            }
            FieldChange::Add { role: Role::AssignedAgent, user, .. } => {
                check_user(view, *user)?;
                if let Some(former) = next.assigned_agent().filter(|former| former != user) {
                    recorded.push(next.unassign(former, by, now).map_err(refused)?);
                }
                recorded.push(next.assign(*user, by, now).map_err(refused)?);
                done = UpdateDone::Added;
            }
            FieldChange::Add { role: Role::Consumer, .. } => {
                return Err(UpdateError::new(
                    UpdateErrorKind::Invalid,
                    "role: a conversation has one consumer; add agents, managers or readers",
                ));
            }
            FieldChange::Add { role, user, dialog } => {
                check_user(view, *user)?;
                recorded.push(next.join(*dialog, *user, *role, now).map_err(refused)?);
                if done == UpdateDone::Changed {
                    done = UpdateDone::Added;
                }
            }
            FieldChange::ResponseTime(kind, seconds) => {
                if !(1..=90 * 24 * 3600).contains(seconds) {
                    return Err(UpdateError::new(UpdateErrorKind::Invalid, "value: seconds from 1 to 7776000 (90 days)"));
                }
                recorded.push(next.change_response_time(*kind, *seconds, by, now).map_err(refused)?);
            }
            FieldChange::Close { cause } | FieldChange::CloseDialog { dialog: DialogNumber::MAIN, cause } => {
                recorded.push(next.close(ClosedBy::Agent, cause.clone(), by, now).map_err(refused)?);
                done = UpdateDone::Closed;
            }
            FieldChange::CloseDialog { .. } => return Err(refused(Refused::NoSuchDialog)),
        }
    }
    let (inputs, routed) = routing_inputs(current, &next, caller.id(), reserved, now);
    Ok(Decided { next, changes: recorded, inputs, routed, done })
}

fn authorise(change: &FieldChange, caller: &Caller, own_role: Option<Role>, privileged: bool) -> Result<(), UpdateError> {
    let acts = matches!(own_role, Some(Role::AssignedAgent | Role::Agent | Role::Manager));
    let allowed = match change {
        FieldChange::Add { .. } => privileged,
        FieldChange::Remove { user, .. } => privileged || (own_role.is_some() && *user == caller.id()),
        FieldChange::Skill(_)
        | FieldChange::Suggest(_)
        | FieldChange::ResponseTime(..)
        | FieldChange::Close { .. }
        | FieldChange::CloseDialog { .. } => privileged || acts,
    };
    if allowed {
        Ok(())
    } else {
        Err(UpdateError::new(
            UpdateErrorKind::Forbidden,
            "you may change only conversations that you take part in; others need the privilege join_conversations",
        ))
    }
}

fn check_user(view: &AccountView, user: UserId) -> Result<(), UpdateError> {
    let serves = view.users.get(&user).is_some_and(|user| user.enabled);
    if serves { Ok(()) } else { Err(UpdateError::new(UpdateErrorKind::NoSuchUser, format!("there is no enabled user {user}"))) }
}

/// What the router must be told so that it agrees with the conversation.
fn routing_inputs(
    before: &Conversation,
    after: &Conversation,
    caller: UserId,
    reserved: Option<(UserId, Timestamp)>,
    now: Timestamp,
) -> (Vec<Input>, bool) {
    let id = after.id;
    let (was, is) = (before.assigned_agent(), after.assigned_agent());
    if !after.open {
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
    let mut task = Task::new(id, after.consumer, after.skill, now);
    task.reserved = reserved;
    // Who gives a conversation back does not want it straight back.
    task.declined.extend(was.filter(|agent| *agent == caller).map(|agent| (agent, now.plus_ms(60_000))));
    let unseat = was.map(|agent| Input::Unseat(id, agent));
    (unseat.into_iter().chain([Input::Enqueue(task)]).collect(), true)
}

impl App {
    /// Changes a conversation; all changes or none.
    ///
    /// # Errors
    /// Names what is wrong; nothing was changed then.
    pub async fn update(
        self: &Arc<Self>,
        caller: &Caller,
        conversation: ConversationId,
        changes: Vec<FieldChange>,
    ) -> Result<UpdateDone, UpdateError> {
        if changes.is_empty() {
            return Err(UpdateError::new(UpdateErrorKind::Invalid, "conversationField: name at least one change"));
        }
        self.account_state(&caller.account).dispatcher.update(caller.clone(), conversation, changes).await
    }
}
