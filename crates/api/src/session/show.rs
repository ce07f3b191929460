//! `GET /api/v1/session`.

use super::{Session, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use axum::Json;

/// Who is signed in. The guard token in it is the same for all tabs of a session.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses((status = 200, body = Session)))]
pub(crate) async fn show_session(ask: Ask) -> Result<Json<Session>, ApiError> {
    Ok(Json(shown(&ask.api, ask.session()?)?))
}
