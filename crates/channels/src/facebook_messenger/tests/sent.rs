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

fn body(message: &Value) -> Value {
    json!({"recipient": {"id": "2002"}, "messaging_type": "RESPONSE", "message": message})
}

fn wanted(body: WantedBody) -> Wanted {
    Wanted { method: Method::POST, url: MESSAGES, headers: vec![("authorization", format!("Bearer {TOKEN}"))], body }
}

pub(super) fn refusal(code: i64, sub: Option<i64>) -> String {
    json!({"error": {"message": "no", "type": "OAuthException", "code": code, "error_subcode": sub, "fbtrace_id": "Axyz"}}).to_string()
}

pub(super) const ACCEPTED: &str = r#"{"recipient_id":"2002","message_id":"m_9"}"#;

pub(super) fn table() -> Vec<OutboundCase> {
    let case = |label, content, answers, requests, outcomes| OutboundCase { label, content, with: |_| {}, answers, requests, outcomes };
    let error = |disposition, code, vendor_code| Err(Trouble { disposition, code, vendor_code: Some(vendor_code) });
    let hello = || OutboundContent::Text("Hello".into());
    let hello_call = || wanted(WantedBody::Json(body(&json!({"text": "Hello", "metadata": "dlv_000000000000004d"}))));
    let refused = |label, code, sub, disposition, ours, vendor| {
        case(label, hello(), vec![answer(400, &refusal(code, sub))], vec![hello_call()], vec![error(disposition, ours, vendor)])
    };
    let picture = |kind: &str| {
        let payload = json!({"url": "https://files.example.test/f/1?sig=s", "is_reusable": false});
        wanted(WantedBody::Json(body(&json!({"attachment": {"type": kind, "payload": payload}, "metadata": "dlv_000000000000004d"}))))
    };
    let message = |content: &Value| {
        let mut content = content.clone();
        content["metadata"] = json!("dlv_000000000000004d");
        wanted(WantedBody::Json(body(&content)))
    };
    let words = |text: &str| wanted(WantedBody::Json(body(&json!({"text": text, "metadata": "dlv_000000000000004d"}))));
    let upload = Wanted {
        headers: vec![("content-type", "multipart/form-data; boundary=part-dlv_000000000000004d".to_owned())],
        ..wanted(WantedBody::Containing(vec![
            "name=\"recipient\"\r\n\r\n{\"id\":\"2002\"}\r\n",
            "name=\"message\"\r\n\r\n{\"attachment\":{\"payload\":{\"is_reusable\":false},\"type\":\"image\"},\"metadata\":\"dlv_000000000000004d\"}\r\n",
            "name=\"messaging_type\"\r\n\r\nRESPONSE\r\n",
            "name=\"filedata\"; filename=\"cat.png\"\r\nContent-Type: image/png\r\n\r\nFILEBYTES\r\n",
        ]))
    };
    let retry = |max_attempts| Disposition::Retry { after_ms: None, max_attempts };
    vec![
        case("text", hello(), vec![answer(200, ACCEPTED)], vec![hello_call()], vec![Ok("m_9")]),
        case(
            "long text in two parts",
            OutboundContent::Text(format!("{}\n\n{}", "a".repeat(600), "b".repeat(600)).into()),
            vec![answer(200, ACCEPTED), answer(200, ACCEPTED)],
            vec![words(&"a".repeat(600)), words(&"b".repeat(600))],
            vec![Ok("m_9"), Ok("m_9")],
        ),
        case(
            "picture, then its caption",
            file("image/png", 1_000, "Look"),
            vec![answer(200, ACCEPTED), answer(200, ACCEPTED)],
            vec![picture("image"), words("Look")],
            vec![Ok("m_9"), Ok("m_9")],
        ),
        case("document", file("application/pdf", 1_000, ""), vec![answer(200, ACCEPTED)], vec![picture("file")], vec![Ok("m_9")]),
        case("voice", file("audio/mpeg", 1_000, ""), vec![answer(200, ACCEPTED)], vec![picture("audio")], vec![Ok("m_9")]),
        case(
            "too large for media: a link",
            file("image/png", 9 << 20, "Look"),
            vec![answer(200, ACCEPTED)],
            vec![words("Look\ncat.png: https://files.example.test/f/1?sig=s")],
            vec![Ok("m_9")],
        ),
        case(
            "Meta can't fetch the file: it gets the bytes",
            file("image/png", 1_000, ""),
            vec![answer(400, &refusal(100, Some(2_018_008))), answer(200, ACCEPTED)],
            vec![picture("image"), upload],
            vec![Ok("m_9")],
        ),
        case(
            "a card with a picture, a tap and a link",
            structured(&card(true), None),
            vec![answer(200, ACCEPTED)],
            vec![message(&json!({"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": [{
                "title": "Blue kettle", "subtitle": "1.7 l, 39 EUR", "image_url": "https://cdn.shop.test/k.png", "buttons": [
                    {"type": "postback", "title": "Buy", "payload": "a.c.0.1.0"},
                    {"type": "web_url", "title": "Details", "url": "https://shop.test/k"},
                    {"type": "phone_number", "title": "Call", "payload": "+4930123"}]}]}}}))],
            vec![Ok("m_9")],
        ),
        case(
            "a card without a picture, with answers below it",
            structured(&card(false), Some(&json!({"type": "quickReplies", "replies": [{"type": "button", "title": "Later"}]}))),
            vec![answer(200, ACCEPTED)],
            vec![message(&json!({
                "attachment": {"type": "template", "payload": {"template_type": "button", "text": "Blue kettle\n1.7 l, 39 EUR", "buttons": [
                    {"type": "postback", "title": "Buy", "payload": "a.c.0.1.0"},
                    {"type": "web_url", "title": "Details", "url": "https://shop.test/k"},
                    {"type": "phone_number", "title": "Call", "payload": "+4930123"}]}},
                "quick_replies": [{"content_type": "text", "title": "Later", "payload": "a.c.0.1.1"}]}))],
            vec![Ok("m_9")],
        ),
        case(
            "a carousel",
            structured(&json!({"type": "carousel", "elements": [card(true), card(true)]}), None),
            vec![answer(200, ACCEPTED)],
            vec![wanted(WantedBody::Containing(vec![
                r#""payload":"a.c.0.1.0""#,
                r#""payload":"a.c.0.1.1""#,
                r#""template_type":"generic""#,
            ]))],
            vec![Ok("m_9")],
        ),
        case(
            "a picture alone",
            structured(&json!({"type": "image", "url": "https://cdn.shop.test/k.png"}), None),
            vec![answer(200, ACCEPTED)],
            vec![message(
                &json!({"attachment": {"type": "image", "payload": {"url": "https://cdn.shop.test/k.png", "is_reusable": false}}}),
            )],
            vec![Ok("m_9")],
        ),
        OutboundCase {
            label: "a human agent's answer after the window",
            content: hello(),
            with: |out| {
                out.keys = app_with("human_agent_enabled", "true");
                out.last_consumer_at = Some(NOW.plus_s(-25 * 3600));
            },
            answers: vec![answer(200, ACCEPTED)],
            requests: vec![wanted(WantedBody::Json(
                json!({"recipient": {"id": "2002"}, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT", "message": {"text": "Hello", "metadata": "dlv_000000000000004d"}}),
            ))],
            outcomes: vec![Ok("m_9")],
        },
        OutboundCase {
            label: "with the proof of the app's secret",
            content: hello(),
            with: |out| out.keys = app_with("require_appsecret_proof", "true"),
            answers: vec![answer(200, ACCEPTED)],
            requests: vec![Wanted {
                url: "https://graph.facebook.com/v25.0/1001/messages?appsecret_proof=fb3808857cc54edb3b649cf854b0e3fb4db7cd3dd6102b31f9df9d0940119995",
                ..hello_call()
            }],
            outcomes: vec![Ok("m_9")],
        },
        case(
            "page limit with a time",
            hello(),
            vec![answer_with(
                400,
                "x-business-use-case-usage",
                r#"{"1001":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":3}]}"#,
                &refusal(80_006, None),
            )],
            vec![hello_call()],
            vec![error(Disposition::Throttled { after_ms: Some(180_000) }, "throttled", "80006")],
        ),
        case(
            "a transient code of tomorrow",
            hello(),
            vec![answer(400, r#"{"error":{"code":77777,"is_transient":true}}"#)],
            vec![hello_call()],
            vec![error(retry(None), "vendor_unavailable", "77777")],
        ),
        refused("window closed", 10, Some(2_018_278), Disposition::Failed, "window_closed", "10/2018278"),
        refused("permission lost", 10, None, Disposition::NeedsReauthorisation, "not_authorised", "10"),
        refused("a permission subcode of tomorrow parks nothing", 10, Some(1), Disposition::Failed, "rejected", "10/1"),
        refused("another app has it", 10, Some(2_018_300), Disposition::Failed, "not_owner", "10/2018300"),
        refused("token dead", 190, Some(460), Disposition::NeedsReauthorisation, "not_authorised", "190/460"),
        refused("token dead of tomorrow", 190, Some(1), Disposition::NeedsReauthorisation, "not_authorised", "190/1"),
        refused("unknown person", 100, Some(2_018_001), Disposition::OptedOut, "unreachable", "100/2018001"),
        refused("blocked by the person", 551, Some(1_545_041), Disposition::OptedOut, "unreachable", "551/1545041"),
        refused("unknown fault", 1, None, retry(Some(4)), "vendor_unavailable", "1"),
        refused("temporary", 1_200, None, retry(None), "vendor_unavailable", "1200"),
        refused("app limit", 4, None, Disposition::Throttled { after_ms: None }, "throttled", "4"),
        refused("policy", 368, None, Disposition::Misconfigured { pause_ms: Some(900_000) }, "policy_block", "368"),
        refused("a code of tomorrow", 77_777, None, Disposition::Failed, "rejected", "77777"),
    ]
}

/// A kettle to buy, to look at, or to call about.
fn card(image: bool) -> Value {
    let button = |title: &str, action: Value| json!({"type": "button", "title": title, "click": {"actions": [action]}});
    let mut elements = vec![
        json!({"type": "text", "tag": "title", "text": "Blue kettle"}),
        json!({"type": "text", "tag": "subtitle", "text": "1.7 l, 39 EUR"}),
        button("Buy", json!({"type": "publishText", "text": "buy kettle"})),
        button("Details", json!({"type": "link", "uri": "https://shop.test/k"})),
        button("Call", json!({"type": "link", "uri": "tel:+4930123"})),
    ];
    if image {
        elements.insert(0, json!({"type": "image", "url": "https://cdn.shop.test/k.png"}));
    }
    json!({"type": "vertical", "elements": elements})
}
