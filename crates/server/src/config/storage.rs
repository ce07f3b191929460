//! `[storage]`: the disk.

use crate::document::{Problems, Section};

/// The disk.
#[derive(Clone, Debug)]
pub struct Storage {
    /// Below this much free space the server is not ready. Bytes.
    pub min_free_bytes: u64,
}

impl Storage {
    pub(super) fn read(mut section: Section, problems: &mut Problems) -> Option<Self> {
        let mib = section.number("min_free_mib", 0, 1 << 30, problems);
        section.finish(problems);
        Some(Self { min_free_bytes: u64::try_from(mib?).ok()? << 20 })
    }
}
