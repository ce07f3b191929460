//! Connected pages and numbers, and the brand's apps at vendors.

use crate::{ChannelAppId, SkillId, SourceId, Timestamp};
use std::collections::BTreeMap;

/// One connected page or number of a channel. Secrets are held open here: this value never leaves the process unmasked.
#[derive(Clone, PartialEq)]
pub struct Source {
    /// Ours.
    pub id: SourceId,
    /// The channel's id as in URLs and the bootstrap file.
    pub channel: String,
    /// Shown to people.
    pub name: String,
    /// Page id, phone number, bot user id …; unique over the active sources of the installation.
    pub address: String,
    /// Where its conversations go; the account's default skill otherwise.
    pub skill: Option<SkillId>,
    /// The vendor app whose app-wide secrets it uses.
    pub app: Option<ChannelAppId>,
    /// A source that is off verifies its webhooks, and turns what they carry into dead letters.
    pub enabled: bool,
    /// One server in the place of all the vendor's hosts; allowed even if private.
    pub api_base_url: Option<String>,
    /// Field → value, as the channel's credential schema names them.
    pub credentials: BTreeMap<String, String>,
    /// Field → value, as the channel's settings schema names them.
    pub settings: BTreeMap<String, String>,
    /// How it fares.
    pub health: Health,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("id", &self.id)
            .field("channel", &self.channel)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// How a source fares, as its administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The class.
    pub state: HealthState,
    /// A sentence with the remedy; empty when all is well.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
}

/// The classes of a source's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// Nothing has been sent yet.
    Unknown,
    /// The last call worked.
    Ok,
    /// Calls fail for now; deliveries wait.
    Failing,
    /// The credential is dead: deliveries wait until it is renewed.
    NeedsReauthorisation,
}

/// The brand's app at a vendor that has app-wide secrets.
#[derive(Clone, PartialEq)]
pub struct ChannelApp {
    /// Ours.
    pub id: ChannelAppId,
    /// The channel's id.
    pub channel: String,
    /// Unique in the account; sources name it.
    pub name: String,
    /// Field → value, as the channel's app schema names them.
    pub credentials: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for ChannelApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelApp").field("id", &self.id).field("channel", &self.channel).field("name", &self.name).finish_non_exhaustive()
    }
}
