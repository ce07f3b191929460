//! `POST …/consumer`: a token for a consumer that an app speaks for. It never expires.

use super::read;
use crate::compat::Shared;
use crate::compat::asker::{self, Asker};
use crate::compat::failure::{Refusal, failed, failed_at, too_fast, unavailable};
use antiphon_app::identity::{ConsumerTokenError, TokenError};
use antiphon_domain::AccountId;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    ext_consumer_id: Value,
}

/// Answers with the token.
pub(super) async fn issue(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let Ok(account) = account.parse::<AccountId>() else {
        return Err(failed(&shared, StatusCode::NOT_FOUND, 4, "there is no such account").into());
    };
    let app = shared.app.check_app_token(&account, asker::token(&headers)).map_err(|error| not_believed(&shared, asker, &error))?;
    if !shared.paces.consumer_of_app(&shared, &account, &app.client_id) {
        return Err(too_fast(&shared, "too many consumers' tokens are asked for; they never expire, so keep them", 1).into());
    }
    let asked: Asked = read(&shared, body).await?;
    let name = match asked.ext_consumer_id {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => {
            let message = "ext_consumer_id is missing: give the consumer's id in your system as text";
            return Err(failed_at(&shared, StatusCode::BAD_REQUEST, 1, message, Some("ext_consumer_id")).into());
        }
    };
    match shared.app.issue_consumer_token(&app, &name).await {
        Ok(token) => Ok((StatusCode::CREATED, Json(json!({"token": token}))).into_response()),
        Err(error @ ConsumerTokenError::BadName) => {
            let message = format!("ext_consumer_id: {error}");
            Err(failed_at(&shared, StatusCode::BAD_REQUEST, 1, &message, Some("ext_consumer_id")).into())
        }
        Err(ConsumerTokenError::Unavailable(_)) => Err(unavailable(&shared).into()),
    }
}

/// Who comes with nothing that is believed has only so many tries.
fn not_believed(shared: &Shared, asker: Asker, error: &TokenError) -> Response {
    if !shared.paces.token_of_address(shared, asker.address) {
        return too_fast(shared, "too many tokens from this address were refused; wait and try again", 1);
    }
    failed(shared, StatusCode::UNAUTHORIZED, 10, &format!("Authorization: {error}"))
}
