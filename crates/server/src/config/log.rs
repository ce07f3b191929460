//! `[log]`: how much is logged, and in which form.

use crate::document::{Problems, Section};
use tracing_subscriber::EnvFilter;

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Logs.
#[derive(Clone, Debug)]
pub struct Log {
    /// The form.
    pub format: Format,
    /// What is logged.
    pub filter: String,
}

impl Log {
    pub(super) fn read(mut section: Section, problems: &mut Problems) -> Option<Self> {
        let format = section.required("format", problems).and_then(|(text, place)| match text.as_str() {
            "text" => Some(Format::Text),
            "json" => Some(Format::Json),
            _ => {
                problems.add(&place, section.key("format"), format!("must be text or json, is `{text}`"));
                None
            }
        });
        let filter = section.required("filter", problems).and_then(|(text, place)| match EnvFilter::try_new(&text) {
            Ok(_) => Some(text),
            Err(error) => {
                problems.add(&place, section.key("filter"), format!("is no filter: {error}"));
                None
            }
        });
        section.finish(problems);
        Some(Self { format: format?, filter: filter? })
    }
}
