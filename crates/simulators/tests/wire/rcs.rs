//! The RCS simulator: tokens for signed claims only, ids that count once, phones that lack things, signed events.

use antiphon_simulators::RcsSim;
use antiphon_simulators::rcs::{FEATURES, signature};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

const AGENT: &str = "sim_agent";
const CLIENT_TOKEN: &str = "SIMCLIENTTOKEN16";

async fn rcs() -> (RcsSim, Sink) {
    let sink = Sink::start().await;
    let sim = RcsSim::start(listener().await, config(None));
    sim.create_agent(AGENT, "Sim", CLIENT_TOKEN, &format!("{}/rcs", sink.base)).unwrap();
    sim.create_consumer(AGENT, CONSUMER, "Ada").unwrap();
    (sim, sink)
}

fn data(received: &super::sink::Received) -> Vec<u8> {
    STANDARD.decode(received.json()["message"]["data"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn events_are_signed_over_what_is_inside_and_repeated_under_another_envelope() {
    let (sim, sink) = rcs().await;
    sink.answer(&[(500, "text/plain", "")]);
    sim.consumer_writes_text(AGENT, CONSUMER, "hi").unwrap();
    sim.settle().await;
    sim.advance_clock(2_000).await;
    let got = sink.all();
    assert_eq!(got.len(), 2);
    assert_eq!((data(&got[0]), got[0].header("x-goog-signature")), (data(&got[1]), got[1].header("x-goog-signature")));
    assert_ne!(got[0].json()["message"]["messageId"], got[1].json()["message"]["messageId"]);
    assert_eq!(got[0].header("x-goog-signature"), signature(CLIENT_TOKEN, &data(&got[0])));
    let event: Value = serde_json::from_slice(&data(&got[0])).unwrap();
    assert_eq!(
        (event["senderPhoneNumber"].as_str(), event["text"].as_str(), event["agentId"].as_str()),
        (Some(CONSUMER), Some("hi"), Some(AGENT))
    );
}

#[tokio::test]
async fn the_published_vector_holds() {
    let inside = br#"{"senderPhoneNumber":"+15550002222","messageId":"sim-msg-1","sendTime":"2026-01-01T00:00:00Z","agentId":"sim_agent","text":"hello"}"#;
    assert_eq!(signature(CLIENT_TOKEN, inside), "hruRhfioSQt2PkGSe61UFdtck0wQ4+OiuVfn1UwIUcL7b+oIzFvHZ1lyxija/6DVxo7Uuur5kj/Wd2oxkG+fSw==");
}

#[tokio::test]
async fn nothing_goes_without_a_token_and_none_without_a_signed_claim() {
    let (sim, _sink) = rcs().await;
    let address = format!("{}/v1/phones/{CONSUMER}/agentMessages?messageId=1&agentId={AGENT}", sim.base_url());
    let answer = client().post(&address).bearer_auth("ya29.none").json(&json!({ "contentMessage": { "text": "x" } })).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["status"], "UNAUTHENTICATED");
    for assertion in ["", "a.b.c", "e30.e30.AAAA"] {
        let form = format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
        let answer = client().post(format!("{}/token", sim.base_url())).body(form).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.json::<Value>().await.unwrap()["error"].clone()), (400, json!("invalid_grant")));
    }
    assert!(sim.set_handset("+1", true, &FEATURES, false).is_err());
}

#[tokio::test]
async fn the_handshake_wants_the_secret_back() {
    let (sim, sink) = rcs().await;
    assert!(!sim.shake_hands(AGENT).await.unwrap(), "another answer");
    let asked = sink.all()[0].json();
    assert_eq!(asked["clientToken"], CLIENT_TOKEN);
    assert!(asked["secret"].is_string());
}

#[tokio::test]
async fn typing_and_leaving_are_told() {
    let (sim, sink) = rcs().await;
    sim.consumer_types(AGENT, CONSUMER).unwrap();
    sim.consumer_subscribes(AGENT, CONSUMER, false).unwrap();
    sim.settle().await;
    let kinds: Vec<Value> =
        sink.all().iter().map(|one| serde_json::from_slice::<Value>(&data(one)).unwrap()["eventType"].clone()).collect();
    assert_eq!(kinds, [json!("IS_TYPING"), json!("UNSUBSCRIBE")]);
}
