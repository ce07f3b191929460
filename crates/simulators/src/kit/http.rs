//! The server loop: takes a request whole, writes it into the journal, applies the API faults, then asks the vendor's router.
//! Paths below `/_sim` are never journaled and never disturbed.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::faults::{Plan, Side};
use super::{Direction, Kit};

/// Largest body taken: the vendors' 25 MB attachments and some room.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// Why a connection is cut without an answer.
#[derive(Debug)]
enum Cut {
    Close,
    Reset,
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut by a scripted fault")
    }
}

impl std::error::Error for Cut {}

pub(super) async fn serve(listener: TcpListener, kit: Arc<Kit>, router: Router, mut stop: watch::Receiver<bool>) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Out of descriptors or a peer that left early: the next accept decides.
                Err(_) => continue,
            },
            _ = stop.wait_for(|stopped| *stopped) => return,
        };
        let (kit, router, mut stop) = (Arc::clone(&kit), router.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = connection(stream, kit, router) => {}
                _ = stop.wait_for(|stopped| *stopped) => {}
            }
        });
    }
}

async fn connection(stream: TcpStream, kit: Arc<Kit>, router: Router) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| Box::pin(answer(Arc::clone(&kit), router.clone(), request)));
    let mut connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    let mut stream = connection.into_parts().io.into_inner();
    match ended {
        Ok(()) => {
            let _ = stream.shutdown().await;
        }
        Err(error) => {
            let cut = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<Cut>());
            if matches!(cut, Some(Cut::Reset)) {
                // Dropping the socket now sends a reset instead of an orderly end.
                let _ = stream.set_zero_linger();
            }
        }
    }
}

async fn answer(kit: Arc<Kit>, router: Router, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let ours = path == "/_sim" || path.starts_with("/_sim/");
    let Ok(body) = axum::body::to_bytes(Body::new(body), MAX_BODY).await else {
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "body too large"));
    };
    if ours {
        return Ok(ask(router, Request::from_parts(parts, Body::from(body))).await);
    }
    let plan = kit.faults.plan(Side::Api, path);
    // Counted from the arrival: whoever sees the request in the journal may move the clock at once.
    let due_ms = kit.now_ms().saturating_add(plan.delay_ms);
    let entry = kit.journal.is_on().then(|| {
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        kit.journal.record(kit.now_ms(), Direction::Api, parts.method.as_str(), parts.uri.to_string(), headers, body.clone())
    });
    if entry.is_some() {
        kit.changed();
    }
    let result = disturbed(&kit, plan, due_ms, router, Request::from_parts(parts, Body::from(body))).await;
    if let (Some(entry), Ok(response)) = (&entry, &result) {
        entry.set_status(response.status().as_u16());
    }
    if entry.is_some() {
        kit.changed();
    }
    result
}

async fn disturbed(kit: &Kit, plan: Plan, due_ms: i64, router: Router, request: Request<Body>) -> Result<Response<Body>, Cut> {
    if plan.delay_ms > 0 {
        kit.clock.sleep_until(due_ms).await;
    }
    if plan.close {
        return Err(Cut::Close);
    }
    if plan.reset_before {
        return Err(Cut::Reset);
    }
    if let Some((status, body, headers)) = plan.answer {
        return Ok(scripted(status, &body, &headers));
    }
    let response = ask(router, request).await;
    if plan.reset_after {
        return Err(Cut::Reset);
    }
    Ok(response)
}

async fn ask(router: Router, request: Request<Body>) -> Response<Body> {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(error) => {
            let never: Infallible = error;
            match never {}
        }
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

fn scripted(status: u16, body: &Value, headers: &[(String, String)]) -> Response<Body> {
    let (content_type, bytes) = match body {
        Value::Null => ("text/plain", Bytes::new()),
        Value::String(text) => ("text/plain; charset=utf-8", Bytes::from(text.clone())),
        json => ("application/json", Bytes::from(json.to_string())),
    };
    let mut builder = Response::builder().status(status).header(http::header::CONTENT_TYPE, content_type);
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder.body(Body::from(bytes)).unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "scripted answer is malformed"))
}
