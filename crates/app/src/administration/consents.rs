//! Recording a consumer's consent, or its withdrawal, by hand and with proof.

use super::{Act, AdminError, AdminErrorKind, Changes, validate};
use crate::App;
use crate::ports::bus::Announcement;
use crate::ports::store::{UnitOfWork, Write};
use antiphon_domain::consent::{Consent, ConsentKind, ConsentProof};
use antiphon_domain::delivery::Reason;
use antiphon_domain::{ConsumerId, ConversationId, Delivery, DeliveryStatus, Privilege, RowId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An entry for the ledger.
#[derive(Clone, Debug)]
pub struct NewConsent {
    /// Given or withdrawn.
    pub kind: ConsentKind,
    /// What proves it, in words: 3 to 500 characters.
    pub proof: String,
}

impl App {
    /// Adds to the ledger of consent. A withdrawal cancels what is queued to the consumer.
    ///
    /// # Errors
    /// Without `manage_consents`, for a missing proof, and when there is no such consumer.
    pub async fn record_consent(self: &Arc<Self>, act: &Act<'_>, id: ConsumerId, new: NewConsent) -> Result<Consent, AdminError> {
        act.require(Privilege::ManageConsents)?;
        let Some(by) = act.by.user() else {
            return Err(AdminError::new(AdminErrorKind::Forbidden, "consent is recorded by a person who can answer for it"));
        };
        let account = act.by.account();
        let proof = validate::text("proof", &new.proof, 3, 500)?;
        let state = self.account_state(account);
        let known = self.load_consumer(&state, account, id).await?.ok_or_else(|| AdminError::not_found("consumer"))?;
        // The consumer's own words go through the same lock, so the later one counts.
        let _lock = state.live.lock_consumer(known.source, &known.address).await;
        if let Some(answer) = self.answered_before(act).await? {
            let entries = self.store().consents(account, id).await?;
            return entries.into_iter().find(|entry| entry.id.to_string() == *answer).ok_or_else(|| AdminError::not_found("consent"));
        }
        let known = self.load_consumer(&state, account, id).await?.ok_or_else(|| AdminError::not_found("consumer"))?;
        let now = self.clock().now();
        let mut consumer = (*known).clone();
        consumer.opted_out = new.kind == ConsentKind::OptOut;
        let entry = Consent {
            id: RowId(self.ids().ascending(now)),
            source: consumer.source,
            consumer: id,
            kind: new.kind,
            proof: ConsentProof::Administrator { by, proof },
            at: now,
        };
        let mut cancelled = Vec::new();
        if consumer.opted_out {
            cancelled = self.outbox.idle_to(consumer.source, &consumer.address);
            for delivery in &mut cancelled {
                delivery.climb(DeliveryStatus::Cancelled, Some(withdrawn()), now);
            }
        }
        let mut changes = Changes::default();
        changes.note("opted_out", known.opted_out, consumer.opted_out);
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::PutConsumer(consumer.clone())).write(Write::AddConsent(entry.clone()));
        unit.writes.extend(cancelled.iter().cloned().map(Write::PutDelivery));
        unit.write(self.audit(act, now, "consent.recorded", ("consumer", id.to_string()), changes));
        self.remember(act, &mut unit, &entry.id.to_string(), now);
        self.commit_act(unit).await?;
        state.live.keep_consumer(Arc::new(consumer));
        self.outbox.forget(&cancelled);
        let mut by_conversation: BTreeMap<ConversationId, Vec<Delivery>> = BTreeMap::new();
        for delivery in cancelled {
            by_conversation.entry(delivery.conversation).or_default().push(delivery);
        }
        for (conversation, deliveries) in by_conversation {
            self.announce_deliveries(account, conversation, deliveries, &state);
        }
        self.announce(account, &[], Announcement::Consumer(id));
        Ok(entry)
    }
}

/// Why what was queued is not sent.
fn withdrawn() -> Reason {
    Reason {
        code: "opted_out".into(),
        vendor_code: None,
        message: "An administrator recorded that the consumer wants no more messages on this number.".into(),
        remedy: Some("They can write START, or an administrator can record their consent with its proof.".into()),
    }
}
