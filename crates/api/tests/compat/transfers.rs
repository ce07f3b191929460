//! Transfers, joining, and who may see what.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use serde_json::json;

#[tokio::test]
async fn a_transfer_to_a_skill_leaves_the_agents_list_and_stays_in_the_managers() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    let mut manager = served.connect("manager1").await;
    manager.subscribe(json!({ "convState": ["OPEN"] })).await;
    served.test.receive("say k1 +49151 hello").await;
    assert_eq!(manager.next().await, "UPSERT");
    let conversation = accept(&mut client).await;
    assert_eq!(manager.next().await, "UPSERT");
    let transfer = json!({ "conversationId": conversation, "conversationField": [
        { "field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT", "userId": "12.1" },
        { "field": "Skill", "type": "UPDATE", "skill": "2" }
    ] });
    assert_eq!(client.must(UPDATE, transfer, 200, SENTENCE).await, "OK Agent removed successfully");
    let left = client.hear(CHANGES).await;
    assert_eq!(left["changes"][0]["type"], "DELETE");
    let moved = manager.hear(CHANGES).await;
    let details = &moved["changes"][0]["result"]["conversationDetails"];
    assert_eq!(
        (&moved["changes"][0]["type"], &details["skillId"], &details["participants"]["ASSIGNED_AGENT"]),
        (&json!("UPSERT"), &json!("2"), &json!([]))
    );
    assert_eq!(details["conversationHandlerDetails"]["skillId"], "2");
    assert_ne!(moved["changes"][0]["result"]["effectiveTTR"], -1);
    // Nothing of it reaches the former agent any more.
    served.test.receive("say k2 +49151 still here").await;
    client.must(".ams.routing.SetAgentState", json!({ "availability": "AWAY" }), 202, SENTENCE).await;
    let after = client.until_state("AWAY").await;
    assert!(!after.iter().any(|one| one.starts_with("event") || one == "UPSERT"), "{after:?}");
}

#[tokio::test]
async fn a_transfer_to_an_agent_rings_there_and_becomes_theirs() {
    let served = serve().await;
    let mut first = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut first).await;
    let mut second = agent(&served, "agent2").await;
    let transfer = json!({ "conversationId": conversation, "conversationField": [
        { "field": "ParticipantsChange", "type": "SUGGEST", "userId": "12.2", "role": "ASSIGNED_AGENT" },
        { "field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT", "userId": "00000000-0000-0000-0000-000000000001" }
    ] });
    assert_eq!(first.must(UPDATE, transfer, 200, SENTENCE).await, "OK Agent removed successfully");
    assert_eq!(first.next().await, "DELETE");
    let mut heard = [second.heard().await, second.heard().await];
    heard.sort_by_key(|frame| frame["type"] == CHANGES);
    assert_eq!((brief(&heard[0]), brief(&heard[1])), ("ring WAITING".to_owned(), "UPSERT".to_owned()));
    let details = &heard[1]["body"]["changes"][0]["result"]["conversationDetails"];
    assert_eq!(details["dialogs"][0]["participantsDetails"][1], json!({ "id": "12.2", "role": "ASSIGNED_AGENT", "state": "SUGGESTED" }));
    assert_eq!(details["participants"]["ASSIGNED_AGENT"], json!([]));
    let ring_id = &heard[0]["body"]["changes"][0]["result"]["ringsDetails"][0]["ringId"];
    second.must(".ams.routing.UpdateRingState", json!({ "ringId": ring_id, "ringState": "ACCEPTED" }), 202, SENTENCE).await;
    let mut heard = [second.heard().await, second.heard().await];
    heard.sort_by_key(|frame| frame["type"] == CHANGES);
    let details = &heard[1]["body"]["changes"][0]["result"]["conversationDetails"];
    assert_eq!(details["participants"]["ASSIGNED_AGENT"], json!(["12.2"]));
    assert_eq!(details["dialogs"][0]["participantsDetails"][1]["state"], "ACTIVE");
}

#[tokio::test]
async fn a_manager_joins_writes_and_closes_what_an_agent_may_not_even_see() {
    let served = serve().await;
    let mut owner = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut owner).await;

    let mut stranger = served.connect("agent2").await;
    for body in [json!({}), json!({ "agentIds": ["12.1"] }), json!({ "convState": ["OPEN"], "agentIds": [] })] {
        let refused = stranger.ask(SUBSCRIBE, body).await;
        assert_eq!((&refused["code"], &refused["type"], &refused["body"]["errorCode"]), (&json!(403), &json!(ERROR), &json!(40300)));
    }
    let join = json!({ "conversationId": conversation, "conversationField": [{ "field": "ParticipantsChange", "type": "ADD", "role": "MANAGER" }] });
    let text = json!({ "dialogId": conversation, "event": { "type": "ContentEvent", "contentType": "text/plain", "message": "x" } });
    for (name, body) in [(UPDATE, join.clone()), (PUBLISH, text), (".ams.ms.QueryMessages", json!({ "dialogId": conversation }))] {
        assert_eq!(stranger.ask(name, body).await["code"], 403, "{name}");
    }

    let mut manager = served.connect("manager1").await;
    let (_, changes) = manager.subscribe(json!({ "convState": "OPEN" })).await;
    assert_eq!(changes.as_array().map(Vec::len), Some(1));
    assert_eq!(changes[0]["result"]["convId"], conversation.as_str());
    assert_eq!(manager.must(UPDATE, join, 200, SENTENCE).await, "OK Agent added successfully");
    let joined = manager.hear(CHANGES).await;
    assert_eq!(joined["changes"][0]["result"]["conversationDetails"]["participants"]["MANAGER"], json!(["12.3"]));
    manager.publish(&conversation, "Hello from the manager").await;
    assert_eq!((manager.next().await, manager.next().await), ("event 1".into(), "UPSERT".into()));
    assert_eq!((owner.next().await, owner.next().await, owner.next().await), ("UPSERT".into(), "event 1".into(), "UPSERT".into()));
    let close = json!({ "conversationId": conversation, "conversationField": { "field": "Stage", "conversationState": "CLOSE" } });
    manager.must(UPDATE, close, 200, SENTENCE).await;
    assert_eq!((manager.next().await, owner.next().await), ("DELETE".into(), "DELETE".into()));
}

#[tokio::test]
async fn a_greeting_bot_greets_each_open_conversation() {
    let served = serve().await;
    for number in 0..3 {
        served.test.receive(&format!("say k{number} +4915{number} hello")).await;
    }
    let mut bot = served.connect_as("manager1", "2").await;
    let (_, changes) = bot.subscribe(json!({ "convState": ["OPEN"] })).await;
    let ids: Vec<String> =
        changes.as_array().expect("a list").iter().map(|one| one["result"]["convId"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(ids.len(), 3);
    for id in ids {
        let join = json!({ "conversationId": id, "conversationField": [{ "field": "ParticipantsChange", "type": "ADD", "role": "MANAGER", "userId": "12.3" }] });
        bot.must(UPDATE, join, 200, SENTENCE).await;
        assert_eq!(bot.publish(&id, "welcome from bot").await, json!({ "sequence": 1 }));
        assert_eq!((bot.next().await, bot.next().await, bot.next().await), ("UPSERT".into(), "event 1".into(), "UPSERT".into()));
    }
}

#[tokio::test]
async fn removing_a_role_that_nobody_holds_fails_the_whole_request() {
    let served = serve().await;
    let mut manager = served.connect("manager1").await;
    served.test.receive("say k1 +49151 hello").await;
    let (_, changes) = manager.subscribe(json!({ "convState": ["OPEN"] })).await;
    let conversation = &changes[0]["result"]["convId"];
    let both = json!({ "conversationId": conversation, "conversationField": [
        { "field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT", "userId": "12.1" },
        { "field": "Skill", "type": "UPDATE", "skill": "2" }
    ] });
    let failed = manager.ask(UPDATE, both).await;
    assert_eq!((&failed["code"], &failed["body"]), (&json!(400), &json!("Agent does not exist in conversation")));
    let alone = json!({ "conversationId": conversation, "conversationField": { "field": "TTRField", "ttrType": "CUSTOM", "value": 1800 } });
    manager.must(UPDATE, alone, 200, SENTENCE).await;
    let change = manager.hear(CHANGES).await;
    assert_eq!(change["changes"][0]["result"]["conversationDetails"]["ttr"], json!({ "ttrType": "CUSTOM", "value": 1800 }));
    assert_eq!(change["changes"][0]["result"]["conversationDetails"]["skillId"], "1");
}
