//! `UpdateRingState`: take or decline an offer.

use super::super::render::ring_named;
use super::envelope::{Failure, Out, Request, body, respond_sentence};
use super::session::Session;
use antiphon_app::AnswerError;
use antiphon_domain::routing::RingRefused;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    ring_id: Option<String>,
    ring_state: Option<String>,
}

pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let asked: Body = body(request)?;
    let id = asked.ring_id.ok_or_else(|| Failure::missing("ringId: name the ring"))?;
    let accept = match asked.ring_state.as_deref() {
        Some("ACCEPTED") => true,
        Some("REJECTED") => false,
        _ => return Err(Failure::bad_request("ringState: must be ACCEPTED or REJECTED")),
    };
    let gone = || Failure::sentence(400, "Bad Request, Ring is not waiting any more");
    let (conversation, offered_at) = ring_named(&session.view(), &id).ok_or_else(gone)?;
    session.shared.app.answer_ring(&session.caller, conversation, offered_at, accept).await.map_err(|error| match error {
        AnswerError::Refused(RingRefused::Gone) => gone(),
        AnswerError::Refused(RingRefused::NotYours) => Failure::sentence(400, "Bad Request, Ring is for another agent"),
        AnswerError::Unavailable(_) => Failure::unavailable(),
    })?;
    out.push(respond_sentence(request, 202, "Ring state updated successfully"));
    Ok(())
}
