//! Taking in what a channel tells: one committed unit of work per item, guarded so that a repeat changes nothing.

mod append;
mod choice;
mod consent;
mod echo;
mod message;
mod note;
mod receipt;

use crate::channel::{Channel, DeadLetter, InboundItem, InboundKind};
use crate::channel_log::About;
use crate::live::{ConversationLock, Handle, KnownConsumer};
use crate::ports::bus::Announcement;
use crate::ports::store::{CommitError, ReadError, UnitOfWork, Write};
use crate::{AccountState, AccountView, App, Unavailable};
use antiphon_domain::consent::ConsentProof;
use antiphon_domain::event::Party;
use antiphon_domain::id::DialogNumber;
use antiphon_domain::source::Health;
use antiphon_domain::{Consumer, Conversation, Source, Timestamp};
use std::sync::Arc;

pub(crate) use consent::opted_out_reason;
pub(crate) use echo::Early;
pub(crate) use receipt::Climb;

/// What became of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ingested {
    /// It is durable, or of no consequence.
    Stored(About),
    /// It was stored before.
    Repeated(About),
    /// It can't be used.
    Unusable(DeadLetter),
}

/// Why a try at an item did not end.
pub(crate) enum Again {
    /// Somebody else moved the conversation on: load afresh.
    Conflict,
    /// Nothing can be stored.
    Down(Unavailable),
    /// It was stored before.
    Repeated,
}

impl From<CommitError> for Again {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict => Again::Conflict,
            CommitError::Duplicate => Again::Repeated,
            other => Again::Down(other.into()),
        }
    }
}

impl From<ReadError> for Again {
    fn from(error: ReadError) -> Self {
        Again::Down(error.into())
    }
}

/// Everything that ingest needs to know about where an item came from.
pub(crate) struct Place<'a> {
    pub view: &'a Arc<AccountView>,
    pub source: &'a Arc<Source>,
    pub channel: &'a dyn Channel,
    pub state: &'a AccountState,
}

impl App {
    /// Takes in one item.
    ///
    /// # Errors
    /// When the store is unavailable: then the vendor must not get a success.
    pub(crate) async fn ingest(
        self: &Arc<Self>,
        view: &Arc<AccountView>,
        source: &Arc<Source>,
        channel: &dyn Channel,
        item: InboundItem,
    ) -> Result<Ingested, Unavailable> {
        let state = self.account_state(&view.account.id);
        let place = Place { view, source, channel, state: &state };
        for _ in 0..self.limits.conflict_retries {
            let tried = match &item.kind {
                InboundKind::Message { from, name, contents, metadata, consent } => {
                    let said = message::Said { from, name: name.as_deref(), contents, metadata: metadata.as_deref(), consent: *consent };
                    self.ingest_message(&place, &item, said).await
                }
                InboundKind::Echo { to, vendor_id, delivery, contents } => {
                    self.ingest_echo(&place, &item, to, vendor_id, *delivery, contents).await
                }
                InboundKind::Note { from, about, note, keep } => {
                    let noted = note::Noted { from, about: about.as_deref(), note, keep: *keep };
                    self.ingest_note(&place, &item, &noted).await
                }
                InboundKind::Receipt { of, status, reason, opted_out, again } => {
                    let told = receipt::Told { status: *status, reason: reason.as_ref(), opted_out: *opted_out, again: *again };
                    self.ingest_receipt(&place, of, &told).await
                }
                InboundKind::Typing { from, on } => self.ingest_typing(&place, from, *on).await,
                InboundKind::Handle { from, about, reply } => {
                    place.state.live.keep_handle(source.id, from, Handle { about: about.as_deref().map(Arc::from), reply: reply.clone() });
                    return Ok(Ingested::Stored(About::default()));
                }
                InboundKind::Consent { from, kind, proof } => {
                    self.ingest_told_consent(&place, &item, from, *kind, ConsentProof::Vendor(proof.clone())).await
                }
                InboundKind::Health { state, message } => {
                    let health = Health { state: *state, message: message.clone(), since: self.clock.now() };
                    return self.change_health(view, source, health).await.map(|()| Ingested::Stored(About::default()));
                }
                InboundKind::Ignored(label) => {
                    metrics::counter!("antiphon_ignored_items_total", "channel" => channel.describe().id, "label" => *label).increment(1);
                    return Ok(Ingested::Stored(About::default()));
                }
            };
            match tried {
                Ok(outcome) => return Ok(outcome),
                Err(Again::Repeated) => return Ok(Ingested::Repeated(about_repeat(&place, &item))),
                Err(Again::Down(error)) => return Err(error),
                Err(Again::Conflict) => metrics::counter!("antiphon_conflicts_total").increment(1),
            }
        }
        Err(Unavailable("the conversation changes too fast".to_owned()))
    }

    /// The consumer behind an address, as known or as stored. Hold the consumer's lock.
    async fn known_consumer(&self, place: &Place<'_>, address: &str) -> Result<Option<KnownConsumer>, ReadError> {
        let key: Arc<str> = address.into();
        if let Some(known) = place.state.live.known(place.source.id, &key) {
            return Ok(Some(known));
        }
        let stored = self.store.consumer_at(&place.view.account.id, place.source.id, address).await?;
        let known = stored.map(|at| KnownConsumer { consumer: Arc::new(at.consumer), open: at.open, had_one: at.had_one });
        if let Some(known) = &known {
            place.state.live.keep_known(known.clone());
        }
        Ok(known)
    }

    fn new_consumer(&self, place: &Place<'_>, address: &str, name: Option<&str>, now: Timestamp) -> Consumer {
        Consumer {
            id: self.ids.consumer(),
            source: place.source.id,
            address: address.to_owned(),
            name: name.map(str::to_owned),
            avatar_url: None,
            opted_out: false,
            created_at: now,
            profile_checked_at: None,
            context: None,
            profile: None,
        }
    }

    /// The consumer's open conversation, locked, if there is one.
    async fn open_of(
        &self,
        place: &Place<'_>,
        known: Option<&KnownConsumer>,
    ) -> Result<Option<(Arc<Conversation>, ConversationLock)>, ReadError> {
        let Some(id) = known.and_then(|known| known.open) else { return Ok(None) };
        let guard = place.state.live.lock_conversation(id).await;
        let loaded = self.load(place.state, &place.view.account.id, id).await?;
        Ok(loaded.filter(|conversation| conversation.open).map(|conversation| (conversation, guard)))
    }

    async fn ingest_typing(&self, place: &Place<'_>, from: &str, on: bool) -> Result<Ingested, Again> {
        let known = self.known_consumer(place, from).await?;
        let mut about = About::default();
        if let Some((conversation, guard)) = self.open_of(place, known.as_ref()).await? {
            drop(guard);
            about = About::conversation(conversation.id);
            // A survey takes no chat states.
            if conversation.main().open {
                let party = Party::Consumer(conversation.consumer);
                self.announce_chat_state(conversation, DialogNumber::MAIN, party, if on { "COMPOSING" } else { "PAUSE" });
            }
        }
        Ok(Ingested::Stored(about))
    }

    /// Records how a source fares, when that is news.
    pub(crate) async fn change_health(self: &Arc<Self>, view: &AccountView, source: &Source, health: Health) -> Result<(), Unavailable> {
        let directory = self.directory();
        let current = directory.source(source.id).map(|(_, current)| current);
        let Some(current) = current.filter(|current| current.health.state != health.state || current.health.message != health.message)
        else {
            return Ok(());
        };
        let mut changed = (**current).clone();
        changed.health = health.clone();
        let mut unit = UnitOfWork::new(view.account.id.clone());
        unit.write(Write::PutSource(changed));
        let enabled = current.enabled;
        self.commit(unit).await?;
        self.reload_directory().await?;
        self.announce(&view.account.id, &[], Announcement::Source(source.id, health, enabled));
        Ok(())
    }
}

/// What an item that was stored before is about, as far as memory tells.
fn about_repeat(place: &Place<'_>, item: &InboundItem) -> About {
    let (InboundKind::Message { from: address, .. } | InboundKind::Echo { to: address, .. }) = &item.kind else { return About::default() };
    let known = place.state.live.known(place.source.id, &address.as_str().into());
    About { conversation: known.and_then(|known| known.open), delivery: None }
}
