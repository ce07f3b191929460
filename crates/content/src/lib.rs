//! What can be said where: capabilities as data, and the pure arithmetic that fits content to them.
//!
//! Nothing here performs I/O, reads a clock, or names a vendor. Every function is a pure function of its arguments, so that
//! the composer, the outbox and the tests come to the same answer. Start at [`capabilities`] for what a channel declares,
//! at [`split`](split()) for long text, and at [`segments`](segments()) for what a text costs as SMS.

pub mod capabilities;
pub mod optout;
pub mod picture;
pub mod rich;
pub mod segments;
pub mod sniff;
pub mod split;
pub mod structured;

pub use capabilities::{Capabilities, MediaLimits, MediaRule, Signals, TextLimit, Unit, Window, WindowExtension};
pub use optout::{ConsentKeyword, consent_keyword};
pub use segments::{Encoding, Segments, segments};
pub use sniff::sniff;
pub use split::{measure, split, split_marked};
pub use structured::{
    ButtonLimits, CardLimits, CarouselLimits, ChipLimits, LinkLimits, ListLimits, PictureLimits, PlaceLimits, Structured, TextButtons,
    TimesLimits, Uniform,
};
