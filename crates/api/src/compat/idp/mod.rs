//! Consumers' tokens: for those whom an app speaks for, and for visitors, whose browsers call from any page.

mod anonymous;
mod authenticate;
mod consumer;
mod exchange;
mod sign_up;

use super::Shared;
use super::asker::{self, Asker, BadBody};
use super::failure::{Refusal, failed, too_fast, unavailable};
use antiphon_app::identity::{TokenError, VisitorError};
use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// Longest body, in bytes: the brand's tokens may be long.
const MOST: usize = 32 << 10;

/// The routes.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/account/{account}/consumer", post(consumer::issue))
        .route("/api/account/{account}/signup", post(sign_up::post))
        .route("/api/account/{account}/signup.jsonp", get(sign_up::jsonp))
        .route("/api/account/{account}/authenticate", post(authenticate::post))
        .route("/api/account/{account}/anonymous/authorize", post(anonymous::authorize))
        .route("/api/account/{account}/app/{connector}/authenticate", post(exchange::post))
}

/// Reads a JSON object; an empty body is an empty object, unknown members are passed over.
async fn read<T: for<'a> Deserialize<'a> + Default>(shared: &Shared, body: Body) -> Result<T, Refusal> {
    let bytes = asker::bytes(shared, body, MOST).await.map_err(|problem| match problem {
        BadBody::TooLarge => failed(shared, StatusCode::PAYLOAD_TOO_LARGE, 13, "the body is too large"),
        BadBody::TooSlow => failed(shared, StatusCode::REQUEST_TIMEOUT, 14, "the body took too long to arrive"),
        BadBody::Malformed => failed(shared, StatusCode::BAD_REQUEST, 1, "the body can't be read"),
    })?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    serde_json::from_slice(&bytes)
        .map_err(|_| failed(shared, StatusCode::BAD_REQUEST, 1, "the body is not a JSON object of this request").into())
}

/// Whether a visitor's address may ask now.
fn admitted(shared: &Shared, asker: Asker) -> Result<(), Refusal> {
    let admitted = shared.paces.visitor_of_address(shared, asker.address);
    if admitted { Ok(()) } else { Err(too_fast(shared, "too many tokens are asked for from this address; wait and try again", 1).into()) }
}

fn refused(shared: &Shared, error: &VisitorError) -> Refusal {
    let (status, code) = match error {
        VisitorError::NoSuchAccount | VisitorError::NoWebSource | VisitorError::NoSuchConnector(_) => (StatusCode::NOT_FOUND, 4),
        VisitorError::Token(TokenError::Missing) => (StatusCode::BAD_REQUEST, 1),
        VisitorError::Token(_) | VisitorError::NoSuchProvider(_) | VisitorError::SignInRequired(_) => (StatusCode::UNAUTHORIZED, 10),
        VisitorError::KeysUnavailable(_) => {
            // What went wrong on the brand's side is in our log, not on a stranger's screen.
            let message = "the identity provider's keys can't be fetched; try again later";
            return failed(shared, StatusCode::SERVICE_UNAVAILABLE, 51, message).into();
        }
        VisitorError::Unavailable(_) => return unavailable(shared).into(),
    };
    failed(shared, status, code, &error.to_string()).into()
}
