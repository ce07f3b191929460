//! Profiles: named sets of privileges. Whatever no privilege allows is refused.

/// One thing that a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Privilege {
    /// Take offers and answer own conversations.
    HandleConversations,
    /// See every conversation of the account, not only own ones and offers.
    ViewAllConversations,
    /// Join, answer and close conversations of others; take them over.
    JoinConversations,
    /// See other agents' states and loads.
    ViewAgents,
    /// Transfer to an agent who is online, occupied or back soon.
    TransferToAgents,
    /// Transfer to an agent who is away.
    TransferToAwayAgents,
    /// Transfer to an agent who is offline.
    TransferToOfflineAgents,
    /// See and change users.
    ManageUsers,
    /// See and change skills.
    ManageSkills,
    /// See and change sources, channel apps and connector apps with their secrets.
    ManageSources,
    /// Change the account's settings.
    ManageSettings,
    /// Read the channel log and the dead letters, and redrive them.
    ViewChannelLog,
    /// Record a consumer's consent or its withdrawal.
    ManageConsents,
    /// Read the audit trail.
    ViewAudit,
    /// See, make and revoke API keys.
    ManageApiKeys,
}

impl Privilege {
    /// Every privilege, in the order in which screens list them.
    pub const ALL: [Privilege; 15] = [
        Privilege::HandleConversations,
        Privilege::ViewAllConversations,
        Privilege::JoinConversations,
        Privilege::ViewAgents,
        Privilege::TransferToAgents,
        Privilege::TransferToAwayAgents,
        Privilege::TransferToOfflineAgents,
        Privilege::ManageUsers,
        Privilege::ManageSkills,
        Privilege::ManageSources,
        Privilege::ManageSettings,
        Privilege::ViewChannelLog,
        Privilege::ManageConsents,
        Privilege::ViewAudit,
        Privilege::ManageApiKeys,
    ];

    /// The name used in the admin API and in custom profiles.
    pub fn name(self) -> &'static str {
        match self {
            Privilege::HandleConversations => "handle_conversations",
            Privilege::ViewAllConversations => "view_all_conversations",
            Privilege::JoinConversations => "join_conversations",
            Privilege::ViewAgents => "view_agents",
            Privilege::TransferToAgents => "transfer_to_agents",
            Privilege::TransferToAwayAgents => "transfer_to_away_agents",
            Privilege::TransferToOfflineAgents => "transfer_to_offline_agents",
            Privilege::ManageUsers => "manage_users",
            Privilege::ManageSkills => "manage_skills",
            Privilege::ManageSources => "manage_sources",
            Privilege::ManageSettings => "manage_settings",
            Privilege::ViewChannelLog => "view_channel_log",
            Privilege::ManageConsents => "manage_consents",
            Privilege::ViewAudit => "view_audit",
            Privilege::ManageApiKeys => "manage_api_keys",
        }
    }

    /// The privilege of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|privilege| privilege.name() == name)
    }
}

/// A named set of privileges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// `agent`, `agent_manager`, `administrator` or a custom profile's name.
    pub name: String,
    /// What its users may do.
    pub privileges: Vec<Privilege>,
}

impl Profile {
    /// The three profiles that every account has and nobody can change.
    pub fn builtin() -> [Profile; 3] {
        use Privilege::*;
        let profile = |name: &str, privileges: &[Privilege]| Profile { name: name.to_owned(), privileges: privileges.to_vec() };
        [
            profile("agent", &[HandleConversations, TransferToAgents]),
            profile(
                "agent_manager",
                &[HandleConversations, ViewAllConversations, JoinConversations, ViewAgents, TransferToAgents, ManageConsents],
            ),
            profile("administrator", &Privilege::ALL),
        ]
    }

    /// Whether its users may do that.
    pub fn allows(&self, privilege: Privilege) -> bool {
        self.privileges.contains(&privilege)
    }
}
