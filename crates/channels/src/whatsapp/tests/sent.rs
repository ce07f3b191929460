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

fn wanted(content: &Value) -> Wanted {
    let mut body = json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "15550002222",
        "biz_opaque_callback_data": "dlv_000000000000004d"});
    for (name, value) in content.as_object().expect("an object") {
        body[name] = value.clone();
    }
    Wanted {
        method: Method::POST,
        url: MESSAGES,
        headers: vec![("authorization", format!("Bearer {TOKEN}"))],
        body: WantedBody::Json(body),
    }
}

pub(super) fn refusal(code: i64, sub: Option<i64>) -> String {
    json!({"error": {"message": "no", "type": "OAuthException", "code": code, "error_subcode": sub, "fbtrace_id": "Axyz",
        "error_data": {"messaging_product": "whatsapp", "details": "no"}}})
    .to_string()
}

pub(super) const ACCEPTED: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"15550002222","wa_id":"15550002222"}],"messages":[{"id":"wamid.B","message_status":"accepted"}]}"#;

fn to_ann(out: &mut Outbound) {
    out.to = "15550002222".to_owned();
}

pub(super) fn table() -> Vec<OutboundCase> {
    let case = |label, content, answers, requests, outcomes| OutboundCase { label, content, with: to_ann, answers, requests, outcomes };
    let taken =
        |label, content, message: &Value| case(label, content, vec![answer(200, ACCEPTED)], vec![wanted(message)], vec![Ok("wamid.B")]);
    let error = |disposition, code, vendor_code| Err(Trouble { disposition, code, vendor_code: Some(vendor_code) });
    let hello = || OutboundContent::Text("Hello".into());
    let words = |text: &str| json!({"type": "text", "text": {"body": text, "preview_url": false}});
    let refused = |label, code, disposition, ours, vendor| {
        case(label, hello(), vec![answer(400, &refusal(code, None))], vec![wanted(&words("Hello"))], vec![error(disposition, ours, vendor)])
    };
    let retry = |max_attempts| Disposition::Retry { after_ms: None, max_attempts };
    let link = "https://files.example.test/f/1?sig=s";
    let mut cases = vec![
        taken("text", hello(), &words("Hello")),
        taken(
            "text with a link",
            OutboundContent::Text("see https://s.test".into()),
            &json!({"type": "text", "text": {"body": "see https://s.test", "preview_url": true}}),
        ),
        case(
            "long text in two parts",
            OutboundContent::Text(format!("{}\n\n{}", "a".repeat(4_000), "b".repeat(4_000)).into()),
            vec![answer(200, ACCEPTED), answer(200, ACCEPTED)],
            vec![wanted(&words(&"a".repeat(4_000))), wanted(&words(&"b".repeat(4_000)))],
            vec![Ok("wamid.B"), Ok("wamid.B")],
        ),
        OutboundCase {
            label: "to somebody who hides their digits",
            content: hello(),
            with: |out| out.to = "US.1234".to_owned(),
            answers: vec![answer(200, ACCEPTED)],
            requests: vec![Wanted { body: WantedBody::Containing(vec![r#""recipient":"US.1234""#]), ..wanted(&words("Hello")) }],
            outcomes: vec![Ok("wamid.B")],
        },
        taken(
            "a picture with its caption",
            file("image/png", 9, "Look"),
            &json!({"type": "image", "image": {"link": link, "caption": "Look"}}),
        ),
        taken(
            "a document with its name",
            file("application/pdf", 9, ""),
            &json!({"type": "document", "document": {"link": link, "filename": "cat.png"}}),
        ),
        taken("a video", file("video/mp4", 9, ""), &json!({"type": "video", "video": {"link": link}})),
        taken("a sticker", file("image/webp", 9, ""), &json!({"type": "sticker", "sticker": {"link": link}})),
        case(
            "a voice message, then its caption",
            file("audio/mpeg", 9, "Listen"),
            vec![answer(200, ACCEPTED), answer(200, ACCEPTED)],
            vec![wanted(&json!({"type": "audio", "audio": {"link": link}})), wanted(&words("Listen"))],
            vec![Ok("wamid.B"), Ok("wamid.B")],
        ),
        taken(
            "too large for media: a link",
            file("image/png", 6 << 20, "Look"),
            &json!({"type": "text", "text": {"body": format!("Look\ncat.png: {link}"), "preview_url": true}}),
        ),
        taken(
            "a template with a gap of every kind",
            filled(),
            &json!({"type": "template", "template": {"name": "order_ready", "language": {"code": "en_US"}, "components": [
                {"type": "header", "parameters": [{"type": "document", "document": {"link": "https://s.test/a.pdf"}}]},
                {"type": "body", "parameters": [{"type": "text", "text": "77"}, {"type": "text", "text": "Ann", "parameter_name": "name"}]},
                {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "x"}]},
                {"type": "button", "sub_type": "copy_code", "index": "2", "parameters": [{"type": "coupon_code", "coupon_code": "SALE"}]}]}}),
        ),
        case(
            "the business account's limit with a time",
            hello(),
            vec![answer_with(
                400,
                "x-business-use-case-usage",
                r#"{"3003":[{"type":"whatsapp","call_count":100,"estimated_time_to_regain_access":3}]}"#,
                &refusal(80_007, None),
            )],
            vec![wanted(&words("Hello"))],
            vec![error(Disposition::Throttled { after_ms: Some(180_000) }, "throttled", "80007")],
        ),
        refused("token dead", 190, Disposition::NeedsReauthorisation, "not_authorised", "190"),
        refused("permission missing", 207, Disposition::NeedsReauthorisation, "not_authorised", "207"),
        refused("outside the window", 131_047, Disposition::Failed, "window_closed", "131047"),
        refused("not on this channel", 131_026, Disposition::Failed, "unreachable", "131026"),
        refused(
            "too fast to one consumer",
            131_056,
            Disposition::Retry { after_ms: Some(6_000), max_attempts: Some(6) },
            "throttled",
            "131056",
        ),
        refused("throughput", 130_429, Disposition::Throttled { after_ms: None }, "throttled", "130429"),
        refused("quality", 131_048, Disposition::Misconfigured { pause_ms: Some(14_400_000) }, "throttled", "131048"),
        refused("fault", 131_000, retry(None), "vendor_unavailable", "131000"),
        refused("generic", 135_000, retry(Some(3)), "vendor_unavailable", "135000"),
        refused("template missing", 132_001, Disposition::Failed, "malformed", "132001"),
        refused("a code of tomorrow", 777_777, Disposition::Failed, "rejected", "777777"),
    ];
    cases.extend(rich(&taken));
    cases
}

/// Cards, answers, lists and places.
fn rich(taken: &impl Fn(&'static str, OutboundContent, &Value) -> OutboundCase) -> Vec<OutboundCase> {
    let reply = |title: &str| json!({"type": "button", "title": title});
    let replies = |titles: &[&str]| json!({"type": "quickReplies", "replies": titles.iter().map(|title| reply(title)).collect::<Vec<_>>()});
    let button = |id: &str, title: &str| json!({"type": "reply", "reply": {"id": id, "title": title}});
    let publish = |title: &str| json!({"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": title}]}});
    let open =
        |title: &str| json!({"type": "button", "title": title, "click": {"actions": [{"type": "link", "uri": "https://shop.test/k"}]}});
    let card = |buttons: Vec<Value>| {
        let mut elements = vec![
            json!({"type": "image", "url": "https://cdn.shop.test/k.png"}),
            json!({"type": "text", "tag": "title", "text": "Blue kettle"}),
            json!({"type": "text", "tag": "subtitle", "text": "1.7 l, 39 EUR"}),
        ];
        elements.extend(buttons);
        json!({"type": "vertical", "elements": elements})
    };
    let picture = json!({"type": "image", "image": {"link": "https://cdn.shop.test/k.png"}});
    vec![
        taken(
            "answers to tap",
            structured(&json!({"type": "text", "text": "Shall we?"}), Some(&replies(&["Yes", "No"]))),
            &json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": "Shall we?"},
                "action": {"buttons": [button("a.c.0.1.0", "Yes"), button("a.c.0.1.1", "No")]}}}),
        ),
        taken(
            "a card with a picture and an answer",
            structured(&card(vec![publish("Buy")]), None),
            &json!({"type": "interactive", "interactive": {"type": "button", "header": picture, "body": {"text": "Blue kettle\n1.7 l, 39 EUR"},
                "action": {"buttons": [button("a.c.0.1.0", "Buy")]}}}),
        ),
        taken(
            "a card with one link",
            structured(&card(vec![open("Details")]), None),
            &json!({"type": "interactive", "interactive": {"type": "cta_url", "header": picture, "body": {"text": "Blue kettle\n1.7 l, 39 EUR"},
                "action": {"name": "cta_url", "parameters": {"display_text": "Details", "url": "https://shop.test/k"}}}}),
        ),
        taken(
            "more answers than buttons hold become a list",
            structured(&json!({"type": "text", "text": "Which?"}), Some(&replies(&["One", "Two", "Three", "Four"]))),
            &json!({"type": "interactive", "interactive": {"type": "list", "body": {"text": "Which?"}, "action": {"button": "Options",
                "sections": [{"rows": [
                    {"id": "a.c.0.1.0", "title": "One"}, {"id": "a.c.0.1.1", "title": "Two"},
                    {"id": "a.c.0.1.2", "title": "Three"}, {"id": "a.c.0.1.3", "title": "Four"}]}]}}}),
        ),
        taken(
            "a carousel of cards that agree",
            structured(&json!({"type": "carousel", "elements": [card(vec![publish("Buy")]), card(vec![publish("Take")])]}), None),
            &json!({"type": "interactive", "interactive": {"type": "carousel", "body": {"text": "Options"}, "action": {"cards": [
                {"card_index": 0, "type": "button", "header": picture, "body": {"text": "Blue kettle\n1.7 l, 39 EUR"},
                    "action": {"buttons": [{"type": "quick_reply", "quick_reply": {"id": "a.c.0.1.0", "title": "Buy"}}]}},
                {"card_index": 1, "type": "button", "header": picture, "body": {"text": "Blue kettle\n1.7 l, 39 EUR"},
                    "action": {"buttons": [{"type": "quick_reply", "quick_reply": {"id": "a.c.0.1.1", "title": "Take"}}]}}]}}}),
        ),
        taken(
            "a place",
            structured(&json!({"type": "map", "la": 35.1, "lo": 139.2, "tooltip": "Harbour"}), None),
            &json!({"type": "location", "location": {"latitude": 35.1, "longitude": 139.2, "name": "Harbour"}}),
        ),
        taken(
            "a picture alone",
            structured(&json!({"type": "image", "url": "https://cdn.shop.test/k.png"}), None),
            &json!({"type": "image", "image": {"link": "https://cdn.shop.test/k.png"}}),
        ),
    ]
}
