//! The sent table.

use super::*;

fn accepted(id: u64) -> Result<antiphon_app::ports::net::NetAnswer, antiphon_app::ports::net::NetError> {
    answer(200, &json!({ "ok": true, "result": { "message_id": id, "date": 1_767_225_600, "chat": { "id": 2002 } } }).to_string())
}

fn post(method: &str, body: Value) -> Wanted {
    Wanted {
        method: Method::POST,
        url: address(method),
        headers: vec![("content-type", "application/json".to_owned())],
        body: WantedBody::Json(body),
    }
}

fn file(content_type: &str, size: u64) -> OutboundContent {
    OutboundContent::File { path: "p".into(), content_type: content_type.into(), name: Some("a.bin".into()), size, caption: "Look".into() }
}

fn uploaded(label: &'static str, content_type: &str, method: &str, field: &'static str) -> OutboundCase {
    let body = WantedBody::Containing(vec!["name=\"chat_id\"\r\n\r\n2002\r\n", "name=\"caption\"\r\n\r\nLook\r\n", field, "FILEBYTES"]);
    OutboundCase {
        label,
        content: file(content_type, 9),
        with: |_| (),
        answers: vec![accepted(5)],
        requests: vec![Wanted { method: Method::POST, url: address(method), headers: Vec::new(), body }],
        outcomes: vec![Ok("5")],
    }
}

fn shown(label: &'static str, content: OutboundContent, requests: Vec<Wanted>) -> OutboundCase {
    let outcomes = (0..requests.len()).map(|_| Ok("5")).collect();
    OutboundCase { label, content, with: |_| (), answers: requests.iter().map(|_| accepted(5)).collect(), requests, outcomes }
}

pub(super) fn table() -> Vec<OutboundCase> {
    let long = "é😀 ".repeat(1_100).trim_end().to_owned();
    let (first, rest) = (4_096 / 4, 1_100 - 4_096 / 4);
    let piece = |times: usize| json!({ "chat_id": 2002, "text": "é😀 ".repeat(times).trim_end() });
    vec![
        shown("text", OutboundContent::Text("Hi & <b>".into()), vec![post("sendMessage", json!({ "chat_id": 2002, "text": "Hi & <b>" }))]),
        shown(
            "long text in UTF-16 units",
            OutboundContent::Text(long.into()),
            vec![post("sendMessage", piece(first)), post("sendMessage", piece(rest))],
        ),
        OutboundCase {
            label: "to a business account's consumer",
            content: OutboundContent::Text("Hi".into()),
            with: |out| out.to = "2002@bc1".to_owned(),
            answers: vec![accepted(5)],
            requests: vec![post("sendMessage", json!({ "chat_id": 2002, "business_connection_id": "bc1", "text": "Hi" }))],
            outcomes: vec![Ok("5")],
        },
        uploaded("photo", "image/jpeg", "sendPhoto", "name=\"photo\"; filename=\"a.bin\"\r\nContent-Type: image/jpeg\r\n"),
        uploaded("video", "video/mp4", "sendVideo", "name=\"video\"; filename"),
        uploaded("voice", "audio/ogg; codecs=opus", "sendVoice", "name=\"voice\"; filename"),
        uploaded("audio", "audio/mpeg", "sendAudio", "name=\"audio\"; filename"),
        uploaded("anything", "application/pdf", "sendDocument", "name=\"document\"; filename"),
        shown(
            "a file that is too large goes as a link",
            file("application/pdf", 60 << 20),
            vec![post("sendMessage", json!({ "chat_id": 2002, "text": "Look\na.bin: https://files.example.test/f/1?sig=s" }))],
        ),
        blocked(),
    ]
    .into_iter()
    .chain(cards())
    .collect()
}

fn blocked() -> OutboundCase {
    OutboundCase {
        label: "blocked",
        content: OutboundContent::Text("Hi".into()),
        with: |_| (),
        answers: vec![answer(403, r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#)],
        requests: vec![post("sendMessage", json!({ "chat_id": 2002, "text": "Hi" }))],
        outcomes: vec![Err(Trouble { disposition: Disposition::OptedOut, code: "opted_out", vendor_code: Some("403") })],
    }
}

fn cards() -> Vec<OutboundCase> {
    let button =
        |title: &str| json!({ "type": "button", "title": title, "click": { "actions": [{ "type": "publishText", "text": title }] } });
    let card = json!({ "type": "vertical", "elements": [
        { "type": "image", "url": "https://img.example.test/1.png" },
        { "type": "text", "text": "Kettle" },
        button("Buy"),
        { "type": "button", "title": "More", "click": { "actions": [{ "type": "link", "uri": "https://shop.example.test/" }] } },
    ] });
    let replies = json!({ "type": "quickReplies", "itemsPerRow": 8, "replies": [button("Yes"), button("No")] });
    let tap = |label: &str, place: usize| json!({ "text": label, "callback_data": format!("a.c.0.1.{place}") });
    vec![
        shown(
            "card",
            structured(&card, None),
            vec![post(
                "sendPhoto",
                json!({ "chat_id": 2002, "photo": "https://img.example.test/1.png", "caption": "Kettle",
                    "reply_markup": { "inline_keyboard": [[tap("Buy", 0)], [{ "text": "More", "url": "https://shop.example.test/" }]] } }),
            )],
        ),
        shown(
            "answers below a text",
            structured(&json!({ "type": "text", "text": "Shall we?" }), Some(&replies)),
            vec![post(
                "sendMessage",
                json!({ "chat_id": 2002, "text": "Shall we?", "reply_markup": { "inline_keyboard": [[tap("Yes", 0), tap("No", 1)]] } }),
            )],
        ),
        shown(
            "place",
            structured(&json!({ "type": "map", "la": 35.5, "lo": 139.25, "tooltip": "Tower" }), None),
            vec![post(
                "sendVenue",
                json!({ "chat_id": 2002, "latitude": 35.5, "longitude": 139.25, "title": "Tower", "address": "Tower" }),
            )],
        ),
    ]
}
