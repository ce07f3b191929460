//! The shapes of webhook bodies. Members stand in the order of the published samples.

use super::super::wire::{EventWire as SocketEvent, MessageWire};
use super::plain::plain;
use serde::Serialize;
use serde_json::value::RawValue;

/// The envelope, with its one change.
#[derive(Serialize)]
pub(super) struct Notification<C> {
    kind: &'static str,
    body: Changes<C>,
    #[serde(rename = "type")]
    type_name: &'static str,
}

#[derive(Serialize)]
struct Changes<C> {
    changes: [C; 1],
}

impl<C: Serialize> Notification<C> {
    /// The whole body, as JSON.
    pub(super) fn of(type_name: &'static str, change: C) -> String {
        let notification = Self { kind: "notification", body: Changes { changes: [change] }, type_name };
        // Our own structs with string keys always serialise.
        serde_json::to_string(&notification).unwrap_or_default()
    }
}

/// An event, or a chat state.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageChange<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    pub originator_id: String,
    pub originator_metadata: ParticipantWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_timestamp: Option<i64>,
    pub event: EventWire<'a>,
    pub conversation_id: String,
    pub dialog_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_audience: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
}

/// What an event says, with the JSON in it made plain.
#[derive(Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub(super) enum EventWire<'a> {
    #[serde(rename = "ContentEvent")]
    Content {
        message: MessageWire<'a>,
        content_type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        quick_replies: Option<Box<RawValue>>,
    },
    #[serde(rename = "RichContentEvent")]
    Rich {
        content: Option<Box<RawValue>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        quick_replies: Option<Box<RawValue>>,
    },
    #[serde(rename = "AcceptStatusEvent")]
    Accept { status: &'static str, sequence_list: &'a [u64] },
    #[serde(rename = "ChatStateEvent")]
    ChatState { chat_state: &'a str },
}

impl<'a> EventWire<'a> {
    pub(super) fn of(event: SocketEvent<'a>) -> Self {
        let plain = |json: Option<&RawValue>| json.and_then(|json| plain(json.get()));
        match event {
            SocketEvent::Content { content_type, message, quick_replies } => {
                Self::Content { message, content_type, quick_replies: plain(quick_replies) }
            }
            SocketEvent::Rich { content, quick_replies } => Self::Rich { content: plain(content), quick_replies: plain(quick_replies) },
            SocketEvent::Accept { status, sequence_list } => Self::Accept { status, sequence_list },
            SocketEvent::ChatState { chat_state } => Self::ChatState { chat_state },
        }
    }
}

/// Somebody with a role.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ParticipantWire {
    pub id: String,
    pub role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
}

/// A change of something subscribed to.
#[derive(Serialize)]
pub(super) struct Change<R> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub result: R,
}

/// A conversation's whole state.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateResult<'a> {
    pub conv_id: String,
    #[serde(rename = "effectiveTTR")]
    pub effective_ttr: i64,
    pub conversation_details: Details<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details<'a> {
    pub skill_id: String,
    pub participants: Vec<ParticipantWire>,
    pub dialogs: Vec<DialogDetails<'a>>,
    pub brand_id: &'a str,
    /// Of the main dialog.
    pub state: &'static str,
    /// Of the whole conversation.
    pub stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_reason: Option<&'static str>,
    pub start_ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_ts: Option<i64>,
    pub meta_data_last_update_ts: i64,
    pub ttr: Ttr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay<'a>>,
    #[serde(rename = "manualETTR", skip_serializing_if = "Option::is_none")]
    pub manual_ettr: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat: Option<Rating>,
    pub conversation_handler_details: Handler<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DialogDetails<'a> {
    pub dialog_id: String,
    pub participants_details: Vec<ParticipantWire>,
    pub dialog_type: &'static str,
    pub channel_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta_data: Option<DialogMetadata<'a>>,
    pub state: &'static str,
    pub creation_ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_ts: Option<i64>,
    pub meta_data_last_update_ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_cause: Option<&'a str>,
}

/// Who asks in a survey.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DialogMetadata<'a> {
    pub app_install_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ttr {
    pub ttr_type: &'static str,
    pub value: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delay<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub till_when: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rating {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat_rate: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat_resolution_confirmation: Option<bool>,
    pub status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Handler<'a> {
    pub account_id: &'a str,
    pub skill_id: String,
}
