//! Buttons, lists, cards and places as WhatsApp writes them.
//!
//! Public reference: <https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages>, and its neighbours
//! for lists, links and carousels. What fits is decided before, by [`LIMITS`].

use antiphon_content::rich::{Form, Native, NativeButton, NativeCard, NativeList, Place};
use antiphon_content::{
    ButtonLimits, CardLimits, CarouselLimits, ChipLimits, ListLimits, PictureLimits, PlaceLimits, Structured, TextButtons, Uniform, Unit,
};
use serde_json::{Value, json};

/// Three answers or one link, of 20 characters.
const BUTTONS: ButtonLimits = ButtonLimits { links: 1, mixed: false, ..ButtonLimits::new(3, 20) };
/// A card is one text of 1,024 characters below its picture.
const CARD: CardLimits =
    CardLimits { together: Some(1_024), needs_title: false, needs_more: false, ..CardLimits::new(1_024, 1_024, BUTTONS) };
const LEAF: CardLimits = CardLimits {
    together: Some(160),
    needs_image: true,
    needs_title: false,
    needs_more: false,
    ..CardLimits::new(160, 160, ButtonLimits { links: 1, mixed: false, ..ButtonLimits::new(2, 20) })
};

/// What a message holds.
pub(super) const LIMITS: Structured = Structured {
    neutral: false,
    one_way: false,
    unit: Unit::Codepoint,
    marks: &['*', '_', '~', '`'],
    picture: Some(PictureLimits { caption: 1_024 }),
    chips: Some(ChipLimits { text: Some(1_024), below_all: false, ..ChipLimits::new(3, 20) }),
    buttons: Some(TextButtons { text: 1_024, buttons: BUTTONS }),
    card: Some(CARD),
    carousel: Some(CarouselLimits {
        text: Some(1_024),
        breaks: Some(2),
        uniform: Uniform { buttons: true, image: true, title: false },
        ..CarouselLimits::new(10, LEAF)
    }),
    list: Some(ListLimits {
        rows: 10,
        sections: 10,
        text: 1_024,
        title: 24,
        description: 72,
        heading: 24,
        button: 20,
        images: false,
        multiple: false,
    }),
    place: Some(PlaceLimits { name: 100 }),
    link: None,
    times: None,
};

/// The message, where it is more than text.
pub(super) fn message(native: &Native) -> Option<Value> {
    let chips = native.chips.as_slice();
    match &native.form {
        Form::Text(_) if chips.is_empty() => None,
        Form::Text(text) => Some(interactive(None, text, chips)),
        Form::Buttons { text, buttons } => Some(interactive(None, text, buttons)),
        Form::Picture { url, caption } => Some(picture(url, caption.as_deref())),
        Form::Card(card) => Some(of_card(card)),
        Form::Carousel { text, cards } => Some(carousel(text.as_deref().unwrap_or(&native.alt), cards)),
        Form::List(list) => Some(of_list(list)),
        Form::Place(place) => Some(of_place(place)),
        // Forms that the limits do not offer are never made.
        Form::Link(_) | Form::Times(_) => None,
    }
}

fn picture(url: &str, caption: Option<&str>) -> Value {
    let mut image = json!({ "link": url });
    if let Some(caption) = caption.filter(|caption| !caption.is_empty()) {
        image["caption"] = json!(caption);
    }
    json!({ "type": "image", "image": image })
}

fn words(card: &NativeCard) -> String {
    let lines = [Some(card.title.as_str()), card.subtitle.as_deref()];
    lines.into_iter().flatten().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn of_card(card: &NativeCard) -> Value {
    let text = words(card);
    match (&card.image, card.buttons.is_empty()) {
        (Some(image), true) => picture(image, Some(&text)),
        (None, true) => json!({ "type": "text", "text": { "body": text, "preview_url": false } }),
        (image, false) => interactive(image.as_deref(), &text, &card.buttons),
    }
}

fn header(image: &str) -> Value {
    json!({ "type": "image", "image": { "link": image } })
}

/// Text with answers, or with one link.
fn interactive(image: Option<&str>, text: &str, buttons: &[NativeButton]) -> Value {
    let mut content = json!({ "body": { "text": text } });
    let (kind, action) = action(buttons);
    content["type"] = json!(kind);
    content["action"] = action;
    if let Some(image) = image {
        content["header"] = header(image);
    }
    json!({ "type": "interactive", "interactive": content })
}

fn action(buttons: &[NativeButton]) -> (&'static str, Value) {
    if let Some(NativeButton::Open { label, url, .. }) = buttons.first() {
        return ("cta_url", json!({ "name": "cta_url", "parameters": { "display_text": label, "url": url } }));
    }
    let reply = |button: &NativeButton| json!({ "type": "reply", "reply": { "id": button.token(), "title": button.label() } });
    ("button", json!({ "buttons": buttons.iter().map(reply).collect::<Vec<_>>() }))
}

fn carousel(text: &str, cards: &[NativeCard]) -> Value {
    let card = |(index, card): (usize, &NativeCard)| {
        let (kind, action) = action(&card.buttons);
        let mut leaf = json!({ "card_index": index, "type": kind, "action": action });
        if kind == "button" {
            let quick =
                |button: &NativeButton| json!({ "type": "quick_reply", "quick_reply": { "id": button.token(), "title": button.label() } });
            leaf["action"] = json!({ "buttons": card.buttons.iter().map(quick).collect::<Vec<_>>() });
        }
        if let Some(image) = &card.image {
            leaf["header"] = header(image);
        }
        let text = words(card);
        if !text.is_empty() {
            leaf["body"] = json!({ "text": text });
        }
        leaf
    };
    let cards: Vec<Value> = cards.iter().enumerate().map(card).collect();
    json!({ "type": "interactive", "interactive": { "type": "carousel", "body": { "text": text }, "action": { "cards": cards } } })
}

fn of_list(list: &NativeList) -> Value {
    let sections = list.sections.iter().map(|section| {
        let rows = section.rows.iter().map(|row| {
            let mut shown = json!({ "id": row.tap.token, "title": row.tap.label });
            if let Some(description) = &row.description {
                shown["description"] = json!(description);
            }
            shown
        });
        let mut shown = json!({ "rows": rows.collect::<Vec<_>>() });
        if let Some(title) = &section.title {
            shown["title"] = json!(title);
        }
        shown
    });
    let action = json!({ "button": list.button, "sections": sections.collect::<Vec<_>>() });
    json!({ "type": "interactive", "interactive": { "type": "list", "body": { "text": list.text }, "action": action } })
}

fn of_place(place: &Place) -> Value {
    let mut location = json!({ "latitude": place.latitude, "longitude": place.longitude });
    if let Some(name) = &place.name {
        location["name"] = json!(name);
    }
    json!({ "type": "location", "location": location })
}
