//! A webhook receiver that answers as it is told and remembers everything.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response};
use serde_json::Value;

/// One received webhook.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    pub fn field(&self, name: &str) -> String {
        self.form().into_iter().find(|(key, _)| key == name).map(|(_, value)| value).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

type Answer = (u16, &'static str, &'static str);

#[derive(Clone, Default)]
pub struct Sink {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    pub base: String,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = super::listener().await;
        let sink = Self { base: format!("http://{}", listener.local_addr().unwrap()), ..Self::default() };
        let inner = sink.clone();
        let router = Router::new().fallback(move |parts: Parts, body: Bytes| {
            let sink = inner.clone();
            async move { sink.take(parts, body) }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        sink
    }

    fn take(&self, parts: Parts, body: Bytes) -> Response<Body> {
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let challenge =
            url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "hub.challenge").map(|(_, value)| value.into_owned());
        let right = query.contains("hub.verify_token=verify-me");
        self.received.lock().unwrap().push(Received { path: parts.uri.path().to_owned(), query, headers: parts.headers, body });
        if let Some(challenge) = challenge {
            let (status, text) = if right { (200, challenge) } else { (403, String::new()) };
            return Response::builder().status(status).body(Body::from(text)).unwrap();
        }
        let (status, content_type, text) = self.answers.lock().unwrap().pop_front().unwrap_or((200, "text/xml", "<Response/>"));
        Response::builder().status(status).header("content-type", content_type).body(Body::from(text)).unwrap()
    }

    /// The next answers; afterwards 200 again.
    pub fn answer(&self, answers: &[Answer]) {
        self.answers.lock().unwrap().extend(answers);
    }

    pub fn all(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The events of all Messenger webhooks, in order of arrival.
    pub fn events(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for received in self.all() {
            for entry in received.json()["entry"].as_array().cloned().unwrap_or_default() {
                all.extend(entry["messaging"].as_array().cloned().unwrap_or_default());
            }
        }
        all
    }
}
