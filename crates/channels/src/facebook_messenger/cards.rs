//! Cards, buttons and quick replies as Messenger writes them.
//!
//! Public reference: <https://developers.facebook.com/docs/messenger-platform/send-messages/template/generic>, `…/button` and
//! `…/quick-replies`. What fits is decided before, by [`LIMITS`].

use antiphon_content::rich::{Form, Native, NativeButton, NativeCard};
use antiphon_content::{CardLimits, ChipLimits, Structured};
use serde_json::{Value, json};

/// What a message holds: 13 quick replies of 20 characters; a card's title and subtitle of 80, three buttons of 20; ten cards; 640
/// characters above buttons.
pub(super) const LIMITS: Structured = Structured {
    chips: Some(ChipLimits { max: 13, label: 20 }),
    card: Some(CardLimits { title: 80, subtitle: 80, text: 640, buttons: 3, label: 20 }),
    carousel: Some(10),
};

/// The message, where it is more than text.
pub(super) fn message(native: &Native) -> Option<Value> {
    let mut message = match &native.form {
        Form::Text(_) if native.chips.is_empty() => return None,
        Form::Text(text) => json!({ "text": text }),
        Form::Image(url) => attachment("image", json!({ "url": url, "is_reusable": false })),
        Form::Card(card) => generic(std::slice::from_ref(card)),
        Form::Carousel(cards) => generic(cards),
        Form::Buttons { text, buttons } => {
            let buttons: Vec<Value> = buttons.iter().map(button).collect();
            attachment("template", json!({ "template_type": "button", "text": text, "buttons": buttons }))
        }
    };
    if !native.chips.is_empty() {
        let reply = |label: &str, payload: &str| json!({ "content_type": "text", "title": label, "payload": payload });
        message["quick_replies"] = native.chips.iter().map(|tap| reply(&tap.label, &tap.token)).collect();
    }
    Some(message)
}

fn attachment(kind: &str, payload: Value) -> Value {
    json!({ "attachment": { "type": kind, "payload": payload } })
}

fn generic(cards: &[NativeCard]) -> Value {
    let elements: Vec<Value> = cards.iter().map(element).collect();
    attachment("template", json!({ "template_type": "generic", "elements": elements }))
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
        element["buttons"] = card.buttons.iter().map(button).collect();
    }
    element
}

fn button(one: &NativeButton) -> Value {
    match one {
        NativeButton::Tap(tap) => json!({ "type": "postback", "title": tap.label, "payload": tap.token }),
        NativeButton::Open { label, url } => match url.strip_prefix("tel:") {
            Some(number) => json!({ "type": "phone_number", "title": label, "payload": number }),
            None => json!({ "type": "web_url", "title": label, "url": url }),
        },
    }
}
