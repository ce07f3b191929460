//! `PublishEvent`: text, files, structured content, private notes, receipts and chat states.
//!
//! What is structured is kept as the caller's own bytes. A metadata item of type `ClientMessageId` makes a repeat harmless:
//! it is answered with the first one's sequence.

use super::envelope::{Failure, OneOrMany, Out, Request, body, respond};
use super::query_messages::read_dialog;
use super::session::Session;
use antiphon_app::publish::{DialogRef, Publish, PublishError, PublishErrorKind};
use antiphon_domain::{AcceptStatus, Audience, Content, EventBody, FileId, Sequence};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Most sequences of one receipt.
const MAX_SEQUENCES: usize = 1_000;
/// Longest preview of a file, in characters of its data URL: 30 KB of image.
const MAX_PREVIEW: usize = 44_000;
/// Longest quick replies, in bytes of JSON.
const MAX_QUICK_REPLIES: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::compat) struct Body<'a> {
    pub dialog_id: Option<String>,
    pub conversation_id: Option<String>,
    message_audience: Option<String>,
    #[serde(borrow)]
    pub event: Option<EventIn<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::compat) struct EventIn<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    content_type: Option<String>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    quick_replies: Option<&'a RawValue>,
    status: Option<String>,
    sequence_list: Option<OneOrMany<Sequence>>,
    chat_state: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileIn {
    caption: Option<String>,
    relative_path: Option<String>,
    file_type: Option<String>,
    preview: Option<String>,
}

#[derive(Deserialize)]
struct MetadataIn {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct Published {
    sequence: Sequence,
}

/// What is to be published.
#[derive(Debug, PartialEq)]
pub(in crate::compat) enum Meant {
    /// A numbered event.
    Event(EventBody),
    /// That the caller types, or stopped.
    ChatState(String),
}

pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let asked: Body<'_> = body(request)?;
    let (conversation, number) = read_dialog(asked.dialog_id.as_deref(), asked.conversation_id.as_deref())?;
    let dialog = DialogRef { conversation, number };
    let audience = match asked.message_audience.as_deref() {
        None | Some("ALL") => Audience::All,
        Some("AGENTS_AND_MANAGERS") => Audience::AgentsAndManagers,
        Some(other) => return Err(Failure::bad_request(format!("messageAudience: {other:?} is none of ALL, AGENTS_AND_MANAGERS"))),
    };
    let event = asked.event.ok_or_else(|| Failure::missing("event: say what to publish"))?;
    let app = &session.shared.app;
    let sequence = match read_event(event)? {
        Meant::ChatState(state) => {
            app.chat_state(&session.caller, dialog, &state).await.map_err(refused)?;
            0
        }
        Meant::Event(event) => {
            let client_message_id = request.metadata.as_deref().map_or(Ok(None), client_message_id)?;
            let metadata = request.metadata.as_deref().map(Into::into);
            let publish = Publish { dialog, audience, body: event, metadata, client_message_id };
            app.publish(&session.caller, publish).await.map_err(refused)?
        }
    };
    out.push(respond(request, 200, ".ams.ms.PublishEvent$Response", Published { sequence }));
    Ok(())
}

pub(in crate::compat) fn read_event(event: EventIn<'_>) -> Result<Meant, Failure> {
    let quick_replies = event.quick_replies.map(RawValue::get);
    if quick_replies.is_some_and(|json| json.len() > MAX_QUICK_REPLIES) {
        return Err(Failure::bad_request(format!("event.quickReplies: at most {MAX_QUICK_REPLIES} bytes")));
    }
    let quick_replies = quick_replies.map(Into::into);
    let content = match event.kind.as_deref() {
        Some("ContentEvent") => match event.content_type.as_deref() {
            None | Some("text/plain") => Content::Text { text: read_text(event.message)?.into(), quick_replies },
            Some("hosted/file") => read_file(event.message)?,
            Some(other) => {
                return Err(Failure::bad_request(format!("event.contentType: {other:?} is not taken; use text/plain or hosted/file")));
            }
        },
        Some("RichContentEvent") => {
            let content = event.content.map(RawValue::get).filter(|json| json.starts_with('{'));
            let json = content.ok_or_else(|| Failure::missing("event.content: give the structured content, an object"))?.into();
            Content::Rich { json, quick_replies }
        }
        Some("AcceptStatusEvent") => return read_receipt(event.status, event.sequence_list),
        Some("ChatStateEvent") => {
            let state = event.chat_state.ok_or_else(|| Failure::missing("event.chatState: for example COMPOSING"))?;
            return Ok(Meant::ChatState(state));
        }
        Some(other) => {
            let known = "ContentEvent, RichContentEvent, AcceptStatusEvent, ChatStateEvent";
            return Err(Failure::bad_request(format!("event.type: {other:?} is none of {known}")));
        }
        None => return Err(Failure::missing("event.type: for example ContentEvent")),
    };
    Ok(Meant::Event(EventBody::Content(content)))
}

fn read_text(message: Option<&RawValue>) -> Result<String, Failure> {
    let message = message.ok_or_else(|| Failure::missing("event.message: give the text"))?;
    serde_json::from_str(message.get()).map_err(|_| Failure::bad_request("event.message: must be a string for text/plain"))
}

fn read_file(message: Option<&RawValue>) -> Result<Content, Failure> {
    let message = message.ok_or_else(|| Failure::missing("event.message: give the file's relativePath and fileType"))?;
    let file: FileIn = serde_json::from_str(message.get())
        .map_err(|_| Failure::bad_request("event.message: must be an object with relativePath and fileType for hosted/file"))?;
    let path = file.relative_path.filter(|path| path.starts_with('/'));
    let path = path.ok_or_else(|| Failure::missing("event.message.relativePath: the path that GenerateURLForUploadFile gave"))?;
    if file.preview.as_ref().is_some_and(|preview| preview.len() > MAX_PREVIEW || !preview.starts_with("data:image/")) {
        return Err(Failure::bad_request(format!(
            "event.message.preview: must be an image's data URL of at most {MAX_PREVIEW} characters"
        )));
    }
    Ok(Content::File {
        // The use case fills in which file the path is.
        file: FileId(0),
        path: path.into(),
        caption: file.caption.unwrap_or_default().into(),
        file_type: file.file_type.unwrap_or_default().into(),
        preview: file.preview.map(Into::into),
    })
}

fn read_receipt(status: Option<String>, sequences: Option<OneOrMany<Sequence>>) -> Result<Meant, Failure> {
    let known = || AcceptStatus::ALL.map(AcceptStatus::name).join(", ");
    let status = status.ok_or_else(|| Failure::missing(format!("event.status: one of {}", known())))?;
    let status =
        AcceptStatus::from_name(&status).ok_or_else(|| Failure::bad_request(format!("event.status: {status:?} is none of {}", known())))?;
    let sequences = sequences.map(OneOrMany::into_vec).unwrap_or_default();
    if sequences.is_empty() || sequences.len() > MAX_SEQUENCES {
        return Err(Failure::bad_request(format!("event.sequenceList: name 1 to {MAX_SEQUENCES} sequences")));
    }
    Ok(Meant::Event(EventBody::Accept { status, sequences }))
}

/// The caller's own id of the message, if the metadata holds one.
pub(in crate::compat) fn client_message_id(metadata: &str) -> Result<Option<String>, Failure> {
    let items: Vec<MetadataIn> =
        serde_json::from_str(metadata).map_err(|_| Failure::bad_request("metadata: must be a list of objects with a type"))?;
    let id = items.into_iter().find(|item| item.kind.as_deref() == Some("ClientMessageId")).map(|item| item.id);
    match id {
        None => Ok(None),
        Some(Some(serde_json::Value::String(id))) if !id.is_empty() => Ok(Some(id)),
        Some(_) => Err(Failure::bad_request("metadata: ClientMessageId needs an id, a string")),
    }
}

pub(in crate::compat) fn refused(error: PublishError) -> Failure {
    match error.kind {
        PublishErrorKind::Closed => Failure::closed(),
        PublishErrorKind::NotFound => Failure::not_found(error.message),
        PublishErrorKind::Forbidden | PublishErrorKind::NotAParticipant | PublishErrorKind::OptedOut | PublishErrorKind::WindowClosed => {
            Failure::forbidden(error.message)
        }
        PublishErrorKind::SourceBroken | PublishErrorKind::BadFile | PublishErrorKind::BadContent | PublishErrorKind::NoSuchEvent => {
            Failure::bad_request(error.message)
        }
        PublishErrorKind::IdempotencyMismatch => Failure::conflict(error.message),
        PublishErrorKind::Unavailable => Failure::unavailable(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Meant, Failure> {
        read_event(serde_json::from_str(text).expect(text))
    }

    #[test]
    fn each_kind_of_event_is_read() {
        let check = |text: &str, expected: EventBody| assert_eq!(read(text), Ok(Meant::Event(expected)), "{text}");
        check(r#"{"type":"ContentEvent","contentType":"text/plain","message":"hi"}"#, EventBody::text("hi"));
        check(
            r#"{"type":"ContentEvent","contentType":"text/plain","message":"hi","quickReplies":{"type": "quickReplies"}}"#,
            EventBody::Content(Content::Text { text: "hi".into(), quick_replies: Some(r#"{"type": "quickReplies"}"#.into()) }),
        );
        check(
            r#"{"type":"RichContentEvent","content":{"type":"vertical", "elements":[]}}"#,
            EventBody::Content(Content::Rich { json: r#"{"type":"vertical", "elements":[]}"#.into(), quick_replies: None }),
        );
        check(
            r#"{"type":"ContentEvent","contentType":"hosted/file","message":{"caption":"c","relativePath":"/v1/x","fileType":"PNG"}}"#,
            EventBody::Content(Content::File {
                file: FileId(0),
                path: "/v1/x".into(),
                caption: "c".into(),
                file_type: "PNG".into(),
                preview: None,
            }),
        );
        check(
            r#"{"type":"AcceptStatusEvent","status":"READ","sequenceList":[3,4]}"#,
            EventBody::Accept { status: AcceptStatus::Read, sequences: vec![3, 4] },
        );
        check(
            r#"{"type":"AcceptStatusEvent","status":"ACCEPT","sequenceList":3}"#,
            EventBody::Accept { status: AcceptStatus::Accept, sequences: vec![3] },
        );
        assert_eq!(read(r#"{"type":"ChatStateEvent","chatState":"COMPOSING"}"#), Ok(Meant::ChatState("COMPOSING".into())));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, expected: Failure| assert_eq!(read(text), Err(expected), "{text}");
        check("{}", Failure::missing("event.type: for example ContentEvent"));
        check(
            r#"{"type":"Event"}"#,
            Failure::bad_request(r#"event.type: "Event" is none of ContentEvent, RichContentEvent, AcceptStatusEvent, ChatStateEvent"#),
        );
        check(
            r#"{"type":"ContentEvent","contentType":"text/html","message":"x"}"#,
            Failure::bad_request(r#"event.contentType: "text/html" is not taken; use text/plain or hosted/file"#),
        );
        check(r#"{"type":"ContentEvent","message":{}}"#, Failure::bad_request("event.message: must be a string for text/plain"));
        check(r#"{"type":"RichContentEvent","content":[]}"#, Failure::missing("event.content: give the structured content, an object"));
        check(
            r#"{"type":"AcceptStatusEvent","status":"READ","sequenceList":[]}"#,
            Failure::bad_request("event.sequenceList: name 1 to 1000 sequences"),
        );
    }

    #[test]
    fn the_callers_own_id_is_found() {
        assert_eq!(client_message_id(r#"[{"type":"A"},{"type":"ClientMessageId","id":"m1"}]"#), Ok(Some("m1".into())));
        assert_eq!(client_message_id(r#"[{"type":"ExternalId","id":"m1"}]"#), Ok(None));
        assert!(client_message_id(r#"[{"type":"ClientMessageId"}]"#).is_err());
        assert!(client_message_id("[1]").is_err());
    }
}
