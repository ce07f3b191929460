//! The channel's copies of outbound messages: our own are recognised by id, the others are the brand's native messages.

use super::{Again, Climb, Ingested, Place};
use crate::App;
use crate::channel::{InboundContent, InboundItem};
use crate::live::KnownConsumer;
use crate::ports::bus::ConversationMoved;
use crate::ports::store::{UnitOfWork, Write};
use antiphon_domain::conversation::{Draft, Opening};
use antiphon_domain::delivery::Reason;
use antiphon_domain::event::{Originator, Party};
use antiphon_domain::id::DialogNumber;
use antiphon_domain::routing::Task;
use antiphon_domain::{Audience, Conversation, Delivery, DeliveryId, DeliveryStatus, EventBody, Role};
use std::sync::Arc;

/// A receipt that came before the answer to the send it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    pub status: DeliveryStatus,
    pub reason: Option<Reason>,
}

impl App {
    pub(super) async fn ingest_echo(
        self: &Arc<Self>,
        place: &Place<'_>,
        item: &InboundItem,
        to: &str,
        vendor_id: &str,
        delivery: Option<DeliveryId>,
        contents: &[InboundContent],
    ) -> Result<Ingested, Again> {
        let account = &place.view.account.id;
        let own = match self.store.delivery_by_vendor_id(account, place.source.id, vendor_id).await? {
            Some(found) => Some(found),
            None => match delivery {
                Some(id) => self.store.delivery(account, id).await?.filter(|found| found.source == place.source.id),
                None => None,
            },
        };
        if let Some(own) = own {
            return self.join_echo(place, own, vendor_id).await;
        }
        if contents.is_empty() || to.is_empty() {
            return Ok(Ingested::Stored);
        }
        let live = &place.state.live;
        let _consumer_lock = live.lock_consumer(place.source.id, to).await;
        let known = self.known_consumer(place, to).await?;
        let open = self.open_conversation(place, known.as_ref()).await?;
        let now = self.clock.now();
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::Once { source: place.source.id, key: item.key.as_str().into(), at: now });
        let consumer =
            known.as_ref().map_or_else(|| Arc::new(self.new_consumer(place, to, None, now)), |known| Arc::clone(&known.consumer));
        if known.is_none() {
            unit.write(Write::PutConsumer((*consumer).clone()));
        }
        let (mut next, was, changes) = match &open {
            Some((current, _)) => ((**current).clone(), current.version, Vec::new()),
            None => {
                let opening = Opening {
                    id: self.ids.conversation(now),
                    account: account.clone(),
                    consumer: consumer.id,
                    source: place.source.id,
                    skill: place.source.skill.or(place.view.account.default_skill),
                    response_time_s: place.view.account.settings.response_time_s,
                    first: !known.as_ref().is_some_and(|known| known.had_one),
                };
                let (opened, change) = Conversation::open(opening, now);
                (opened, 0, vec![change])
            }
        };
        let mut events = Vec::new();
        let mut files = false;
        for content in contents {
            let mut piece = self.piece(place.source, account.as_str(), content, now);
            let draft = Draft {
                originator: Originator { party: Party::External(place.source.id), role: Role::Agent },
                vendor_at: item.at,
                audience: Audience::All,
                body: EventBody::Content(piece.content),
                metadata: None,
            };
            let event = next.append(DialogNumber::MAIN, draft, now).map_err(|_| Again::Conflict)?;
            if let Some(mut file) = piece.file.take() {
                file.shown_in = Some((next.id, DialogNumber::MAIN, event.sequence));
                unit.write(Write::PutFile(file));
                files = true;
            }
            events.push(Arc::new(event));
        }
        let next = Arc::new(next);
        unit.write(Write::PutConversation { conversation: Arc::clone(&next), was });
        for change in &changes {
            unit.write(Write::AddChange { conversation: next.id, change: change.clone() });
        }
        for event in &events {
            unit.write(Write::AddEvent { conversation: next.id, event: Arc::clone(event) });
        }
        // Held until the move is announced, so that nobody announces a later version first.
        let fresh = if open.is_none() { Some(live.lock_conversation(next.id).await) } else { None };
        let task = open.is_none().then(|| Task::new(next.id, consumer.id, next.skill, now));
        unit.writes.extend(task.clone().map(Write::PutTask));
        if let Err(error) = self.commit(unit).await {
            live.forget_consumer(&consumer);
            live.forget_conversation(next.id);
            return Err(error.into());
        }
        live.keep_known(KnownConsumer { consumer, open: Some(next.id), had_one: true });
        live.keep_conversation(Arc::clone(&next));
        if let Some(task) = task {
            place.state.dispatcher.enqueue(task);
        }
        self.announce_move(ConversationMoved { after: next, departed: Vec::new(), events, changes });
        drop((open, fresh));
        if files {
            self.media.notify_one();
        }
        Ok(Ingested::Stored)
    }

    /// Our own message came back: now we know for certain that the channel took it, and under which id.
    async fn join_echo(self: &Arc<Self>, place: &Place<'_>, own: Delivery, vendor_id: &str) -> Result<Ingested, Again> {
        // A send whose answer is still under way stores its own outcome; the echo of it would only race with that.
        let known = own.vendor_id.is_some() && own.status >= DeliveryStatus::Sent;
        if known || self.outbox.in_flight(&own) {
            return Ok(Ingested::Repeated);
        }
        let climb = Climb { status: DeliveryStatus::Sent, reason: None, vendor_id: Some(vendor_id) };
        self.climb(place, own.conversation, &[own.id], &climb).await?;
        Ok(Ingested::Stored)
    }
}
