//! The tables of this connector, its signature vectors, and what has no place in a table.

use super::{TwilioSms, errors, signature};
use crate::kit::errors::Class;
use crate::kit::table::{
    CannedNet, Fixture, InboundCase, Manner, NOW, OutboundCase, Trouble, Wanted, WantedBody, answer, answer_with, now, outbound, request,
    source, with_credentials, with_header, with_setting,
};
use antiphon_app::channel::{
    Channel, Disposition, InboundContent, InboundItem, InboundKind, Keys, LookedUp, Outbound, OutboundContent, RawRequest, ReceiptOf,
    Refusal, TryAgain,
};
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::delivery::Reason;
use antiphon_domain::source::HealthState;
use antiphon_domain::{DeliveryId, DeliveryStatus};
use http::Method;
use std::sync::Arc;

mod received;
mod sent;

use sent::{created, to_phone};

const TOKEN: &str = "sim_twilio_auth_token_00000000000";
const ACCOUNT: &str = "AC00000000000000000000000000000001";
const HOOK: &str = "https://hooks.example.test/webhooks/twilio_sms/src_1";
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const BASIC: &str = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTpzaW1fdHdpbGlvX2F1dGhfdG9rZW5fMDAwMDAwMDAwMDA=";
const CREATE: &str = "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";

fn keys() -> Keys {
    let credentials = [("account_sid", ACCOUNT), ("auth_token", TOKEN)];
    Keys { source: Some(Arc::new(source("twilio_sms", "+15550001111", &credentials, &[]))), app: None }
}

fn hook(fields: &str) -> RawRequest {
    request(Method::POST, HOOK, FORM, fields)
}

fn item(key: &str, kind: InboundKind) -> Result<InboundItem, &'static str> {
    Ok(InboundItem { source_address: None, key: key.to_owned(), at: None, kind })
}

fn said(contents: Vec<InboundContent>) -> InboundKind {
    InboundKind::Message { from: "+15550002222".to_owned(), name: None, contents, metadata: None, consent: None }
}

fn text(text: &str) -> InboundContent {
    InboundContent::Text { text: text.to_owned(), payload: None }
}

fn media(url: &str, declared: &str) -> InboundContent {
    InboundContent::Media { url: url.to_owned(), declared_type: Some(declared.to_owned()), name: None, caption: None }
}

fn receipt(status: DeliveryStatus, delivery: Option<u64>, reason: Option<Reason>, opted_out: bool) -> InboundKind {
    let of = ReceiptOf::Ids { vendor_ids: vec!["SM1".to_owned()], delivery: delivery.map(DeliveryId) };
    InboundKind::Receipt { of, status, reason, opted_out, again: None }
}

fn again(kind: InboundKind, after_ms: i64, max_attempts: u32) -> InboundKind {
    match kind {
        InboundKind::Receipt { of, status, reason, opted_out, .. } => {
            InboundKind::Receipt { of, status, reason, opted_out, again: Some(TryAgain { after_ms, max_attempts }) }
        }
        other => other,
    }
}

fn reason(code: &str, vendor_code: &str, message: &str, remedy: &str) -> Option<Reason> {
    Some(Reason { code: code.into(), vendor_code: Some(vendor_code.into()), message: message.into(), remedy: Some(remedy.into()) })
}

pub(crate) fn fixture() -> Fixture {
    Fixture {
        channel: Arc::new(TwilioSms),
        keys: keys(),
        sign: |request| {
            let signature = signature::sign(&request.urls[0], &request.body, TOKEN);
            *request = with_header(request, "x-twilio-signature", Some(&signature));
        },
        signature: "x-twilio-signature",
        inbound: received::table(),
        outbound: sent::table(),
        manner: Manner::default(),
    }
}

const T1_URL: &str = "https://hooks.example.test/twilio/in?channel=7";
const T1_FORM: &str = "AccountSid=AC00000000000000000000000000000001&Body=Hi+there+%26+bye&From=%2B15550002222&MessageSid=SM00000000000000000000000000000001&NumMedia=0&To=%2B15550001111";
const T1: &str = "P82i9GL2SFgoezxxejpILJPnjjA=";
const T2: &str = "vNU2HHcb8aCLzkYC878JQHYa4o0=";

#[track_caller]
fn check(url: &str, content_type: Option<&'static str>, body: &str, signature: &str, accepted: bool) {
    let request = with_header(&request(Method::POST, url, content_type, body), "x-twilio-signature", Some(signature));
    assert_eq!(TwilioSms.verify(&request, &keys()).is_ok(), accepted, "{url} {signature}");
}

#[test]
fn the_published_vectors_hold() {
    assert_eq!(signature::sign(T1_URL, T1_FORM.as_bytes(), TOKEN), T1);
    check(T1_URL, FORM, T1_FORM, T1, true);
    check(T1_URL, FORM, T1_FORM, T2, true);
    // The same forms, addressed with the port or through a public URL with another one.
    check("https://hooks.example.test:443/twilio/in?channel=7", FORM, T1_FORM, T1, true);
    check("https://hooks.example.test:443/twilio/in?channel=7", FORM, T1_FORM, T2, true);
    check("https://hooks.example.test:8443/twilio/in?channel=7", FORM, T1_FORM, T1, true);
    check("https://hooks.example.test:8443/twilio/in?channel=7", FORM, T1_FORM, T2, false);
    check("http://hooks.example.test/twilio/in?channel=7", FORM, T1_FORM, T1, false);
    check("https://hooks.example.test/twilio/in?channel=8", FORM, T1_FORM, T1, false);
    // The order of the pairs in the body does not matter, their values do.
    let reversed: Vec<&str> = T1_FORM.split('&').rev().collect();
    check(T1_URL, FORM, &reversed.join("&"), T1, true);
    check(T1_URL, None, T1_FORM, T1, true);
    check(T1_URL, FORM, &T1_FORM.replace("bye", "by"), T1, false);
    check(T1_URL, FORM, &format!("{T1_FORM}&x"), T1, false);
}

#[test]
fn any_of_the_urls_may_be_the_signed_one() {
    let mut request = with_header(&request(Method::POST, T1_URL, FORM, T1_FORM), "x-twilio-signature", Some(T1));
    request.urls.insert(0, "http://127.0.0.1:8080/twilio/in?channel=7".to_owned());
    assert!(TwilioSms.verify(&request, &keys()).is_ok());
    request.urls.pop();
    assert_eq!(
        TwilioSms.verify(&request, &keys()).err(),
        Some(Refusal::BadSignature("the signature does not fit the URL and the parameters"))
    );
}

#[test]
fn json_bodies_are_covered_by_their_digest() {
    let json = Some("application/json");
    let body = r#"{"eventType":"onMessageAdded","index":0}"#;
    let digest = "73d903f7e66dce5a1c0263471364c8ff97026cbfc394f0cafb664edb63f0d287";
    let url = format!("https://hooks.example.test/twilio/json?bodySHA256={digest}");
    let signature = "gi9Fx18vA6/HMCYyZhxgq4Hlh8I=";
    check(&url, json, body, signature, true);
    check(&url, json, &body.replace('0', "1"), signature, false);
    check(&url, json, "", signature, false);
    let upper = url.replace(digest, &digest.to_ascii_uppercase());
    check(&upper, json, body, &signature::sign(&upper, b"", TOKEN), true);
    // Without a digest nothing would cover the body.
    let bare = "https://hooks.example.test/twilio/json";
    check(bare, json, body, &signature::sign(bare, b"", TOKEN), false);
    let short = format!("{bare}?bodySHA256=73d9");
    check(&short, json, body, &signature::sign(&short, b"", TOKEN), false);
}

#[test]
fn names_sort_by_their_bytes_and_repeats_count_both_ways() {
    // The constructions, written out: upper case before lower, empty values leave the name.
    let spelled = |suffix: &str| signature::sign(&format!("{HOOK}{suffix}"), b"", TOKEN);
    let body = "body=6&ToCity=5&Body=1&To=4&SmsSid=3&From=2&Empty=";
    check(HOOK, FORM, body, &spelled("Body1EmptyFrom2SmsSid3To4ToCity5body6"), true);
    let body = "a=2&b=x&a=1&a=2";
    check(HOOK, FORM, body, &spelled("a1a2bx"), true);
    check(HOOK, FORM, body, &spelled("a212bx"), true);
    check(HOOK, FORM, body, &spelled("a122bx"), true);
    check(HOOK, FORM, body, &spelled("a12bx"), false);
    check(HOOK, FORM, body, &spelled("a2bxa1a2"), false);
}

#[test]
fn bytes_that_are_no_text_are_signed_as_they_are() {
    let signed = signature::sign(HOOK, b"Body=%FF&MessageSid=SM1", TOKEN);
    check(HOOK, FORM, "Body=%FF&MessageSid=SM1", &signed, true);
    check(HOOK, FORM, "Body=%EF%BF%BD&MessageSid=SM1", &signed, false);
}

#[test]
fn every_code_of_the_table_has_its_class() {
    use Class::{Later, Permanent, Reauthorise, Retry, Source, Stop, Throttle};
    let day = Some(24 * 3600 * 1000);
    let expected: &[(Class, &[i64])] = &[
        (Reauthorise, &[20003, 20005, 30002]),
        (Throttle(None), &[20429, 21611, 30022, 63018]),
        (Throttle(day), &[30023, 30027]),
        (Retry(None), &[20500, 20503, 30017, 30410]),
        (Later(1, 60_000), &[30001, 30008]),
        (Later(2, 600_000), &[30003]),
        (Source(None), &[21212, 21606, 21603, 21601, 21701, 21702, 21703, 21704, 30032, 30034]),
        (Stop, &[21211, 21217, 21401, 21614, 21610, 30004, 30005, 30006, 63024]),
        (Permanent, &[20404, 21408, 21608, 21612, 21617, 21620, 21623, 21609, 30007, 30019, 30011, 21621, 21622, 63016]),
    ];
    for (class, codes) in expected {
        for code in *codes {
            let row = crate::kit::errors::find(errors::TABLE, *code, None).unwrap_or_else(|| panic!("{code} is missing"));
            assert_eq!(row.class, *class, "{code}");
            assert!(row.message.ends_with('.') && row.remedy.ends_with('.'), "{code}");
        }
    }
    let listed: usize = expected.iter().map(|(_, codes)| codes.len()).sum();
    assert_eq!(errors::TABLE.iter().map(|row| row.codes.len()).sum::<usize>(), listed);
}

fn sent_with(keys: &Keys) -> String {
    let payload = r#"{"text":"Hello"}"#.to_owned();
    let out = outbound(keys, &OutboundContent::Text("Hello".into()), payload);
    let net = CannedNet::new([answer(201, &created("SM9"))]);
    now(TwilioSms.send(&out, &net)).expect("sent");
    let call = net.calls().remove(0);
    let authorization = call.headers["authorization"].to_str().expect("text").to_owned();
    format!("{authorization} {}", String::from_utf8_lossy(&call.body))
}

#[test]
fn settings_change_the_call() {
    let keys = keys();
    let with = |pairs: &[(&str, &str)]| {
        let mut credentials = vec![("account_sid", ACCOUNT), ("auth_token", TOKEN)];
        credentials.extend_from_slice(pairs);
        Keys { source: Some(Arc::new(source("twilio_sms", "+15550001111", &credentials, &[]))), app: None }
    };
    assert!(sent_with(&with(&[("messaging_service_sid", "MG1")])).contains("MessagingServiceSid=MG1"));
    assert!(!sent_with(&with(&[("messaging_service_sid", "MG1")])).contains("From="));
    assert!(sent_with(&with(&[("from_number", "+1999")])).contains("From=%2B1999"));
    assert!(sent_with(&with(&[("api_key_sid", "SK1"), ("api_key_secret", "s")])).starts_with("Basic U0sxOnM= "));
    assert!(sent_with(&with_setting(&keys, "validity_period", "99999999")).contains("ValidityPeriod=36000"));
    assert!(sent_with(&with_setting(&keys, "smart_encoded", "on")).contains("SmartEncoded=true"));
    let can = |keys: &Keys| TwilioSms.capabilities(keys);
    assert_eq!(can(&with_setting(&keys, "text_max", "160")).text.max, 160);
    assert_eq!(can(&with_setting(&keys, "text_max", "9000")).text.max, 1_600);
    assert!(can(&keys).media.allows("image/jpeg", Some(1)));
    assert!(!can(&with_setting(&keys, "mms", "off")).media.allows("image/jpeg", Some(1)));
    assert!(!can(&with(&[("from_number", "+49170")])).media.allows("image/jpeg", Some(1)));
    assert!(can(&with_setting(&with(&[("from_number", "+49170")]), "mms", "on")).media.allows("image/jpeg", Some(1)));
}

#[test]
fn a_callback_that_names_the_delivery_is_left_alone() {
    let mut out = outbound(&keys(), &OutboundContent::Text("Hello".into()), r#"{"text":"Hello"}"#.to_owned());
    for (given, expected) in [
        ("https://h/x?delivery=dlv_1", Some("https://h/x?delivery=dlv_1")),
        ("https://h/x?a=b", Some("https://h/x?a=b&delivery=dlv_000000000000004d")),
        ("", None),
    ] {
        out.callback_url = given.to_owned();
        let net = CannedNet::new([answer(201, &created("SM9"))]);
        now(TwilioSms.send(&out, &net)).expect("sent");
        let body = net.calls()[0].body.clone();
        let pairs = crate::kit::form::pairs(&body);
        assert_eq!(crate::kit::form::first(&pairs, "StatusCallback").as_deref(), expected);
    }
}

#[test]
fn a_source_without_account_needs_reauthorisation() {
    let keys = with_credentials(&keys(), |_, _| None);
    let out = outbound(&keys, &OutboundContent::Text("Hello".into()), r#"{"text":"Hello"}"#.to_owned());
    let net = CannedNet::default();
    assert_eq!(now(TwilioSms.send(&out, &net)).map_err(|error| error.disposition), Err(Disposition::NeedsReauthorisation));
    assert!(net.calls().is_empty());
}

#[test]
fn media_is_fetched_signed_in_at_the_vendor_only() {
    let fetch = |keys: &Keys, url: &str, given| {
        let net = CannedNet::new([given]);
        let media = TwilioSms.media().expect("this channel has media");
        let outcome = now(media.fetch(keys, url, 1_000, &net)).map(|media| (media.bytes.len(), media.content_type));
        let call = net.calls().remove(0);
        let signed = call.headers.get("authorization").is_some_and(|value| value.as_bytes() == BASIC.as_bytes());
        (outcome.map_err(|error| error.disposition), call.url, signed, call.max_answer_bytes)
    };
    let picture = || answer_with(200, "content-type", "image/jpeg", "12345");
    let url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1";
    let got = Ok((5, Some("image/jpeg".to_owned())));
    assert_eq!(fetch(&keys(), url, picture()), (got.clone(), url.to_owned(), true, 1_000));
    // Whatever a webhook names, the credentials stay at home.
    for elsewhere in ["https://api.twilio.com.evil.test/x", "https://evil.test/https://api.twilio.com/", "http://api.twilio.com/x"] {
        assert_eq!(fetch(&keys(), elsewhere, picture()), (got.clone(), elsewhere.to_owned(), false, 1_000));
    }
    assert!(!fetch(&with_setting(&keys(), "media_auth", "off"), url, picture()).2);
    let mut own = antiphon_domain::Source::clone(keys().source.as_ref().expect("a source"));
    own.api_base_url = Some("http://127.0.0.1:9999/".to_owned());
    let simulated = Keys { source: Some(Arc::new(own)), app: None };
    let (_, moved, signed, ..) = fetch(&simulated, url, picture());
    assert_eq!((moved.as_str(), signed), ("http://127.0.0.1:9999/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1", true));
    assert!(fetch(&simulated, "http://127.0.0.1:9999/media/1", picture()).2);
    assert_eq!(fetch(&keys(), url, answer(404, "")).0, Err(Disposition::Failed));
    assert_eq!(fetch(&keys(), url, answer(503, "")).0, Err(Disposition::Retry { after_ms: None, max_attempts: None }));
    assert_eq!(fetch(&keys(), url, Err(antiphon_app::ports::net::NetError::TooLarge(1_000))).0, Err(Disposition::Failed));
    assert!(matches!(fetch(&keys(), url, Err(antiphon_app::ports::net::NetError::Timeout(1))).0, Err(Disposition::Retry { .. })));
}

#[test]
fn credentials_do_not_follow_a_redirect_to_storage() {
    let url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1";
    for (to, storage) in
        [("/_storage/1?signed=yes", "https://api.twilio.com/_storage/1?signed=yes"), ("https://cdn.test/1", "https://cdn.test/1")]
    {
        let net = CannedNet::new([answer_with(307, "location", to, ""), answer_with(200, "content-type", "image/png", "12345")]);
        let fetched = now(TwilioSms.media().expect("this channel has media").fetch(&keys(), url, 1_000, &net)).expect("fetched");
        assert_eq!(&fetched.bytes[..], b"12345");
        let calls = net.calls();
        assert_eq!(calls.iter().map(|call| call.url.as_str()).collect::<Vec<_>>(), [url, storage]);
        assert!(calls[0].headers.contains_key("authorization") && !calls[1].headers.contains_key("authorization"), "{to}");
        assert!(calls.iter().all(|call| call.redirects == 0), "{to}: followed here, not below");
    }
    let endless = || answer_with(302, "location", "/again", "");
    let net = CannedNet::new([endless(), endless(), endless(), endless()]);
    assert!(now(TwilioSms.media().expect("this channel has media").fetch(&keys(), url, 1_000, &net)).is_err());
    assert_eq!(net.unused(), 0);
}

#[test]
fn an_unknown_outcome_is_looked_up() {
    let lookup = |waited_ms: i64, list: &str| {
        let mut out = outbound(&keys(), &OutboundContent::Text("Hello".into()), r#"{"text":"Hello"}"#.to_owned());
        to_phone(&mut out);
        out.first_attempt_at = Some(NOW);
        out.now = NOW.plus_ms(waited_ms);
        let net = CannedNet::new([answer(200, list)]);
        let found = now(TwilioSms.lookup().expect("this channel has a list").lookup(&out, &net)).expect("an answer");
        assert_eq!(net.calls()[0].url, format!("{CREATE}?To=%2B15550002222&From=%2B15550001111&PageSize=50"));
        found
    };
    let message = |sid: &str, body: &str, at: &str, direction: &str| {
        format!(r#"{{"sid":"{sid}","body":"{body}","date_created":"Thu, 01 Jan 2026 {at} +0000","direction":"{direction}"}}"#)
    };
    let list = |messages: &[String], next: &str| format!(r#"{{"messages":[{}],"next_page_uri":{next}}}"#, messages.join(","));
    let ours = message("SM9", "Hello", "00:00:01", "outbound-api");
    assert_eq!(lookup(1_000, &list(std::slice::from_ref(&ours), "null")), LookedUp::Found("SM9".to_owned()));
    assert_eq!(lookup(1_000, &list(&[ours.clone(), ours.clone()], "null")), LookedUp::Unclear);
    // Too early to be sure of an absence, then late enough.
    assert_eq!(lookup(1_000, &list(&[], "null")), LookedUp::Unclear);
    assert_eq!(lookup(60_000, &list(&[], "null")), LookedUp::Absent);
    let others = [message("SM1", "Other", "00:00:02", "outbound-api"), message("SM2", "Hello", "00:00:02", "inbound")];
    assert_eq!(lookup(60_000, &list(&others, "null")), LookedUp::Absent);
    // A page that does not reach back far enough proves nothing.
    assert_eq!(lookup(60_000, &list(&others, "\"/next\"")), LookedUp::Unclear);
    assert_eq!(lookup(60_000, "{}"), LookedUp::Unclear);
}

#[test]
fn the_acknowledgement_is_an_empty_answer() {
    let answer = TwilioSms.acknowledgement(&request(Method::POST, HOOK, FORM, ""), &keys());
    assert_eq!((answer.status, answer.content_type, answer.body.as_str()), (200, "text/xml", "<Response/>"));
}

#[test]
fn what_webhooks_failed_to_bring_is_read_from_the_list() {
    let message = |sid: &str, at: &str, direction: &str, body: &str, media: u32| {
        format!(
            r#"{{"sid":"{sid}","from":"+15550002222","to":"+15550001111","direction":"{direction}","body":"{body}","num_media":"{media}","date_sent":"Thu, 01 Jan 2026 {at} +0000"}}"#
        )
    };
    let page = |messages: &[String], next: &str| answer(200, &format!(r#"{{"messages":[{}],"next_page_uri":{next}}}"#, messages.join(",")));
    let net = CannedNet::new([
        page(
            &[message("SM3", "00:40:00", "inbound", "third", 0), message("SM8", "00:35:00", "outbound-api", "ours", 0)],
            r#""/2010-04-01/next?Page=1""#,
        ),
        page(&[message("MM2", "00:30:00", "inbound", "", 1), message("SM1", "00:00:59", "inbound", "too old", 0)], "null"),
        answer(200, r#"{"media_list":[{"sid":"ME1","content_type":"image/jpeg"}]}"#),
    ]);
    let catch_up = TwilioSms.catch_up().expect("this channel has a list");
    let found = now(catch_up.missed(&keys(), NOW.plus_s(60), NOW.plus_s(3_600), &net)).expect("found");
    let at = |minutes: i64| Some(NOW.plus_s(minutes * 60));
    let base = CREATE.strip_suffix("/Messages.json").expect("the account's address");
    let picture = media(&format!("{base}/Messages/MM2/Media/ME1"), "image/jpeg");
    let expected = [
        InboundItem { source_address: None, key: "MM2".to_owned(), at: at(30), kind: said(vec![picture]) },
        InboundItem { source_address: None, key: "SM3".to_owned(), at: at(40), kind: said(vec![text("third")]) },
    ];
    assert_eq!(found, expected, "oldest first, under the keys of webhooks");
    let asked: Vec<String> = net.calls().into_iter().map(|call| call.url).collect();
    assert_eq!(asked[0], format!("{CREATE}?To=%2B15550001111&DateSent%3E=2026-01-01&PageSize=100"));
    assert_eq!(asked[1], "https://api.twilio.com/2010-04-01/next?Page=1");
    assert!(net.calls().iter().all(|call| call.headers["authorization"] == BASIC));
    let net = CannedNet::new([answer(503, "")]);
    assert!(now(catch_up.missed(&keys(), NOW, NOW, &net)).is_err(), "what can't be read is not taken for empty");
}
