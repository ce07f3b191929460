//! `GET …/consumers/{id}`.

use super::{Consumer, shown};
use crate::ask::Ask;
use crate::conversations::READERS;
use crate::error::ApiError;
use antiphon_domain::ConsumerId;
use axum::Json;

/// One consumer, if the caller serves them or may see all.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/consumers/{id}", tag = "consumers", responses((status = 200, body = Consumer)))]
pub(crate) async fn show_consumer(ask: Ask) -> Result<Json<Consumer>, ApiError> {
    ask.require(&READERS)?;
    let id: ConsumerId = ask.id("consumer")?;
    let consumer = ask.app().consumer(ask.caller(), id).await?;
    Ok(Json(shown(&ask, &consumer).await?))
}
