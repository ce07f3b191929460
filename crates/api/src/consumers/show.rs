//! `GET …/consumers/{id}`.

use super::{Consumer, shown};
use crate::ask::{Ask, tagged_by_content};
use crate::conversations::READERS;
use crate::error::ApiError;
use antiphon_domain::ConsumerId;
use axum::response::Response;

/// One consumer, if the caller serves them or may see all.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/consumers/{id}", tag = "consumers", responses((status = 200, body = Consumer)))]
pub(crate) async fn show_consumer(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&READERS)?;
    let id: ConsumerId = ask.id("consumer")?;
    let consumer = ask.app().consumer(ask.caller(), id).await?;
    tagged_by_content(shown(&ask, &consumer).await?)
}
