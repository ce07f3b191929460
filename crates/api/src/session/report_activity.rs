//! `POST /api/v1/session/activity`.

use super::IdleLogOut;
use crate::ask::Ask;
use crate::error::ApiError;
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// What inactivity will do to the session from now on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionKept {
    #[schema(required)]
    idle: Option<IdleLogOut>,
}

/// A person did something in the browser: their idle time begins anew. Meant to be called at most once a minute.
#[utoipa::path(post, path = "/api/v1/session/activity", tag = "session", responses((status = 200, body = SessionKept)))]
pub(crate) async fn report_activity(ask: Ask) -> Result<Json<SessionKept>, ApiError> {
    let mut authenticated = ask.session()?.clone();
    ask.app().report_activity(&mut authenticated).await?;
    Ok(Json(SessionKept { idle: IdleLogOut::of(ask.app(), &authenticated) }))
}
