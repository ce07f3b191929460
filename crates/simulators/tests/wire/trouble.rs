//! Faults on both sides, the control API over HTTP, the journal, determinism.

use std::error::Error as _;

use antiphon_simulators::{Direction, Fault, Trouble, WebhookTarget};
use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

fn http(status: u16, body: Value) -> Trouble {
    Trouble::Http { status, body, headers: vec![("Retry-After".into(), "7".into())] }
}

fn post(base: &str) -> reqwest::RequestBuilder {
    client().post(format!("{base}/2010-04-01/Accounts/{SID}/Messages.json")).basic_auth(SID, Some(TOKEN)).form(&[
        ("From", LINE),
        ("To", CONSUMER),
        ("Body", "x"),
    ])
}

async fn control(sim: &antiphon_simulators::Kit, method: &str, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/_sim{path}", sim.base_url());
    let request = client().request(method.parse().unwrap(), url);
    let response = request.json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

#[tokio::test]
async fn scripted_answers_count_down() {
    let sim = twilio(None).await;
    sim.add_fault(Fault::api(http(429, json!({ "code": 20429 }))).times(2).on_path("Messages"));
    for _ in 0..2 {
        let response = post(sim.base_url()).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (429, "7"));
        assert_eq!(response.json::<Value>().await.unwrap()["code"], 20429);
    }
    assert_eq!(post(sim.base_url()).send().await.unwrap().status(), 201);
    assert_eq!(sim.messages_received_count(), 1);
    let statuses: Vec<u16> = sim.requests().iter().map(|entry| entry.status()).collect();
    assert_eq!(statuses, [429, 429, 201]);
}

#[tokio::test]
async fn an_outage_closes_connections_and_leaves_the_control_api() {
    let sim = twilio(None).await;
    sim.add_fault(Fault::api(Trouble::Outage));
    assert!(post(sim.base_url()).send().await.is_err());
    assert_eq!(control(&sim, "GET", "/clock", Value::Null).await.1["now_ms"], START);
    sim.clear_faults();
    assert_eq!(post(sim.base_url()).send().await.unwrap().status(), 201);
    assert_eq!(sim.messages_received_count(), 1);
}

#[tokio::test]
async fn a_reset_may_come_before_or_after_the_effect() {
    let sim = twilio(None).await;
    sim.add_fault(Fault::api(Trouble::Reset { after_processing: false }).times(1));
    let error = post(sim.base_url()).send().await.unwrap_err();
    let mut cause = error.source();
    let mut reset = false;
    while let Some(inner) = cause {
        reset |= inner.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionReset);
        cause = inner.source();
    }
    assert!(reset, "{error:?}");
    assert_eq!(sim.messages_received_count(), 0);
    sim.add_fault(Fault::api(Trouble::Reset { after_processing: true }).times(1));
    assert!(post(sim.base_url()).send().await.is_err());
    assert_eq!(sim.messages_received_count(), 1, "the ambiguous case: it went out");
}

#[tokio::test]
async fn a_slow_call_waits_for_the_virtual_clock() {
    let sim = twilio(None).await;
    sim.add_fault(Fault::api(Trouble::Slow { ms: 30_000 }).times(1));
    let call = tokio::spawn(post(sim.base_url()).send());
    sim.wait_until(|| sim.faults().is_empty()).await;
    sim.wait_until(|| !sim.requests().is_empty()).await;
    assert_eq!(sim.messages_received_count(), 0);
    sim.advance_clock(30_000).await;
    assert_eq!(call.await.unwrap().unwrap().status(), 201);
}

fn bodies(sink: &Sink) -> Vec<String> {
    sink.all().iter().map(|got| got.field("Body")).collect()
}

#[tokio::test]
async fn webhooks_are_doubled_swapped_and_delayed() {
    let sink = Sink::start().await;
    let sim = twilio(Some(format!("{}/sms", sink.base))).await;
    let write = |text: &str| sim.consumer_writes_text(CONSUMER, LINE, text).unwrap();
    sim.add_fault(Fault::webhook(Trouble::Duplicate { copies: 2 }).times(1));
    write("a");
    sim.settle().await;
    assert_eq!(bodies(&sink), ["a", "a", "a"]);
    let same = sink.all().iter().all(|got| got.header("x-twilio-signature") == sink.all()[0].header("x-twilio-signature"));
    assert!(same);
    sim.add_fault(Fault::webhook(Trouble::Reorder));
    write("b");
    sim.settle().await;
    write("c");
    sim.settle().await;
    assert_eq!(bodies(&sink)[3..], ["c", "b"]);
    write("d");
    sim.advance_clock(2_999).await;
    assert_eq!(sink.all().len(), 5, "held for a neighbour");
    sim.advance_clock(1).await;
    assert_eq!(bodies(&sink)[5..], ["d"]);
    write("e");
    sim.clear_faults();
    sim.settle().await;
    assert_eq!(bodies(&sink)[6..], ["e"], "lifting the fault lets go");
    sim.add_fault(Fault::webhook(Trouble::Slow { ms: 5_000 }).times(1));
    write("f");
    write("g");
    sim.settle().await;
    sim.advance_clock(5_000).await;
    assert_eq!(bodies(&sink)[7..], ["g", "f"]);
}

#[tokio::test]
async fn signatures_stand_over_the_public_address_while_the_origin_differs() {
    let sink = Sink::start().await;
    let sim = twilio(None).await;
    sim.set_webhook_target(Some(WebhookTarget {
        url: "https://hooks.example.test/twilio/in?channel=7".into(),
        connect_to: Some(sink.base.clone()),
    }));
    sim.consumer_writes_text(CONSUMER, LINE, "x").unwrap();
    sim.settle().await;
    let got = sink.all().remove(0);
    assert_eq!((got.path.as_str(), got.query.as_str()), ("/twilio/in", "channel=7"));
    let expected = antiphon_simulators::twilio_sms::signature(TOKEN, "https://hooks.example.test/twilio/in?channel=7", &got.form());
    assert_eq!(got.header("x-twilio-signature"), expected);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_run() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let sim = messenger(None).await;
        let ids: Vec<String> = (0..3).map(|_| sim.consumer_writes_text(PAGE, PSID, "x").unwrap()).collect();
        runs.push(ids);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn the_control_api_does_it_all_over_http() {
    let sink = Sink::start().await;
    let sim = antiphon_simulators::start("twilio_sms", listener().await, super::config(None));
    let hook = json!({ "url": format!("{}/sms", sink.base) });
    assert_eq!(control(&sim, "POST", "/webhook", hook).await.0, 200);
    control(&sim, "POST", "/accounts", json!({ "account_sid": SID, "auth_token": TOKEN, "opt_out": "advanced" })).await;
    let number = json!({ "account_sid": SID, "phone_number": LINE, "rate": 0 });
    assert_eq!(control(&sim, "POST", "/numbers", number.clone()).await.0, 200);
    let (status, refused) = control(&sim, "POST", "/numbers", number).await;
    assert_eq!((status, refused["error"].as_str()), (400, Some("phone_number: +15550001111 exists already")));
    let (_, made) = control(&sim, "POST", "/phone/consumers", json!({ "first_name": "Ada" })).await;
    let consumer = made["id"].as_str().unwrap();
    let message = json!({ "line": LINE, "consumer": consumer, "message": { "text": "hi", "media": [{ "content_type": "image/png", "base64": "UE5H" }] } });
    let (_, written) = control(&sim, "POST", "/phone/messages", message).await;
    control(&sim, "POST", "/settle", json!({})).await;
    assert_eq!(sink.all()[0].field("MessageSid"), written["ids"][0].as_str().unwrap());
    let path = format!("/phone/thread?line=%2B15550001111&consumer={}", consumer.replace('+', "%2B"));
    let (_, thread) = control(&sim, "GET", &path, Value::Null).await;
    let media = thread["messages"][0]["media"][0]["id"].as_str().unwrap().to_owned();
    let file = client().get(format!("{}/_sim/media/{media}", sim.base_url())).send().await.unwrap();
    assert_eq!(file.headers()["x-content-type-options"], "nosniff");
    assert_eq!(file.text().await.unwrap(), "PNG");
    let (_, overview) = control(&sim, "GET", "/phone", Value::Null).await;
    assert_eq!((overview["channel"].as_str(), overview["consumers"][0]["name"].as_str()), (Some("twilio_sms"), Some("Ada")));
    assert_eq!(control(&sim, "POST", "/clock", json!({ "advance_ms": 500 })).await.1["now_ms"], START + 500);
    assert_eq!(control(&sim, "POST", "/faults", json!({ "kind": "outage" })).await.1["faults"][0]["kind"], "outage");
    assert_eq!(control(&sim, "DELETE", "/faults", json!({})).await.1["faults"], json!([]));
    assert_eq!(control(&sim, "POST", "/settings", json!({ "pacing": false })).await.1["pacing"], false);
    assert_eq!(control(&sim, "POST", "/settings", json!({ "pacing": 3 })).await.0, 400);
    let (_, journal) = control(&sim, "GET", "/journal?limit=5", Value::Null).await;
    assert_eq!(journal["entries"][0]["direction"], "webhook");
    assert_eq!(sim.webhooks()[0].direction, Direction::Webhook);
    let form = client().post(format!("{}/_sim/faults", sim.base_url())).form(&[("kind", "outage")]).send().await.unwrap();
    assert_eq!(form.status(), 415, "no foreign page can post a form here");
    sim.shutdown().await;
    assert!(client().get(sim.base_url()).send().await.is_err());
}

#[tokio::test]
async fn changes_are_announced_as_events() {
    let sim = messenger(None).await;
    let mut events = client().get(format!("{}/_sim/events", sim.base_url())).send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let first = events.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("event: change"));
    sim.consumer_writes_text(PAGE, PSID, "x").unwrap();
    assert!(events.chunk().await.unwrap().is_some());
}
