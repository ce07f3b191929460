//! The published bodies of the Send API: their members, their order and their status codes.

use crate::compat::consumer::Done;
use crate::compat::links::LinkWire;
use crate::compat::socket::envelope::{Failure, Said};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

/// One element's answer.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    code: &'static str,
    body: Value,
    #[serde(rename = "reqId")]
    request: String,
    #[serde(skip)]
    status: u16,
}

impl Answer {
    /// A fulfilled request's.
    pub(super) fn ok(request: &str, done: Done) -> Self {
        let body = match done {
            Done::Published(sequence) => json!({ "sequence": sequence }),
            Done::Opened(conversation) => json!({ "conversationId": conversation.to_string() }),
            Done::Said(sentence) => json!({ "msg": sentence }),
            Done::Linked(link) => json!(LinkWire::from(link)),
        };
        Self { code: "OK", body, request: request.to_owned(), status: 200 }
    }

    /// A refused request's.
    pub(super) fn refused(request: &str, failure: &Failure) -> Self {
        let sentence = match &failure.said {
            Said::Sentence(text) => text.to_string(),
            Said::Error { details, .. } => details.clone(),
        };
        // What is unknown or not allowed is a bad request here: published programs know no other class.
        let (status, code) = match failure.code {
            409 => (409, "CONFLICT"),
            429 => (429, "TOO_MANY_REQUESTS"),
            500.. if failure.code != 501 => (503, "SERVICE_UNAVAILABLE"),
            _ => (400, "BAD_REQUEST"),
        };
        Self { code, body: json!({ "msg": sentence }), request: request.to_owned(), status }
    }
}

/// The answer to one request.
pub(super) fn one(answer: Answer) -> Response {
    with_status(answer.status, Json(answer))
}

/// The answers to several, in their order; refused as a whole when one was.
pub(super) fn many(answers: Vec<Answer>) -> Response {
    let status = answers.iter().map(|answer| answer.status).max().unwrap_or(200);
    with_status(status, Json(answers))
}

fn with_status(status: u16, body: impl IntoResponse) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// A call that is refused before its requests are looked at.
#[derive(Debug)]
pub(in crate::compat) struct Refusal {
    status: StatusCode,
    body: Value,
    retry_after_s: Option<u64>,
}

impl Refusal {
    fn identity(status: StatusCode, number: u32, title: &str, details: &str) -> Self {
        let code = status.as_u16();
        let body = json!({ "title": title, "details": details, "errorCode": u32::from(code) * 100 + number });
        let body = json!({ "kind": "resp", "code": code, "body": body, "type": ".ReqBody$ErrorResp" });
        Self { status, body, retry_after_s: None }
    }

    pub(super) fn brand_missing() -> Self {
        Self::identity(StatusCode::BAD_REQUEST, 1, "Missing parameter", "Brand Id is missing")
    }

    pub(super) fn app_invalid() -> Self {
        Self::identity(StatusCode::UNAUTHORIZED, 2, "Invalid AppJWT", "AppJWT has expired or is invalid")
    }

    pub(super) fn consumer_invalid() -> Self {
        Self::identity(StatusCode::UNAUTHORIZED, 3, "Invalid ConsumerJWS", "ConsumerJWS is invalid")
    }

    pub(super) fn consumer_missing() -> Self {
        Self::identity(StatusCode::UNAUTHORIZED, 4, "ConsumerJWS is missing", "X_ON_BEHALF_HEADER is not present")
    }

    pub(super) fn app_missing() -> Self {
        Self::identity(StatusCode::UNAUTHORIZED, 5, "AppJWT is missing", "AUTHORIZATION header is not present")
    }

    fn plain(status: StatusCode, code: &str, request: &str, sentence: &str) -> Self {
        Self { status, body: json!({ "code": code, "body": { "msg": sentence }, "reqId": request }), retry_after_s: None }
    }

    pub(super) fn bad_request(request: &str, sentence: &str) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, "BAD_REQUEST", request, sentence)
    }

    pub(super) fn no_such_version() -> Self {
        Self::plain(StatusCode::NOT_FOUND, "NOT_FOUND", "", "v: this server speaks version 3")
    }

    pub(super) fn timed_out() -> Self {
        Self::plain(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "", "the body took too long to arrive")
    }

    pub(super) fn too_many(seconds: u64) -> Self {
        let sentence = "too many requests; wait, and send fewer at once";
        let refusal = Self::plain(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", "", sentence);
        Self { retry_after_s: Some(seconds), ..refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
