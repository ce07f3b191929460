//! `GET …/users`.

use super::{User, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::{Privilege, UserId};
use axum::Json;
use std::ops::Bound;

/// Users by id. Needs `manage_users`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/users", tag = "users",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<User>)))]
pub(crate) async fn list_users(ask: Ask) -> Result<Json<Page<User>>, ApiError> {
    ask.require(&[Privilege::ManageUsers])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let view = ask.view()?;
    let start = page.after::<UserId>()?.map_or(Bound::Unbounded, Bound::Excluded);
    let rows: Vec<_> = view.users.range((start, Bound::Unbounded)).map(|(_, user)| user.clone()).take(page.limit + 1).collect();
    let rows = Page::of(rows, page.limit, |user| user.id.to_string(), |user| user);
    let mut items = Vec::with_capacity(rows.items.len());
    for user in &rows.items {
        items.push(shown(&ask, user).await?);
    }
    Ok(Json(Page { items, next: rows.next }))
}
