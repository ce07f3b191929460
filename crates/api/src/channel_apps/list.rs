//! `GET …/channel-apps`.

use super::{ChannelApp, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::{ChannelAppId, Privilege};
use axum::Json;
use std::ops::Bound;

/// Channel apps by id. Needs `manage_sources`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/channel-apps", tag = "channel apps",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<ChannelApp>)))]
pub(crate) async fn list_channel_apps(ask: Ask) -> Result<Json<Page<ChannelApp>>, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let view = ask.view()?;
    let start = page.after::<ChannelAppId>()?.map_or(Bound::Unbounded, Bound::Excluded);
    let rows: Vec<_> = view.channel_apps.range((start, Bound::Unbounded)).map(|(_, app)| app).take(page.limit + 1).collect();
    Ok(Json(Page::of(rows, page.limit, |app| app.id.to_string(), |app| shown(&ask, app))))
}
