//! The tables of this connector, its signature vectors, and what has no place in a table.

use super::{FacebookMessenger, errors};
use crate::kit::errors::{Class, Sub};
use crate::kit::table::{
    CannedNet, Fixture, InboundCase, Manner, NOW, OutboundCase, Trouble, Wanted, WantedBody, answer, answer_with, channel_app, now,
    outbound, parse, request, source, structured, with_credentials, with_header, with_setting,
};
use crate::kit::{form, mac};
use crate::meta::signature;
use antiphon_app::channel::{
    Answer, Channel, ChannelProfile, Disposition, InboundContent, InboundItem, InboundKind, Keys, LookedUp, Outbound, OutboundContent,
    RawRequest, ReceiptOf, Refusal, SignalTo,
};
use antiphon_app::ports::net::{NetAnswer, NetError, NetRequest};
use antiphon_domain::source::HealthState;
use antiphon_domain::{DeliveryId, DeliveryStatus, Timestamp};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

mod received;
mod sent;

use sent::{ACCEPTED, file, refusal};

const SECRET: &str = "sim_app_secret_0123456789abcdef";
const TOKEN: &str = "EAAPAGETOKEN";
const HOOK: &str = "https://hooks.example.test/webhooks/facebook_messenger/app/app_1";
const HEADER: &str = "x-hub-signature-256";
const JSON: Option<&str> = Some("application/json");
const MESSAGES: &str = "https://graph.facebook.com/v25.0/1001/messages";

fn keys() -> Keys {
    let app = channel_app("facebook_messenger", &[("app_id", "555"), ("app_secret", SECRET), ("verify_token", "let-me-in")]);
    let source = source("facebook_messenger", "1001", &[("page_access_token", TOKEN)], &[]);
    Keys { source: Some(Arc::new(source)), app: Some(Arc::new(app)) }
}

fn app_with(name: &str, value: &str) -> Keys {
    let mut app = antiphon_domain::ChannelApp::clone(keys().app.as_ref().expect("an app"));
    app.credentials.insert(name.to_owned(), value.to_owned());
    Keys { app: Some(Arc::new(app)), ..keys() }
}

fn sign(request: &mut RawRequest) {
    let signature = format!("sha256={}", hex::encode(mac::hmac_sha256(SECRET.as_bytes(), &request.body)));
    *request = with_header(request, HEADER, Some(&signature));
}

/// A webhook with one entry.
fn entry(page: &str, list: &str, updates: &Value) -> RawRequest {
    let body = json!({"object": "page", "entry": [{"id": page, "time": 1_767_225_600_000i64, list: updates}]});
    request(Method::POST, HOOK, JSON, &body.to_string())
}

/// A webhook with one update of person 2002 on page 1001.
fn update(field: &str, value: &Value) -> RawRequest {
    entry("1001", "messaging", &json!([{"sender": {"id": "2002"}, "recipient": {"id": "1001"}, "timestamp": NOW.0, field: value}]))
}

fn item(key: &str, kind: InboundKind) -> Result<InboundItem, &'static str> {
    Ok(InboundItem { source_address: Some("1001".to_owned()), key: key.to_owned(), at: Some(NOW), kind })
}

fn said(contents: Vec<InboundContent>, metadata: Option<Value>) -> InboundKind {
    let metadata = metadata.map(|metadata| metadata.to_string());
    InboundKind::Message { from: "2002".to_owned(), name: None, contents, metadata, consent: None }
}

fn text(text: &str) -> InboundContent {
    InboundContent::Text { text: text.to_owned(), payload: None }
}

fn tapped(text: &str, payload: &str) -> InboundContent {
    InboundContent::Text { text: text.to_owned(), payload: Some(payload.to_owned()) }
}

fn media(url: &str, declared: Option<&str>, name: Option<&str>) -> InboundContent {
    InboundContent::Media { url: url.to_owned(), declared_type: declared.map(str::to_owned), name: name.map(str::to_owned), caption: None }
}

fn attached(attachments: &Value) -> RawRequest {
    update("message", &json!({"mid": "m_1", "attachments": attachments}))
}

pub(crate) fn fixture() -> Fixture {
    Fixture {
        channel: Arc::new(FacebookMessenger),
        keys: keys(),
        sign,
        signature: HEADER,
        inbound: received::table(),
        outbound: sent::table(),
        manner: Manner::default(),
    }
}

const M1: &str = r#"{"object":"page","entry":[{"id":"1001","time":1767225600000,"messaging":[{"sender":{"id":"2002"},"recipient":{"id":"1001"},"timestamp":1767225600000,"message":{"mid":"m_sim_1","text":"hello"}}]}]}"#;
const M2: &str =
    r#"{"object":"page","entry":[{"id":"1001","messaging":[{"message":{"mid":"m_sim_2","text":"caf\u00e9 \/ \ud83d\ude00"}}]}]}"#;

#[track_caller]
fn check(body: &[u8], header: &str, accepted: bool) {
    let mut hook = request(Method::POST, HOOK, JSON, "");
    hook.body = body.to_vec().into();
    let hook = with_header(&hook, HEADER, Some(header));
    assert_eq!(FacebookMessenger.verify(&hook, &keys()).is_ok(), accepted, "{header}");
}

#[test]
fn the_published_vectors_hold() {
    let m1 = "sha256=a1020ff767b0e60c2b15da64d24ea9bf4d234523b8faf0890ee1eccaac9abc2c";
    assert_eq!((M1.len(), M2.len()), (196, 120));
    check(M1.as_bytes(), m1, true);
    check(M1.as_bytes(), &m1.to_ascii_uppercase(), false);
    check(M1.as_bytes(), &format!("sha256={}", m1[7..].to_ascii_uppercase()), false);
    check(M1.as_bytes(), &m1[7..], false);
    check(M1.as_bytes(), "sha1=79d31a36c65405b950cd8176b269c6a9f5ee58d8", false);
    check(format!("{M1} ").as_bytes(), m1, false);
    check(M2.as_bytes(), "sha256=2b9c17eff8a351dd29eb597dc2250cb1290b1534b0f458e86f88a31f3c56a80f", true);
    // Decoded and encoded again: right for other bytes, so wrong.
    let again = "sha256=837bbd856702140d7d6dac4c00d88bc9248c61484e2cefb3544693fd19e1c048";
    check(M2.as_bytes(), again, false);
    check(
        r#"{"object":"page","entry":[{"id":"1001","messaging":[{"message":{"mid":"m_sim_2","text":"café / 😀"}}]}]}"#.as_bytes(),
        again,
        true,
    );
    let w1 = r#"{"object":"whatsapp_business_account","entry":[{"id":"3003","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550001111","phone_number_id":"4004"},"statuses":[{"id":"wamid.SIM1","status":"delivered","timestamp":"1767225600","recipient_id":"15550002222"}]},"field":"messages"}]}]}"#;
    check(w1.as_bytes(), "sha256=5bbd33c909a3f8e204d2cbc876187ab96d318b84602abd93e79ea108fc55b957", true);
    assert_eq!(signature::appsecret_proof("EAASIMTOKEN", SECRET), "c731df0d3cc4ce5e88639dc7085019d0cfea08ff5fe875e490393b637f45998c");
}

#[test]
fn a_compressed_body_is_verified_as_it_came() {
    // `{}` through gzip: what was signed is what travelled, and a proxy that inflates breaks it.
    let zipped = hex::decode("1f8b0800000000000003abae0500 43bfa6a302000000".replace(' ', "")).expect("hex");
    let header = |bytes: &[u8]| format!("sha256={}", hex::encode(mac::hmac_sha256(SECRET.as_bytes(), bytes)));
    check(&zipped, &header(&zipped), true);
    check(b"{}", &header(&zipped), false);
    check(&zipped, &header(b"{}"), false);
    let mut hook = request(Method::POST, HOOK, JSON, "");
    hook.body = zipped.into();
    assert!(parse(&fixture(), &hook)[0].as_ref().is_err_and(|dead| dead.code == "malformed"));
}

#[test]
fn signed_requests_of_the_app_level_callbacks() {
    let signed = "-OWs4tWmbUWN7r_sVQDyBy8UQsDettirjJ0O2R0lL3Y.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTc2NzIyNTYwMCwidXNlcl9pZCI6IjkwMDkifQ";
    let payload = br#"{"algorithm":"HMAC-SHA256","issued_at":1767225600,"user_id":"9009"}"#;
    assert_eq!(signature::signed_payload(signed, SECRET.as_bytes()).as_deref(), Some(&payload[..]));
    assert_eq!(signature::signed_payload(signed, b"another"), None);
    assert_eq!(signature::signed_payload(&signed.replace(".e", ".f"), SECRET.as_bytes()), None);
    for (tail, label) in [("deauthorize", "deauthorised"), ("data-deletion", "data_deletion_requested")] {
        let body = form::encode([("signed_request", signed)]);
        let mut hook = request(Method::POST, HOOK, Some("application/x-www-form-urlencoded"), &body);
        hook.tail = tail.to_owned();
        let verified = FacebookMessenger.verify(&hook, &keys()).expect("signed");
        let items = FacebookMessenger.parse(verified, &keys(), NOW);
        assert_eq!(items[0].as_ref().map(|item| item.kind.clone()), Ok(InboundKind::Ignored(label)));
        let answer = FacebookMessenger.acknowledgement(&hook, &keys());
        if tail == "data-deletion" {
            let answer: Value = serde_json::from_str(&answer.body).expect("JSON");
            let code = answer["confirmation_code"].as_str().expect("a code");
            assert_eq!(answer["url"].as_str(), Some(format!("{HOOK}?code={code}").as_str()));
            let mut page = request(Method::GET, &format!("{HOOK}?code={code}"), None, "");
            page.tail = tail.to_owned();
            let shown = FacebookMessenger.handshake(&page, &keys()).expect("a page").expect("known");
            assert!(shown.body.contains(code) && shown.status == 200);
            page.query = "code=%3Cscript%3E".to_owned();
            assert_eq!(FacebookMessenger.handshake(&page, &keys()), Some(Err(Refusal::BadToken)));
        } else {
            assert_eq!(answer.body, "EVENT_RECEIVED");
        }
        hook.body = body.replace("OWs4", "OWs5").into();
        assert!(FacebookMessenger.verify(&hook, &keys()).is_err());
        hook.body = bytes::Bytes::new();
        assert!(FacebookMessenger.verify(&hook, &keys()).is_err());
    }
}

#[test]
fn the_handshake_echoes_the_challenge_to_who_knows_the_token() {
    let ask = |query: &str, keys: &Keys| FacebookMessenger.handshake(&request(Method::GET, &format!("{HOOK}?{query}"), None, ""), keys);
    let right = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=let-me-in";
    let echoed = Answer { status: 200, content_type: "text/plain", body: "1158201444".to_owned() };
    assert_eq!(ask(right, &keys()), Some(Ok(echoed)));
    for wrong in [
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=let-me-i",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=let-me-in",
        "hub.mode=subscribe&hub.verify_token=let-me-in",
        "",
    ] {
        assert_eq!(ask(wrong, &keys()), Some(Err(Refusal::BadToken)), "{wrong}");
    }
    assert_eq!(ask(right, &with_credentials(&keys(), |_, _| None)), Some(Err(Refusal::NoSecret("verify_token"))));
    assert_eq!(FacebookMessenger.handshake(&request(Method::POST, HOOK, JSON, M1), &keys()), None);
}

#[test]
fn every_code_of_the_table_has_its_class() {
    use Class::{Permanent, Reauthorise, Retry, Source, Stop, Throttle};
    let any = |codes: &[i64]| codes.iter().map(|code| (*code, Sub::Any)).collect::<Vec<_>>();
    let of = |code: i64, subs: &[i64]| subs.iter().map(|sub| (code, Sub::Is(*sub))).collect::<Vec<_>>();
    let expected: Vec<(Class, Vec<(i64, Sub)>)> = vec![
        (Retry(Some(3)), [any(&[1]), of(1, &[99])].concat()),
        (Retry(None), any(&[2, 1_200])),
        (Throttle(None), [any(&[4, 17, 32, 613, 80_006]), of(4, &[2_018_022])].concat()),
        (Reauthorise, [vec![(10, Sub::Absent)], any(&[190, 230]), of(190, &[458, 459, 460, 463, 464, 467, 492])].concat()),
        (
            Permanent,
            [
                any(&[10, 100, 200, 10_303]),
                of(10, &[2_018_278, 2_018_065, 2_018_300]),
                of(100, &[33, 2_018_034, 2_018_047, 2_018_109, 1_893_061]),
                of(200, &[2_018_028, 2_018_027, 2_018_021]),
            ]
            .concat(),
        ),
        (Source(None), of(2, &[2_018_344])),
        (Source(Some(900_000)), any(&[341, 368])),
        (Retry(Some(2)), of(100, &[2_018_008])),
        (Retry(Some(1)), of(100, &[2_018_294])),
        (Stop, [any(&[551]), of(10, &[2_018_108]), of(100, &[2_018_001]), of(200, &[1_545_041]), of(551, &[1_545_041])].concat()),
    ];
    let mut listed = 0;
    for (class, codes) in &expected {
        for code in codes {
            let row = errors::TABLE.iter().find(|row| row.codes.contains(code)).unwrap_or_else(|| panic!("{code:?} is missing"));
            assert_eq!(row.class, *class, "{code:?}");
            assert!(row.message.ends_with('.') && row.remedy.ends_with('.'), "{code:?}");
            listed += 1;
        }
    }
    assert_eq!(errors::TABLE.iter().map(|row| row.codes.len()).sum::<usize>(), listed);
}

#[test]
fn the_tag_is_used_where_the_window_is_closed_and_the_app_may() {
    let declared = |keys: Keys, silent_s: Option<i64>| {
        let mut out = outbound(&keys, &OutboundContent::Text("x".into()), r#"{"text":"x"}"#.to_owned());
        out.last_consumer_at = silent_s.map(|silent| NOW.plus_s(-silent));
        let net = CannedNet::new([answer(200, ACCEPTED)]);
        now(FacebookMessenger.send(&out, &net)).expect("sent");
        let body: Value = serde_json::from_slice(&net.calls()[0].body).expect("JSON");
        (body["messaging_type"].as_str().unwrap_or_default().to_owned(), body["tag"].as_str().unwrap_or_default().to_owned())
    };
    let (response, tagged) = (("RESPONSE".to_owned(), String::new()), ("MESSAGE_TAG".to_owned(), "HUMAN_AGENT".to_owned()));
    let approved = || app_with("human_agent_enabled", "true");
    assert_eq!(declared(approved(), Some(23 * 3600)), response);
    assert_eq!(declared(approved(), Some(24 * 3600 - 30)), tagged);
    assert_eq!(declared(approved(), Some(7 * 24 * 3600 - 1)), tagged);
    assert_eq!(declared(approved(), Some(7 * 24 * 3600)), response);
    assert_eq!(declared(approved(), None), response);
    assert_eq!(declared(keys(), Some(25 * 3600)), response);
    assert_eq!(FacebookMessenger.capabilities(&approved()).window.map(|window| window.longest_hours()), Some(168));
    assert_eq!(FacebookMessenger.capabilities(&keys()).window.map(|window| window.longest_hours()), Some(24));
    assert_eq!(FacebookMessenger.capabilities(&keys()).text.max, 640);
    assert_eq!(FacebookMessenger.capabilities(&with_setting(&keys(), "text_max", "9999")).text.max, 2_000);
}

#[test]
fn files_are_uploaded_where_the_source_says_so() {
    let content = file("video/mp4", 9, "");
    let out = outbound(&with_setting(&keys(), "media_upload", "on"), &content, r#"{"file":"media"}"#.to_owned());
    let net = CannedNet::new([answer(200, ACCEPTED)]);
    assert!(now(FacebookMessenger.send(&out, &net)).is_ok());
    let call = net.calls().remove(0);
    assert!(call.headers["content-type"].as_bytes().starts_with(b"multipart/form-data"));
    assert!(String::from_utf8_lossy(&call.body).contains("\"type\":\"video\""));
}

fn substitute(version: &str) -> Keys {
    let keys = app_with("graph_version", version);
    let mut source = antiphon_domain::Source::clone(keys.source.as_ref().expect("a source"));
    source.api_base_url = Some("http://127.0.0.1:9/".to_owned());
    Keys { source: Some(Arc::new(source)), app: keys.app }
}

const ANN: SignalTo<'_> = SignalTo { address: "2002", about: None };

#[test]
fn typing_and_seen_are_sender_actions() {
    let signals = FacebookMessenger.signals().expect("this channel shows typing");
    for (action, expected) in [(Some(true), "typing_on"), (Some(false), "typing_off"), (None, "mark_seen")] {
        let net = CannedNet::new([answer(200, r#"{"recipient_id":"2002"}"#)]);
        let keys = substitute("v24.0");
        let outcome = match action {
            Some(on) => now(signals.typing(&keys, ANN, on, &net)),
            None => now(signals.seen(&keys, ANN, &net)),
        };
        assert!(outcome.is_ok());
        let call = net.calls().remove(0);
        assert_eq!(call.url, "http://127.0.0.1:9/v24.0/1001/messages");
        assert_eq!(
            serde_json::from_slice::<Value>(&call.body).expect("JSON"),
            json!({"recipient": {"id": "2002"}, "sender_action": expected})
        );
    }
    let net = CannedNet::new([answer(400, &refusal(190, Some(460)))]);
    let refused = now(signals.seen(&keys(), ANN, &net)).expect_err("refused");
    assert_eq!(refused.disposition, Disposition::NeedsReauthorisation);
    let net = CannedNet::new([Err(NetError::Timeout(1))]);
    assert!(matches!(now(signals.seen(&keys(), ANN, &net)).expect_err("late").disposition, Disposition::Retry { .. }));
}

#[test]
fn profiles_are_asked_for_and_may_be_withheld() {
    let profile = |given: &str, status| {
        let net = CannedNet::new([answer(status, given)]);
        let outcome = now(FacebookMessenger.profiles().expect("this channel has profiles").profile(&keys(), "2002", &net));
        let calls: Vec<NetRequest> = net.calls();
        assert_eq!(calls[0].url, "https://graph.facebook.com/v25.0/2002?fields=first_name%2Clast_name%2Cname%2Cprofile_pic");
        outcome.map_err(|error| error.disposition)
    };
    let named = |name: &str, picture: Option<&str>| {
        Ok(Some(ChannelProfile { name: Some(name.to_owned()), avatar_url: picture.map(str::to_owned) }))
    };
    assert_eq!(
        profile(r#"{"first_name":"Ann","last_name":"Lee","profile_pic":"https://p.test/1","id":"2002"}"#, 200),
        named("Ann Lee", Some("https://p.test/1"))
    );
    assert_eq!(profile(r#"{"name":"Ann Marie Lee","first_name":"Ann"}"#, 200), named("Ann Marie Lee", None));
    assert_eq!(profile(&refusal(100, Some(33)), 400), Ok(None));
    assert_eq!(profile(&refusal(4, None), 400), Err(Disposition::Throttled { after_ms: None }));
    let net = CannedNet::default();
    assert_eq!(now(FacebookMessenger.profiles().expect("profiles").profile(&keys(), "../me", &net)), Ok(None));
    assert!(net.calls().is_empty());
}

#[test]
fn media_is_fetched_without_credentials() {
    let net = CannedNet::new([answer_with(200, "content-disposition", "attachment; filename=offer.pdf", "%PDF-")]);
    let fetched = now(FacebookMessenger.media().expect("media").fetch(&keys(), "https://cdn.test/x", 100, &net)).expect("fetched");
    assert_eq!((fetched.bytes.as_ref(), fetched.name.as_deref()), (&b"%PDF-"[..], Some("offer.pdf")));
    assert!(net.calls()[0].headers.is_empty());
    let net = CannedNet::new([answer(403, "")]);
    let gone = now(FacebookMessenger.media().expect("media").fetch(&keys(), "https://cdn.test/x", 100, &net)).expect_err("expired");
    assert_eq!((gone.disposition, gone.reason.code.as_ref()), (Disposition::Failed, "media_unreachable"));
}

#[test]
fn an_unknown_outcome_is_looked_up_in_the_conversation() {
    let lookup = |waited_ms: i64, payload: &str, given: &Value| {
        let mut out: Outbound = outbound(&keys(), &OutboundContent::Text("Hello".into()), payload.to_owned());
        out.first_attempt_at = Some(NOW);
        out.now = Timestamp(NOW.0 + waited_ms);
        let net = CannedNet::new([answer(200, &given.to_string())]);
        let found = now(FacebookMessenger.lookup().expect("lookup").lookup(&out, &net)).expect("an answer");
        assert!(
            net.calls()[0]
                .url
                .starts_with("https://graph.facebook.com/v25.0/1001/conversations?platform=messenger&user_id=2002&fields=id%2C")
        );
        found
    };
    let message = |id: &str, from: &str, text: &str, at: &str| json!({"id": id, "from": {"id": from}, "message": text, "created_time": format!("2026-01-01T00:00:{at}+0000")});
    let conversation = |messages: Vec<Value>| json!({"data": [{"id": "t_1", "messages": {"data": messages}}]});
    let hello = r#"{"text":"Hello"}"#;
    let ours = message("m_9", "1001", "Hello", "01");
    assert_eq!(lookup(1_000, hello, &conversation(vec![ours.clone()])), LookedUp::Found("m_9".to_owned()));
    assert_eq!(lookup(1_000, hello, &conversation(vec![ours.clone(), ours])), LookedUp::Unclear);
    assert_eq!(lookup(1_000, hello, &conversation(vec![])), LookedUp::Unclear);
    let others = vec![message("m_1", "2002", "Hello", "02"), message("m_2", "1001", "Other", "02")];
    assert_eq!(lookup(60_000, hello, &conversation(others)), LookedUp::Absent);
    let earlier = json!({"id": "m_0", "from": {"id": "1001"}, "message": "Hello", "created_time": "2025-12-31T23:00:00+0000"});
    assert_eq!(lookup(60_000, hello, &conversation(vec![earlier])), LookedUp::Absent);
    let full = (0..20).map(|index| message(&format!("m_{index}"), "2002", "x", "30")).collect();
    assert_eq!(lookup(60_000, hello, &conversation(full)), LookedUp::Unclear);
    let picture = json!({"id": "m_9", "from": {"id": "1001"}, "message": "", "attachments": {"data": [{"id": "a"}]}, "created_time": "2026-01-01T00:00:01+0000"});
    assert_eq!(lookup(1_000, r#"{"file":"media"}"#, &conversation(vec![picture.clone()])), LookedUp::Found("m_9".to_owned()));
    assert_eq!(lookup(60_000, hello, &conversation(vec![picture])), LookedUp::Absent);
    assert_eq!(lookup(60_000, hello, &json!({})), LookedUp::Unclear);
}

const SUBSCRIBED: &str = r#"{"data":[{"id":"555","subscribed_fields":["messages","message_echoes"]}]}"#;

fn missed(answers: Vec<Result<NetAnswer, NetError>>, keys: &Keys) -> (Result<Vec<InboundItem>, Disposition>, Vec<NetRequest>) {
    let net = CannedNet::new(answers);
    let catch_up = FacebookMessenger.catch_up().expect("this channel has conversations");
    let found = now(catch_up.missed(keys, NOW.plus_s(-3_600), NOW, &net)).map_err(|error| error.disposition);
    assert_eq!(net.unused(), 0);
    (found, net.calls())
}

#[test]
fn what_webhooks_failed_to_bring_is_read_from_the_conversations() {
    let thread = |updated: &str, messages: &[&str]| {
        format!(r#"{{"id":"t","updated_time":"2025-12-31T{updated}+0000","messages":{{"data":[{}]}}}}"#, messages.join(","))
    };
    let first = thread(
        "23:50:00",
        &[
            r#"{"id":"m_3","created_time":"2025-12-31T23:50:00+0000","from":{"id":"2002"},"message":"","attachments":{"data":[{"mime_type":"image/png","name":"a.png","image_data":{"url":"https://cdn.test/a.png"}},{"mime_type":"application/pdf","name":"a.pdf","file_url":"https://cdn.test/a.pdf"}]}}"#,
            r#"{"id":"m_2","created_time":"2025-12-31T23:45:00+0000","from":{"id":"1001"},"message":"the page's own"}"#,
            r#"{"id":"m_1","created_time":"2025-12-31T23:40:00+0000","from":{"id":"2002"},"message":"hello"}"#,
            r#"{"id":"m_0","created_time":"2025-12-31T20:00:00+0000","from":{"id":"2002"},"message":"too old"}"#,
        ],
    );
    let second = thread("22:00:00", &[]);
    let (found, calls) = missed(
        vec![
            answer(200, SUBSCRIBED),
            answer(200, &format!(r#"{{"data":[{first}],"paging":{{"cursors":{{"after":"A"}},"next":"https://…"}}}}"#)),
            answer(200, &format!(r#"{{"data":[{second}],"paging":{{"cursors":{{"after":"B"}},"next":"https://…"}}}}"#)),
        ],
        &keys(),
    );
    let said = |key: &str, minute: i64, contents| {
        let kind = InboundKind::Message { from: "2002".to_owned(), name: None, contents, metadata: None, consent: None };
        InboundItem { source_address: Some("1001".to_owned()), key: key.to_owned(), at: Some(NOW.plus_s((minute - 60) * 60)), kind }
    };
    let picture = media("https://cdn.test/a.png", Some("image/png"), None);
    let file = media("https://cdn.test/a.pdf", Some("application/pdf"), Some("a.pdf"));
    assert_eq!(found, Ok(vec![said("m_1", 40, vec![text("hello")]), said("m_3", 50, vec![picture, file])]));
    assert!(calls[0].url.ends_with("/1001/subscribed_apps"), "{}", calls[0].url);
    assert!(calls[1].url.contains("/1001/conversations?platform=messenger") && !calls[1].url.contains("after="), "{}", calls[1].url);
    assert!(calls[2].url.ends_with("&after=A"), "{}: nothing after what was quiet since then", calls[2].url);
    assert!(calls.iter().all(|call| call.headers["authorization"].is_sensitive()));
}

#[test]
fn a_subscription_that_is_gone_is_renewed() {
    let empty = || answer(200, r#"{"data":[]}"#);
    let others = r#"{"data":[{"id":"9","subscribed_fields":["messages"]}]}"#;
    let own = keys();
    for lost in [r#"{"data":[]}"#, others, r#"{"data":[{"id":"555","subscribed_fields":["feed"]}]}"#] {
        let (found, calls) = missed(vec![answer(200, lost), answer(200, r#"{"success":true}"#), empty()], &own);
        assert_eq!(found, Ok(Vec::new()), "{lost}");
        assert_eq!((calls[1].method.as_str(), calls[1].url.ends_with("/1001/subscribed_apps")), ("POST", true), "{lost}");
        assert!(String::from_utf8_lossy(&calls[1].body).starts_with("subscribed_fields=messages%2Cmessaging_postbacks"), "{lost}");
    }
    assert_eq!(missed(vec![answer(200, SUBSCRIBED), empty()], &own).1.len(), 2, "nothing to renew");
    let forbidden = || answer(403, r#"{"error":{"code":200}}"#);
    assert_eq!(missed(vec![forbidden(), empty()], &own).0, Ok(Vec::new()), "what was missed is read all the same");
    assert!(missed(vec![answer(200, SUBSCRIBED), forbidden()], &own).0.is_err());
}
