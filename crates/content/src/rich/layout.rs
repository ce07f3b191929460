//! Lays nested boxes flat: what belongs together becomes one block.

use super::element::{Action, Button, Choice, Click, Element, Kind, List, Rich, Slots};
use super::menu;
use super::outline::{Block, Day, Entry, Menu, MenuSection, Panel, Preview, TimeEntry, Times, asks};
use super::timetable;
use serde_json::Value;

/// A button outside of a selection that answers for its chosen cards.
struct Chooser {
    selection: String,
    title: String,
    click: Click,
}

/// The blocks so far, and the card that is being filled.
pub(super) struct Layout<'a> {
    blocks: Vec<Block>,
    card: Filling,
    choosers: Vec<Chooser>,
    about: &'a [Value],
}

/// A card, with the questions in it for which a button is not enough.
#[derive(Default)]
struct Filling {
    card: Panel,
    asks: Vec<Block>,
}

impl<'a> Layout<'a> {
    /// The blocks of structured content; `about` are the typed objects beside it.
    pub(super) fn of(rich: &Rich, about: &'a [Value]) -> Vec<Block> {
        let mut layout = Self { blocks: Vec::new(), card: Filling::default(), choosers: Vec::new(), about };
        let (mut selections, mut choosers) = (Vec::new(), Vec::new());
        survey(&rich.root, &mut selections, &mut choosers);
        choosers.retain(|chooser| selections.contains(&chooser.selection));
        layout.choosers = choosers;
        layout.lay(&rich.root);
        layout.finish();
        layout.blocks
    }

    fn finish(&mut self) {
        let Filling { card, asks } = std::mem::take(&mut self.card);
        if !card.is_empty() {
            self.blocks.push(Block::Card(card));
        }
        self.blocks.extend(asks);
    }

    fn lay(&mut self, element: &Element) {
        match &element.kind {
            Kind::Vertical(inner) | Kind::Horizontal(inner) => {
                let special = match element.tag.as_deref() {
                    Some("list") => menu::of(element, self.about).map(Block::List),
                    Some("datepicker") => timetable::of(element, self.about).map(Block::Times),
                    Some("richlink") => link_card(element).map(Block::Card),
                    _ => None,
                };
                if let Some(block) = special {
                    self.finish();
                    return self.blocks.push(block);
                }
                describe(element, &mut self.card.card);
                inner.iter().for_each(|one| self.lay(one));
            }
            Kind::Carousel(cards) | Kind::Tabs(cards) => {
                self.finish();
                let look = element.look;
                self.beside(cards.iter().map(|card| {
                    let mut filled = lone_card(card);
                    if filled.card.look == Default::default() {
                        filled.card.look = look;
                    }
                    filled
                }));
            }
            Kind::Select { name, titles, cards, .. } => {
                self.finish();
                let chooser = self.choosers.iter().find(|chooser| chooser.selection == *name);
                let cards: Vec<Filling> = cards.iter().enumerate().map(|(at, one)| selectable(one, titles.get(at), chooser)).collect();
                self.beside(cards.into_iter());
            }
            Kind::List(list) => {
                self.finish();
                self.blocks.push(Block::List(boxes(list, &element.path)));
            }
            // It is on every card of its selection.
            Kind::Button(Button { selection: Some(name), .. }) if self.choosers.iter().any(|one| one.selection == *name) => {}
            _ => put(element, &mut self.card),
        }
    }

    /// Cards side by side; one below the other when there is a question among them.
    fn beside(&mut self, cards: impl Iterator<Item = Filling>) {
        let cards: Vec<Filling> = cards.collect();
        if cards.iter().all(|filled| filled.asks.is_empty()) {
            return self.blocks.push(Block::Carousel(cards.into_iter().map(|filled| filled.card).collect()));
        }
        for card in cards {
            self.card = card;
            self.finish();
        }
    }
}

fn survey(element: &Element, selections: &mut Vec<String>, choosers: &mut Vec<Chooser>) {
    match &element.kind {
        Kind::Vertical(inner) | Kind::Horizontal(inner) | Kind::Carousel(inner) | Kind::Tabs(inner) => {
            inner.iter().for_each(|one| survey(one, selections, choosers));
        }
        Kind::Select { name, .. } => selections.push(name.clone()),
        Kind::Button(Button { title, selection: Some(name), .. }) => {
            let click = element.click.clone().unwrap_or_default();
            choosers.push(Chooser { selection: name.clone(), title: title.clone(), click });
        }
        _ => {}
    }
}

/// A container's own words and wishes, unless an outer one had some.
fn describe(element: &Element, card: &mut Panel) {
    if card.is_empty() {
        if card.look == Default::default() {
            card.look = element.look;
        }
        if card.path.is_empty() {
            card.path.clone_from(&element.path);
        }
    }
    if card.alt.is_none() {
        card.alt.clone_from(&element.alt);
    }
}

/// A basic element's place on its card.
fn put(element: &Element, filled: &mut Filling) {
    let Filling { card, asks: questions } = filled;
    if card.is_empty() && card.path.is_empty() {
        card.path.clone_from(&element.path);
    }
    let entry = |title: &str, description: Option<String>, click: &Click| {
        Entry::of(Choice { title: title.to_owned(), subtitle: description, click: click.clone() })
    };
    match &element.kind {
        Kind::Text(text) => {
            let is_title =
                element.tag.as_deref() == Some("title") || (element.tag.is_none() && card.title.is_none() && card.lines.is_empty());
            match card.title.is_none() && is_title {
                true => card.title = Some(text.clone()),
                false => card.lines.push(text.clone()),
            }
        }
        Kind::Button(Button { title, subtitle, .. }) => {
            let silent = Click::default();
            let click = element.click.as_ref().unwrap_or(&silent);
            match asks(click) {
                true => questions.extend(question(title, click, &element.path)),
                false => card.entries.push(entry(title, subtitle.clone(), click)),
            }
        }
        Kind::Image { url, caption } => {
            card.images.push(url.clone());
            card.lines.extend(caption.clone());
            // A picture that does something is a button whose name is its hint.
            if let (Some(click), Some(title)) = (&element.click, element.tooltip.as_ref().or(element.alt.as_ref()))
                && !click.actions.is_empty()
                && !asks(click)
            {
                card.entries.push(entry(title, None, click));
            }
        }
        Kind::Map(place) => card.places.push(place.clone()),
        Kind::LinkPreview { url, title } => card.links.push(Preview { url: url.clone(), title: title.clone() }),
        Kind::KeyValues(pairs) => card.lines.extend(pairs.iter().map(|(key, value)| format!("{key}: {value}"))),
        // Everything else is laid out by its container.
        _ => {}
    }
}

/// What a button asks for, as a block of its own.
fn question(title: &str, click: &Click, path: &str) -> Option<Block> {
    click.actions.iter().find_map(|action| match action {
        Action::Slots(slots) => Some(Block::Times(times(title, slots, click, path))),
        Action::DatePicker(picker) => Some(Block::Day(Day {
            title: title.to_owned(),
            picker: picker.clone(),
            click: Click { actions: Vec::new(), metadata: click.metadata.clone() },
            number: 0,
            path: path.to_owned(),
        })),
        _ => None,
    })
}

fn times(title: &str, slots: &Slots, click: &Click, path: &str) -> Times {
    let one = |slot: &super::Slot| {
        let mut metadata = click.metadata.clone();
        metadata.push(serde_json::json!({"type": "ExternalId", "id": slot.id}));
        TimeEntry {
            start: slot.start,
            lasts: slot.end.map(|end| end - slot.start),
            title: slot.title.clone(),
            description: slot.description.clone(),
            click: Click { actions: Vec::new(), metadata },
            place: None,
        }
    };
    let title = slots.title.clone().unwrap_or_else(|| title.to_owned());
    Times { lines: vec![title], slots: slots.slots.iter().map(one).collect(), path: path.to_owned(), ..Times::default() }
}

fn boxes(list: &List, path: &str) -> Menu {
    let section = |section: &super::Section| MenuSection {
        title: section.title.clone(),
        multiple: true,
        entries: section.boxes.iter().cloned().map(Entry::of).collect(),
    };
    Menu {
        lines: vec![list.title.clone()],
        button: None,
        sections: list.sections.iter().map(section).collect(),
        submit: list.submit.click.metadata.clone(),
        other: list.other.clone().map(Entry::of),
        path: path.to_owned(),
    }
}

/// A card with whatever lies in it.
fn lone_card(element: &Element) -> Filling {
    let mut filled = Filling::default();
    fill(element, &mut filled);
    filled
}

fn fill(element: &Element, filled: &mut Filling) {
    match &element.kind {
        Kind::Vertical(inner) | Kind::Horizontal(inner) => {
            describe(element, &mut filled.card);
            inner.iter().for_each(|one| fill(one, filled));
        }
        // A card holds none of the others.
        _ => put(element, filled),
    }
}

/// A link with title and picture: only that.
fn link_card(element: &Element) -> Option<Panel> {
    let Filling { mut card, asks } = lone_card(element);
    let [entry] = card.entries.as_slice() else { return None };
    card.is_link = true;
    (asks.is_empty() && entry.click.link().is_some()).then_some(card)
}

/// A card of a selection: what brings back the card's own objects is choosing it.
fn selectable(element: &Element, title: Option<&String>, chooser: Option<&Chooser>) -> Filling {
    let mut filled = lone_card(element);
    let card = &mut filled.card;
    if card.title.is_none() {
        card.title = title.cloned();
    }
    for entry in &mut card.entries {
        entry.click.metadata.extend(element.metadata.iter().cloned());
    }
    if let Some(Chooser { title, click, .. }) = chooser {
        let mut click = click.clone();
        click.metadata.extend(element.metadata.iter().cloned());
        card.entries.push(Entry::of(Choice { title: title.clone(), subtitle: None, click }));
    }
    filled
}
