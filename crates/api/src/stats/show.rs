//! `GET …/stats`.

use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_domain::Privilege;
use antiphon_domain::routing::Availability;
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// What goes on right now, from memory: never a scan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stats {
    /// Conversations without an agent, ringing ones included.
    waiting: u64,
    /// Of those, the ones that ring.
    ringing: u64,
    /// Open conversations: with an agent, or waiting for one.
    open: u64,
    /// Agents who take new conversations.
    agents_online: u64,
}

/// Counts. Needs `view_agents` or `view_all_conversations`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/stats", tag = "stats", responses((status = 200, body = Stats)))]
pub(crate) async fn show_stats(ask: Ask) -> Result<Json<Stats>, ApiError> {
    ask.require(&[Privilege::ViewAgents, Privilege::ViewAllConversations])?;
    let waiting: usize = ask.app().queue_sizes(ask.account()).await.into_iter().map(|(_, size)| size).sum();
    let seats = ask.app().agent_seats(ask.account()).await;
    let ringing: u64 = seats.iter().map(|seat| u64::from(seat.ringing)).sum();
    let held: u64 = seats.iter().map(|seat| u64::from(seat.open)).sum();
    let online = seats.iter().filter(|seat| seat.availability == Availability::Online).count();
    let waiting = waiting as u64;
    Ok(Json(Stats { waiting, ringing, open: held + waiting, agents_online: online as u64 }))
}
