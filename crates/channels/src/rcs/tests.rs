//! The tables of this connector, its signature vector, and what has no place in a table.

use super::Rcs;
use crate::google::{self, errors};
use crate::kit::errors::Class;
use crate::kit::mac;
use crate::kit::table::{
    CannedNet, Fixture, InboundCase, Manner, NOW, OutboundCase, Trouble, Wanted, WantedBody, answer, now, outbound, request, source,
    structured, with_credentials, with_header, with_setting,
};
use antiphon_app::channel::{
    Channel, Disposition, InboundContent, InboundItem, InboundKind, Keys, LookedUp, OutboundContent, RawRequest, ReceiptOf, Refusal,
    SignalTo,
};
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::delivery::Reason;
use antiphon_domain::{DeliveryStatus, Timestamp};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

const TOKEN: &str = "SIMCLIENTTOKEN16";
const PASS: &str = "ya29.sim-access-token";
const HOOK: &str = "https://hooks.example.test/webhooks/rcs/sim_agent";
const JSON: Option<&str> = Some("application/json");

fn keys() -> Keys {
    let credentials = [("service_account_json", "{}"), ("client_token", TOKEN), (google::PASS, PASS)];
    Keys { source: Some(Arc::new(source("rcs", "sim_agent", &credentials, &[]))), app: None }
}

fn id() -> String {
    mac::uuid(&[b"message", b"src_0000000000000007", b"dlv_000000000000004d"])
}

fn leak(text: String) -> &'static str {
    // Addresses in tables are static; leaking a test's few strings is what that costs.
    Box::leak(text.into_boxed_str())
}

fn sign(request: &mut RawRequest) {
    let envelope: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let data = STANDARD.decode(envelope["message"]["data"].as_str().unwrap_or_default()).unwrap_or_default();
    let signature = STANDARD.encode(mac::hmac_sha512(TOKEN.as_bytes(), &data));
    *request = with_header(request, google::SIGNATURE, Some(&signature));
}

pub(crate) fn fixture() -> Fixture {
    Fixture {
        channel: Arc::new(Rcs),
        keys: keys(),
        sign,
        signature: google::SIGNATURE,
        inbound: received(),
        outbound: sent(),
        manner: Manner { ids_are_ours: true, ..Manner::default() },
    }
}

fn event(data: &str) -> RawRequest {
    // No space around it: every byte in the middle is part of the data.
    let body = format!(r#"{{"message":{{"data":"{}"}}}}"#, STANDARD.encode(data));
    request(Method::POST, HOOK, JSON, &body)
}

fn written(mut fields: Value) -> RawRequest {
    for (name, value) in
        [("senderPhoneNumber", "+15550002222"), ("messageId", "m1"), ("sendTime", "2026-01-01T00:00:00.123456Z"), ("agentId", "sim_agent")]
    {
        fields[name] = value.into();
    }
    event(&fields.to_string())
}

fn said(content: InboundContent) -> Vec<Result<InboundItem, &'static str>> {
    let from = || "+15550002222".to_owned();
    let own = |key: &str, kind| Ok(InboundItem { source_address: None, key: key.to_owned(), at: Some(NOW), kind });
    vec![
        own("handle:+15550002222:m1", InboundKind::Handle { from: from(), about: Some("m1".to_owned()), reply: None }),
        own("+15550002222:m1", InboundKind::Message { from: from(), name: None, contents: vec![content], metadata: None, consent: None }),
    ]
}

fn told(kind: &str, of: &str) -> RawRequest {
    let fields =
        json!({ of: "+15550002222", "eventType": kind, "eventId": "e1", "messageId": "our-id", "sendTime": "2026-01-01T00:00:00Z" });
    event(&fields.to_string())
}

fn one(kind: InboundKind) -> Vec<Result<InboundItem, &'static str>> {
    vec![Ok(InboundItem { source_address: None, key: "event:+15550002222:e1".to_owned(), at: Some(NOW), kind })]
}

fn receipt(status: DeliveryStatus, reason: Option<Reason>) -> Vec<Result<InboundItem, &'static str>> {
    let of = ReceiptOf::Ids { vendor_ids: vec!["our-id".to_owned()], delivery: None };
    one(InboundKind::Receipt { of, status, reason, opted_out: false, again: None })
}

fn received() -> Vec<InboundCase> {
    let text = |text: &str, payload: Option<&str>| InboundContent::Text { text: text.to_owned(), payload: payload.map(str::to_owned) };
    let case = |label, fields: Value, content| InboundCase { label, request: written(fields), items: said(content) };
    let file = json!({ "userFile": { "payload": { "mimeType": "image/jpeg", "fileSizeBytes": 9, "fileName": "a.jpg", "fileUri": "https://f.test/1" }, "thumbnail": {} } });
    let media = InboundContent::Media {
        url: "https://f.test/1".to_owned(),
        declared_type: Some("image/jpeg".to_owned()),
        name: Some("a.jpg".to_owned()),
        caption: None,
    };
    let consent = |kind, proof: &str| one(InboundKind::Consent { from: "+15550002222".to_owned(), kind, proof: proof.to_owned() });
    let expired = Reason {
        code: "unreachable".into(),
        vendor_code: Some("TTL_EXPIRATION_REVOKED".into()),
        message: "The message's time to live was over before the consumer's phone could be reached; it was taken back.".into(),
        remedy: Some("Reach the consumer on another channel.".into()),
    };
    let broken = |label, data: &str, code| InboundCase { label, request: event(data), items: vec![Err(code)] };
    vec![
        case("text", json!({ "text": "hé 😀" }), text("hé 😀", None)),
        case("file", file, media),
        case(
            "place",
            json!({ "location": { "latitude": 35.1, "longitude": 139.2 } }),
            InboundContent::Location { latitude: 35.1, longitude: 139.2, label: None },
        ),
        case(
            "tap",
            json!({ "suggestionResponse": { "postbackData": "a.c.0.1.1", "text": "No", "type": "REPLY" } }),
            text("No", Some("a.c.0.1.1")),
        ),
        InboundCase {
            label: "delivered",
            request: told("DELIVERED", "senderPhoneNumber"),
            items: receipt(DeliveryStatus::Delivered, None),
        },
        InboundCase { label: "read", request: told("READ", "senderPhoneNumber"), items: receipt(DeliveryStatus::Read, None) },
        InboundCase {
            label: "typing",
            request: told("IS_TYPING", "senderPhoneNumber"),
            items: one(InboundKind::Typing { from: "+15550002222".to_owned(), on: true }),
        },
        InboundCase {
            label: "left",
            request: told("UNSUBSCRIBE", "senderPhoneNumber"),
            items: consent(ConsentKind::OptOut, "Google says that the consumer has unsubscribed."),
        },
        InboundCase {
            label: "back",
            request: told("SUBSCRIBE", "senderPhoneNumber"),
            items: consent(ConsentKind::OptIn, "Google says that the consumer has subscribed."),
        },
        InboundCase {
            label: "expired",
            request: told("TTL_EXPIRATION_REVOKED", "phoneNumber"),
            items: receipt(DeliveryStatus::Failed, Some(expired)),
        },
        InboundCase {
            label: "could not be taken back",
            request: told("TTL_EXPIRATION_REVOKE_FAILED", "phoneNumber"),
            items: one(InboundKind::Ignored("revoke_failed")),
        },
        InboundCase { label: "something new", request: told("DANCES", "phoneNumber"), items: one(InboundKind::Ignored("other_event")) },
        broken("no JSON inside", "{\"senderPhoneNumber\"", "malformed"),
        broken("nobody's", r#"{"text":"x","messageId":"1"}"#, "malformed"),
        broken("a message without an id", r#"{"senderPhoneNumber":"+1","text":"x"}"#, "malformed"),
        broken("an event without an id", r#"{"senderPhoneNumber":"+1","eventType":"READ"}"#, "malformed"),
        broken("a message without content", r#"{"senderPhoneNumber":"+1","messageId":"1","hologram":{}}"#, "unsupported"),
    ]
}

fn to_phone(out: &mut antiphon_app::channel::Outbound) {
    out.to = "+15550002222".to_owned();
}

fn post(content: &Value) -> Wanted {
    let url = leak(format!(
        "https://rcsbusinessmessaging.googleapis.com/v1/phones/+15550002222/agentMessages?messageId={}&agentId=sim_agent",
        id()
    ));
    let body = json!({ "contentMessage": content, "messageTrafficType": "TRANSACTION" });
    Wanted { method: Method::POST, url, headers: vec![("authorization", format!("Bearer {PASS}"))], body: WantedBody::Json(body) }
}

fn file(content_type: &str, size: u64) -> OutboundContent {
    OutboundContent::File { path: "p".into(), content_type: content_type.into(), name: Some("a.bin".into()), size, caption: "".into() }
}

fn goes(label: &'static str, content: OutboundContent, own: &[Value]) -> OutboundCase {
    let accepted = || answer(200, r#"{"name":"phones/+1/agentMessages/1","sendTime":"2026-01-01T00:00:00Z"}"#);
    OutboundCase {
        label,
        content,
        with: to_phone,
        answers: own.iter().map(|_| accepted()).collect(),
        requests: own.iter().map(post).collect(),
        outcomes: own.iter().map(|_| Ok(leak(id()))).collect(),
    }
}

fn sent() -> Vec<OutboundCase> {
    let url = "https://files.example.test/f/1?sig=s";
    let hi = || OutboundContent::Text("Hi".into());
    let refused = |label, status: u16, name: &str, trouble: Trouble| OutboundCase {
        label,
        content: hi(),
        with: to_phone,
        answers: vec![answer(status, &json!({ "error": { "code": status, "status": name, "message": "x" } }).to_string())],
        requests: vec![post(&json!({ "text": "Hi" }))],
        outcomes: vec![Err(trouble)],
    };
    let says =
        |title: &str| json!({ "type": "button", "title": title, "click": { "actions": [{ "type": "publishText", "text": title }] } });
    let replies = json!({ "type": "quickReplies", "itemsPerRow": 8, "replies": [says("Yes"), says("No")] });
    let reply = |label: &str, place: usize| json!({ "reply": { "text": label, "postbackData": format!("a.c.0.1.{place}") } });
    let mut doubled = goes("there already", hi(), &[json!({ "text": "Hi" })]);
    doubled.answers = vec![answer(409, r#"{"error":{"code":409,"status":"ALREADY_EXISTS"}}"#)];
    let place = json!({ "text": "Tower", "suggestions": [{ "action": { "text": "Tower", "postbackData": "place",
        "viewLocationAction": { "latLong": { "latitude": 35.5, "longitude": 139.25 }, "label": "Tower" } } }] });
    vec![
        goes("text", hi(), &[json!({ "text": "Hi" })]),
        goes("picture", file("image/jpeg", 9), &[json!({ "contentInfo": { "fileUrl": url, "forceRefresh": false } })]),
        goes("a kind that RCS lacks goes as a link", file("application/zip", 9), &[json!({ "text": format!("a.bin: {url}") })]),
        goes(
            "answers to tap",
            structured(&json!({ "type": "text", "text": "Shall we?" }), Some(&replies)),
            &[json!({ "text": "Shall we?", "suggestions": [reply("Yes", 0), reply("No", 1)] })],
        ),
        goes("place", structured(&json!({ "type": "map", "la": 35.5, "lo": 139.25, "tooltip": "Tower" }), None), &[place]),
        doubled,
        refused(
            "no RCS",
            404,
            "NOT_FOUND",
            Trouble { disposition: Disposition::Failed, code: "unreachable", vendor_code: Some("NOT_FOUND") },
        ),
        refused(
            "not launched",
            403,
            "PERMISSION_DENIED",
            Trouble {
                disposition: Disposition::Misconfigured { pause_ms: None },
                code: "source_misconfigured",
                vendor_code: Some("PERMISSION_DENIED"),
            },
        ),
        refused(
            "malformed",
            400,
            "INVALID_ARGUMENT",
            Trouble { disposition: Disposition::Failed, code: "malformed", vendor_code: Some("INVALID_ARGUMENT") },
        ),
    ]
}

#[test]
fn the_published_vector_holds() {
    let data = r#"{"senderPhoneNumber":"+15550002222","messageId":"sim-msg-1","sendTime":"2026-01-01T00:00:00Z","agentId":"sim_agent","text":"hello"}"#;
    let encoded = "eyJzZW5kZXJQaG9uZU51bWJlciI6IisxNTU1MDAwMjIyMiIsIm1lc3NhZ2VJZCI6InNpbS1tc2ctMSIsInNlbmRUaW1lIjoiMjAyNi0wMS0wMVQwMDowMDowMFoiLCJhZ2VudElkIjoic2ltX2FnZW50IiwidGV4dCI6ImhlbGxvIn0=";
    assert_eq!(STANDARD.encode(data), encoded);
    let right = "hruRhfioSQt2PkGSe61UFdtck0wQ4+OiuVfn1UwIUcL7b+oIzFvHZ1lyxija/6DVxo7Uuur5kj/Wd2oxkG+fSw==";
    let check = |body: &Value| {
        let hook = with_header(&request(Method::POST, HOOK, JSON, &body.to_string()), google::SIGNATURE, Some(right));
        Rcs.verify(&hook, &keys()).is_ok()
    };
    assert!(check(&json!({ "message": { "data": encoded, "messageId": "77" }, "subscription": "s" })));
    // What stands around the data is not signed, and changes from one delivery to the next.
    assert!(check(&json!({ "message": { "data": encoded, "messageId": "78" } })));
    assert!(!check(&json!({ "message": { "data": STANDARD.encode(data.replace("hello", "hallo")) } })));
    assert!(!check(&json!({ "message": {} })));
}

#[test]
fn the_handshake_gives_the_secret_to_who_knows_the_token() {
    let shake = |body: Value, keys: &Keys| Rcs.handshake(&request(Method::POST, HOOK, JSON, &body.to_string()), keys);
    let told = shake(json!({ "clientToken": TOKEN, "secret": "s-1" }), &keys()).expect("a handshake").expect("known");
    assert_eq!((told.status, told.content_type, told.body.as_str()), (200, "text/plain", "s-1"));
    assert_eq!(shake(json!({ "clientToken": "wrong", "secret": "s" }), &keys()), Some(Err(Refusal::BadToken)));
    assert_eq!(shake(json!({ "clientToken": TOKEN, "secret": "s".repeat(2_000) }), &keys()), Some(Err(Refusal::BadToken)));
    let none = with_credentials(&keys(), |_, _| None);
    assert_eq!(shake(json!({ "clientToken": TOKEN, "secret": "s" }), &none), Some(Err(Refusal::NoSecret("client_token"))));
    assert_eq!(shake(json!({ "message": {} }), &keys()), None);
}

#[test]
fn the_key_buys_a_token() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(pair.as_der().expect("DER").as_ref()));
    let account = json!({ "client_email": "sim@sim.test", "private_key_id": "k1", "private_key": pem, "token_uri": "https://oauth2.googleapis.com/token" });
    let with = |json: String| {
        with_credentials(&keys(), |name, value| Some(if name == "service_account_json" { json.clone() } else { value.to_owned() }))
    };
    let buy = |json: String, given| {
        let net = CannedNet::new([given]);
        let bought = now(Rcs.sign_in().expect("it signs in").sign_in(&with(json), NOW, &net));
        (bought.map(|pass| (pass.token, pass.until)).map_err(|error| (error.disposition, error.reason.code)), net.calls())
    };
    let (bought, calls) = buy(account.to_string(), answer(200, r#"{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}"#));
    assert_eq!(bought, Ok(("ya29.x".to_owned(), NOW.plus_s(3_599))));
    assert_eq!(calls[0].url, "https://oauth2.googleapis.com/token");
    let form = crate::kit::form::pairs(&calls[0].body);
    let assertion = crate::kit::form::first(&form, "assertion").expect("an assertion").into_owned();
    let (unsigned, signature) = assertion.rsplit_once('.').expect("three parts");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    public.verify(unsigned.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).expect("base64")).expect("signed by the key");
    let part = |at: usize| {
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(assertion.split('.').nth(at).expect("a part")).expect("base64"))
            .expect("JSON")
    };
    assert_eq!(part(0), json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }));
    let scope = "https://www.googleapis.com/auth/rcsbusinessmessaging";
    assert_eq!(
        part(1),
        json!({ "iss": "sim@sim.test", "scope": scope, "aud": "https://oauth2.googleapis.com/token", "iat": 1_767_225_600, "exp": 1_767_229_200 })
    );
    let dead = |code: &str| Err((Disposition::NeedsReauthorisation, code.into()));
    assert_eq!(buy(account.to_string(), answer(400, r#"{"error":"invalid_grant"}"#)).0, dead("not_authorised"));
    let retry = |outcome: Result<(String, Timestamp), (Disposition, _)>| matches!(outcome, Err((Disposition::Retry { .. }, _)));
    assert!(retry(buy(account.to_string(), answer(503, "")).0));
    for broken in ["", "{", "{}", r#"{"client_email":"a","private_key":"no"}"#, r#"{"client_email":"a","private_key":"AAAA"}"#] {
        assert_eq!(buy(broken.to_owned(), answer(200, "")).0, dead("source_misconfigured"), "{broken}");
    }
}

#[test]
fn a_phone_that_lacks_cards_gets_text() {
    let card = json!({ "type": "vertical", "elements": [
        { "type": "image", "url": "https://img.example.test/1.png" }, { "type": "text", "text": "Kettle" },
        { "type": "button", "title": "Buy", "click": { "actions": [{ "type": "publishText", "text": "Buy" }] } } ] });
    let content = structured(&card, None);
    let adapted = Rcs.adapt(&content, &Rcs.capabilities(&keys()));
    let mut out = outbound(&keys(), &content, adapted.parts[0].clone());
    to_phone(&mut out);
    let refused = || answer(400, r#"{"error":{"code":400,"status":"INVALID_ARGUMENT"}}"#);
    let net = CannedNet::new([refused(), answer(200, "{}")]);
    assert!(now(Rcs.send(&out, &net)).is_ok());
    let bodies: Vec<Value> =
        net.calls().iter().map(|call| serde_json::from_slice::<Value>(&call.body).expect("JSON")["contentMessage"].clone()).collect();
    assert!(bodies[0]["richCard"]["standaloneCard"]["cardContent"]["media"].is_object() && bodies[0]["fallback"].is_null(), "{bodies:?}");
    assert!(bodies[1]["text"].as_str().is_some_and(|text| text.contains("Kettle")), "{bodies:?}");
}

#[test]
fn typing_and_read_are_events_and_settings_change_the_call() {
    let signals = Rcs.signals().expect("both ways");
    let to = SignalTo { address: "+15550002222", about: Some("m1") };
    let net = CannedNet::new([answer(200, "{}"), answer(200, "{}")]);
    now(signals.typing(&keys(), to, true, &net)).expect("told");
    now(signals.typing(&keys(), to, false, &net)).expect("nothing to end");
    now(signals.seen(&keys(), to, &net)).expect("told");
    now(signals.seen(&keys(), SignalTo { about: None, ..to }, &net)).expect("nothing to name");
    let bodies: Vec<String> = net.calls().iter().map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect();
    assert_eq!(bodies, [r#"{"eventType":"IS_TYPING"}"#, r#"{"eventType":"READ","messageId":"m1"}"#]);
    let send = |keys: &Keys| {
        let mut out = outbound(keys, &OutboundContent::Text("Hi".into()), r#"{"text":"Hi"}"#.to_owned());
        to_phone(&mut out);
        let net = CannedNet::new([answer(200, "{}")]);
        now(Rcs.send(&out, &net)).expect("sent");
        let call = net.calls().remove(0);
        (call.url, String::from_utf8_lossy(&call.body).into_owned())
    };
    assert!(send(&with_setting(&keys(), "ttl_seconds", "600")).1.contains(r#""ttl":"600s""#));
    assert!(send(&with_setting(&keys(), "region", "europe")).0.starts_with("https://europe-rcsbusinessmessaging.googleapis.com/v1/"));
    assert!(send(&with_setting(&keys(), "traffic_type_default", "PROMOTION")).1.contains("PROMOTION"));
    let out = outbound(&keys(), &OutboundContent::Text("Hi".into()), r#"{"text":"Hi"}"#.to_owned());
    assert_eq!(now(Rcs.lookup().expect("ids are ours").lookup(&out, &CannedNet::default())), Ok(LookedUp::Absent));
    let bad = antiphon_app::channel::Outbound { to: "../x".to_owned(), ..out };
    assert_eq!(now(Rcs.send(&bad, &CannedNet::default())).map_err(|error| error.disposition), Err(Disposition::Failed));
}

#[test]
fn every_code_of_the_table_has_its_class() {
    let expected: &[(Class, &[i64])] = &[
        (Class::Permanent, &[400, 404, 413]),
        (Class::Reauthorise, &[401]),
        (Class::Source(None), &[403]),
        (Class::Throttle(None), &[429]),
        (Class::Retry(None), &[500, 502, 503]),
    ];
    for (class, codes) in expected {
        for code in *codes {
            let row = crate::kit::errors::find(errors::TABLE, *code, None).unwrap_or_else(|| panic!("{code} is missing"));
            assert_eq!(row.class, *class, "{code}");
            assert!(row.message.ends_with('.') && row.remedy.ends_with('.'), "{code}");
        }
    }
}
