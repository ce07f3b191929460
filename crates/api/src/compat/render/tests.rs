//! The notifications' bodies, member by member, as the published clients read them.

use super::*;
use crate::compat::fixtures;
use antiphon_domain::conversation::{ClosedBy, Delay, Draft, Rating, RatingStatus};
use antiphon_domain::file::Picture;
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
        composer: Some(ComposerWire { enabled: true, code: None, reason: None, window_closes_at: Some(86_401_500), templates: false }),
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
                "waitingSince": 1_500, "composer": { "enabled": true, "code": null, "reason": null, "windowClosesAt": 86_401_500, "templates": false },
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

/// A conversation of our own protocols, served, rated, and now being asked about.
fn in_survey() -> Conversation {
    let mut it = fixtures::conversation();
    it.origin = Some(std::sync::Arc::new(Origin {
        campaign: Some(r#"{"campaignId":1,"engagementId":"2"}"#.into()),
        context: Some(r#"{"type":"SharkContext","lang":"en-US"}"#.into()),
        client: Some(r#"{"type":".ClientProperties","os":"IOS"}"#.into()),
        features: Vec::new(),
    }));
    it.assign(UserId(77), None, Timestamp(2_000)).expect("open");
    it.append(DialogNumber::MAIN, draft(Party::User(UserId(77)), Role::AssignedAgent, EventBody::text("hi")), Timestamp(2_500))
        .expect("open");
    it.set_note("vip".into(), None, Timestamp(2_600));
    it.set_delay(Some(Delay { kind: "NIGHT".into(), till: Timestamp(7) }), None, Timestamp(2_600)).expect("open");
    it.set_due(Some(Timestamp(8)), None, Timestamp(2_600)).expect("open");
    let survey = Some("app1".into());
    it.close_dialog(DialogNumber::MAIN, ClosedBy::Consumer, None, survey, None, Timestamp(3_000)).expect("open");
    it.tag_dialog(DialogNumber(1), Some(r#"[{"type":"Survey"}]"#.into()), None, Timestamp(3_100)).expect("open");
    it.rate(Rating { stars: Some(4), resolved: Some(true), status: RatingStatus::Filled }, None, Timestamp(3_200));
    it
}

#[test]
fn a_survey_and_where_it_comes_from_are_shown_to_both_sides() {
    let it = in_survey();
    let consumer = "07".repeat(32);
    let pid = "4d4d4d4d-4d4d-4d4d-4d4d-4d4d4d4d4d4d";
    for (protocol, agent) in [(Protocol::V21, "12.77"), (Protocol::V3, pid)] {
        let shown = shown(protocol, &it);
        let details = &shown["conversationDetails"];
        assert_eq!((&shown["effectiveTTR"], &details["state"], &details["stage"]), (&json!(-1), &json!("CLOSE"), &json!("OPEN")));
        assert_eq!(details["closeReason"], "CONSUMER");
        let survey = crate::compat::identity::dialog_id(it.id, DialogNumber(1));
        let expected = json!({
            "dialogId": survey, "dialogType": "POST_SURVEY", "channelType": "MESSAGING", "state": "OPEN",
            "creationTs": 3_000, "metaDataLastUpdateTs": 3_100, "metaData": { "appInstallId": "app1" }, "metadata": [{ "type": "Survey" }],
            "participantsDetails": [
                { "id": consumer, "role": "CONSUMER", "state": "ACTIVE" }, { "id": agent, "role": "READER", "state": "ACTIVE" }
            ]
        });
        assert_eq!(details["dialogs"][1], expected);
        assert_eq!(details["csat"], json!({ "csatRate": 4, "csatResolutionConfirmation": true, "status": "FILLED" }));
        assert_eq!(details["campaignInfo"], json!({ "campaignId": 1, "engagementId": "2" }));
        let properties = json!({ "type": ".ClientProperties", "os": "IOS" });
        assert_eq!(details["context"], json!({ "type": "SharkContext", "lang": "en-US", "clientProperties": properties }));
        assert_eq!((&details["manualETTR"], &details["delay"]), (&json!(8), &json!({ "type": "NIGHT", "tillWhen": 7 })));
    }
}

#[test]
fn consumers_are_shown_no_old_id_and_nothing_between_agents() {
    let shown = shown(Protocol::V3, &in_survey());
    let pid = "4d4d4d4d-4d4d-4d4d-4d4d-4d4d4d4d4d4d";
    let details = &shown["conversationDetails"];
    let expected = json!([
        { "id": "07".repeat(32), "role": "CONSUMER", "state": "ACTIVE" },
        { "id": pid, "role": "ASSIGNED_AGENT", "state": "ACTIVE" },
        { "id": pid, "role": "READER", "state": "ACTIVE" }
    ]);
    assert_eq!(details["participants"], expected);
    for absent in ["participantsPId", "csatRate", "note", "groupId", "antiphon"] {
        assert_eq!(details.get(absent), None, "{absent}");
    }
    assert_eq!(shown.get("numberOfunreadMessages"), None);
    let last = &shown["lastContentEventNotification"];
    assert_eq!((&last["originatorId"], last.get("originatorPId")), (&json!(pid), None));
    assert!(!shown.to_string().contains("12.77"), "{shown}");
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
        let record: Value = serde_json::from_str(&event(&view, Protocol::V21, id, &made, files)).expect("JSON");
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
    let shown = |preview: Option<&str>| {
        EventBody::Content(Content::File {
            file: FileId(1),
            path: "/v1/f".into(),
            caption: "c".into(),
            file_type: "PNG".into(),
            preview: preview.map(Into::into),
        })
    };
    let picture = Picture { width: 9, height: 7, preview: "data:image/jpeg;base64,AA==".into(), thumbnail: true };
    let photo = StoredFile { state: FileState::Ready, picture: Some(picture), ..file.clone() };
    for (given, preview) in [(None, "data:image/jpeg;base64,AA=="), (Some("data:image/png;base64,BB=="), "data:image/png;base64,BB==")] {
        check(
            shown(given),
            None,
            &[("/v1/f".to_owned(), photo.clone())].into(),
            json!({ "type": "ContentEvent", "contentType": "hosted/file", "message": {
                "caption": "c", "relativePath": "/v1/f", "fileType": "PNG", "preview": preview, "state": "ready", "name": "a.png", "size": 3,
                "width": 9, "height": 7, "thumbnail": "/v1/f.thumbnail.JPEG"
            } }),
        );
    }
    check(
        shown(None),
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
    let text = chat_state(&fixtures::view(), Protocol::V21, &it, DialogNumber::MAIN, Party::Consumer(ConsumerId([7; 32])), "COMPOSING");
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
