//! Reading conversations, messages, deliveries, consent and dead letters: what the API says is what the store says.

use crate::world::World;
use antiphon_app::consumers::{Open, ProfileUpdate};
use antiphon_app::ports::Store;
use antiphon_app::ports::bus::{Announcement, Heard, Topic};
use antiphon_domain::id::DialogNumber;
use antiphon_domain::{DeliveryStatus, SourceId, Timestamp};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;
use serde_json::{Value, json};

/// Waits until some delivery has a status.
async fn until(world: &World, status: DeliveryStatus) {
    let mut listener = world.test.listen(Topic::Account(world.test.account()));
    let stored = world.test.store.deliveries(&world.test.account(), &Default::default(), None, 50).await.expect("the store reads");
    if stored.iter().any(|delivery| delivery.status == status) {
        return;
    }
    TestApp::hear(&mut listener, |heard| match heard {
        Heard::That(Announcement::Deliveries(moved)) => moved.iter().any(|delivery| delivery.status == status).then_some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn a_conversation_reads_as_it_is_stored() {
    let world = World::start().await;
    world.test.net.otherwise(answer(200, "vendor-1"));
    let agent = world.test.arrive("agent1").await;
    world.test.receive("say k1 +4930 hello there").await;
    let conversation = world.test.accept(&agent).await;
    world.test.receive("say k2 +4930 anybody?").await;
    world.test.write(&agent, &conversation, "yes").await.expect("the agent may write");
    until(&world, DeliveryStatus::Sent).await;

    let api = world.signed_in("agent1").await;
    let path = format!("conversations/{}", conversation.id);
    let shown = api.get(&path).await;
    let stored =
        world.test.store.conversation(&world.test.account(), conversation.id).await.expect("the store reads").expect("it is stored");
    assert_eq!(shown.header("etag"), format!("\"{}\"", stored.version));
    let shown = shown.expect(200);
    assert_eq!(shown["version"], json!(stored.version));
    assert_eq!((shown["state"].as_str(), shown["channel"].as_str()), (Some("open"), Some("test_channel")));
    assert_eq!(shown["assigned_agent"], "1");
    assert_eq!(shown["consumer"], json!({"id": stored.consumer.to_string(), "name": null, "address": "+4930"}));
    assert_eq!(shown["last_message"]["text"], "yes");
    assert!(shown["waiting_since"].is_null(), "the agent answered");
    assert_eq!(api.get("conversations").await.expect(200)["items"], json!([shown]));

    let messages = api.get(&format!("{path}/messages")).await.expect(200);
    let events =
        world.test.store.events(&world.test.account(), conversation.id, DialogNumber::MAIN, 0, 100).await.expect("the store reads");
    let items = messages["items"].as_array().expect("items");
    assert_eq!(items.len(), events.len());
    for (item, event) in items.iter().zip(&events) {
        assert_eq!(item["sequence"], json!(event.sequence));
        assert_eq!(item["at"], json!(event.at.0));
        assert_eq!(item["dialog_id"], json!(conversation.id.to_string()));
    }
    assert_eq!(items[0]["event"], json!({"type": "ContentEvent", "contentType": "text/plain", "message": "hello there"}));
    assert_eq!((items[0]["originator_role"].as_str(), items[0]["delivery"].is_null()), (Some("CONSUMER"), true));
    let own = items.iter().find(|item| item["event"]["message"] == "yes").expect("the agent's message");
    assert_eq!((own["originator_id"].as_str(), own["originator_role"].as_str()), (Some("1"), Some("ASSIGNED_AGENT")));
    assert_eq!((own["delivery"]["status"].as_str(), own["delivery"]["parts"].as_u64()), (Some("sent"), Some(1)));

    // Paging by sequence gives the same, in pieces.
    let first = api.get(&format!("{path}/messages?limit=2")).await.expect(200);
    let next = first["next"].as_str().expect("there are more");
    let rest = api.get(&format!("{path}/messages?after_sequence={next}")).await.expect(200);
    let joined: Vec<Value> = [&first, &rest].iter().flat_map(|page| page["items"].as_array().expect("items").clone()).collect();
    assert_eq!(joined, *items);
    api.get(&format!("{path}/messages?dialog=nonsense")).await.expect_error(404, "not_found", None);

    let changes = api.get(&format!("{path}/changes")).await.expect(200);
    let kinds: Vec<_> = changes["items"].as_array().expect("items").iter().filter_map(|change| change["kind"].as_str()).collect();
    assert_eq!(kinds, ["opened", "ring_ended", "agent_assigned"]);
    assert_eq!(changes["items"][1]["detail"]["state"], "ACCEPTED");
    assert_eq!(changes["items"][2]["detail"], json!({"user_id": "1"}));
}

#[tokio::test]
async fn a_failed_delivery_says_why_and_is_tried_again() {
    let world = World::start().await;
    world.test.net.then(answer(400, "no"));
    let agent = world.test.arrive("agent1").await;
    world.test.receive("say k1 +4930 hello").await;
    let conversation = world.test.accept(&agent).await;
    world.test.write(&agent, &conversation, "yes").await.expect("the agent may write");
    until(&world, DeliveryStatus::Failed).await;
    let api = world.signed_in("agent1").await;
    let failed = api.get(&format!("deliveries?conversation={}&state=failed", conversation.id)).await.expect(200);
    let failed = &failed["items"][0];
    assert_eq!((failed["code"].as_str(), failed["message"].as_str()), (Some("refused"), Some("The test channel says refused.")));
    world.test.net.otherwise(answer(200, "vendor-1"));
    let path = format!("deliveries/{}/retry", failed["id"].as_str().expect("an id"));
    let again = api.post(&path, json!({})).await.expect(200);
    assert_eq!((again["status"].as_str(), again["code"].is_null()), (Some("queued"), true));
    until(&world, DeliveryStatus::Sent).await;
    api.post(&path, json!({})).await.expect_error(409, "not_possible", None);
    let audit = world.administrator().await.get("audit").await.expect(200);
    assert_eq!(audit["items"].as_array().expect("items").iter().filter(|entry| entry["action"] == "delivery.retried").count(), 1);
}

#[tokio::test]
async fn consent_is_recorded_with_proof() {
    let world = World::start().await;
    world.test.receive("say k1 +4930 hello").await;
    let manager = world.signed_in("manager1").await;
    let consumer = manager.get("consumers?q=4930").await.expect(200)["items"][0].clone();
    assert_eq!((consumer["opted_out"].as_bool(), consumer["conversations"].as_u64()), (Some(false), Some(1)));
    let path = format!("consumers/{}", consumer["id"].as_str().expect("an id"));
    let record = async |kind: &str, proof: &str| manager.post(&format!("{path}/consents"), json!({"kind": kind, "proof": proof})).await;
    record("opt_out", "").await.expect_error(400, "validation_failed", Some("proof"));
    record("maybe", "said so").await.expect_error(400, "validation_failed", Some("kind"));
    let entry = record("opt_out", "said so on the phone").await.expect(201);
    assert_eq!((entry["how"].as_str(), entry["by"].as_str()), (Some("administrator"), Some("3")));
    assert_eq!(manager.get(&path).await.expect(200)["opted_out"], json!(true));
    record("opt_in", "signed a form").await.expect(201);
    let ledger = manager.get(&format!("{path}/consents")).await.expect(200);
    let kinds: Vec<_> = ledger["items"].as_array().expect("items").iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds, ["opt_in", "opt_out"]);
    assert_eq!(manager.get(&path).await.expect(200)["opted_out"], json!(false));
    let page = manager.get(&format!("{path}/consents?limit=1")).await.expect(200);
    let next = page["next"].as_str().expect("there is another");
    assert_eq!(manager.get(&format!("{path}/consents?after={next}")).await.expect(200)["items"][0]["kind"], "opt_out");
}

#[tokio::test]
async fn a_recorded_withdrawal_cancels_what_is_queued() {
    let world = World::start().await;
    let agent = world.test.arrive("agent1").await;
    world.test.receive("say k1 +4930 hello").await;
    let conversation = world.test.accept(&agent).await;
    // The vendor is not reached, so the delivery waits for its next attempt.
    world.test.write(&agent, &conversation, "yes").await.expect("the agent may write");
    world.test.net.called(1).await;
    let manager = world.signed_in("manager1").await;
    let queued = loop {
        let list = manager.get("deliveries?state=queued").await.expect(200);
        let next = list["items"][0]["next_attempt_at"].as_i64().map(Timestamp);
        if list["items"][0]["attempts"].is_u64() && next.is_some_and(|next| world.test.clock.is_awaited(next)) {
            break list["items"][0].clone();
        }
        tokio::task::yield_now().await;
    };
    let mut listener = world.test.listen(Topic::User(world.test.account(), agent.id()));
    let path = format!("consumers/{}/consents", conversation.consumer);
    manager.post(&path, json!({"kind": "opt_out", "proof": "said so on the phone"})).await.expect(201);
    let told = TestApp::hear(&mut listener, |heard| match heard {
        Heard::That(Announcement::Deliveries(moved)) => Some(moved[0].status),
        _ => None,
    });
    assert_eq!(told.await, DeliveryStatus::Cancelled, "who serves the consumer is told");
    let cancelled = manager.get("deliveries?state=cancelled").await.expect(200);
    assert_eq!((&cancelled["items"][0]["id"], cancelled["items"][0]["code"].as_str()), (&queued["id"], Some("opted_out")));
    let retry = format!("deliveries/{}/retry", queued["id"].as_str().expect("an id"));
    manager.post(&retry, json!({})).await.expect_error(409, "not_possible", None);
    world.test.clock.advance(3_600_000);
    assert_eq!(world.test.net.calls().len(), 1, "nothing goes out any more");
}

#[tokio::test]
async fn a_dead_letter_is_shown_and_worked_through_again() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let source = format!("sources/{}", SourceId(1));
    admin.patch(&source, json!({"enabled": false})).await.expect(200);
    assert_eq!(world.test.receive("say k1 +4930 hello").await.status, 200);
    let list = admin.get("dead-letters").await.expect(200);
    let letter = &list["items"][0];
    assert_eq!((letter["reason_code"].as_str(), letter.get("body")), (Some("source_off"), None));
    let path = format!("dead-letters/{}", letter["id"].as_str().expect("an id"));
    assert_eq!(admin.get(&path).await.expect(200)["body"], "say k1 +4930 hello");
    admin.patch(&source, json!({"enabled": true})).await.expect(200);
    let redriven = admin.post(&format!("{path}/redrive"), json!({})).await.expect(200);
    assert!(redriven["redriven_at"].is_i64());
    assert_eq!(admin.get("conversations").await.expect(200)["items"][0]["last_message"]["text"], "hello");
    admin.post(&format!("{path}/redrive"), json!({})).await.expect_error(409, "not_possible", None);
}

#[tokio::test]
async fn the_list_is_filtered_and_paged() {
    let world = World::start().await;
    for (at, from) in [(1, "+491"), (2, "+492"), (3, "+493")] {
        world.test.clock.advance(10);
        world.test.receive(&format!("say k{at} {from} hello")).await;
    }
    let manager = world.signed_in("manager1").await;
    let addresses = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items").iter();
        items.map(|item| item["consumer"]["address"].as_str().expect("an address").to_owned()).collect()
    };
    let all = manager.get("conversations").await.expect(200);
    assert_eq!(addresses(&all), ["+493", "+492", "+491"], "newest change first");
    let first = manager.get("conversations?limit=2").await.expect(200);
    let rest = manager.get(&format!("conversations?limit=2&after={}", first["next"].as_str().expect("more"))).await.expect(200);
    assert_eq!([addresses(&first), addresses(&rest)].concat(), addresses(&all));
    assert!(rest["next"].is_null());
    let check = async |query: &str, expected: &[&str]| {
        assert_eq!(addresses(&manager.get(&format!("conversations?{query}")).await.expect(200)), expected, "{query}");
    };
    check("q=492", &["+492"]).await;
    check("state=closed", &[]).await;
    check("agent=none&skill=1", &["+493", "+492", "+491"]).await;
    check("agent=me", &[]).await;
    manager.get("conversations?state=ajar").await.expect_error(400, "validation_failed", Some("state"));
    manager.get("conversations?consumer=x").await.expect_error(400, "validation_failed", Some("consumer"));
    manager.get("conversations/not-a-uuid").await.expect_error(404, "not_found", None);
}

#[tokio::test]
async fn what_the_page_told_is_shown_to_who_may_see_the_conversation() {
    let world = World::start().await;
    let agent = world.test.arrive("agent1").await;
    let kim = world.test.consumer("kim");
    let attributes = r#"[{"type":"cart","total":39,"products":[{"product":{"name":"<b>kettle</b>"},"quantity":1}]}]"#;
    let profile = ProfileUpdate { email: Some("kim@shop.example".into()), attributes: Some(attributes.into()), ..ProfileUpdate::default() };
    let open = Open {
        profile: Some(profile),
        campaign: Some(r#"{"campaignId":"spring","engagementId":"news"}"#.into()),
        context: Some(r#"{"type":"SharkContext","lang":"en-US"}"#.into()),
        ..Open::default()
    };
    world.test.app.open_conversation(&kim, open).await.expect("opens");
    let conversation = world.test.accept(&agent).await;
    let path = format!("conversations/{}/visit", conversation.id);
    let told = world.signed_in("agent1").await.get(&path).await.expect(200);
    assert_eq!(told["told"], serde_json::from_str::<Value>(attributes).expect("JSON"), "as it was told, for the screen to escape");
    assert_eq!(told["campaign"], json!({"campaignId": "spring", "engagementId": "news"}));
    assert_eq!((&told["context"]["lang"], &told["contact"]["email"]), (&json!("en-US"), &json!("kim@shop.example")));
    assert_eq!(told["vouched"], json!(null), "nobody signed anything");
    world.signed_in("agent2").await.get(&path).await.expect(403);
    // Where nothing was told there is nothing, for every channel alike.
    world.test.receive("say k1 +4930 hello").await;
    let other = world.test.accept(&agent).await;
    let told = world.signed_in("agent1").await.get(&format!("conversations/{}/visit", other.id)).await.expect(200);
    assert_eq!((&told["told"], &told["campaign"], &told["client"]), (&json!([]), &json!(null), &json!(null)));
}

#[tokio::test]
async fn templates_are_listed_as_the_vendor_has_them() {
    let world = World::start().await;
    world.test.net.otherwise(answer(200, "order approved Hello {{1}}!\nwelcome paused Welcome!\n"));
    let api = world.signed_in("agent1").await;
    let path = format!("sources/{}/templates", SourceId(1));
    let listed = api.get(&path).await.expect(200);
    let order = json!({"name": "order", "language": "en", "category": null, "state": "approved", "usable": true, "text": "Hello {{1}}!",
        "slots": [{"name": "1", "kind": "text", "example": null}], "buttons": []});
    assert_eq!((&listed["items"][0], &listed["items"][1]["usable"], &listed["next"]), (&order, &json!(false), &Value::Null));
    let calls = || world.test.net.calls().len();
    api.get(&path).await.expect(200);
    assert_eq!(calls(), 1, "remembered");
    api.get(&format!("{path}?fresh=true")).await.expect(200);
    assert_eq!(calls(), 2, "asked afresh");
    api.get(&format!("sources/{}/templates", SourceId(2))).await.expect(404);
    api.get(&format!("{path}?fresh=perhaps")).await.expect(400);
}
