//! The vendor's things: accounts, numbers, services, messages, and how they are written as JSON. Plain data, no I/O.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::segments;
use super::sign::PortInSignature;
use crate::kit::dates::rfc2822;

/// The version segment of every REST path.
pub(crate) const API: &str = "2010-04-01";

/// Whether the vendor itself answers STOP, START and HELP, and blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptOutMode {
    /// Answers and blocks.
    #[default]
    Default,
    /// As default, and the webhook says so in `OptOutType`.
    Advanced,
    /// Does neither (toll-free numbers are blocked by the network all the same).
    SelfManaged,
}

/// An account or subaccount.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub sid: String,
    pub auth_token: String,
    pub owner: String,
    pub friendly_name: String,
    pub status: String,
    pub trial: bool,
    pub test: bool,
    pub media_auth: bool,
    pub api_keys: HashMap<String, String>,
    pub verified: HashSet<String>,
    pub blocked_prefixes: Vec<String>,
    pub opt_out: OptOutMode,
    pub created_ms: i64,
}

/// An owned number.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub sid: String,
    pub account: String,
    pub phone_number: String,
    pub friendly_name: String,
    pub sms_url: String,
    pub sms_method: String,
    pub sms_fallback_url: String,
    pub sms_fallback_method: String,
    pub status_callback: String,
    pub sms: bool,
    pub mms: bool,
    pub service: Option<String>,
    /// Segments a second; 0 is without limit.
    pub rate: u32,
    pub next_free_ms: i64,
    pub created_ms: i64,
}

/// A messaging service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub sid: String,
    pub account: String,
    pub fields: BTreeMap<String, String>,
    pub senders: Vec<String>,
    pub created_ms: i64,
}

impl Service {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "sid": self.sid,
            "account_sid": self.account,
            "friendly_name": self.field("FriendlyName"),
            "inbound_request_url": nullable(self.field("InboundRequestUrl")),
            "inbound_method": or(self.field("InboundMethod"), "POST"),
            "fallback_url": nullable(self.field("FallbackUrl")),
            "fallback_method": or(self.field("FallbackMethod"), "POST"),
            "status_callback": nullable(self.field("StatusCallback")),
            "sticky_sender": self.field("StickySender") != "false",
            "smart_encoding": self.field("SmartEncoding") != "false",
            "mms_converter": self.field("MmsConverter") != "false",
            "area_code_geomatch": self.field("AreaCodeGeomatch") != "false",
            "validity_period": self.field("ValidityPeriod").parse::<u32>().unwrap_or(36_000),
            "use_inbound_webhook_on_number": self.field("UseInboundWebhookOnNumber") == "true",
            "usecase": or(self.field("Usecase"), "undeclared"),
            "date_created": crate::kit::dates::iso8601(self.created_ms, "Z"),
            "date_updated": crate::kit::dates::iso8601(self.created_ms, "Z"),
            "url": format!("https://messaging.twilio.com/v1/Services/{}", self.sid),
            "links": { "phone_numbers": format!("https://messaging.twilio.com/v1/Services/{}/PhoneNumbers", self.sid) },
        })
    }
}

fn nullable(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}

fn or<'a>(text: &'a str, fallback: &'a str) -> &'a str {
    if text.is_empty() { fallback } else { text }
}

/// A message in either direction, as the vendor keeps it.
#[derive(Clone, Debug)]
pub struct Message {
    /// `SM…` or `MM…`.
    pub sid: String,
    /// Owning account.
    pub account: String,
    /// Sender; `None` while a service has not chosen one.
    pub from: Option<String>,
    /// Recipient.
    pub to: String,
    /// Text.
    pub body: String,
    /// Ids of hosted files.
    pub media: Vec<String>,
    /// `inbound`, `outbound-api` or `outbound-reply`.
    pub direction: &'static str,
    /// The vendor's word for its state.
    pub status: String,
    /// Why it failed.
    pub error_code: Option<u32>,
    /// The service it was sent through or came in on.
    pub service: Option<String>,
    /// Virtual time of creation.
    pub created_ms: i64,
    /// Virtual time of the last change.
    pub updated_ms: i64,
    /// Virtual time of sending (or receipt).
    pub sent_ms: Option<i64>,
    /// Where status changes are reported, as given.
    pub status_callback: String,
    pub(crate) validity_s: i64,
    pub(crate) send_at_ms: Option<i64>,
    pub(crate) seq: u64,
}

impl Message {
    /// Parts on the radio.
    #[must_use]
    pub fn num_segments(&self) -> usize {
        if self.media.is_empty() { segments::count(&self.body).count } else { 1 }
    }

    pub(crate) fn uri(&self) -> String {
        format!("/{API}/Accounts/{}/Messages/{}", self.account, self.sid)
    }

    pub(crate) fn to_json(&self) -> Value {
        let uri = self.uri();
        json!({
            "sid": self.sid,
            "account_sid": self.account,
            "api_version": API,
            "messaging_service_sid": self.service,
            "from": self.from,
            "to": self.to,
            "body": self.body,
            "status": self.status,
            "direction": self.direction,
            "num_segments": if self.service.is_some() && self.from.is_none() { "0".to_owned() } else { self.num_segments().to_string() },
            "num_media": self.media.len().to_string(),
            "error_code": self.error_code,
            "error_message": self.error_code.map(error_text),
            "price": null,
            "price_unit": "USD",
            "date_created": rfc2822(self.created_ms),
            "date_updated": rfc2822(self.updated_ms),
            "date_sent": self.sent_ms.map(rfc2822),
            "uri": format!("{uri}.json"),
            "subresource_uris": { "media": format!("{uri}/Media.json") },
        })
    }
}

/// The vendor's sentence for a delivery error.
pub(crate) fn error_text(code: u32) -> &'static str {
    match code {
        11200 => "HTTP retrieval failure",
        30001 => "Queue overflow",
        30002 => "Account suspended",
        30003 => "Unreachable destination handset",
        30004 => "Message blocked",
        30005 => "Unknown destination handset",
        30006 => "Landline or unreachable carrier",
        30007 => "Message filtered",
        30008 => "Unknown error",
        30011 => "MMS is not supported by the receiving phone number in this region",
        30017 => "Carrier network congestion",
        30019 => "Content size exceeds carrier limit",
        30022 => "US A2P 10DLC - Rate Limits Exceeded",
        30023 => "US A2P 10DLC - Daily Message Cap Reached",
        30027 => "US A2P 10DLC - T-Mobile Daily Message Limit Reached",
        30032 => "Toll-Free Number Has Not Been Verified",
        30034 => "Message from an Unregistered Number",
        30410 => "Provider Timeout Error",
        _ => "Delivery failed",
    }
}

/// One step of a scripted fate: after so many milliseconds the message has this status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed`, `read` …
    pub status: String,
    /// For `undelivered` and `failed`.
    #[serde(default)]
    pub error_code: Option<u32>,
    /// Milliseconds after the step before it (or after the sending).
    #[serde(default)]
    pub after_ms: i64,
}

impl Step {
    /// A step at once.
    #[must_use]
    pub fn new(status: &str) -> Self {
        Self { status: status.to_owned(), error_code: None, after_ms: 0 }
    }

    /// A failing step.
    #[must_use]
    pub fn failed(status: &str, error_code: u32) -> Self {
        Self { error_code: Some(error_code), ..Self::new(status) }
    }

    /// The same step later.
    #[must_use]
    pub fn after(mut self, ms: i64) -> Self {
        self.after_ms = ms;
        self
    }
}

/// What becomes of sent messages. Steps may stand in any order: out of order is what the script is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    /// Only for messages to this number.
    #[serde(default)]
    pub to: Option<String>,
    /// For how many messages; `None` until replaced.
    #[serde(default)]
    pub times: Option<u32>,
    /// What is reported.
    pub steps: Vec<Step>,
}

/// Switches of the vendor's behaviour.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How the port stands in signatures.
    pub port_in_signature: PortInSignature,
    /// Sent with every inbound webhook, signed like the rest.
    pub extra_fields: Vec<(String, String)>,
    /// Milliseconds from acceptance to `sent`.
    pub sent_after_ms: i64,
    /// Milliseconds from `sent` to `delivered`.
    pub delivered_after_ms: i64,
    /// Whether sender rates are kept.
    pub pacing: bool,
    /// Whether the storage refuses requests that carry an `Authorization` header, as signed storage addresses do.
    pub strict_storage: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port_in_signature: PortInSignature::AsConfigured,
            extra_fields: Vec::new(),
            sent_after_ms: 0,
            delivered_after_ms: 0,
            pacing: true,
            strict_storage: true,
        }
    }
}

/// Somebody with a handset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handset {
    pub name: String,
    /// All messages to it fail with this code.
    pub fails_with: Option<u32>,
}

/// An entry of the account's debugger.
#[derive(Clone, Debug, Serialize)]
pub struct Alert {
    /// 11200, 11205, 12300, 21609 …
    pub code: u32,
    /// The webhook concerned.
    pub url: String,
    /// Virtual time.
    pub at_ms: i64,
}

#[derive(Default)]
pub(crate) struct State {
    pub accounts: HashMap<String, Account>,
    /// API key sid → account sid.
    pub keys: HashMap<String, String>,
    /// E.164 → number.
    pub numbers: HashMap<String, Number>,
    pub number_order: Vec<String>,
    pub services: BTreeMap<String, Service>,
    pub messages: HashMap<String, Message>,
    /// Account → (creation, sequence) → sid, for listing newest first.
    pub order: HashMap<String, BTreeMap<(i64, u64), String>>,
    /// (line, consumer) → sids.
    pub threads: HashMap<(String, String), Vec<String>>,
    pub handsets: BTreeMap<String, Handset>,
    /// (number or service, consumer).
    pub opted_out: HashSet<(String, String)>,
    pub fates: Vec<Fate>,
    pub settings: Settings,
    pub alerts: Vec<Alert>,
    pub sent: u64,
    pub seq: u64,
}

/// Messages kept; beyond it the oldest of the account are forgotten.
const MESSAGES_KEPT: usize = 1_000_000;

impl State {
    /// Whom an opt-out of this number concerns: the whole service, where it is in one.
    pub(crate) fn opt_out_scope(&self, number: &str) -> String {
        self.numbers.get(number).and_then(|number| number.service.clone()).unwrap_or_else(|| number.to_owned())
    }

    pub(crate) fn insert(&mut self, mut message: Message) {
        self.seq += 1;
        message.seq = self.seq;
        let order = self.order.entry(message.account.clone()).or_default();
        order.insert((message.created_ms, message.seq), message.sid.clone());
        let gone = (order.len() > MESSAGES_KEPT).then(|| order.pop_first()).flatten();
        if let Some((_, sid)) = gone {
            self.messages.remove(&sid);
        }
        self.thread(&message);
        self.messages.insert(message.sid.clone(), message);
    }

    /// Files the message under its thread, once its sender is known.
    pub(crate) fn thread(&mut self, message: &Message) {
        let Some(from) = &message.from else { return };
        let key = if message.direction == "inbound" { (message.to.clone(), from.clone()) } else { (from.clone(), message.to.clone()) };
        let thread = self.threads.entry(key).or_default();
        if thread.len() >= 1_000 {
            thread.drain(..500);
        }
        thread.push(message.sid.clone());
    }

    pub(crate) fn alert(&mut self, code: u32, url: &str, at_ms: i64) {
        if self.alerts.len() >= 1_000 {
            self.alerts.remove(0);
        }
        self.alerts.push(Alert { code, url: url.to_owned(), at_ms });
    }
}

/// Whether this is a number in international form: `+`, then 7 to 15 digits, the first not 0.
pub(crate) fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0')
    })
}

/// Whether this is a short code.
pub(crate) fn is_short_code(text: &str) -> bool {
    (3..=6).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// Whether the network enforces STOP on this number whatever the account says.
pub(crate) fn is_toll_free(number: &str) -> bool {
    ["800", "833", "844", "855", "866", "877", "888"]
        .iter()
        .any(|code| number.strip_prefix("+1").is_some_and(|rest| rest.len() == 10 && rest.starts_with(code)))
}

/// Segments a second a sender may send, by its kind.
pub(crate) fn usual_rate(number: &str) -> u32 {
    if is_short_code(number) {
        100
    } else if is_toll_free(number) {
        3
    } else if number.starts_with("+1") {
        1
    } else {
        10
    }
}
