//! Cards, carousels and suggestions as RCS writes them. What fits is decided before, by [`LIMITS`].

use crate::google::cards;
use antiphon_content::rich::{Form, Native, NativeButton};
use antiphon_content::{ButtonLimits, CardLimits, CarouselLimits, ChipLimits, PictureLimits, PlaceLimits, Structured, Unit};
use serde_json::{Value, json};

/// Under this name stands what goes out where the phone can't show the message. It is not sent along.
pub(super) const FALLBACK: &str = "fallback";
const LABEL: usize = 25;
const CHIPS: ButtonLimits = ButtonLimits { places: true, reported: true, ..ButtonLimits::new(11, LABEL) };
const BUTTONS: ButtonLimits = ButtonLimits { max: 4, links: 4, ..CHIPS };
const CARD: CardLimits = CardLimits { needs_title: false, needs_more: false, ..CardLimits::new(200, 2_000, BUTTONS) };

pub(super) const LIMITS: Structured = Structured {
    neutral: false,
    one_way: false,
    unit: Unit::Codepoint,
    marks: &[],
    picture: Some(PictureLimits { caption: 0 }),
    chips: Some(ChipLimits { min: 1, buttons: CHIPS, text: None, below_all: true, per_row: 0 }),
    buttons: None,
    card: Some(CARD),
    carousel: Some(CarouselLimits::new(10, CARD)),
    list: None,
    place: Some(PlaceLimits { name: 100 }),
    link: None,
    times: None,
};

/// The message's content, where it is more than text.
pub(super) fn message(native: &Native) -> Option<Value> {
    let mut chips = native.chips.clone();
    let mut content = match &native.form {
        Form::Text(_) if chips.is_empty() => return None,
        Form::Text(text) => json!({ "text": text }),
        Form::Picture { url, .. } => json!({ "contentInfo": { "fileUrl": url, "forceRefresh": false } }),
        Form::Card(card) => {
            let mut standalone = json!({ "cardOrientation": "VERTICAL", "cardContent": cards::content(card, true) });
            if card.look.beside {
                standalone["cardOrientation"] = json!("HORIZONTAL");
                standalone["thumbnailImageAlignment"] = json!("LEFT");
            }
            json!({ "richCard": { "standaloneCard": standalone } })
        }
        Form::Carousel { cards: all, .. } => json!({ "richCard": cards::carousel(all) }),
        // A place has no message of its own: it is a text with an action below.
        Form::Place(place) => {
            let name = place.name.clone().unwrap_or_else(|| format!("{}, {}", place.latitude, place.longitude));
            let label = name.chars().take(LABEL).collect();
            chips.insert(0, NativeButton::Place { label, place: place.clone(), token: "place".to_owned() });
            json!({ "text": name })
        }
        // Forms that the limits do not offer are never made.
        Form::Buttons { .. } | Form::List(_) | Form::Link(_) | Form::Times(_) => return None,
    };
    if !chips.is_empty() {
        content["suggestions"] = cards::suggestions(&chips);
    }
    if !native.alt.is_empty() {
        content[FALLBACK] = json!(native.alt);
    }
    Some(content)
}
