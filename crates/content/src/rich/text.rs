//! The rung of the ladder that every channel has: structured content as text, what can be chosen as numbers.

use super::answer::Offered;
use super::element::Place;
use super::item::{Item, items_of_menu, items_of_times};
use super::outline::{Block, Day, Outline, Panel};
use super::words::Words;

/// The most options that stand in one text; further ones follow when they are asked for.
pub(super) const OPTIONS: usize = 20;

/// Content as text, and what its numbers stand for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbered {
    /// The text.
    pub text: String,
    /// What can be chosen, in the order of the numbers, from 1.
    pub offered: Offered,
    /// The first option that found no room, from 0: it comes when the consumer types a nought.
    pub more: Option<usize>,
}

/// Where a map shows a place.
pub fn map_link(place: &Place) -> String {
    let (north, east) = (place.latitude, place.longitude);
    format!("https://www.openstreetmap.org/?mlat={north}&mlon={east}#map=17/{north}/{east}")
}

impl Outline {
    /// As text with numbers. `answerable`: whether the consumer can write back; otherwise nothing is numbered.
    pub fn numbered(&self, words: &Words, answerable: bool) -> Numbered {
        self.written(words, answerable, 0)
    }

    /// The same, from the option of that number on: what follows the first page.
    pub(super) fn written(&self, words: &Words, answerable: bool, from: usize) -> Numbered {
        let mut writing = Writing::new(words, answerable);
        writing.from = from;
        if let Some(fallback) = &self.fallback {
            writing.paragraph([fallback.as_str()]);
            writing.only_options = true;
        }
        let asks_below = self.replies.iter().any(|reply| reply.place.is_some_and(|place| place >= from));
        for (at, block) in self.blocks.iter().enumerate() {
            // A later page shows what still has options, and what the answers below are about.
            if from == 0 || block.last_place().is_some_and(|last| last >= from) || (asks_below && at + 1 == self.blocks.len()) {
                writing.block(block);
            }
        }
        if !self.replies.is_empty() {
            writing.set(&self.replies.iter().map(Item::of).collect::<Vec<_>>());
        }
        let text = writing.take();
        Numbered { text, offered: if answerable { self.offered(words) } else { Offered::default() }, more: writing.more }
    }
}

/// Text as it is being written.
pub(super) struct Writing<'a> {
    words: &'a Words,
    answerable: bool,
    /// Only options of this number and higher are written.
    from: usize,
    /// The author's own text stands for everything but the options.
    only_options: bool,
    lines: Vec<String>,
    /// How many options stand in it.
    shown: usize,
    /// The number of the first option that found no room.
    withheld: Option<usize>,
    /// The same of what has been taken.
    pub(super) more: Option<usize>,
    /// Whether several of what was numbered can be chosen together.
    several: bool,
}

impl<'a> Writing<'a> {
    pub(super) fn new(words: &'a Words, answerable: bool) -> Self {
        Self { words, answerable, from: 0, only_options: false, lines: Vec::new(), shown: 0, withheld: None, more: None, several: false }
    }

    /// What was written, with the sentence that asks for a number if there are any; afterwards nothing is written.
    pub(super) fn take(&mut self) -> String {
        if self.withheld.is_some() {
            self.more = self.more.or(self.withheld);
            self.lines.push(format!("0. {}", self.words.texts.more));
        }
        if self.shown > 0 {
            let texts = self.words.texts;
            self.lines.push(if self.several { texts.several_numbers } else { texts.one_number }.to_owned());
        }
        (self.shown, self.withheld, self.several) = (0, None, false);
        std::mem::take(&mut self.lines).join("\n").trim().to_owned()
    }

    /// One empty line, unless there is one or nothing yet.
    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    pub(super) fn paragraph<'t>(&mut self, lines: impl IntoIterator<Item = &'t str>) {
        if !self.only_options {
            self.gap();
            self.lines.extend(lines.into_iter().map(str::to_owned));
        }
    }

    pub(super) fn block(&mut self, block: &Block) {
        // What offers nothing but options that find no room comes with them.
        if let (Some(withheld), Some(first)) = (self.withheld, block.first_place())
            && first >= withheld
        {
            return;
        }
        match block {
            Block::Card(card) => self.card(card),
            Block::Carousel(cards) => {
                let from = self.from;
                let left = |card: &&Panel| from == 0 || card.entries.iter().any(|entry| entry.place.is_some_and(|place| place >= from));
                cards.iter().filter(left).for_each(|card| self.card(card));
            }
            Block::List(menu) => {
                self.paragraph(menu.lines.iter().map(String::as_str));
                let items = items_of_menu(menu);
                self.several |= menu.multiple() && self.answerable;
                self.options(&items);
            }
            Block::Times(times) => {
                self.paragraph(times.lines.iter().map(String::as_str));
                match times.slots.is_empty() {
                    true => self.paragraph([self.words.texts.no_times]),
                    false => self.options(&items_of_times(times, self.words)),
                }
            }
            Block::Day(day) => {
                let question = question(day, self.words);
                self.paragraph([question.as_str()]);
            }
        }
    }

    fn card(&mut self, card: &Panel) {
        if self.withheld.is_some() && card.entries.iter().any(|entry| entry.place.is_some()) {
            return;
        }
        let texts: Vec<String> = card.texts().map(str::to_owned).chain(places_of(card)).chain(links_of(card)).collect();
        self.paragraph(texts.iter().chain(&card.images).map(String::as_str));
        self.set(&card.entries.iter().map(Item::of).collect::<Vec<_>>());
    }

    /// Options after an empty line.
    pub(super) fn set(&mut self, items: &[Item]) {
        if !items.is_empty() {
            if !self.only_options {
                self.gap();
            }
            self.options(items);
        }
    }

    /// Options right below what was written.
    pub(super) fn options(&mut self, items: &[Item]) {
        let mut heading = None;
        for item in items.iter().filter(|item| !item.more) {
            if item.place.is_some_and(|place| place < self.from) {
                continue;
            }
            if item.place.is_some() && self.answerable && (self.shown >= OPTIONS || self.withheld.is_some()) {
                self.withheld = self.withheld.or(item.place);
                continue;
            }
            if item.section != heading {
                heading.clone_from(&item.section);
                self.lines.extend(heading.clone());
            }
            self.option(item);
        }
    }

    /// What says something gets a number; what only leads somewhere is shown with its address.
    fn option(&mut self, item: &Item) {
        let described = match &item.description {
            Some(more) => format!("{} - {more}", item.title),
            None => item.title.clone(),
        };
        let address = item.lead.as_ref().map(super::item::Lead::address);
        match (item.place.filter(|_| self.answerable), address) {
            (Some(place), None) => self.number(place, &described),
            (Some(place), Some(address)) => self.number(place, &format!("{described} - {address}")),
            (None, Some(address)) => self.lines.push(format!("{}: {address}", item.title)),
            (None, None) => self.lines.push(described),
        }
    }

    fn number(&mut self, place: usize, shown: &str) {
        self.shown += 1;
        self.lines.push(format!("{}. {shown}", place + 1));
    }

    /// Lines right below what was written.
    pub(super) fn lines_below(&mut self, lines: &[String]) {
        self.lines.extend(lines.iter().cloned());
    }

    /// A line below what was written.
    pub(super) fn line(&mut self, line: String) {
        self.lines.push(line);
    }
}

/// A card's places in words: name and address of each.
pub(super) fn places_of(card: &Panel) -> impl Iterator<Item = String> {
    card.places.iter().flat_map(|place| {
        let name = place.name.clone().filter(|name| !card.texts().any(|text| text == name));
        name.into_iter().chain([map_link(place)])
    })
}

/// A card's links in words: title and address of each.
pub(super) fn links_of(card: &Panel) -> impl Iterator<Item = String> {
    card.links.iter().flat_map(|link| link.title.clone().into_iter().chain([link.url.clone()]))
}

/// A question for a day, in words.
pub(super) fn question(asked: &Day, words: &Words) -> String {
    let Day { title, picker, .. } = asked;
    let title = picker.title.as_deref().unwrap_or(title);
    let format = words.day_pattern(picker.format.as_deref());
    let format = if picker.range { format!("{format} - {format}") } else { format.to_owned() };
    let bounds = match (picker.earliest.map(|at| words.day(at)), picker.latest.map(|at| words.day(at))) {
        (Some(from), Some(to)) => format!(", {from} … {to}"),
        (Some(from), None) => format!(", {from} …"),
        (None, Some(to)) => format!(", … {to}"),
        (None, None) => String::new(),
    };
    format!("{title} ({format}{bounds})")
}
