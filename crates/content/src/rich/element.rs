//! The neutral model: what a card, a list or a question is, whatever channel shows it.
//!
//! The published format of structured content, read into types. Lengths are in characters (Unicode scalar values), times in seconds
//! since 1970, places in degrees.

use serde_json::Value;

/// Structured content: one element with everything in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rich {
    /// The outermost element.
    pub root: Element,
    /// What the author wants to be shown where nothing but text can be.
    pub fallback: Option<String>,
}

/// An element.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// What it is.
    pub kind: Kind,
    /// Its role by convention: `title`, `subtitle`, `generic`, `list` …, in small letters.
    pub tag: Option<String>,
    /// What stands for it where it can't be shown.
    pub alt: Option<String>,
    /// A hint; also its name for those who can't see it.
    pub tooltip: Option<String>,
    /// What happens when it is tapped.
    pub click: Option<Click>,
    /// Typed objects that come back when it is chosen.
    pub metadata: Vec<Value>,
    /// How the author wants it to look.
    pub look: Look,
    /// Where it stands in the content, as a JSON pointer.
    pub path: String,
}

/// How an author wants a card to look, where a channel lets them choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// How much room the picture takes.
    pub size: Size,
    /// Whether the picture is as wide as it is high.
    pub square: bool,
    /// Whether the picture stands beside the text instead of above it.
    pub beside: bool,
}

/// How much room a picture takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Little.
    Short,
    /// As usual.
    #[default]
    Medium,
    /// Much.
    Tall,
}

/// The kinds of elements.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Text; never markup.
    Text(String),
    /// A button.
    Button(Button),
    /// A picture at an address.
    Image {
        /// Where it is.
        url: String,
        /// A line below it.
        caption: Option<String>,
    },
    /// A place.
    Map(Place),
    /// A link with a title.
    LinkPreview {
        /// Where it leads.
        url: String,
        /// Its title.
        title: Option<String>,
    },
    /// Names with values, one below the other.
    KeyValues(Vec<(String, String)>),
    /// Elements one below the other.
    Vertical(Vec<Element>),
    /// Elements side by side.
    Horizontal(Vec<Element>),
    /// Cards to leaf through.
    Carousel(Vec<Element>),
    /// Cards to choose from: a carousel, or an accordion with a title for each.
    Select {
        /// The name by which a button refers to the choice.
        name: String,
        /// Whether several may be chosen.
        multiple: bool,
        /// The cards' titles, in an accordion.
        titles: Vec<String>,
        /// The cards.
        cards: Vec<Element>,
    },
    /// Cards behind tabs.
    Tabs(Vec<Element>),
    /// Boxes to tick, and a button.
    List(List),
}

/// A button.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Button {
    /// What stands on it.
    pub title: String,
    /// What stands below that.
    pub subtitle: Option<String>,
    /// The selection whose chosen cards it answers for.
    pub selection: Option<String>,
}

/// A place on a map, in degrees.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Its name.
    pub name: Option<String>,
}

/// Boxes to tick.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// The question.
    pub title: String,
    /// The boxes, in groups.
    pub sections: Vec<Section>,
    /// The button that sends what is ticked.
    pub submit: Choice,
    /// A button beside it that ignores the ticks.
    pub other: Option<Choice>,
}

/// A group of boxes.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its heading.
    pub title: Option<String>,
    /// Its boxes.
    pub boxes: Vec<Choice>,
}

/// Something to choose, by a tick or a tap.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What stands there.
    pub title: String,
    /// What stands below that.
    pub subtitle: Option<String>,
    /// What happens.
    pub click: Click,
}

/// What a tap does: its actions, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Click {
    /// The actions.
    pub actions: Vec<Action>,
    /// Typed objects that come back with the answer.
    pub metadata: Vec<Value>,
}

impl Click {
    /// What the consumer is taken to say by the tap.
    pub fn published(&self) -> Option<&str> {
        self.actions.iter().find_map(|action| match action {
            Action::PublishText(text) | Action::Checked(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The address that the tap opens.
    pub fn link(&self) -> Option<&str> {
        self.actions.iter().find_map(|action| match action {
            Action::Link { uri, .. } => Some(uri.as_str()),
            _ => None,
        })
    }

    /// The place that the tap shows.
    pub fn place(&self) -> Option<&Place> {
        self.actions.iter().find_map(|action| match action {
            Action::Navigate(place) => Some(place),
            _ => None,
        })
    }
}

/// One thing that a tap does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Says something in the consumer's name.
    PublishText(String),
    /// Opens an address.
    Link {
        /// Which one, on a computer or where nothing else is known.
        uri: String,
        /// Its name.
        name: Option<String>,
        /// Addresses of the same on iOS and Android.
        mobile: Mobile,
    },
    /// Shows a place.
    Navigate(Place),
    /// Puts things into the page's cart: for the page alone.
    AddToCart(Vec<(String, f64)>),
    /// Something between the page and the author.
    Custom(Vec<(String, String)>),
    /// Asks for a day or a span of days.
    DatePicker(DatePicker),
    /// Asks for one of several times.
    Slots(Slots),
    /// What a ticked box contributes.
    Checked(String),
    /// Sends what is ticked.
    SubmitAsText,
}

/// A link's address on each kind of phone, where it differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mobile {
    /// On iOS.
    pub ios: Option<String>,
    /// On Android.
    pub android: Option<String>,
}

/// A question for a day or a span of days.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatePicker {
    /// The question.
    pub title: Option<String>,
    /// Whether a span is asked for.
    pub range: bool,
    /// The first day, in seconds since 1970.
    pub earliest: Option<i64>,
    /// The last day, in seconds since 1970.
    pub latest: Option<i64>,
    /// How the answer is written, for example `DD.MM.YYYY`.
    pub format: Option<String>,
}

/// A question for one of several times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots {
    /// The question.
    pub title: Option<String>,
    /// The times, in the author's order.
    pub slots: Vec<Slot>,
}

/// A time to choose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slot {
    /// The author's name for it.
    pub id: String,
    /// When it begins, in seconds since 1970.
    pub start: i64,
    /// When it ends.
    pub end: Option<i64>,
    /// What it is called.
    pub title: Option<String>,
    /// More about it.
    pub description: Option<String>,
}

/// Answers offered below a message.
#[derive(Clone, Debug, PartialEq)]
pub struct QuickReplies {
    /// How many stand in a row, where rows are shown.
    pub per_row: usize,
    /// The answers.
    pub replies: Vec<Choice>,
}
