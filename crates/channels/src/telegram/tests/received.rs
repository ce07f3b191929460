//! The received table.

use super::*;

fn media(url: &str, declared: Option<&str>, name: Option<&str>, caption: Option<&str>) -> InboundContent {
    let own = |text: Option<&str>| text.map(str::to_owned);
    InboundContent::Media { url: url.to_owned(), declared_type: own(declared), name: own(name), caption: own(caption) }
}

fn text(text: &str, payload: Option<&str>) -> InboundContent {
    InboundContent::Text { text: text.to_owned(), payload: payload.map(str::to_owned) }
}

fn message(mut fields: Value) -> Value {
    fields["message_id"] = 10.into();
    fields["date"] = 1_767_225_600.into();
    fields["from"] = json!({ "id": 2002, "is_bot": false, "first_name": "Ada", "last_name": "Byron" });
    fields["chat"] = json!({ "id": 2002, "type": "private" });
    fields
}

fn said(contents: Vec<InboundContent>, metadata: Option<&str>) -> InboundKind {
    let name = Some("Ada Byron".to_owned());
    InboundKind::Message { from: "2002".to_owned(), name, contents, metadata: metadata.map(str::to_owned), consent: None }
}

fn one(at: Option<Timestamp>, kind: InboundKind) -> Vec<Result<InboundItem, &'static str>> {
    vec![Ok(InboundItem { source_address: None, key: "7".to_owned(), at, kind })]
}

fn case(label: &'static str, fields: Value, kind: InboundKind) -> InboundCase {
    InboundCase { label, request: update(7, "message", &message(fields)), items: one(Some(NOW), kind) }
}

pub(super) fn table() -> Vec<InboundCase> {
    let mut table = messages();
    table.extend(events());
    table.extend(broken());
    table
}

fn messages() -> Vec<InboundCase> {
    let photo = json!([{ "file_id": "S", "width": 90, "height": 60 }, { "file_id": "L", "width": 900, "height": 600 }, { "file_id": "M", "width": 300, "height": 200 }]);
    vec![
        case("text", json!({ "text": "hé 😀" }), said(vec![text("hé 😀", None)], None)),
        case(
            "start with a referral",
            json!({ "text": "/start spring-sale" }),
            said(vec![text("/start", None)], Some(r#"[{"ref":"spring-sale","type":"Referral"}]"#)),
        ),
        case(
            "an answer",
            json!({ "text": "yes", "reply_to_message": { "message_id": 9 } }),
            said(vec![text("yes", None)], Some(r#"[{"id":"9","type":"ReplyTo"}]"#)),
        ),
        case(
            "the largest photo",
            json!({ "photo": photo, "caption": "look" }),
            said(vec![media("L", Some("image/jpeg"), None, Some("look"))], None),
        ),
        case(
            "of an album",
            json!({ "photo": photo, "media_group_id": "g1" }),
            said(vec![media("L", Some("image/jpeg"), None, None)], Some(r#"[{"id":"g1","type":"Album"}]"#)),
        ),
        case(
            "video",
            json!({ "video": { "file_id": "V", "mime_type": "video/mp4", "file_name": "v.mp4" } }),
            said(vec![media("V", Some("video/mp4"), Some("v.mp4"), None)], None),
        ),
        case("voice", json!({ "voice": { "file_id": "V" } }), said(vec![media("V", Some("audio/ogg"), None, None)], None)),
        case(
            "audio",
            json!({ "audio": { "file_id": "A", "mime_type": "audio/mp4" } }),
            said(vec![media("A", Some("audio/mp4"), None, None)], None),
        ),
        case("round video", json!({ "video_note": { "file_id": "N" } }), said(vec![media("N", Some("video/mp4"), None, None)], None)),
        case(
            "animation, which is a document too",
            json!({ "animation": { "file_id": "A" }, "document": { "file_id": "A" } }),
            said(vec![media("A", Some("video/mp4"), None, None)], None),
        ),
        case(
            "document",
            json!({ "document": { "file_id": "D", "mime_type": "application/pdf", "file_name": "d.pdf" } }),
            said(vec![media("D", Some("application/pdf"), Some("d.pdf"), None)], None),
        ),
        case(
            "sticker",
            json!({ "sticker": { "file_id": "S", "emoji": "👍" } }),
            said(vec![media("S", Some("image/webp"), None, Some("👍"))], None),
        ),
        case(
            "moving sticker",
            json!({ "sticker": { "file_id": "S", "is_video": true } }),
            said(vec![media("S", Some("video/webm"), None, None)], None),
        ),
        case(
            "location",
            json!({ "location": { "latitude": 35.5, "longitude": 139.25 } }),
            said(vec![InboundContent::Location { latitude: 35.5, longitude: 139.25, label: None }], None),
        ),
        case(
            "venue",
            json!({ "venue": { "location": { "latitude": 1.5, "longitude": 2.5 }, "title": "Shop", "address": "Main 1" }, "location": { "latitude": 1.5, "longitude": 2.5 } }),
            said(vec![InboundContent::Location { latitude: 1.5, longitude: 2.5, label: Some("Shop, Main 1".to_owned()) }], None),
        ),
        case(
            "contact",
            json!({ "contact": { "first_name": "Bo", "phone_number": "+4917" } }),
            said(vec![text("Bo +4917", None)], Some(r#"[{"type":"Contact"}]"#)),
        ),
        case(
            "web app",
            json!({ "web_app_data": { "data": "{\"a\":1}", "button_text": "Order" } }),
            said(vec![text("Order", Some("{\"a\":1}"))], None),
        ),
        case("service message", json!({ "new_chat_title": "x" }), InboundKind::Ignored("new_chat_title")),
        case("a group that moved", json!({ "migrate_to_chat_id": -1009 }), InboundKind::Ignored("migrate_to_chat_id")),
    ]
}

fn events() -> Vec<InboundCase> {
    let tap = json!({
        "id": "cq1", "from": { "id": 2002, "first_name": "Ada", "last_name": "Byron" }, "data": "a.c.0.1.1",
        "message": { "message_id": 9, "chat": { "id": 2002 }, "reply_markup": { "inline_keyboard": [[{ "text": "Yes", "callback_data": "a.c.0.1.0" }], [{ "text": "No", "callback_data": "a.c.0.1.1" }]] } },
    });
    let member = |status: &str| json!({ "chat": { "id": 2002 }, "date": 1_767_225_600, "new_chat_member": { "status": status } });
    let reaction =
        |new: Value| json!({ "chat": { "id": 2002 }, "message_id": 9, "date": 1_767_225_600, "old_reaction": [], "new_reaction": new });
    let noted = |about: &str, note: &str| InboundKind::Note {
        from: "2002".to_owned(),
        about: Some(about.to_owned()),
        note: note.to_owned(),
        keep: false,
    };
    let consent = |kind, proof: &str| InboundKind::Consent { from: "2002".to_owned(), kind, proof: proof.to_owned() };
    let mut edited = message(json!({ "text": "better" }));
    edited["edit_date"] = 1_767_225_600.into();
    let mut business = message(json!({ "text": "hello", "business_connection_id": "bc1" }));
    let to_business = update(7, "business_message", &business);
    business["from"]["id"] = 1.into();
    let gone = json!({ "business_connection_id": "bc1", "chat": { "id": 2002 }, "message_ids": [8, 9] });
    let deleted = |id: &str| {
        let kind = InboundKind::Note {
            from: "2002@bc1".to_owned(),
            about: Some(id.to_owned()),
            note: format!(r#"{{"id":"{id}","type":"Deleted"}}"#),
            keep: false,
        };
        Ok(InboundItem { source_address: None, key: format!("7:{id}"), at: None, kind })
    };
    let from_business = |kind: InboundKind| match kind {
        InboundKind::Message { name, contents, .. } => {
            InboundKind::Message { from: "2002@bc1".to_owned(), name, contents, metadata: None, consent: None }
        }
        other => other,
    };
    vec![
        InboundCase {
            label: "tap",
            request: update(7, "callback_query", &tap),
            items: one(None, said(vec![text("No", Some("a.c.0.1.1"))], Some(r#"[{"id":"9","type":"ReplyTo"}]"#))),
        },
        InboundCase {
            label: "edit",
            request: update(7, "edited_message", &edited),
            items: one(Some(NOW), said(vec![text("better", None)], Some(r#"[{"id":"10","type":"Edit"}]"#))),
        },
        InboundCase {
            label: "blocked",
            request: update(7, "my_chat_member", &member("kicked")),
            items: one(Some(NOW), consent(ConsentKind::OptOut, "Telegram says that the consumer has blocked the bot.")),
        },
        InboundCase {
            label: "unblocked",
            request: update(7, "my_chat_member", &member("member")),
            items: one(Some(NOW), consent(ConsentKind::OptIn, "Telegram says that the consumer has unblocked the bot.")),
        },
        InboundCase {
            label: "reaction",
            request: update(7, "message_reaction", &reaction(json!([{ "type": "emoji", "emoji": "👍" }]))),
            items: one(Some(NOW), noted("9", r#"{"action":"react","emoji":"👍","id":"9","type":"Reaction"}"#)),
        },
        InboundCase {
            label: "reaction taken back",
            request: update(7, "message_reaction", &reaction(json!([]))),
            items: one(Some(NOW), noted("9", r#"{"action":"unreact","id":"9","type":"Reaction"}"#)),
        },
        InboundCase {
            label: "to a business account",
            request: to_business,
            items: one(Some(NOW), from_business(said(vec![text("hello", None)], None))),
        },
        InboundCase {
            label: "by a business account's holder",
            request: update(7, "business_message", &business),
            items: one(
                Some(NOW),
                InboundKind::Echo {
                    to: "2002@bc1".to_owned(),
                    vendor_id: "10".to_owned(),
                    delivery: None,
                    contents: vec![text("hello", None)],
                },
            ),
        },
        InboundCase { label: "deletions", request: update(7, "deleted_business_messages", &gone), items: vec![deleted("8"), deleted("9")] },
        InboundCase {
            label: "connection",
            request: update(7, "business_connection", &json!({ "id": "bc1" })),
            items: one(None, InboundKind::Ignored("business_connection")),
        },
    ]
}

fn broken() -> Vec<InboundCase> {
    let raw = |label, body: &str, code| InboundCase { label, request: request(Method::POST, HOOK, JSON, body), items: vec![Err(code)] };
    vec![
        raw("no JSON", "{\"update_id\":", "malformed"),
        raw("no id", "{}", "malformed"),
        raw("an unknown kind", r#"{"update_id":7,"channel_poll":{}}"#, "unknown_item"),
        raw("a message without a chat", r#"{"update_id":7,"message":{"text":"x"}}"#, "malformed"),
        raw("a message without content", r#"{"update_id":7,"message":{"chat":{"id":1},"new_thing":{}}}"#, "unsupported"),
        raw("a photo without sizes", r#"{"update_id":7,"message":{"chat":{"id":1},"photo":[]}}"#, "unsupported"),
        raw("a tap from nobody", r#"{"update_id":7,"callback_query":{"id":"1","data":"x"}}"#, "malformed"),
    ]
}
