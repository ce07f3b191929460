//! SMS webhooks: signatures, retries, opt-out words, status callbacks.

use antiphon_simulators::twilio_sms::{Fate, OptOutMode, PortInSignature, Step, signature, signed_url};
use antiphon_simulators::{Place, Upload};

use super::sink::Sink;
use super::*;

async fn with_sink() -> (antiphon_simulators::TwilioSim, Sink) {
    let sink = Sink::start().await;
    let sim = twilio(Some(format!("{}/sms?channel=7", sink.base))).await;
    (sim, sink)
}

async fn send(sim: &antiphon_simulators::TwilioSim, fields: &[(&str, &str)]) -> serde_json::Value {
    client()
        .post(format!("{}/2010-04-01/Accounts/{SID}/Messages.json", sim.base_url()))
        .basic_auth(SID, Some(TOKEN))
        .form(fields)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn an_inbound_text_is_signed_over_address_and_parameters() {
    let (sim, sink) = with_sink().await;
    let sid = sim.consumer_writes_text(CONSUMER, LINE, "Hi there & bye 😀").unwrap();
    sim.settle().await;
    let got = sink.all().remove(0);
    assert_eq!(got.field("MessageSid"), sid);
    assert_eq!(got.field("Body"), "Hi there & bye 😀");
    assert_eq!((got.field("NumMedia"), got.field("SmsStatus")), ("0".into(), "received".into()));
    assert_eq!(got.header("content-type"), "application/x-www-form-urlencoded; charset=UTF-8");
    let url = format!("{}/sms?channel=7", sink.base);
    assert_eq!(got.header("x-twilio-signature"), signature(TOKEN, &url, &got.form()));
}

#[tokio::test]
async fn the_port_stands_in_the_signature_as_set_and_extra_fields_are_signed() {
    let (sim, sink) = with_sink().await;
    let url = format!("{}/sms?channel=7", sink.base);
    sim.change_settings(|settings| {
        settings.port_in_signature = PortInSignature::Without;
        settings.extra_fields = vec![("NewField".into(), "zoë".into())];
    });
    sim.consumer_writes_text(CONSUMER, LINE, "a").unwrap();
    sim.settle().await;
    let got = sink.all().remove(0);
    assert_eq!(got.field("NewField"), "zoë");
    let bare = signed_url(&url, PortInSignature::Without);
    assert_eq!(bare, "http://127.0.0.1/sms?channel=7");
    assert_eq!(got.header("x-twilio-signature"), signature(TOKEN, &bare, &got.form()));
    assert_ne!(got.header("x-twilio-signature"), signature(TOKEN, &url, &got.form()));
}

#[tokio::test]
async fn the_json_variant_carries_the_digest_in_the_address() {
    let (sim, sink) = with_sink().await;
    sim.send_json_webhook(SID, &format!("{}/json", sink.base), r#"{"eventType":"onMessageAdded","index":0}"#);
    sim.settle().await;
    let got = sink.all().remove(0);
    assert_eq!(got.query, "bodySHA256=73d903f7e66dce5a1c0263471364c8ff97026cbfc394f0cafb664edb63f0d287");
    let url = format!("{}/json?{}", sink.base, got.query);
    assert_eq!(got.header("x-twilio-signature"), signature(TOKEN, &url, &[]));
}

#[tokio::test]
async fn get_webhooks_sign_the_address_alone() {
    let (sim, sink) = with_sink().await;
    sim.set_webhook_method(LINE, "GET").unwrap();
    sim.consumer_writes_text(CONSUMER, LINE, "hello").unwrap();
    sim.settle().await;
    let got = sink.all().remove(0);
    assert!(got.query.contains("Body=hello"));
    let url = format!("{}/sms?{}", sink.base, got.query);
    assert_eq!(got.header("x-twilio-signature"), signature(TOKEN, &url, &[]));
}

#[tokio::test]
async fn a_500_is_not_repeated_but_the_fallback_is_asked_once() {
    let (sim, sink) = with_sink().await;
    sink.answer(&[(500, "text/plain", "no")]);
    sim.consumer_writes_text(CONSUMER, LINE, "a").unwrap();
    sim.settle().await;
    assert_eq!(sink.all().len(), 1);
    assert_eq!(sim.alerts()[0].code, 11200);
    sim.set_fallback_url(LINE, &format!("{}/fallback", sink.base)).unwrap();
    sink.answer(&[(500, "text/plain", "no")]);
    sim.consumer_writes_text(CONSUMER, LINE, "b").unwrap();
    sim.settle().await;
    let paths: Vec<String> = sink.all().iter().map(|got| got.path.clone()).collect();
    assert_eq!(paths, ["/sms", "/sms", "/fallback"]);
}

#[tokio::test]
async fn a_refused_connection_is_tried_once_more_with_the_same_token_then_the_fallback() {
    let sink = Sink::start().await;
    let dead = {
        let listener = listener().await;
        format!("http://{}/dead", listener.local_addr().unwrap())
    };
    let sim = twilio(Some(dead.clone())).await;
    sim.set_fallback_url(LINE, &format!("{}/fallback", sink.base)).unwrap();
    sim.consumer_writes_text(CONSUMER, LINE, "a").unwrap();
    sim.settle().await;
    let tries = sim.webhooks();
    let urls: Vec<&str> = tries.iter().map(|entry| entry.uri.as_str()).collect();
    assert_eq!(urls, [dead.as_str(), dead.as_str(), &format!("{}/fallback", sink.base)]);
    let tokens: Vec<&str> = tries.iter().filter_map(|entry| entry.header("I-Twilio-Idempotency-Token")).collect();
    assert_eq!(tokens.len(), 3);
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(sink.all().len(), 1);
}

#[tokio::test]
async fn the_address_fragment_sets_retries_and_is_not_signed() {
    let (sim, sink) = with_sink().await;
    sim.set_webhook_target(Some(WebhookTarget::new(format!("{}/x#rc=2&rp=all", sink.base))));
    sink.answer(&[(500, "", ""), (503, "", "")]);
    sim.consumer_writes_text(CONSUMER, LINE, "a").unwrap();
    sim.settle().await;
    let all = sink.all();
    assert_eq!(all.len(), 3);
    let url = format!("{}/x", sink.base);
    assert_eq!(all[2].header("x-twilio-signature"), signature(TOKEN, &url, &all[2].form()));
}

#[tokio::test]
async fn answers_with_messages_are_sent_and_wrong_types_noted() {
    let (sim, sink) = with_sink().await;
    sink.answer(&[(200, "text/xml", "<Response><Message>Thanks &amp; bye</Message></Response>"), (200, "application/json", "{}")]);
    sim.consumer_writes_text(CONSUMER, LINE, "a").unwrap();
    sim.consumer_writes_text(CONSUMER, LINE, "b").unwrap();
    sim.settle().await;
    assert_eq!(sim.alerts()[0].code, 12300);
    let thread = antiphon_simulators::Phone::thread(&sim, LINE, CONSUMER).unwrap();
    assert!(thread.messages.iter().any(|bubble| bubble.from == "network" && bubble.text == "Thanks & bye"));
}

#[tokio::test]
async fn media_is_behind_credentials_then_a_redirect_to_storage() {
    let (sim, sink) = with_sink().await;
    let photo = Upload::new("image/png", "a.png", b"\x89PNG bytes");
    sim.consumer_writes_media(CONSUMER, LINE, "", &[photo]).unwrap();
    sim.settle().await;
    let got = sink.all().remove(0);
    assert!(got.field("MessageSid").starts_with("MM"));
    assert_eq!((got.field("NumMedia"), got.field("MediaContentType0")), ("1".into(), "image/png".into()));
    let url = got.field("MediaUrl0");
    assert_eq!(client().get(&url).send().await.unwrap().status(), 401);
    let redirect = client().get(&url).basic_auth(SID, Some(TOKEN)).send().await.unwrap();
    assert_eq!(redirect.status(), 307);
    let storage = redirect.headers()["location"].to_str().unwrap().to_owned();
    let twice = client().get(&storage).basic_auth(SID, Some(TOKEN)).send().await.unwrap();
    assert_eq!(twice.status(), 400);
    let file = client().get(&storage).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "image/png");
    assert_eq!(file.bytes().await.unwrap().as_ref(), b"\x89PNG bytes");
    sim.set_media_auth(SID, false).unwrap();
    assert_eq!(client().get(&url).send().await.unwrap().status(), 307);
}

#[tokio::test]
async fn a_location_has_its_fields() {
    let (sim, sink) = with_sink().await;
    let place = Place { lat: 35.1, long: 139.2, label: "Pier".into() };
    sim.consumer_writes_location(CONSUMER, LINE, &place).unwrap();
    sim.settle().await;
    let got = sink.all().remove(0);
    assert_eq!((got.field("Latitude"), got.field("Longitude"), got.field("Label")), ("35.1".into(), "139.2".into(), "Pier".into()));
}

#[tokio::test]
async fn stop_answers_blocks_and_start_lifts() {
    let (sim, sink) = with_sink().await;
    let try_send = || async { send(&sim, &[("From", LINE), ("To", CONSUMER), ("Body", "x")]).await["code"].clone() };
    sim.consumer_writes_text(CONSUMER, LINE, " Stop ").unwrap();
    assert!(sim.is_opted_out(LINE, CONSUMER));
    assert_eq!(try_send().await, 21610);
    sim.consumer_writes_text(CONSUMER, LINE, "STOP").unwrap();
    sim.consumer_writes_text(CONSUMER, LINE, "START").unwrap();
    assert_eq!(try_send().await, serde_json::Value::Null);
    sim.consumer_writes_text(CONSUMER, LINE, "help").unwrap();
    sim.settle().await;
    assert_eq!(sink.all().len(), 4, "the webhook goes out all the same");
    assert_eq!(sink.all()[0].field("OptOutType"), "");
    let thread = antiphon_simulators::Phone::thread(&sim, LINE, CONSUMER).unwrap();
    let automatic = thread.messages.iter().filter(|bubble| bubble.from == "network").count();
    assert_eq!(automatic, 3, "one answer each to the first STOP, to START and to HELP");
}

#[tokio::test]
async fn opt_out_modes_differ() {
    let (sim, sink) = with_sink().await;
    sim.set_opt_out_mode(SID, OptOutMode::Advanced).unwrap();
    sim.consumer_writes_text(CONSUMER, LINE, "quit").unwrap();
    sim.settle().await;
    assert_eq!(sink.all()[0].field("OptOutType"), "STOP");
    sim.set_opt_out_mode(SID, OptOutMode::SelfManaged).unwrap();
    let sent = send(&sim, &[("From", LINE), ("To", CONSUMER), ("Body", "x")]).await;
    assert_eq!(sent["status"], "queued");
    sim.consumer_writes_text("+15550003333", LINE, "STOP").unwrap();
    assert!(!sim.is_opted_out(LINE, "+15550003333"));
    sim.create_number(SID, "+18885550000", "").unwrap();
    sim.consumer_writes_text(CONSUMER, "+18885550000", "STOP").unwrap();
    let sent = send(&sim, &[("From", "+18885550000"), ("To", CONSUMER), ("Body", "x")]).await;
    assert_eq!(sent["code"], 21610, "the network enforces it for toll-free numbers");
}

async fn statuses(sim: &antiphon_simulators::TwilioSim, sink: &Sink) -> Vec<(String, String)> {
    sim.settle().await;
    sink.all().iter().map(|got| (got.field("MessageStatus"), got.field("ErrorCode"))).collect()
}

#[tokio::test]
async fn status_callbacks_are_signed_and_follow_the_clock() {
    let (sim, sink) = with_sink().await;
    sim.change_settings(|settings| settings.delivered_after_ms = 5_000);
    let callback = format!("{}/status?outbox=77", sink.base);
    let sent = send(&sim, &[("From", LINE), ("To", CONSUMER), ("Body", "x"), ("StatusCallback", &callback)]).await;
    assert_eq!(statuses(&sim, &sink).await, [("sent".into(), String::new())]);
    sim.advance_clock(5_000).await;
    assert_eq!(statuses(&sim, &sink).await.last().unwrap().0, "delivered");
    let got = sink.all().remove(1);
    assert_eq!(got.field("RawDlrDoneDate"), "2601010000");
    assert_eq!(got.field("MessageSid"), sent["sid"].as_str().unwrap());
    assert_eq!(got.header("x-twilio-signature"), signature(TOKEN, &callback, &got.form()));
}

#[tokio::test]
async fn fates_fail_with_each_code_and_come_out_of_order() {
    let (sim, sink) = with_sink().await;
    let callback = format!("{}/status", sink.base);
    let fields = [("From", LINE), ("To", CONSUMER), ("Body", "x"), ("StatusCallback", callback.as_str())];
    for code in [30001, 30002, 30003, 30004, 30005, 30006, 30007, 30008, 30017, 30022, 30023, 30032, 30034] {
        sim.add_fate(Fate { to: None, times: Some(1), steps: vec![Step::failed("failed", code)] });
        let sent = send(&sim, &fields).await;
        assert_eq!(statuses(&sim, &sink).await.last().unwrap(), &("failed".to_owned(), code.to_string()));
        let message = sim.message_by_sid(sent["sid"].as_str().unwrap()).unwrap();
        assert_eq!((message.status.as_str(), message.error_code), ("failed", Some(code)));
    }
    let before = sink.all().len();
    sim.add_fate(Fate { to: Some(CONSUMER.into()), times: Some(1), steps: vec![Step::new("delivered"), Step::new("sent")] });
    let sent = send(&sim, &fields).await;
    let all = statuses(&sim, &sink).await;
    assert_eq!(all[before..], [("delivered".into(), String::new()), ("sent".into(), String::new())]);
    assert_eq!(sim.message_by_sid(sent["sid"].as_str().unwrap()).unwrap().status, "delivered");
    sim.set_handset_failure(CONSUMER, Some(30003));
    send(&sim, &fields).await;
    assert_eq!(statuses(&sim, &sink).await.last().unwrap(), &("undelivered".into(), "30003".into()));
}
