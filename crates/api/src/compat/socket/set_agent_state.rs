//! `SetAgentState`: whether the caller takes conversations.

use super::super::identity::user_named;
use super::envelope::{Failure, Out, Request, body, respond_sentence};
use super::session::Session;
use antiphon_domain::routing::Availability;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    availability: Option<String>,
    agent_user_id: Option<String>,
}

pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let asked: Body = body(request)?;
    let availability = asked.availability.as_deref().and_then(Availability::from_name).ok_or_else(|| {
        let known: Vec<&str> = Availability::ALL.iter().map(|state| state.name()).collect();
        Failure::bad_request(format!("availability: must be one of {}", known.join(", ")))
    })?;
    if asked.agent_user_id.is_some_and(|id| user_named(&session.view(), &id) != Some(session.caller.id())) {
        return Err(Failure::forbidden("agentUserId: you may set your own state only"));
    }
    session.shared.app.set_agent_state(&session.caller, availability).await.map_err(|_| Failure::unavailable())?;
    out.push(respond_sentence(request, 202, "Agent state updated successfully"));
    Ok(())
}
