//! Reads back what the server has stored, over the socket as an agent would, and finds gaps, losses and doubles.
//!
//! It must never look into the database: what counts is what is shown.

use crate::agent::{self, Agent};
use crate::product::ACCOUNT;
use crate::{http, sms};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;

/// One stored text with its place.
pub struct Stored {
    /// The event's number in its dialog.
    pub sequence: u64,
    /// `CONSUMER`, `ASSIGNED_AGENT` …
    pub role: String,
    /// The text.
    pub text: String,
}

/// One conversation as read back.
pub struct Conversation {
    /// Its id, which is also its main dialog's.
    pub id: String,
    /// Its content events in order.
    pub texts: Vec<Stored>,
    /// Numbers that are missing or came twice.
    pub gaps: Vec<String>,
}

/// Reads every open conversation of the account, as administrator.
pub async fn conversations(address: SocketAddr) -> Result<Vec<Conversation>> {
    let session = agent::log_in(address, "admin").await?;
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/api/v1/accounts/{ACCOUNT}/conversations?limit=200&state=open{after}");
        let (status, page) = http::json(address, "GET", &path, Some(&session.bearer), None).await?;
        let items = page["items"].as_array().with_context(|| format!("the list of conversations answered {status}: {page}"))?;
        ids.extend(items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>()),
            None => break,
        }
    }
    let (agent, _notifications) = Agent::connect(address, &session).await?;
    let mut conversations = Vec::new();
    for id in ids {
        conversations.push(read(&agent, id).await?);
    }
    Ok(conversations)
}

/// Reads one conversation in pages, by the public query.
async fn read(agent: &Agent, id: String) -> Result<Conversation> {
    let mut found = Conversation { id, texts: Vec::new(), gaps: Vec::new() };
    let mut next = 0;
    loop {
        let body = agent.demand(".ams.ms.QueryMessages", json!({ "dialogId": found.id, "newerThanSequence": next })).await?;
        let before = next;
        for event in body.as_array().context("the messages are no list")? {
            let sequence = event["sequence"].as_u64().context("an event without a sequence")?;
            if sequence != next {
                found.gaps.push(format!("{} came where {next} was due", sequence));
            }
            next = sequence + 1;
            if let Some(text) = event["event"]["message"].as_str() {
                let role = event["originatorMetadata"]["role"].as_str().unwrap_or("").to_owned();
                found.texts.push(Stored { sequence, role, text: text.to_owned() });
            }
        }
        if next == before {
            return Ok(found);
        }
    }
}

/// Reads from the admin API, and waits as a client should when it is told that it asks too often.
async fn asked(address: SocketAddr, bearer: &str, path: &str) -> Result<(u16, Value)> {
    loop {
        let (status, page) = http::json(address, "GET", path, Some(bearer), None).await?;
        if status != 429 {
            return Ok((status, page));
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}

/// The delivery status of each text that an agent wrote, read from the admin API.
pub async fn delivery_states(address: SocketAddr, bearer: &str, conversation: &str) -> Result<HashMap<String, String>> {
    let mut states = HashMap::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/accounts/{ACCOUNT}/conversations/{conversation}/messages?limit=200{cursor}");
        let (status, page) = asked(address, bearer, &path).await?;
        let items = page["items"].as_array().with_context(|| format!("the list of messages answered {status}: {page}"))?;
        for item in items {
            if let (Some(text), Some(state)) = (item["event"]["message"].as_str(), item["delivery"]["status"].as_str()) {
                states.insert(text.to_owned(), state.to_owned());
            }
        }
        match &page["next"] {
            Value::Null => return Ok(states),
            Value::String(next) => cursor = format!("&after_sequence={next}"),
            next => cursor = format!("&after_sequence={next}"),
        }
    }
}

/// Deliveries that are still on their way.
pub async fn waiting_deliveries(address: SocketAddr, bearer: &str) -> Result<usize> {
    let path = format!("/api/v1/accounts/{ACCOUNT}/deliveries?state=queued&limit=1");
    let (status, page) = asked(address, bearer, &path).await?;
    Ok(page["items"].as_array().with_context(|| format!("the list of deliveries answered {status}: {page}"))?.len())
}

/// Notifications to the first app that are still on their way.
pub async fn waiting_notifications(address: SocketAddr, bearer: &str) -> Result<usize> {
    let (status, state) = asked(address, bearer, &format!("/api/v1/accounts/{ACCOUNT}/apps/app0/state")).await?;
    let waiting = state["waiting"].as_u64().with_context(|| format!("the state of the app answered {status}: {state}"))?;
    Ok(usize::try_from(waiting).unwrap_or(usize::MAX))
}

/// Opens the first so many consumers' conversations with one message each.
pub async fn open_conversations(address: SocketAddr, count: u64) -> Result<()> {
    open(address, 0..count).await
}

/// The same on many connections at once, for a great many.
pub async fn open_many_conversations(address: SocketAddr, count: u64) -> Result<()> {
    const CONNECTIONS: u64 = 64;
    let lanes = (0..CONNECTIONS).map(|lane| tokio::spawn(open(address, (lane..count).step_by(CONNECTIONS as usize))));
    for lane in lanes.collect::<Vec<_>>() {
        lane.await??;
    }
    Ok(())
}

async fn open(address: SocketAddr, numbers: impl Iterator<Item = u64>) -> Result<()> {
    let signer = sms::Signer::new(address);
    let mut connection = http::Connection::open(address).await?;
    for number in numbers {
        let answer = connection.send(&signer.request(&format!("open{number}"), &sms::consumer(number), "hello")).await?;
        anyhow::ensure!(answer.status == 200, "a webhook was answered with {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(())
}
