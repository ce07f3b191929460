//! What a channel shows of structured content, and how much of it: one record per form, as data.
//!
//! A connector declares them beside what writes its messages; the ladder ([`crate::rich`]) reads nothing else. A form that a channel lacks is
//! absent, and its content goes to the next rung. Limits here are facts of a channel: never a preference of ours, never a vendor's name.

use crate::capabilities::Unit;
use serde::Serialize;

/// The forms of a channel beyond text. Lengths count in `unit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Structured {
    /// Its clients draw neutral content themselves: nothing is adapted.
    pub neutral: bool,
    /// The consumer can't write back: nothing is asked for and nothing is numbered.
    pub one_way: bool,
    /// What the lengths of titles, texts and labels count.
    pub unit: Unit,
    /// Marks between which the channel formats text, such as `*`: kept in pairs where a text is cut.
    pub marks: &'static [char],
    /// Pictures by their address.
    pub picture: Option<PictureLimits>,
    /// Answers to tap below a message.
    pub chips: Option<ChipLimits>,
    /// A text with buttons that stay below it. Where it is absent, a card without a picture takes its place.
    pub buttons: Option<TextButtons>,
    /// Cards with a picture, and without one where `buttons` is absent.
    pub card: Option<CardLimits>,
    /// Cards side by side.
    pub carousel: Option<CarouselLimits>,
    /// Rows in sections, to choose one or several from.
    pub list: Option<ListLimits>,
    /// Places on the channel's own map.
    pub place: Option<PlaceLimits>,
    /// Links shown with title and picture.
    pub link: Option<LinkLimits>,
    /// Times to choose from in a calendar.
    pub times: Option<TimesLimits>,
}

/// Pictures by their address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PictureLimits {
    /// The longest text that travels with one; 0: none does.
    pub caption: usize,
}

/// Buttons of one message or card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ButtonLimits {
    /// How many.
    pub max: usize,
    /// The longest label.
    pub label: usize,
    /// How many of them may lead somewhere: open an address or show a place. 0: none.
    pub links: usize,
    /// Whether those may stand beside answers.
    pub mixed: bool,
    /// Whether a button can show a place; otherwise it opens a map.
    pub places: bool,
    /// Whether a button can ask for a day.
    pub days: bool,
    /// Whether the channel reports a tap on what leads somewhere.
    pub reported: bool,
}

impl ButtonLimits {
    /// So many buttons with labels of so many characters; each may answer or open an address.
    pub const fn new(max: usize, label: usize) -> Self {
        Self { max, label, links: max, mixed: true, places: false, days: false, reported: false }
    }

    /// So many answers; nothing that leads somewhere.
    pub const fn answers(max: usize, label: usize) -> Self {
        Self { links: 0, mixed: false, ..Self::new(max, label) }
    }
}

/// Answers to tap below a message; they are gone when the consumer has answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChipLimits {
    /// The fewest there may be.
    pub min: usize,
    /// How many, and what they may do.
    pub buttons: ButtonLimits,
    /// The longest text right above them, where that is less than a text may have.
    pub text: Option<usize>,
    /// Whether they may stand below a card, a picture and the like; otherwise only below text.
    pub below_all: bool,
    /// The most in a row, where rows are the author's matter; 0: the channel lays them out.
    pub per_row: usize,
}

impl ChipLimits {
    /// One to so many answers below any message, with labels of so many characters.
    pub const fn new(max: usize, label: usize) -> Self {
        Self { min: 1, buttons: ButtonLimits::answers(max, label), text: None, below_all: true, per_row: 0 }
    }
}

/// A text with buttons below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TextButtons {
    /// The longest text.
    pub text: usize,
    /// The buttons.
    pub buttons: ButtonLimits,
}

/// A card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CardLimits {
    /// The longest title.
    pub title: usize,
    /// The longest text below the title.
    pub subtitle: usize,
    /// The most of title, line break and text together, where they share their room.
    pub together: Option<usize>,
    /// The most parts: picture, title, text and each button count one.
    pub parts: Option<usize>,
    /// Whether there must be a picture.
    pub needs_image: bool,
    /// Whether there must be a title.
    pub needs_title: bool,
    /// Whether there must be something beside the title.
    pub needs_more: bool,
    /// The buttons.
    pub buttons: ButtonLimits,
}

impl CardLimits {
    /// A card that needs a title and something beside it.
    pub const fn new(title: usize, subtitle: usize, buttons: ButtonLimits) -> Self {
        Self { title, subtitle, together: None, parts: None, needs_image: false, needs_title: true, needs_more: true, buttons }
    }
}

/// Cards side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CarouselLimits {
    /// The fewest cards.
    pub min: usize,
    /// The most cards; more are shown in several carousels.
    pub max: usize,
    /// The longest text above the cards, where there has to be one.
    pub text: Option<usize>,
    /// A card's own limits, which may be tighter than those of a card alone.
    pub card: CardLimits,
    /// The most line breaks in a card's texts together.
    pub breaks: Option<usize>,
    /// In what all cards must agree.
    pub uniform: Uniform,
    /// The most bytes of all cards' texts and addresses; more are shown in several carousels.
    pub bytes: Option<usize>,
}

impl CarouselLimits {
    /// Two to so many cards that may differ.
    pub const fn new(max: usize, card: CardLimits) -> Self {
        let uniform = Uniform { buttons: false, image: false, title: false };
        Self { min: 2, max, text: None, card, breaks: None, uniform, bytes: None }
    }
}

/// In what all cards of a carousel must agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Uniform {
    /// How many buttons, and of which kinds.
    pub buttons: bool,
    /// Whether there is a picture.
    pub image: bool,
    /// Whether there is a title.
    pub title: bool,
}

/// Rows to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ListLimits {
    /// The most rows of all sections together.
    pub rows: usize,
    /// The most sections.
    pub sections: usize,
    /// The longest text above the rows.
    pub text: usize,
    /// The longest title of a row.
    pub title: usize,
    /// The longest text below a row's title; 0: none.
    pub description: usize,
    /// The longest heading of a section.
    pub heading: usize,
    /// The longest label of what opens the list; 0: nothing has to be opened.
    pub button: usize,
    /// Whether rows may have pictures.
    pub images: bool,
    /// Whether several rows can be chosen together.
    pub multiple: bool,
}

/// Places on a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PlaceLimits {
    /// The longest name; 0: places have none, and it is said before.
    pub name: usize,
}

/// Links with title and picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkLimits {
    /// The longest title.
    pub title: usize,
    /// The most of them that one message becomes; further ones are text.
    pub max: usize,
}

/// Times to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TimesLimits {
    /// The most times.
    pub max: usize,
    /// The longest question.
    pub title: usize,
}
