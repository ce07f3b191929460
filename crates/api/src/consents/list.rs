//! `GET …/consumers/{id}/consents`.

use super::{Consent, shown};
use crate::ask::Ask;
use crate::conversations::READERS;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::{ConsumerId, Privilege, RowId};
use axum::Json;

/// A consumer's entries, newest first; at most the latest 200. For whoever may see the consumer or record consent.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/consumers/{id}/consents", tag = "consents",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<Consent>)))]
pub(crate) async fn list_consents(ask: Ask) -> Result<Json<Page<Consent>>, ApiError> {
    ask.require(&[READERS[0], READERS[1], Privilege::ManageConsents])?;
    let id: ConsumerId = ask.id("consumer")?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    if !ask.caller().may(Privilege::ManageConsents) {
        ask.app().consumer(ask.caller(), id).await?;
    }
    let mut rows = ask.app().store().consents(ask.account(), id).await?;
    if let Some(after) = page.after::<RowId>()? {
        rows.retain(|row| row.id < after);
    }
    rows.truncate(page.limit + 1);
    Ok(Json(Page::of(rows, page.limit, |row| row.id.to_string(), |row| shown(&row))))
}
