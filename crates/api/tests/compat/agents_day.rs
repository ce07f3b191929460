//! A conversation from ring to close, as an agent's client sees it.

use crate::harness::*;
use serde_json::{Value, json};

/// An agent who is online, rings, and sees their own open conversations.
pub async fn agent(served: &Served, login: &str) -> Client {
    let mut client = served.connect(login).await;
    let me = served.test.caller(login);
    client.must(".ams.routing.SubscribeAgentsState", json!({ "brandId": "12" }), 200, ".ams.GenericSubscribe$Response").await;
    assert_eq!(client.next().await, "state OFFLINE");
    client.must(".ams.routing.SetAgentState", json!({ "availability": "ONLINE", "channels": ["MESSAGING"] }), 202, SENTENCE).await;
    assert_eq!(client.next().await, "state ONLINE");
    let (_, changes) = client.subscribe(json!({ "agentIds": [format!("12.{}", me.id())], "convState": ["OPEN"] })).await;
    assert_eq!(changes, json!([]));
    let subscribed = client
        .must(".ams.routing.SubscribeRoutingTasks", json!({ "channelType": "MESSAGING" }), 200, ".ams.GenericSubscribe$Response")
        .await;
    let tasks = client.hear(RING).await;
    assert_eq!(tasks, json!({ "subscriptionId": subscribed["subscriptionId"], "changes": [] }));
    client
}

/// The agent takes what rings; returns the conversation's id.
pub async fn accept(client: &mut Client) -> String {
    let ring = client.hear(RING).await;
    let result = &ring["changes"][0]["result"];
    let ring_id = &result["ringsDetails"][0]["ringId"];
    assert_eq!(result["ringsDetails"][0]["ringState"], "WAITING");
    assert_eq!(result["taskCompleted"], false);
    client.must(".ams.routing.UpdateRingState", json!({ "ringId": ring_id, "ringState": "ACCEPTED" }), 202, SENTENCE).await;
    let mut heard = [client.heard().await, client.heard().await];
    heard.sort_by_key(|frame| frame["type"] == CHANGES);
    assert_eq!((brief(&heard[0]), brief(&heard[1])), ("ring ACCEPTED".to_owned(), "UPSERT".to_owned()));
    assert_eq!(heard[0]["body"]["changes"][0]["result"]["taskCompleted"], true);
    result["conversationId"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_consumer_writes_an_agent_answers_and_closes() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut client).await;

    let events = client
        .must("ms.SubscribeMessagingEvents", json!({ "dialogId": conversation, "fromSeq": 0 }), 200, ".ams.ms.QueryMessages$Response")
        .await;
    let list = events.as_array().expect("a list");
    assert_eq!(list.len(), 1);
    let consumer = list[0]["originatorId"].as_str().expect("an id").to_owned();
    assert_eq!(list[0]["event"], json!({ "type": "ContentEvent", "contentType": "text/plain", "message": "hello" }));
    assert_eq!(
        (&list[0]["sequence"], &list[0]["originatorPId"], &list[0]["conversationId"], &list[0]["dialogId"]),
        (&json!(0), &json!(consumer), &json!(conversation), &json!(conversation))
    );
    let profile = client.must(".ams.userprofile.GetUserProfile", json!(consumer), 200, ".ams.userprofile.GetUserProfile$Response").await;
    assert_eq!((&profile["userId"], &profile["privateData"]["mobileNum"]), (&json!(consumer), &json!("+49151")));

    assert_eq!(client.publish(&conversation, "echo : hello").await, json!({ "sequence": 1 }));
    let own = client.hear(EVENT).await;
    assert_eq!(
        (&own["sequence"], &own["originatorId"], &own["originatorMetadata"]["role"]),
        (&json!(1), &json!("12.1"), &json!("ASSIGNED_AGENT"))
    );
    assert_eq!(own["originatorPId"], "00000000-0000-0000-0000-000000000001");
    let change = client.hear(CHANGES).await;
    let result = &change["changes"][0]["result"];
    assert_eq!(result["effectiveTTR"], -1);
    assert_eq!(result["lastContentEventNotification"]["event"]["message"], "echo : hello");

    let receipt = json!({ "type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0] });
    let read = client.must(PUBLISH, json!({ "dialogId": conversation, "event": receipt }), 200, ".ams.ms.PublishEvent$Response").await;
    assert_eq!(read, json!({ "sequence": 2 }));
    assert_eq!((client.next().await, client.next().await), ("event 2".into(), "UPSERT".into()));

    let close = json!({ "conversationId": conversation, "conversationField": [{ "field": "ConversationStateField", "conversationState": "CLOSE" }] });
    assert_eq!(client.must(UPDATE, close.clone(), 200, SENTENCE).await, "OK Conversation resolved successfully");
    let deleted = client.hear(CHANGES).await;
    let change = &deleted["changes"][0];
    let details = &change["result"]["conversationDetails"];
    assert_eq!(
        (&change["type"], &details["state"], &details["stage"], &details["closeReason"]),
        (&json!("DELETE"), &json!("CLOSE"), &json!("CLOSE"), &json!("AGENT"))
    );
    assert!(details["endTs"].is_i64() && details["participantsPId"].is_object() && details["dialogs"].is_array());

    // What some bots do then: a receipt, and a second close. Both are answered, and the connection lives.
    let late = client
        .ask(PUBLISH, json!({ "dialogId": conversation, "event": { "type": "AcceptStatusEvent", "status": "READ", "sequenceList": [1] } }))
        .await;
    assert_eq!(
        late,
        json!({ "kind": "resp", "reqId": late["reqId"], "code": 400, "type": SENTENCE, "body": "Bad Request, Conversation is close" })
    );
    assert_eq!(client.ask(UPDATE, close).await["body"], "Bad Request, Conversation is close");
    let clock = client.must(".GetClock", json!({}), 200, ".GetClock$Response").await;
    assert!(clock["currentTime"].is_i64());
}

#[tokio::test]
async fn what_the_consumer_writes_and_types_arrives_live() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut client).await;
    served.test.receive("say k2 +49151 are you there?").await;
    let event = client.hear(EVENT).await;
    assert_eq!(
        (&event["sequence"], &event["event"]["message"], &event["dialogId"]),
        (&json!(1), &json!("are you there?"), &json!(conversation))
    );
    let change = client.hear(CHANGES).await;
    assert_eq!(change["changes"][0]["result"]["numberOfunreadMessages"]["12.1"], 2);
    served.test.receive("typing +49151").await;
    let typing = client.hear(EVENT).await;
    assert_eq!(typing["event"], json!({ "type": "ChatStateEvent", "chatState": "COMPOSING" }));
    assert!(typing.get("sequence").is_none() && typing.get("serverTimestamp").is_none());
    let state = client
        .must(
            PUBLISH,
            json!({ "dialogId": conversation, "event": { "type": "ChatStateEvent", "chatState": "COMPOSING" } }),
            200,
            ".ams.ms.PublishEvent$Response",
        )
        .await;
    assert_eq!(state, json!({ "sequence": 0 }));
    assert_eq!(client.next().await, "chat COMPOSING");
    served.test.receive("echo v9 +49151 written in the channel's own tool").await;
    let native = client.hear(EVENT).await;
    assert_eq!(native["originatorId"], "12.src_0000000000000001");
    assert!(native["originatorPId"].as_str().is_some_and(|pid| pid.len() == 36));
}

#[tokio::test]
async fn metadata_is_echoed_and_the_callers_own_id_publishes_once() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut client).await;
    let event =
        |text: &str| json!({ "dialogId": conversation, "event": { "type": "ContentEvent", "contentType": "text/plain", "message": text } });
    let metadata = json!([{ "type": "ClientMessageId", "id": "m1" }, { "type": "ExternalId", "id": "x" }]);
    let first = client.ask_with(PUBLISH, event("hi"), metadata.clone()).await;
    assert_eq!(first["body"], json!({ "sequence": 1 }));
    let heard = client.hear(EVENT).await;
    assert_eq!(heard["metadata"], metadata);
    assert_eq!(client.next().await, "UPSERT");
    let again = client.ask_with(PUBLISH, event("hi"), metadata.clone()).await;
    assert_eq!(again["body"], json!({ "sequence": 1 }));
    let other = client.ask_with(PUBLISH, event("something else"), metadata).await;
    assert_eq!((&other["code"], &other["type"]), (&json!(409), &json!(ERROR)));
    let events = client.ask(".ams.ms.QueryMessages", json!({ "dialogId": conversation, "newerThanSequence": 1 })).await;
    assert_eq!(events["body"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn private_notes_and_structured_content_keep_their_form() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut client).await;
    let note = json!({ "dialogId": conversation, "messageAudience": "AGENTS_AND_MANAGERS",
        "event": { "type": "ContentEvent", "contentType": "text/plain", "message": "a note" } });
    client.must(PUBLISH, note, 200, ".ams.ms.PublishEvent$Response").await;
    assert_eq!(client.hear(EVENT).await["messageAudience"], "AGENTS_AND_MANAGERS");
    let change = client.hear(CHANGES).await;
    assert_eq!(change["changes"][0]["result"]["lastContentEventNotification"]["event"]["message"], "hello");
    let card = json!({ "type": "vertical", "elements": [{ "type": "text", "text": "Hi", "tooltip": "t" }] });
    let rich = json!({ "dialogId": conversation, "event": { "type": "RichContentEvent", "content": card } });
    client.must(PUBLISH, rich, 200, ".ams.ms.PublishEvent$Response").await;
    assert_eq!(client.hear(EVENT).await["event"], json!({ "type": "RichContentEvent", "content": card }));
}

#[tokio::test]
async fn a_declined_ring_goes_to_the_next_agent() {
    let served = serve().await;
    let mut first = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let ring = first.hear(RING).await;
    let ring_id = ring["changes"][0]["result"]["ringsDetails"][0]["ringId"].clone();
    let mut second = agent(&served, "agent2").await;
    let stolen = second.ask(".ams.routing.UpdateRingState", json!({ "ringId": ring_id, "ringState": "ACCEPTED" })).await;
    assert_eq!((&stolen["code"], &stolen["type"]), (&json!(400), &json!(SENTENCE)));
    first.must(".ams.routing.UpdateRingState", json!({ "ringId": ring_id, "ringState": "REJECTED" }), 202, SENTENCE).await;
    assert_eq!(first.next().await, "ring REJECTED");
    accept(&mut second).await;
    let gone = first.ask(".ams.routing.UpdateRingState", json!({ "ringId": ring_id, "ringState": "ACCEPTED" })).await;
    assert_eq!(gone["body"], Value::from("Bad Request, Ring is not waiting any more"));
}
