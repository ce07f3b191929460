//! `POST …/app/{connector}/authenticate`: a token for whoever an anonymous identity, or the brand's own signed token, names,
//! over the source that the path names.

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
    #[serde(default)]
    id_token: String,
}

/// Answers with the token.
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Path((account, connector)): Path<(String, String)>,
    asker: Asker,
    body: Body,
) -> Result<Response, Refusal> {
    admitted(&shared, asker)?;
    let asked: Asked = read(&shared, body).await?;
    let token =
        shared.app.exchange_identity(&account, Some(&connector), &asked.id_token).await.map_err(|error| refused(&shared, &error))?;
    Ok(Json(json!({"token": token})).into_response())
}
