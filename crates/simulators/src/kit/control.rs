//! The control API common to all simulators, served below `/_sim` of each and, by the phone pages, below their own path.
//! It takes JSON only, so that no foreign web page can post to it without being asked first by the browser.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Method, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::phone::{NewConsumer, Written};
use super::{Fault, Kit, SimError, respond};
use crate::{Simulator, WebhookTarget};

/// Largest control request: a 25 MB photo in base64.
const MAX_BODY: usize = 40 * 1024 * 1024;

/// Reads a JSON body; the error names what is wrong with it.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SimError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| SimError(format!("body: {error}")))
}

/// An answer of the control API: JSON, or 400 with `{"error":…}`.
pub(crate) fn answer(result: Result<Value, SimError>) -> Response<Body> {
    match result {
        Ok(value) => respond::json(200, &value),
        Err(error) => respond::json(400, &json!({ "error": error.0 })),
    }
}

/// The whole control API of a simulator: the common part and the vendor's.
pub(crate) fn router(sim: &Simulator) -> Router {
    let common = Router::new()
        .route("/", get(describe))
        .route("/clock", get(clock).post(set_clock))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/journal", get(journal).delete(clear_journal))
        .route("/webhook", post(set_webhook))
        .route("/sink", post(set_sink))
        .route("/settle", post(settle))
        .route("/events", get(events))
        .route("/media/{id}", get(media))
        .route("/phone", get(overview))
        .route("/phone/consumers", post(add_consumer))
        .route("/phone/thread", get(thread))
        .route("/phone/messages", post(write))
        .route("/phone/open", post(open))
        .route("/phone/native", post(native))
        .route("/phone/typing", post(typing))
        .route("/phone/leave", post(leave))
        .with_state(sim.clone());
    common.merge(sim.vendor().control()).layer(DefaultBodyLimit::max(MAX_BODY)).layer(from_fn(json_only))
}

async fn json_only(request: Request, next: Next) -> Response<Body> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && respond::media_type(request.headers()) != "application/json" {
        return respond::json(415, &json!({ "error": "content-type: send application/json" }));
    }
    next.run(request).await
}

async fn describe(State(sim): State<Simulator>) -> Response<Body> {
    respond::json(200, &json!({ "channel": sim.channel(), "base_url": sim.base_url(), "now_ms": sim.now_ms() }))
}

fn clock_json(kit: &Kit) -> Value {
    json!({ "now_ms": kit.now_ms(), "running": kit.clock().is_running() })
}

async fn clock(State(sim): State<Simulator>) -> Response<Body> {
    respond::json(200, &clock_json(&sim))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetClock {
    advance_ms: Option<i64>,
    running: Option<bool>,
}

async fn set_clock(State(sim): State<Simulator>, body: Bytes) -> Response<Body> {
    let set: SetClock = match read(&body) {
        Ok(set) => set,
        Err(error) => return answer(Err(error)),
    };
    if let Some(running) = set.running {
        sim.run_clock(running);
    }
    if let Some(ms) = set.advance_ms {
        sim.advance_clock(ms).await;
    }
    respond::json(200, &clock_json(&sim))
}

async fn faults(State(sim): State<Simulator>) -> Response<Body> {
    respond::json(200, &json!({ "faults": sim.faults() }))
}

async fn add_fault(State(sim): State<Simulator>, body: Bytes) -> Response<Body> {
    answer(read::<Fault>(&body).map(|fault| {
        sim.add_fault(fault);
        json!({ "faults": sim.faults() })
    }))
}

async fn clear_faults(State(sim): State<Simulator>) -> Response<Body> {
    sim.clear_faults();
    respond::json(200, &json!({ "faults": [] }))
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    after: u64,
    #[serde(default = "hundred")]
    limit: usize,
}

fn hundred() -> usize {
    100
}

async fn journal(State(sim): State<Simulator>, Query(page): Query<Page>) -> Response<Body> {
    let entries: Vec<Value> = sim.journal_store().after(page.after, page.limit.min(1_000)).iter().map(|entry| entry.to_json()).collect();
    respond::json(200, &json!({ "entries": entries }))
}

async fn clear_journal(State(sim): State<Simulator>) -> Response<Body> {
    sim.journal_store().clear();
    respond::json(200, &json!({}))
}

async fn set_webhook(State(sim): State<Simulator>, body: Bytes) -> Response<Body> {
    answer(read::<WebhookTarget>(&body).map(|target| {
        sim.set_webhook_target(Some(target));
        json!({})
    }))
}

#[derive(Deserialize)]
struct Switch {
    on: bool,
}

async fn set_sink(State(sim): State<Simulator>, body: Bytes) -> Response<Body> {
    answer(read::<Switch>(&body).map(|switch| {
        sim.sink_mode(switch.on);
        json!({ "on": switch.on })
    }))
}

async fn settle(State(sim): State<Simulator>) -> Response<Body> {
    sim.settle().await;
    respond::json(200, &clock_json(&sim))
}

/// Server-sent events: one `change` with the version whenever anything changed; bursts are folded into one.
async fn events(State(sim): State<Simulator>) -> Response<Body> {
    let mut receiver = sim.watch_changes();
    receiver.mark_changed();
    let changes = stream::unfold(receiver, |mut receiver| async move {
        receiver.changed().await.ok()?;
        let version = *receiver.borrow_and_update();
        let event = Event::default().event("change").data(version.to_string());
        Some((Ok::<_, Infallible>(event), receiver))
    });
    Sse::new(changes).keep_alive(KeepAlive::default()).into_response()
}

/// Types a browser may show in place; everything else is only downloaded.
fn shown_inline(content_type: &str) -> bool {
    matches!(content_type, "image/png" | "image/jpeg" | "image/gif" | "image/webp")
        || content_type.starts_with("audio/")
        || content_type.starts_with("video/")
}

async fn media(State(sim): State<Simulator>, Path(id): Path<String>) -> Response<Body> {
    let Some(found) = sim.media().get(&id) else {
        return respond::json(404, &json!({ "error": "media: unknown id" }));
    };
    let inline = shown_inline(&found.content_type);
    let shown = if inline { found.content_type.as_str() } else { "application/octet-stream" };
    let mut response = respond::bytes(200, shown, found.bytes);
    let headers = response.headers_mut();
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("content-security-policy", HeaderValue::from_static("default-src 'none'; sandbox"));
    if !inline {
        headers.insert("content-disposition", HeaderValue::from_static("attachment"));
    }
    response
}

async fn overview(State(sim): State<Simulator>) -> Response<Body> {
    respond::json(200, &sim.vendor().phone().overview())
}

async fn add_consumer(State(sim): State<Simulator>, body: Bytes) -> Response<Body> {
    answer(read::<NewConsumer>(&body).and_then(|new| {
        let id = sim.vendor().phone().add_consumer(new)?;
        Ok(json!({ "id": id }))
    }))
}

#[derive(Deserialize)]
struct Which {
    line: String,
    consumer: String,
}

async fn thread(State(sim): State<Simulator>, Query(which): Query<Which>) -> Response<Body> {
    match sim.vendor().phone().thread(&which.line, &which.consumer) {
        Some(thread) => respond::json(200, &thread),
        None => respond::json(404, &json!({ "error": "thread: unknown line or consumer" })),
    }
}

#[derive(Deserialize)]
struct WriteBody {
    line: String,
    consumer: String,
    message: Written,
}

async fn write(State(sim): State<Simulator>, body: Bytes) -> Response<Body> {
    answer(read::<WriteBody>(&body).and_then(|body| {
        let ids = sim.vendor().phone().write(&body.line, &body.consumer, body.message)?;
        Ok(json!({ "ids": ids }))
    }))
}

#[derive(Deserialize)]
struct OpenBody {
    line: String,
    consumer: String,
    open: bool,
}

async fn open(State(sim): State<Simulator>, body: Bytes) -> Response<Body> {
    answer(read::<OpenBody>(&body).and_then(|body| {
        sim.vendor().phone().set_open(&body.line, &body.consumer, body.open)?;
        Ok(json!({}))
    }))
}

#[derive(Deserialize)]
struct NativeBody {
    line: String,
    consumer: String,
    text: String,
}

async fn native(State(sim): State<Simulator>, body: Bytes) -> Response<Body> {
    answer(read::<NativeBody>(&body).and_then(|body| {
        let id = sim.vendor().phone().native(&body.line, &body.consumer, &body.text)?;
        Ok(json!({ "id": id }))
    }))
}

#[derive(Deserialize)]
struct TypingBody {
    line: String,
    consumer: String,
    on: bool,
}

async fn typing(State(sim): State<Simulator>, body: Bytes) -> Response<Body> {
    answer(read::<TypingBody>(&body).and_then(|body| {
        sim.vendor().phone().typing(&body.line, &body.consumer, body.on)?;
        Ok(json!({}))
    }))
}

#[derive(Deserialize)]
struct LeaveBody {
    line: String,
    consumer: String,
    gone: bool,
}

async fn leave(State(sim): State<Simulator>, body: Bytes) -> Response<Body> {
    answer(read::<LeaveBody>(&body).and_then(|body| {
        sim.vendor().phone().leave(&body.line, &body.consumer, body.gone)?;
        Ok(json!({}))
    }))
}

/// A vendor handler's state and a JSON body in, a control answer out; saves each of them the same four lines.
pub(crate) fn with<S, T: DeserializeOwned>(state: &S, body: &[u8], act: impl FnOnce(&S, T) -> Result<Value, SimError>) -> Response<Body> {
    answer(read::<T>(body).and_then(|body| act(state, body)))
}

/// New settings: what is not named keeps its value.
pub(crate) fn overlaid<T: Serialize + DeserializeOwned>(current: &T, body: &[u8]) -> Result<T, SimError> {
    let mut all = serde_json::to_value(current).unwrap_or_default();
    for (name, value) in read::<serde_json::Map<String, Value>>(body)? {
        all[name] = value;
    }
    serde_json::from_value(all).map_err(|error| SimError(format!("body: {error}")))
}
