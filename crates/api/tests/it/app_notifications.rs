//! What an administrator sees and does about notifications to apps.

use crate::world::World;
use antiphon_testkit::net::answer;
use serde_json::{Value, json};

const CONTENT: &str = "ms.MessagingEventNotification.ContentEvent";
const CHANGE: &str = "cqm.ExConversationChangeNotification";

/// An app that answers 500, and was told of one conversation.
async fn world() -> World {
    let world = World::start().await;
    world.test.net.at("https://app.test/", answer(500, ""));
    let headers = json!([{"header_name": "X-Key", "header_value": "hush-hush"}]);
    let webhooks =
        json!({CONTENT: {"endpoint": "https://app.test/content", "headers": headers}, CHANGE: {"endpoint": "https://app.test/change"}});
    world.test.install("my-app", json!({"webhooks": webhooks})).await;
    world.test.receive("say k1 +1 hello").await;
    world
}

/// The app's list, once so many are settled.
async fn settled(world: &World, count: usize) -> Vec<Value> {
    let admin = world.administrator().await;
    loop {
        let page = admin.get("apps/my-app/notifications").await.expect(200);
        let items = page["items"].as_array().expect("a list").clone();
        if items.iter().filter(|item| item["state"] != "waiting").count() >= count {
            return items;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_log_shows_what_was_sent_and_what_came_of_it() {
    let world = world().await;
    let admin = world.administrator().await;
    let items = settled(&world, 2).await;
    let (content, change) = (&items[0], &items[1]);
    assert_eq!((&content["event_type"], &change["event_type"]), (&json!(CONTENT), &json!(CHANGE)));
    for (member, value) in [
        ("state", json!("dropped")),
        ("attempts", json!(1)),
        ("status", json!(500)),
        ("sequence", json!(0)),
        ("endpoint", json!("https://app.test/content")),
        ("requeued_at", Value::Null),
        ("dialog_id", content["conversation_id"].clone()),
    ] {
        assert_eq!(content[member], value, "{member}");
    }
    assert!(content["error"].as_str().is_some_and(|error| error.contains("answered 500")), "{content}");
    assert_eq!((&change["sequence"], &change["dialog_id"]), (&Value::Null, &Value::Null));
    let id = content["id"].as_str().expect("an id");
    let one = admin.get(&format!("apps/my-app/notifications/{id}")).await.expect(200);
    assert_eq!(one["notification"], *content);
    assert_eq!((&one["request"]["url"], &one["request"]["body"]), (&json!("https://app.test/content"), &json!("event 0 hello")));
    let text = one.to_string();
    assert!(!text.contains("hush-hush") && !text.contains("secret-of-my-app"), "{text}");
    assert!(text.contains("x-key") && text.contains("x-secret"), "{text}");
    admin.get("apps/my-app/notifications/ntf_0000000000000007").await.expect_error(404, "not_found", None);
    admin.get("apps/nobody/notifications").await.expect_error(404, "not_found", None);

    let first = admin.get("apps/my-app/notifications?limit=1").await.expect(200);
    assert_eq!(first["items"], json!([content]));
    let next = first["next"].as_str().expect("there is more");
    let second = admin.get(&format!("apps/my-app/notifications?limit=1&after={next}")).await.expect(200);
    assert_eq!((&second["items"], &second["next"]), (&json!([change]), &Value::Null));
    assert_eq!(admin.get("apps/my-app/notifications?state=dropped").await.expect(200)["items"], json!([content, change]));
    assert_eq!(admin.get("apps/my-app/notifications?state=waiting").await.expect(200)["items"], json!([]));
    admin.get("apps/my-app/notifications?state=delivered").await.expect_error(400, "validation_failed", Some("state"));
    admin.get("apps/my-app/notifications?after=x").await.expect_error(400, "validation_failed", Some("after"));
}

#[tokio::test]
async fn what_waits_is_paged_in_the_order_in_which_it_will_go() {
    let world = World::start().await;
    world.test.net.at("https://app.test/", answer(500, ""));
    let webhooks = json!({CONTENT: {"endpoint": "https://app.test/content"}});
    world.test.install("my-app", json!({"webhooks": webhooks, "retention_time_s": 3600})).await;
    for number in 0..6 {
        world.test.receive(&format!("say k{number} +{} text", number % 2)).await;
    }
    let admin = world.administrator().await;
    let whole = admin.get("apps/my-app/notifications?state=waiting").await.expect(200);
    let whole = whole["items"].as_array().expect("a list").clone();
    let keys: Vec<String> = whole.iter().map(|item| format!("{} {}", item["conversation_id"], item["id"])).collect();
    assert_eq!(keys.len(), 6);
    assert!(keys.is_sorted(), "{keys:?}");
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("apps/my-app/notifications?state=waiting&limit=4{after}")).await.expect(200);
        paged.extend(page["items"].as_array().expect("a list").iter().map(|item| item["id"].clone()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(paged, whole.iter().map(|item| item["id"].clone()).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_state_a_test_and_a_redrive() {
    let world = world().await;
    let admin = world.administrator().await;
    settled(&world, 2).await;
    let state = admin.get("apps/my-app/state").await.expect(200);
    assert_eq!((&state["state"], &state["waiting"], &state["more_waiting"]), (&json!("failed"), &json!(0), &json!(false)));
    let endpoint = &state["endpoints"][0];
    assert_eq!((&endpoint["event_type"], &endpoint["failing_conversations"]), (&json!(CONTENT), &json!(1)));
    assert!(endpoint["last_error"].as_str().is_some_and(|error| error.contains("500")), "{state}");

    let tested = admin.post("apps/my-app/test", json!({"event_type": CHANGE})).await.expect(200);
    let call = &tested["calls"][0];
    assert_eq!((&call["delivered"], &call["status"], &call["event_type"]), (&json!(false), &json!(500), &json!(CHANGE)));
    admin.post("apps/my-app/test", json!({"event_type": "x"})).await.expect_error(400, "validation_failed", Some("event_type"));
    admin.post("apps/my-app/test", json!({"event_type": CHANGE, "x": 1})).await.expect_error(400, "validation_failed", Some("x"));
    world.test.net.at("https://app.test/", answer(200, ""));
    let tested = admin.post("apps/my-app/test", json!({})).await.expect(200);
    assert_eq!(tested["calls"].as_array().map(Vec::len), Some(2));
    assert!(tested["calls"].as_array().expect("a list").iter().all(|call| call["delivered"] == true), "{tested}");

    admin.post("apps/my-app/redrive", json!({})).await.expect_error(400, "validation_failed", Some("from"));
    admin.post("apps/my-app/redrive", json!({"from": 5, "to": 5})).await.expect_error(400, "validation_failed", Some("to"));
    admin.post("apps/my-app/redrive", json!({"from": 0, "after": "x"})).await.expect_error(400, "validation_failed", Some("after"));
    let redriven = admin.post("apps/my-app/redrive", json!({"from": 0, "only_dropped": true})).await.expect(200);
    assert_eq!(redriven, json!({"queued": 2, "next": null}));
    let items = loop {
        let items = settled(&world, 2).await;
        if items.iter().all(|item| item["state"] == "delivered") {
            break items;
        }
    };
    assert!(items.iter().all(|item| item["requeued_at"].is_i64() && item["attempts"] == 1), "{items:?}");
    assert_eq!(admin.get("apps/my-app/state").await.expect(200)["state"], "up");
    let audit = admin.get("audit").await.expect(200).to_string();
    assert!(audit.contains("app.notifications_redriven") && audit.contains("app.tested") && !audit.contains("hush"), "{audit}");
}
