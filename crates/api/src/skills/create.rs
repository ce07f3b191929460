//! `POST …/skills`.

use super::{Skill, queues, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::{self, Revision};
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// A skill to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSkill {
    /// Unique in the account.
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default = "yes")]
    enabled: bool,
    /// Left out: as the account says; empty: nobody asks.
    survey_app: Option<String>,
}

fn yes() -> bool {
    true
}

/// Makes a skill. Needs `manage_skills`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/skills", tag = "skills", request_body = NewSkill, responses((status = 201, body = Skill)))]
pub(crate) async fn create_skill(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSkills])?;
    let new: NewSkill = ask.json()?;
    let NewSkill { name, description, enabled, survey_app } = new;
    let new = administration::NewSkill { name, description, enabled, survey_app };
    let skill = ask.app().create_skill(&ask.act()?, new).await?;
    Ok(tagged(StatusCode::CREATED, Revision::from(&*skill), shown(&skill, &queues(&ask).await)))
}
