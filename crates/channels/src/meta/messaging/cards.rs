//! Cards, buttons and quick replies as Messenger writes them.
//!
//! Public reference: <https://developers.facebook.com/docs/messenger-platform/send-messages/template/generic>, `…/button` and
//! `…/quick-replies`. What fits is decided before, by [`LIMITS`].

use antiphon_content::rich::{Form, Native, NativeButton, NativeCard, Tap};
use antiphon_content::{ButtonLimits, CardLimits, CarouselLimits, ChipLimits, PictureLimits, Structured, TextButtons, Unit};
use serde_json::{Value, json};

/// What a message holds: 13 quick replies of 20 characters; a card's title and subtitle of 80, three buttons of 20; ten cards; 640
/// characters above buttons.
pub const LIMITS: Structured = Structured {
    neutral: false,
    one_way: false,
    unit: Unit::Codepoint,
    marks: &[],
    picture: Some(PictureLimits { caption: 0 }),
    chips: Some(ChipLimits::new(13, 20)),
    buttons: Some(TextButtons { text: 640, buttons: BUTTONS }),
    card: Some(CARD),
    carousel: Some(CarouselLimits::new(10, CARD)),
    list: None,
    place: None,
    link: None,
    times: None,
};
const BUTTONS: ButtonLimits = ButtonLimits::new(3, 20);
const CARD: CardLimits = CardLimits::new(80, 80, BUTTONS);

/// The message, where it is more than text.
pub fn message(native: &Native) -> Option<Value> {
    let mut message = match &native.form {
        Form::Text(_) if native.chips.is_empty() => return None,
        Form::Text(text) => json!({ "text": text }),
        Form::Picture { url, .. } => attachment("image", json!({ "url": url, "is_reusable": false })),
        Form::Card(card) => generic(std::slice::from_ref(card)),
        Form::Carousel { cards, .. } => generic(cards),
        Form::Buttons { text, buttons } => {
            let buttons: Vec<Value> = buttons.iter().filter_map(button).collect();
            attachment("template", json!({ "template_type": "button", "text": text, "buttons": buttons }))
        }
        // Forms that the limits do not offer are never made.
        Form::List(_) | Form::Place(_) | Form::Link(_) | Form::Times(_) => return None,
    };
    if !native.chips.is_empty() {
        let reply = |tap: &NativeButton| json!({ "content_type": "text", "title": tap.label(), "payload": tap.token() });
        message["quick_replies"] = native.chips.iter().map(reply).collect();
    }
    Some(message)
}

fn attachment(kind: &str, payload: Value) -> Value {
    json!({ "attachment": { "type": kind, "payload": payload } })
}

fn generic(cards: &[NativeCard]) -> Value {
    let elements: Vec<Value> = cards.iter().map(element).collect();
    let mut payload = json!({ "template_type": "generic", "elements": elements });
    if cards.iter().any(|card| card.look.square) {
        payload["image_aspect_ratio"] = json!("square");
    }
    attachment("template", payload)
}

fn element(card: &NativeCard) -> Value {
    let mut element = json!({ "title": card.title });
    if let Some(subtitle) = &card.subtitle {
        element["subtitle"] = json!(subtitle);
    }
    if let Some(image) = &card.image {
        element["image_url"] = json!(image);
    }
    if !card.buttons.is_empty() {
        element["buttons"] = card.buttons.iter().filter_map(button).collect();
    }
    element
}

fn button(one: &NativeButton) -> Option<Value> {
    Some(match one {
        NativeButton::Tap(Tap { label, token, .. }) => json!({ "type": "postback", "title": label, "payload": token }),
        NativeButton::Open { label, url, .. } => match url.strip_prefix("tel:") {
            Some(number) => json!({ "type": "phone_number", "title": label, "payload": number }),
            None => json!({ "type": "web_url", "title": label, "url": url }),
        },
        NativeButton::Place { .. } | NativeButton::Day { .. } => return None,
    })
}
