//! A tenant, its settings and its skills.

use crate::conversation::ResponseTimeKind;
use crate::{AccountId, SkillId, Timestamp};
use std::net::IpAddr;

/// A tenant: the brand's workspace. Nothing crosses accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The id chosen by whoever set the account up.
    pub id: AccountId,
    /// Shown to people.
    pub name: String,
    /// IANA zone in which the account's hours and reports are computed.
    pub timezone: String,
    /// Where conversations go whose entry point names no skill.
    pub default_skill: Option<SkillId>,
    /// Private networks that this account's outbound calls may reach.
    pub allow_private_endpoints: Vec<Network>,
    /// What an administrator may change about the account's behaviour.
    pub settings: AccountSettings,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An address range, for example `127.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Any address inside; host bits are ignored.
    pub address: IpAddr,
    /// How many leading bits count: up to 32 for version 4, up to 128 for version 6.
    pub prefix: u8,
}

impl Network {
    /// Reads `address/prefix`; a bare address is a range of one.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address.parse().ok()?, Some(prefix.parse::<u8>().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(widest);
        (prefix <= widest).then_some(Self { address, prefix })
    }

    /// Whether an address lies inside.
    pub fn contains(&self, address: IpAddr) -> bool {
        fn bits(address: IpAddr) -> (u128, u32) {
            match address {
                IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
                IpAddr::V6(v6) => (u128::from(v6), 128),
            }
        }
        let (own, width) = bits(self.address);
        let (other, other_width) = bits(address);
        let drop = width - u32::from(self.prefix).min(width);
        width == other_width && (drop == 128 || own >> drop == other >> drop)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// An account's behaviour, settable by screen, admin API and bootstrap file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSettings {
    /// Offered conversations are assigned at once, without a ring.
    pub auto_accept: bool,
    /// How long a ring waits for its agent, in seconds. The published protocol's sample says 72.
    pub ring_expiration_s: i64,
    /// After an agent's last socket went: seconds until the agent counts as offline.
    pub offline_after_s: i64,
    /// After an agent's last socket went: seconds until conversations whose consumer waits return to the queue.
    pub return_to_queue_after_s: i64,
    /// How soon the consumer should have an answer, in seconds (the protocol's TTR).
    pub response_time_s: i64,
    /// The same for conversations marked as urgent.
    pub urgent_response_time_s: i64,
    /// The same for those that go before others.
    pub prioritized_response_time_s: i64,
    /// Which of them a conversation starts with when its opener names none.
    pub default_response_time: ResponseTimeKind,
    /// How long a transfer to an agent waits for that agent, in seconds.
    pub suggestion_s: i64,
    /// The app that asks consumers after a conversation, by the id it is installed under; skills may name another one.
    pub survey_app: Option<String>,
    /// A survey in which nothing happens for this long is closed, in seconds.
    pub survey_idle_s: i64,
    /// An answered conversation in which nothing happens for this long is closed, in seconds.
    pub auto_close_s: i64,
    /// A browser without any activity for this long is signed out; bots never are. Seconds.
    pub idle_logout_s: i64,
    /// How notifications to apps are signed, unless an app says otherwise.
    pub notification_signature: SignatureForm,
    /// How long the channel log is kept, in days.
    pub channel_log_days: i64,
    /// How many agent sockets the account may hold open.
    pub max_sockets: u32,
    /// Whether files may be uploaded at all.
    pub file_sharing: bool,
    /// The largest file that a consumer may upload, in KiB.
    pub consumer_file_kib: i64,
    /// The largest file that an agent or bot may upload, in KiB.
    pub agent_file_kib: i64,
    /// The language of the sentences that we add to what consumers read, as two letters.
    pub consumer_language: String,
    /// Hosts from which pictures in structured content may come; none: every host, and the workspace shows their addresses only.
    pub image_hosts: Vec<String>,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            auto_accept: false,
            ring_expiration_s: 72,
            offline_after_s: 60,
            return_to_queue_after_s: 15 * 60,
            response_time_s: 3600,
            urgent_response_time_s: 300,
            prioritized_response_time_s: 600,
            default_response_time: ResponseTimeKind::Normal,
            suggestion_s: 2 * 3600,
            survey_app: None,
            survey_idle_s: 7 * 24 * 3600,
            auto_close_s: 7 * 24 * 3600,
            idle_logout_s: 15 * 60,
            notification_signature: SignatureForm::Sha1Base64,
            channel_log_days: 14,
            max_sockets: 20_000,
            file_sharing: true,
            consumer_file_kib: 3 << 10,
            agent_file_kib: 25 << 10,
            consumer_language: "en".to_owned(),
            image_hosts: Vec::new(),
        }
    }
}

/// How what we send to apps is signed: an HMAC of the body, by one of two hashes, written in one of two ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureForm {
    /// SHA-1, base64: what published receivers expect.
    #[default]
    Sha1Base64,
    /// SHA-1, hexadecimal.
    Sha1Hex,
    /// SHA-256, base64.
    Sha256Base64,
    /// SHA-256, hexadecimal.
    Sha256Hex,
}

impl SignatureForm {
    /// Every form.
    pub const ALL: [SignatureForm; 4] = [Self::Sha1Base64, Self::Sha1Hex, Self::Sha256Base64, Self::Sha256Hex];

    /// The name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1Base64 => "sha1_base64",
            Self::Sha1Hex => "sha1_hex",
            Self::Sha256Base64 => "sha256_base64",
            Self::Sha256Hex => "sha256_hex",
        }
    }

    /// The form of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }
}

impl AccountSettings {
    /// How soon an answer is owed in conversations of that kind, in seconds. One set by hand brings its own number.
    pub fn response_time_of(&self, kind: ResponseTimeKind) -> i64 {
        match kind {
            ResponseTimeKind::Urgent => self.urgent_response_time_s,
            ResponseTimeKind::Prioritized => self.prioritized_response_time_s,
            ResponseTimeKind::Normal | ResponseTimeKind::Custom => self.response_time_s,
        }
    }
}

/// A destination group for routing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    /// Unique in the account.
    pub id: SkillId,
    /// Unique in the account, shown to agents.
    pub name: String,
    /// What it is for, shown to administrators.
    pub description: String,
    /// A disabled skill takes no new conversations.
    pub enabled: bool,
    /// Who asks its consumers after a conversation.
    pub survey: SkillSurvey,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Who asks a skill's consumers after a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SkillSurvey {
    /// As the account says.
    #[default]
    Inherited,
    /// Nobody.
    Off,
    /// This app, by the id it is installed under.
    App(String),
}

impl SkillSurvey {
    /// The app that asks, given the account's own.
    pub fn app<'a>(&'a self, account: Option<&'a str>) -> Option<&'a str> {
        match self {
            SkillSurvey::Inherited => account,
            SkillSurvey::Off => None,
            SkillSurvey::App(app) => Some(app),
        }
    }

    /// From a setting: nothing inherits, an empty text is nobody.
    pub fn of(setting: Option<&str>) -> Self {
        match setting {
            None => SkillSurvey::Inherited,
            Some("") => SkillSurvey::Off,
            Some(app) => SkillSurvey::App(app.to_owned()),
        }
    }

    /// Back to a setting.
    pub fn setting(&self) -> Option<&str> {
        match self {
            SkillSurvey::Inherited => None,
            SkillSurvey::Off => Some(""),
            SkillSurvey::App(app) => Some(app),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_knows_its_members() {
        fn check(network: &str, address: &str, inside: bool) {
            let network = Network::parse(network).expect(network);
            assert_eq!(network.contains(address.parse().expect(address)), inside, "{network} {address}");
        }
        check("127.0.0.0/8", "127.200.3.4", true);
        check("127.0.0.0/8", "128.0.0.1", false);
        check("0.0.0.0/0", "8.8.8.8", true);
        check("0.0.0.0/0", "::1", false);
        check("::/0", "2001:db8::1", true);
        check("10.1.2.3", "10.1.2.3", true);
        check("10.1.2.3", "10.1.2.4", false);
        check("fd00::/8", "fdff::1", true);
        assert!(Network::parse("10.0.0.0/33").is_none());
        assert!(Network::parse("nonsense").is_none());
    }
}
