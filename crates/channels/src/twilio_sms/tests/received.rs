//! The received table.

use super::*;

pub(super) fn table() -> Vec<InboundCase> {
    let case = |label, fields: &str, items| InboundCase { label, request: hook(fields), items };
    let callback = |label, fields: &str, items| {
        let url = "https://hooks.example.test/webhooks/twilio_sms/src_1?delivery=dlv_000000000000004d";
        InboundCase { label, request: request(Method::POST, url, FORM, fields), items }
    };
    let base = "AccountSid=AC1&From=%2B15550002222&To=%2B15550001111&NumMedia=0&SmsStatus=received";
    let long = "word ".repeat(1_000);
    let stop = InboundKind::Message {
        from: "+15550002222".to_owned(),
        name: None,
        contents: vec![text("STOP")],
        metadata: None,
        consent: Some(ConsentKind::OptOut),
    };
    vec![
        case(
            "text",
            &format!("{base}&MessageSid=SM1&Body=Hi+there+%26+bye&FutureField=x"),
            vec![item("SM1", said(vec![text("Hi there & bye")]))],
        ),
        case(
            "emoji and line break",
            &format!("{base}&MessageSid=SM1&Body=a%0D%0A%F0%9F%98%80"),
            vec![item("SM1", said(vec![text("a\r\n😀")]))],
        ),
        case("the id under its older names", &format!("{base}&SmsMessageSid=SM1&Body=x"), vec![item("SM1", said(vec![text("x")]))]),
        case(
            "five thousand characters stay whole",
            &format!("{base}&MessageSid=SM1&Body={}", long.replace(' ', "+")),
            vec![item("SM1", said(vec![text(&long)]))],
        ),
        case(
            "pictures, then the text",
            "From=%2B15550002222&To=%2B1&MessageSid=MM1&NumMedia=2&MediaUrl0=https%3A%2F%2Fa%2F0&MediaContentType0=image%2Fjpeg&MediaUrl1=https%3A%2F%2Fa%2F1&MediaContentType1=video%2Fmp4&Body=look",
            vec![item("MM1", said(vec![media("https://a/0", "image/jpeg"), media("https://a/1", "video/mp4"), text("look")]))],
        ),
        case(
            "a picture without text",
            "Body=&From=%2B15550002222&To=%2B1&MessageSid=MM1&NumMedia=1&MediaUrl0=https%3A%2F%2Fa%2F0&MediaContentType0=image%2Fpng",
            vec![item("MM1", said(vec![media("https://a/0", "image/png")]))],
        ),
        case(
            "a place",
            &format!("{base}&MessageSid=SM1&Latitude=35.1&Longitude=-139.2&Body=&Label=Harbour"),
            vec![item(
                "SM1",
                said(vec![InboundContent::Location { latitude: 35.1, longitude: -139.2, label: Some("Harbour".to_owned()) }]),
            )],
        ),
        case(
            "a tapped button and a profile name",
            &format!("{base}&MessageSid=SM1&Body=Yes&ButtonText=Yes&ButtonPayload=YES_1&ProfileName=Ann"),
            vec![item(
                "SM1",
                InboundKind::Message {
                    from: "+15550002222".to_owned(),
                    name: Some("Ann".to_owned()),
                    contents: vec![InboundContent::Text { text: "Yes".to_owned(), payload: Some("YES_1".to_owned()) }],
                    metadata: None,
                    consent: None,
                },
            )],
        ),
        case("the vendor's opt-out engine", &format!("{base}&MessageSid=SM1&Body=STOP&OptOutType=STOP"), vec![item("SM1", stop)]),
        case(
            "a carrier's base64",
            &format!("{base}&MessageSid=SM1&Body=SGVsbG8gZnJvbSBhIGNhcnJpZXIsIHF1aXRlIGxvbmch"),
            vec![item("SM1", said(vec![text("Hello from a carrier, quite long!")]))],
        ),
        case(
            "a word that could be base64",
            &format!("{base}&MessageSid=SM1&Body=Tomorrow"),
            vec![item("SM1", said(vec![text("Tomorrow")]))],
        ),
        case("repeated names", &format!("{base}&MessageSid=SM1&Body=x&Tag=b&Tag=a&Tag=b"), vec![item("SM1", said(vec![text("x")]))]),
        InboundCase {
            label: "by GET",
            request: request(Method::GET, &format!("{HOOK}?MessageSid=SM1&From=%2B15550002222&Body=x"), None, ""),
            items: vec![item("SM1", said(vec![text("x")]))],
        },
        case("neither text nor media", &format!("{base}&Body=&MessageSid=SM1"), vec![Err("empty")]),
        case("no sender", "MessageSid=SM1&Body=x", vec![Err("malformed")]),
        case("no id", &format!("{base}&Body=x"), vec![Err("malformed")]),
        case("not a form at all", "%%%", vec![Err("malformed")]),
        callback(
            "delivered, with our delivery",
            "MessageSid=SM1&MessageStatus=delivered&To=%2B15550002222",
            vec![item("SM1:delivered", receipt(DeliveryStatus::Delivered, Some(77), None, false))],
        ),
        case("sent", "MessageSid=SM1&MessageStatus=sent", vec![item("SM1:sent", receipt(DeliveryStatus::Sent, None, None, false))]),
        case("read", "MessageSid=SM1&MessageStatus=read", vec![item("SM1:read", receipt(DeliveryStatus::Read, None, None, false))]),
        case("queued", "MessageSid=SM1&MessageStatus=queued", vec![item("SM1:queued", InboundKind::Ignored("status_before_sent"))]),
        case(
            "a status under its alias",
            "SmsSid=SM1&SmsStatus=sent",
            vec![item("SM1:sent", receipt(DeliveryStatus::Sent, None, None, false))],
        ),
        callback(
            "undelivered: out of reach, so again later",
            "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003",
            vec![item(
                "SM1:undelivered",
                again(
                    receipt(
                        DeliveryStatus::Failed,
                        Some(77),
                        reason("unreachable", "30003", "The consumer's phone is off or out of reach.", "Send it again later."),
                        false,
                    ),
                    600_000,
                    3,
                ),
            )],
        ),
        case(
            "failed: waited too long in the queue, so once more",
            "MessageSid=SM1&MessageStatus=failed&ErrorCode=30001",
            vec![item(
                "SM1:failed",
                again(
                    receipt(
                        DeliveryStatus::Failed,
                        None,
                        reason(
                            "vendor_unavailable",
                            "30001",
                            "The message waited too long in Twilio's queue.",
                            "Send it again when there is less traffic.",
                        ),
                        false,
                    ),
                    60_000,
                    2,
                ),
            )],
        ),
        case(
            "undelivered: the carrier gave no reason, so once more",
            "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30008",
            vec![item(
                "SM1:undelivered",
                again(
                    receipt(
                        DeliveryStatus::Failed,
                        None,
                        reason("vendor_unavailable", "30008", "The carrier gave no reason for the failure.", "Send it again."),
                        false,
                    ),
                    60_000,
                    2,
                ),
            )],
        ),
        case(
            "failed: taken for spam, so never again",
            "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30007",
            vec![item(
                "SM1:undelivered",
                receipt(
                    DeliveryStatus::Failed,
                    None,
                    reason(
                        "filtered",
                        "30007",
                        "The carrier took the message for spam.",
                        "Reword the message; link shorteners and capitals are often the cause.",
                    ),
                    false,
                ),
            )],
        ),
        case(
            "failed: the account is suspended, which the source's administrator must hear",
            "MessageSid=SM1&MessageStatus=failed&ErrorCode=30002",
            vec![
                item(
                    "SM1:failed",
                    receipt(
                        DeliveryStatus::Failed,
                        None,
                        reason(
                            "not_authorised",
                            "30002",
                            "The Twilio account is suspended.",
                            "Reactivate the account in the Twilio console.",
                        ),
                        false,
                    ),
                ),
                item(
                    "SM1:failed:health",
                    InboundKind::Health {
                        state: HealthState::NeedsReauthorisation,
                        message: "The Twilio account is suspended. Reactivate the account in the Twilio console.".to_owned(),
                    },
                ),
            ],
        ),
        case(
            "failed: opted out",
            "MessageSid=SM1&MessageStatus=failed&ErrorCode=21610",
            vec![item(
                "SM1:failed",
                receipt(
                    DeliveryStatus::Failed,
                    None,
                    reason(
                        "opted_out",
                        "21610",
                        "The consumer has opted out with STOP.",
                        "Wait until the consumer writes START; don't try again.",
                    ),
                    true,
                ),
            )],
        ),
        case(
            "failed without a code",
            "MessageSid=SM1&MessageStatus=failed",
            vec![item(
                "SM1:failed",
                receipt(
                    DeliveryStatus::Failed,
                    None,
                    reason("rejected", "failed", "Twilio could not send the message.", "The channel log and Twilio's console show more."),
                    false,
                ),
            )],
        ),
        case("a status of tomorrow", "MessageSid=SM1&MessageStatus=teleported", vec![Err("unknown_item")]),
    ]
}
