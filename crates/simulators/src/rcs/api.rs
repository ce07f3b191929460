//! Calls: a bearer token, JSON, and refusals with a status and its name.

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use serde_json::{Value, json};

use super::{RcsSim, Sent};
use crate::kit::phone::Button;
use crate::kit::respond::{self, Fields};
use crate::kit::threads::Note;
use crate::kit::{Media, lock};

/// A refusal: HTTP status, its name, a text.
struct Refused(u16, &'static str, String);

fn invalid(what: impl Into<String>) -> Refused {
    Refused(400, "INVALID_ARGUMENT", what.into())
}

const TYPING_MS: i64 = 20_000;

impl RcsSim {
    pub(super) async fn answer(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        let path = parts.uri.path();
        if parts.method == Method::POST && path == "/token" {
            let (status, body) = self.mint(body);
            return respond::json(status, &body);
        }
        if let Some(id) = path.strip_prefix("/userfiles/") {
            return match self.media().get(id).filter(|media| self.now_ms() - media.created_ms < 3_600_000) {
                Some(Media { content_type, bytes, .. }) => respond::bytes(200, &content_type, bytes),
                None => respond::empty(404),
            };
        }
        let outcome = self.act(parts, body).await;
        self.changed();
        match outcome {
            Ok(answer) => respond::json(200, &answer),
            Err(Refused(status, name, message)) => {
                respond::json(status, &json!({ "error": { "code": status, "message": message, "status": name } }))
            }
        }
    }

    async fn act(&self, parts: &Parts, body: &Bytes) -> Result<Value, Refused> {
        let agent = self.bearer(parts)?;
        let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes());
        if query.get("agentId").is_some_and(|named| named != agent) {
            return Err(Refused(403, "PERMISSION_DENIED", "the account has no access to this agent".into()));
        }
        let fields: Value =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(body).map_err(|_| invalid("the body is not JSON"))? };
        if parts.uri.path() == "/v1/users:batchGet" {
            let users = fields["users"].as_array().cloned().unwrap_or_default();
            let state = lock(&self.inner.state);
            let reachable =
                |user: &&Value| user.as_str().is_some_and(|user| state.handsets.get(user).is_some_and(|handset| handset.reachable));
            return Ok(json!({ "reachableUsers": users.iter().filter(reachable).collect::<Vec<_>>() }));
        }
        let rest = parts.uri.path().strip_prefix("/v1/phones/").ok_or_else(|| Refused(404, "NOT_FOUND", "no such method".into()))?;
        let (phone, what) = rest.split_once('/').unwrap_or((rest, ""));
        let phone = phone.replace("%2B", "+");
        let handset = lock(&self.inner.state).handsets.get(&phone).cloned().filter(|handset| handset.reachable);
        let handset = handset.ok_or_else(|| Refused(404, "NOT_FOUND", "the phone has no RCS".into()))?;
        match (parts.method.as_str(), what.split_once('/').unwrap_or((what, ""))) {
            ("GET", ("capabilities", "")) => {
                let mut features: Vec<&String> = handset.features.iter().collect();
                features.sort();
                Ok(json!({ "features": features }))
            }
            ("POST", ("agentMessages", "")) => self.message(&agent, &phone, query.filled("messageId"), fields).await,
            ("DELETE", ("agentMessages", id)) => self.revoke(&agent, &phone, id),
            ("POST", ("agentEvents", "")) => self.event(&agent, &phone, query.filled("eventId"), &fields),
            ("POST", ("testers", "")) => Ok(json!({ "inviteStatus": "PENDING" })),
            _ => Err(Refused(404, "NOT_FOUND", "no such method".into())),
        }
    }

    fn bearer(&self, parts: &Parts) -> Result<String, Refused> {
        let token =
            parts.headers.get("authorization").and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
        let state = lock(&self.inner.state);
        let known = token.and_then(|token| state.tokens.get(token)).filter(|(_, until)| *until > self.now_ms());
        known
            .map(|(agent, _)| agent.clone())
            .ok_or_else(|| Refused(401, "UNAUTHENTICATED", "the access token is missing, unknown or expired".into()))
    }

    async fn message(&self, agent: &str, phone: &str, id: Option<&str>, message: Value) -> Result<Value, Refused> {
        let id = id.ok_or_else(|| invalid("messageId is missing"))?.to_owned();
        let handset = lock(&self.inner.state).handsets.get(phone).cloned().unwrap_or_default();
        if message.to_string().len() > 250 * 1024 {
            return Err(invalid("the message is larger than 250 kB"));
        }
        let content = &message["contentMessage"];
        let (text, mut buttons, url) = shown(content, &|feature| handset.features.contains(feature))?;
        buttons.extend(suggestions(&content["suggestions"], 11)?);
        if lock(&self.inner.state).ids.contains(&id) {
            return Err(Refused(409, "ALREADY_EXISTS", "there is a message with this id".into()));
        }
        let mut media = Vec::new();
        if let Some(url) = url {
            let (content_type, bytes) = self.kit().fetch(&url).await.map_err(|why| invalid(format!("the file can't be fetched: {why}")))?;
            media.push(self.host("rcs", &content_type, "", bytes));
        }
        let now = self.now_ms();
        {
            let mut state = lock(&self.inner.state);
            let person = state.threads.person_mut(agent, phone).map_err(|error| Refused(404, "NOT_FOUND", error.0))?;
            person.push(Note { id: id.clone(), from: "brand", at_ms: now, text, media, buttons, status: "sent" });
            state.ids.insert(id.clone());
            state.keep_sent(Sent { agent: agent.to_owned(), phone: phone.to_owned(), message_id: id.clone(), message: message.clone() });
        }
        if !self.is_sink() {
            if let Some(seconds) = message["ttl"].as_str().and_then(|ttl| ttl.strip_suffix('s')?.parse::<i64>().ok()) {
                self.expire_later(agent, phone, &id, seconds);
            }
            self.deliver_to(phone);
        }
        let mut answer = message;
        answer["name"] = format!("phones/{phone}/agentMessages/{id}").into();
        Ok(answer)
    }

    /// Takes back what has not arrived; anything else is left, without a word.
    fn revoke(&self, agent: &str, phone: &str, id: &str) -> Result<Value, Refused> {
        let mut state = lock(&self.inner.state);
        let person = state.threads.person_mut(agent, phone).map_err(|error| Refused(404, "NOT_FOUND", error.0))?;
        person.thread.retain(|note| note.id != id || note.status != "sent");
        Ok(json!({}))
    }

    fn event(&self, agent: &str, phone: &str, id: Option<&str>, event: &Value) -> Result<Value, Refused> {
        id.ok_or_else(|| invalid("eventId is missing"))?;
        let now = self.now_ms();
        let mut state = lock(&self.inner.state);
        let person = state.threads.person_mut(agent, phone).map_err(|error| Refused(404, "NOT_FOUND", error.0))?;
        match event["eventType"].as_str() {
            Some("IS_TYPING") => person.typing_until_ms = now + TYPING_MS,
            Some("READ") if event["messageId"].is_string() => person.seen_ms = Some(now),
            _ => return Err(invalid("eventType must be IS_TYPING, or READ with a messageId")),
        }
        Ok(event.clone())
    }
}

/// Text, buttons and the file's address of a message's content.
fn shown(content: &Value, has: &dyn Fn(&str) -> bool) -> Result<(String, Vec<Button>, Option<String>), Refused> {
    if let Some(text) = content["text"].as_str() {
        if text.is_empty() || text.chars().count() > 3_072 {
            return Err(invalid("text must have 1 to 3072 characters"));
        }
        return Ok((text.to_owned(), Vec::new(), None));
    }
    if let Some(url) = content["contentInfo"]["fileUrl"].as_str() {
        return Ok((String::new(), Vec::new(), Some(url.to_owned())));
    }
    let rich = &content["richCard"];
    let cards: Vec<&Value> = match (&rich["standaloneCard"], &rich["carouselCard"]["cardContents"]) {
        (Value::Object(card), _) if has("RICHCARD_STANDALONE") => card.get("cardContent").into_iter().collect(),
        (_, Value::Array(cards)) if has("RICHCARD_CAROUSEL") && (2..=10).contains(&cards.len()) => cards.iter().collect(),
        _ => return Err(invalid("no content, or content that the phone can't show")),
    };
    let (mut texts, mut buttons) = (Vec::new(), Vec::new());
    for card in &cards {
        let part = |name: &str, most: usize| match card[name].as_str() {
            Some(text) if text.chars().count() > most => Err(invalid(format!("{name} is longer than {most} characters"))),
            text => Ok(text.map(str::to_owned)),
        };
        let own: Vec<String> = [part("title", 200)?, part("description", 2_000)?].into_iter().flatten().collect();
        if own.is_empty() && !card["media"].is_object() {
            return Err(invalid("a card needs media, a title or a description"));
        }
        texts.extend(own);
        buttons.extend(suggestions(&card["suggestions"], 4)?);
    }
    let url = cards.iter().find_map(|card| card["media"]["contentInfo"]["fileUrl"].as_str()).map(str::to_owned);
    Ok((texts.join("\n"), buttons, url))
}

fn suggestions(list: &Value, most: usize) -> Result<Vec<Button>, Refused> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    if list.len() > most {
        return Err(invalid(format!("more than {most} suggestions")));
    }
    let mut buttons = Vec::new();
    for one in list {
        let (kind, what) = if one["reply"].is_object() { ("quick_reply", &one["reply"]) } else { ("postback", &one["action"]) };
        let title = what["text"].as_str().unwrap_or_default().to_owned();
        let payload = what["postbackData"].as_str().unwrap_or_default().to_owned();
        if title.is_empty() || title.chars().count() > 25 || payload.is_empty() || payload.chars().count() > 2_048 {
            return Err(invalid("a suggestion needs a text of at most 25 characters and postbackData of at most 2048"));
        }
        let url = what["openUrlAction"]["url"].as_str().unwrap_or_default().to_owned();
        buttons.push(Button { kind: if url.is_empty() { kind } else { "url" }, title, payload, url });
    }
    Ok(buttons)
}
