//! Who asks, and how: the address behind trusted proxies, the scheme, the token, and what came in query and body.

use super::Shared;
use crate::options::Connection;
use axum::body::{self, Body};
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) address: IpAddr,
    pub(super) https: bool,
}

impl Asker {
    pub(super) fn of(shared: &Shared, connection: Connection, headers: &HeaderMap) -> Self {
        let address = forwarded(shared, connection, headers, "x-forwarded-for").and_then(|peer| peer.parse().ok());
        let https = forwarded(shared, connection, headers, "x-forwarded-proto").map(|scheme| scheme.eq_ignore_ascii_case("https"));
        Self { address: address.unwrap_or(connection.peer), https: https.unwrap_or(connection.https) }
    }
}

impl FromRequestParts<Arc<Shared>> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Infallible> {
        let connection = parts.extensions.get::<Connection>().copied().unwrap_or_default();
        Ok(Self::of(shared, connection, &parts.headers))
    }
}

/// What the proxy next to us saw; only a trusted one is believed.
fn forwarded<'a>(shared: &Shared, connection: Connection, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let trusted = shared.trusted_proxies.iter().any(|network| network.contains(connection.peer));
    let value = headers.get(name).filter(|_| trusted)?;
    value.to_str().ok()?.rsplit(',').next().map(str::trim)
}

/// The token of the `Authorization` header, with or without a scheme before it: both are published.
pub(super) fn token(headers: &HeaderMap) -> &str {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value,
    }
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadBody {
    TooLarge,
    TooSlow,
    Malformed,
}

/// A body's bytes, within the bounds of size and time.
pub(super) async fn bytes(shared: &Shared, body: Body, most: usize) -> Result<axum::body::Bytes, BadBody> {
    match shared.within(shared.limits.body_ms, body::to_bytes(body, most)).await {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(_)) => Err(BadBody::TooLarge),
        None => Err(BadBody::TooSlow),
    }
}

/// Parameters as they come in all published forms: in the query, in a form body, in a JSON body, or mixed.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Longest body, in bytes.
    const MOST: usize = 16 << 10;

    /// Those of a request. What the body says comes before what the query says.
    pub(super) async fn of(shared: &Shared, query: Option<&str>, headers: &HeaderMap, body: Body) -> Result<Self, BadBody> {
        let bytes = bytes(shared, body, Self::MOST).await?;
        Self::read(query, headers, &bytes)
    }

    fn read(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Self, BadBody> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut pairs = Vec::new();
        if kind.to_ascii_lowercase().contains("json") && !body.iter().all(u8::is_ascii_whitespace) {
            let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).map_err(|_| BadBody::Malformed)?;
            pairs.extend(object.into_iter().filter_map(|(name, value)| match value {
                serde_json::Value::String(text) => Some((name, text)),
                serde_json::Value::Number(number) => Some((name, number.to_string())),
                _ => None,
            }));
        } else {
            pairs.extend(url::form_urlencoded::parse(body).into_owned());
        }
        pairs.extend(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned());
        Ok(Self(pairs))
    }

    /// A parameter that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn parameters_come_from_everywhere() {
        let check = |kind: &'static str, query: &str, body: &str, name: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            let read = Parameters::read(Some(query), &headers, body.as_bytes()).expect("parameters");
            assert_eq!(read.get(name), expected, "{kind} {query} {body}");
        };
        let form = "application/x-www-form-urlencoded";
        check(form, "v=1.0&client_id=q", "client_id=b%2B+c&x=", "client_id", Some("b+ c"));
        check(form, "client_id=q", "", "client_id", Some("q"));
        check(form, "client_id=q", "client_id=", "client_id", Some("q"));
        check(form, "", "client_id=", "client_id", None);
        check("application/json", "client_id=q", "", "client_id", Some("q"));
        check("application/json;charset=UTF-8", "a=1", r#"{"client_id":"j","n":7,"o":{}}"#, "client_id", Some("j"));
        check("application/json", "", r#"{"n":7}"#, "n", Some("7"));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert_eq!(Parameters::read(None, &headers, b"[1]").err(), Some(BadBody::Malformed));
    }

    #[test]
    fn the_token_comes_raw_or_with_a_scheme() {
        let check = |value: &'static str, expected: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            assert_eq!(token(&headers), expected);
        };
        check("a.b.c", "a.b.c");
        check("Bearer a.b.c", "a.b.c");
        check("bearer   a.b.c ", "a.b.c");
        check("Bearer", "Bearer");
        assert_eq!(token(&HeaderMap::new()), "");
    }
}
