//! Structured content: cards, carousels, lists, answers to tap. Read from the published format, with every problem named.
//!
//! Nothing here knows a channel. [`read()`] takes the body of a message, [`read_quick_replies`] the answers below it; [`Outline`]
//! lays it flat; [`Outline::numbered`] is how it looks where nothing but text can be shown, and [`Offered`] finds what was chosen.

mod actions;
mod answer;
mod element;
mod fields;
mod form;
mod item;
mod ladder;
mod layout;
mod loss;
mod menu;
mod outline;
mod problem;
mod read;
#[cfg(test)]
mod tests;
mod text;
mod timetable;
mod words;

pub use answer::{Answer, AskedDay, Offered, Ticks};
pub use element::{
    Action, Button, Choice, Click, DatePicker, Element, Kind, List, Look, Mobile, Place, QuickReplies, Rich, Section, Size, Slot, Slots,
};
pub use form::{Form, Native, NativeButton, NativeCard, NativeLink, NativeList, NativeRow, NativeSection, NativeTime, NativeTimes, Tap};
pub use ladder::{Adaptation, Page, Presentation};
pub use loss::Loss;
pub use outline::{Block, Day, Entry, Menu, MenuSection, Outline, Panel, Preview, TimeEntry, Times};
pub use problem::{Code, Problem};
pub use read::{Reading, Rules, read, read_quick_replies};
pub use text::{Numbered, map_link};
pub use words::{Texts, Words};
