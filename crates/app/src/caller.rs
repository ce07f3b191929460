//! Who asks: every authorised use case takes a caller.

use antiphon_domain::{AccountId, Privilege, Profile, User, UserId};
use std::sync::Arc;

/// A signed-in user with what they may do.
#[derive(Clone, Debug)]
pub struct Caller {
    /// In which account.
    pub account: AccountId,
    /// Who.
    pub user: Arc<User>,
    /// With which privileges.
    pub profile: Arc<Profile>,
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
