//! The published shape of a failure outside the sockets: `{"error":{"time","message","internalCode","responseStatus"}}`.

use super::Shared;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

#[derive(Serialize)]
struct Failed<'a> {
    error: Problem<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    time: String,
    message: &'a str,
    internal_code: u16,
    response_status: &'static str,
    /// Ours: the member at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

/// A failure in the documented form.
pub(super) fn failed(shared: &Shared, status: StatusCode, internal_code: u16, message: &str) -> Response {
    failed_at(shared, status, internal_code, message, None)
}

/// A failure that names the member at fault.
pub(super) fn failed_at(shared: &Shared, status: StatusCode, internal_code: u16, message: &str, field: Option<&str>) -> Response {
    let response_status = match status {
        StatusCode::BAD_REQUEST => "BAD_REQUEST",
        StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
        StatusCode::FORBIDDEN => "FORBIDDEN",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::REQUEST_TIMEOUT => "REQUEST_TIMEOUT",
        StatusCode::CONFLICT => "CONFLICT",
        StatusCode::PRECONDITION_FAILED => "PRECONDITION_FAILED",
        StatusCode::PAYLOAD_TOO_LARGE => "REQUEST_ENTITY_TOO_LARGE",
        StatusCode::TOO_MANY_REQUESTS => "TOO_MANY_REQUESTS",
        _ => "SERVICE_UNAVAILABLE",
    };
    let error = Problem { time: shared.app.clock().now().to_string(), message, internal_code, response_status, field };
    let mut response = (status, Json(Failed { error })).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Nothing can be stored or read for now.
pub(super) fn unavailable(shared: &Shared) -> Response {
    failed(shared, StatusCode::SERVICE_UNAVAILABLE, 50, "the store is unavailable; try again in a few seconds")
}

/// Somebody asks too fast.
pub(super) fn too_fast(shared: &Shared, message: &str, wait_s: u64) -> Response {
    let mut response = failed(shared, StatusCode::TOO_MANY_REQUESTS, 29, message);
    response.headers_mut().insert(header::RETRY_AFTER, wait_s.into());
    response
}

/// A refusal on its way out of a handler.
pub(super) struct Refusal(Box<Response>);

impl From<Response> for Refusal {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}
