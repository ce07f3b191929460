//! `GET …/profiles`.

use super::{Profile, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::Privilege;
use axum::Json;
use std::ops::Bound;

/// Profiles by name. Needs `manage_users`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/profiles", tag = "profiles",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<Profile>)))]
pub(crate) async fn list_profiles(ask: Ask) -> Result<Json<Page<Profile>>, ApiError> {
    ask.require(&[Privilege::ManageUsers])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let view = ask.view()?;
    let start = page.after::<String>()?.map_or(Bound::Unbounded, Bound::Excluded);
    let rows: Vec<_> = view.profiles.range((start, Bound::Unbounded)).map(|(_, profile)| profile).take(page.limit + 1).collect();
    Ok(Json(Page::of(rows, page.limit, |profile| profile.name.clone(), |profile| shown(profile))))
}
