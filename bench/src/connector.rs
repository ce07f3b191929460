//! The Send API as an outside program uses it: tokens, conversations, then messages as fast as they are taken.
//!
//! Written from the published description, not from our code: two readings show a mistake.

use crate::http;
use crate::load::{self, Make, Outcome};
use crate::product::{self, ACCOUNT};
use crate::scenarios::{CONVERSATIONS, ROOM, Staff, Stage};
use crate::webhooks::{self, SECRET};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What is asked of the product before the program may speak for a consumer.
struct Program {
    address: SocketAddr,
    token: String,
}

/// A consumer's token and conversation.
struct Line {
    token: String,
    conversation: String,
}

impl Program {
    /// Signs the first app in.
    async fn sign_in(address: SocketAddr) -> Result<Self> {
        let path = format!("/sentinel/api/account/{ACCOUNT}/app/token?v=1.0&grant_type=client_credentials");
        let keys = json!({"client_id": "app0", "client_secret": SECRET});
        let (status, answer) = http::json(address, "POST", &path, None, Some(&keys)).await?;
        let token = answer["access_token"].as_str().with_context(|| format!("the app's token: {status} {answer}"))?;
        Ok(Self { address, token: token.to_owned() })
    }

    /// A conversation of a consumer of the program's own.
    async fn open(&self, number: u64) -> Result<Line> {
        let who = json!({"ext_consumer_id": format!("consumer{number}")});
        let path = format!("/api/account/{ACCOUNT}/consumer?v=1.0");
        let (status, answer) = http::json(self.address, "POST", &path, Some(&self.token), Some(&who)).await?;
        let token = answer["token"].as_str().with_context(|| format!("a consumer's token: {status} {answer}"))?.to_owned();
        let body = json!([
            {"kind": "req", "id": "1,", "type": "userprofile.SetUserProfile", "body": {"firstName": "Kim"}},
            {"kind": "req", "id": "2,", "type": "cm.ConsumerRequestConversation", "body": {"brandId": ACCOUNT}},
        ]);
        let answer = http::Connection::open(self.address).await?.send(&self.request("", &token, &body)).await?;
        let parsed: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let conversation = parsed[1]["body"]["conversationId"].as_str().with_context(|| format!("opening: {} {parsed}", answer.status))?;
        Ok(Line { token, conversation: conversation.to_owned() })
    }

    /// The bytes of a request for a consumer; `verb` is what follows the conversation's path.
    fn request(&self, verb: &str, consumer: &str, body: &Value) -> Vec<u8> {
        let body = body.to_string();
        format!(
            "POST /api/account/{ACCOUNT}/messaging/consumer/conversation{verb}?v=3 HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\nX-LP-ON-BEHALF: {consumer}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        )
        .into_bytes()
    }
}

/// Messages over the Send API on 300 conversations that an agent holds, closed loop.
pub async fn sends(binary: &Path, connections: usize, time: Duration) -> Result<Outcome> {
    let stage = Stage::set_on(binary, |sink| webhooks::with_app(&product::bootstrap(1, ROOM, sink), "app0", "")).await?;
    let mut staff = Staff::hire(&stage, "agent0").await?;
    let program = Program::sign_in(stage.server.address).await?;
    let mut lines = Vec::new();
    for number in 0..CONVERSATIONS {
        lines.push(program.open(number).await?);
    }
    staff.hold(CONVERSATIONS).await?;
    staff.agent.counts_only.store(true, Ordering::Relaxed);
    let address = stage.server.address;
    let make: Make = Arc::new(move |number| {
        let line = &lines[usize::try_from(number % CONVERSATIONS).unwrap_or(0)];
        let event =
            json!({"type": "ContentEvent", "contentType": "text/plain", "message": "A message of ordinary length, as people send them."});
        let body = json!({"dialogId": line.conversation, "conversationId": line.conversation, "event": event});
        program.request("/send", &line.token, &json!({"kind": "req", "id": number, "type": "ms.PublishEvent", "body": body}))
    });
    let outcome = load::closed(address, connections, time, 200, make).await?;
    anyhow::ensure!(staff.agent.frames.load(Ordering::Relaxed) > 0, "the agent's socket saw nothing");
    Ok(outcome)
}
