//! `GET …/identity-providers`.

use super::{IdentityProvider, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::Privilege;
use axum::Json;
use std::ops::Bound;

/// Identity providers by issuer. Needs `manage_sources`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/identity-providers", tag = "identity providers",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<IdentityProvider>)))]
pub(crate) async fn list_identity_providers(ask: Ask) -> Result<Json<Page<IdentityProvider>>, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let view = ask.view()?;
    let start = page.after::<String>()?.map_or(Bound::Unbounded, Bound::Excluded);
    let range = view.identity_providers.range((start, Bound::Unbounded));
    let rows: Vec<_> = range.map(|(_, provider)| provider).take(page.limit + 1).collect();
    Ok(Json(Page::of(rows, page.limit, |provider| provider.issuer.clone(), |provider| shown(provider))))
}
