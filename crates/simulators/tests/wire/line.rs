//! LINE: replies, pushes and their keys, tokens, quota, webhooks and their repeats, files.

use antiphon_simulators::line::signature;
use antiphon_simulators::{LineSim, Upload};
use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

const BOT: &str = "U00000000000000000000000000000001";
const ANN: &str = "U00000000000000000000000000000002";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const TOKEN: &str = "long-lived";

async fn with_sink() -> (LineSim, Sink) {
    let sink = Sink::start().await;
    let sim = LineSim::start(listener().await, config(Some(format!("{}/line", sink.base))));
    sim.create_bot(BOT, "1650000000", SECRET, "Shop", TOKEN);
    sim.create_consumer(BOT, ANN, "Ann").unwrap();
    (sim, sink)
}

async fn call(
    sim: &LineSim,
    method: &str,
    path: &str,
    token: &str,
    body: Option<Value>,
    key: Option<&str>,
) -> (u16, http::HeaderMap, Value) {
    let mut request = client().request(method.parse().unwrap(), format!("{}{path}", sim.base_url())).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    if let Some(key) = key {
        request = request.header("x-line-retry-key", key);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.json().await.unwrap_or_default())
}

async fn push(sim: &LineSim, message: Value, key: Option<&str>) -> (u16, http::HeaderMap, Value) {
    call(sim, "POST", "/v2/bot/message/push", TOKEN, Some(json!({ "to": ANN, "messages": [message] })), key).await
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn events(sink: &Sink) -> Vec<Value> {
    sink.all().into_iter().flat_map(|got| got.json()["events"].as_array().cloned().unwrap_or_default()).collect()
}

#[tokio::test]
async fn webhooks_are_signed_and_have_their_shapes() {
    let (sim, sink) = with_sink().await;
    let first = sim.consumer_writes_text(BOT, ANN, "こんにちは").unwrap();
    sim.consumer_writes_media(BOT, ANN, &Upload::new("application/pdf", "a.pdf", b"PDF")).unwrap();
    sim.consumer_taps(BOT, ANN, "Buy", "T.0").unwrap();
    sim.consumer_unsends(BOT, ANN, &first).unwrap();
    sim.consumer_blocks(BOT, ANN, true).unwrap();
    sim.settle().await;
    let got = sink.all().remove(0);
    assert_eq!(got.header("x-line-signature"), signature(SECRET, &got.body));
    assert_eq!(
        signature(SECRET, br#"{"destination":"U00000000000000000000000000000001","events":[]}"#),
        "YQU0voYIh8lUA1XaYoIEZg9trJlhjyu9qVt6HqVvWf4="
    );
    assert_eq!(got.json()["destination"], BOT);
    let all = events(&sink);
    assert_eq!((&all[0]["message"]["text"], &all[0]["source"]["userId"]), (&json!("こんにちは"), &json!(ANN)));
    assert!(all[0]["replyToken"].is_string() && all[0]["message"]["markAsReadToken"].is_string());
    assert_eq!((&all[1]["message"]["fileName"], &all[2]["postback"]["data"]), (&json!("a.pdf"), &json!("T.0")));
    assert_eq!((&all[3]["unsend"]["messageId"], &all[3]["replyToken"]), (&json!(first), &Value::Null));
    assert_eq!(all[4]["type"], "unfollow");
}

#[tokio::test]
async fn a_reply_token_answers_once_and_for_a_minute() {
    let (sim, sink) = with_sink().await;
    sim.consumer_writes_text(BOT, ANN, "hi").unwrap();
    sim.consumer_writes_text(BOT, ANN, "ho").unwrap();
    sim.settle().await;
    let token = |at: usize| events(&sink)[at]["replyToken"].clone();
    let reply = |token: Value| call_reply(&sim, token);
    let (status, _, answer) = reply(token(0)).await;
    assert_eq!((status, answer["sentMessages"][0]["id"].is_string()), (200, true));
    let (status, _, answer) = reply(token(0)).await;
    assert_eq!((status, answer["message"].as_str()), (400, Some("Invalid reply token")));
    sim.advance_clock(60_000).await;
    assert_eq!(reply(token(1)).await.0, 400);
    assert_eq!(sim.messages_received()[0].way, "reply");
}

async fn call_reply(sim: &LineSim, token: Value) -> (u16, http::HeaderMap, Value) {
    call(sim, "POST", "/v2/bot/message/reply", TOKEN, Some(json!({ "replyToken": token, "messages": [text("yes")] })), None).await
}

#[tokio::test]
async fn a_retry_key_never_doubles() {
    let (sim, _sink) = with_sink().await;
    let key = "123e4567-e89b-12d3-a456-426614174000";
    let (_, headers, first) = push(&sim, text("once"), Some(key)).await;
    let (status, again, second) = push(&sim, text("once"), Some(key)).await;
    assert_eq!((status, again["x-line-accepted-request-id"].clone()), (409, headers["x-line-request-id"].clone()));
    assert_eq!(second["sentMessages"], first["sentMessages"]);
    assert_eq!(sim.messages_received().len(), 1);
    sim.advance_clock(24 * 3_600_000).await;
    assert_eq!(push(&sim, text("once"), Some(key)).await.0, 200, "forgotten after a day");
}

#[tokio::test]
async fn messages_are_checked_with_the_place_of_the_fault() {
    let (sim, _sink) = with_sink().await;
    let long = "x".repeat(61);
    let action = json!({ "type": "postback", "label": "Buy", "data": "T.0" });
    for (message, property) in [
        (text(""), "messages[0].text"),
        (text(&"a".repeat(5_001)), "messages[0].text"),
        (
            json!({ "type": "image", "originalContentUrl": "http://x.test/a.png", "previewImageUrl": "https://x.test/a.png" }),
            "messages[0].originalContentUrl",
        ),
        (json!({ "type": "audio", "originalContentUrl": "https://x.test/a.m4a" }), "messages[0].duration"),
        (
            json!({ "type": "template", "altText": "a", "template": { "type": "buttons", "title": "t", "text": long, "actions": [action] } }),
            "messages[0].template.text",
        ),
        (json!({ "type": "flex", "altText": "a", "contents": { "type": "bubble" } }), "messages[0].contents"),
        (json!({ "type": "hologram" }), "messages[0].type"),
    ] {
        let (status, _, answer) = push(&sim, message.clone(), None).await;
        assert_eq!((status, answer["details"][0]["property"].as_str()), (400, Some(property)), "{message}");
    }
    let fine = json!({ "type": "template", "altText": "a", "template": { "type": "buttons", "text": "Which?", "actions": [action] } });
    assert_eq!(push(&sim, fine, None).await.0, 200);
    let nobody = json!({ "to": "U00000000000000000000000000000009", "messages": [text("x")] });
    assert_eq!(call(&sim, "POST", "/v2/bot/message/push", TOKEN, Some(nobody), None).await.2["message"], "Failed to send messages");
    let wrong = json!({ "to": "me", "messages": [text("x")] });
    assert!(call(&sim, "POST", "/v2/bot/message/push", TOKEN, Some(wrong), None).await.2["message"].as_str().unwrap().contains("'to'"));
}

#[tokio::test]
async fn tokens_quota_and_rates_have_their_ends() {
    let (sim, _sink) = with_sink().await;
    let url = format!("{}/oauth2/v3/token", sim.base_url());
    let issue = |secret: &str| {
        client().post(&url).form(&[("grant_type", "client_credentials"), ("client_id", "1650000000"), ("client_secret", secret)])
    };
    assert_eq!(issue("wrong").send().await.unwrap().status(), 400);
    let issued: Value = issue(SECRET).send().await.unwrap().json().await.unwrap();
    let token = issued["access_token"].as_str().unwrap();
    assert_eq!(call(&sim, "GET", "/v2/bot/info", token, None, None).await.2["userId"], BOT);
    sim.advance_clock(15 * 60_000).await;
    assert_eq!(call(&sim, "GET", "/v2/bot/info", token, None, None).await.0, 401);
    sim.change_settings(|settings| settings.quota = Some(1));
    assert_eq!(
        (push(&sim, text("1"), None).await.0, push(&sim, text("2"), None).await.2["message"].as_str()),
        (200, Some("You have reached your monthly limit."))
    );
    sim.change_settings(|settings| {
        settings.quota = None;
        settings.rate = 1;
    });
    sim.advance_clock(1_000).await;
    assert_eq!((push(&sim, text("3"), None).await.0, push(&sim, text("4"), None).await.0), (200, 429));
    sim.revoke_token(TOKEN);
    assert_eq!(push(&sim, text("5"), None).await.0, 401);
}

#[tokio::test]
async fn files_take_a_while_and_die_and_marks_and_dots_show() {
    let (sim, sink) = with_sink().await;
    sim.change_settings(|settings| settings.content_ready_after_ms = 1_000);
    let id = sim.consumer_writes_media(BOT, ANN, &Upload::new("image/png", "a.png", b"PNG")).unwrap();
    sim.settle().await;
    let path = format!("/v2/bot/message/{id}/content");
    assert_eq!(call(&sim, "GET", &path, TOKEN, None, None).await.0, 202);
    sim.advance_clock(1_000).await;
    assert_eq!(call(&sim, "GET", &path, TOKEN, None, None).await.0, 200);
    let mark = json!({ "markAsReadToken": events(&sink)[0]["message"]["markAsReadToken"] });
    assert_eq!(call(&sim, "POST", "/v2/bot/chat/markAsRead", TOKEN, Some(mark), None).await.0, 200);
    assert_eq!(sim.seen_ms(BOT, ANN), Some(START + 1_000));
    assert_eq!(call(&sim, "POST", "/v2/bot/chat/markAsRead", TOKEN, Some(json!({ "markAsReadToken": "x" })), None).await.0, 400);
    let dots = |seconds: i64| json!({ "chatId": ANN, "loadingSeconds": seconds });
    assert_eq!(call(&sim, "POST", "/v2/bot/chat/loading/start", TOKEN, Some(dots(7)), None).await.0, 400);
    assert_eq!(call(&sim, "POST", "/v2/bot/chat/loading/start", TOKEN, Some(dots(20)), None).await.0, 202);
    assert!(sim.is_typing(BOT, ANN));
    sim.advance_clock(8 * 24 * 3_600_000).await;
    assert_eq!(call(&sim, "GET", &path, TOKEN, None, None).await.0, 410);
}

#[tokio::test]
async fn a_failed_webhook_comes_again_as_the_same_and_the_blocked_get_nothing() {
    let (sim, sink) = with_sink().await;
    sink.answer(&[(500, "text/plain", "")]);
    sim.consumer_writes_text(BOT, ANN, "hi").unwrap();
    sim.advance_clock(60_000).await;
    let all = events(&sink);
    assert_eq!(all[0]["webhookEventId"], all[1]["webhookEventId"]);
    assert_eq!((&all[0]["deliveryContext"]["isRedelivery"], &all[1]["deliveryContext"]["isRedelivery"]), (&json!(false), &json!(true)));
    sim.consumer_blocks(BOT, ANN, true).unwrap();
    assert_eq!(push(&sim, text("hello?"), None).await.0, 200, "the vendor does not say");
    assert_eq!(call(&sim, "GET", &format!("/v2/bot/profile/{ANN}"), TOKEN, None, None).await.0, 404);
    let (_, _, tested) = call(&sim, "POST", "/v2/bot/channel/webhook/test", TOKEN, Some(json!({})), None).await;
    assert_eq!(tested["success"], true);
    sim.set_standby(BOT, true).unwrap();
    sim.consumer_writes_text(BOT, ANN, "x").unwrap();
    sim.settle().await;
    let last = events(&sink).pop().unwrap();
    assert_eq!((&last["mode"], &last["replyToken"]), (&json!("standby"), &Value::Null));
}
