//! `DELETE /api/v1/session`.

use super::cookie;
use crate::ask::Ask;
use crate::error::ApiError;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

/// Ends the session.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204)))]
pub(crate) async fn sign_out(ask: Ask) -> Result<Response, ApiError> {
    ask.session()?;
    if let Some(bearer) = ask.bearer() {
        ask.app().sign_out(&bearer).await?;
    }
    let gone = cookie("", 0, ask.origin().https || ask.api.options.secure_cookies)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}
