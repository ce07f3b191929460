//! What bots send: checked as the service checks it, shown on the phone, kept for tests.

use serde_json::{Value, json};

use super::TelegramSim;
use super::api::{Call, Refused, bad};
use super::model::Sent;
use crate::kit::lock;
use crate::kit::phone::Button;
use crate::kit::threads::Note;

const TEXT_MAX: usize = 4_096;
const CAPTION_MAX: usize = 1_024;
const CALLBACK_MAX: usize = 64;
const MB: usize = 1024 * 1024;
const TYPING_MS: i64 = 5_000;
/// Methods that carry one file, with the file's field.
const FILES: [(&str, &str); 8] = [
    ("sendPhoto", "photo"),
    ("sendVideo", "video"),
    ("sendAudio", "audio"),
    ("sendVoice", "voice"),
    ("sendDocument", "document"),
    ("sendSticker", "sticker"),
    ("sendAnimation", "animation"),
    ("sendVideoNote", "video_note"),
];

impl TelegramSim {
    /// The chat that a call names, if the bot may write there.
    pub(super) fn recipient(&self, call: &Call) -> Result<String, Refused> {
        let chat = call.text("chat_id").filter(|chat| !chat.is_empty()).ok_or_else(|| bad("chat_id is empty"))?;
        let state = lock(&self.inner.state);
        if let Some(to) = state.moved.get(&chat) {
            let parameters = json!({ "migrate_to_chat_id": to });
            return Err(Refused(400, "Bad Request: group chat was upgraded to a supergroup chat".into(), parameters));
        }
        let person = state.threads.person(&call.bot, &chat).ok_or_else(|| bad("chat not found"))?;
        if person.left {
            return Err(Refused(403, "Forbidden: bot was blocked by the user".into(), Value::Null));
        }
        if person.thread.iter().all(|note| note.from != "consumer") {
            return Err(Refused(403, "Forbidden: bot can't initiate conversation with a user".into(), Value::Null));
        }
        Ok(chat)
    }

    pub(super) fn chat_action(&self, call: &Call) -> Result<Value, Refused> {
        let chat = self.recipient(call)?;
        if call.text("action").as_deref() == Some("typing") {
            let until = self.now_ms() + TYPING_MS;
            if let Ok(person) = lock(&self.inner.state).threads.person_mut(&call.bot, &chat) {
                person.typing_until_ms = until;
            }
        }
        Ok(Value::Bool(true))
    }

    pub(super) async fn send(&self, call: Call) -> Result<Value, Refused> {
        let chat = self.recipient(&call)?;
        let buttons = keyboard(&call)?;
        if let Some((_, field)) = FILES.iter().find(|(method, _)| *method == call.method) {
            let media = self.bytes_of(&call, field).await?;
            let caption = call.text("caption").unwrap_or_default();
            if caption.encode_utf16().count() > CAPTION_MAX {
                return Err(bad("message caption is too long"));
            }
            return Ok(self.keep(&call, &chat, caption, vec![media], buttons));
        }
        let text = match call.method.as_str() {
            "sendMessage" => {
                let text = call.text("text").filter(|text| !text.trim().is_empty()).ok_or_else(|| bad("message text is empty"))?;
                if text.encode_utf16().count() > TEXT_MAX {
                    return Err(bad("message is too long"));
                }
                text
            }
            "sendLocation" | "sendVenue" => place(&call)?,
            "sendContact" => {
                let part = |name: &str| call.text(name).filter(|text| !text.is_empty()).ok_or_else(|| bad(format!("{name} is empty")));
                format!("👤 {} {}", part("first_name")?, part("phone_number")?)
            }
            "sendMediaGroup" => return self.album(&call, &chat).await,
            _ => return Err(Refused(404, "Not Found".into(), Value::Null)),
        };
        Ok(self.keep(&call, &chat, text, Vec::new(), buttons))
    }

    async fn album(&self, call: &Call, chat: &str) -> Result<Value, Refused> {
        let list = call.object("media").and_then(|list| list.as_array().cloned()).unwrap_or_default();
        if !(2..=10).contains(&list.len()) {
            return Err(bad("media group must contain 2-10 items"));
        }
        let mut made = Vec::new();
        for one in list {
            let address = one["media"].as_str().unwrap_or_default().to_owned();
            let media = match address.strip_prefix("attach://") {
                Some(name) => self.uploaded(call, name, one["type"] == "photo")?,
                None => self.given(&address, one["type"] == "photo").await?,
            };
            let caption = one["caption"].as_str().unwrap_or_default().to_owned();
            made.push(self.keep(call, chat, caption, vec![media], Vec::new()));
        }
        Ok(Value::Array(made))
    }

    /// The file of a call: uploaded, by address, or by id.
    async fn bytes_of(&self, call: &Call, field: &str) -> Result<String, Refused> {
        let photo = field == "photo";
        match call.text(field) {
            Some(given) => self.given(&given, photo).await,
            None => self.uploaded(call, field, photo),
        }
    }

    fn uploaded(&self, call: &Call, field: &str, photo: bool) -> Result<String, Refused> {
        let file = call.files.iter().find(|file| file.field == field).ok_or_else(|| bad(format!("there is no {field} in the request")))?;
        if file.bytes.len() > if photo { 10 * MB } else { 50 * MB } {
            return Err(Refused(413, "Request Entity Too Large".into(), Value::Null));
        }
        if file.bytes.is_empty() {
            return Err(bad("file must be non-empty"));
        }
        Ok(self.host("AgAD", &file.content_type, &file.name, file.bytes.clone()))
    }

    async fn given(&self, given: &str, photo: bool) -> Result<String, Refused> {
        if self.media().get(given).is_some() {
            return Ok(given.to_owned());
        }
        if !given.starts_with("http") {
            return Err(bad("wrong file identifier/HTTP URL specified"));
        }
        let (content_type, bytes) = self.kit().fetch(given).await.map_err(|_| bad("failed to get HTTP URL content"))?;
        if bytes.len() > if photo { 5 * MB } else { 20 * MB } || (photo && !content_type.starts_with("image/")) {
            return Err(bad("wrong type of the web page content"));
        }
        Ok(self.host("AgAD", &content_type, "", bytes))
    }

    fn keep(&self, call: &Call, chat: &str, text: String, media: Vec<String>, buttons: Vec<Button>) -> Value {
        let now = self.now_ms();
        let mut state = lock(&self.inner.state);
        let message_id = state.bots.get_mut(&call.bot).map_or(0, |bot| {
            bot.next_message += 1;
            bot.next_message
        });
        if let Ok(person) = state.threads.person_mut(&call.bot, chat) {
            person.push(Note { id: message_id.to_string(), from: "brand", at_ms: now, text: text.clone(), media, buttons, status: "sent" });
        }
        let fields = Value::Object(call.params.clone());
        state.keep_sent(Sent { bot: call.bot.clone(), chat: chat.to_owned(), message_id, method: call.method.clone(), fields });
        let mut message = json!({
            "message_id": message_id, "date": now / 1_000, "text": text,
            "from": { "id": call.bot.parse::<u64>().unwrap_or_default(), "is_bot": true },
            "chat": { "id": chat.parse::<i64>().unwrap_or_default(), "type": "private" },
        });
        if let Some(markup) = call.object("reply_markup") {
            message["reply_markup"] = markup;
        }
        message
    }

    pub(super) fn edit(&self, call: &Call) -> Result<Value, Refused> {
        let chat = self.recipient(call)?;
        let buttons = keyboard(call)?;
        let id = call.text("message_id").unwrap_or_default();
        let mut state = lock(&self.inner.state);
        let person = state.threads.person_mut(&call.bot, &chat).map_err(|_| bad("chat not found"))?;
        let note = person.note_mut(&id).filter(|note| note.from == "brand").ok_or_else(|| bad("message to edit not found"))?;
        if let Some(text) = call.text("text").or_else(|| call.text("caption")) {
            note.text = text;
        }
        note.buttons = buttons;
        Ok(Value::Bool(true))
    }

    pub(super) fn delete(&self, call: &Call) -> Result<Value, Refused> {
        let chat = self.recipient(call)?;
        let id = call.text("message_id").unwrap_or_default();
        let oldest = self.now_ms() - 48 * 3_600_000;
        let mut state = lock(&self.inner.state);
        let person = state.threads.person_mut(&call.bot, &chat).map_err(|_| bad("chat not found"))?;
        let found = person.note_mut(&id).is_some_and(|note| note.at_ms >= oldest);
        if !found {
            return Err(bad("message can't be deleted"));
        }
        person.thread.retain(|note| note.id != id);
        Ok(Value::Bool(true))
    }
}

fn place(call: &Call) -> Result<String, Refused> {
    let degrees = |name: &str, most: f64| {
        let value = call.text(name).and_then(|text| text.parse::<f64>().ok()).filter(|value| value.abs() <= most);
        value.ok_or_else(|| bad(format!("{name} is invalid")))
    };
    let (latitude, longitude) = (degrees("latitude", 90.0)?, degrees("longitude", 180.0)?);
    if call.method == "sendLocation" {
        return Ok(format!("📍 {latitude}, {longitude}"));
    }
    let part = |name: &str| call.text(name).filter(|text| !text.is_empty()).ok_or_else(|| bad(format!("{name} is empty")));
    let (title, _) = (part("title")?, part("address")?);
    Ok(format!("📍 {title} {latitude}, {longitude}"))
}

/// The buttons below a message, as the service checks them.
fn keyboard(call: &Call) -> Result<Vec<Button>, Refused> {
    let Some(markup) = call.object("reply_markup") else { return Ok(Vec::new()) };
    let rows = markup["inline_keyboard"].as_array().cloned().unwrap_or_default();
    let mut buttons = Vec::new();
    for one in rows.iter().flat_map(|row| row.as_array().cloned().unwrap_or_default()) {
        let title = one["text"].as_str().unwrap_or_default().to_owned();
        if title.is_empty() {
            return Err(bad("inline keyboard button text is empty"));
        }
        match (one["callback_data"].as_str(), one["url"].as_str()) {
            (Some(data), None) if (1..=CALLBACK_MAX).contains(&data.len()) => {
                buttons.push(Button { kind: "quick_reply", title, payload: data.to_owned(), url: String::new() });
            }
            (Some(_), None) => return Err(bad("BUTTON_DATA_INVALID")),
            (None, Some(url)) if ["http://", "https://", "tg://"].iter().any(|scheme| url.starts_with(scheme)) => {
                buttons.push(Button { kind: "url", title, payload: String::new(), url: url.to_owned() });
            }
            (None, Some(_)) => return Err(bad("BUTTON_URL_INVALID")),
            _ => return Err(bad("text buttons are unallowed in the inline keyboard")),
        }
    }
    if buttons.len() > 100 {
        return Err(bad("reply markup is too long"));
    }
    Ok(buttons)
}
