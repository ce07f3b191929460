//! The SMS vendor's part of the control API.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::TwilioSim;
use super::model::{Fate, Message, OptOutMode, Settings, Step};
use crate::kit::control::{self, answer, overlaid};
use crate::kit::{SimError, lock, respond};

pub(crate) fn router(sim: &TwilioSim) -> Router {
    Router::new()
        .route("/accounts", post(create_account))
        .route("/numbers", post(create_number))
        .route("/services", post(create_service))
        .route("/handsets", post(set_handset))
        .route("/fates", post(add_fate).delete(clear_fates))
        .route("/settings", get(settings).post(set_settings))
        .route("/messages", get(messages))
        .route("/status", post(report_status))
        .route("/inbound", post(inbound))
        .route("/json-webhook", post(json_webhook))
        .route("/alerts", get(alerts))
        .with_state(sim.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    account_sid: String,
    auth_token: String,
    #[serde(default)]
    api_keys: Vec<(String, String)>,
    status: Option<String>,
    trial_verified: Option<Vec<String>>,
    test: Option<bool>,
    opt_out: Option<OptOutMode>,
    media_auth: Option<bool>,
    blocked_prefixes: Option<Vec<String>>,
}

async fn create_account(State(sim): State<TwilioSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewAccount| {
        let sid = new.account_sid.as_str();
        sim.create_account(sid, &new.auth_token);
        for (key, secret) in &new.api_keys {
            sim.create_api_key(sid, key, secret)?;
        }
        if let Some(status) = &new.status {
            sim.set_account_status(sid, status)?;
        }
        if let Some(verified) = &new.trial_verified {
            let verified: Vec<&str> = verified.iter().map(String::as_str).collect();
            sim.set_trial(sid, Some(&verified))?;
        }
        if let Some(test) = new.test {
            sim.set_test_credentials(sid, test)?;
        }
        if let Some(mode) = new.opt_out {
            sim.set_opt_out_mode(sid, mode)?;
        }
        if let Some(on) = new.media_auth {
            sim.set_media_auth(sid, on)?;
        }
        if let Some(prefixes) = &new.blocked_prefixes {
            let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
            sim.set_blocked_prefixes(sid, &prefixes)?;
        }
        Ok(json!({ "account_sid": sid }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewNumber {
    account_sid: String,
    phone_number: String,
    #[serde(default)]
    sms_url: String,
    sms_method: Option<String>,
    fallback_url: Option<String>,
    rate: Option<u32>,
    mms: Option<bool>,
}

async fn create_number(State(sim): State<TwilioSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewNumber| {
        let sid = sim.create_number(&new.account_sid, &new.phone_number, &new.sms_url)?;
        if let Some(method) = &new.sms_method {
            sim.set_webhook_method(&new.phone_number, method)?;
        }
        if let Some(url) = &new.fallback_url {
            sim.set_fallback_url(&new.phone_number, url)?;
        }
        if let Some(rate) = new.rate {
            sim.set_rate(&new.phone_number, rate)?;
        }
        if let Some(mms) = new.mms {
            sim.set_mms(&new.phone_number, mms)?;
        }
        Ok(json!({ "sid": sid }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewService {
    account_sid: String,
    #[serde(default)]
    fields: Vec<(String, String)>,
    #[serde(default)]
    numbers: Vec<String>,
}

async fn create_service(State(sim): State<TwilioSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewService| {
        let fields: Vec<(&str, &str)> = new.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let numbers: Vec<&str> = new.numbers.iter().map(String::as_str).collect();
        let sid = sim.create_service(&new.account_sid, &fields, &numbers)?;
        Ok(json!({ "sid": sid }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetHandset {
    phone_number: String,
    fails_with: Option<u32>,
}

async fn set_handset(State(sim): State<TwilioSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, set: SetHandset| {
        sim.set_handset_failure(&set.phone_number, set.fails_with);
        Ok(json!({}))
    })
}

async fn add_fate(State(sim): State<TwilioSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, fate: Fate| {
        sim.add_fate(fate);
        Ok(json!({}))
    })
}

async fn clear_fates(State(sim): State<TwilioSim>) -> Response<Body> {
    sim.clear_fates();
    respond::json(200, &json!({}))
}

async fn settings(State(sim): State<TwilioSim>) -> Response<Body> {
    respond::json(200, &sim.settings())
}

async fn set_settings(State(sim): State<TwilioSim>, body: Bytes) -> Response<Body> {
    answer(overlaid(&sim.settings(), &body).map(|settings: Settings| {
        sim.change_settings(|current| *current = settings);
        serde_json::to_value(sim.settings()).unwrap_or_default()
    }))
}

/// The newest 1,000 messages sent through the API, oldest first, and how many there were in all.
async fn messages(State(sim): State<TwilioSim>) -> Response<Body> {
    let all = sim.messages_received();
    let newest: Vec<Value> = all[all.len().saturating_sub(1_000)..].iter().map(Message::to_json).collect();
    respond::json(200, &json!({ "count": sim.messages_received_count(), "messages": newest }))
}

#[derive(Deserialize)]
struct Report {
    sid: String,
    #[serde(flatten)]
    step: Step,
}

async fn report_status(State(sim): State<TwilioSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, report: Report| {
        if !lock(&sim.inner.state).messages.contains_key(&report.sid) {
            return Err(SimError(format!("sid: no message {}", report.sid)));
        }
        sim.report_status(&report.sid, &report.step);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inbound {
    from: String,
    to: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    media: Vec<crate::Upload>,
    #[serde(default)]
    fields: Vec<(String, String)>,
}

async fn inbound(State(sim): State<TwilioSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: Inbound| {
        let sid = sim.arrive(&new.from, &new.to, &new.body, &new.media, new.fields)?;
        Ok(json!({ "sid": sid }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonWebhook {
    account_sid: String,
    url: String,
    body: String,
}

async fn json_webhook(State(sim): State<TwilioSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, hook: JsonWebhook| {
        sim.send_json_webhook(&hook.account_sid, &hook.url, &hook.body);
        Ok(json!({}))
    })
}

async fn alerts(State(sim): State<TwilioSim>) -> Response<Body> {
    respond::json(200, &json!({ "alerts": sim.alerts() }))
}
