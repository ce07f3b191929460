//! A card: in the channel's form; else a picture and a text with buttons; else text with numbers.

use super::choose::leading;
use super::{Ladder, fit};
use crate::rich::form::{Form, NativeButton, NativeCard, NativeLink};
use crate::rich::item::{Item, Lead};
use crate::rich::loss::Loss;
use crate::rich::outline::{Panel, Preview};
use crate::rich::text::{links_of, map_link, places_of};
use crate::split::measure;
use crate::structured::{ButtonLimits, CardLimits, ChipLimits};

impl Ladder<'_> {
    pub(super) fn card(&mut self, card: &Panel, is_last: bool) {
        if card.is_link && self.link(card) {
            return;
        }
        let items: Vec<Item> = card.entries.iter().map(Item::of).collect();
        // A place, or a link, by itself is a message of its own.
        if items.is_empty() && card.images.is_empty() && card.texts().next().is_none() {
            return self.leads(card);
        }
        let mut texts: Vec<String> = card.texts().map(str::to_owned).collect();
        if self.can.place.is_none() {
            texts.extend(places_of(card));
        }
        if self.can.link.is_none() {
            texts.extend(links_of(card));
        }
        let native = match (card.images.split_first(), items.is_empty()) {
            (None, true) => false,
            (None, false) => self.plain_card(card, &texts, &items, is_last),
            (Some(_), true) if texts.is_empty() => false,
            (Some((image, more)), _) => {
                let shown = self.picture_card(card, image, &texts, &items, is_last);
                if shown {
                    more.iter().for_each(|url| self.picture(url));
                }
                shown
            }
        };
        if !native {
            self.pieces(card, &texts, items, is_last);
        }
        if self.can.place.is_some() {
            card.places.iter().for_each(|place| self.place(place.clone()));
        }
        if self.can.link.is_some() {
            card.links.iter().for_each(|link| self.preview(link, None));
        }
    }

    /// Only places and links.
    fn leads(&mut self, card: &Panel) {
        for place in &card.places {
            match self.can.place {
                Some(_) => self.place(place.clone()),
                None if self.can.link.is_some() => {
                    let title = place.name.clone().unwrap_or_else(|| self.shown.words.texts.location.to_owned());
                    self.preview(&Preview { url: map_link(place), title: Some(title) }, None);
                }
                None => self.leading(place.name.as_deref(), Lead::Place(place.clone()), "map", &card.path),
            }
        }
        card.links.iter().for_each(|link| match self.can.link {
            Some(_) => self.preview(link, None),
            None => self.leading(link.title.as_deref(), Lead::Address(link.url.clone()), "link", &card.path),
        });
    }

    /// Something that leads somewhere, below its name: on a button, else as an address.
    fn leading(&mut self, name: Option<&str>, lead: Lead, from: &'static str, path: &str) {
        let texts = self.shown.words.texts;
        let is_place = matches!(lead, Lead::Place(_));
        let name = name.unwrap_or(if is_place { texts.location } else { texts.open }).to_owned();
        let item = Item { title: texts.open.to_owned(), lead: Some(lead.clone()), ..Item::default() };
        let takes = |limits: &ButtonLimits| limits.links > 0 && measure(&item.title, self.can.unit) <= limits.label;
        let below = self.can.chips.filter(|chips| takes(&chips.buttons) && chips.min < 2 && self.shown.outline.replies.is_empty());
        let below = below.filter(|chips| chips.text.is_none_or(|most| measure(&name, self.can.unit) <= most));
        let better = |chips: &ChipLimits| chips.buttons.places && is_place;
        if self.below_text().is_none_or(|(_, buttons)| !takes(&buttons)) || below.as_ref().is_some_and(better) {
            let Some(chips) = below else {
                self.writing.paragraph([name.as_str(), lead.address().as_str()]);
                return self.lose(Loss::new(from, "text", "not_supported", "It is shown as its address.").at(path));
            };
            self.flush();
            let button = self.button(item.title.clone(), &item, chips.buttons.places);
            self.say(&name);
            if let Some(last) = self.made.messages.last_mut() {
                last.chips = vec![button];
                last.written = format!("{name}\n{}", lead.address());
            }
        } else {
            let button = self.button(item.title.clone(), &item, false);
            let written = format!("{name}\n{}", lead.address());
            self.push_buttons(name, vec![button], written);
        }
        if is_place && !below.as_ref().is_some_and(better) {
            self.lose(Loss::new(from, "button", "not_supported", "The place is shown on a map behind a button.").at(path));
        }
    }

    /// A place on the channel's own map.
    fn place(&mut self, mut place: crate::rich::Place) {
        let Some(limits) = self.can.place else { return };
        let unnamed = self.shown.words.texts.location;
        let name = place.name.take().unwrap_or_else(|| unnamed.to_owned());
        let written = format!("{name}\n{}", map_link(&place));
        if limits.name == 0 && name != unnamed {
            self.writing.paragraph([name.as_str()]);
        } else if limits.name > 0 {
            place.name = Some(fit::cut(&name, limits.name, self.can.unit));
        }
        self.push(Form::Place(place), name, written);
    }

    /// A card that is nothing but a link.
    fn link(&mut self, card: &Panel) -> bool {
        let address = card.entries.first().and_then(|entry| entry.click.link());
        let (Some(_), Some(url)) = (self.can.link, address) else { return false };
        let title = card.texts().next().map(str::to_owned).or_else(|| card.entries.first().map(|entry| entry.title.clone()));
        let preview = Preview { url: url.to_owned(), title };
        self.preview(&preview, card.images.first().cloned());
        true
    }

    /// A link with title and picture; as text when there are too many of them.
    pub(super) fn preview(&mut self, link: &Preview, image: Option<String>) {
        let Some(limits) = self.can.link else { return };
        let title = link.title.clone().unwrap_or_else(|| link.url.clone());
        let written = format!("{title}\n{}", link.url);
        if self.links >= limits.max {
            self.writing.paragraph([title.as_str(), link.url.as_str()]);
            return self.lose(Loss::new("link", "text", "too_many", "There are more links than can be shown with their pictures."));
        }
        self.links += 1;
        let title = fit::cut(&title, limits.title, self.can.unit);
        self.push(Form::Link(NativeLink { url: link.url.clone(), title: title.clone(), image }), title, written);
    }

    pub(super) fn picture(&mut self, url: &str) {
        match self.can.picture {
            Some(_) => self.push(Form::Picture { url: url.to_owned(), caption: None }, String::new(), url.to_owned()),
            None => self.writing.paragraph([url]),
        }
    }

    /// A card without a picture: text with buttons, or a card of text.
    fn plain_card(&mut self, card: &Panel, texts: &[String], items: &[Item], is_last: bool) -> bool {
        let limits = match (self.can.buttons, self.can.card) {
            (Some(buttons), _) => buttons.buttons,
            (None, Some(card)) if !card.needs_image => room(&card, false, texts, items).unwrap_or_default(),
            _ => return false,
        };
        let sorted = fit::sort(items, &limits);
        if sorted.on.is_empty() || self.can.one_way {
            return false;
        }
        let answers = items.iter().all(Item::only_answers);
        // Rows hold more than buttons, where nothing stands below the message.
        let rows = self.can.list.is_some_and(|list| items.len() <= list.rows) && answers;
        if !sorted.over.is_empty() && rows && !self.have_room_below(&sorted.over, is_last) {
            return false;
        }
        let Some(labels) = fit::labels(&sorted.on, limits.label, self.can.unit) else { return false };
        let lines = self.lines(&sorted.lines);
        let all: Vec<String> = texts.iter().cloned().chain(lines.iter().cloned()).collect();
        let written = self.plainly(&texts.join("\n"), items);
        if self.can.buttons.is_some() {
            let buttons = self.buttons_of(&sorted.on, labels, &limits);
            let whole = all.join("\n");
            let most = self.can.buttons.map_or(0, |buttons| buttons.text);
            let above = match measure(&whole, self.can.unit) <= most {
                true => whole,
                false => {
                    self.say_first(card, &whole);
                    fit::cut(texts.first().map_or("", String::as_str), most.min(TITLE), self.can.unit)
                }
            };
            self.push_buttons(above, buttons, written);
            self.alt(card);
        } else {
            let Some(limits) = self.can.card else { return false };
            self.card_form(card, None, (texts, &lines), (&sorted.on, labels), &limits, written);
        }
        self.over(sorted.over, is_last);
        true
    }

    /// A card with a picture.
    fn picture_card(&mut self, card: &Panel, image: &str, texts: &[String], items: &[Item], is_last: bool) -> bool {
        let Some(limits) = self.can.card.filter(|_| !self.can.one_way || items.iter().all(|item| item.place.is_none())) else {
            return false;
        };
        let Some(buttons) = room(&limits, true, texts, items) else { return false };
        let sorted = fit::sort(items, &buttons);
        let Some(labels) = fit::labels(&sorted.on, limits.buttons.label, self.can.unit) else { return false };
        let lines = self.lines(&sorted.lines);
        let all: Vec<String> = texts.iter().cloned().chain(lines.iter().cloned()).collect();
        // A picture with a long text below it loses nothing where text has buttons too.
        let cut = fit::texts(&all, &limits, self.can.unit, false).cut;
        let whole = measure(&all.join("\n"), self.can.unit);
        if cut && limits.together.is_some() && self.can.picture.is_some() && self.can.buttons.is_some_and(|buttons| whole <= buttons.text) {
            return false;
        }
        let written = self.plainly(&texts.iter().cloned().chain([image.to_owned()]).collect::<Vec<_>>().join("\n"), items);
        self.card_form(card, Some(image), (texts, &lines), (&sorted.on, labels), &limits, written);
        self.over(sorted.over, is_last);
        true
    }

    /// The card itself; texts that don't fit go before it.
    fn card_form(
        &mut self,
        card: &Panel,
        image: Option<&str>,
        (texts, lines): (&[String], &[String]),
        (on, labels): (&[Item], Vec<String>),
        limits: &CardLimits,
        written: String,
    ) {
        let all: Vec<String> = texts.iter().chain(lines).cloned().collect();
        let mut fitted = fit::texts(&all, limits, self.can.unit, !lines.is_empty());
        if fitted.say {
            self.say_first(card, &all.join("\n"));
            if !lines.is_empty() {
                fitted = fit::Texts { subtitle: None, ..fit::texts(&texts[..texts.len().min(1)], limits, self.can.unit, false) };
            }
        } else if fitted.cut {
            self.lose(Loss::new("card", "card", "too_long", "The end of the card's text is missing.").at(&card.path).without("text"));
        }
        let buttons = self.buttons_of(on, labels, &limits.buttons);
        let made = self.native_card(card, image, fitted, buttons, limits);
        let alt = self.alt_of(card, &made);
        self.push(Form::Card(made), alt, written);
    }

    pub(super) fn native_card(
        &self,
        card: &Panel,
        image: Option<&str>,
        texts: fit::Texts,
        buttons: Vec<NativeButton>,
        limits: &CardLimits,
    ) -> NativeCard {
        let fit::Texts { mut title, subtitle, .. } = texts;
        if title.is_empty() && limits.needs_title {
            let own = card.alt.as_deref().unwrap_or(self.shown.words.texts.options);
            title = fit::cut(own, limits.title, self.can.unit);
        }
        NativeCard { image: image.map(str::to_owned), title, subtitle, buttons, look: card.look }
    }

    fn alt_of(&self, card: &Panel, made: &NativeCard) -> String {
        let own = card.alt.clone().or_else(|| self.shown.outline.alt.clone());
        own.unwrap_or_else(|| if made.title.is_empty() { made.subtitle.clone().unwrap_or_default() } else { made.title.clone() })
    }

    /// The author's words for the message that was just made.
    fn alt(&mut self, card: &Panel) {
        let own = card.alt.clone().or_else(|| self.shown.outline.alt.clone());
        if let (Some(own), Some(last)) = (own, self.made.messages.last_mut()) {
            last.alt = own;
        }
    }

    /// What does not fit on the card is said before it.
    fn say_first(&mut self, card: &Panel, text: &str) {
        self.writing.paragraph([text]);
        self.flush();
        let message = "The card's text is too long for a card and stands before it.";
        self.lose(Loss::new("card", "text", "too_long", message).at(&card.path));
    }

    /// What leads somewhere and found no button, as lines.
    fn lines(&self, items: &[Item]) -> Vec<String> {
        let line = |item: &Item| format!("{}: {}", item.title, item.lead.as_ref().map(Lead::address).unwrap_or_default());
        items.iter().map(line).collect()
    }

    fn have_room_below(&self, over: &[Item], is_last: bool) -> bool {
        self.can.chips.is_some_and(|chips| {
            is_last
                && chips.below_all
                && (chips.min..=chips.buttons.max).contains(&over.len())
                && (over.iter().all(Item::only_answers) || chips.buttons.links >= over.len() && chips.buttons.mixed)
                && fit::labels(over, chips.buttons.label, self.can.unit).is_some()
        })
    }

    /// Buttons that found no room: as chips below, else on further messages.
    fn over(&mut self, over: Vec<Item>, is_last: bool) {
        if over.is_empty() {
            return;
        }
        if let Some(chips) = self.can.chips.filter(|_| self.have_room_below(&over, is_last)) {
            let labels = fit::labels(&over, chips.buttons.label, self.can.unit).unwrap_or_default();
            let made = self.buttons_of(&over, labels, &chips.buttons);
            let per_row = chips.per_row.min(2);
            if let Some(last) = self.made.messages.last_mut() {
                last.chips = made;
                last.per_row = per_row;
            }
            return;
        }
        let limits = self.below_text().map(|(_, buttons)| buttons);
        let message = "The card has more buttons than fit; the rest stands below it.";
        self.lose(Loss::new("card", "buttons", "too_many", message));
        let Some(limits) = limits.filter(|limits| limits.max > 0) else { return self.writing.set(&over) };
        for items in over.chunks(limits.max) {
            let sorted = fit::sort(items, &limits);
            match fit::labels(&sorted.on, limits.label, self.can.unit).filter(|labels| !labels.is_empty()) {
                Some(labels) => {
                    let written = self.plainly("", items);
                    let buttons = self.buttons_of(&sorted.on, labels, &limits);
                    let lines = self.lines(&sorted.lines);
                    let more = std::iter::once(self.shown.words.texts.more.to_owned()).chain(lines).collect::<Vec<_>>().join("\n");
                    self.push_buttons(more, buttons, written);
                    self.writing.set(&sorted.over);
                }
                None => self.writing.set(items),
            }
        }
    }

    /// A card in pieces: picture, text, choices, links.
    fn pieces(&mut self, card: &Panel, texts: &[String], items: Vec<Item>, is_last: bool) {
        if !items.is_empty() || (!card.images.is_empty() && !texts.is_empty()) {
            let to = if self.can.picture.is_some() && !card.images.is_empty() { "picture" } else { "text" };
            self.lose(Loss::new("card", to, "not_supported", "The card is shown in pieces, one below the other.").at(&card.path));
        }
        // Where links have a form, answers come first and links follow.
        let (links, items): (Vec<Item>, Vec<Item>) = match self.can.link {
            Some(_) => items.into_iter().partition(|item| item.place.is_none()),
            None => (Vec::new(), items),
        };
        let stands_alone = texts.is_empty();
        if self.can.picture.is_some() && !card.images.is_empty() {
            self.flush();
            self.images.extend(card.images.iter().cloned());
            if stands_alone {
                self.flush();
            }
        }
        self.writing.paragraph(texts.iter().map(String::as_str));
        if self.can.picture.is_none() {
            self.writing.lines_below(&card.images);
        }
        let tapped = self.can.chips.is_some() || self.can.buttons.is_some() || self.can.list.is_some();
        match tapped && !self.can.one_way {
            // The picture with its text first, where it has room for it.
            true => {
                if self.picture_takes_text() {
                    self.flush();
                }
                self.choose(items, None, is_last && links.is_empty());
            }
            false => {
                if !items.is_empty() {
                    self.numbers("card", &card.path);
                }
                self.writing.set(&items);
            }
        }
        for item in links {
            match item.lead {
                Some(Lead::Address(url)) => self.preview(&Preview { url, title: Some(item.title) }, None),
                Some(lead) => self.preview(&Preview { url: lead.address(), title: Some(item.title) }, None),
                None => self.writing.options(&leading(&[item])),
            }
        }
    }

    /// Whether a picture waits whose text would go with it, and answers need no text above them.
    fn picture_takes_text(&self) -> bool {
        !self.images.is_empty() && self.can.picture.is_some_and(|picture| picture.caption > 0) && self.can.buttons.is_none()
    }
}

/// The longest title of a message whose whole text stands before it.
const TITLE: usize = 200;

/// The most texts of a card: its title, and what stands below that.
const TEXTS: usize = 2;

/// The buttons that a card has room for beside its other parts; nothing when the card can't be one.
fn room(limits: &CardLimits, image: bool, texts: &[String], items: &[Item]) -> Option<ButtonLimits> {
    if limits.needs_image && !image {
        return None;
    }
    let beside = |texts: usize| {
        let parts = usize::from(image) + texts.min(TEXTS);
        let left = limits.parts.map_or(usize::MAX, |most| most.saturating_sub(parts));
        let max = limits.buttons.max.min(left);
        ButtonLimits { max, links: limits.buttons.links.min(max), ..limits.buttons }
    };
    let buttons = beside(texts.len());
    // What leads somewhere and gets no button becomes a line, which makes a part where there was no text for it.
    match fit::sort(items, &buttons).lines.is_empty() {
        true => Some(buttons),
        false => Some(beside(TEXTS)),
    }
}
