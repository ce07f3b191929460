//! The sent table.

use super::*;

pub(super) fn file(content_type: &str, size: u64, caption: &str) -> OutboundContent {
    OutboundContent::File {
        path: "/v1/f".into(),
        content_type: content_type.into(),
        name: Some("cat.png".into()),
        size,
        caption: caption.into(),
    }
}

/// The retry key of delivery 77.
pub(super) const KEY: &str = "9700bd85-6ecc-85ec-b49d-6d6e8c7b1efe";
pub(super) const ACCEPTED: &str = r#"{"sentMessages":[{"id":"900001","quoteToken":"q"}]}"#;

fn wanted(message: &Value) -> Wanted {
    Wanted {
        method: Method::POST,
        url: "https://api.line.me/v2/bot/message/push",
        headers: vec![("authorization", format!("Bearer {TOKEN}")), ("x-line-retry-key", KEY.to_owned())],
        body: WantedBody::Json(json!({"to": ANN, "messages": [message]})),
    }
}

fn to_ann(out: &mut Outbound) {
    out.to = ANN.to_owned();
}

pub(super) fn table() -> Vec<OutboundCase> {
    let case = |label, content, answers, requests, outcomes| OutboundCase { label, content, with: to_ann, answers, requests, outcomes };
    let taken =
        |label, content, message: &Value| case(label, content, vec![answer(200, ACCEPTED)], vec![wanted(message)], vec![Ok("900001")]);
    let hello = || OutboundContent::Text("Hello".into());
    let words = |text: &str| json!({"type": "text", "text": text});
    let refused = |label, status, body: &str, disposition, code, vendor_code| {
        let outcome = Err(Trouble { disposition, code, vendor_code: Some(vendor_code) });
        case(label, hello(), vec![answer(status, body)], vec![wanted(&words("Hello"))], vec![outcome])
    };
    let link = "https://files.example.test/f/1?sig=s";
    let mut cases = vec![
        taken("text", hello(), &words("Hello")),
        case(
            "long text in two parts",
            OutboundContent::Text(format!("{}\n\n{}", "a".repeat(4_900), "b".repeat(4_900)).into()),
            vec![answer(200, ACCEPTED), answer(200, ACCEPTED)],
            vec![wanted(&words(&"a".repeat(4_900))), wanted(&words(&"b".repeat(4_900)))],
            vec![Ok("900001"), Ok("900001")],
        ),
        case(
            "a picture, then its caption",
            file("image/png", 9, "Look"),
            vec![answer(200, ACCEPTED), answer(200, ACCEPTED)],
            vec![wanted(&json!({"type": "image", "originalContentUrl": link, "previewImageUrl": link})), wanted(&words("Look"))],
            vec![Ok("900001"), Ok("900001")],
        ),
        OutboundCase {
            label: "a picture with its small copy",
            content: file("image/png", 9, ""),
            with: |out| {
                to_ann(out);
                if let Some(file) = &mut out.file {
                    file.thumbnail_url = Some("https://files.example.test/small".to_owned());
                }
            },
            answers: vec![answer(200, ACCEPTED)],
            requests: vec![wanted(
                &json!({"type": "image", "originalContentUrl": link, "previewImageUrl": "https://files.example.test/small"}),
            )],
            outcomes: vec![Ok("900001")],
        },
        taken("a sound", file("audio/mpeg", 9, ""), &json!({"type": "audio", "originalContentUrl": link, "duration": 60_000})),
        taken("a document is a link", file("application/pdf", 9, "see"), &words(&format!("see\ncat.png: {link}"))),
        refused(
            "a fault in the message",
            400,
            r#"{"message":"The request body has 1 error(s)","details":[{"message":"May not be empty","property":"messages[0].text"}]}"#,
            Disposition::Failed,
            "malformed",
            "HTTP 400 messages[0].text",
        ),
        refused(
            "a wrong recipient",
            400,
            r#"{"message":"The property, 'to', in the request body is invalid (line: -, column: -)"}"#,
            Disposition::OptedOut,
            "unreachable",
            "HTTP 400",
        ),
        refused("nobody there", 400, r#"{"message":"Failed to send messages"}"#, Disposition::OptedOut, "unreachable", "HTTP 400"),
        refused(
            "token dead",
            401,
            r#"{"message":"Authentication failed due to the following reason: invalid token."}"#,
            Disposition::NeedsReauthorisation,
            "not_authorised",
            "HTTP 401",
        ),
        refused(
            "plan",
            403,
            r#"{"message":"Not available under your plan"}"#,
            Disposition::Misconfigured { pause_ms: None },
            "source_misconfigured",
            "HTTP 403",
        ),
        refused("too large", 413, r#"{"message":"Request exceeds the max size of 2MB."}"#, Disposition::Failed, "malformed", "HTTP 413"),
        refused(
            "too fast",
            429,
            r#"{"message":"The API rate limit has been exceeded. Try again later."}"#,
            Disposition::Throttled { after_ms: None },
            "throttled",
            "HTTP 429",
        ),
        refused(
            "the month is used up",
            429,
            r#"{"message":"You have reached your monthly limit."}"#,
            Disposition::Misconfigured { pause_ms: None },
            "throttled",
            "HTTP 429",
        ),
    ];
    cases.extend(rich(&taken));
    cases
}

/// Cards, answers, lists and places.
fn rich(taken: &impl Fn(&'static str, OutboundContent, &Value) -> OutboundCase) -> Vec<OutboundCase> {
    let publish =
        |title: &str| json!({"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": "buy kettle"}]}});
    let card = |subtitle: &str, buttons: Vec<Value>| {
        let mut elements = vec![
            json!({"type": "image", "url": "https://cdn.shop.test/k.png"}),
            json!({"type": "text", "tag": "title", "text": "Blue kettle"}),
            json!({"type": "text", "tag": "subtitle", "text": subtitle}),
        ];
        elements.extend(buttons);
        json!({"type": "vertical", "elements": elements})
    };
    let tap = |label: &str, token: &str, says: &str| json!({"type": "postback", "label": label, "data": token, "displayText": says});
    let replies = json!({"type": "quickReplies", "replies": [{"type": "button", "title": "Yes"}, {"type": "button", "title": "No"}]});
    let long = "x".repeat(70);
    vec![
        taken(
            "answers to tap",
            structured(&json!({"type": "text", "text": "Shall we?"}), Some(&replies)),
            &json!({"type": "text", "text": "Shall we?", "quickReply": {"items": [
                {"type": "action", "action": tap("Yes", "a.c.0.1.0", "Yes")}, {"type": "action", "action": tap("No", "a.c.0.1.1", "No")}]}}),
        ),
        taken(
            "a card that fits a template",
            structured(&card("1.7 l, 39 EUR", vec![publish("Buy")]), None),
            &json!({"type": "template", "altText": "Blue kettle", "template": {"type": "buttons", "title": "Blue kettle", "text": "1.7 l, 39 EUR",
                "thumbnailImageUrl": "https://cdn.shop.test/k.png", "actions": [tap("Buy", "a.c.0.1.0", "buy kettle")]}}),
        ),
        taken(
            "a card that does not",
            structured(&card(&long, vec![publish("Buy")]), None),
            &json!({"type": "flex", "altText": "Blue kettle", "contents": {"type": "bubble",
                "hero": {"type": "image", "url": "https://cdn.shop.test/k.png", "size": "full", "aspectRatio": "20:13", "aspectMode": "cover"},
                "body": {"type": "box", "layout": "vertical", "spacing": "sm", "contents": [
                    {"type": "text", "text": "Blue kettle", "wrap": true, "weight": "bold"}, {"type": "text", "text": long, "wrap": true}]},
                "footer": {"type": "box", "layout": "vertical", "spacing": "sm", "contents": [
                    {"type": "button", "style": "link", "height": "sm", "action": tap("Buy", "a.c.0.1.0", "buy kettle")}]}}}),
        ),
        taken(
            "a carousel of cards that agree",
            structured(&json!({"type": "carousel", "elements": [card("a", vec![publish("Buy")]), card("b", vec![publish("Take")])]}), None),
            &json!({"type": "template", "altText": "Blue kettle, Blue kettle", "template": {"type": "carousel", "columns": [
                {"title": "Blue kettle", "text": "a", "thumbnailImageUrl": "https://cdn.shop.test/k.png", "actions": [tap("Buy", "a.c.0.1.0", "buy kettle")]},
                {"title": "Blue kettle", "text": "b", "thumbnailImageUrl": "https://cdn.shop.test/k.png", "actions": [tap("Take", "a.c.0.1.1", "buy kettle")]}]}}),
        ),
        taken(
            "a place",
            structured(&json!({"type": "map", "la": 35.1, "lo": 139.2, "tooltip": "Harbour"}), None),
            &json!({"type": "location", "title": "Harbour", "address": "Harbour", "latitude": 35.1, "longitude": 139.2}),
        ),
    ]
}
