//! A consumer wrote.

use super::{Again, Ingested, Place};
use crate::App;
use crate::channel::{DeadLetter, InboundContent, InboundItem};
use crate::live::KnownConsumer;
use crate::ports::bus::ConversationMoved;
use crate::ports::store::{UnitOfWork, Write};
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::conversation::{Draft, Opening};
use antiphon_domain::event::{Originator, Party};
use antiphon_domain::file::FileFetch;
use antiphon_domain::id::DialogNumber;
use antiphon_domain::routing::Task;
use antiphon_domain::{Audience, Content, Conversation, EventBody, FileId, FileState, Role, Source, StoredFile, Timestamp};
use std::sync::Arc;

/// A consumer's message.
pub(super) struct Said<'a> {
    pub from: &'a str,
    pub name: Option<&'a str>,
    pub contents: &'a [InboundContent],
    pub metadata: Option<&'a str>,
    pub consent: Option<ConsentKind>,
}

/// Content ready to become an event, with the file that comes with it.
pub(super) struct Piece {
    pub content: Content,
    pub file: Option<StoredFile>,
    pub payload: Option<String>,
}

impl App {
    pub(super) async fn ingest_message(self: &Arc<Self>, place: &Place<'_>, item: &InboundItem, said: Said<'_>) -> Result<Ingested, Again> {
        let account = &place.view.account.id;
        if said.from.is_empty() || said.contents.is_empty() {
            let reason = if said.from.is_empty() { "the message names no sender" } else { "the message has no content" };
            let letter = DeadLetter { source_address: item.source_address.clone(), code: "empty_message", reason: reason.to_owned() };
            return Ok(Ingested::Unusable(letter));
        }
        let live = &place.state.live;
        let _consumer_lock = live.lock_consumer(place.source.id, said.from).await;
        let known = self.known_consumer(place, said.from).await?;
        if let Some(outcome) = self.ingest_consent(place, item, &said, known.as_ref()).await? {
            return Ok(outcome);
        }
        let open = self.open_conversation(place, known.as_ref()).await?;
        let now = self.clock.now();
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::Once { source: place.source.id, key: item.key.as_str().into(), at: now });

        let mut consumer = match &known {
            Some(known) => Arc::clone(&known.consumer),
            None => Arc::new(self.new_consumer(place, said.from, said.name, now)),
        };
        let named = said.name.is_some() && consumer.name.as_deref() != said.name;
        if named {
            Arc::make_mut(&mut consumer).name = said.name.map(str::to_owned);
        }
        if known.is_none() || named {
            unit.write(Write::PutConsumer((*consumer).clone()));
        }

        let had_one = known.as_ref().is_some_and(|known| known.had_one);
        let (mut next, was, mut changes) = match &open {
            Some((current, _)) => ((**current).clone(), current.version, Vec::new()),
            None => {
                let skill = place.source.skill.or(place.view.account.default_skill);
                let opening = Opening {
                    id: self.ids.conversation(now),
                    account: account.clone(),
                    consumer: consumer.id,
                    source: place.source.id,
                    skill,
                    response_time_s: place.view.account.settings.response_time_s,
                    first: !had_one,
                };
                let (opened, change) = Conversation::open(opening, now);
                (opened, 0, vec![change])
            }
        };
        let mut events = Vec::with_capacity(said.contents.len());
        let mut files = false;
        for content in said.contents {
            let mut piece = self.piece(place.source, account.as_str(), content, now);
            let draft = Draft {
                originator: Originator { party: Party::Consumer(consumer.id), role: Role::Consumer },
                vendor_at: item.at,
                audience: Audience::All,
                metadata: metadata_of(said.metadata, piece.payload.as_deref()),
                body: EventBody::Content(piece.content),
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
        if open.is_none() || named || known.is_none() {
            live.keep_known(KnownConsumer { consumer: Arc::clone(&consumer), open: Some(next.id), had_one: true });
        }
        live.keep_conversation(Arc::clone(&next));
        // The dispatcher hears of the conversation before anybody else can act on it.
        if let Some(task) = task {
            place.state.dispatcher.enqueue(task);
        }
        self.announce_move(ConversationMoved { after: next, departed: Vec::new(), events, changes: std::mem::take(&mut changes) });
        drop((open, fresh));
        if files {
            self.media.notify_one();
        }
        if known.is_none() {
            self.look_up_profile(place, consumer);
        }
        Ok(Ingested::Stored)
    }

    /// What a consumer sent, as content of an event. Media becomes a file that is still to be fetched.
    pub(super) fn piece(&self, source: &Source, account: &str, content: &InboundContent, now: Timestamp) -> Piece {
        match content {
            InboundContent::Text { text, payload } => Piece { content: Content::text(text.as_str()), file: None, payload: payload.clone() },
            InboundContent::Location { latitude, longitude, label } => {
                let tooltip = label.clone().unwrap_or_else(|| format!("{latitude}, {longitude}"));
                let json = serde_json::json!({"type": "vertical", "elements": [{"type": "map", "la": latitude, "lo": longitude, "tooltip": tooltip}]});
                Piece { content: Content::Rich { json: json.to_string().into(), quick_replies: None }, file: None, payload: None }
            }
            InboundContent::Media { url, declared_type, name, caption } => {
                let id = FileId(self.ids.ascending(now));
                let file_type = crate::files::file_type_of(declared_type.as_deref(), name.as_deref());
                let path = crate::files::path_of(account, id, &file_type);
                let file = StoredFile {
                    id,
                    path: path.clone(),
                    state: FileState::Pending,
                    declared_type: declared_type.clone(),
                    content_type: None,
                    name: name.clone(),
                    size: None,
                    sha256: None,
                    fetch: Some(FileFetch { source: source.id, url: url.clone(), attempts: 0, next_at: now }),
                    shown_in: None,
                    created_at: now,
                };
                let caption = caption.clone().unwrap_or_default();
                let content =
                    Content::File { file: id, path: path.into(), caption: caption.into(), file_type: file_type.into(), preview: None };
                Piece { content, file: Some(file), payload: None }
            }
        }
    }
}

/// The event's metadata: the connector's array, with a tapped button's payload as an `ExternalId` entry.
pub(super) fn metadata_of(own: Option<&str>, payload: Option<&str>) -> Option<Arc<str>> {
    let Some(payload) = payload else { return own.map(Arc::from) };
    let mut entries: Vec<serde_json::Value> = own.and_then(|own| serde_json::from_str(own).ok()).unwrap_or_default();
    entries.push(serde_json::json!({"type": "ExternalId", "id": payload}));
    Some(serde_json::Value::Array(entries).to_string().into())
}
