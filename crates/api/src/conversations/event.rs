//! An event's content in the form that the agents' socket shows it.

use antiphon_app::files::{shown_type, thumbnail_path};
use antiphon_domain::{Content, Event, EventBody, FileState, StoredFile};
use serde_json::{Value, json};
use std::sync::Arc;

/// The event; `file` is what is stored of the file that it shows.
pub(super) fn shown(event: &Event, file: Option<&StoredFile>) -> Value {
    match &event.body {
        EventBody::Content(Content::Text { text, quick_replies }) => {
            with_replies(json!({"type": "ContentEvent", "contentType": "text/plain", "message": &**text}), quick_replies.as_ref())
        }
        EventBody::Content(Content::File { path, caption, file_type, preview, .. }) => {
            let file_type = shown_type(file_type, file.and_then(|file| file.content_type.as_deref()));
            let mut message = json!({"caption": &**caption, "relativePath": &**path, "fileType": file_type});
            let picture = file.and_then(|file| file.picture.as_ref());
            if let Some(preview) = preview.as_deref().or_else(|| Some(picture?.preview.as_str())) {
                message["preview"] = json!(preview);
            }
            if let Some(file) = file {
                let (state, reason) = match &file.state {
                    FileState::Pending => ("pending", None),
                    FileState::Ready => ("ready", None),
                    FileState::Failed(reason) => ("failed", Some(reason)),
                };
                message["state"] = json!(state);
                let optional = [
                    ("reason", reason.map(|reason| json!(reason))),
                    ("name", file.name.as_ref().map(|name| json!(name))),
                    ("size", file.size.map(|size| json!(size))),
                    ("width", picture.map(|picture| json!(picture.width))),
                    ("height", picture.map(|picture| json!(picture.height))),
                    ("thumbnail", picture.filter(|picture| picture.thumbnail).map(|_| json!(thumbnail_path(&file.path)))),
                ];
                for (name, value) in optional {
                    if let Some(value) = value {
                        message[name] = value;
                    }
                }
            }
            json!({"type": "ContentEvent", "contentType": "hosted/file", "message": message})
        }
        EventBody::Content(Content::Rich { json: card, quick_replies }) => {
            with_replies(json!({"type": "RichContentEvent", "content": raw(card)}), quick_replies.as_ref())
        }
        EventBody::Accept { status, sequences } => {
            json!({"type": "AcceptStatusEvent", "status": status.name(), "sequenceList": sequences})
        }
    }
}

/// The path of the file that an event shows.
pub(super) fn file_path(event: &Event) -> Option<&Arc<str>> {
    match &event.body {
        EventBody::Content(Content::File { path, .. }) => Some(path),
        _ => None,
    }
}

/// JSON that was kept as its author's bytes.
pub(super) fn raw(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn with_replies(mut event: Value, quick_replies: Option<&Arc<str>>) -> Value {
    if let Some(replies) = quick_replies {
        event["quickReplies"] = raw(replies);
    }
    event
}
