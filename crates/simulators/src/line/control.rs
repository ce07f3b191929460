//! The LINE vendor's part of the control API.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::LineSim;
use super::model::Settings;
use crate::kit::control::{self, answer, overlaid};
use crate::kit::respond;

pub(crate) fn router(sim: &LineSim) -> Router {
    Router::new()
        .route("/bots", post(create_bot))
        .route("/tokens/revoke", post(revoke))
        .route("/event", post(event))
        .route("/events", post(events))
        .route("/unsend", post(unsend))
        .route("/raw-webhook", post(raw_webhook))
        .route("/settings", get(settings).post(set_settings))
        .route("/messages", get(messages))
        .with_state(sim.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBot {
    bot_user_id: String,
    channel_id: String,
    channel_secret: String,
    #[serde(default)]
    name: String,
    access_token: String,
    endpoint: Option<String>,
    standby: Option<bool>,
}

async fn create_bot(State(sim): State<LineSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewBot| {
        sim.create_bot(&new.bot_user_id, &new.channel_id, &new.channel_secret, &new.name, &new.access_token);
        if let Some(url) = &new.endpoint {
            sim.set_endpoint(&new.bot_user_id, url)?;
        }
        if let Some(on) = new.standby {
            sim.set_standby(&new.bot_user_id, on)?;
        }
        Ok(json!({ "bot_user_id": new.bot_user_id }))
    })
}

#[derive(Deserialize)]
struct Revoke {
    access_token: String,
}

async fn revoke(State(sim): State<LineSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, revoke: Revoke| {
        sim.revoke_token(&revoke.access_token);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnyEvent {
    bot_user_id: String,
    user_id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    content: Value,
}

async fn event(State(sim): State<LineSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: AnyEvent| {
        sim.send_event(&new.bot_user_id, &new.user_id, &new.kind, &new.content);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    bot_user_id: String,
    events: Vec<Value>,
}

/// Events of your own in one webhook.
async fn events(State(sim): State<LineSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: Events| {
        sim.send_events(&new.bot_user_id, &new.events);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unsend {
    bot_user_id: String,
    user_id: String,
    message_id: String,
}

async fn unsend(State(sim): State<LineSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: Unsend| {
        sim.consumer_unsends(&new.bot_user_id, &new.user_id, &new.message_id)?;
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWebhook {
    bot_user_id: String,
    body: String,
}

async fn raw_webhook(State(sim): State<LineSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: RawWebhook| {
        sim.send_raw_webhook(&new.bot_user_id, &new.body);
        Ok(json!({}))
    })
}

async fn settings(State(sim): State<LineSim>) -> Response<Body> {
    respond::json(200, &sim.settings())
}

async fn set_settings(State(sim): State<LineSim>, body: Bytes) -> Response<Body> {
    answer(overlaid(&sim.settings(), &body).map(|settings: Settings| {
        sim.change_settings(|current| *current = settings);
        serde_json::to_value(sim.settings()).unwrap_or_default()
    }))
}

/// The newest 1,000 accepted messages, oldest first, and how many there were in all.
async fn messages(State(sim): State<LineSim>) -> Response<Body> {
    let all = sim.messages_received();
    let shown = |sent: &super::Sent| json!({ "id": sent.id, "bot_user_id": sent.bot_user_id, "to": sent.to, "way": sent.way, "at_ms": sent.at_ms, "message": sent.message });
    let newest: Vec<Value> = all[all.len().saturating_sub(1_000)..].iter().map(shown).collect();
    respond::json(200, &json!({ "count": all.len(), "messages": newest }))
}
