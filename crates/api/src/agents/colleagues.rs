//! `GET …/colleagues`.

use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::{Privilege, UserId};
use axum::Json;
use serde::Serialize;
use std::ops::Bound;
use utoipa::ToSchema;

/// A user's name, as transcripts show it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Colleague {
    user_id: String,
    nickname: String,
}

/// The names of the account's users, former ones included, by id: what a transcript needs. Needs `handle_conversations` or `view_all_conversations`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/colleagues", tag = "agents",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<Colleague>)))]
pub(crate) async fn list_colleagues(ask: Ask) -> Result<Json<Page<Colleague>>, ApiError> {
    ask.require(&[Privilege::HandleConversations, Privilege::ViewAllConversations])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let view = ask.view()?;
    let start = page.after::<UserId>()?.map_or(Bound::Unbounded, Bound::Excluded);
    let rows: Vec<_> = view.users.range((start, Bound::Unbounded)).map(|(_, user)| user).take(page.limit + 1).collect();
    let name = |user: &std::sync::Arc<antiphon_domain::User>| Colleague { user_id: user.id.to_string(), nickname: user.nickname.clone() };
    Ok(Json(Page::of(rows, page.limit, |user| user.id.to_string(), name)))
}
