//! Structured content in the order in which it is shown: nested boxes laid flat, one block after the other.
//!
//! Whatever can be answered has its number here, once: text and taps only read it, so that they cannot count differently.

use super::element::{Action, Choice, Click, DatePicker, Look, Place, QuickReplies, Rich};
use super::layout::Layout;
use serde_json::Value;

/// One thing to show.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Text, a picture, and buttons that belong together.
    Card(Panel),
    /// Cards side by side.
    Carousel(Vec<Panel>),
    /// Rows or boxes to choose from.
    List(Menu),
    /// Times to choose from.
    Times(Times),
    /// A question for a day or a span of days.
    Day(Day),
}

/// What belongs together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Pictures' addresses.
    pub images: Vec<String>,
    /// Places.
    pub places: Vec<Place>,
    /// Links that are shown with their titles.
    pub links: Vec<Preview>,
    /// What it is called.
    pub title: Option<String>,
    /// What it says below that, line by line.
    pub lines: Vec<String>,
    /// What can be tapped.
    pub entries: Vec<Entry>,
    /// What stands for it where it can't be shown.
    pub alt: Option<String>,
    /// How the author wants it to look.
    pub look: Look,
    /// Whether it is meant as one link with title and picture.
    pub is_link: bool,
    /// Where it stands in the content.
    pub path: String,
}

/// A link that is shown with its title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Where it leads.
    pub url: String,
    /// Its title.
    pub title: Option<String>,
}

/// Something to choose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// What stands there.
    pub title: String,
    /// What stands below that.
    pub description: Option<String>,
    /// A picture's address.
    pub image: Option<String>,
    /// What happens.
    pub click: Click,
    /// Its number among the answers, from 0; nothing: it says nothing.
    pub place: Option<usize>,
}

/// Rows or boxes to choose from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Menu {
    /// The question, line by line.
    pub lines: Vec<String>,
    /// What stands on what opens it, where the author says so.
    pub button: Option<String>,
    /// The rows, in groups.
    pub sections: Vec<MenuSection>,
    /// What comes back besides what is chosen.
    pub submit: Vec<Value>,
    /// A choice beside the rows that stands for itself.
    pub other: Option<Entry>,
    /// Where it stands in the content.
    pub path: String,
}

/// Rows that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MenuSection {
    /// Their heading.
    pub title: Option<String>,
    /// Whether several can be chosen.
    pub multiple: bool,
    /// The rows.
    pub entries: Vec<Entry>,
}

impl Menu {
    /// Whether several rows can be chosen together.
    pub fn multiple(&self) -> bool {
        self.sections.iter().any(|section| section.multiple)
    }

    /// All rows, whatever their section.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.sections.iter().flat_map(|section| &section.entries)
    }
}

/// Times to choose from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times {
    /// The question, line by line.
    pub lines: Vec<String>,
    /// Where it happens.
    pub place: Option<Place>,
    /// How far the place's clocks are from UTC, in minutes.
    pub offset: Option<i32>,
    /// A picture's address.
    pub image: Option<String>,
    /// The times.
    pub slots: Vec<TimeEntry>,
    /// Where they stand in the content.
    pub path: String,
}

/// A time to choose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeEntry {
    /// When it begins, in seconds since 1970.
    pub start: i64,
    /// How long it lasts, in seconds.
    pub lasts: Option<i64>,
    /// What it is called, where it has a name.
    pub title: Option<String>,
    /// More about it.
    pub description: Option<String>,
    /// What happens.
    pub click: Click,
    /// Its number among the answers, from 0.
    pub place: Option<usize>,
}

/// A question for a day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Day {
    /// What stands on its button.
    pub title: String,
    /// What is asked.
    pub picker: DatePicker,
    /// What comes back besides.
    pub click: Click,
    /// Its number among such questions, from 0.
    pub number: usize,
    /// Where it stands in the content.
    pub path: String,
}

impl Block {
    /// The numbers of its answers, from 0.
    fn places(&self) -> Vec<usize> {
        let of = |entries: &[Entry]| entries.iter().filter_map(|entry| entry.place).collect::<Vec<_>>();
        match self {
            Self::Card(card) => of(&card.entries),
            Self::Carousel(cards) => cards.iter().flat_map(|card| of(&card.entries)).collect(),
            Self::List(menu) => menu.entries().chain(&menu.other).filter_map(|entry| entry.place).collect(),
            Self::Times(times) => times.slots.iter().filter_map(|slot| slot.place).collect(),
            Self::Day(_) => Vec::new(),
        }
    }

    /// The number of its first answer.
    pub(super) fn first_place(&self) -> Option<usize> {
        self.places().first().copied()
    }

    /// The number of its last answer.
    pub(super) fn last_place(&self) -> Option<usize> {
        self.places().last().copied()
    }
}

impl Panel {
    /// Its title and lines, one below the other.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.title.iter().chain(&self.lines).map(String::as_str)
    }

    /// Whether there is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        self.images.is_empty()
            && self.places.is_empty()
            && self.links.is_empty()
            && self.title.is_none()
            && self.lines.is_empty()
            && self.entries.is_empty()
    }
}

impl Entry {
    /// Of an author's choice.
    pub(super) fn of(choice: Choice) -> Self {
        Self { title: choice.title, description: choice.subtitle, click: choice.click, ..Self::default() }
    }

    /// Whether choosing it says something, rather than only leading somewhere.
    fn answers(&self) -> bool {
        self.click.published().is_some() || (self.click.link().is_none() && self.click.place().is_none())
    }
}

/// A message with everything that can be answered in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// What is shown.
    pub blocks: Vec<Block>,
    /// Answers below all of it.
    pub replies: Vec<Entry>,
    /// How many of those stand in a row, where rows are shown.
    pub per_row: usize,
    /// What the author wants to be shown instead of blocks, where nothing but text can be.
    pub fallback: Option<String>,
    /// What stands for all of it where it can't be shown.
    pub alt: Option<String>,
    /// Typed objects beside the content, for channels that know them.
    pub about: Vec<Value>,
}

impl Outline {
    /// Of structured content, with the answers below it, and the typed objects beside it.
    pub fn of(rich: &Rich, replies: Option<&QuickReplies>, about: &[Value]) -> Self {
        let mut outline = Self { fallback: rich.fallback.clone(), alt: rich.root.alt.clone(), ..Self::default() };
        outline.blocks = Layout::of(rich, about);
        outline.about = about.to_vec();
        outline.below(replies)
    }

    /// Of a text with the answers below it.
    pub fn of_text(text: &str, replies: Option<&QuickReplies>) -> Self {
        let card = Panel { lines: vec![text.to_owned()], ..Panel::default() };
        Self { blocks: vec![Block::Card(card)], ..Self::default() }.below(replies)
    }

    fn below(mut self, replies: Option<&QuickReplies>) -> Self {
        if let Some(replies) = replies {
            self.replies = replies.replies.iter().cloned().map(Entry::of).collect();
            self.per_row = replies.per_row;
        }
        self.count();
        self
    }

    /// Without the times that had begun at `now_s`. The answers count as if they had never been there.
    #[must_use]
    pub fn at(mut self, now_s: i64) -> Self {
        for block in &mut self.blocks {
            if let Block::Times(times) = block {
                times.slots.retain(|slot| slot.start >= now_s);
            }
        }
        self.count();
        self
    }

    /// Gives each answer its number, in the order in which they are shown.
    fn count(&mut self) {
        let (mut next, mut days) = (0, 0);
        let mut entry = |entry: &mut Entry| {
            entry.place = entry.answers().then_some(next);
            next += usize::from(entry.place.is_some());
        };
        for block in &mut self.blocks {
            match block {
                Block::Card(card) => card.entries.iter_mut().for_each(&mut entry),
                Block::Carousel(cards) => cards.iter_mut().flat_map(|card| &mut card.entries).for_each(&mut entry),
                Block::List(menu) => {
                    menu.sections.iter_mut().flat_map(|section| &mut section.entries).for_each(&mut entry);
                    menu.other.iter_mut().for_each(&mut entry);
                }
                Block::Times(times) => {
                    for slot in &mut times.slots {
                        let mut counted = Entry::default();
                        entry(&mut counted);
                        slot.place = counted.place;
                    }
                }
                Block::Day(day) => {
                    day.number = days;
                    days += 1;
                }
            }
        }
        self.replies.iter_mut().for_each(&mut entry);
    }
}

/// What a click asks further, for which a button is not enough.
pub(super) fn asks(click: &Click) -> bool {
    click.actions.iter().any(|action| matches!(action, Action::Slots(_) | Action::DatePicker(_)))
}
