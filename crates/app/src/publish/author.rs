//! Who publishes: a user or a consumer, each with the roles and rights of their kind.

use super::{Publish, PublishError, PublishErrorKind, not_found};
use crate::files::FileOwner;
use crate::{Caller, ConsumerCaller};
use antiphon_domain::conversation::Refused;
use antiphon_domain::event::Party;
use antiphon_domain::{AccountId, Audience, Conversation, DialogNumber, EventBody, Role};
use std::sync::Arc;

/// Who publishes.
#[derive(Clone, Copy)]
pub(crate) enum Author<'a> {
    /// An agent, manager or bot.
    User(&'a Caller),
    /// The person outside.
    Consumer(&'a ConsumerCaller),
}

impl Author<'_> {
    pub(super) fn account(&self) -> &AccountId {
        match self {
            Author::User(caller) => &caller.account,
            Author::Consumer(caller) => &caller.account,
        }
    }

    pub(super) fn party(&self) -> Party {
        match self {
            Author::User(caller) => Party::User(caller.id()),
            Author::Consumer(caller) => Party::Consumer(caller.consumer),
        }
    }

    /// Keeps their idempotency keys apart from everybody else's.
    pub(super) fn key(&self) -> Arc<str> {
        match self {
            Author::User(caller) => format!("socket:{}", caller.id()).into(),
            Author::Consumer(caller) => caller.key(),
        }
    }

    /// Their role in a dialog. For a consumer another's conversation is not there.
    pub(super) fn role_in(&self, conversation: &Conversation, number: DialogNumber) -> Result<Role, PublishError> {
        let dialog = || conversation.dialog(number).ok_or(Refused::NoSuchDialog);
        match self {
            Author::User(caller) => dialog()?.role_of(caller.id()).ok_or_else(not_a_participant),
            Author::Consumer(caller) if conversation.consumer != caller.consumer => Err(not_found(conversation.id)),
            Author::Consumer(_) => dialog().map(|_| Role::Consumer).map_err(PublishError::from),
        }
    }

    /// Their role, if it may publish this.
    pub(super) fn writing_role(&self, conversation: &Conversation, request: &Publish) -> Result<Role, PublishError> {
        let role = self.role_in(conversation, request.dialog.number)?;
        let content = !matches!(request.body, EventBody::Accept { .. });
        let refuse = |sentence: &str| Err(PublishError::new(PublishErrorKind::Forbidden, sentence));
        match role {
            Role::Reader if content => refuse("a reader sees everything and writes nothing; join as manager or agent to write"),
            Role::Consumer if request.audience != Audience::All => refuse("messageAudience: consumers write to everybody"),
            _ => Ok(role),
        }
    }

    /// On whose behalf they show files.
    pub(super) fn owner(&self) -> FileOwner<'_> {
        match self {
            Author::User(caller) => FileOwner::User(caller),
            Author::Consumer(caller) => FileOwner::Consumer(caller),
        }
    }
}

fn not_a_participant() -> PublishError {
    PublishError::new(PublishErrorKind::NotAParticipant, "you take no part in this dialog; join it first")
}
