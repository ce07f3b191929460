//! `GET …/conversations/{id}/messages`.

use super::event::{file_path, raw, shown};
use super::{READERS, party_id};
use crate::ask::Ask;
use crate::compat::identity::{dialog_id, dialog_named};
use crate::deliveries::MessageDelivery;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_app::publish::DialogRef;
use antiphon_domain::{Audience, ConversationId, Delivery, Sequence};
use axum::Json;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// A numbered event of a dialog.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    dialog_id: String,
    /// Its place in the dialog: from 0, without gaps.
    sequence: u64,
    /// A user's, consumer's or source's id, or `system`.
    originator_id: String,
    originator_role: String,
    /// When it was stored, UTC milliseconds.
    at: i64,
    /// The channel's own time.
    #[schema(required)]
    vendor_at: Option<i64>,
    audience: MessageAudience,
    /// As on the agents' socket: `ContentEvent`, `RichContentEvent` or `AcceptStatusEvent`.
    #[schema(value_type = Object)]
    event: serde_json::Value,
    /// The array that came along, if one did.
    #[schema(required, value_type = Option<Vec<Object>>)]
    metadata: Option<serde_json::Value>,
    /// What became of it at the channel; null for what was never sent there.
    #[schema(required)]
    delivery: Option<MessageDelivery>,
}

/// Who may see it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum MessageAudience {
    All,
    AgentsAndManagers,
}

/// Messages of a dialog, ascending; `next` goes into `after_sequence`. Without `dialog`, those of the main one.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/conversations/{id}/messages", tag = "conversations",
    params(("dialog" = Option<String>, Query), ("after_sequence" = Option<u64>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = Page<Message>)))]
pub(crate) async fn list_messages(ask: Ask) -> Result<Json<Page<Message>>, ApiError> {
    ask.require(&READERS)?;
    let conversation: ConversationId = ask.id("conversation")?;
    let mut query = ask.query()?;
    let limit = query.page()?.limit;
    let after = query.parsed::<Sequence>("after_sequence")?;
    let dialog = match query.text("dialog") {
        None => DialogRef::main(conversation),
        Some(text) => match dialog_named(&text) {
            Some((of, number)) if of == conversation => DialogRef { conversation, number },
            _ => return Err(ApiError::not_found("dialog of this conversation")),
        },
    };
    query.finish()?;
    let from = after.map_or(0, |after| after.saturating_add(1));
    let mut events = ask.app().events(ask.caller(), dialog, from, limit + 1).await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let mut deliveries: HashMap<Sequence, Vec<Delivery>> = HashMap::new();
    if let (Some(first), Some(last)) = (events.first(), events.last()) {
        for delivery in ask.app().deliveries_of_events(ask.caller(), dialog, first.sequence, last.sequence).await? {
            deliveries.entry(delivery.sequence).or_default().push(delivery);
        }
    }
    let mut items = Vec::with_capacity(events.len());
    for event in &events {
        let file = match file_path(event) {
            Some(path) => ask.app().store().file(ask.account(), path).await?,
            None => None,
        };
        items.push(Message {
            dialog_id: dialog_id(conversation, event.dialog),
            sequence: event.sequence,
            originator_id: party_id(event.originator.party),
            originator_role: event.originator.role.name().to_owned(),
            at: event.at.0,
            vendor_at: event.vendor_at.map(|at| at.0),
            audience: match event.audience {
                Audience::All => MessageAudience::All,
                Audience::AgentsAndManagers => MessageAudience::AgentsAndManagers,
            },
            event: shown(event, file.as_ref()),
            metadata: event.metadata.as_deref().map(raw),
            delivery: deliveries.get(&event.sequence).and_then(|parts| MessageDelivery::of(parts)),
        });
    }
    let next = events.last().filter(|_| more).map(|last| last.sequence.to_string());
    Ok(Json(Page { items, next }))
}
