//! The rung of the ladder that every channel has: structured content as text, what can be chosen as numbers.

use super::answer::{Offered, Ticks};
use super::element::{Action, Choice, DatePicker, List, Place, Slots};
use super::outline::{Block, Outline, Panel};

/// The sentences that we add, in the consumer's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Asks for one number.
    pub one_number: String,
    /// Asks for one or more numbers.
    pub several_numbers: String,
}

impl Default for Words {
    fn default() -> Self {
        Self { one_number: "Reply with a number.".to_owned(), several_numbers: "Reply with numbers, for example 1,3.".to_owned() }
    }
}

/// Content as text, and what its numbers stand for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbered {
    /// The text.
    pub text: String,
    /// What can be chosen, in the order of the numbers, from 1.
    pub offered: Offered,
}

/// Where a map shows a place.
pub fn map_link(place: &Place) -> String {
    let (north, east) = (place.latitude, place.longitude);
    format!("https://www.openstreetmap.org/?mlat={north}&mlon={east}#map=17/{north}/{east}")
}

impl Outline {
    /// As text with numbers. `answerable`: whether the consumer can write back; otherwise nothing is numbered.
    pub fn numbered(&self, words: &Words, answerable: bool) -> Numbered {
        let mut writing = Writing { answerable, ..Writing::default() };
        match &self.fallback {
            Some(fallback) => {
                writing.paragraph([fallback.as_str()]);
                for block in &self.blocks {
                    match block {
                        Block::List(list) => writing.list(list),
                        Block::Card(Panel { choices, .. }) => choices.iter().for_each(|choice| writing.option(choice)),
                        Block::Carousel(cards) => cards.iter().flat_map(|card| &card.choices).for_each(|choice| writing.option(choice)),
                    }
                }
            }
            None => self.blocks.iter().for_each(|block| writing.block(block)),
        }
        if !self.replies.is_empty() {
            writing.gap();
            self.replies.iter().for_each(|choice| writing.option(choice));
        }
        if !writing.offered.choices.is_empty() {
            let prompt = if writing.offered.ticks.is_some() { &words.several_numbers } else { &words.one_number };
            writing.lines.push(prompt.clone());
        }
        Numbered { text: writing.lines.join("\n").trim().to_owned(), offered: writing.offered }
    }
}

/// Text as it is being written, with what its numbers stand for.
#[derive(Default)]
pub(super) struct Writing {
    pub(super) lines: Vec<String>,
    pub(super) offered: Offered,
    pub(super) answerable: bool,
}

impl Writing {
    /// One empty line, unless there is one or nothing yet.
    pub(super) fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    fn paragraph<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        self.gap();
        self.lines.extend(lines.into_iter().map(str::to_owned));
    }

    pub(super) fn block(&mut self, block: &Block) {
        match block {
            Block::Card(card) => self.card(card),
            Block::Carousel(cards) => cards.iter().for_each(|card| self.card(card)),
            Block::List(list) => self.list(list),
        }
    }

    fn card(&mut self, card: &Panel) {
        self.paragraph(card.texts());
        for place in &card.places {
            self.lines.extend(place.name.clone().filter(|name| !card.texts().any(|text| text == name)));
            self.lines.push(map_link(place));
        }
        self.lines.extend(card.images.iter().cloned());
        if !card.choices.is_empty() {
            self.gap();
            card.choices.iter().for_each(|choice| self.option(choice));
        }
    }

    /// What says something gets a number; what only leads somewhere is shown with its address.
    pub(super) fn option(&mut self, choice: &Choice) {
        let leads = choice.click.link().map(str::to_owned).or_else(|| choice.click.place().map(map_link));
        for action in &choice.click.actions {
            match action {
                Action::Slots(slots) => return self.slots(choice, slots),
                Action::DatePicker(picker) => return self.lines.push(question(choice, picker)),
                _ => {}
            }
        }
        match (is_answer(choice) && self.answerable, leads) {
            (true, None) => self.number(choice.clone(), &choice.title),
            (true, Some(address)) => self.number(choice.clone(), &format!("{} - {address}", choice.title)),
            (false, Some(address)) => self.lines.push(format!("{}: {address}", choice.title)),
            (false, None) => self.lines.push(choice.title.clone()),
        }
    }

    fn number(&mut self, choice: Choice, shown: &str) {
        self.offered.choices.push(choice);
        self.lines.push(format!("{}. {shown}", self.offered.choices.len()));
    }

    fn slots(&mut self, choice: &Choice, slots: &Slots) {
        self.paragraph([slots.title.as_deref().unwrap_or(&choice.title)]);
        for slot in &slots.slots {
            let title = slot.title.clone().unwrap_or_else(|| super::moment(slot.start));
            let mut click = choice.click.clone();
            click.actions = vec![Action::PublishText(title.clone())];
            click.metadata.push(serde_json::json!({"type": "ExternalId", "id": slot.id}));
            let shown = slot.description.as_ref().map_or_else(|| title.clone(), |more| format!("{title} - {more}"));
            match self.answerable {
                true => self.number(Choice { title, click }, &shown),
                false => self.lines.push(shown),
            }
        }
    }

    fn list(&mut self, list: &List) {
        self.paragraph([list.title.as_str()]);
        let first = self.offered.choices.len();
        for section in &list.sections {
            self.lines.extend(section.title.clone());
            for one in &section.boxes {
                match self.answerable {
                    true => self.number(one.clone(), &one.title),
                    false => self.lines.push(one.title.clone()),
                }
            }
        }
        let last = self.offered.choices.len();
        if self.answerable {
            self.offered.ticks = Some(Ticks { boxes: first..last, submit: list.submit.click.metadata.clone() });
            if let Some(other) = &list.other {
                self.number(other.clone(), &other.title);
            }
        }
    }
}

/// Whether choosing it says something, rather than only leading somewhere.
pub(super) fn is_answer(choice: &Choice) -> bool {
    choice.click.published().is_some() || (choice.click.link().is_none() && choice.click.place().is_none())
}

/// Whether a tap asks something further, for which there is no button.
pub(super) fn asks_further(choice: &Choice) -> bool {
    choice.click.actions.iter().any(|action| matches!(action, Action::Slots(_) | Action::DatePicker(_)))
}

/// A question for a day, in words.
fn question(choice: &Choice, picker: &DatePicker) -> String {
    let title = picker.title.as_deref().unwrap_or(&choice.title);
    let format = picker.format.as_deref().unwrap_or("YYYY-MM-DD");
    let format = if picker.range { format!("{format} - {format}") } else { format.to_owned() };
    let day = |seconds: i64| super::moment(seconds).split(' ').next().unwrap_or_default().to_owned();
    let bounds = match (picker.earliest.map(day), picker.latest.map(day)) {
        (Some(from), Some(to)) => format!(", {from} … {to}"),
        (Some(from), None) => format!(", {from} …"),
        (None, Some(to)) => format!(", … {to}"),
        (None, None) => String::new(),
    };
    format!("{title} ({format}{bounds})")
}
