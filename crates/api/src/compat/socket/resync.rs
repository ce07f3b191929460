//! Snapshots of subscriptions, and making good for announcements that were lost.
//!
//! Both read the store as it is now and go through the same bookkeeping as announcements do, so what was told before is
//! not told again and nothing in between is left out.

use super::super::render::Protocol;
use super::envelope::Out;
use super::extensions;
use super::notify::{self, CONVERSATION_CHANGE, Told, conversation_frame, fresh_result};
use super::session::Session;
use super::subscriptions::{Filter, Step};
use antiphon_app::App;
use antiphon_app::ports::bus::ConversationMoved;
use antiphon_app::ports::store::{ConversationCursor, ReadError};
use antiphon_domain::event::Party;
use antiphon_domain::routing::RingState;
use antiphon_domain::{AccountId, Conversation, ConversationId};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Most conversations of a snapshot.
const SNAPSHOT: usize = 1_000;
/// Conversations read at once.
const PAGE: usize = 200;
/// Pages read at most for one agent of a filter.
const PAGES: usize = 50;

/// The conversations that match a filter, the oldest change first, at most [`SNAPSHOT`] of those changed last.
pub(super) async fn matching(
    app: &App,
    account: &AccountId,
    protocol: Protocol,
    filter: &Filter,
) -> Result<Vec<Arc<Conversation>>, ReadError> {
    let store = app.store();
    let mut found: HashMap<ConversationId, Arc<Conversation>> = HashMap::new();
    if let Some(only) = filter.conversation {
        let one = store.conversation(account, only).await?;
        return Ok(one.into_iter().filter(|it| filter.matches(protocol, it)).map(Arc::new).collect());
    }
    for question in filter.questions() {
        let mut after = None;
        let mut taken = 0;
        for _ in 0..PAGES {
            let page = store.conversations(account, &question, after, PAGE).await?;
            let full = page.len() == PAGE;
            after = page.last().map(|last| ConversationCursor { updated_at: last.updated_at, id: last.id });
            for it in page.into_iter().filter(|it| filter.matches(protocol, it)) {
                taken += 1;
                found.insert(it.id, Arc::new(it));
            }
            if !full || taken >= SNAPSHOT {
                break;
            }
        }
    }
    let mut list: Vec<Arc<Conversation>> = found.into_values().collect();
    list.sort_unstable_by_key(|it| (it.updated_at, it.id));
    let surplus = list.len().saturating_sub(SNAPSHOT);
    list.drain(..surplus);
    Ok(list)
}

/// Tells the snapshot of the subscription made last.
pub(super) async fn snapshot(session: &mut Session, out: &mut Out) -> Told {
    let Some(filter) = session.subscriptions().conversations.last().map(|subscription| subscription.filter.clone()) else { return Ok(()) };
    let list = matching(&session.shared.app, &session.caller.account, session.protocol, &filter).await?;
    let mut results = Vec::with_capacity(list.len());
    let protocol = session.protocol;
    for it in &list {
        let step = session.subscriptions().conversations.last_mut().map(|subscription| subscription.take(protocol, it));
        if step == Some(Step::Appears) {
            results.push(fresh_result(session, it).await?);
        }
        note_seen(session, it);
    }
    if let Some(subscription) = session.subscriptions().conversations.last() {
        out.push(conversation_frame(CONVERSATION_CHANGE, &subscription.id, None, results.iter().map(|result| ("UPSERT", result.as_str()))));
    }
    Ok(())
}

/// From here on the client gets the events of the caller's own dialogs; what came before it reads as history.
fn note_seen(session: &mut Session, it: &Conversation) {
    let me = Party::User(session.caller.id());
    for dialog in it.dialogs.iter().filter(|dialog| dialog.open) {
        if dialog.participants.iter().any(|participant| participant.party == me && !participant.suggested) {
            session.subscriptions().seen.entry((it.id, dialog.number)).or_insert(dialog.next_sequence);
        }
    }
}

/// Makes good for lost announcements: every conversation that may have moved is told as it is now, then rings and states.
pub(super) async fn everything(session: &mut Session, out: &mut Out) -> Told {
    metrics::counter!("antiphon_socket_resyncs_total").increment(1);
    let Some(subscriptions) = &session.subscriptions else { return Ok(()) };
    let mut ids: BTreeSet<ConversationId> = subscriptions.seen.keys().map(|(conversation, _)| *conversation).collect();
    ids.extend(subscriptions.conversations.iter().flat_map(|subscription| subscription.known()));
    let filters: Vec<Filter> = subscriptions.conversations.iter().map(|subscription| subscription.filter.clone()).collect();
    let mut list: Vec<Arc<Conversation>> = Vec::new();
    for filter in filters {
        for it in matching(&session.shared.app, &session.caller.account, session.protocol, &filter).await? {
            ids.remove(&it.id);
            list.push(it);
        }
    }
    for id in ids {
        let one = session.shared.app.store().conversation(&session.caller.account, id).await?;
        list.extend(one.map(Arc::new));
    }
    list.sort_by_key(|it| (it.updated_at, it.id));
    list.dedup_by_key(|it| it.id);
    for it in list {
        let moved = ConversationMoved { after: Arc::clone(&it), departed: Vec::new(), events: Vec::new(), changes: Vec::new() };
        notify::conversation(session, &moved, out).await?;
        extensions::resync(session, &it, out).await?;
    }
    rings_and_state(session, out).await;
    Ok(())
}

async fn rings_and_state(session: &mut Session, out: &mut Out) {
    let app = Arc::clone(&session.shared.app);
    let (account, me) = (session.caller.account.clone(), session.caller.id());
    if !session.subscriptions().routing.is_empty() {
        let now = app.rings_of(&account, me).await;
        let before = std::mem::replace(&mut session.subscriptions().ringing, now.clone());
        let ended = before.iter().filter(|(ring, _)| !now.iter().any(|(live, _)| live == ring));
        let begun = now.iter().filter(|(ring, _)| !before.iter().any(|(known, _)| known == ring));
        let changed: Vec<_> = ended
            .map(|(ring, task)| (*ring, RingState::Cancelled, Arc::clone(task)))
            .chain(begun.map(|(ring, task)| (*ring, RingState::Waiting, Arc::clone(task))))
            .collect();
        if !changed.is_empty() {
            notify::rings(session, &changed, None, out);
        }
    }
    if !session.subscriptions().agents.is_empty() {
        let availability = availability(session).await;
        notify::agent_state(session, availability, out);
    }
}

/// The caller's state as it is now.
pub(super) async fn availability(session: &Session) -> antiphon_domain::routing::Availability {
    let seats = session.shared.app.agent_seats(&session.caller.account).await;
    seats.iter().find(|seat| seat.user == session.caller.id()).map(|seat| seat.availability).unwrap_or_default()
}
