//! The received table.

use super::*;

pub(super) fn table() -> Vec<InboundCase> {
    let case = |label, request, items| InboundCase { label, request, items };
    let message = |contents| vec![item("m_1", said(contents, None))];
    let ignored = |key: &str, label| vec![item(key, InboundKind::Ignored(label))];
    let noted = |key: &str, about: Option<&str>, note: Value, keep| {
        let kind = InboundKind::Note { from: "2002".to_owned(), about: about.map(str::to_owned), note: note.to_string(), keep };
        vec![item(key, kind)]
    };
    let receipt = |key: &str, of, status| vec![item(key, InboundKind::Receipt { of, status, reason: None, opted_out: false, again: None })];
    let ids = |ids: &[&str]| ReceiptOf::Ids { vendor_ids: ids.iter().map(|id| (*id).to_owned()).collect(), delivery: None };
    let up_to = |at| ReceiptOf::UpTo { consumer: "2002".to_owned(), at };
    let health =
        |state, text: &str| vec![item("policy_enforcement:1767225600000", InboundKind::Health { state, message: text.to_owned() })];
    let from_page = |message: &Value| {
        entry(
            "1001",
            "messaging",
            &json!([{"sender": {"id": "1001"}, "recipient": {"id": "2002"}, "timestamp": NOW.0, "message": message}]),
        )
    };
    let echo = |delivery: Option<u64>, contents| {
        vec![item(
            "m_9",
            InboundKind::Echo { to: "2002".to_owned(), vendor_id: "m_9".to_owned(), delivery: delivery.map(DeliveryId), contents },
        )]
    };
    let mut cases = vec![
        case("text", update("message", &json!({"mid": "m_1", "text": "hi", "nlp": {}})), message(vec![text("hi")])),
        case(
            "ids as numbers, time in seconds",
            entry(
                "1001",
                "messaging",
                &json!([{"sender": {"id": 2002}, "recipient": {"id": 1001}, "timestamp": 1_767_225_600, "message": {"mid": "m_1", "text": "hi"}}]),
            ),
            message(vec![text("hi")]),
        ),
        case(
            "quick reply",
            update("message", &json!({"mid": "m_1", "text": "Yes", "quick_reply": {"payload": "YES"}})),
            message(vec![tapped("Yes", "YES")]),
        ),
        case(
            "answer to a message, come from an advertisement",
            update(
                "message",
                &json!({"mid": "m_1", "text": "hi", "reply_to": {"mid": "m_0"}, "referral": {"source": "ADS", "type": "OPEN_THREAD", "ad_id": "9", "ads_context_data": {"ad_title": "Sale"}}}),
            ),
            vec![item(
                "m_1",
                said(
                    vec![text("hi")],
                    Some(
                        json!([{"type": "ReplyTo", "id": "m_0"}, {"type": "Referral", "source": "ADS", "referralType": "OPEN_THREAD", "ad_id": "9", "adTitle": "Sale"}]),
                    ),
                ),
            )],
        ),
        case(
            "text and files",
            update(
                "message",
                &json!({"mid": "m_1", "text": "see", "attachments": [
                    {"type": "image", "payload": {"url": "https://cdn.test/a.png?x=1"}}, {"type": "audio", "payload": {"url": "https://cdn.test/v"}},
                    {"type": "video", "payload": {"url": "https://cdn.test/v"}}, {"type": "file", "payload": {"url": "https://cdn.test/d/My%20offer.pdf?oh=1"}}]}),
            ),
            message(vec![
                text("see"),
                media("https://cdn.test/a.png?x=1", Some("image/png"), None),
                media("https://cdn.test/v", None, None),
                media("https://cdn.test/v", Some("video/mp4"), None),
                media("https://cdn.test/d/My%20offer.pdf?oh=1", Some("application/pdf"), Some("My offer.pdf")),
            ]),
        ),
        case(
            "stickers",
            attached(
                &json!([{"type": "image", "payload": {"url": "https://cdn.test/s", "sticker_id": 369_239_263_222_822_i64}}, {"type": "image", "payload": {"url": "https://cdn.test/s.gif", "sticker_id": 5}}]),
            ),
            message(vec![text("👍"), media("https://cdn.test/s.gif", Some("image/gif"), None)]),
        ),
        case(
            "a place",
            attached(&json!([{"type": "location", "title": "Ann's place", "payload": {"coordinates": {"lat": 35.1, "long": 139.2}}}])),
            message(vec![InboundContent::Location { latitude: 35.1, longitude: 139.2, label: Some("Ann's place".to_owned()) }]),
        ),
        case(
            "shared links, new and old, and a reel",
            attached(
                &json!([{"type": "fallback", "payload": {"url": "https://e.test", "title": "Page"}}, {"type": "fallback", "title": "Old", "url": "https://o.test", "payload": null}, {"type": "ig_reel", "payload": {"url": "https://r.test"}}]),
            ),
            message(vec![text("Page\nhttps://e.test"), text("Old\nhttps://o.test"), text("https://r.test")]),
        ),
        case(
            "a link written and shared shows once",
            update(
                "message",
                &json!({"mid": "m_1", "text": "look https://e.test", "attachments": [{"type": "fallback", "payload": {"url": "https://e.test", "title": "Page"}}]}),
            ),
            message(vec![text("look https://e.test")]),
        ),
        case(
            "a product",
            attached(&json!([{"type": "template", "payload": {"product": {"elements": [{"title": "Shoe", "subtitle": "€ 9"}]}}}])),
            message(vec![text("Shoe\n€ 9")]),
        ),
        case(
            "text beside something unreadable",
            update("message", &json!({"mid": "m_1", "text": "hi", "attachments": [{"type": "hologram", "payload": {}}]})),
            vec![Err("unsupported"), item("m_1", said(vec![text("hi")], None))],
        ),
        case("nothing but something unreadable", attached(&json!([{"type": "hologram"}])), vec![Err("unsupported")]),
        case("an empty message", update("message", &json!({"mid": "m_1"})), vec![Err("empty")]),
        case("a message without id", update("message", &json!({"text": "hi"})), vec![Err("malformed")]),
        case(
            "a deleted message",
            update("message", &json!({"mid": "m_1", "is_deleted": true})),
            noted("deleted:m_1", Some("m_1"), json!({"type": "Deleted", "id": "m_1"}), false),
        ),
        case(
            "postback with a referral",
            update(
                "postback",
                &json!({"mid": "m_1", "title": "Start", "payload": "GET_STARTED", "referral": {"ref": "abc", "source": "SHORTLINK", "type": "OPEN_THREAD"}}),
            ),
            vec![item(
                "m_1",
                said(
                    vec![tapped("Start", "GET_STARTED")],
                    Some(json!([{"type": "Referral", "ref": "abc", "source": "SHORTLINK", "referralType": "OPEN_THREAD"}])),
                ),
            )],
        ),
        case(
            "postback of before ids",
            update("postback", &json!({"payload": "A"})),
            vec![item("postback:2002:1767225600000", said(vec![tapped("A", "A")], None))],
        ),
        case(
            "edit",
            update("message_edit", &json!({"mid": "m_1", "text": "new", "num_edit": 1})),
            vec![item(
                "message_edit:2002:1767225600000",
                said(vec![text("new")], Some(json!([{"type": "Edit", "id": "m_1", "number": 1}]))),
            )],
        ),
        case(
            "delivered by id",
            update("delivery", &json!({"mids": ["m_9", "m_8"], "watermark": NOW.0})),
            receipt("delivery:2002:1767225600000:m_9", ids(&["m_9", "m_8"]), DeliveryStatus::Delivered),
        ),
        case(
            "delivered up to",
            update("delivery", &json!({"watermark": NOW.0})),
            receipt("delivery:2002:1767225600000", up_to(NOW), DeliveryStatus::Delivered),
        ),
        case(
            "read up to",
            update("read", &json!({"watermark": NOW.0})),
            receipt("read:2002:1767225600000", up_to(NOW), DeliveryStatus::Read),
        ),
        case(
            "read up to a whole second",
            update("read", &json!({"watermark": 1_767_225_600})),
            receipt("read:2002:1767225600", up_to(NOW.plus_ms(999)), DeliveryStatus::Read),
        ),
        case("a receipt without anything", update("read", &json!({})), vec![Err("malformed")]),
        case(
            "echo of ours",
            from_page(&json!({"is_echo": true, "app_id": 555, "metadata": "dlv_000000000000004d", "mid": "m_9", "text": "Hello"})),
            echo(Some(77), vec![text("Hello")]),
        ),
        case(
            "echo of the page's inbox",
            from_page(&json!({"is_echo": true, "mid": "m_9", "text": "by hand"})),
            echo(None, vec![text("by hand")]),
        ),
        case(
            "echo of another app",
            from_page(
                &json!({"is_echo": true, "app_id": "9", "metadata": "theirs", "mid": "m_9", "attachments": [{"type": "image", "payload": {"url": "https://c/a.jpg"}}]}),
            ),
            echo(None, vec![media("https://c/a.jpg", Some("image/jpeg"), None)]),
        ),
        case(
            "echo of a card",
            from_page(
                &json!({"is_echo": true, "mid": "m_9", "attachments": [{"type": "template", "payload": {"template_type": "generic"}}]}),
            ),
            echo(None, vec![text("[template]")]),
        ),
        case(
            "reaction",
            update("reaction", &json!({"mid": "m_9", "action": "react", "reaction": "love", "emoji": "❤"})),
            noted(
                "reaction:m_9:2002:react:1767225600000",
                Some("m_9"),
                json!({"type": "Reaction", "action": "react", "id": "m_9", "reaction": "love", "emoji": "❤"}),
                false,
            ),
        ),
        case(
            "reaction taken back",
            update("reaction", &json!({"mid": "m_9", "action": "unreact"})),
            noted(
                "reaction:m_9:2002:unreact:1767225600000",
                Some("m_9"),
                json!({"type": "Reaction", "action": "unreact", "id": "m_9"}),
                false,
            ),
        ),
        case(
            "referral alone",
            update(
                "referral",
                &json!({"ref": "abc", "source": "ADS", "type": "OPEN_THREAD", "ad_id": "7", "ads_context_data": {"ad_title": "Sale"}}),
            ),
            noted(
                "referral:2002:1767225600000",
                None,
                json!({"type": "Referral", "ref": "abc", "source": "ADS", "referralType": "OPEN_THREAD", "ad_id": "7", "adTitle": "Sale"}),
                true,
            ),
        ),
        case(
            "opt-in, without its token",
            update(
                "optin",
                &json!({"type": "notification_messages", "payload": "p", "notification_messages_token": "secret", "title": "News"}),
            ),
            noted(
                "optin:2002:1767225600000",
                None,
                json!({"type": "OptIn", "optInType": "notification_messages", "title": "News", "payload": "p"}),
                true,
            ),
        ),
        case(
            "account linking",
            update("account_linking", &json!({"status": "linked"})),
            ignored("account_linking:2002:1767225600000", "account_linking"),
        ),
        case(
            "control passed",
            update("pass_thread_control", &json!({"new_owner_app_id": 2})),
            ignored("pass_thread_control:2002:1767225600000", "handover"),
        ),
        case(
            "control taken",
            update("take_thread_control", &json!({"new_owner_app_id": "2"})),
            ignored("take_thread_control:2002:1767225600000", "handover"),
        ),
        case(
            "control wanted",
            update("request_thread_control", &json!({})),
            ignored("request_thread_control:2002:1767225600000", "handover"),
        ),
        case("roles", update("app_roles", &json!({"2": ["primary_receiver"]})), ignored("app_roles:2002:1767225600000", "handover")),
        case(
            "blocked",
            update("policy_enforcement", &json!({"action": "block", "reason": "Spam"})),
            health(HealthState::Failing, "Meta has blocked the page from sending. Appeal in Meta Business Support. Meta says: Spam"),
        ),
        case(
            "warned",
            update("policy_enforcement", &json!({"action": "warning"})),
            health(HealthState::Failing, "Meta warns the page for breaking a policy. Look at the page's quality in Meta Business Support."),
        ),
        case("unblocked", update("policy_enforcement", &json!({"action": "unblock"})), health(HealthState::Ok, "")),
        case(
            "standby",
            entry(
                "1001",
                "standby",
                &json!([{"sender": {"id": "2002"}, "timestamp": NOW.0, "message": {"mid": "m_1", "text": "x"}}, {"sender": {"id": "2002"}, "timestamp": NOW.0, "postback": {"title": "A"}}]),
            ),
            vec![
                item("standby:m_1", InboundKind::Ignored("standby")),
                item("standby:postback:2002:1767225600000", InboundKind::Ignored("standby")),
            ],
        ),
        case("something new", update("hologram", &json!({"a": 1})), vec![Err("unknown_item")]),
        case("an update that is no object", entry("1001", "messaging", &json!([7])), vec![Err("malformed")]),
        case("an entry without updates", entry("1001", "surprise", &json!([])), vec![Err("unknown_item")]),
    ];
    let feed = Ok(InboundItem {
        source_address: Some("1001".to_owned()),
        key: "changes:feed:1767225600000:0".to_owned(),
        at: None,
        kind: InboundKind::Ignored("page_change"),
    });
    cases.push(case("the page's feed", entry("1001", "changes", &json!([{"field": "feed", "value": {}}])), vec![feed]));
    let raw = |body: &str| request(Method::POST, HOOK, JSON, body);
    cases.push(case("another product", raw(r#"{"object":"instagram","entry":[]}"#), vec![Err("unknown_item")]));
    cases.push(case("no entries", raw(r#"{"object":"page"}"#), vec![Err("malformed")]));
    cases.push(case("no JSON", raw("hello"), vec![Err("malformed")]));
    cases.push(case("half an emoji", raw(r#"{"object":"page","entry":[{"id":"1001","messaging":[{"sender":{"id":"2002"},"timestamp":1767225600000,"message":{"mid":"m_1","text":"a\ud83d"}}]}]}"#), message(vec![text("a\u{fffd}")])));
    cases.push(batch());
    cases
}

/// Several pages, good and bad, standby and messaging in one body: each for itself.
fn batch() -> InboundCase {
    let message = |mid: &str| json!({"sender": {"id": "2002"}, "timestamp": NOW.0, "message": {"mid": mid, "text": "hi"}});
    let body = json!({"object": "page", "entry": [
        {"id": "1001", "messaging": [message("m_1"), {"sender": {}, "message": {"mid": "m_2", "text": "x"}}, message("m_3")]},
        {"messaging": [message("m_4")]},
        {"id": 1002, "messaging": [message("m_5")], "standby": [message("m_6")]},
    ]});
    let of =
        |page: &str, key: &str, kind| Ok(InboundItem { source_address: Some(page.to_owned()), key: key.to_owned(), at: Some(NOW), kind });
    let hi = || said(vec![text("hi")], None);
    InboundCase {
        label: "a batch of several pages",
        request: request(Method::POST, HOOK, JSON, &body.to_string()),
        items: vec![
            of("1001", "m_1", hi()),
            Err("malformed"),
            of("1001", "m_3", hi()),
            Err("malformed"),
            of("1002", "m_5", hi()),
            of("1002", "standby:m_6", InboundKind::Ignored("standby")),
        ],
    }
}
