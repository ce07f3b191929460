//! What each role in a conversation may do, and to whom an agent may transfer.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use serde_json::{Value, json};

const STATE: &str = ".ams.routing.SetAgentState";

fn content(dialog: &str, audience: &str) -> Value {
    let event = json!({ "type": "ContentEvent", "contentType": "text/plain", "message": "x" });
    json!({ "dialogId": dialog, "messageAudience": audience, "event": event })
}

fn field(conversation: &str, field: Value) -> Value {
    json!({ "conversationId": conversation, "conversationField": field })
}

fn suggest(conversation: &str, agent: &str) -> Value {
    let fields = json!([
        { "field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT" },
        { "field": "ParticipantsChange", "type": "SUGGEST", "userId": agent, "role": "ASSIGNED_AGENT" },
        { "field": "Skill", "type": "UPDATE", "skill": "1" }
    ]);
    field(conversation, fields)
}

/// Everything that a participant can try, and whether it went.
async fn tried(client: &mut Client, conversation: &str) -> Vec<(&'static str, bool)> {
    let receipt = json!({ "dialogId": conversation, "event": { "type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0] } });
    let typing = json!({ "dialogId": conversation, "event": { "type": "ChatStateEvent", "chatState": "COMPOSING" } });
    let mut went = Vec::new();
    for (what, name, body) in [
        ("read", ".ams.ms.QueryMessages", json!({ "dialogId": conversation })),
        ("receipt", PUBLISH, receipt),
        ("write", PUBLISH, content(conversation, "ALL")),
        ("note", PUBLISH, content(conversation, "AGENTS_AND_MANAGERS")),
        ("type", PUBLISH, typing),
        ("response time", UPDATE, field(conversation, json!({ "field": "TTRField", "ttrType": "URGENT" }))),
        ("topic", UPDATE, field(conversation, json!({ "field": "TopicField", "topic": "x" }))),
        ("skill", UPDATE, field(conversation, json!({ "field": "Skill", "type": "UPDATE", "skill": "2" }))),
        ("close", UPDATE, field(conversation, json!({ "field": "ConversationStateField", "conversationState": "CLOSE" }))),
    ] {
        let code = client.ask(name, body).await["code"].as_u64().expect("a code");
        assert!(code == 200 || code == 403, "{what}: {code}");
        went.push((what, code == 200));
    }
    went
}

/// Whoever holds the role, a user with the profile `agent`, tries everything.
async fn in_role(role: Option<&str>) -> Vec<&'static str> {
    let served = serve().await;
    let mut owner = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut owner).await;
    if role == Some("ASSIGNED_AGENT") {
        return tried(&mut owner, &conversation).await.into_iter().filter_map(|(what, went)| went.then_some(what)).collect();
    }
    if let Some(role) = role {
        let mut manager = served.connect("manager1").await;
        let add = json!([{ "field": "ParticipantsChange", "type": "ADD", "role": role, "userId": "12.2" }]);
        manager.must(UPDATE, field(&conversation, add), 200, SENTENCE).await;
    }
    let mut client = served.connect("agent2").await;
    tried(&mut client, &conversation).await.into_iter().filter_map(|(what, went)| went.then_some(what)).collect()
}

#[tokio::test]
async fn each_role_may_do_what_is_published_and_nothing_else() {
    let all = ["read", "receipt", "write", "note", "type", "response time", "topic", "skill", "close"];
    for role in ["ASSIGNED_AGENT", "AGENT", "MANAGER", "CONTROLLER"] {
        assert_eq!(in_role(Some(role)).await, all, "{role}");
    }
    assert_eq!(in_role(Some("READER")).await, ["read", "receipt"]);
    assert_eq!(in_role(None).await, [""; 0]);
}

#[tokio::test]
async fn a_second_agent_is_not_added_as_a_consumer() {
    let served = serve().await;
    served.test.receive("say k1 +49151 hello").await;
    let mut manager = served.connect("manager1").await;
    let (_, changes) = manager.subscribe(json!({ "convState": ["OPEN"] })).await;
    let conversation = changes[0]["result"]["convId"].as_str().expect("an id");
    let add = |role: &str| field(conversation, json!({ "field": "ParticipantsChange", "type": "ADD", "role": role, "userId": "12.2" }));
    assert_eq!(manager.ask(UPDATE, add("CONSUMER")).await["code"], 400);
    assert_eq!(manager.ask(UPDATE, add("OWNER")).await["code"], 400);
}

#[tokio::test]
async fn an_agent_transfers_to_those_who_are_there_and_a_profile_may_allow_more() {
    for (state, login, code) in [
        ("ONLINE", "agent1", 200),
        ("OCCUPIED", "agent1", 200),
        ("BACK_SOON", "agent1", 200),
        ("AWAY", "agent1", 403),
        ("OFFLINE", "agent1", 403),
        ("AWAY", "manager1", 403),
        ("BACK_SOON", "manager1", 200),
        ("AWAY", "admin1", 200),
        ("OFFLINE", "admin1", 200),
    ] {
        let served = serve().await;
        let mut owner = agent(&served, "agent1").await;
        served.test.receive("say k1 +49151 hello").await;
        let conversation = accept(&mut owner).await;
        let mut other = served.connect("agent2").await;
        other.must(STATE, json!({ "availability": state }), 202, SENTENCE).await;
        let body = suggest(&conversation, "12.2");
        let answer = match login {
            "agent1" => owner.ask(UPDATE, body).await,
            login => {
                let mut body = body;
                body["conversationField"][0]["userId"] = json!("12.1");
                served.connect(login).await.ask(UPDATE, body).await
            }
        };
        assert_eq!(answer["code"], code, "{login} to one who is {state}: {answer}");
        if code == 403 {
            assert!(answer.to_string().contains(state), "{answer}");
            // Nothing of the request was done.
            owner.publish(&conversation, "still mine").await;
        }
    }
}

#[tokio::test]
async fn a_transfer_that_nobody_takes_goes_to_the_skill_after_two_hours() {
    let served = serve().await;
    let mut first = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut first).await;
    let mut second = served.connect("agent2").await;
    second.must(STATE, json!({ "availability": "BACK_SOON" }), 202, SENTENCE).await;
    let mut manager = served.connect("manager1").await;
    manager.subscribe(json!({ "convState": ["OPEN"] })).await;
    first.must(UPDATE, suggest(&conversation, "12.2"), 200, SENTENCE).await;
    let suggested = manager.hear(CHANGES).await;
    let participants = |body: &Value| body["changes"][0]["result"]["conversationDetails"]["dialogs"][0]["participantsDetails"].clone();
    assert_eq!(participants(&suggested)[1], json!({ "id": "12.2", "role": "ASSIGNED_AGENT", "state": "SUGGESTED" }));
    assert_eq!(first.next().await, "DELETE");
    // Nobody else is rung meanwhile.
    for _ in 0..119 {
        served.test.clock.advance(60_000);
        for client in [&mut first, &mut second, &mut manager] {
            client.pong_after_ping().await;
        }
    }
    first.must(STATE, json!({ "availability": "AWAY" }), 202, SENTENCE).await;
    assert_eq!(first.until_state("AWAY").await, [""; 0]);
    first.must(STATE, json!({ "availability": "ONLINE" }), 202, SENTENCE).await;
    assert_eq!(first.until_state("ONLINE").await, [""; 0]);
    served.test.clock.advance(60_001);
    let withdrawn = manager.hear(CHANGES).await;
    assert_eq!(participants(&withdrawn).as_array().map(Vec::len), Some(1), "{withdrawn}");
    assert_eq!(first.next().await, "ring WAITING");
}
