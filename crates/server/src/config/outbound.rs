//! `[outbound]`: calls to vendors and brands' endpoints.

use super::optional;
use crate::document::{Problems, Section};
use std::path::PathBuf;

/// Outbound calls.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// A PEM file with authorities trusted besides the system's.
    pub extra_ca: Option<PathBuf>,
}

impl Outbound {
    pub(super) fn read(mut section: Section, problems: &mut Problems) -> Option<Self> {
        let extra_ca = optional(section.text("extra_ca", problems)).map(|(path, _)| path.into());
        section.finish(problems);
        Some(Self { extra_ca })
    }
}
