//! Templates: reading the business account's list, and writing a filled one.
//!
//! Public reference: <https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates>. A gap is named after where it
//! is: `header`, `header.1`, `body.1`, `body.order_id`, `button.0`, `code.1`; that name alone says where its value goes.

use super::graph;
use crate::kit::{errors as kit_errors, http, json};
use antiphon_app::channel::{Disposition, FilledTemplate, Keys, MessageTemplate, SendError, SlotKind, TemplateSlot};
use antiphon_app::ports::net::Net;
use serde_json::{Value, json as object};

/// Pages of a hundred that are read.
const PAGES: usize = 10;
/// Gaps of one text that are read.
const MAX_GAPS: usize = 50;

pub(super) async fn list(keys: &Keys, net: &dyn Net) -> Result<Vec<MessageTemplate>, SendError> {
    let account = keys.credential("waba_id").filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(|| {
        let remedy = "Enter the field waba_id in the source's credentials.";
        kit_errors::error(
            Disposition::Misconfigured { pause_ms: None },
            "source_misconfigured",
            "The source has no business account id.",
            Some(remedy),
        )
    })?;
    let graph = graph(keys);
    let path = format!("{account}/message_templates");
    let fields = "name,status,category,language,components,parameter_format";
    let mut found = Vec::new();
    let mut after = String::new();
    for _ in 0..PAGES {
        let mut query = vec![("limit", "100"), ("fields", fields)];
        if !after.is_empty() {
            query.push(("after", &after));
        }
        let body = graph.harmless(http::get(graph.address(&path, &query)?), net).await?;
        found.extend(body["data"].as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(read));
        match json::text(&body["paging"]["cursors"]["after"]).filter(|_| !body["paging"]["next"].is_null()) {
            Some(next) => after = next,
            None => break,
        }
    }
    Ok(found)
}

/// A template as the account lists it.
fn read(listed: &Value) -> Option<MessageTemplate> {
    let (name, language) = (json::text(&listed["name"])?, json::text(&listed["language"])?);
    let state = json::text(&listed["status"]).unwrap_or_default().to_lowercase();
    let mut template = MessageTemplate {
        name,
        language,
        category: json::text(&listed["category"]).map(|category| category.to_lowercase()),
        usable: state == "approved",
        state,
        text: String::new(),
        slots: Vec::new(),
        buttons: Vec::new(),
    };
    let mut lines = Vec::new();
    for component in listed["components"].as_array().map_or(&[][..], Vec::as_slice) {
        let kind = component["type"].as_str().unwrap_or_default().to_ascii_uppercase();
        match kind.as_str() {
            "HEADER" => match component["format"].as_str().unwrap_or("TEXT").to_ascii_uppercase().as_str() {
                "TEXT" => lines.extend(text(&mut template, "header", component)),
                format => match slot_kind(format) {
                    Some(kind) => template.slots.push(TemplateSlot { name: "header".to_owned(), kind, example: None }),
                    None => unusable(&mut template, "needs what can't be given here"),
                },
            },
            "BODY" => lines.extend(text(&mut template, "body", component)),
            "FOOTER" => lines.extend(json::text(&component["text"])),
            "BUTTONS" => {
                let buttons = component["buttons"].as_array().map_or(&[][..], Vec::as_slice);
                buttons.iter().enumerate().for_each(|(index, one)| button(&mut template, index, one));
            }
            // Carousels, limited offers and what comes after them have gaps that can't be named this way.
            _ => unusable(&mut template, "needs what can't be given here"),
        }
    }
    template.text = lines.join("\n");
    Some(template)
}

fn unusable(template: &mut MessageTemplate, why: &str) {
    if template.usable {
        template.usable = false;
        template.state = why.to_owned();
    }
}

fn slot_kind(format: &str) -> Option<SlotKind> {
    match format {
        "IMAGE" => Some(SlotKind::Image),
        "VIDEO" => Some(SlotKind::Video),
        "DOCUMENT" => Some(SlotKind::Document),
        _ => None,
    }
}

/// A text with gaps, each renamed after where it is.
fn text(template: &mut MessageTemplate, place: &str, component: &Value) -> Option<String> {
    let written = json::text(&component["text"])?;
    let example = &component["example"][format!("{place}_text")];
    // Of a body they are a list in a list, of a header a list.
    let examples = example[0].as_array().or_else(|| example.as_array()).cloned().unwrap_or_default();
    let named = component["example"][format!("{place}_text_named_params")].as_array().cloned().unwrap_or_default();
    let mut said = String::new();
    let mut rest = written.as_str();
    for _ in 0..MAX_GAPS {
        let Some((before, after)) = rest.split_once("{{") else { break };
        let Some((gap, after)) = after.split_once("}}") else { break };
        let gap = gap.trim();
        let name = format!("{place}.{gap}");
        said.push_str(&format!("{before}{{{{{name}}}}}"));
        rest = after;
        if template.slots.iter().any(|slot| slot.name == name) {
            continue;
        }
        let by_name = named.iter().find(|one| one["param_name"] == gap).and_then(|one| json::text(&one["example"]));
        let by_place = gap.parse::<usize>().ok().and_then(|place| json::text(examples.get(place.checked_sub(1)?)?));
        template.slots.push(TemplateSlot { name, kind: SlotKind::Text, example: by_name.or(by_place) });
    }
    said.push_str(rest);
    Some(said)
}

fn button(template: &mut MessageTemplate, index: usize, button: &Value) {
    template.buttons.extend(json::text(&button["text"]));
    let example = json::text(&button["example"]).or_else(|| json::text(&button["example"][0]));
    let mut gap =
        |name: &str| template.slots.push(TemplateSlot { name: format!("{name}.{index}"), kind: SlotKind::Text, example: example.clone() });
    match button["type"].as_str().unwrap_or_default().to_ascii_uppercase().as_str() {
        "URL" if button["url"].as_str().is_some_and(|url| url.contains("{{")) => gap("button"),
        "COPY_CODE" => gap("code"),
        "URL" | "QUICK_REPLY" | "PHONE_NUMBER" => {}
        _ => unusable(template, "needs what can't be given here"),
    }
}

/// The message for a filled template.
pub(super) fn message(filled: &FilledTemplate) -> Value {
    let (mut header, mut body, mut buttons) = (Vec::new(), Vec::new(), Vec::new());
    for slot in &filled.template.slots {
        let value = filled.values.get(&slot.name).map(|value| value.trim()).unwrap_or_default();
        let (place, gap) = slot.name.split_once('.').unwrap_or((&slot.name, ""));
        match place {
            "header" if gap.is_empty() => header.push(file(slot.kind, value)),
            "header" => header.push(words(gap, value)),
            "body" => body.push(words(gap, value)),
            "code" => buttons.push(object!({ "type": "button", "sub_type": "copy_code", "index": gap,
                "parameters": [{ "type": "coupon_code", "coupon_code": value }] })),
            _ => buttons.push(object!({ "type": "button", "sub_type": "url", "index": gap,
                "parameters": [{ "type": "text", "text": value }] })),
        }
    }
    let mut components = Vec::new();
    for (kind, parameters) in [("header", header), ("body", body)] {
        if !parameters.is_empty() {
            components.push(object!({ "type": kind, "parameters": parameters }));
        }
    }
    components.extend(buttons);
    let mut template = object!({ "name": filled.template.name, "language": { "code": filled.template.language } });
    if !components.is_empty() {
        template["components"] = components.into();
    }
    object!({ "type": "template", "template": template })
}

fn words(gap: &str, value: &str) -> Value {
    let mut parameter = object!({ "type": "text", "text": value });
    if gap.parse::<usize>().is_err() {
        parameter["parameter_name"] = gap.into();
    }
    parameter
}

fn file(kind: SlotKind, link: &str) -> Value {
    let kind = match kind {
        SlotKind::Video => "video",
        SlotKind::Document => "document",
        SlotKind::Image | SlotKind::Text => "image",
    };
    object!({ "type": kind, kind: { "link": link } })
}
