//! Keyboards, cards and places as the Bot API writes them.
//!
//! Public reference: <https://developers.viber.com/docs/tools/keyboards/>. What fits is decided before, by [`LIMITS`]. A card is a grid of six
//! columns whose cells are filled from the top; cards side by side share one plan of rows, so that none slides into its neighbour.

use antiphon_content::rich::{Form, Native, NativeButton, NativeCard};
use antiphon_content::{ButtonLimits, CardLimits, CarouselLimits, ChipLimits, PictureLimits, PlaceLimits, Structured, Unit};
use serde_json::{Value, json};
use std::collections::HashSet;

const LABEL: usize = 25;
const ROWS_OF_IMAGE: usize = 3;
/// Picture 3, title 1, text 1: two rows of seven are left.
const CARD_BUTTONS: ButtonLimits = ButtonLimits::new(2, LABEL);
const CARD: CardLimits = CardLimits { needs_more: false, ..CardLimits::new(250, 250, CARD_BUTTONS) };

pub(super) const LIMITS: Structured = Structured {
    neutral: false,
    one_way: false,
    unit: Unit::Codepoint,
    marks: &[],
    picture: Some(PictureLimits { caption: 768 }),
    chips: Some(ChipLimits { min: 1, buttons: ButtonLimits::new(11, LABEL), text: None, below_all: true, per_row: 3 }),
    buttons: None,
    card: Some(CARD),
    carousel: Some(CarouselLimits::new(6, CARD)),
    list: None,
    place: Some(PlaceLimits { name: 0 }),
    link: None,
    times: None,
};

/// The message's own fields, and under `taps` what each tap stands for.
pub(super) fn message(native: &Native) -> Option<Value> {
    let mut taps = Taps::of(native);
    let mut message = match &native.form {
        Form::Text(_) if native.chips.is_empty() => return None,
        Form::Text(text) => json!({ "type": "text", "text": text }),
        Form::Picture { url, caption } => json!({ "type": "picture", "media": url, "text": caption.as_deref().unwrap_or_default() }),
        Form::Card(card) => taps.grid(std::slice::from_ref(card), &native.alt),
        Form::Carousel { cards, .. } => taps.grid(cards, &native.alt),
        Form::Place(place) => json!({ "type": "location", "location": { "lat": place.latitude, "lon": place.longitude } }),
        // Forms that the limits do not offer are never made.
        Form::Buttons { .. } | Form::List(_) | Form::Link(_) | Form::Times(_) => return None,
    };
    if !native.chips.is_empty() {
        let columns = match native.per_row {
            1 => 6,
            2 => 3,
            _ => 2,
        };
        let buttons: Vec<Value> = native.chips.iter().map(|chip| taps.button(chip, columns)).collect();
        message["keyboard"] = json!({ "Type": "keyboard", "DefaultHeight": false, "Buttons": buttons });
    }
    message["taps"] = Value::Array(taps.known);
    Some(message)
}

/// What taps say, and what stands behind it.
struct Taps {
    /// Said by more than one button: their tokens are said instead.
    ambiguous: HashSet<String>,
    known: Vec<Value>,
}

impl Taps {
    fn of(native: &Native) -> Self {
        let on_cards: &[NativeCard] = match &native.form {
            Form::Card(card) => std::slice::from_ref(card),
            Form::Carousel { cards, .. } => cards,
            _ => &[],
        };
        let all = on_cards.iter().flat_map(|card| &card.buttons).chain(&native.chips);
        let mut seen = HashSet::new();
        let ambiguous = all.filter(|one| !seen.insert(says(one))).map(says).collect();
        Self { ambiguous, known: Vec::new() }
    }

    /// A cell that can be tapped.
    fn button(&mut self, one: &NativeButton, columns: usize) -> Value {
        let cell = |kind: &str, body: &str| json!({ "Columns": columns, "Rows": 1, "ActionType": kind, "ActionBody": body, "Text": escaped(one.label()) });
        if let NativeButton::Open { url, .. } = one {
            return cell("open-url", url);
        }
        let said = says(one);
        let silent = self.ambiguous.contains(&said);
        let body = if silent { one.token() } else { &said };
        self.known.push(json!([body, one.token()]));
        let mut cell = cell("reply", body);
        if silent {
            cell["Silent"] = true.into();
        }
        cell
    }

    fn grid(&mut self, cards: &[NativeCard], alt: &str) -> Value {
        let image = if cards.iter().any(|card| card.image.is_some()) { ROWS_OF_IMAGE } else { 0 };
        let title = usize::from(cards.iter().any(|card| !card.title.is_empty()));
        let subtitle = usize::from(cards.iter().any(|card| card.subtitle.is_some()));
        let most = cards.iter().map(|card| card.buttons.len()).max().unwrap_or_default();
        let mut cells = Vec::new();
        for card in cards {
            if image > 0 {
                cells.push(match &card.image {
                    Some(url) => json!({ "Columns": 6, "Rows": image, "ActionType": "none", "ActionBody": "none", "Image": url }),
                    None => empty(image),
                });
            }
            if title > 0 {
                cells.push(words(&format!("<b>{}</b>", escaped(&card.title))));
            }
            if subtitle > 0 {
                cells.push(words(&escaped(card.subtitle.as_deref().unwrap_or_default())));
            }
            cells.extend(card.buttons.iter().map(|one| self.button(one, 6)));
            cells.extend((card.buttons.len()..most).map(|_| empty(1)));
        }
        let rows = (image + title + subtitle + most).max(1);
        let grid =
            json!({ "Type": "rich_media", "ButtonsGroupColumns": 6, "ButtonsGroupRows": rows, "BgColor": "#FFFFFF", "Buttons": cells });
        json!({ "type": "rich_media", "alt_text": alt, "rich_media": grid })
    }
}

/// What the consumer says by it.
fn says(one: &NativeButton) -> String {
    match one {
        NativeButton::Tap(tap) => tap.says.clone().unwrap_or_else(|| tap.label.clone()).chars().take(250).collect(),
        other => other.label().to_owned(),
    }
}

fn words(text: &str) -> Value {
    json!({ "Columns": 6, "Rows": 1, "ActionType": "none", "ActionBody": "none", "Text": text, "TextHAlign": "left", "TextVAlign": "middle" })
}

fn empty(rows: usize) -> Value {
    json!({ "Columns": 6, "Rows": rows, "ActionType": "none", "ActionBody": "none", "Text": "" })
}

/// Cells hold a little markup, so that what looks like some must not be.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
