//! STOP, START, HELP and their synonyms: the ledger, not a conversation.

use super::{Again, Ingested, Place, message::Said};
use crate::App;
use crate::channel::{InboundContent, InboundItem, OutboundContent};
use crate::channel_log::About;
use crate::live::KnownConsumer;
use crate::ports::bus::{Announcement, ConversationMoved};
use crate::ports::store::{UnitOfWork, Write};
use antiphon_content::optout::{ConsentKeyword, consent_keyword};
use antiphon_domain::consent::{Consent, ConsentKind, ConsentProof};
use antiphon_domain::conversation::Draft;
use antiphon_domain::delivery::Reason;
use antiphon_domain::event::{Originator, Party};
use antiphon_domain::id::DialogNumber;
use antiphon_domain::{Audience, Consumer, ConversationId, Delivery, DeliveryId, DeliveryStatus, EventBody, Role, RowId, Timestamp};
use std::sync::Arc;

/// The setting of a source that says who answers such words.
const SETTING: &str = "consent_reply";

impl App {
    /// Handles a message that is nothing but a consent keyword; `None` when it is an ordinary message.
    ///
    /// Such a word alone opens no conversation and rings nobody. In a conversation that is open it is shown.
    pub(super) async fn ingest_consent(
        self: &Arc<Self>,
        place: &Place<'_>,
        item: &InboundItem,
        said: &Said<'_>,
        known: Option<&KnownConsumer>,
    ) -> Result<Option<Ingested>, Again> {
        if !place.channel.describe().consent_keywords {
            return Ok(None);
        }
        let [InboundContent::Text { text, .. }] = said.contents else { return Ok(None) };
        let keyword = match (said.consent, consent_keyword(text)) {
            (Some(ConsentKind::OptOut), _) => ConsentKeyword::Stop,
            (Some(ConsentKind::OptIn), _) => ConsentKeyword::Start,
            (None, Some(keyword)) => keyword,
            (None, None) => return Ok(None),
        };
        let was_out = known.is_some_and(|known| known.consumer.opted_out);
        // "YES" is a synonym of START only for somebody who is out; to anybody else it is an answer.
        if keyword == ConsentKeyword::Start && !was_out && said.consent.is_none() && !text.trim().eq_ignore_ascii_case("start") {
            return Ok(None);
        }
        let account = &place.view.account.id;
        let now = self.clock.now();
        let mut consumer = known.map_or_else(|| self.new_consumer(place, said.from, said.name, now), |known| (*known.consumer).clone());
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::Once { source: place.source.id, key: item.key.as_str().into(), at: now });
        let kind = match keyword {
            ConsentKeyword::Stop => Some(ConsentKind::OptOut),
            ConsentKeyword::Start => Some(ConsentKind::OptIn),
            ConsentKeyword::Help => None,
        };
        if let Some(kind) = kind {
            consumer.opted_out = kind == ConsentKind::OptOut;
            unit.write(Write::AddConsent(Consent {
                id: RowId(self.ids.ascending(now)),
                source: place.source.id,
                consumer: consumer.id,
                kind,
                proof: ConsentProof::Keyword(text.trim().chars().take(64).collect()),
                at: now,
            }));
        }
        unit.write(Write::PutConsumer(consumer.clone()));
        let open = self.open_of(place, known).await?;
        let mut moved = None;
        if let Some((current, _)) = &open {
            let mut next = (**current).clone();
            let draft = Draft {
                originator: Originator { party: Party::Consumer(consumer.id), role: Role::Consumer },
                vendor_at: item.at,
                audience: Audience::All,
                body: EventBody::text(text.as_str()),
                metadata: None,
            };
            let dialog = next.current_dialog().ok_or(Again::Conflict)?;
            let event = Arc::new(next.append(dialog, draft, now).map_err(|_| Again::Conflict)?);
            let next = Arc::new(next);
            unit.write(Write::PutConversation { conversation: Arc::clone(&next), was: current.version });
            unit.write(Write::AddEvent { conversation: next.id, event: Arc::clone(&event) });
            moved = Some(ConversationMoved { after: next, departed: Vec::new(), events: vec![event], changes: Vec::new() });
        }
        let mut cancelled = Vec::new();
        if kind == Some(ConsentKind::OptOut) {
            cancelled = self.outbox.idle_to(place.source.id, &consumer.address);
            for delivery in &mut cancelled {
                delivery.climb(DeliveryStatus::Cancelled, Some(opted_out_reason()), now);
            }
        }
        unit.writes.extend(cancelled.iter().cloned().map(Write::PutDelivery));
        let lane = lane_of(&consumer);
        let confirmations = self.confirmation(place, &consumer, lane, keyword, now);
        unit.writes.extend(confirmations.iter().cloned().map(Write::PutDelivery));
        if let Err(error) = self.commit(unit).await {
            place.state.live.forget_consumer(&consumer);
            return Err(error.into());
        }
        let consumer = Arc::new(consumer);
        let had_one = known.is_some_and(|known| known.had_one);
        place.state.live.keep_known(KnownConsumer { consumer: Arc::clone(&consumer), open: known.and_then(|known| known.open), had_one });
        if let Some(moved) = moved {
            place.state.live.keep_conversation(Arc::clone(&moved.after));
            self.announce_move(moved);
        }
        let about = About { conversation: open.as_ref().map(|(current, _)| current.id), delivery: None };
        drop(open);
        self.outbox.forget(&cancelled);
        self.outbox.push(account, confirmations);
        if !cancelled.is_empty() {
            self.announce(account, &[], Announcement::Deliveries(Arc::new(cancelled)));
        }
        self.announce(account, &[], Announcement::Consumer(consumer.id));
        Ok(Some(Ingested::Stored(about)))
    }

    /// The channel refused a send because the consumer withdrew their consent there.
    pub(crate) async fn opt_out(self: &Arc<Self>, place: &Place<'_>, address: &str, reason: &Reason) -> Result<(), Again> {
        let _lock = place.state.live.lock_consumer(place.source.id, address).await;
        let Some(known) = self.known_consumer(place, address).await? else { return Ok(()) };
        let proof = format!("{} {}", reason.vendor_code.as_deref().unwrap_or(""), reason.message).trim().to_owned();
        self.enter_consent(place, (*known.consumer).clone(), ConsentKind::OptOut, ConsentProof::Vendor(proof), None).await.map(|_| ())
    }

    /// The channel told it, without a message.
    pub(super) async fn ingest_told_consent(
        self: &Arc<Self>,
        place: &Place<'_>,
        item: &InboundItem,
        from: &str,
        kind: ConsentKind,
        proof: ConsentProof,
    ) -> Result<Ingested, Again> {
        let _lock = place.state.live.lock_consumer(place.source.id, from).await;
        // Whoever never wrote has nothing to lift.
        if let Some(known) = self.known_consumer(place, from).await? {
            self.enter_consent(place, (*known.consumer).clone(), kind, proof, Some(&item.key)).await?;
        }
        Ok(Ingested::Stored(About::default()))
    }

    /// Who left and writes again wants an answer, where the channel and not the law of a medium says who may be written to.
    pub(super) async fn welcome_back(self: &Arc<Self>, place: &Place<'_>, known: KnownConsumer) -> Result<KnownConsumer, Again> {
        if !known.consumer.opted_out || place.channel.describe().consent_keywords {
            return Ok(known);
        }
        let proof = ConsentProof::Vendor("The consumer wrote again.".to_owned());
        let consumer = self.enter_consent(place, (*known.consumer).clone(), ConsentKind::OptIn, proof, None).await?;
        Ok(KnownConsumer { consumer, ..known })
    }

    /// Enters a change in the ledger. Hold the consumer's lock.
    async fn enter_consent(
        self: &Arc<Self>,
        place: &Place<'_>,
        mut consumer: Consumer,
        kind: ConsentKind,
        proof: ConsentProof,
        once: Option<&str>,
    ) -> Result<Arc<Consumer>, Again> {
        let out = kind == ConsentKind::OptOut;
        if consumer.opted_out == out {
            return Ok(Arc::new(consumer));
        }
        let account = &place.view.account.id;
        let now = self.clock.now();
        consumer.opted_out = out;
        let mut unit = UnitOfWork::new(account.clone());
        if let Some(key) = once {
            unit.write(Write::Once { source: place.source.id, key: key.into(), at: now });
        }
        unit.write(Write::PutConsumer(consumer.clone()));
        unit.write(Write::AddConsent(Consent {
            id: RowId(self.ids.ascending(now)),
            source: place.source.id,
            consumer: consumer.id,
            kind,
            proof,
            at: now,
        }));
        self.commit(unit).await?;
        let consumer = Arc::new(consumer);
        place.state.live.keep_consumer(Arc::clone(&consumer));
        self.announce(account, &[], Announcement::Consumer(consumer.id));
        Ok(consumer)
    }

    /// Whether the consumer of a delivery withdrew their consent since it was queued. The confirmation of just that goes out.
    pub(crate) async fn has_opted_out(self: &Arc<Self>, view: &crate::AccountView, delivery: &Delivery) -> bool {
        let state = self.account_state(&view.account.id);
        let consumer = match state.live.known(delivery.source, &delivery.address) {
            Some(known) => Some(known.consumer),
            None => {
                let stored = self.store.consumer_at(&view.account.id, delivery.source, &delivery.address).await.ok().flatten();
                stored.map(|at| Arc::new(at.consumer))
            }
        };
        consumer.is_some_and(|consumer| consumer.opted_out && delivery.conversation != lane_of(&consumer))
    }

    /// Exactly one confirmation, unless the carrier layer answers such words itself.
    fn confirmation(
        &self,
        place: &Place<'_>,
        consumer: &Consumer,
        lane: ConversationId,
        keyword: ConsentKeyword,
        now: Timestamp,
    ) -> Vec<Delivery> {
        let keys = place.view.keys(place.source);
        let confirm = match keys.setting(SETTING) {
            Some(who) => who == "confirm",
            None => !place.channel.describe().carrier_answers_keywords,
        };
        if !confirm {
            return Vec::new();
        }
        let brand = &place.view.account.name;
        let fallback = match keyword {
            ConsentKeyword::Stop => format!("{brand}: You will get no more messages from this number. Reply START to get them again."),
            ConsentKeyword::Start => format!("{brand}: You will get messages from this number again. Reply STOP to end, HELP for help."),
            ConsentKeyword::Help => format!("{brand}: Write us here and we answer. Message and data rates may apply. Reply STOP to end."),
        };
        let setting = match keyword {
            ConsentKeyword::Stop => "stop_text",
            ConsentKeyword::Start => "start_text",
            ConsentKeyword::Help => "help_text",
        };
        let text = keys.setting(setting).map_or(fallback, str::to_owned);
        let adapted = place.channel.adapt(&OutboundContent::Text(text.into()), &place.channel.capabilities(&keys));
        let parts = u16::try_from(adapted.parts.len()).unwrap_or(1);
        let delivery = |(part, payload): (usize, String)| Delivery {
            id: DeliveryId(self.ids.ascending(now)),
            conversation: lane,
            dialog: DialogNumber::MAIN,
            sequence: 0,
            part: u16::try_from(part).unwrap_or(0),
            parts,
            source: place.source.id,
            address: consumer.address.as_str().into(),
            payload: payload.into(),
            file: None,
            status: DeliveryStatus::Queued,
            attempts: 0,
            next_at: now,
            handed_over_at: None,
            vendor_id: None,
            reason: None,
            created_at: now,
            updated_at: now,
        };
        adapted.parts.into_iter().enumerate().map(delivery).collect()
    }
}

/// Confirmations travel outside the conversation, in a lane of the consumer's own.
fn lane_of(consumer: &Consumer) -> ConversationId {
    let mut lane = [0u8; 16];
    lane.copy_from_slice(&consumer.id.0[..16]);
    ConversationId(lane)
}

/// Why nothing is sent to somebody who opted out.
pub(crate) fn opted_out_reason() -> Reason {
    Reason {
        code: "opted_out".into(),
        vendor_code: None,
        message: "The consumer asked for no more messages on this number.".into(),
        remedy: Some("They can write START, or an administrator can record their consent with its proof.".into()),
    }
}
