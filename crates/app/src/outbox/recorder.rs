//! The net as a connector gets it: every exchange is kept for the channel log, with secrets masked.

use crate::channel::ChannelKind;
use crate::ports::net::{Net, NetAnswer, NetError, NetRequest};
use crate::ports::store::ChannelLogRow;
use crate::{AccountView, App};
use antiphon_domain::{ConversationId, DeliveryId, RowId, Source, SourceId, Timestamp};
use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest part of a body that is kept, in bytes.
const KEPT: usize = 4 * 1024;

/// Records what goes through it.
pub(crate) struct Recorder<'a> {
    app: &'a App,
    net: Arc<dyn Net>,
    source: SourceId,
    /// As they are, and as they look in a form or a query.
    secrets: Vec<String>,
    rows: Mutex<Vec<ChannelLogRow>>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(app: &'a App, view: &AccountView, source: &Arc<Source>, kind: &ChannelKind) -> Self {
        let net = app.net.for_account(&view.account.allow_private_endpoints, source.api_base_url.as_deref());
        let plain = view.keys(source).secrets(kind).into_iter().filter(|secret| secret.len() >= 4);
        let both = plain.flat_map(|secret| {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let other = (encoded != secret).then_some(encoded);
            std::iter::once(secret).chain(other)
        });
        let secrets = both.collect();
        Self { app, net, source: source.id, secrets, rows: Mutex::new(Vec::new()) }
    }

    /// What was recorded.
    pub(crate) fn into_rows(self, conversation: Option<ConversationId>, delivery: Option<DeliveryId>) -> Vec<ChannelLogRow> {
        let mut rows = self.rows.into_inner().unwrap_or_else(PoisonError::into_inner);
        for row in &mut rows {
            row.conversation = conversation;
            row.delivery = delivery;
        }
        rows
    }

    fn masked(&self, text: &str) -> Arc<str> {
        let mut text = std::borrow::Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), "•••").into();
            }
        }
        text.into()
    }

    fn kept(&self, headers: &http::HeaderMap, body: &[u8]) -> Arc<str> {
        let mut text = String::new();
        for (name, value) in headers {
            let hidden = matches!(name.as_str(), "authorization" | "cookie" | "set-cookie" | "proxy-authorization");
            let value = if hidden { "•••" } else { value.to_str().unwrap_or("(not text)") };
            text.push_str(name.as_str());
            text.push_str(": ");
            text.push_str(value);
            text.push('\n');
        }
        text.push('\n');
        match std::str::from_utf8(body) {
            Ok(body) => text.push_str(body),
            Err(_) => text.push_str(&format!("({} bytes that are not text)", body.len())),
        }
        let mut text = self.masked(&text).to_string();
        if text.len() > KEPT {
            let end = (0..=KEPT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        text.into()
    }

    fn record(
        &self,
        at: Timestamp,
        started_us: u64,
        method: &http::Method,
        url: &str,
        request: Arc<str>,
        outcome: &Result<NetAnswer, NetError>,
    ) {
        let duration_ms = u32::try_from(self.app.clock.ticks_us().saturating_sub(started_us) / 1000).unwrap_or(u32::MAX);
        let row = ChannelLogRow {
            id: RowId(self.app.ids.ascending(at)),
            at,
            source: Some(self.source),
            inbound: false,
            method: method.as_str().into(),
            url: self.masked(url),
            status: outcome.as_ref().ok().map(|answer| answer.status),
            duration_ms,
            request,
            answer: outcome.as_ref().map_or_else(|_| "".into(), |answer| self.kept(&answer.headers, &answer.body)),
            error: outcome.as_ref().err().map(|error| self.masked(&error.to_string())),
            conversation: None,
            delivery: None,
        };
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }
}

impl Net for Recorder<'_> {
    fn call<'a>(&'a self, request: NetRequest) -> BoxFuture<'a, Result<NetAnswer, NetError>> {
        Box::pin(async move {
            let (at, started) = (self.app.clock.now(), self.app.clock.ticks_us());
            let (method, url) = (request.method.clone(), request.url.clone());
            let kept = self.kept(&request.headers, &request.body);
            let outcome = self.net.call(request).await;
            self.record(at, started, &method, &url, kept, &outcome);
            outcome
        })
    }
}
