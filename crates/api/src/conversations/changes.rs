//! `GET …/conversations/{id}/changes`.

use super::{READERS, party_id};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::id::Version;
use antiphon_domain::{ChangeKind, ConversationId, SkillId};
use axum::Json;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A recorded change of participants, skill or state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationChange {
    /// The conversation's version after it.
    version: u64,
    at: i64,
    /// `opened`, `skill_changed`, `agent_assigned`, `agent_removed`, `agent_suggested`, `joined`, `left`, `response_time_changed` or `closed`.
    kind: String,
    /// A user's or consumer's id; null means the product.
    #[schema(required)]
    by: Option<String>,
    #[schema(value_type = Object)]
    detail: Value,
}

/// What happened to a conversation, in order.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/conversations/{id}/changes", tag = "conversations",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<ConversationChange>)))]
pub(crate) async fn list_changes(ask: Ask) -> Result<Json<Page<ConversationChange>>, ApiError> {
    ask.require(&READERS)?;
    let id: ConversationId = ask.id("conversation")?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let after = page.after::<Version>()?.unwrap_or(0);
    let rows = ask.app().changes(ask.caller(), id, after, page.limit + 1).await?;
    Ok(Json(Page::of(
        rows,
        page.limit,
        |change| change.version.to_string(),
        |change| {
            let (kind, detail) = told(&change.kind);
            ConversationChange { version: change.version, at: change.at.0, kind: kind.to_owned(), by: change.by.map(party_id), detail }
        },
    )))
}

fn told(kind: &ChangeKind) -> (&'static str, Value) {
    let skill = |skill: &Option<SkillId>| skill.map(|skill| skill.to_string());
    let user = |user: &antiphon_domain::UserId| json!({"user_id": user.to_string()});
    match kind {
        ChangeKind::Opened => ("opened", json!({})),
        ChangeKind::SkillChanged { from, to } => ("skill_changed", json!({"from": skill(from), "to": skill(to)})),
        ChangeKind::AgentAssigned(agent) => ("agent_assigned", user(agent)),
        ChangeKind::AgentRemoved(agent) => ("agent_removed", user(agent)),
        ChangeKind::AgentSuggested(agent) => ("agent_suggested", user(agent)),
        ChangeKind::Joined(who, role) => ("joined", json!({"user_id": who.to_string(), "role": role.name()})),
        ChangeKind::Left(who, role) => ("left", json!({"user_id": who.to_string(), "role": role.name()})),
        ChangeKind::ResponseTimeChanged(kind, seconds) => ("response_time_changed", json!({"kind": kind.name(), "seconds": seconds})),
        ChangeKind::Closed(by) => ("closed", json!({"closed_by": by.name()})),
    }
}
