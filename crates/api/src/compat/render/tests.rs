//! The notifications' bodies, member by member, as the published clients read them.

use super::*;
use crate::compat::fixtures;
use antiphon_domain::conversation::{ClosedBy, Draft};
use antiphon_domain::{AcceptStatus, ConsumerId, FileId, SourceId, Timestamp};
use serde_json::{Value, json};

fn draft(party: Party, role: Role, body: EventBody) -> Draft {
    Draft { originator: Originator { party, role }, vendor_at: None, audience: Audience::All, body, metadata: None }
}

fn consumer() -> Consumer {
    Consumer {
        id: ConsumerId([7; 32]),
        source: SourceId(1),
        address: "+4915100".into(),
        name: Some("Kim".into()),
        avatar_url: None,
        opted_out: false,
        created_at: Timestamp(0),
        context: None,
        profile_checked_at: None,
        profile: None,
    }
}

fn shown(protocol: Protocol, it: &Conversation) -> Value {
    let consumer = consumer();
    let extras = Extras {
        consumer: Some(&consumer),
        channel: "test_channel",
        composer: Some(ComposerWire { enabled: true, code: None, reason: None }),
        limits: Some(LimitsWire { max: 1600, unit: antiphon_content::capabilities::Unit::Gsm, segments: true }),
        media: Some(MediaWire { types: vec!["image/png".into()], max_bytes: 5, max_count: 1 }),
    };
    let text = conversation(&fixtures::view(), protocol, it, &extras, &Files::new());
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_conversation_is_complete() {
    let mut it = fixtures::conversation();
    let consumer = "07".repeat(32);
    it.append(DialogNumber::MAIN, draft(Party::Consumer(ConsumerId([7; 32])), Role::Consumer, EventBody::text("hi")), Timestamp(1_500))
        .expect("open");
    it.assign(UserId(77), None, Timestamp(2_000)).expect("open");
    let id = it.id.to_string();
    let pid = "4d4d4d4d-4d4d-4d4d-4d4d-4d4d4d4d4d4d";
    let expected = json!({
        "convId": id, "effectiveTTR": 3_601_500, "lastUpdateTime": 2_000,
        "numberOfunreadMessages": { consumer.as_str(): 0, "12.77": 1 },
        "conversationDetails": {
            "convId": id, "skillId": "55", "brandId": "12", "state": "OPEN", "stage": "OPEN",
            "participants": {
                "CONSUMER": [consumer], "ASSIGNED_AGENT": ["12.77"], "AGENT": [], "MANAGER": [], "READER": [], "CONTROLLER": []
            },
            "participantsPId": {
                "CONSUMER": [consumer], "ASSIGNED_AGENT": [pid], "AGENT": [], "MANAGER": [], "READER": [], "CONTROLLER": []
            },
            "dialogs": [{
                "dialogId": id, "dialogType": "MAIN", "channelType": "MESSAGING", "state": "OPEN",
                "creationTs": 1_000, "metaDataLastUpdateTs": 2_000,
                "participantsDetails": [
                    { "id": consumer, "role": "CONSUMER", "state": "ACTIVE" },
                    { "id": "12.77", "role": "ASSIGNED_AGENT", "state": "ACTIVE" }
                ]
            }],
            "startTs": 1_000, "metaDataLastUpdateTs": 2_000, "firstConversation": true,
            "ttr": { "ttrType": "NORMAL", "value": 3600 }, "csatRate": 0, "note": "", "groupId": "",
            "conversationHandlerDetails": { "accountId": "12", "skillId": "55" },
            "antiphon": {
                "channel": "test_channel", "sourceId": "src_0000000000000001",
                "consumer": { "id": consumer, "name": "Kim", "address": "+4915100", "optedOut": false },
                "waitingSince": 1_500, "composer": { "enabled": true, "code": null, "reason": null },
                "limits": { "max": 1600, "unit": "gsm", "segments": true },
                "media": { "types": ["image/png"], "maxBytes": 5, "maxCount": 1 }
            }
        },
        "lastContentEventNotification": {
            "sequence": 0, "originatorId": consumer, "originatorPId": consumer,
            "originatorMetadata": { "id": consumer, "role": "CONSUMER" }, "serverTimestamp": 1_500,
            "event": { "type": "ContentEvent", "contentType": "text/plain", "message": "hi" },
            "conversationId": id, "dialogId": id, "messageAudience": "ALL"
        }
    });
    assert_eq!(shown(Protocol::V21, &it), expected);
}

#[test]
fn a_closed_conversation_says_who_closed_it() {
    let mut it = fixtures::conversation();
    it.close(ClosedBy::Agent, Some("Done".into()), None, Timestamp(9_000)).expect("open");
    let shown = shown(Protocol::V21, &it);
    let details = &shown["conversationDetails"];
    assert_eq!(shown["effectiveTTR"], -1);
    assert_eq!(shown.get("lastContentEventNotification"), None);
    assert_eq!(
        [&details["state"], &details["stage"], &details["closeReason"], &details["endTs"]],
        [&json!("CLOSE"), &json!("CLOSE"), &json!("AGENT"), &json!(9_000)]
    );
    let dialog = &details["dialogs"][0];
    assert_eq!([&dialog["closedBy"], &dialog["closedCause"], &dialog["endTs"]], [&json!("AGENT"), &json!("Done"), &json!(9_000)]);
}

#[test]
fn a_proposal_is_in_the_dialog_only_and_only_for_newer_versions() {
    let mut it = fixtures::conversation();
    it.suggest(UserId(88), None, Timestamp(2_000)).expect("open");
    it.join(DialogNumber::MAIN, UserId(77), Role::Manager, Timestamp(2_000)).expect("open");
    let roles = |protocol: Protocol| -> Vec<String> {
        let shown = shown(protocol, &it);
        assert_eq!(shown["conversationDetails"]["participants"]["ASSIGNED_AGENT"], json!([]));
        assert_eq!(shown["conversationDetails"]["participants"]["MANAGER"], json!(["12.77"]));
        let list = shown["conversationDetails"]["dialogs"][0]["participantsDetails"].as_array().expect("a list").clone();
        list.iter().map(|one| format!("{} {}", one["role"].as_str().unwrap_or(""), one["state"].as_str().unwrap_or(""))).collect()
    };
    assert_eq!(roles(Protocol::V21), ["CONSUMER ACTIVE", "MANAGER ACTIVE", "ASSIGNED_AGENT SUGGESTED"]);
    assert_eq!(roles(Protocol::V20), ["CONSUMER ACTIVE", "MANAGER ACTIVE"]);
}

#[test]
fn each_kind_of_event_has_its_shape() {
    let view = fixtures::view();
    let id = fixtures::conversation().id;
    let check = |body: EventBody, metadata: Option<&str>, files: &Files, expected: Value| {
        let made = Event {
            dialog: DialogNumber::MAIN,
            sequence: 4,
            originator: Originator { party: Party::User(UserId(77)), role: Role::AssignedAgent },
            at: Timestamp(5),
            vendor_at: None,
            audience: Audience::AgentsAndManagers,
            body,
            metadata: metadata.map(Into::into),
        };
        let record: Value = serde_json::from_str(&event(&view, id, &made, files)).expect("JSON");
        assert_eq!(record["event"], expected);
        assert_eq!(record["messageAudience"], "AGENTS_AND_MANAGERS");
        assert_eq!([&record["originatorId"], &record["sequence"]], [&json!("12.77"), &json!(4)]);
        assert_eq!(record.get("metadata").map(Value::to_string), metadata.map(str::to_owned));
    };
    let none = Files::new();
    check(
        EventBody::Accept { status: AcceptStatus::Read, sequences: vec![1, 2] },
        Some(r#"[{"id":"a","type":"Answer"}]"#),
        &none,
        json!({ "type": "AcceptStatusEvent", "status": "READ", "sequenceList": [1, 2] }),
    );
    check(
        EventBody::Content(Content::Rich { json: r#"{"type":"text"}"#.into(), quick_replies: Some("{}".into()) }),
        None,
        &none,
        json!({ "type": "RichContentEvent", "content": { "type": "text" }, "quickReplies": {} }),
    );
    let file = StoredFile {
        id: FileId(1),
        path: "/v1/f".into(),
        state: FileState::Failed("gone".into()),
        declared_type: None,
        content_type: None,
        name: Some("a.png".into()),
        size: Some(3),
        sha256: None,
        fetch: None,
        shown_in: None,
        created_at: Timestamp(0),
        owner: None,
        also_shown: Vec::new(),
        picture: None,
    };
    check(
        EventBody::Content(Content::File {
            file: FileId(1),
            path: "/v1/f".into(),
            caption: "c".into(),
            file_type: "PNG".into(),
            preview: None,
        }),
        None,
        &[("/v1/f".to_owned(), file)].into(),
        json!({ "type": "ContentEvent", "contentType": "hosted/file", "message": {
            "caption": "c", "relativePath": "/v1/f", "fileType": "PNG", "state": "failed", "name": "a.png", "size": 3, "reason": "gone"
        } }),
    );
}

#[test]
fn a_chat_state_is_neither_numbered_nor_timed() {
    let it = fixtures::conversation();
    let text = chat_state(&fixtures::view(), &it, DialogNumber::MAIN, Party::Consumer(ConsumerId([7; 32])), "COMPOSING");
    let record: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!([record.get("sequence"), record.get("serverTimestamp")], [None, None]);
    assert_eq!(record["event"], json!({ "type": "ChatStateEvent", "chatState": "COMPOSING" }));
    assert_eq!(record["originatorMetadata"]["role"], "CONSUMER");
}

#[test]
fn a_ring_is_found_by_its_id() {
    let view = fixtures::view();
    let ring =
        Ring { conversation: fixtures::conversation().id, offered_at: Timestamp(1_000), agent: UserId(77), expires_at: Timestamp(73_000) };
    let waiting = Task::new(ring.conversation, ConsumerId([7; 32]), None, Timestamp(900));
    let shown = serde_json::to_value(task(&view, &ring, RingState::Waiting, &waiting)).expect("JSON");
    let wire = &shown["ringsDetails"][0];
    assert_eq!(wire["ringId"], format!("{}_12_1000", ring.conversation));
    assert_eq!([&wire["ringExpiration"], &wire["ringExpirationTs"]], [&json!(72_000), &json!(73_000)]);
    assert_eq!([&shown["taskCompleted"], &shown["skillId"], &shown["assignedAgentId"]], [&json!(false), &json!("-1"), &json!("")]);
    assert_eq!(ring_named(&view, &format!("{}_12_1000", ring.conversation)), Some((ring.conversation, ring.offered_at)));
    for text in ["", "x_12_1", &format!("{}_13_1000", ring.conversation), &format!("{}_12_", ring.conversation)] {
        assert_eq!(ring_named(&view, text), None, "{text}");
    }
    let accepted = serde_json::to_value(task(&view, &ring, RingState::Accepted, &waiting)).expect("JSON");
    assert_eq!([&accepted["taskCompleted"], &accepted["assignedAgentId"]], [&json!(true), &json!("12.77")]);
}
