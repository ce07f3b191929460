//! What went over the wire, with headers and raw bytes: requests the simulator got and webhooks it sent.
//! The newest entries are kept up to a bound; the journal must never slow a request by more than a push.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::lock;

/// Which way a journaled exchange went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// A request the simulator received on the vendor's API.
    Api,
    /// A webhook the simulator sent.
    Webhook,
}

/// One exchange. `status` is 0 until an answer was given, and stays 0 where the connection failed.
#[derive(Debug)]
pub struct Entry {
    /// Position in the journal, from 1, without gaps.
    pub seq: u64,
    /// Virtual time of the request.
    pub at_ms: i64,
    /// Received or sent.
    pub direction: Direction,
    /// HTTP method.
    pub method: String,
    /// Path and query for a received request, whole URL for a webhook.
    pub uri: String,
    /// Every header in order.
    pub headers: Vec<(String, String)>,
    /// The body as it stood on the wire.
    pub body: Bytes,
    status: AtomicU16,
}

impl Entry {
    /// The HTTP status of the answer, 0 where there was none.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status.load(Ordering::Relaxed)
    }

    pub(crate) fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// The first header of this name, compared without case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text, lossy.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, or null.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body read as a form.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "seq": self.seq,
            "at_ms": self.at_ms,
            "direction": match self.direction { Direction::Api => "api", Direction::Webhook => "webhook" },
            "method": self.method,
            "uri": self.uri,
            "headers": self.headers,
            "body": String::from_utf8_lossy(&self.body),
            "body_base64": STANDARD.encode(&self.body),
            "status": self.status(),
        })
    }
}

struct Inner {
    entries: VecDeque<Arc<Entry>>,
    last_seq: u64,
    capacity: usize,
    bytes: usize,
}

/// Bodies kept in memory, all entries together.
const BYTES_KEPT: usize = 128 * 1024 * 1024;

/// A bounded record of exchanges, oldest first.
pub struct Journal {
    inner: Mutex<Inner>,
}

impl Journal {
    /// A journal of the newest `capacity` entries (and at most 128 MiB of bodies).
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { inner: Mutex::new(Inner { entries: VecDeque::new(), last_seq: 0, capacity, bytes: 0 }) }
    }

    /// Changes how many entries are kept; 0 keeps none.
    pub fn set_capacity(&self, capacity: usize) {
        let mut inner = lock(&self.inner);
        inner.capacity = capacity;
        inner.trim();
    }

    pub(crate) fn record(
        &self,
        at_ms: i64,
        direction: Direction,
        method: &str,
        uri: String,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> Arc<Entry> {
        let mut inner = lock(&self.inner);
        inner.last_seq += 1;
        let entry = Arc::new(Entry {
            seq: inner.last_seq,
            at_ms,
            direction,
            method: method.to_owned(),
            uri,
            headers,
            body,
            status: AtomicU16::new(0),
        });
        inner.bytes += entry.body.len();
        inner.entries.push_back(Arc::clone(&entry));
        inner.trim();
        entry
    }

    /// Whether entries are kept at all; a load run switches them off.
    pub(crate) fn is_on(&self) -> bool {
        lock(&self.inner).capacity > 0
    }

    /// Every kept entry, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        lock(&self.inner).entries.iter().cloned().collect()
    }

    /// Up to `limit` entries after `seq`, oldest first.
    #[must_use]
    pub fn after(&self, seq: u64, limit: usize) -> Vec<Arc<Entry>> {
        let inner = lock(&self.inner);
        let start = inner.entries.partition_point(|entry| entry.seq <= seq);
        inner.entries.iter().skip(start).take(limit).cloned().collect()
    }

    /// Forgets all entries; numbering goes on.
    pub fn clear(&self) {
        let mut inner = lock(&self.inner);
        inner.entries.clear();
        inner.bytes = 0;
    }
}

impl Inner {
    fn trim(&mut self) {
        while self.entries.len() > self.capacity || self.bytes > BYTES_KEPT {
            let Some(old) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= old.body.len();
        }
    }
}
