//! Sending: checks in the vendor's order, acceptance, and what follows. A closed window, a bad file and an unknown person show only later.

use serde_json::{Value, json};

use super::WhatsappSim;
use super::graph::{Answer, Call};
use super::model::{KEPT, Marked, Note, Sent, State, WINDOW_MS};
use crate::kit::phone::Button;
use crate::kit::{lane_of, lock, respond};
use crate::meta::errors::{GraphError, graph};

const TYPING_MS: i64 = 25_000;
/// The pace of one pair beyond the burst.
const PAIR_MS: i64 = 6_000;

fn missing(name: &str) -> GraphError {
    graph(131_008, format!("(#131008) Required parameter is missing: {name}"))
}

fn bad(what: impl std::fmt::Display) -> GraphError {
    graph(131_009, format!("(#131009) Parameter value is not valid: {what}"))
}

/// How a message looks on the phone.
#[derive(Default)]
struct Shown {
    text: String,
    media: Vec<String>,
    buttons: Vec<Button>,
    taps: &'static str,
    voice: bool,
    /// What goes wrong after it was accepted.
    fails_with: Option<u32>,
}

impl WhatsappSim {
    pub(crate) async fn send(&self, call: &Call, id: &str) -> Answer {
        let number = self.number(call, id)?;
        if call.text("messaging_product") != Some("whatsapp") {
            return Err(graph(100, "(#100) The parameter messaging_product is required."));
        }
        if !number.registered {
            return Err(graph(133_010, "(#133010) Account not registered"));
        }
        if call.text("status") == Some("read") {
            return self.mark(call, id);
        }
        let to = call.text("to").or_else(|| call.text("recipient")).ok_or_else(|| missing("to"))?.trim_start_matches('+').to_owned();
        if to.is_empty() || to.len() > 64 || !to.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.') {
            return Err(bad("to"));
        }
        if number.display.chars().filter(char::is_ascii_digit).collect::<String>() == to {
            return Err(graph(131_021, "(#131021) Recipient cannot be sender"));
        }
        let kind = call.text("type").unwrap_or("text").to_owned();
        let content = call.params.get(&kind).cloned().ok_or_else(|| missing(&kind))?;
        let shown = self.show(&number.id, &number.account, &kind, &content).await?;
        self.pace(id, &to)?;
        Ok(self.accept(call, id, &to, &kind, shown))
    }

    fn mark(&self, call: &Call, number: &str) -> Answer {
        let message_id = call.text("message_id").ok_or_else(|| missing("message_id"))?.to_owned();
        let typing = call.params.get("typing_indicator").is_some_and(|indicator| indicator["type"] == "text");
        let now = self.now_ms();
        let mut state = lock(&self.inner.state);
        let holder = state.people.iter().find_map(|(digits, person)| {
            let pair = person.pairs.get(number)?;
            pair.notes.iter().any(|note| note.id == message_id && note.from == "consumer").then(|| digits.clone())
        });
        let digits = holder.ok_or_else(|| bad(format!("message_id {message_id}")))?;
        if let Some(pair) = state.pair_mut(number, &digits) {
            pair.seen_ms = Some(now);
            pair.typing_until_ms = if typing { now + TYPING_MS } else { pair.typing_until_ms };
        }
        state.marks.push(Marked { message_id, typing, at_ms: now });
        drop(state);
        if typing {
            // The dots vanish by themselves; whoever watches must hear of it.
            let sim = self.clone();
            self.pump().schedule(now + TYPING_MS, lane_of(&digits), move || async move { sim.changed() });
        }
        self.changed();
        Ok(respond::json(200, &json!({ "success": true })))
    }

    /// Throughput of the number, and the pace of the pair.
    fn pace(&self, number: &str, to: &str) -> Result<(), GraphError> {
        if self.is_sink() {
            return Ok(());
        }
        let now = self.now_ms();
        let mut state = lock(&self.inner.state);
        let (throughput, burst) = (state.settings.throughput, i64::from(state.settings.pair_burst));
        if let Some(record) = state.numbers.get_mut(number) {
            let (second, count) = record.second;
            record.second = if second == now / 1_000 { (second, count + 1) } else { (now / 1_000, 1) };
            if record.second.1 > throughput {
                return Err(graph(130_429, "(#130429) Rate limit hit"));
            }
        }
        let Some(digits) = state.digits_of(to) else { return Ok(()) };
        let Some(pair) = state.pair_mut(number, &digits).filter(|_| burst > 0) else { return Ok(()) };
        let (owed, since) = pair.debt;
        let owed = (owed - (now - since) / PAIR_MS).max(0);
        if owed >= burst {
            return Err(graph(131_056, "(#131056) (Business Account, Consumer Account) pair rate limit hit"));
        }
        pair.debt = (owed + 1, if owed == 0 { now } else { since + (now - since) / PAIR_MS * PAIR_MS });
        Ok(())
    }

    fn accept(&self, call: &Call, number: &str, to: &str, kind: &str, shown: Shown) -> http::Response<axum::body::Body> {
        let now = self.now_ms();
        let id = format!("wamid.{}", self.ids().sid(""));
        let mut state = lock(&self.inner.state);
        let digits = state.digits_of(to);
        let scripted = state.fates.pop_front();
        let fails_with = scripted.or(shown.fails_with).or_else(|| trouble_with(&state, number, digits.as_deref(), kind, now));
        state.sent += 1;
        let seq = state.sent;
        if state.log.len() >= KEPT {
            state.log.pop_front();
        }
        let body = Value::Object(call.params.clone());
        state.log.push_back(Sent {
            seq,
            id: id.clone(),
            phone_number_id: number.to_owned(),
            to: to.to_owned(),
            at_ms: now,
            kind: kind.to_owned(),
            body,
        });
        // Somebody who has nothing here yet begins a thread by being written to.
        let digits = digits.unwrap_or_else(|| to.to_owned());
        let known = state.people.contains_key(&digits);
        if known && let Some(pair) = state.pair_mut(number, &digits) {
            pair.typing_until_ms = 0;
            pair.add(Note {
                id: id.clone(),
                from: "brand",
                at_ms: now,
                text: shown.text,
                media: shown.media,
                buttons: shown.buttons,
                taps: shown.taps,
                status: "accepted",
                error: String::new(),
                opaque: call.text("biz_opaque_callback_data").map(str::to_owned),
                voice: shown.voice,
            });
        }
        let user_id = state.people.get(&digits).map(|person| person.user_id.clone()).filter(|id| !id.is_empty());
        drop(state);
        if !self.is_sink() {
            self.follow(number, &digits, &id, fails_with);
            self.changed();
        }
        let mut contact = json!({ "input": to, "wa_id": digits });
        if let Some(user_id) = user_id {
            contact["user_id"] = user_id.into();
        }
        respond::json(
            200,
            &json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [{ "id": id, "message_status": "accepted" }] }),
        )
    }

    /// Checks a message and says how it looks.
    async fn show(&self, number: &str, account: &str, kind: &str, content: &Value) -> Result<Shown, GraphError> {
        match kind {
            "text" => Ok(Shown { text: text_of(&content["body"], 4_096, "text.body")?, ..Shown::default() }),
            "image" | "video" | "audio" | "document" | "sticker" => self.show_media(number, kind, content).await,
            "location" => {
                let degrees = |name: &str| content[name].as_f64().or_else(|| content[name].as_str()?.parse().ok());
                let (Some(latitude), Some(longitude)) = (degrees("latitude"), degrees("longitude")) else {
                    return Err(missing("location"));
                };
                let name = content["name"].as_str().unwrap_or_default();
                Ok(Shown { text: format!("📍 {name} {latitude}, {longitude}"), ..Shown::default() })
            }
            "contacts" => Ok(Shown { text: "👤".to_owned(), ..Shown::default() }),
            "reaction" => {
                let emoji = content["emoji"].as_str().ok_or_else(|| missing("reaction.emoji"))?;
                content["message_id"].as_str().ok_or_else(|| missing("reaction.message_id"))?;
                Ok(Shown { text: emoji.to_owned(), ..Shown::default() })
            }
            "interactive" => self.show_interactive(number, content).await,
            "template" => self.show_template(number, account, content).await,
            other => Err(graph(131_051, format!("(#131051) Unsupported message type {other}"))),
        }
    }

    async fn show_media(&self, number: &str, kind: &str, content: &Value) -> Result<Shown, GraphError> {
        let text = match content["caption"].as_str() {
            Some(_) if matches!(kind, "audio" | "sticker") => return Err(bad(format!("{kind}.caption"))),
            Some(_) => text_of(&content["caption"], 1_024, "caption")?,
            None => String::new(),
        };
        let mut shown = Shown { text, voice: kind == "audio", ..Shown::default() };
        match self.take_file(number, kind, content["link"].as_str(), content["id"].as_str()).await {
            Ok(media) => shown.media.push(media),
            Err(Ok(refused)) => return Err(refused),
            Err(Err(code)) => shown.fails_with = Some(code),
        }
        Ok(shown)
    }

    async fn show_interactive(&self, number: &str, content: &Value) -> Result<Shown, GraphError> {
        let mut shown = Shown::default();
        let action = &content["action"];
        let kind = content["type"].as_str().ok_or_else(|| missing("interactive.type"))?;
        let body = text_of(&content["body"]["text"], if kind == "list" { 4_096 } else { 1_024 }, "interactive.body.text")?;
        let mut lines = vec![body];
        match content["header"]["type"].as_str() {
            Some("text") => lines.insert(0, text_of(&content["header"]["text"], 60, "interactive.header.text")?),
            Some(media @ ("image" | "video" | "document")) => {
                match self
                    .take_file(number, media, content["header"][media]["link"].as_str(), content["header"][media]["id"].as_str())
                    .await
                {
                    Ok(media) => shown.media.push(media),
                    Err(Ok(refused)) => return Err(refused),
                    Err(Err(code)) => shown.fails_with = Some(code),
                }
            }
            Some(other) => return Err(bad(format!("interactive.header.type {other}"))),
            None => {}
        }
        if !content["footer"].is_null() {
            lines.push(text_of(&content["footer"]["text"], 60, "interactive.footer.text")?);
        }
        match kind {
            "button" => {
                let buttons =
                    action["buttons"].as_array().filter(|all| (1..=3).contains(&all.len())).ok_or_else(|| bad("action.buttons"))?;
                shown.taps = "button_reply";
                for button in buttons {
                    shown.buttons.push(reply(&button["reply"], "quick_reply", 256, 20)?);
                }
                unique(&shown.buttons)?;
            }
            "list" => {
                text_of(&action["button"], 20, "action.button")?;
                shown.taps = "list_reply";
                shown.buttons = rows(action)?;
            }
            "cta_url" => {
                let parameters = &action["parameters"];
                let title = text_of(&parameters["display_text"], 20, "display_text")?;
                let url = parameters["url"].as_str().filter(|url| url.starts_with("http")).ok_or_else(|| bad("action.parameters.url"))?;
                shown.buttons.push(Button { kind: "url", title, payload: String::new(), url: url.to_owned() });
            }
            "carousel" => {
                shown.taps = "button_reply";
                let cards =
                    action["cards"].as_array().filter(|cards| (2..=10).contains(&cards.len())).ok_or_else(|| bad("action.cards"))?;
                for card in cards {
                    lines.push(self.show_leaf(number, card, &mut shown).await?);
                }
            }
            "location_request_message" | "flow" | "product" | "product_list" => {}
            other => return Err(bad(format!("interactive.type {other}"))),
        }
        shown.text = lines.join("\n");
        Ok(shown)
    }

    /// One card of a carousel: it must have a picture, and a link or one to three answers.
    async fn show_leaf(&self, number: &str, card: &Value, shown: &mut Shown) -> Result<String, GraphError> {
        let kind = card["header"]["type"].as_str().filter(|kind| matches!(*kind, "image" | "video")).ok_or_else(|| bad("card.header"))?;
        match self.take_file(number, kind, card["header"][kind]["link"].as_str(), card["header"][kind]["id"].as_str()).await {
            Ok(media) => shown.media.push(media),
            Err(Ok(refused)) => return Err(refused),
            Err(Err(code)) => shown.fails_with = Some(code),
        }
        match card["type"].as_str() {
            Some("cta_url") => {
                let parameters = &card["action"]["parameters"];
                let title = text_of(&parameters["display_text"], 20, "display_text")?;
                let url = parameters["url"].as_str().unwrap_or_default().to_owned();
                shown.buttons.push(Button { kind: "url", title, payload: String::new(), url });
            }
            Some("button") => {
                let buttons =
                    card["action"]["buttons"].as_array().filter(|all| (1..=3).contains(&all.len())).ok_or_else(|| bad("card.action"))?;
                for button in buttons {
                    shown.buttons.push(reply(&button["quick_reply"], "quick_reply", 256, 20)?);
                }
            }
            _ => return Err(bad("card.type")),
        }
        if card["body"].is_null() { Ok(String::new()) } else { text_of(&card["body"]["text"], 160, "card.body.text") }
    }
}

/// What goes wrong after acceptance: nobody there, or a closed window.
fn trouble_with(state: &State, number: &str, digits: Option<&str>, kind: &str, now: i64) -> Option<u32> {
    let Some(person) = digits.and_then(|digits| state.people.get(digits)) else { return Some(131_026) };
    if person.fails_with.is_some() {
        return person.fails_with;
    }
    let last = person.pairs.get(number).and_then(|pair| pair.last_in_ms);
    let open = last.is_some_and(|last| now - last < WINDOW_MS);
    (!open && kind != "template").then_some(131_047)
}

fn text_of(value: &Value, limit: usize, name: &str) -> Result<String, GraphError> {
    let text = value.as_str().filter(|text| !text.is_empty()).ok_or_else(|| missing(name))?;
    if text.chars().count() > limit {
        return Err(bad(format!("{name} is longer than {limit} characters")));
    }
    Ok(text.to_owned())
}

fn reply(reply: &Value, kind: &'static str, id_limit: usize, title_limit: usize) -> Result<Button, GraphError> {
    let payload = text_of(&reply["id"], id_limit, "id")?;
    Ok(Button { kind, title: text_of(&reply["title"], title_limit, "title")?, payload, url: String::new() })
}

fn unique(buttons: &[Button]) -> Result<(), GraphError> {
    let twice =
        |at: usize, button: &Button| buttons[..at].iter().any(|other| other.title == button.title || other.payload == button.payload);
    match buttons.iter().enumerate().any(|(at, button)| twice(at, button)) {
        true => Err(bad("Duplicated title or id of buttons")),
        false => Ok(()),
    }
}

fn rows(action: &Value) -> Result<Vec<Button>, GraphError> {
    let sections = action["sections"].as_array().filter(|all| (1..=10).contains(&all.len())).ok_or_else(|| bad("action.sections"))?;
    let mut buttons = Vec::new();
    for section in sections {
        if sections.len() > 1 {
            text_of(&section["title"], 24, "section.title")?;
        }
        for row in section["rows"].as_array().map_or(&[][..], Vec::as_slice) {
            if !row["description"].is_null() {
                text_of(&row["description"], 72, "row.description")?;
            }
            buttons.push(reply(row, "postback", 200, 24)?);
        }
    }
    if !(1..=10).contains(&buttons.len()) {
        return Err(bad("action.sections: 1 to 10 rows in all"));
    }
    Ok(buttons)
}

impl WhatsappSim {
    /// A template: it must exist, be approved, and get exactly its parameters.
    async fn show_template(&self, number: &str, account: &str, content: &Value) -> Result<Shown, GraphError> {
        let name = content["name"].as_str().ok_or_else(|| missing("template.name"))?;
        let language = content["language"]["code"].as_str().ok_or_else(|| missing("template.language.code"))?;
        let template = {
            let state = lock(&self.inner.state);
            let all = state.accounts.get(account).map(|account| account.templates.clone()).unwrap_or_default();
            all.into_iter().find(|template| template.name == name && template.language == language)
        };
        let template = template.ok_or_else(|| graph(132_001, "(#132001) Template name does not exist in the translation"))?;
        match template.status {
            "APPROVED" => {}
            "PAUSED" => return Err(graph(132_015, "(#132015) Template is paused")),
            "DISABLED" => return Err(graph(132_016, "(#132016) Template is disabled")),
            _ => return Err(graph(132_001, "(#132001) Template name does not exist in the translation")),
        }
        let filled = super::templates::fill(&template, content)?;
        let mut shown = Shown { text: filled.text, buttons: filled.buttons, taps: "template", ..Shown::default() };
        if let Some((kind, link)) = filled.file {
            match self.take_file(number, kind, Some(&link), None).await {
                Ok(media) => shown.media.push(media),
                Err(Ok(refused)) => return Err(refused),
                Err(Err(code)) => shown.fails_with = Some(code),
            }
        }
        Ok(shown)
    }
}
