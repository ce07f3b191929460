//! Something to choose from, below a text: chips, buttons, a list, numbers to tap, or numbers to type.

use super::{Ladder, fit};
use crate::rich::form::{Form, NativeButton, NativeCard, NativeList, NativeRow, NativeSection, NativeTime, NativeTimes, Tap};
use crate::rich::item::Item;
use crate::rich::loss::Loss;
use crate::rich::outline::Times;
use crate::split::measure;
use crate::structured::{ButtonLimits, ChipLimits, ListLimits, TextButtons, TimesLimits};

/// The fewest answers of a page that are worth a button for more.
const PAGE: usize = 2;

impl Ladder<'_> {
    /// Puts rows below the pending text: as such where the channel has rows, else as any other choice.
    pub(super) fn choose_row(&mut self, items: Vec<Item>, opener: Option<&str>, is_last: bool) {
        let rows = !items.is_empty() && !self.can.one_way && items.iter().all(Item::only_answers);
        match self.can.list.filter(|list| rows && items.len() <= list.rows) {
            Some(list) => self.list(items, &list, opener, &[]),
            None => self.choose(items, opener, is_last),
        }
    }

    /// Puts choices below the pending text in the best form there is. `is_last`: nothing comes after them.
    pub(super) fn choose(&mut self, items: Vec<Item>, opener: Option<&str>, is_last: bool) {
        if items.is_empty() {
            return;
        }
        if self.can.one_way {
            self.numbers("quick_replies", "");
            return self.writing.set(&items);
        }
        let count = items.len();
        let chips = self.can.chips.filter(|_| is_last);
        if let Some(chips) = chips.filter(|chips| (chips.min..=chips.buttons.max).contains(&count)) {
            return self.chips(items, &chips, false);
        }
        if let Some(buttons) = self.can.buttons.filter(|buttons| count <= buttons.buttons.max) {
            return self.buttons(items, &buttons, false);
        }
        let answers = items.iter().all(Item::only_answers);
        let list = self.can.list.filter(|_| answers);
        if let Some(list) = list.filter(|list| count <= list.rows) {
            return self.list(items, &list, opener, &[]);
        }
        let pages = |most: usize| most > PAGE && answers;
        let too_many =
            Loss::new("quick_replies", "pages", "too_many", "There are more answers than fit; the rest comes when it is asked for.");
        let most = chips.map_or(0, |chips| chips.buttons.max);
        if let Some(list) = list.filter(|list| pages(list.rows) && list.rows > most) {
            self.lose(too_many);
            return self.list(self.page_of(items, list.rows), &list, opener, &[]);
        }
        if let Some(chips) = chips.filter(|chips| count > chips.buttons.max && pages(chips.buttons.max)) {
            self.lose(too_many);
            return self.chips(items, &chips, true);
        }
        if let Some(buttons) = self.can.buttons.filter(|buttons| pages(buttons.buttons.max)) {
            self.lose(too_many);
            return self.buttons(items, &buttons, true);
        }
        self.numbers("quick_replies", "");
        self.writing.set(&items);
    }

    /// The first that fit, and one that leads to the rest.
    fn page_of(&self, mut items: Vec<Item>, most: usize) -> Vec<Item> {
        let next = items.get(most - 1).and_then(|item| item.place);
        items.truncate(most - 1);
        let section = items.last().and_then(|item| item.section.clone());
        items.push(Item { title: self.shown.words.texts.more.to_owned(), section, place: next, more: true, ..Item::default() });
        items
    }

    /// Labels for choices; where they can't be told apart, numbers whose meaning is written in the text.
    fn labelled(&mut self, items: &[Item], most: usize) -> Vec<String> {
        if let Some(labels) = fit::labels(items, most, self.can.unit) {
            return labels;
        }
        let message = "The answers' labels are too long to be told apart; numbers stand for them.";
        self.lose(Loss::new("quick_replies", "numbers", "labels", message).without("text"));
        self.writing.set(items);
        let number = |item: &Item| match item.place.filter(|_| !item.more) {
            Some(place) => (place + 1).to_string(),
            None => fit::label(&item.title, most, self.can.unit),
        };
        items.iter().map(number).collect()
    }

    fn chips(&mut self, items: Vec<Item>, limits: &ChipLimits, paged: bool) {
        let sorted = match paged {
            true => fit::Sorted { on: items, ..fit::Sorted::default() },
            false => fit::sort(&items, &limits.buttons),
        };
        if !sorted.lines.is_empty() {
            self.writing.set(&leading(&sorted.lines));
        }
        if sorted.on.is_empty() {
            return;
        }
        let (on, buttons) = self.made_buttons(sorted.on, &limits.buttons, paged);
        let per_row = self.per_row(limits, &on);
        let text = self.writing.take();
        let written = text.clone();
        self.writing.line(text);
        self.flush();
        let stands = match self.made.messages.last().map(|message| &message.form) {
            Some(Form::Text(text)) => limits.text.is_none_or(|most| measure(text, self.can.unit) <= most),
            Some(_) => limits.below_all,
            None => false,
        };
        if !stands {
            let text = self.shown.words.texts.options.to_owned();
            self.add(Form::Text(text), String::new(), String::new());
        }
        let plain = self.plainly(&written, &on);
        if let Some(last) = self.made.messages.last_mut() {
            last.chips = buttons;
            last.per_row = per_row;
            last.written = if last.written.is_empty() { plain } else { format!("{}\n{plain}", last.written) };
        }
    }

    /// How many chips stand in a row: as the author wants, or two where labels are long.
    fn per_row(&self, limits: &ChipLimits, items: &[Item]) -> usize {
        const LONG: usize = 12;
        let long = items.iter().any(|item| measure(&item.title, self.can.unit) > LONG);
        let wanted = match self.shown.outline.per_row {
            0 => 2,
            wanted if long => wanted.min(2),
            wanted => wanted,
        };
        wanted.min(limits.per_row)
    }

    /// The buttons of choices that fit, after notes of what their taps don't say.
    fn made_buttons(&mut self, items: Vec<Item>, limits: &ButtonLimits, paged: bool) -> (Vec<Item>, Vec<NativeButton>) {
        let items = if paged { self.page_of(items, limits.max) } else { items };
        let labels = self.labelled(&items, limits.label);
        let buttons = self.buttons_of(&items, labels, limits);
        (items, buttons)
    }

    pub(super) fn buttons_of(&mut self, items: &[Item], labels: Vec<String>, limits: &ButtonLimits) -> Vec<NativeButton> {
        let mut made = Vec::with_capacity(items.len());
        for (item, label) in items.iter().zip(labels) {
            if item.lead.is_some() && item.place.is_some() && !limits.reported {
                let message = format!("“{}” opens its link and says nothing.", item.title);
                self.lose(Loss::new("button", "link", "not_reported", message).without("answer"));
            }
            made.push(match item.more {
                true => NativeButton::Tap(self.more(label, item)),
                false => self.button(label, item, limits.places),
            });
        }
        made
    }

    /// What leads to the rest: it says nothing.
    fn more(&self, label: String, item: &Item) -> Tap {
        Tap { label, token: format!("{}.m{}", self.shown.token, item.place.unwrap_or_default()), says: None }
    }

    pub(super) fn buttons(&mut self, items: Vec<Item>, limits: &TextButtons, paged: bool) {
        let sorted = match paged {
            true => fit::Sorted { on: items, ..fit::Sorted::default() },
            false => fit::sort(&items, &limits.buttons),
        };
        if !sorted.lines.is_empty() {
            self.writing.set(&leading(&sorted.lines));
        }
        if sorted.on.is_empty() {
            return;
        }
        let (on, buttons) = self.made_buttons(sorted.on, &limits.buttons, paged);
        self.pictures();
        let text = self.writing.take();
        let written = self.plainly(&text, &on);
        self.push_buttons(text, buttons, written);
        for item in sorted.over {
            self.writing.set(&[item]);
        }
    }

    /// How long a text with buttons below it may be, and which buttons: in the form for that, else as a card without a picture.
    pub(super) fn below_text(&self) -> Option<(usize, ButtonLimits)> {
        let text = self.can.buttons.map(|limits| (limits.text, limits.buttons));
        text.or_else(|| {
            let card = self.can.card.filter(|card| !card.needs_image)?;
            let max = card.parts.map_or(card.buttons.max, |most| card.buttons.max.min(most.saturating_sub(1)));
            let buttons = ButtonLimits { max, links: card.buttons.links.min(max), ..card.buttons };
            (max > 0).then_some((card.title.min(card.together.unwrap_or(usize::MAX)), buttons))
        })
    }

    /// Buttons below a text; what of it has no room there goes before. Only where there is room below a text.
    pub(super) fn push_buttons(&mut self, text: String, buttons: Vec<NativeButton>, written: String) {
        let most = self.below_text().map_or(0, |(most, _)| most);
        let fits = !text.is_empty() && measure(&text, self.can.unit) <= most;
        let options = fit::cut(self.shown.words.texts.options, most, self.can.unit);
        let (above, before) = if fits { (text, String::new()) } else { (options, text) };
        self.flush();
        self.say(&before);
        let form = match self.can.buttons {
            Some(_) => Form::Buttons { text: above.clone(), buttons },
            None => Form::Card(NativeCard { title: above.clone(), buttons, ..NativeCard::default() }),
        };
        self.add(form, above, written);
    }

    /// Pictures that wait for text go before what has none.
    pub(super) fn pictures(&mut self) {
        for url in std::mem::take(&mut self.images) {
            self.add(Form::Picture { url: url.clone(), caption: None }, String::new(), url);
        }
    }

    /// Rows; `several`: of which sections more than one can be chosen.
    pub(super) fn list(&mut self, items: Vec<Item>, limits: &ListLimits, opener: Option<&str>, several: &[bool]) {
        let unit = self.can.unit;
        let texts = self.shown.words.texts;
        self.pictures();
        let text = self.writing.take();
        let written = self.plainly(&text, &items);
        let fits = !text.is_empty() && measure(&text, unit) <= limits.text;
        let (above, before) = if fits { (text, String::new()) } else { (texts.options.to_owned(), text) };
        self.say(&before);
        let mut sections: Vec<NativeSection> = Vec::new();
        let mut heading: Option<Option<String>> = None;
        for item in &items {
            if heading.as_ref() != Some(&item.section) && (sections.len() < limits.sections || sections.is_empty()) {
                let multiple = several.get(sections.len()).copied().unwrap_or_default();
                let title = item.section.as_ref().map(|title| fit::cut(title, limits.heading, unit));
                sections.push(NativeSection { title, multiple, rows: Vec::new() });
                heading = Some(item.section.clone());
            }
            let row = self.row(item, limits);
            sections.last_mut().into_iter().for_each(|section| section.rows.push(row.clone()));
        }
        if sections.len() > 1 {
            for section in &mut sections {
                section.title.get_or_insert_with(|| fit::cut(texts.options, limits.heading, unit));
            }
        }
        let button = if limits.button == 0 { String::new() } else { fit::label(opener.unwrap_or(texts.options), limits.button, unit) };
        self.add(Form::List(NativeList { text: above.clone(), button, sections }), above, written);
    }

    /// A row. A title that has to be cut is written whole below it, if there is room.
    fn row(&self, item: &Item, limits: &ListLimits) -> NativeRow {
        let unit = self.can.unit;
        let label = fit::label(&item.title, limits.title, unit);
        let whole = (label != item.title && measure(&item.title, unit) <= limits.description).then(|| item.title.clone());
        let description = item.description.as_ref().map(|text| fit::cut(text, limits.description, unit)).or(whole);
        let tap = if item.more { self.more(label, item) } else { self.tap(label, item) };
        NativeRow { tap, description: description.filter(|text| !text.is_empty()), image: item.image.clone().filter(|_| limits.images) }
    }

    pub(super) fn timetable(&mut self, times: &Times, items: Vec<Item>, limits: &TimesLimits) {
        let text = times.lines.join("\n");
        let title = fit::cut(times.lines.first().map_or("", String::as_str), limits.title, self.can.unit);
        let title = if title.is_empty() { self.shown.words.texts.options.to_owned() } else { title };
        let written = self.plainly(&text, &items);
        // The calendar has one line; what stands below it goes before.
        if times.lines.len() > 1 || times.lines.first() != Some(&title) {
            self.writing.paragraph(times.lines.iter().map(String::as_str));
        }
        const HOUR: i64 = 3_600;
        let time = |(item, slot): (&Item, &crate::rich::TimeEntry)| NativeTime {
            tap: self.tap(item.title.clone(), item),
            start: slot.start,
            lasts: slot.lasts.unwrap_or(HOUR),
        };
        let made = NativeTimes {
            title: title.clone(),
            image: times.image.clone(),
            place: times.place.clone(),
            offset: times.offset,
            times: items.iter().zip(&times.slots).map(time).collect(),
        };
        self.push(Form::Times(made), title, written);
    }
}

/// Choices as lines that only lead somewhere.
pub(super) fn leading(items: &[Item]) -> Vec<Item> {
    items.iter().map(|item| Item { place: None, ..item.clone() }).collect()
}
