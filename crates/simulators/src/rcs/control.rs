//! The RCS simulator's part of the control API.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::json;

use super::RcsSim;
use crate::kit::control::{self, answer, read};
use crate::kit::respond;

pub(crate) fn router(sim: &RcsSim) -> Router {
    Router::new()
        .route("/agents", post(create_agent))
        .route("/agents/verify", post(verify))
        .route("/handsets", post(set_handset))
        .route("/messages", get(messages))
        .with_state(sim.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAgent {
    agent: String,
    name: String,
    client_token: String,
    #[serde(default)]
    webhook: String,
}

async fn create_agent(State(sim): State<RcsSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewAgent| {
        let account = sim.create_agent(&new.agent, &new.name, &new.client_token, &new.webhook)?;
        Ok(json!({ "agent": new.agent, "service_account_json": account }))
    })
}

#[derive(Deserialize)]
struct Verify {
    agent: String,
}

async fn verify(State(sim): State<RcsSim>, body: Bytes) -> Response<Body> {
    let result = match read::<Verify>(&body) {
        Ok(verify) => sim.shake_hands(&verify.agent).await,
        Err(error) => Err(error),
    };
    answer(result.map(|verified| json!({ "verified": verified })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetHandset {
    phone: String,
    reachable: Option<bool>,
    features: Option<Vec<String>>,
    #[serde(default)]
    offline: bool,
}

async fn set_handset(State(sim): State<RcsSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, set: SetHandset| {
        let features: Vec<&str> = match &set.features {
            Some(features) => features.iter().map(String::as_str).collect(),
            None => super::FEATURES.to_vec(),
        };
        sim.set_handset(&set.phone, set.reachable.unwrap_or(true), &features, set.offline).map(|()| json!({}))
    })
}

/// The newest 1,000 messages that agents sent, oldest first.
async fn messages(State(sim): State<RcsSim>) -> Response<Body> {
    let all = sim.messages_received();
    respond::json(200, &json!({ "messages": &all[all.len().saturating_sub(1_000)..] }))
}
