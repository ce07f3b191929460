//! The consumers' socket, as web clients use it.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use antiphon_api::compat::CompatLimits;
use antiphon_app::ports::Clock;
use antiphon_domain::AccountSettings;
use serde_json::{Value, json};

pub const OPEN: &str = "cm.ConsumerRequestConversation";
pub const OWN: &str = "cqm.SubscribeExConversations";
pub const HEAR: &str = "ms.SubscribeMessagingEvents";

pub fn says(dialog: &str, message: &str) -> Value {
    json!({ "dialogId": dialog, "event": { "type": "ContentEvent", "contentType": "text/plain", "message": message } })
}

impl Client {
    /// A consumer opens a conversation; returns its id.
    pub async fn open(&mut self) -> String {
        let opened = self.must(OPEN, json!({}), 200, "cm.RequestConversationResponse").await;
        opened["conversationId"].as_str().expect("an id").to_owned()
    }

    /// A consumer writes; returns the sequence.
    pub async fn say(&mut self, dialog: &str, message: &str) -> u64 {
        let published = self.must("ms.PublishEvent", says(dialog, message), 200, "ms.PublishEventResponse").await;
        published["sequence"].as_u64().expect("a sequence")
    }

    /// A consumer subscribes to their conversations; returns the snapshot's changes. What came before is passed over.
    pub async fn own(&mut self, filter: Value) -> Value {
        let subscribed = self.must(OWN, filter, 200, "cqm.SubscribeExConversationsResponse").await;
        loop {
            let frame = self.heard().await;
            if frame["body"]["subscriptionId"] == subscribed["subscriptionId"] {
                return frame["body"]["changes"].clone();
            }
        }
    }
}

#[tokio::test]
async fn a_visitor_opens_writes_and_is_answered() {
    let served = serve().await;
    let mut agent = agent(&served, "agent1").await;
    let token = served.visitor().await;
    let mut visitor = served.visit(&token).await;
    assert_eq!(visitor.own(json!({ "convState": ["OPEN"] })).await, json!([]));
    let id = visitor.open().await;
    let opened = visitor.hear(OWN_CHANGES).await;
    assert_eq!((&opened["changes"][0]["type"], &opened["changes"][0]["result"]["convId"]), (&json!("UPSERT"), &json!(id)));
    visitor.must(HEAR, json!({ "fromSeq": 0, "dialogId": id }), 200, "GenericSubscribeResponse").await;
    accept(&mut agent).await;
    assert_eq!(visitor.next().await, "UPSERT");
    assert_eq!(visitor.say(&id, "hello").await, 0);
    let told = visitor.hear(OWN_EVENTS).await;
    let record = &told["changes"][0];
    assert_eq!((&record["sequence"], &record["event"]["message"]), (&json!(0), &json!("hello")));
    assert_eq!((&record["originatorMetadata"]["role"], record.get("originatorPId")), (&json!("CONSUMER"), None));
    assert_eq!(record["originatorId"], record["originatorMetadata"]["id"]);
    assert_eq!(visitor.next().await, "UPSERT");
    assert_eq!(agent.publish(&id, "hi there").await["sequence"], 1);
    let answered = visitor.hear(OWN_EVENTS).await;
    assert_eq!(answered["changes"][0]["sequence"], 1);
    let moved = visitor.hear(OWN_CHANGES).await;
    assert_eq!(moved["changes"][0]["result"]["effectiveTTR"], -1);
    // Who answered has a name for consumers, by the id that stands there; a guessable one leads to nobody.
    let by = answered["changes"][0]["originatorId"].clone();
    let profile = visitor.ask("userprofile.GetUserProfile", json!({ "userId": by })).await;
    assert_eq!((&profile["code"], &profile["body"]["userId"], &profile["body"]["firstName"]), (&json!(200), &by, &json!("Nick 1")));
    assert!(profile["body"].get("privateData").is_none(), "{profile}");
    let unknown = json!({ "userId": "00000000-0000-4000-8000-000000000000" });
    assert_eq!(visitor.ask("userprofile.GetUserProfile", unknown).await["code"], 404);
    for own in [json!("12.1"), json!({ "userId": "12.1" }), json!({}), Value::Null] {
        assert_eq!(visitor.ask("userprofile.GetUserProfile", own).await["body"], json!([]), "one's own");
    }
    let receipt = json!({ "dialogId": id, "event": { "type": "AcceptStatusEvent", "status": "READ", "sequenceList": 1 } });
    visitor.must("ms.PublishEvent", receipt, 200, "ms.PublishEventResponse").await;
    let clock = visitor.ask("GetClock", Value::Null).await;
    assert_eq!((&clock["code"], &clock["type"]), (&json!(200), &json!("GetClockResponse")));
}

#[tokio::test]
async fn frames_that_come_back_to_back_are_answered_in_their_order() {
    let served = serve().await;
    let token = served.visitor().await;
    let mut visitor = served.visit_nameless().await;
    let init = json!({ "kind": "req", "id": 0, "type": "InitConnection", "headers": [
        { "type": ".ams.headers.ClientProperties", "features": ["MULTI_DIALOG"] },
        { "type": ".ams.headers.ConsumerAuthentication", "jwt": token }] });
    let subscribe = json!({ "kind": "req", "id": 1, "type": OWN, "body": { "convState": ["OPEN"] } });
    let open = json!({ "kind": "req", "id": "2", "type": OPEN });
    for frame in [init, subscribe, open] {
        visitor.send_text(&frame.to_string()).await;
    }
    let mut seen = Vec::new();
    for _ in 0..5 {
        let frame = visitor.any().await;
        seen.push(match frame["kind"].as_str() {
            Some("resp") => format!("{} {}", frame["reqId"].as_str().expect("a string"), frame["code"]),
            _ => brief(&frame),
        });
    }
    assert_eq!(seen, ["0 200", "1 200", "", "2 200", "UPSERT"], "the snapshot is empty");
}

#[tokio::test]
async fn who_does_not_say_who_they_are_gets_nothing_and_is_let_go() {
    let served = serve().await;
    let mut visitor = served.visit_nameless().await;
    assert_eq!(visitor.ask("GetClock", json!({})).await["code"], 200);
    for (kind, body) in [(OPEN, json!({})), (OWN, json!({})), ("ms.PublishEvent", says("x", "y")), ("InitConnection", json!({}))] {
        let answer = visitor.ask(kind, body).await;
        assert_eq!((&answer["code"], &answer["type"]), (&json!(401), &json!(ERROR)), "{answer}");
    }
    served.test.clock.advance(10_000);
    assert_eq!(visitor.closed().await, 4401);

    let forged = "eyJhbGciOiJub25lIn0.e30.";
    let mut visitor = served.visit_nameless().await;
    let headers = json!([{ "type": "ConsumerAuthentication", "jwt": forged }]);
    visitor.send_text(&json!({ "id": "1", "type": "InitConnection", "headers": headers }).to_string()).await;
    assert_eq!(visitor.any().await["code"], 401);
    assert_eq!(visitor.closed().await, 4401);
    for mut visitor in [served.visit(forged).await, served.try_socket(&format!("consumer/{forged}?v=3"), &[]).await.expect("upgrades")] {
        assert_eq!(visitor.closed().await, 4401);
    }
    assert_eq!(served.try_socket("consumer?v=4", &[]).await.err(), Some(400));
}

#[tokio::test]
async fn a_token_ends_the_connection_with_the_code_that_says_what_to_do() {
    let limits = CompatLimits { idle_ms: 365 * 24 * 3_600_000, ..CompatLimits::default() };
    let served = serve_with(AccountSettings::default(), limits).await;
    let token = served.visitor().await;
    let mut visitor = served.visit(&token).await;
    visitor.own(json!({})).await;
    // A visitor whom nobody vouches for can extend their identity.
    served.test.clock.advance(730 * 3_600_000 + 1_000);
    assert_eq!(visitor.closed().await, 4407);
    assert_eq!(served.visit(&token).await.closed().await, 4407);
}

#[tokio::test]
async fn a_consumer_reaches_no_other_conversation() {
    let served = serve().await;
    let (first, second) = (served.visitor().await, served.visitor().await);
    let (mut kim, mut lee) = (served.visit(&first).await, served.visit(&second).await);
    let id = kim.open().await;
    kim.say(&id, "a secret").await;
    lee.own(json!({ "conversationId": id })).await;
    for (kind, body, code) in [
        (HEAR, json!({ "dialogId": id }), 404),
        (HEAR, json!({ "dialogId": "019aff00-0102-7304-8506-0708090a0b0c" }), 404),
        ("ms.PublishEvent", says(&id, "hello"), 404),
        (
            "cm.UpdateConversationField",
            json!({ "conversationId": id, "conversationField": { "field": "Stage", "conversationState": "CLOSE" } }),
            404,
        ),
        ("routing.SetAgentState", json!({ "availability": "ONLINE" }), 403),
        ("cm.AgentRequestConversation", json!({ "consumerId": id }), 403),
        ("ms.GenerateUploadToken", json!({}), 501),
        ("nonsense", json!({}), 400),
        ("cqm.UnsubscribeExConversations", json!({ "subscriptionId": "x" }), 404),
    ] {
        let answer = lee.ask(kind, body).await;
        assert_eq!(answer["code"], code, "{kind} {answer}");
    }
    kim.say(&id, "more").await;
    assert_eq!(lee.ask("KeepAlive", json!({})).await["code"], 200);
    lee.own(json!({})).await;
}

#[tokio::test]
async fn what_happened_before_comes_in_one_notification() {
    let served = serve().await;
    let token = served.visitor().await;
    let mut visitor = served.visit(&token).await;
    let id = visitor.open().await;
    for text in ["one", "two", "three"] {
        visitor.say(&id, text).await;
    }
    assert_eq!([visitor.next().await, visitor.next().await, visitor.next().await], ["event 0", "event 1", "event 2"], "opened here");
    let mut other = served.visit(&token).await;
    other.must(HEAR, json!({ "dialogId": id, "fromSeq": 1 }), 200, "GenericSubscribeResponse").await;
    assert_eq!(other.next().await, "event 1, event 2");
    visitor.say(&id, "four").await;
    assert_eq!((other.next().await, visitor.next().await), ("event 3".into(), "event 3".into()));
    let snapshot = other.own(json!({ "minLastUpdatedTime": 0, "convState": ["OPEN", "CLOSE"] })).await;
    assert_eq!(snapshot[0]["result"]["lastContentEventNotification"]["sequence"], 3);
}

#[tokio::test]
async fn many_connections_of_one_consumer_are_bounded() {
    let limits = CompatLimits { sockets_of_consumer: 1, waiting_sockets: 1, ..CompatLimits::default() };
    let served = serve_with(AccountSettings::default(), limits).await;
    let token = served.visitor().await;
    let mut first = served.visit(&token).await;
    first.own(json!({})).await;
    assert_eq!(served.visit(&token).await.closed().await, 1008);
    let _nameless = served.visit_nameless().await;
    assert_eq!(served.try_socket("consumer?v=3", &[]).await.err(), Some(429));
    first.open().await;
}

#[tokio::test]
async fn a_flood_is_slowed_and_a_stubborn_one_ended() {
    let limits = CompatLimits { consumer_requests_at_once: 3, ..CompatLimits::default() };
    let served = serve_with(AccountSettings::default(), limits).await;
    let mut visitor = served.visit(&served.visitor().await).await;
    let mut refused = None;
    for _ in 0..20 {
        let answer = visitor.ask("KeepAlive", json!({})).await;
        if answer["code"] == 429 {
            refused = Some(answer);
            break;
        }
    }
    assert_eq!(refused.expect("too many")["type"], ERROR);
}

#[tokio::test]
async fn a_consumer_who_does_not_read_is_let_go_and_loses_nothing() {
    let served = serve().await;
    let mut agent = agent(&served, "agent1").await;
    let token = served.visitor().await;
    let mut visitor = served.visit(&token).await;
    let id = visitor.open().await;
    accept(&mut agent).await;
    for _ in 0..20 {
        agent.publish(&id, &"x".repeat(5_000)).await;
    }
    let patience = served.test.clock.now().plus_ms(CompatLimits::default().send_ms);
    let again = json!({ "id": "1", "type": HEAR, "body": { "dialogId": id, "fromSeq": 0 } }).to_string();
    for _ in 0..400 {
        visitor.send_text(&again).await;
    }
    // The server waits for the client; after a while it does not any more.
    while served.test.clock.next_wake() != Some(patience) {
        tokio::task::yield_now().await;
    }
    served.test.clock.advance(CompatLimits::default().send_ms);
    // The agent is told that nobody is there; whoever comes back is told everything.
    while agent.next().await != "chat BACKGROUND" {}
    drop(visitor);
    let mut back = served.visit(&token).await;
    back.must(HEAR, json!({ "dialogId": id, "fromSeq": 0 }), 200, "GenericSubscribeResponse").await;
    let backlog = back.hear(OWN_EVENTS).await;
    let told: Vec<u64> = backlog["changes"].as_array().expect("a list").iter().filter_map(|one| one["sequence"].as_u64()).collect();
    assert_eq!(told, (0..20).collect::<Vec<u64>>());
}
