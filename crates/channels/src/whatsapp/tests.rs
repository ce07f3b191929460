//! The tables of this connector, its signature vectors, and what has no place in a table.

use super::{Whatsapp, errors, templates};
use crate::kit::errors::{Class, Sub};
use crate::kit::mac;
use crate::kit::table::{
    CannedNet, Fixture, InboundCase, Manner, NOW, OutboundCase, Trouble, Wanted, WantedBody, answer, answer_with, channel_app, now,
    outbound, parse, request, source, structured, with_credentials, with_header, with_setting,
};
use antiphon_app::channel::{
    Channel, Disposition, FilledTemplate, InboundContent, InboundItem, InboundKind, Keys, MessageTemplate, Outbound, OutboundContent,
    RawRequest, ReceiptOf, Refusal, SignalTo, SlotKind, TemplateSlot, TryAgain,
};
use antiphon_app::ports::net::{NetError, NetRequest};
use antiphon_domain::delivery::Reason;
use antiphon_domain::source::HealthState;
use antiphon_domain::{DeliveryId, DeliveryStatus};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

mod received;
mod sent;

use sent::{ACCEPTED, file, refusal};

const SECRET: &str = "sim_app_secret_0123456789abcdef";
const TOKEN: &str = "EAABUSINESSTOKEN";
const HOOK: &str = "https://hooks.example.test/webhooks/whatsapp/app/app_1";
const HEADER: &str = "x-hub-signature-256";
const JSON: Option<&str> = Some("application/json");
const MESSAGES: &str = "https://graph.facebook.com/v25.0/4004/messages";

fn keys() -> Keys {
    let app = channel_app("whatsapp", &[("app_id", "555"), ("app_secret", SECRET), ("verify_token", "let-me-in")]);
    let source = source("whatsapp", "4004", &[("business_token", TOKEN), ("waba_id", "3003")], &[]);
    Keys { source: Some(Arc::new(source)), app: Some(Arc::new(app)) }
}

fn sign(request: &mut RawRequest) {
    let signature = format!("sha256={}", hex::encode(mac::hmac_sha256(SECRET.as_bytes(), &request.body)));
    *request = with_header(request, HEADER, Some(&signature));
}

/// A webhook with one change.
fn change(field: &str, value: &Value) -> RawRequest {
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "3003", "changes": [{"field": field, "value": value}]}]});
    request(Method::POST, HOOK, JSON, &body.to_string())
}

/// A change of number 4004.
fn of_number(list: &str, items: &Value) -> RawRequest {
    let metadata = json!({"display_phone_number": "15550001111", "phone_number_id": "4004"});
    let contacts = json!([{"profile": {"name": "Ann"}, "wa_id": "15550002222"}]);
    change("messages", &json!({"messaging_product": "whatsapp", "metadata": metadata, "contacts": contacts, list: items}))
}

fn item(key: &str, kind: InboundKind) -> Result<InboundItem, &'static str> {
    Ok(InboundItem { source_address: Some("4004".to_owned()), key: key.to_owned(), at: Some(NOW), kind })
}

fn handle(id: &str, from: &str) -> Result<InboundItem, &'static str> {
    item(&format!("handle:{id}"), InboundKind::Handle { from: from.to_owned(), about: Some(id.to_owned()), reply: None })
}

fn said(contents: Vec<InboundContent>, metadata: Option<Value>) -> InboundKind {
    let metadata = metadata.map(|metadata| metadata.to_string());
    InboundKind::Message { from: "15550002222".to_owned(), name: Some("Ann".to_owned()), contents, metadata, consent: None }
}

fn text(text: &str) -> InboundContent {
    InboundContent::Text { text: text.to_owned(), payload: None }
}

fn tapped(text: &str, payload: &str) -> InboundContent {
    InboundContent::Text { text: text.to_owned(), payload: Some(payload.to_owned()) }
}

pub(crate) fn fixture() -> Fixture {
    Fixture {
        channel: Arc::new(Whatsapp),
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
    let w1 = r#"{"object":"whatsapp_business_account","entry":[{"id":"3003","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550001111","phone_number_id":"4004"},"statuses":[{"id":"wamid.SIM1","status":"delivered","timestamp":"1767225600","recipient_id":"15550002222"}]},"field":"messages"}]}]}"#;
    assert_eq!(w1.len(), 319);
    let right = "sha256=5bbd33c909a3f8e204d2cbc876187ab96d318b84602abd93e79ea108fc55b957";
    let check = |body: &str, header: &str, accepted: bool| {
        let hook = with_header(&request(Method::POST, HOOK, JSON, body), HEADER, Some(header));
        assert_eq!(Whatsapp.verify(&hook, &keys()).is_ok(), accepted, "{header}");
    };
    check(w1, right, true);
    check(w1, &right.to_ascii_uppercase(), false);
    check(&format!("{w1} "), right, false);
    let again = serde_json::from_str::<Value>(w1).expect("JSON").to_string();
    check(&again, right, again == w1);
    let hook = with_header(&request(Method::POST, HOOK, JSON, w1), HEADER, Some(right));
    let items = parse(&fixture(), &hook);
    let of = ReceiptOf::Ids { vendor_ids: vec!["wamid.SIM1".to_owned()], delivery: None };
    let delivered = InboundKind::Receipt { of, status: DeliveryStatus::Delivered, reason: None, opted_out: false, again: None };
    assert_eq!(items[0].as_ref().map(|item| (item.key.as_str(), &item.kind)), Ok(("wamid.SIM1:delivered", &delivered)));
}

#[test]
fn the_handshake_knows_its_token() {
    let ask = |query: &str| Whatsapp.handshake(&request(Method::GET, &format!("{HOOK}?{query}"), None, ""), &keys());
    let right = ask("hub.mode=subscribe&hub.challenge=1158&hub.verify_token=let-me-in").expect("a handshake").expect("right");
    assert_eq!((right.status, right.body.as_str()), (200, "1158"));
    assert_eq!(ask("hub.mode=subscribe&hub.challenge=1158&hub.verify_token=x"), Some(Err(Refusal::BadToken)));
    assert_eq!(Whatsapp.handshake(&request(Method::POST, HOOK, JSON, "{}"), &keys()), None);
}

#[test]
fn a_source_known_by_its_number_takes_what_names_its_id() {
    let mut own = antiphon_domain::Source::clone(keys().source.as_ref().expect("a source"));
    own.address = "+15550001111".to_owned();
    own.credentials.insert("phone_number_id".to_owned(), "4004".to_owned());
    let keys = Keys { source: Some(Arc::new(own)), app: keys().app };
    let message = json!([{"from": "15550002222", "id": "wamid.A", "timestamp": "1767225600", "type": "text", "text": {"body": "hi"}}]);
    let hook = of_number("messages", &message);
    let items = super::inbound::parse(&hook, &keys);
    assert_eq!(items[1].as_ref().expect("an item").source_address.as_deref(), Some("+15550001111"));
    let out = outbound(&keys, &OutboundContent::Text("x".into()), r#"{"text":"x"}"#.to_owned());
    let net = CannedNet::new([answer(200, ACCEPTED)]);
    assert!(now(Whatsapp.send(&out, &net)).is_ok());
    assert_eq!(net.calls()[0].url, MESSAGES);
}

#[test]
fn every_code_of_the_table_has_its_class() {
    use Class::{Later, Permanent, Reauthorise, Retry, Source, Throttle};
    let expected: Vec<(Class, Vec<i64>)> = vec![
        (Reauthorise, [vec![0, 190, 3, 10, 131_005], (200..300).collect()].concat()),
        (Retry(None), vec![1, 2, 131_000, 131_016]),
        (Retry(Some(2)), vec![135_000, 131_053]),
        (Throttle(None), vec![4, 80_007, 130_429, 613, 132_069]),
        (Later(5, 6_000), vec![131_056]),
        (Later(10, 60_000), vec![131_057]),
        (Later(5, 300_000), vec![133_009, 133_015]),
        (Source(Some(14_400_000)), vec![131_048]),
        (Source(Some(86_400_000)), vec![131_064]),
        (Source(Some(259_200_000)), vec![133_016]),
        (Source(Some(900_000)), vec![368, 131_031, 130_497]),
        (Source(None), vec![131_037, 131_042, 131_045, 133_010, 133_005, 133_006, 133_008]),
        (
            Permanent,
            vec![
                33, 100, 131_008, 131_009, 130_472, 131_021, 131_026, 131_030, 131_047, 470, 131_049, 131_050, 131_051, 131_052, 131_062,
                131_063, 132_000, 132_001, 132_005, 132_007, 132_008, 132_012, 132_015, 132_016, 132_068, 137_000,
            ],
        ),
    ];
    let mut listed = 0;
    for (class, codes) in &expected {
        for code in codes {
            let row =
                errors::TABLE.iter().find(|row| row.codes.contains(&(*code, Sub::Any))).unwrap_or_else(|| panic!("{code} is missing"));
            assert_eq!(row.class, *class, "{code}");
            assert!(row.message.ends_with('.') && row.remedy.ends_with('.'), "{code}");
            listed += 1;
        }
    }
    assert_eq!(errors::TABLE.iter().map(|row| row.codes.len()).sum::<usize>(), listed);
}

fn call(net: &CannedNet) -> (String, Value) {
    let call: NetRequest = net.calls().remove(0);
    (call.url, serde_json::from_slice(&call.body).unwrap_or_default())
}

#[test]
fn typing_and_seen_name_the_last_message() {
    let signals = Whatsapp.signals().expect("this channel shows typing");
    let to = SignalTo { address: "15550002222", about: Some("wamid.A") };
    let ok = || CannedNet::new([answer(200, r#"{"success":true}"#)]);
    let read = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A"});
    let net = ok();
    now(signals.seen(&keys(), to, &net)).expect("marked");
    assert_eq!(call(&net), (MESSAGES.to_owned(), read.clone()));
    let net = ok();
    now(signals.typing(&keys(), to, true, &net)).expect("shown");
    let mut typing = read;
    typing["typing_indicator"] = json!({"type": "text"});
    assert_eq!(call(&net), (MESSAGES.to_owned(), typing));
    // It stops by itself, and nothing is marked that nobody named.
    let net = CannedNet::default();
    now(signals.typing(&keys(), to, false, &net)).expect("nothing to do");
    now(signals.seen(&keys(), SignalTo { about: None, ..to }, &net)).expect("nothing to do");
    assert!(net.calls().is_empty());
    let net = CannedNet::new([answer(401, &refusal(190, None))]);
    let refused = now(signals.seen(&keys(), to, &net)).expect_err("refused");
    assert_eq!(refused.disposition, Disposition::NeedsReauthorisation);
}

const DIGEST: &str = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

#[test]
fn media_is_looked_up_and_fetched_with_the_token() {
    let fetch = |place: &str, answers: Vec<_>| {
        let net = CannedNet::new(answers);
        let fetched = now(Whatsapp.media().expect("media").fetch(&keys(), place, 100, &net));
        (fetched.map(|file| file.bytes).map_err(|error| (error.disposition, error.reason.code.to_string())), net.calls())
    };
    let place = format!(r#"{{"id":"M1","sha256":"{DIGEST}"}}"#);
    let found = |url: &str, size: u64| answer(200, &json!({"url": url, "file_size": size, "id": "M1"}).to_string());
    let own = "https://lookaside.fbsbx.com/m/1";
    let (bytes, calls) = fetch(&place, vec![found(own, 3), answer(200, "abc")]);
    assert_eq!(bytes.expect("fetched").as_ref(), b"abc");
    assert_eq!(calls[0].url, "https://graph.facebook.com/v25.0/M1?phone_number_id=4004");
    assert_eq!(calls[1].url, own);
    assert!(calls.iter().all(|call| call.headers["authorization"].is_sensitive()));
    assert!(calls[1].headers.contains_key("user-agent"));
    // In hex it is as good.
    let in_hex = r#"{"id":"M1","sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}"#;
    assert!(fetch(in_hex, vec![found(own, 3), answer(200, "abc")]).0.is_ok());
    // Damaged on its way: again. Too large: never. Gone: never.
    let damaged = fetch(&place, vec![found(own, 3), answer(200, "abd")]).0.expect_err("damaged");
    assert_eq!(damaged.0, Disposition::Retry { after_ms: None, max_attempts: Some(3) });
    let large = fetch(&place, vec![found(own, 101)]).0.expect_err("too large");
    assert_eq!(large, (Disposition::Failed, "media_too_large".to_owned()));
    let gone = fetch(&place, vec![found(own, 3), answer(404, "")]).0.expect_err("gone");
    assert_eq!(gone, (Disposition::Failed, "media_unreachable".to_owned()));
    // The token is shown to nobody else.
    for elsewhere in ["https://cdn.example.test/x", "https://notfacebook.com/x", "http://lookaside.fbsbx.com/m/1"] {
        let (_, calls) = fetch(&place, vec![found(elsewhere, 3), answer(200, "abc")]);
        assert!(!calls[1].headers.contains_key("authorization"), "{elsewhere}");
    }
    let (_, calls) = fetch(r#"{"url":"https://lookaside.fbsbx.com/m/2"}"#, vec![answer(200, "abc")]);
    assert!(calls[0].headers.contains_key("authorization"));
    for broken in ["M1", "{}", r#"{"id":"../me"}"#] {
        let (outcome, calls) = fetch(broken, Vec::new());
        assert!(outcome.is_err() && calls.is_empty(), "{broken}");
    }
}

#[test]
fn files_are_uploaded_where_the_source_says_so() {
    let keys = with_setting(&keys(), "media_upload", "on");
    let out = outbound(&keys, &file("application/pdf", 9, "see"), r#"{"text":"see","file":"media"}"#.to_owned());
    let net = CannedNet::new([answer(200, r#"{"id":"M7"}"#), answer(200, ACCEPTED)]);
    assert!(now(Whatsapp.send(&out, &net)).is_ok());
    let calls = net.calls();
    assert_eq!(calls[0].url, "https://graph.facebook.com/v25.0/4004/media");
    assert!(String::from_utf8_lossy(&calls[0].body).contains("name=\"type\"\r\n\r\napplication/pdf\r\n"));
    let body: Value = serde_json::from_slice(&calls[1].body).expect("JSON");
    assert_eq!(body["document"], json!({"id": "M7", "caption": "see", "filename": "cat.png"}));
    // While nothing is sent, an unclear outcome may be repeated.
    let net = CannedNet::new([Err(NetError::Timeout(1))]);
    let late = now(Whatsapp.send(&out, &net)).expect_err("late");
    assert!(matches!(late.disposition, Disposition::Retry { .. }));
}

#[test]
fn what_can_be_written_below_a_file_depends_on_the_file() {
    let can = Whatsapp.capabilities(&keys());
    let parts = |kind: &str, size: u64, caption: &str| Whatsapp.adapt(&file(kind, size, caption), &can).parts;
    assert_eq!(parts("image/png", 9, "hi"), [r#"{"text":"hi","file":"media"}"#]);
    assert_eq!(parts("audio/ogg; codecs=opus", 9, "hi"), [r#"{"file":"media"}"#, r#"{"text":"hi"}"#]);
    assert_eq!(parts("image/webp", 9, "hi"), [r#"{"file":"media"}"#, r#"{"text":"hi"}"#]);
    assert_eq!(parts("image/webp", 200 << 10, ""), [r#"{"file":"link"}"#]);
    assert_eq!(parts("image/png", 6 << 20, ""), [r#"{"file":"link"}"#]);
    assert_eq!(parts("application/zip", 9, ""), [r#"{"file":"link"}"#]);
    assert_eq!((can.window.map(|window| window.longest_hours()), can.text.max), (Some(24), 4_096));
}

#[test]
fn a_subscription_that_is_gone_is_renewed() {
    let missed = |answers: Vec<_>| {
        let net = CannedNet::new(answers);
        let found = now(Whatsapp.catch_up().expect("this channel has subscriptions").missed(&keys(), NOW, NOW, &net));
        (found.map(|items| items.len()).map_err(|error| error.disposition), net.calls())
    };
    let ours = r#"{"data":[{"whatsapp_business_api_data":{"id":"555","name":"App"}}]}"#;
    assert_eq!(missed(vec![answer(200, ours)]).1.len(), 1);
    let others = r#"{"data":[{"whatsapp_business_api_data":{"id":"9"}}]}"#;
    let (found, calls) = missed(vec![answer(200, others), answer(200, r#"{"success":true}"#)]);
    assert_eq!(found, Ok(0));
    assert_eq!((calls[1].method.as_str(), calls[1].url.as_str()), ("POST", "https://graph.facebook.com/v25.0/3003/subscribed_apps"));
    assert!(missed(vec![answer(400, &refusal(10, None))]).0.is_err());
}

fn slot(name: &str, kind: SlotKind, example: Option<&str>) -> TemplateSlot {
    TemplateSlot { name: name.to_owned(), kind, example: example.map(str::to_owned) }
}

const LISTED: &str = r#"{"data":[
  {"name":"order_ready","status":"APPROVED","category":"UTILITY","language":"en_US","components":[
    {"type":"HEADER","format":"IMAGE"},
    {"type":"BODY","text":"Hello {{1}}, order {{2}} is ready, {{1}}.","example":{"body_text":[["Ann","77"]]}},
    {"type":"FOOTER","text":"Your shop"},
    {"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Thanks"},{"type":"URL","text":"Track","url":"https://s.test/{{1}}","example":["https://s.test/77"]}]}]},
  {"name":"named","status":"APPROVED","category":"UTILITY","language":"en","parameter_format":"NAMED","components":[
    {"type":"HEADER","format":"TEXT","text":"Order {{ number }}","example":{"header_text_named_params":[{"param_name":"number","example":"9"}]}},
    {"type":"BODY","text":"Hi {{name}}","example":{"body_text_named_params":[{"param_name":"name","example":"Ann"}]}}]},
  {"name":"paused","status":"PAUSED","language":"en","components":[{"type":"BODY","text":"Hi"}]},
  {"name":"here","status":"APPROVED","language":"en","components":[{"type":"HEADER","format":"LOCATION"},{"type":"BODY","text":"Hi"}]}],
  "paging":{"cursors":{"after":"A"},"next":"https://…"}}"#;

#[test]
fn templates_are_read_page_by_page() {
    let net = CannedNet::new([
        answer(200, LISTED),
        answer(200, r#"{"data":[{"name":"last","status":"APPROVED","language":"en","components":[]}]}"#),
    ]);
    let listed = now(templates::list(&keys(), &net)).expect("listed");
    let short: Vec<(&str, bool, &str)> = listed.iter().map(|one| (one.name.as_str(), one.usable, one.state.as_str())).collect();
    assert_eq!(
        short,
        [
            ("order_ready", true, "approved"),
            ("named", true, "approved"),
            ("paused", false, "paused"),
            ("here", false, "needs what can't be given here"),
            ("last", true, "approved"),
        ]
    );
    let order = &listed[0];
    assert_eq!(order.text, "Hello {{body.1}}, order {{body.2}} is ready, {{body.1}}.\nYour shop");
    assert_eq!(order.buttons, ["Thanks", "Track"]);
    let slots = [
        slot("header", SlotKind::Image, None),
        slot("body.1", SlotKind::Text, Some("Ann")),
        slot("body.2", SlotKind::Text, Some("77")),
        slot("button.1", SlotKind::Text, Some("https://s.test/77")),
    ];
    assert_eq!(order.slots, slots);
    assert_eq!((listed[1].text.as_str(), listed[1].slots[0].example.as_deref()), ("Order {{header.number}}\nHi {{body.name}}", Some("9")));
    let calls = net.calls();
    assert!(calls[0].url.starts_with("https://graph.facebook.com/v25.0/3003/message_templates?limit=100&fields=name%2Cstatus"));
    assert!(calls[1].url.ends_with("&after=A"));
    let without = with_credentials(&keys(), |name, value| (name != "waba_id").then(|| value.to_owned()));
    let refused = now(templates::list(&without, &CannedNet::default())).expect_err("no account");
    assert_eq!(refused.reason.code.as_ref(), "source_misconfigured");
}

/// A template with a gap of every kind.
fn filled() -> OutboundContent {
    let slots = vec![
        slot("header", SlotKind::Document, None),
        slot("body.1", SlotKind::Text, None),
        slot("body.name", SlotKind::Text, None),
        slot("button.1", SlotKind::Text, None),
        slot("code.2", SlotKind::Text, None),
    ];
    let template = MessageTemplate {
        name: "order_ready".to_owned(),
        language: "en_US".to_owned(),
        category: None,
        state: "approved".to_owned(),
        usable: true,
        text: String::new(),
        slots,
        buttons: Vec::new(),
    };
    let values = [("header", "https://s.test/a.pdf"), ("body.1", " 77 "), ("body.name", "Ann"), ("button.1", "x"), ("code.2", "SALE")];
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    OutboundContent::Template(Box::new(FilledTemplate { template, values }))
}
