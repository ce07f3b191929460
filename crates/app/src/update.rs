//! Changing a conversation: transfer, join, leave, take over, close, rate, note. Several changes are one: all or none.
//!
//! The account's dispatcher carries them out, because most of them concern routing; [`decide`] is the decision, pure.

mod actor;
pub(crate) mod decide;

use crate::{App, Caller, Limits, Unavailable};
pub(crate) use actor::Actor;
use antiphon_domain::conversation::{Delay, Rating, Refused, ResponseTimeKind};
use antiphon_domain::id::DialogNumber;
use antiphon_domain::{ConversationId, Role, SkillId, Timestamp, UserId};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Longest note or topic, in characters.
const NOTE: usize = 10_000;

/// One change of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldChange {
    /// End it with all its dialogs, without a survey.
    Close {
        /// In the caller's words.
        cause: Option<Arc<str>>,
    },
    /// End one dialog; the last one to end ends the conversation. The end of the main one may begin a survey.
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
    /// Set by hand when an answer is due; `None`: as the response time says.
    Due(Option<Timestamp>),
    /// Set until when nothing is owed.
    Delay(Option<Delay>),
    /// Keep what the consumer thinks; also after the end.
    Rate(Rating),
    /// Keep agents' note; also after the end.
    Note(Arc<str>),
    /// Keep what it is about; also after the end.
    Topic(Arc<str>),
    /// Attach the request's metadata to a dialog.
    Tag(DialogNumber),
    /// End everything, if nothing has happened since then; the product alone asks for it.
    CloseIdle {
        /// Whatever changed later keeps it open.
        since: Timestamp,
        /// Why, in a few words.
        cause: Arc<str>,
    },
}

impl FieldChange {
    /// Changes of one request may come in any order; this is the order in which they make sense.
    fn rank(&self) -> u8 {
        match self {
            FieldChange::Remove { .. } => 0,
            FieldChange::Skill(_) => 1,
            FieldChange::Suggest(_) | FieldChange::Add { .. } => 2,
            FieldChange::ResponseTime(..)
            | FieldChange::Due(_)
            | FieldChange::Delay(_)
            | FieldChange::Rate(_)
            | FieldChange::Note(_)
            | FieldChange::Topic(_)
            | FieldChange::Tag(_) => 3,
            FieldChange::Close { .. } | FieldChange::CloseDialog { .. } | FieldChange::CloseIdle { .. } => 4,
        }
    }
}

/// A request to change a conversation.
#[derive(Clone, Debug)]
pub struct Update {
    /// Which conversation.
    pub conversation: ConversationId,
    /// What changes.
    pub changes: Vec<FieldChange>,
    /// A JSON array to keep with the changes and to echo.
    pub metadata: Option<Arc<str>>,
    /// The caller's own id of the request: the same id with the same changes is carried out once, for 24 h.
    pub client_id: Option<String>,
}

impl Update {
    /// A request with nothing beside its changes.
    pub fn new(conversation: ConversationId, changes: Vec<FieldChange>) -> Self {
        Self { conversation, changes, metadata: None, client_id: None }
    }

    /// Checks the bounds.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), UpdateError> {
        let bad = |message: String| Err(UpdateError::new(UpdateErrorKind::Invalid, message));
        if self.changes.is_empty() {
            return bad("conversationField: name at least one change".to_owned());
        }
        if self.metadata.as_ref().is_some_and(|metadata| metadata.len() > limits.metadata_bytes) {
            return bad(format!("metadata: at most {} bytes", limits.metadata_bytes));
        }
        if self.client_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > 128) {
            return bad("metadata: a ClientMessageId has 1 to 128 characters".to_owned());
        }
        let long = |text: &Arc<str>| text.chars().count() > NOTE;
        for change in &self.changes {
            match change {
                FieldChange::Note(text) if long(text) => return bad(format!("note: at most {NOTE} characters")),
                FieldChange::Topic(text) if long(text) => return bad(format!("topic: at most {NOTE} characters")),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whom it would transfer to.
    pub(crate) fn suggested(&self) -> Vec<UserId> {
        let suggested = |change: &FieldChange| match change {
            FieldChange::Suggest(user) => Some(*user),
            _ => None,
        };
        self.changes.iter().filter_map(suggested).collect()
    }

    /// What makes it the same request when its id comes again.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(format!("update|{}|{:?}|{:?}", self.conversation, self.changes, self.metadata)).into()
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

impl UpdateDone {
    const ALL: [(UpdateDone, &'static str); 4] =
        [(UpdateDone::Added, "added"), (UpdateDone::Removed, "removed"), (UpdateDone::Closed, "closed"), (UpdateDone::Changed, "changed")];

    /// As it is remembered for a repeated request.
    pub(crate) fn remembered(self) -> &'static str {
        Self::ALL.iter().find(|(done, _)| *done == self).map_or("changed", |(_, name)| name)
    }

    /// Back from [`UpdateDone::remembered`].
    pub(crate) fn recalled(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(done, _)| *done)
    }
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
    /// The same client id came with other changes before.
    IdempotencyMismatch,
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

    pub(crate) fn mismatch() -> Self {
        Self::new(UpdateErrorKind::IdempotencyMismatch, "the same ClientMessageId came with other changes before")
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
        self.update_with(caller, Update::new(conversation, changes)).await
    }

    /// The same, with what comes along.
    ///
    /// # Errors
    /// As [`App::update`].
    pub async fn update_with(self: &Arc<Self>, caller: &Caller, update: Update) -> Result<UpdateDone, UpdateError> {
        update.check(&self.limits)?;
        self.account_state(&caller.account).dispatcher.update(Actor::User(caller.clone()), update).await
    }
}
