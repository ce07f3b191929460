//! Who asks: every authorised use case takes a caller.

use antiphon_domain::{AccountId, ApiKeyId, Privilege, Profile, User, UserId};
use std::sync::Arc;

/// A signed-in user, or who uses a key of theirs, with what they may do.
#[derive(Clone, Debug)]
pub struct Caller {
    /// In which account.
    pub account: AccountId,
    /// Who.
    pub user: Arc<User>,
    /// With which privileges.
    pub profile: Arc<Profile>,
    /// The key of the admin API that they use; `None` when they signed in.
    pub key: Option<ApiKeyId>,
}

impl Caller {
    /// Their number.
    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// Whether they may do that.
    pub fn may(&self, privilege: Privilege) -> bool {
        self.profile.allows(privilege)
    }
}
