//! The SMS vendor's REST API.

use serde_json::{Value, json};

use super::sink::Sink;
use super::*;

struct Api {
    sim: antiphon_simulators::TwilioSim,
    http: reqwest::Client,
}

impl Api {
    async fn start() -> Self {
        Self { sim: twilio(None).await, http: client() }
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with('/') {
            format!("{}{path}", self.sim.base_url())
        } else {
            format!("{}/2010-04-01/Accounts/{SID}/{path}", self.sim.base_url())
        }
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let request = self.http.post(self.url(path)).basic_auth(SID, Some(TOKEN)).form(fields);
        Self::read(request).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        Self::read(self.http.get(self.url(path)).basic_auth(SID, Some(TOKEN))).await
    }

    async fn delete(&self, path: &str) -> u16 {
        let request = self.http.delete(self.url(path)).basic_auth(SID, Some(TOKEN));
        request.send().await.unwrap().status().as_u16()
    }

    async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn send(&self, body: &str) -> Value {
        self.post("Messages.json", &[("From", LINE), ("To", CONSUMER), ("Body", body)]).await.1
    }
}

#[tokio::test]
async fn both_kinds_of_credentials_work_and_others_do_not() {
    let api = Api::start().await;
    api.sim.create_api_key(SID, "SK1", "key-secret").unwrap();
    let status = |user: &'static str, secret: &'static str| {
        let request = api.http.get(api.url("Messages.json")).basic_auth(user, Some(secret));
        async move { Api::read(request).await }
    };
    assert_eq!(status(SID, TOKEN).await.0, 200);
    assert_eq!(status("SK1", "key-secret").await.0, 200);
    let (code, body) = status(SID, "wrong").await;
    assert_eq!((code, &body["code"], &body["status"]), (401, &json!(20003), &json!(401)));
    assert_eq!(body["more_info"], "https://www.twilio.com/docs/errors/20003");
    assert_eq!(status("SK1", TOKEN).await.0, 401);
    assert_eq!(status("SK2", "key-secret").await.0, 401);
    let none = Api::read(api.http.get(api.url("Messages.json"))).await;
    assert_eq!(none.0, 401);
    assert_eq!(api.get("/2010-04-01/Accounts/AC9/Messages.json").await.1["code"], 20404);
}

#[tokio::test]
async fn a_message_is_created_with_the_vendors_types() {
    let api = Api::start().await;
    let (status, sent) = api.post("Messages.json", &[("From", LINE), ("To", CONSUMER), ("Body", "Hi")]).await;
    assert_eq!(status, 201);
    assert!(sent["sid"].as_str().unwrap().starts_with("SM"));
    assert_eq!(sent["status"], "queued");
    assert_eq!(sent["num_segments"], "1");
    assert_eq!(sent["num_media"], "0");
    assert_eq!(sent["date_created"], "Thu, 01 Jan 2026 00:00:00 +0000");
    assert_eq!(sent["error_code"], Value::Null);
    assert_eq!(sent["direction"], "outbound-api");
    assert_eq!(sent["account_sid"], SID);
    let sid = sent["sid"].as_str().unwrap();
    api.sim.wait_for_status(sid, "delivered").await;
    let (_, read) = api.get(&format!("Messages/{sid}.json")).await;
    assert_eq!((read["status"].as_str(), read["body"].as_str()), (Some("delivered"), Some("Hi")));
    assert_eq!(api.send(&"a".repeat(161)).await["num_segments"], "2");
    assert_eq!(api.sim.messages_received().len(), 2);
    assert_eq!(api.sim.requests()[0].form()[0], ("From".to_owned(), LINE.to_owned()));
}

#[tokio::test]
async fn refusals_have_the_vendors_codes() {
    let api = Api::start().await;
    api.sim.set_blocked_prefixes(SID, &["+81"]).unwrap();
    let long = "a".repeat(1_601);
    let media: Vec<(&str, &str)> = std::iter::repeat_n(("MediaUrl", "http://127.0.0.1/x.png"), 11).collect();
    let mut many = vec![("From", LINE), ("To", CONSUMER)];
    many.extend(media);
    let table: Vec<(Vec<(&str, &str)>, u32)> = vec![
        (vec![("From", LINE), ("Body", "x")], 21604),
        (vec![("To", CONSUMER), ("Body", "x")], 21603),
        (vec![("To", CONSUMER), ("From", LINE)], 21602),
        (vec![("To", CONSUMER), ("From", LINE), ("Body", &long)], 21617),
        (many, 21623),
        (vec![("To", CONSUMER), ("From", LINE), ("MediaUrl", "nonsense")], 21620),
        (vec![("To", "12345678"), ("From", LINE), ("Body", "x")], 21211),
        (vec![("To", "+8190000000"), ("From", LINE), ("Body", "x")], 21408),
        (vec![("To", CONSUMER), ("From", "+15559990000"), ("Body", "x")], 21606),
        (vec![("To", CONSUMER), ("From", "nobody"), ("Body", "x")], 21212),
        (vec![("To", LINE), ("From", LINE), ("Body", "x")], 21266),
        (vec![("To", CONSUMER), ("MessagingServiceSid", "MG0"), ("Body", "x")], 21701),
        (vec![("To", CONSUMER), ("From", LINE), ("Body", "x"), ("ValidityPeriod", "0")], 21626),
        (vec![("To", "+15005550001"), ("From", LINE), ("Body", "x")], 21211),
        (vec![("To", "+15005550002"), ("From", LINE), ("Body", "x")], 21612),
        (vec![("To", "+15005550003"), ("From", LINE), ("Body", "x")], 21408),
        (vec![("To", "+15005550004"), ("From", LINE), ("Body", "x")], 21610),
        (vec![("To", "+15005550009"), ("From", LINE), ("Body", "x")], 21614),
        (vec![("To", CONSUMER), ("From", "+15005550001"), ("Body", "x")], 21212),
        (vec![("To", CONSUMER), ("From", "+15005550007"), ("Body", "x")], 21606),
        (vec![("To", CONSUMER), ("From", "+15005550008"), ("Body", "x")], 21611),
    ];
    for (fields, code) in table {
        let (status, body) = api.post("Messages.json", &fields).await;
        assert_eq!((status, body["code"].as_u64()), (400, Some(u64::from(code))), "{fields:?}");
        assert_eq!(body["status"], 400);
    }
    assert_eq!(api.sim.messages_received_count(), 0);
}

#[tokio::test]
async fn trial_test_and_inactive_accounts_are_limited() {
    let api = Api::start().await;
    api.sim.set_trial(SID, Some(&["+15550009999"])).unwrap();
    assert_eq!(api.send("x").await["code"], 21608);
    api.sim.set_trial(SID, None).unwrap();
    api.sim.set_test_credentials(SID, true).unwrap();
    let magic = [("From", "+15005550006"), ("To", CONSUMER), ("Body", "x")];
    assert_eq!(api.post("Messages.json", &magic).await.0, 201);
    api.sim.set_test_credentials(SID, false).unwrap();
    assert_eq!(api.post("Messages.json", &magic).await.1["code"], 21606);
    api.sim.set_account_status(SID, "suspended").unwrap();
    assert_eq!(api.get("/2010-04-01/Accounts/AC00000000000000000000000000000001.json").await.1["status"], "suspended");
    assert_eq!(api.send("x").await["code"], 20005);
    api.sim.set_account_status(SID, "closed").unwrap();
    assert_eq!(api.get("Messages.json").await.0, 401);
}

#[tokio::test]
async fn lists_are_filtered_and_paged_newest_first() {
    let api = Api::start().await;
    for index in 0..5 {
        api.send(&format!("m{index}")).await;
        api.sim.advance_clock(3_600_000).await;
    }
    let inbound = api.sim.consumer_writes_text(CONSUMER, LINE, "in").unwrap();
    let (_, first) = api.get("Messages.json?PageSize=4").await;
    assert_eq!(first["messages"][0]["sid"], inbound.as_str());
    assert_eq!(first["messages"].as_array().unwrap().len(), 4);
    assert_eq!((first["page"].as_u64(), first["page_size"].as_u64()), (Some(0), Some(4)));
    api.send("late arrival does not shift the pages").await;
    let (_, second) = api.get(first["next_page_uri"].as_str().unwrap()).await;
    let bodies: Vec<&str> = second["messages"].as_array().unwrap().iter().filter_map(|m| m["body"].as_str()).collect();
    assert_eq!(bodies, ["m1", "m0"]);
    assert_eq!(second["next_page_uri"], Value::Null);
    let count = |query: &'static str| {
        let path = format!("Messages.json?{query}");
        let api = &api;
        async move { api.get(&path).await.1["messages"].as_array().map(Vec::len) }
    };
    assert_eq!(count("To=%2B15550001111").await, Some(1));
    assert_eq!(count("From=%2B15550001111&To=%2B15550002222").await, Some(6));
    assert_eq!(count("DateSent%3E=2026-01-01T03:30:00Z").await, Some(3));
    assert_eq!(count("DateSent=2026-01-01").await, Some(7));
    assert_eq!(count("DateSent%3C=2025-12-31").await, Some(0));
    assert_eq!(api.get("Messages.json?DateSent=yesterday").await.0, 400);
}

#[tokio::test]
async fn messages_are_redacted_deleted_and_cancelled() {
    let api = Api::start().await;
    let sid = api.send("secret").await["sid"].as_str().unwrap().to_owned();
    api.sim.wait_for_status(&sid, "delivered").await;
    let path = format!("Messages/{sid}.json");
    assert_eq!(api.post(&path, &[("Body", "")]).await.1["body"], "");
    assert_eq!(api.post(&path, &[("Body", "other")]).await.0, 400);
    assert_eq!(api.post(&path, &[("Status", "canceled")]).await.1["code"], 30409);
    assert_eq!(api.delete(&path).await, 204);
    assert_eq!(api.get(&path).await.1["code"], 20404);
    let service = api.sim.create_service(SID, &[("FriendlyName", "s")], &[LINE]).unwrap();
    let later = [
        ("MessagingServiceSid", service.as_str()),
        ("To", CONSUMER),
        ("Body", "x"),
        ("ScheduleType", "fixed"),
        ("SendAt", "2026-01-01T01:00:00Z"),
    ];
    let (_, first) = api.post("Messages.json", &later).await;
    assert_eq!(first["status"], "scheduled");
    let path = format!("Messages/{}.json", first["sid"].as_str().unwrap());
    assert_eq!(api.post(&path, &[("Status", "canceled")]).await.1["status"], "canceled");
    let (_, second) = api.post("Messages.json", &later).await;
    api.sim.advance_clock(3_600_000).await;
    assert_eq!(api.get(&path).await.1["status"], "canceled");
    let path = format!("Messages/{}.json", second["sid"].as_str().unwrap());
    let (_, sent) = api.get(&path).await;
    assert_eq!((sent["status"].as_str(), sent["from"].as_str()), (Some("delivered"), Some(LINE)));
}

#[tokio::test]
async fn senders_keep_their_pace_on_the_virtual_clock() {
    let api = Api::start().await;
    api.sim.set_rate(LINE, 1).unwrap();
    let mut sids = Vec::new();
    for body in ["a".repeat(161), "b".into(), "c".into()] {
        sids.push(api.send(&body).await["sid"].as_str().unwrap().to_owned());
    }
    let statuses = || -> Vec<String> { sids.iter().map(|sid| api.sim.message_by_sid(sid).unwrap().status).collect() };
    api.sim.settle().await;
    assert_eq!(statuses(), ["delivered", "queued", "queued"]);
    api.sim.advance_clock(2_000).await;
    assert_eq!(statuses(), ["delivered", "delivered", "queued"], "two segments take two seconds");
    api.sim.advance_clock(1_000).await;
    assert_eq!(statuses(), ["delivered", "delivered", "delivered"]);
    let short = [("From", LINE), ("To", CONSUMER), ("Body", "x"), ("ValidityPeriod", "1")];
    api.send(&"a".repeat(1_000)).await;
    let sid = api.post("Messages.json", &short).await.1["sid"].as_str().unwrap().to_owned();
    api.sim.advance_clock(60_000).await;
    assert_eq!(api.sim.message_by_sid(&sid).unwrap().error_code, Some(30001));
}

#[tokio::test]
async fn outbound_media_is_fetched_and_listed() {
    let api = Api::start().await;
    let sink = Sink::start().await;
    sink.answer(&[(200, "image/png", "PNG"), (404, "text/plain", "gone")]);
    let url = format!("{}/files/a.png", sink.base);
    let fields = [("From", LINE), ("To", CONSUMER), ("MediaUrl", url.as_str())];
    let (_, sent) = api.post("Messages.json", &fields).await;
    assert!(sent["sid"].as_str().unwrap().starts_with("MM"));
    assert_eq!(sent["num_media"], "1");
    api.sim.settle().await;
    let (_, list) = api.get(&format!("Messages/{}/Media.json", sent["sid"].as_str().unwrap())).await;
    let item = &list["media_list"][0];
    assert_eq!(item["content_type"], "image/png");
    let path = item["uri"].as_str().unwrap();
    assert_eq!(api.get(path).await.1["sid"], item["sid"]);
    assert_eq!(api.delete(path).await, 204);
    assert_eq!(api.get(path).await.0, 404);
    let (_, second) = api.post("Messages.json", &fields).await;
    api.sim.wait_for_status(second["sid"].as_str().unwrap(), "failed").await;
    api.sim.set_mms(LINE, false).unwrap();
    assert_eq!(api.post("Messages.json", &fields).await.1["code"], 21622);
}

#[tokio::test]
async fn numbers_are_searched_bought_configured_and_released() {
    let api = Api::start().await;
    let (_, found) = api.get("AvailablePhoneNumbers/US/Local.json?AreaCode=415&PageSize=2").await;
    let offers = found["available_phone_numbers"].as_array().unwrap();
    assert_eq!(offers.len(), 2);
    assert_eq!(offers[0]["capabilities"], json!({ "voice": true, "SMS": true, "MMS": true }));
    let wanted = offers[0]["phone_number"].as_str().unwrap();
    let (status, bought) = api.post("IncomingPhoneNumbers.json", &[("PhoneNumber", wanted), ("SmsUrl", "http://127.0.0.1/sms")]).await;
    assert_eq!((status, bought["capabilities"]["sms"].as_bool()), (201, Some(true)));
    for (fields, code) in [
        ([("PhoneNumber", wanted)], 21422),
        ([("PhoneNumber", "+15005550000")], 21422),
        ([("PhoneNumber", "+15005550001")], 21421),
        ([("AreaCode", "533")], 21452),
    ] {
        assert_eq!(api.post("IncomingPhoneNumbers.json", &fields).await.1["code"], code);
    }
    assert_eq!(api.post("IncomingPhoneNumbers.json", &[("PhoneNumber", "+15005550006")]).await.0, 201);
    assert_eq!(api.post("IncomingPhoneNumbers.json", &[("AreaCode", "500")]).await.0, 201);
    let query = format!("IncomingPhoneNumbers.json?PhoneNumber={}", wanted.replace('+', "%2B"));
    let (_, list) = api.get(&query).await;
    assert_eq!(list["incoming_phone_numbers"][0]["sid"], bought["sid"]);
    let path = format!("IncomingPhoneNumbers/{}.json", bought["sid"].as_str().unwrap());
    assert_eq!(api.post(&path, &[("SmsUrl", "http://127.0.0.1/new"), ("SmsMethod", "GET")]).await.1["sms_url"], "http://127.0.0.1/new");
    assert_eq!(api.post(&path, &[("SmsMethod", "PUT")]).await.0, 400);
    assert_eq!(api.delete(&path).await, 204);
    assert_eq!(api.get(&path).await.0, 404);
}

#[tokio::test]
async fn services_choose_their_sender_and_take_inbound() {
    let api = Api::start().await;
    let sink = Sink::start().await;
    let inbound = format!("{}/service", sink.base);
    let (_, service) = api.post("/v1/Services", &[("FriendlyName", "s"), ("InboundRequestUrl", &inbound)]).await;
    let sid = service["sid"].as_str().unwrap().to_owned();
    let send = [("MessagingServiceSid", sid.as_str()), ("To", CONSUMER), ("Body", "x")];
    assert_eq!(api.post("Messages.json", &send).await.1["code"], 21704);
    let (_, numbers) = api.get("IncomingPhoneNumbers.json").await;
    let pn = numbers["incoming_phone_numbers"][0]["sid"].as_str().unwrap().to_owned();
    let pool = format!("/v1/Services/{sid}/PhoneNumbers");
    assert_eq!(api.post(&pool, &[("PhoneNumberSid", &pn)]).await.0, 201);
    assert_eq!(api.post(&pool, &[("PhoneNumberSid", &pn)]).await.1["code"], 21710);
    let (_, other) = api.post("/v1/Services", &[("FriendlyName", "t")]).await;
    let other_pool = format!("/v1/Services/{}/PhoneNumbers", other["sid"].as_str().unwrap());
    assert_eq!(api.post(&other_pool, &[("PhoneNumberSid", &pn)]).await.1["code"], 21712);
    let (_, sent) = api.post("Messages.json", &send).await;
    assert_eq!((sent["status"].as_str(), &sent["from"]), (Some("accepted"), &Value::Null));
    api.sim.wait_for_status(sent["sid"].as_str().unwrap(), "delivered").await;
    let read = api.sim.message_by_sid(sent["sid"].as_str().unwrap()).unwrap();
    assert_eq!(read.from.as_deref(), Some(LINE));
    api.sim.consumer_writes_text(CONSUMER, LINE, "hi").unwrap();
    api.sim.settle().await;
    let got = sink.all().remove(0);
    assert_eq!((got.path.as_str(), got.field("MessagingServiceSid")), ("/service", sid));
}

#[tokio::test]
async fn subaccounts_have_their_own_token() {
    let api = Api::start().await;
    let (status, sub) = api.post("/2010-04-01/Accounts.json", &[("FriendlyName", "tenant")]).await;
    assert_eq!(status, 201);
    let (sid, token) = (sub["sid"].as_str().unwrap(), sub["auth_token"].as_str().unwrap());
    let path = format!("/2010-04-01/Accounts/{sid}/Messages.json");
    assert_eq!(api.get(&path).await.0, 200, "the owner may");
    let own = api.http.get(api.url(&path)).basic_auth(sid, Some(token));
    assert_eq!(Api::read(own).await.0, 200);
    let up = api.http.get(api.url("Messages.json")).basic_auth(sid, Some(token));
    assert_eq!(Api::read(up).await.0, 404, "the subaccount may not look up");
}

#[tokio::test]
async fn a_bad_status_callback_is_ignored_and_noted() {
    let api = Api::start().await;
    let fields = [("From", LINE), ("To", CONSUMER), ("Body", "x"), ("StatusCallback", "http://a_b.example.test/x")];
    assert_eq!(api.post("Messages.json", &fields).await.0, 201);
    assert_eq!(api.sim.alerts()[0].code, 21609);
}

#[tokio::test]
async fn the_sink_mode_takes_messages_without_consequences() {
    let api = Api::start().await;
    api.sim.sink_mode(true);
    for _ in 0..10 {
        assert_eq!(api.send("x").await["status"], "queued");
    }
    assert_eq!(api.sim.messages_received_count(), 10);
    assert!(api.sim.journal().is_empty());
}
