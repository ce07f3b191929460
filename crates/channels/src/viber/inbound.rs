//! An event into items: `{"event":"message","timestamp":…,"message_token":…,"sender":{…},"message":{…}}`, one per request.
//!
//! Tokens are 64-bit numbers beyond what a float holds. A tap is an ordinary message whose `tracking_data` is that of our last message, which
//! names what could be tapped. The platform tells neither typing nor deletions nor echoes.

use crate::kit::item::{Item, dead, item, message, names, note, text};
use crate::kit::{json, time};
use antiphon_app::channel::{InboundContent, InboundKind, RawRequest, ReceiptOf};
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::delivery::Reason;
use antiphon_domain::{DeliveryStatus, Timestamp};
use serde_json::{Value, json as object};

pub(super) fn parse(request: &RawRequest) -> Vec<Item> {
    let event = match json::read(&request.body) {
        Ok(event) => event,
        Err(reason) => return vec![dead("malformed", reason)],
    };
    let Some(kind) = json::text(&event["event"]) else { return vec![dead("malformed", "The field event is missing.")] };
    vec![Event { event: &event, kind: &kind }.item()]
}

/// Whether it tells that somebody opened the conversation for the first time.
pub(super) fn is_new_conversation(request: &RawRequest) -> bool {
    json::read(&request.body).is_ok_and(|event| event["event"] == "conversation_started" && event["subscribed"] != true)
}

struct Event<'a> {
    event: &'a Value,
    kind: &'a str,
}

impl Event<'_> {
    fn at(&self) -> Option<Timestamp> {
        json::integer(&self.event["timestamp"]).map(time::millis_or_seconds)
    }

    fn token(&self) -> String {
        json::text(&self.event["message_token"]).unwrap_or_default()
    }

    fn of(&self, person: &str, kind: InboundKind) -> Item {
        item(format!("{}:{}:{person}", self.kind, self.token()), self.at(), kind)
    }

    fn item(&self) -> Item {
        let event = self.event;
        let user = json::text(&event["user_id"]).or_else(|| json::text(&event["user"]["id"]));
        let nobody = || dead("malformed", format!("The event {} names no user.", self.kind));
        match self.kind {
            "message" => self.message(),
            "webhook" => self.of("", InboundKind::Ignored("webhook_set")),
            "conversation_started" => {
                let Some(from) = user else { return nobody() };
                let Some(context) = json::text(&event["context"]) else {
                    return self.of(&from, InboundKind::Ignored("conversation_started"));
                };
                let kept = object!({ "type": "Referral", "ref": context.chars().take(500).collect::<String>() });
                self.of(&from, note(from.clone(), None, &kept, true))
            }
            "subscribed" | "unsubscribed" => {
                let Some(from) = user else { return nobody() };
                let (kind, proof) = match self.kind {
                    "subscribed" => (ConsentKind::OptIn, "Viber says that the consumer has subscribed to the bot."),
                    _ => (ConsentKind::OptOut, "Viber says that the consumer has unsubscribed from the bot."),
                };
                self.of(&from, InboundKind::Consent { from: from.clone(), kind, proof: proof.to_owned() })
            }
            "delivered" => self.receipt(user, DeliveryStatus::Delivered, None),
            "seen" => self.receipt(user, DeliveryStatus::Read, None),
            "failed" => {
                let said: String = json::text(&event["desc"]).unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
                let message = match said.is_empty() {
                    true => "Viber could not deliver the message.".to_owned(),
                    false => format!("Viber could not deliver the message: {said}."),
                };
                let reason = Reason {
                    code: "rejected".into(),
                    vendor_code: None,
                    message: message.into(),
                    remedy: Some("Send it again, or reach the consumer on another channel.".into()),
                };
                self.receipt(user, DeliveryStatus::Failed, Some(reason))
            }
            "client_status" | "action" => self.of("", InboundKind::Ignored("other_event")),
            _ => dead("unknown_item", format!("The event is of no known kind; its fields are: {}.", names(event))),
        }
    }

    fn receipt(&self, user: Option<String>, status: DeliveryStatus, reason: Option<Reason>) -> Item {
        let token = self.token();
        if token.is_empty() {
            return dead("malformed", format!("The event {} has no message_token.", self.kind));
        }
        let of = ReceiptOf::Ids { vendor_ids: vec![token], delivery: None };
        self.of(&user.unwrap_or_default(), InboundKind::Receipt { of, status, reason, opted_out: false, again: None })
    }

    fn message(&self) -> Item {
        let event = self.event;
        let Some(from) = json::text(&event["sender"]["id"]) else { return dead("malformed", "A message has no sender.id.") };
        if self.token().is_empty() {
            return dead("malformed", "A message has no message_token.");
        }
        let said = &event["message"];
        let (contents, notes) = match contents(said) {
            Some(found) => found,
            None => {
                let kind = json::text(&said["type"]).unwrap_or_default();
                return dead("unsupported", format!("The message {} of kind \"{kind}\" has nothing that can be shown.", self.token()));
            }
        };
        self.of(&from, message(from.clone(), json::text(&event["sender"]["name"]), contents, notes))
    }
}

fn contents(said: &Value) -> Option<(Vec<InboundContent>, Vec<Value>)> {
    let words = json::text(&said["text"]);
    let media = |declared: Option<&str>| {
        let url = json::text(&said["media"])?;
        let name = json::text(&said["file_name"]);
        Some(InboundContent::Media { url, declared_type: declared.map(str::to_owned), name, caption: words.clone() })
    };
    let alone = |content: InboundContent| Some((vec![content], Vec::new()));
    match said["type"].as_str()? {
        "text" => {
            let words = words?;
            let payload = tapped(said, &words);
            alone(text(words, payload))
        }
        "picture" => alone(media(Some("image/jpeg"))?),
        "video" => alone(media(Some("video/mp4"))?),
        "sticker" => match media(Some("image/png")) {
            Some(picture) => alone(picture),
            None => alone(text(format!("[sticker {}]", json::text(&said["sticker_id"])?), None)),
        },
        "file" => alone(media(None)?),
        "url" => alone(text(json::text(&said["media"]).or(words)?, None)),
        "location" => {
            let degrees = |name: &str| json::float(&said["location"][name]);
            alone(InboundContent::Location { latitude: degrees("lat")?, longitude: degrees("lon")?, label: words })
        }
        "contact" => {
            let parts = ["name", "phone_number"].into_iter().filter_map(|field| json::text(&said["contact"][field]));
            let words: Vec<String> = parts.collect();
            (!words.is_empty()).then(|| (vec![text(words.join(" "), None)], vec![object!({ "type": "Contact" })]))
        }
        _ => None,
    }
}

/// The token behind what was tapped, if our last message offered it.
fn tapped(said: &Value, words: &str) -> Option<String> {
    let tracking: Value = serde_json::from_str(said["tracking_data"].as_str()?).ok()?;
    let taps = tracking["taps"].as_array()?.iter().filter_map(Value::as_array);
    let tapped = taps.filter(|tap| tap.first().is_some_and(|action| action == words)).find_map(|tap| tap.get(1));
    tapped.and_then(json::text)
}
