//! `antiphon.Subscribe`: our own notifications, for clients that know them. Replaces what was asked before.

use super::envelope::{Failure, OneOrMany, Out, Request, body, respond_sentence};
use super::session::Session;
use super::subscriptions::Extensions;
use serde::Deserialize;

#[derive(Deserialize)]
struct Body {
    topics: Option<OneOrMany<String>>,
}

pub(super) fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let topics = body::<Body>(request)?.topics.ok_or_else(|| Failure::missing("topics: list what to be told of"))?;
    let mut extensions = Extensions::default();
    for topic in topics.into_vec() {
        match topic.as_str() {
            "deliveries" => extensions.deliveries = true,
            "sources" => extensions.sources = true,
            "files" => extensions.files = true,
            "consumers" => extensions.consumers = true,
            other => {
                return Err(Failure::bad_request(format!("topics: {other:?} is none of deliveries, sources, files, consumers")));
            }
        }
    }
    session.subscriptions().extensions = extensions;
    session.tune();
    out.push(respond_sentence(request, 200, "OK Subscribed successfully"));
    Ok(())
}
