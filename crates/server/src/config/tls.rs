//! `[tls]`: a certificate that whoever runs it brings along.

use super::optional;
use crate::document::{Problems, Section};
use std::path::PathBuf;

/// The certificate for HTTPS; without one, a private authority makes it.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Certificate chain and key, both PEM files.
    pub given: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    pub(super) fn read(mut section: Section, problems: &mut Problems) -> Option<Self> {
        let certificate = optional(section.text("certificate", problems));
        let key = optional(section.text("key", problems));
        let given = match (certificate, key) {
            (Some((certificate, _)), Some((key, _))) => Some((certificate.into(), key.into())),
            (None, None) => None,
            (Some((_, place)), None) => {
                problems.add(&place, section.key("certificate"), "tls.key is missing: give both, or neither");
                None
            }
            (None, Some((_, place))) => {
                problems.add(&place, section.key("key"), "tls.certificate is missing: give both, or neither");
                None
            }
        };
        section.finish(problems);
        Some(Self { given })
    }
}
