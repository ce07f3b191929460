//! Buttons below messages, pictures with captions and places as the Bot API writes them.
//!
//! Public reference: <https://core.telegram.org/bots/api#inlinekeyboardmarkup>. What fits is decided before, by [`LIMITS`]. A card is a picture
//! with a caption and buttons below; there is nothing to leaf through, so cards follow one another.

use antiphon_content::rich::{Form, Native, NativeButton, NativeCard, Place};
use antiphon_content::{ButtonLimits, CardLimits, ChipLimits, PictureLimits, PlaceLimits, Structured, TextButtons, Unit};
use serde_json::{Value, json};

/// Labels have no limit; more than this is cut by the app's own screens.
const LABEL: usize = 40;
/// A hundred buttons, in rows of at most eight.
const BUTTONS: ButtonLimits = ButtonLimits::new(100, LABEL);
const PER_ROW: usize = 8;
/// Labels up to this length stand three in a row, longer ones two.
const SHORT_LABEL: usize = 12;

pub(super) const LIMITS: Structured = Structured {
    neutral: false,
    one_way: false,
    unit: Unit::Utf16,
    marks: &[],
    picture: Some(PictureLimits { caption: 1_024 }),
    chips: Some(ChipLimits { min: 1, buttons: BUTTONS, text: None, below_all: true, per_row: PER_ROW }),
    buttons: Some(TextButtons { text: 4_096, buttons: BUTTONS }),
    card: Some(CardLimits {
        title: 1_024,
        subtitle: 1_024,
        together: Some(1_024),
        parts: None,
        needs_image: true,
        needs_title: false,
        needs_more: false,
        buttons: BUTTONS,
    }),
    carousel: None,
    list: None,
    place: Some(PlaceLimits { name: 256 }),
    link: None,
    times: None,
};

/// The method and its fields, where the message is more than text.
pub(super) fn message(native: &Native) -> Option<Value> {
    let (method, mut fields, buttons): (_, _, &[NativeButton]) = match &native.form {
        Form::Text(_) if native.chips.is_empty() => return None,
        Form::Text(text) => ("sendMessage", json!({ "text": text }), &[]),
        Form::Buttons { text, buttons } => ("sendMessage", json!({ "text": text }), buttons),
        Form::Picture { url, caption } => {
            let mut fields = json!({ "photo": url });
            if let Some(caption) = caption {
                fields["caption"] = json!(caption);
            }
            ("sendPhoto", fields, &[])
        }
        Form::Card(card) => ("sendPhoto", photo(card), &card.buttons),
        Form::Place(place) => {
            let (method, fields) = place_fields(place);
            (method, fields, &[])
        }
        // Forms that the limits do not offer are never made.
        Form::Carousel { .. } | Form::List(_) | Form::Link(_) | Form::Times(_) => return None,
    };
    let mut rows: Vec<Vec<Value>> = buttons.iter().map(|one| vec![button(one)]).collect();
    let longest = native.chips.iter().map(|chip| chip.label().chars().count()).max().unwrap_or_default();
    let usual = if longest > SHORT_LABEL { 2 } else { 3 };
    let per_row = if native.per_row == 0 { usual } else { native.per_row.min(PER_ROW) };
    rows.extend(native.chips.chunks(per_row).map(|row| row.iter().map(button).collect()));
    if !rows.is_empty() {
        fields["reply_markup"] = json!({ "inline_keyboard": rows });
    }
    Some(json!({ "method": method, "fields": fields }))
}

fn photo(card: &NativeCard) -> Value {
    let texts = [Some(card.title.as_str()), card.subtitle.as_deref()];
    let caption = texts.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
    let mut fields = json!({ "photo": card.image });
    if !caption.is_empty() {
        fields["caption"] = json!(caption);
    }
    fields
}

/// A place with a name is a venue, which needs an address as well.
fn place_fields(place: &Place) -> (&'static str, Value) {
    let at = json!({ "latitude": place.latitude, "longitude": place.longitude });
    match place.name.as_deref().filter(|name| !name.is_empty()) {
        None => ("sendLocation", at),
        Some(name) => ("sendVenue", json!({ "latitude": place.latitude, "longitude": place.longitude, "title": name, "address": name })),
    }
}

fn button(one: &NativeButton) -> Value {
    match one {
        // Telegram dials nothing: the number is shown instead.
        NativeButton::Open { label, url, token } => match url.strip_prefix("tel:") {
            Some(number) => json!({ "text": format!("{label} {number}"), "callback_data": token }),
            None => json!({ "text": label, "url": url }),
        },
        // The limits offer neither places nor days on buttons.
        NativeButton::Tap(_) | NativeButton::Place { .. } | NativeButton::Day { .. } => {
            json!({ "text": one.label(), "callback_data": one.token() })
        }
    }
}
