//! The channel's copies of outbound messages: our own are recognised by id, the others are the brand's native messages.

use super::append::Arrival;
use super::{Again, Climb, Ingested, Place};
use crate::App;
use crate::channel::{InboundContent, InboundItem, TryAgain};
use crate::channel_log::About;
use antiphon_domain::delivery::Reason;
use antiphon_domain::event::{Originator, Party};
use antiphon_domain::{Delivery, DeliveryId, DeliveryStatus, Role};
use std::sync::Arc;

/// A receipt that came before the answer to the send it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    pub status: DeliveryStatus,
    pub reason: Option<Reason>,
    /// The channel's id that it came under.
    pub vendor_id: Option<Arc<str>>,
    pub again: Option<TryAgain>,
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
                None => self.overtaking(place, to, vendor_id).await?,
            },
        };
        if let Some(own) = own {
            return self.join_echo(place, own, vendor_id).await;
        }
        if contents.is_empty() || to.is_empty() {
            return Ok(Ingested::Stored(About::default()));
        }
        let live = &place.state.live;
        let _consumer_lock = live.lock_consumer(place.source.id, to).await;
        let known = self.known_consumer(place, to).await?;
        let now = self.clock.now();
        let consumer =
            known.as_ref().map_or_else(|| Arc::new(self.new_consumer(place, to, None, now)), |known| Arc::clone(&known.consumer));
        let arrival = Arrival {
            originator: Originator { party: Party::External(place.source.id), role: Role::Agent },
            consumer,
            changed: false,
            known: known.as_ref(),
            contents,
            metadata: None,
        };
        let conversation = self.append_arrival(place, item, arrival, now).await?;
        Ok(Ingested::Stored(About::conversation(conversation)))
    }

    /// Not every channel gives back what was sent along: its copy may overtake the answer to the very send that it copies, which alone
    /// tells the id. So that send is waited for.
    async fn overtaking(&self, place: &Place<'_>, to: &str, vendor_id: &str) -> Result<Option<Delivery>, Again> {
        let Some(open) = self.known_consumer(place, to).await?.and_then(|known| known.open) else { return Ok(None) };
        self.outbox.settled_in(open).await;
        // Looked for anew in any case: it may have got its id since.
        Ok(self.store.delivery_by_vendor_id(&place.view.account.id, place.source.id, vendor_id).await?)
    }

    /// Our own message came back: now we know for certain that the channel took it, and under which id.
    async fn join_echo(self: &Arc<Self>, place: &Place<'_>, own: Delivery, vendor_id: &str) -> Result<Ingested, Again> {
        // A send whose answer is still under way stores its own outcome; the echo of it would only race with that.
        let about = About::delivery(&own);
        let known = own.vendor_id.is_some() && own.status >= DeliveryStatus::Sent;
        if known || self.outbox.in_flight(&own) {
            return Ok(Ingested::Repeated(about));
        }
        let climb = Climb { status: DeliveryStatus::Sent, reason: None, vendor_id: Some(vendor_id), again: None };
        self.climb(place, own.conversation, &[own.id], &climb).await?;
        Ok(Ingested::Stored(about))
    }
}
