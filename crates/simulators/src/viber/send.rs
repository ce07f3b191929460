//! What bots send: checked as the service checks it, fetched from the brand, shown on the phone, reported.

use serde_json::{Value, json};

use super::api::{Refused, bad};
use super::{Sent, ViberSim};
use crate::kit::phone::Button;
use crate::kit::threads::Note;
use crate::kit::{lane_of, lock};

const MB: usize = 1024 * 1024;

impl ViberSim {
    pub(super) async fn send(&self, bot: &str, message: Value) -> Result<Value, Refused> {
        let receiver =
            message["receiver"].as_str().filter(|id| !id.is_empty()).ok_or_else(|| Refused(4, "missingData: receiver".into()))?.to_owned();
        {
            let mut state = lock(&self.inner.state);
            if state.bots.get(bot).is_none_or(|bot| bot.webhook.is_empty()) {
                return Err(Refused(10, "webhookNotSet".into()));
            }
            if state.threads.person(bot, &receiver).is_none() {
                return Err(Refused(5, "receiverNotRegistered".into()));
            }
            if !state.relation(bot, &receiver).subscribed {
                return Err(Refused(6, "receiverNotSubscribed".into()));
            }
        }
        let name = message["sender"]["name"].as_str().ok_or_else(|| Refused(4, "missingData: sender.name".into()))?;
        if name.chars().count() > 28 {
            return Err(bad("sender.name is longer than 28 characters"));
        }
        if message["tracking_data"].as_str().is_some_and(|data| data.chars().count() > 4_000) {
            return Err(bad("tracking_data is longer than 4000 characters"));
        }
        let (text, media, mut buttons) = self.shown(&message).await?;
        buttons.extend(cells(&message["keyboard"]["Buttons"])?);
        let token = self.message_token();
        let now = self.now_ms();
        let fails = {
            let mut state = lock(&self.inner.state);
            let relation = state.relation(bot, &receiver);
            relation.tracking_data = message["tracking_data"].as_str().map(str::to_owned);
            let fails = relation.fails_with.clone();
            if let Ok(person) = state.threads.person_mut(bot, &receiver) {
                person.push(Note { id: token.to_string(), from: "brand", at_ms: now, text, media, buttons, status: "sent" });
            }
            state.keep_sent(Sent { bot: bot.to_owned(), receiver: receiver.clone(), message_token: token, message });
            fails
        };
        if !self.is_sink() {
            let due = now + self.settings().delivered_after_ms;
            let (sim, bot, person) = (self.clone(), bot.to_owned(), receiver.clone());
            self.pump().schedule(due, lane_of(&receiver), move || async move { sim.arrived(&bot, &person, token, fails.as_deref()) });
        }
        Ok(json!({ "message_token": token, "chat_hostname": "SN-CHAT-01_", "billing_status": 1 }))
    }

    fn arrived(&self, bot: &str, person: &str, token: u64, fails: Option<&str>) {
        let open = {
            let mut state = lock(&self.inner.state);
            let Ok(known) = state.threads.person_mut(bot, person) else { return };
            let open = known.open;
            if let Some(note) = known.note_mut(&token.to_string()) {
                note.status = match (fails, open) {
                    (Some(_), _) => "failed",
                    (None, true) => "read",
                    (None, false) => "delivered",
                };
            }
            open
        };
        let event = |kind: &str| json!({ "event": kind, "message_token": token, "user_id": person });
        match fails {
            Some(why) => {
                let mut failed = event("failed");
                failed["desc"] = why.into();
                self.emit(bot, person, failed);
            }
            None => {
                self.emit(bot, person, event("delivered"));
                if open {
                    self.emit(bot, person, event("seen"));
                }
            }
        }
        self.changed();
    }

    pub(super) async fn broadcast(&self, bot: &str, message: &Value) -> Result<Value, Refused> {
        let list = message["broadcast_list"].as_array().cloned().unwrap_or_default();
        if list.is_empty() || list.len() > 300 {
            return Err(bad("broadcast_list must have 1 to 300 receivers"));
        }
        let mut failed = Vec::new();
        for receiver in list {
            let mut one = message.clone();
            one["receiver"] = receiver.clone();
            if let Err(Refused(status, why)) = self.send(bot, one).await {
                failed.push(json!({ "receiver": receiver, "status": status, "status_message": why }));
            }
        }
        Ok(json!({ "message_token": self.message_token(), "failed_list": failed }))
    }

    /// Text, hosted files and buttons of a message.
    async fn shown(&self, message: &Value) -> Result<(String, Vec<String>, Vec<Button>), Refused> {
        let field = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        match message["type"].as_str().unwrap_or_default() {
            "text" => {
                let text = field("text");
                if text.is_empty() || text.chars().count() > 7_000 {
                    return Err(bad("text must have 1 to 7000 characters"));
                }
                Ok((text, Vec::new(), Vec::new()))
            }
            "picture" => {
                if field("text").chars().count() > 768 {
                    return Err(bad("text is longer than 768 characters"));
                }
                let media = self.fetched(&field("media"), "", MB, Some("image/")).await?;
                Ok((field("text"), vec![media], Vec::new()))
            }
            "video" => {
                sized(message)?;
                Ok((String::new(), vec![self.fetched(&field("media"), "", 26 * MB, None).await?], Vec::new()))
            }
            "file" => {
                sized(message)?;
                let name = field("file_name");
                if name.is_empty() || name.chars().count() > 256 {
                    return Err(Refused(4, "missingData: file_name".into()));
                }
                Ok((String::new(), vec![self.fetched(&field("media"), &name, 50 * MB, None).await?], Vec::new()))
            }
            "location" => {
                let degrees = |name: &str| message["location"][name].as_f64().ok_or_else(|| bad("location needs lat and lon"));
                Ok((format!("📍 {}, {}", degrees("lat")?, degrees("lon")?), Vec::new(), Vec::new()))
            }
            "contact" => Ok((format!("👤 {}", message["contact"]["name"]), Vec::new(), Vec::new())),
            "url" => Ok((field("media"), Vec::new(), Vec::new())),
            "sticker" => Ok((format!("[sticker {}]", message["sticker_id"]), Vec::new(), Vec::new())),
            "rich_media" => self.grid(message),
            _ => Err(bad("unknown type")),
        }
    }

    fn grid(&self, message: &Value) -> Result<(String, Vec<String>, Vec<Button>), Refused> {
        if message["min_api_version"].as_u64().unwrap_or(1) < 2 {
            return Err(Refused(13, "apiVersionNotSupported".into()));
        }
        let grid = &message["rich_media"];
        let rows = grid["ButtonsGroupRows"]
            .as_u64()
            .filter(|rows| (1..=7).contains(rows))
            .ok_or_else(|| bad("ButtonsGroupRows must be 1 to 7"))?;
        let cells_of = grid["Buttons"].as_array().cloned().unwrap_or_default();
        let filled: u64 = cells_of.iter().map(|cell| cell["Rows"].as_u64().unwrap_or(1) * cell["Columns"].as_u64().unwrap_or(6)).sum();
        let blocks = filled / (rows * 6);
        if !filled.is_multiple_of(rows * 6) || !(1..=6).contains(&blocks) {
            return Err(bad("the cells do not fill one to six blocks"));
        }
        let texts = cells_of
            .iter()
            .filter(|cell| cell["ActionType"] == "none")
            .filter_map(|cell| cell["Text"].as_str())
            .filter(|text| !text.is_empty());
        let text: Vec<String> = texts.map(plain).collect();
        Ok((text.join("\n"), Vec::new(), cells(&grid["Buttons"])?))
    }

    async fn fetched(&self, url: &str, name: &str, most: usize, kind: Option<&str>) -> Result<String, Refused> {
        let (content_type, bytes) = self.kit().fetch(url).await.map_err(|why| bad(&format!("media can't be fetched: {why}")))?;
        if bytes.len() > most {
            return Err(bad("media is too large"));
        }
        if kind.is_some_and(|kind| !content_type.starts_with(kind)) {
            return Err(bad("media is of another kind"));
        }
        Ok(self.host("vb", &content_type, name, bytes))
    }
}

fn sized(message: &Value) -> Result<(), Refused> {
    message["size"].as_u64().map(|_| ()).ok_or_else(|| Refused(4, "missingData: size".into()))
}

/// A cell's text without its markup.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    let mut tag = false;
    for c in text.chars() {
        match c {
            '<' => tag = true,
            '>' => tag = false,
            _ if !tag => shown.push(c),
            _ => {}
        }
    }
    shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// What can be tapped among cells.
fn cells(list: &Value) -> Result<Vec<Button>, Refused> {
    let mut buttons = Vec::new();
    for cell in list.as_array().into_iter().flatten() {
        let body = cell["ActionBody"].as_str().ok_or_else(|| Refused(4, "missingData: ActionBody".into()))?.to_owned();
        let title = plain(cell["Text"].as_str().unwrap_or_default());
        if title.chars().count() > 250 || body.chars().count() > 2_000 {
            return Err(bad("a button's text or action is too long"));
        }
        match cell["ActionType"].as_str().unwrap_or("reply") {
            "reply" => buttons.push(Button { kind: "quick_reply", title, payload: body, url: String::new() }),
            "open-url" => buttons.push(Button { kind: "url", title, payload: String::new(), url: body }),
            _ => {}
        }
    }
    Ok(buttons)
}
