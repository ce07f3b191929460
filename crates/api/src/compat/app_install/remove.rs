//! `DELETE …/installations/{id}`.

use super::{administrator, answer, guard, refused};
use crate::compat::Shared;
use crate::compat::failure::Refusal;
use antiphon_app::administration::Act;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use std::sync::Arc;

/// Removes an app.
pub(super) async fn remove(
    State(shared): State<Arc<Shared>>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (caller, _) = administrator(&shared, &account, &headers).await?;
    let removed = shared.app.remove_connector_app(&Act::of(&caller), &id, guard(&headers)).await;
    removed.map_err(|error| refused(&shared, &error))?;
    Ok(answer(&shared, &caller, StatusCode::OK, &json!({})))
}
