//! The vendor's things: apps, business accounts, numbers, templates, tokens and people. Plain data, no I/O.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kit::phone::Button;

/// How long free messages are delivered after a person wrote.
pub(crate) const WINDOW_MS: i64 = 24 * 3_600_000;
/// Accepted messages kept.
pub(crate) const KEPT: usize = 1_000_000;

#[derive(Clone, Debug)]
pub(crate) struct App {
    pub secret: String,
    pub verify_token: String,
    /// Empty: the simulator's default webhook.
    pub callback_url: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// App → its own webhook address for this account, if it set one.
    pub subscribed: BTreeMap<String, Option<String>>,
    pub templates: Vec<Template>,
}

/// A template and how far its approval is.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub id: String,
    pub name: String,
    pub language: String,
    pub category: String,
    pub status: &'static str,
    pub components: Value,
}

#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub id: String,
    pub display: String,
    pub name: String,
    pub account: String,
    pub registered: bool,
    pub verified: bool,
    pub pin: String,
    pub wrong_pins: u32,
    pub registrations: u32,
    /// Its own webhook address.
    pub override_url: Option<String>,
    /// Sends of the running second.
    pub second: (i64, u32),
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub app: String,
    /// The business accounts it may use; none: those of everybody.
    pub accounts: Vec<String>,
    /// The code it is refused with.
    pub revoked: Option<u32>,
}

/// A person, with a thread for each number they write to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub name: String,
    /// The vendor's own id of them.
    pub user_id: String,
    /// Their digits are told to nobody.
    pub hidden: bool,
    /// Every message to them fails with this.
    pub fails_with: Option<u32>,
    pub offline: bool,
    pub pairs: BTreeMap<String, Pair>,
}

/// A person's thread with one number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pair {
    pub last_in_ms: Option<i64>,
    pub open: bool,
    pub typing_until_ms: i64,
    pub seen_ms: Option<i64>,
    /// Messages that the pair still owes, and when that was.
    pub debt: (i64, i64),
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
    /// How a tap on its buttons arrives.
    pub taps: &'static str,
    pub status: &'static str,
    pub error: String,
    pub opaque: Option<String>,
    pub voice: bool,
}

/// A file at the vendor, by its media id.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub number: String,
    pub media: String,
    pub expires_ms: i64,
}

/// A message the API accepted.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Position among all accepted messages, from 1.
    pub seq: u64,
    /// The vendor's id.
    pub id: String,
    /// Number it was sent from.
    pub phone_number_id: String,
    /// Digits or user id it went to.
    pub to: String,
    /// Virtual time.
    pub at_ms: i64,
    /// `text`, `image`, `interactive`, `template` …
    pub kind: String,
    /// The whole body as given.
    pub body: Value,
}

/// A read mark the API accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The message that was marked.
    pub message_id: String,
    /// Whether typing was shown with it.
    pub typing: bool,
    /// Virtual time.
    pub at_ms: i64,
}

/// Switches of the vendor's behaviour.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Milliseconds from acceptance to `sent`.
    pub sent_after_ms: i64,
    /// Milliseconds from `sent` to `delivered`.
    pub delivered_after_ms: i64,
    /// Milliseconds from `delivered` to `read` where the thread is open.
    pub read_after_ms: i64,
    /// Everybody reads at once, whether the thread is open or not.
    pub auto_read: bool,
    /// `read` comes without a `delivered` before.
    pub skip_delivered: bool,
    /// Timestamps in milliseconds instead of seconds.
    pub milli_timestamps: bool,
    /// Messages of a number in a second.
    pub throughput: u32,
    /// Messages to one person at once, before one in six seconds is the pace; 0: no limit.
    pub pair_burst: u32,
    /// Milliseconds until a media address answers 404.
    pub media_url_ttl_ms: i64,
    /// Milliseconds of failed webhooks after which they are given up.
    pub give_up_after_ms: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sent_after_ms: 0,
            delivered_after_ms: 0,
            read_after_ms: 0,
            auto_read: false,
            skip_delivered: false,
            milli_timestamps: false,
            throughput: 80,
            pair_burst: 45,
            media_url_ttl_ms: 5 * 60_000,
            give_up_after_ms: 7 * 24 * 3_600_000,
        }
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub apps: BTreeMap<String, App>,
    pub accounts: BTreeMap<String, Account>,
    pub numbers: BTreeMap<String, Number>,
    pub tokens: HashMap<String, Token>,
    /// Digits → person.
    pub people: BTreeMap<String, Person>,
    pub uploads: HashMap<String, Upload>,
    /// Secret of a media address → upload, and when it ends.
    pub links: HashMap<String, (String, i64)>,
    /// Sign-up code → business account, app, and when it ends.
    pub codes: HashMap<String, (String, String, i64)>,
    /// Codes that the next messages fail with, after they were accepted.
    pub fates: VecDeque<u32>,
    pub log: VecDeque<Sent>,
    pub marks: Vec<Marked>,
    pub sent: u64,
    pub settings: Settings,
}

impl State {
    /// The digits behind a recipient: digits, or the vendor's id of somebody.
    pub(crate) fn digits_of(&self, to: &str) -> Option<String> {
        if self.people.contains_key(to) {
            return Some(to.to_owned());
        }
        self.people.iter().find(|(_, person)| person.user_id == to).map(|(digits, _)| digits.clone())
    }

    pub(crate) fn pair_mut(&mut self, number: &str, digits: &str) -> Option<&mut Pair> {
        if !self.numbers.contains_key(number) {
            return None;
        }
        Some(self.people.get_mut(digits)?.pairs.entry(number.to_owned()).or_default())
    }

    pub(crate) fn pair(&self, number: &str, digits: &str) -> Option<&Pair> {
        self.people.get(digits)?.pairs.get(number)
    }
}

impl Pair {
    pub(crate) fn add(&mut self, note: Note) {
        if self.notes.len() >= 1_000 {
            self.notes.drain(..500);
        }
        self.notes.push(note);
    }
}
