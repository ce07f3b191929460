//! `POST …/conversation/send`: one request for each call.

use super::answers::{Answer, Refusal, one};
use super::{Admitted, SharedState, Version, admit};
use crate::compat::consumer::fulfil;
use crate::compat::identity::dialog_named;
use crate::compat::socket::envelope::{self, Request};
use antiphon_app::{App, ConsumerCaller};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    dialog_id: Option<String>,
    conversation_id: Option<String>,
}

#[derive(Deserialize)]
struct Kind {
    event: Option<EventKind>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventKind {
    content_type: Option<String>,
}

pub(in crate::compat) async fn send(
    State(shared): SharedState,
    Path(account): Path<String>,
    Query(version): Query<Version>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let Admitted { caller, bytes, key } = admit(&shared, &account, &version, &headers, body).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Refusal::bad_request("", "the body is not text in UTF-8"))?;
    let request = match envelope::read(text) {
        Ok(request) => request,
        Err((id, failure)) => return Ok(one(Answer::refused(&id.unwrap_or_default(), &failure))),
    };
    if text.chars().count() > shared.limits.request_characters && !carries_a_file(&request) {
        return Err(Refusal::bad_request(&request.id, "Bad Request"));
    }
    match fulfil(&shared.app, &caller, &request, key.as_deref()).await {
        Ok(done) => Ok(one(Answer::ok(&request.id, done))),
        Err(failure) if failure.code == 404 && is_anothers(&shared.app, &caller, &request).await => Err(Refusal::consumer_invalid()),
        Err(failure) => Ok(one(Answer::refused(&request.id, &failure))),
    }
}

/// Files carry a small picture of themselves, which may be longer than any text.
fn carries_a_file(request: &Request<'_>) -> bool {
    let kind = envelope::body::<Kind>(request).ok().and_then(|kind| kind.event).and_then(|event| event.content_type);
    kind.is_some_and(|kind| matches!(kind.as_str(), "hosted/file" | "HostedFile"))
}

/// Whether the request names a conversation that is another consumer's: the token is the wrong one for it.
async fn is_anothers(app: &App, caller: &ConsumerCaller, request: &Request<'_>) -> bool {
    let Ok(named) = envelope::body::<Named>(request) else { return false };
    let ids = [named.conversation_id, named.dialog_id].into_iter().flatten();
    for (conversation, _) in ids.filter_map(|id| dialog_named(&id)) {
        if let Ok(Some(found)) = app.store().conversation(&caller.account, conversation).await {
            return found.consumer != caller.consumer;
        }
    }
    false
}
