//! What became of outbound messages: status climbs, and the consumer's receipts join the dialog's order.

use super::{Again, Ingested, Place};
use crate::App;
use crate::channel::{ReceiptOf, TryAgain};
use crate::channel_log::About;
use crate::ports::bus::{Announcement, ConversationMoved};
use crate::ports::store::{UnitOfWork, Write};
use antiphon_domain::conversation::Draft;
use antiphon_domain::delivery::{Reason, backoff_ms};
use antiphon_domain::event::{Originator, Party};
use antiphon_domain::{
    AcceptStatus, Audience, Conversation, ConversationId, Delivery, DeliveryId, DeliveryStatus, EventBody, Role, Sequence, Timestamp,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The remedy of a failure that is mended by itself.
const TRIED_AGAIN: &str = "Nothing to do: it is tried again.";

/// How far deliveries came.
pub(crate) struct Climb<'a> {
    pub status: DeliveryStatus,
    pub reason: Option<Reason>,
    /// The channel's id, to be kept where none is known yet.
    pub vendor_id: Option<&'a str>,
    /// How to try it again, where it failed for a reason that may pass.
    pub again: Option<TryAgain>,
}

/// What a receipt says.
pub(super) struct Told<'a> {
    pub status: DeliveryStatus,
    pub reason: Option<&'a Reason>,
    pub opted_out: bool,
    pub again: Option<TryAgain>,
}

impl Told<'_> {
    fn early(&self, vendor_id: Option<&str>) -> super::Early {
        super::Early { status: self.status, reason: self.reason.cloned(), vendor_id: vendor_id.map(Arc::from), again: self.again }
    }
}

impl App {
    pub(super) async fn ingest_receipt(self: &Arc<Self>, place: &Place<'_>, of: &ReceiptOf, told: &Told<'_>) -> Result<Ingested, Again> {
        let account = &place.view.account.id;
        let mut deliveries = Vec::new();
        match of {
            ReceiptOf::Ids { vendor_ids, delivery } => {
                if let Some(id) = delivery
                    && let Some(found) = self.store.delivery(account, *id).await?.filter(|found| found.source == place.source.id)
                {
                    deliveries.push(found);
                } else {
                    for vendor_id in vendor_ids.iter().take(500) {
                        match self.store.delivery_by_vendor_id(account, place.source.id, vendor_id).await? {
                            Some(found) => deliveries.push(found),
                            // The receipt overtook the answer to our own send: it is applied when that arrives, or now if it just did.
                            None => {
                                self.outbox.keep_early(place.source.id, vendor_id, told.early(Some(vendor_id)));
                                deliveries.extend(self.store.delivery_by_vendor_id(account, place.source.id, vendor_id).await?);
                            }
                        }
                    }
                }
            }
            ReceiptOf::UpTo { consumer, at } => {
                let known = self.known_consumer(place, consumer).await?;
                if let Some(conversation) = known.and_then(|known| known.open) {
                    // The vendor stamps our message when it takes it, so ours may be a little later than its.
                    deliveries = self.store.unread_deliveries(account, conversation, at.plus_ms(2_000)).await?;
                    deliveries.retain(|delivery| delivery.source == place.source.id);
                }
            }
        }
        let about = about(&deliveries);
        // A receipt of one message says which hand-over it speaks of.
        let vendor_id = match of {
            ReceiptOf::Ids { vendor_ids, .. } if vendor_ids.len() == 1 => vendor_ids.first().map(String::as_str),
            _ => None,
        };
        let mut by_conversation: BTreeMap<ConversationId, Vec<DeliveryId>> = BTreeMap::new();
        for delivery in deliveries {
            if self.outbox.in_flight(&delivery) {
                // The send itself stores its outcome; what overtook it is applied right after.
                self.outbox.keep_early(place.source.id, &delivery.id.to_string(), told.early(vendor_id));
            } else {
                by_conversation.entry(delivery.conversation).or_default().push(delivery.id);
            }
        }
        let climb = Climb { status: told.status, reason: told.reason.cloned(), vendor_id, again: told.again };
        for (conversation, ids) in by_conversation {
            self.climb(place, conversation, &ids, &climb).await?;
        }
        if told.opted_out
            && let Some(reason) = told.reason
        {
            self.note_opt_out(place, of, reason).await?;
        }
        Ok(Ingested::Stored(about))
    }

    /// Moves deliveries of one conversation up, with the consumer's receipts where the dialog is open.
    ///
    /// Rows are read under the conversation's lock, so that two receipts at once can't undo one another.
    pub(crate) async fn climb(
        self: &Arc<Self>,
        place: &Place<'_>,
        conversation: ConversationId,
        ids: &[DeliveryId],
        climb: &Climb<'_>,
    ) -> Result<(), Again> {
        let account = &place.view.account.id;
        let _guard = place.state.live.lock_conversation(conversation).await;
        let now = self.clock.now();
        let mut climbed = Vec::new();
        for id in ids {
            let Some(mut delivery) = self.store.delivery(account, *id).await? else { continue };
            if !delivery.heeds(climb.vendor_id, climb.status) {
                continue;
            }
            if climb.status == DeliveryStatus::Failed
                && let Some(again) = climb.again
            {
                let most = again.max_attempts.min(self.limits.delivery_attempts);
                let wait_ms = backoff_ms(delivery.attempts, self.ids.dice(), Some(again.after_ms));
                if delivery.attempt_again(climb.vendor_id, most, now.plus_ms(wait_ms), now) {
                    delivery.reason = climb.reason.clone().map(|reason| Reason { remedy: Some(TRIED_AGAIN.into()), ..reason });
                    climbed.push(delivery);
                    continue;
                }
            }
            let named = delivery.vendor_id.is_none() && climb.vendor_id.is_some();
            if named {
                delivery.vendor_id = climb.vendor_id.map(Arc::from);
            }
            if delivery.climb(climb.status, climb.reason.clone(), now) || named {
                climbed.push(delivery);
            }
        }
        if climbed.is_empty() {
            return Ok(());
        }
        let accept = match climb.status {
            DeliveryStatus::Delivered => Some(AcceptStatus::Accept),
            DeliveryStatus::Read => Some(AcceptStatus::Read),
            _ => None,
        };
        let mut unit = UnitOfWork::new(account.clone());
        unit.writes.extend(climbed.iter().cloned().map(Write::PutDelivery));
        let mut moved = None;
        if let Some(accept) = accept
            && let Some(current) = self.load(place.state, account, conversation).await?.filter(|current| current.open)
        {
            let sequences = self.finished_sequences(account, &climbed, climb.status).await?;
            if let Some((next, event)) = with_receipt(&current, climbed[0].dialog, accept, sequences, now) {
                unit.write(Write::PutConversation { conversation: Arc::clone(&next), was: current.version });
                unit.write(Write::AddEvent { conversation, event: Arc::clone(&event) });
                moved = Some(ConversationMoved { after: next, departed: Vec::new(), events: vec![event], changes: Vec::new() });
            }
        }
        if let Err(error) = self.commit(unit).await {
            place.state.live.forget_conversation(conversation);
            return Err(error.into());
        }
        let (again, settled): (Vec<_>, Vec<_>) = climbed.iter().cloned().partition(|delivery| delivery.status == DeliveryStatus::Queued);
        self.outbox.forget(&settled);
        self.outbox.push(account, again);
        if let Some(moved) = moved {
            place.state.live.keep_conversation(Arc::clone(&moved.after));
            self.announce_move(moved);
        }
        self.announce_deliveries(account, conversation, climbed, place.state);
        Ok(())
    }

    /// Events all of whose parts came at least that far, given the parts that just did.
    async fn finished_sequences(
        &self,
        account: &antiphon_domain::AccountId,
        climbed: &[Delivery],
        status: DeliveryStatus,
    ) -> Result<Vec<Sequence>, Again> {
        let mut sequences: Vec<Sequence> = Vec::new();
        for delivery in climbed {
            if sequences.contains(&delivery.sequence) {
                continue;
            }
            if delivery.parts > 1 {
                let parts = self
                    .store
                    .deliveries_of_events(account, delivery.conversation, delivery.dialog, delivery.sequence, delivery.sequence)
                    .await?;
                let behind = parts.iter().any(|part| part.status < status && !climbed.iter().any(|now| now.id == part.id));
                if behind {
                    continue;
                }
            }
            sequences.push(delivery.sequence);
        }
        sequences.sort_unstable();
        Ok(sequences)
    }

    async fn note_opt_out(self: &Arc<Self>, place: &Place<'_>, of: &ReceiptOf, reason: &Reason) -> Result<(), Again> {
        let ReceiptOf::Ids { vendor_ids, delivery } = of else { return Ok(()) };
        let account = &place.view.account.id;
        let mut found = match delivery {
            Some(id) => self.store.delivery(account, *id).await?,
            None => None,
        };
        if found.is_none()
            && let Some(id) = vendor_ids.first()
        {
            found = self.store.delivery_by_vendor_id(account, place.source.id, id).await?;
        }
        if let Some(delivery) = found {
            self.opt_out(place, &delivery.address, reason).await?;
        }
        Ok(())
    }

    /// Announces deliveries to the account's listeners and to those who take part in their conversation.
    pub(crate) fn announce_deliveries(
        &self,
        account: &antiphon_domain::AccountId,
        conversation: ConversationId,
        deliveries: Vec<Delivery>,
        state: &crate::AccountState,
    ) {
        let users: Vec<_> = state.live.conversation(conversation).map(|known| crate::users_of(&known).collect()).unwrap_or_default();
        self.announce(account, &users, Announcement::Deliveries(Arc::new(deliveries)));
    }
}

/// What these deliveries have in common.
fn about(deliveries: &[Delivery]) -> About {
    match deliveries {
        [] => About::default(),
        [one] => About::delivery(one),
        [first, others @ ..] => {
            let together = others.iter().all(|other| other.conversation == first.conversation);
            About { conversation: together.then_some(first.conversation), delivery: None }
        }
    }
}

/// The conversation with a receipt of its consumer appended, if there is anything to acknowledge.
fn with_receipt(
    current: &Conversation,
    dialog: antiphon_domain::id::DialogNumber,
    status: AcceptStatus,
    sequences: Vec<Sequence>,
    now: Timestamp,
) -> Option<(Arc<Conversation>, Arc<antiphon_domain::Event>)> {
    if sequences.is_empty() {
        return None;
    }
    let mut next = current.clone();
    let draft = Draft {
        originator: Originator { party: Party::Consumer(current.consumer), role: Role::Consumer },
        vendor_at: None,
        audience: Audience::All,
        body: EventBody::Accept { status, sequences },
        metadata: None,
    };
    let event = next.append(dialog, draft, now).ok()?;
    Some((Arc::new(next), Arc::new(event)))
}
