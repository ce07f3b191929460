//! `GET …/apps`.

use super::{InstalledApp, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::Privilege;
use axum::Json;
use std::ops::Bound;

/// Outside programs by client id. Needs `manage_sources`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/apps", tag = "apps",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<InstalledApp>)))]
pub(crate) async fn list_apps(ask: Ask) -> Result<Json<Page<InstalledApp>>, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let view = ask.view()?;
    let start = page.after::<String>()?.map_or(Bound::Unbounded, Bound::Excluded);
    let rows: Vec<_> = view.connector_apps.range((start, Bound::Unbounded)).map(|(_, app)| app).take(page.limit + 1).collect();
    Ok(Json(Page::of(rows, page.limit, |app| app.client_id.clone(), |app| shown(app))))
}
