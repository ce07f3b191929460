//! `GET …/dead-letters/{id}`.

use super::{DeadLetter, shown};
use crate::ask::{Ask, tagged_by_content};
use crate::error::ApiError;
use antiphon_domain::{Privilege, RowId};
use axum::response::Response;

/// One dead letter with its body. Needs `view_channel_log`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/dead-letters/{id}", tag = "dead letters", responses((status = 200, body = DeadLetter)))]
pub(crate) async fn show_dead_letter(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ViewChannelLog])?;
    let id: RowId = ask.id("dead letter")?;
    let row = ask.app().store().dead_letter(ask.account(), id).await?.ok_or_else(|| ApiError::not_found("dead letter"))?;
    tagged_by_content(shown(&row, true))
}
