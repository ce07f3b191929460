//! Appending what arrived to the consumer's open conversation, or to a new one: messages and native messages alike.

use super::choice::Choice;
use super::message::metadata_of;
use super::note::take_context;
use super::{Again, Place};
use crate::App;
use crate::channel::{InboundContent, InboundItem};
use crate::live::KnownConsumer;
use crate::opening::Beginning;
use crate::ports::bus::ConversationMoved;
use crate::ports::store::{CommitError, UnitOfWork, Write};
use antiphon_domain::conversation::Draft;
use antiphon_domain::event::Originator;
use antiphon_domain::routing::Task;
use antiphon_domain::{AcceptStatus, Audience, Consumer, Content, ConversationId, EventBody, Role, Timestamp};
use std::sync::Arc;

/// What arrived, and whose conversation it belongs to.
pub(super) struct Arrival<'a> {
    pub originator: Originator,
    pub consumer: Arc<Consumer>,
    /// Whether the consumer differs from what is stored.
    pub changed: bool,
    /// What was known of the consumer before; `None` for a new one.
    pub known: Option<&'a KnownConsumer>,
    pub contents: &'a [InboundContent],
    pub metadata: Option<&'a str>,
}

impl App {
    /// Commits the item's contents as events, and announces them; returns whose. Hold the consumer's lock.
    pub(super) async fn append_arrival(
        self: &Arc<Self>,
        place: &Place<'_>,
        item: &InboundItem,
        arrival: Arrival<'_>,
        now: Timestamp,
    ) -> Result<ConversationId, Again> {
        let account = &place.view.account.id;
        let live = &place.state.live;
        let Arrival { originator, mut consumer, changed, known, contents, metadata } = arrival;
        // How they came belongs to what they write first.
        let mut context = if originator.role == Role::Consumer { take_context(&mut consumer) } else { Vec::new() };
        let changed = changed || !context.is_empty();
        let open = self.open_of(place, known).await?;
        let choice = match &open {
            Some((current, _)) if originator.role == Role::Consumer => self.chosen(place, current, contents, now).await?,
            _ => None,
        };
        let answer = match choice {
            Some(Choice::Page(page)) => {
                let current = open.as_ref().map(|(current, _)| current.id).ok_or(Again::Conflict)?;
                self.turn_page(place, item, page, now).await?;
                return Ok(current);
            }
            Some(Choice::Answer(sequence, answer)) => Some((sequence, answer)),
            None => None,
        };
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::Once { source: place.source.id, key: item.key.as_str().into(), at: now });
        if known.is_none() || changed {
            unit.write(Write::PutConsumer((*consumer).clone()));
        }
        let (mut next, was, changes) = match &open {
            Some((current, _)) => ((**current).clone(), current.version, Vec::new()),
            None => {
                let beginning = Beginning {
                    view: place.view,
                    source: place.source,
                    consumer: &consumer,
                    first: !known.is_some_and(|known| known.had_one),
                    by: originator.party,
                    skill: None,
                    response_time: None,
                    origin: None,
                };
                let (opened, change) = self.begin(beginning, now);
                (opened, 0, vec![change])
            }
        };
        // While a survey goes on, what the consumer says is its answer.
        let dialog = next.current_dialog().ok_or(Again::Conflict)?;
        let mut events = Vec::with_capacity(contents.len() + 1);
        let mut files = false;
        if let Some((asked, chosen)) = &answer {
            let draft = Draft {
                originator,
                vendor_at: item.at,
                audience: Audience::All,
                metadata: metadata_of(None, None, chosen.metadata.clone()),
                body: EventBody::Accept { status: AcceptStatus::Action, sequences: vec![*asked] },
            };
            events.push(Arc::new(next.append(dialog, draft, now).map_err(|_| Again::Conflict)?));
        }
        for content in contents {
            let mut piece = self.piece(place.source, account.as_str(), content, now);
            if let Some((_, chosen)) = &answer {
                context.extend(chosen.metadata.iter().cloned());
                piece.content = chosen.says.as_deref().map_or(piece.content, Content::text);
            }
            let draft = Draft {
                originator,
                vendor_at: item.at,
                audience: Audience::All,
                // Our own marks mean nothing to others.
                metadata: metadata_of(
                    metadata,
                    piece.payload.as_deref().filter(|payload| crate::structured::read_token(payload).is_none()),
                    std::mem::take(&mut context),
                ),
                body: EventBody::Content(piece.content),
            };
            let event = next.append(dialog, draft, now).map_err(|_| Again::Conflict)?;
            if let Some(mut file) = piece.file {
                file.shown_in = Some((next.id, dialog, event.sequence));
                unit.write(Write::PutFile(file));
                files = true;
            }
            events.push(Arc::new(event));
        }
        let next = Arc::new(next);
        let id = next.id;
        unit.write(Write::PutConversation { conversation: Arc::clone(&next), was });
        unit.writes.extend(changes.iter().map(|change| Write::AddChange { conversation: next.id, change: change.clone() }));
        unit.writes.extend(events.iter().map(|event| Write::AddEvent { conversation: next.id, event: Arc::clone(event) }));
        // Held until the move is announced, so that nobody announces a later version first.
        let fresh = if open.is_none() { Some(live.lock_conversation(next.id).await) } else { None };
        let task = open.is_none().then(|| Task::of(&next, now));
        unit.writes.extend(task.clone().map(Write::PutTask));

        if let Err(error) = self.commit(unit).await {
            // A repeat says nothing against what is remembered; anything else does.
            if error != CommitError::Duplicate {
                live.forget_consumer(&consumer);
                live.forget_conversation(next.id);
            }
            return Err(error.into());
        }
        match task {
            Some(task) => self.begun(place.state, &consumer, next, Some(task), (events, changes)),
            None => {
                if changed || known.is_none() {
                    live.keep_known(KnownConsumer { consumer: Arc::clone(&consumer), open: Some(next.id), had_one: true });
                }
                live.keep_conversation(Arc::clone(&next));
                self.announce_move(ConversationMoved { after: next, departed: Vec::new(), events, changes });
            }
        }
        drop((open, fresh));
        if files {
            self.media.notify_one();
        }
        // Somebody may be known without ever having written: they withdrew their consent, or came by a link.
        if !known.is_some_and(|known| known.had_one) {
            self.look_up_profile(place, consumer);
        }
        Ok(id)
    }
}
