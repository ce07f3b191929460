//! `[keys]`: where the master key comes from. Its value never appears in a message.

use super::optional;
use crate::document::{Problems, Section};
use std::fmt;
use std::path::PathBuf;

/// Where the master key comes from.
#[derive(Clone)]
pub enum Keys {
    /// `master.key` in the data folder; made when there is no data yet.
    Data,
    /// A file elsewhere.
    File(PathBuf),
    /// The key itself, as hex digits.
    Given(String),
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keys::Data => f.write_str("Data"),
            Keys::File(path) => write!(f, "File({})", path.display()),
            Keys::Given(_) => f.write_str("Given"),
        }
    }
}

impl Keys {
    pub(super) fn read(mut section: Section, problems: &mut Problems) -> Option<Self> {
        let key = optional(section.text("master_key", problems));
        let file = optional(section.text("master_key_file", problems));
        if let (Some(_), Some((_, place))) = (&key, &file) {
            problems.add(place, section.key("master_key_file"), "master_key is given too: give one of them");
        }
        section.finish(problems);
        Some(match (key, file) {
            (Some((key, _)), _) => Keys::Given(key),
            (None, Some((path, _))) => Keys::File(path.into()),
            (None, None) => Keys::Data,
        })
    }
}
