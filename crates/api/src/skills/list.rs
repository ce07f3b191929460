//! `GET …/skills`.

use super::{Skill, VIEWERS, queues, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::SkillId;
use axum::Json;
use std::ops::Bound;

/// Skills by id. Needs `handle_conversations`, `view_all_conversations`, `manage_skills`, `manage_users`,
/// `manage_sources` or `manage_settings`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/skills", tag = "skills",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<Skill>)))]
pub(crate) async fn list_skills(ask: Ask) -> Result<Json<Page<Skill>>, ApiError> {
    ask.require(&VIEWERS)?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let (view, queues) = (ask.view()?, queues(&ask).await);
    let start = page.after::<SkillId>()?.map_or(Bound::Unbounded, Bound::Excluded);
    let rows: Vec<_> = view.skills.range((start, Bound::Unbounded)).map(|(_, skill)| skill).take(page.limit + 1).collect();
    Ok(Json(Page::of(rows, page.limit, |skill| skill.id.to_string(), |skill| shown(skill, &queues))))
}
