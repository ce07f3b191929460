//! The published protocol's checklist, line by line: each test is named after its line, and fails when that no longer holds.
//! What a line needs in depth has its own tests beside these; here stands the line itself, over real sockets.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use crate::visits::{HEAR, OPEN, OWN, says};
use antiphon_api::compat::CompatLimits;
use antiphon_domain::AccountSettings;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

const MULTI_DIALOG: &str = r#""MULTI_DIALOG""#;
const QUERY: &str = ".ams.ms.QueryMessages";
const CLOSED: &str = "Bad Request, Conversation is close";

/// A visitor with an open conversation, and the agent who has it. Both have heard everything so far.
async fn talk(served: &Served, features: &str) -> (Client, Client, String) {
    let mut agent = agent(served, "agent1").await;
    let token = served.visitor().await;
    let mut visitor = served.visit_with(&token, features).await;
    let id = visitor.open().await;
    accept(&mut agent).await;
    (visitor, agent, id)
}

async fn update(client: &mut Client, conversation: &str, field: Value) -> Value {
    client.ask("cm.UpdateConversationField", json!({ "conversationId": conversation, "conversationField": field })).await
}

fn close_dialog(dialog: &str, cause: &str) -> Value {
    json!({ "field": "DialogChange", "type": "UPDATE", "dialog": { "dialogId": dialog, "state": "CLOSE", "closedCause": cause } })
}

fn details(body: &Value) -> &Value {
    &body["changes"][0]["result"]["conversationDetails"]
}

#[tokio::test]
async fn socket_line_1_csds_json_and_jsonp_with_host_and_port() {
    let served = serve().await;
    let list = served.get("/api/account/12/service/baseURI.json?version=1.0").await.json();
    let named = |name: &str| {
        list["baseURIs"].as_array().expect("a list").iter().any(|one| one["service"] == name && one["baseURI"] == "antiphon.test:8443")
    };
    for name in ["agentVep", "facadeMsg", "asyncMessagingEnt", "idp", "msgHist", "swift"] {
        assert!(named(name), "{name}");
    }
    let script = served.get("/csdr/account/12/service/asyncMessagingEnt/baseURI.lpCsds?version=1.0&cb=domainCallback").await;
    assert!(script.body.starts_with(r#"domainCallback({"ResultSet":{"lpData":[{"#), "{}", script.body);
}

#[tokio::test]
async fn socket_line_2_login_gives_csrf_bearer_user_id_user_pid_cookie_and_refresh_answers_200_or_401() {
    let served = serve().await;
    let login = served.login("agent1").await;
    for member in [&login["csrf"], &login["bearer"], &login["config"]["userId"], &login["config"]["userPid"]] {
        assert!(member.as_str().is_some_and(|text| !text.is_empty()), "{login}");
    }
    let cookie = format!("session_id={}", login["bearer"].as_str().expect("a bearer"));
    let refresh = "/api/account/12/refresh?v=1.3";
    assert_eq!(served.post(refresh, &cookie, json!({ "csrf": login["csrf"] })).await.status, 200);
    assert_eq!(served.post(refresh, &cookie, json!({ "csrf": "x" })).await.status, 401);
}

#[tokio::test]
async fn socket_line_3_brand_v2_2_0_2_1_and_401_at_upgrade_consumer_by_header_init_connection_and_legacy_path() {
    let served = serve().await;
    for version in ["2", "2.0", "2.1"] {
        assert_eq!(served.connect_as("agent1", version).await.ask(".GetClock", json!({})).await["code"], 200);
    }
    assert_eq!(served.try_connect(&"0".repeat(64), "2.1", &[]).await.err(), Some(401));
    let token = served.visitor().await;
    let mut by_header = served.visit(&token).await;
    by_header.own(json!({})).await;
    let mut by_path = served.try_socket(&format!("consumer/{token}?v=3"), &[]).await.expect("upgrades");
    by_path.own(json!({})).await;
    let mut by_request = served.visit_nameless().await;
    let headers = json!([{ "type": ".ams.headers.ConsumerAuthentication", "jwt": token }]);
    by_request.send_text(&json!({ "kind": "req", "id": "0", "type": "InitConnection", "headers": headers }).to_string()).await;
    assert_eq!(by_request.any().await["code"], 200);
    by_request.own(json!({})).await;
}

#[tokio::test]
async fn socket_line_4_both_name_families_on_both_sockets_answered_by_version_once_with_req_id_as_text() {
    let served = serve().await;
    let mut agent = served.connect("manager1").await;
    for name in ["cqm.SubscribeExConversations", ".ams.aam.SubscribeExConversations"] {
        agent.must(name, json!({}), 200, ".ams.aam.SubscribeExConversations$Response").await;
        agent.hear(CHANGES).await;
    }
    let mut visitor = served.visit(&served.visitor().await).await;
    for name in ["cqm.SubscribeExConversations", ".ams.aam.SubscribeExConversations"] {
        visitor.must(name, json!({}), 200, "cqm.SubscribeExConversationsResponse").await;
        visitor.hear(OWN_CHANGES).await;
    }
    let opened = visitor.ask(".ams.cm.ConsumerRequestConversation", json!({})).await;
    assert_eq!(opened["type"], "cm.RequestConversationResponse");
    let id = opened["body"]["conversationId"].as_str().expect("an id").to_owned();
    let published = visitor.ask(".ams.ms.PublishEvent", says(&id, "hi")).await;
    assert_eq!(published["type"], "ms.PublishEventResponse");
    for client in [&mut agent, &mut visitor] {
        client.send_text(r#"{"kind":"req","id":7,"type":"GetClock"}"#).await;
        let answer = loop {
            let frame = client.any().await;
            if frame["kind"] == "resp" {
                break frame;
            }
        };
        assert_eq!(answer["reqId"], "7");
    }
}

#[tokio::test]
async fn socket_line_5_odd_headers_missing_body_collapsed_lists_and_string_bodies_are_tolerated() {
    let served = serve().await;
    let mut agent = served.connect("manager1").await;
    for headers in ["true", "null", "{}", "[]", "[{}]"] {
        agent.send_text(&format!(r#"{{"kind":"req","id":"1","type":"GetClock","headers":{headers}}}"#)).await;
        assert_eq!(agent.any().await["code"], 200, "{headers}");
    }
    agent.must("cqm.SubscribeExConversations", json!({ "convState": "OPEN" }), 200, ".ams.aam.SubscribeExConversations$Response").await;
    agent.hear(CHANGES).await;
    agent.must("userprofile.GetUserProfile", json!("07".repeat(32)), 200, ".ams.userprofile.GetUserProfile$Response").await;
    let mut visitor = served.visit(&served.visitor().await).await;
    visitor.send_text(&format!(r#"{{"kind":"req","id":"1","type":"{OPEN}"}}"#)).await;
    let opened = visitor.any().await;
    assert_eq!(opened["code"], 200, "{opened}");
    let id = opened["body"]["conversationId"].as_str().expect("an id").to_owned();
    visitor.say(&id, "hi").await;
    let receipt = json!({ "dialogId": id, "event": { "type": "AcceptStatusEvent", "status": "READ", "sequenceList": 0 } });
    assert_eq!(visitor.ask("ms.PublishEvent", receipt).await["code"], 200);
    let field = json!({ "field": "ConversationStateField", "conversationState": "CLOSE" });
    assert_eq!(update(&mut visitor, &id, field).await["code"], 200, "one change, not in a list");
}

#[tokio::test]
async fn socket_line_6_v2_notifications_have_role_maps_of_old_ids_and_pids_in_one_order_and_dialogs_also_on_delete() {
    let served = serve().await;
    let (_visitor, mut agent, id) = talk(&served, "").await;
    let join = json!({ "field": "ParticipantsChange", "type": "ADD", "role": "MANAGER" });
    let mut manager = served.connect("manager1").await;
    assert_eq!(update(&mut manager, &id, join).await["body"], "OK Agent added successfully");
    agent.hear(CHANGES).await;
    let close = json!({ "field": "ConversationStateField", "conversationState": "CLOSE" });
    assert_eq!(update(&mut agent, &id, close).await["body"], "OK Conversation resolved successfully");
    let gone = agent.hear(CHANGES).await;
    let shown = details(&gone);
    assert_eq!(gone["changes"][0]["type"], "DELETE");
    assert_eq!((&shown["participants"]["ASSIGNED_AGENT"], &shown["participants"]["MANAGER"]), (&json!(["12.1"]), &json!(["12.3"])));
    let pid = |number: u32| format!("00000000-0000-0000-0000-00000000000{number}");
    assert_eq!((&shown["participantsPId"]["ASSIGNED_AGENT"], &shown["participantsPId"]["MANAGER"]), (&json!([pid(1)]), &json!([pid(3)])));
    let in_dialog: Vec<&str> =
        shown["dialogs"][0]["participantsDetails"].as_array().expect("a list").iter().filter_map(|one| one["role"].as_str()).collect();
    assert_eq!(in_dialog, ["CONSUMER", "ASSIGNED_AGENT", "MANAGER"]);
}

#[tokio::test]
async fn socket_line_7_online_event_distribution_has_both_originator_ids_conversation_id_and_metadata() {
    let served = serve().await;
    let (mut visitor, mut agent, id) = talk(&served, "").await;
    let metadata = json!([{ "type": "SocialMessagingEventData", "channel": "Public" }]);
    visitor.ask_with("ms.PublishEvent", says(&id, "hi"), metadata.clone()).await;
    let record = agent.hear(EVENT).await;
    assert_eq!(
        (&record["originatorId"], &record["conversationId"], &record["dialogId"]),
        (&record["originatorPId"], &json!(id), &json!(id))
    );
    assert_eq!(record["metadata"], metadata);
    agent.next().await;
    agent.publish(&id, "hello").await;
    let own = agent.hear(EVENT).await;
    assert_eq!((&own["originatorId"], &own["originatorPId"]), (&json!("12.1"), &json!("00000000-0000-0000-0000-000000000001")));
}

#[tokio::test]
async fn socket_line_8_rings_details_and_changes_are_always_lists() {
    let served = serve().await;
    let mut agent = agent(&served, "agent1").await;
    let mut visitor = served.visit(&served.visitor().await).await;
    let id = visitor.open().await;
    let rung = agent.hear(RING).await;
    assert!(rung["changes"][0]["result"]["ringsDetails"].is_array());
    let close = json!({ "field": "Stage", "conversationState": "CLOSE" });
    assert_eq!(update(&mut visitor, &id, close).await["code"], 200);
    let ended = agent.hear(RING).await;
    let ring = &ended["changes"][0]["result"]["ringsDetails"];
    assert_eq!(ring[0]["ringState"], "CANCELLED");
    assert_eq!(visitor.own(json!({ "convState": ["OPEN"] })).await, json!([]));
}

#[tokio::test]
async fn socket_line_9_subscribe_is_answered_then_comes_the_snapshot_perhaps_empty_then_what_happens() {
    let served = serve().await;
    let mut manager = served.connect("manager1").await;
    let mut visitor = served.visit(&served.visitor().await).await;
    for (client, name) in [(&mut manager, SUBSCRIBE), (&mut visitor, OWN)] {
        client.send_text(&json!({ "kind": "req", "id": "1", "type": name, "body": {} }).to_string()).await;
        let frames = [client.any().await, client.any().await];
        assert_eq!((&frames[0]["kind"], &frames[1]["kind"]), (&json!("resp"), &json!("notification")));
        assert_eq!(frames[1]["body"], json!({ "subscriptionId": frames[0]["body"]["subscriptionId"], "changes": [] }));
    }
    visitor.open().await;
    assert_eq!((manager.next().await, visitor.next().await), ("UPSERT".into(), "UPSERT".into()));
}

#[tokio::test]
async fn socket_line_10_upsert_comes_before_events_and_nothing_after_delete() {
    let served = serve().await;
    let mut agent = agent(&served, "agent1").await;
    let mut visitor = served.visit(&served.visitor().await).await;
    let id = visitor.open().await;
    visitor.say(&id, "waiting").await;
    accept(&mut agent).await;
    visitor.say(&id, "hello").await;
    assert_eq!([agent.next().await, agent.next().await], ["event 1", "UPSERT"]);
    let close = json!({ "field": "ConversationStateField", "conversationState": "CLOSE" });
    update(&mut agent, &id, close).await;
    assert_eq!(agent.next().await, "DELETE");
    let late = json!({ "dialogId": id, "event": { "type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0] } });
    let refused = agent.ask(PUBLISH, late).await;
    assert_eq!((&refused["code"], &refused["body"]), (&json!(400), &json!(CLOSED)), "answered, and the socket lives");
    agent.must(".ams.routing.SetAgentState", json!({ "availability": "AWAY" }), 202, SENTENCE).await;
    assert_eq!(agent.until_state("AWAY").await, Vec::<String>::new());
}

#[tokio::test]
async fn socket_line_11_sequences_start_at_0_in_each_dialog_receipts_have_one_chat_states_have_none() {
    let settings = AccountSettings { survey_app: Some("app1".into()), ..AccountSettings::default() };
    let served = serve_with(settings, CompatLimits::default()).await;
    let (mut visitor, mut agent, id) = talk(&served, MULTI_DIALOG).await;
    let event = |dialog: &str, event: Value| json!({ "dialogId": dialog, "event": event });
    assert_eq!(visitor.say(&id, "one").await, 0);
    let receipt = json!({ "type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0] });
    assert_eq!(agent.ask(PUBLISH, event(&id, receipt)).await["body"]["sequence"], 1);
    let typing = json!({ "type": "ChatStateEvent", "chatState": "COMPOSING" });
    assert_eq!(agent.ask(PUBLISH, event(&id, typing)).await["body"]["sequence"], 0);
    assert_eq!(agent.publish(&id, "two").await["sequence"], 2);
    update(&mut visitor, &id, close_dialog(&id, "Closed by consumer")).await;
    let snapshot = visitor.own(json!({ "stage": ["OPEN"] })).await;
    let survey = snapshot[0]["result"]["conversationDetails"]["dialogs"][1]["dialogId"].as_str().expect("a survey").to_owned();
    assert_eq!(visitor.say(&survey, "five").await, 0);
}

#[tokio::test]
async fn socket_line_12_one_open_conversation_per_consumer_with_the_published_sentences() {
    let served = serve().await;
    let mut visitor = served.visit(&served.visitor().await).await;
    let id = visitor.open().await;
    let consumer = served.test.conversations().await[0].consumer.to_string();
    let second = visitor.ask(OPEN, json!({})).await;
    let sentence = format!("Consumer request conversation failed: User {consumer} already has open conversation. Can't open another one.");
    assert_eq!((&second["code"], &second["body"]), (&json!(400), &json!(sentence)));
    update(&mut visitor, &id, json!({ "field": "ConversationStateField", "conversationState": "CLOSE" })).await;
    let late = visitor.ask("ms.PublishEvent", says(&id, "too late")).await;
    assert_eq!((&late["code"], &late["body"]), (&json!(400), &json!(CLOSED)));
    assert_ne!(visitor.open().await, id);
}

#[tokio::test]
async fn socket_line_13_several_fields_change_together_and_removing_an_absent_role_fails_all() {
    let served = serve().await;
    let mut manager = served.connect("manager1").await;
    let mut visitor = served.visit(&served.visitor().await).await;
    let id = visitor.open().await;
    let both = json!([
        { "field": "Skill", "type": "UPDATE", "skill": "2" },
        { "field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT", "userId": "12.1" }
    ]);
    let refused = update(&mut manager, &id, both).await;
    assert_eq!((&refused["code"], &refused["body"]), (&json!(400), &json!("Agent does not exist in conversation")));
    assert_eq!(served.test.conversations().await[0].skill.map(|skill| skill.0), Some(1), "nothing changed");
}

#[tokio::test]
async fn socket_line_14_survey_dialog_life_cycle_with_app_install_id_and_stage_vs_state() {
    let settings = AccountSettings { survey_app: Some("app1".into()), ..AccountSettings::default() };
    let served = serve_with(settings, CompatLimits::default()).await;
    let (mut visitor, mut agent, id) = talk(&served, MULTI_DIALOG).await;
    visitor.say(&id, "hello").await;
    let mut bot = served.connect("manager1").await;
    bot.subscribe(json!({ "stage": ["OPEN"] })).await;
    visitor.own(json!({ "stage": ["OPEN", "CLOSE"] })).await;
    let said = update(&mut visitor, &id, close_dialog(&id, "Closed by consumer")).await;
    assert_eq!((&said["type"], &said["body"]), (&json!("StringResponse"), &json!("OK Conversation resolved successfully")));

    // MAIN is closed, the whole stays open; who had it sees it go and hears nothing of the survey.
    let told = bot.hear(CHANGES).await;
    let shown = details(&told);
    assert_eq!((&shown["state"], &shown["stage"], &shown["closeReason"]), (&json!("CLOSE"), &json!("OPEN"), &json!("CONSUMER")));
    assert_eq!((&told["changes"][0]["type"], &told["changes"][0]["result"]["effectiveTTR"]), (&json!("UPSERT"), &json!(-1)));
    assert_eq!((&shown["dialogs"][0]["closedBy"], shown.get("endTs")), (&json!("CONSUMER"), None));
    let survey = &shown["dialogs"][1];
    assert_eq!((&survey["dialogType"], &survey["metaData"]), (&json!("POST_SURVEY"), &json!({ "appInstallId": "app1" })));
    let dialog = survey["dialogId"].as_str().expect("an id").to_owned();
    assert_eq!(dialog.len(), 22);
    let roles: Vec<&Value> = survey["participantsDetails"].as_array().expect("a list").iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["CONSUMER", "READER"]);
    assert_eq!([agent.next().await, agent.next().await, agent.next().await], ["event 0", "UPSERT", "DELETE"]);
    assert_eq!(visitor.next().await, "UPSERT");

    // The bot joins, names the survey, asks, and is answered with metadata.
    let join = json!([{ "dialogId": dialog, "field": "ParticipantsChange", "type": "ADD", "role": "AGENT", "userId": "12.3" }]);
    assert_eq!(update(&mut bot, &id, join).await["code"], 200);
    let tag = json!({ "conversationId": id, "conversationField": [{ "field": "DialogChange", "type": "UPDATE", "dialog": { "dialogId": dialog } }] });
    assert_eq!(bot.ask_with(UPDATE, tag, json!([{ "type": "Survey", "id": "123" }])).await["code"], 200);
    assert_eq!(bot.next().await, "UPSERT");
    let tagged = bot.hear(CHANGES).await;
    assert_eq!(tagged["changes"][0]["metadata"], json!([{ "type": "Survey", "id": "123" }]));
    assert_eq!(bot.publish(&dialog, "how was it?").await["sequence"], 0);
    assert_eq!(bot.next().await, "event 0");
    visitor.must(HEAR, json!({ "dialogId": dialog, "conversationId": id, "fromSeq": 0 }), 200, "GenericSubscribeResponse").await;
    let answer = json!([{ "type": "Answer", "id": "A1" }]);
    let pressed = json!({ "dialogId": dialog, "event": { "type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [0] } });
    assert_eq!(visitor.ask_with("ms.PublishEvent", pressed, answer.clone()).await["body"]["sequence"], 1);
    assert_eq!(visitor.ask_with("ms.PublishEvent", says(&dialog, "5"), answer.clone()).await["body"]["sequence"], 2);
    let heard = loop {
        let frame = bot.heard().await;
        if frame["type"] == EVENT {
            break frame["body"].clone();
        }
    };
    assert_eq!((&heard["metadata"], &heard["conversationId"], &heard["dialogId"]), (&answer, &json!(id), &json!(dialog)));

    // Its end ends everything.
    assert_eq!(update(&mut bot, &id, close_dialog(&dialog, "Completed")).await["body"], "OK Conversation resolved successfully");
    let last = loop {
        let frame = bot.heard().await;
        if brief(&frame) == "DELETE" {
            break frame["body"].clone();
        }
    };
    let shown = details(&last);
    assert_eq!(
        (&shown["stage"], &shown["dialogs"][1]["closedBy"], &shown["dialogs"][1]["closedCause"]),
        (&json!("CLOSE"), &json!("AGENT"), &json!("Completed"))
    );
    assert!(shown["endTs"].is_i64());
    agent.must(".ams.routing.SetAgentState", json!({ "availability": "AWAY" }), 202, SENTENCE).await;
    assert_eq!(agent.until_state("AWAY").await, Vec::<String>::new(), "nothing of the survey");
}

#[tokio::test]
async fn socket_line_15_effective_ttr_with_its_minus_1_and_changes_of_it_told_to_both_sides() {
    let served = serve().await;
    let mut agent = agent(&served, "agent1").await;
    let mut visitor = served.visit(&served.visitor().await).await;
    visitor.own(json!({})).await;
    let opened = visitor.ask(OPEN, json!({ "ttrDefName": "PRIORITIZED" })).await;
    let id = opened["body"]["conversationId"].as_str().expect("an id").to_owned();
    let now = served.test.app.clock().now().0;
    let first = visitor.hear(OWN_CHANGES).await;
    assert_eq!(
        (&first["changes"][0]["result"]["effectiveTTR"], &details(&first)["ttr"]),
        (&json!(now + 600_000), &json!({ "ttrType": "PRIORITIZED", "value": 600 }))
    );
    let ring = agent.hear(RING).await;
    assert_eq!(ring["changes"][0]["result"]["ringsDetails"][0]["weight"], now + 600_000);
    let ring_id = ring["changes"][0]["result"]["ringsDetails"][0]["ringId"].clone();
    agent.must(".ams.routing.UpdateRingState", json!({ "ringId": ring_id, "ringState": "ACCEPTED" }), 202, SENTENCE).await;
    agent.heard().await;
    agent.heard().await;
    assert_eq!(visitor.hear(OWN_CHANGES).await["changes"][0]["result"]["effectiveTTR"], now + 600_000, "joining leaves it");

    // The first unanswered message counts; time passes, the answer clears it.
    served.test.clock.advance(5_000);
    visitor.say(&id, "hello").await;
    served.test.clock.advance(5_000);
    visitor.say(&id, "anybody?").await;
    let due = |frame: &Value| frame["changes"][0]["result"]["effectiveTTR"].clone();
    visitor.hear(OWN_EVENTS).await;
    assert_eq!(due(&visitor.hear(OWN_CHANGES).await), now + 605_000);
    visitor.hear(OWN_EVENTS).await;
    assert_eq!(due(&visitor.hear(OWN_CHANGES).await), now + 605_000);
    for _ in 0..4 {
        agent.heard().await;
    }
    let custom = json!({ "field": "TTRField", "ttrType": "CUSTOM", "value": 1800 });
    assert_eq!(update(&mut agent, &id, custom).await["code"], 200);
    for (frame, to) in [(visitor.hear(OWN_CHANGES).await, "consumer"), (agent.hear(CHANGES).await, "agent")] {
        assert_eq!(
            (&details(&frame)["ttr"], due(&frame)),
            (&json!({ "ttrType": "CUSTOM", "value": 1800 }), json!(now + 1_805_000)),
            "{to}"
        );
    }
    for (field, expected) in [
        (json!({ "field": "DelayField", "type": "NIGHT", "tillWhen": now + 60_000 }), now + 1_860_000),
        (json!({ "field": "ManualETTR", "time": now + 77_000 }), now + 77_000),
        (json!({ "field": "ManualETTR", "time": 0 }), now + 1_860_000),
    ] {
        assert_eq!(update(&mut agent, &id, field).await["code"], 200);
        assert_eq!(due(&visitor.hear(OWN_CHANGES).await), expected);
        agent.heard().await;
    }
    agent.publish(&id, "here").await;
    visitor.hear(OWN_EVENTS).await;
    assert_eq!(due(&visitor.hear(OWN_CHANGES).await), -1);
    // Back to the queue it runs anew, from that moment or from the end of the delay.
    served.test.clock.advance(90_000);
    let back = json!({ "field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT", "userId": "12.1" });
    assert_eq!(update(&mut agent, &id, back).await["code"], 200);
    assert_eq!(due(&visitor.hear(OWN_CHANGES).await), served.test.app.clock().now().0 + 1_800_000);
}

#[tokio::test]
async fn socket_line_16_private_messages_are_hidden_from_consumers_live_and_in_the_backlog() {
    let served = serve().await;
    let (mut visitor, mut agent, id) = talk(&served, "").await;
    visitor.say(&id, "hello").await;
    assert_eq!(visitor.next().await, "event 0");
    let mut note = says(&id, "difficult");
    note["messageAudience"] = json!("AGENTS_AND_MANAGERS");
    assert_eq!(agent.ask(PUBLISH, note).await["body"]["sequence"], 1);
    agent.publish(&id, "hi").await;
    assert_eq!(visitor.next().await, "event 2");
    visitor.must(HEAR, json!({ "dialogId": id }), 200, "GenericSubscribeResponse").await;
    assert_eq!(visitor.next().await, "event 0, event 2");
    let all = agent.must(QUERY, json!({ "dialogId": id, "newerThanSequence": 0 }), 200, ".ams.ms.QueryMessages$Response").await;
    assert_eq!(all.as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn socket_line_17_background_and_active_when_the_consumers_last_socket_goes_and_one_returns() {
    let served = serve().await;
    let mut agent = agent(&served, "agent1").await;
    let token = served.visitor().await;
    let mut visitor = served.visit(&token).await;
    let _id = visitor.open().await;
    accept(&mut agent).await;
    let mut second = served.visit(&token).await;
    second.own(json!({})).await;
    drop(visitor);
    // One is left: nothing is told until it goes too.
    second.ask("KeepAlive", json!({})).await;
    drop(second);
    assert_eq!(agent.next().await, "chat BACKGROUND");
    let mut back = served.visit(&token).await;
    back.own(json!({})).await;
    let record = agent.hear(EVENT).await;
    assert_eq!((&record["event"]["chatState"], &record["originatorMetadata"]["role"]), (&json!("ACTIVE"), &json!("CONSUMER")));
    assert!(record.get("sequence").is_none() && record.get("serverTimestamp").is_none());
}

#[tokio::test]
async fn socket_line_18_idle_limit_above_a_minute_pong_4401_and_4407() {
    let limits = CompatLimits::default();
    assert!(limits.idle_ms > 60_000);
    let served = serve().await;
    let mut visitor = served.visit(&served.visitor().await).await;
    visitor.ask("GetClock", json!({})).await;
    served.test.clock.advance(61_000);
    assert_eq!(visitor.ask("GetClock", json!({})).await["code"], 200, "a minute of silence is nothing");
    visitor.pong_after_ping().await;
    // Each of the two codes has its own test: who must sign in anew, and who extends their identity.
    assert_eq!(served.visit("not.a.token").await.closed().await, 4401);
}

#[tokio::test]
async fn socket_line_19_the_tokens_payload_is_safe_for_atob() {
    let served = serve().await;
    for _ in 0..20 {
        let token = served.visitor().await;
        let payload = token.split('.').nth(1).expect("a payload").to_owned();
        assert!(!payload.contains(['-', '_']), "{payload}");
        let claims: Value = serde_json::from_slice(&STANDARD_NO_PAD.decode(payload).expect("as `atob` reads it")).expect("JSON");
        assert!(claims["sub"].is_string(), "{claims}");
    }
}

/// The published Java client's end-to-end test, frame by frame.
#[tokio::test]
async fn socket_line_20_the_java_clients_flow() {
    let served = serve().await;
    let token = served.visitor().await;
    let mut agent = served.connect_as("agent1", "2").await;
    agent.must(".ams.routing.SetAgentState", json!({ "channels": ["MESSAGING"], "availability": "ONLINE" }), 202, SENTENCE).await;
    agent
        .must(
            ".ams.routing.SubscribeRoutingTasks",
            json!({ "channelType": "MESSAGING", "agentId": "12.1", "brandId": "12" }),
            200,
            ".ams.GenericSubscribe$Response",
        )
        .await;
    assert_eq!(agent.hear(RING).await["changes"], json!([]));

    let mut consumer = served.visit_nameless().await;
    let headers = json!([{ "type": ".ams.headers.ClientProperties" }, { "type": ".ams.headers.ConsumerAuthentication", "jwt": token }]);
    consumer.send_text(&json!({ "kind": "req", "id": "0", "type": "InitConnection", "headers": headers }).to_string()).await;
    assert_eq!((&consumer.any().await["code"]), &json!(200));
    consumer.send_text(&json!({ "kind": "req", "id": "1", "type": OPEN }).to_string()).await;
    let opened = consumer.any().await;
    let id = opened["body"]["conversationId"].as_str().expect("an id").to_owned();

    let ring = agent.hear(RING).await;
    let ring_id = ring["changes"][0]["result"]["ringsDetails"][0]["ringId"].clone();
    agent.must(".ams.routing.UpdateRingState", json!({ "ringId": ring_id, "ringState": "ACCEPTED" }), 202, SENTENCE).await;
    assert_eq!(agent.next().await, "ring ACCEPTED");
    let (_, changes) = agent.subscribe(json!({ "agentIds": ["12.1"], "convState": ["OPEN"] })).await;
    assert_eq!(changes[0]["result"]["convId"], id);

    consumer.say(&id, "hello from the consumer").await;
    let heard = agent.hear(EVENT).await;
    assert_eq!(heard["event"]["message"], "hello from the consumer");
    agent.hear(CHANGES).await;
    agent.publish(&id, "hello from the agent").await;
    let mut fresh = served.visit(&token).await;
    fresh.must(HEAR, json!({ "fromSeq": 0, "dialogId": id }), 200, "GenericSubscribeResponse").await;
    let backlog = fresh.hear(OWN_EVENTS).await;
    let messages: Vec<&Value> = backlog["changes"].as_array().expect("a list").iter().map(|one| &one["event"]["message"]).collect();
    assert_eq!(messages, ["hello from the consumer", "hello from the agent"]);

    fresh.own(json!({ "minLastUpdatedTime": 0, "convState": ["OPEN", "CLOSE"] })).await;
    let ttr = update(&mut agent, &id, json!({ "field": "TTRField", "ttrType": "CUSTOM", "value": 1800 })).await;
    assert_eq!(ttr["code"], 200);
    let changed = fresh.hear(OWN_CHANGES).await;
    assert_eq!(details(&changed)["ttr"], json!({ "ttrType": "CUSTOM", "value": 1800 }));
    let closed = update(&mut agent, &id, json!({ "field": "ConversationStateField", "conversationState": "CLOSE" })).await;
    assert_eq!(closed["code"], 200);
    let gone = fresh.hear(OWN_CHANGES).await;
    assert_eq!((&details(&gone)["state"], &details(&gone)["closeReason"]), (&json!("CLOSE"), &json!("AGENT")));
    let rate = json!({ "field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": true, "status": "FILLED" });
    assert_eq!(update(&mut fresh, &id, rate).await["code"], 200);
    let rated = fresh.hear(OWN_CHANGES).await;
    assert_eq!(details(&rated)["csat"], json!({ "csatRate": 5, "csatResolutionConfirmation": true, "status": "FILLED" }));
}
