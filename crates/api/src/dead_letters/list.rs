//! `GET …/dead-letters`.

use super::{DeadLetter, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::{Privilege, RowId};
use axum::Json;

/// Dead letters, newest first, without their bodies. Needs `view_channel_log`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/dead-letters", tag = "dead letters",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<DeadLetter>)))]
pub(crate) async fn list_dead_letters(ask: Ask) -> Result<Json<Page<DeadLetter>>, ApiError> {
    ask.require(&[Privilege::ViewChannelLog])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let rows = ask.app().store().dead_letters(ask.account(), page.after::<RowId>()?, page.limit + 1).await?;
    Ok(Json(Page::of(rows, page.limit, |row| row.id.to_string(), |row| shown(&row, false))))
}
