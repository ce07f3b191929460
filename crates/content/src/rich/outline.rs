//! Structured content in the order in which it is shown: nested boxes laid flat, one block after the other.

use super::element::{Button, Choice, Click, Element, Kind, List, Place, QuickReplies, Rich, Section};

/// One thing to show.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Text, a picture, and buttons that belong together.
    Card(Panel),
    /// Cards side by side.
    Carousel(Vec<Panel>),
    /// Boxes to tick.
    List(List),
}

/// What belongs together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Pictures' addresses.
    pub images: Vec<String>,
    /// Places.
    pub places: Vec<Place>,
    /// What it is called.
    pub title: Option<String>,
    /// What it says below that, line by line.
    pub lines: Vec<String>,
    /// What can be tapped.
    pub choices: Vec<Choice>,
}

impl Panel {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Its title and lines, one below the other.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.title.iter().chain(&self.lines).map(String::as_str)
    }
}

/// A message with everything that can be answered in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// What is shown.
    pub blocks: Vec<Block>,
    /// Answers below all of it.
    pub replies: Vec<Choice>,
    /// What the author wants to be shown instead of blocks, where nothing but text can be.
    pub fallback: Option<String>,
}

impl Outline {
    /// Of structured content, with the answers below it.
    pub fn of(rich: &Rich, replies: Option<&QuickReplies>) -> Self {
        let mut outline = Self { fallback: rich.fallback.clone(), replies: of_replies(replies), ..Self::default() };
        let mut card = Panel::default();
        outline.lay(&rich.root, &mut card);
        outline.finish(&mut card);
        outline
    }

    /// Of a text with the answers below it.
    pub fn of_text(text: &str, replies: Option<&QuickReplies>) -> Self {
        let card = Panel { lines: vec![text.to_owned()], ..Panel::default() };
        Self { blocks: vec![Block::Card(card)], replies: of_replies(replies), fallback: None }
    }

    fn finish(&mut self, card: &mut Panel) {
        let card = std::mem::take(card);
        if !card.is_empty() {
            self.blocks.push(Block::Card(card));
        }
    }

    fn lay(&mut self, element: &Element, card: &mut Panel) {
        match &element.kind {
            Kind::Vertical(inner) | Kind::Horizontal(inner) => inner.iter().for_each(|one| self.lay(one, card)),
            Kind::Carousel(cards) | Kind::Tabs(cards) => {
                self.finish(card);
                self.blocks.push(Block::Carousel(cards.iter().map(lone_card).collect()));
            }
            Kind::Select { titles, cards, .. } => {
                self.finish(card);
                let cards = cards.iter().enumerate().map(|(at, one)| selectable(one, titles.get(at)));
                self.blocks.push(Block::Carousel(cards.collect()));
            }
            Kind::List(list) => {
                self.finish(card);
                self.blocks.push(Block::List(list.clone()));
            }
            _ => put(element, card),
        }
    }
}

fn of_replies(replies: Option<&QuickReplies>) -> Vec<Choice> {
    replies.map(|replies| replies.replies.clone()).unwrap_or_default()
}

/// A basic element's place on its card.
fn put(element: &Element, card: &mut Panel) {
    let choice = |title: &str, click: &Click| Choice { title: title.to_owned(), click: click.clone() };
    match &element.kind {
        Kind::Text(text) => {
            let is_title =
                element.tag.as_deref() == Some("title") || (element.tag.is_none() && card.title.is_none() && card.lines.is_empty());
            match card.title.is_none() && is_title {
                true => card.title = Some(text.clone()),
                false => card.lines.push(text.clone()),
            }
        }
        Kind::Button(Button { title, .. }) => {
            let silent = Click::default();
            card.choices.push(choice(title, element.click.as_ref().unwrap_or(&silent)));
        }
        Kind::Image { url, caption } => {
            card.images.push(url.clone());
            card.lines.extend(caption.clone());
            // A picture that does something is a button whose name is its hint.
            if let (Some(click), Some(title)) = (&element.click, element.tooltip.as_ref().or(element.alt.as_ref()))
                && !click.actions.is_empty()
            {
                card.choices.push(choice(title, click));
            }
        }
        Kind::Map(place) => card.places.push(place.clone()),
        Kind::LinkPreview { url, title } => {
            card.lines.extend(title.clone());
            card.lines.push(url.clone());
        }
        Kind::KeyValues(pairs) => card.lines.extend(pairs.iter().map(|(key, value)| format!("{key}: {value}"))),
        // Everything else is laid out by its container.
        _ => {}
    }
}

/// A card with whatever lies in it.
fn lone_card(element: &Element) -> Panel {
    let mut card = Panel::default();
    fill(element, &mut card);
    card
}

fn fill(element: &Element, card: &mut Panel) {
    match &element.kind {
        Kind::Vertical(inner) | Kind::Horizontal(inner) | Kind::Carousel(inner) | Kind::Tabs(inner) => {
            inner.iter().for_each(|one| fill(one, card));
        }
        Kind::Select { cards, .. } => cards.iter().for_each(|one| fill(one, card)),
        Kind::List(List { title, sections, .. }) => {
            card.lines.push(title.clone());
            card.choices.extend(sections.iter().flat_map(|Section { boxes, .. }| boxes.clone()));
        }
        _ => put(element, card),
    }
}

/// A card of a selection: what brings back the card's own objects is choosing it.
fn selectable(element: &Element, title: Option<&String>) -> Panel {
    let mut card = lone_card(element);
    if card.title.is_none() {
        card.title = title.cloned();
    }
    for choice in &mut card.choices {
        choice.click.metadata.extend(element.metadata.iter().cloned());
    }
    card
}
