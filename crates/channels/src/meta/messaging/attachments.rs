//! What a message or an echo contains, in order.
//!
//! `{"mid":"m_1","text":"hi","quick_reply":{"payload":"YES"},"attachments":[{"type":"image","payload":{"url":"https://…"}}]}`

use crate::kit::{form, json};
use antiphon_app::channel::InboundContent;
use serde_json::Value;

/// The stickers behind the thumb button, in its three sizes.
const THUMBS: [i64; 3] = [369_239_263_222_822, 369_239_343_222_814, 369_239_383_222_810];
/// Attachments of one message that are read; the vendor allows a few dozen.
const MAX_ATTACHMENTS: usize = 100;

/// The contents of a message, and the kinds of attachment that could not be read.
pub fn contents(message: &Value) -> (Vec<InboundContent>, Vec<String>) {
    let mut contents = Vec::new();
    let mut unread = Vec::new();
    let attachments = message["attachments"].as_array().map_or(&[][..], Vec::as_slice);
    for attachment in attachments.iter().take(MAX_ATTACHMENTS) {
        match content(attachment) {
            Some(content) => contents.push(content),
            None => unread.push(kind(attachment).chars().filter(|c| !c.is_control()).take(40).collect()),
        }
    }
    let payload = json::text(&message["quick_reply"]["payload"]);
    if let Some(text) = json::text(&message["text"]).or_else(|| payload.clone()) {
        // A shared link comes as text and again as an attachment that repeats its address.
        let repeated = |content: &InboundContent| matches!(content, InboundContent::Text { text: shared, .. } if shared.lines().last().is_some_and(|url| text.contains(url)));
        contents.retain(|content| !repeated(content));
        contents.insert(0, InboundContent::Text { text, payload });
    }
    (contents, unread)
}

fn kind(attachment: &Value) -> &str {
    attachment["type"].as_str().unwrap_or("attachment")
}

fn content(attachment: &Value) -> Option<InboundContent> {
    let payload = &attachment["payload"];
    let url = json::text(&payload["url"]).or_else(|| json::text(&attachment["url"]));
    let title = json::text(&payload["title"]).or_else(|| json::text(&attachment["title"]));
    let plain = |text: String| Some(InboundContent::Text { text, payload: None });
    match kind(attachment) {
        "image" if json::integer(&payload["sticker_id"]).is_some_and(|id| THUMBS.contains(&id)) => plain("👍".to_owned()),
        kind @ ("image" | "audio" | "video" | "file") => {
            let url = url?;
            let name = title.or_else(|| (kind == "file").then(|| last_segment(&url)).flatten());
            Some(InboundContent::Media { declared_type: likely_type(kind, &url), url, name, caption: None })
        }
        "like_heart" => plain("❤️".to_owned()),
        // A story lives for a day: its picture is fetched now.
        "story_mention" => {
            Some(InboundContent::Media { url: url?, declared_type: None, name: None, caption: Some("[story mention]".to_owned()) })
        }
        "location" => {
            let place = &payload["coordinates"];
            let latitude = json::float(&place["lat"])?;
            let longitude = json::float(&place["long"]).or_else(|| json::float(&place["lon"]))?;
            Some(InboundContent::Location { latitude, longitude, label: title })
        }
        "template" => plain(template(payload)?),
        // Shared links, reels and whatever comes after them: what can be followed is shown.
        _ => match (title, url) {
            (Some(title), Some(url)) if title != url => plain(format!("{title}\n{url}")),
            (_, Some(url)) => plain(url),
            (Some(title), None) => plain(title),
            (None, None) => None,
        },
    }
}

/// An attachment as the list of a conversation's messages has it:
/// `{"id":"…","mime_type":"image/png","name":"a.png","image_data":{"url":"https://…"}}`.
pub fn listed(attachment: &Value) -> Option<InboundContent> {
    let places = [&attachment["image_data"]["url"], &attachment["video_data"]["url"], &attachment["file_url"]];
    let url = places.into_iter().find_map(json::text)?;
    let kind = if attachment["image_data"].is_object() { "image" } else { "file" };
    let declared_type = json::text(&attachment["mime_type"]).or_else(|| likely_type(kind, &url));
    let name = json::text(&attachment["name"]).filter(|_| kind == "file");
    Some(InboundContent::Media { url, declared_type, name, caption: None })
}

/// The webhook names the kind only: the ending of the address, or what the vendor makes of that kind, tells more. The file's own
/// bytes have the last word.
fn likely_type(kind: &str, url: &str) -> Option<String> {
    let ending = last_segment(url).and_then(|name| Some(name.rsplit_once('.')?.1.to_ascii_lowercase()));
    let by_ending = match ending.as_deref() {
        Some("jpg" | "jpeg") => Some("image/jpeg"),
        Some("png") => Some("image/png"),
        Some("gif") => Some("image/gif"),
        Some("webp") => Some("image/webp"),
        Some("mp4") if kind == "audio" => Some("audio/mp4"),
        Some("mp4") => Some("video/mp4"),
        Some("mp3") => Some("audio/mpeg"),
        Some("pdf") => Some("application/pdf"),
        _ => None,
    };
    let by_kind = match kind {
        "image" => Some("image/jpeg"),
        "video" => Some("video/mp4"),
        _ => None,
    };
    by_ending.or(by_kind).map(str::to_owned)
}

/// The last piece of an address's path, decoded, if it looks like a file's name.
fn last_segment(url: &str) -> Option<String> {
    let parsed = url::Url::parse(url).ok()?;
    let last = parsed.path_segments()?.next_back()?;
    let pairs = form::pairs(last.as_bytes());
    let name = String::from_utf8_lossy(&pairs.first()?.0).into_owned();
    let usable = name.contains('.') && name.chars().count() <= 100 && !name.chars().any(|c| c.is_control() || c == '/' || c == '\\');
    usable.then_some(name)
}

/// The words of a template: its text, or the titles and subtitles of its cards.
fn template(payload: &Value) -> Option<String> {
    let mut lines: Vec<String> = json::text(&payload["text"]).into_iter().collect();
    let product = &payload["product"]["elements"];
    let elements = payload["elements"].as_array().or_else(|| product.as_array()).map_or(&[][..], Vec::as_slice);
    for element in elements.iter().take(10) {
        lines.extend(["title", "subtitle"].into_iter().filter_map(|field| json::text(&element[field])));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
