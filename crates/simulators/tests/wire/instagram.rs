//! Instagram: in what its wire differs from Messenger's.

use antiphon_simulators::InstagramSim;
use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

const ACCOUNT: &str = "17841400000000001";
const DAY: i64 = 24 * 3_600_000;

async fn with_sink() -> (InstagramSim, Sink) {
    let sink = Sink::start().await;
    let sim = InstagramSim::start(listener().await, config(Some(format!("{}/ig", sink.base))));
    sim.create_app(APP, APP_SECRET, "verify-me");
    sim.create_page(ACCOUNT, "Shop", PAGE_TOKEN, APP).unwrap();
    sim.create_consumer(ACCOUNT, PSID, "Ada", "Byron").unwrap();
    (sim, sink)
}

async fn send(sim: &InstagramSim, text: &str) -> (u16, Value) {
    let body = json!({ "recipient": { "id": PSID }, "message": { "text": text, "metadata": "m" } });
    let request = client().post(format!("{}/v25.0/me/messages", sim.base_url())).bearer_auth(PAGE_TOKEN).json(&body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn webhooks_are_about_instagram_and_reads_name_a_message() {
    let (sim, sink) = with_sink().await;
    let first = sim.consumer_writes_text(ACCOUNT, PSID, "hi").unwrap();
    sim.consumer_tells_of_story(ACCOUNT, PSID, "nice", "https://cdn.test/s").unwrap();
    sim.consumer_tells_of_story(ACCOUNT, PSID, "", "https://cdn.test/s").unwrap();
    sim.consumer_unsends(ACCOUNT, PSID, &first).unwrap();
    sim.settle().await;
    assert_eq!(sink.all()[0].json()["object"], "instagram");
    let events = sink.events();
    assert_eq!(events[1]["message"]["reply_to"]["story"]["url"], "https://cdn.test/s");
    assert_eq!(events[2]["message"]["attachments"][0]["type"], "story_mention");
    assert_eq!(events[3]["message"], json!({ "mid": first, "is_deleted": true }));
    let (_, answer) = send(&sim, "hello").await;
    sim.consumer_opens(ACCOUNT, PSID, true).unwrap();
    sim.settle().await;
    let events = sink.events();
    assert_eq!(events.len(), 6, "no delivery is told");
    assert_eq!((&events[4]["message"]["is_echo"], &events[4]["message"]["metadata"]), (&json!(true), &Value::Null));
    assert_eq!(events[5]["read"], json!({ "mid": answer["message_id"] }));
}

#[tokio::test]
async fn texts_count_in_bytes_and_the_window_has_its_own_code() {
    let (sim, _sink) = with_sink().await;
    sim.consumer_writes_text(ACCOUNT, PSID, "hi").unwrap();
    assert_eq!((send(&sim, &"é".repeat(500)).await.0, send(&sim, &"é".repeat(501)).await.0), (200, 400));
    sim.advance_clock(DAY).await;
    assert_eq!(send(&sim, "late").await.1["error"]["error_subcode"], 2_534_022);
    let profile = client().get(format!("{}/v25.0/{PSID}?fields=name,username", sim.base_url())).bearer_auth(PAGE_TOKEN);
    let profile: Value = profile.send().await.unwrap().json().await.unwrap();
    assert_eq!(profile["username"], "ada.byron");
}

#[tokio::test]
async fn a_token_is_refreshed_after_a_day_and_before_its_end() {
    let (sim, _sink) = with_sink().await;
    sim.set_token_end(PAGE_TOKEN, Some(START + 60 * DAY)).unwrap();
    let url = format!("{}/refresh_access_token?grant_type=ig_refresh_token&access_token={PAGE_TOKEN}", sim.base_url());
    let refresh = || async { client().get(&url).send().await.unwrap().status().as_u16() };
    assert_eq!(refresh().await, 400, "too young");
    sim.advance_clock(DAY).await;
    assert_eq!((refresh().await, refresh().await), (200, 400));
    sim.advance_clock(60 * DAY).await;
    assert_eq!(refresh().await, 400, "it has ended");
    assert_eq!(send(&sim, "x").await.1["error"]["code"], 190);
}
