//! `GET …/conversations/{id}/changes`.

use super::{READERS, party_id};
use crate::ask::Ask;
use crate::compat::identity::dialog_id;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::id::Version;
use antiphon_domain::{ChangeKind, ConversationId, DialogNumber, SkillId};
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
    /// `opened`, `skill_changed`, `agent_assigned`, `agent_removed`, `agent_suggested`, `suggestion_ended`, `joined`, `left`,
    /// `response_time_changed`, `due_changed`, `delay_changed`, `note_changed`, `topic_changed`, `rated`, `ring_ended`, `dialog_opened`,
    /// `dialog_closed`, `dialog_tagged` or `closed`.
    kind: String,
    /// A user's or consumer's id; null means the product.
    #[schema(required)]
    by: Option<String>,
    #[schema(value_type = Object)]
    detail: Value,
    /// What came along with the request that changed it; null when nothing did.
    #[schema(required, value_type = Option<Vec<Object>>)]
    metadata: Option<Value>,
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
            let (kind, detail) = told(&change.kind, id);
            let metadata = change.metadata.as_deref().and_then(|json| serde_json::from_str(json).ok());
            let (kind, by) = (kind.to_owned(), change.by.map(party_id));
            ConversationChange { version: change.version, at: change.at.0, kind, by, detail, metadata }
        },
    )))
}

fn told(kind: &ChangeKind, conversation: ConversationId) -> (&'static str, Value) {
    let dialog = |number: DialogNumber| json!({"dialog": number.0, "dialog_id": dialog_id(conversation, number)});
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
        ChangeKind::DialogOpened(number) => ("dialog_opened", dialog(*number)),
        ChangeKind::DialogClosed(number, by) => {
            let mut detail = dialog(*number);
            detail["closed_by"] = by.name().into();
            ("dialog_closed", detail)
        }
        ChangeKind::DialogTagged(number) => ("dialog_tagged", dialog(*number)),
        ChangeKind::Rated(rating) => ("rated", json!({"stars": rating.stars, "resolved": rating.resolved, "status": rating.status.name()})),
        ChangeKind::NoteChanged => ("note_changed", json!({})),
        ChangeKind::TopicChanged => ("topic_changed", json!({})),
        ChangeKind::DelayChanged(till) => ("delay_changed", json!({"till": till.map(|till| till.0)})),
        ChangeKind::DueChanged(due) => ("due_changed", json!({"due": due.map(|due| due.0)})),
        ChangeKind::SuggestionEnded(agent) => ("suggestion_ended", user(agent)),
        ChangeKind::RingEnded { agent, offered_at, state } => {
            ("ring_ended", json!({"user_id": agent.to_string(), "offered_at": offered_at.0, "state": state.name()}))
        }
    }
}
