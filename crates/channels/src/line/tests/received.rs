//! The received table.

use super::*;

fn hook(events: &Value) -> RawRequest {
    request(Method::POST, HOOK, JSON, &json!({"destination": BOT, "events": events}).to_string())
}

fn event(kind: &str, more: &Value) -> Value {
    let mut event = json!({"type": kind, "mode": "active", "timestamp": NOW.0, "webhookEventId": "01E", "deliveryContext": {"isRedelivery": false},
        "source": {"type": "user", "userId": ANN}});
    for (name, value) in more.as_object().expect("an object") {
        event[name] = value.clone();
    }
    event
}

fn message(message: &Value) -> Value {
    event("message", &json!({"replyToken": "r1", "message": message}))
}

fn item(key: &str, kind: InboundKind) -> Result<InboundItem, &'static str> {
    Ok(InboundItem { source_address: None, key: key.to_owned(), at: Some(NOW), kind })
}

fn handle(from: &str, about: Option<&str>) -> Result<InboundItem, &'static str> {
    let reply = Some(ReplyToken { token: "r1".to_owned(), expires_at: Timestamp(NOW.0 + 25_000) });
    item("handle:01E", InboundKind::Handle { from: from.to_owned(), about: about.map(str::to_owned), reply })
}

fn said(from: &str, contents: Vec<InboundContent>, metadata: Option<Value>) -> InboundKind {
    let metadata = metadata.map(|metadata| metadata.to_string());
    InboundKind::Message { from: from.to_owned(), name: None, contents, metadata, consent: None }
}

fn text(text: &str) -> InboundContent {
    InboundContent::Text { text: text.to_owned(), payload: None }
}

fn media(place: &Value, declared: Option<&str>, name: Option<&str>) -> InboundContent {
    InboundContent::Media {
        url: place.to_string(),
        declared_type: declared.map(str::to_owned),
        name: name.map(str::to_owned),
        caption: None,
    }
}

pub(super) fn table() -> Vec<InboundCase> {
    let case = |label, events: Value, items| InboundCase { label, request: hook(&events), items };
    let one = |label, content: Value, contents, metadata| {
        case(label, json!([message(&content)]), vec![handle(ANN, None), item("01E", said(ANN, contents, metadata))])
    };
    let ignored = |label, event: Value, why| case(label, json!([event]), vec![item("01E", InboundKind::Ignored(why))]);
    let dead = |label, event: Value, code| case(label, json!([event]), vec![Err(code)]);
    let consent = |kind, proof: &str| InboundKind::Consent { from: ANN.to_owned(), kind, proof: proof.to_owned() };
    let own = |id: &str| json!({"id": id});
    let line = json!({"type": "line"});
    vec![
        case("the console's check", json!([]), vec![]),
        one("text", json!({"type": "text", "id": "1", "text": "hi", "quoteToken": "q"}), vec![text("hi")], None),
        case(
            "text that can be marked as read",
            json!([message(&json!({"type": "text", "id": "1", "text": "hi", "markAsReadToken": "t1"}))]),
            vec![handle(ANN, Some("t1")), item("01E", said(ANN, vec![text("hi")], None))],
        ),
        case(
            "an event without a reply token",
            json!([event("message", &json!({"message": {"type": "text", "id": "1", "text": "hi"}}))]),
            vec![item("01E", said(ANN, vec![text("hi")], None))],
        ),
        one(
            "an answer to a message",
            json!({"type": "text", "id": "1", "text": "hi", "quotedMessageId": "0"}),
            vec![text("hi")],
            Some(json!([{"type": "ReplyTo", "id": "0"}])),
        ),
        one(
            "a picture",
            json!({"type": "image", "id": "5", "contentProvider": line}),
            vec![media(&own("5"), Some("image/jpeg"), None)],
            None,
        ),
        one(
            "a picture at somebody else's",
            json!({"type": "image", "id": "5", "contentProvider": {"type": "external", "originalContentUrl": "https://x.test/a.jpg"}}),
            vec![media(&json!({"url": "https://x.test/a.jpg"}), Some("image/jpeg"), None)],
            None,
        ),
        one(
            "a video",
            json!({"type": "video", "id": "5", "duration": 60_000, "contentProvider": line}),
            vec![media(&own("5"), Some("video/mp4"), None)],
            None,
        ),
        one(
            "a voice message",
            json!({"type": "audio", "id": "5", "contentProvider": line}),
            vec![media(&own("5"), Some("audio/mp4"), None)],
            None,
        ),
        one(
            "a file",
            json!({"type": "file", "id": "5", "fileName": "a.pdf", "fileSize": 9}),
            vec![media(&own("5"), None, Some("a.pdf"))],
            None,
        ),
        one(
            "a place",
            json!({"type": "location", "id": "5", "title": "Pier", "address": "Pier 1", "latitude": 35.1, "longitude": 139.2}),
            vec![InboundContent::Location { latitude: 35.1, longitude: 139.2, label: Some("Pier, Pier 1".to_owned()) }],
            None,
        ),
        one(
            "a sticker",
            json!({"type": "sticker", "id": "5", "packageId": "446", "stickerId": "1988", "keywords": ["happy", "wave"]}),
            vec![text("[sticker: happy, wave]")],
            Some(json!([{"type": "Sticker", "packageId": "446", "stickerId": "1988"}])),
        ),
        case(
            "a tapped button",
            json!([event("postback", &json!({"replyToken": "r1", "postback": {"data": "a.c.0.1.0"}}))]),
            vec![
                handle(ANN, None),
                item(
                    "01E",
                    said(ANN, vec![InboundContent::Text { text: "a.c.0.1.0".to_owned(), payload: Some("a.c.0.1.0".to_owned()) }], None),
                ),
            ],
        ),
        case(
            "a picked day",
            json!([event("postback", &json!({"replyToken": "r1", "postback": {"data": "a.c.0.1.0", "params": {"date": "2026-12-24"}}}))]),
            vec![
                handle(ANN, None),
                item(
                    "01E",
                    said(ANN, vec![InboundContent::Text { text: "2026-12-24".to_owned(), payload: Some("a.c.0.1.0".to_owned()) }], None),
                ),
            ],
        ),
        case(
            "a new friend",
            json!([event("follow", &json!({"replyToken": "r1", "follow": {"isUnblocked": false}}))]),
            vec![handle(ANN, None), item("01E", consent(ConsentKind::OptIn, "They added the account as a friend."))],
        ),
        case(
            "blocked",
            json!([event("unfollow", &json!({}))]),
            vec![item("01E", consent(ConsentKind::OptOut, "They blocked the account or removed it from their friends."))],
        ),
        case(
            "a message taken back",
            json!([event("unsend", &json!({"unsend": {"messageId": "5"}}))]),
            vec![item(
                "01E",
                InboundKind::Note {
                    from: ANN.to_owned(),
                    about: Some("5".to_owned()),
                    note: json!({"type": "Deleted", "id": "5"}).to_string(),
                    keep: false,
                },
            )],
        ),
        ignored("standby", event("message", &json!({"mode": "standby", "message": {"type": "text", "text": "hi"}})), "standby"),
        ignored(
            "a group",
            event(
                "message",
                &json!({"source": {"type": "group", "groupId": "C1", "userId": ANN}, "message": {"type": "text", "text": "hi"}}),
            ),
            "group",
        ),
        ignored("joined a group", event("join", &json!({"source": {"type": "group", "groupId": "C1"}})), "membership_of_a_group"),
        ignored("a beacon", event("beacon", &json!({})), "event_of_no_consequence"),
        case(
            "suspended",
            json!([event("botSuspended", &json!({}))]),
            vec![item(
                "01E",
                InboundKind::Health {
                    state: HealthState::Failing,
                    message: "LINE has suspended the account. Look at the account in LINE Official Account Manager.".to_owned(),
                },
            )],
        ),
        case(
            "resumed",
            json!([event("botResumed", &json!({}))]),
            vec![item("01E", InboundKind::Health { state: HealthState::Ok, message: String::new() })],
        ),
        dead("a type of tomorrow", event("hologram", &json!({})), "unknown_item"),
        dead("a message of tomorrow", message(&json!({"type": "hologram"})), "unknown_item"),
        dead("empty text", message(&json!({"type": "text", "text": ""})), "empty"),
        dead("a place nowhere", message(&json!({"type": "location"})), "malformed"),
        dead("no type", message(&json!({})), "malformed"),
        dead("a postback without data", event("postback", &json!({"postback": {}})), "empty"),
        dead("nobody", event("message", &json!({"source": {"type": "user"}, "message": {"type": "text", "text": "hi"}})), "malformed"),
        dead("no id", json!({"type": "message"}), "malformed"),
        case(
            "one bad among good ones",
            json!([{"type": "message"}, message(&json!({"type": "text", "text": "hi"}))]),
            vec![Err("malformed"), handle(ANN, None), item("01E", said(ANN, vec![text("hi")], None))],
        ),
        InboundCase {
            label: "meant for another bot",
            request: request(
                Method::POST,
                HOOK,
                JSON,
                &json!({"destination": "U9", "events": [event("unfollow", &json!({}))]}).to_string(),
            ),
            items: vec![Ok(InboundItem {
                source_address: Some("U9".to_owned()),
                key: "01E".to_owned(),
                at: Some(NOW),
                kind: consent(ConsentKind::OptOut, "They blocked the account or removed it from their friends."),
            })],
        },
        InboundCase { label: "no events", request: request(Method::POST, HOOK, JSON, "{}"), items: vec![Err("malformed")] },
        InboundCase { label: "no JSON", request: request(Method::POST, HOOK, JSON, "hello"), items: vec![Err("malformed")] },
    ]
}

#[test]
fn groups_are_one_consumer_where_the_source_takes_them() {
    let event =
        event("message", &json!({"source": {"type": "group", "groupId": "C1", "userId": ANN}, "message": {"type": "text", "text": "hi"}}));
    let items = super::super::inbound::parse(&hook(&json!([event])), &with_setting(&keys(), "groups", "on"));
    let kind = said("C1", vec![text("hi")], Some(json!([{"type": "GroupMember", "id": ANN}])));
    assert_eq!(items[0].as_ref().map(|item| &item.kind), Ok(&kind));
}
