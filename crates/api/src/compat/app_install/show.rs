//! `GET …/installations/{id}`.

use super::{administrator, answer, installation, no_such_app};
use crate::compat::Shared;
use crate::compat::failure::Refusal;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

/// One app.
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (caller, view) = administrator(&shared, &account, &headers).await?;
    let app = view.connector_apps.get(&id).ok_or_else(|| no_such_app(&shared))?;
    Ok(answer(&shared, &caller, StatusCode::OK, &installation::of(app)))
}
