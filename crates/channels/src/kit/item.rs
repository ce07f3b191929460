//! Inbound items and dead letters, in one line each.

use antiphon_app::channel::{DeadLetter, InboundContent, InboundItem, InboundKind};
use antiphon_domain::Timestamp;
use serde_json::Value;

/// What a piece of a webhook comes to.
pub type Item = Result<InboundItem, DeadLetter>;

/// An item of the source that the webhook was addressed to.
pub fn item(key: impl Into<String>, at: Option<Timestamp>, kind: InboundKind) -> Item {
    Ok(InboundItem { source_address: None, key: key.into(), at, kind })
}

/// A piece that can't be used.
pub fn dead(code: &'static str, reason: impl Into<String>) -> Item {
    Err(DeadLetter { source_address: None, code, reason: reason.into() })
}

/// A consumer's message; `notes` are typed objects to keep with it.
pub fn message(from: impl Into<String>, name: Option<String>, contents: Vec<InboundContent>, notes: Vec<Value>) -> InboundKind {
    let metadata = (!notes.is_empty()).then(|| Value::Array(notes).to_string());
    InboundKind::Message { from: from.into(), name, contents, metadata, consent: None }
}

/// Something about the conversation that nobody wrote.
pub fn note(from: impl Into<String>, about: Option<String>, note: &Value, keep: bool) -> InboundKind {
    InboundKind::Note { from: from.into(), about, note: note.to_string(), keep }
}

/// Text, with what stands behind a tap.
pub fn text(text: impl Into<String>, payload: Option<String>) -> InboundContent {
    InboundContent::Text { text: text.into(), payload }
}

/// The names of an object's members, for a dead letter: short, printable, and no values.
pub fn names(value: &Value) -> String {
    let fields = value.as_object().into_iter().flat_map(serde_json::Map::keys).take(6);
    let names: Vec<String> = fields.map(|name| name.chars().filter(|c| !c.is_control()).take(40).collect()).collect();
    names.join(", ")
}
