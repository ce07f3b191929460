//! A connector, whole: it joins a made-up text-message gateway to the Connector API. What consumers write goes in by the Send
//! API, what agents answer comes back as signed webhooks.
//!
//! The gateway POSTs `{"id","from","text"}` to `/gateway`, and takes `{"to","text"}` at `GATEWAY_URL`.
//! Set up by the environment: ANTIPHON_HOST, ANTIPHON_ACCOUNT, CA_FILE, CLIENT_ID, CLIENT_SECRET, GATEWAY_URL, PORT, STATE_FILE.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

use anyhow::{Context, Result, bail};
use axum::{Router, extract::State, routing::post};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc, time::SystemTime, time::UNIX_EPOCH};
use tokio::sync::Mutex;

fn env(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set"))
}

/// The whole connector. It works on one thing after the other: what a consumer writes keeps its order.
struct Connector {
    client: reqwest::Client,
    account: String,
    services: Value,
    client_secret: String,
    /// What must survive a restart: each number's open conversation, and the sequence up to which it was told the answers.
    state: Value,
    /// The app's token and until when it is used, in seconds.
    app: Option<(String, u64)>,
    /// Consumers' tokens never expire.
    consumers: HashMap<String, String>,
}

impl Connector {
    async fn new() -> Result<Self> {
        let account = env("ANTIPHON_ACCOUNT")?;
        let authorities = reqwest::Certificate::from_pem_bundle(&std::fs::read(env("CA_FILE")?)?)?;
        let client = authorities.into_iter().fold(reqwest::Client::builder(), reqwest::ClientBuilder::add_root_certificate).build()?;
        let discovery = format!("https://{}/api/account/{account}/service/baseURI.json?version=1.0", env("ANTIPHON_HOST")?);
        let services: Value = client.get(discovery).send().await?.error_for_status()?.json().await?;
        let state = std::fs::read(env("STATE_FILE")?).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let state = state.unwrap_or_else(|| json!({}));
        Ok(Self { client, account, services, client_secret: env("CLIENT_SECRET")?, state, app: None, consumers: HashMap::new() })
    }

    fn save(&mut self) -> Result<()> {
        let file = env("STATE_FILE")?;
        std::fs::write(format!("{file}.new"), self.state.to_string())?;
        Ok(std::fs::rename(format!("{file}.new"), file)?)
    }

    fn url(&self, service: &str, path: &str) -> String {
        let found = self.services["baseURIs"].as_array().into_iter().flatten().find(|one| one["service"] == service);
        format!("https://{}/{path}", found.and_then(|one| one["baseURI"].as_str()).unwrap_or_default())
    }

    /// The app's token lives for an hour; a new one is fetched five minutes before.
    async fn app_token(&mut self) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        if let Some((token, _)) = self.app.as_ref().filter(|(_, until)| now < *until) {
            return Ok(token.clone());
        }
        let url = self.url("sentinel", &format!("sentinel/api/account/{}/app/token?v=1.0", self.account));
        let grant = "client_credentials".to_owned();
        let form = [("client_id", env("CLIENT_ID")?), ("client_secret", self.client_secret.clone()), ("grant_type", grant)];
        let answer: Value = self.client.post(url).form(&form).send().await?.error_for_status()?.json().await?;
        let token = answer["access_token"].as_str().context("no access_token")?.to_owned();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).context("no claims")?)?)?;
        self.app = Some((token.clone(), claims["exp"].as_u64().unwrap_or(now) - 300));
        Ok(token)
    }

    /// The number is the consumer's identity: it gives the same consumer for ever.
    async fn consumer_token(&mut self, number: &str) -> Result<String> {
        if let Some(token) = self.consumers.get(number) {
            return Ok(token.clone());
        }
        let url = self.url("idp", &format!("api/account/{}/consumer?v=1.0", self.account));
        let call = self.client.post(url).header("authorization", self.app_token().await?).json(&json!({ "ext_consumer_id": number }));
        let answer: Value = call.send().await?.error_for_status()?.json().await?;
        let token = answer["token"].as_str().context("no token")?.to_owned();
        self.consumers.insert(number.to_owned(), token.clone());
        Ok(token)
    }

    /// One call of the Send API on behalf of a consumer. The same key is worked on once, however often we try.
    async fn send(&mut self, number: &str, path: &str, key: &str, body: Value) -> Result<(u16, Value)> {
        let url = self.url("asyncMessagingEnt", &format!("api/account/{}/messaging/consumer/{path}?v=3", self.account));
        let (app, consumer) = (self.app_token().await?, self.consumer_token(number).await?);
        let call = self.client.post(url).header("authorization", app).header("x-lp-on-behalf", consumer);
        let answer = call.header("idempotency-key", key).json(&body).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    async fn publish(&mut self, number: &str, dialog: &str, key: &str, event: Value) -> Result<(u16, Value)> {
        self.send(number, "conversation/send", key, request("ms.PublishEvent", json!({ "dialogId": dialog, "event": event }))).await
    }

    async fn open(&mut self, number: &str, key: &str) -> Result<String> {
        let person = json!({ "type": "personal", "personal": { "contacts": [{ "phone": number }] } });
        let batch = json!([
            request("userprofile.SetUserProfile", json!({ "authenticatedData": { "lp_sdes": [person] } })),
            request("cm.ConsumerRequestConversation", json!({ "brandId": self.account, "channelType": "MESSAGING" })),
        ]);
        let (status, body) = self.send(number, "conversation", &format!("open-{key}"), batch).await?;
        let id = body[1]["body"]["conversationId"].as_str().filter(|_| status == 200);
        let id = id.with_context(|| format!("opening a conversation was answered with {status}: {body}"))?;
        self.state[number] = json!({ "conversation": id, "told": -1 });
        self.save().map(|()| id.to_owned())
    }

    /// A consumer wrote: into their open conversation, or into a new one when it was closed meanwhile.
    async fn consumer_writes(&mut self, message: Value) -> Result<()> {
        let text = |name: &str| message[name].as_str().with_context(|| format!("{name} is missing")).map(str::to_owned);
        let (id, number, text) = (text("id")?, text("from")?, text("text")?);
        for _ in 0..2 {
            let conversation = match self.state[&number]["conversation"].as_str() {
                Some(open) => open.to_owned(),
                None => self.open(&number, &id).await?,
            };
            let event = json!({ "type": "ContentEvent", "contentType": "text/plain", "message": text });
            match self.publish(&number, &conversation, &id, event).await? {
                (200, _) => return Ok(()),
                (400, _) => self.state[&number] = Value::Null,
                (status, body) => bail!("sending was answered with {status}: {body}"),
            }
        }
        bail!("the conversation closed twice while the message was on its way")
    }

    /// Something happened in a conversation of the account. Only our own consumers' conversations concern us.
    async fn agent_answers(&mut self, notification: Value) -> Result<()> {
        let change = &notification["body"]["changes"][0];
        let id = change["conversationId"].as_str().or(change["result"]["convId"].as_str()).unwrap_or_default();
        let mut open = self.state.as_object().into_iter().flatten().filter(|(_, open)| open["conversation"] == id);
        let Some(number) = open.next().map(|(number, _)| number.clone()) else { return Ok(()) };
        if change["result"]["conversationDetails"]["stage"] == "CLOSE" {
            self.state[&number] = Value::Null;
            return self.save();
        }
        let (sequence, told) = (change["sequence"].as_i64().unwrap_or(-1), self.state[&number]["told"].as_i64().unwrap_or(-1));
        let ours = change["originatorMetadata"]["role"] != "CONSUMER" && change["messageAudience"] == "ALL";
        let Some(text) = change["event"]["message"].as_str().filter(|_| ours && sequence > told) else { return Ok(()) };
        // The platform delivers a notification again when it was not answered with 200.
        self.client.post(env("GATEWAY_URL")?).json(&json!({ "to": number, "text": text })).send().await?.error_for_status()?;
        self.state[&number]["told"] = json!(sequence);
        self.save()?;
        let receipt = json!({ "type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [sequence] });
        self.publish(&number, id, &format!("{id}-{sequence}"), receipt).await.map(|_| ())
    }
}

fn request(kind: &str, body: Value) -> Value {
    json!({ "kind": "req", "id": uuid::Uuid::new_v4().to_string(), "type": kind, "body": body })
}

/// The signature covers the exact bytes of the body, so it is checked, in constant time, before they are parsed.
async fn webhook(State(shared): State<Arc<Mutex<Connector>>>, headers: HeaderMap, body: Bytes) -> Result<(), StatusCode> {
    let mut connector = shared.lock().await;
    let given = headers.get("x-liveperson-signature").and_then(|value| value.to_str().ok()?.strip_prefix("sha1="));
    let given = given.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let mac = Hmac::<sha1::Sha1>::new_from_slice(connector.client_secret.as_bytes()).map(|mac| mac.chain_update(&body));
    if !mac.is_ok_and(|mac| mac.verify_slice(&given).is_ok()) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let notification = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    connector.agent_answers(notification).await.map_err(failed)
}

async fn gateway(State(shared): State<Arc<Mutex<Connector>>>, body: Bytes) -> Result<(), StatusCode> {
    let message = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    shared.lock().await.consumer_writes(message).await.map_err(failed)
}

fn failed(error: anyhow::Error) -> StatusCode {
    eprintln!("{error:#}");
    StatusCode::SERVICE_UNAVAILABLE
}

#[tokio::main]
async fn main() -> Result<()> {
    let shared = Arc::new(Mutex::new(Connector::new().await?));
    let routes = Router::new().route("/webhook", post(webhook)).route("/gateway", post(gateway)).with_state(shared);
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{}", env("PORT")?)).await?;
    println!("ready");
    Ok(axum::serve(listener, routes).await?)
}
