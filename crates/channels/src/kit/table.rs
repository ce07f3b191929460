//! The two runners that every connector's tables go through, with the checks that nobody has to remember.
//!
//! Received: a label, a request, the status it gets and the items it becomes. Sent: what is to go out, canned answers of the vendor, the
//! requests they must meet and what comes of them. Only a connector's `fixture` and the tests below use this file.

use antiphon_app::channel::{
    Channel, DeadLetter, Disposition, InboundItem, Keys, Outbound, OutboundContent, OutboundFile, RawRequest, Refusal, SendError, Sent,
    Verified,
};
use antiphon_app::ports::net::{Net, NetAnswer, NetError, NetRequest};
use antiphon_content::rich::{self, Outline, Presentation, Rules};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{ChannelApp, ChannelAppId, DeliveryId, Source, SourceId, Timestamp};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

/// The time at which all tables play: 2026-01-01T00:00:00Z.
pub const NOW: Timestamp = Timestamp(1_767_225_600_000);

/// A connector's tables.
pub struct Fixture {
    /// The connector.
    pub channel: Arc<dyn Channel>,
    /// With what the tables are played.
    pub keys: Keys,
    /// Signs a request as the vendor does.
    pub sign: fn(&mut RawRequest),
    /// The header that carries the signature.
    pub signature: &'static str,
    /// Received.
    pub inbound: Vec<InboundCase>,
    /// Sent.
    pub outbound: Vec<OutboundCase>,
    /// In what the vendor differs from the usual.
    pub manner: Manner,
}

/// In what a vendor's wire differs from the usual.
#[derive(Clone, Copy)]
pub struct Manner {
    /// What proves who calls does not cover the body.
    pub body_unsigned: bool,
    /// The header that carries the credential of calls; nothing where it stands in the address.
    pub credential: Option<&'static str>,
    /// The ids of messages are ours, so that an answer needs no body.
    pub ids_are_ours: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { body_unsigned: false, credential: Some("authorization"), ids_are_ours: false }
    }
}

/// A row of the received table.
pub struct InboundCase {
    /// What it shows.
    pub label: &'static str,
    /// The request; signed by the runner.
    pub request: RawRequest,
    /// The items, in order; a dead letter by its code.
    pub items: Vec<Result<InboundItem, &'static str>>,
}

/// A row of the sent table.
pub struct OutboundCase {
    /// What it shows.
    pub label: &'static str,
    /// What goes out.
    pub content: OutboundContent,
    /// What is particular about this send.
    pub with: fn(&mut Outbound),
    /// The vendor's answers, in order.
    pub answers: Vec<Result<NetAnswer, NetError>>,
    /// The requests that must be made, in order.
    pub requests: Vec<Wanted>,
    /// The outcome of each part up to the first error.
    pub outcomes: Vec<Result<&'static str, Trouble>>,
}

/// An expected error.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    pub disposition: Disposition,
    pub code: &'static str,
    pub vendor_code: Option<&'static str>,
}

/// An expected request.
pub struct Wanted {
    pub method: Method,
    pub url: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: WantedBody,
}

/// An expected body.
pub enum WantedBody {
    Form(Vec<(&'static str, String)>),
    Json(Value),
    Containing(Vec<&'static str>),
}

/// A request as a vendor makes it.
pub fn request(method: Method, url: &str, content_type: Option<&'static str>, body: &str) -> RawRequest {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut headers = HeaderMap::new();
    if let Some(content_type) = content_type {
        headers.insert("content-type", HeaderValue::from_static(content_type));
    }
    RawRequest {
        method,
        urls: vec![url.to_owned()],
        tail: String::new(),
        query: query.to_owned(),
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// The same request with a header set; none removes it.
pub fn with_header(request: &RawRequest, name: &'static str, value: Option<&str>) -> RawRequest {
    let mut request = request.clone();
    request.headers.remove(name);
    if let Some(value) = value {
        request.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header's value"));
    }
    request
}

/// A vendor's answer.
pub fn answer(status: u16, body: &str) -> Result<NetAnswer, NetError> {
    Ok(NetAnswer { status, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body.as_bytes()) })
}

/// A vendor's answer with a header.
pub fn answer_with(status: u16, name: &'static str, value: &'static str, body: &str) -> Result<NetAnswer, NetError> {
    answer(status, body).map(|mut answer| {
        answer.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        answer
    })
}

/// A source with its credentials and settings.
pub fn source(channel: &str, address: &str, credentials: &[(&str, &str)], settings: &[(&str, &str)]) -> Source {
    Source {
        id: SourceId(7),
        channel: channel.to_owned(),
        name: "Test".to_owned(),
        address: address.to_owned(),
        skill: None,
        app: None,
        enabled: true,
        api_base_url: None,
        credentials: map(credentials),
        settings: map(settings),
        health: Health { state: HealthState::Unknown, message: String::new(), since: NOW },
        created_at: NOW,
        updated_at: NOW,
    }
}

/// An app with its credentials.
pub fn channel_app(channel: &str, credentials: &[(&str, &str)]) -> ChannelApp {
    ChannelApp {
        id: ChannelAppId(8),
        channel: channel.to_owned(),
        name: "Test app".to_owned(),
        credentials: map(credentials),
        created_at: NOW,
        updated_at: NOW,
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The same keys with every stored credential changed.
pub fn with_credentials(keys: &Keys, change: impl Fn(&str, &str) -> Option<String>) -> Keys {
    let changed = |values: &BTreeMap<String, String>| {
        values.iter().filter_map(|(name, value)| Some((name.clone(), change(name, value)?))).collect::<BTreeMap<_, _>>()
    };
    let source = keys.source.as_ref().map(|source| Arc::new(Source { credentials: changed(&source.credentials), ..Source::clone(source) }));
    let app = keys.app.as_ref().map(|app| Arc::new(ChannelApp { credentials: changed(&app.credentials), ..ChannelApp::clone(app) }));
    Keys { source, app }
}

/// The same keys with a setting.
pub fn with_setting(keys: &Keys, name: &str, value: &str) -> Keys {
    let mut source = Source::clone(keys.source.as_ref().expect("the tables have a source"));
    source.settings.insert(name.to_owned(), value.to_owned());
    Keys { source: Some(Arc::new(source)), app: keys.app.clone() }
}

/// A net that answers what was laid out and keeps what was asked.
#[derive(Default)]
pub struct CannedNet {
    answers: Mutex<VecDeque<Result<NetAnswer, NetError>>>,
    calls: Mutex<Vec<NetRequest>>,
}

impl CannedNet {
    pub fn new(answers: impl IntoIterator<Item = Result<NetAnswer, NetError>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), calls: Mutex::default() }
    }

    pub fn calls(&self) -> Vec<NetRequest> {
        self.calls.lock().expect("no test panics while it holds this").clone()
    }

    pub fn unused(&self) -> usize {
        self.answers.lock().expect("no test panics while it holds this").len()
    }
}

impl Net for CannedNet {
    fn call<'a>(&'a self, request: NetRequest) -> BoxFuture<'a, Result<NetAnswer, NetError>> {
        self.calls.lock().expect("no test panics while it holds this").push(request);
        let answer = self.answers.lock().expect("no test panics while it holds this").pop_front();
        Box::pin(std::future::ready(answer.unwrap_or_else(|| Err(NetError::NoConnection("no answer was laid out".to_owned())))))
    }
}

/// The outcome of a future that waits for nothing but canned answers.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("canned answers come at once")
}

type Parsed = Vec<Result<InboundItem, DeadLetter>>;

fn receive(fixture: &Fixture, request: &RawRequest, keys: &Keys) -> Result<Parsed, Refusal> {
    let verified = fixture.channel.verify(request, keys)?;
    Ok(fixture.channel.parse(verified, keys, NOW))
}

/// Plays the received table and, on each row, the checks that hold for every signed webhook.
pub fn run_inbound(fixture: &Fixture) {
    for case in &fixture.inbound {
        let label = format!("{}: {}", fixture.channel.describe().id, case.label);
        let mut request = case.request.clone();
        (fixture.sign)(&mut request);
        let items = receive(fixture, &request, &fixture.keys).unwrap_or_else(|refusal| panic!("{label}: {refusal:?}"));
        let seen: Vec<Result<InboundItem, &str>> = items.iter().map(|item| item.clone().map_err(|dead| dead.code)).collect();
        assert_eq!(seen, case.items, "{label}");
        // Redelivery: the same keys, so that the second copy changes nothing.
        assert_eq!(receive(fixture, &request, &fixture.keys).as_ref(), Ok(&items), "{label}: replayed");
        assert!(items.iter().flatten().all(|item| !item.key.is_empty() && item.key.len() <= 500), "{label}: keys");
        no_secret_in(fixture, &format!("{items:?}"), &label);
        forgeries(fixture, &request, &label);
        rotation(fixture, &request, &label);
    }
}

fn forgeries(fixture: &Fixture, request: &RawRequest, label: &str) {
    let refused = |request: &RawRequest, what: &str| {
        let refusal = fixture.channel.verify(request, &fixture.keys).expect_err(what);
        assert!(matches!(refusal, Refusal::BadSignature(_)), "{label}: {what}: {refusal:?}");
    };
    let header = fixture.signature;
    let right = request.headers.get(header).and_then(|value| value.to_str().ok()).expect("signed").to_owned();
    refused(&with_header(request, header, None), "header missing");
    refused(&with_header(request, header, Some("")), "header empty");
    refused(&with_header(request, header, Some(&right[..right.len() - 1])), "header truncated");
    refused(&with_header(request, header, Some(&format!("{right}0"))), "header too long");
    refused(&with_header(request, header, Some(&format!("sha1={right}"))), "wrong prefix");
    refused(&with_header(request, header, Some("!")), "header garbage");
    if fixture.manner.body_unsigned {
        // Nothing but the header proves who calls.
    } else if request.body.is_empty() {
        let mut moved = request.clone();
        moved.urls = moved.urls.iter().map(|url| format!("{url}x")).collect();
        refused(&moved, "another address");
    } else {
        for at in [0, request.body.len() / 2, request.body.len() - 1] {
            let mut bytes = request.body.to_vec();
            bytes[at] ^= 1;
            refused(&RawRequest { body: bytes.into(), ..request.clone() }, "one byte changed");
        }
        let longer = [&request.body[..], b"x"].concat();
        refused(&RawRequest { body: longer.into(), ..request.clone() }, "one byte more");
        refused(&RawRequest { body: request.body.slice(..request.body.len() - 1), ..request.clone() }, "one byte less");
        refused(&RawRequest { body: Bytes::new(), ..request.clone() }, "no body");
    }
    let others = with_credentials(&fixture.keys, |_, value| Some(format!("{value}-of-another")));
    assert!(matches!(fixture.channel.verify(request, &others), Err(Refusal::BadSignature(_))), "{label}: another's key");
    let none = with_credentials(&fixture.keys, |_, _| None);
    assert!(matches!(fixture.channel.verify(request, &none), Err(Refusal::NoSecret(_))), "{label}: no key");
}

/// While a secret is rotated both are live; when that is over the old one is not.
fn rotation(fixture: &Fixture, request: &RawRequest, label: &str) {
    let kind = fixture.channel.describe();
    for field in kind.credentials.iter().chain(kind.app_credentials) {
        let Some(primary) = field.name.strip_suffix("_previous") else { continue };
        let rotated =
            with_credentials(&fixture.keys, |name, value| Some(if name == primary { "rotated".to_owned() } else { value.to_owned() }));
        assert!(fixture.channel.verify(request, &rotated).is_err(), "{label}: after the rotation");
        let old = fixture.keys.credential(primary).expect("the tables have every primary secret").to_owned();
        let mut both = rotated.clone();
        if let Some(source) = &rotated.source {
            let mut source = Source::clone(source);
            source.credentials.insert(field.name.to_owned(), old);
            both.source = Some(Arc::new(source));
        }
        assert!(fixture.channel.verify(request, &both).is_ok(), "{label}: during the rotation");
    }
}

fn no_secret_in(fixture: &Fixture, text: &str, label: &str) {
    for secret in fixture.keys.secrets(fixture.channel.describe()) {
        assert!(!text.contains(&secret), "{label}: a secret shows");
    }
}

/// Structured content, from its JSON, with the answers below it.
pub fn structured(json: &Value, replies: Option<&Value>) -> OutboundContent {
    let rules = Rules { max_bytes: usize::MAX, image_hosts: &[], now_s: 0 };
    let rich = rich::read(&json.to_string(), &rules).content.expect("the content is good");
    let replies = replies.map(|json| rich::read_quick_replies(&json.to_string(), &rules).content.expect("the answers are good"));
    let outline = Outline::of(&rich, replies.as_ref(), &[]);
    OutboundContent::Structured(Box::new(Presentation { outline, token: "a.c.0.1".into(), ..Presentation::default() }))
}

/// A part on its way, as the tables send it.
pub fn outbound(keys: &Keys, content: &OutboundContent, payload: String) -> Outbound {
    let file = match content {
        OutboundContent::File { content_type, name, .. } => Some(OutboundFile {
            url: "https://files.example.test/f/1?sig=s".to_owned(),
            content_type: content_type.to_string(),
            name: name.as_deref().unwrap_or_default().to_owned(),
            bytes: Bytes::from_static(b"FILEBYTES"),
            thumbnail_url: None,
        }),
        OutboundContent::Text(_) | OutboundContent::Structured(_) | OutboundContent::Template(_) => None,
    };
    Outbound {
        keys: keys.clone(),
        to: "2002".to_owned(),
        delivery: DeliveryId(77),
        payload,
        file,
        callback_url: "https://hooks.example.test/webhooks/x/src_1".to_owned(),
        reply_token: None,
        last_consumer_at: Some(NOW.plus_s(-60)),
        first_attempt_at: None,
        now: NOW,
    }
}

fn trouble(error: &SendError) -> Trouble {
    // Codes in tables are static; leaking a test's few strings is what that costs.
    let fixed = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    Trouble {
        disposition: error.disposition.clone(),
        code: fixed(&error.reason.code),
        vendor_code: error.reason.vendor_code.as_deref().map(fixed),
    }
}

/// Plays the sent table and, on each row that succeeds, the faults that every vendor has.
pub fn run_outbound(fixture: &Fixture) {
    for case in &fixture.outbound {
        let label = format!("{}: {}", fixture.channel.describe().id, case.label);
        let can = fixture.channel.capabilities(&fixture.keys);
        let adapted = fixture.channel.adapt(&case.content, &can);
        assert_eq!(adapted, fixture.channel.adapt(&case.content, &can), "{label}: adaptation is pure");
        let net = CannedNet::new(case.answers.clone());
        let mut outcomes = Vec::new();
        for payload in &adapted.parts {
            let mut out = outbound(&fixture.keys, &case.content, payload.clone());
            (case.with)(&mut out);
            let outcome = now(fixture.channel.send(&out, &net));
            if let Err(error) = &outcome {
                no_secret_in(fixture, &format!("{error:?}"), &label);
                assert!(error.reason.message.ends_with('.'), "{label}: a sentence");
            }
            outcomes.push(outcome);
            if outcomes.last().is_some_and(Result::is_err) {
                break;
            }
        }
        let seen: Vec<Result<&str, Trouble>> =
            outcomes.iter().map(|one| one.as_ref().map(|sent| sent.vendor_id.as_str()).map_err(trouble)).collect();
        assert_eq!(seen, case.outcomes, "{label}");
        assert_eq!(net.unused(), 0, "{label}: canned answers that nobody asked for");
        let calls = net.calls();
        assert_eq!(calls.len(), case.requests.len(), "{label}: requests");
        for (call, wanted) in calls.iter().zip(&case.requests) {
            check_request(call, wanted, &label);
            redaction(fixture, call, &label);
        }
        if case.outcomes.iter().all(Result::is_ok)
            && let Some(first) = adapted.parts.first()
        {
            let mut out = outbound(&fixture.keys, &case.content, first.clone());
            (case.with)(&mut out);
            faults(fixture, &out, &label);
        }
    }
}

fn check_request(call: &NetRequest, wanted: &Wanted, label: &str) {
    assert_eq!((&call.method, call.url.as_str()), (&wanted.method, wanted.url), "{label}");
    for (name, value) in &wanted.headers {
        let seen = call.headers.get(*name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        assert_eq!(seen.as_ref(), Some(value), "{label}: header {name}");
    }
    match &wanted.body {
        WantedBody::Form(pairs) => {
            let seen = super::form::pairs(&call.body);
            let seen: Vec<(String, String)> =
                seen.iter().map(|(name, value)| (String::from_utf8_lossy(name).into(), String::from_utf8_lossy(value).into())).collect();
            let pairs: Vec<(String, String)> = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            assert_eq!(seen, pairs, "{label}");
        }
        WantedBody::Json(value) => assert_eq!(&serde_json::from_slice::<Value>(&call.body).expect("JSON"), value, "{label}"),
        WantedBody::Containing(pieces) => {
            let body = String::from_utf8_lossy(&call.body);
            for piece in pieces {
                assert!(body.contains(piece), "{label}: {piece:?} is not in {body:?}");
            }
        }
    }
}

/// Secrets travel in the authorization header only, which is marked; whatever else is logged shows none.
fn redaction(fixture: &Fixture, call: &NetRequest, label: &str) {
    no_secret_in(fixture, &String::from_utf8_lossy(&call.body), label);
    no_secret_in(fixture, &format!("{:?}", call.headers), label);
    let Some(header) = fixture.manner.credential else { return };
    no_secret_in(fixture, &call.url, label);
    assert!(call.headers.get(header).is_none_or(HeaderValue::is_sensitive), "{label}: the credential is not marked");
    assert!(call.headers.contains_key(header), "{label}: the call is not signed in");
}

fn faults(fixture: &Fixture, out: &Outbound, label: &str) {
    let send = |answer: Result<NetAnswer, NetError>| -> Result<Sent, SendError> {
        let net = CannedNet::new([answer]);
        let outcome = now(fixture.channel.send(out, &net));
        assert_eq!(net.calls().len(), 1, "{label}: a fault is not answered with another call");
        outcome
    };
    let disposition = |answer| send(answer).map_err(|error| error.disposition);
    let retry = |after_ms| Err(Disposition::Retry { after_ms, max_attempts: None });
    assert_eq!(
        disposition(answer_with(429, "retry-after", "7", "")),
        Err(Disposition::Throttled { after_ms: Some(7_000) }),
        "{label}: 429"
    );
    assert_eq!(
        disposition(answer_with(429, "retry-after", "Thu, 01 Jan 2026 00:00:30 GMT", "")),
        Err(Disposition::Throttled { after_ms: Some(30_000) }),
        "{label}: 429 until a date"
    );
    assert_eq!(disposition(answer(429, "{}")), Err(Disposition::Throttled { after_ms: None }), "{label}: 429 without a time");
    assert_eq!(disposition(answer(500, "<html>")), retry(None), "{label}: 500");
    assert_eq!(disposition(answer_with(503, "retry-after", "2", "")), retry(Some(2_000)), "{label}: 503");
    assert_eq!(disposition(answer(401, "")), Err(Disposition::NeedsReauthorisation), "{label}: 401");
    assert_eq!(disposition(answer(400, "")), Err(Disposition::Failed), "{label}: 400");
    let mut unclear = vec![Err(NetError::Timeout(15_000)), Err(NetError::Broken("reset".to_owned())), answer(504, "")];
    if !fixture.manner.ids_are_ours {
        unclear.extend([answer(200, "not JSON"), answer(200, "{}")]);
    }
    for vague in unclear {
        assert_eq!(disposition(vague), Err(Disposition::Unknown), "{label}: an unclear outcome is not guessed");
    }
    assert_eq!(disposition(Err(NetError::NoConnection("refused".to_owned()))), retry(None), "{label}: no connection");
    assert_eq!(disposition(Err(NetError::Forbidden("10.0.0.1".to_owned()))), Err(Disposition::Failed), "{label}: forbidden address");
    let broken = Outbound {
        payload: "no payload".to_owned(),
        keys: out.keys.clone(),
        to: out.to.clone(),
        file: out.file.clone(),
        callback_url: String::new(),
        reply_token: None,
        ..*out
    };
    let net = CannedNet::default();
    let outcome = now(fixture.channel.send(&broken, &net)).map_err(|error| error.disposition);
    assert_eq!((outcome, net.calls().len()), (Err(Disposition::Failed), 0), "{label}: a broken payload");
}

/// Parses a request as if it were verified.
pub fn parse(fixture: &Fixture, request: &RawRequest) -> Parsed {
    fixture.channel.parse(Verified { request }, &fixture.keys, NOW)
}
