//! Calls: the token in the path, parameters as JSON, form, query or multipart, and answers with `ok`.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request};
use bytes::Bytes;
use http::Response;
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::TelegramSim;
use crate::kit::respond::{self, Fields};
use crate::kit::{Media, lock};

/// A refusal: code, description, parameters.
pub(super) struct Refused(pub u16, pub String, pub Value);

pub(super) fn bad(description: impl Into<String>) -> Refused {
    Refused(400, format!("Bad Request: {}", description.into()), Value::Null)
}

/// A file that came with the call.
pub(super) struct Upload {
    pub field: String,
    pub content_type: String,
    pub name: String,
    pub bytes: Bytes,
}

/// One call.
pub(super) struct Call {
    /// The bot's id.
    pub bot: String,
    pub method: String,
    pub params: Map<String, Value>,
    pub files: Vec<Upload>,
}

impl Call {
    /// A parameter as text.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.params.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A parameter that is an object or list; forms carry it as JSON text.
    pub fn object(&self, name: &str) -> Option<Value> {
        match self.params.get(name)? {
            Value::String(text) => serde_json::from_str(text).ok(),
            other => Some(other.clone()),
        }
    }
}

/// How long a file's address is good.
const PATH_MS: i64 = 3_600_000;
/// How long a tap can be answered.
const TAP_MS: i64 = 60_000;
/// The largest file that a bot may fetch.
const DOWNLOAD_MAX: usize = 20 * 1024 * 1024;

impl TelegramSim {
    pub(super) async fn answer(&self, parts: Parts, body: Bytes) -> Response<Body> {
        let path = parts.uri.path().to_owned();
        if let Some((token, path)) = path.strip_prefix("/file/bot").and_then(|rest| rest.split_once('/')) {
            return self.file(token, path);
        }
        let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
            return refusal(&Refused(404, "Not Found".into(), Value::Null));
        };
        let bot = lock(&self.inner.state).bot_of(token).map(str::to_owned);
        let Some(bot) = bot else { return refusal(&Refused(401, "Unauthorized".into(), Value::Null)) };
        let outcome = match read(bot, method.to_owned(), parts, body).await {
            Ok(call) => self.act(call).await,
            Err(refused) => Err(refused),
        };
        self.changed();
        match outcome {
            Ok(result) => respond::json(200, &json!({ "ok": true, "result": result })),
            Err(refused) => refusal(&refused),
        }
    }

    async fn act(&self, call: Call) -> Result<Value, Refused> {
        match call.method.as_str() {
            "getMe" => {
                let state = lock(&self.inner.state);
                let bot = &state.bots[&call.bot];
                Ok(
                    json!({ "id": call.bot.parse::<u64>().unwrap_or_default(), "is_bot": true, "first_name": bot.name, "username": bot.username, "can_join_groups": true }),
                )
            }
            "setWebhook" => self.take_webhook(&call),
            "deleteWebhook" => {
                lock(&self.inner.state).bots.entry(call.bot.clone()).and_modify(|bot| bot.webhook.url.clear());
                Ok(Value::Bool(true))
            }
            "getWebhookInfo" => {
                let state = lock(&self.inner.state);
                let mut info = serde_json::to_value(&state.bots[&call.bot].webhook).unwrap_or_default();
                info["has_custom_certificate"] = false.into();
                if let Some(info) = info.as_object_mut() {
                    info.retain(|_, value| !value.is_null());
                }
                Ok(info)
            }
            "getFile" => self.file_path(&call),
            "getChat" => {
                let chat = call.text("chat_id").unwrap_or_default();
                let state = lock(&self.inner.state);
                let person = state.threads.person(&call.bot, &chat).ok_or_else(|| bad("chat not found"))?;
                let (first, last) = person.name.split_once(' ').unwrap_or((&person.name, ""));
                Ok(json!({ "id": chat.parse::<i64>().unwrap_or_default(), "type": "private", "first_name": first, "last_name": last }))
            }
            "answerCallbackQuery" => self.answer_tap(&call),
            "sendChatAction" => self.chat_action(&call),
            "editMessageText" | "editMessageReplyMarkup" | "editMessageCaption" => self.edit(&call),
            "deleteMessage" => self.delete(&call),
            "setMessageReaction" => self.recipient(&call).map(|_| Value::Bool(true)),
            _ if call.method.starts_with("send") => self.send(call).await,
            _ => Err(Refused(404, "Not Found".into(), Value::Null)),
        }
    }

    fn take_webhook(&self, call: &Call) -> Result<Value, Refused> {
        let url = call.text("url").unwrap_or_default();
        let secret = call.text("secret_token").unwrap_or_default();
        let charset = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if secret.len() > 256 || !secret.bytes().all(charset) {
            return Err(bad("secret token contains unallowed characters"));
        }
        if !url.is_empty() {
            let parsed = url::Url::parse(&url).map_err(|_| bad("bad webhook: invalid URL"))?;
            let here = parsed.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"));
            if parsed.scheme() != "https" && !here {
                return Err(bad("bad webhook: An HTTPS URL must be provided for webhook"));
            }
            let port = parsed.port_or_known_default().unwrap_or_default();
            if !here && ![443, 80, 88, 8443].contains(&port) {
                return Err(bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"));
            }
        }
        let allowed = call.object("allowed_updates").and_then(|list| serde_json::from_value(list).ok()).unwrap_or_default();
        let mut state = lock(&self.inner.state);
        if let Some(bot) = state.bots.get_mut(&call.bot) {
            bot.webhook.url = url;
            bot.webhook.secret = secret;
            bot.webhook.allowed_updates = allowed;
        }
        Ok(Value::Bool(true))
    }

    fn file_path(&self, call: &Call) -> Result<Value, Refused> {
        let id = call.text("file_id").unwrap_or_default();
        let media = self.media().get(&id).ok_or_else(|| bad("invalid file_id"))?;
        if media.bytes.len() > DOWNLOAD_MAX {
            return Err(bad("file is too big"));
        }
        let kind = media.content_type.split('/').next().unwrap_or("file");
        let path = format!("{kind}s/file_{}", self.ids().number() % 1_000_000);
        lock(&self.inner.state).paths.insert(path.clone(), (id.clone(), self.now_ms() + PATH_MS));
        Ok(json!({ "file_id": id, "file_unique_id": id, "file_size": media.bytes.len(), "file_path": path }))
    }

    fn file(&self, token: &str, path: &str) -> Response<Body> {
        let found = {
            let state = lock(&self.inner.state);
            let alive = state.bot_of(token).is_some();
            state.paths.get(path).filter(|(_, until)| alive && *until > self.now_ms()).map(|(id, _)| id.clone())
        };
        match found.and_then(|id| self.media().get(&id)) {
            Some(Media { content_type, bytes, .. }) => respond::bytes(200, &content_type, bytes),
            None => refusal(&Refused(404, "Not Found".into(), Value::Null)),
        }
    }

    fn answer_tap(&self, call: &Call) -> Result<Value, Refused> {
        let now = self.now_ms();
        let id = call.text("callback_query_id").unwrap_or_default();
        let mut state = lock(&self.inner.state);
        let tap = state.taps.get_mut(&id).filter(|tap| now - tap.at_ms <= TAP_MS);
        let tap = tap.ok_or_else(|| bad("query is too old and response timeout expired or query ID is invalid"))?;
        tap.answered = true;
        Ok(Value::Bool(true))
    }
}

fn refusal(Refused(code, description, parameters): &Refused) -> Response<Body> {
    let mut body = json!({ "ok": false, "error_code": code, "description": description });
    if !parameters.is_null() {
        body["parameters"] = parameters.clone();
    }
    respond::json(*code, &body)
}

async fn read(bot: String, method: String, parts: Parts, body: Bytes) -> Result<Call, Refused> {
    let mut call = Call { bot, method, params: Map::new(), files: Vec::new() };
    for (name, value) in Fields::parse(parts.uri.query().unwrap_or_default().as_bytes()).0 {
        call.params.insert(name, value.into());
    }
    match respond::media_type(&parts.headers).as_str() {
        _ if body.is_empty() => {}
        "application/json" => match serde_json::from_slice::<Value>(&body) {
            Ok(Value::Object(object)) => call.params.extend(object),
            Ok(Value::Null) => {}
            _ => return Err(bad("can't parse JSON object")),
        },
        "application/x-www-form-urlencoded" => {
            call.params.extend(Fields::parse(&body).0.into_iter().map(|(name, value)| (name, Value::String(value))));
        }
        "multipart/form-data" => {
            let broken = || bad("can't parse the multipart body");
            let mut request = Request::from_parts(parts, Body::from(body));
            DefaultBodyLimit::disable().apply(&mut request);
            let mut multipart = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
            while let Some(field) = multipart.next_field().await.map_err(|_| broken())? {
                let name = field.name().unwrap_or_default().to_owned();
                match field.file_name().map(str::to_owned) {
                    Some(file_name) => call.files.push(Upload {
                        field: name,
                        content_type: field.content_type().unwrap_or("application/octet-stream").to_owned(),
                        name: file_name,
                        bytes: field.bytes().await.map_err(|_| broken())?,
                    }),
                    None => {
                        let text = field.text().await.map_err(|_| broken())?;
                        call.params.insert(name, text.into());
                    }
                }
            }
        }
        other => return Err(bad(format!("unsupported content type {other}"))),
    }
    Ok(call)
}
