//! The sent table.

use super::*;

fn wanted(text: &str) -> Wanted {
    let message = json!({"from": "0031600000002", "to": [{"number": "0031600000001"}], "body": {"type": "auto", "content": text},
        "reference": "dlv000000000000004d", "allowedChannels": ["SMS"], "minimumNumberOfMessageParts": 1, "maximumNumberOfMessageParts": 8});
    Wanted {
        method: Method::POST,
        url: "https://gw.messaging.cm.com/v1.0/message",
        headers: vec![("x-cm-producttoken", TOKEN.to_owned())],
        body: WantedBody::Json(json!({"messages": {"msg": [message]}})),
    }
}

fn to_phone(out: &mut Outbound) {
    out.to = "+31600000001".to_owned();
}

fn told(whole: i64, code: i64) -> String {
    let status = if code == 0 { "Accepted" } else { "Rejected" };
    json!({"details": "…", "errorCode": whole, "messages": [{"to": "0031600000001", "status": status, "reference": "dlv000000000000004d", "parts": 1, "messageDetails": null, "messageErrorCode": code}]}).to_string()
}

pub(super) fn table() -> Vec<OutboundCase> {
    let case = |label, content, answers, requests, outcomes| OutboundCase { label, content, with: to_phone, answers, requests, outcomes };
    let hello = || OutboundContent::Text("Hello".into());
    let ours = "dlv000000000000004d";
    let accepted = || answer(200, &told(0, 0));
    let refused = |label, status, body: &str, disposition, code, vendor_code| {
        let outcome = Err(Trouble { disposition, code, vendor_code: Some(vendor_code) });
        case(label, hello(), vec![answer(status, body)], vec![wanted("Hello")], vec![outcome])
    };
    let file = OutboundContent::File {
        path: "/v1/f".into(),
        content_type: "image/png".into(),
        name: Some("cat.png".into()),
        size: 9,
        caption: "Look".into(),
    };
    let replies = json!({"type": "quickReplies", "replies": [{"type": "button", "title": "Yes"}, {"type": "button", "title": "No"}]});
    vec![
        case("text", hello(), vec![accepted()], vec![wanted("Hello")], vec![Ok(ours)]),
        case(
            "long text in two parts",
            OutboundContent::Text(format!("{}. {}", "a".repeat(1_200), "b".repeat(1_000)).into()),
            vec![accepted(), accepted()],
            vec![wanted(&format!("{}.", "a".repeat(1_200))), wanted(&"b".repeat(1_000))],
            vec![Ok(ours), Ok(ours)],
        ),
        case(
            "a file is a link",
            file,
            vec![accepted()],
            vec![wanted("Look\ncat.png: https://files.example.test/f/1?sig=s")],
            vec![Ok(ours)],
        ),
        case(
            "answers to choose, by number",
            structured(&json!({"type": "text", "text": "Shall we?"}), Some(&replies)),
            vec![accepted()],
            vec![wanted("Shall we?\n\n1. Yes\n2. No\nReply with a number.")],
            vec![Ok(ours)],
        ),
        refused(
            "a bad token",
            400,
            r#"{"details":"Invalid product token.","errorCode":101}"#,
            Disposition::NeedsReauthorisation,
            "not_authorised",
            "101",
        ),
        refused("no balance", 400, &told(102, 0), Disposition::Misconfigured { pause_ms: None }, "source_misconfigured", "102"),
        refused("a bad number, said by the message", 400, &told(201, 303), Disposition::OptedOut, "unreachable", "303"),
        refused("a partial success that is none", 200, &told(201, 402), Disposition::OptedOut, "unreachable", "402"),
        refused("a bad sender", 400, &told(201, 301), Disposition::Misconfigured { pause_ms: None }, "source_misconfigured", "301"),
        refused("spam", 400, &told(201, 401), Disposition::Failed, "filtered", "401"),
        refused("a fault", 500, &told(500, 0), Disposition::Retry { after_ms: None, max_attempts: None }, "vendor_unavailable", "500"),
        refused("a code of tomorrow", 200, &told(201, 777), Disposition::Failed, "rejected", "777"),
    ]
}
