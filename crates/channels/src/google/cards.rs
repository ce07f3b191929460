//! Cards and suggestions in the grammar that Google's channels share.

use antiphon_content::rich::{NativeButton, NativeCard, Size};
use serde_json::{Value, json};

/// A card's content. `tall` says whether its picture may be so.
pub(crate) fn content(card: &NativeCard, tall: bool) -> Value {
    let mut content = json!({});
    if !card.title.is_empty() {
        content["title"] = json!(card.title);
    }
    if let Some(text) = &card.subtitle {
        content["description"] = json!(text);
    }
    if let Some(url) = &card.image {
        let height = match card.look.size {
            Size::Short => "SHORT",
            Size::Tall if tall => "TALL",
            Size::Medium | Size::Tall => "MEDIUM",
        };
        content["media"] = json!({ "height": height, "contentInfo": { "fileUrl": url, "forceRefresh": false } });
    }
    if !card.buttons.is_empty() {
        content["suggestions"] = suggestions(&card.buttons);
    }
    content
}

/// Several cards side by side.
pub(crate) fn carousel(cards: &[NativeCard]) -> Value {
    let contents: Vec<Value> = cards.iter().map(|card| content(card, false)).collect();
    json!({ "carouselCard": { "cardWidth": "MEDIUM", "cardContents": contents } })
}

/// Answers and actions.
pub(crate) fn suggestions(buttons: &[NativeButton]) -> Value {
    buttons.iter().map(suggestion).collect()
}

fn suggestion(one: &NativeButton) -> Value {
    let mut action = json!({ "text": one.label(), "postbackData": one.token() });
    match one {
        // The limits offer no days.
        NativeButton::Tap(_) | NativeButton::Day { .. } => return json!({ "reply": action }),
        NativeButton::Open { url, .. } => match url.strip_prefix("tel:") {
            Some(number) => action["dialAction"] = json!({ "phoneNumber": number }),
            None => action["openUrlAction"] = json!({ "url": url }),
        },
        NativeButton::Place { place, .. } => {
            let mut view = json!({ "latLong": { "latitude": place.latitude, "longitude": place.longitude } });
            if let Some(name) = &place.name {
                view["label"] = json!(name);
            }
            action["viewLocationAction"] = view;
        }
    }
    json!({ "action": action })
}
