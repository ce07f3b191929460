//! Webhooks into items.
//!
//! `{"object":"page","entry":[{"id":"<page>","time":…,"messaging":[{"sender":{"id":"<person>"},"recipient":{"id":"<page>"},
//! "timestamp":…,"message":{"mid":"m_1","text":"hi"}}]}]}`; up to a thousand updates in one body, of several pages. An entry has
//! `messaging`, `standby` (another app has the conversation) or `changes` (the page's feed).
//!
//! The platform never tells that a person types. One update that can't be used never costs another.

use super::{Product, attachments};
use crate::kit::{json, time};
use crate::meta::signature;
use antiphon_app::channel::{DeadLetter, InboundContent, InboundItem, InboundKind, RawRequest, ReceiptOf};
use antiphon_domain::source::HealthState;
use antiphon_domain::{DeliveryStatus, Timestamp};
use serde_json::{Value, json as object};

type Item = Result<InboundItem, DeadLetter>;

pub fn parse(product: &Product, request: &RawRequest) -> Vec<Item> {
    if let Some(tail) = signature::SIGNED_REQUEST_TAILS.into_iter().find(|tail| *tail == request.tail) {
        // A person who once connected pages leaves the app: nothing of theirs is kept, so there is nothing to do.
        let label = if tail == "deauthorize" { "deauthorised" } else { "data_deletion_requested" };
        let key = format!("{tail}:{}", hex::encode(crate::kit::mac::sha256(&request.body)));
        return vec![Ok(InboundItem { source_address: None, key, at: None, kind: InboundKind::Ignored(label) })];
    }
    let body = match json::read(&request.body) {
        Ok(body) => body,
        Err(reason) => return vec![Err(DeadLetter { source_address: None, code: "malformed", reason })],
    };
    if body["object"] != product.object {
        let reason = format!("The field object is not \"{}\": the webhook belongs to another product of the app.", product.object);
        return vec![Err(DeadLetter { source_address: None, code: "unknown_item", reason })];
    }
    let Some(entries) = body["entry"].as_array() else {
        return vec![Err(DeadLetter { source_address: None, code: "malformed", reason: "The field entry is not a list.".to_owned() })];
    };
    entries.iter().flat_map(entry).collect()
}

fn entry(entry: &Value) -> Vec<Item> {
    let Some(page) = json::text(&entry["id"]) else {
        return vec![Err(DeadLetter { source_address: None, code: "malformed", reason: "An entry has no id.".to_owned() })];
    };
    let list = |name: &str| entry[name].as_array().map_or(&[][..], Vec::as_slice);
    let mut items = Vec::new();
    for update in list("messaging") {
        Update { page: &page, update, standby: false }.items(&mut items);
    }
    for update in list("standby") {
        Update { page: &page, update, standby: true }.items(&mut items);
    }
    for (index, change) in list("changes").iter().enumerate() {
        let field = json::text(&change["field"]).unwrap_or_default();
        let time = json::text(&entry["time"]).unwrap_or_default();
        items.push(Ok(InboundItem {
            source_address: Some(page.clone()),
            key: format!("changes:{field}:{time}:{index}"),
            at: None,
            kind: InboundKind::Ignored("page_change"),
        }));
    }
    if items.is_empty() {
        let reason = "An entry has neither messaging nor standby nor changes.".to_owned();
        items.push(Err(DeadLetter { source_address: Some(page), code: "unknown_item", reason }));
    }
    items
}

/// One update of a page.
struct Update<'a> {
    page: &'a str,
    update: &'a Value,
    standby: bool,
}

impl Update<'_> {
    fn items(&self, items: &mut Vec<Item>) {
        if !self.update.is_object() {
            items.push(Err(self.dead("malformed", "An update is not an object.")));
            return;
        }
        if self.standby {
            // Another app has the conversation: its messages are not ours to answer or to show.
            items.push(Ok(self.ignored(self.key_of_anything(), "standby")));
            return;
        }
        if self.update["message"].is_object() {
            self.message(items);
            return;
        }
        items.push(self.single());
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.update.get(name).filter(|value| !value.is_null())
    }

    fn person(&self) -> Option<String> {
        json::text(&self.update["sender"]["id"]).filter(|id| id != self.page)
    }

    fn at(&self) -> Option<Timestamp> {
        json::integer(&self.update["timestamp"]).map(time::millis_or_seconds)
    }

    fn timestamp(&self) -> String {
        json::text(&self.update["timestamp"]).unwrap_or_default()
    }

    fn dead(&self, code: &'static str, reason: &str) -> DeadLetter {
        DeadLetter { source_address: Some(self.page.to_owned()), code, reason: reason.to_owned() }
    }

    fn item(&self, key: String, kind: InboundKind) -> InboundItem {
        InboundItem { source_address: Some(self.page.to_owned()), key, at: self.at(), kind }
    }

    fn ignored(&self, key: String, label: &'static str) -> InboundItem {
        self.item(key, InboundKind::Ignored(label))
    }

    /// The key of updates without an id: kind, person and time.
    fn key(&self, kind: &str) -> String {
        let person = self.person().or_else(|| json::text(&self.update["recipient"]["id"])).unwrap_or_default();
        format!("{kind}:{person}:{}", self.timestamp())
    }

    fn key_of_anything(&self) -> String {
        let mid = ["message", "postback"].into_iter().find_map(|kind| json::text(&self.update[kind]["mid"]));
        match mid {
            Some(mid) => format!("standby:{mid}"),
            None => {
                let kinds = ["delivery", "read", "message", "postback"];
                self.key(&format!("standby:{}", kinds.into_iter().find(|kind| self.field(kind).is_some()).unwrap_or("other")))
            }
        }
    }

    fn message(&self, items: &mut Vec<Item>) {
        let message = &self.update["message"];
        let Some(mid) = json::text(&message["mid"]) else {
            items.push(Err(self.dead("malformed", "A message has no mid.")));
            return;
        };
        if message["is_deleted"] == true {
            let note = object!({"type": "Deleted", "id": mid});
            items.push(Ok(match self.person() {
                Some(from) => self.item(format!("deleted:{mid}"), note_of(from, Some(mid), &note, false)),
                None => self.ignored(format!("deleted:{mid}"), "deleted"),
            }));
            return;
        }
        let (mut contents, unread) = attachments::contents(message);
        if message["is_self"] == true {
            items.push(Ok(self.ignored(mid, "self")));
            return;
        }
        if message["is_unsupported"] == true && contents.is_empty() {
            contents.push(InboundContent::Text { text: "[message of a kind that can't be shown]".to_owned(), payload: None });
        }
        if message["is_echo"] == true {
            items.push(self.echo(mid, contents, &unread));
            return;
        }
        let Some(from) = self.person() else {
            items.push(Err(self.dead("malformed", &format!("The message {mid} has no sender.id."))));
            return;
        };
        for kind in &unread {
            items.push(Err(
                self.dead("unsupported", &format!("The message {mid} has an attachment of kind \"{kind}\" that can't be shown."))
            ));
        }
        if contents.is_empty() {
            if unread.is_empty() {
                items.push(Err(self.dead("empty", &format!("The message {mid} has neither text nor attachments that could be read."))));
            }
            return;
        }
        let mut notes = Vec::new();
        if let Some(mid) = json::text(&message["reply_to"]["mid"]) {
            notes.push(object!({"type": "ReplyTo", "id": mid}));
        }
        if let Some(story) = message["reply_to"]["story"].as_object() {
            let part = |name: &str| story.get(name).and_then(json::text);
            notes.push(object!({ "type": "StoryReply", "id": part("id"), "url": part("url") }));
        }
        notes.extend(referral(&message["referral"]));
        items.push(Ok(self.item(mid, message_of(from, contents, notes))));
    }

    /// The page wrote: through us, through another app, or by hand in the page's inbox.
    fn echo(&self, mid: String, mut contents: Vec<InboundContent>, unread: &[String]) -> Item {
        let message = &self.update["message"];
        let to = json::text(&self.update["recipient"]["id"]).filter(|id| id != self.page);
        let to = to.ok_or_else(|| self.dead("malformed", &format!("The echo {mid} has no recipient.id.")))?;
        // What can't be shown is at least named: the agent sees that the brand wrote something.
        contents.extend(unread.iter().map(|kind| InboundContent::Text { text: format!("[{kind}]"), payload: None }));
        let delivery = message["metadata"].as_str().and_then(|metadata| metadata.parse().ok());
        Ok(self.item(mid.clone(), InboundKind::Echo { to, vendor_id: mid, delivery, contents }))
    }

    fn single(&self) -> Item {
        if let Some(postback) = self.field("postback") {
            return self.postback(postback);
        }
        if let Some(delivery) = self.field("delivery") {
            return self.receipt("delivery", delivery, DeliveryStatus::Delivered);
        }
        if let Some(read) = self.field("read") {
            return self.receipt("read", read, DeliveryStatus::Read);
        }
        if let Some(edit) = self.field("message_edit") {
            return self.edit(edit);
        }
        if let Some(reaction) = self.field("reaction") {
            let part = |name: &str| json::text(&reaction[name]).unwrap_or_default();
            let person = self.person().unwrap_or_default();
            let key = format!("reaction:{}:{person}:{}:{}", part("mid"), part("action"), self.timestamp());
            if person.is_empty() {
                return Ok(self.ignored(key, "reaction"));
            }
            return Ok(self.item(key, note_of(person, json::text(&reaction["mid"]), &reaction_note(reaction), false)));
        }
        if let Some((field, note)) = self.context() {
            let key = self.key(field);
            // The check box of a page names nobody until its person writes.
            return Ok(match self.person() {
                Some(from) => self.item(key, note_of(from, None, &note, true)),
                None => self.ignored(key, "nobody_named"),
            });
        }
        if let Some(policy) = self.field("policy_enforcement") {
            return Ok(self.item(format!("policy_enforcement:{}", self.timestamp()), policy_enforcement(policy)));
        }
        let ignored = [
            ("optout", "opt_out_of_notifications"),
            ("account_linking", "account_linking"),
            ("messaging_feedback", "feedback"),
            ("messaging_customer_information", "customer_information"),
            ("pass_thread_control", "handover"),
            ("take_thread_control", "handover"),
            ("request_thread_control", "handover"),
            ("app_roles", "handover"),
        ];
        match ignored.into_iter().find(|(field, _)| self.field(field).is_some()) {
            Some((field, label)) => Ok(self.ignored(self.key(field), label)),
            None => {
                let fields = self.update.as_object().into_iter().flat_map(serde_json::Map::keys);
                let fields = fields.filter(|name| !["sender", "recipient", "timestamp"].contains(&name.as_str()));
                let names: Vec<String> = fields.take(5).map(|name| name.chars().filter(|c| !c.is_control()).take(40).collect()).collect();
                Err(self.dead("unknown_item", &format!("An update is of no known kind; its fields are: {}.", names.join(", "))))
            }
        }
    }

    /// How the person came, or what they agreed to, without a message.
    fn context(&self) -> Option<(&'static str, Value)> {
        if let Some(note) = self.field("referral").and_then(referral) {
            return Some(("referral", note));
        }
        Some(("optin", opt_in(self.field("optin")?)))
    }

    fn postback(&self, postback: &Value) -> Item {
        let from = self.person().ok_or_else(|| self.dead("malformed", "A postback has no sender.id."))?;
        let payload = json::text(&postback["payload"]);
        let text = json::text(&postback["title"]).or_else(|| payload.clone());
        let text = text.ok_or_else(|| self.dead("empty", "A postback has neither title nor payload."))?;
        // Before version 11 there was no mid.
        let key = json::text(&postback["mid"]).unwrap_or_else(|| self.key("postback"));
        let notes = referral(&postback["referral"]).into_iter().collect();
        Ok(self.item(key, message_of(from, vec![InboundContent::Text { text, payload }], notes)))
    }

    /// An edited message is shown as a new one that names the old: events don't change.
    fn edit(&self, edit: &Value) -> Item {
        let from = self.person().ok_or_else(|| self.dead("malformed", "An edit has no sender.id."))?;
        let mid = json::text(&edit["mid"]).ok_or_else(|| self.dead("malformed", "An edit has no mid."))?;
        let key = self.key("message_edit");
        match json::text(&edit["text"]) {
            Some(text) => {
                let notes = vec![object!({"type": "Edit", "id": mid, "number": json::integer(&edit["num_edit"])})];
                Ok(self.item(key, message_of(from, vec![InboundContent::Text { text, payload: None }], notes)))
            }
            None => Ok(self.ignored(key, "edit_without_text")),
        }
    }

    fn receipt(&self, name: &str, receipt: &Value, status: DeliveryStatus) -> Item {
        let consumer = self.person().ok_or_else(|| self.dead("malformed", &format!("A {name} receipt has no sender.id.")))?;
        let mids: Vec<String> = receipt["mids"].as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(json::text).collect();
        let mids = if mids.is_empty() { json::text(&receipt["mid"]).into_iter().collect() } else { mids };
        let watermark = json::text(&receipt["watermark"]).unwrap_or_default();
        let first = mids.first().map(|mid| format!(":{mid}")).unwrap_or_default();
        let key = format!("{name}:{consumer}:{watermark}{first}");
        let of = if mids.is_empty() {
            let number = json::integer(&receipt["watermark"]);
            let number = number.ok_or_else(|| self.dead("malformed", &format!("A {name} receipt has neither mids nor a watermark.")))?;
            let at = time::millis_or_seconds(number);
            // A watermark in seconds covers its whole second.
            let at = if at.0 == number { at } else { at.plus_ms(999) };
            ReceiptOf::UpTo { consumer, at }
        } else {
            ReceiptOf::Ids { vendor_ids: mids, delivery: None }
        };
        Ok(self.item(key, InboundKind::Receipt { of, status, reason: None, opted_out: false, again: None }))
    }
}

fn message_of(from: String, contents: Vec<InboundContent>, notes: Vec<Value>) -> InboundKind {
    let metadata = (!notes.is_empty()).then(|| Value::Array(notes).to_string());
    InboundKind::Message { from, name: None, contents, metadata, consent: None }
}

fn note_of(from: String, about: Option<String>, note: &Value, keep: bool) -> InboundKind {
    InboundKind::Note { from, about, note: note.to_string(), keep }
}

/// A reaction, or that it was taken back.
fn reaction_note(reaction: &Value) -> Value {
    let mut note = object!({ "type": "Reaction", "action": if reaction["action"] == "unreact" { "unreact" } else { "react" } });
    for name in ["mid", "reaction", "emoji"] {
        if let Some(text) = json::text(&reaction[name]) {
            let name = if name == "mid" { "id" } else { name };
            note[name] = text.chars().take(200).collect::<String>().into();
        }
    }
    note
}

/// What the person agreed to. The token that allows to write to them later is a key of its own and is not shown.
fn opt_in(optin: &Value) -> Value {
    let mut note = object!({ "type": "OptIn" });
    for (name, shown) in [("type", "optInType"), ("ref", "ref"), ("title", "title"), ("payload", "payload")] {
        if let Some(text) = json::text(&optin[name]) {
            note[shown] = text.chars().take(500).collect::<String>().into();
        }
    }
    note
}

/// Where the person came from: a link, an advertisement, a plug-in.
fn referral(referral: &Value) -> Option<Value> {
    let fields = referral.as_object()?;
    let known = ["ref", "source", "type", "ad_id", "referer_uri"];
    let mut note = serde_json::Map::new();
    note.insert("type".to_owned(), "Referral".into());
    for name in known {
        if let Some(text) = fields.get(name).and_then(json::text) {
            let name = if name == "type" { "referralType" } else { name };
            note.insert(name.to_owned(), text.chars().take(500).collect::<String>().into());
        }
    }
    if let Some(title) = json::text(&referral["ads_context_data"]["ad_title"]) {
        note.insert("adTitle".to_owned(), title.chars().take(500).collect::<String>().into());
    }
    Some(Value::Object(note))
}

fn policy_enforcement(policy: &Value) -> InboundKind {
    let why: String = json::text(&policy["reason"]).unwrap_or_default().chars().filter(|c| !c.is_control()).take(300).collect();
    let why = if why.is_empty() { String::new() } else { format!(" Meta says: {why}") };
    match policy["action"].as_str() {
        Some("unblock") => InboundKind::Health { state: HealthState::Ok, message: String::new() },
        Some("warning") => InboundKind::Health {
            state: HealthState::Failing,
            message: format!("Meta warns the page for breaking a policy. Look at the page's quality in Meta Business Support.{why}"),
        },
        _ => InboundKind::Health {
            state: HealthState::Failing,
            message: format!("Meta has blocked the page from sending. Appeal in Meta Business Support.{why}"),
        },
    }
}
