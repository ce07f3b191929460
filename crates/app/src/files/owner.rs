//! Whose a file is, and who may have it: its uploader, and whoever sees an event that shows it.

use super::{FileError, types::Taker};
use crate::query::ReadRefused;
use crate::{App, Caller, ConsumerCaller, Unavailable};
use antiphon_domain::event::Party;
use antiphon_domain::{AccountId, Audience, Privilege, SourceId, StoredFile};
use std::sync::Arc;

/// On whose behalf a file is uploaded, read or shown.
#[derive(Clone, Copy, Debug)]
pub enum FileOwner<'a> {
    /// A signed-in user.
    User(&'a Caller),
    /// A consumer who comes over one of our own protocols.
    Consumer(&'a ConsumerCaller),
}

impl<'a> FileOwner<'a> {
    /// Their account.
    pub fn account(&self) -> &'a AccountId {
        match *self {
            Self::User(caller) => &caller.account,
            Self::Consumer(caller) => &caller.account,
        }
    }

    /// The source over which a consumer comes.
    pub(super) fn source(&self) -> Option<SourceId> {
        match self {
            Self::User(_) => None,
            Self::Consumer(caller) => Some(caller.source),
        }
    }

    pub(super) fn party(&self) -> Party {
        match self {
            Self::User(caller) => Party::User(caller.id()),
            Self::Consumer(caller) => Party::Consumer(caller.consumer),
        }
    }

    pub(super) fn taker(&self) -> Taker {
        taker_of(Some(self.party()))
    }
}

/// Under whose rules a file is taken: what nobody is known to have uploaded is held to the looser ones.
pub(super) fn taker_of(owner: Option<Party>) -> Taker {
    match owner {
        Some(Party::Consumer(_)) => Taker::Consumer,
        _ => Taker::User,
    }
}

impl App {
    /// Whether somebody may have a file. Who may not is told that there is none.
    pub(super) async fn file_of(self: &Arc<Self>, owner: &FileOwner<'_>, path: &str) -> Result<StoredFile, FileError> {
        let file = self.store.file(owner.account(), path).await.map_err(Unavailable::from)?.ok_or(FileError::NotFound)?;
        let allowed = match owner {
            FileOwner::User(caller) => self.user_may_have(caller, &file).await?,
            FileOwner::Consumer(caller) => self.consumer_may_have(caller, &file).await?,
        };
        if allowed { Ok(file) } else { Err(FileError::NotFound) }
    }

    async fn user_may_have(self: &Arc<Self>, caller: &Caller, file: &StoredFile) -> Result<bool, FileError> {
        if caller.may(Privilege::ViewAllConversations) || file.owner == Some(Party::User(caller.id())) {
            return Ok(true);
        }
        for (conversation, _, _) in file.places() {
            match self.conversation(caller, conversation).await {
                Ok(_) => return Ok(true),
                Err(ReadRefused::Unavailable(error)) => return Err(error.into()),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    /// Consumers have what they uploaded, and what an event of theirs shows to everybody: also after the conversation was closed.
    async fn consumer_may_have(&self, caller: &ConsumerCaller, file: &StoredFile) -> Result<bool, FileError> {
        let (account, consumer) = (&caller.account, caller.consumer);
        if file.owner == Some(Party::Consumer(consumer)) {
            return Ok(true);
        }
        for (conversation, dialog, sequence) in file.places() {
            let known = self.store.conversation(account, conversation).await.map_err(Unavailable::from)?;
            if known.is_none_or(|conversation| conversation.consumer != consumer) {
                continue;
            }
            let event = self.store.events(account, conversation, dialog, sequence, 1).await.map_err(Unavailable::from)?;
            if event.iter().any(|event| event.sequence == sequence && event.audience == Audience::All) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
