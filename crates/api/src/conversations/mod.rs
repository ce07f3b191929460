//! Conversations as lists and transcripts. What agents do in them goes over their socket.

mod changes;
mod event;
mod list;
mod messages;
mod show;
mod visit;

use crate::ask::Ask;
use crate::error::ApiError;
use crate::state::Api;
use antiphon_domain as domain;
use antiphon_domain::event::Party;
use antiphon_domain::{Content, EventBody, Privilege};
use serde::Serialize;
use std::str::FromStr;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Who may read conversations at all; which ones is decided where they are fetched.
pub(crate) const READERS: [Privilege; 2] = [Privilege::HandleConversations, Privilege::ViewAllConversations];

/// Longest text of a last message in a list, in characters.
const PREVIEW: usize = 240;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_conversations))
        .routes(routes!(show::show_conversation))
        .routes(routes!(visit::show_visit))
        .routes(routes!(messages::list_messages))
        .routes(routes!(changes::list_changes))
}

/// A conversation as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationSummary {
    /// A UUID; also its main dialog's.
    id: String,
    state: ConversationState,
    source_id: String,
    /// The channel's id; empty when the source is gone.
    channel: String,
    #[schema(required)]
    skill_id: Option<String>,
    consumer: ConsumerShort,
    /// A user's id.
    #[schema(required)]
    assigned_agent: Option<String>,
    participants: Vec<Participant>,
    started_at: i64,
    #[schema(required)]
    ended_at: Option<i64>,
    /// Who ended it: `AGENT`, `CONSUMER` or `SYSTEM`.
    #[schema(required)]
    close_reason: Option<String>,
    updated_at: i64,
    /// Since when the consumer waits for an answer.
    #[schema(required)]
    waiting_since: Option<i64>,
    #[schema(required)]
    last_message: Option<LastMessage>,
    /// Messages that the caller has not read.
    unread: u32,
    /// Ascends with every change.
    version: u64,
}

/// Open or closed.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConversationState {
    Open,
    Closed,
}

/// The consumer of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsumerShort {
    id: String,
    #[schema(required)]
    name: Option<String>,
    address: String,
}

/// Someone in the main dialog.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Participant {
    /// A user's or consumer's id.
    id: String,
    /// `CONSUMER`, `ASSIGNED_AGENT`, `AGENT`, `MANAGER`, `READER` or `CONTROLLER`.
    role: String,
    /// Only proposed: a transfer that its agent has not taken yet.
    suggested: bool,
}

/// The last thing that everyone may see.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastMessage {
    sequence: u64,
    /// Its text, or the caption of a file; shortened.
    text: String,
    kind: MessageKind,
    originator_role: String,
    at: i64,
}

/// The kinds of content.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MessageKind {
    Text,
    File,
    Rich,
}

/// Who, as the admin API names them.
pub(crate) fn party_id(party: Party) -> String {
    match party {
        Party::Consumer(consumer) => consumer.to_string(),
        Party::User(user) => user.to_string(),
        Party::External(source) => source.to_string(),
        Party::System => "system".to_owned(),
    }
}

/// A conversation that the caller was found to be allowed to see.
async fn shown(ask: &Ask, it: &domain::Conversation) -> Result<ConversationSummary, ApiError> {
    let consumer = ask.app().consumer_of(it).await?;
    let view = ask.view()?;
    let own = it.main().participants.iter().find(|participant| participant.party == Party::User(ask.caller().id()));
    Ok(ConversationSummary {
        id: it.id.to_string(),
        state: if it.open { ConversationState::Open } else { ConversationState::Closed },
        source_id: it.source.to_string(),
        channel: view.sources.get(&it.source).map_or_else(String::new, |source| source.channel.clone()),
        skill_id: it.skill.map(|skill| skill.to_string()),
        consumer: ConsumerShort {
            id: it.consumer.to_string(),
            name: consumer.as_ref().and_then(|consumer| consumer.name.clone()),
            address: consumer.map_or_else(String::new, |consumer| consumer.address.clone()),
        },
        assigned_agent: it.assigned_agent().map(|user| user.to_string()),
        participants: it
            .main()
            .participants
            .iter()
            .map(|participant| Participant {
                id: party_id(participant.party),
                role: participant.role.name().to_owned(),
                suggested: participant.suggested,
            })
            .collect(),
        started_at: it.started_at.0,
        ended_at: it.ended_at.map(|at| at.0),
        close_reason: it.closed_by.filter(|_| !it.open).map(|by| by.name().to_owned()),
        updated_at: it.updated_at.0,
        waiting_since: it.waiting_since.map(|since| since.0),
        last_message: it.last_content.as_deref().and_then(last_message),
        unread: own.map_or(0, |participant| participant.unread),
        version: it.version,
    })
}

fn last_message(event: &domain::Event) -> Option<LastMessage> {
    let EventBody::Content(content) = &event.body else { return None };
    let (text, kind) = match content {
        Content::Text { text, .. } => (&**text, MessageKind::Text),
        Content::File { caption, .. } => (&**caption, MessageKind::File),
        Content::Rich { .. } => ("", MessageKind::Rich),
    };
    Some(LastMessage {
        sequence: event.sequence,
        text: text.chars().take(PREVIEW).collect(),
        kind,
        originator_role: event.originator.role.name().to_owned(),
        at: event.at.0,
    })
}

/// A place in the list: newest change first.
struct Place(antiphon_app::ports::store::ConversationCursor);

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once(' ').ok_or(())?;
        let updated_at = domain::Timestamp(at.parse().map_err(|_| ())?);
        Ok(Self(antiphon_app::ports::store::ConversationCursor { updated_at, id: id.parse().map_err(|_| ())? }))
    }
}
