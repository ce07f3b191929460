//! A channel of no vendor: bodies are lines, the signature is a header that equals the secret.
//!
//! One line is one item: `say KEY FROM TEXT`, `picture KEY FROM URL`, `delivered ID`, `read FROM TIME`, `echo KEY TO TEXT`,
//! `typing FROM`, `leaves KEY FROM`, `returns KEY FROM`, `handle FROM ABOUT TOKEN UNTIL`, `reacts KEY FROM MESSAGE`, `comes KEY FROM LINK`, `sent ID DELIVERY`, `arrived ID DELIVERY`, `bounced ID DELIVERY` (failed for a reason that may pass), or anything else,
//! which is a dead letter. A GET with `token=SECRET` is a handshake.

use antiphon_app::channel::{
    Adapted, Answer, CatchUp, Channel, ChannelKind, DeadLetter, Disposition, FetchedMedia, Field, InboundContent, InboundItem, InboundKind,
    Keys, LookedUp, Lookup, MediaFetch, MessageTemplate, Outbound, OutboundContent, RawRequest, ReceiptOf, Refusal, ReplyToken, SendError,
    Sent, SignalTo, Signals as Signalling, SlotKind, TemplateSlot, Templates, TryAgain, Usage, Verified,
};
use antiphon_app::ports::Net;
use antiphon_app::ports::net::{NetError, NetRequest};
use antiphon_content::capabilities::{Capabilities, MediaLimits, MediaRule, Signals, TextLimit, Unit, Window};
use antiphon_content::rich::{Form, Native};
use antiphon_content::{ChipLimits, Structured};
use antiphon_domain::consent::ConsentKind;
use antiphon_domain::delivery::Reason;
use antiphon_domain::{DeliveryId, DeliveryStatus, Timestamp};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The channel's id.
pub const ID: &str = "test_channel";
/// The header that carries the signature.
pub const SIGNATURE: &str = "x-test-signature";

/// The test channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestChannel;

static KIND: ChannelKind = ChannelKind {
    id: ID,
    name: "Test channel",
    published_as: "TEST",
    address_label: "number",
    credentials: &[Field {
        name: "secret",
        label: "Secret",
        secret: true,
        required: true,
        default: None,
        choices: &[],
        help: "Signs webhooks.",
    }],
    app_credentials: &[],
    settings: &[Field {
        name: "consent_reply",
        label: "Who answers STOP",
        secret: false,
        required: false,
        default: Some("silent"),
        choices: &["silent", "confirm"],
        help: "silent or confirm",
    }],
    consent_keywords: true,
    carrier_answers_keywords: true,
    hosted: false,
};

fn item(key: &str, kind: InboundKind) -> Result<InboundItem, DeadLetter> {
    Ok(InboundItem { source_address: None, key: key.to_owned(), at: None, kind })
}

fn message(key: &str, from: &str, content: InboundContent) -> Result<InboundItem, DeadLetter> {
    item(key, InboundKind::Message { from: from.to_owned(), name: None, contents: vec![content], metadata: None, consent: None })
}

fn receipt(
    line: &str,
    id: &str,
    delivery: Option<DeliveryId>,
    status: DeliveryStatus,
    again: Option<TryAgain>,
) -> Result<InboundItem, DeadLetter> {
    let of = ReceiptOf::Ids { vendor_ids: vec![id.to_owned()], delivery };
    let reason = again.map(|_| error(Disposition::Failed, "out_of_reach").reason);
    item(line, InboundKind::Receipt { of, status, reason, opted_out: false, again })
}

fn parse_line(line: &str) -> Result<InboundItem, DeadLetter> {
    let words: Vec<&str> = line.splitn(4, ' ').collect();
    let text = |text: &str| InboundContent::Text { text: text.to_owned(), payload: None };
    match words[..] {
        ["say", key, from, said] => message(key, from, text(said)),
        ["picture", key, from, url] => {
            let content = InboundContent::Media { url: url.to_owned(), declared_type: Some("image/png".into()), name: None, caption: None };
            message(key, from, content)
        }
        ["echo", key, to, said] => {
            let kind = InboundKind::Echo { to: to.to_owned(), vendor_id: key.to_owned(), delivery: None, contents: vec![text(said)] };
            item(key, kind)
        }
        ["taps", key, from, tapped] => {
            let (token, title) = tapped.split_once(' ').unwrap_or((tapped, "a tap"));
            message(key, from, InboundContent::Text { text: title.to_owned(), payload: Some(token.replace('+', " ")) })
        }
        ["handle", from, about, token] => {
            let (token, until) = token.split_once(' ').unwrap_or((token, "0"));
            let reply = ReplyToken { token: token.to_owned(), expires_at: until.parse().map(Timestamp).unwrap_or_default() };
            item(line, InboundKind::Handle { from: from.to_owned(), about: Some(about.to_owned()), reply: Some(reply) })
        }
        ["leaves", key, from] | ["returns", key, from] => {
            let kind = if words[0] == "leaves" { ConsentKind::OptOut } else { ConsentKind::OptIn };
            item(key, InboundKind::Consent { from: from.to_owned(), kind, proof: "The test channel says so.".to_owned() })
        }
        ["typing", from] => item(line, InboundKind::Typing { from: from.to_owned(), on: true }),
        ["delivered", id] | ["failed", id] => {
            let status = if words[0] == "delivered" { DeliveryStatus::Delivered } else { DeliveryStatus::Failed };
            receipt(line, id, None, status, None)
        }
        ["reacts", key, from, about] => {
            let note = r#"{"type":"Reaction","action":"react","emoji":"👍"}"#.to_owned();
            item(key, InboundKind::Note { from: from.to_owned(), about: Some(about.to_owned()), note, keep: false })
        }
        ["comes", key, from, by] => {
            let note = serde_json::json!({"type": "Referral", "ref": by}).to_string();
            item(key, InboundKind::Note { from: from.to_owned(), about: None, note, keep: true })
        }
        ["sent", id, delivery] => receipt(line, id, delivery.parse().ok(), DeliveryStatus::Sent, None),
        ["arrived", id, delivery] => receipt(line, id, delivery.parse().ok(), DeliveryStatus::Delivered, None),
        ["bounced", id, delivery] => {
            receipt(line, id, delivery.parse().ok(), DeliveryStatus::Failed, Some(TryAgain { after_ms: 60_000, max_attempts: 2 }))
        }
        ["read", from, at] => {
            let at = at.parse().map(Timestamp).unwrap_or_default();
            let of = ReceiptOf::UpTo { consumer: from.to_owned(), at };
            item(line, InboundKind::Receipt { of, status: DeliveryStatus::Read, reason: None, opted_out: false, again: None })
        }
        _ => Err(DeadLetter { source_address: None, code: "malformed", reason: "the line is none that the test channel knows".to_owned() }),
    }
}

fn error(disposition: Disposition, code: &str) -> SendError {
    let reason = Reason { code: code.into(), vendor_code: None, message: format!("The test channel says {code}.").into(), remedy: None };
    SendError { disposition, reason }
}

/// Text only, unless the source has something to tap.
fn taps(keys: &Keys) -> Structured {
    let chips = keys.setting("chips").and_then(|most| most.parse().ok()).map(|most| ChipLimits::new(most, 20));
    Structured { chips, ..Structured::default() }
}

impl Channel for TestChannel {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn capabilities(&self, keys: &Keys) -> Capabilities {
        Capabilities {
            text: TextLimit { max: 20, unit: Unit::Codepoint, segments: false },
            caption_max: 0,
            structured: taps(keys),
            media: MediaLimits { types: vec![MediaRule::new("image/*", 1_000_000)], max_bytes: 1_000_000, max_per_message: 1 },
            signals: Signals { delivered: true, read: true, ..Signals::default() },
            window: keys.setting("window_hours").and_then(|hours| hours.parse().ok()).map(|hours| Window { hours, extend: None }),
            consent_keywords: true,
            native_messages: true,
        }
    }

    fn verify<'a>(&self, request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
        let secret = keys.credential("secret").ok_or(Refusal::NoSecret("secret"))?;
        let given = request.headers.get(SIGNATURE).ok_or(Refusal::BadSignature("missing"))?;
        let right: bool = given.as_bytes().ct_eq(secret.as_bytes()).into();
        if right { Ok(Verified { request }) } else { Err(Refusal::BadSignature("wrong")) }
    }

    fn handshake(&self, request: &RawRequest, keys: &Keys) -> Option<Result<Answer, Refusal>> {
        let given = request.query.strip_prefix("token=").filter(|_| request.method == http::Method::GET)?;
        let right = keys.credential("secret").is_some_and(|secret| given.as_bytes().ct_eq(secret.as_bytes()).into());
        Some(if right {
            Ok(Answer { status: 200, content_type: "text/plain", body: "welcome".to_owned() })
        } else {
            Err(Refusal::BadToken)
        })
    }

    fn parse(&self, verified: Verified<'_>, _keys: &Keys, _now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>> {
        String::from_utf8_lossy(&verified.request.body).lines().map(parse_line).collect()
    }

    fn adapt(&self, content: &OutboundContent, can: &Capabilities) -> Adapted {
        let parts = match content {
            OutboundContent::Text(text) => antiphon_content::split::split(text, can.text.max as usize, can.text.unit),
            OutboundContent::File { caption, .. } => vec![caption.to_string()],
            OutboundContent::Template(filled) => vec![format!("template {}", filled.template.name)],
            OutboundContent::Structured(shown) => {
                let made = shown.native(&can.text, &can.structured);
                let chips =
                    |message: &Native| message.chips.iter().map(|chip| format!(" ({} {})", chip.label(), chip.token())).collect::<String>();
                let text = |message: &Native| match &message.form {
                    Form::Text(text) => format!("{text}{}", chips(message)),
                    other => format!("{other:?}"),
                };
                return Adapted { parts: made.messages.iter().map(text).collect(), losses: made.losses, more: made.more };
            }
        };
        Adapted { parts, ..Adapted::default() }
    }

    fn send<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<Sent, SendError>> {
        Box::pin(async move {
            let mut request = NetRequest::new(http::Method::POST, format!("http://vendor.test/send/{}", out.to));
            request.body = out.payload.clone().into();
            if let Some(token) = out.reply_token.as_deref().and_then(|token| token.parse().ok()) {
                request.headers.insert("x-reply-token", token);
            }
            match net.call(request).await {
                Ok(answer) if answer.status == 200 => {
                    let used = answer.headers.get("x-used-percent").and_then(|percent| percent.to_str().ok()?.parse().ok());
                    let usage = used.map(|percent| Usage { percent, regain_ms: None });
                    Ok(Sent { vendor_id: String::from_utf8_lossy(&answer.body).into_owned(), usage })
                }
                Ok(answer) => Err(match answer.status {
                    401 => error(Disposition::NeedsReauthorisation, "token_dead"),
                    403 => error(Disposition::Misconfigured { pause_ms: Some(60_000) }, "blocked"),
                    410 => error(Disposition::OptedOut, "opted_out"),
                    429 => error(Disposition::Throttled { after_ms: Some(5_000) }, "throttled"),
                    500..=599 => error(Disposition::Retry { after_ms: None, max_attempts: None }, "vendor_down"),
                    _ => error(Disposition::Failed, "refused"),
                }),
                Err(NetError::NoConnection(_) | NetError::Forbidden(_)) => {
                    Err(error(Disposition::Retry { after_ms: None, max_attempts: None }, "no_connection"))
                }
                Err(_) => Err(error(Disposition::Unknown, "no_answer")),
            }
        })
    }

    fn media(&self) -> Option<&dyn MediaFetch> {
        Some(self)
    }

    fn lookup(&self) -> Option<&dyn Lookup> {
        Some(self)
    }

    fn catch_up(&self) -> Option<&dyn CatchUp> {
        Some(self)
    }

    fn signals(&self) -> Option<&dyn Signalling> {
        Some(self)
    }

    fn templates(&self) -> Option<&dyn Templates> {
        Some(self)
    }
}

impl Signalling for TestChannel {
    fn typing<'a>(&'a self, _keys: &'a Keys, to: SignalTo<'a>, on: bool, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        signal(if on { "typing" } else { "stopped" }, to, net)
    }

    fn seen<'a>(&'a self, _keys: &'a Keys, to: SignalTo<'a>, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
        signal("seen", to, net)
    }
}

/// Only a channel that told what the consumer's last message is called is told anything about it.
fn signal<'a>(what: &'static str, to: SignalTo<'a>, net: &'a dyn Net) -> BoxFuture<'a, Result<(), SendError>> {
    Box::pin(async move {
        let Some(about) = to.about else { return Ok(()) };
        let call = NetRequest::new(http::Method::POST, format!("http://vendor.test/{what}/{}/{about}", to.address));
        net.call(call).await.map(|_| ()).map_err(|_| error(Disposition::Failed, "no_answer"))
    })
}

impl Templates for TestChannel {
    /// One line is one template: its name, its state, and its text, whose gaps are `{{1}}` and so on.
    fn list<'a>(&'a self, _keys: &'a Keys, net: &'a dyn Net) -> BoxFuture<'a, Result<Vec<MessageTemplate>, SendError>> {
        Box::pin(async move {
            let asked = NetRequest::new(http::Method::GET, "http://vendor.test/templates".to_owned());
            let answer = net.call(asked).await.map_err(|_| error(Disposition::Failed, "vendor_down"))?;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            Ok(text.lines().filter_map(template).collect())
        })
    }
}

fn template(line: &str) -> Option<MessageTemplate> {
    let mut words = line.splitn(3, ' ');
    let (name, state, text) = (words.next()?, words.next()?, words.next()?);
    let gaps = (1..10).map(|gap| gap.to_string()).filter(|gap| text.contains(&format!("{{{{{gap}}}}}")));
    Some(MessageTemplate {
        name: name.to_owned(),
        language: "en".to_owned(),
        category: None,
        state: state.to_owned(),
        usable: state == "approved",
        text: text.to_owned(),
        slots: gaps.map(|name| TemplateSlot { name, kind: SlotKind::Text, example: None }).collect(),
        buttons: Vec::new(),
    })
}

impl CatchUp for TestChannel {
    fn every_ms(&self) -> i64 {
        600_000
    }

    /// Only a source with the setting `catch_up` has a list: lines as in a webhook, each behind its time.
    fn missed<'a>(
        &'a self,
        keys: &'a Keys,
        since: Timestamp,
        _now: Timestamp,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<Vec<InboundItem>, SendError>> {
        Box::pin(async move {
            if keys.setting("catch_up").is_none() {
                return Ok(Vec::new());
            }
            let asked = NetRequest::new(http::Method::GET, format!("http://vendor.test/list/{}", since.0));
            let answer =
                net.call(asked).await.map_err(|_| error(Disposition::Retry { after_ms: None, max_attempts: None }, "vendor_down"))?;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let items = text.lines().filter_map(|line| {
                let (at, line) = line.split_once(' ')?;
                Some(InboundItem { at: at.parse().ok().map(Timestamp), ..parse_line(line).ok()? })
            });
            Ok(items.collect())
        })
    }
}

impl MediaFetch for TestChannel {
    fn fetch<'a>(
        &'a self,
        _keys: &'a Keys,
        url: &'a str,
        _max_bytes: u64,
        net: &'a dyn Net,
    ) -> BoxFuture<'a, Result<FetchedMedia, SendError>> {
        Box::pin(async move {
            match net.call(NetRequest::new(http::Method::GET, url)).await {
                Ok(answer) if answer.status == 200 => Ok(FetchedMedia { bytes: answer.body, content_type: None, name: None }),
                Ok(answer) if answer.status == 404 => Err(error(Disposition::Failed, "gone")),
                _ => Err(error(Disposition::Retry { after_ms: None, max_attempts: None }, "vendor_down")),
            }
        })
    }
}

impl Lookup for TestChannel {
    fn lookup<'a>(&'a self, out: &'a Outbound, net: &'a dyn Net) -> BoxFuture<'a, Result<LookedUp, SendError>> {
        Box::pin(async move {
            match net.call(NetRequest::new(http::Method::GET, format!("http://vendor.test/find/{}", out.delivery))).await {
                Ok(answer) if answer.status == 200 => Ok(LookedUp::Found(String::from_utf8_lossy(&answer.body).into_owned())),
                Ok(answer) if answer.status == 404 => Ok(LookedUp::Absent),
                _ => Ok(LookedUp::Unclear),
            }
        })
    }
}

/// The connectors of a test product: those of no vendor, and the real ones of our own protocols.
pub fn channels() -> Vec<Arc<dyn Channel>> {
    let hosted: [Arc<dyn Channel>; 2] = [Arc::new(antiphon_channels::connector_api::ConnectorApi), Arc::new(antiphon_channels::web::Web)];
    [Arc::new(TestChannel) as Arc<dyn Channel>, Arc::new(crate::hosted::HostedChannel)].into_iter().chain(hosted).collect()
}
