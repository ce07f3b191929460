//! Who can sign in: people and bots.

use crate::{Pid, SkillId, Timestamp, UserId};

/// Human or machine; a bot is an agent too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKind {
    /// A person: idle log-out applies.
    Human,
    /// A program: never logged out for idleness.
    Bot,
}

/// Someone who can sign in. Secrets (password hash, keys) are kept apart, see `login`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Unique in the account.
    pub id: UserId,
    /// Unique everywhere, never changes.
    pub pid: Pid,
    /// Unique in the account, compared without regard to case.
    pub login: String,
    /// What consumers and colleagues see.
    pub nickname: String,
    /// For administrators.
    pub full_name: String,
    /// For resets and notices.
    pub email: Option<String>,
    /// Person or program.
    pub kind: UserKind,
    /// Name of the profile.
    pub profile: String,
    /// The skills whose conversations the user can be offered.
    pub skills: Vec<SkillId>,
    /// How many conversations the user can hold at once; 0 means none are offered.
    pub max_conversations: u32,
    /// A disabled user can't sign in and is offered nothing.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
