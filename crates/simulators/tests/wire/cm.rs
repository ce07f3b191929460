//! CM.com: the gateway's answers, status reports by reference, unsigned callbacks and their repeats.

use antiphon_simulators::CmSim;
use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

const LINE: &str = "+31600000002";
const ANN: &str = "+31600000001";
const TOKEN: &str = "00000000-1111-2222-3333-444444444444";

async fn with_sink() -> (CmSim, Sink) {
    let sink = Sink::start().await;
    let sim = CmSim::start(listener().await, config(Some(format!("{}/cm/secret", sink.base))));
    sim.create_product(TOKEN);
    sim.create_line(LINE, "Shop");
    sim.create_consumer(ANN, "Ann");
    (sim, sink)
}

async fn send(sim: &CmSim, to: &[&str], more: Value) -> (u16, Value) {
    let recipients: Vec<Value> = to.iter().map(|number| json!({ "number": number })).collect();
    let mut message = json!({ "from": "0031600000002", "to": recipients, "body": { "type": "auto", "content": "Hello" }, "reference": "r1", "allowedChannels": ["SMS"], "maximumNumberOfMessageParts": 8 });
    for (name, value) in more.as_object().unwrap() {
        message[name] = value.clone();
    }
    let request = client().post(format!("{}/v1.0/message", sim.base_url())).header("x-cm-producttoken", TOKEN);
    let answer = request.json(&json!({ "messages": { "msg": [message] } })).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn codes(sink: &Sink) -> Vec<String> {
    sink.all().iter().filter_map(|got| got.json()["messages"]["msg"]["status"]["code"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn answers_say_what_became_of_each_recipient() {
    let (sim, _sink) = with_sink().await;
    let (status, answer) = send(&sim, &["0031600000001"], json!({})).await;
    assert_eq!((status, &answer["errorCode"], &answer["messages"][0]["parts"]), (200, &json!(0), &json!(1)));
    let (status, answer) = send(&sim, &["0031600000001", "0031600990402"], json!({})).await;
    assert_eq!((status, &answer["errorCode"], &answer["messages"][1]["messageErrorCode"]), (200, &json!(201), &json!(402)));
    for (more, to, code) in [
        (json!({ "from": "far too long a name" }), "0031600000001", 301),
        (json!({}), "+31600000001", 303),
        (json!({ "body": { "content": "" } }), "0031600000001", 304),
        (json!({ "body": { "content": "x".repeat(161) }, "maximumNumberOfMessageParts": 1 }), "0031600000001", 304),
        (json!({ "reference": "dlv_1" }), "0031600000001", 305),
    ] {
        let (status, answer) = send(&sim, &[to], more).await;
        assert_eq!((status, &answer["messages"][0]["messageErrorCode"]), (400, &json!(code)));
    }
    let url = format!("{}/v1.0/message", sim.base_url());
    let nobody: Value = client().post(&url).json(&json!({ "messages": {} })).send().await.unwrap().json().await.unwrap();
    assert_eq!(nobody["errorCode"], 101);
    let in_body = json!({ "messages": { "authentication": { "producttoken": TOKEN }, "msg": [] } });
    let empty: Value = client().post(&url).json(&in_body).send().await.unwrap().json().await.unwrap();
    assert_eq!(empty["errorCode"], 203, "the token may be in the body");
    sim.change_settings(|settings| settings.no_balance = true);
    assert_eq!(send(&sim, &["0031600000001"], json!({})).await.1["errorCode"], 102);
}

#[tokio::test]
async fn status_reports_follow_by_reference() {
    let (sim, sink) = with_sink().await;
    send(&sim, &["0031600000001"], json!({})).await;
    sim.settle().await;
    assert_eq!(codes(&sink), ["0", "2"]);
    let report = sink.all()[1].json()["messages"]["msg"].clone();
    assert_eq!((&report["reference"], &report["to"]), (&json!("r1"), &json!("0031600000001")));
    sim.set_fates(&[("1", ""), ("3", "Absent subscriber")]);
    send(&sim, &["0031600000001"], json!({})).await;
    send(&sim, &["0031600000001"], json!({})).await;
    sim.settle().await;
    assert_eq!(codes(&sink)[2..], ["1", "0", "3"]);
    sim.change_settings(|settings| settings.report_each_part = true);
    send(&sim, &["0031600000001"], json!({ "body": { "content": "x".repeat(200) } })).await;
    sim.settle().await;
    assert_eq!(codes(&sink)[5..], ["0", "2", "2"]);
    assert!(sink.all().iter().all(|got| got.header("x-signature").is_empty() && got.path == "/cm/secret"));
}

#[tokio::test]
async fn what_is_not_taken_comes_again_every_five_minutes() {
    let (sim, sink) = with_sink().await;
    sink.answer(&[(500, "text/plain", ""), (404, "text/plain", "")]);
    sim.consumer_sends(LINE, ANN, "hi", None, &json!({ "reference": "r0" })).unwrap();
    sim.settle().await;
    sim.advance_clock(4 * 60_000).await;
    assert_eq!(sink.all().len(), 1);
    sim.advance_clock(60_000).await;
    sim.advance_clock(5 * 60_000).await;
    sim.advance_clock(60 * 60_000).await;
    assert_eq!(sink.all().len(), 3);
    let body = sink.all()[0].json();
    assert_eq!(
        (&body["from"]["number"], &body["timeUtc"], &body["reference"]),
        (&json!("0031600000001"), &json!("2026-01-01T00:00:00"), &json!("r0"))
    );
    sim.send_raw_webhook("{}", Some(&format!("{}/cm/wrong", sink.base)));
    sim.settle().await;
    assert_eq!(sink.all()[3].path, "/cm/wrong");
}
