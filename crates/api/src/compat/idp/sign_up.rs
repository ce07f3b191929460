//! `POST …/signup` and `GET …/signup.jsonp`: a token for a visitor whom nobody knows.

use super::{admitted, refused};
use crate::compat::Shared;
use crate::compat::asker::Asker;
use crate::compat::discovery::{is_function_name, script};
use crate::compat::failure::Refusal;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Callback {
    callback: Option<String>,
}

/// As JSON. What the body says is of no use.
pub(super) async fn post(State(shared): State<Arc<Shared>>, Path(account): Path<String>, asker: Asker) -> Result<Response, Refusal> {
    Ok(Json(signed_up(&shared, &account, asker).await?).into_response())
}

/// As a script that calls the client's function.
pub(super) async fn jsonp(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    Query(asked): Query<Callback>,
    asker: Asker,
) -> Result<Response, Refusal> {
    if !asked.callback.as_deref().is_some_and(is_function_name) {
        // Before anybody is signed up: nobody would hear of it.
        return Ok(script(None, "callback", ""));
    }
    let body = signed_up(&shared, &account, asker).await?;
    Ok(script(asked.callback.as_deref(), "callback", &body.to_string()))
}

async fn signed_up(shared: &Shared, account: &str, asker: Asker) -> Result<Value, Refusal> {
    admitted(shared, asker)?;
    let token = shared.app.sign_up_visitor(account).await.map_err(|error| refused(shared, &error))?;
    Ok(json!({"jwt": token}))
}
