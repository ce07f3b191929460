//! What the simulated service knows: bots, their webhooks, taps, and where files lie for how long.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;

use crate::kit::threads::Threads;

/// Messages kept of what bots sent.
const SENT_KEPT: usize = 20_000;

/// A bot's webhook.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WebhookInfo {
    /// Where updates go; empty: nowhere.
    pub url: String,
    /// What they carry in their header.
    #[serde(skip)]
    pub secret: String,
    /// The kinds that are wanted; empty: all but reactions.
    pub allowed_updates: Vec<String>,
    /// How many wait.
    pub pending_update_count: u64,
    /// When a delivery failed last, in seconds.
    pub last_error_date: Option<i64>,
    /// And why.
    pub last_error_message: Option<String>,
}

pub(crate) struct Bot {
    pub token: String,
    pub username: String,
    pub name: String,
    pub webhook: WebhookInfo,
    pub next_update: u64,
    pub next_message: u64,
}

impl Bot {
    pub fn new(token: &str, username: &str, name: &str) -> Self {
        Self {
            token: token.to_owned(),
            username: username.to_owned(),
            name: name.to_owned(),
            webhook: WebhookInfo::default(),
            next_update: 700_000_001,
            next_message: 1,
        }
    }
}

/// A message that a bot sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sent {
    /// The bot's id.
    pub bot: String,
    /// The chat it went to.
    pub chat: String,
    /// Its id.
    pub message_id: u64,
    /// The method.
    pub method: String,
    /// Its fields as they came, without files.
    pub fields: Value,
}

/// A tap that waits for an answer.
pub(crate) struct Tap {
    pub at_ms: i64,
    pub answered: bool,
}

#[derive(Default)]
pub(crate) struct State {
    /// By id.
    pub bots: BTreeMap<String, Bot>,
    pub threads: Threads,
    pub sent: Vec<Sent>,
    pub taps: HashMap<String, Tap>,
    /// Path → hosted file, and until when.
    pub paths: HashMap<String, (String, i64)>,
    /// Groups that have become other chats.
    pub moved: HashMap<String, i64>,
}

impl State {
    /// The bot whose token it is.
    pub fn bot_of(&self, token: &str) -> Option<&str> {
        self.bots.iter().find(|(_, bot)| bot.token == token).map(|(id, _)| id.as_str())
    }

    pub fn keep_sent(&mut self, sent: Sent) {
        self.sent.push(sent);
        if self.sent.len() > SENT_KEPT {
            self.sent.remove(0);
        }
    }
}
