//! What Messenger and Instagram have in common: updates in, messages out, conversations to look things up in.
//!
//! The wire is one; a [`Product`] says in what the two differ.

pub mod attachments;
pub mod cards;
pub mod catch_up;
mod connector;
pub mod inbound;
pub mod send;

pub use connector::Messaging;

use super::graph::Graph;
use crate::kit::errors::Row;
use crate::kit::settings;
use antiphon_app::channel::Keys;

/// For so many hours after a person wrote they can be answered freely.
pub const WINDOW_HOURS: u32 = 24;
/// And for so many by a human agent, where the app was approved for that.
pub const HUMAN_AGENT_HOURS: u32 = 7 * 24;

/// The largest file of either channel, in bytes.
pub const MEDIA_MAX_BYTES: u64 = 25 << 20;
/// The largest picture of either channel, in bytes.
pub const IMAGE_MAX_BYTES: u64 = 8 << 20;

/// What the wire of one of the two channels has of its own.
#[derive(Debug)]
pub struct Product {
    /// What webhooks of it are about.
    pub object: &'static str,
    /// Its name in lists of conversations and in the usage headers.
    pub platform: &'static str,
    /// Its codes.
    pub table: &'static [Row],
    /// Where it is called, with what credential, and as whom.
    pub way: fn(&Keys) -> Way<'_>,
    /// What is asked of a person's profile.
    pub profile: &'static str,
    /// What its webhooks are to tell.
    pub fields: &'static str,
}

/// How a source is called.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The host.
    pub host: &'static str,
    /// The credential that allows it.
    pub token: &'static str,
    /// The account's place in addresses.
    pub path: &'a str,
    /// The account's own id, as webhooks and lists name it.
    pub own: &'a str,
}

impl Product {
    /// The Graph API, as a source of it calls.
    pub fn graph<'a>(&self, keys: &'a Keys) -> Graph<'a> {
        let way = (self.way)(keys);
        Graph { keys, host: way.host, token: way.token, table: self.table, product: self.platform }
    }

    /// The account's own id.
    pub fn own<'a>(&self, keys: &'a Keys) -> &'a str {
        (self.way)(keys).own
    }

    /// The account's place in addresses.
    pub fn path<'a>(&self, keys: &'a Keys) -> &'a str {
        (self.way)(keys).path
    }
}

/// Whether the app was approved to answer for seven days.
pub fn human_agent(keys: &Keys) -> bool {
    settings::flag(keys, "human_agent_enabled", false)
}
