//! `GET …/installations`.

use super::{administrator, answer, installation};
use crate::compat::Shared;
use crate::compat::failure::Refusal;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

/// Every app that is not removed.
pub(super) async fn list(State(shared): State<Arc<Shared>>, Path(account): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let (caller, view) = administrator(&shared, &account, &headers).await?;
    let all = view.connector_apps.values().map(|app| installation::of(app)).collect();
    Ok(answer(&shared, &caller, StatusCode::OK, &all))
}
