//! What surrounds every admin request: its id, a bound on its time, a net under panics, and headers that keep answers
//! out of caches and sniffers.

use crate::error::ApiError;
use crate::state::Api;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use http::{HeaderValue, StatusCode, header};
use std::panic::AssertUnwindSafe;

/// Wraps the admin API.
pub(crate) async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    let app = &api.app;
    let now = app.clock().now();
    let id = format!("req_{:016x}", app.ids().ascending(now));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = app.clock().ticks_us();
    let work = AssertUnwindSafe(app.see_through(next.run(request))).catch_unwind();
    let response = tokio::select! {
        finished = work => finished.unwrap_or_else(|_| {
            tracing::error!(request.id = id, %method, path, "a request panicked");
            let error = ApiError::internal();
            let mut response = error.respond(&id);
            response.extensions_mut().insert(error);
            response
        }),
        () = app.clock().sleep_until(now.plus_ms(api.options.limits.request_ms)) => {
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "the server took too long; it may or may not have done it")
                .remedy("look whether it is done before you try again").respond(&id)
        }
    };
    let status = response.status().as_u16();
    let duration_ms = app.clock().ticks_us().saturating_sub(started) / 1_000;
    tracing::debug!(request.id = id, %method, path, status, duration_ms, "request served");
    metrics::counter!("antiphon_api_requests_total", "status" => status_class(status)).increment(1);
    finish(response, &id)
}

fn status_class(status: u16) -> &'static str {
    match status {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

fn finish(mut response: Response, id: &str) -> Response {
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        response = error.respond(id);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}
