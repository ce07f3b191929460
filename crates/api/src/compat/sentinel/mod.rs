//! Tokens for apps, and signing users in to them: OAuth 2.0 as the published clients speak it.
//!
//! Errors have the shape of that standard. No secret of an app is ever logged, shown or compared but in the use cases.

mod app_token;
mod authorize;
mod jwks;
mod page;
mod sign_in;
mod token;

use super::Shared;
use super::asker::{Asker, BadBody, Parameters};
use super::failure::Refusal;
use axum::Json;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use std::sync::Arc;

/// The routes.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sentinel/api/account/{account}/app/token", post(app_token::fixed))
        .route("/sentinel/api/v2/account/{account}/app/token", post(app_token::renewed))
        .route("/sentinel/well-known/jwks", get(jwks::show))
        .route("/sentinel/api/account/{account}/token", post(token::answer))
        // An old page of the published description leaves the service's name out.
        .route("/api/account/{account}/token", post(token::answer))
}

/// What a browser is sent to. No page of another origin may call it.
pub(super) fn pages() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sentinel/api/account/{account}/authorize", get(authorize::answer).post(authorize::answer))
        .route("/sentinel/api/account/{account}/sign-in", get(sign_in::show).post(sign_in::take))
}

/// A refusal in the shape of the standard.
fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    let mut response = (status, Json(json!({"error": error, "error_description": description}))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn invalid_request(description: &str) -> Response {
    refused(StatusCode::BAD_REQUEST, "invalid_request", description)
}

fn unavailable() -> Response {
    refused(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "the store is unavailable; try again in a few seconds")
}

fn bad_body(problem: BadBody) -> Response {
    match problem {
        BadBody::TooLarge => refused(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "the body is too large"),
        BadBody::TooSlow => refused(StatusCode::REQUEST_TIMEOUT, "invalid_request", "the body took too long to arrive"),
        BadBody::Malformed => invalid_request("the body is neither a form nor a JSON object"),
    }
}

/// Whether an address may begin a sign-in now.
fn admitted_address(shared: &Shared, asker: Asker) -> Result<(), Refusal> {
    if shared.paces.token_of_address(shared, asker.address) {
        return Ok(());
    }
    Err(refused(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "too many sign-ins are begun from this address; wait a minute").into())
}

/// Whether an address, and the app that it names, may ask for a token now.
fn admitted(shared: &Shared, asker: Asker, account: &str, client_id: &str) -> Result<(), Refusal> {
    let too_fast = || refused(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "too many tokens are asked for; keep the one you have");
    if !shared.paces.token_of_address(shared, asker.address) || !shared.paces.token_of_app(shared, account, client_id) {
        return Err(too_fast().into());
    }
    Ok(())
}

/// The app's id and secret: from the parameters, or from basic authentication.
fn client_of(headers: &HeaderMap, parameters: &Parameters) -> Result<(String, String), Refusal> {
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(basic_credentials);
    let (basic_id, basic_secret) = basic.unzip();
    let id = parameters.get("client_id").map(str::to_owned).or(basic_id);
    let secret = parameters.get("client_secret").map(str::to_owned).or(basic_secret);
    match (id, secret) {
        (Some(id), Some(secret)) => Ok((id, secret)),
        (None, _) => Err(invalid_request("client_id is missing").into()),
        (_, None) => Err(invalid_request("client_secret is missing").into()),
    }
}

fn basic_credentials(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    // The standard has both encoded as in forms.
    let plain = |part: &str| url::form_urlencoded::parse(format!("x={part}").as_bytes()).next().map(|(_, value)| value.into_owned());
    Some((plain(id)?, plain(secret)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_authentication_is_read_as_the_standard_has_it() {
        let check = |value: String, expected: Option<(&str, &str)>| {
            assert_eq!(basic_credentials(&value), expected.map(|(id, secret)| (id.to_owned(), secret.to_owned())), "{value}");
        };
        check(format!("Basic {}", STANDARD.encode("app:a%3Ab%2Bc")), Some(("app", "a:b+c")));
        check(format!("basic {}", STANDARD.encode("app:")), Some(("app", "")));
        check(format!("Bearer {}", STANDARD.encode("app:x")), None);
        check("Basic !!".into(), None);
        check(format!("Basic {}", STANDARD.encode("app")), None);
    }
}
