//! `SubscribeRoutingTasks`: the caller's rings, now and from now on. A connection with such a subscription can be rung.

use super::envelope::{Failure, Out, Request, respond};
use super::notify;
use super::session::Session;
use super::subscriptions::MAX_SUBSCRIPTIONS;
use antiphon_domain::routing::RingState;
use std::sync::Arc;

pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    if session.subscriptions().routing.len() >= MAX_SUBSCRIPTIONS {
        return Err(Failure::too_many(format!("at most {MAX_SUBSCRIPTIONS} subscriptions on one connection")));
    }
    let id = session.new_subscription_id();
    session.subscriptions().routing.push(id.as_str().into());
    let body = serde_json::json!({ "subscriptionId": id });
    out.push(respond(request, 200, ".ams.GenericSubscribe$Response", body));
    // Those that ring already first; what begins now that the connection listens is announced.
    let app = Arc::clone(&session.shared.app);
    let live = app.rings_of(&session.caller.account, session.caller.id()).await;
    let rings: Vec<_> = live.iter().map(|(ring, task)| (*ring, RingState::Waiting, Arc::clone(task))).collect();
    if session.subscriptions().routing.len() == 1 {
        session.subscriptions().ringing = live;
    }
    notify::rings(session, &rings, Some(&id), out);
    session.place.listen(true).await;
    Ok(())
}
