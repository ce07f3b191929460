//! What a channel tells about a conversation without anybody writing: reactions, messages taken back, how a consumer came.
//!
//! In an open conversation it is an event that enriches the message it is about: agents see it, nobody is rung, nothing waits
//! for an answer because of it. Without one, what gives context is kept with the consumer for their next message.

use super::{Again, Ingested, Place};
use crate::App;
use crate::channel::InboundItem;
use crate::channel_log::About;
use crate::live::KnownConsumer;
use crate::ports::bus::ConversationMoved;
use crate::ports::store::{UnitOfWork, Write};
use antiphon_domain::conversation::Draft;
use antiphon_domain::event::{Originator, Party};
use antiphon_domain::id::DialogNumber;
use antiphon_domain::{AcceptStatus, Audience, Consumer, Conversation, EventBody, Role, Sequence};
use serde_json::Value;
use std::sync::Arc;

/// The most of it that is kept for a consumer's next message; the newest stay.
const KEPT: usize = 8;
/// The longest single one, in bytes; longer ones are left out.
const NOTE_BYTES: usize = 4_000;

/// Something about a conversation.
pub(super) struct Noted<'a> {
    pub from: &'a str,
    pub about: Option<&'a str>,
    pub note: &'a str,
    pub keep: bool,
}

impl App {
    pub(super) async fn ingest_note(self: &Arc<Self>, place: &Place<'_>, item: &InboundItem, noted: &Noted<'_>) -> Result<Ingested, Again> {
        let Some(note) = readable(noted.note).filter(|_| !noted.from.is_empty()) else {
            metrics::counter!("antiphon_ignored_items_total", "channel" => place.channel.describe().id, "label" => "note").increment(1);
            return Ok(Ingested::Stored(About::default()));
        };
        let _consumer_lock = place.state.live.lock_consumer(place.source.id, noted.from).await;
        let known = self.known_consumer(place, noted.from).await?;
        let now = self.clock.now();
        let mut unit = UnitOfWork::new(place.view.account.id.clone());
        unit.write(Write::Once { source: place.source.id, key: item.key.as_str().into(), at: now });
        // A survey's answers are not annotated: what is told is about what the conversation itself holds.
        let open = self.open_of(place, known.as_ref()).await?;
        if let Some((current, _guard)) = open.filter(|(current, _)| current.main().open)
            && let Some(about) = self.sequence_of(place, &current, noted.about).await?
        {
            let mut next = (*current).clone();
            let draft = Draft {
                originator: Originator { party: Party::Consumer(current.consumer), role: Role::Consumer },
                vendor_at: item.at,
                audience: Audience::All,
                body: EventBody::Accept { status: AcceptStatus::Enrich, sequences: vec![about] },
                metadata: Some(Value::Array(vec![note]).to_string().into()),
            };
            let event = Arc::new(next.append(DialogNumber::MAIN, draft, now).map_err(|_| Again::Conflict)?);
            let next = Arc::new(next);
            unit.write(Write::PutConversation { conversation: Arc::clone(&next), was: current.version });
            unit.write(Write::AddEvent { conversation: next.id, event: Arc::clone(&event) });
            if let Err(error) = self.commit(unit).await {
                place.state.live.forget_conversation(next.id);
                return Err(error.into());
            }
            place.state.live.keep_conversation(Arc::clone(&next));
            let about = About::conversation(next.id);
            self.announce_move(ConversationMoved { after: next, departed: Vec::new(), events: vec![event], changes: Vec::new() });
            return Ok(Ingested::Stored(about));
        }
        if !noted.keep {
            metrics::counter!("antiphon_ignored_items_total", "channel" => place.channel.describe().id, "label" => "note").increment(1);
            return Ok(Ingested::Stored(About::default()));
        }
        let mut consumer =
            known.as_ref().map_or_else(|| self.new_consumer(place, noted.from, None, now), |known| (*known.consumer).clone());
        consumer.context = Some(added(consumer.context.as_deref(), note));
        unit.write(Write::PutConsumer(consumer.clone()));
        if let Err(error) = self.commit(unit).await {
            place.state.live.forget_consumer(&consumer);
            return Err(error.into());
        }
        let known = known.unwrap_or_else(|| KnownConsumer { consumer: Arc::new(consumer.clone()), open: None, had_one: false });
        place.state.live.keep_known(KnownConsumer { consumer: Arc::new(consumer), ..known });
        Ok(Ingested::Stored(About::default()))
    }

    /// The place of the message that something is about: one of ours by the channel's id, else the last that there is.
    async fn sequence_of(&self, place: &Place<'_>, conversation: &Conversation, about: Option<&str>) -> Result<Option<Sequence>, Again> {
        if let Some(vendor_id) = about
            && let Some(found) = self.store.delivery_by_vendor_id(&conversation.account, place.source.id, vendor_id).await?
            && found.conversation == conversation.id
            && found.dialog == DialogNumber::MAIN
        {
            return Ok(Some(found.sequence));
        }
        let last = conversation.last_content.as_ref().map(|event| event.sequence);
        Ok(last.or_else(|| conversation.main().next_sequence.checked_sub(1)))
    }
}

/// What was kept for the consumer's next message, to go with it now.
pub(super) fn take_context(consumer: &mut Arc<Consumer>) -> Vec<Value> {
    if consumer.context.is_none() {
        return Vec::new();
    }
    let kept = Arc::make_mut(consumer).context.take();
    kept.as_deref().map(notes_of).unwrap_or_default()
}

fn readable(note: &str) -> Option<Value> {
    let note: Value = serde_json::from_str(note).ok().filter(|_| note.len() <= NOTE_BYTES)?;
    note.get("type").is_some_and(Value::is_string).then_some(note)
}

fn notes_of(kept: &str) -> Vec<Value> {
    serde_json::from_str(kept).unwrap_or_default()
}

fn added(kept: Option<&str>, note: Value) -> String {
    let mut notes = kept.map(notes_of).unwrap_or_default();
    notes.push(note);
    let surplus = notes.len().saturating_sub(KEPT);
    notes.drain(..surplus);
    Value::Array(notes).to_string()
}
