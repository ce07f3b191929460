//! The shapes of notifications and event records: those of the agents' connections (version 2.x) and those of consumers'
//! (version 3), which differ in how they name people.
//!
//! Structs only: `render` fills them by hand from the domain. Required members are never left out, because the published
//! clients dereference them unguarded; arrays are always arrays.

use antiphon_app::files::thumbnail_path;
use antiphon_domain::StoredFile;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A list of ids for each role.
pub(super) type RoleMap = Vec<(&'static str, Vec<String>)>;

/// A conversation with what goes with it: `result` of a change.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConversationResult<'a> {
    pub conv_id: &'a str,
    #[serde(rename = "effectiveTTR")]
    pub effective_ttr: i64,
    pub last_update_time: i64,
    /// Agents' connections only.
    #[serde(rename = "numberOfunreadMessages", skip_serializing_if = "Option::is_none")]
    pub unread: Option<BTreeMap<String, u32>>,
    pub conversation_details: Details<'a>,
    /// Complete or absent, never empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_content_event_notification: Option<Record<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details<'a> {
    pub conv_id: &'a str,
    pub skill_id: &'a str,
    pub brand_id: &'a str,
    /// Of the main dialog.
    pub state: &'static str,
    /// Of the whole conversation.
    pub stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_reason: Option<&'static str>,
    pub participants: Participants,
    /// Agents' connections only.
    #[serde(rename = "participantsPId", serialize_with = "optional_role_map", skip_serializing_if = "Option::is_none")]
    pub participants_pid: Option<RoleMap>,
    pub dialogs: Vec<DialogWire<'a>>,
    pub start_ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_ts: Option<i64>,
    pub meta_data_last_update_ts: i64,
    pub first_conversation: bool,
    pub ttr: Ttr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<DelayWire<'a>>,
    #[serde(rename = "manualETTR", skip_serializing_if = "Option::is_none")]
    pub manual_ettr: Option<i64>,
    /// Agents' connections only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat_rate: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat: Option<Csat>,
    /// Agents' connections only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'a str>,
    /// Agents' connections only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign_info: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Box<RawValue>>,
    pub conversation_handler_details: HandlerDetails<'a>,
    /// Ours, on agents' connections only; published clients ignore it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antiphon: Option<Extension<'a>>,
}

/// Everyone in a conversation.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Participants {
    /// By role, as agents' connections have it.
    Roles(#[serde(serialize_with = "role_map")] RoleMap),
    /// One by one, as consumers' have it.
    List(Vec<ParticipantWire>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DelayWire<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub till_when: i64,
}

/// What the consumer thinks of a conversation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Csat {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat_rate: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat_resolution_confirmation: Option<bool>,
    pub status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DialogWire<'a> {
    pub dialog_id: String,
    pub dialog_type: &'static str,
    pub channel_type: &'static str,
    pub state: &'static str,
    pub creation_ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_ts: Option<i64>,
    pub meta_data_last_update_ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_cause: Option<&'a str>,
    /// The app that asks, in a survey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta_data: Option<DialogMeta<'a>>,
    /// What was attached to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<&'a RawValue>,
    pub participants_details: Vec<ParticipantWire>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DialogMeta<'a> {
    pub app_install_id: &'a str,
}

#[derive(Serialize)]
pub(super) struct ParticipantWire {
    pub id: String,
    pub role: &'static str,
    pub state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ttr {
    pub ttr_type: &'static str,
    pub value: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HandlerDetails<'a> {
    pub account_id: &'a str,
    pub skill_id: &'a str,
}

/// What the workspace needs to know beyond the published members.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Extension<'a> {
    pub channel: &'a str,
    pub source_id: String,
    pub consumer: ConsumerWire<'a>,
    pub waiting_since: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub composer: Option<ComposerWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsWire>,
    /// What files this very conversation takes; `null` when none.
    pub media: Option<MediaWire>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConsumerWire<'a> {
    pub id: String,
    pub name: Option<&'a str>,
    pub address: &'a str,
    pub opted_out: bool,
}

/// Whether the agent can write now, and why not.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ComposerWire<'a> {
    pub enabled: bool,
    pub code: Option<&'a str>,
    pub reason: Option<&'a str>,
    /// When the channel's reply window closes, if it has one.
    pub window_closes_at: Option<i64>,
    /// Whether templates go out although the window is closed.
    pub templates: bool,
}

/// How much text one message of the channel holds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct LimitsWire {
    pub max: u32,
    pub unit: antiphon_content::capabilities::Unit,
    pub segments: bool,
}

/// What files a conversation's source takes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaWire {
    pub types: Vec<String>,
    pub max_bytes: u64,
    pub max_count: u32,
}

/// An event as it stands in notifications and in answers to queries.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record<'a> {
    /// Absent for chat states only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// On agents' connections in the old space; clients compare it with their own.
    pub originator_id: String,
    /// Agents' connections only.
    #[serde(rename = "originatorPId", skip_serializing_if = "Option::is_none")]
    pub originator_pid: Option<String>,
    pub originator_metadata: OriginatorMetadata,
    /// Absent for chat states only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_timestamp: Option<i64>,
    /// Ours: the channel's own time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_timestamp: Option<i64>,
    pub event: EventWire<'a>,
    pub conversation_id: &'a str,
    pub dialog_id: String,
    pub message_audience: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<&'a RawValue>,
}

#[derive(Serialize)]
pub(super) struct OriginatorMetadata {
    pub id: String,
    pub role: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub(super) enum EventWire<'a> {
    #[serde(rename = "ContentEvent")]
    Content {
        content_type: &'static str,
        message: MessageWire<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        quick_replies: Option<&'a RawValue>,
    },
    #[serde(rename = "RichContentEvent")]
    Rich {
        content: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        quick_replies: Option<&'a RawValue>,
    },
    #[serde(rename = "AcceptStatusEvent")]
    Accept { status: &'static str, sequence_list: &'a [u64] },
    #[serde(rename = "ChatStateEvent")]
    ChatState { chat_state: &'a str },
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum MessageWire<'a> {
    Text(&'a str),
    File(FileWire<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileWire<'a> {
    pub caption: &'a str,
    pub relative_path: &'a str,
    pub file_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<&'a str>,
    /// Ours: `pending`, `ready` or `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    #[serde(flatten)]
    pub picture: Option<PictureWire>,
}

/// Ours: what can be said of a file that is a picture.
#[derive(Serialize)]
pub(super) struct PictureWire {
    pub width: u32,
    pub height: u32,
    /// The path of a smaller copy, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
}

impl PictureWire {
    pub(super) fn of(file: &StoredFile) -> Option<Self> {
        let picture = file.picture.as_ref()?;
        let thumbnail = picture.thumbnail.then(|| thumbnail_path(&file.path));
        Some(Self { width: picture.width, height: picture.height, thumbnail })
    }
}

/// `result` of a change of a routing task.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskResult {
    pub routing_task_id: String,
    pub task_completed: bool,
    pub conversation_id: String,
    pub consumer_id: String,
    pub skill_id: String,
    pub brand_id: String,
    pub assigned_agent_id: String,
    pub rings_details: Vec<RingWire>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RingWire {
    pub ring_id: String,
    pub ring_state: &'static str,
    pub ring_expiration: i64,
    pub ring_expiration_ts: i64,
    pub weight: i64,
    pub conv_id: String,
    pub consumer_id: String,
    pub skill_id: String,
    pub brand_id: String,
}

/// `result` of a change of an agent's state.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AgentStateResult {
    pub agent_user_id: String,
    pub channels: [&'static str; 1],
    pub availability: &'static str,
    pub description: &'static str,
}

/// A change of something subscribed to.
#[derive(Serialize)]
pub(super) struct ChangeWire<R> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub result: R,
}

/// The body of a notification of a subscription.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Changes<'a, R> {
    pub subscription_id: &'a str,
    pub changes: Vec<ChangeWire<R>>,
}

fn optional_role_map<S: serde::Serializer>(map: &Option<RoleMap>, serializer: S) -> Result<S::Ok, S::Error> {
    match map {
        Some(map) => role_map(map, serializer),
        None => serializer.serialize_none(),
    }
}

fn role_map<S: serde::Serializer>(map: &RoleMap, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter().map(|(role, ids)| (role, ids)))
}
