//! Messenger webhooks: signatures, receipts, echoes, batches, retries, hosted attachments.

use antiphon_simulators::facebook_messenger::{escaped, signature_256, signature_sha1};
use antiphon_simulators::{MessengerSim, Place, Referral, Upload};
use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

const MINUTE: i64 = 60_000;

async fn with_sink() -> (MessengerSim, Sink) {
    let sink = Sink::start().await;
    let sim = messenger(Some(format!("{}/fb", sink.base))).await;
    (sim, sink)
}

async fn send(sim: &MessengerSim, message: Value) -> String {
    let body = json!({ "recipient": { "id": PSID }, "message": message });
    let request = client().post(format!("{}/v25.0/me/messages", sim.base_url())).bearer_auth(PAGE_TOKEN).json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["message_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_text_is_signed_over_the_escaped_body() {
    let (sim, sink) = with_sink().await;
    let mid = sim.consumer_writes_text(PAGE, PSID, "café / 😀").unwrap();
    sim.settle().await;
    let got = sink.all().remove(0);
    let raw = String::from_utf8(got.body.to_vec()).unwrap();
    assert!(raw.is_ascii() && raw.contains(r"caf\u00e9 \/ \ud83d\ude00"), "{raw}");
    assert!(raw.starts_with(r#"{"object":"page","entry":["#), "{raw}");
    assert_eq!(got.header("x-hub-signature-256"), signature_256(APP_SECRET, &got.body));
    assert_eq!(got.header("x-hub-signature"), signature_sha1(APP_SECRET, &got.body));
    let plain = got.json().to_string();
    assert_ne!(got.header("x-hub-signature-256"), signature_256(APP_SECRET, plain.as_bytes()), "re-encoding must not verify");
    assert_ne!(escaped(&plain), plain);
    let event = &sink.events()[0];
    assert_eq!(event["sender"]["id"], PSID);
    assert_eq!(event["recipient"]["id"], PAGE);
    assert_eq!(event["timestamp"], START);
    assert_eq!(event["message"], json!({ "mid": mid, "text": "café / 😀" }));
}

#[tokio::test]
async fn every_inbound_kind_has_its_shape() {
    let (sim, sink) = with_sink().await;
    let referral = Referral { reference: "abc".into(), source: "SHORTLINK".into(), kind: "OPEN_THREAD".into(), ad_id: None };
    let first = sim.consumer_writes_text(PAGE, PSID, "hi").unwrap();
    sim.consumer_taps_quick_reply(PAGE, PSID, "Yes", "YES").unwrap();
    sim.consumer_writes_media(PAGE, PSID, &[Upload::new("image/jpeg", "a.jpg", b"JPG"), Upload::new("application/pdf", "a.pdf", b"PDF")])
        .unwrap();
    sim.consumer_writes_sticker(PAGE, PSID, 369_239_263_222_822).unwrap();
    sim.consumer_writes_location(PAGE, PSID, &Place { lat: 35.1, long: 139.2, label: String::new() }).unwrap();
    sim.consumer_shares_link(PAGE, PSID, "https://h.test/", "Title", true).unwrap();
    sim.consumer_taps_postback(PAGE, PSID, "Start", "GET_STARTED", Some(&referral)).unwrap();
    sim.consumer_comes_by_referral(PAGE, PSID, &referral).unwrap();
    sim.consumer_reacts(PAGE, PSID, &first, Some(("love", "❤"))).unwrap();
    sim.consumer_reacts(PAGE, PSID, &first, None).unwrap();
    sim.consumer_edits(PAGE, PSID, &first, "ho", 1).unwrap();
    sim.consumer_replies_to(PAGE, PSID, &first, "re").unwrap();
    sim.send_event(PAGE, PSID, "messaging_optins", "optin", json!({ "ref": "r", "user_ref": "u" })).unwrap();
    sim.settle().await;
    let events = sink.events();
    assert_eq!(events.len(), 13);
    assert_eq!(events[1]["message"]["quick_reply"]["payload"], "YES");
    let kinds: Vec<&str> = events[2]["message"]["attachments"].as_array().unwrap().iter().filter_map(|a| a["type"].as_str()).collect();
    assert_eq!(kinds, ["image", "file"]);
    assert_eq!(events[3]["message"]["attachments"][0]["payload"]["sticker_id"], 369_239_263_222_822_u64);
    assert_eq!(events[4]["message"]["attachments"][0]["payload"]["coordinates"], json!({ "lat": 35.1, "long": 139.2 }));
    assert_eq!(events[5]["message"]["attachments"][0]["payload"], Value::Null);
    assert_eq!(events[6]["postback"]["referral"]["ref"], "abc");
    assert!(events[6]["postback"]["mid"].is_string());
    assert_eq!(events[7]["referral"], json!({ "ref": "abc", "source": "SHORTLINK", "type": "OPEN_THREAD" }));
    assert_eq!(events[8]["reaction"], json!({ "mid": first, "action": "react", "reaction": "love", "emoji": "❤" }));
    assert_eq!(events[9]["reaction"], json!({ "mid": first, "action": "unreact" }));
    assert_eq!(events[10]["message_edit"], json!({ "mid": first, "text": "ho", "num_edit": 1 }));
    assert_eq!(events[11]["message"]["reply_to"]["mid"], first.as_str());
    assert_eq!(events[12]["optin"]["user_ref"], "u");
}

#[tokio::test]
async fn a_send_causes_echo_delivery_and_read() {
    let (sim, sink) = with_sink().await;
    sim.consumer_writes_text(PAGE, PSID, "hi").unwrap();
    sim.change_settings(|settings| {
        settings.delivered_after_ms = 1_000;
        settings.read_after_ms = 2_000;
    });
    let mid = send(&sim, json!({ "text": "Hello", "metadata": "outbox-77" })).await;
    sim.settle().await;
    let echo = &sink.events()[1];
    assert_eq!(echo["sender"]["id"], PAGE);
    assert_eq!(echo["recipient"]["id"], PSID);
    assert_eq!(echo["message"], json!({ "is_echo": true, "app_id": 555, "metadata": "outbox-77", "mid": mid, "text": "Hello" }));
    sim.advance_clock(1_000).await;
    assert_eq!(sink.events()[2]["delivery"], json!({ "mids": [mid], "watermark": START }));
    sim.advance_clock(60_000).await;
    assert_eq!(sink.events().len(), 3, "nobody looks");
    sim.consumer_opens(PAGE, PSID, true).unwrap();
    sim.settle().await;
    assert_eq!(sink.events()[3]["read"], json!({ "watermark": START }));
    assert_eq!(sim.message_status(PAGE, PSID, &mid), Some("read"));
    send(&sim, json!({ "text": "more" })).await;
    sim.advance_clock(3_000).await;
    let kinds: Vec<bool> = sink.events()[4..].iter().map(|event| event["read"].is_object()).collect();
    assert_eq!(kinds, [false, false, true], "an open thread is read by itself");
}

#[tokio::test]
async fn receipts_keep_to_the_subscribed_fields_and_to_switched_off_devices() {
    let (sim, sink) = with_sink().await;
    sim.consumer_writes_text(PAGE, PSID, "hi").unwrap();
    sim.set_subscribed_fields(PAGE, APP, &["messages", "message_deliveries"]).unwrap();
    sim.change_settings(|settings| settings.auto_read = true);
    sim.set_offline(PAGE, PSID, true).unwrap();
    send(&sim, json!({ "text": "a" })).await;
    send(&sim, json!({ "text": "b" })).await;
    sim.settle().await;
    assert_eq!(sink.events().len(), 1);
    sim.set_offline(PAGE, PSID, false).unwrap();
    sim.settle().await;
    let events = sink.events();
    assert_eq!(events.len(), 2, "no echo, no read: not subscribed");
    assert_eq!(events[1]["delivery"]["mids"].as_array().unwrap().len(), 2);
    sim.change_settings(|settings| {
        settings.omit_mids = true;
        settings.second_timestamps = true;
    });
    send(&sim, json!({ "text": "c" })).await;
    sim.settle().await;
    let last = &sink.events()[2];
    assert_eq!((&last["delivery"]["mids"], last["timestamp"].as_i64()), (&Value::Null, Some(START / 1_000)));
}

#[tokio::test]
async fn the_pages_own_inbox_echoes_with_another_app_or_none() {
    let (sim, sink) = with_sink().await;
    let mid = sim.page_writes_native(PAGE, PSID, "from the inbox").unwrap();
    sim.change_settings(|settings| settings.inbox_app_id = None);
    sim.page_writes_native(PAGE, PSID, "again").unwrap();
    sim.settle().await;
    let echoes: Vec<Value> = sink.events().into_iter().filter(|event| event["message"]["is_echo"] == true).collect();
    assert_eq!(echoes[0]["message"], json!({ "is_echo": true, "app_id": 263_902_037_430_900_u64, "mid": mid, "text": "from the inbox" }));
    assert_eq!(echoes[1]["message"]["app_id"], Value::Null);
    let delivered = sink.events().iter().filter(|event| event["delivery"].is_object()).count();
    assert!(delivered >= 1);
}

#[tokio::test]
async fn held_entries_go_out_in_batches_with_standby_mixed_in() {
    let (sim, sink) = with_sink().await;
    sim.create_consumer(PAGE, "2003", "Bea", "").unwrap();
    sim.set_thread_owner(PAGE, "2003", Some("263902037430900")).unwrap();
    sim.change_settings(|settings| settings.batch_size = 3);
    sim.hold_webhooks();
    sim.consumer_writes_text(PAGE, PSID, "a").unwrap();
    sim.consumer_writes_text(PAGE, "2003", "for the inbox").unwrap();
    sim.consumer_taps_postback(PAGE, "2003", "Start", "SECRET", None).unwrap();
    sim.consumer_writes_text(PAGE, PSID, "b").unwrap();
    sim.settle().await;
    assert!(sink.all().is_empty());
    sim.release_webhooks();
    sim.settle().await;
    let posts = sink.all();
    assert_eq!(posts.len(), 2);
    let entries = posts[0].json()["entry"].as_array().unwrap().clone();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[1]["standby"][0]["message"]["text"], "for the inbox");
    assert_eq!(entries[2]["standby"][0]["postback"]["payload"], Value::Null);
    assert_eq!(entries[0]["messaging"][0]["message"]["text"], "a");
    assert_eq!(posts[0].header("x-hub-signature-256"), signature_256(APP_SECRET, &posts[0].body));
}

#[tokio::test]
async fn failed_webhooks_come_again_and_in_the_end_the_subscription_is_dropped() {
    let (sim, sink) = with_sink().await;
    sink.answer(&[(500, "", ""), (503, "", ""), (404, "", "")]);
    sim.consumer_writes_text(PAGE, PSID, "a").unwrap();
    sim.settle().await;
    assert_eq!(sink.all().len(), 2, "the first repetition follows at once");
    sim.advance_clock(MINUTE).await;
    assert_eq!(sink.all().len(), 3);
    sim.advance_clock(2 * MINUTE - 1).await;
    assert_eq!(sink.all().len(), 3);
    sim.advance_clock(1).await;
    assert_eq!(sink.all().len(), 4);
    assert!(sink.all().iter().all(|got| got.body == sink.all()[0].body));
    sim.advance_clock(24 * 60 * MINUTE).await;
    assert_eq!(sink.all().len(), 4, "it got through");

    sim.change_settings(|settings| settings.unsubscribe_after_ms = 60 * MINUTE);
    sim.add_fault(antiphon_simulators::Fault::webhook(antiphon_simulators::Trouble::Outage));
    sim.consumer_writes_text(PAGE, PSID, "b").unwrap();
    sim.advance_clock(59 * MINUTE).await;
    assert!(sim.is_subscribed(PAGE, APP));
    sim.advance_clock(120 * MINUTE).await;
    assert!(!sim.is_subscribed(PAGE, APP));
    sim.clear_faults();
    sim.consumer_writes_text(PAGE, PSID, "c").unwrap();
    sim.advance_clock(24 * 60 * MINUTE).await;
    assert_eq!(sink.all().len(), 4, "nothing is said any more");
}

#[tokio::test]
async fn hosted_attachments_expire() {
    let (sim, sink) = with_sink().await;
    sim.change_settings(|settings| settings.attachment_ttl_ms = 5 * MINUTE);
    sim.consumer_writes_media(PAGE, PSID, &[Upload::new("image/png", "a.png", b"PNG")]).unwrap();
    sim.settle().await;
    let url = sink.events()[0]["message"]["attachments"][0]["payload"]["url"].as_str().unwrap().to_owned();
    let file = client().get(&url).send().await.unwrap();
    assert_eq!((file.status().as_u16(), file.headers()["content-type"].to_str().unwrap()), (200, "image/png"));
    sim.advance_clock(5 * MINUTE).await;
    assert_eq!(client().get(&url).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn malformed_bodies_can_be_sent_with_a_right_signature() {
    let (sim, sink) = with_sink().await;
    sim.send_raw_webhook(APP, "{not json");
    sim.settle().await;
    let got = sink.all().remove(0);
    assert_eq!(got.body.as_ref(), b"{not json");
    assert_eq!(got.header("x-hub-signature-256"), signature_256(APP_SECRET, b"{not json"));
}
