//! The simulators over real loopback connections: what a connector would see, and what a webhook receiver would get.

#![expect(clippy::unwrap_used, reason = "a helper that fails must fail its test")]

mod cm;
mod instagram;
mod line;
mod messenger_api;
mod messenger_hooks;
mod phone_pages;
mod rcs;
mod sink;
mod telegram;
mod trouble;
mod twilio_api;
mod twilio_hooks;
mod viber;
mod whatsapp;

use antiphon_simulators::{MessengerSim, SimulatorConfig, TwilioSim, WebhookTarget};
use tokio::net::TcpListener;

/// 1 January 2026, 00:00 UTC.
pub(crate) const START: i64 = 1_767_225_600_000;
pub(crate) const SID: &str = "AC00000000000000000000000000000001";
pub(crate) const TOKEN: &str = "sim_twilio_auth_token_00000000000";
pub(crate) const LINE: &str = "+15550001111";
pub(crate) const CONSUMER: &str = "+15550002222";
pub(crate) const APP: &str = "555";
pub(crate) const APP_SECRET: &str = "sim_app_secret_0123456789abcdef";
pub(crate) const PAGE: &str = "1001";
pub(crate) const PAGE_TOKEN: &str = "EAAPAGE";
pub(crate) const PSID: &str = "2002";

pub(crate) async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

fn config(webhook: Option<String>) -> SimulatorConfig {
    SimulatorConfig { seed: 7, webhook: webhook.map(WebhookTarget::new), start_ms: START }
}

/// An SMS simulator with one account and one number.
pub(crate) async fn twilio(webhook: Option<String>) -> TwilioSim {
    let sim = TwilioSim::start(listener().await, config(webhook));
    sim.create_account(SID, TOKEN);
    sim.create_number(SID, LINE, "").unwrap();
    sim.set_rate(LINE, 0).unwrap();
    sim
}

/// A Messenger simulator with one app, one page and one person.
pub(crate) async fn messenger(webhook: Option<String>) -> MessengerSim {
    let sim = MessengerSim::start(listener().await, config(webhook));
    sim.create_app(APP, APP_SECRET, "verify-me");
    sim.create_page(PAGE, "Shop", PAGE_TOKEN, APP).unwrap();
    sim.create_consumer(PAGE, PSID, "Ada", "Byron").unwrap();
    sim
}

pub(crate) fn client() -> reqwest::Client {
    #[expect(clippy::disallowed_methods, reason = "the test plays the connector")]
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
