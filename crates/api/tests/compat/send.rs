//! The Send API, as connectors use it: tokens, opening, writing, closing, rating, and everything that goes wrong.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use antiphon_app::administration::{Act, AppGuard, ConnectorAppInput};
use antiphon_domain::SkillId;
use serde_json::{Value, json};

const OPEN: &str = "/api/account/12/messaging/consumer/conversation?v=3";
const SEND: &str = "/api/account/12/messaging/consumer/conversation/send?v=3";

/// An outside program with its tokens.
pub struct Program<'a> {
    served: &'a Served,
    app: String,
    consumer: String,
    features: &'static str,
}

pub async fn program(served: &Served) -> Program<'_> {
    let admin = served.test.caller("admin1");
    let input = ConnectorAppInput {
        client_id: Some("gateway".into()),
        name: "Gateway".into(),
        client_secret: Some("a-secret-of-the-gateway".into()),
        keep_secret_s: 0,
        skill: Some(SkillId(1)),
        settings: r#"{"scope":"msg.consumer"}"#.into(),
        enabled: true,
    };
    served.test.app.put_connector_app(&Act::of(&admin), input, AppGuard::Fresh).await.expect("the app is installed");
    let app = served.test.app.issue_app_token("12", "gateway", "a-secret-of-the-gateway", true, "test").await.expect("a token").token;
    let consumer = consumer(served, &app, "kim").await;
    Program { served, app, consumer, features: "[]" }
}

/// The token of a consumer that the program speaks for.
async fn consumer(served: &Served, app: &str, name: &str) -> String {
    let account = served.test.account();
    let identity = served.test.app.check_app_token(&account, app).expect("the app's token");
    served.test.app.issue_consumer_token(&identity, name).await.expect("a token")
}

impl<'a> Program<'a> {
    /// The same program in the name of another consumer.
    pub async fn on_behalf_of(&self, name: &str) -> Program<'a> {
        let consumer = consumer(self.served, &self.app, name).await;
        Program { served: self.served, app: self.app.clone(), consumer, features: self.features }
    }
}

impl Program<'_> {
    async fn call(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = http::Request::post(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.served.call(request.body(body.to_owned().into()).expect("a request")).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let client = format!(r#"{{"type":".ClientProperties","features":{}}}"#, self.features);
        let headers = [("authorization", &*self.app), ("X-LP-ON-BEHALF", &self.consumer), ("client-properties", &client)];
        self.call(path, &headers, &body.to_string()).await
    }

    pub async fn send(&self, kind: &str, body: Value) -> Answer {
        self.post(SEND, &json!({ "kind": "req", "id": "3", "type": kind, "body": body })).await
    }

    async fn write(&self, dialog: &str, text: &str) -> Answer {
        self.send("ms.PublishEvent", json!({ "dialogId": dialog, "event": content(text) })).await
    }

    pub async fn update(&self, conversation: &str, field: Value) -> Answer {
        self.send("cm.UpdateConversationField", json!({ "conversationId": conversation, "conversationField": field })).await
    }

    /// Opens a conversation with the least that real programs send.
    pub async fn open(&self) -> String {
        let opened = self.post(OPEN, &opening(json!({}))).await;
        assert_eq!(opened.status, 200, "{}", opened.body);
        opened.json()[1]["body"]["conversationId"].as_str().expect("an id").to_owned()
    }
}

fn content(text: &str) -> Value {
    json!({ "type": "ContentEvent", "contentType": "text/plain", "message": text })
}

fn opening(more: Value) -> Value {
    let mut body = json!({ "brandId": "12", "channelType": "MESSAGING" });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!([
        { "kind": "req", "id": "1,", "type": "userprofile.SetUserProfile", "body": { "firstName": "Kim", "lastName": "Lee" } },
        { "kind": "req", "id": "2,", "type": "cm.ConsumerRequestConversation", "body": body },
    ])
}

fn refusal(code: u16, number: u32, title: &str, details: &str) -> Value {
    json!({ "kind": "resp", "code": code, "body": { "title": title, "details": details, "errorCode": number }, "type": ".ReqBody$ErrorResp" })
}

#[tokio::test]
async fn connector_line_1_raw_and_bearer_tokens_are_taken_and_each_wrong_one_has_its_code() {
    let served = serve().await;
    let program = program(&served).await;
    let body = opening(json!({})).to_string();
    let (app, consumer) = (program.app.clone(), program.consumer.clone());
    let bearer = format!("Bearer {app}");
    let forged = format!("{}x", &consumer[..consumer.len() - 1]);
    let check = async |headers: &[(&str, &str)], expected: Option<Value>| {
        let answer = program.call(OPEN, headers, &body).await;
        match expected {
            None => assert_eq!(answer.status, 200, "{}", answer.body),
            Some(expected) => assert_eq!((answer.status, answer.json()), (expected["code"].as_u64().expect("a code") as u16, expected)),
        }
    };
    let app_invalid = refusal(401, 40102, "Invalid AppJWT", "AppJWT has expired or is invalid");
    let consumer_invalid = refusal(401, 40103, "Invalid ConsumerJWS", "ConsumerJWS is invalid");
    check(&[("x-lp-on-behalf", &consumer)], Some(refusal(401, 40105, "AppJWT is missing", "AUTHORIZATION header is not present"))).await;
    check(&[("authorization", &app)], Some(refusal(401, 40104, "ConsumerJWS is missing", "X_ON_BEHALF_HEADER is not present"))).await;
    check(&[("authorization", "nonsense"), ("x-lp-on-behalf", &consumer)], Some(app_invalid.clone())).await;
    check(&[("authorization", &app), ("x-lp-on-behalf", &forged)], Some(consumer_invalid.clone())).await;
    // A token of one use is none of the other.
    check(&[("authorization", &consumer), ("x-lp-on-behalf", &consumer)], Some(app_invalid.clone())).await;
    check(&[("authorization", &app), ("x-lp-on-behalf", &app)], Some(consumer_invalid)).await;
    check(&[("authorization", &bearer), ("x-lp-on-behalf", &consumer)], None).await;
    let conversation = served.test.conversations().await[0].id.to_string();
    assert_eq!(program.write(&conversation, "raw").await.status, 200);
    served.test.clock.advance(3_600_000);
    check(&[("authorization", &app), ("x-lp-on-behalf", &consumer)], Some(app_invalid)).await;
}

#[tokio::test]
async fn connector_line_4_opening_answers_in_order_once_and_whatever_the_campaign() {
    let served = serve().await;
    let program = program(&served).await;
    let more = json!({
        "ttrDefName": null, "skillId": "-1", "campaignInfo": { "campaignId": 2894629312u64, "engagementId": 2894629412u64 },
        "conversationContext": { "visitorId": "", "sessionId": "", "interactionContextId": 2, "type": "SharkContext", "lang": "en-US", "features": [] },
        "conversationProperties": { "made": "up" },
    });
    let opened = program.post(OPEN, &opening(more.clone())).await;
    assert_eq!((opened.status, opened.header("content-type")), (200, "application/json"));
    let list = opened.json();
    let id = list[1]["body"]["conversationId"].as_str().expect("an id").to_owned();
    let done = json!({ "code": "OK", "body": { "msg": "OK User Profile set successfully" }, "reqId": "1," });
    assert_eq!(list, json!([done, { "code": "OK", "body": { "conversationId": id }, "reqId": "2," }]));
    let stored = &served.test.conversations().await[0];
    assert_eq!((stored.id.to_string(), stored.skill), (id.clone(), Some(SkillId(1))));

    let again = program.post(OPEN, &opening(more)).await;
    let user = stored.consumer;
    let sentence = format!("Consumer request conversation failed: User {user} already has open conversation. Can't open another one.");
    assert_eq!((again.status, again.json()), (400, json!([done, { "code": "BAD_REQUEST", "body": { "msg": sentence }, "reqId": "2," }])));

    // The other order, and a first message in the same call.
    let other =
        Program { consumer: consumer(&served, &program.app, "lee").await, app: program.app.clone(), served: &served, features: "[]" };
    let list = json!([
        { "kind": "req", "id": 1, "type": "cm.ConsumerRequestConversation", "body": { "brandId": "12" } },
        { "kind": "req", "id": 1, "type": "userprofile.SetUserProfile", "body": {} },
        { "kind": "req", "id": 2, "type": "ms.PublishEvent", "body": { "dialogId": "", "event": content("hello") } },
    ]);
    let answers = other.post(OPEN, &list).await;
    assert_eq!((answers.status, &answers.json()[2]), (200, &json!({ "code": "OK", "body": { "sequence": 0 }, "reqId": "2" })));
    assert!(answers.json()[0]["body"]["conversationId"].is_string());

    let third =
        Program { consumer: consumer(&served, &program.app, "max").await, app: program.app.clone(), served: &served, features: "[]" };
    for (list, part) in [
        (json!([]), "1 to 10"),
        (json!([{ "id": "1", "type": "userprofile.SetUserProfile" }]), "ConsumerRequestConversation"),
        (opening(json!({ "brandId": "13" })), "brandId"),
        (opening(json!({ "skillId": "99" })), "skillId"),
        (opening(json!({ "ttrDefName": "SOON" })), "ttrDefName"),
        (json!([{ "id": "1", "type": "cm.UpdateConversationField" }]), "does not belong"),
    ] {
        let refused = third.post(OPEN, &list).await;
        assert_eq!(refused.status, 400, "{list}");
        assert!(refused.body.contains(part), "{list}: {}", refused.body);
    }
    assert_eq!(served.test.conversations().await.len(), 2, "nothing was opened by what was refused");
}

#[tokio::test]
async fn connector_line_5_ids_are_echoed_as_text() {
    let served = serve().await;
    let program = program(&served).await;
    let id = program.open().await;
    for (sent, echoed) in [(json!(7), "7"), (json!("1,"), "1,"), (json!("x".repeat(64)), &*"x".repeat(64))] {
        let request = json!({ "kind": "req", "id": sent, "type": "ms.PublishEvent", "body": { "dialogId": id, "event": content("hi") } });
        let answer = program.post(SEND, &request).await;
        assert_eq!((answer.status, &answer.json()["reqId"]), (200, &json!(echoed)));
    }
    let long = json!({ "kind": "req", "id": "x".repeat(65), "type": "ms.PublishEvent", "body": {} });
    assert_eq!(program.post(SEND, &long).await.status, 400);
}

#[tokio::test]
async fn connector_line_6_sequences_count_per_dialog_and_chat_states_have_none() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    let program = program(&served).await;
    let id = program.open().await;
    assert_eq!(accept(&mut client).await, id);
    assert_eq!(program.write(&id, "hello").await.json(), json!({ "code": "OK", "body": { "sequence": 0 }, "reqId": "3" }));
    let heard = client.hear(EVENT).await;
    assert_eq!((&heard["sequence"], &heard["originatorMetadata"]["role"]), (&json!(0), &json!("CONSUMER")));
    let typing = json!({ "dialogId": id, "conversationId": id, "event": { "type": "ChatStateEvent", "chatState": "COMPOSING" } });
    assert_eq!(program.send("ms.PublishEvent", typing).await.json()["body"], json!({ "sequence": 0 }));
    client.publish(&id, "how can I help?").await;
    let receipt = json!({ "dialogId": id, "event": { "type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [1] } });
    assert_eq!(program.send("ms.PublishEvent", receipt).await.json()["body"], json!({ "sequence": 2 }));
    assert_eq!(program.write(&id, "my order").await.json()["body"], json!({ "sequence": 3 }));
}

#[tokio::test]
async fn connector_line_7_text_after_the_close_gets_the_published_sentence() {
    let served = serve().await;
    let program = program(&served).await;
    let id = program.open().await;
    let closed = program.update(&id, json!({ "field": "ConversationStateField", "conversationState": "CLOSE" })).await;
    assert_eq!(
        (closed.status, closed.json()),
        (200, json!({ "code": "OK", "body": { "msg": "OK Conversation resolved successfully" }, "reqId": "3" }))
    );
    let late = program.write(&id, "one more thing").await;
    let body = json!({ "code": "BAD_REQUEST", "body": { "msg": "Bad Request, Conversation is close" }, "reqId": "3" });
    assert_eq!((late.status, late.json()), (400, body));
    assert_ne!(program.open().await, id, "a new one opens");
}

/// A conversation as a manager is shown it.
async fn details(served: &Served, id: &str) -> Value {
    let (_, changes) = served.connect("manager1").await.subscribe(json!({ "stage": ["OPEN", "CLOSE"] })).await;
    let found = changes.as_array().expect("a list").iter().find(|change| change["result"]["convId"] == id).expect("it is there");
    found["result"]["conversationDetails"].clone()
}

/// The dialog of the survey that begins when the main one is closed.
async fn surveyed(program: &Program<'_>, client: &mut Client) -> (String, String) {
    let id = program.open().await;
    accept(client).await;
    let dialog = json!({ "dialogId": id, "state": "CLOSE", "closedCause": "Closed by consumer" });
    let closed = program.update(&id, json!({ "field": "DialogChange", "type": "UPDATE", "dialog": dialog })).await;
    assert_eq!((closed.status, &closed.json()["body"]["msg"]), (200, &json!("OK Conversation resolved successfully")));
    let shown = details(program.served, &id).await;
    assert_eq!((&shown["state"], &shown["stage"]), (&json!("CLOSE"), &json!("OPEN")), "the main one ended, the survey goes on");
    let survey = shown["dialogs"][1]["dialogId"].as_str().expect("an id").to_owned();
    (id, survey)
}

#[tokio::test]
async fn connector_line_14_a_survey_begins_with_the_dialogs_end_is_answered_by_plain_text_and_skipped_by_stage() {
    let settings = antiphon_domain::AccountSettings { survey_app: Some("survey".into()), ..Default::default() };
    let served = serve_with(settings, antiphon_api::compat::CompatLimits::default()).await;
    let mut client = agent(&served, "agent1").await;
    let program = Program { features: r#"["MULTI_DIALOG"]"#, ..program(&served).await };
    let (id, survey) = surveyed(&program, &mut client).await;
    let answer = program.write(&survey, "5").await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "code": "OK", "body": { "sequence": 0 }, "reqId": "3" })), "from 0 again");
    let typing = json!({ "dialogId": survey, "event": { "type": "ChatStateEvent", "chatState": "COMPOSING" } });
    assert_eq!(program.send("ms.PublishEvent", typing).await.json()["body"], json!({ "sequence": 0 }), "taken and dropped");
    let late = program.write(&id, "to the main one").await;
    assert_eq!(late.json()["body"]["msg"], "Bad Request, Conversation is close");
    let skipped = program.update(&id, json!({ "field": "Stage", "conversationState": "CLOSE" })).await;
    assert_eq!((skipped.status, &skipped.json()["body"]["msg"]), (200, &json!("OK Conversation resolved successfully")));
    assert_eq!(program.write(&survey, "too late").await.json()["body"]["msg"], "Bad Request, Conversation is close");
    // Skipped from the start: no survey at all.
    let id = program.open().await;
    program.update(&id, json!({ "field": "Stage", "conversationState": "CLOSE" })).await;
    assert_eq!(details(&served, &id).await["dialogs"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_survey_that_goes_on_keeps_nobody_from_opening_anew() {
    let settings = antiphon_domain::AccountSettings { survey_app: Some("survey".into()), ..Default::default() };
    let served = serve_with(settings, antiphon_api::compat::CompatLimits::default()).await;
    let mut client = agent(&served, "agent1").await;
    let program = Program { features: r#"["MULTI_DIALOG"]"#, ..program(&served).await };
    let (first, _) = surveyed(&program, &mut client).await;
    assert_ne!(program.open().await, first);
    assert_eq!(details(&served, &first).await["stage"], "CLOSE", "the survey was closed for it");
}

#[tokio::test]
async fn connector_line_15_a_closed_conversation_is_rated() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    let program = program(&served).await;
    let id = program.open().await;
    accept(&mut client).await;
    program.update(&id, json!({ "field": "Stage", "conversationState": "CLOSE" })).await;
    let rating = json!({ "field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": true, "status": "FILLED" });
    let rated = program.update(&id, rating).await;
    assert_eq!((rated.status, &rated.json()["code"]), (200, &json!("OK")));
    let shown = details(&served, &id).await;
    assert_eq!(shown["csat"], json!({ "csatRate": 5, "csatResolutionConfirmation": true, "status": "FILLED" }));
    let stored = served.test.conversations().await.into_iter().find(|it| it.id.to_string() == id).expect("it is there");
    assert!(stored.rating.is_some_and(|rating| rating.stars == Some(5) && rating.resolved == Some(true)));
}

#[tokio::test]
async fn the_history_tells_what_the_program_said() {
    let served = serve().await;
    let program = program(&served).await;
    let sdes = json!([{ "type": "ctmrinfo", "info": { "customerId": "A1", "ctype": "vip" } }]);
    let mut list = opening(json!({ "campaignInfo": { "campaignId": 7, "engagementId": "8" } }));
    list[0]["body"] = json!({ "firstName": "Kim", "authenticatedData": { "lp_sdes": sdes } });
    let opened = program.post(OPEN, &list).await.json();
    let id = opened[1]["body"]["conversationId"].as_str().expect("an id").to_owned();
    let bearer = served.login("manager1").await["bearer"].as_str().expect("a bearer").to_owned();
    let path = "/messaging_history/api/account/12/conversations/conversation/search";
    let body = json!({ "conversationId": id, "contentToRetrieve": ["campaign", "sdes", "unAuthSdes", "conversationSurveys", "summary"] });
    let request = http::Request::post(path).header("authorization", format!("Bearer {bearer}")).body(body.to_string().into());
    let told = served.call(request.expect("a request")).await.json();
    let record = &told["conversationHistoryRecords"][0];
    assert_eq!(record["campaign"], json!({ "campaignId": "7", "campaignEngagementId": "8" }));
    assert_eq!(record["unAuthSdes"]["events"][0]["sdeType"], "CUSTOMER_INFO");
    assert_eq!(record["unAuthSdes"]["events"][0]["body"], json!({ "customerId": "A1", "customerType": "vip" }));
    assert_eq!((&record["sdes"]["events"], &record["conversationSurveys"], &record["summary"]), (&json!([]), &json!([]), &json!({})));
    assert_eq!(record["info"]["source"], "CONNECTOR_API");
}

#[tokio::test]
async fn a_consumer_never_reaches_anothers_conversation() {
    let served = serve().await;
    let program = program(&served).await;
    let id = program.open().await;
    let thief =
        Program { consumer: consumer(&served, &program.app, "eve").await, app: program.app.clone(), served: &served, features: "[]" };
    let invalid = refusal(401, 40103, "Invalid ConsumerJWS", "ConsumerJWS is invalid");
    for answer in [thief.write(&id, "mine").await, thief.update(&id, json!({ "field": "Stage", "conversationState": "CLOSE" })).await] {
        assert_eq!((answer.status, answer.json()), (401, invalid.clone()));
    }
    let unknown = thief.write("019aff00-0102-7304-8506-0708090a0b0c", "x").await;
    assert_eq!((unknown.status, &unknown.json()["code"]), (400, &json!("BAD_REQUEST")));
    let agents = thief.update(&id, json!({ "field": "Skill", "skill": "2" })).await;
    assert_eq!(agents.status, 400);
    assert_eq!(served.test.texts(&served.test.conversations().await[0]).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_published_limits_hold() {
    let served = serve_with(
        antiphon_domain::AccountSettings::default(),
        antiphon_api::compat::CompatLimits {
            sends_per_second: std::num::NonZeroU32::new(1).expect("one"),
            sends_at_once: std::num::NonZeroU32::new(6).expect("six"),
            ..Default::default()
        },
    )
    .await;
    let program = program(&served).await;
    let id = program.open().await;
    let long = program.write(&id, &"x".repeat(5_000)).await;
    assert_eq!((long.status, long.json()), (400, json!({ "code": "BAD_REQUEST", "body": { "msg": "Bad Request" }, "reqId": "3" })));
    assert_eq!(program.write(&id, &"😀".repeat(1_200)).await.status, 200);
    assert_eq!(program.post("/api/account/12/messaging/consumer/conversation/send?v=2", &json!({})).await.status, 404);
    assert_eq!(program.call(SEND, &[("authorization", &program.app), ("x-lp-on-behalf", &program.consumer)], "{").await.status, 400);
    let mut last = program.write(&id, "again").await;
    for _ in 0..6 {
        last = program.write(&id, "again").await;
    }
    assert_eq!((last.status, last.header("retry-after"), &last.json()["code"]), (429, "1", &json!("TOO_MANY_REQUESTS")));
    served.test.clock.advance(2_000);
    assert_eq!(program.write(&id, "later").await.status, 200);
}

#[tokio::test]
async fn the_same_key_is_worked_on_once() {
    let served = serve().await;
    let program = program(&served).await;
    let keyed = async |path: &str, key: &str, body: &Value| {
        let headers = [("authorization", &*program.app), ("x-lp-on-behalf", &*program.consumer), ("idempotency-key", key)];
        program.call(path, &headers, &body.to_string()).await
    };
    let first = keyed(OPEN, "open-1", &opening(json!({}))).await.json();
    assert_eq!(keyed(OPEN, "open-1", &opening(json!({}))).await.json(), first);
    let id = first[1]["body"]["conversationId"].as_str().expect("an id");
    let publish =
        |text: &str| json!({ "kind": "req", "id": "3", "type": "ms.PublishEvent", "body": { "dialogId": id, "event": content(text) } });
    assert_eq!(keyed(SEND, "m1", &publish("hi")).await.json()["body"]["sequence"], 0);
    assert_eq!(keyed(SEND, "m1", &publish("hi")).await.json()["body"]["sequence"], 0);
    let other = keyed(SEND, "m1", &publish("something else")).await;
    assert_eq!((other.status, &other.json()["code"]), (409, &json!("CONFLICT")));
    // The envelope's id only correlates: the same one twice is two messages.
    assert_eq!(program.write(id, "a").await.json()["body"]["sequence"], 1);
    assert_eq!(program.write(id, "a").await.json()["body"]["sequence"], 2);
}
