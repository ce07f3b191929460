//! What our own clients may ask to be told besides: deliveries, files, sources and consumers.
//!
//! Never sent unasked: published bots log an error for each notification they don't know.

use super::super::identity::dialog_id;
use super::super::render::file_state;
use super::super::wire::PictureWire;
use super::envelope::{Out, notify};
use super::notify::{CONVERSATION_CHANGE, Told, conversation_frame, fresh_result};
use super::session::Session;
use super::subscriptions::Extensions;
use crate::deliveries::MessageDelivery;
use antiphon_app::files::file_type_of;
use antiphon_app::ports::store::{ConversationFilter, ReadError};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{
    ConsumerId, Content, Conversation, ConversationId, Delivery, DialogNumber, EventBody, Sequence, SourceId, StoredFile,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// Open conversations of one consumer that are shown afresh when the consumer changes; there is at most one.
const OF_CONSUMER: usize = 4;
/// Events at a dialog's end whose deliveries and files are told again after announcements were lost.
const RECENT: u64 = 50;

#[derive(Serialize)]
struct List<T> {
    changes: Vec<T>,
}

#[derive(Serialize)]
struct DeliveryChange {
    conversation_id: String,
    dialog_id: String,
    sequence: Sequence,
    delivery: MessageDelivery,
}

#[derive(Serialize)]
struct FileChange {
    conversation_id: String,
    dialog_id: String,
    sequence: Sequence,
    relative_path: String,
    state: &'static str,
    file_type: Option<String>,
    name: Option<String>,
    reason: Option<String>,
    size: Option<u64>,
    preview: Option<String>,
    #[serde(flatten)]
    picture: Option<PictureWire>,
}

#[derive(Serialize)]
struct SourceChange<'a> {
    source_id: String,
    health: HealthWire<'a>,
    enabled: bool,
}

#[derive(Serialize)]
struct HealthWire<'a> {
    state: &'static str,
    message: Option<&'a str>,
    since: i64,
}

#[derive(Serialize)]
struct ConsumerChange {
    consumer_id: String,
    opted_out: bool,
    name: Option<String>,
}

fn asked(session: &Session) -> Extensions {
    session.subscriptions.as_ref().map(|subscriptions| subscriptions.extensions).unwrap_or_default()
}

/// Whether this connection may be told of a conversation: the caller sees all, or the client was told of it already.
fn concerns(session: &Session, conversation: ConversationId) -> bool {
    let told = |subscriptions: &super::subscriptions::Subscriptions| {
        subscriptions.conversations.iter().any(|subscription| subscription.knows(conversation))
            || subscriptions.seen.contains_key(&(conversation, DialogNumber::MAIN))
    };
    session.sees_all() || session.subscriptions.as_deref().is_some_and(told)
}

/// Tells where deliveries stand: for each event the state of all its parts together.
pub(super) async fn deliveries(session: &Session, deliveries: &[Delivery], out: &mut Out) -> Told {
    if !asked(session).deliveries {
        return Ok(());
    }
    let mut done = BTreeSet::new();
    let mut changes = Vec::new();
    for delivery in deliveries.iter().filter(|delivery| concerns(session, delivery.conversation)) {
        if !done.insert((delivery.conversation, delivery.dialog, delivery.sequence)) {
            continue;
        }
        if delivery.parts <= 1 {
            changes.extend(delivery_change(std::slice::from_ref(delivery)));
        } else {
            changes.extend(delivery_change(&parts_of(session, delivery).await?));
        }
    }
    if !changes.is_empty() {
        out.push(notify("antiphon.DeliveryNotification", List { changes }));
    }
    Ok(())
}

async fn parts_of(session: &Session, delivery: &Delivery) -> Result<Vec<Delivery>, ReadError> {
    let (account, sequence) = (&session.caller.account, delivery.sequence);
    session.shared.app.store().deliveries_of_events(account, delivery.conversation, delivery.dialog, sequence, sequence).await
}

fn delivery_change(parts: &[Delivery]) -> Option<DeliveryChange> {
    let first = parts.first()?;
    Some(DeliveryChange {
        conversation_id: first.conversation.to_string(),
        dialog_id: dialog_id(first.conversation, first.dialog),
        sequence: first.sequence,
        delivery: MessageDelivery::of(parts)?,
    })
}

/// Tells that a file became ready or failed.
pub(super) fn file(session: &Session, file: &StoredFile, out: &mut Out) {
    let Some((conversation, dialog, sequence)) = file.shown_in else { return };
    if !asked(session).files || !concerns(session, conversation) {
        return;
    }
    let (state, reason) = file_state(&file.state);
    let change = FileChange {
        conversation_id: conversation.to_string(),
        dialog_id: dialog_id(conversation, dialog),
        sequence,
        relative_path: file.path.clone(),
        state,
        file_type: Some(file_type_of(file.content_type.as_deref().or(file.declared_type.as_deref()), file.name.as_deref())),
        name: file.name.clone(),
        reason: reason.map(str::to_owned),
        size: file.size,
        preview: file.picture.as_ref().map(|picture| picture.preview.clone()),
        picture: PictureWire::of(file),
    };
    out.push(notify("antiphon.FileNotification", List { changes: vec![change] }));
}

/// Tells how a source fares.
pub(super) fn source(session: &Session, source: SourceId, health: &Health, enabled: bool, out: &mut Out) {
    if !asked(session).sources {
        return;
    }
    let state = match health.state {
        HealthState::Unknown => "unknown",
        HealthState::Ok => "ok",
        HealthState::Failing => "failing",
        HealthState::NeedsReauthorisation => "needs_reauthorisation",
    };
    let message = Some(health.message.as_str()).filter(|message| !message.is_empty());
    let health = HealthWire { state, message, since: health.since.0 };
    out.push(notify(
        "antiphon.SourceNotification",
        List { changes: vec![SourceChange { source_id: source.to_string(), health, enabled }] },
    ));
}

/// Tells a consumer's name and consent, and shows their open conversation afresh: its composer may be another one now.
pub(super) async fn consumer(session: &Session, id: ConsumerId, out: &mut Out) -> Told {
    if !asked(session).consumers {
        return Ok(());
    }
    let store = session.shared.app.store();
    let account = &session.caller.account;
    let filter = ConversationFilter { open: Some(true), consumer: Some(id), ..ConversationFilter::default() };
    let mut open = store.conversations(account, &filter, None, OF_CONSUMER).await?;
    // Whoever is rung sees who it is, and the channel may tell that only while it rings.
    let rung = session
        .subscriptions
        .as_deref()
        .is_some_and(|subscriptions| subscriptions.ringing.iter().any(|(ring, _)| open.iter().any(|it| it.id == ring.conversation)));
    open.retain(|it| concerns(session, it.id));
    if open.is_empty() && !rung && !session.sees_all() {
        return Ok(());
    }
    let Some(consumer) = store.consumer(account, id).await? else { return Ok(()) };
    let change = ConsumerChange { consumer_id: id.to_string(), opted_out: consumer.opted_out, name: consumer.name };
    out.push(notify("antiphon.ConsumerNotification", List { changes: vec![change] }));
    for it in &open {
        let result = fresh_result(session, it).await?;
        let subscriptions = session.subscriptions.iter().flat_map(|subscriptions| &subscriptions.conversations);
        for subscription in subscriptions.filter(|subscription| subscription.knows(it.id)) {
            out.push(conversation_frame(CONVERSATION_CHANGE, &subscription.id, None, [("UPSERT", result.as_str())]));
        }
    }
    Ok(())
}

/// Tells what may have been lost of a conversation's latest deliveries and files.
pub(super) async fn resync(session: &Session, it: &Conversation, out: &mut Out) -> Told {
    let extensions = asked(session);
    let main = it.main();
    if !(extensions.deliveries || extensions.files) || main.next_sequence == 0 || !concerns(session, it.id) {
        return Ok(());
    }
    let store = session.shared.app.store();
    let from = main.next_sequence.saturating_sub(RECENT);
    if extensions.deliveries {
        let list = store.deliveries_of_events(&it.account, it.id, main.number, from, main.next_sequence - 1).await?;
        deliveries(session, &list, out).await?;
    }
    if extensions.files {
        for event in store.events(&it.account, it.id, main.number, from, usize::try_from(RECENT).unwrap_or(50)).await? {
            if let EventBody::Content(Content::File { path, .. }) = &event.body
                && let Some(found) = store.file(&it.account, path).await?
            {
                file(session, &found, out);
            }
        }
    }
    Ok(())
}
