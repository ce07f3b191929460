//! The Messenger vendor's part of the control API.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::MessengerSim;
use super::model::{Settings, Unreachable, Usage};
use crate::kit::control::{self, answer, overlaid, read};
use crate::kit::{SimError, respond};

pub(crate) fn router(sim: &MessengerSim) -> Router {
    Router::new()
        .route("/apps", post(create_app))
        .route("/apps/verify", post(verify))
        .route("/pages", post(create_page))
        .route("/users", post(create_user))
        .route("/people", post(set_person))
        .route("/tokens", post(set_token))
        .route("/usage", post(set_usage))
        .route("/settings", get(settings).post(set_settings))
        .route("/messages", get(messages))
        .route("/reaction", post(react))
        .route("/event", post(event))
        .route("/raw-webhook", post(raw_webhook))
        .route("/hold", post(hold))
        .with_state(sim.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApp {
    app_id: String,
    app_secret: String,
    verify_token: String,
    callback_url: Option<String>,
    require_proof: Option<bool>,
    human_agent: Option<bool>,
}

async fn create_app(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewApp| {
        let id = new.app_id.as_str();
        sim.create_app(id, &new.app_secret, &new.verify_token);
        if let Some(url) = &new.callback_url {
            sim.set_callback_url(id, url)?;
        }
        if let Some(on) = new.require_proof {
            sim.require_proof(id, on)?;
        }
        if let Some(on) = new.human_agent {
            sim.approve_human_agent(id, on)?;
        }
        Ok(json!({ "app_id": id }))
    })
}

#[derive(Deserialize)]
struct Verify {
    app_id: String,
}

async fn verify(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    let result = match read::<Verify>(&body) {
        Ok(verify) => sim.verify_webhook(&verify.app_id).await,
        Err(error) => Err(error),
    };
    answer(result.map(|()| json!({ "verified": true })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPage {
    page_id: String,
    name: String,
    page_access_token: String,
    app_id: String,
    fields: Option<Vec<String>>,
    conversation_routing: Option<bool>,
}

async fn create_page(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewPage| {
        sim.create_page(&new.page_id, &new.name, &new.page_access_token, &new.app_id)?;
        if let Some(fields) = &new.fields {
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            sim.set_subscribed_fields(&new.page_id, &new.app_id, &fields)?;
        }
        if let Some(on) = new.conversation_routing {
            sim.set_conversation_routing(&new.page_id, on)?;
        }
        Ok(json!({ "page_id": new.page_id }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    user_id: String,
    name: String,
    token: String,
    app_id: String,
    #[serde(default)]
    pages: Vec<String>,
}

async fn create_user(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: NewUser| {
        let pages: Vec<&str> = new.pages.iter().map(String::as_str).collect();
        sim.create_user(&new.user_id, &new.name, &new.token, &new.app_id, &pages)?;
        Ok(json!({ "user_id": new.user_id }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetPerson {
    page_id: String,
    psid: String,
    offline: Option<bool>,
    hidden: Option<bool>,
    /// `gone`, `muted`, `no_role`, or `ok`.
    reachable: Option<String>,
    /// App id, or empty for nobody.
    owner: Option<String>,
}

async fn set_person(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, set: SetPerson| {
        let (page, psid) = (set.page_id.as_str(), set.psid.as_str());
        if let Some(offline) = set.offline {
            sim.set_offline(page, psid, offline)?;
        }
        if let Some(hidden) = set.hidden {
            sim.hide_profile(page, psid, hidden)?;
        }
        if let Some(reachable) = &set.reachable {
            let why = match reachable.as_str() {
                "ok" => None,
                "gone" => Some(Unreachable::Gone),
                "muted" => Some(Unreachable::Muted),
                "no_role" => Some(Unreachable::NoRole),
                other => return Err(SimError(format!("reachable: {other:?}; give ok, gone, muted or no_role"))),
            };
            sim.set_unreachable(page, psid, why)?;
        }
        if let Some(owner) = &set.owner {
            sim.set_thread_owner(page, psid, Some(owner.as_str()).filter(|owner| !owner.is_empty()))?;
        }
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetToken {
    token: String,
    /// 0 revives.
    revoked: Option<u32>,
    messaging: Option<bool>,
}

async fn set_token(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, set: SetToken| {
        if let Some(subcode) = set.revoked {
            sim.revoke_token(&set.token, Some(subcode).filter(|subcode| *subcode != 0))?;
        }
        if let Some(on) = set.messaging {
            sim.grant_messaging(&set.token, on)?;
        }
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
struct SetUsage {
    page_id: String,
    usage: Usage,
}

async fn set_usage(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, set: SetUsage| {
        sim.set_usage(&set.page_id, set.usage)?;
        Ok(json!({}))
    })
}

async fn settings(State(sim): State<MessengerSim>) -> Response<Body> {
    respond::json(200, &sim.settings())
}

async fn set_settings(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    answer(overlaid(&sim.settings(), &body).map(|settings: Settings| {
        sim.change_settings(|current| *current = settings);
        serde_json::to_value(sim.settings()).unwrap_or_default()
    }))
}

/// The newest 1,000 accepted messages, oldest first, and how many there were in all.
async fn messages(State(sim): State<MessengerSim>) -> Response<Body> {
    let all = sim.messages_received();
    let newest: Vec<Value> = all[all.len().saturating_sub(1_000)..]
        .iter()
        .map(|sent| {
            json!({
                "seq": sent.seq, "mid": sent.mid, "page_id": sent.page_id, "psid": sent.psid, "app_id": sent.app_id,
                "at_ms": sent.at_ms, "text": sent.text, "message": sent.message,
                "messaging_type": sent.messaging_type, "tag": sent.tag,
            })
        })
        .collect();
    respond::json(200, &json!({ "count": sim.messages_received_count(), "messages": newest }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct React {
    page_id: String,
    psid: String,
    mid: String,
    reaction: Option<(String, String)>,
}

async fn react(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: React| {
        let reaction = new.reaction.as_ref().map(|(name, emoji)| (name.as_str(), emoji.as_str()));
        sim.consumer_reacts(&new.page_id, &new.psid, &new.mid, reaction)?;
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnyEvent {
    page_id: String,
    psid: String,
    field: String,
    kind: String,
    content: Value,
}

async fn event(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: AnyEvent| {
        sim.send_event(&new.page_id, &new.psid, &new.field, &new.kind, new.content)?;
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWebhook {
    app_id: String,
    body: String,
}

async fn raw_webhook(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, new: RawWebhook| {
        sim.send_raw_webhook(&new.app_id, &new.body);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
struct Hold {
    on: bool,
}

async fn hold(State(sim): State<MessengerSim>, body: Bytes) -> Response<Body> {
    control::with(&sim, &body, |sim, hold: Hold| {
        if hold.on {
            sim.hold_webhooks();
        } else {
            sim.release_webhooks();
        }
        Ok(json!({}))
    })
}
