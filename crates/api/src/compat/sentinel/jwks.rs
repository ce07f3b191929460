//! `GET /sentinel/well-known/jwks`: the public keys with which others verify tokens of apps and of users.

use crate::compat::Shared;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, header};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Serialize)]
struct Jwk {
    kty: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    alg: &'static str,
    kid: String,
    n: String,
    e: String,
}

/// The set. A new key is in it before anything is signed with it.
pub(super) async fn show(State(shared): State<Arc<Shared>>) -> Response {
    let keys = shared.app.public_keys().into_iter().map(|key| Jwk {
        kty: "RSA",
        purpose: "sig",
        alg: "RS256",
        kid: key.id,
        n: URL_SAFE_NO_PAD.encode(key.modulus),
        e: URL_SAFE_NO_PAD.encode(key.exponent),
    });
    let mut response = Json(Jwks { keys: keys.collect() }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
