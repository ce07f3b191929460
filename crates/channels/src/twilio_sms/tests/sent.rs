//! The sent table.

use super::*;
use crate::kit::table::structured;
use serde_json::json;

pub(super) fn to_phone(out: &mut Outbound) {
    out.to = "+15550002222".to_owned();
}

fn form(pairs: &[(&'static str, &str)]) -> WantedBody {
    let mut all = vec![("To", "+15550002222"), ("From", "+15550001111")];
    all.extend_from_slice(pairs);
    all.push(("StatusCallback", "https://hooks.example.test/webhooks/x/src_1?delivery=dlv_000000000000004d"));
    WantedBody::Form(all.into_iter().map(|(name, value)| (name, value.to_owned())).collect())
}

fn wanted(body: WantedBody) -> Wanted {
    Wanted { method: Method::POST, url: CREATE, headers: vec![("authorization", BASIC.to_owned())], body }
}

pub(super) fn created(sid: &str) -> String {
    format!(r#"{{"sid":"{sid}","status":"queued","num_segments":"1","error_code":null}}"#)
}

fn refusal(code: u32, status: u16) -> String {
    format!(r#"{{"code":{code},"message":"no","more_info":"https://www.twilio.com/docs/errors/{code}","status":{status}}}"#)
}

fn picture(content_type: &str, size: u64, caption: &str) -> OutboundContent {
    OutboundContent::File {
        path: "/v1/f".into(),
        content_type: content_type.into(),
        name: Some("cat.png".into()),
        size,
        caption: caption.into(),
    }
}

const LINK: &str = "cat.png: https://files.example.test/f/1?sig=s";

pub(super) fn table() -> Vec<OutboundCase> {
    let case = |label, content, answers, requests, outcomes| OutboundCase { label, content, with: to_phone, answers, requests, outcomes };
    let error = |disposition, code, vendor_code| Err(Trouble { disposition, code, vendor_code: Some(vendor_code) });
    let hello = || OutboundContent::Text("Hello".into());
    let refused = |label, code: u32, status: u16, disposition, ours, vendor| {
        let outcomes = vec![error(disposition, ours, vendor)];
        case(label, hello(), vec![answer(status, &refusal(code, status))], vec![wanted(form(&[("Body", "Hello")]))], outcomes)
    };
    let long = format!("{}. {}", "a".repeat(1_500), "b".repeat(1_500));
    vec![
        case("text", hello(), vec![answer(201, &created("SM9"))], vec![wanted(form(&[("Body", "Hello")]))], vec![Ok("SM9")]),
        case(
            "answers to choose, by number",
            structured(
                &json!({"type": "text", "text": "Shall we?"}),
                Some(
                    &json!({"type": "quickReplies", "replies": [{"type": "button", "title": "Yes"}, {"type": "button", "title": "Cancel"}]}),
                ),
            ),
            vec![answer(201, &created("SM9"))],
            vec![wanted(form(&[("Body", "Shall we?\n\n1. Yes\n2. Cancel\nReply with a number.")]))],
            vec![Ok("SM9")],
        ),
        case(
            "long text in two parts",
            OutboundContent::Text(long.into()),
            vec![answer(201, &created("SM8")), answer(201, &created("SM9"))],
            vec![wanted(form(&[("Body", &format!("{}.", "a".repeat(1_500)))])), wanted(form(&[("Body", &"b".repeat(1_500))]))],
            vec![Ok("SM8"), Ok("SM9")],
        ),
        case(
            "picture with its caption",
            picture("image/png", 1_000, "Look"),
            vec![answer(201, &created("MM9"))],
            vec![wanted(form(&[("Body", "Look"), ("MediaUrl", "https://files.example.test/f/1?sig=s")]))],
            vec![Ok("MM9")],
        ),
        case(
            "picture refused: the link goes by SMS",
            picture("image/png", 1_000, "Look"),
            vec![answer(400, &refusal(21_622, 400)), answer(201, &created("SM9"))],
            vec![
                wanted(form(&[("Body", "Look"), ("MediaUrl", "https://files.example.test/f/1?sig=s")])),
                wanted(form(&[("Body", &format!("Look\n{LINK}"))])),
            ],
            vec![Ok("SM9")],
        ),
        case(
            "a document is a link",
            picture("application/pdf", 1_000, ""),
            vec![answer(201, &created("SM9"))],
            vec![wanted(form(&[("Body", LINK)]))],
            vec![Ok("SM9")],
        ),
        case(
            "a picture that is too large is a link",
            picture("image/png", 6 << 20, "Look"),
            vec![answer(201, &created("SM9"))],
            vec![wanted(form(&[("Body", &format!("Look\n{LINK}"))]))],
            vec![Ok("SM9")],
        ),
        case(
            "taken, but failed at once",
            hello(),
            vec![answer(201, r#"{"sid":"SM9","status":"failed","error_code":30007}"#)],
            vec![wanted(form(&[("Body", "Hello")]))],
            vec![error(Disposition::Failed, "filtered", "30007")],
        ),
        case(
            "throttled with a time",
            hello(),
            vec![answer_with(429, "retry-after", "3", &refusal(20_429, 429))],
            vec![wanted(form(&[("Body", "Hello")]))],
            vec![error(Disposition::Throttled { after_ms: Some(3_000) }, "throttled", "20429")],
        ),
        refused("opted out", 21_610, 400, Disposition::OptedOut, "opted_out", "21610"),
        refused("bad credentials", 20_003, 401, Disposition::NeedsReauthorisation, "not_authorised", "20003"),
        refused("bad number", 21_211, 400, Disposition::OptedOut, "unreachable", "21211"),
        refused("wrong sender", 21_606, 400, Disposition::Misconfigured { pause_ms: None }, "source_misconfigured", "21606"),
        refused("queue full", 21_611, 429, Disposition::Throttled { after_ms: None }, "throttled", "21611"),
        refused("fault", 20_500, 500, Disposition::Retry { after_ms: None, max_attempts: None }, "vendor_unavailable", "20500"),
        refused("a code of tomorrow", 29_999, 400, Disposition::Failed, "rejected", "29999"),
        refused(
            "a code of tomorrow with a fault",
            29_999,
            503,
            Disposition::Retry { after_ms: None, max_attempts: None },
            "vendor_unavailable",
            "29999",
        ),
    ]
}
