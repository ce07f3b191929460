//! `POST …/authenticate`: a token for the consumer whom the brand's own signed token names, over the account's web source.

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
#[serde(rename_all = "camelCase")]
struct Asked {
    #[serde(default)]
    auth_code: String,
}

/// Answers with the token.
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    asker: Asker,
    body: Body,
) -> Result<Response, Refusal> {
    admitted(&shared, asker)?;
    let asked: Asked = read(&shared, body).await?;
    let token = shared.app.exchange_identity(&account, None, &asked.auth_code).await.map_err(|error| refused(&shared, &error))?;
    Ok(Json(json!({"jwt": token})).into_response())
}
