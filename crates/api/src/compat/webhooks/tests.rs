//! The published samples, the signature's vectors, and that bodies survive being parsed and written again.

use super::super::fixtures;
use super::*;
use antiphon_domain::conversation::{ClosedBy, Delay, Draft, Rating as Rated, RatingStatus, ResponseTimeKind};
use antiphon_domain::{AcceptStatus, Audience, Content, EventBody, FileId, Role, SkillId, Timestamp, UserId};
use serde_json::{Value, json};

const CONVERSATION: &str = "019aff00-0102-7304-8506-0708090a0b0c";
const AGENT: &str = "4d4d4d4d-4d4d-4d4d-4d4d-4d4d4d4d4d4d";

fn consumer() -> String {
    "07".repeat(32)
}

fn text_of(news: News<'_>) -> String {
    String::from_utf8(Webhooks.body(&fixtures::view(), news).to_vec()).expect("text")
}

/// The one change of a body.
fn change(news: News<'_>, type_name: &str) -> Value {
    let text = text_of(news);
    let mut body: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(body, json!({"kind": "notification", "body": {"changes": [body["body"]["changes"][0]]}, "type": type_name}));
    body["body"]["changes"][0].take()
}

fn said(it: &mut Conversation, party: Party, role: Role, body: EventBody, metadata: Option<&str>) -> Event {
    let draft = Draft {
        originator: Originator { party, role },
        vendor_at: Some(Timestamp(1)),
        audience: Audience::All,
        body,
        metadata: metadata.map(Into::into),
    };
    it.append(DialogNumber::MAIN, draft, Timestamp(1_700_000_000_000)).expect("it is open")
}

fn told(it: &Conversation, event: &Event) -> Value {
    change(News::Event { conversation: it.id, event }, "ms.MessagingEventNotification")
}

/// The vectors of the protocol's description: compact bodies, the secret as text.
#[test]
fn signatures_are_as_published() {
    #[track_caller]
    fn check(body: &str, sha1: &str, sha256: &str) {
        let sign = |form| signature(form, "demo-secret-0001", body.as_bytes());
        assert_eq!(sign(SignatureForm::Sha1Base64), format!("sha1={sha1}"));
        assert_eq!(sign(SignatureForm::Sha256Base64), format!("sha256={sha256}"));
        for (base64, hex, prefix) in [
            (SignatureForm::Sha1Base64, SignatureForm::Sha1Hex, "sha1="),
            (SignatureForm::Sha256Base64, SignatureForm::Sha256Hex, "sha256="),
        ] {
            let bytes = STANDARD.decode(sign(base64).trim_start_matches(prefix)).expect("base64");
            assert_eq!(sign(hex), format!("{prefix}{}", hex::encode(bytes)));
        }
    }
    check(
        r#"{"kind":"notification","body":{"changes":[]},"type":"ms.MessagingEventNotification"}"#,
        "rrvUAwZAZeq7H4J7nl9aFcwBAw4=",
        "eoZq+bPTb3zxiYGzHMiZlAlIO+d7oeu57N7fmCoUPmY=",
    );
    check(
        r#"{"kind":"notification","body":{"changes":[{"event":{"type":"ContentEvent","contentType":"text/plain","message":"hi 😀"}}]},"type":"ms.MessagingEventNotification"}"#,
        "2hnqe3YbNBEs0HZdjCKEX0W89iA=",
        "7dxG4T2U9fC5vyB3Ipu6nk6ZvZf0jL36uj6cv59/xaQ=",
    );
}

#[test]
fn the_headers_name_account_and_app_and_sign_the_bytes() {
    let account = "12".parse().expect("an account id");
    let to = Addressee { account: &account, client_id: "my-app", secret: "demo-secret-0001", form: SignatureForm::Sha1Base64 };
    let headers = Webhooks.headers(to, br#"{"kind":"notification","body":{"changes":[]},"type":"ms.MessagingEventNotification"}"#);
    let expected = [
        ("content-type", "application/json"),
        ("x-liveperson-account-id", "12"),
        ("x-liveperson-client-id", "my-app"),
        ("x-liveperson-signature", "sha1=rrvUAwZAZeq7H4J7nl9aFcwBAw4="),
    ];
    assert_eq!(headers.len(), expected.len());
    for (name, value) in expected {
        assert_eq!(headers[name], value, "{name}");
    }
}

#[test]
fn a_text_is_told_as_in_the_sample() {
    let mut it = fixtures::conversation();
    it.assign(UserId(77), None, Timestamp(2_000)).expect("nobody has it");
    let metadata = r#"[ {"type": "ExternalId", "id": "x"} ]"#;
    let event = said(&mut it, Party::User(UserId(77)), Role::AssignedAgent, EventBody::text("Hello"), Some(metadata));
    let expected = json!({"sequence": 0, "originatorId": AGENT, "originatorMetadata": {"id": AGENT, "role": "ASSIGNED_AGENT"},
        "serverTimestamp": 1_700_000_000_000_i64, "event": {"type": "ContentEvent", "message": "Hello", "contentType": "text/plain"},
        "conversationId": CONVERSATION, "dialogId": CONVERSATION, "messageAudience": "ALL",
        "metadata": [{"type": "ExternalId", "id": "x"}]});
    assert_eq!(told(&it, &event), expected);
    let text = text_of(News::Event { conversation: it.id, event: &event });
    assert!(text.starts_with(r#"{"kind":"notification","body":{"changes":[{"sequence":0,"originatorId":"#), "{text}");
}

#[test]
fn every_kind_of_event_is_told() {
    let mut it = fixtures::conversation();
    let (party, role) = (Party::Consumer(it.consumer), Role::Consumer);
    let file = Content::File {
        file: FileId(1),
        path: "/v1/AUTH_async-images/12/x.PNG".into(),
        caption: "c".into(),
        file_type: "PNG".into(),
        preview: Some("data:image/png;base64,AA".into()),
    };
    let replies = r#"{"type":"quickReplies","itemsPerRow":8.0,"replies":[]}"#;
    let plain_replies = json!({"type": "quickReplies", "itemsPerRow": 8, "replies": []});
    let check = |it: &mut Conversation, body: EventBody, expected: Value| {
        let event = said(it, party, role, body, None);
        let found = told(it, &event);
        assert_eq!(found["event"], expected);
        assert_eq!(found["originatorMetadata"], json!({"id": consumer(), "role": "CONSUMER"}));
        assert!(found.get("metadata").is_none() && found.get("originatorPId").is_none() && found.get("vendorTimestamp").is_none());
    };
    check(
        &mut it,
        EventBody::Content(file),
        json!({"type": "ContentEvent", "contentType": "hosted/file", "message": {"caption": "c",
            "relativePath": "/v1/AUTH_async-images/12/x.PNG", "fileType": "PNG", "preview": "data:image/png;base64,AA"}}),
    );
    check(
        &mut it,
        EventBody::Content(Content::Text { text: "Rate us".into(), quick_replies: Some(replies.into()) }),
        json!({"type": "ContentEvent", "contentType": "text/plain", "message": "Rate us", "quickReplies": plain_replies}),
    );
    check(
        &mut it,
        EventBody::Content(Content::Rich { json: r#"{"type": "vertical", "elements": []}"#.into(), quick_replies: Some(replies.into()) }),
        json!({"type": "RichContentEvent", "content": {"type": "vertical", "elements": []}, "quickReplies": plain_replies}),
    );
    check(
        &mut it,
        EventBody::Accept { status: AcceptStatus::Read, sequences: vec![0, 1] },
        json!({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0, 1]}),
    );
}

#[test]
fn a_private_note_says_so() {
    let mut it = fixtures::conversation();
    let originator = Originator { party: Party::User(UserId(88)), role: Role::Manager };
    let draft = Draft { originator, vendor_at: None, audience: Audience::AgentsAndManagers, body: EventBody::text("psst"), metadata: None };
    let event = it.append(DialogNumber::MAIN, draft, Timestamp(5)).expect("it is open");
    assert_eq!(told(&it, &event)["messageAudience"], "AGENTS_AND_MANAGERS");
}

#[test]
fn a_chat_state_has_neither_number_nor_time() {
    let mut it = fixtures::conversation();
    it.assign(UserId(77), None, Timestamp(2_000)).expect("nobody has it");
    let news = News::ChatState { conversation: &it, dialog: DialogNumber::MAIN, party: Party::User(UserId(77)), state: "COMPOSING" };
    let expected = json!({"originatorId": AGENT, "originatorMetadata": {"id": AGENT, "role": "ASSIGNED_AGENT"},
        "event": {"type": "ChatStateEvent", "chatState": "COMPOSING"}, "conversationId": CONVERSATION, "dialogId": CONVERSATION});
    assert_eq!(change(news, "ms.MessagingEventNotification"), expected);
}

fn state(it: &Conversation) -> Value {
    change(News::State(it), "cqm.ExConversationChangeNotification")
}

#[test]
fn a_new_conversation_is_told_as_in_the_sample() {
    let it = fixtures::conversation();
    let expected = json!({"type": "UPSERT", "result": {"convId": CONVERSATION, "effectiveTTR": 3_601_000, "conversationDetails": {
        "skillId": "55", "participants": [{"id": consumer(), "role": "CONSUMER"}],
        "dialogs": [{"dialogId": CONVERSATION, "participantsDetails": [{"id": consumer(), "role": "CONSUMER", "state": "ACTIVE"}],
            "dialogType": "MAIN", "channelType": "MESSAGING", "state": "OPEN", "creationTs": 1000, "metaDataLastUpdateTs": 1000}],
        "brandId": "12", "state": "OPEN", "stage": "OPEN", "startTs": 1000, "metaDataLastUpdateTs": 1000,
        "ttr": {"ttrType": "NORMAL", "value": 3600}, "conversationHandlerDetails": {"accountId": "12", "skillId": "55"}}}});
    assert_eq!(state(&it), expected);
    let text = text_of(News::State(&it));
    let mut at = 0;
    for member in
        ["skillId", "participants", "dialogs", "brandId", "state\":\"OPEN\",\"stage", "startTs", "ttr\":", "conversationHandlerDetails"]
    {
        let found = text[at..].find(&format!("\"{member}")).unwrap_or_else(|| panic!("{member} after {at} in {text}"));
        at += found;
    }
}

#[test]
fn a_conversations_day_is_told() {
    let mut it = fixtures::conversation();
    it.assign(UserId(77), None, Timestamp(2_000)).expect("nobody has it");
    let joined = state(&it);
    let details = &joined["result"]["conversationDetails"];
    assert_eq!(details["participants"], json!([{"id": consumer(), "role": "CONSUMER"}, {"id": AGENT, "role": "ASSIGNED_AGENT"}]));
    assert_eq!(details["dialogs"][0]["participantsDetails"][1], json!({"id": AGENT, "role": "ASSIGNED_AGENT", "state": "ACTIVE"}));
    assert_eq!(details["metaDataLastUpdateTs"], 2000);

    it.unassign(UserId(77), None, Timestamp(3_000)).expect("it was theirs");
    it.change_skill(Some(SkillId(56)), None, Timestamp(3_000)).expect("it is open");
    it.suggest(UserId(88), None, Timestamp(3_000)).expect("nobody has it");
    it.change_response_time(ResponseTimeKind::Urgent, 300, None, Timestamp(3_000)).expect("it is open");
    it.set_delay(Some(Delay { kind: "NIGHT".into(), till: Timestamp(9_000) }), None, Timestamp(3_000)).expect("it is open");
    let moved = state(&it);
    let details = &moved["result"]["conversationDetails"];
    assert_eq!((&details["skillId"], &details["conversationHandlerDetails"]["skillId"]), (&json!("56"), &json!("56")));
    assert_eq!(details["participants"].as_array().map(Vec::len), Some(1), "who is only proposed is not in it");
    assert_eq!(
        (&details["ttr"], &details["delay"]),
        (&json!({"ttrType": "URGENT", "value": 300}), &json!({"type": "NIGHT", "tillWhen": 9000}))
    );
    assert_eq!(moved["result"]["effectiveTTR"], 309_000);

    it.assign(UserId(88), None, Timestamp(3_500)).expect("nobody has it");
    it.close_dialog(DialogNumber::MAIN, ClosedBy::Consumer, Some("done".into()), Some("survey-app".into()), None, Timestamp(4_000))
        .expect("it is open");
    let surveyed = state(&it);
    let details = &surveyed["result"]["conversationDetails"];
    assert_eq!((&details["state"], &details["stage"], details.get("endTs")), (&json!("CLOSE"), &json!("OPEN"), None));
    let main = &details["dialogs"][0];
    assert_eq!((&main["dialogType"], &main["state"], &main["endTs"]), (&json!("MAIN"), &json!("CLOSE"), &json!(4000)));
    assert_eq!((&main["closedBy"], &main["closedCause"]), (&json!("CONSUMER"), &json!("done")));
    let survey = &details["dialogs"][1];
    assert_eq!((&survey["dialogType"], &survey["state"]), (&json!("POST_SURVEY"), &json!("OPEN")));
    assert_eq!(survey["metaData"], json!({"appInstallId": "survey-app"}));
    assert_eq!(surveyed["result"]["effectiveTTR"], -1);

    it.close(ClosedBy::System, None, None, Timestamp(5_000)).expect("a dialog is open");
    it.rate(Rated { stars: Some(4), resolved: Some(true), status: RatingStatus::Filled }, None, Timestamp(6_000));
    let over = state(&it);
    let details = &over["result"]["conversationDetails"];
    assert_eq!((&details["state"], &details["stage"], &details["endTs"]), (&json!("CLOSE"), &json!("CLOSE"), &json!(5000)));
    assert_eq!((&details["closeReason"], &over["result"]["effectiveTTR"]), (&json!("CONSUMER"), &json!(-1)));
    assert_eq!(details["csat"], json!({"csatRate": 4, "csatResolutionConfirmation": true, "status": "FILLED"}));
    assert_eq!(details["dialogs"][1]["closedBy"], "SYSTEM");
}

/// Many receivers check the signature over the body as they would write it.
#[test]
fn bodies_survive_being_parsed_and_written_again() {
    let mut it = fixtures::conversation();
    let rich = r#" { "type" : "vertical", "elements": [ {"type":"text","text":"a\u00fc \ud83d\ude00 \/","n":1.0} ] } "#;
    let body = EventBody::Content(Content::Rich { json: rich.into(), quick_replies: None });
    let consumer = Party::Consumer(it.consumer);
    let event = said(&mut it, consumer, Role::Consumer, body, Some(r#"[ { "b" : 1e2 } ]"#));
    let text = text_of(News::Event { conversation: it.id, event: &event });
    assert!(text.contains(r#""content":{"type":"vertical","elements":[{"type":"text","text":"aü 😀 /","n":1}]}"#), "{text}");
    assert!(text.contains(r#""metadata":[{"b":100}]"#), "{text}");
    assert!(!text.contains(": ") && !text.contains(", "), "{text}");
    assert_eq!(text_of(News::Event { conversation: it.id, event: &event }), text, "the same each time");
}
