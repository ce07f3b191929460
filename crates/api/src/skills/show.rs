//! `GET …/skills/{id}`.

use super::{Skill, VIEWERS, queues, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::Revision;
use antiphon_domain::SkillId;
use axum::response::Response;
use http::StatusCode;

/// One skill. Needs `handle_conversations`, `view_all_conversations`, `manage_skills`, `manage_users`,
/// `manage_sources` or `manage_settings`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/skills/{id}", tag = "skills", responses((status = 200, body = Skill)))]
pub(crate) async fn show_skill(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&VIEWERS)?;
    let view = ask.view()?;
    let skill = view.skills.get(&ask.id::<SkillId>("skill")?).ok_or_else(|| ApiError::not_found("skill"))?;
    Ok(tagged(StatusCode::OK, Revision::from(&**skill), shown(skill, &queues(&ask).await)))
}
