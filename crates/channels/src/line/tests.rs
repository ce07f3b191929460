//! The tables of this connector, its signature vectors, and what has no place in a table.

use super::{Line, media, send};
use crate::kit::mac;
use crate::kit::table::{
    CannedNet, Fixture, InboundCase, Manner, NOW, OutboundCase, Trouble, Wanted, WantedBody, answer, answer_with, now, outbound, parse,
    request, source, structured, with_credentials, with_header, with_setting,
};
use antiphon_app::channel::{
    Channel, ChannelProfile, Disposition, InboundContent, InboundItem, InboundKind, Keys, LookedUp, Outbound, OutboundContent, RawRequest,
    ReplyToken, SignalTo,
};
use antiphon_app::ports::net::NetError;
use antiphon_domain::Timestamp;
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::source::HealthState;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

mod received;
mod sent;

use sent::{ACCEPTED, KEY, file};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const TOKEN: &str = "LONGLIVEDTOKEN";
const BOT: &str = "U00000000000000000000000000000001";
const ANN: &str = "U00000000000000000000000000000002";
const HOOK: &str = "https://hooks.example.test/webhooks/line/U00000000000000000000000000000001";
const HEADER: &str = "x-line-signature";
const JSON: Option<&str> = Some("application/json");

fn keys() -> Keys {
    let credentials = [("channel_id", "1650000000"), ("channel_secret", SECRET), ("access_token", TOKEN)];
    Keys { source: Some(Arc::new(source("line", BOT, &credentials, &[]))), app: None }
}

fn sign(request: &mut RawRequest) {
    let signature = STANDARD.encode(mac::hmac_sha256(SECRET.as_bytes(), &request.body));
    *request = with_header(request, HEADER, Some(&signature));
}

pub(crate) fn fixture() -> Fixture {
    Fixture {
        channel: Arc::new(Line),
        keys: keys(),
        sign,
        signature: HEADER,
        manner: Manner::default(),
        inbound: received::table(),
        outbound: sent::table(),
    }
}

#[test]
fn the_published_vectors_hold() {
    let l1 = r#"{"destination":"U00000000000000000000000000000001","events":[]}"#;
    let l2 = r#"{"destination":"U00000000000000000000000000000001","events":[{"type":"message","mode":"active","timestamp":1767225600000,"webhookEventId":"01SIMULATED0000000000000000","deliveryContext":{"isRedelivery":false},"source":{"type":"user","userId":"U00000000000000000000000000000002"},"replyToken":"sim-reply-1","message":{"type":"text","id":"500001","quoteToken":"q1","text":"こんにちは"}}]}"#;
    assert_eq!((l1.len(), l2.len()), (63, 391));
    let check = |body: &str, header: &str, accepted: bool| {
        let hook = with_header(&request(Method::POST, HOOK, JSON, body), HEADER, Some(header));
        assert_eq!(Line.verify(&hook, &keys()).is_ok(), accepted, "{header}");
    };
    check(l1, "YQU0voYIh8lUA1XaYoIEZg9trJlhjyu9qVt6HqVvWf4=", true);
    check(l2, "wMb9t7ZDkNKru98xQagA4kLx385jtMy2PG7dhJAApvc=", true);
    check(l1, "wMb9t7ZDkNKru98xQagA4kLx385jtMy2PG7dhJAApvc=", false);
    check(&format!("{l1} "), "YQU0voYIh8lUA1XaYoIEZg9trJlhjyu9qVt6HqVvWf4=", false);
    // Re-encoded with escapes, or signed with the secret's bytes instead of its text: wrong.
    check(&l2.replace("こんにちは", r"\u3053\u3093\u306b\u3061\u306f"), "wMb9t7ZDkNKru98xQagA4kLx385jtMy2PG7dhJAApvc=", false);
    let decoded = mac::hmac_sha256(&hex::decode(SECRET).expect("hex"), l1.as_bytes());
    check(l1, &STANDARD.encode(decoded), false);
    assert_eq!(parse(&fixture(), &request(Method::POST, HOOK, JSON, l1)), [], "the console's check has nothing in it");
}

fn out(payload: &str) -> Outbound {
    let mut out = outbound(&keys(), &OutboundContent::Text("Hello".into()), payload.to_owned());
    out.to = ANN.to_owned();
    out
}

#[test]
fn a_fresh_reply_token_is_used_and_a_stale_one_leads_to_a_push() {
    let replying = Outbound { reply_token: Some("r1".to_owned()), ..out(r#"{"text":"Hello"}"#) };
    let net = CannedNet::new([answer(200, ACCEPTED)]);
    assert_eq!(now(Line.send(&replying, &net)).expect("sent").vendor_id, "900001");
    let call = net.calls().remove(0);
    assert_eq!(call.url, "https://api.line.me/v2/bot/message/reply");
    assert!(!call.headers.contains_key("x-line-retry-key"));
    let body: Value = serde_json::from_slice(&call.body).expect("JSON");
    assert_eq!(body, json!({"replyToken": "r1", "messages": [{"type": "text", "text": "Hello"}]}));

    let net = CannedNet::new([answer(400, r#"{"message":"Invalid reply token"}"#), answer(200, ACCEPTED)]);
    assert!(now(Line.send(&replying, &net)).is_ok());
    assert_eq!(net.calls()[1].url, "https://api.line.me/v2/bot/message/push");
    // Anything else stands: what may have been taken is not pushed besides.
    for (status, expected) in [(504, Disposition::Unknown), (500, Disposition::Retry { after_ms: None, max_attempts: None })] {
        let net = CannedNet::new([answer(status, "")]);
        assert_eq!(now(Line.send(&replying, &net)).expect_err("not sent").disposition, expected);
        assert_eq!(net.calls().len(), 1);
    }
}

#[test]
fn an_unknown_push_is_sent_again_under_its_key_and_a_reply_is_probed() {
    let lookup = |out: &Outbound, answers: Vec<_>| {
        let net = CannedNet::new(answers);
        now(Line.lookup().expect("lookup").lookup(out, &net)).expect("an answer")
    };
    let pushed = Outbound { first_attempt_at: Some(NOW), now: NOW.plus_s(1), ..out(r#"{"text":"Hello"}"#) };
    assert_eq!(lookup(&pushed, Vec::new()), LookedUp::Absent, "the same key again does no harm");
    let fresh = Outbound { last_consumer_at: Some(NOW.plus_s(-5)), ..pushed };
    assert_eq!(lookup(&fresh, Vec::new()), LookedUp::Unclear, "it may have been a reply");
    let old = Outbound { now: NOW.plus_s(24 * 3_600), last_consumer_at: None, ..out(r#"{"text":"Hello"}"#) };
    assert_eq!(lookup(&Outbound { first_attempt_at: Some(NOW), ..old }, Vec::new()), LookedUp::Unclear, "the key is forgotten");
    let replied = || Outbound { reply_token: Some("r1".to_owned()), ..out(r#"{"text":"Hello"}"#) };
    assert_eq!(lookup(&replied(), vec![answer(200, ACCEPTED)]), LookedUp::Found("900001".to_owned()));
    let used = answer(400, r#"{"message":"Invalid reply token"}"#);
    assert_eq!(lookup(&replied(), vec![used]), LookedUp::Found("reply-dlv_000000000000004d".to_owned()));
    assert_eq!(lookup(&replied(), vec![answer(500, "")]), LookedUp::Unclear);
}

#[test]
fn a_retry_key_is_a_uuid_of_the_delivery() {
    let key = send::retry_key(&out("{}"));
    assert_eq!((key.as_str(), key.len(), &key[14..15]), (KEY, 36, "8"));
    let other = Outbound { delivery: antiphon_domain::DeliveryId(78), ..out("{}") };
    assert_ne!(send::retry_key(&other), key);
    // Accepted before: the id of then, or at least the request's.
    let net =
        CannedNet::new([answer_with(409, "x-line-accepted-request-id", "req-1", r#"{"message":"The retry key is already accepted"}"#)]);
    assert_eq!(now(Line.send(&out(r#"{"text":"Hello"}"#), &net)).expect("sent").vendor_id, "req-1");
    let net = CannedNet::new([answer(409, &format!("{{\"message\":\"taken\",{}", &ACCEPTED[1..]))]);
    assert_eq!(now(Line.send(&out(r#"{"text":"Hello"}"#), &net)).expect("sent").vendor_id, "900001");
}

#[test]
fn tokens_are_pasted_or_bought() {
    let sign_in = Line.sign_in().expect("tokens");
    let net = CannedNet::default();
    assert_eq!(now(sign_in.sign_in(&keys(), NOW, &net)).map(|pass| pass.token).ok().as_deref(), Some(TOKEN));
    assert!(net.calls().is_empty());
    let bare = with_credentials(&keys(), |name, value| (name != "access_token").then(|| value.to_owned()));
    let net = CannedNet::new([answer(200, r#"{"token_type":"Bearer","access_token":"SHORT","expires_in":900}"#)]);
    let pass = now(sign_in.sign_in(&bare, NOW, &net)).expect("bought");
    assert_eq!((pass.token.as_str(), pass.until), ("SHORT", NOW.plus_s(900)));
    let call = net.calls().remove(0);
    assert_eq!(call.url, "https://api.line.me/oauth2/v3/token");
    assert_eq!(call.body, format!("grant_type=client_credentials&client_id=1650000000&client_secret={SECRET}"));
    let net = CannedNet::new([answer(400, r#"{"error":"invalid_client"}"#)]);
    assert_eq!(now(sign_in.sign_in(&bare, NOW, &net)).err().expect("refused").disposition, Disposition::NeedsReauthorisation);
    let net = CannedNet::new([Err(NetError::Timeout(1))]);
    assert!(matches!(now(sign_in.sign_in(&bare, NOW, &net)).err().expect("late").disposition, Disposition::Retry { .. }));
}

#[test]
fn typing_seen_and_profiles() {
    let signals = Line.signals().expect("this channel shows typing");
    let to = SignalTo { address: ANN, about: Some("t1") };
    let called = |outcome: Result<(), _>, net: &CannedNet| {
        outcome.map_err(|error: antiphon_app::channel::SendError| error.disposition).expect("done");
        net.calls().first().map(|call| (call.url.clone(), serde_json::from_slice::<Value>(&call.body).expect("JSON")))
    };
    let net = CannedNet::new([answer(202, "{}")]);
    let outcome = now(signals.typing(&keys(), to, true, &net));
    let loading = json!({"chatId": ANN, "loadingSeconds": 20});
    assert_eq!(called(outcome, &net), Some(("https://api.line.me/v2/bot/chat/loading/start".to_owned(), loading)));
    let net = CannedNet::new([answer(200, "{}")]);
    let outcome = now(signals.seen(&keys(), to, &net));
    let mark = json!({"markAsReadToken": "t1"});
    assert_eq!(called(outcome, &net), Some(("https://api.line.me/v2/bot/chat/markAsRead".to_owned(), mark)));
    let quiet = CannedNet::default();
    for nothing in [
        now(signals.typing(&keys(), to, false, &quiet)),
        now(signals.typing(&keys(), SignalTo { address: "Cgroup", about: None }, true, &quiet)),
        now(signals.seen(&keys(), SignalTo { address: ANN, about: None }, &quiet)),
    ] {
        assert_eq!(called(nothing, &quiet), None);
    }
    let profile = |address: &str, status, body: &str| {
        let net = CannedNet::new([answer(status, body)]);
        let found = now(Line.profiles().expect("profiles").profile(&keys(), address, &net)).map_err(|error| error.disposition);
        (found, net.calls().first().map(|call| call.url.clone()).unwrap_or_default())
    };
    let ann = ChannelProfile { name: Some("Ann".to_owned()), avatar_url: Some("https://p.test/1".to_owned()) };
    let (found, url) = profile(ANN, 200, r#"{"displayName":"Ann","userId":"U","pictureUrl":"https://p.test/1"}"#);
    assert_eq!((found, url), (Ok(Some(ann)), format!("https://api.line.me/v2/bot/profile/{ANN}")));
    let (found, url) = profile("C1", 200, r#"{"groupName":"Family"}"#);
    assert_eq!(found.expect("found").and_then(|group| group.name).as_deref(), Some("Family"));
    assert!(url.ends_with("/v2/bot/group/C1/summary"));
    assert_eq!(profile(ANN, 404, "{}").0, Ok(None));
    assert_eq!(profile("../x", 200, "{}"), (Ok(None), String::new()));
}

#[test]
fn media_is_at_its_own_host_and_may_take_a_while() {
    let fetch = |place: &str, given| {
        let net = CannedNet::new([given]);
        let fetched = now(Line.media().expect("media").fetch(&keys(), place, 100, &net));
        (fetched.map(|file| file.bytes).map_err(|error| error.disposition), net.calls())
    };
    let (bytes, calls) = fetch(r#"{"id":"500001"}"#, answer(200, "abc"));
    assert_eq!(bytes.expect("fetched").as_ref(), b"abc");
    assert_eq!(calls[0].url, "https://api-data.line.me/v2/bot/message/500001/content");
    assert!(calls[0].headers["authorization"].is_sensitive());
    assert_eq!(fetch(r#"{"id":"1"}"#, answer(202, "")).0, Err(Disposition::Retry { after_ms: Some(3_000), max_attempts: None }));
    assert_eq!(fetch(r#"{"id":"1"}"#, answer(410, "")).0, Err(Disposition::Failed));
    let (_, calls) = fetch(r#"{"url":"https://cdn.example.test/x"}"#, answer(200, "abc"));
    assert!(!calls[0].headers.contains_key("authorization"), "the token is for the vendor only");
    assert!(fetch(r#"{"id":"../x"}"#, answer(200, "")).1.is_empty());
}

#[test]
fn sounds_tell_how_long_they_last() {
    let movie = |version: u8, tail: &[u8]| [b"....ftypM4A moov....mvhd".as_slice(), &[version, 0, 0, 0], tail].concat();
    let short = [[0; 8].as_slice(), &1_000_u32.to_be_bytes(), &2_500_u32.to_be_bytes()].concat();
    assert_eq!(media::duration_ms(&movie(0, &short)), Some(2_500));
    let long = [[0; 16].as_slice(), &48_000_u32.to_be_bytes(), &96_000_u64.to_be_bytes()].concat();
    assert_eq!(media::duration_ms(&movie(1, &long)), Some(2_000));
    let mut mp3 = vec![0xff, 0xfb, 0x90, 0x00];
    mp3.resize(16_000, 0);
    assert_eq!(media::duration_ms(&mp3), Some(1_000), "128 kbit a second");
    for broken in [&b"mvhd"[..], b"", b"RIFF", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", &[0xff, 0xfb, 0xf0]] {
        assert_eq!(media::duration_ms(broken), None);
    }
}

#[test]
fn videos_are_media_only_with_a_picture_before_them() {
    let can = |keys: &Keys| Line.capabilities(keys);
    assert!(!can(&keys()).media.allows("video/mp4", Some(9)));
    let with = with_setting(&keys(), "video_preview_url", "https://shop.test/play.png");
    assert!(can(&with).media.allows("video/mp4", Some(9)));
    let mut out = outbound(&with, &file("video/mp4", 9, ""), r#"{"file":"media"}"#.to_owned());
    out.to = ANN.to_owned();
    let net = CannedNet::new([answer(200, ACCEPTED)]);
    now(Line.send(&out, &net)).expect("sent");
    let body: Value = serde_json::from_slice(&net.calls()[0].body).expect("JSON");
    assert_eq!(body["messages"][0]["previewImageUrl"], "https://shop.test/play.png");
    assert!(Line.check_setting("video_preview_url", "http://x").is_err() && Line.check_setting("video_preview_url", "").is_ok());
}
