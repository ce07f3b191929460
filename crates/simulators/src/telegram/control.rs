//! The Telegram simulator's part of the control API.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::TelegramSim;
use crate::kit::{control, respond};

pub(crate) fn router(sim: &TelegramSim) -> Router {
    Router::new()
        .route("/bots", post(create_bot))
        .route("/bots/token", post(renew_token))
        .route("/edit", post(edit))
        .route("/reaction", post(react))
        .route("/move", post(move_chat))
        .route("/update", post(update))
        .route("/messages", get(messages))
        .with_state(sim.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBot {
    token: String,
    username: String,
    name: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    secret_token: String,
}

async fn create_bot(State(sim): State<TelegramSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewBot| {
        let id = sim.create_bot(&new.token, &new.username, &new.name)?;
        sim.set_webhook(&id, &new.url, &new.secret_token)?;
        Ok(json!({ "id": id }))
    })
}

#[derive(Deserialize)]
struct NewToken {
    bot: String,
    token: String,
}

async fn renew_token(State(sim): State<TelegramSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewToken| sim.renew_token(&new.bot, &new.token).map(|()| json!({})))
}

#[derive(Deserialize)]
struct Edit {
    bot: String,
    chat: String,
    message: String,
    text: String,
}

async fn edit(State(sim): State<TelegramSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: Edit| sim.consumer_edits(&new.bot, &new.chat, &new.message, &new.text).map(|()| json!({})))
}

#[derive(Deserialize)]
struct React {
    bot: String,
    chat: String,
    message: String,
    emoji: Option<String>,
}

async fn react(State(sim): State<TelegramSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: React| {
        sim.consumer_reacts(&new.bot, &new.chat, &new.message, new.emoji.as_deref()).map(|()| json!({}))
    })
}

#[derive(Deserialize)]
struct Move {
    bot: String,
    chat: String,
    to: i64,
}

async fn move_chat(State(sim): State<TelegramSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: Move| sim.move_chat(&new.bot, &new.chat, new.to).map(|()| json!({})))
}

#[derive(Deserialize)]
struct AnyUpdate {
    bot: String,
    kind: String,
    thing: Value,
}

async fn update(State(sim): State<TelegramSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: AnyUpdate| sim.send_update(&new.bot, &new.kind, new.thing).map(|id| json!({ "update_id": id })))
}

/// The newest 1,000 messages that bots sent, oldest first.
async fn messages(State(sim): State<TelegramSim>) -> Response<Body> {
    let all = sim.messages_received();
    respond::json(200, &json!({ "messages": &all[all.len().saturating_sub(1_000)..] }))
}
