//! Trying a delivery again because somebody asked to.

use super::{Act, AdminError, AdminErrorKind, By, Changes};
use crate::App;
use crate::ports::store::{UnitOfWork, Write};
use antiphon_domain::{Delivery, DeliveryId, DeliveryStatus, Privilege};
use std::sync::Arc;

impl App {
    /// Puts a failed, cancelled or unknown delivery back into the outbox. One of unknown outcome may arrive twice then: that
    /// is the caller's decision.
    ///
    /// # Errors
    /// When the caller neither serves the conversation nor may join it, when there is no such delivery, when it is in no
    /// state for that, and when the consumer withdrew their consent.
    pub async fn retry_delivery(self: &Arc<Self>, act: &Act<'_>, id: DeliveryId) -> Result<Delivery, AdminError> {
        let account = act.by.account();
        let found = self.store().delivery(account, id).await?;
        let missing = || AdminError::not_found("delivery");
        let Some(found) = found else {
            // Without the right to see all of them, a missing one and a foreign one look alike.
            act.require(Privilege::HandleConversations)?;
            return Err(missing());
        };
        if matches!(found.status, DeliveryStatus::Failed | DeliveryStatus::Cancelled) {
            self.outbox.settled(&found).await;
        }
        let state = self.account_state(account);
        let _guard = state.live.lock_conversation(found.conversation).await;
        if !act.by.may(Privilege::JoinConversations) {
            act.require(Privilege::HandleConversations)?;
            let conversation = self.load(&state, account, found.conversation).await?;
            let serves = match act.by {
                By::Caller(caller) => conversation.as_ref().is_some_and(|conversation| conversation.role_of(caller.id()).is_some()),
                By::Installation(_) => true,
            };
            if !serves {
                return Err(missing());
            }
        }
        if let Some(known) = self.store().consumer_at(account, found.source, &found.address).await?
            && known.consumer.opted_out
        {
            return Err(AdminError::new(AdminErrorKind::Unfit, "the consumer asked for no more messages on this number")
                .remedy("they can write START, or an administrator can record their consent with its proof"));
        }
        let mut delivery = self.store().delivery(account, id).await?.ok_or_else(missing)?;
        let (now, before) = (self.clock().now(), delivery.status);
        if before == DeliveryStatus::Unknown && self.outbox.in_flight(&delivery) {
            return Err(AdminError::new(AdminErrorKind::Unfit, "the channel is still being asked what became of this delivery")
                .remedy("wait a minute and look again"));
        }
        if self.outbox.in_flight(&delivery) || !delivery.retry(now) {
            let message = format!("only a failed, cancelled or unknown delivery can be tried again; this one is {}", before.name());
            return Err(AdminError::new(AdminErrorKind::Unfit, message));
        }
        // A fresh round of attempts, that still knows there were earlier ones.
        delivery.attempts = delivery.attempts.min(1);
        delivery.handed_over_at = None;
        let mut changes = Changes::default();
        changes.note("status", before.name(), delivery.status.name());
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::PutDelivery(delivery.clone()));
        unit.write(self.audit(act, now, "delivery.retried", ("delivery", id.to_string()), changes));
        self.commit_act(unit).await?;
        self.outbox.push(account, vec![delivery.clone()]);
        self.announce_deliveries(account, delivery.conversation, vec![delivery.clone()], &state);
        Ok(delivery)
    }
}
