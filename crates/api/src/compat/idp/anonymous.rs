//! `POST …/anonymous/authorize`: an anonymous identity for ten minutes, or the same one for ten minutes more.

use super::{admitted, read, refused};
use crate::compat::Shared;
use crate::compat::asker::Asker;
use crate::compat::failure::Refusal;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Default, Deserialize)]
struct Asked {
    id_token: Option<String>,
}

/// Answers with the identity.
pub(super) async fn authorize(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    asker: Asker,
    body: Body,
) -> Result<Response, Refusal> {
    admitted(&shared, asker)?;
    let asked: Asked = read(&shared, body).await?;
    let earlier = asked.id_token.as_deref().filter(|token| !token.is_empty());
    let token = shared.app.anonymous_identity(&account, earlier).await.map_err(|error| refused(&shared, &error))?;
    Ok(Json(json!({"token": token})).into_response())
}
