//! The gateway's part of the control API.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CmSim, Settings};
use crate::kit::control::{self, answer, overlaid};
use crate::kit::respond;

pub(super) fn router(sim: &CmSim) -> Router {
    Router::new()
        .route("/products", post(create_product))
        .route("/numbers", post(create_number))
        .route("/fates", post(set_fates))
        .route("/inbound", post(inbound))
        .route("/raw-webhook", post(raw_webhook))
        .route("/settings", get(settings).post(set_settings))
        .route("/messages", get(messages))
        .with_state(sim.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewProduct {
    product_token: String,
}

async fn create_product(State(sim): State<CmSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewProduct| {
        sim.create_product(&new.product_token);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewNumber {
    number: String,
    #[serde(default)]
    name: String,
}

async fn create_number(State(sim): State<CmSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewNumber| {
        sim.create_line(&new.number, &new.name);
        Ok(json!({ "number": new.number }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fates {
    /// Code of the report and its description, for one message each.
    fates: Vec<(String, String)>,
}

async fn set_fates(State(sim): State<CmSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, given: Fates| {
        let fates: Vec<(&str, &str)> = given.fates.iter().map(|(code, why)| (code.as_str(), why.as_str())).collect();
        sim.set_fates(&fates);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inbound {
    line: String,
    consumer: String,
    #[serde(default)]
    text: String,
    /// Overlays the callback's body.
    #[serde(default)]
    more: Value,
}

async fn inbound(State(sim): State<CmSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: Inbound| {
        let id = sim.consumer_sends(&new.line, &new.consumer, &new.text, None, &new.more)?;
        Ok(json!({ "id": id }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWebhook {
    body: String,
    url: Option<String>,
}

async fn raw_webhook(State(sim): State<CmSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: RawWebhook| {
        sim.send_raw_webhook(&new.body, new.url.as_deref());
        Ok(json!({}))
    })
}

async fn settings(State(sim): State<CmSim>) -> Response<Body> {
    respond::json(200, &sim.settings())
}

async fn set_settings(State(sim): State<CmSim>, body: Bytes) -> Response<Body> {
    answer(overlaid(&sim.settings(), &body).map(|settings: Settings| {
        sim.change_settings(|current| *current = settings);
        serde_json::to_value(sim.settings()).unwrap_or_default()
    }))
}

/// The newest 1,000 accepted messages, oldest first, and how many there were in all.
async fn messages(State(sim): State<CmSim>) -> Response<Body> {
    let all = sim.messages_received();
    let shown = |sent: &super::Sent| json!({ "from": sent.from, "to": sent.to, "text": sent.text, "reference": sent.reference, "parts": sent.parts, "at_ms": sent.at_ms });
    let newest: Vec<Value> = all[all.len().saturating_sub(1_000)..].iter().map(shown).collect();
    respond::json(200, &json!({ "count": all.len(), "messages": newest }))
}
