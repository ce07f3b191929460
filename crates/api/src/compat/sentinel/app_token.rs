//! `POST /sentinel/api/account/{account}/app/token` and its second version: a token for an app that knows its secret.
//!
//! Clients send the parameters in the query, in a form, or some here and some there, with an empty body of any type.

use super::{admitted, bad_body, client_of, refused, unavailable};
use crate::compat::Shared;
use crate::compat::asker::{Asker, Parameters};
use crate::compat::failure::Refusal;
use antiphon_app::identity::AppTokenError;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use std::sync::Arc;

/// The first version: the key never changes.
pub(super) async fn fixed(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    answer(&shared, &account, query.as_deref(), asker, &headers, body, true).await
}

/// The second version: the key is renewed, and published.
pub(super) async fn renewed(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    answer(&shared, &account, query.as_deref(), asker, &headers, body, false).await
}

async fn answer(
    shared: &Shared,
    account: &str,
    query: Option<&str>,
    asker: Asker,
    headers: &HeaderMap,
    body: Body,
    fixed: bool,
) -> Result<Response, Refusal> {
    let parameters = Parameters::of(shared, query, headers, body).await.map_err(bad_body)?;
    if parameters.get("grant_type").is_some_and(|grant| grant != "client_credentials") {
        return Err(refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "grant_type must be client_credentials here").into());
    }
    let (id, secret) = client_of(headers, &parameters)?;
    admitted(shared, asker, account, &id)?;
    let refusal = match shared.app.issue_app_token(account, &id, &secret, fixed, &asker.address.to_string()).await {
        Ok(issued) => {
            let body = json!({"access_token": issued.token, "token_type": "Bearer", "expires_in": issued.expires_in_s});
            let mut response = Json(body).into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            return Ok(response);
        }
        Err(error @ (AppTokenError::UnknownOrWrong | AppTokenError::Disabled)) => {
            refused(StatusCode::UNAUTHORIZED, "invalid_client", &error.to_string())
        }
        Err(error @ AppTokenError::NotAllowed) => refused(StatusCode::BAD_REQUEST, "unauthorized_client", &error.to_string()),
        Err(AppTokenError::Unavailable(_)) => unavailable(),
    };
    Err(refusal.into())
}
