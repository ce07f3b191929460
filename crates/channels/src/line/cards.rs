//! Cards, lists, answers and places as LINE writes them.
//!
//! Public reference: <https://developers.line.biz/en/reference/messaging-api/#template-messages> and `#flex-message`. What fits is decided
//! before, by [`LIMITS`], which are those of flexible messages. A card that fits a template is written as one, since that is what every
//! client shows well.

use antiphon_content::rich::{Form, Look, Native, NativeButton, NativeCard, NativeList, Place, Size, Tap};
use antiphon_content::{
    ButtonLimits, CardLimits, CarouselLimits, ChipLimits, ListLimits, PictureLimits, PlaceLimits, Structured, Unit, measure,
};
use serde_json::{Value, json};

const BUTTONS: ButtonLimits = ButtonLimits { days: true, ..ButtonLimits::new(10, 20) };
const CARD: CardLimits = CardLimits { needs_title: false, needs_more: false, ..CardLimits::new(400, 1_000, BUTTONS) };

/// What a message holds.
pub(super) const LIMITS: Structured = Structured {
    neutral: false,
    one_way: false,
    unit: Unit::Utf16,
    marks: &[],
    picture: Some(PictureLimits { caption: 0 }),
    chips: Some(ChipLimits::new(13, 20)),
    buttons: None,
    card: Some(CARD),
    carousel: Some(CarouselLimits { bytes: Some(20_000), ..CarouselLimits::new(12, CARD) }),
    list: Some(ListLimits {
        rows: 12,
        sections: 12,
        text: 1_000,
        title: 20,
        description: 100,
        heading: 100,
        button: 0,
        images: false,
        multiple: false,
    }),
    place: Some(PlaceLimits { name: 100 }),
    link: None,
    times: None,
};

/// What stands for the message in notifications, at most.
const ALT_MAX: usize = 400;
/// What is said in a consumer's name when they tap, at most.
const SAYS_MAX: usize = 300;
const DAY_S: i64 = 86_400;

/// The message, where it is more than text.
pub(super) fn message(native: &Native) -> Option<Value> {
    let mut message = match &native.form {
        Form::Text(_) if native.chips.is_empty() => return None,
        Form::Text(text) => json!({ "type": "text", "text": text }),
        Form::Picture { url, .. } => json!({ "type": "image", "originalContentUrl": url, "previewImageUrl": url }),
        Form::Card(card) => of_card(card, &native.alt),
        Form::Carousel { cards, .. } => carousel(cards, &native.alt),
        Form::List(list) => flex(&native.alt, &list.text, list_bubble(list)),
        Form::Place(place) => of_place(place),
        // Forms that the limits do not offer are never made.
        Form::Buttons { .. } | Form::Link(_) | Form::Times(_) => return None,
    };
    if !native.chips.is_empty() {
        let items: Vec<Value> = native.chips.iter().map(|chip| json!({ "type": "action", "action": action(chip) })).collect();
        message["quickReply"] = json!({ "items": items });
    }
    Some(message)
}

fn short(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

/// A message needs words that stand for it.
fn alt<'a>(alt: &'a str, title: &'a str) -> String {
    let words = [alt, title, "…"].into_iter().find(|words| !words.trim().is_empty()).unwrap_or("…");
    short(words, ALT_MAX)
}

fn action(button: &NativeButton) -> Value {
    match button {
        NativeButton::Tap(tap) => postback(tap),
        NativeButton::Open { label, url, .. } => json!({ "type": "uri", "label": label, "uri": url }),
        NativeButton::Place { label, place, .. } => {
            let map = antiphon_content::rich::map_link(place);
            json!({ "type": "uri", "label": label, "uri": map })
        }
        NativeButton::Day { label, token, earliest, latest } => {
            let mut picker = json!({ "type": "datetimepicker", "label": label, "data": token, "mode": "date" });
            for (name, day) in [("min", earliest), ("max", latest)] {
                if let Some(seconds) = day {
                    let midnight = antiphon_domain::Timestamp(seconds.div_euclid(DAY_S) * DAY_S * 1_000);
                    picker[name] = json!(crate::kit::time::date(midnight));
                }
            }
            picker
        }
    }
}

/// What is tapped is shown in the consumer's name, and only the token is told.
fn postback(tap: &Tap) -> Value {
    let says = tap.says.as_deref().filter(|says| !says.is_empty()).unwrap_or(&tap.label);
    json!({ "type": "postback", "label": tap.label, "data": tap.token, "displayText": short(says, SAYS_MAX) })
}

fn len(text: &str) -> usize {
    measure(text, Unit::Utf16)
}

/// Title and text of a card as a template has them: a card without text says its title.
fn template_words(card: &NativeCard) -> (Option<&str>, &str) {
    match card.subtitle.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => (Some(card.title.as_str()).filter(|title| !title.is_empty()), text),
        None => (None, card.title.as_str()),
    }
}

/// Whether a card fits a template with so many buttons and so much text, bare or below a picture or title.
fn fits_template(card: &NativeCard, buttons: usize, bare: usize, beside: usize) -> bool {
    let (title, text) = template_words(card);
    let max = if title.is_some() || card.image.is_some() { beside } else { bare };
    let days = card.buttons.iter().any(|button| matches!(button, NativeButton::Day { .. }));
    !text.is_empty()
        && (1..=buttons).contains(&card.buttons.len())
        && title.is_none_or(|title| len(title) <= 40)
        && len(text) <= max
        && card.look == Look::default()
        && !days
}

fn of_card(card: &NativeCard, alt_text: &str) -> Value {
    if !fits_template(card, 4, 160, 60) {
        return flex(alt_text, &card.title, bubble(card));
    }
    let (title, text) = template_words(card);
    let mut template = json!({ "type": "buttons", "text": text, "actions": card.buttons.iter().map(action).collect::<Vec<_>>() });
    decorate(&mut template, title, card.image.as_deref());
    json!({ "type": "template", "altText": alt(alt_text, text), "template": template })
}

fn decorate(template: &mut Value, title: Option<&str>, image: Option<&str>) {
    if let Some(title) = title {
        template["title"] = json!(title);
    }
    if let Some(image) = image {
        template["thumbnailImageUrl"] = json!(image);
    }
}

fn carousel(cards: &[NativeCard], alt_text: &str) -> Value {
    let first = cards.first();
    let alike = |card: &NativeCard| {
        first.is_some_and(|first| {
            let title = |card: &NativeCard| template_words(card).0.is_some();
            first.buttons.len() == card.buttons.len() && first.image.is_some() == card.image.is_some() && title(first) == title(card)
        })
    };
    let title = first.map(|card| card.title.as_str()).unwrap_or_default();
    if cards.len() > 10 || !cards.iter().all(|card| alike(card) && fits_template(card, 3, 120, 60)) {
        let contents: Vec<Value> = cards.iter().map(bubble).collect();
        return flex(alt_text, title, json!({ "type": "carousel", "contents": contents }));
    }
    let columns = cards.iter().map(|card| {
        let (title, text) = template_words(card);
        let mut column = json!({ "text": text, "actions": card.buttons.iter().map(action).collect::<Vec<_>>() });
        decorate(&mut column, title, card.image.as_deref());
        column
    });
    let template = json!({ "type": "carousel", "columns": columns.collect::<Vec<_>>() });
    json!({ "type": "template", "altText": alt(alt_text, title), "template": template })
}

fn flex(alt_text: &str, title: &str, contents: Value) -> Value {
    json!({ "type": "flex", "altText": alt(alt_text, title), "contents": contents })
}

fn words(text: &str, bold: bool) -> Value {
    let mut line = json!({ "type": "text", "text": text, "wrap": true });
    if bold {
        line["weight"] = json!("bold");
    }
    line
}

fn button(button: &NativeButton) -> Value {
    json!({ "type": "button", "style": "link", "height": "sm", "action": action(button) })
}

fn column(contents: Vec<Value>) -> Value {
    json!({ "type": "box", "layout": "vertical", "spacing": "sm", "contents": contents })
}

fn bubble(card: &NativeCard) -> Value {
    let mut bubble = json!({ "type": "bubble" });
    if let Some(image) = &card.image {
        let ratio = match (card.look.square, card.look.size) {
            (true, _) => "1:1",
            (false, Size::Short) => "3:1",
            (false, Size::Medium) => "20:13",
            (false, Size::Tall) => "3:4",
        };
        bubble["hero"] = json!({ "type": "image", "url": image, "size": "full", "aspectRatio": ratio, "aspectMode": "cover" });
    }
    let mut lines = Vec::new();
    if !card.title.is_empty() {
        lines.push(words(&card.title, true));
    }
    lines.extend(card.subtitle.as_deref().filter(|text| !text.is_empty()).map(|text| words(text, false)));
    if !lines.is_empty() {
        bubble["body"] = column(lines);
    }
    if !card.buttons.is_empty() {
        bubble["footer"] = column(card.buttons.iter().map(button).collect());
    }
    // A bubble without anything in it is refused.
    if bubble["hero"].is_null() && bubble["body"].is_null() && bubble["footer"].is_null() {
        bubble["body"] = column(vec![words("…", false)]);
    }
    bubble
}

fn list_bubble(list: &NativeList) -> Value {
    let mut lines = Vec::new();
    if !list.text.is_empty() {
        lines.push(words(&list.text, true));
    }
    for section in &list.sections {
        lines.extend(section.title.as_deref().map(|title| words(title, true)));
        for row in &section.rows {
            lines.push(json!({ "type": "button", "style": "link", "height": "sm", "action": postback(&row.tap) }));
            lines.extend(row.description.as_deref().map(|text| words(text, false)));
        }
    }
    json!({ "type": "bubble", "body": column(lines) })
}

/// A place needs a title and an address: its name, or where it is in degrees.
fn of_place(place: &Place) -> Value {
    let degrees = format!("{}, {}", place.latitude, place.longitude);
    let name = place.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&degrees);
    json!({ "type": "location", "title": short(name, 100), "address": short(name, 100), "latitude": place.latitude, "longitude": place.longitude })
}
