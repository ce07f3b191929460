//! Files of the pages that people look at, with the headers that all of them bear.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response};

use crate::kit::respond;

/// A file of a page: its type by its name, under a policy of what it may load.
pub(crate) fn page_file(name: &str, data: Bytes, policy: &'static str) -> Response<Body> {
    let content_type = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let mut response = respond::bytes(200, content_type, data);
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
