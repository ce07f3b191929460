//! `POST …/conversation`: a list of requests that opens a conversation. The profile comes first whatever the order, then the
//! conversation, then what is published in it; the answers stand in the order of the requests.

use super::answers::{Answer, Refusal, many};
use super::{Admitted, SharedState, Version, admit};
use crate::compat::consumer::{Done, opening, profile, publishing};
use crate::compat::socket::envelope::{self, Failure, OneOrMany, Request};
use antiphon_app::ConsumerCaller;
use antiphon_app::consumers::Open;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::HeaderMap;
use serde_json::value::RawValue;

/// Most requests of one list.
const MOST: usize = 10;
/// What stands in the place of an answer until there is one.
const SKIPPED: &str = "not carried out, because another request of the list was refused";

pub(in crate::compat) async fn open(
    State(shared): SharedState,
    Path(account): Path<String>,
    Query(version): Query<Version>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let Admitted { caller, bytes, key } = admit(&shared, &account, &version, &headers, body).await?;
    let elements: OneOrMany<&RawValue> = serde_json::from_slice::<Vec<&RawValue>>(&bytes)
        .map(OneOrMany::Many)
        .or_else(|_| serde_json::from_slice(&bytes).map(OneOrMany::One))
        .map_err(|_| Refusal::bad_request("", "the body is no list of requests"))?;
    let elements = elements.into_vec();
    if elements.is_empty() || elements.len() > MOST {
        return Err(Refusal::bad_request("", &format!("the list has 1 to {MOST} requests")));
    }
    if elements.iter().any(|element| element.get().chars().count() > shared.limits.request_characters) {
        return Err(Refusal::bad_request("", "Bad Request"));
    }
    let read: Vec<Result<Request<'_>, (Option<String>, Failure)>> = elements.iter().map(|element| envelope::read(element.get())).collect();
    let plan = match plan(&read, &caller, key.as_deref()) {
        Ok(plan) => plan,
        Err((at, failure)) => return Ok(many(all_but(&read, at, &failure))),
    };
    let conversation = match opening::open(&shared.app, &caller, plan.open).await {
        Ok(Done::Opened(conversation)) => conversation,
        Ok(_) => return Err(Refusal::bad_request("", SKIPPED)),
        // What was said about the consumer is kept although they have a conversation already.
        Err(failure) => {
            let mut answers = all_but(&read, plan.conversation, &failure);
            if failure == opening::already_open(&caller) {
                plan.profiles.iter().for_each(|at| answers[*at] = Answer::ok(id(&read[*at]), Done::Said(profile::SET)));
            }
            return Ok(many(answers));
        }
    };
    let mut answers = Vec::with_capacity(read.len());
    for (at, element) in read.iter().enumerate() {
        let Ok(request) = element else { continue };
        answers.push(if at == plan.conversation {
            Answer::ok(&request.id, Done::Opened(conversation))
        } else if plan.profiles.contains(&at) {
            Answer::ok(&request.id, Done::Said(profile::SET))
        } else {
            let key = key.as_ref().map(|key| format!("{key}#{at}"));
            match publishing::publish(&shared.app, &caller, request, key.as_deref(), Some(conversation)).await {
                Ok(done) => Answer::ok(&request.id, done),
                Err(failure) => Answer::refused(&request.id, &failure),
            }
        });
    }
    Ok(many(answers))
}

/// Which request is what.
#[derive(Debug)]
struct Plan {
    open: Open,
    conversation: usize,
    profiles: Vec<usize>,
}

/// Looks at all requests before any is carried out; what is wrong comes with its place.
fn plan(
    read: &[Result<Request<'_>, (Option<String>, Failure)>],
    caller: &ConsumerCaller,
    key: Option<&str>,
) -> Result<Plan, (usize, Failure)> {
    let (mut open, mut profiles, mut said) = (None, Vec::new(), None);
    for (at, element) in read.iter().enumerate() {
        let request = element.as_ref().map_err(|(_, failure)| (at, failure.clone()))?;
        let wrong = |failure| (at, failure);
        match request.name.as_str() {
            "SetUserProfile" if profiles.is_empty() => {
                said = Some(profile::read(request).map_err(wrong)?);
                profiles.push(at);
            }
            "ConsumerRequestConversation" if open.is_none() => open = Some((at, opening::read(request, caller, key).map_err(wrong)?)),
            "PublishEvent" => {}
            "SetUserProfile" | "ConsumerRequestConversation" => {
                return Err(wrong(Failure::bad_request(format!("type: the list has one {} at most", request.name))));
            }
            other => {
                return Err(wrong(Failure::bad_request(format!("type: {other:?} does not belong into a list that opens a conversation"))));
            }
        }
    }
    let missing = || (0, Failure::missing("type: the list needs a cm.ConsumerRequestConversation"));
    let (conversation, open) = open.ok_or_else(missing)?;
    Ok(Plan { open: Open { profile: said, ..open }, conversation, profiles })
}

fn id<'a>(read: &'a Result<Request<'_>, (Option<String>, Failure)>) -> &'a str {
    match read {
        Ok(request) => &request.id,
        Err((id, _)) => id.as_deref().unwrap_or_default(),
    }
}

/// Every answer a refusal: one with its reason, the others because of it.
fn all_but(read: &[Result<Request<'_>, (Option<String>, Failure)>], wrong: usize, failure: &Failure) -> Vec<Answer> {
    let skipped = Failure::sentence(400, SKIPPED);
    let answer = |(at, element)| Answer::refused(id(element), if at == wrong { failure } else { &skipped });
    read.iter().enumerate().map(answer).collect()
}
