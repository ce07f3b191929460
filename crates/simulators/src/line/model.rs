//! The vendor's things: channels with their bots, tokens, friends, and what the switches say. Plain data, no I/O.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kit::phone::Button;

/// How long a reply token is taken.
pub(crate) const REPLY_MS: i64 = 60_000;
/// How long a retry key is remembered.
pub(crate) const RETRY_MS: i64 = 24 * 3_600_000;

/// A channel of the Messaging API, by the user id of its bot.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    pub channel_id: String,
    pub secret: String,
    pub name: String,
    /// Empty: the simulator's default webhook.
    pub endpoint: String,
    pub standby: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub bot: String,
    pub until_ms: Option<i64>,
}

/// A person in relation to one bot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Friend {
    pub name: String,
    pub blocked: bool,
    pub open: bool,
    pub typing_until_ms: i64,
    pub seen_ms: Option<i64>,
    pub notes: Vec<Note>,
}

/// One message of a thread.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub id: String,
    pub from: &'static str,
    pub at_ms: i64,
    pub text: String,
    pub media: Vec<String>,
    pub buttons: Vec<Button>,
    pub status: &'static str,
}

/// A reply token.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub bot: String,
    pub user: String,
    pub until_ms: i64,
}

/// What was accepted under a retry key.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub request: String,
    pub answer: Value,
    pub until_ms: i64,
}

/// A message the API accepted.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The vendor's id.
    pub id: String,
    /// The bot.
    pub bot_user_id: String,
    /// To whom.
    pub to: String,
    /// `reply` or `push`.
    pub way: &'static str,
    /// Virtual time.
    pub at_ms: i64,
    /// The message as given.
    pub message: Value,
}

/// Switches of the vendor's behaviour.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether failed webhooks are repeated, with the same id.
    pub redelivery: bool,
    /// Pushes left this month; `None`: no limit.
    pub quota: Option<u32>,
    /// Calls of one endpoint in a second.
    pub rate: u32,
    /// Milliseconds until a file of a consumer is ready.
    pub content_ready_after_ms: i64,
    /// Milliseconds until a file of a consumer is gone.
    pub content_ttl_ms: i64,
    /// Whether messages of people carry a token to mark them as read.
    pub mark_as_read: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            redelivery: true,
            quota: None,
            rate: 2_000,
            content_ready_after_ms: 0,
            content_ttl_ms: 7 * 24 * 3_600_000,
            mark_as_read: true,
        }
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub bots: BTreeMap<String, Bot>,
    pub tokens: HashMap<String, Token>,
    /// Bot → user → the two together.
    pub friends: BTreeMap<String, BTreeMap<String, Friend>>,
    pub replies: HashMap<String, Reply>,
    pub marks: HashMap<String, (String, String)>,
    pub accepted: HashMap<String, Accepted>,
    /// Message → bot, hosted file, and when it came.
    pub contents: HashMap<String, (String, String, i64)>,
    /// Endpoint → second → calls.
    pub rates: HashMap<String, (i64, u32)>,
    pub log: Vec<Sent>,
    pub next_message: u64,
    pub settings: Settings,
}

impl State {
    pub(crate) fn friend_mut(&mut self, bot: &str, user: &str) -> Option<&mut Friend> {
        self.friends.get_mut(bot)?.get_mut(user)
    }

    pub(crate) fn friend(&self, bot: &str, user: &str) -> Option<&Friend> {
        self.friends.get(bot)?.get(user)
    }

    pub(crate) fn message_id(&mut self) -> String {
        self.next_message += 1;
        format!("{}", 500_000_000_000_000_000 + self.next_message)
    }
}

impl Friend {
    pub(crate) fn add(&mut self, note: Note) {
        if self.notes.len() >= 1_000 {
            self.notes.drain(..500);
        }
        self.notes.push(note);
    }
}
