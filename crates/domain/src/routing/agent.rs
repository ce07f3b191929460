//! An agent as the dispatcher sees them.

use crate::{ConversationId, SkillId, Timestamp};
use std::collections::BTreeSet;

/// What an agent says about being available.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Availability {
    /// Takes everything.
    Online,
    /// Takes only what is transferred to them.
    Occupied,
    /// Takes only what is transferred to them.
    BackSoon,
    /// Takes nothing.
    Away,
    /// Takes nothing.
    #[default]
    Offline,
}

impl Availability {
    /// Every state.
    pub const ALL: [Availability; 5] =
        [Availability::Online, Availability::Occupied, Availability::BackSoon, Availability::Away, Availability::Offline];

    /// The name on the published wire.
    pub fn name(self) -> &'static str {
        match self {
            Availability::Online => "ONLINE",
            Availability::Occupied => "OCCUPIED",
            Availability::BackSoon => "BACK_SOON",
            Availability::Away => "AWAY",
            Availability::Offline => "OFFLINE",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether new conversations are offered.
    pub fn takes_new(self) -> bool {
        self == Availability::Online
    }

    /// Whether transfers to this very agent are offered.
    pub fn takes_transfers(self) -> bool {
        matches!(self, Availability::Online | Availability::Occupied | Availability::BackSoon)
    }
}

/// An agent's place in the dispatcher.
#[derive(Clone, Debug, Default)]
pub struct AgentSeat {
    /// What they say.
    pub availability: Availability,
    /// Most conversations at once, rings included.
    pub max_conversations: u32,
    /// Whose conversations they may be offered.
    pub skills: BTreeSet<SkillId>,
    /// What they have.
    pub open: BTreeSet<ConversationId>,
    /// What rings for them.
    pub ringing: BTreeSet<ConversationId>,
    /// How many sockets they have open.
    pub sockets: u32,
    /// How many of those listen for rings.
    pub listening: u32,
    /// When they last got or were offered one.
    pub last_assigned_at: Timestamp,
    /// While no socket is open: when they count as offline, and when what they hold returns to the queue.
    pub absence: Option<(Timestamp, Timestamp)>,
}

impl AgentSeat {
    /// How many slots are taken.
    pub fn load(&self) -> u32 {
        u32::try_from(self.open.len() + self.ringing.len()).unwrap_or(u32::MAX)
    }

    /// Whether a slot is free and a socket is there to take an offer.
    pub fn has_room(&self, auto_accept: bool) -> bool {
        let reachable = self.listening > 0 || (auto_accept && self.sockets > 0);
        reachable && self.load() < self.max_conversations
    }
}
