//! API keys: what programs use the admin API with. A key acts in the name of a user, opens only what its scopes name, and never
//! exceeds what its maker had when it was made.

use crate::account::Network;
use crate::{ApiKeyId, Privilege, Profile, Timestamp, UserId};
use std::net::IpAddr;

/// A key of the admin API. Its secret is nowhere: only a hash of it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Unique in the installation.
    pub id: ApiKeyId,
    /// Shown to people, unique in the account.
    pub name: String,
    /// In whose name it acts: it can never do what they may not.
    pub user: UserId,
    /// What it opens; nothing else.
    pub scopes: Vec<Scope>,
    /// The most that it may do: what its scopes need, as far as its maker had it.
    pub privileges: Vec<Privilege>,
    /// Where it may be used from; empty: everywhere.
    pub networks: Vec<Network>,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// How the secret begins, so that people can tell keys apart.
    pub beginning: String,
    /// Worth nothing from then on.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl ApiKey {
    /// Whether it opens what needs this scope: whoever may write in an area may read there, too.
    pub fn opens(&self, needed: Scope) -> bool {
        self.scopes.iter().any(|own| own.area == needed.area && (own.writes || !needed.writes))
    }

    /// Whether it has ended.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether it may be used from there.
    pub fn allows_from(&self, peer: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(peer.to_canonical()))
    }

    /// What it may do now, given what its user may.
    pub fn profile(&self, of_user: &Profile) -> Profile {
        let both = |privilege: &&Privilege| of_user.allows(**privilege);
        Profile { name: of_user.name.clone(), privileges: self.privileges.iter().filter(both).copied().collect() }
    }
}

/// A part of the admin API that a key can open, to read it or also to write in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// Which part.
    pub area: Area,
    /// Whether it opens writing, and reading with it.
    pub writes: bool,
}

/// The parts of the admin API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// Users, profiles, agents.
    Users,
    /// Skills.
    Skills,
    /// Sources, channel apps, what channels can do.
    Sources,
    /// Outside programs, what they are told, identity providers.
    Apps,
    /// Conversations, their messages and deliveries, figures.
    Conversations,
    /// Consumers and their consents.
    Consumers,
    /// The channel log and dead letters.
    Logs,
    /// The audit trail: it can only be read.
    Audit,
    /// The account's settings.
    Settings,
}

impl Area {
    /// Every area, in the order in which screens list them.
    pub const ALL: [Area; 9] = [
        Self::Users,
        Self::Skills,
        Self::Sources,
        Self::Apps,
        Self::Conversations,
        Self::Consumers,
        Self::Logs,
        Self::Audit,
        Self::Settings,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Skills => "skills",
            Self::Sources => "sources",
            Self::Apps => "apps",
            Self::Conversations => "conversations",
            Self::Consumers => "consumers",
            Self::Logs => "logs",
            Self::Audit => "audit",
            Self::Settings => "settings",
        }
    }
}

impl Scope {
    /// Every scope, in the order in which screens list them.
    pub fn all() -> impl Iterator<Item = Scope> {
        let both = Area::ALL.into_iter().flat_map(|area| [false, true].map(|writes| Scope { area, writes }));
        both.filter(|scope| *scope != Scope { area: Area::Audit, writes: true })
    }

    /// The scope of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|scope| scope.to_string() == name)
    }

    /// The privileges that whatever it opens can need. A key gets no others, however much its user may.
    pub fn privileges(self) -> &'static [Privilege] {
        use Privilege::*;
        match (self.area, self.writes) {
            (Area::Users, false) => &[ManageUsers, ViewAgents, HandleConversations],
            // Nobody gives what they don't have: such a key makes agents and managers, and no administrator.
            (Area::Users, true) => &[
                ManageUsers,
                ViewAgents,
                HandleConversations,
                ViewAllConversations,
                JoinConversations,
                TransferToAgents,
                TransferToAwayAgents,
                TransferToOfflineAgents,
                ManageConsents,
            ],
            (Area::Skills, _) => &[ManageSkills, HandleConversations],
            (Area::Sources, _) => &[ManageSources],
            (Area::Apps, _) => &[ManageSources, ViewChannelLog],
            (Area::Conversations, false) => &[HandleConversations, ViewAllConversations, ViewAgents],
            (Area::Conversations, true) => &[HandleConversations, ViewAllConversations, JoinConversations, ViewAgents],
            (Area::Consumers, false) => &[HandleConversations, ViewAllConversations],
            (Area::Consumers, true) => &[HandleConversations, ViewAllConversations, ManageConsents],
            (Area::Logs, _) => &[ViewChannelLog],
            (Area::Audit, _) => &[ViewAudit],
            (Area::Settings, _) => &[ManageSettings],
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.area.name(), if self.writes { "write" } else { "read" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(scopes: &[&str], privileges: &[Privilege]) -> ApiKey {
        ApiKey {
            id: ApiKeyId(1),
            name: "Export".into(),
            user: UserId(1),
            scopes: scopes.iter().map(|name| Scope::from_name(name).expect("a scope")).collect(),
            privileges: privileges.to_vec(),
            networks: Vec::new(),
            hash: [0; 32],
            beginning: String::new(),
            expires_at: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn a_scope_opens_itself_and_writing_opens_reading() {
        for scope in Scope::all() {
            let name = scope.to_string();
            let own = key(&[&name], &[]);
            let opened: Vec<Scope> = Scope::all().filter(|needed| own.opens(*needed)).collect();
            let expected: Vec<Scope> =
                Scope::all().filter(|needed| *needed == scope || *needed == Scope { writes: false, ..scope }).collect();
            assert_eq!(opened, expected, "{name}");
        }
        assert_eq!(Scope::from_name("audit:write"), None);
        assert_eq!(Scope::all().count(), 17);
    }

    #[test]
    fn a_key_never_may_what_its_user_may_not() {
        let key = key(&["users:read"], &[Privilege::ManageUsers, Privilege::ViewAgents]);
        let agent = Profile { name: "agent".into(), privileges: vec![Privilege::HandleConversations, Privilege::ViewAgents] };
        assert_eq!(key.profile(&agent).privileges, [Privilege::ViewAgents]);
    }

    #[test]
    fn a_key_ends_and_stays_at_home() {
        let mut key = key(&[], &[]);
        assert!(!key.has_expired(Timestamp(i64::MAX)) && key.allows_from(IpAddr::from([8, 8, 8, 8])));
        key.expires_at = Some(Timestamp(10));
        assert_eq!([9, 10].map(|at| key.has_expired(Timestamp(at))), [false, true]);
        key.networks = vec![Network::parse("10.0.0.0/8").expect("a network")];
        assert!(key.allows_from("10.1.2.3".parse().expect("an address")));
        assert!(key.allows_from("::ffff:10.1.2.3".parse().expect("an address")), "the same, as a listener for both kinds sees it");
        assert!(!key.allows_from("11.1.2.3".parse().expect("an address")));
    }
}
