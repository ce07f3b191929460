//! Calls: a token in a header, JSON in, and HTTP 200 with a `status` out.

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::ViberSim;
use crate::kit::{Media, lock, respond};

/// A refusal: the status and its name.
pub(super) struct Refused(pub i64, pub String);

pub(super) fn bad(what: &str) -> Refused {
    Refused(3, format!("badData: {what}"))
}

impl ViberSim {
    pub(super) async fn answer(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        let path = parts.uri.path();
        if let Some(id) = path.strip_prefix("/media/") {
            return match self.media().get(id).filter(|media| self.now_ms() - media.created_ms < 3_600_000) {
                Some(Media { content_type, bytes, .. }) => respond::bytes(200, &content_type, bytes),
                None => respond::empty(404),
            };
        }
        let Some(method) = path.strip_prefix("/pa/").filter(|_| parts.method == Method::POST) else { return respond::empty(404) };
        let outcome = self.act(method, parts, body).await;
        self.changed();
        let answer = match outcome {
            Ok(mut answer) => {
                answer["status"] = 0.into();
                answer["status_message"] = "ok".into();
                answer
            }
            Err(Refused(status, message)) => json!({ "status": status, "status_message": message }),
        };
        respond::json(200, &answer)
    }

    async fn act(&self, method: &str, parts: &Parts, body: &Bytes) -> Result<Value, Refused> {
        let given = parts.headers.get("x-viber-auth-token").map(|value| value.as_bytes().to_vec()).unwrap_or_default();
        let bot = {
            let state = lock(&self.inner.state);
            let known = state.bots.iter().find(|(_, bot)| bool::from(bot.token.as_bytes().ct_eq(&given)));
            let (id, bot) = known.ok_or_else(|| Refused(2, "invalidAuthToken".into()))?;
            if let Some(status) = bot.refused_with {
                return Err(Refused(status, "refused as scripted".into()));
            }
            id.clone()
        };
        if body.len() > 30 * 1024 {
            return Err(bad("the request is larger than 30 kB"));
        }
        let fields: Value = serde_json::from_slice(body).map_err(|_| bad("the body is not JSON"))?;
        match method {
            "set_webhook" => self.take_webhook(&bot, &fields).await,
            "get_account_info" => {
                let state = lock(&self.inner.state);
                let known = &state.bots[&bot];
                let mut info = json!({ "id": bot, "name": known.name, "uri": known.uri, "event_types": known.event_types, "subscribers_count": state.relations.values().filter(|one| one.subscribed).count(), "members": [] });
                if !known.webhook.is_empty() {
                    info["webhook"] = known.webhook.as_str().into();
                }
                Ok(info)
            }
            "get_user_details" => {
                let id = fields["id"].as_str().unwrap_or_default();
                let state = lock(&self.inner.state);
                let person = state.threads.person(&bot, id).ok_or_else(|| Refused(5, "receiverNotRegistered".into()))?;
                Ok(
                    json!({ "message_token": 1, "user": { "id": id, "name": person.name, "language": "en", "country": "GB", "api_version": 10 } }),
                )
            }
            "get_online" => {
                let ids = fields["ids"].as_array().cloned().unwrap_or_default();
                let users: Vec<Value> =
                    ids.iter().map(|id| json!({ "id": id, "online_status": 0, "online_status_message": "online" })).collect();
                Ok(json!({ "users": users }))
            }
            "send_message" => self.send(&bot, fields).await,
            "broadcast_message" => self.broadcast(&bot, &fields).await,
            _ => Err(Refused(3, "badData: unknown method".into())),
        }
    }

    /// The address is called before the answer goes out, and must take it.
    async fn take_webhook(&self, bot: &str, fields: &Value) -> Result<Value, Refused> {
        let url = fields["url"].as_str().unwrap_or_default().to_owned();
        if url.is_empty() {
            self.set_webhook(bot, "").map_err(|error| bad(&error.0))?;
            return Ok(json!({ "event_types": [] }));
        }
        if !url.starts_with("http") || (self.settings().https_only && !url.starts_with("https://")) {
            return Err(Refused(1, "invalidUrl".into()));
        }
        if !self.try_address(bot, &url).await {
            return Err(Refused(1, "invalidUrl: Result: failed".into()));
        }
        let types =
            fields["event_types"].as_array().map(|list| list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect::<Vec<_>>());
        let known = self
            .bot(bot, |bot| {
                bot.webhook = url;
                if let Some(types) = types {
                    bot.event_types = types;
                }
                bot.event_types.clone()
            })
            .map_err(|error| bad(&error.0))?;
        Ok(json!({ "event_types": known }))
    }
}
