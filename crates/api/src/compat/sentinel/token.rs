//! `POST /sentinel/api/account/{account}/token`: an app exchanges a code for a user's session, or renews it.

use super::{admitted, bad_body, client_of, invalid_request, refused, unavailable};
use crate::compat::Shared;
use crate::compat::asker::{Asker, Parameters};
use crate::compat::failure::Refusal;
use antiphon_app::identity::{AppTokenError, CodeError, Renewed};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use std::sync::Arc;

/// Answers either grant type.
pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let parameters = Parameters::of(&shared, query.as_deref(), &headers, body).await.map_err(bad_body)?;
    let needed = |name: &str| parameters.get(name).ok_or_else(|| Refusal::from(invalid_request(&format!("{name} is missing"))));
    let shown = match needed("grant_type")? {
        "authorization_code" => {
            Renewed::Code { code: needed("code")?, redirect_uri: parameters.get("redirect_uri"), verifier: parameters.get("code_verifier") }
        }
        "refresh_token" => Renewed::Token(needed("refresh_token")?),
        _ => {
            let message = "grant_type must be authorization_code or refresh_token here";
            return Err(refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", message).into());
        }
    };
    let (id, secret) = client_of(&headers, &parameters)?;
    admitted(&shared, asker, &account, &id)?;
    match shared.app.exchange_for_app(&account, &id, &secret, shown, &asker.address.to_string()).await {
        Ok(tokens) => {
            let body = json!({
                "access_token": tokens.access_token,
                "token_type": "Bearer",
                "refresh_token": tokens.refresh_token,
                "id_token": tokens.id_token,
                "expires_in": tokens.expires_in_s,
            });
            let mut response = Json(body).into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(response)
        }
        Err(CodeError::App(error @ (AppTokenError::UnknownOrWrong | AppTokenError::Disabled))) => {
            Err(refused(StatusCode::UNAUTHORIZED, "invalid_client", &error.to_string()).into())
        }
        Err(CodeError::App(error @ AppTokenError::NotAllowed)) => {
            Err(refused(StatusCode::BAD_REQUEST, "unauthorized_client", &error.to_string()).into())
        }
        Err(CodeError::Worthless(reason)) => Err(refused(StatusCode::BAD_REQUEST, "invalid_grant", reason).into()),
        Err(CodeError::App(AppTokenError::Unavailable(_)) | CodeError::Unavailable(_)) => Err(unavailable().into()),
    }
}
