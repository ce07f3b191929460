//! Who changes a conversation: a user, its consumer, or the product; each may do other things.

use super::{FieldChange, UpdateError, UpdateErrorKind};
use crate::{Caller, ConsumerCaller};
use antiphon_domain::conversation::ClosedBy;
use antiphon_domain::event::Party;
use antiphon_domain::{Conversation, DialogNumber, Privilege, Role, UserId};
use std::sync::Arc;

/// Who changes a conversation.
#[derive(Clone, Debug)]
pub(crate) enum Actor {
    /// An agent, manager or bot.
    User(Caller),
    /// The person outside.
    Consumer(Box<ConsumerCaller>),
    /// The product.
    System,
}

impl Actor {
    pub(super) fn party(&self) -> Option<Party> {
        match self {
            Actor::User(caller) => Some(Party::User(caller.id())),
            Actor::Consumer(caller) => Some(Party::Consumer(caller.consumer)),
            Actor::System => None,
        }
    }

    pub(super) fn user(&self) -> Option<UserId> {
        match self {
            Actor::User(caller) => Some(caller.id()),
            _ => None,
        }
    }

    /// Whom a dialog that they close was closed by.
    pub(super) fn closes_as(&self) -> ClosedBy {
        match self {
            Actor::User(_) => ClosedBy::Agent,
            Actor::Consumer(_) => ClosedBy::Consumer,
            Actor::System => ClosedBy::System,
        }
    }

    /// Keeps their idempotency keys apart from everybody else's.
    pub(crate) fn key(&self) -> Arc<str> {
        match self {
            Actor::User(caller) => format!("socket:{}", caller.id()).into(),
            Actor::Consumer(caller) => caller.key(),
            Actor::System => "system".into(),
        }
    }

    /// Whether the consumer's program, if it is the one that speaks, can do this.
    pub(crate) fn can(&self, feature: &str) -> bool {
        matches!(self, Actor::Consumer(caller) if caller.can(feature))
    }

    /// Whether they may make that change.
    pub(super) fn authorise(&self, change: &FieldChange, current: &Conversation) -> Result<(), UpdateError> {
        match self {
            Actor::System => Ok(()),
            Actor::User(caller) => authorise_user(caller, change, current),
            // Whether another's conversation exists is nobody's business.
            Actor::Consumer(caller) if current.consumer != caller.consumer => Err(UpdateError::not_found(current.id)),
            Actor::Consumer(_) => match change {
                FieldChange::Close { .. } | FieldChange::CloseDialog { .. } | FieldChange::ResponseTime(..) | FieldChange::Rate(_) => {
                    Ok(())
                }
                _ => Err(UpdateError::new(
                    UpdateErrorKind::Forbidden,
                    "consumers close and rate their conversations and say how urgent they are; the rest is for agents",
                )),
            },
        }
    }
}

fn authorise_user(caller: &Caller, change: &FieldChange, current: &Conversation) -> Result<(), UpdateError> {
    let privileged = caller.may(Privilege::JoinConversations);
    let acts = |role: Option<Role>| matches!(role, Some(Role::AssignedAgent | Role::Agent | Role::Manager | Role::Controller));
    let in_dialog = |number: DialogNumber| current.dialog(number).and_then(|dialog| dialog.role_of(caller.id()));
    let own_role = current.role_of(caller.id());
    let allowed = match change {
        FieldChange::Add { .. } => privileged,
        FieldChange::Remove { user, .. } => privileged || (own_role.is_some() && *user == caller.id()),
        // Who had the conversation only reads along in its survey.
        FieldChange::CloseDialog { dialog, .. } | FieldChange::Tag(dialog) => privileged || acts(in_dialog(*dialog)),
        FieldChange::Skill(_)
        | FieldChange::Suggest(_)
        | FieldChange::ResponseTime(..)
        | FieldChange::Due(_)
        | FieldChange::Delay(_)
        | FieldChange::Note(_)
        | FieldChange::Topic(_)
        | FieldChange::Close { .. } => privileged || acts(own_role),
        FieldChange::CloseIdle { .. } => false,
        FieldChange::Rate(_) => {
            return Err(UpdateError::new(UpdateErrorKind::Forbidden, "CSATRate: only its consumer rates a conversation"));
        }
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
