//! The vendor's things: apps, pages, tokens, people and their threads. Plain data, no I/O.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kit::phone::Button;

/// Webhook fields a page can be subscribed to.
const PAGE_FIELDS: &[&str] = &[
    "messages",
    "messaging_postbacks",
    "messaging_optins",
    "messaging_optouts",
    "messaging_referrals",
    "message_deliveries",
    "message_reads",
    "message_echoes",
    "message_reactions",
    "message_edits",
    "messaging_handovers",
    "standby",
    "messaging_policy_enforcement",
    "messaging_account_linking",
    "messaging_feedback",
    "messaging_customer_information",
    "messaging_appointments",
    "messaging_payments",
    "messaging_pre_checkouts",
    "messaging_checkout_updates",
    "messaging_game_plays",
    "feed",
    "mention",
    "inbox_labels",
];

/// Webhook fields that only an account of Instagram has.
const INSTAGRAM_FIELDS: &[&str] = &["messaging_seen", "messaging_referral"];

/// The fields that exist.
pub(crate) fn fields(instagram: bool) -> impl Iterator<Item = &'static str> {
    let more = if instagram { INSTAGRAM_FIELDS } else { &[] };
    PAGE_FIELDS.iter().chain(more).copied()
}

/// How long a token of Instagram's own log-in lives.
pub(crate) const INSTAGRAM_TOKEN_MS: i64 = 60 * 24 * 3_600_000;
/// The longest text of Instagram, in bytes.
pub(crate) const INSTAGRAM_TEXT: usize = 1_000;
/// The page's own inbox, as an app id.
pub(crate) const PAGE_INBOX: &str = "263902037430900";
/// The reply window.
pub(crate) const WINDOW_MS: i64 = 24 * 3_600_000;
/// The human agent's window.
pub(crate) const HUMAN_AGENT_MS: i64 = 7 * 24 * 3_600_000;

#[derive(Clone, Debug)]
pub(crate) struct App {
    pub secret: String,
    pub name: String,
    pub verify_token: String,
    /// Empty: the simulator's default webhook.
    pub callback_url: String,
    pub fields: BTreeSet<String>,
    pub require_proof: bool,
    pub human_agent: bool,
    pub failing_since_ms: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub id: String,
    pub name: String,
    pub subscribed: BTreeMap<String, Vec<String>>,
    pub profile: BTreeMap<String, Value>,
    pub routing: bool,
    pub usage: Usage,
}

/// Scripted use of the call budget.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Per cent used now.
    pub percent: u32,
    /// Per cent each further call costs.
    pub step: u32,
    /// Code of the refusal from 100 per cent on: 4, 17, 32, 613 or 80006 (the default).
    pub code: Option<u32>,
}

/// Whom a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bearer {
    Page(String),
    User(String),
    App,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub bearer: Bearer,
    pub app: String,
    /// The subcode of the 190 it answers with.
    pub revoked: Option<u32>,
    pub expires_ms: Option<i64>,
    /// Whether `pages_messaging` was granted.
    pub messaging: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub name: String,
    pub pages: Vec<String>,
}

/// Why a person cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreachable {
    /// Blocked the page or closed the account: 551/1545041.
    Gone,
    /// Does not take messages from the page now: 10/2018108.
    Muted,
    /// No role on an app still in development: 200/2018028.
    NoRole,
}

/// A person in relation to one page.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub first_name: String,
    pub last_name: String,
    pub picture: Option<String>,
    pub last_in_ms: Option<i64>,
    pub unreachable: Option<Unreachable>,
    pub profile_hidden: bool,
    pub open: bool,
    pub offline: bool,
    pub typing_until_ms: i64,
    pub seen_ms: Option<i64>,
    pub owner: Option<String>,
    pub thread: Vec<Note>,
}

/// Who wrote a message of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    Consumer,
    App(String),
    Inbox,
}

/// One message of a thread.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub mid: String,
    pub author: Author,
    pub at_ms: i64,
    pub text: String,
    pub media: Vec<String>,
    pub buttons: Vec<Button>,
    pub status: &'static str,
}

/// A message the API accepted.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Position among all accepted messages, from 1.
    pub seq: u64,
    /// The vendor's id.
    pub mid: String,
    /// Page it was sent as.
    pub page_id: String,
    /// Person it went to.
    pub psid: String,
    /// App whose token was used.
    pub app_id: String,
    /// Virtual time.
    pub at_ms: i64,
    /// The text, empty where there was none.
    pub text: String,
    /// The whole `message` object as given.
    pub message: Value,
    /// `RESPONSE`, `UPDATE`, `MESSAGE_TAG` …
    pub messaging_type: String,
    /// The tag, where one was given.
    pub tag: Option<String>,
}

/// A sender action the API accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Page.
    pub page_id: String,
    /// Person.
    pub psid: String,
    /// `typing_on`, `typing_off`, `mark_seen`, `react`, `unreact`.
    pub action: String,
    /// Virtual time.
    pub at_ms: i64,
}

/// An uploaded file that can be sent by id.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub page: String,
    pub media: String,
    pub kind: String,
    pub expires_ms: i64,
}

/// Where somebody came from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Referral {
    /// Free reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// `SHORTLINK`, `ADS`, `CUSTOMER_CHAT_PLUGIN` …
    pub source: String,
    /// `OPEN_THREAD`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The advertisement, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<String>,
}

/// Switches of the vendor's behaviour.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Milliseconds from acceptance to `delivery`.
    pub delivered_after_ms: i64,
    /// Milliseconds from delivery to `read`.
    pub read_after_ms: i64,
    /// Everybody reads at once, whether the thread is open or not.
    pub auto_read: bool,
    /// Event timestamps in seconds instead of milliseconds.
    pub second_timestamps: bool,
    /// `delivery` without `mids`.
    pub omit_mids: bool,
    /// App id of echoes of the page's own inbox; `None` leaves it out.
    pub inbox_app_id: Option<u64>,
    /// Milliseconds until an attachment's address answers 403.
    pub attachment_ttl_ms: i64,
    /// Milliseconds of failed webhooks after which the subscription is dropped silently.
    pub unsubscribe_after_ms: i64,
    /// The permission dialog refuses.
    pub deny_oauth: bool,
    /// Entries per webhook while held (see `hold_webhooks`).
    pub batch_size: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            delivered_after_ms: 0,
            read_after_ms: 0,
            auto_read: false,
            second_timestamps: false,
            omit_mids: false,
            inbox_app_id: Some(263_902_037_430_900),
            attachment_ttl_ms: 24 * 3_600_000,
            unsubscribe_after_ms: 8 * 3_600_000,
            deny_oauth: false,
            batch_size: 1_000,
        }
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub apps: BTreeMap<String, App>,
    pub pages: HashMap<String, Page>,
    pub page_order: Vec<String>,
    pub users: HashMap<String, User>,
    pub tokens: HashMap<String, Token>,
    /// Page → person → the two together.
    pub people: HashMap<String, BTreeMap<String, Person>>,
    pub uploads: HashMap<String, Upload>,
    pub codes: HashMap<String, (String, String)>,
    pub personas: HashMap<String, Value>,
    pub log: VecDeque<Sent>,
    pub actions: VecDeque<Action>,
    pub sent: u64,
    pub settings: Settings,
    /// Plays Instagram, whose wire differs in details.
    pub instagram: bool,
    /// App → entries held for a batch; `None` while not holding.
    pub held: Option<BTreeMap<String, Vec<(String, Value)>>>,
}

/// Accepted messages and actions kept.
pub(crate) const KEPT: usize = 1_000_000;

impl State {
    pub(crate) fn person(&self, page: &str, psid: &str) -> Option<&Person> {
        self.people.get(page)?.get(psid)
    }

    pub(crate) fn person_mut(&mut self, page: &str, psid: &str) -> Option<&mut Person> {
        self.people.get_mut(page)?.get_mut(psid)
    }
}

impl Person {
    pub(crate) fn add(&mut self, note: Note) {
        if self.thread.len() >= 1_000 {
            self.thread.drain(..500);
        }
        self.thread.push(note);
    }

    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}
