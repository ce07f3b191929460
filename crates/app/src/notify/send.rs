//! Handing one notification over.

use super::Nets;
use super::installed::Verdict;
use super::lane::{Committed, Held, Item, Told};
use super::notified::Notified;
use crate::connector_app::Endpoint;
use crate::ports::net::{NetAnswer, NetError, NetRequest};
use crate::ports::notifications::News;
use crate::ports::store::ReadError;
use crate::{AccountView, App};
use antiphon_domain::ConversationId;
use bytes::Bytes;
use std::sync::Arc;

/// How much of an answer is read: only its status counts.
const ANSWER_BYTES: u64 = 4 << 10;

/// A call that ended, with how long it took.
pub(super) struct Called {
    pub outcome: Result<NetAnswer, NetError>,
    pub duration_ms: u32,
}

/// Hands a notification over.
pub(super) async fn one(app: &App, to: &Notified, conversation: ConversationId, item: &Item) -> Verdict {
    let directory = app.directory();
    let (Some(view), Some(endpoint)) = (directory.account(&to.account), to.endpoint(item.kind)) else {
        return Verdict::GivenUp("the app no longer has an endpoint for this");
    };
    let held = match held(app, to, conversation, item).await {
        Ok(Some(held)) => held,
        Ok(None) => return Verdict::GivenUp("what it would tell was erased"),
        Err(error) => return Verdict::Failed { status: None, duration_ms: 0, error: error.to_string().into(), after_ms: None },
    };
    let body = held.body.get_or_init(|| body(app, view, &held.what)).clone();
    let called = call(app, view, to, endpoint, body).await;
    let duration_ms = called.duration_ms;
    match called.outcome {
        Ok(answer) if is_success(answer.status) => Verdict::Took { status: answer.status, duration_ms },
        Ok(answer) => {
            let error = wrong_status(answer.status).into();
            Verdict::Failed { status: Some(answer.status), duration_ms, error, after_ms: retry_after_ms(&answer) }
        }
        Err(error) => Verdict::Failed { status: None, duration_ms, error: error.to_string().into(), after_ms: None },
    }
}

/// Anything else is a failure.
pub(super) fn is_success(status: u16) -> bool {
    matches!(status, 200 | 201)
}

/// The sentence for that.
pub(super) fn wrong_status(status: u16) -> String {
    format!("the endpoint answered {status}; only 200 and 201 count")
}

/// What an item tells; `None` when it is gone.
async fn held(app: &App, to: &Notified, conversation: ConversationId, item: &Item) -> Result<Option<Arc<Held>>, ReadError> {
    match item.told {
        Told::Held(ref held) => Ok(Some(Arc::clone(held))),
        Told::Stored(dialog, sequence) => {
            let events = app.store.events(&to.account, conversation, dialog, sequence, 1).await?;
            let event = events.into_iter().next().filter(|event| event.sequence == sequence);
            Ok(event.map(|event| Held::new(Committed::Event(conversation, Arc::new(event)))))
        }
    }
}

/// The body that tells it.
pub(super) fn body(app: &App, view: &AccountView, what: &Committed) -> Bytes {
    let news = match what {
        Committed::Event(conversation, event) => News::Event { conversation: *conversation, event },
        Committed::State(conversation) => News::State(conversation),
    };
    app.notifier.wire.body(view, news)
}

/// The headers of a call, the endpoint's own among them; the protocol's win.
pub(super) fn headers(app: &App, to: &Notified, endpoint: &Endpoint, body: &[u8]) -> http::HeaderMap {
    let own = app.notifier.wire.headers(to.addressee(), body);
    let mut headers = http::HeaderMap::with_capacity(own.len() + endpoint.headers.len());
    for (name, value) in &endpoint.headers {
        headers.append(name.clone(), value.clone());
    }
    for (name, value) in own.iter() {
        headers.insert(name.clone(), value.clone());
    }
    headers
}

/// Calls an endpoint of an app.
pub(super) async fn call(app: &App, view: &AccountView, to: &Notified, endpoint: &Endpoint, body: Bytes) -> Called {
    let nets = app.notifier.nets(app, view);
    let request = NetRequest {
        headers: headers(app, to, endpoint, &body),
        body,
        timeout_ms: app.limits.notification_timeout_ms,
        max_answer_bytes: ANSWER_BYTES,
        cut_answer: true,
        ..NetRequest::new(http::Method::POST, endpoint.url.as_str())
    };
    let Nets { open, inside, .. } = &*nets;
    let net = if endpoint.is_plain() { inside } else { open };
    let started = app.clock.ticks_us();
    let outcome = net.call(request).await;
    let duration_ms = u32::try_from(app.clock.ticks_us().saturating_sub(started) / 1000).unwrap_or(u32::MAX);
    Called { outcome, duration_ms }
}

/// When the endpoint wants to be called again, where it says so.
fn retry_after_ms(answer: &NetAnswer) -> Option<i64> {
    let asked = matches!(answer.status, 429 | 503).then(|| answer.headers.get(http::header::RETRY_AFTER)).flatten()?;
    asked.to_str().ok()?.trim().parse::<u32>().ok().map(|seconds| i64::from(seconds) * 1000)
}
