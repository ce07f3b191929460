//! Webhooks into items.
//!
//! `{"destination":"U…","events":[{"type":"message","mode":"active","timestamp":…,"webhookEventId":"01H…","source":{"type":"user",
//! "userId":"U…"},"replyToken":"…","message":{…}}]}`. `x-line-signature` is the base64 of an HMAC-SHA256 over the body with the channel
//! secret as text. The console's check of an address is an ordinary webhook without events.

use super::{contents, is_own};
use crate::kit::{http, json, mac, settings, time};
use antiphon_app::channel::{DeadLetter, InboundItem, InboundKind, Keys, RawRequest, Refusal, ReplyToken, Verified};
use antiphon_domain::Timestamp;
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::source::HealthState;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json as object};

/// How long a reply token is used; the vendor takes it somewhat longer, and says no more.
const REPLY_MS: i64 = 25_000;

type Item = Result<InboundItem, DeadLetter>;

pub(super) fn verify<'a>(request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
    let secret = keys.credential("channel_secret").ok_or(Refusal::NoSecret("channel_secret"))?;
    let secrets = [Some(secret), keys.credential("channel_secret_previous")];
    let header =
        http::header(&request.headers, "x-line-signature").ok_or(Refusal::BadSignature("the x-line-signature header is missing"))?;
    let given = STANDARD.decode(header).ok().filter(|given| given.len() == 32);
    let given = given.ok_or(Refusal::BadSignature("the x-line-signature header is not the base64 of 32 bytes"))?;
    let known = secrets.into_iter().flatten().any(|secret| mac::equal(&mac::hmac_sha256(secret.as_bytes(), &request.body), &given));
    if known { Ok(Verified { request }) } else { Err(Refusal::BadSignature("the signature does not fit the body")) }
}

pub(super) fn parse(request: &RawRequest, keys: &Keys) -> Vec<Item> {
    let dead = |code, reason: String| vec![Err(DeadLetter { source_address: None, code, reason })];
    let body = match json::read(&request.body) {
        Ok(body) => body,
        Err(reason) => return dead("malformed", reason),
    };
    let Some(events) = body["events"].as_array() else { return dead("malformed", "The field events is not a list.".to_owned()) };
    // What is meant for another bot goes to its source, or is kept where the administrator sees it.
    let source = json::text(&body["destination"]).filter(|bot| !is_own(keys, bot));
    let groups = settings::flag(keys, "groups", false);
    let mut items = Vec::new();
    for event in events {
        Happened { source: source.as_deref(), event, groups }.items(&mut items);
    }
    items
}

/// One event.
struct Happened<'a> {
    source: Option<&'a str>,
    event: &'a Value,
    groups: bool,
}

impl Happened<'_> {
    fn dead(&self, code: &'static str, reason: &str) -> DeadLetter {
        DeadLetter { source_address: self.source.map(str::to_owned), code, reason: reason.to_owned() }
    }

    fn item(&self, key: String, kind: InboundKind) -> InboundItem {
        let at = json::integer(&self.event["timestamp"]).map(time::millis_or_seconds);
        InboundItem { source_address: self.source.map(str::to_owned), key, at, kind }
    }

    /// Who wrote: a person, or with the setting a group or room as a whole.
    fn from(&self) -> Option<String> {
        let source = &self.event["source"];
        json::text(&source["groupId"]).or_else(|| json::text(&source["roomId"])).or_else(|| json::text(&source["userId"]))
    }

    fn in_group(&self) -> bool {
        self.event["source"]["type"] == "group" || self.event["source"]["type"] == "room"
    }

    fn items(&self, items: &mut Vec<Item>) {
        let Some(id) = json::text(&self.event["webhookEventId"]) else {
            items.push(Err(self.dead("malformed", "An event has no webhookEventId.")));
            return;
        };
        let kind = self.event["type"].as_str().unwrap_or_default();
        let ignored = |label| Ok(self.item(id.clone(), InboundKind::Ignored(label)));
        // Another module has the conversation: its messages are not ours to answer.
        if self.event["mode"] == "standby" {
            items.push(ignored("standby"));
            return;
        }
        match kind {
            "botSuspended" | "botResumed" | "activated" | "deactivated" => {
                let (state, message) = match kind {
                    "botSuspended" => {
                        (HealthState::Failing, "LINE has suspended the account. Look at the account in LINE Official Account Manager.")
                    }
                    "deactivated" => (HealthState::Failing, "The module is not active any more. Activate it in the LINE console."),
                    _ => (HealthState::Ok, ""),
                };
                items.push(Ok(self.item(id, InboundKind::Health { state, message: message.to_owned() })));
                return;
            }
            "join" | "leave" | "memberJoined" | "memberLeft" => {
                items.push(ignored("membership_of_a_group"));
                return;
            }
            "videoPlayComplete" | "beacon" | "accountLink" | "membership" | "module" | "delivery" => {
                items.push(ignored("event_of_no_consequence"));
                return;
            }
            "message" | "postback" | "follow" | "unfollow" | "unsend" => {}
            other => {
                let other: String = other.chars().filter(|c| !c.is_control()).take(40).collect();
                items.push(Err(self.dead("unknown_item", &format!("An event is of no known type: {other}."))));
                return;
            }
        }
        if self.in_group() && !self.groups {
            items.push(ignored("group"));
            return;
        }
        let Some(from) = self.from() else {
            items.push(Err(self.dead("malformed", &format!("The event {id} has no source.userId."))));
            return;
        };
        match kind {
            "message" => self.message(id, from, items),
            "postback" => self.postback(id, from, items),
            "unsend" => {
                let about = json::text(&self.event["unsend"]["messageId"]);
                let note = object!({ "type": "Deleted", "id": about }).to_string();
                items.push(Ok(self.item(id, InboundKind::Note { from, about, note, keep: false })));
            }
            "follow" => {
                let back = self.event["follow"]["isUnblocked"] == true;
                items.extend(self.handle(&id, &from, None));
                let proof = if back { "They unblocked the account." } else { "They added the account as a friend." };
                items.push(Ok(self.item(id, InboundKind::Consent { from, kind: ConsentKind::OptIn, proof: proof.to_owned() })));
            }
            _ => {
                let proof = "They blocked the account or removed it from their friends.".to_owned();
                items.push(Ok(self.item(id, InboundKind::Consent { from, kind: ConsentKind::OptOut, proof })));
            }
        }
    }

    /// What marks the message as read and answers it once.
    fn handle(&self, id: &str, from: &str, about: Option<String>) -> Option<Item> {
        let at = json::integer(&self.event["timestamp"]).map(time::millis_or_seconds);
        let token = json::text(&self.event["replyToken"]);
        let reply = token.zip(at).map(|(token, at): (String, Timestamp)| ReplyToken { token, expires_at: at.plus_ms(REPLY_MS) });
        if reply.is_none() && about.is_none() {
            return None;
        }
        Some(Ok(self.item(format!("handle:{id}"), InboundKind::Handle { from: from.to_owned(), about, reply })))
    }

    fn message(&self, id: String, from: String, items: &mut Vec<Item>) {
        let message = &self.event["message"];
        let (contents, mut notes) = match contents::of(message) {
            Ok(read) => read,
            Err((code, why)) => {
                items.push(Err(self.dead(code, &format!("The event {id} has a message that {why}"))));
                return;
            }
        };
        if let Some(quoted) = json::text(&message["quotedMessageId"]) {
            notes.push(object!({ "type": "ReplyTo", "id": quoted }));
        }
        notes.extend(self.member());
        items.extend(self.handle(&id, &from, json::text(&message["markAsReadToken"])));
        let metadata = (!notes.is_empty()).then(|| Value::Array(notes).to_string());
        items.push(Ok(self.item(id, InboundKind::Message { from, name: None, contents, metadata, consent: None })));
    }

    /// Who of a group wrote.
    fn member(&self) -> Option<Value> {
        let member = json::text(&self.event["source"]["userId"]).filter(|_| self.in_group())?;
        Some(object!({ "type": "GroupMember", "id": member }))
    }

    fn postback(&self, id: String, from: String, items: &mut Vec<Item>) {
        match contents::tapped(&self.event["postback"]) {
            Some(content) => {
                items.extend(self.handle(&id, &from, None));
                let metadata = self.member().map(|member| Value::Array(vec![member]).to_string());
                let kind = InboundKind::Message { from, name: None, contents: vec![content], metadata, consent: None };
                items.push(Ok(self.item(id, kind)));
            }
            None => items.push(Err(self.dead("empty", &format!("The postback {id} has no data.")))),
        }
    }
}
