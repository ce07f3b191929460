//! The API surface: routes, tokens, rates, and every call but the messages themselves.

use axum::body::Body;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderValue, Method, Response};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::LineSim;
use super::model::{Accepted, RETRY_MS, Token};
use crate::kit::respond::{self, Fields};
use crate::kit::{lane_of, lock};

/// How long an issued token lives.
const STATELESS_MS: i64 = 15 * 60_000;

/// A refusal: status, words, and which part of the body was at fault.
pub(crate) struct Refused(pub u16, pub String, pub Vec<(String, String)>);

pub(crate) type Answer = Result<Response<Body>, Refused>;

pub(crate) fn refuse(status: u16, message: &str) -> Refused {
    Refused(status, message.to_owned(), Vec::new())
}

impl Refused {
    fn into_response(self) -> Response<Body> {
        let details: Vec<Value> = self.2.iter().map(|(message, property)| json!({ "message": message, "property": property })).collect();
        let mut body = json!({ "message": self.1 });
        if !details.is_empty() {
            body["details"] = details.into();
        }
        respond::json(self.0, &body)
    }
}

/// One call, already taken apart.
pub(crate) struct Call {
    pub bot: String,
    pub body: Value,
    pub retry_key: Option<String>,
    pub request: String,
}

impl LineSim {
    /// Answers a request on the vendor's surface.
    pub(crate) async fn answer(&self, parts: Parts, body: Bytes) -> Response<Body> {
        let request = self.ids().sid("");
        let mut response = self.route(parts, body, &request).await.unwrap_or_else(Refused::into_response);
        if let Ok(value) = HeaderValue::from_str(&request) {
            response.headers_mut().insert("x-line-request-id", value);
        }
        response
    }

    async fn route(&self, parts: Parts, body: Bytes, request: &str) -> Answer {
        let path = parts.uri.path().trim_matches('/').to_owned();
        let segments: Vec<&str> = path.split('/').collect();
        let (get, post, put) = (parts.method == Method::GET, parts.method == Method::POST, parts.method == Method::PUT);
        match segments[..] {
            ["oauth2", "v3", "token"] if post => return self.issue(&Fields::parse(&body)),
            ["v2", "oauth", "verify"] if post => return self.verify(&Fields::parse(&body)),
            _ => {}
        }
        let bot = self.bearer(&parts)?;
        self.rate(&path)?;
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).map_err(|_| refuse(400, "The request body could not be parsed as JSON"))?
        };
        let retry_key = parts.headers.get("x-line-retry-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let call = Call { bot, body, retry_key, request: request.to_owned() };
        match segments[..] {
            ["v2", "bot", "message", "reply"] if post => self.reply(&call).await,
            ["v2", "bot", "message", "push"] if post => self.push(&call).await,
            ["v2", "bot", "message", "validate", "reply" | "push" | "multicast"] if post => {
                super::messages::check(&call.body).map(|_| respond::json(200, &json!({})))
            }
            ["v2", "bot", "message", id, "content"] if get => self.content(&call, id),
            ["v2", "bot", "message", "quota"] if get => {
                let quota = lock(&self.inner.state).settings.quota;
                Ok(respond::json(200, &quota.map_or(json!({ "type": "none" }), |left| json!({ "type": "limited", "value": left }))))
            }
            ["v2", "bot", "info"] if get => self.info(&call),
            ["v2", "bot", "profile", user] if get => self.profile(&call, user),
            ["v2", "bot", "chat", "loading", "start"] if post => self.loading(&call),
            ["v2", "bot", "chat", "markAsRead"] if post => self.mark(&call),
            ["v2", "bot", "channel", "webhook", "endpoint"] if put => self.put_endpoint(&call),
            ["v2", "bot", "channel", "webhook", "endpoint"] if get => self.get_endpoint(&call),
            ["v2", "bot", "channel", "webhook", "test"] if post => self.test_endpoint(&call).await,
            _ => Err(refuse(404, "Not found")),
        }
    }

    fn issue(&self, form: &Fields) -> Answer {
        let mut state = lock(&self.inner.state);
        let id = form.get("client_id").unwrap_or_default();
        let secret = form.get("client_secret").unwrap_or_default();
        let bot = state.bots.iter().find(|(_, bot)| bot.channel_id == id && bool::from(bot.secret.as_bytes().ct_eq(secret.as_bytes())));
        let Some(bot) = bot.map(|(id, _)| id.clone()).filter(|_| form.get("grant_type") == Some("client_credentials")) else {
            return Ok(respond::json(400, &json!({ "error": "invalid_client", "error_description": "invalid client_secret" })));
        };
        let token = self.ids().sid("st");
        state.tokens.insert(token.clone(), Token { bot, until_ms: Some(self.now_ms() + STATELESS_MS) });
        Ok(respond::json(200, &json!({ "token_type": "Bearer", "access_token": token, "expires_in": STATELESS_MS / 1_000 })))
    }

    fn verify(&self, form: &Fields) -> Answer {
        let state = lock(&self.inner.state);
        let token = state.tokens.get(form.get("access_token").unwrap_or_default());
        let bot = token.and_then(|token| state.bots.get(&token.bot));
        let bot = bot.ok_or_else(|| refuse(400, "access token expired"))?;
        Ok(respond::json(200, &json!({ "client_id": bot.channel_id, "expires_in": 2_591_659, "scope": "P CM" })))
    }

    /// The bot whose token it is.
    fn bearer(&self, parts: &Parts) -> Result<String, Refused> {
        let given = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
        let given = given.ok_or_else(|| refuse(401, "Authentication failed due to the following reason: missing token."))?;
        let state = lock(&self.inner.state);
        let token = state.tokens.get(given).filter(|token| token.until_ms.is_none_or(|until| until > self.now_ms()));
        token.map(|token| token.bot.clone()).ok_or_else(|| refuse(401, "Authentication failed due to the following reason: invalid token. Confirm that the access token in the authorization header is valid."))
    }

    fn rate(&self, path: &str) -> Result<(), Refused> {
        if self.is_sink() {
            return Ok(());
        }
        let second = self.now_ms() / 1_000;
        let mut state = lock(&self.inner.state);
        let most = state.settings.rate;
        let count = state.rates.entry(path.to_owned()).or_insert((second, 0));
        *count = if count.0 == second { (second, count.1 + 1) } else { (second, 1) };
        if count.1 > most { Err(refuse(429, "The API rate limit has been exceeded. Try again later.")) } else { Ok(()) }
    }

    async fn reply(&self, call: &Call) -> Answer {
        let messages = super::messages::check(&call.body)?;
        let token = call.body["replyToken"].as_str().unwrap_or_default();
        let known = lock(&self.inner.state).replies.remove(token).filter(|reply| reply.bot == call.bot && reply.until_ms > self.now_ms());
        let reply = known.ok_or_else(|| refuse(400, "Invalid reply token"))?;
        let ids = self.accept(&call.bot, &reply.user, "reply", &messages).await;
        Ok(respond::json(200, &sent(&ids)))
    }

    async fn push(&self, call: &Call) -> Answer {
        let to = call.body["to"].as_str().unwrap_or_default().to_owned();
        let shaped = to.len() == 33 && to.starts_with(['U', 'C', 'R']) && to[1..].bytes().all(|byte| byte.is_ascii_hexdigit());
        if !shaped {
            return Err(refuse(400, "The property, 'to', in the request body is invalid (line: -, column: -)"));
        }
        let messages = super::messages::check(&call.body)?;
        {
            let mut state = lock(&self.inner.state);
            if let Some(key) = &call.retry_key {
                if key.len() != 36 {
                    return Err(refuse(400, "Invalid retry key"));
                }
                if let Some(accepted) = state.accepted.get(key).filter(|accepted| accepted.until_ms > self.now_ms()).cloned() {
                    let mut body = accepted.answer;
                    body["message"] = "The retry key is already accepted".into();
                    let mut response = respond::json(409, &body);
                    if let Ok(value) = HeaderValue::from_str(&accepted.request) {
                        response.headers_mut().insert("x-line-accepted-request-id", value);
                    }
                    return Ok(response);
                }
            }
            if state.friend(&call.bot, &to).is_none() {
                return Err(refuse(400, "Failed to send messages"));
            }
            match &mut state.settings.quota {
                Some(0) => return Err(refuse(429, "You have reached your monthly limit.")),
                Some(left) => *left -= 1,
                None => {}
            }
        }
        let ids = self.accept(&call.bot, &to, "push", &messages).await;
        let answer = sent(&ids);
        if let Some(key) = &call.retry_key {
            let accepted = Accepted { request: call.request.clone(), answer: answer.clone(), until_ms: self.now_ms() + RETRY_MS };
            lock(&self.inner.state).accepted.insert(key.clone(), accepted);
        }
        Ok(respond::json(200, &answer))
    }

    fn content(&self, call: &Call, id: &str) -> Answer {
        let (settings, found) = {
            let state = lock(&self.inner.state);
            (state.settings.clone(), state.contents.get(id).cloned())
        };
        let (_, media, came) = found.filter(|(bot, ..)| *bot == call.bot).ok_or_else(|| refuse(404, "Not found"))?;
        let age = self.now_ms() - came;
        if age < settings.content_ready_after_ms {
            return Ok(respond::empty(202));
        }
        let media = self.media().get(&media).filter(|_| age < settings.content_ttl_ms).ok_or_else(|| refuse(410, "Gone"))?;
        Ok(respond::bytes(200, &media.content_type, media.bytes))
    }

    fn info(&self, call: &Call) -> Answer {
        let state = lock(&self.inner.state);
        let name = state.bots.get(&call.bot).map(|bot| bot.name.clone()).unwrap_or_default();
        Ok(respond::json(
            200,
            &json!({ "userId": call.bot, "basicId": "@simulated", "displayName": name, "chatMode": "bot", "markAsReadMode": "manual" }),
        ))
    }

    fn profile(&self, call: &Call, user: &str) -> Answer {
        let state = lock(&self.inner.state);
        let friend = state.friend(&call.bot, user).filter(|friend| !friend.blocked).ok_or_else(|| refuse(404, "Not found"))?;
        Ok(respond::json(200, &json!({ "displayName": friend.name, "userId": user, "language": "en" })))
    }

    fn loading(&self, call: &Call) -> Answer {
        let user = call.body["chatId"].as_str().unwrap_or_default();
        let seconds = call.body["loadingSeconds"].as_i64().unwrap_or(20);
        if !(5..=60).contains(&seconds) || seconds % 5 != 0 {
            return Err(refuse(400, "The property, 'loadingSeconds', in the request body is invalid"));
        }
        let until = self.now_ms() + seconds * 1_000;
        {
            let mut state = lock(&self.inner.state);
            let friend =
                state.friend_mut(&call.bot, user).ok_or_else(|| refuse(400, "The property, 'chatId', in the request body is invalid"))?;
            friend.typing_until_ms = until;
        }
        // The dots vanish by themselves; whoever watches must hear of it.
        let sim = self.clone();
        self.pump().schedule(until, lane_of(user), move || async move { sim.changed() });
        self.changed();
        Ok(respond::json(202, &json!({})))
    }

    fn mark(&self, call: &Call) -> Answer {
        let token = call.body["markAsReadToken"].as_str().unwrap_or_default();
        let now = self.now_ms();
        let mut state = lock(&self.inner.state);
        let (_, user) = state.marks.get(token).filter(|(bot, _)| *bot == call.bot).cloned().ok_or_else(|| refuse(400, "Invalid token"))?;
        if let Some(friend) = state.friend_mut(&call.bot, &user) {
            friend.seen_ms = Some(now);
        }
        drop(state);
        self.changed();
        Ok(respond::json(200, &json!({})))
    }

    fn put_endpoint(&self, call: &Call) -> Answer {
        let url = call.body["endpoint"].as_str().filter(|url| url.len() <= 500 && url::Url::parse(url).is_ok());
        let url = url.ok_or_else(|| refuse(400, "Invalid webhook endpoint URL"))?.to_owned();
        if let Some(bot) = lock(&self.inner.state).bots.get_mut(&call.bot) {
            bot.endpoint = url;
        }
        Ok(respond::json(200, &json!({})))
    }

    fn get_endpoint(&self, call: &Call) -> Answer {
        let endpoint = self.endpoint_of(&call.bot);
        Ok(respond::json(200, &json!({ "endpoint": endpoint, "active": true })))
    }

    async fn test_endpoint(&self, call: &Call) -> Answer {
        let url = call.body["endpoint"].as_str().map(str::to_owned).unwrap_or_else(|| self.endpoint_of(&call.bot));
        let status = self.check_endpoint(&call.bot, &url).await;
        let reason = if status == 200 { "OK" } else { "ERROR_STATUS_CODE" };
        Ok(respond::json(
            200,
            &json!({ "success": status == 200, "timestamp": "2026-01-01T00:00:00Z", "statusCode": status, "reason": reason, "detail": status.to_string() }),
        ))
    }
}

fn sent(ids: &[String]) -> Value {
    let all: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "quoteToken": format!("q{id}") })).collect();
    json!({ "sentMessages": all })
}
