//! Messages to people: checked deeply, with the path of what is wrong, and shown on the phone.

use serde_json::Value;

use super::LineSim;
use super::api::Refused;
use super::model::{Note, Sent};
use crate::kit::lock;
use crate::kit::phone::Button;

/// Collects what is wrong, with its place.
#[derive(Default)]
struct Faults(Vec<(String, String)>);

impl Faults {
    fn add(&mut self, message: &str, property: String) {
        self.0.push((message.to_owned(), property));
    }

    fn text(&mut self, value: &Value, max: usize, property: &str) {
        match value.as_str() {
            None | Some("") => self.add("May not be empty", property.to_owned()),
            Some(text) if text.encode_utf16().count() > max => {
                self.add(&format!("Length must be between 0 and {max}"), property.to_owned())
            }
            Some(_) => {}
        }
    }

    fn address(&mut self, value: &Value, property: &str) {
        let url = value.as_str().and_then(|url| url::Url::parse(url).ok());
        let here = |url: &url::Url| matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
        // The vendor takes https only; on this machine nothing else can be served.
        match url {
            Some(url) if url.scheme() == "https" || here(&url) => {
                if url.as_str().len() > 2_000 {
                    self.add("Length must be between 0 and 2000", property.to_owned());
                }
            }
            _ => self.add("invalid uri", property.to_owned()),
        }
    }
}

/// The messages of a body, if they are right.
pub(crate) fn check(body: &Value) -> Result<Vec<Value>, Refused> {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let mut faults = Faults::default();
    if !(1..=5).contains(&messages.len()) {
        faults.add("Size must be between 1 and 5", "messages".to_owned());
    }
    for (index, message) in messages.iter().enumerate() {
        check_message(message, &format!("messages[{index}]"), &mut faults);
    }
    if faults.0.is_empty() {
        return Ok(messages.to_vec());
    }
    Err(Refused(400, format!("The request body has {} error(s)", faults.0.len()), faults.0))
}

fn check_message(message: &Value, at: &str, faults: &mut Faults) {
    match message["type"].as_str() {
        Some("text") => faults.text(&message["text"], 5_000, &format!("{at}.text")),
        Some("image" | "video") => {
            faults.address(&message["originalContentUrl"], &format!("{at}.originalContentUrl"));
            faults.address(&message["previewImageUrl"], &format!("{at}.previewImageUrl"));
        }
        Some("audio") => {
            faults.address(&message["originalContentUrl"], &format!("{at}.originalContentUrl"));
            if message["duration"].as_u64().is_none_or(|duration| duration == 0) {
                faults.add("must be greater than 0", format!("{at}.duration"));
            }
        }
        Some("location") => {
            faults.text(&message["title"], 100, &format!("{at}.title"));
            faults.text(&message["address"], 100, &format!("{at}.address"));
            if message["latitude"].as_f64().is_none() || message["longitude"].as_f64().is_none() {
                faults.add("must be specified", format!("{at}.latitude"));
            }
        }
        Some("sticker") => faults.text(&message["packageId"], 50, &format!("{at}.packageId")),
        Some("template") => {
            faults.text(&message["altText"], 1_500, &format!("{at}.altText"));
            check_template(&message["template"], &format!("{at}.template"), faults);
        }
        Some("flex") => {
            faults.text(&message["altText"], 1_500, &format!("{at}.altText"));
            check_flex(&message["contents"], &format!("{at}.contents"), faults);
        }
        _ => faults
            .add("must be one of the following values: text, image, video, audio, location, sticker, template, flex", format!("{at}.type")),
    }
    let Some(items) = message["quickReply"]["items"].as_array() else { return };
    if !(1..=13).contains(&items.len()) {
        faults.add("Size must be between 1 and 13", format!("{at}.quickReply.items"));
    }
    for (index, item) in items.iter().enumerate() {
        check_action(&item["action"], &format!("{at}.quickReply.items[{index}].action"), faults);
    }
}

fn check_action(action: &Value, at: &str, faults: &mut Faults) {
    match action["type"].as_str() {
        Some("postback") => {
            faults.text(&action["data"], 300, &format!("{at}.data"));
            if !action["displayText"].is_null() {
                faults.text(&action["displayText"], 300, &format!("{at}.displayText"));
            }
        }
        Some("message") => faults.text(&action["text"], 300, &format!("{at}.text")),
        Some("uri") => faults.text(&action["uri"], 1_000, &format!("{at}.uri")),
        Some("datetimepicker") => faults.text(&action["data"], 300, &format!("{at}.data")),
        _ => faults.add("must be one of the following values: postback, message, uri, datetimepicker", format!("{at}.type")),
    }
    faults.text(&action["label"], 20, &format!("{at}.label"));
}

fn check_template(template: &Value, at: &str, faults: &mut Faults) {
    let card = |card: &Value, at: &str, most: usize, bare: usize, faults: &mut Faults| {
        let beside = !card["title"].is_null() || !card["thumbnailImageUrl"].is_null();
        faults.text(&card["text"], if beside { 60 } else { bare }, &format!("{at}.text"));
        if !card["title"].is_null() {
            faults.text(&card["title"], 40, &format!("{at}.title"));
        }
        if !card["thumbnailImageUrl"].is_null() {
            faults.address(&card["thumbnailImageUrl"], &format!("{at}.thumbnailImageUrl"));
        }
        let actions = card["actions"].as_array().map_or(&[][..], Vec::as_slice);
        if !(1..=most).contains(&actions.len()) {
            faults.add(&format!("Size must be between 1 and {most}"), format!("{at}.actions"));
        }
        for (index, action) in actions.iter().enumerate() {
            check_action(action, &format!("{at}.actions[{index}]"), faults);
        }
    };
    match template["type"].as_str() {
        Some("buttons") => card(template, at, 4, 160, faults),
        Some("confirm") => {
            faults.text(&template["text"], 240, &format!("{at}.text"));
            if template["actions"].as_array().is_none_or(|actions| actions.len() != 2) {
                faults.add("Size must be 2", format!("{at}.actions"));
            }
        }
        Some("carousel") => {
            let columns = template["columns"].as_array().map_or(&[][..], Vec::as_slice);
            if !(1..=10).contains(&columns.len()) {
                faults.add("Size must be between 1 and 10", format!("{at}.columns"));
            }
            for (index, column) in columns.iter().enumerate() {
                card(column, &format!("{at}.columns[{index}]"), 3, 120, faults);
            }
            let shape = |column: &Value| {
                (column["actions"].as_array().map(Vec::len), column["title"].is_null(), column["thumbnailImageUrl"].is_null())
            };
            if columns.windows(2).any(|pair| shape(&pair[0]) != shape(&pair[1])) {
                faults.add("All columns must have the same number of actions, and all or none title and image", format!("{at}.columns"));
            }
        }
        _ => faults.add("must be one of the following values: buttons, confirm, carousel", format!("{at}.type")),
    }
}

fn check_flex(contents: &Value, at: &str, faults: &mut Faults) {
    match contents["type"].as_str() {
        Some("bubble") => {
            if ["header", "hero", "body", "footer"].iter().all(|part| contents[*part].is_null()) {
                faults.add("At least one block must be specified", at.to_owned());
            }
            if contents.to_string().len() > 30_000 {
                faults.add("The bubble is larger than 30 KB", at.to_owned());
            }
            for part in ["hero", "body", "footer"] {
                check_component(&contents[part], &format!("{at}.{part}"), faults);
            }
        }
        Some("carousel") => {
            let bubbles = contents["contents"].as_array().map_or(&[][..], Vec::as_slice);
            if !(1..=12).contains(&bubbles.len()) {
                faults.add("Size must be between 1 and 12", format!("{at}.contents"));
            }
            if contents.to_string().len() > 50_000 {
                faults.add("The carousel is larger than 50 KB", at.to_owned());
            }
            for (index, bubble) in bubbles.iter().enumerate() {
                check_flex(bubble, &format!("{at}.contents[{index}]"), faults);
            }
        }
        _ => faults.add("must be one of the following values: bubble, carousel", format!("{at}.type")),
    }
}

fn check_component(component: &Value, at: &str, faults: &mut Faults) {
    match component["type"].as_str() {
        None if component.is_null() => {}
        Some("box") => {
            for (index, part) in component["contents"].as_array().map_or(&[][..], Vec::as_slice).iter().enumerate() {
                check_component(part, &format!("{at}.contents[{index}]"), faults);
            }
        }
        Some("text") => faults.text(&component["text"], 2_000, &format!("{at}.text")),
        Some("image") => faults.address(&component["url"], &format!("{at}.url")),
        Some("button") => check_action(&component["action"], &format!("{at}.action"), faults),
        _ => faults.add("unknown component", format!("{at}.type")),
    }
}

/// How a message looks: words, pictures by their address, and what can be tapped.
#[derive(Default)]
struct Shown {
    lines: Vec<String>,
    pictures: Vec<String>,
    buttons: Vec<Button>,
}

impl Shown {
    fn action(&mut self, action: &Value, chip: bool) {
        let title = action["label"].as_str().unwrap_or_default().to_owned();
        let text = |name: &str| action[name].as_str().unwrap_or_default().to_owned();
        let kind = if chip { "quick_reply" } else { "postback" };
        self.buttons.push(match action["type"].as_str() {
            Some("uri") => Button { kind: "url", title, payload: String::new(), url: text("uri") },
            Some("message") => Button { kind, title, payload: text("text"), url: String::new() },
            _ => Button { kind, title, payload: text("data"), url: String::new() },
        });
    }

    fn card(&mut self, card: &Value) {
        for name in ["title", "text"] {
            self.lines.extend(card[name].as_str().map(str::to_owned));
        }
        self.pictures.extend(card["thumbnailImageUrl"].as_str().map(str::to_owned));
        for action in card["actions"].as_array().map_or(&[][..], Vec::as_slice) {
            self.action(action, false);
        }
    }

    fn flex(&mut self, part: &Value) {
        match part["type"].as_str() {
            Some("text") => self.lines.extend(part["text"].as_str().map(str::to_owned)),
            Some("image") => self.pictures.extend(part["url"].as_str().map(str::to_owned)),
            Some("button") => self.action(&part["action"], false),
            _ => {
                for name in ["hero", "body", "footer"] {
                    if !part[name].is_null() {
                        self.flex(&part[name]);
                    }
                }
                for inner in part["contents"].as_array().map_or(&[][..], Vec::as_slice) {
                    self.flex(inner);
                }
            }
        }
    }

    fn message(&mut self, message: &Value) {
        match message["type"].as_str().unwrap_or_default() {
            "text" => self.lines.extend(message["text"].as_str().map(str::to_owned)),
            "image" | "video" | "audio" => self.pictures.extend(message["originalContentUrl"].as_str().map(str::to_owned)),
            "location" => {
                let title = message["title"].as_str().unwrap_or_default();
                self.lines.push(format!("📍 {title} {}, {}", message["latitude"], message["longitude"]));
            }
            "sticker" => self.lines.push("[sticker]".to_owned()),
            "template" => {
                let template = &message["template"];
                match template["columns"].as_array() {
                    Some(columns) => columns.iter().for_each(|column| self.card(column)),
                    None => self.card(template),
                }
            }
            _ => self.flex(&message["contents"]),
        }
        for item in message["quickReply"]["items"].as_array().map_or(&[][..], Vec::as_slice) {
            self.action(&item["action"], true);
        }
    }
}

impl LineSim {
    /// Takes messages for a person, who sees them unless they blocked the bot; the ids.
    pub(crate) async fn accept(&self, bot: &str, user: &str, way: &'static str, messages: &[Value]) -> Vec<String> {
        let mut ids = Vec::new();
        for message in messages {
            let mut shown = Shown::default();
            shown.message(message);
            let mut media = Vec::new();
            if !self.is_sink() {
                for url in &shown.pictures {
                    // Clients fetch files themselves: one that can't be had is just not shown.
                    if let Ok((content_type, bytes)) = self.fetch(url).await {
                        media.push(self.host("", &content_type, "", bytes));
                    }
                }
            }
            let now = self.now_ms();
            let mut state = lock(&self.inner.state);
            let id = state.message_id();
            state.log.push(Sent {
                id: id.clone(),
                bot_user_id: bot.to_owned(),
                to: user.to_owned(),
                way,
                at_ms: now,
                message: message.clone(),
            });
            if let Some(friend) = state.friend_mut(bot, user).filter(|friend| !friend.blocked) {
                friend.typing_until_ms = 0;
                friend.add(Note {
                    id: id.clone(),
                    from: "brand",
                    at_ms: now,
                    text: shown.lines.join("\n"),
                    media,
                    buttons: shown.buttons,
                    status: "sent",
                });
            }
            drop(state);
            ids.push(id);
        }
        self.changed();
        ids
    }
}
