//! A consumer wrote.

use super::append::Arrival;
use super::{Again, Ingested, Place};
use crate::App;
use crate::channel::{DeadLetter, InboundContent, InboundItem};
use crate::channel_log::About;
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::event::{Originator, Party};
use antiphon_domain::file::FileFetch;
use antiphon_domain::{Content, FileId, FileState, Role, Source, StoredFile, Timestamp};
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
        let known = match known {
            Some(known) => Some(self.welcome_back(place, known).await?),
            None => None,
        };
        let now = self.clock.now();
        let mut consumer = match &known {
            Some(known) => Arc::clone(&known.consumer),
            None => Arc::new(self.new_consumer(place, said.from, said.name, now)),
        };
        let named = said.name.is_some() && consumer.name.as_deref() != said.name;
        if named {
            Arc::make_mut(&mut consumer).name = said.name.map(str::to_owned);
        }
        let arrival = Arrival {
            originator: Originator { party: Party::Consumer(consumer.id), role: Role::Consumer },
            consumer,
            changed: named,
            known: known.as_ref(),
            contents: said.contents,
            metadata: said.metadata,
        };
        let conversation = self.append_arrival(place, item, arrival, now).await?;
        Ok(Ingested::Stored(About::conversation(conversation)))
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
                    owner: None,
                    also_shown: Vec::new(),
                    picture: None,
                };
                let caption = caption.clone().unwrap_or_default();
                let content =
                    Content::File { file: id, path: path.into(), caption: caption.into(), file_type: file_type.into(), preview: None };
                Piece { content, file: Some(file), payload: None }
            }
        }
    }
}

/// The event's metadata: the connector's array, with a tapped button's payload as an `ExternalId` entry, and how the consumer came.
pub(super) fn metadata_of(own: Option<&str>, payload: Option<&str>, context: Vec<serde_json::Value>) -> Option<Arc<str>> {
    if payload.is_none() && context.is_empty() {
        return own.map(Arc::from);
    }
    let mut entries: Vec<serde_json::Value> = own.and_then(|own| serde_json::from_str(own).ok()).unwrap_or_default();
    entries.extend(payload.map(|payload| serde_json::json!({"type": "ExternalId", "id": payload})));
    entries.extend(context);
    Some(serde_json::Value::Array(entries).to_string().into())
}
