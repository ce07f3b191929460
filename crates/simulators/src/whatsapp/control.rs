//! The WhatsApp vendor's part of the control API.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::WhatsappSim;
use super::model::Settings;
use crate::kit::control::{self, answer, overlaid, read};
use crate::kit::respond;

pub(crate) fn router(sim: &WhatsappSim) -> Router {
    Router::new()
        .route("/apps", post(create_app))
        .route("/apps/verify", post(verify))
        .route("/accounts", post(create_account))
        .route("/numbers", post(create_number))
        .route("/templates", post(create_template))
        .route("/templates/decide", post(decide_template))
        .route("/sign-up", post(sign_up))
        .route("/people", post(set_person))
        .route("/tokens", post(set_token))
        .route("/fates", post(set_fates))
        .route("/inbound", post(inbound))
        .route("/account-event", post(account_event))
        .route("/raw-webhook", post(raw_webhook))
        .route("/settings", get(settings).post(set_settings))
        .route("/messages", get(messages))
        .with_state(sim.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApp {
    app_id: String,
    app_secret: String,
    verify_token: String,
    callback_url: Option<String>,
}

async fn create_app(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewApp| {
        sim.create_app(&new.app_id, &new.app_secret, &new.verify_token);
        if let Some(url) = &new.callback_url {
            sim.set_callback_url(&new.app_id, url)?;
        }
        Ok(json!({ "app_id": new.app_id }))
    })
}

#[derive(Deserialize)]
struct Verify {
    app_id: String,
}

async fn verify(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    let result = match read::<Verify>(&body) {
        Ok(verify) => sim.verify_webhook(&verify.app_id).await,
        Err(error) => Err(error),
    };
    answer(result.map(|()| json!({ "verified": true })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    waba_id: String,
    app_id: String,
}

async fn create_account(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewAccount| {
        sim.create_account(&new.waba_id, &new.app_id)?;
        Ok(json!({ "waba_id": new.waba_id }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewNumber {
    phone_number_id: String,
    display_phone_number: String,
    #[serde(default)]
    name: String,
    waba_id: String,
    token: String,
    app_id: String,
}

async fn create_number(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewNumber| {
        sim.create_number(&new.phone_number_id, &new.display_phone_number, &new.name, &new.waba_id, &new.token, &new.app_id)?;
        Ok(json!({ "phone_number_id": new.phone_number_id }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTemplate {
    waba_id: String,
    name: String,
    language: String,
    components: Value,
}

async fn create_template(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewTemplate| {
        let id = sim.create_template(&new.waba_id, &new.name, &new.language, new.components)?;
        Ok(json!({ "id": id }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    waba_id: String,
    name: String,
    event: String,
}

async fn decide_template(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, decision: Decision| {
        sim.decide_template(&decision.waba_id, &decision.name, &decision.event)?;
        Ok(json!({}))
    })
}

async fn sign_up(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewAccount| sim.sign_up(&new.app_id, &new.waba_id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetPerson {
    wa_id: String,
    name: Option<String>,
    offline: Option<bool>,
    hidden: Option<bool>,
    /// The code that every message to them fails with; 0: none.
    fails_with: Option<u32>,
}

async fn set_person(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, set: SetPerson| {
        if let Some(name) = &set.name {
            sim.create_consumer(&set.wa_id, name);
        }
        if let Some(offline) = set.offline {
            sim.set_offline(&set.wa_id, offline)?;
        }
        if let Some(hidden) = set.hidden {
            sim.hide_number(&set.wa_id, hidden)?;
        }
        if let Some(code) = set.fails_with {
            sim.set_unreachable(&set.wa_id, Some(code).filter(|code| *code != 0))?;
        }
        Ok(json!({ "user_id": sim.user_id(&set.wa_id) }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetToken {
    token: String,
    /// The code it is refused with; none revives it.
    revoked: Option<u32>,
}

async fn set_token(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, set: SetToken| {
        sim.revoke_token(&set.token, set.revoked)?;
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fates {
    codes: Vec<u32>,
}

async fn set_fates(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, fates: Fates| {
        sim.fail_next(&fates.codes);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inbound {
    phone_number_id: String,
    wa_id: String,
    #[serde(default)]
    text: String,
    /// What the webhook's message says beyond sender, id and time.
    message: Value,
}

async fn inbound(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: Inbound| {
        let id = sim.consumer_sends(&new.phone_number_id, &new.wa_id, &new.text, Vec::new(), new.message)?;
        Ok(json!({ "id": id }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountEvent {
    waba_id: String,
    field: String,
    value: Value,
}

async fn account_event(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: AccountEvent| {
        sim.send_account_event(&new.waba_id, &new.field, new.value);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWebhook {
    app_id: String,
    body: String,
}

async fn raw_webhook(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: RawWebhook| {
        sim.send_raw_webhook(&new.app_id, &new.body);
        Ok(json!({}))
    })
}

async fn settings(State(sim): State<WhatsappSim>) -> Response<Body> {
    respond::json(200, &sim.settings())
}

async fn set_settings(State(sim): State<WhatsappSim>, body: Bytes) -> Response<Body> {
    answer(overlaid(&sim.settings(), &body).map(|settings: Settings| {
        sim.change_settings(|current| *current = settings);
        serde_json::to_value(sim.settings()).unwrap_or_default()
    }))
}

/// The newest 1,000 accepted messages, oldest first, and how many there were in all.
async fn messages(State(sim): State<WhatsappSim>) -> Response<Body> {
    let all = sim.messages_received();
    let shown = |sent: &super::Sent| json!({ "seq": sent.seq, "id": sent.id, "phone_number_id": sent.phone_number_id, "to": sent.to, "at_ms": sent.at_ms, "type": sent.kind, "body": sent.body });
    let newest: Vec<Value> = all[all.len().saturating_sub(1_000)..].iter().map(shown).collect();
    respond::json(200, &json!({ "count": sim.messages_received_count(), "messages": newest }))
}
