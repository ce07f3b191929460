//! `PATCH …/skills/{id}`.

use super::{Skill, queues, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{Revision, SkillPatch};
use antiphon_domain::{Privilege, SkillId};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// Changes of a skill; what is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SkillChanges {
    name: Option<String>,
    description: Option<String>,
    enabled: Option<bool>,
    /// Null: as the account says; empty: nobody asks.
    #[serde(default, deserialize_with = "given::nullable")]
    #[schema(value_type = Option<String>)]
    survey_app: Option<Option<String>>,
}

/// Changes a skill. Needs `manage_skills`.
#[utoipa::path(patch, path = "/api/v1/accounts/{account}/skills/{id}", tag = "skills", request_body = SkillChanges, responses((status = 200, body = Skill)))]
pub(crate) async fn update_skill(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSkills])?;
    let id: SkillId = ask.id("skill")?;
    let changes: SkillChanges = ask.json()?;
    let SkillChanges { name, description, enabled, survey_app } = changes;
    let patch = SkillPatch { name, description, enabled, survey_app };
    let skill = ask.app().update_skill(&ask.act()?, id, patch, ask.expected()?.as_ref()).await?;
    Ok(tagged(StatusCode::OK, Revision::from(&*skill), shown(&skill, &queues(&ask).await)))
}
