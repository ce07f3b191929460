//! `GET …/agents`.

use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::routing::Availability;
use antiphon_domain::{Privilege, UserId};
use axum::Json;
use serde::Serialize;
use std::collections::HashMap;
use std::ops::Bound;
use utoipa::ToSchema;

/// An agent's state and load.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentStatus {
    user_id: String,
    nickname: String,
    availability: AgentState,
    /// Conversations that the agent has.
    open: u32,
    /// Conversations that ring for the agent.
    ringing: u32,
    max_conversations: u32,
    skill_ids: Vec<String>,
}

/// What an agent says about being available.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AgentState {
    Online,
    Occupied,
    BackSoon,
    Away,
    Offline,
}

impl From<Availability> for AgentState {
    fn from(availability: Availability) -> Self {
        match availability {
            Availability::Online => Self::Online,
            Availability::Occupied => Self::Occupied,
            Availability::BackSoon => Self::BackSoon,
            Availability::Away => Self::Away,
            Availability::Offline => Self::Offline,
        }
    }
}

/// Agents with their states and loads: enabled users who may handle conversations, by id. Needs `view_agents`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/agents", tag = "agents",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<AgentStatus>)))]
pub(crate) async fn list_agents(ask: Ask) -> Result<Json<Page<AgentStatus>>, ApiError> {
    ask.require(&[Privilege::ViewAgents])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let view = ask.view()?;
    let seats: HashMap<UserId, _> = ask.app().agent_seats(ask.account()).await.into_iter().map(|seat| (seat.user, seat)).collect();
    let start = page.after::<UserId>()?.map_or(Bound::Unbounded, Bound::Excluded);
    let serves = |user: &antiphon_domain::User| user.enabled && view.profile_of(user).allows(Privilege::HandleConversations);
    let agents = view.users.range((start, Bound::Unbounded)).map(|(_, user)| user).filter(|user| serves(user));
    let rows: Vec<_> = agents.take(page.limit + 1).collect();
    Ok(Json(Page::of(
        rows,
        page.limit,
        |user| user.id.to_string(),
        |user| {
            let seat = seats.get(&user.id);
            AgentStatus {
                user_id: user.id.to_string(),
                nickname: user.nickname.clone(),
                availability: seat.map_or(Availability::Offline, |seat| seat.availability).into(),
                open: seat.map_or(0, |seat| seat.open),
                ringing: seat.map_or(0, |seat| seat.ringing),
                max_conversations: user.max_conversations,
                skill_ids: user.skills.iter().map(ToString::to_string).collect(),
            }
        },
    )))
}
