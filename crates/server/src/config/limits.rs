//! `[limits]`: the bounds of the use cases that may be set; the others keep their defaults.

use crate::document::{Problems, Section};
use antiphon_app::Limits;

pub(super) fn read(mut section: Section, problems: &mut Problems) -> Option<Limits> {
    let mut number = |key, least, most| section.number(key, least, most, problems);
    let text_characters = number("text_characters", 1, 100_000);
    let file_mib = number("file_mib", 1, 1024);
    let cached = number("cached_conversations", 1_000, 100_000_000);
    let sends = number("sends_per_source", 1, 10_000);
    let attempts = number("delivery_attempts", 1, 10_000);
    let per_endpoint = number("notifications_per_endpoint", 1, 10_000);
    let notification_timeout_ms = number("notification_timeout_ms", 100, 60_000);
    let log_rows = number("channel_log_rows", 1_000, 1_000_000_000);
    let fetches = number("media_fetches", 1, 1_000);
    let session_s = number("session_s", 300, 30 * 24 * 3600);
    section.finish(problems);
    Some(Limits {
        text_characters: usize::try_from(text_characters?).ok()?,
        file_bytes: u64::try_from(file_mib?).ok()? << 20,
        cached_conversations: u64::try_from(cached?).ok()?,
        sends_per_source: usize::try_from(sends?).ok()?,
        delivery_attempts: u32::try_from(attempts?).ok()?,
        notifications_per_endpoint: usize::try_from(per_endpoint?).ok()?,
        notification_timeout_ms: u64::try_from(notification_timeout_ms?).ok()?,
        channel_log_rows: u64::try_from(log_rows?).ok()?,
        media_fetches: usize::try_from(fetches?).ok()?,
        session_s: session_s?,
        ..Limits::default()
    })
}
