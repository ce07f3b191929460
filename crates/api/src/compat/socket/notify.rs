//! From announcements to frames: what one connection is told, and in which order.
//!
//! The rules that published clients live by: a conversation's UPSERT comes before any event of it, nothing of it comes
//! after its DELETE, events of a dialog come in the order of their sequences, each once. An announcement may be lost,
//! repeated or late: sequences and versions decide, and gaps are filled from the store.

use super::super::render::{self, Extras, Files};
use super::super::wire::{ChangeWire, Changes, ComposerWire, LimitsWire, MediaWire};
use super::connection::Gone;
use super::envelope::{Out, notify};
use super::session::Session;
use super::{extensions, resync};
use antiphon_app::channel::Keys;
use antiphon_app::ports::bus::{Announcement, ConversationMoved, Heard};
use antiphon_app::ports::store::ReadError;
use antiphon_app::{AccountView, App};
use antiphon_domain::event::Party;
use antiphon_domain::routing::{Availability, Ring, RingState, Task};
use antiphon_domain::{
    AccountId, Content, Conversation, ConversationId, Dialog, DialogKind, DialogNumber, Event, EventBody, Role, Source, UserId,
};
use axum::extract::ws::Utf8Bytes;
use std::sync::Arc;

pub(super) const CONVERSATION_CHANGE: &str = ".ams.aam.ExConversationChangeNotification";
const EVENT: &str = ".ams.ms.OnlineEventDistribution";
const ROUTING_TASK: &str = ".ams.routing.RoutingTaskNotification";
const AGENT_STATE: &str = ".ams.routing.AgentStateNotification";

/// Events that are read at once when a gap is filled.
const PAGE: usize = 200;

/// Why nothing could be told: the store is away, so the connection must end and be made anew.
pub(super) type Told = Result<(), ReadError>;

/// Tells what was heard.
pub(super) async fn tell(session: &mut Session, heard: Heard, out: &mut Out) -> Result<(), Gone> {
    let told = match heard {
        Heard::That(announcement) => announced(session, announcement, out).await?,
        Heard::Missed => resync::everything(session, out).await,
    };
    told.map_err(|_| Gone::StoreAway)
}

async fn announced(session: &mut Session, announcement: Announcement, out: &mut Out) -> Result<Told, Gone> {
    Ok(match announcement {
        Announcement::Conversation(moved) => conversation(session, &moved, out).await,
        Announcement::ChatState { conversation, dialog, party, state } => {
            chat_state(session, &conversation, dialog, party, &state, out);
            Ok(())
        }
        Announcement::Ring { ring, state, task } => {
            ring_moved(session, ring, state, task, out);
            Ok(())
        }
        Announcement::Agent(user, availability) => {
            if user == session.caller.id() {
                agent_state(session, availability, out);
            }
            Ok(())
        }
        Announcement::Directory => {
            session.refresh_caller()?;
            Ok(())
        }
        Announcement::Sessions(_) => {
            session.check_session().await?;
            Ok(())
        }
        Announcement::Deliveries(deliveries) => extensions::deliveries(session, &deliveries, out).await,
        Announcement::File(file) => {
            extensions::file(session, &file, out);
            Ok(())
        }
        Announcement::Source(source, health, enabled) => {
            extensions::source(session, source, &health, enabled, out);
            Ok(())
        }
        Announcement::Consumer(consumer) => extensions::consumer(session, consumer, out).await,
    })
}

/// Tells a committed move: UPSERTs of what is new to the client, then the events, then other UPSERTs, then DELETEs.
pub(super) async fn conversation(session: &mut Session, moved: &ConversationMoved, out: &mut Out) -> Told {
    let it = &moved.after;
    if session.subscriptions.as_ref().is_some_and(|subscriptions| subscriptions.is_stale(it)) {
        return Ok(());
    }
    let protocol = session.protocol;
    let mut steps = session.subscriptions.as_mut().map(|subscriptions| subscriptions.take(protocol, it)).unwrap_or_default();
    if !moved.shows() {
        steps.moves.clear();
    }
    let result = match steps.is_empty() {
        true => Utf8Bytes::default(),
        false => shared_result(session, it).await?,
    };
    // What came along with the request that changed it, for whoever reads reasons.
    let metadata = moved.changes.iter().rev().find_map(|change| change.metadata.as_deref());
    let change = |session: &Session, subscriptions: &[usize], kind: &str, out: &mut Out| {
        let known = session.subscriptions.iter().flat_map(|known| &known.conversations);
        for (_, subscription) in known.enumerate().filter(|(at, _)| subscriptions.contains(at)) {
            out.push(conversation_frame(CONVERSATION_CHANGE, &subscription.id, metadata, [(kind, result.as_str())]));
        }
    };
    change(session, &steps.appears, "UPSERT", out);
    events(session, moved, !steps.leaves.is_empty(), out).await?;
    change(session, &steps.moves, "UPSERT", out);
    change(session, &steps.leaves, "DELETE", out);
    if let Some(subscriptions) = &mut session.subscriptions
        && !steps.leaves.is_empty()
        && !subscriptions.tells_of(it.id)
    {
        subscriptions.note_gone(it.id, it.version);
        subscriptions.forget_events(it.id);
    }
    Ok(())
}

/// Tells the events of a move that this connection has not seen, and those before it that it missed.
async fn events(session: &mut Session, moved: &ConversationMoved, leaving: bool, out: &mut Out) -> Told {
    let it = &moved.after;
    let me = Party::User(session.caller.id());
    for dialog in &it.dialogs {
        let key = (it.id, dialog.number);
        let takes_part = dialog.participants.iter().any(|participant| participant.party == me && !participant.suggested);
        let told = match reads_along(dialog, session.caller.id()) {
            // Who had the conversation may not know what a survey is: only a client that asked for it is told.
            true => session.seen(key).is_some() || session.subscriptions.as_ref().is_some_and(|known| known.knows(it.id)),
            false => leaving || session.subscriptions.as_ref().is_none_or(|subscriptions| subscriptions.tells_of(it.id)),
        };
        if !(takes_part && told) {
            if let Some(subscriptions) = &mut session.subscriptions {
                subscriptions.seen.remove(&key);
            }
            continue;
        }
        let end = dialog.next_sequence;
        let own: Vec<&Arc<Event>> = moved.events.iter().filter(|event| event.dialog == dialog.number).collect();
        let first = own.first().map_or(end, |event| event.sequence);
        let start = session.seen(key).unwrap_or(first);
        if start < end {
            let whole = first <= start && own.last().is_some_and(|event| event.sequence + 1 == end);
            if whole {
                for event in own.into_iter().filter(|event| event.sequence >= start) {
                    out.push(event_frame(session, it.id, event).await?);
                }
            } else {
                fill_gap(session, it, dialog, start, out).await?;
            }
        }
        if session.seen(key).is_none_or(|seen| seen < end) && (dialog.open || session.seen(key).is_some()) {
            session.subscriptions().seen.insert(key, end);
        }
    }
    if !it.open
        && let Some(subscriptions) = &mut session.subscriptions
    {
        subscriptions.forget_events(it.id);
    }
    Ok(())
}

/// Whether a user is in a survey only because they had the conversation.
fn reads_along(dialog: &Dialog, user: UserId) -> bool {
    dialog.kind == DialogKind::PostSurvey && dialog.role_of(user) == Some(Role::Reader)
}

async fn fill_gap(session: &Session, it: &Conversation, dialog: &Dialog, start: u64, out: &mut Out) -> Told {
    let mut next = start;
    while next < dialog.next_sequence {
        let page = session.shared.app.store().events(&it.account, it.id, dialog.number, next, PAGE).await?;
        let Some(last) = page.last().map(|event| event.sequence) else { break };
        for event in page.iter().filter(|event| event.sequence < dialog.next_sequence) {
            out.push(event_frame(session, it.id, event).await?);
        }
        next = last + 1;
    }
    Ok(())
}

/// The frame of an event: the same for every connection, so made once.
async fn event_frame(session: &Session, conversation: ConversationId, event: &Event) -> Result<Utf8Bytes, ReadError> {
    let shared = &session.shared;
    let make = || async {
        let files = files_of(session, &[event]).await?;
        let record = render::event(&session.view(), session.protocol, conversation, event, &files);
        Ok(Utf8Bytes::from(format!(r#"{{"kind":"notification","type":"{EVENT}","body":{record}}}"#)))
    };
    shared.events.get_or_make((conversation, event.dialog, event.sequence), make).await
}

/// A conversation as JSON: the same for every connection of one version of the protocol, so made once.
async fn shared_result(session: &Session, it: &Conversation) -> Result<Utf8Bytes, ReadError> {
    let key = (it.id, it.version, session.protocol);
    session.shared.conversations.get_or_make(key, || async { Ok(fresh_result(session, it).await?.into()) }).await
}

/// A conversation as JSON, with its consumer, composer and files as they are now.
pub(super) async fn fresh_result(session: &Session, it: &Conversation) -> Result<String, ReadError> {
    let app = &session.shared.app;
    let view = session.view();
    let consumer = app.consumer_of(it).await.map_err(|refused| ReadError::Unavailable(refused.to_string()))?;
    let files = files_of(session, it.last_content.as_deref().as_slice()).await?;
    let composer = consumer.as_deref().map(|consumer| app.composer(it, consumer));
    let source = view.sources.get(&it.source);
    let extras = Extras {
        consumer: consumer.as_deref(),
        channel: source.map_or("", |source| &source.channel),
        media: source.and_then(|source| media_of(session, &view, source)),
        composer: composer.as_ref().map(|composer| ComposerWire {
            enabled: composer.enabled,
            code: composer.code,
            reason: composer.reason.as_deref(),
            window_closes_at: composer.window_closes_at.map(|at| at.0),
            templates: composer.templates,
        }),
        limits: composer.as_ref().and_then(|composer| composer.text).map(|text| LimitsWire {
            max: text.max,
            unit: text.unit,
            segments: text.segments,
        }),
    };
    Ok(render::conversation(&view, session.protocol, it, &extras, &files))
}

/// What files a source takes: two sources of one channel may differ.
fn media_of(session: &Session, view: &AccountView, source: &Arc<Source>) -> Option<MediaWire> {
    let app = source.app.and_then(|id| view.channel_apps.get(&id)).cloned();
    let keys = Keys { source: Some(Arc::clone(source)), app };
    let media = session.shared.app.channel(&source.channel)?.capabilities(&keys).media;
    let types: Vec<String> = media.types.into_iter().map(|rule| rule.mime).collect();
    (!types.is_empty()).then_some(MediaWire { types, max_bytes: media.max_bytes, max_count: media.max_per_message })
}

/// The stored files that events show.
pub(super) async fn files_of(session: &Session, events: &[&Event]) -> Result<Files, ReadError> {
    files_in(&session.shared.app, &session.caller.account, events).await
}

/// The stored files that events of an account show.
pub(super) async fn files_in(app: &App, account: &AccountId, events: &[&Event]) -> Result<Files, ReadError> {
    let mut files = Files::new();
    for event in events {
        if let EventBody::Content(Content::File { path, .. }) = &event.body
            && let Some(file) = app.store().file(account, path).await?
        {
            files.insert(path.to_string(), file);
        }
    }
    Ok(files)
}

/// A notification of changes of conversations whose results, and what goes with each, are JSON already.
pub(super) fn conversation_frame<'a>(
    name: &str,
    subscription: &str,
    metadata: Option<&str>,
    changes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Utf8Bytes {
    let mut frame = format!(r#"{{"kind":"notification","type":"{name}","body":{{"subscriptionId":"{subscription}","changes":["#);
    for (at, (kind, result)) in changes.into_iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        frame.push_str(&format!(r#"{comma}{{"type":"{kind}","result":"#));
        frame.push_str(result);
        if let Some(metadata) = metadata {
            frame.push_str(r#","metadata":"#);
            frame.push_str(metadata);
        }
        frame.push('}');
    }
    frame.push_str("]}}");
    frame.into()
}

fn chat_state(session: &Session, it: &Conversation, dialog: DialogNumber, party: Party, state: &str, out: &mut Out) {
    let me = Party::User(session.caller.id());
    let participants = it.dialog(dialog).map_or(&[][..], |dialog| &dialog.participants);
    let takes_part = participants.iter().any(|participant| participant.party == me && !participant.suggested);
    if takes_part && session.subscriptions.as_ref().is_none_or(|subscriptions| subscriptions.tells_of(it.id)) {
        let record = render::chat_state(&session.view(), session.protocol, it, dialog, party, state);
        out.push(format!(r#"{{"kind":"notification","type":"{EVENT}","body":{record}}}"#).into());
    }
}

fn ring_moved(session: &mut Session, ring: Ring, state: RingState, task: Arc<Task>, out: &mut Out) {
    let Some(subscriptions) = session.subscriptions.as_mut().filter(|subscriptions| !subscriptions.routing.is_empty()) else { return };
    if ring.agent != session.caller.id() {
        return;
    }
    let known = subscriptions.ringing.iter().position(|(known, _)| *known == ring);
    match (state == RingState::Waiting, known) {
        (true, Some(_)) => return,
        (true, None) => subscriptions.ringing.push((ring, Arc::clone(&task))),
        (false, Some(at)) => {
            subscriptions.ringing.remove(at);
        }
        (false, None) => {}
    }
    rings(session, &[(ring, state, task)], None, out);
}

/// Tells rings to the given subscription, or to all.
pub(super) fn rings(session: &Session, rings: &[(Ring, RingState, Arc<Task>)], only: Option<&str>, out: &mut Out) {
    let view = session.view();
    let ids = session.subscriptions.iter().flat_map(|subscriptions| &subscriptions.routing);
    for id in ids.filter(|id| only.is_none_or(|only| only == &***id)) {
        let change = |(ring, state, task): &(Ring, RingState, Arc<Task>)| ChangeWire {
            kind: "UPSERT",
            result: render::task(&view, ring, *state, task),
        };
        out.push(notify(ROUTING_TASK, Changes { subscription_id: id, changes: rings.iter().map(change).collect() }));
    }
}

/// Tells the caller's own state to every subscription to it.
pub(super) fn agent_state(session: &Session, availability: Availability, out: &mut Out) {
    for id in session.subscriptions.iter().flat_map(|subscriptions| &subscriptions.agents) {
        agent_state_to(session, id, availability, out);
    }
}

/// Tells the caller's own state to one subscription.
pub(super) fn agent_state_to(session: &Session, id: &str, availability: Availability, out: &mut Out) {
    let result = render::agent_state(&session.view(), session.caller.id(), availability);
    out.push(notify(AGENT_STATE, Changes { subscription_id: id, changes: vec![ChangeWire { kind: "UPSERT", result }] }));
}
