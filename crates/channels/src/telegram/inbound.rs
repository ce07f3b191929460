//! An update into items: `{"update_id":1,"message":{…}}`, one thing per request.
//!
//! The platform tells neither receipts nor typing. Updates of a bot that serves a business account carry deletions and what the account's
//! holder wrote; their consumers are addressed as `<chat>@<connection>`.

use crate::kit::item::{Item, dead, item, message, names, note, text};
use crate::kit::json;
use antiphon_app::channel::{InboundContent, InboundKind, RawRequest};
use antiphon_domain::Timestamp;
use antiphon_domain::consent::ConsentKind;
use serde_json::{Value, json as object};

/// Kinds of media in a message, with the type of those that come without one.
const MEDIA: [(&str, Option<&str>); 7] = [
    ("animation", Some("video/mp4")),
    ("video", Some("video/mp4")),
    ("voice", Some("audio/ogg")),
    ("audio", Some("audio/mpeg")),
    ("video_note", Some("video/mp4")),
    ("document", None),
    ("sticker", None),
];
/// Things that a group or the service itself says: nobody wrote them.
const SERVICE: [&str; 9] = [
    "new_chat_members",
    "left_chat_member",
    "new_chat_title",
    "new_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
];

pub(super) fn parse(request: &RawRequest) -> Vec<Item> {
    let update = match json::read(&request.body) {
        Ok(update) => update,
        Err(reason) => return vec![dead("malformed", reason)],
    };
    let Some(id) = json::text(&update["update_id"]) else {
        return vec![dead("malformed", "The field update_id is missing.")];
    };
    let of = |name: &str| update.get(name).filter(|value| value.is_object());
    let one = |item: Item| vec![item];
    if let Some(said) = of("message") {
        return written(&id, said, None);
    }
    if let Some(said) = of("business_message") {
        return written(&id, said, json::text(&said["business_connection_id"]));
    }
    if let Some(said) = of("edited_message") {
        return edited(&id, said, None);
    }
    if let Some(said) = of("edited_business_message") {
        return edited(&id, said, json::text(&said["business_connection_id"]));
    }
    if let Some(tap) = of("callback_query") {
        return one(tapped(&id, tap));
    }
    if let Some(change) = of("my_chat_member") {
        return one(membership(&id, change));
    }
    if let Some(reaction) = of("message_reaction") {
        return one(reacted(&id, reaction));
    }
    if let Some(gone) = of("deleted_business_messages") {
        return deleted(&id, gone);
    }
    if of("business_connection").is_some() {
        return one(item(id, None, InboundKind::Ignored("business_connection")));
    }
    let fields = names(&update);
    one(dead("unknown_item", format!("An update is of no known kind; its fields are: {fields}.")))
}

/// The id of the tap that waits for an answer.
pub(super) fn callback_query(request: &RawRequest) -> Option<String> {
    // Most updates are none; looking for the name is cheaper than reading the document twice.
    let name = b"\"callback_query\"";
    if !request.body.windows(name.len()).any(|window| window == name) {
        return None;
    }
    json::text(&json::read(&request.body).ok()?["callback_query"]["id"])
}

fn at(said: &Value, field: &str) -> Option<Timestamp> {
    json::integer(&said[field]).map(|seconds| Timestamp(seconds.saturating_mul(1_000)))
}

fn address(chat: &Value, connection: Option<&str>) -> Option<String> {
    let chat = json::text(&chat["id"])?;
    Some(connection.map_or_else(|| chat.clone(), |connection| format!("{chat}@{connection}")))
}

fn name(person: &Value) -> Option<String> {
    let names: Vec<String> = ["first_name", "last_name"].into_iter().filter_map(|field| json::text(&person[field])).collect();
    let whole = (!names.is_empty()).then(|| names.join(" "));
    whole.or_else(|| json::text(&person["title"])).or_else(|| json::text(&person["username"]))
}

fn written(id: &str, said: &Value, connection: Option<String>) -> Vec<Item> {
    let Some(from) = address(&said["chat"], connection.as_deref()) else {
        return vec![dead("malformed", "A message has no chat.id.")];
    };
    let at = at(said, "date");
    if let Some(service) = SERVICE.into_iter().find(|name| !said[*name].is_null()) {
        return vec![item(id, at, InboundKind::Ignored(service))];
    }
    let (mut contents, mut notes, unread) = contents(said);
    let mut items: Vec<Item> = Vec::new();
    if contents.is_empty() {
        let fields = names(said);
        return vec![dead("unsupported", format!("The message {id} has nothing that can be shown; its fields are: {fields}."))];
    }
    items.extend(unread.map(|kind| dead("unsupported", format!("The message {id} has a {kind} without a file id."))));
    let vendor_id = json::text(&said["message_id"]);
    let business = connection.is_some();
    // In a business account's chat the other side is the account's holder: the brand.
    if business && json::text(&said["from"]["id"]) != json::text(&said["chat"]["id"]) {
        let vendor_id = vendor_id.unwrap_or_else(|| id.to_owned());
        items.push(item(id, at, InboundKind::Echo { to: from, vendor_id, delivery: None, contents }));
        return items;
    }
    if said["from"]["is_bot"] == true {
        return vec![item(id, at, InboundKind::Ignored("another_bot"))];
    }
    if let [InboundContent::Text { text, .. }] = contents.as_mut_slice()
        && let Some(payload) = text.strip_prefix("/start ").map(|payload| payload.trim().to_owned())
    {
        notes.push(object!({ "type": "Referral", "ref": payload.chars().take(64).collect::<String>() }));
        "/start".clone_into(text);
    }
    if let Some(earlier) = json::text(&said["reply_to_message"]["message_id"]) {
        notes.push(object!({ "type": "ReplyTo", "id": earlier }));
    }
    if let Some(album) = json::text(&said["media_group_id"]) {
        notes.push(object!({ "type": "Album", "id": album }));
    }
    let person = name(&said["from"]).or_else(|| name(&said["chat"]));
    items.push(item(id, at, message(from, person, contents, notes)));
    items
}

/// What was said, typed objects to keep with it, and a kind of media that came without its file.
fn contents(said: &Value) -> (Vec<InboundContent>, Vec<Value>, Option<&'static str>) {
    let mut notes = Vec::new();
    let mut unread = None;
    let caption = json::text(&said["caption"]);
    if let Some(words) = json::text(&said["text"]) {
        return (vec![text(words, None)], notes, None);
    }
    if let Some(sizes) = said["photo"].as_array() {
        let area = |size: &&Value| json::integer(&size["width"]).unwrap_or(0).saturating_mul(json::integer(&size["height"]).unwrap_or(0));
        let file = sizes.iter().max_by_key(area).and_then(|size| json::text(&size["file_id"]));
        match file {
            Some(url) => {
                let declared_type = Some("image/jpeg".to_owned());
                return (vec![InboundContent::Media { url, declared_type, name: None, caption }], notes, None);
            }
            None => unread = Some("photo"),
        }
    }
    for (kind, usual) in MEDIA {
        let file = &said[kind];
        if file.is_null() {
            continue;
        }
        let Some(url) = json::text(&file["file_id"]) else {
            unread = Some(kind);
            continue;
        };
        let declared_type = json::text(&file["mime_type"]).or_else(|| match kind {
            "sticker" if file["is_video"] == true => Some("video/webm".to_owned()),
            "sticker" if file["is_animated"] == true => Some("application/x-tgsticker".to_owned()),
            "sticker" => Some("image/webp".to_owned()),
            _ => usual.map(str::to_owned),
        });
        let caption = caption.or_else(|| json::text(&file["emoji"]).filter(|_| kind == "sticker"));
        return (vec![InboundContent::Media { url, declared_type, name: json::text(&file["file_name"]), caption }], notes, None);
    }
    let place = if said["venue"].is_object() { &said["venue"]["location"] } else { &said["location"] };
    if let (Some(latitude), Some(longitude)) = (json::float(&place["latitude"]), json::float(&place["longitude"])) {
        let parts: Vec<String> = ["title", "address"].into_iter().filter_map(|field| json::text(&said["venue"][field])).collect();
        let label = (!parts.is_empty()).then(|| parts.join(", "));
        return (vec![InboundContent::Location { latitude, longitude, label }], notes, None);
    }
    if said["contact"].is_object() {
        let parts = [name(&said["contact"]), json::text(&said["contact"]["phone_number"])];
        let words: Vec<String> = parts.into_iter().flatten().collect();
        notes.push(object!({ "type": "Contact" }));
        return (vec![text(words.join(" "), None)], notes, None);
    }
    if let Some(data) = json::text(&said["web_app_data"]["data"]) {
        let label = json::text(&said["web_app_data"]["button_text"]).unwrap_or_else(|| data.clone());
        return (vec![text(label, Some(data))], notes, None);
    }
    if let Some(emoji) = json::text(&said["dice"]["emoji"]) {
        return (vec![text(emoji, None)], notes, None);
    }
    if let Some(question) = json::text(&said["poll"]["question"]) {
        return (vec![text(question, None)], notes, None);
    }
    if let Some(words) = caption {
        return (vec![text(words, None)], notes, unread);
    }
    (Vec::new(), notes, unread)
}

/// An edited message is shown as a new one that names the old: events don't change.
fn edited(id: &str, said: &Value, connection: Option<String>) -> Vec<Item> {
    let at = at(said, "edit_date");
    let Some(from) = address(&said["chat"], connection.as_deref()) else {
        return vec![dead("malformed", "An edited message has no chat.id.")];
    };
    let own = connection.is_none() || json::text(&said["from"]["id"]) == json::text(&said["chat"]["id"]);
    let words = json::text(&said["text"]).or_else(|| json::text(&said["caption"])).filter(|_| own);
    let Some(words) = words else { return vec![item(id, at, InboundKind::Ignored("edit_without_text"))] };
    let notes = vec![object!({ "type": "Edit", "id": json::text(&said["message_id"]) })];
    vec![item(id, at, message(from, name(&said["from"]), vec![text(words, None)], notes))]
}

fn tapped(id: &str, tap: &Value) -> Item {
    // The chat is that of the message below which the button stands; a message that is too old comes without.
    let from = address(&tap["message"]["chat"], json::text(&tap["message"]["business_connection_id"]).as_deref());
    let Some(from) = from.or_else(|| json::text(&tap["from"]["id"])) else {
        return dead("malformed", "A tap has neither message.chat.id nor from.id.");
    };
    let Some(data) = json::text(&tap["data"]) else { return item(id, None, InboundKind::Ignored("tap_without_data")) };
    let rows = tap["message"]["reply_markup"]["inline_keyboard"].as_array().map_or(&[][..], Vec::as_slice);
    let button = rows.iter().flat_map(|row| row.as_array().into_iter().flatten()).find(|button| button["callback_data"] == data.as_str());
    let label = button.and_then(|button| json::text(&button["text"])).unwrap_or_else(|| data.clone());
    let notes: Vec<Value> =
        json::text(&tap["message"]["message_id"]).map(|about| object!({ "type": "ReplyTo", "id": about })).into_iter().collect();
    item(id, None, message(from, name(&tap["from"]), vec![text(label, Some(data))], notes))
}

fn membership(id: &str, change: &Value) -> Item {
    let Some(from) = address(&change["chat"], None) else { return dead("malformed", "A change of membership has no chat.id.") };
    let (kind, proof) = match change["new_chat_member"]["status"].as_str() {
        Some("kicked" | "left") => (ConsentKind::OptOut, "Telegram says that the consumer has blocked the bot."),
        Some("member" | "administrator") => (ConsentKind::OptIn, "Telegram says that the consumer has unblocked the bot."),
        _ => return item(id, at(change, "date"), InboundKind::Ignored("membership")),
    };
    item(id, at(change, "date"), InboundKind::Consent { from, kind, proof: proof.to_owned() })
}

fn reacted(id: &str, reaction: &Value) -> Item {
    let Some(from) = address(&reaction["chat"], None) else { return dead("malformed", "A reaction has no chat.id.") };
    let about = json::text(&reaction["message_id"]);
    let emoji = reaction["new_reaction"].as_array().and_then(|all| all.last()).and_then(|one| json::text(&one["emoji"]));
    let taken_back = reaction["new_reaction"].as_array().is_none_or(Vec::is_empty);
    let mut kept = object!({ "type": "Reaction", "action": if taken_back { "unreact" } else { "react" }, "id": about });
    if let Some(emoji) = emoji {
        kept["emoji"] = emoji.chars().take(16).collect::<String>().into();
    }
    item(id, at(reaction, "date"), note(from, about, &kept, false))
}

fn deleted(id: &str, gone: &Value) -> Vec<Item> {
    let connection = json::text(&gone["business_connection_id"]);
    let Some(from) = address(&gone["chat"], connection.as_deref()) else {
        return vec![dead("malformed", "Deleted messages have no chat.id.")];
    };
    let ids = gone["message_ids"].as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(json::text);
    ids.map(|message| {
        item(
            format!("{id}:{message}"),
            None,
            note(from.clone(), Some(message.clone()), &object!({ "type": "Deleted", "id": message }), false),
        )
    })
    .collect()
}
