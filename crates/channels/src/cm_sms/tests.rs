//! The tables of this connector, and what has no place in a table.

use super::{CmSms, errors, send};
use crate::kit::errors::{Class, Sub};
use crate::kit::table::{
    CannedNet, Fixture, InboundCase, Manner, NOW, OutboundCase, Trouble, Wanted, WantedBody, answer, now, request, source, structured,
    with_credentials, with_header, with_setting,
};
use antiphon_app::channel::{
    Channel, Disposition, InboundContent, InboundItem, InboundKind, Keys, Outbound, OutboundContent, RawRequest, ReceiptOf, Refusal,
    TryAgain,
};
use antiphon_domain::delivery::Reason;
use antiphon_domain::{DeliveryId, DeliveryStatus};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

mod received;
mod sent;

const TOKEN: &str = "00000000-1111-2222-3333-444444444444";
const SECRET: &str = "a-secret-in-the-address-0123456789abcdef";
const HOOK: &str = "https://hooks.example.test/webhooks/cm_sms/%2B31600000002/a-secret-in-the-address-0123456789abcdef";
/// `cm` and `a-password-of-the-hook`.
const BASIC: &str = "Basic Y206YS1wYXNzd29yZC1vZi10aGUtaG9vaw==";
const JSON: Option<&str> = Some("application/json");

fn keys() -> Keys {
    let credentials = [
        ("product_token", TOKEN),
        ("webhook_path_secret", SECRET),
        ("webhook_basic_user", "cm"),
        ("webhook_basic_password", "a-password-of-the-hook"),
    ];
    Keys { source: Some(Arc::new(source("cm_sms", "+31600000002", &credentials, &[]))), app: None }
}

fn sign(request: &mut RawRequest) {
    SECRET.clone_into(&mut request.tail);
    *request = with_header(request, "authorization", Some(BASIC));
}

fn hook(body: &Value) -> RawRequest {
    let mut request = request(Method::POST, HOOK, JSON, &body.to_string());
    sign(&mut request);
    request
}

pub(crate) fn fixture() -> Fixture {
    Fixture {
        channel: Arc::new(CmSms),
        keys: keys(),
        sign,
        signature: "authorization",
        manner: Manner { body_unsigned: true, credential: Some(send::TOKEN), ids_are_ours: false },
        inbound: received::table(),
        outbound: sent::table(),
    }
}

#[test]
fn the_address_holds_the_secret() {
    let ask = |tail: &str, keys: &Keys| {
        let mut request = hook(&json!({}));
        tail.clone_into(&mut request.tail);
        CmSms.verify(&request, keys).map(|_| ()).err()
    };
    let wrong = Some(Refusal::BadSignature("the secret in the address is missing or wrong"));
    assert_eq!(ask(SECRET, &keys()), None);
    assert_eq!(ask(&format!("/{SECRET}/"), &keys()), None);
    for tail in ["", "x", &SECRET[1..], &format!("{SECRET}x"), &SECRET.to_uppercase(), &format!("{SECRET}/more")] {
        assert_eq!(ask(tail, &keys()), wrong, "{tail}");
    }
    let with = |name: &str, value: &str| {
        let mut source = antiphon_domain::Source::clone(keys().source.as_ref().expect("a source"));
        source.credentials.insert(name.to_owned(), value.to_owned());
        Keys { source: Some(Arc::new(source)), app: None }
    };
    assert_eq!(ask("short", &with("webhook_path_secret", "short")), Some(Refusal::NoSecret("webhook_path_secret")));
    // Without a name and password the address alone decides.
    let bare = with_credentials(&keys(), |name, value| (!name.starts_with("webhook_basic")).then(|| value.to_owned()));
    let mut request = with_header(&hook(&json!({})), "authorization", None);
    assert!(CmSms.verify(&request, &bare).is_ok() && CmSms.verify(&request, &keys()).is_err());
    request.tail = String::new();
    assert_eq!(CmSms.verify(&request, &bare).map(|_| ()).err(), wrong);
}

#[test]
fn every_code_of_the_table_has_its_class() {
    use Class::{Permanent, Reauthorise, Retry, Source, Stop};
    let expected: Vec<(Class, Vec<i64>)> = vec![
        (Reauthorise, vec![101, 103]),
        (Source(None), vec![102, 301]),
        (Permanent, vec![202, 203, 304, 305, 401, 403]),
        (Stop, vec![302, 303, 402]),
        (Retry(None), vec![500, 999]),
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

#[test]
fn a_name_can_not_be_answered_and_parts_set_the_length() {
    let can = |name: &str, value: &str| CmSms.capabilities(&with_setting(&keys(), name, value));
    assert!(!can("x", "y").structured.one_way);
    let mut named = antiphon_domain::Source::clone(keys().source.as_ref().expect("a source"));
    named.address = "Shop".to_owned();
    assert!(CmSms.capabilities(&Keys { source: Some(Arc::new(named)), app: None }).structured.one_way);
    assert_eq!([can("x", "y").text.max, can("max_parts", "1").text.max, can("max_parts", "2").text.max], [1_224, 160, 306]);
    assert!(CmSms.check_setting("max_parts", "9").is_err() && CmSms.check_setting("max_parts", "8").is_ok());
}

#[test]
fn references_are_ours() {
    assert_eq!(send::reference_of(DeliveryId(77)), "dlv000000000000004d");
    assert_eq!(send::delivery_of("dlv000000000000004d"), Some(DeliveryId(77)));
    for others in ["", "dlv", "outbox-1", "dlv_000000000000004d", "xdlv000000000000004d"] {
        assert_eq!(send::delivery_of(others), None, "{others}");
    }
}

#[test]
fn media_is_fetched_without_credentials() {
    let net = CannedNet::new([answer(200, "abc")]);
    let fetched = now(CmSms.media().expect("media").fetch(&keys(), "https://cdn.test/x", 100, &net)).expect("fetched");
    assert_eq!((fetched.bytes.as_ref(), net.calls()[0].headers.is_empty()), (&b"abc"[..], true));
}
