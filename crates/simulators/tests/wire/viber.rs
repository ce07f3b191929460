//! The Viber simulator: what a bot sees of it, and what it sends.

use antiphon_simulators::ViberSim;
use antiphon_simulators::viber::signature;
use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

const BOT: &str = "pa:1";
const BOT_TOKEN: &str = "sim-viber-token";
const USER: &str = "u1==";

async fn viber() -> (ViberSim, Sink) {
    let sink = Sink::start().await;
    let sim = ViberSim::start(listener().await, config(None));
    sim.create_bot(BOT, BOT_TOKEN, "Sim");
    sim.create_consumer(BOT, USER, "Ada").unwrap();
    (sim, sink)
}

async fn call(sim: &ViberSim, method: &str, body: &Value) -> Value {
    let request = client().post(format!("{}/pa/{method}", sim.base_url())).header("X-Viber-Auth-Token", BOT_TOKEN).json(body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "whatever happened");
    answer.json().await.unwrap()
}

fn text(text: &str) -> Value {
    json!({ "receiver": USER, "min_api_version": 1, "sender": { "name": "Shop" }, "type": "text", "text": text, "tracking_data": "t1" })
}

#[tokio::test]
async fn the_webhook_is_called_while_it_is_being_set() {
    let (sim, sink) = viber().await;
    sink.answer(&[(500, "text/plain", "")]);
    let url = format!("{}/vb", sink.base);
    assert_eq!(call(&sim, "set_webhook", &json!({ "url": url })).await["status"], 1);
    assert_eq!(call(&sim, "send_message", &text("x")).await["status"], 10);
    let set = call(&sim, "set_webhook", &json!({ "url": url, "event_types": ["delivered"] })).await;
    assert_eq!((set["status"].as_i64(), set["event_types"].clone()), (Some(0), json!(["delivered"])));
    let check = &sink.all()[1];
    assert_eq!(
        (check.json()["event"].as_str(), check.header("x-viber-content-signature")),
        (Some("webhook"), signature(BOT_TOKEN, &check.body).as_str())
    );
    assert!(check.json()["message_token"].as_u64().unwrap() > 1 << 53);
    assert_eq!(call(&sim, "get_account_info", &json!({})).await["webhook"], url);
}

#[tokio::test]
async fn messages_come_with_tracking_data_and_go_with_receipts() {
    let (sim, sink) = viber().await;
    sim.set_webhook(BOT, &format!("{}/vb", sink.base)).unwrap();
    assert_eq!(call(&sim, "send_message", &text("x")).await["status"], 6, "nobody has subscribed");
    sim.consumer_writes_text(BOT, USER, "hi").unwrap();
    let token = call(&sim, "send_message", &text("hello")).await["message_token"].as_u64().unwrap();
    sim.settle().await;
    sim.consumer_opens(BOT, USER, true).unwrap();
    sim.settle().await;
    sim.consumer_writes_text(BOT, USER, "thanks").unwrap();
    sim.set_failure(BOT, USER, Some("no device")).unwrap();
    call(&sim, "send_message", &text("lost")).await;
    sim.consumer_subscribes(BOT, USER, false).unwrap();
    sim.settle().await;
    let kinds: Vec<String> = sink.all().iter().map(|one| one.json()["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["message", "delivered", "seen", "message", "failed", "unsubscribed"]);
    let events: Vec<Value> = sink.all().iter().map(super::sink::Received::json).collect();
    assert_eq!((events[1]["message_token"].as_u64(), events[2]["message_token"].as_u64()), (Some(token), Some(token)));
    assert_eq!(events[3]["message"]["tracking_data"], "t1");
    assert_eq!(events[4]["desc"], "no device");
    assert_eq!(call(&sim, "send_message", &text("x")).await["status"], 6);
}

#[tokio::test]
async fn a_new_conversation_is_welcomed_by_the_answer() {
    let (sim, sink) = viber().await;
    sim.set_webhook(BOT, &format!("{}/vb", sink.base)).unwrap();
    sink.answer(&[(200, "application/json", r#"{"type":"text","text":"Welcome!"}"#)]);
    sim.consumer_starts(BOT, USER, "spring").unwrap();
    sim.settle().await;
    assert_eq!(sink.all()[0].json()["context"], "spring");
    let overview = client().get(format!("{}/_sim/phone/thread?line=pa%3A1&consumer=u1%3D%3D", sim.base_url())).send().await.unwrap();
    assert_eq!(overview.json::<Value>().await.unwrap()["messages"][0]["text"], "Welcome!");
}

#[tokio::test]
async fn bad_messages_are_refused_with_status_200_and_failed_events_repeated() {
    let (sim, sink) = viber().await;
    sim.set_webhook(BOT, &format!("{}/vb", sink.base)).unwrap();
    sink.answer(&[(503, "text/plain", ""), (503, "text/plain", "")]);
    sim.consumer_writes_text(BOT, USER, "hi").unwrap();
    sim.settle().await;
    sim.advance_clock(60_000).await;
    assert_eq!(sink.all().len(), 3);
    let status = |change: fn(&mut Value)| {
        let mut body = text("x");
        change(&mut body);
        let sim = sim.clone();
        async move { call(&sim, "send_message", &body).await["status"].as_i64().unwrap() }
    };
    assert_eq!(status(|body| body["text"] = "x".repeat(7_001).into()).await, 3);
    assert_eq!(status(|body| body["sender"]["name"] = "x".repeat(29).into()).await, 3);
    assert_eq!(status(|body| body["receiver"] = "nobody".into()).await, 5);
    assert_eq!(status(|body| body["type"] = "dance".into()).await, 3);
    let cell = json!({ "Columns": 6, "Rows": 1, "ActionType": "none", "ActionBody": "none", "Text": "a" });
    let grid = json!({ "receiver": USER, "min_api_version": 7, "sender": { "name": "S" }, "type": "rich_media", "rich_media": { "ButtonsGroupRows": 2, "Buttons": [cell] } });
    assert_eq!(call(&sim, "send_message", &grid).await["status"], 3, "half a block");
    sim.refuse_with(BOT, Some(12)).unwrap();
    assert_eq!(status(|_| ()).await, 12);
    sim.create_bot(BOT, "another", "Sim");
    assert_eq!(status(|_| ()).await, 2);
}
