//! Subscriptions of a consumer's connection: to their conversations, and to the events of a dialog.
//!
//! The response comes first, then what there is, then what comes.

use super::super::envelope::{Failure, OneOrMany, Out, Request, TextOrNumber, body, respond};
use super::super::query_messages::{read_dialog, read_sequence};
use super::super::resync::matching;
use super::super::subscribe_ex_conversations::read_states;
use super::super::subscriptions::{ConversationSubscription, Filter, MAX_SUBSCRIPTIONS};
use super::notify::{self, CONVERSATION_CHANGE};
use super::requests::STRING_RESPONSE;
use super::visit::Visit;
use crate::compat::render::Protocol;
use antiphon_app::ports::store::ReadError;
use antiphon_app::publish::DialogRef;
use antiphon_app::query::ReadRefused;
use antiphon_domain::{ConversationId, Event, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Most dialogs whose events one connection is told.
const MAX_DIALOGS: usize = 256;
/// Events read at once.
const PAGE: usize = 500;
/// Most bytes of events in one frame; a longer backlog comes in several.
const FRAME_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conversations {
    conv_state: Option<OneOrMany<String>>,
    stage: Option<OneOrMany<String>>,
    min_last_updated_time: Option<i64>,
    max_last_updated_time: Option<i64>,
    conversation_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unsubscribe {
    subscription_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    dialog_id: Option<String>,
    conversation_id: Option<String>,
    from_seq: Option<TextOrNumber>,
    newer_than_sequence: Option<TextOrNumber>,
}

/// `SubscribeExConversations`: the consumer's own, whatever else the filter names.
pub(super) async fn conversations(visit: &mut Visit, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let asked: Conversations = body(request)?;
    let only = asked.conversation_id.filter(|id| !id.is_empty());
    let only: Option<ConversationId> =
        only.map(|id| id.parse().map_err(|_| Failure::bad_request(format!("conversationId: {id:?} is no id of this kind")))).transpose()?;
    let filter = Filter {
        state: read_states("convState", asked.conv_state)?,
        stage: read_states("stage", asked.stage)?,
        agents: Vec::new(),
        updated_from: asked.min_last_updated_time.map(Timestamp),
        updated_to: asked.max_last_updated_time.map(Timestamp),
        consumer: Some(visit.caller()?.consumer),
        conversation: only,
    };
    if visit.subscriptions.conversations.len() >= MAX_SUBSCRIPTIONS {
        return Err(Failure::too_many(format!("at most {MAX_SUBSCRIPTIONS} subscriptions on one connection; unsubscribe from one first")));
    }
    let list = matching(&visit.shared.app, &visit.account, Protocol::V3, &filter).await.map_err(|_| Failure::unavailable())?;
    let mut results = Vec::with_capacity(list.len());
    for it in &list {
        results.push(notify::result(visit, it).await.map_err(|_| Failure::unavailable())?);
    }
    let mut subscription = ConversationSubscription::new(visit.new_subscription_id(), filter);
    for it in &list {
        subscription.take(Protocol::V3, it);
    }
    out.push(respond(request, 200, "cqm.SubscribeExConversationsResponse", json!({ "subscriptionId": &*subscription.id })));
    let changes = results.iter().map(|result| ("UPSERT", result.as_str()));
    out.push(super::super::notify::conversation_frame(CONVERSATION_CHANGE, &subscription.id, None, changes));
    visit.subscriptions.conversations.push(subscription);
    Ok(())
}

/// `UnsubscribeExConversations`: no further notifications of one subscription.
pub(super) fn no_conversations(visit: &mut Visit, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let id =
        body::<Unsubscribe>(request)?.subscription_id.ok_or_else(|| Failure::missing("subscriptionId: name the subscription to end"))?;
    let subscriptions = &mut visit.subscriptions.conversations;
    let before = subscriptions.len();
    subscriptions.retain(|subscription| *subscription.id != *id);
    if subscriptions.len() == before {
        return Err(Failure::not_found("subscriptionId: this connection has no such subscription"));
    }
    out.push(respond(request, 200, STRING_RESPONSE, "OK Unsubscribed successfully"));
    Ok(())
}

/// `SubscribeMessagingEvents`: a dialog's events from a sequence on, those that there are in one notification.
pub(super) async fn events(visit: &mut Visit, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let asked: Events = body(request)?;
    let (conversation, number) = read_dialog(asked.dialog_id.as_deref(), asked.conversation_id.as_deref())?;
    let from = asked.from_seq.or(asked.newer_than_sequence).map_or(Ok(0), read_sequence)?;
    let key = (conversation, number);
    if visit.subscriptions.seen.len() >= MAX_DIALOGS && !visit.subscriptions.seen.contains_key(&key) {
        return Err(Failure::too_many(format!("at most {MAX_DIALOGS} dialogs on one connection")));
    }
    let caller = visit.caller()?;
    let app = Arc::clone(&visit.shared.app);
    let mut frames = Vec::new();
    let mut records: Vec<String> = Vec::new();
    let (mut next, mut bytes) = (Some(from), 0);
    let mut seen = from;
    while let Some(start) = next {
        let (page, after) = app.own_events(caller, DialogRef { conversation, number }, start, PAGE).await.map_err(refused)?;
        for event in &page {
            let record = notify::record(visit, conversation, event).await.map_err(|_: ReadError| Failure::unavailable())?;
            if bytes > 0 && bytes + record.len() > FRAME_BYTES {
                frames.push(notify::events_frame(&std::mem::take(&mut records)));
                bytes = 0;
            }
            bytes += record.len();
            records.push(record);
        }
        seen = after.or_else(|| page.last().map(|event: &Arc<Event>| event.sequence + 1)).unwrap_or(seen).max(seen);
        next = after;
    }
    if !records.is_empty() {
        frames.push(notify::events_frame(&records));
    }
    let own = app.own_conversation(caller, conversation).await.map_err(refused)?;
    out.push(respond(request, 200, "GenericSubscribeResponse", json!({})));
    out.extend(frames);
    // What ended tells nothing more.
    if own.dialog(number).is_some_and(|dialog| dialog.open) {
        visit.subscriptions.seen.insert(key, seen);
    }
    Ok(())
}

fn refused(refused: ReadRefused) -> Failure {
    match refused {
        ReadRefused::Unavailable(_) => Failure::unavailable(),
        _ => Failure::not_found("dialogId: there is no such dialog"),
    }
}
