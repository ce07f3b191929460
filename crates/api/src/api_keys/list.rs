//! `GET …/api-keys`.

use super::{ApiKey, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::{ApiKeyId, Privilege};
use axum::Json;
use std::ops::Bound;

/// API keys, oldest first. Needs `manage_api_keys`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/api-keys", tag = "API keys",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<ApiKey>)))]
pub(crate) async fn list_api_keys(ask: Ask) -> Result<Json<Page<ApiKey>>, ApiError> {
    ask.require(&[Privilege::ManageApiKeys])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let view = ask.view()?;
    let start = page.after::<ApiKeyId>()?.map_or(Bound::Unbounded, Bound::Excluded);
    let rows: Vec<_> = view.api_keys.range((start, Bound::Unbounded)).map(|(_, key)| key).take(page.limit + 1).collect();
    let rows = Page::of(rows, page.limit, |key| key.id.to_string(), |key| shown(&ask, key));
    Ok(Json(Page { items: rows.items.into_iter().collect::<Result<_, _>>()?, next: rows.next }))
}
