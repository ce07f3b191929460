//! The received table.

use super::*;

fn message(kind: &str, content: &Value) -> Value {
    json!({"from": "15550002222", "id": "wamid.A", "timestamp": "1767225600", "type": kind, kind: content})
}

fn media(place: &Value, declared: &str, name: Option<&str>, caption: Option<&str>) -> InboundContent {
    InboundContent::Media {
        url: place.to_string(),
        declared_type: Some(declared.to_owned()),
        name: name.map(str::to_owned),
        caption: caption.map(str::to_owned),
    }
}

fn reason(code: &str, vendor_code: &str, message: &str, remedy: &str) -> Reason {
    Reason { code: code.into(), vendor_code: Some(vendor_code.into()), message: message.into(), remedy: Some(remedy.into()) }
}

pub(super) fn table() -> Vec<InboundCase> {
    let case = |label, request, items| InboundCase { label, request, items };
    let one = |label, message: Value, contents, metadata: Option<Value>| {
        let items = vec![handle("wamid.A", "15550002222"), item("wamid.A", said(contents, metadata))];
        case(label, of_number("messages", &json!([message])), items)
    };
    let bad = |label, message: Value, code| case(label, of_number("messages", &json!([message])), vec![Err(code)]);
    let noted = |label, message: Value, about: Option<&str>, note: Value| {
        let kind =
            InboundKind::Note { from: "15550002222".to_owned(), about: about.map(str::to_owned), note: note.to_string(), keep: false };
        case(label, of_number("messages", &json!([message])), vec![item("wamid.A", kind)])
    };
    let with = |mut message: Value, name: &str, value: Value| {
        message[name] = value;
        message
    };
    let hi = || message("text", &json!({"body": "hi"}));
    let place = |id: &str, digest: Option<&str>| json!({"id": id, "sha256": digest});
    let receipt = |status, delivery: Option<u64>, reason, again| InboundKind::Receipt {
        of: ReceiptOf::Ids { vendor_ids: vec!["wamid.B".to_owned()], delivery: delivery.map(DeliveryId) },
        status,
        reason,
        opted_out: false,
        again,
    };
    let status = |label, word: &str, errors: Value, items| {
        let status = json!({"id": "wamid.B", "status": word, "timestamp": "1767225600", "recipient_id": "15550002222",
            "conversation": {"id": "c", "origin": {"type": "service"}}, "biz_opaque_callback_data": "dlv_000000000000004d", "errors": errors});
        case(label, of_number("statuses", &json!([status])), items)
    };
    let failed = |code: i64| json!([{"code": code, "title": "no", "error_data": {"details": "no"}}]);
    let mut cases = vec![
        one("text", hi(), vec![text("hi")], None),
        one("a time in milliseconds", with(hi(), "timestamp", json!(1_767_225_600_000_i64)), vec![text("hi")], None),
        case(
            "somebody who hides their digits",
            change(
                "messages",
                &json!({"metadata": {"phone_number_id": "4004"}, "contacts": [{"user_id": "US.1234", "profile": {"username": "ann"}}],
                    "messages": [{"from_user_id": "US.1234", "id": "wamid.A", "timestamp": "1767225600", "type": "text", "text": {"body": "hi"}}]}),
            ),
            vec![
                handle("wamid.A", "US.1234"),
                item(
                    "wamid.A",
                    InboundKind::Message {
                        from: "US.1234".to_owned(),
                        name: Some("ann".to_owned()),
                        contents: vec![text("hi")],
                        metadata: None,
                        consent: None,
                    },
                ),
            ],
        ),
        one(
            "a picture with a caption",
            message("image", &json!({"id": "M1", "mime_type": "image/jpeg", "sha256": "abc", "caption": "look"})),
            vec![media(&place("M1", Some("abc")), "image/jpeg", None, Some("look"))],
            None,
        ),
        one(
            "a voice message",
            message("audio", &json!({"id": "M1", "mime_type": "audio/ogg; codecs=opus", "voice": true})),
            vec![media(&place("M1", None), "audio/ogg; codecs=opus", None, None)],
            None,
        ),
        one(
            "an older voice message",
            message("voice", &json!({"id": "M1", "mime_type": "audio/ogg"})),
            vec![media(&place("M1", None), "audio/ogg", None, None)],
            None,
        ),
        one(
            "a video",
            message("video", &json!({"id": "M1", "mime_type": "video/mp4"})),
            vec![media(&place("M1", None), "video/mp4", None, None)],
            None,
        ),
        one(
            "a document with its name",
            message("document", &json!({"id": "M1", "mime_type": "application/pdf", "filename": "offer.pdf"})),
            vec![media(&place("M1", None), "application/pdf", Some("offer.pdf"), None)],
            None,
        ),
        one(
            "a sticker",
            message("sticker", &json!({"id": "M1", "mime_type": "image/webp", "animated": true})),
            vec![media(&place("M1", None), "image/webp", None, None)],
            None,
        ),
        one(
            "media by its address",
            message("image", &json!({"url": "https://lookaside.fbsbx.com/1", "mime_type": "image/png"})),
            vec![media(&json!({"url": "https://lookaside.fbsbx.com/1", "sha256": null}), "image/png", None, None)],
            None,
        ),
        bad("media without an id", message("image", &json!({"mime_type": "image/png"})), "empty"),
        one(
            "a place",
            message("location", &json!({"latitude": 35.1, "longitude": "139.2", "name": "Harbour", "address": "Pier 1"})),
            vec![InboundContent::Location { latitude: 35.1, longitude: 139.2, label: Some("Harbour, Pier 1".to_owned()) }],
            None,
        ),
        one(
            "cards of others",
            message(
                "contacts",
                &json!([{"name": {"formatted_name": "Bo Li"}, "phones": [{"phone": "+1 555", "wa_id": "1555", "type": "CELL"}]}, {"name": {"first_name": "Cy"}, "emails": [{"email": "c@x.test"}]}]),
            ),
            vec![text("Bo Li, +1 555\nCy, c@x.test")],
            None,
        ),
        one(
            "a tapped button",
            message("interactive", &json!({"type": "button_reply", "button_reply": {"id": "a.c.0.1.0", "title": "Buy"}})),
            vec![tapped("Buy", "a.c.0.1.0")],
            None,
        ),
        one(
            "a picked row",
            message(
                "interactive",
                &json!({"type": "list_reply", "list_reply": {"id": "a.c.0.1.2", "title": "Two", "description": "the second"}}),
            ),
            vec![tapped("Two", "a.c.0.1.2")],
            None,
        ),
        one(
            "a filled form",
            message(
                "interactive",
                &json!({"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{\"flow_token\":\"a.c.0.1.0\",\"size\":\"L\"}"}}),
            ),
            vec![tapped("Sent", "a.c.0.1.0")],
            Some(json!([{"type": "FormReply", "name": "flow", "values": {"flow_token": "a.c.0.1.0", "size": "L"}}])),
        ),
        bad("an answer of tomorrow", message("interactive", &json!({"type": "hologram_reply", "hologram_reply": {}})), "empty"),
        one("a template's button", message("button", &json!({"payload": "P", "text": "Thanks"})), vec![tapped("Thanks", "P")], None),
        one(
            "an order",
            message(
                "order",
                &json!({"catalog_id": "7", "text": "quick please", "product_items": [{"product_retailer_id": "tea", "quantity": 2, "item_price": 3.5, "currency": "EUR"}]}),
            ),
            vec![text("quick please\n2 × tea (3.5 EUR)")],
            Some(
                json!([{"type": "WhatsAppOrder", "catalogId": "7", "products": [{"productId": "tea", "quantity": 2, "price": 3.5, "currency": "EUR"}]}]),
            ),
        ),
        one(
            "an answer that was passed on, come from an advertisement",
            with(
                with(hi(), "context", json!({"from": "1555", "id": "wamid.0", "forwarded": true})),
                "referral",
                json!({"source_url": "https://fb.me/x", "source_id": "9", "source_type": "ad", "headline": "Sale", "ctwa_clid": "C"}),
            ),
            vec![text("hi")],
            Some(json!([
                {"type": "MessageReplyContext", "id": "wamid.0"},
                {"type": "Forwarded", "frequently": false},
                {"type": "Referral", "ref": "https://fb.me/x", "ad_id": "9", "source": "ad", "adTitle": "Sale", "clickId": "C"}])),
        ),
        one(
            "an edited message",
            message("edit", &json!({"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "ho"}}})),
            vec![text("ho")],
            Some(json!([{"type": "Edit", "id": "wamid.0"}])),
        ),
        one(
            "what the vendor can't show either",
            with(message("unsupported", &Value::Null), "errors", json!([{"code": 131_051}])),
            vec![text("[message of a kind that can't be shown]")],
            None,
        ),
        noted(
            "a reaction",
            message("reaction", &json!({"message_id": "wamid.B", "emoji": "👍"})),
            Some("wamid.B"),
            json!({"type": "Reaction", "action": "react", "id": "wamid.B", "emoji": "👍"}),
        ),
        noted(
            "a reaction taken back",
            message("reaction", &json!({"message_id": "wamid.B", "emoji": ""})),
            Some("wamid.B"),
            json!({"type": "Reaction", "action": "unreact", "id": "wamid.B"}),
        ),
        noted(
            "a message taken back",
            message("revoke", &json!({"original_message_id": "wamid.0"})),
            Some("wamid.0"),
            json!({"type": "Deleted", "id": "wamid.0"}),
        ),
        noted(
            "a new number",
            message("system", &json!({"type": "user_changed_number", "wa_id": "15550003333", "body": "Ann changed"})),
            None,
            json!({"type": "ConsumerChanged", "change": "user_changed_number", "address": "15550003333", "text": "Ann changed"}),
        ),
        case(
            "a group",
            of_number("messages", &json!([with(hi(), "group_id", json!("g"))])),
            vec![item("wamid.A", InboundKind::Ignored("group_message"))],
        ),
        bad("a type of tomorrow", message("hologram", &json!({})), "unknown_item"),
        bad("no type", json!({"from": "1", "id": "wamid.A"}), "malformed"),
        bad("no id", json!({"from": "1", "type": "text"}), "malformed"),
        bad("no sender", json!({"id": "wamid.A", "type": "text", "text": {"body": "x"}}), "malformed"),
        status(
            "delivered, with our delivery",
            "delivered",
            Value::Null,
            vec![item("wamid.B:delivered", receipt(DeliveryStatus::Delivered, Some(77), None, None))],
        ),
        status("sent", "sent", Value::Null, vec![item("wamid.B:sent", receipt(DeliveryStatus::Sent, Some(77), None, None))]),
        status("read", "read", Value::Null, vec![item("wamid.B:read", receipt(DeliveryStatus::Read, Some(77), None, None))]),
        status(
            "a voice message was played",
            "played",
            Value::Null,
            vec![item("wamid.B:played", receipt(DeliveryStatus::Read, Some(77), None, None))],
        ),
        status("deleted", "deleted", Value::Null, vec![item("wamid.B:deleted", InboundKind::Ignored("status_of_no_consequence"))]),
        status("a status of tomorrow", "teleported", Value::Null, vec![Err("unknown_item")]),
    ];
    cases.extend(failures(&status, &receipt, &failed));
    cases.extend(accounts());
    let raw = |body: &str| request(Method::POST, HOOK, JSON, body);
    cases.push(case("another product", raw(r#"{"object":"page","entry":[]}"#), vec![Err("unknown_item")]));
    cases.push(case("no entries", raw(r#"{"object":"whatsapp_business_account"}"#), vec![Err("malformed")]));
    cases.push(case(
        "an entry without changes",
        raw(r#"{"object":"whatsapp_business_account","entry":[{"id":"3003"}]}"#),
        vec![Err("unknown_item")],
    ));
    cases.push(case("no JSON", raw("hello"), vec![Err("malformed")]));
    cases.push(case("nothing in it", of_number("messages", &json!([])), vec![Err("unknown_item")]));
    cases.push(case(
        "one bad among good ones",
        of_number("messages", &json!([{"id": "wamid.X"}, hi()])),
        vec![Err("malformed"), handle("wamid.A", "15550002222"), item("wamid.A", said(vec![text("hi")], None))],
    ));
    cases
}

type Items = Vec<Result<InboundItem, &'static str>>;

/// What fails after it was taken.
fn failures(
    status: &impl Fn(&'static str, &str, Value, Items) -> InboundCase,
    receipt: &impl Fn(DeliveryStatus, Option<u64>, Option<Reason>, Option<TryAgain>) -> InboundKind,
    failed: &impl Fn(i64) -> Value,
) -> Vec<InboundCase> {
    let closed = reason(
        "window_closed",
        "131047",
        "The time for free answers after the consumer's last message is over.",
        "Send a template, or wait until the consumer writes again.",
    );
    let media = reason(
        "media_unreachable",
        "131053",
        "WhatsApp could not fetch or use the file.",
        "Check that the public URL can be reached from outside, or switch the source's setting media_upload on.",
    );
    let payment = reason(
        "source_misconfigured",
        "131042",
        "The business account can't pay for the message.",
        "Put the payment method in order in Meta Business Suite.",
    );
    let unknown =
        |code: &str| reason("rejected", code, "WhatsApp could not deliver the message.", "The channel log shows what WhatsApp says.");
    let key = "wamid.B:failed";
    let kind = |reason: &Reason, again| receipt(DeliveryStatus::Failed, Some(77), Some(reason.clone()), again);
    let health = InboundKind::Health {
        state: HealthState::Failing,
        message: format!("{} {}", payment.message, payment.remedy.as_deref().unwrap_or_default()),
    };
    vec![
        status("failed: outside the window", "failed", failed(131_047), vec![item(key, kind(&closed, None))]),
        status(
            "failed: the file could not be fetched, so again",
            "failed",
            failed(131_053),
            vec![item(key, kind(&media, Some(TryAgain { after_ms: 60_000, max_attempts: 3 })))],
        ),
        status(
            "failed: the account can't pay, which the administrator must hear",
            "failed",
            failed(131_042),
            vec![item(key, kind(&payment, None)), item("wamid.B:failed:health", health)],
        ),
        status("failed: a code of tomorrow", "failed", failed(999_999), vec![item(key, kind(&unknown("999999"), None))]),
        status("failed without a code", "failed", Value::Null, vec![item(key, kind(&unknown("failed"), None))]),
    ]
}

/// What is told of the business account and its apps.
fn accounts() -> Vec<InboundCase> {
    let case = |label, request, items| InboundCase { label, request, items };
    let keyed = |field: &str, value: &Value| format!("{field}:3003:{}", hex::encode(mac::sha256(value.to_string().as_bytes())));
    let of_account = |label, field: &str, value: &Value, kind| {
        let item = InboundItem { source_address: None, key: keyed(field, value), at: None, kind };
        case(label, change(field, value), vec![Ok(item)])
    };
    let metadata = json!({"phone_number_id": "4004"});
    let echo = json!({"metadata": metadata, "message_echoes": [
        {"from": "15550001111", "to": "15550002222", "id": "wamid.E", "timestamp": "1767225600", "type": "text", "text": {"body": "by hand"}},
        {"to": "15550002222", "id": "wamid.F", "timestamp": "1767225600", "type": "hologram"},
        {"to": "15550002222", "id": "wamid.G", "timestamp": "1767225600", "type": "revoke", "revoke": {"original_message_id": "wamid.E"}}]});
    let echoed = |id: &str, words: &str| {
        item(id, InboundKind::Echo { to: "15550002222".to_owned(), vendor_id: id.to_owned(), delivery: None, contents: vec![text(words)] })
    };
    let preference = json!({"metadata": metadata, "user_preferences": [{"wa_id": "15550002222", "category": "marketing_messages", "value": "stop", "timestamp": 1_767_225_600}]});
    let note = json!({"type": "Preference", "category": "marketing_messages", "value": "stop"}).to_string();
    let errors = json!({"metadata": metadata, "errors": [{"code": 131_031, "title": "locked"}]});
    vec![
        case(
            "written in the brand's own app",
            change("smb_message_echoes", &echo),
            vec![echoed("wamid.E", "by hand"), echoed("wamid.F", "[hologram]"), item("wamid.G", InboundKind::Ignored("echo_of_a_change"))],
        ),
        case(
            "no more advertisements",
            change("user_preferences", &preference),
            vec![item(
                "preference:15550002222:marketing_messages:stop:1767225600",
                InboundKind::Note { from: "15550002222".to_owned(), about: None, note, keep: true },
            )],
        ),
        of_account(
            "a template's fate",
            "message_template_status_update",
            &json!({"event": "APPROVED", "message_template_name": "order"}),
            InboundKind::Ignored("account_change"),
        ),
        of_account(
            "restricted",
            "account_update",
            &json!({"event": "ACCOUNT_RESTRICTION"}),
            InboundKind::Health {
                state: HealthState::Failing,
                message: "Meta has restricted the WhatsApp business account. Look at its quality in Meta Business Support and appeal there. Meta calls it ACCOUNT_RESTRICTION.".to_owned(),
            },
        ),
        of_account(
            "no longer ours",
            "account_update",
            &json!({"event": "PARTNER_REMOVED"}),
            InboundKind::Health {
                state: HealthState::NeedsReauthorisation,
                message: "The WhatsApp business account no longer allows this app to use it. Connect the number again. Meta calls it PARTNER_REMOVED.".to_owned(),
            },
        ),
        of_account("something new", "account_update", &json!({"event": "VERIFIED"}), InboundKind::Ignored("account_change")),
        case(
            "an error of the number",
            change("messages", &errors),
            vec![Ok(InboundItem {
                source_address: Some("4004".to_owned()),
                key: keyed("messages", &errors),
                at: None,
                kind: InboundKind::Health {
                    state: HealthState::Failing,
                    message: "Meta has restricted the business account. Look at the account in Meta Business Support and appeal there.".to_owned(),
                },
            })],
        ),
    ]
}
