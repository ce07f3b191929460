//! `GET …/sources`.

use super::{Source, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::{Privilege, SourceId};
use axum::Json;
use std::ops::Bound;

/// Sources by id. Needs `manage_sources`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/sources", tag = "sources",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<Source>)))]
pub(crate) async fn list_sources(ask: Ask) -> Result<Json<Page<Source>>, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let view = ask.view()?;
    let start = page.after::<SourceId>()?.map_or(Bound::Unbounded, Bound::Excluded);
    let rows: Vec<_> = view.sources.range((start, Bound::Unbounded)).map(|(_, source)| source).take(page.limit + 1).collect();
    Ok(Json(Page::of(rows, page.limit, |source| source.id.to_string(), |source| shown(&ask, source))))
}
