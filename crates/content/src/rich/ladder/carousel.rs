//! Cards side by side: as such where all of them fit and agree; else as rows, or one below the other.

use super::{Ladder, fit};
use crate::rich::form::{Form, NativeCard};
use crate::rich::item::{Item, Lead};
use crate::rich::loss::Loss;
use crate::rich::outline::{Block, Panel, Preview};
use crate::rich::text::{links_of, places_of};
use crate::structured::{CarouselLimits, ListLimits};

/// A card with its texts and choices.
type Laid<'a> = (&'a Panel, Vec<String>, Vec<Item>);

impl Ladder<'_> {
    pub(super) fn carousel(&mut self, cards: &[Panel], is_last: bool) {
        let path = cards.first().map_or("", |card| card.path.as_str());
        if let Some(limits) = self.can.carousel.filter(|limits| cards.len() >= limits.min && !self.can.one_way) {
            match self.side_by_side(cards, &limits) {
                Ok(()) => return,
                Err(reason) => {
                    let message = match reason {
                        "uniformity" => {
                            "The cards are shown one below the other, because they differ in what has to be the same side by side."
                        }
                        _ => "The cards are shown one below the other, because they don't fit side by side.",
                    };
                    self.lose(Loss::new("carousel", "cards", reason, message).at(path));
                }
            }
        } else if self.can.card.is_none() {
            if let Some(list) = self.can.list.filter(|_| !self.can.one_way) {
                return self.rows(cards, &list, is_last);
            }
            self.numbers("carousel", path);
            return self.writing.block(&Block::Carousel(cards.to_vec()));
        } else {
            self.lose(Loss::new("carousel", "cards", "not_supported", "The cards are shown one below the other.").at(path));
        }
        let last = cards.len().saturating_sub(1);
        for (at, card) in cards.iter().enumerate() {
            self.card(card, is_last && at == last);
            self.flush();
        }
    }

    fn side_by_side(&mut self, cards: &[Panel], limits: &CarouselLimits) -> Result<(), &'static str> {
        let can: Vec<Laid<'_>> = cards
            .iter()
            .map(|card| {
                let texts = card.texts().map(str::to_owned).chain(places_of(card)).chain(links_of(card)).collect();
                (card, texts, card.entries.iter().map(Item::of).collect())
            })
            .collect();
        let unit = self.can.unit;
        let kinds = |items: &[Item]| items.iter().map(|item| item.lead.is_some()).collect::<Vec<_>>();
        let agree = |same: &dyn Fn(&Laid<'_>) -> bool| can.iter().all(same);
        let first = &can[0];
        let uniform = limits.uniform;
        let different = uniform.image && !agree(&|one| one.0.images.is_empty() == first.0.images.is_empty())
            || uniform.title && !agree(&|one| one.1.is_empty() == first.1.is_empty())
            || uniform.buttons && !agree(&|one| kinds(&one.2) == kinds(&first.2));
        if different || (limits.card.needs_image && !agree(&|one| !one.0.images.is_empty())) {
            return Err("uniformity");
        }
        for (card, texts, items) in &can {
            let fitted = fit::texts(texts, &limits.card, unit, false);
            let parts = usize::from(!card.images.is_empty()) + texts.len().min(2) + items.len();
            let sorted = fit::sort(items, &limits.card.buttons);
            let alone = card.images.is_empty() && texts.len() < 2 && items.is_empty();
            let breaks = texts.iter().map(|text| text.matches('\n').count()).sum::<usize>() + texts.len().saturating_sub(1);
            let missing = fitted.say || (fitted.cut && limits.card.together.is_some());
            let fits = !missing
                && sorted.over.is_empty()
                && sorted.lines.is_empty()
                && fit::labels(items, limits.card.buttons.label, unit).is_some()
                && (!texts.is_empty() || !limits.card.needs_title)
                && (!texts.is_empty() || !card.images.is_empty())
                && !(alone && limits.card.needs_more)
                && limits.card.parts.is_none_or(|most| parts <= most)
                && limits.breaks.is_none_or(|most| breaks <= most)
                && card.images.len() < 2;
            if !fits {
                return Err("too_long");
            }
        }
        let mut made: Vec<NativeCard> = Vec::with_capacity(can.len());
        for (card, texts, items) in &can {
            let fitted = fit::texts(texts, &limits.card, unit, false);
            if fitted.cut {
                self.lose(Loss::new("card", "card", "too_long", "The end of a card's text is missing.").at(&card.path).without("text"));
            }
            let labels = fit::labels(items, limits.card.buttons.label, unit).unwrap_or_default();
            let buttons = self.buttons_of(items, labels, &limits.card.buttons);
            made.push(self.native_card(card, card.images.first().map(String::as_str), fitted, buttons, &limits.card));
        }
        let mut at = 0;
        for cards in chunks(made, limits) {
            let shown = &can[at..at + cards.len()];
            at += cards.len();
            let text = limits.text.map(|most| {
                let own = self.shown.outline.alt.as_deref().unwrap_or(self.shown.words.texts.options);
                fit::cut(own, most, unit)
            });
            let alt = self
                .shown
                .outline
                .alt
                .clone()
                .unwrap_or_else(|| cards.iter().map(|card| card.title.as_str()).collect::<Vec<_>>().join(", "));
            let mut written = super::Writing::new(&self.shown.words, true);
            written.block(&Block::Carousel(shown.iter().map(|(card, ..)| (*card).clone()).collect()));
            let written = written.take();
            self.push(Form::Carousel { text, cards }, alt, written);
        }
        Ok(())
    }

    /// One row for each card, or for each of its buttons; links follow.
    fn rows(&mut self, cards: &[Panel], list: &ListLimits, is_last: bool) {
        let mut rows = Vec::new();
        let mut links = Vec::new();
        for card in cards {
            let mut texts = card.texts().map(str::to_owned).chain(places_of(card)).chain(links_of(card));
            let (title, rest) = (texts.next().unwrap_or_default(), texts.collect::<Vec<_>>().join("\n"));
            let items: Vec<Item> = card.entries.iter().map(Item::of).collect();
            let answers: Vec<&Item> = items.iter().filter(|item| item.place.is_some()).collect();
            for answer in &answers {
                let name = match (title.is_empty(), answers.len()) {
                    (true, _) => answer.title.clone(),
                    (false, 1) => title.clone(),
                    (false, _) => format!("{title} – {}", answer.title),
                };
                rows.push(Item {
                    title: name,
                    description: Some(rest.clone()).filter(|text| !text.is_empty()),
                    image: card.images.first().cloned(),
                    lead: None,
                    section: None,
                    ..(*answer).clone()
                });
            }
            if answers.is_empty() {
                self.writing.paragraph([title.as_str(), rest.as_str()].into_iter().filter(|text| !text.is_empty()));
            }
            links.extend(items.into_iter().filter_map(|item| {
                let lead = item.lead.as_ref().map(Lead::address)?;
                let title = if title.is_empty() { item.title } else { format!("{title} – {}", item.title) };
                Some(Preview { url: lead, title: Some(title) })
            }));
        }
        let path = cards.first().map_or("", |card| card.path.as_str());
        self.lose(Loss::new("carousel", "list", "not_supported", "The cards are shown as rows to choose from.").at(path));
        match rows.is_empty() || rows.len() > list.rows {
            true => self.choose(rows, None, is_last && links.is_empty()),
            false => self.list(rows, list, None, &[]),
        }
        for link in links {
            match self.can.link {
                Some(_) => self.preview(&link, None),
                None => self.writing.paragraph([link.title.as_deref().unwrap_or_default(), link.url.as_str()]),
            }
        }
    }
}

/// Carousels of at most as many cards and bytes as one holds, none with too few.
fn chunks(cards: Vec<NativeCard>, limits: &CarouselLimits) -> Vec<Vec<NativeCard>> {
    let bytes = |card: &NativeCard| {
        let buttons = card.buttons.iter().map(|button| button.label().len() + button.token().len() + address(button));
        card.title.len()
            + card.subtitle.as_ref().map_or(0, String::len)
            + card.image.as_ref().map_or(0, String::len)
            + buttons.sum::<usize>()
    };
    let most = limits.bytes.unwrap_or(usize::MAX);
    let mut made: Vec<Vec<NativeCard>> = Vec::new();
    let mut filled = 0;
    for card in cards {
        let size = bytes(&card);
        match made.last_mut().filter(|last| last.len() < limits.max && filled + size <= most) {
            Some(last) => {
                filled += size;
                last.push(card);
            }
            None => {
                filled = size;
                made.push(vec![card]);
            }
        }
    }
    // What would be too few takes from the carousel before.
    if let [.., before, last] = made.as_mut_slice() {
        while last.len() < limits.min && before.len() > limits.min {
            last.splice(..0, before.pop());
        }
    }
    made
}

fn address(button: &crate::rich::NativeButton) -> usize {
    match button {
        crate::rich::NativeButton::Open { url, .. } => url.len(),
        _ => 0,
    }
}
