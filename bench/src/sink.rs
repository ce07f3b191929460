//! A stand-in for the telephone vendor that only takes messages: it answers 201 with a fresh id, counts, and remembers when asked to.
//!
//! It is no faithful simulator (that is `crates/simulators`); it must cost next to nothing.

use crate::sms::ACCOUNT_SID;
use anyhow::Result;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What arrived.
#[derive(Default)]
pub struct Sink {
    /// How many messages were taken.
    pub taken: AtomicU64,
    /// Whether to keep each text, for the crash loop.
    pub remembers: AtomicBool,
    messages: Mutex<Vec<Taken>>,
}

#[derive(Clone)]
struct Taken {
    sid: String,
    to: String,
    text: String,
}

impl Sink {
    /// Starts one on a free port of loopback; it lives as long as the runtime.
    pub async fn start() -> Result<(Arc<Self>, SocketAddr)> {
        let sink = Arc::new(Self::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let path = "/2010-04-01/Accounts/{account}/Messages.json";
        let router = axum::Router::new().route(path, axum::routing::post(take).get(list)).with_state(sink.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((sink, address))
    }

    /// How often each text was taken.
    pub fn counts(&self) -> HashMap<String, u64> {
        let mut counts = HashMap::new();
        for taken in self.messages.lock().expect("no holder panics").iter() {
            *counts.entry(taken.text.clone()).or_insert(0) += 1;
        }
        counts
    }

    /// The texts sent to one number, in the order of their arrival.
    pub fn texts_to(&self, number: &str) -> Vec<String> {
        self.messages.lock().expect("no holder panics").iter().filter(|taken| taken.to == number).map(|taken| taken.text.clone()).collect()
    }
}

async fn take(State(sink): State<Arc<Sink>>, body: Bytes) -> (StatusCode, Json<Value>) {
    let number = sink.taken.fetch_add(1, Ordering::Relaxed);
    let sid = format!("SM{number:032x}");
    let mut taken = Taken { sid: sid.clone(), to: String::new(), text: String::new() };
    if sink.remembers.load(Ordering::Relaxed) {
        for (name, value) in url::form_urlencoded::parse(&body) {
            match &*name {
                "To" => taken.to = value.into_owned(),
                "Body" => taken.text = value.into_owned(),
                _ => {}
            }
        }
        sink.messages.lock().expect("no holder panics").push(taken.clone());
    }
    (StatusCode::CREATED, Json(message(&taken)))
}

/// The vendor's list of messages, newest first: how an outcome that is unknown is looked up.
async fn list(State(sink): State<Arc<Sink>>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    let to = query.get("To").map(String::as_str);
    let messages: Vec<Value> = sink
        .messages
        .lock()
        .expect("no holder panics")
        .iter()
        .rev()
        .filter(|taken| to.is_none_or(|to| taken.to == to))
        .take(200)
        .map(message)
        .collect();
    Json(json!({ "messages": messages, "page": 0, "page_size": 200, "next_page_uri": null }))
}

fn message(taken: &Taken) -> Value {
    json!({
        "sid": taken.sid, "status": "queued", "num_segments": "1", "num_media": "0", "direction": "outbound-api",
        "account_sid": ACCOUNT_SID, "from": crate::sms::NUMBER, "to": taken.to, "body": taken.text, "error_code": null, "error_message": null,
        "date_created": "Thu, 01 Jan 2026 00:00:00 +0000", "date_sent": null, "price": null,
        "uri": format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{}.json", taken.sid),
    })
}

/// Serves one as a process of its own, until killed.
pub async fn serve_alone() -> Result<()> {
    let (_sink, address) = Sink::start().await?;
    println!("listening http://{address}");
    std::future::pending().await
}
