//! The Viber simulator's part of the control API.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::json;

use super::ViberSim;
use crate::kit::{control, respond};

pub(crate) fn router(sim: &ViberSim) -> Router {
    Router::new()
        .route("/bots", post(create_bot))
        .route("/refuse", post(refuse))
        .route("/people", post(set_person))
        .route("/messages", get(messages))
        .with_state(sim.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBot {
    id: String,
    auth_token: String,
    name: String,
    #[serde(default)]
    webhook: String,
}

async fn create_bot(State(sim): State<ViberSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewBot| {
        sim.create_bot(&new.id, &new.auth_token, &new.name);
        sim.set_webhook(&new.id, &new.webhook)?;
        Ok(json!({ "id": new.id }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refuse {
    bot: String,
    status: Option<i64>,
}

async fn refuse(State(sim): State<ViberSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, set: Refuse| sim.refuse_with(&set.bot, set.status).map(|()| json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetPerson {
    bot: String,
    id: String,
    fails_with: Option<String>,
}

async fn set_person(State(sim): State<ViberSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, set: SetPerson| sim.set_failure(&set.bot, &set.id, set.fails_with.as_deref()).map(|()| json!({})))
}

/// The newest 1,000 messages that bots sent, oldest first.
async fn messages(State(sim): State<ViberSim>) -> Response<Body> {
    let all = sim.messages_received();
    respond::json(200, &json!({ "messages": &all[all.len().saturating_sub(1_000)..] }))
}
