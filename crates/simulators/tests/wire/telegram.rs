//! The Telegram simulator: what a bot sees of it, and what it sends.

use antiphon_simulators::{Fault, Place, TelegramSim, Trouble, Upload};
use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

const BOT: &str = "123456789";
const BOT_TOKEN: &str = "123456789:AAsim";
const SECRET: &str = "sim_secret_token";
const CHAT: &str = "2002";

async fn telegram() -> (TelegramSim, Sink) {
    let sink = Sink::start().await;
    let sim = TelegramSim::start(listener().await, config(None));
    sim.create_bot(BOT_TOKEN, "sim_bot", "Sim").unwrap();
    sim.set_webhook(BOT, &format!("{}/tg", sink.base), SECRET).unwrap();
    sim.create_consumer(BOT, CHAT, "Ada Byron").unwrap();
    (sim, sink)
}

async fn call(sim: &TelegramSim, method: &str, body: Value) -> (u16, Value) {
    let answer = client().post(format!("{}/bot{BOT_TOKEN}/{method}", sim.base_url())).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn updates_carry_the_secret_and_increasing_ids() {
    let (sim, sink) = telegram().await;
    sim.consumer_writes_text(BOT, CHAT, "hi").unwrap();
    sim.consumer_writes_media(BOT, CHAT, &[Upload::new("image/png", "a.png", b"A"), Upload::new("image/png", "b.png", b"B")], "two")
        .unwrap();
    sim.consumer_writes_location(BOT, CHAT, &Place { lat: 1.5, long: 2.5, label: String::new() }).unwrap();
    sim.consumer_blocks(BOT, CHAT, true).unwrap();
    sim.settle().await;
    let got = sink.all();
    assert_eq!(got.len(), 5);
    assert!(got.iter().all(|one| one.header("x-telegram-bot-api-secret-token") == SECRET));
    let ids: Vec<i64> = got.iter().map(|one| one.json()["update_id"].as_i64().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    let message = |at: usize| got[at].json()["message"].clone();
    assert_eq!((message(0)["text"].clone(), message(0)["from"]["last_name"].clone()), (json!("hi"), json!("Byron")));
    assert_eq!(message(1)["media_group_id"], message(2)["media_group_id"]);
    assert_eq!(message(1)["photo"].as_array().map(Vec::len), Some(2));
    assert_eq!(message(3)["location"], json!({ "latitude": 1.5, "longitude": 2.5 }));
    assert_eq!(got[4].json()["my_chat_member"]["new_chat_member"]["status"], "kicked");
    assert_eq!(call(&sim, "sendMessage", json!({ "chat_id": 2002, "text": "x" })).await.0, 403);
}

#[tokio::test]
async fn a_failed_update_is_repeated_and_told() {
    let (sim, sink) = telegram().await;
    sink.answer(&[(500, "text/plain", ""), (500, "text/plain", "")]);
    sim.consumer_writes_text(BOT, CHAT, "hi").unwrap();
    sim.settle().await;
    let (_, info) = call(&sim, "getWebhookInfo", json!({})).await;
    assert_eq!(
        (info["result"]["pending_update_count"].as_u64(), info["result"]["last_error_date"].as_i64()),
        (Some(1), Some(START / 1_000))
    );
    sim.advance_clock(3_000).await;
    assert_eq!(sink.all().len(), 3);
    let ids: Vec<Value> = sink.all().iter().map(|one| one.json()["update_id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(sim.webhook_info(BOT).unwrap().pending_update_count, 0);
    sim.consumer_reacts(BOT, CHAT, "1", Some("👍")).unwrap();
    sim.settle().await;
    assert_eq!(sink.all().len(), 3, "reactions come on request only");
}

#[tokio::test]
async fn sends_are_checked_as_the_service_checks_them() {
    let (sim, _sink) = telegram().await;
    let said = |(code, body): (u16, Value)| (code, body["description"].as_str().unwrap_or_default().to_owned());
    let send = |body: Value| call(&sim, "sendMessage", body);
    assert_eq!(
        said(send(json!({ "chat_id": 2002, "text": "x" })).await),
        (403, "Forbidden: bot can't initiate conversation with a user".into())
    );
    sim.consumer_writes_text(BOT, CHAT, "/start").unwrap();
    assert_eq!(said(send(json!({ "chat_id": 99, "text": "x" })).await).1, "Bad Request: chat not found");
    assert_eq!(said(send(json!({ "chat_id": 2002, "text": "" })).await).1, "Bad Request: message text is empty");
    assert_eq!(said(send(json!({ "chat_id": 2002, "text": "😀".repeat(2_049) })).await).1, "Bad Request: message is too long");
    let keyboard = |data: String| json!({ "chat_id": 2002, "text": "x", "reply_markup": { "inline_keyboard": [[{ "text": "a", "callback_data": data }]] } });
    assert_eq!(said(send(keyboard("x".repeat(65))).await).1, "Bad Request: BUTTON_DATA_INVALID");
    let (code, body) = send(keyboard("x".repeat(64))).await;
    assert_eq!((code, body["ok"].clone()), (200, json!(true)));
    sim.move_chat(BOT, CHAT, -1009).unwrap();
    let (code, body) = send(json!({ "chat_id": 2002, "text": "x" })).await;
    assert_eq!((code, body["parameters"]["migrate_to_chat_id"].as_i64()), (400, Some(-1009)));
    assert_eq!(send(json!({ "chat_id": -1009, "text": "x" })).await.0, 200);
    sim.add_fault(
        Fault::api(Trouble::Http {
            status: 429,
            body: json!({ "ok": false, "error_code": 429, "parameters": { "retry_after": 5 } }),
            headers: Vec::new(),
        })
        .times(1),
    );
    assert_eq!(send(json!({ "chat_id": -1009, "text": "x" })).await.1["parameters"]["retry_after"], 5);
    sim.renew_token(BOT, "123456789:BBnew").unwrap();
    assert_eq!(send(json!({ "chat_id": -1009, "text": "x" })).await.0, 401);
}

#[tokio::test]
async fn taps_want_an_answer_and_files_an_early_fetch() {
    let (sim, sink) = telegram().await;
    sim.consumer_writes_media(BOT, CHAT, &[Upload::new("application/pdf", "a.pdf", b"PDF")], "").unwrap();
    call(
        &sim,
        "sendMessage",
        json!({ "chat_id": 2002, "text": "?", "reply_markup": { "inline_keyboard": [[{ "text": "Yes", "callback_data": "y" }]] } }),
    )
    .await;
    let early = sim.consumer_taps(BOT, CHAT, "y").unwrap();
    let late = sim.consumer_taps(BOT, CHAT, "y").unwrap();
    sim.settle().await;
    let tap = sink.all()[1].json()["callback_query"].clone();
    assert_eq!((tap["id"].as_str(), tap["data"].as_str()), (Some(early.as_str()), Some("y")));
    assert_eq!(call(&sim, "answerCallbackQuery", json!({ "callback_query_id": early })).await.0, 200);
    sim.advance_clock(61_000).await;
    assert_eq!(call(&sim, "answerCallbackQuery", json!({ "callback_query_id": late })).await.0, 400);
    assert!(sim.tap_was_answered(&early) && !sim.tap_was_answered(&late));
    let file = sink.all()[0].json()["message"]["document"]["file_id"].clone();
    let (_, told) = call(&sim, "getFile", json!({ "file_id": file })).await;
    let address = format!("{}/file/bot{BOT_TOKEN}/{}", sim.base_url(), told["result"]["file_path"].as_str().unwrap());
    assert_eq!(client().get(&address).send().await.unwrap().bytes().await.unwrap(), "PDF");
    sim.advance_clock(3_600_000).await;
    assert_eq!(client().get(&address).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_webhook_is_set_for_good_addresses_and_secrets_only() {
    let (sim, _sink) = telegram().await;
    let set = |url: &str, secret: &str| call(&sim, "setWebhook", json!({ "url": url, "secret_token": secret }));
    assert_eq!(set("http://h.test/x", "ok").await.0, 400);
    assert_eq!(set("https://h.test:8080/x", "ok").await.0, 400);
    assert_eq!(set("https://h.test/x", "not ok").await.0, 400);
    assert_eq!(set("https://h.test:8443/x", "ok-1_A").await.0, 200);
    assert_eq!(sim.webhook_info(BOT).unwrap().url, "https://h.test:8443/x");
    assert_eq!(call(&sim, "deleteWebhook", json!({})).await.0, 200);
    assert_eq!(sim.webhook_info(BOT).unwrap().url, "");
    assert_eq!(call(&sim, "getMe", json!({})).await.1["result"]["username"], "sim_bot");
}
