//! Channels' webhooks: raw bytes in, the use case's answer out. This is the hot path: nothing here parses, logs or
//! allocates more than it must, and no guard of the admin API stands before it.

use crate::options::Connection;
use crate::state::Api;
use antiphon_app::channel::RawRequest;
use antiphon_app::webhook::WebhookTarget;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::sync::Arc;

/// `GET` and `POST /webhooks/{channel}/{source}[/…]` and `/webhooks/{channel}/app/{app}[/…]`.
pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/webhooks/{*rest}", get(receive).post(receive))
}

async fn receive(State(api): State<Api>, request: Request) -> Response {
    let clock = api.app.clock();
    let deadline = clock.now().plus_ms(api.options.limits.webhook_ms);
    tokio::select! {
        biased;
        answer = take_in(&api, request) => answer,
        () = clock.sleep_until(deadline) => {
            metrics::counter!("antiphon_webhooks_timeout_total").increment(1);
            text(StatusCode::SERVICE_UNAVAILABLE, "This took too long. Please send it again.")
        }
    }
}

async fn take_in(api: &Api, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // HEAD is answered by the GET handler; a vendor's handshake is a GET.
    if parts.method == Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "Use GET or POST.");
    }
    let Some(address) = Address::read(parts.uri.path()) else {
        return text(StatusCode::NOT_FOUND, "There is no such channel, source or app.");
    };
    let most = api.options.limits.webhook_bytes;
    let too_large = || {
        metrics::counter!("antiphon_webhooks_too_large_total").increment(1);
        text(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.")
    };
    if body.size_hint().lower() > most as u64 {
        return too_large();
    }
    let body = match Limited::new(body, most).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => return too_large(),
        Err(_) => return text(StatusCode::BAD_REQUEST, "The body broke off."),
    };
    let raw = RawRequest {
        urls: urls(api, &parts),
        tail: address.tail,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        method: parts.method,
        headers: parts.headers,
        body,
    };
    let app = Arc::clone(&api.app);
    let work = async move { app.receive_webhook(&address.channel, &address.target, raw).await };
    let answer = api.app.see_through(work).await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

fn text(status: StatusCode, body: &'static str) -> Response {
    let mut response = (status, body).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// The addresses under which the vendor may have called us. Trying several is safe: the signature decides.
fn urls(api: &Api, parts: &Parts) -> Vec<String> {
    let connection = parts.extensions.get::<Connection>().copied().unwrap_or_default();
    let origin = api.origin(connection, &parts.headers, parts.uri.host());
    let tail = parts.uri.path_and_query().map_or("/", |tail| tail.as_str());
    let scheme = if origin.https { "https" } else { "http" };
    let mut urls = Vec::with_capacity(2);
    if !origin.host.is_empty() {
        urls.push([scheme, "://", origin.host.as_str(), tail].concat());
    }
    let public = [api.app.public_url(), tail].concat();
    if urls.first() != Some(&public) {
        urls.push(public);
    }
    urls
}

/// Whom a path addresses.
#[derive(Debug, PartialEq)]
struct Address {
    channel: String,
    target: WebhookTarget,
    tail: String,
}

impl Address {
    fn read(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/webhooks/")?;
        let (channel, rest) = rest.split_once('/')?;
        let (first, after) = rest.split_once('/').map_or((rest, ""), |(first, after)| (first, after));
        let (target, tail) = match first {
            "app" if !after.is_empty() => {
                let (app, tail) = after.split_once('/').unwrap_or((after, ""));
                (WebhookTarget::App(decode(app)?), tail)
            }
            _ => (WebhookTarget::Source(decode(first)?), after),
        };
        Some(Self { channel: decode(channel)?, target, tail: tail.to_owned() })
    }
}

/// Percent-decodes one segment of a path; a plus is a plus. Nothing when it is empty or no UTF-8.
fn decode(segment: &str) -> Option<String> {
    if !segment.contains('%') {
        return (!segment.is_empty()).then(|| segment.to_owned());
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let digit = |at: usize| after.get(at).and_then(|&digit| char::from(digit).to_digit(16));
            let value = digit(0)? * 16 + digit(1)?;
            bytes.push(u8::try_from(value).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_source_or_an_app() {
        #[track_caller]
        fn check(path: &str, target: WebhookTarget, tail: &str) {
            let expected = Address { channel: "sms".to_owned(), target, tail: tail.to_owned() };
            assert_eq!(Address::read(path), Some(expected), "{path}");
        }
        let source = |text: &str| WebhookTarget::Source(text.to_owned());
        let app = |text: &str| WebhookTarget::App(text.to_owned());
        check("/webhooks/sms/%2B15005550006", source("+15005550006"), "");
        check("/webhooks/sms/+15005550006", source("+15005550006"), "");
        check("/webhooks/sms/src_1/status/x", source("src_1"), "status/x");
        check("/webhooks/sms/app/Acme%20app", app("Acme app"), "");
        check("/webhooks/sms/app/app_1/deauthorize", app("app_1"), "deauthorize");
        check("/webhooks/sms/app", source("app"), "");
        for path in ["/webhooks/", "/webhooks/sms", "/webhooks/sms/", "/webhooks/sms/%zz", "/webhooks/sms/%ff", "/webhooks//x"] {
            assert_eq!(Address::read(path), None, "{path}");
        }
    }
}
