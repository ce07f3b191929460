//! Webhooks into items.
//!
//! `{"object":"whatsapp_business_account","entry":[{"id":"<business account>","changes":[{"field":"messages","value":{"metadata":
//! {"phone_number_id":"<number>"},"contacts":[…],"messages":[…],"statuses":[…]}}]}]}`. One change that can't be used never costs another.
//! Times are texts in seconds; milliseconds have been seen.

use super::{contents, statuses};
use crate::kit::{json, mac, settings, time};
use antiphon_app::channel::{DeadLetter, InboundContent, InboundItem, InboundKind, Keys, RawRequest};
use antiphon_domain::Timestamp;
use antiphon_domain::source::HealthState;
use serde_json::{Value, json as object};

pub(super) type Item = Result<InboundItem, DeadLetter>;

pub(super) fn parse(request: &RawRequest, keys: &Keys) -> Vec<Item> {
    let dead = |code, reason: String| vec![Err(DeadLetter { source_address: None, code, reason })];
    let body = match json::read(&request.body) {
        Ok(body) => body,
        Err(reason) => return dead("malformed", reason),
    };
    if body["object"] != "whatsapp_business_account" {
        let reason = "The field object is not \"whatsapp_business_account\": the webhook belongs to another product of the app.";
        return dead("unknown_item", reason.to_owned());
    }
    let Some(entries) = body["entry"].as_array() else { return dead("malformed", "The field entry is not a list.".to_owned()) };
    let mut items = Vec::new();
    for entry in entries {
        let changes = entry["changes"].as_array().map_or(&[][..], Vec::as_slice);
        if changes.is_empty() {
            items.extend(dead("unknown_item", "An entry has no changes.".to_owned()));
        }
        for change in changes {
            Change::of(entry, change, keys).items(&mut items);
        }
    }
    items
}

/// One change of a number or of its business account.
pub(super) struct Change<'a> {
    account: String,
    field: String,
    value: &'a Value,
    /// The source that it names; nothing for changes of the whole business account.
    source: Option<String>,
}

impl<'a> Change<'a> {
    fn of(entry: &Value, change: &'a Value, keys: &Keys) -> Self {
        let value = &change["value"];
        let named = json::text(&value["metadata"]["phone_number_id"]);
        // A source may be known by the number that people see: what names its own number's id is its own.
        let own = |id: &String| keys.source.is_some() && keys.credential("phone_number_id") == Some(id);
        let source = match named {
            Some(id) if own(&id) => Some(settings::address(keys).to_owned()),
            named => named,
        };
        let text = |value: &Value| json::text(value).unwrap_or_default();
        Self { account: text(&entry["id"]), field: text(&change["field"]), value, source }
    }

    fn items(&self, items: &mut Vec<Item>) {
        let list = |name: &str| self.value[name].as_array().map_or(&[][..], Vec::as_slice);
        match self.field.as_str() {
            "messages" => {
                let before = items.len();
                list("messages").iter().for_each(|message| self.message(message, items));
                list("statuses").iter().for_each(|status| statuses::items(self, status, items));
                let alone = items.len() == before;
                list("errors").iter().filter(|_| alone).for_each(|error| items.push(Ok(self.account_error(error))));
                if items.len() == before {
                    items.push(Err(
                        self.dead("unknown_item", "A change of the field messages has neither messages nor statuses nor errors.")
                    ));
                }
            }
            "smb_message_echoes" => list("message_echoes").iter().for_each(|echo| items.push(self.echo(echo))),
            "user_preferences" => list("user_preferences").iter().for_each(|preference| items.push(self.preference(preference))),
            "account_update" | "account_alerts" => items.push(Ok(self.account_update())),
            "" => items.push(Err(self.dead("malformed", "A change has no field."))),
            // Templates, quality, names, old messages of the business app: of no consequence for a conversation.
            _ => items.push(Ok(self.item(self.key(), None, InboundKind::Ignored("account_change")))),
        }
    }

    pub(super) fn dead(&self, code: &'static str, reason: &str) -> DeadLetter {
        DeadLetter { source_address: self.source.clone(), code, reason: reason.to_owned() }
    }

    pub(super) fn item(&self, key: String, at: Option<Timestamp>, kind: InboundKind) -> InboundItem {
        InboundItem { source_address: self.source.clone(), key, at, kind }
    }

    /// The key of changes without an id.
    fn key(&self) -> String {
        let digest = hex::encode(mac::sha256(self.value.to_string().as_bytes()));
        format!("{}:{}:{digest}", self.field.chars().take(60).collect::<String>(), self.account.chars().take(60).collect::<String>())
    }

    fn message(&self, message: &Value, items: &mut Vec<Item>) {
        let Some(id) = json::text(&message["id"]) else {
            items.push(Err(self.dead("malformed", "A message has no id.")));
            return;
        };
        let at = at(&message["timestamp"]);
        if !message["group_id"].is_null() {
            items.push(Ok(self.item(id, at, InboundKind::Ignored("group_message"))));
            return;
        }
        let Some(from) = sender(message) else {
            items.push(Err(self.dead("malformed", &format!("The message {id} has neither from nor from_user_id."))));
            return;
        };
        let kind = message["type"].as_str().unwrap_or_default();
        if let Some(note) = note(kind, message) {
            let (about, note) = note;
            let noted = InboundKind::Note { from, about, note: note.to_string(), keep: false };
            items.push(Ok(self.item(id, at, noted)));
            return;
        }
        let (message_of, mut notes) = edited(kind, message);
        let contents = match contents::of(message_of) {
            Ok(contents) => contents,
            Err((code, why)) => {
                items.push(Err(self.dead(code, &format!("The message {id} {why}"))));
                return;
            }
        };
        notes.extend(context(message));
        notes.extend(contents::notes(message_of));
        let handle = InboundKind::Handle { from: from.clone(), about: Some(id.clone()), reply: None };
        items.push(Ok(self.item(format!("handle:{id}"), at, handle)));
        let metadata = (!notes.is_empty()).then(|| Value::Array(notes).to_string());
        let name = self.name_of(message);
        items.push(Ok(self.item(id, at, InboundKind::Message { from, name, contents, metadata, consent: None })));
    }

    /// The sender's name, from the contacts beside the messages.
    fn name_of(&self, message: &Value) -> Option<String> {
        let contacts = self.value["contacts"].as_array().map_or(&[][..], Vec::as_slice);
        let same = |contact: &&Value| {
            let pairs = [("wa_id", "from"), ("user_id", "from_user_id"), ("user_id", "from")];
            pairs.into_iter().any(|(known, given)| json::text(&contact[known]).is_some_and(|id| json::text(&message[given]) == Some(id)))
        };
        let contact = contacts.iter().find(same)?;
        json::text(&contact["profile"]["name"]).or_else(|| json::text(&contact["profile"]["username"]))
    }

    /// The brand wrote in its own app on a phone.
    fn echo(&self, echo: &Value) -> Item {
        let id = json::text(&echo["id"]).ok_or_else(|| self.dead("malformed", "An echo has no id."))?;
        let to = json::text(&echo["to"]).or_else(|| json::text(&echo["to_user_id"]));
        let to = to.ok_or_else(|| self.dead("malformed", &format!("The echo {id} has no recipient in the field to.")))?;
        let kind = echo["type"].as_str().unwrap_or_default();
        if matches!(kind, "edit" | "revoke" | "reaction") {
            return Ok(self.item(id, at(&echo["timestamp"]), InboundKind::Ignored("echo_of_a_change")));
        }
        let shown: String = kind.chars().filter(|c| !c.is_control()).take(40).collect();
        let unread = || vec![InboundContent::Text { text: format!("[{shown}]"), payload: None }];
        let contents = contents::of(echo).unwrap_or_else(|_| unread());
        Ok(self.item(id.clone(), at(&echo["timestamp"]), InboundKind::Echo { to, vendor_id: id, delivery: None, contents }))
    }

    /// Who wants no advertisements may still be answered: it is noted, and withdraws nothing else.
    fn preference(&self, preference: &Value) -> Item {
        let from = json::text(&preference["wa_id"]).or_else(|| json::text(&preference["user_id"]));
        let from = from.ok_or_else(|| self.dead("malformed", "A preference has no wa_id."))?;
        let part = |name: &str| json::text(&preference[name]).unwrap_or_default().chars().take(100).collect::<String>();
        let note = object!({ "type": "Preference", "category": part("category"), "value": part("value") });
        let key = format!("preference:{from}:{}:{}:{}", part("category"), part("value"), part("timestamp"));
        let kind = InboundKind::Note { from, about: None, note: note.to_string(), keep: true };
        Ok(self.item(key, at(&preference["timestamp"]), kind))
    }

    fn account_update(&self) -> InboundItem {
        let event: String = json::text(&self.value["event"]).unwrap_or_default().chars().filter(|c| !c.is_control()).take(60).collect();
        let trouble = |state, message: &str| InboundKind::Health { state, message: format!("{message} Meta calls it {event}.") };
        let kind = match event.as_str() {
            "PARTNER_REMOVED" | "PARTNER_APP_UNINSTALLED" | "ACCOUNT_DELETED" | "ACCOUNT_OFFBOARDED" => trouble(
                HealthState::NeedsReauthorisation,
                "The WhatsApp business account no longer allows this app to use it. Connect the number again.",
            ),
            "ACCOUNT_RESTRICTION" | "ACCOUNT_VIOLATION" | "DISABLED_UPDATE" => trouble(
                HealthState::Failing,
                "Meta has restricted the WhatsApp business account. Look at its quality in Meta Business Support and appeal there.",
            ),
            _ => InboundKind::Ignored("account_change"),
        };
        self.item(self.key(), None, kind)
    }

    fn account_error(&self, error: &Value) -> InboundItem {
        let (state, message) = statuses::of_account(error);
        self.item(self.key(), None, InboundKind::Health { state, message })
    }
}

/// A vendor's time: seconds or milliseconds, as text or number.
pub(super) fn at(value: &Value) -> Option<Timestamp> {
    json::integer(value).map(time::millis_or_seconds)
}

/// The sender's digits, or the vendor's id of somebody who hides them.
fn sender(message: &Value) -> Option<String> {
    json::text(&message["from"]).or_else(|| json::text(&message["from_user_id"]))
}

/// What is told about a message without anybody writing, and which message that is.
fn note(kind: &str, message: &Value) -> Option<(Option<String>, Value)> {
    let about = |value: &Value| json::text(value);
    match kind {
        "reaction" => {
            let reaction = &message["reaction"];
            let emoji = json::text(&reaction["emoji"]).map(|emoji| emoji.chars().take(20).collect::<String>());
            let mut note = object!({ "type": "Reaction", "action": if emoji.is_some() { "react" } else { "unreact" } });
            let of = about(&reaction["message_id"]);
            if let Some(id) = &of {
                note["id"] = object!(id);
            }
            if let Some(emoji) = emoji {
                note["emoji"] = object!(emoji);
            }
            Some((of, note))
        }
        "revoke" => {
            let of = about(&message["revoke"]["original_message_id"]);
            Some((of.clone(), object!({ "type": "Deleted", "id": of })))
        }
        "system" => {
            let system = &message["system"];
            let mut note = object!({ "type": "ConsumerChanged" });
            for (name, shown) in [("type", "change"), ("wa_id", "address"), ("new_wa_id", "address"), ("body", "text")] {
                if let Some(text) = json::text(&system[name]) {
                    note[shown] = text.chars().take(500).collect::<String>().into();
                }
            }
            Some((None, note))
        }
        _ => None,
    }
}

/// An edited message is shown as a new one that names the old: events don't change.
fn edited<'a>(kind: &str, message: &'a Value) -> (&'a Value, Vec<Value>) {
    if kind != "edit" {
        return (message, Vec::new());
    }
    let edit = &message["edit"];
    let id = json::text(&edit["original_message_id"]);
    (&edit["message"], vec![object!({ "type": "Edit", "id": id })])
}

/// What the message answers, whether it was passed on, and how its writer came.
fn context(message: &Value) -> Vec<Value> {
    let mut notes = Vec::new();
    let context = &message["context"];
    if let Some(id) = json::text(&context["id"]) {
        notes.push(object!({ "type": "MessageReplyContext", "id": id }));
    }
    if context["forwarded"] == true || context["frequently_forwarded"] == true {
        notes.push(object!({ "type": "Forwarded", "frequently": context["frequently_forwarded"] == true }));
    }
    if let Some(fields) = message["referral"].as_object() {
        let mut note = serde_json::Map::new();
        note.insert("type".to_owned(), "Referral".into());
        let known = [
            ("source_url", "ref"),
            ("source_id", "ad_id"),
            ("source_type", "source"),
            ("headline", "adTitle"),
            ("body", "adText"),
            ("media_type", "mediaType"),
            ("ctwa_clid", "clickId"),
        ];
        for (name, shown) in known {
            if let Some(text) = fields.get(name).and_then(json::text) {
                note.insert(shown.to_owned(), text.chars().take(500).collect::<String>().into());
            }
        }
        notes.push(Value::Object(note));
    }
    notes
}
