//! The capability record: what a channel can show, and its limits, as data.
//!
//! Composer, bots, API and connectors read the same record. A connector declares one; the settings of a source and the
//! state of a conversation may only narrow it. It holds facts, never behaviour: nothing here decides how content is adapted.

use crate::structured::Structured;
use serde::Serialize;

/// How a text's length is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Unicode scalar values.
    #[default]
    Codepoint,
    /// UTF-16 code units: a character outside the basic plane counts 2.
    Utf16,
    /// UTF-8 bytes.
    Utf8,
    /// Septets of the GSM alphabet; a text with other characters counts by the room it takes, see [`crate::split::measure`].
    Gsm,
}

/// How much text one message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TextLimit {
    /// The longest text of one message, in `unit`s. Longer texts are split.
    pub max: u32,
    /// What `max` counts.
    pub unit: Unit,
    /// Whether the text is carried, and charged, in SMS segments, so that people want to see their number.
    pub segments: bool,
}

/// One kind of media that the channel takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MediaRule {
    /// A media type (`image/jpeg`), all of a kind (`image/*`), or everything (`*/*`).
    pub mime: String,
    /// The largest file of this kind, in bytes.
    pub max_bytes: u64,
}

impl MediaRule {
    /// A rule from its two parts.
    pub fn new(mime: &str, max_bytes: u64) -> Self {
        Self { mime: mime.to_owned(), max_bytes }
    }

    /// Whether the rule speaks of this media type. Parameters (`; charset=…`) and case don't matter.
    pub fn covers(&self, mime: &str) -> bool {
        let essence = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match self.mime.strip_suffix("/*") {
            Some("*") => essence.contains('/'),
            Some(kind) => essence.split_once('/').is_some_and(|(own, _)| own == kind),
            None => essence == self.mime,
        }
    }
}

/// What media the channel takes as such. What it doesn't take can still go as a link in text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MediaLimits {
    /// The kinds, most particular first: the first rule that covers a type counts. Empty: no media at all.
    pub types: Vec<MediaRule>,
    /// The largest sum of files in one message, in bytes.
    pub max_bytes: u64,
    /// The largest number of files in one message.
    pub max_per_message: u32,
}

impl MediaLimits {
    /// The largest file of that type in bytes, or nothing when the channel doesn't take the type.
    pub fn limit_for(&self, mime: &str) -> Option<u64> {
        self.types.iter().find(|rule| rule.covers(mime)).map(|rule| rule.max_bytes.min(self.max_bytes))
    }

    /// Whether a file of that type and size can go as media. A file of unknown size is taken at its word.
    pub fn allows(&self, mime: &str, size: Option<u64>) -> bool {
        self.limit_for(mime).is_some_and(|limit| size.is_none_or(|size| size <= limit))
    }
}

/// Which signals travel beside the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Signals {
    /// The consumer can be shown that somebody types.
    pub typing_out: bool,
    /// The consumer can be shown that their message was seen.
    pub seen_out: bool,
    /// The channel tells when the consumer types.
    pub typing_in: bool,
    /// The channel tells when a message has arrived.
    pub delivered: bool,
    /// The channel tells when a message has been read.
    pub read: bool,
}

/// For how long after the consumer's last message the brand may write freely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Hours since the consumer's last message.
    pub hours: u32,
    /// A longer time under conditions, where the channel knows one.
    pub extend: Option<WindowExtension>,
}

/// A longer reply window that the channel grants under conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WindowExtension {
    /// The channel's name for it, for example `human_agent`.
    pub name: String,
    /// Hours since the consumer's last message.
    pub hours: u32,
}

impl Window {
    /// The longest time after the consumer's last message, extension included, in hours.
    pub fn longest_hours(&self) -> u32 {
        self.extend.as_ref().map_or(self.hours, |extension| extension.hours.max(self.hours))
    }
}

/// What a channel, or one source of it, can show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Capabilities {
    /// Text of one message.
    pub text: TextLimit,
    /// The longest text that travels in the same message as media, in the text's unit; 0: text and media are separate messages.
    pub caption_max: u32,
    /// Media of one message.
    pub media: MediaLimits,
    /// What it shows of cards and answers to tap; what it does not becomes text.
    pub structured: Structured,
    /// Signals beside the messages.
    pub signals: Signals,
    /// The window for free replies; nothing: no window.
    pub window: Option<Window>,
    /// The law of the medium demands that words like STOP are obeyed, see [`crate::optout`].
    pub consent_keywords: bool,
    /// The channel tells of messages that the brand wrote with the vendor's own tools.
    pub native_messages: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_covers_a_type_counts() {
        let limits = MediaLimits {
            types: vec![MediaRule::new("image/jpeg", 500), MediaRule::new("image/*", 100)],
            max_bytes: 400,
            max_per_message: 1,
        };
        assert_eq!(limits.limit_for("image/JPEG; x=y"), Some(400));
        assert_eq!(limits.limit_for("image/tiff"), Some(100));
        assert_eq!(limits.limit_for("images/tiff"), None);
        assert_eq!(limits.limit_for("video/mp4"), None);
        assert!(limits.allows("image/png", None));
        assert!(limits.allows("image/png", Some(100)));
        assert!(!limits.allows("image/png", Some(101)));
        assert!(MediaRule::new("*/*", 1).covers("a/b"));
        assert!(!MediaRule::new("*/*", 1).covers(""));
    }

    #[test]
    fn the_record_is_plain_json() {
        let record = Capabilities {
            text: TextLimit { max: 1600, unit: Unit::Codepoint, segments: true },
            caption_max: 1600,
            media: MediaLimits { types: vec![MediaRule::new("image/*", 5)], max_bytes: 5, max_per_message: 10 },
            structured: Structured::default(),
            signals: Signals { delivered: true, ..Signals::default() },
            window: Some(Window { hours: 24, extend: Some(WindowExtension { name: "human_agent".to_owned(), hours: 168 }) }),
            consent_keywords: true,
            native_messages: false,
        };
        let json = serde_json::to_value(&record).expect("a record serialises");
        assert_eq!(json["text"]["unit"], "codepoint");
        assert_eq!(json["window"]["extend"]["hours"], 168);
        assert_eq!(json["media"]["types"][0]["mime"], "image/*");
    }
}
