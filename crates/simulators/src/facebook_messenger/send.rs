//! The Send API: messages, sender actions, uploads. Checks come in the vendor's order; an accepted send causes its events.

use bytes::Bytes;
use serde_json::{Value, json};

use super::MessengerSim;
use super::graph::{Answer, Call};
use super::model::{Action, Author, HUMAN_AGENT_MS, INSTAGRAM_TEXT, KEPT, Note, Person, Sent, State, Unreachable, Upload, WINDOW_MS};
use crate::kit::phone::Button;
use crate::kit::respond;
use crate::kit::{lane_of, lock};
use crate::meta::errors::{GraphError, graph, graph_sub};

const TEXT_LIMIT: usize = 2_000;
const FILE_LIMIT: usize = 25 * 1024 * 1024;
const IMAGE_BY_URL_LIMIT: usize = 8 * 1024 * 1024;
const UPLOAD_LIFE_MS: i64 = 90 * 24 * 3_600_000;

fn bad(message: impl Into<String>) -> GraphError {
    graph(100, format!("(#100) {}", message.into()))
}

fn longer(text: Option<&str>, limit: usize) -> bool {
    text.is_some_and(|text| text.chars().count() > limit)
}

/// A file or template ready to be shown and echoed.
#[derive(Default)]
struct Ready {
    media: Vec<String>,
    attachment_id: Option<String>,
    echo: Option<Value>,
    buttons: Vec<Button>,
    text: String,
}

impl MessengerSim {
    pub(crate) async fn send(&self, call: &Call, id: &str) -> Answer {
        let page = call.page(id)?;
        if !call.token.messaging {
            return Err(graph(230, "(#230) Requires pages_messaging permission to manage the object"));
        }
        let psid = recipient(call)?;
        let message = call.object("message");
        let action = call.text("sender_action").map(str::to_owned);
        match (&message, &action) {
            (Some(_), Some(_)) => {
                return Err(graph_sub(100, 2_018_034, "(#100) Cannot combine message and sender_action"));
            }
            (None, None) => {
                return Err(graph_sub(100, 2_018_034, "(#100) Message cannot be empty, must provide valid attachment or text"));
            }
            _ => {}
        }
        {
            let state = lock(&self.inner.state);
            let person = state.person(&page, &psid).ok_or_else(|| graph_sub(100, 2_018_001, "(#100) No matching user found"))?;
            check_thread(person, &call.token.app)?;
            if message.is_some() {
                check_window(&state, person, call, self.now_ms())?;
            }
        }
        if let Some(action) = action {
            return self.act(call, &page, &psid, &action);
        }
        let message = message.unwrap_or_default();
        check_message(&message)?;
        let long = message["text"].as_str().is_some_and(|text| text.len() > INSTAGRAM_TEXT);
        if long && self.is_instagram() {
            return Err(bad(format!("Length of param message[text] must be less than or equal to {INSTAGRAM_TEXT} bytes")));
        }
        let ready = self.prepare(call, &page, &message).await?;
        Ok(self.accept(call, &page, &psid, &message, ready))
    }

    /// Stores an accepted message, answers, and lets its events happen.
    fn accept(&self, call: &Call, page: &str, psid: &str, message: &Value, ready: Ready) -> http::Response<axum::body::Body> {
        let now = self.now_ms();
        let mid = format!("m_{}", self.ids().sid(""));
        let text = message["text"].as_str().unwrap_or_default();
        let mut buttons = ready.buttons;
        buttons.extend(quick_reply_buttons(message));
        let mut state = lock(&self.inner.state);
        state.sent += 1;
        if state.log.len() >= KEPT {
            state.log.pop_front();
        }
        let sent = Sent {
            seq: state.sent,
            mid: mid.clone(),
            page_id: page.to_owned(),
            psid: psid.to_owned(),
            app_id: call.token.app.clone(),
            at_ms: now,
            text: text.to_owned(),
            message: message.clone(),
            messaging_type: call.text("messaging_type").unwrap_or("RESPONSE").to_owned(),
            tag: call.text("tag").map(str::to_owned),
        };
        state.log.push_back(sent);
        if let Some(person) = state.person_mut(page, psid) {
            person.typing_until_ms = 0;
            person.add(Note {
                mid: mid.clone(),
                author: Author::App(call.token.app.clone()),
                at_ms: now,
                text: if text.is_empty() { ready.text } else { text.to_owned() },
                media: ready.media,
                buttons,
                status: if self.is_sink() { "delivered" } else { "sent" },
            });
        }
        if let Some(control) = call.object("thread_control")
            && let Some(person) = state.person_mut(page, psid)
        {
            person.owner = match control["control_type"].as_str() {
                Some("pass") => control["app_id"].as_str().map(str::to_owned),
                _ => None,
            };
        }
        drop(state);
        if !self.is_sink() {
            let mut echo = json!({ "is_echo": true, "mid": mid });
            if let Ok(app) = call.token.app.parse::<u64>() {
                echo["app_id"] = app.into();
            }
            if let Some(metadata) = message["metadata"].as_str().filter(|_| !self.is_instagram()) {
                echo["metadata"] = metadata.into();
            }
            if !text.is_empty() {
                echo["text"] = text.into();
            }
            if let Some(attachment) = ready.echo {
                echo["attachments"] = json!([attachment]);
            }
            if let Some(reply_to) = call.object("reply_to") {
                echo["reply_to"] = reply_to;
            }
            self.echo(page, psid, echo, now);
            self.deliver_to_person(page, psid);
            self.changed();
        }
        let mut answer = json!({ "recipient_id": psid, "message_id": mid });
        if let Some(id) = ready.attachment_id {
            answer["attachment_id"] = id.into();
        }
        respond::json(200, &answer)
    }

    fn act(&self, call: &Call, page: &str, psid: &str, action: &str) -> Answer {
        let now = self.now_ms();
        let mut state = lock(&self.inner.state);
        if let Some(person) = state.person_mut(page, psid) {
            match action {
                "typing_on" => person.typing_until_ms = now + 20_000,
                "typing_off" => person.typing_until_ms = 0,
                "mark_seen" => person.seen_ms = Some(now),
                "react" | "unreact" => {
                    let payload = call.object("payload").unwrap_or_default();
                    let target = payload["message_id"].as_str().unwrap_or_default();
                    if !person.thread.iter().any(|note| note.mid == target) {
                        return Err(bad("payload[message_id] is not a message of this thread"));
                    }
                }
                other => {
                    return Err(bad(format!(
                        "Param sender_action must be one of {{TYPING_ON, TYPING_OFF, MARK_SEEN, REACT, UNREACT}} - got \"{other}\""
                    )));
                }
            }
        }
        if state.actions.len() >= KEPT {
            state.actions.pop_front();
        }
        state.actions.push_back(Action { page_id: page.to_owned(), psid: psid.to_owned(), action: action.to_owned(), at_ms: now });
        drop(state);
        if action == "typing_on" {
            // The dots vanish by themselves; whoever watches must hear of it.
            let sim = self.clone();
            self.pump().schedule(now + 20_000, lane_of(psid), move || async move { sim.changed() });
        }
        self.changed();
        Ok(respond::json(200, &json!({ "recipient_id": psid })))
    }

    /// Fetches, looks up or takes the attachment of a message.
    async fn prepare(&self, call: &Call, page: &str, message: &Value) -> Result<Ready, GraphError> {
        let attachment = &message["attachment"];
        if attachment.is_null() {
            return Ok(Ready::default());
        }
        let kind = attachment["type"].as_str().unwrap_or_default();
        let payload = &attachment["payload"];
        if kind == "template" {
            return template(payload);
        }
        if !["image", "audio", "video", "file"].contains(&kind) {
            return Err(bad(format!(
                "Param message[attachment][type] must be one of {{AUDIO, FILE, IMAGE, TEMPLATE, VIDEO}} - got \"{kind}\""
            )));
        }
        let mut ready = Ready::default();
        let media = if let Some(id) = payload["attachment_id"].as_str() {
            let state = lock(&self.inner.state);
            let upload = state.uploads.get(id).filter(|upload| upload.page == page && upload.expires_ms > self.now_ms());
            let upload = upload.ok_or_else(|| bad(format!("Invalid attachment_id {id}")))?;
            if upload.kind != kind {
                return Err(graph_sub(100, 2_018_047, "(#100) Upload attachment failure: the attachment type does not match"));
            }
            upload.media.clone()
        } else {
            let media = self.take_file(call, kind, payload).await?;
            if payload["is_reusable"].as_bool() == Some(true) {
                ready.attachment_id = Some(self.keep_upload(page, &media, kind));
            }
            media
        };
        ready.echo = Some(json!({ "type": kind, "payload": { "url": self.cdn_url(&media) } }));
        ready.media.push(media);
        Ok(ready)
    }

    /// The bytes of a message: the multipart file, or what the address gives.
    async fn take_file(&self, call: &Call, kind: &str, payload: &Value) -> Result<String, GraphError> {
        let (content_type, name, bytes, limit): (String, String, Bytes, usize) = if let Some(file) = &call.file {
            (file.content_type.clone(), file.name.clone(), file.bytes.clone(), FILE_LIMIT)
        } else {
            let url =
                payload["url"].as_str().ok_or_else(|| bad("Param message[attachment][payload] needs url, attachment_id or filedata"))?;
            let (content_type, bytes) = self
                .fetch(url)
                .await
                .map_err(|why| graph_sub(100, 2_018_008, format!("(#100) Failed to fetch the file from the url ({why})")))?;
            let name = url.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
            let limit = if kind == "image" { IMAGE_BY_URL_LIMIT } else { FILE_LIMIT };
            (content_type, name.to_owned(), bytes, limit)
        };
        if bytes.len() > limit {
            return Err(graph_sub(100, 2_018_109, "(#100) Attachment size exceeds allowable limit"));
        }
        let family = content_type.split('/').next().unwrap_or_default();
        if kind != "file" && family != kind {
            return Err(graph_sub(100, 2_018_047, "(#100) Upload attachment failure: the attachment type does not match"));
        }
        Ok(self.host("", &content_type, &name, bytes))
    }

    fn keep_upload(&self, page: &str, media: &str, kind: &str) -> String {
        let id = self.ids().digits();
        let upload =
            Upload { page: page.to_owned(), media: media.to_owned(), kind: kind.to_owned(), expires_ms: self.now_ms() + UPLOAD_LIFE_MS };
        lock(&self.inner.state).uploads.insert(id.clone(), upload);
        id
    }

    pub(crate) fn cdn_url(&self, media: &str) -> String {
        format!("{}/_cdn/{media}", self.base_url())
    }

    pub(crate) async fn upload(&self, call: &Call, id: &str) -> Answer {
        let page = call.page(id)?;
        let message = call.object("message").ok_or_else(|| bad("The parameter message is required"))?;
        let kind = message["attachment"]["type"].as_str().unwrap_or_default();
        if !["image", "audio", "video", "file"].contains(&kind) {
            return Err(bad("Param message[attachment][type] must be one of {AUDIO, FILE, IMAGE, VIDEO}"));
        }
        let media = self.take_file(call, kind, &message["attachment"]["payload"]).await?;
        let id = self.keep_upload(&page, &media, kind);
        self.changed();
        Ok(respond::json(200, &json!({ "attachment_id": id })))
    }
}

/// Exactly one form of recipient; only `id` leads to a person here.
fn recipient(call: &Call) -> Result<String, GraphError> {
    let recipient = call.object("recipient").ok_or_else(|| bad("The parameter recipient is required"))?;
    let forms = ["id", "user_ref", "comment_id", "post_id", "notification_messages_token"];
    let given: Vec<&str> = forms.into_iter().filter(|form| !recipient[*form].is_null()).collect();
    match given[..] {
        ["id"] => match &recipient["id"] {
            Value::String(id) => Ok(id.clone()),
            Value::Number(id) => Ok(id.to_string()),
            _ => Err(bad("Param recipient[id] must be a valid ID string")),
        },
        [_] => Err(graph_sub(100, 2_018_001, "(#100) No matching user found")),
        _ => Err(bad("Must pass in exactly one of the params: id, user_ref, comment_id, post_id")),
    }
}

fn check_thread(person: &Person, app: &str) -> Result<(), GraphError> {
    match person.unreachable {
        Some(Unreachable::Gone) => return Err(graph_sub(551, 1_545_041, "(#551) This person isn't available right now.")),
        Some(Unreachable::Muted) => {
            return Err(graph_sub(
                10,
                2_018_108,
                "(#10) This Person Cannot Receive Messages: This person isn't receiving messages from you right now.",
            ));
        }
        Some(Unreachable::NoRole) => {
            return Err(graph_sub(
                200,
                2_018_028,
                "(#200) Cannot message users who are not admins, developers or testers of the app until pages_messaging permission is reviewed and the app is live.",
            ));
        }
        None => {}
    }
    if person.owner.as_deref().is_some_and(|owner| owner != app) {
        return Err(graph_sub(10, 2_018_300, "(#10) Message failed to send because another app is controlling this thread now."));
    }
    Ok(())
}

fn check_window(state: &State, person: &Person, call: &Call, now: i64) -> Result<(), GraphError> {
    let kind = call.text("messaging_type").unwrap_or("RESPONSE");
    let tag = call.text("tag");
    let outside = || {
        graph_sub(
            10,
            if state.instagram { 2_534_022 } else { 2_018_278 },
            "(#10) This message is sent outside of allowed window. Learn more about the new policy here: https://developers.facebook.com/docs/messenger-platform/policy-overview",
        )
    };
    let since = person.last_in_ms.map_or(i64::MAX, |last| now.saturating_sub(last));
    match (kind, tag) {
        ("RESPONSE" | "UPDATE", None) => {}
        ("UTILITY", _) => return Ok(()),
        ("MESSAGE_TAG", None) => return Err(bad("The parameter tag is required where messaging_type is MESSAGE_TAG")),
        ("MESSAGE_TAG" | "RESPONSE" | "UPDATE", Some(tag)) => match tag {
            "ACCOUNT_UPDATE" | "CONFIRMED_EVENT_UPDATE" | "POST_PURCHASE_UPDATE" => {
                return Err(graph_sub(100, 1_893_061, format!("(#100) The message tag {tag} is no longer supported")));
            }
            "HUMAN_AGENT" => {
                let approved = state.apps.get(&call.token.app).is_some_and(|app| app.human_agent);
                if !approved {
                    return Err(graph_sub(100, 2_018_276, "(#100) The app has no approval for the Human Agent feature"));
                }
                return if since < HUMAN_AGENT_MS { Ok(()) } else { Err(outside()) };
            }
            "CUSTOMER_FEEDBACK" => return Ok(()),
            other => return Err(bad(format!("Param tag is not a valid message tag - got \"{other}\""))),
        },
        (other, _) => {
            return Err(bad(format!("Param messaging_type must be one of {{RESPONSE, UPDATE, MESSAGE_TAG, UTILITY}} - got \"{other}\"")));
        }
    }
    if since < WINDOW_MS { Ok(()) } else { Err(outside()) }
}

fn check_message(message: &Value) -> Result<(), GraphError> {
    let text = message["text"].as_str();
    let has_attachment = !message["attachment"].is_null();
    if !message.is_object() || (text.is_none_or(str::is_empty) && !has_attachment) {
        return Err(graph_sub(100, 2_018_034, "(#100) Message cannot be empty, must provide valid attachment or text"));
    }
    if text.is_some() && has_attachment {
        return Err(bad("Message cannot contain both text and attachment"));
    }
    if longer(text, TEXT_LIMIT) {
        return Err(bad(format!("Length of param message[text] must be less than or equal to {TEXT_LIMIT}")));
    }
    if longer(message["metadata"].as_str(), 1_000) {
        return Err(bad("Length of param message[metadata] must be less than or equal to 1000"));
    }
    let Some(replies) = message["quick_replies"].as_array() else { return Ok(()) };
    if replies.len() > 13 {
        return Err(bad("Param message[quick_replies] has too many elements. Maximum allowed is 13"));
    }
    for (index, reply) in replies.iter().enumerate() {
        let title = reply["title"].as_str();
        match reply["content_type"].as_str() {
            Some("text") if title.is_none_or(str::is_empty) || reply["payload"].as_str().is_none() => {
                return Err(bad(format!("Param message[quick_replies][{index}] needs title and payload")));
            }
            Some("text" | "user_phone_number" | "user_email") => {}
            _ => return Err(bad(format!("Param message[quick_replies][{index}][content_type] is invalid"))),
        }
        if longer(title, 20) || longer(reply["payload"].as_str(), 1_000) {
            return Err(bad(format!("Length of param message[quick_replies][{index}] exceeds its limit")));
        }
    }
    Ok(())
}

fn quick_reply_buttons(message: &Value) -> Vec<Button> {
    let replies = message["quick_replies"].as_array().map_or(&[][..], Vec::as_slice);
    replies
        .iter()
        .map(|reply| {
            let kind = reply["content_type"].as_str().unwrap_or_default();
            let title = match kind {
                "user_phone_number" => "Send phone number",
                "user_email" => "Send e-mail address",
                _ => reply["title"].as_str().unwrap_or_default(),
            };
            Button {
                kind: "quick_reply",
                title: title.to_owned(),
                payload: reply["payload"].as_str().unwrap_or(title).to_owned(),
                url: String::new(),
            }
        })
        .collect()
}

/// Checks a template's limits and turns it into what a phone shows.
fn template(payload: &Value) -> Result<Ready, GraphError> {
    let mut ready = Ready { echo: Some(json!({ "type": "template", "payload": payload })), ..Ready::default() };
    match payload["template_type"].as_str().unwrap_or_default() {
        "button" => {
            let text = payload["text"].as_str();
            if text.is_none_or(str::is_empty) || longer(text, 640) {
                return Err(bad("Param text of a button template must have 1 to 640 characters"));
            }
            ready.text = text.unwrap_or_default().to_owned();
            ready.buttons = buttons(payload, 1)?;
        }
        "generic" => {
            let elements = payload["elements"].as_array().map_or(&[][..], Vec::as_slice);
            if !(1..=10).contains(&elements.len()) {
                return Err(bad("Param elements of a generic template must have 1 to 10 elements"));
            }
            for element in elements {
                let (title, subtitle) = (element["title"].as_str(), element["subtitle"].as_str());
                if title.is_none_or(str::is_empty) || longer(title, 80) || longer(subtitle, 80) {
                    return Err(bad("Length of param title or subtitle of an element must be 1 to 80"));
                }
                if !ready.text.is_empty() {
                    ready.text.push('\n');
                }
                ready.text.push_str(title.unwrap_or_default());
                if let Some(subtitle) = subtitle {
                    ready.text.push_str(" — ");
                    ready.text.push_str(subtitle);
                }
                ready.buttons.extend(buttons(element, 0)?);
            }
        }
        "media" | "receipt" | "customer_feedback" | "coupon" | "one_time_notif_req" | "product" => {
            ready.text = format!("[{}]", payload["template_type"].as_str().unwrap_or_default());
        }
        other => return Err(bad(format!("Param template_type is invalid - got \"{other}\""))),
    }
    Ok(ready)
}

fn buttons(holder: &Value, at_least: usize) -> Result<Vec<Button>, GraphError> {
    let all = holder["buttons"].as_array().map_or(&[][..], Vec::as_slice);
    if !(at_least..=3).contains(&all.len()) {
        return Err(bad("Param buttons must have 1 to 3 elements"));
    }
    all.iter()
        .map(|button| {
            let title = button["title"].as_str();
            if longer(title, 20) {
                return Err(bad("Length of a button's title must be less than or equal to 20"));
            }
            let kind = match button["type"].as_str() {
                Some("postback") if button["payload"].as_str().is_some() => "postback",
                Some("web_url") if button["url"].as_str().is_some() => "url",
                Some("phone_number" | "account_link" | "account_unlink" | "game_play") => "url",
                _ => return Err(bad("A button needs a type and what belongs to it")),
            };
            Ok(Button {
                kind,
                title: title.unwrap_or_default().to_owned(),
                payload: button["payload"].as_str().unwrap_or_default().to_owned(),
                url: button["url"].as_str().unwrap_or_default().to_owned(),
            })
        })
        .collect()
}
