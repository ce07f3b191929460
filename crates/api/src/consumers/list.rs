//! `GET …/consumers`.

use super::{Consumer, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::{ConsumerId, Privilege};
use axum::Json;

/// Longest text to search for, in characters.
const MOST_TEXT: usize = 200;

/// Consumers by id; `q` finds them by name or address. Needs `view_all_conversations`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/consumers", tag = "consumers",
    params(("q" = Option<String>, Query), ("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<Consumer>)))]
pub(crate) async fn list_consumers(ask: Ask) -> Result<Json<Page<Consumer>>, ApiError> {
    ask.require(&[Privilege::ViewAllConversations])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    let text: String = query.text("q").unwrap_or_default().chars().take(MOST_TEXT).collect();
    query.finish()?;
    let rows = ask.app().store().consumers(ask.account(), &text, page.after::<ConsumerId>()?, page.limit + 1).await?;
    let rows = Page::of(rows, page.limit, |row| row.id.to_string(), |row| row);
    let mut items = Vec::with_capacity(rows.items.len());
    for row in &rows.items {
        items.push(shown(&ask, row).await?);
    }
    Ok(Json(Page { items, next: rows.next }))
}
