//! Skills: where conversations go.

mod create;
mod list;
mod show;
mod update;

use crate::ask::Ask;
use crate::state::Api;
use antiphon_domain as domain;
use antiphon_domain::{Privilege, SkillId};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Who may see the skills: whoever transfers to them, or names them in a form.
const VIEWERS: [Privilege; 6] = [
    Privilege::HandleConversations,
    Privilege::ViewAllConversations,
    Privilege::ManageSkills,
    Privilege::ManageUsers,
    Privilege::ManageSources,
    Privilege::ManageSettings,
];

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list::list_skills, create::create_skill)).routes(routes!(show::show_skill, update::update_skill))
}

/// A destination group for routing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Skill {
    id: String,
    name: String,
    description: String,
    enabled: bool,
    /// The app that asks its consumers after a conversation; null: as the account says; empty: nobody.
    #[schema(required)]
    survey_app: Option<String>,
    /// Conversations that wait for an agent right now.
    waiting: u64,
    created_at: i64,
    updated_at: i64,
}

/// How many wait, per skill.
async fn queues(ask: &Ask) -> HashMap<SkillId, usize> {
    let sizes = ask.app().queue_sizes(ask.account()).await;
    sizes.into_iter().filter_map(|(skill, size)| Some((skill?, size))).collect()
}

fn shown(skill: &domain::Skill, queues: &HashMap<SkillId, usize>) -> Skill {
    Skill {
        id: skill.id.to_string(),
        name: skill.name.clone(),
        description: skill.description.clone(),
        enabled: skill.enabled,
        survey_app: skill.survey.setting().map(str::to_owned),
        waiting: queues.get(&skill.id).map_or(0, |size| *size as u64),
        created_at: skill.created_at.0,
        updated_at: skill.updated_at.0,
    }
}
