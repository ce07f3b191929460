//! `UnsubscribeExConversations`: no further notifications of one subscription.

use super::envelope::{Failure, Out, Request, body, respond_sentence};
use super::session::Session;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    subscription_id: Option<String>,
}

pub(super) fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let id = body::<Body>(request)?.subscription_id.ok_or_else(|| Failure::missing("subscriptionId: name the subscription to end"))?;
    let subscriptions = &mut session.subscriptions().conversations;
    let before = subscriptions.len();
    subscriptions.retain(|subscription| *subscription.id != *id);
    if subscriptions.len() == before {
        return Err(Failure::not_found("subscriptionId: this connection has no such subscription"));
    }
    session.tune();
    out.push(respond_sentence(request, 200, "OK Unsubscribed successfully"));
    Ok(())
}
