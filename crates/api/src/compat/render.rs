//! From the domain to the wire: conversations, events, rings and states as connections are shown them.
//!
//! Pure: whoever calls has read the rows and may show them. The ids in a role's list stand in the same order in
//! `participants`, `participantsPId` and each dialog, proposed ones last, because clients match them by position.

use super::identity::{dialog_id, old_id, old_id_of_user, pid};
use super::wire::*;
use antiphon_app::AccountView;
use antiphon_app::files::shown_type;
use antiphon_domain::conversation::{Conversation, Dialog, DialogKind, Origin, Participant, Role};
use antiphon_domain::event::{Audience, Content, Event, EventBody, Originator, Party};
use antiphon_domain::routing::{Availability, Ring, RingState, Task};
use antiphon_domain::{Consumer, ConversationId, DialogNumber, FileState, SkillId, StoredFile, UserId};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};

/// The version of the protocol that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Protocol {
    /// `v=2` and `v=2.0`: does not know of proposed agents.
    V20,
    /// `v=2.1`.
    V21,
    /// `v=3`: a consumer's connection. Knows no old ids, and nothing that is between agents.
    V3,
}

impl Protocol {
    /// The version of an agent's connection that a query names; 2.1 when it names none.
    pub(super) fn named(text: Option<&str>) -> Option<Self> {
        match text {
            None | Some("2.1") => Some(Self::V21),
            Some("2" | "2.0") => Some(Self::V20),
            Some(_) => None,
        }
    }

    /// Whether a connection of this version sees that participant.
    pub(super) fn sees(self, participant: &Participant) -> bool {
        self != Self::V20 || !participant.suggested
    }

    /// The id of a party as a connection of this version knows it.
    fn id(self, view: &AccountView, party: Party) -> String {
        match self {
            Self::V3 => pid(view, party),
            _ => old_id(&view.account.id, party),
        }
    }
}

/// Files by their paths, as far as they are known.
pub(super) type Files = HashMap<String, StoredFile>;

/// What is known besides the conversation itself.
#[derive(Default)]
pub(super) struct Extras<'a> {
    /// Its consumer.
    pub consumer: Option<&'a Consumer>,
    /// Its channel's id.
    pub channel: &'a str,
    /// Whether the agent can write now.
    pub composer: Option<ComposerWire<'a>>,
    /// How much text a message holds.
    pub limits: Option<LimitsWire>,
    /// What files its source takes.
    pub media: Option<MediaWire>,
}

/// A conversation as the `result` of a change, as JSON.
pub(super) fn conversation(view: &AccountView, protocol: Protocol, it: &Conversation, extras: &Extras<'_>, files: &Files) -> String {
    let account = &view.account.id;
    let id = it.id.to_string();
    let skill = skill_id(it.skill);
    let main = it.main();
    let roles = roles(it);
    let ids = |name: &dyn Fn(Party) -> String| -> RoleMap {
        roles.iter().map(|(role, parties)| (role.name(), parties.iter().map(|party| name(*party)).collect())).collect()
    };
    let to_agents = protocol != Protocol::V3;
    let participants = match to_agents {
        true => Participants::Roles(ids(&|party| old_id(account, party))),
        false => Participants::List(participants(view, it)),
    };
    let unread = to_agents.then(|| {
        let mut unread: BTreeMap<String, u32> = BTreeMap::new();
        for participant in it.dialogs.iter().flat_map(|dialog| &dialog.participants).filter(|participant| !participant.suggested) {
            *unread.entry(old_id(account, participant.party)).or_default() += participant.unread;
        }
        unread
    });
    let details = Details {
        conv_id: &id,
        skill_id: &skill,
        brand_id: account.as_str(),
        state: open_or_close(main.open),
        stage: open_or_close(it.open),
        close_reason: it.closed_by.map(|by| by.name()),
        participants,
        participants_pid: to_agents.then(|| ids(&|party| pid(view, party))),
        dialogs: it.dialogs.iter().map(|dialog| dialog_wire(view, protocol, it.id, dialog)).collect(),
        start_ts: it.started_at.0,
        end_ts: it.ended_at.map(|at| at.0),
        meta_data_last_update_ts: it.updated_at.0,
        first_conversation: it.first,
        ttr: Ttr { ttr_type: it.response_time.0.name(), value: it.response_time.1 },
        delay: it.delay.as_ref().map(|delay| DelayWire { kind: &delay.kind, till_when: delay.till.0 }),
        manual_ettr: it.manual_due.map(|at| at.0),
        csat_rate: to_agents.then(|| it.rating.and_then(|rating| rating.stars).unwrap_or(0)),
        csat: it.rating.map(|rating| Csat {
            csat_rate: rating.stars,
            csat_resolution_confirmation: rating.resolved,
            status: rating.status.name(),
        }),
        note: to_agents.then(|| it.note.as_deref().unwrap_or_default()),
        topic: it.topic.as_deref().filter(|_| to_agents),
        group_id: to_agents.then_some(""),
        campaign_info: raw(it.origin.as_ref().and_then(|origin| origin.campaign.as_deref())),
        context: it.origin.as_deref().and_then(context),
        conversation_handler_details: HandlerDetails { account_id: account.as_str(), skill_id: &skill },
        antiphon: to_agents.then(|| Extension {
            channel: extras.channel,
            source_id: it.source.to_string(),
            consumer: ConsumerWire {
                id: it.consumer.to_string(),
                name: extras.consumer.and_then(|consumer| consumer.name.as_deref()),
                address: extras.consumer.map_or("", |consumer| &consumer.address),
                opted_out: extras.consumer.is_some_and(|consumer| consumer.opted_out),
            },
            waiting_since: it.waiting_since.map(|at| at.0),
            composer: extras.composer.clone(),
            limits: extras.limits,
            media: extras.media.clone(),
        }),
    };
    let result = ConversationResult {
        conv_id: &id,
        effective_ttr: it.due_at().map_or(-1, |at| at.0),
        last_update_time: it.updated_at.0,
        unread,
        conversation_details: details,
        last_content_event_notification: it.last_content.as_deref().map(|event| record(view, protocol, it.id, &id, event, files)),
    };
    json(&result)
}

/// Everyone one by one, each in each of their roles: who takes part in two dialogs in one role stands once.
fn participants(view: &AccountView, it: &Conversation) -> Vec<ParticipantWire> {
    let mut seen: Vec<&Participant> = Vec::new();
    for participant in it.dialogs.iter().flat_map(|dialog| &dialog.participants) {
        if !seen.iter().any(|known| (known.party, known.role) == (participant.party, participant.role)) {
            seen.push(participant);
        }
    }
    seen.into_iter().map(|participant| participant_wire(view, Protocol::V3, participant)).collect()
}

fn participant_wire(view: &AccountView, protocol: Protocol, participant: &Participant) -> ParticipantWire {
    ParticipantWire {
        id: protocol.id(view, participant.party),
        role: participant.role.name(),
        state: if participant.suggested { "SUGGESTED" } else { "ACTIVE" },
    }
}

/// Where a conversation comes from, with what the consumer's program says of itself in it.
fn context(origin: &Origin) -> Option<Box<RawValue>> {
    let stored = origin.context.as_deref();
    let Some(client) = raw(origin.client.as_deref()) else { return raw(stored).map(ToOwned::to_owned) };
    let mut context: BTreeMap<String, &RawValue> = stored.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    context.entry("clientProperties".to_owned()).or_insert(client);
    context.entry("type".to_owned()).or_insert(raw(Some(r#""SharkContext""#))?);
    serde_json::value::to_raw_value(&context).ok()
}

/// A kind of dialog, by name.
pub(super) fn dialog_type(kind: DialogKind) -> &'static str {
    match kind {
        DialogKind::Main => "MAIN",
        DialogKind::PostSurvey => "POST_SURVEY",
    }
}

/// Every role with its holders: the main dialog's first, then those whom only later dialogs have.
fn roles(it: &Conversation) -> Vec<(Role, Vec<Party>)> {
    let mut roles: Vec<(Role, Vec<Party>)> = Role::ALL.into_iter().map(|role| (role, Vec::new())).collect();
    for participant in it.dialogs.iter().flat_map(|dialog| &dialog.participants).filter(|participant| !participant.suggested) {
        if let Some((_, holders)) = roles.iter_mut().find(|(role, _)| *role == participant.role)
            && !holders.contains(&participant.party)
        {
            holders.push(participant.party);
        }
    }
    roles
}

fn dialog_wire<'a>(view: &AccountView, protocol: Protocol, conversation: ConversationId, dialog: &'a Dialog) -> DialogWire<'a> {
    let mut seen: Vec<&Participant> = dialog.participants.iter().filter(|participant| protocol.sees(participant)).collect();
    seen.sort_by_key(|participant| participant.suggested);
    DialogWire {
        dialog_id: dialog_id(conversation, dialog.number),
        dialog_type: dialog_type(dialog.kind),
        channel_type: "MESSAGING",
        state: open_or_close(dialog.open),
        creation_ts: dialog.created_at.0,
        end_ts: dialog.ended_at.map(|at| at.0),
        meta_data_last_update_ts: dialog.updated_at.0,
        closed_by: dialog.closed_by.map(|by| by.name()),
        closed_cause: dialog.closed_cause.as_deref(),
        meta_data: dialog.app.as_deref().map(|app_install_id| DialogMeta { app_install_id }),
        metadata: raw(dialog.metadata.as_deref()),
        participants_details: seen.into_iter().map(|participant| participant_wire(view, protocol, participant)).collect(),
    }
}

/// An event as a record, as JSON.
pub(super) fn event(view: &AccountView, protocol: Protocol, conversation: ConversationId, event: &Event, files: &Files) -> String {
    json(&record(view, protocol, conversation, &conversation.to_string(), event, files))
}

fn record<'a>(
    view: &AccountView,
    protocol: Protocol,
    conversation: ConversationId,
    id: &'a str,
    event: &'a Event,
    files: &'a Files,
) -> Record<'a> {
    Record {
        sequence: Some(event.sequence),
        server_timestamp: Some(event.at.0),
        vendor_timestamp: event.vendor_at.map(|at| at.0),
        message_audience: audience(event.audience),
        metadata: raw(event.metadata.as_deref()),
        ..bare_record(view, protocol, conversation, id, event.dialog, event.originator, event_wire(&event.body, files))
    }
}

/// Who may see an event, by name.
pub(super) fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::All => "ALL",
        Audience::AgentsAndManagers => "AGENTS_AND_MANAGERS",
    }
}

/// What an event says.
pub(super) fn event_wire<'a>(body: &'a EventBody, files: &'a Files) -> EventWire<'a> {
    match body {
        EventBody::Content(Content::Text { text, quick_replies }) => EventWire::Content {
            content_type: "text/plain",
            message: MessageWire::Text(text),
            quick_replies: raw(quick_replies.as_deref()),
        },
        EventBody::Content(Content::File { path, caption, file_type, preview, .. }) => {
            let file = files.get(&**path);
            let (state, reason) = file.map_or((None, None), |file| {
                let (state, reason) = file_state(&file.state);
                (Some(state), reason)
            });
            EventWire::Content {
                content_type: "hosted/file",
                message: MessageWire::File(FileWire {
                    caption,
                    relative_path: path,
                    file_type: shown_type(file_type, file.and_then(|file| file.content_type.as_deref())),
                    // What came over a channel had none when its event was made.
                    preview: preview.as_deref().or_else(|| Some(file?.picture.as_ref()?.preview.as_str())),
                    state,
                    name: file.and_then(|file| file.name.as_deref()),
                    size: file.and_then(|file| file.size),
                    reason,
                    picture: file.and_then(PictureWire::of),
                }),
                quick_replies: None,
            }
        }
        EventBody::Content(Content::Rich { json, quick_replies }) => {
            EventWire::Rich { content: raw(Some(json)), quick_replies: raw(quick_replies.as_deref()) }
        }
        EventBody::Accept { status, sequences } => EventWire::Accept { status: status.name(), sequence_list: sequences },
    }
}

/// The role of somebody in a dialog.
pub(super) fn role_in(it: &Conversation, dialog: DialogNumber, party: Party) -> Role {
    let participant = it.dialog(dialog).and_then(|dialog| dialog.participants.iter().find(|participant| participant.party == party));
    participant.map_or(Role::Agent, |participant| participant.role)
}

/// A chat state as a record, as JSON: neither numbered nor timed.
pub(super) fn chat_state(
    view: &AccountView,
    protocol: Protocol,
    it: &Conversation,
    dialog: DialogNumber,
    party: Party,
    state: &str,
) -> String {
    let role = role_in(it, dialog, party);
    let id = it.id.to_string();
    json(&bare_record(view, protocol, it.id, &id, dialog, Originator { party, role }, EventWire::ChatState { chat_state: state }))
}

fn bare_record<'a>(
    view: &AccountView,
    protocol: Protocol,
    conversation: ConversationId,
    id: &'a str,
    dialog: DialogNumber,
    originator: Originator,
    event: EventWire<'a>,
) -> Record<'a> {
    let originator_pid = pid(view, originator.party);
    Record {
        sequence: None,
        originator_id: protocol.id(view, originator.party),
        originator_metadata: OriginatorMetadata { id: originator_pid.clone(), role: originator.role.name() },
        originator_pid: (protocol != Protocol::V3).then_some(originator_pid),
        server_timestamp: None,
        vendor_timestamp: None,
        event,
        conversation_id: id,
        dialog_id: dialog_id(conversation, dialog),
        message_audience: "ALL",
        metadata: None,
    }
}

/// A file's state by name, and why it failed.
pub(super) fn file_state(state: &FileState) -> (&'static str, Option<&str>) {
    match state {
        FileState::Pending => ("pending", None),
        FileState::Ready => ("ready", None),
        FileState::Failed(reason) => ("failed", Some(reason)),
    }
}

/// A ring with its task.
pub(super) fn task(view: &AccountView, ring: &Ring, state: RingState, task: &Task) -> TaskResult {
    let account = &view.account.id;
    let conversation_id = task.conversation.to_string();
    let consumer_id = task.consumer.to_string();
    let skill_id = skill_id(task.skill);
    let accepted = state == RingState::Accepted;
    TaskResult {
        routing_task_id: conversation_id.clone(),
        task_completed: accepted,
        assigned_agent_id: if accepted { old_id_of_user(account, ring.agent) } else { String::new() },
        rings_details: vec![RingWire {
            ring_id: ring_id(view, ring),
            ring_state: state.name(),
            ring_expiration: ring.expires_at.since(ring.offered_at),
            ring_expiration_ts: ring.expires_at.0,
            weight: task.due_at.unwrap_or(task.enqueued_at).0,
            conv_id: conversation_id.clone(),
            consumer_id: consumer_id.clone(),
            skill_id: skill_id.clone(),
            brand_id: account.to_string(),
        }],
        conversation_id,
        consumer_id,
        skill_id,
        brand_id: account.to_string(),
    }
}

fn ring_id(view: &AccountView, ring: &Ring) -> String {
    format!("{}_{}_{}", ring.conversation, view.account.id, ring.offered_at)
}

/// What a ring id names: conversation and time of offer.
pub(super) fn ring_named(view: &AccountView, text: &str) -> Option<(ConversationId, antiphon_domain::Timestamp)> {
    let (rest, offered_at) = text.rsplit_once('_')?;
    let (conversation, account) = rest.split_once('_')?;
    if account != view.account.id.as_str() {
        return None;
    }
    Some((conversation.parse().ok()?, antiphon_domain::Timestamp(offered_at.parse().ok()?)))
}

/// An agent's state.
pub(super) fn agent_state(view: &AccountView, user: UserId, availability: Availability) -> AgentStateResult {
    AgentStateResult {
        agent_user_id: old_id_of_user(&view.account.id, user),
        channels: ["MESSAGING"],
        availability: availability.name(),
        description: "",
    }
}

/// A skill on the wire; `-1` is none.
pub(super) fn skill_id(skill: Option<SkillId>) -> String {
    skill.map_or_else(|| "-1".to_owned(), |skill| skill.to_string())
}

pub(super) fn open_or_close(open: bool) -> &'static str {
    if open { "OPEN" } else { "CLOSE" }
}

/// Stored JSON, to be embedded as it is. What is stored was checked when it came in; damaged text is left out.
fn raw(text: Option<&str>) -> Option<&RawValue> {
    text.and_then(|text| serde_json::from_str(text).ok())
}

/// Room for most records and results, in bytes: growing step by step would copy each of them several times.
const ROOM: usize = 3 * 1024;

fn json(value: &impl serde::Serialize) -> String {
    let mut text = Vec::with_capacity(ROOM);
    // Our own structs with string keys always serialise.
    match serde_json::to_writer(&mut text, value) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests;
