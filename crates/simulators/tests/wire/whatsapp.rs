//! WhatsApp: calls, statuses, windows, templates, media, sign-up, and every kind of webhook.

use antiphon_simulators::facebook_messenger::signature_256;
use antiphon_simulators::{Place, Upload, WhatsappSim};
use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

const NUMBER: &str = "4004";
const WABA: &str = "3003";
const ANN: &str = "15550002222";
const TOKEN: &str = "EAABUSINESS";
const HOUR: i64 = 3_600_000;

async fn whatsapp(webhook: Option<String>) -> WhatsappSim {
    let sim = WhatsappSim::start(listener().await, config(webhook));
    sim.create_app(APP, APP_SECRET, "verify-me");
    sim.create_account(WABA, APP).unwrap();
    sim.create_number(NUMBER, "+1 555 000 1111", "Shop", WABA, TOKEN, APP).unwrap();
    sim.create_consumer(ANN, "Ann Lee");
    sim
}

async fn with_sink() -> (WhatsappSim, Sink) {
    let sink = Sink::start().await;
    let sim = whatsapp(Some(format!("{}/wa", sink.base))).await;
    (sim, sink)
}

async fn call(sim: &WhatsappSim, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let url = format!("{}/v25.0/{path}", sim.base_url());
    let request = client().request(method.parse().unwrap(), url).bearer_auth(TOKEN);
    let request = if let Some(body) = body { request.json(&body) } else { request };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn send(sim: &WhatsappSim, content: Value) -> (u16, Value) {
    let mut body =
        json!({ "messaging_product": "whatsapp", "recipient_type": "individual", "to": ANN, "biz_opaque_callback_data": "outbox-1" });
    for (name, value) in content.as_object().unwrap() {
        body[name] = value.clone();
    }
    call(sim, "POST", "4004/messages", Some(body)).await
}

async fn text(sim: &WhatsappSim, text: &str) -> (u16, Value) {
    send(sim, json!({ "type": "text", "text": { "body": text } })).await
}

fn code(answer: &(u16, Value)) -> i64 {
    answer.1["error"]["code"].as_i64().unwrap_or_default()
}

/// The changes of all webhooks so far.
fn changes(sink: &Sink) -> Vec<(String, Value)> {
    let bodies = sink.all().into_iter().map(|got| got.json());
    let all = bodies.flat_map(|body| body["entry"][0]["changes"].as_array().cloned().unwrap_or_default());
    all.map(|change| (change["field"].as_str().unwrap_or_default().to_owned(), change["value"].clone())).collect()
}

fn statuses(sink: &Sink) -> Vec<String> {
    let of = |(_, value): (String, Value)| value["statuses"][0]["status"].as_str().map(str::to_owned);
    changes(sink).into_iter().filter_map(of).collect()
}

#[tokio::test]
async fn every_inbound_kind_has_its_shape() {
    let (sim, sink) = with_sink().await;
    let first = sim.consumer_writes_text(NUMBER, ANN, "café").unwrap();
    sim.consumer_writes_media(NUMBER, ANN, "look", &Upload::new("image/jpeg", "a.jpg", b"JPG")).unwrap();
    sim.consumer_writes_media(NUMBER, ANN, "", &Upload::new("audio/ogg", "v.ogg", b"OGG")).unwrap();
    sim.consumer_writes_media(NUMBER, ANN, "", &Upload::new("application/pdf", "a.pdf", b"PDF")).unwrap();
    sim.consumer_writes_location(NUMBER, ANN, &Place { lat: 35.1, long: 139.2, label: "Pier".into() }).unwrap();
    sim.consumer_reacts(NUMBER, ANN, &first, "👍").unwrap();
    sim.consumer_edits(NUMBER, ANN, &first, "tea").unwrap();
    sim.consumer_revokes(NUMBER, ANN, &first).unwrap();
    sim.consumer_replies_to(NUMBER, ANN, &first, "re").unwrap();
    sim.settle().await;
    let got = sink.all().remove(0);
    assert_eq!(got.header("x-hub-signature-256"), signature_256(APP_SECRET, &got.body));
    assert!(String::from_utf8(got.body.to_vec()).unwrap().contains(r"caf\u00e9"));
    let all = changes(&sink);
    assert_eq!(all.len(), 9);
    assert!(all.iter().all(|(field, value)| field == "messages" && value["metadata"]["phone_number_id"] == NUMBER));
    let message = |at: usize| all[at].1["messages"][0].clone();
    assert_eq!(all[0].1["contacts"][0]["profile"]["name"], "Ann Lee");
    assert_eq!((message(0)["from"].as_str(), message(0)["timestamp"].as_str()), (Some(ANN), Some("1767225600")));
    assert_eq!((&message(1)["image"]["caption"], &message(1)["image"]["mime_type"]), (&json!("look"), &json!("image/jpeg")));
    assert_eq!(message(1)["image"]["sha256"].as_str().map(str::len), Some(44), "in base64");
    assert_eq!(message(2)["audio"]["voice"], true);
    assert_eq!(message(3)["document"]["filename"], "a.pdf");
    assert_eq!(message(4)["location"]["name"], "Pier");
    assert_eq!(message(5)["reaction"], json!({ "message_id": first, "emoji": "👍" }));
    assert_eq!(message(6)["edit"]["message"]["text"]["body"], "tea");
    assert_eq!(message(7)["revoke"]["original_message_id"], first.as_str());
    assert_eq!(message(8)["context"]["id"], first.as_str());
}

#[tokio::test]
async fn who_hides_their_number_is_known_and_reached_by_an_id() {
    let (sim, sink) = with_sink().await;
    sim.hide_number(ANN, true).unwrap();
    sim.change_settings(|settings| settings.milli_timestamps = true);
    sim.consumer_writes_text(NUMBER, ANN, "hi").unwrap();
    sim.settle().await;
    let value = changes(&sink).remove(0).1;
    let id = sim.user_id(ANN).unwrap();
    assert_eq!((&value["messages"][0]["from"], &value["messages"][0]["from_user_id"]), (&Value::Null, &json!(id)));
    assert_eq!((&value["contacts"][0]["wa_id"], &value["contacts"][0]["user_id"]), (&Value::Null, &json!(id)));
    assert_eq!(value["messages"][0]["timestamp"], "1767225600000");
    let body = json!({ "messaging_product": "whatsapp", "recipient": id, "type": "text", "text": { "body": "hello" } });
    assert_eq!(call(&sim, "POST", "4004/messages", Some(body)).await.0, 200);
    sim.settle().await;
    assert_eq!(statuses(&sink), ["sent", "delivered"]);
}

#[tokio::test]
async fn a_send_is_followed_by_its_statuses() {
    let (sim, sink) = with_sink().await;
    sim.consumer_writes_text(NUMBER, ANN, "hi").unwrap();
    sim.change_settings(|settings| settings.delivered_after_ms = 1_000);
    let (status, answer) = text(&sim, "hello").await;
    assert_eq!((status, answer["messages"][0]["message_status"].as_str()), (200, Some("accepted")));
    let id = answer["messages"][0]["id"].as_str().unwrap().to_owned();
    sim.settle().await;
    let sent = changes(&sink).remove(1).1["statuses"][0].clone();
    assert_eq!((&sent["id"], &sent["status"], &sent["biz_opaque_callback_data"]), (&json!(id), &json!("sent"), &json!("outbox-1")));
    sim.advance_clock(1_000).await;
    assert_eq!(statuses(&sink), ["sent", "delivered"], "nobody looks");
    sim.consumer_opens(NUMBER, ANN, true).unwrap();
    sim.settle().await;
    assert_eq!(
        (statuses(&sink), sim.message_status(NUMBER, ANN, &id)),
        (vec!["sent".into(), "delivered".into(), "read".into()], Some("read"))
    );
    sim.change_settings(|settings| settings.skip_delivered = true);
    text(&sim, "more").await;
    sim.advance_clock(2_000).await;
    assert_eq!(statuses(&sink)[3..], ["sent", "read"], "read without delivered");
}

#[tokio::test]
async fn what_is_accepted_may_fail_later() {
    let (sim, sink) = with_sink().await;
    assert_eq!(text(&sim, "too early").await.0, 200, "a closed window shows later");
    sim.settle().await;
    sim.consumer_writes_text(NUMBER, ANN, "hi").unwrap();
    sim.advance_clock(23 * HOUR).await;
    text(&sim, "in time").await;
    sim.advance_clock(HOUR).await;
    text(&sim, "too late").await;
    sim.fail_next(&[131_049]);
    text(&sim, "scripted").await;
    sim.set_unreachable(ANN, Some(131_026)).unwrap();
    text(&sim, "not on it").await;
    sim.settle().await;
    let codes: Vec<i64> = changes(&sink).iter().filter_map(|(_, value)| value["statuses"][0]["errors"][0]["code"].as_i64()).collect();
    assert_eq!(codes, [131_047, 131_047, 131_049, 131_026]);
}

#[tokio::test]
async fn templates_go_out_at_any_time_with_exactly_their_parameters() {
    let (sim, sink) = with_sink().await;
    let components = json!([{ "type": "BODY", "text": "Hi {{1}}, {{2}}" }, { "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "Thanks" }] }]);
    let body = json!({ "name": "order", "language": "en", "category": "UTILITY", "components": components });
    let (_, made) = call(&sim, "POST", "3003/message_templates", Some(body)).await;
    assert_eq!(made["status"], "PENDING");
    let filled = |values: &[&str]| {
        let parameters: Vec<Value> = values.iter().map(|value| json!({ "type": "text", "text": value })).collect();
        json!({ "type": "template", "template": { "name": "order", "language": { "code": "en" }, "components": [{ "type": "body", "parameters": parameters }] } })
    };
    assert_eq!(code(&send(&sim, filled(&["Ann", "bye"])).await), 132_001, "not approved yet");
    sim.decide_template(WABA, "order", "APPROVED").unwrap();
    sim.settle().await;
    let (field, value) = changes(&sink).remove(0);
    assert_eq!((field.as_str(), &value["event"]), ("message_template_status_update", &json!("APPROVED")));
    assert_eq!(code(&send(&sim, filled(&["Ann"])).await), 132_000);
    assert_eq!(code(&send(&sim, filled(&["Ann", "a\nb"])).await), 132_012);
    assert_eq!(send(&sim, filled(&["Ann", "bye"])).await.0, 200);
    sim.settle().await;
    assert_eq!(statuses(&sink), ["sent", "delivered"], "although nobody wrote");
    sim.consumer_taps(NUMBER, ANN, "Thanks").unwrap();
    sim.settle().await;
    let tapped = changes(&sink).pop().unwrap().1["messages"][0].clone();
    assert_eq!((&tapped["type"], &tapped["button"]), (&json!("button"), &json!({ "payload": "Thanks", "text": "Thanks" })));
    sim.decide_template(WABA, "order", "PAUSED").unwrap();
    assert_eq!(code(&send(&sim, filled(&["Ann", "bye"])).await), 132_015);
    let (_, listed) = call(&sim, "GET", "3003/message_templates?limit=1&fields=name,status", None).await;
    assert_eq!((&listed["data"][0]["name"], &listed["data"][0]["status"]), (&json!("order"), &json!("PAUSED")));
}

#[tokio::test]
async fn buttons_and_lists_are_checked_and_tapped() {
    let (sim, sink) = with_sink().await;
    sim.consumer_writes_text(NUMBER, ANN, "hi").unwrap();
    let button = |id: &str, title: &str| json!({ "type": "reply", "reply": { "id": id, "title": title } });
    let buttons = |all: Vec<Value>| json!({ "type": "interactive", "interactive": { "type": "button", "body": { "text": "?" }, "action": { "buttons": all } } });
    assert_eq!(code(&send(&sim, buttons(vec![button("a", "Yes"), button("b", "Yes")])).await), 131_009, "the same title twice");
    assert_eq!(code(&send(&sim, buttons(vec![button("a", &"x".repeat(21))])).await), 131_009, "too long");
    assert_eq!(code(&send(&sim, buttons(Vec::new())).await), 131_009, "none");
    assert_eq!(send(&sim, buttons(vec![button("a", "Yes"), button("b", "No")])).await.0, 200);
    let rows: Vec<Value> = (0..10).map(|at| json!({ "id": format!("r{at}"), "title": format!("Row {at}"), "description": "d" })).collect();
    let list = |rows: &[Value]| json!({ "type": "interactive", "interactive": { "type": "list", "body": { "text": "?" }, "action": { "button": "Menu", "sections": [{ "rows": rows }] } } });
    assert_eq!(send(&sim, list(&rows)).await.0, 200);
    let eleven = [rows.clone(), vec![json!({ "id": "x", "title": "x" })]].concat();
    assert_eq!(code(&send(&sim, list(&eleven)).await), 131_009);
    sim.consumer_taps(NUMBER, ANN, "b").unwrap();
    sim.consumer_taps(NUMBER, ANN, "r7").unwrap();
    assert!(sim.consumer_taps(NUMBER, ANN, "nothing").is_err());
    sim.settle().await;
    let told: Vec<Value> =
        changes(&sink).iter().map(|(_, value)| value["messages"][0]["interactive"].clone()).filter(Value::is_object).collect();
    assert_eq!(told[0], json!({ "type": "button_reply", "button_reply": { "id": "b", "title": "No" } }));
    assert_eq!(told[1], json!({ "type": "list_reply", "list_reply": { "id": "r7", "title": "Row 7" } }));
}

#[tokio::test]
async fn media_has_ids_and_addresses_that_die() {
    let (sim, sink) = with_sink().await;
    sim.consumer_writes_media(NUMBER, ANN, "", &Upload::new("image/png", "a.png", b"PNG")).unwrap();
    sim.settle().await;
    let id = changes(&sink)[0].1["messages"][0]["image"]["id"].as_str().unwrap().to_owned();
    let (_, node) = call(&sim, "GET", &format!("{id}?phone_number_id={NUMBER}"), None).await;
    assert_eq!((node["file_size"].as_u64(), node["sha256"].as_str().map(str::len)), (Some(3), Some(64)));
    let url = node["url"].as_str().unwrap();
    assert_eq!(client().get(url).send().await.unwrap().status(), 400, "it wants the token");
    let fetched = client().get(url).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!((fetched.status().as_u16(), fetched.bytes().await.unwrap().as_ref()), (200, &b"PNG"[..]));
    sim.advance_clock(5 * 60_000).await;
    assert_eq!(client().get(url).bearer_auth(TOKEN).send().await.unwrap().status(), 404);
    sim.advance_clock(7 * 24 * HOUR).await;
    assert_eq!(call(&sim, "GET", &id, None).await.0, 400, "people's files are kept a week");
    let form = reqwest::multipart::Form::new()
        .text("messaging_product", "whatsapp")
        .text("type", "application/pdf")
        .part("file", reqwest::multipart::Part::bytes(b"PDF".to_vec()).file_name("a.pdf").mime_str("application/pdf").unwrap());
    let url = format!("{}/v25.0/4004/media", sim.base_url());
    let answer: Value = client().post(url).bearer_auth(TOKEN).multipart(form).send().await.unwrap().json().await.unwrap();
    sim.consumer_writes_text(NUMBER, ANN, "hi").unwrap();
    let message = |kind: &str| json!({ "type": kind, kind: { "id": answer["id"] } });
    assert_eq!(send(&sim, message("document")).await.0, 200);
    assert_eq!(send(&sim, message("image")).await.0, 200);
    assert_eq!(send(&sim, json!({ "type": "image", "image": { "link": "http://127.0.0.1:9/none.png" } })).await.0, 200);
    sim.settle().await;
    let codes: Vec<i64> = changes(&sink).iter().filter_map(|(_, value)| value["statuses"][0]["errors"][0]["code"].as_i64()).collect();
    assert_eq!(codes, [131_053, 131_053], "a document is no picture, and nothing is at that address");
}

#[tokio::test]
async fn marks_show_typing_and_limits_are_kept() {
    let (sim, _sink) = with_sink().await;
    let id = sim.consumer_writes_text(NUMBER, ANN, "hi").unwrap();
    let mark = |id: &str, typing: bool| {
        let mut body = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": id });
        if typing {
            body["typing_indicator"] = json!({ "type": "text" });
        }
        body
    };
    assert_eq!(call(&sim, "POST", "4004/messages", Some(mark(&id, true))).await.1, json!({ "success": true }));
    assert!(sim.is_typing(NUMBER, ANN) && sim.marks_received()[0].typing);
    sim.advance_clock(25_000).await;
    assert!(!sim.is_typing(NUMBER, ANN));
    assert_eq!(code(&call(&sim, "POST", "4004/messages", Some(mark("wamid.none", false))).await), 131_009);
    sim.change_settings(|settings| settings.pair_burst = 2);
    assert_eq!((text(&sim, "1").await.0, text(&sim, "2").await.0), (200, 200));
    assert_eq!(code(&text(&sim, "3").await), 131_056);
    sim.advance_clock(6_000).await;
    assert_eq!((text(&sim, "3").await.0, code(&text(&sim, "4").await)), (200, 131_056));
    sim.change_settings(|settings| {
        settings.pair_burst = 0;
        settings.throughput = 1;
    });
    sim.advance_clock(1_000).await;
    assert_eq!((text(&sim, "4").await.0, code(&text(&sim, "5").await)), (200, 130_429));
    sim.revoke_token(TOKEN, Some(190)).unwrap();
    assert_eq!(code(&text(&sim, "6").await), 190);
}

#[tokio::test]
async fn a_number_is_signed_up_registered_and_subscribed() {
    let (sim, sink) = with_sink().await;
    let signed_up = sim.sign_up(APP, WABA).unwrap();
    assert_eq!(signed_up["message"]["data"], json!({ "phone_number_id": NUMBER, "waba_id": WABA }));
    let code_of = signed_up["code"].as_str().unwrap();
    let exchange =
        |secret: &str| format!("{}/v25.0/oauth/access_token?client_id={APP}&client_secret={secret}&code={code_of}", sim.base_url());
    assert_eq!(client().get(exchange("wrong")).send().await.unwrap().status(), 500);
    let token: Value = client().get(exchange(APP_SECRET)).send().await.unwrap().json().await.unwrap();
    let token = token["access_token"].as_str().unwrap();
    let (_, debug) = call(&sim, "GET", &format!("debug_token?input_token={token}"), None).await;
    assert_eq!(debug["data"]["granular_scopes"][0]["target_ids"], json!([WABA]));
    let (_, numbers) = call(&sim, "GET", "3003/phone_numbers", None).await;
    assert_eq!((&numbers["data"][0]["id"], &numbers["data"][0]["verified_name"]), (&json!(NUMBER), &json!("Shop")));

    let new = json!({ "country_code": "1", "phone_number": "5550003333", "verified_name": "Shop" });
    let (_, added) = call(&sim, "POST", "3003/phone_numbers", Some(new)).await;
    let id = added["id"].as_str().unwrap();
    let register = |pin: &'static str| call_owned(&sim, format!("{id}/register"), json!({ "messaging_product": "whatsapp", "pin": pin }));
    assert_eq!(code(&register("123456").await), 133_006, "not verified");
    assert_eq!(call(&sim, "POST", &format!("{id}/request_code?code_method=SMS&language=en_US"), None).await.0, 200);
    assert_eq!(call(&sim, "POST", &format!("{id}/verify_code?code=123456"), None).await.0, 200);
    assert_eq!(register("123456").await.0, 200);
    assert_eq!(code(&register("000000").await), 133_005);

    let own = format!("{}/own", sink.base);
    let subscribe = |verify: &str| json!({ "override_callback_uri": own, "verify_token": verify });
    assert_eq!(code(&call(&sim, "POST", "3003/subscribed_apps", Some(subscribe("wrong"))).await), 2_200);
    assert_eq!(call(&sim, "POST", "3003/subscribed_apps", Some(subscribe("verify-me"))).await.1, json!({ "success": true }));
    sim.consumer_writes_text(NUMBER, ANN, "hi").unwrap();
    sim.settle().await;
    assert_eq!(sink.all().pop().unwrap().path, "/own");
    assert_eq!(call(&sim, "DELETE", "3003/subscribed_apps", None).await.0, 200);
    let before = sink.all().len();
    sim.consumer_writes_text(NUMBER, ANN, "anybody?").unwrap();
    sim.settle().await;
    assert_eq!((sink.all().len(), sim.is_subscribed(WABA, APP)), (before, false));
}

async fn call_owned(sim: &WhatsappSim, path: String, body: Value) -> (u16, Value) {
    call(sim, "POST", &path, Some(body)).await
}

#[tokio::test]
async fn webhooks_are_repeated_and_the_brands_own_app_echoes() {
    let (sim, sink) = with_sink().await;
    sim.verify_webhook(APP).await.unwrap();
    sink.answer(&[(503, "text/plain", ""), (503, "text/plain", "")]);
    sim.consumer_writes_text(NUMBER, ANN, "hi").unwrap();
    sim.advance_clock(60_000).await;
    assert_eq!(sink.all().len(), 4, "the handshake and three tries");
    let id = sim.brand_writes_native(NUMBER, ANN, "by hand").unwrap();
    sim.send_account_event(WABA, "account_update", json!({ "event": "ACCOUNT_RESTRICTION" }));
    sim.settle().await;
    let all = changes(&sink);
    let (field, echo) = &all[all.len() - 2];
    assert_eq!((field.as_str(), &echo["message_echoes"][0]["id"]), ("smb_message_echoes", &json!(id)));
    assert_eq!(all[all.len() - 1].0, "account_update");
}
