//! The SMS vendor's simulator: REST API, signed webhooks, carriers with moods, hosted media.
//! It knows the vendor's wire only, nothing of the product's connector. Start reading at `rest` (calls in) and `inbound` (webhooks out).

mod control;
mod delivery;
mod demo;
mod inbound;
mod messages;
mod model;
mod numbers;
mod phone;
mod rest;
mod segments;
mod sign;

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use bytes::Bytes;
use http::request::Parts;
use tokio::net::TcpListener;

pub use model::{Alert, Fate, Message, OptOutMode, Settings as TwilioSettings, Step};
pub use segments::{Segments, count as count_segments};
pub use sign::{PortInSignature, body_sha256, signature, signed_url};

use crate::demo::DemoSource;
use crate::kit::phone::{Phone, Place, Upload};
use crate::kit::{Kit, SimError, lane_of, lock};
use crate::simulator::Vendor;
use crate::{Simulator, SimulatorConfig};
use model::{Account, Number, Service, State};

struct Inner {
    kit: Arc<Kit>,
    state: Mutex<State>,
}

/// The SMS simulator's typed handle. Clones share it; it derefs to [`Kit`].
#[derive(Clone)]
pub struct TwilioSim {
    inner: Arc<Inner>,
}

impl Deref for TwilioSim {
    type Target = Kit;

    fn deref(&self) -> &Kit {
        &self.inner.kit
    }
}

pub(crate) fn build(kit: Arc<Kit>) -> Arc<dyn Vendor> {
    Arc::new(TwilioSim { inner: Arc::new(Inner { kit, state: Mutex::new(State::default()) }) })
}

impl Vendor for TwilioSim {
    fn router(&self) -> Router {
        let sim = self.clone();
        Router::new().fallback(move |parts: Parts, body: Bytes| {
            let sim = sim.clone();
            async move { sim.answer(&parts, body).await }
        })
    }

    fn control(&self) -> Router {
        control::router(self)
    }

    fn phone(&self) -> &dyn Phone {
        self
    }

    fn furnish(&self, hooks: &str) -> Result<DemoSource, SimError> {
        self.furnished(hooks)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl TwilioSim {
    /// Starts a simulator on its own.
    #[must_use]
    pub fn start(listener: TcpListener, config: SimulatorConfig) -> Self {
        crate::start("twilio_sms", listener, config).typed().expect("the list builds this type for this channel")
    }

    /// The typed handle of a running simulator, where it is one of this channel.
    #[must_use]
    pub fn of(sim: &Simulator) -> Option<Self> {
        sim.typed()
    }

    pub(crate) fn kit(&self) -> &Arc<Kit> {
        &self.inner.kit
    }

    /// Creates an account with these credentials. An existing one gets the new token (rotation).
    pub fn create_account(&self, account_sid: &str, auth_token: &str) {
        let mut state = lock(&self.inner.state);
        if let Some(account) = state.accounts.get_mut(account_sid) {
            auth_token.clone_into(&mut account.auth_token);
            return;
        }
        state.accounts.insert(
            account_sid.to_owned(),
            Account {
                sid: account_sid.to_owned(),
                auth_token: auth_token.to_owned(),
                owner: account_sid.to_owned(),
                friendly_name: "Simulated account".to_owned(),
                status: "active".to_owned(),
                trial: false,
                test: false,
                media_auth: true,
                api_keys: HashMap::new(),
                verified: HashSet::new(),
                blocked_prefixes: Vec::new(),
                opt_out: OptOutMode::Default,
                created_ms: self.now_ms(),
            },
        );
    }

    fn account_mut<T>(&self, account_sid: &str, change: impl FnOnce(&mut Account) -> T) -> Result<T, SimError> {
        lock(&self.inner.state)
            .accounts
            .get_mut(account_sid)
            .map(change)
            .ok_or_else(|| SimError(format!("account_sid: no account {account_sid}; create it first")))
    }

    /// Adds an API key to an account.
    ///
    /// # Errors
    /// Where the account is unknown.
    pub fn create_api_key(&self, account_sid: &str, key_sid: &str, secret: &str) -> Result<(), SimError> {
        self.account_mut(account_sid, |account| account.api_keys.insert(key_sid.to_owned(), secret.to_owned()))?;
        lock(&self.inner.state).keys.insert(key_sid.to_owned(), account_sid.to_owned());
        Ok(())
    }

    /// Sets an account's `status` (active, suspended, closed).
    ///
    /// # Errors
    /// Where the account is unknown.
    pub fn set_account_status(&self, account_sid: &str, status: &str) -> Result<(), SimError> {
        self.account_mut(account_sid, |account| status.clone_into(&mut account.status))
    }

    /// Makes an account a trial one that reaches only `verified` numbers, or a full one (`None`).
    ///
    /// # Errors
    /// Where the account is unknown.
    pub fn set_trial(&self, account_sid: &str, verified: Option<&[&str]>) -> Result<(), SimError> {
        self.account_mut(account_sid, |account| {
            account.trial = verified.is_some();
            account.verified = verified.unwrap_or_default().iter().map(|&number| number.to_owned()).collect();
        })
    }

    /// Makes an account's credentials test credentials: the magic sender works and nothing is delivered.
    ///
    /// # Errors
    /// Where the account is unknown.
    pub fn set_test_credentials(&self, account_sid: &str, test: bool) -> Result<(), SimError> {
        self.account_mut(account_sid, |account| account.test = test)
    }

    /// Says who answers and enforces opt-outs.
    ///
    /// # Errors
    /// Where the account is unknown.
    pub fn set_opt_out_mode(&self, account_sid: &str, mode: OptOutMode) -> Result<(), SimError> {
        self.account_mut(account_sid, |account| account.opt_out = mode)
    }

    /// Whether media addresses need credentials (the default).
    ///
    /// # Errors
    /// Where the account is unknown.
    pub fn set_media_auth(&self, account_sid: &str, on: bool) -> Result<(), SimError> {
        self.account_mut(account_sid, |account| account.media_auth = on)
    }

    /// Regions (number prefixes) the account may not send to.
    ///
    /// # Errors
    /// Where the account is unknown.
    pub fn set_blocked_prefixes(&self, account_sid: &str, prefixes: &[&str]) -> Result<(), SimError> {
        self.account_mut(account_sid, |account| {
            account.blocked_prefixes = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        })
    }

    /// Gives an account a number; `sms_url` empty means the simulator's default webhook. Returns its `PN…` sid.
    ///
    /// # Errors
    /// Where the account is unknown or the number malformed or taken.
    pub fn create_number(&self, account_sid: &str, phone_number: &str, sms_url: &str) -> Result<String, SimError> {
        if !model::is_e164(phone_number) && !model::is_short_code(phone_number) {
            return Err(SimError(format!("phone_number: {phone_number:?} is not a number; write it like +15550001111")));
        }
        let mut state = lock(&self.inner.state);
        if !state.accounts.contains_key(account_sid) {
            return Err(SimError(format!("account_sid: no account {account_sid}; create it first")));
        }
        if state.numbers.contains_key(phone_number) {
            return Err(SimError(format!("phone_number: {phone_number} exists already")));
        }
        let mut number = Number::new(self.ids().sid("PN"), account_sid, phone_number, self.now_ms());
        sms_url.clone_into(&mut number.sms_url);
        let sid = number.sid.clone();
        state.number_order.push(phone_number.to_owned());
        state.numbers.insert(phone_number.to_owned(), number);
        drop(state);
        self.changed();
        Ok(sid)
    }

    fn number_mut(&self, phone_number: &str, change: impl FnOnce(&mut Number)) -> Result<(), SimError> {
        lock(&self.inner.state)
            .numbers
            .get_mut(phone_number)
            .map(change)
            .ok_or_else(|| SimError(format!("phone_number: no number {phone_number}; create it first")))
    }

    /// Sets the fallback address of a number.
    ///
    /// # Errors
    /// Where the number is unknown.
    pub fn set_fallback_url(&self, phone_number: &str, url: &str) -> Result<(), SimError> {
        self.number_mut(phone_number, |number| url.clone_into(&mut number.sms_fallback_url))
    }

    /// Sets whether a number's webhooks are `GET` or `POST`.
    ///
    /// # Errors
    /// Where the number is unknown.
    pub fn set_webhook_method(&self, phone_number: &str, method: &str) -> Result<(), SimError> {
        self.number_mut(phone_number, |number| method.clone_into(&mut number.sms_method))
    }

    /// Segments a second a number may send; 0 is without limit. New numbers have their kind's usual rate.
    ///
    /// # Errors
    /// Where the number is unknown.
    pub fn set_rate(&self, phone_number: &str, segments_per_second: u32) -> Result<(), SimError> {
        self.number_mut(phone_number, |number| number.rate = segments_per_second)
    }

    /// Whether a number can send and receive pictures.
    ///
    /// # Errors
    /// Where the number is unknown.
    pub fn set_mms(&self, phone_number: &str, mms: bool) -> Result<(), SimError> {
        self.number_mut(phone_number, |number| number.mms = mms)
    }

    /// Creates a messaging service with these fields (`InboundRequestUrl` …) over these numbers. Returns its `MG…` sid.
    ///
    /// # Errors
    /// Where the account or a number is unknown.
    pub fn create_service(&self, account_sid: &str, fields: &[(&str, &str)], numbers: &[&str]) -> Result<String, SimError> {
        let sid = self.ids().sid("MG");
        for number in numbers {
            self.number_mut(number, |number| number.service = Some(sid.clone()))?;
        }
        let service = Service {
            sid: sid.clone(),
            account: account_sid.to_owned(),
            fields: fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
            senders: numbers.iter().map(|&number| number.to_owned()).collect(),
            created_ms: self.now_ms(),
        };
        lock(&self.inner.state).services.insert(sid.clone(), service);
        Ok(sid)
    }

    /// Names a consumer's number, so that the phone pages show it.
    pub fn create_consumer(&self, phone_number: &str, name: &str) {
        let mut state = lock(&self.inner.state);
        name.clone_into(&mut state.handsets.entry(phone_number.to_owned()).or_default().name);
        drop(state);
        self.changed();
    }

    /// All messages to this consumer end `undelivered` with this code (30003 …), or arrive again (`None`).
    pub fn set_handset_failure(&self, phone_number: &str, error_code: Option<u32>) {
        lock(&self.inner.state).handsets.entry(phone_number.to_owned()).or_default().fails_with = error_code;
    }

    /// Scripts what becomes of the messages to come; fates are used in the order they were added.
    pub fn add_fate(&self, fate: Fate) {
        lock(&self.inner.state).fates.push(fate);
    }

    /// Forgets all scripted fates.
    pub fn clear_fates(&self) {
        lock(&self.inner.state).fates.clear();
    }

    /// Reads the vendor's switches.
    #[must_use]
    pub fn settings(&self) -> TwilioSettings {
        lock(&self.inner.state).settings.clone()
    }

    /// Changes the vendor's switches.
    pub fn change_settings(&self, change: impl FnOnce(&mut TwilioSettings)) {
        change(&mut lock(&self.inner.state).settings);
        self.changed();
    }

    /// A consumer writes; the message's sid.
    ///
    /// # Errors
    /// Where `to` is no number here or `from` is malformed.
    pub fn consumer_writes_text(&self, from: &str, to: &str, body: &str) -> Result<String, SimError> {
        self.arrive(from, to, body, &[], Vec::new())
    }

    /// A consumer sends files with an optional text; the message's sid.
    ///
    /// # Errors
    /// As `consumer_writes_text`, and where a file is not base64.
    pub fn consumer_writes_media(&self, from: &str, to: &str, body: &str, media: &[Upload]) -> Result<String, SimError> {
        self.arrive(from, to, body, media, Vec::new())
    }

    /// A location, with the fields that channels other than plain SMS use; the message's sid.
    ///
    /// # Errors
    /// As `consumer_writes_text`.
    pub fn consumer_writes_location(&self, from: &str, to: &str, place: &Place) -> Result<String, SimError> {
        self.arrive(from, to, "", &[], inbound::location_params(place))
    }

    /// A consumer writes and the webhook carries these further fields, signed like the rest; the message's sid.
    ///
    /// # Errors
    /// As `consumer_writes_text`.
    pub fn consumer_writes_with_fields(&self, from: &str, to: &str, body: &str, fields: &[(&str, &str)]) -> Result<String, SimError> {
        let fields = fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.arrive(from, to, body, &[], fields)
    }

    /// Sends a JSON webhook, signed with the account's token over an address with the body's digest.
    pub fn send_json_webhook(&self, account_sid: &str, url: &str, body: &str) {
        let Some(out) = self.signed_json(account_sid, url, body) else { return };
        let sim = self.clone();
        self.kit().deliver(
            lane_of(url),
            url,
            Arc::new(move || {
                let (sim, out) = (sim.clone(), out.clone());
                Box::pin(async move {
                    sim.kit().attempt(&out).await;
                })
            }),
        );
    }

    /// Reports a state of a message now, whatever was scripted (late and out-of-order callbacks).
    pub fn report_status(&self, message_sid: &str, step: &Step) {
        self.step(message_sid, step);
    }

    /// Whether the pair is blocked here.
    #[must_use]
    pub fn is_opted_out(&self, line: &str, consumer: &str) -> bool {
        let state = lock(&self.inner.state);
        state.opted_out.contains(&(state.opt_out_scope(line), consumer.to_owned()))
    }

    /// A message by its sid.
    #[must_use]
    pub fn message_by_sid(&self, sid: &str) -> Option<Message> {
        lock(&self.inner.state).messages.get(sid).cloned()
    }

    /// Every message sent through the API and still kept, oldest first.
    #[must_use]
    pub fn messages_received(&self) -> Vec<Message> {
        let state = lock(&self.inner.state);
        let mut all: Vec<Message> = state.messages.values().filter(|message| message.direction == "outbound-api").cloned().collect();
        all.sort_by_key(|message| message.seq);
        all
    }

    /// How many messages the API has taken so far; cheap.
    #[must_use]
    pub fn messages_received_count(&self) -> u64 {
        lock(&self.inner.state).sent
    }

    /// Waits until the API has taken `count` messages, and returns them.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Message> {
        let wanted = u64::try_from(count).unwrap_or(u64::MAX);
        self.wait_until(|| self.messages_received_count() >= wanted).await;
        self.messages_received()
    }

    /// Waits until a message has this status.
    pub async fn wait_for_status(&self, sid: &str, status: &str) {
        self.wait_until(|| self.message_by_sid(sid).is_some_and(|message| message.status == status)).await;
    }

    /// The account debugger's entries: 11200, 11205, 12300, 21609.
    #[must_use]
    pub fn alerts(&self) -> Vec<Alert> {
        lock(&self.inner.state).alerts.clone()
    }
}
