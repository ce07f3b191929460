//! What a message contains, by its type.
//!
//! `{"type":"image","image":{"id":"M1","mime_type":"image/jpeg","sha256":"…","caption":"…"}}`. Media is named by its id, with the digest that
//! its bytes must have.

use crate::kit::json;
use antiphon_app::channel::InboundContent;
use serde_json::{Value, json as object};

/// Cards of one message that are read.
const MAX_CONTACTS: usize = 50;
/// Products of one order that are read.
const MAX_PRODUCTS: usize = 100;

/// What is in it, in order; otherwise a code and why there is nothing, after "The message M".
pub(super) fn of(message: &Value) -> Result<Vec<InboundContent>, (&'static str, String)> {
    let kind = message["type"].as_str().unwrap_or_default();
    let body = &message[kind];
    let empty = || ("empty", format!("of type {} has no content that could be read.", plain(kind)));
    let said = |text: Option<String>, payload: Option<String>| {
        let text = text.or_else(|| payload.clone()).ok_or_else(empty)?;
        Ok(vec![InboundContent::Text { text, payload }])
    };
    match kind {
        "text" => said(json::text(&body["body"]), None),
        "image" | "video" | "audio" | "voice" | "document" | "sticker" => media(body).map(|media| vec![media]).ok_or_else(empty),
        "location" => location(body).map(|place| vec![place]).ok_or_else(empty),
        "contacts" => {
            let cards = body.as_array().map_or(&[][..], Vec::as_slice);
            let lines: Vec<String> = cards.iter().take(MAX_CONTACTS).filter_map(card).collect();
            said((!lines.is_empty()).then(|| lines.join("\n")), None)
        }
        "button" => said(json::text(&body["text"]), json::text(&body["payload"])),
        "interactive" => interactive(body).and_then(|(text, payload)| said(text, payload).ok()).ok_or_else(empty),
        "order" => said(Some(order(body)), None),
        "unsupported" | "unknown" => {
            let what = json::text(&message["unsupported"]["type"]).unwrap_or_else(|| "message of a kind that can't be shown".to_owned());
            said(Some(format!("[{}]", plain(&what))), None)
        }
        "" => Err(("malformed", "has no type.".to_owned())),
        other => Err(("unknown_item", format!("is of no known type: {}.", plain(other)))),
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn media(body: &Value) -> Option<InboundContent> {
    let id = json::text(&body["id"]);
    let place = match (&id, json::text(&body["url"])) {
        (Some(id), _) => object!({ "id": id, "sha256": json::text(&body["sha256"]) }),
        (None, Some(url)) => object!({ "url": url, "sha256": json::text(&body["sha256"]) }),
        (None, None) => return None,
    };
    Some(InboundContent::Media {
        url: place.to_string(),
        declared_type: json::text(&body["mime_type"]),
        name: json::text(&body["filename"]),
        caption: json::text(&body["caption"]),
    })
}

fn location(body: &Value) -> Option<InboundContent> {
    let (latitude, longitude) = (json::float(&body["latitude"])?, json::float(&body["longitude"])?);
    let words: Vec<String> = ["name", "address"].into_iter().filter_map(|field| json::text(&body[field])).collect();
    Some(InboundContent::Location { latitude, longitude, label: (!words.is_empty()).then(|| words.join(", ")) })
}

/// A card of somebody's, in a line: name and numbers.
fn card(contact: &Value) -> Option<String> {
    let name = json::text(&contact["name"]["formatted_name"]).or_else(|| json::text(&contact["name"]["first_name"]));
    let list = |name: &str, field: &str| {
        let items = contact[name].as_array().map_or(&[][..], Vec::as_slice);
        items.iter().take(5).filter_map(|item| json::text(&item[field])).collect::<Vec<_>>()
    };
    let reached = [list("phones", "phone"), list("emails", "email")].concat();
    let words: Vec<String> = name.into_iter().chain(reached).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// What was tapped, picked or filled in: what it says, and what stands behind it.
fn interactive(body: &Value) -> Option<(Option<String>, Option<String>)> {
    let kind = body["type"].as_str()?;
    let reply = &body[kind];
    match kind {
        "button_reply" | "list_reply" => Some((json::text(&reply["title"]), json::text(&reply["id"]))),
        "nfm_reply" => {
            let text = json::text(&reply["body"]).or_else(|| json::text(&reply["name"]));
            let filled: Value = reply["response_json"].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            Some((text, json::text(&filled["flow_token"])))
        }
        _ => None,
    }
}

/// An order in words: its note, then a line for each product.
fn order(body: &Value) -> String {
    let products = body["product_items"].as_array().map_or(&[][..], Vec::as_slice);
    let line = |item: &Value| {
        let part = |name: &str| json::text(&item[name]).unwrap_or_default();
        format!("{} × {} ({} {})", part("quantity"), part("product_retailer_id"), part("item_price"), part("currency"))
    };
    let note = json::text(&body["text"]);
    let lines: Vec<String> = note.into_iter().chain(products.iter().take(MAX_PRODUCTS).map(line)).collect();
    if lines.is_empty() { "[order]".to_owned() } else { lines.join("\n") }
}

/// What of it is for machines.
pub(super) fn notes(message: &Value) -> Vec<Value> {
    match message["type"].as_str() {
        Some("order") => {
            let order = &message["order"];
            let products = order["product_items"].as_array().map_or(&[][..], Vec::as_slice);
            let product = |item: &Value| {
                object!({ "productId": json::text(&item["product_retailer_id"]), "quantity": json::integer(&item["quantity"]),
                    "price": json::float(&item["item_price"]), "currency": json::text(&item["currency"]) })
            };
            let products: Vec<Value> = products.iter().take(MAX_PRODUCTS).map(product).collect();
            vec![object!({ "type": "WhatsAppOrder", "catalogId": json::text(&order["catalog_id"]), "products": products })]
        }
        Some("interactive") if message["interactive"]["type"] == "nfm_reply" => {
            let reply = &message["interactive"]["nfm_reply"];
            let filled: Option<Value> = reply["response_json"].as_str().and_then(|text| serde_json::from_str(text).ok());
            let filled = filled.filter(|filled| filled.is_object() && filled.to_string().len() <= 8_000);
            filled
                .map(|filled| object!({ "type": "FormReply", "name": json::text(&reply["name"]), "values": filled }))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}
