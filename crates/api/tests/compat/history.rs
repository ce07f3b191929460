//! The history of conversations as connectors and bots search it.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use serde_json::{Value, json};

const BY_CONVERSATION: &str = "/messaging_history/api/account/12/conversations/conversation/search";
const BY_CONSUMER: &str = "/messaging_history/api/account/12/conversations/consumer/search";
const STATUS: &str = "/messaging_history/api/account/12/agent-view/status";

async fn ask(served: &Served, login: &str, path: &str, body: Value) -> Answer {
    let bearer = served.login(login).await["bearer"].as_str().expect("a bearer").to_owned();
    let request = http::Request::post(path).header("content-type", "application/json").header("authorization", format!("Bearer {bearer}"));
    served.call(request.body(body.to_string().into()).expect("a request")).await
}

fn pick(value: &Value, members: &[&str]) -> Vec<Value> {
    members.iter().map(|member| value[*member].clone()).collect()
}

#[tokio::test]
async fn a_conversation_is_told_with_everything_that_happened() {
    let served = serve().await;
    let mut first = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let id = accept(&mut first).await;
    first.publish(&id, "hi, how can I help?").await;
    let metadata = json!([{ "type": "BotResponse", "intents": [{ "id": "greet", "confidence": "HIGH" }] }]);
    let note = json!({ "dialogId": id, "messageAudience": "AGENTS_AND_MANAGERS", "event": { "type": "ContentEvent", "contentType": "text/plain", "message": "a regular" } });
    first.ask_with(PUBLISH, note, metadata.clone()).await;
    let read = json!({ "dialogId": id, "event": { "type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0] } });
    first.must(PUBLISH, read, 200, ".ams.ms.PublishEvent$Response").await;
    let transfer = json!({ "conversationId": id, "conversationField": [
        { "field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT", "userId": "12.1" },
        { "field": "Skill", "type": "UPDATE", "skill": "2" }
    ] });
    first.must(UPDATE, transfer, 200, SENTENCE).await;
    let mut manager = served.connect("manager1").await;
    let close = json!({ "conversationId": id, "conversationField": { "field": "ConversationStateField", "conversationState": "CLOSE" } });
    manager.must(UPDATE, close, 200, SENTENCE).await;

    let everything = ["messageRecords", "messageStatuses", "agentParticipants", "agentParticipantsLeave", "consumerParticipants"];
    let more = ["transfers", "interactions", "dialogs", "skillChanges", "responseTime", "messageScores", "agentParticipantsActive"];
    let wanted: Vec<&str> = everything.into_iter().chain(more).collect();
    let body = json!({ "conversationId": id, "contentToRetrieve": wanted });
    let answer = ask(&served, "manager1", &format!("{BY_CONVERSATION}?offset=0&limit=100&sort=start%3Adesc&NC=true&__d=2013"), body).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let told = answer.json();
    assert_eq!(told["_metadata"]["count"], 1);
    let record = &told["conversationHistoryRecords"][0];

    let info = &record["info"];
    assert_eq!(
        pick(info, &["conversationId", "brandId", "status", "closeReason", "source", "latestSkillId", "latestAgentId", "latestQueueState"]),
        [json!(id), json!("12"), json!("CLOSE"), json!("AGENT"), json!("TEST"), json!("2"), json!("1"), json!("ACTIVE")]
    );
    assert_eq!(
        (&info["latestAgentLoginName"], &info["isPartial"], &info["firstConversation"]),
        (&json!("agent1"), &json!(false), &json!(true))
    );
    assert!(
        info["endTimeL"].as_i64() >= info["startTimeL"].as_i64() && info["startTime"].as_str().is_some_and(|text| text.ends_with("+0000"))
    );

    let messages = record["messageRecords"].as_array().expect("a list");
    let brief: Vec<Value> =
        messages.iter().map(|one| json!([one["seq"], one["sentBy"], one["type"], one["messageData"]["msg"]["text"]])).collect();
    assert_eq!(
        brief,
        [
            json!([0, "Consumer", "TEXT_PLAIN", "hello"]),
            json!([1, "Agent", "TEXT_PLAIN", "hi, how can I help?"]),
            json!([2, "Agent", "TEXT_PLAIN", "a regular"]),
        ]
    );
    assert_eq!(messages[0]["messageId"], format!("ms::conv:{id}::msg:0"));
    assert_eq!(messages[2]["audience"], "AGENTS_AND_MANAGERS");
    let context = &messages[2]["contextData"];
    assert_eq!(context["structuredMetadata"][0]["botResponse"]["intents"][0]["id"], "greet");
    assert_eq!(context["rawMetadata"].as_str().map(|raw| serde_json::from_str::<Value>(raw).expect("JSON")), Some(metadata));

    let statuses = record["messageStatuses"].as_array().expect("a list");
    let read: Vec<_> = statuses.iter().map(|one| pick(one, &["seq", "participantId", "messageDeliveryStatus"])).collect();
    assert_eq!(read, [[json!(0), json!("1"), json!("READ")]]);
    let came = &record["agentParticipants"];
    assert_eq!(pick(&came[0], &["agentId", "permission", "userTypeName"]), [json!("1"), json!("ASSIGNED_AGENT"), json!("Human")]);
    assert_eq!(pick(&record["agentParticipantsLeave"][0], &["agentId", "permission"]), [json!("1"), json!("ASSIGNED_AGENT")]);
    assert_eq!(record["agentParticipantsActive"], json!([]));
    let transfers = record["transfers"].as_array().expect("a list");
    assert_eq!(transfers.len(), 1);
    assert_eq!(
        pick(&transfers[0], &["reason", "by", "sourceAgentId", "sourceSkillId", "targetSkillId"]),
        [json!("Skill"), json!("Agent"), json!("1"), json!("1"), json!("2")]
    );
    let interactions = record["interactions"].as_array().expect("a list");
    assert_eq!(interactions.len(), 1);
    assert_eq!(pick(&interactions[0], &["assignedAgentId", "interactiveSequence"]), [json!("1"), json!(0)]);
    assert_eq!(pick(&record["dialogs"][0], &["dialogId", "status", "dialogType"]), [json!(id), json!("CLOSE"), json!("MAIN")]);
    assert_eq!(pick(&record["skillChanges"][0], &["previousSkillId", "newSkillId"]), [json!("1"), json!("2")]);
    assert_eq!((&record["responseTime"]["latestEffectiveResponseDueTime"], &record["messageScore"]), (&json!(-1), &json!([])));
    let consumer = &record["consumerParticipant"][0];
    assert_eq!(consumer["phone"], "+49151");

    let found =
        ask(&served, "manager1", BY_CONSUMER, json!({ "consumer": consumer["participantId"], "contentToRetrieve": [] })).await.json();
    assert_eq!(found["conversationHistoryRecords"][0]["info"]["conversationId"], json!(id));
    assert!(found["conversationHistoryRecords"][0]["messageRecords"].is_array(), "an empty list means the usual parts");
}

#[tokio::test]
async fn a_consumers_conversations_are_paged_and_filtered_by_state() {
    let served = serve().await;
    let manager = served.test.caller("manager1");
    let mut ids = Vec::new();
    for number in 0..3 {
        served.test.receive(&format!("say k{number} +49151 hello {number}")).await;
        let open = served.test.conversations().await.into_iter().find(|it| it.open).expect("one is open");
        ids.push((open.id, open.consumer));
        if number < 2 {
            let close = vec![antiphon_app::update::FieldChange::Close { cause: None }];
            served.test.app.update(&manager, open.id, close).await.expect("it closes");
            served.test.clock.advance(1_000);
        }
    }
    let consumer = ids[0].1.to_string();
    let search = |query: &'static str, body: Value| {
        let mut body = body;
        body["consumer"] = json!(consumer);
        body["contentToRetrieve"] = json!(["campaign"]);
        let served = &served;
        async move {
            let told = ask(served, "manager1", &format!("{BY_CONSUMER}{query}"), body).await.json();
            let records = told["conversationHistoryRecords"].as_array().expect("a list").clone();
            let found: Vec<String> =
                records.iter().map(|record| record["info"]["conversationId"].as_str().expect("an id").to_owned()).collect();
            (told["_metadata"]["count"].as_u64().expect("a count"), found)
        }
    };
    let id = |number: usize| ids[number].0.to_string();
    assert_eq!(search("", json!({})).await, (3, vec![id(2), id(1), id(0)]));
    assert_eq!(search("?sort=start:asc", json!({})).await, (3, vec![id(0), id(1), id(2)]));
    assert_eq!(search("?offset=1&limit=1", json!({})).await, (3, vec![id(1)]));
    assert_eq!(search("?offset=9", json!({})).await, (3, vec![]));
    assert_eq!(search("", json!({ "status": ["OPEN"] })).await, (1, vec![id(2)]));
    assert_eq!(search("", json!({ "status": ["CLOSE"] })).await, (2, vec![id(1), id(0)]));

    for (query, body, field) in [
        ("?limit=101", json!({ "consumer": consumer }), "limit"),
        ("?limit=0", json!({ "consumer": consumer }), "limit"),
        ("?offset=990", json!({ "consumer": consumer }), "offset"),
        ("?sort=colour", json!({ "consumer": consumer }), "sort"),
        ("", json!({}), "consumer"),
        ("", json!({ "consumer": consumer, "status": ["LOCKED"] }), "status"),
    ] {
        let refused = ask(&served, "manager1", &format!("{BY_CONSUMER}{query}"), body).await;
        assert_eq!(refused.status, 400, "{query} {field}");
        let message = refused.json()["error"]["message"].as_str().expect("a sentence").to_owned();
        assert!(message.starts_with(field), "{message}");
    }
    assert_eq!(ask(&served, "manager1", BY_CONVERSATION, json!({ "conversationIds": [] })).await.status, 400);
}

#[tokio::test]
async fn nobody_is_told_what_they_may_not_see() {
    let served = serve().await;
    let mut owner = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let id = accept(&mut owner).await;
    let consumer = served.test.conversations().await[0].consumer.to_string();
    let by_id = json!({ "conversationIds": [id, "00000000-0000-7000-8000-000000000000", "not an id"] });
    for (login, seen) in [("agent1", 1), ("agent2", 0), ("manager1", 1)] {
        let told = ask(&served, login, BY_CONVERSATION, by_id.clone()).await.json();
        assert_eq!(told["conversationHistoryRecords"].as_array().map(Vec::len), Some(seen), "{login}");
        let told = ask(&served, login, BY_CONSUMER, json!({ "consumer": consumer })).await.json();
        assert_eq!(told["conversationHistoryRecords"].as_array().map(Vec::len), Some(seen), "{login}");
    }
    for (path, bearer) in [(BY_CONVERSATION, ""), (BY_CONSUMER, "Bearer "), (STATUS, "Bearer 00")] {
        let request = http::Request::post(path).header("authorization", bearer).body("{}".into()).expect("a request");
        assert_eq!(served.call(request).await.status, 401, "{path}");
    }
    let bearer = served.login("manager1").await["bearer"].as_str().expect("a bearer").to_owned();
    let elsewhere = BY_CONSUMER.replace("/12/", "/13/");
    let request = http::Request::post(elsewhere).header("authorization", format!("Bearer {bearer}")).body("{}".into()).expect("a request");
    assert_eq!(served.call(request).await.status, 401);
}

#[tokio::test]
async fn a_bot_learns_whether_an_agent_is_there() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    accept(&mut client).await;
    for name in ["1", "12.1", "00000000-0000-0000-0000-000000000001"] {
        let told = ask(&served, "manager1", STATUS, json!({ "agentIds": [name] })).await.json();
        let records = told["agentStatusRecords"].as_array().expect("a list");
        assert_eq!(records.len(), 1, "{name}");
        let expected = [json!("1"), json!("ONLINE"), json!(1), json!(3)];
        assert_eq!(pick(&records[0], &["agentId", "currentStatus", "openAssignedConversations", "configuredMaxSlots"]), expected);
    }
    let away = ask(&served, "manager1", STATUS, json!({ "agentIds": ["1"], "status": ["AWAY"] })).await.json();
    assert_eq!(away["agentStatusRecords"], json!([]));
    assert_eq!(ask(&served, "agent2", STATUS, json!({})).await.status, 403);
}
