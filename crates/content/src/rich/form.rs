//! Structured content in the forms that channels have: what the ladder makes and connectors write in their vendor's words.
//!
//! One form per thing, whatever a channel calls it. Everything in a form is within the limits that the channel declared; a connector writes
//! it down and decides nothing.

use super::element::{Look, Place};

/// A message in a form of the channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Native {
    /// What it is.
    pub form: Form,
    /// Answers below it.
    pub chips: Vec<NativeButton>,
    /// How many of them stand in a row, where the channel has rows.
    pub per_row: usize,
    /// What it is in short: for notifications, and for those who can't see it.
    pub alt: String,
    /// All of it as text with numbers, for a device that can't draw it.
    pub written: String,
}

/// The forms.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Text.
    Text(String),
    /// A picture, with the text that travels with it.
    Picture {
        /// Its address.
        url: String,
        /// The text.
        caption: Option<String>,
    },
    /// Text with buttons below it.
    Buttons {
        /// The text.
        text: String,
        /// The buttons.
        buttons: Vec<NativeButton>,
    },
    /// A card.
    Card(NativeCard),
    /// Cards to leaf through.
    Carousel {
        /// What stands above them, where there has to be something.
        text: Option<String>,
        /// The cards.
        cards: Vec<NativeCard>,
    },
    /// Rows to choose from.
    List(NativeList),
    /// A place on a map.
    Place(Place),
    /// A link with title and picture.
    Link(NativeLink),
    /// Times to choose from.
    Times(NativeTimes),
}

/// A card as the channel shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NativeCard {
    /// A picture's address.
    pub image: Option<String>,
    /// What it is called; empty only where a channel's cards need no title.
    pub title: String,
    /// What stands below that.
    pub subtitle: Option<String>,
    /// Its buttons.
    pub buttons: Vec<NativeButton>,
    /// How the author wants it to look.
    pub look: Look,
}

/// Something to tap that comes back with its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap {
    /// What stands on it.
    pub label: String,
    /// What comes back.
    pub token: String,
    /// What the consumer is taken to say by it, where a channel shows that in their name.
    pub says: Option<String>,
}

/// A button.
#[derive(Clone, Debug, PartialEq)]
pub enum NativeButton {
    /// Comes back with its token.
    Tap(Tap),
    /// Opens an address.
    Open {
        /// What stands on it.
        label: String,
        /// The address.
        url: String,
        /// What comes back too, where the channel reports such taps.
        token: String,
    },
    /// Shows a place.
    Place {
        /// What stands on it.
        label: String,
        /// The place.
        place: Place,
        /// What comes back too, where the channel reports such taps.
        token: String,
    },
    /// Asks for a day, and comes back with its token and the day as `2026-12-24` for text.
    Day {
        /// What stands on it.
        label: String,
        /// What comes back.
        token: String,
        /// The first day, in seconds since 1970.
        earliest: Option<i64>,
        /// The last day, in seconds since 1970.
        latest: Option<i64>,
    },
}

impl NativeButton {
    /// What stands on it.
    pub fn label(&self) -> &str {
        match self {
            Self::Tap(Tap { label, .. }) | Self::Open { label, .. } | Self::Place { label, .. } | Self::Day { label, .. } => label,
        }
    }

    /// What comes back, if the channel reports it.
    pub fn token(&self) -> &str {
        match self {
            Self::Tap(Tap { token, .. }) | Self::Open { token, .. } | Self::Place { token, .. } | Self::Day { token, .. } => token,
        }
    }
}

/// Rows to choose from. Several chosen together come back with their tokens in one payload, a space between two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NativeList {
    /// What stands above the rows.
    pub text: String,
    /// What stands on what opens the list; empty where nothing has to be opened.
    pub button: String,
    /// The rows, in groups.
    pub sections: Vec<NativeSection>,
}

/// Rows that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NativeSection {
    /// Their heading; always there when the list has several sections.
    pub title: Option<String>,
    /// Whether several of them can be chosen.
    pub multiple: bool,
    /// The rows.
    pub rows: Vec<NativeRow>,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeRow {
    /// What stands in it, and what comes back.
    pub tap: Tap,
    /// What stands below that.
    pub description: Option<String>,
    /// A picture's address.
    pub image: Option<String>,
}

/// A link with title and picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NativeLink {
    /// Where it leads.
    pub url: String,
    /// What it is called.
    pub title: String,
    /// A picture's address.
    pub image: Option<String>,
}

/// Times to choose from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NativeTimes {
    /// The question.
    pub title: String,
    /// A picture's address.
    pub image: Option<String>,
    /// Where it happens.
    pub place: Option<Place>,
    /// How far the place's clocks are from UTC, in minutes, where the author says so.
    pub offset: Option<i32>,
    /// The times.
    pub times: Vec<NativeTime>,
}

/// A time to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeTime {
    /// What it is called where it is written, and what comes back.
    pub tap: Tap,
    /// When it begins, in seconds since 1970.
    pub start: i64,
    /// How long it lasts, in seconds.
    pub lasts: i64,
}
