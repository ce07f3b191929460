//! The ladder: structured content in the best forms that a channel has, each within its limits.
//!
//! Which forms those are is data, see [`Structured`]; nothing here knows a channel. What has no form there, or does not fit, goes to the next
//! rung; the last is text with numbers, which every channel has. Numbers and taps are those of the [`Outline`], so that an answer is found
//! whichever way it comes.

mod card;
mod carousel;
mod choose;
mod fit;
#[cfg(test)]
mod tests;

use super::form::{Form, Native, NativeButton, Tap};
use super::item::{Item, Lead, items_of_menu, items_of_times};
use super::loss::Loss;
use super::outline::{Block, Day, Menu, Outline, Times};
use super::text::{Numbered, Writing, question};
use super::words::Words;
use crate::capabilities::TextLimit;
use crate::split::{measure, split_marked};
use crate::structured::{ButtonLimits, Structured};
use std::sync::Arc;

/// Content in a channel's forms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adaptation {
    /// The messages, in order.
    pub messages: Vec<Native>,
    /// What the consumer does not get as it was meant.
    pub losses: Vec<Loss>,
    /// The first option that found no room in the text, from 0: it comes when the consumer types a nought.
    pub more: Option<usize>,
}

/// Which part of what is offered is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// Everything, or its beginning where not everything has room.
    #[default]
    First,
    /// What begins with an answer, from 0: its set had no room on the page before, and the consumer tapped for more.
    Tapped(usize),
    /// The same where the consumer typed for more: as text.
    Typed(usize),
}

/// Structured content on its way to one consumer: what there is to show, in whose language, and how answers are told apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presentation {
    /// What it shows.
    pub outline: Outline,
    /// The sentences that we add.
    pub words: Words,
    /// What a tapped choice comes back with: this, a dot, and the choice's place from 0. Letters, digits and dots, at most 48.
    pub token: Arc<str>,
    /// Which part of it.
    pub page: Page,
}

impl Presentation {
    /// In the forms that a channel has.
    pub fn native(&self, limit: &TextLimit, can: &Structured) -> Adaptation {
        let mut ladder = Ladder {
            shown: self,
            limit,
            can,
            writing: Writing::new(&self.words, !can.one_way),
            images: Vec::new(),
            made: Adaptation::default(),
            links: 0,
        };
        match self.page {
            Page::First => ladder.all(),
            Page::Tapped(from) => ladder.page(from),
            Page::Typed(_) => {
                let Numbered { text, more, .. } = self.numbered(!can.one_way);
                ladder.say(&text);
                ladder.writing.more = more;
            }
        }
        ladder.made.more = ladder.writing.more;
        ladder.made
    }

    /// As text with numbers.
    pub fn numbered(&self, answerable: bool) -> Numbered {
        let from = match self.page {
            Page::First => 0,
            Page::Tapped(from) | Page::Typed(from) => from,
        };
        self.outline.written(&self.words, answerable, from)
    }
}

struct Ladder<'a> {
    shown: &'a Presentation,
    limit: &'a TextLimit,
    can: &'a Structured,
    /// Text that is not a message yet: what follows may stand below it.
    writing: Writing<'a>,
    /// A picture that travels with the text, if it has room.
    images: Vec<String>,
    made: Adaptation,
    /// How many rich links there are.
    links: usize,
}

impl Ladder<'_> {
    fn all(&mut self) {
        let outline = &self.shown.outline;
        let last = outline.blocks.len().saturating_sub(1);
        for (at, block) in outline.blocks.iter().enumerate() {
            let is_last = at == last && outline.replies.is_empty();
            match block {
                Block::Card(card) => self.card(card, is_last),
                Block::Carousel(cards) => self.carousel(cards, is_last),
                Block::List(menu) => self.menu(menu, is_last),
                Block::Times(times) => self.times(times, is_last),
                Block::Day(day) => self.day(day),
            }
        }
        self.replies(0);
        self.flush();
    }

    /// Answers from a number on, with the question that they belong to.
    fn page(&mut self, from: usize) {
        let outline = &self.shown.outline;
        let of = |items: Vec<Item>| items.into_iter().filter(|item| item.place.is_some_and(|place| place >= from)).collect::<Vec<_>>();
        let block = outline
            .blocks
            .iter()
            .find(|block| block.first_place().is_some_and(|first| first <= from) && block.last_place().is_some_and(|last| last >= from));
        match block {
            Some(Block::List(menu)) => {
                self.writing.paragraph(menu.lines.iter().map(String::as_str));
                self.choose_row(of(items_of_menu(menu)), menu.button.as_deref(), true);
            }
            Some(Block::Times(times)) => {
                self.writing.paragraph(times.lines.iter().map(String::as_str));
                self.choose_row(of(items_of_times(times, &self.shown.words)), None, true);
            }
            Some(Block::Card(card)) => {
                self.writing.paragraph(card.texts());
                self.choose(of(card.entries.iter().map(Item::of).collect()), None, true);
            }
            Some(Block::Carousel(_)) => {
                let text = self.shown.numbered(!self.can.one_way).text;
                self.writing.paragraph([text.as_str()]);
            }
            _ => {
                if let Some(Block::Card(card)) = outline.blocks.last() {
                    self.writing.paragraph(card.texts());
                }
                self.replies(from);
            }
        }
        self.flush();
    }

    fn replies(&mut self, from: usize) {
        let replies = self.shown.outline.replies.iter().map(Item::of);
        let left: Vec<Item> = replies.filter(|item| item.place.is_none_or(|place| place >= from)).collect();
        if !left.is_empty() {
            self.choose(left, None, true);
        }
    }

    fn menu(&mut self, menu: &Menu, is_last: bool) {
        let mut items = items_of_menu(menu);
        if menu.multiple() {
            let rows = menu.entries().count();
            match self.can.list.filter(|list| list.multiple && rows <= list.rows && !self.can.one_way) {
                Some(list) => {
                    if let Some(other) = items.get(rows) {
                        let message = format!("“{}” can't stand beside rows of which several can be chosen.", other.title);
                        self.lose(Loss::new("list", "list", "not_supported", message).at(&menu.path).without("button"));
                    }
                    items.truncate(rows);
                    let several: Vec<bool> = menu.sections.iter().map(|section| section.multiple).collect();
                    self.writing.paragraph(menu.lines.iter().map(String::as_str));
                    self.list(items, &list, menu.button.as_deref(), &several);
                }
                None => {
                    self.numbers("list", &menu.path);
                    self.writing.block(&Block::List(menu.clone()));
                }
            }
            return;
        }
        self.writing.paragraph(menu.lines.iter().map(String::as_str));
        self.choose_row(items, menu.button.as_deref(), is_last);
    }

    fn times(&mut self, times: &Times, is_last: bool) {
        let words = &self.shown.words;
        if times.slots.is_empty() {
            return self.writing.block(&Block::Times(times.clone()));
        }
        let mut items = items_of_times(times, words);
        if let Some(limits) = self.can.times.filter(|limits| times.slots.len() <= limits.max && !self.can.one_way) {
            return self.timetable(times, items, &limits);
        }
        // Side by side or without headings, a time must be known from its label.
        let starts = || times.slots.iter().map(|slot| slot.start);
        let span = starts().max().unwrap_or_default() - starts().min().unwrap_or_default();
        let list = self.can.list.is_some_and(|list| items.len() <= list.rows);
        let tapped = self.can.chips.is_some_and(|chips| items.len() <= chips.buttons.max && is_last)
            || self.can.buttons.is_some_and(|buttons| items.len() <= buttons.buttons.max);
        self.writing.paragraph(times.lines.iter().map(String::as_str));
        if !list && !tapped {
            self.numbers("times", &times.path);
            return self.writing.options(&items);
        }
        for (item, slot) in items.iter_mut().zip(&times.slots) {
            if slot.title.is_none() {
                item.title = words.short(slot.start, span);
            } else if tapped && !list {
                item.title = format!("{} {}", words.short(slot.start, span).split(' ').next().unwrap_or_default(), item.title);
            }
        }
        self.choose_row(items, None, is_last);
    }

    /// A question for a day: a button that asks for it, where there is one; else in words.
    fn day(&mut self, day: &Day) {
        let words = &self.shown.words;
        let title = day.picker.title.as_deref().unwrap_or(&day.title);
        let fits = |(text, buttons): &(usize, ButtonLimits)| buttons.days && measure(title, self.can.unit) <= *text;
        let limits = self.below_text().filter(|limits| !day.picker.range && fits(limits));
        let Some((_, buttons)) = limits else {
            self.writing.block(&Block::Day(day.clone()));
            return self.lose(Loss::new("day", "text", "not_supported", "The day is asked for in words.").at(&day.path));
        };
        let button = NativeButton::Day {
            label: fit::label(&day.title, buttons.label, self.can.unit),
            token: format!("{}.d{}", self.shown.token, day.number),
            earliest: day.picker.earliest,
            latest: day.picker.latest,
        };
        let written = question(day, words);
        self.push_buttons(title.to_owned(), vec![button], written);
    }

    fn lose(&mut self, loss: Loss) {
        self.made.losses.push(loss);
    }

    /// Notes that choices become numbers.
    fn numbers(&mut self, from: &'static str, path: &str) {
        let (reason, message) = match self.can.one_way {
            true => ("no_return_path", "The consumer can't answer here; what can be chosen is only shown."),
            false => ("not_supported", "What can be chosen is shown as text with numbers."),
        };
        self.lose(Loss::new(from, "text", reason, message).at(path));
    }

    /// Pending text becomes messages.
    fn flush(&mut self) {
        let text = self.writing.take();
        let caption = self.can.picture.map_or(0, |picture| picture.caption);
        let images = std::mem::take(&mut self.images);
        let fits = !text.is_empty() && self.fits(&text, caption);
        let last = images.len().saturating_sub(1);
        for (at, url) in images.into_iter().enumerate() {
            let caption = (fits && at == last).then(|| text.clone());
            let alt = caption.clone().unwrap_or_default();
            self.add(Form::Picture { url: url.clone(), caption }, alt, url);
            if fits && at == last {
                return;
            }
        }
        self.say(&text);
    }

    /// Text as messages, whatever its length.
    fn say(&mut self, text: &str) {
        let max = usize::try_from(self.limit.max).unwrap_or(usize::MAX);
        for text in split_marked(text.trim(), max, self.limit.unit, self.can.marks) {
            self.add(Form::Text(text), String::new(), String::new());
        }
    }

    /// A message after everything before it.
    fn push(&mut self, form: Form, alt: String, written: String) {
        self.flush();
        self.add(form, alt, written);
    }

    fn add(&mut self, form: Form, alt: String, written: String) {
        self.made.messages.push(Native { form, chips: Vec::new(), per_row: 0, alt, written });
    }

    fn fits(&self, text: &str, most: usize) -> bool {
        let max = usize::try_from(self.limit.max).unwrap_or(usize::MAX);
        measure(text, self.can.unit) <= most && measure(text, self.limit.unit) <= max
    }

    /// What comes back for a place among the answers. What says nothing has no place and is never asked after.
    fn token(&self, place: Option<usize>) -> String {
        place.map(|place| format!("{}.{place}", self.shown.token)).unwrap_or_default()
    }

    fn tap(&self, label: String, item: &Item) -> Tap {
        Tap { label, token: self.token(item.place), says: item.says.clone() }
    }

    fn button(&self, label: String, item: &Item, places: bool) -> NativeButton {
        let token = self.token(item.place);
        match &item.lead {
            None => NativeButton::Tap(self.tap(label, item)),
            Some(Lead::Place(place)) if places => NativeButton::Place { label, place: place.clone(), token },
            Some(lead) => NativeButton::Open { label, url: lead.address(), token },
        }
    }

    /// The text of something that is asked, as plain text with numbers.
    fn plainly(&self, text: &str, items: &[Item]) -> String {
        let mut writing = Writing::new(&self.shown.words, !self.can.one_way);
        writing.paragraph([text]);
        writing.options(items);
        writing.take()
    }
}
