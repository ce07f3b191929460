//! What a message contains, by its type: `{"type":"image","id":"500001","contentProvider":{"type":"line"}}`.
//!
//! Files are named by the message's id, and kept by the vendor for a short while.

use crate::kit::json;
use antiphon_app::channel::InboundContent;
use serde_json::{Value, json as object};

type Read = (Vec<InboundContent>, Vec<Value>);

/// What is in it, with what is for machines; otherwise a code and why there is nothing, after "a message that".
pub(super) fn of(message: &Value) -> Result<Read, (&'static str, String)> {
    let kind = message["type"].as_str().unwrap_or_default();
    let said = |text: String| vec![InboundContent::Text { text, payload: None }];
    match kind {
        "text" => {
            let text = json::text(&message["text"]).ok_or(("empty", "has no text.".to_owned()))?;
            Ok((said(text), Vec::new()))
        }
        "image" | "video" | "audio" | "file" => {
            let file = media(kind, message).ok_or(("empty", format!("of type {kind} names no file.")))?;
            Ok((vec![file], Vec::new()))
        }
        "location" => {
            let degrees = |name: &str| json::float(&message[name]);
            let place = degrees("latitude").zip(degrees("longitude")).ok_or(("malformed", "has no latitude and longitude.".to_owned()))?;
            let words: Vec<String> = ["title", "address"].into_iter().filter_map(|name| json::text(&message[name])).collect();
            let label = (!words.is_empty()).then(|| words.join(", "));
            Ok((vec![InboundContent::Location { latitude: place.0, longitude: place.1, label }], Vec::new()))
        }
        "sticker" => Ok(sticker(message)),
        "" => Err(("malformed", "has no type.".to_owned())),
        other => {
            let other: String = other.chars().filter(|c| !c.is_control()).take(40).collect();
            Err(("unknown_item", format!("is of no known type: {other}.")))
        }
    }
}

fn media(kind: &str, message: &Value) -> Option<InboundContent> {
    let provider = &message["contentProvider"];
    let place = match provider["type"].as_str() {
        Some("external") => object!({ "url": json::text(&provider["originalContentUrl"])? }),
        _ => object!({ "id": json::text(&message["id"])? }),
    };
    let declared = match kind {
        "image" => Some("image/jpeg"),
        "video" => Some("video/mp4"),
        "audio" => Some("audio/mp4"),
        _ => None,
    };
    Some(InboundContent::Media {
        url: place.to_string(),
        declared_type: declared.map(str::to_owned),
        name: json::text(&message["fileName"]),
        caption: None,
    })
}

/// A sticker in words: what is written on it, or what it is found by.
fn sticker(message: &Value) -> Read {
    let keywords = message["keywords"].as_array().map_or(&[][..], Vec::as_slice);
    let words = json::text(&message["text"]).or_else(|| {
        let words: Vec<String> = keywords.iter().take(3).filter_map(json::text).collect();
        (!words.is_empty()).then(|| words.join(", "))
    });
    let text = words.map_or_else(|| "[sticker]".to_owned(), |words| format!("[sticker: {}]", words.chars().take(200).collect::<String>()));
    let note =
        object!({ "type": "Sticker", "packageId": json::text(&message["packageId"]), "stickerId": json::text(&message["stickerId"]) });
    (vec![InboundContent::Text { text, payload: None }], vec![note])
}

/// What was tapped: what stands behind it, and the day or time that was picked with it.
pub(super) fn tapped(postback: &Value) -> Option<InboundContent> {
    let data = json::text(&postback["data"])?;
    let picked = ["datetime", "date", "time"].into_iter().find_map(|name| json::text(&postback["params"][name]));
    Some(InboundContent::Text { text: picked.unwrap_or_else(|| data.clone()), payload: Some(data) })
}
