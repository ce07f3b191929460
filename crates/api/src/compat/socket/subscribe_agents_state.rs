//! `SubscribeAgentsState`: the caller's own state, now and whenever any of their connections changes it.

use super::envelope::{Failure, Out, Request, respond};
use super::session::Session;
use super::subscriptions::MAX_SUBSCRIPTIONS;
use super::{notify, resync};

pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    if session.subscriptions().agents.len() >= MAX_SUBSCRIPTIONS {
        return Err(Failure::too_many(format!("at most {MAX_SUBSCRIPTIONS} subscriptions on one connection")));
    }
    let id = session.new_subscription_id();
    session.subscriptions().agents.push(id.as_str().into());
    let body = serde_json::json!({ "subscriptionId": id });
    out.push(respond(request, 200, ".ams.GenericSubscribe$Response", body));
    let availability = resync::availability(session).await;
    notify::agent_state_to(session, &id, availability, out);
    Ok(())
}
