//! From announcements to frames on a consumer's connection. The same rules as on agents': a conversation's UPSERT before its
//! events, events in the order of their sequences, each once; sequences and versions decide, and gaps are filled from the
//! store. What is meant for agents only never comes here.

use super::super::connection::Gone;
use super::super::envelope::Out;
use super::super::notify::{conversation_frame, files_in};
use super::super::resync::matching;
use super::super::subscriptions::Filter;
use super::visit::Visit;
use crate::compat::render::{self, Extras, Protocol};
use antiphon_app::ports::bus::{Announcement, ConversationMoved, Heard};
use antiphon_app::ports::store::ReadError;
use antiphon_domain::event::Party;
use antiphon_domain::{Audience, Conversation, ConversationId, Dialog, DialogNumber, Event, Sequence};
use axum::extract::ws::Utf8Bytes;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) const CONVERSATION_CHANGE: &str = "cqm.ExConversationChangeNotification";
const EVENTS: &str = "ms.MessagingEventNotification";

/// Events read at once when a gap is filled.
const PAGE: usize = 200;

/// Tells what was heard.
pub(super) async fn tell(visit: &mut Visit, heard: Heard, out: &mut Out) -> Result<(), Gone> {
    let told = match heard {
        Heard::That(Announcement::Conversation(moved)) => conversation(visit, &moved, out).await,
        Heard::That(Announcement::ChatState { conversation, dialog, party, state }) => {
            chat_state(visit, &conversation, dialog, party, &state, out);
            Ok(())
        }
        // Everything else is between agents.
        Heard::That(_) => Ok(()),
        Heard::Missed => everything(visit, out).await,
    };
    told.map_err(|_| Gone::StoreAway)
}

/// Tells a committed move: UPSERTs of what is new to the client, then the events, then other UPSERTs, then DELETEs.
async fn conversation(visit: &mut Visit, moved: &ConversationMoved, out: &mut Out) -> Result<(), ReadError> {
    let it = &moved.after;
    if visit.caller().map(|caller| caller.consumer) != Ok(it.consumer) || visit.subscriptions.is_stale(it) {
        return Ok(());
    }
    let mut steps = visit.subscriptions.take(Protocol::V3, it);
    if !moved.shows() {
        steps.moves.clear();
    }
    let result = if steps.is_empty() { Utf8Bytes::default() } else { shared_result(visit, it).await? };
    let change = |visit: &Visit, subscriptions: &[usize], kind: &str, out: &mut Out| {
        for (_, subscription) in visit.subscriptions.conversations.iter().enumerate().filter(|(at, _)| subscriptions.contains(at)) {
            out.push(conversation_frame(CONVERSATION_CHANGE, &subscription.id, None, [(kind, result.as_str())]));
        }
    };
    change(visit, &steps.appears, "UPSERT", out);
    events(visit, moved, out).await?;
    change(visit, &steps.moves, "UPSERT", out);
    change(visit, &steps.leaves, "DELETE", out);
    if !steps.leaves.is_empty() && !visit.subscriptions.knows(it.id) {
        visit.subscriptions.note_gone(it.id, it.version);
    }
    Ok(())
}

/// Tells the events of the dialogs that the client asked for, those before them that it missed too.
async fn events(visit: &mut Visit, moved: &ConversationMoved, out: &mut Out) -> Result<(), ReadError> {
    let it = &moved.after;
    for dialog in &it.dialogs {
        let key = (it.id, dialog.number);
        let Some(start) = visit.subscriptions.seen.get(&key).copied() else { continue };
        let own: Vec<&Arc<Event>> = moved.events.iter().filter(|event| event.dialog == dialog.number).collect();
        if start < dialog.next_sequence {
            let first = own.first().map_or(dialog.next_sequence, |event| event.sequence);
            let whole = first <= start && own.last().is_some_and(|event| event.sequence + 1 == dialog.next_sequence);
            let mut records = Vec::new();
            if whole {
                for event in own.into_iter().filter(|event| event.sequence >= start && event.audience == Audience::All) {
                    records.push(record(visit, it.id, event).await?);
                }
            } else {
                gap(visit, it, dialog, start, &mut records).await?;
            }
            if !records.is_empty() {
                out.push(events_frame(&records));
            }
        }
        if dialog.open {
            visit.subscriptions.seen.insert(key, dialog.next_sequence.max(start));
        } else {
            visit.subscriptions.seen.remove(&key);
        }
    }
    Ok(())
}

async fn gap(visit: &Visit, it: &Conversation, dialog: &Dialog, start: Sequence, records: &mut Vec<String>) -> Result<(), ReadError> {
    let mut next = start;
    while next < dialog.next_sequence {
        let page = visit.shared.app.store().events(&it.account, it.id, dialog.number, next, PAGE).await?;
        let Some(last) = page.last().map(|event| event.sequence) else { break };
        for event in page.iter().filter(|event| event.sequence < dialog.next_sequence && event.audience == Audience::All) {
            records.push(record(visit, it.id, event).await?);
        }
        next = last + 1;
    }
    Ok(())
}

/// A notification of events that are JSON already.
pub(super) fn events_frame(records: &[String]) -> Utf8Bytes {
    format!(r#"{{"kind":"notification","type":"{EVENTS}","body":{{"changes":[{}]}}}}"#, records.join(",")).into()
}

/// An event as JSON.
pub(super) async fn record(visit: &Visit, conversation: ConversationId, event: &Event) -> Result<String, ReadError> {
    let files = files_in(&visit.shared.app, &visit.account, &[event]).await?;
    Ok(render::event(&visit.view(), Protocol::V3, conversation, event, &files))
}

/// A conversation as JSON: the same for every connection of the consumer, so made once.
async fn shared_result(visit: &Visit, it: &Conversation) -> Result<Utf8Bytes, ReadError> {
    let key = (it.id, it.version, Protocol::V3);
    visit.shared.conversations.get_or_make(key, || async { Ok(result(visit, it).await?.into()) }).await
}

/// A conversation as JSON, with its files as they are now.
pub(super) async fn result(visit: &Visit, it: &Conversation) -> Result<String, ReadError> {
    let files = files_in(&visit.shared.app, &visit.account, it.last_content.as_deref().as_slice()).await?;
    Ok(render::conversation(&visit.view(), Protocol::V3, it, &Extras::default(), &files))
}

fn chat_state(visit: &Visit, it: &Conversation, dialog: DialogNumber, party: Party, state: &str, out: &mut Out) {
    if visit.subscriptions.seen.contains_key(&(it.id, dialog)) {
        out.push(events_frame(&[render::chat_state(&visit.view(), Protocol::V3, it, dialog, party, state)]));
    }
}

/// Makes good for lost announcements: every conversation that may have moved is told as it is now.
async fn everything(visit: &mut Visit, out: &mut Out) -> Result<(), ReadError> {
    metrics::counter!("antiphon_socket_resyncs_total").increment(1);
    let mut ids: BTreeSet<ConversationId> = visit.subscriptions.seen.keys().map(|(conversation, _)| *conversation).collect();
    ids.extend(visit.subscriptions.conversations.iter().flat_map(|subscription| subscription.known()));
    let filters: Vec<Filter> = visit.subscriptions.conversations.iter().map(|subscription| subscription.filter.clone()).collect();
    let mut list: Vec<Arc<Conversation>> = Vec::new();
    for filter in filters {
        list.extend(matching(&visit.shared.app, &visit.account, Protocol::V3, &filter).await?);
    }
    ids.retain(|id| !list.iter().any(|it| it.id == *id));
    for id in ids {
        list.extend(visit.shared.app.store().conversation(&visit.account, id).await?.map(Arc::new));
    }
    list.sort_by_key(|it| (it.updated_at, it.id));
    list.dedup_by_key(|it| it.id);
    for after in list {
        let moved = ConversationMoved { after, departed: Vec::new(), events: Vec::new(), changes: Vec::new() };
        conversation(visit, &moved, out).await?;
    }
    Ok(())
}
