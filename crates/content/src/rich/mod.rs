//! Structured content: cards, carousels, lists, answers to tap. Read from the published format, with every problem named.
//!
//! Nothing here knows a channel. [`read()`] takes the body of a message, [`read_quick_replies`] the answers below it; [`Outline`]
//! lays it flat; [`Outline::numbered`] is how it looks where nothing but text can be shown, and [`Offered`] finds what was chosen.

mod actions;
mod answer;
mod element;
mod fields;
mod form;
mod native;
#[cfg(test)]
mod native_tests;
mod outline;
mod problem;
mod read;
#[cfg(test)]
mod tests;
mod text;

pub use answer::{Answer, Offered, Ticks};
pub use element::{
    Action, Button, Choice, Click, DatePicker, Element, Kind, List, Mobile, Place, QuickReplies, Rich, Section, Slot, Slots,
};
pub use form::{
    Form, Look, Native, NativeButton, NativeCard, NativeLink, NativeList, NativeRow, NativeSection, NativeTime, NativeTimes, Size, Tap,
};
pub use native::{Adaptation, Presentation};
pub use outline::{Block, Outline, Panel};
pub use problem::{Code, Problem};
pub use read::{Reading, Rules, read, read_quick_replies};
pub use text::{Numbered, Words, map_link};

/// A time as text, in UTC: `2026-12-24 18:00`; empty beyond the calendar.
fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}
