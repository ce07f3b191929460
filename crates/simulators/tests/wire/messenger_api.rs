//! The Graph API: sending, set-up, tokens, limits, threads.

use antiphon_simulators::facebook_messenger::{Unreachable, Usage, appsecret_proof};
use antiphon_simulators::{MessengerSim, Upload};
use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

const HOUR: i64 = 3_600_000;

struct Api {
    sim: MessengerSim,
    http: reqwest::Client,
}

impl Api {
    async fn start() -> Self {
        let api = Self { sim: messenger(None).await, http: client() };
        api.sim.consumer_writes_text(PAGE, PSID, "hi").unwrap();
        api
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}/v25.0/{path}", self.sim.base_url()) }
    }

    async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        Self::read(self.http.post(self.url(path)).bearer_auth(PAGE_TOKEN).json(&body)).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        Self::read(self.http.get(self.url(path)).bearer_auth(PAGE_TOKEN)).await
    }

    async fn send(&self, message: Value) -> (u16, Value) {
        self.post("me/messages", json!({ "recipient": { "id": PSID }, "messaging_type": "RESPONSE", "message": message })).await
    }

    async fn code(&self, body: Value) -> (u64, u64) {
        let (_, answer) = self.post("me/messages", body).await;
        codes(&answer)
    }
}

fn codes(answer: &Value) -> (u64, u64) {
    (answer["error"]["code"].as_u64().unwrap_or_default(), answer["error"]["error_subcode"].as_u64().unwrap_or_default())
}

fn text(extra: &Value) -> Value {
    let mut body = json!({ "recipient": { "id": PSID }, "message": { "text": "x" } });
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_text_is_accepted_under_both_paths_and_both_kinds_of_token() {
    let api = Api::start().await;
    let (status, sent) = api.send(json!({ "text": "Hello", "metadata": "outbox-77" })).await;
    assert_eq!((status, sent["recipient_id"].as_str()), (200, Some(PSID)));
    assert!(sent["message_id"].as_str().unwrap().starts_with("m_"));
    assert_eq!(api.post(&format!("{PAGE}/messages"), text(&json!({}))).await.0, 200);
    let query = format!("me/messages?access_token={PAGE_TOKEN}");
    let request = api.http.post(api.url(&query)).json(&text(&json!({})));
    assert_eq!(Api::read(request).await.0, 200);
    let recipient = json!({ "id": PSID }).to_string();
    let form = [("recipient", recipient.as_str()), ("message", r#"{"text":"form"}"#), ("access_token", PAGE_TOKEN)];
    let request = api.http.post(format!("{}/me/messages", api.sim.base_url())).form(&form);
    assert_eq!(Api::read(request).await.0, 200);
    let got = api.sim.wait_for_messages(4).await;
    assert_eq!((got[0].text.as_str(), got[3].text.as_str()), ("Hello", "form"));
    assert_eq!(got[0].message["metadata"], "outbox-77");
    assert_eq!(api.sim.requests()[0].json()["messaging_type"], "RESPONSE");
}

#[tokio::test]
async fn tokens_and_proofs_are_checked() {
    let api = Api::start().await;
    let without = api.http.post(api.url("me/messages")).json(&text(&json!({})));
    assert_eq!(Api::read(without).await.1["error"]["code"], 2500);
    let wrong = api.http.post(api.url("me/messages")).bearer_auth("nonsense").json(&text(&json!({})));
    let (status, answer) = Api::read(wrong).await;
    assert_eq!((status, answer["error"]["code"].as_u64(), answer["error"]["type"].as_str()), (400, Some(190), Some("OAuthException")));
    assert!(answer["error"]["fbtrace_id"].as_str().unwrap().len() > 4);
    for subcode in [458, 459, 460, 463, 464, 467, 492] {
        api.sim.revoke_token(PAGE_TOKEN, Some(subcode)).unwrap();
        assert_eq!(api.code(text(&json!({}))).await, (190, u64::from(subcode)));
    }
    api.sim.revoke_token(PAGE_TOKEN, None).unwrap();
    api.sim.grant_messaging(PAGE_TOKEN, false).unwrap();
    assert_eq!(api.code(text(&json!({}))).await, (230, 0));
    api.sim.grant_messaging(PAGE_TOKEN, true).unwrap();
    api.sim.require_proof(APP, true).unwrap();
    assert_eq!(api.code(text(&json!({}))).await, (100, 0));
    assert_eq!(api.code(text(&json!({ "appsecret_proof": "00" }))).await, (100, 0));
    let proof = appsecret_proof(APP_SECRET, PAGE_TOKEN);
    assert_eq!(api.code(text(&json!({ "appsecret_proof": proof }))).await, (0, 0));
    let path = format!("me/messages?appsecret_proof={proof}");
    assert_eq!(api.post(&path, text(&json!({}))).await.0, 200);
    assert_eq!(codes(&api.post("9999/messages", text(&json!({ "appsecret_proof": proof }))).await.1), (100, 33));
}

#[tokio::test]
async fn the_window_is_kept_on_the_virtual_clock() {
    let api = Api::start().await;
    let tag = |tag: &str| text(&json!({ "messaging_type": "MESSAGE_TAG", "tag": tag }));
    api.sim.advance_clock(24 * HOUR - 1).await;
    assert_eq!(api.code(text(&json!({}))).await, (0, 0));
    api.sim.advance_clock(1).await;
    assert_eq!(api.code(text(&json!({}))).await, (10, 2_018_278));
    assert_eq!(api.code(text(&json!({ "messaging_type": "UPDATE" }))).await, (10, 2_018_278));
    assert_eq!(api.code(tag("HUMAN_AGENT")).await, (100, 2_018_276));
    api.sim.approve_human_agent(APP, true).unwrap();
    assert_eq!(api.code(tag("HUMAN_AGENT")).await, (0, 0));
    for retired in ["ACCOUNT_UPDATE", "CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE"] {
        assert_eq!(api.code(tag(retired)).await, (100, 1_893_061));
    }
    assert_eq!(api.code(tag("NONSENSE")).await, (100, 0));
    api.sim.advance_clock(6 * 24 * HOUR).await;
    assert_eq!(api.code(tag("HUMAN_AGENT")).await, (10, 2_018_278));
    api.sim.consumer_taps_postback(PAGE, PSID, "Start", "GET_STARTED", None).unwrap();
    assert_eq!(api.code(text(&json!({}))).await, (0, 0));
    api.sim.create_consumer(PAGE, "2003", "New", "").unwrap();
    let first = json!({ "recipient": { "id": "2003" }, "message": { "text": "x" } });
    assert_eq!(api.code(first).await, (10, 2_018_278), "nobody may be written to first");
}

#[tokio::test]
async fn recipients_and_bodies_are_checked() {
    let api = Api::start().await;
    let long = "é".repeat(2_001);
    let fits = "é".repeat(2_000);
    let replies = |count: usize| vec![json!({ "content_type": "text", "title": "A", "payload": "A" }); count];
    let button = json!({ "type": "postback", "title": "A", "payload": "A" });
    let template = |payload: Value| json!({ "message": { "attachment": { "type": "template", "payload": payload } } });
    let table: Vec<(Value, (u64, u64))> = vec![
        (text(&json!({ "recipient": { "id": "404" } })), (100, 2_018_001)),
        (text(&json!({ "recipient": { "id": PSID, "user_ref": "u" } })), (100, 0)),
        (text(&json!({ "recipient": {} })), (100, 0)),
        (text(&json!({ "message": null })), (100, 2_018_034)),
        (text(&json!({ "message": {} })), (100, 2_018_034)),
        (text(&json!({ "message": { "text": "" } })), (100, 2_018_034)),
        (text(&json!({ "sender_action": "typing_on" })), (100, 2_018_034)),
        (text(&json!({ "message": { "text": long } })), (100, 0)),
        (text(&json!({ "message": { "text": fits } })), (0, 0)),
        (text(&json!({ "message": { "text": "x", "metadata": "m".repeat(1_001) } })), (100, 0)),
        (text(&json!({ "message": { "text": "x", "quick_replies": replies(13) } })), (0, 0)),
        (text(&json!({ "message": { "text": "x", "quick_replies": replies(14) } })), (100, 0)),
        (
            text(
                &json!({ "message": { "text": "x", "quick_replies": [{ "content_type": "text", "title": "t".repeat(21), "payload": "p" }] } }),
            ),
            (100, 0),
        ),
        (text(&json!({ "messaging_type": "WHATEVER" })), (100, 0)),
        (text(&template(json!({ "template_type": "button", "text": "Pick", "buttons": [button] }))), (0, 0)),
        (text(&template(json!({ "template_type": "button", "text": "Pick", "buttons": [] }))), (100, 0)),
        (text(&template(json!({ "template_type": "button", "text": "t".repeat(641), "buttons": [button] }))), (100, 0)),
        (text(&template(json!({ "template_type": "generic", "elements": [{ "title": "t", "buttons": [button] }] }))), (0, 0)),
        (text(&template(json!({ "template_type": "generic", "elements": vec![json!({ "title": "t" }); 11] }))), (100, 0)),
        (text(&template(json!({ "template_type": "generic", "elements": [{ "title": "t".repeat(81) }] }))), (100, 0)),
        (text(&json!({ "message": { "attachment": { "type": "hologram", "payload": {} } } })), (100, 0)),
    ];
    for (body, expected) in table {
        assert_eq!(api.code(body.clone()).await, expected, "{body}");
    }
}

#[tokio::test]
async fn unreachable_people_and_foreign_threads_are_refused() {
    let api = Api::start().await;
    for (why, expected) in
        [(Unreachable::Gone, (551, 1_545_041)), (Unreachable::Muted, (10, 2_018_108)), (Unreachable::NoRole, (200, 2_018_028))]
    {
        api.sim.set_unreachable(PAGE, PSID, Some(why)).unwrap();
        assert_eq!(api.code(text(&json!({}))).await, expected);
    }
    api.sim.set_unreachable(PAGE, PSID, None).unwrap();
    let target = json!({ "recipient": { "id": PSID }, "target_app_id": "263902037430900" });
    assert_eq!(api.post(&format!("{PAGE}/pass_thread_control"), target).await.1["success"], true);
    assert_eq!(api.code(text(&json!({}))).await, (10, 2_018_300));
    let (_, owner) = api.get(&format!("{PAGE}/thread_owner?recipient={PSID}")).await;
    assert_eq!(owner["data"][0]["thread_owner"]["app_id"], "263902037430900");
    let person = json!({ "recipient": { "id": PSID } });
    api.post(&format!("{PAGE}/take_thread_control"), person.clone()).await;
    assert_eq!(api.code(text(&json!({}))).await, (0, 0));
    assert_eq!(api.post(&format!("{PAGE}/release_thread_control"), person.clone()).await.0, 200);
    assert_eq!(api.get(&format!("{PAGE}/thread_owner?recipient={PSID}")).await.1["data"], json!([]));
    api.sim.set_conversation_routing(PAGE, true).unwrap();
    assert_eq!(codes(&api.post(&format!("{PAGE}/take_thread_control"), person).await.1), (100, 0));
}

#[tokio::test]
async fn sender_actions_show_and_fade() {
    let api = Api::start().await;
    let act = |action: &str| json!({ "recipient": { "id": PSID }, "sender_action": action });
    let (status, answer) = api.post("me/messages", act("typing_on")).await;
    assert_eq!((status, answer), (200, json!({ "recipient_id": PSID })));
    assert!(api.sim.is_typing(PAGE, PSID));
    api.sim.advance_clock(20_000).await;
    assert!(!api.sim.is_typing(PAGE, PSID));
    api.post("me/messages", act("typing_on")).await;
    api.post("me/messages", act("typing_off")).await;
    assert!(!api.sim.is_typing(PAGE, PSID));
    api.post("me/messages", act("mark_seen")).await;
    let thread = antiphon_simulators::Phone::thread(&api.sim, PAGE, PSID).unwrap();
    assert_eq!(thread.seen_ms, Some(START + 20_000));
    assert_eq!(api.code(act("dance")).await, (100, 0));
    let actions: Vec<String> = api.sim.actions_received().into_iter().map(|action| action.action).collect();
    assert_eq!(actions, ["typing_on", "typing_on", "typing_off", "mark_seen"]);
}

#[tokio::test]
async fn attachments_come_by_address_id_and_multipart() {
    let api = Api::start().await;
    let sink = Sink::start().await;
    let url = format!("{}/files/a.png", sink.base);
    let image = |payload: Value| json!({ "attachment": { "type": "image", "payload": payload } });
    sink.answer(&[(200, "image/png", "PNG"), (404, "text/plain", ""), (200, "text/html", "<p>")]);
    let (_, sent) = api.send(image(json!({ "url": url, "is_reusable": true }))).await;
    let id = sent["attachment_id"].as_str().unwrap().to_owned();
    assert_eq!(codes(&api.send(image(json!({ "url": url }))).await.1), (100, 2_018_008));
    assert_eq!(codes(&api.send(image(json!({ "url": url }))).await.1), (100, 2_018_047));
    assert_eq!(api.send(image(json!({ "attachment_id": id }))).await.0, 200);
    assert_eq!(codes(&api.send(image(json!({ "attachment_id": "1" }))).await.1), (100, 0));
    let form = |kind: &'static str, bytes: Vec<u8>| {
        let message = json!({ "attachment": { "type": kind, "payload": { "is_reusable": true } } });
        let part = reqwest::multipart::Part::bytes(bytes).file_name("a.pdf").mime_str("application/pdf").unwrap();
        reqwest::multipart::Form::new()
            .text("recipient", json!({ "id": PSID }).to_string())
            .text("message", message.to_string())
            .part("filedata", part)
    };
    let post = |path: &'static str, form| api.http.post(api.url(path)).bearer_auth(PAGE_TOKEN).multipart(form);
    let (status, sent) = Api::read(post("me/messages", form("file", b"%PDF".to_vec()))).await;
    assert_eq!(status, 200, "{sent}");
    assert!(sent["attachment_id"].is_string());
    let (_, uploaded) = Api::read(post("me/message_attachments", form("file", b"%PDF".to_vec()))).await;
    assert!(uploaded["attachment_id"].is_string());
    let (_, big) = Api::read(post("me/messages", form("file", vec![0; 25 * 1024 * 1024 + 1]))).await;
    assert_eq!(codes(&big), (100, 2_018_109));
    api.sim.advance_clock(HOUR).await;
    api.sim.consumer_writes_text(PAGE, PSID, "still here").unwrap();
    let thread = antiphon_simulators::Phone::thread(&api.sim, PAGE, PSID).unwrap();
    let names: Vec<&str> = thread.messages.iter().flat_map(|m| &m.media).map(|media| media.name.as_str()).collect();
    assert_eq!(names, ["a.png", "a.png", "a.pdf"]);
}

#[tokio::test]
async fn profiles_answer_or_hide() {
    let api = Api::start().await;
    api.sim.set_picture(PAGE, PSID, &Upload::new("image/png", "p.png", b"PNG")).unwrap();
    let (_, profile) = api.get(&format!("{PSID}?fields=first_name,last_name,name,profile_pic")).await;
    assert_eq!(
        (profile["first_name"].as_str(), profile["name"].as_str(), profile["id"].as_str()),
        (Some("Ada"), Some("Ada Byron"), Some(PSID))
    );
    let picture = profile["profile_pic"].as_str().unwrap();
    assert_eq!(api.http.get(picture).send().await.unwrap().status(), 200);
    assert_eq!(codes(&api.get(&format!("{PSID}?fields=locale")).await.1), (10, 0));
    api.sim.hide_profile(PAGE, PSID, true).unwrap();
    assert_eq!(codes(&api.get(PSID).await.1), (100, 33));
    assert_eq!(codes(&api.get("404?fields=name").await.1), (100, 33));
    api.sim.create_consumer(PAGE, "2003", "New", "").unwrap();
    assert_eq!(codes(&api.get("2003").await.1), (100, 33), "no conversation yet");
}

#[tokio::test]
async fn usage_rises_to_a_refusal() {
    let api = Api::start().await;
    for code in [4, 32, 613, 80_006] {
        api.sim.set_usage(PAGE, Usage { percent: 80, step: 20, code: Some(code) }).unwrap();
        let request = api.http.get(api.url("me")).bearer_auth(PAGE_TOKEN);
        let response = request.send().await.unwrap();
        let usage: Value = serde_json::from_str(response.headers()["x-app-usage"].to_str().unwrap()).unwrap();
        assert_eq!(usage["call_count"], 80);
        let case: Value = serde_json::from_str(response.headers()["x-business-use-case-usage"].to_str().unwrap()).unwrap();
        assert_eq!(case[PAGE][0]["type"], "messenger");
        let (status, answer) = api.send(json!({ "text": "x" })).await;
        assert_eq!((status, codes(&answer).0), (400, u64::from(code)));
    }
    api.sim.set_usage(PAGE, Usage::default()).unwrap();
    assert_eq!(api.send(json!({ "text": "x" })).await.0, 200);
}

#[tokio::test]
async fn subscriptions_are_validated_and_the_handshake_is_real() {
    let api = Api::start().await;
    let sink = Sink::start().await;
    let path = format!("{PAGE}/subscribed_apps");
    assert_eq!(Api::read(api.http.delete(api.url(&path)).bearer_auth(PAGE_TOKEN)).await.1["success"], true);
    assert_eq!(api.get(&path).await.1, json!({ "data": [] }));
    let (_, refused) = api.post(&path, json!({ "subscribed_fields": "messages,messaging_seen" })).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("subscribed_fields[1]"));
    assert_eq!(api.post(&path, json!({ "subscribed_fields": ["messages", "message_echoes"] })).await.1["success"], true);
    let (_, list) = api.get(&path).await;
    assert_eq!(list["data"][0]["id"], APP);
    assert_eq!(list["data"][0]["subscribed_fields"], json!(["messages", "message_echoes"]));

    let app_token = format!("{APP}|{APP_SECRET}");
    let subscribe = |token: &str, verify: &str| {
        let callback = format!("{}/fb?x=1", sink.base);
        let form = [
            ("object", "page"),
            ("callback_url", callback.as_str()),
            ("verify_token", verify),
            ("fields", "messages"),
            ("access_token", token),
        ];
        Api::read(api.http.post(api.url(&format!("{APP}/subscriptions"))).form(&form))
    };
    assert_eq!(codes(&subscribe(PAGE_TOKEN, "verify-me").await.1), (15, 0));
    assert_eq!(codes(&subscribe(&app_token, "wrong").await.1), (2_200, 0));
    assert_eq!(subscribe(&app_token, "verify-me").await.1["success"], true);
    let query = sink.all().last().unwrap().query.clone();
    assert!(query.starts_with("x=1&hub.mode=subscribe&hub.challenge="), "{query}");
    let (_, app) = Api::read(api.http.get(api.url(&format!("{APP}/subscriptions?access_token={APP}%7C{APP_SECRET}")))).await;
    assert_eq!(app["data"][0]["fields"][0]["name"], "messages");
    api.sim.verify_webhook(APP).await.unwrap();
    api.sim.create_app(APP, APP_SECRET, "changed");
    assert!(api.sim.verify_webhook(APP).await.is_err());
}

#[tokio::test]
async fn signing_in_leads_to_page_tokens_by_pages_of_pages() {
    let api = Api::start().await;
    api.sim.create_page("1002", "Second", "EAASECOND", APP).unwrap();
    api.sim.create_user("9", "Owner", "EAAUSER", APP, &[PAGE, "1002"]).unwrap();
    let dialog = api.url(&format!("dialog/oauth?client_id={APP}&redirect_uri=http%3A%2F%2Fh.test%2Fback&state=s1&response_type=code"));
    let visit = async || -> url::Url {
        let response = api.http.get(&dialog).send().await.unwrap();
        response.headers()["location"].to_str().unwrap().parse().unwrap()
    };
    api.sim.change_settings(|settings| settings.deny_oauth = true);
    assert!(visit().await.query().unwrap().contains("error=access_denied"));
    api.sim.change_settings(|settings| settings.deny_oauth = false);
    let back = visit().await;
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    assert!(back.query().unwrap().ends_with("state=s1"));
    let exchange = |code: &str, redirect: &str| {
        api.url(&format!("oauth/access_token?client_id={APP}&client_secret={APP_SECRET}&redirect_uri={redirect}&code={code}"))
    };
    let right = exchange(&code, "http%3A%2F%2Fh.test%2Fback");
    let (_, token) = Api::read(api.http.get(&right)).await;
    assert_eq!(codes(&Api::read(api.http.get(&right)).await.1).0, 100, "codes are single use");
    let user_token = token["access_token"].as_str().unwrap();
    let long = format!(
        "oauth/access_token?grant_type=fb_exchange_token&client_id={APP}&client_secret={APP_SECRET}&fb_exchange_token={user_token}"
    );
    assert!(Api::read(api.http.get(api.url(&long))).await.1["access_token"].is_string());
    let debug = format!("debug_token?input_token={user_token}&access_token={APP}%7C{APP_SECRET}");
    let (_, debug) = Api::read(api.http.get(api.url(&debug))).await;
    assert_eq!((debug["data"]["is_valid"].as_bool(), debug["data"]["type"].as_str()), (Some(true), Some("USER")));
    let first = api.http.get(api.url("me/accounts?fields=id,access_token&limit=1")).bearer_auth(user_token);
    let (_, first) = Api::read(first).await;
    assert_eq!((first["data"][0]["id"].as_str(), first["data"][0]["access_token"].as_str()), (Some(PAGE), Some(PAGE_TOKEN)));
    let (_, second) = Api::read(api.http.get(first["paging"]["next"].as_str().unwrap())).await;
    assert_eq!((second["data"][0]["id"].as_str(), &second["paging"]["next"]), (Some("1002"), &Value::Null));
}

#[tokio::test]
async fn conversations_can_be_read_back() {
    let api = Api::start().await;
    api.send(json!({ "text": "answer" })).await;
    api.sim.create_consumer(PAGE, "2003", "Bea", "").unwrap();
    api.sim.advance_clock(1_000).await;
    api.sim.consumer_writes_media(PAGE, "2003", &[Upload::new("image/png", "x.png", b"PNG")]).unwrap();
    let fields = "fields=id,updated_time,messages.limit(1){id,created_time,from,to,message,attachments}";
    let (_, one) = api.get(&format!("{PAGE}/conversations?platform=messenger&user_id={PSID}&{fields}")).await;
    let message = &one["data"][0]["messages"]["data"][0];
    assert_eq!((message["message"].as_str(), message["from"]["id"].as_str()), (Some("answer"), Some(PAGE)));
    assert_eq!(message["created_time"], "2026-01-01T00:00:00+0000");
    let (_, first) = api.get(&format!("{PAGE}/conversations?limit=1&{fields}")).await;
    assert_eq!(first["data"][0]["id"], "t_2003");
    assert_eq!(first["data"][0]["messages"]["data"][0]["attachments"]["data"][0]["mime_type"], "image/png");
    let (_, second) = api.get(first["paging"]["next"].as_str().unwrap()).await;
    assert_eq!((second["data"][0]["id"].as_str(), &second["paging"]["next"]), (Some("t_2002"), &Value::Null));
}

#[tokio::test]
async fn the_messenger_profile_is_kept() {
    let api = Api::start().await;
    let menu = json!({ "persistent_menu": [] });
    assert_eq!(codes(&api.post("me/messenger_profile", menu).await.1), (100, 0));
    let start = json!({ "get_started": { "payload": "GET_STARTED" } });
    assert_eq!(api.post("me/messenger_profile", start).await.1["result"], "success");
    let (_, read) = api.get("me/messenger_profile?fields=get_started,greeting").await;
    assert_eq!(read["data"][0]["get_started"]["payload"], "GET_STARTED");
    let persona = json!({ "name": "Ann", "profile_picture_url": "https://h.test/a.png" });
    assert!(api.post("me/personas", persona).await.1["id"].is_string());
}
