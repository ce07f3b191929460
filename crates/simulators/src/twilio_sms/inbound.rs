//! What comes from consumers: their messages, the opt-out words, and the signed webhooks with the vendor's retry rules.

use std::sync::Arc;

use bytes::Bytes;

use super::TwilioSim;
use super::model::{API, Message, OptOutMode, State, is_e164, is_toll_free};
use super::sign::{self, PortInSignature};
use crate::kit::phone::{Place, Upload};
use crate::kit::{Outcome, Outgoing, SimError, lane_of, lock};

/// Where a webhook goes and what stands in when that fails.
pub(crate) struct Target {
    pub account: String,
    pub url: String,
    pub method: &'static str,
    pub fallback: String,
    pub fallback_method: &'static str,
    /// For inbound messages: line and consumer, should the answer hold a reply.
    pub answer_from: Option<(String, String)>,
}

/// What an opt-out word asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keyword {
    Stop,
    Start,
    Help,
}

impl Keyword {
    /// A single word, compared without case; anything around it makes it an ordinary message.
    pub(crate) fn of(body: &str) -> Option<Self> {
        match body.trim().to_ascii_uppercase().as_str() {
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" | "REVOKE" | "OPTOUT" => Some(Self::Stop),
            "START" | "YES" | "UNSTOP" => Some(Self::Start),
            "HELP" | "INFO" => Some(Self::Help),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Start => "START",
            Self::Help => "HELP",
        }
    }
}

fn method(text: &str) -> &'static str {
    if text == "GET" { "GET" } else { "POST" }
}

impl TwilioSim {
    /// A consumer's message arrives: it is kept, the opt-out engine looks at it, and the webhook goes out.
    pub(crate) fn arrive(
        &self,
        from: &str,
        to: &str,
        body: &str,
        media: &[Upload],
        extra: Vec<(String, String)>,
    ) -> Result<String, SimError> {
        if !is_e164(from) && !super::model::is_short_code(from) {
            return Err(SimError(format!("from: {from:?} is not a number; write it like +15550002222")));
        }
        let now = self.now_ms();
        let mut hosted = Vec::with_capacity(media.len());
        for upload in media {
            hosted.push((self.host("ME", &upload.content_type, &upload.name, upload.bytes()?), upload.content_type.clone()));
        }
        let mut state = lock(&self.inner.state);
        let Some(number) = state.numbers.get(to) else {
            return Err(SimError(format!("to: no number {to} here; create it first")));
        };
        let account = state.accounts.get(&number.account).cloned();
        let account = account.ok_or_else(|| SimError("the number's account is gone".into()))?;
        let service = number.service.clone();
        let message = Message {
            sid: self.ids().sid(if hosted.is_empty() { "SM" } else { "MM" }),
            account: account.sid.clone(),
            from: Some(from.to_owned()),
            to: to.to_owned(),
            body: body.to_owned(),
            media: hosted.iter().map(|(id, _)| id.clone()).collect(),
            direction: "inbound",
            status: "received".to_owned(),
            error_code: None,
            service: service.clone(),
            created_ms: now,
            updated_ms: now,
            sent_ms: Some(now),
            status_callback: String::new(),
            validity_s: 0,
            send_at_ms: None,
            seq: 0,
        };
        state.handsets.entry(from.to_owned()).or_default();
        let mut params = inbound_params(self.base_url(), &message, &hosted);
        let (word, reply) = self.opt_out(&mut state, account.opt_out, from, to, body);
        if let (OptOutMode::Advanced, Some(word)) = (account.opt_out, word) {
            params.push(("OptOutType".into(), word.name().into()));
        }
        params.extend(extra);
        params.extend(state.settings.extra_fields.iter().cloned());
        let sid = message.sid.clone();
        state.insert(message);
        if let Some(text) = reply {
            self.automatic(&mut state, to, from, text, now);
        }
        let target = target_of(&state, to, self.webhook_target().map(|target| target.url));
        let suspended = account.status != "active";
        drop(state);
        self.changed();
        if let Some(mut target) = target.filter(|_| !suspended) {
            target.answer_from = Some((to.to_owned(), from.to_owned()));
            self.post_signed(lane_of(from), Arc::new(target), params);
        }
        Ok(sid)
    }

    /// Applies an opt-out word; returns it and the automatic answer, if there is one.
    fn opt_out(&self, state: &mut State, mode: OptOutMode, from: &str, to: &str, body: &str) -> (Option<Keyword>, Option<&'static str>) {
        let Some(word) = Keyword::of(body) else { return (None, None) };
        if mode == OptOutMode::SelfManaged && !(is_toll_free(to) && word != Keyword::Help) {
            return (None, None);
        }
        let pair = (state.opt_out_scope(to), from.to_owned());
        let reply = match word {
            Keyword::Stop => state.opted_out.insert(pair).then_some(
                "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.",
            ),
            Keyword::Start => state.opted_out.remove(&pair).then_some(
                "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
            ),
            Keyword::Help => Some("Reply STOP to unsubscribe. Msg&Data Rates May Apply."),
        };
        (Some(word), reply)
    }

    /// A message the vendor or the webhook's answer sends by itself.
    fn automatic(&self, state: &mut State, from: &str, to: &str, text: &str, now: i64) {
        let account = state.numbers.get(from).map(|number| number.account.clone()).unwrap_or_default();
        state.insert(Message {
            sid: self.ids().sid("SM"),
            account,
            from: Some(from.to_owned()),
            to: to.to_owned(),
            body: text.to_owned(),
            media: Vec::new(),
            direction: "outbound-reply",
            status: "delivered".to_owned(),
            error_code: None,
            service: None,
            created_ms: now,
            updated_ms: now,
            sent_ms: Some(now),
            status_callback: String::new(),
            validity_s: 0,
            send_at_ms: None,
            seq: 0,
        });
    }

    /// Signs a form webhook and hands it to the sender with the vendor's retry rules.
    pub(crate) fn post_signed(&self, lane: u64, target: Arc<Target>, params: Vec<(String, String)>) {
        let (sim, url) = (self.clone(), target.url.clone());
        let params = Arc::new(params);
        self.kit().deliver(
            lane,
            &url,
            Arc::new(move || {
                let (sim, target, params) = (sim.clone(), Arc::clone(&target), Arc::clone(&params));
                Box::pin(async move { sim.post_with_retry(&target, &params).await })
            }),
        );
    }

    /// The vendor's rules: connection failures are tried again (once, unless the address says otherwise), then the fallback
    /// address once; an answer of 500 is not repeated. All tries carry one idempotency token.
    async fn post_with_retry(&self, target: &Target, params: &[(String, String)]) {
        let token = self.ids().sid("");
        let (retries, policy) = overrides(&target.url);
        let mut last = Outcome::NoConnection;
        for _ in 0..=retries {
            let Some(out) = self.signed(&target.account, &target.url, target.method, params, &token) else { return };
            last = self.kit().attempt(&out).await;
            if !policy.applies(&last) {
                break;
            }
        }
        if !last.is_success() {
            lock(&self.inner.state).alert(if matches!(last, Outcome::Answered { .. }) { 11200 } else { 11205 }, &target.url, self.now_ms());
            if target.fallback.is_empty() {
                return;
            }
            let mut params = params.to_vec();
            params.push(("ErrorCode".into(), "11200".into()));
            params.push(("ErrorUrl".into(), target.url.clone()));
            let Some(out) = self.signed(&target.account, &target.fallback, target.fallback_method, &params, &token) else {
                return;
            };
            last = self.kit().attempt(&out).await;
        }
        self.take_answer(target, &last);
    }

    /// Reads the webhook's answer: a wrong content type is noted, a `<Message>` in it is sent.
    fn take_answer(&self, target: &Target, outcome: &Outcome) {
        let Outcome::Answered { content_type, body, .. } = outcome else { return };
        if !outcome.is_success() || body.is_empty() {
            return;
        }
        let Some((line, consumer)) = &target.answer_from else { return };
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        let text = String::from_utf8_lossy(body);
        let mut state = lock(&self.inner.state);
        let now = self.now_ms();
        match media_type {
            "text/xml" | "application/xml" => {
                for reply in replies(&text) {
                    self.automatic(&mut state, line, consumer, &reply, now);
                }
            }
            "text/plain" => self.automatic(&mut state, line, consumer, &text, now),
            _ => state.alert(12300, &target.url, now),
        }
        drop(state);
        self.changed();
    }

    /// A form webhook, signed with the account's token.
    fn signed(&self, account: &str, url: &str, method: &'static str, params: &[(String, String)], token: &str) -> Option<Outgoing> {
        let (auth_token, port) = {
            let state = lock(&self.inner.state);
            (state.accounts.get(account)?.auth_token.clone(), state.settings.port_in_signature)
        };
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        if method == "GET" {
            let bare = sign::signed_url(url, PortInSignature::AsConfigured);
            let joint = if bare.contains('?') { '&' } else { '?' };
            let url = format!("{bare}{joint}{form}");
            let signature = sign::signature(&auth_token, &sign::signed_url(&url, port), &[]);
            return Some(Outgoing { method, url, headers: headers(signature, None, token), body: Bytes::new() });
        }
        let signature = sign::signature(&auth_token, &sign::signed_url(url, port), params);
        let content_type = Some("application/x-www-form-urlencoded; charset=UTF-8");
        Some(Outgoing { method, url: url.to_owned(), headers: headers(signature, content_type, token), body: Bytes::from(form) })
    }

    /// A JSON webhook, its digest in the address.
    pub(crate) fn signed_json(&self, account: &str, url: &str, body: &str) -> Option<Outgoing> {
        let (auth_token, port) = {
            let state = lock(&self.inner.state);
            (state.accounts.get(account)?.auth_token.clone(), state.settings.port_in_signature)
        };
        let bare = sign::signed_url(url, PortInSignature::AsConfigured);
        let joint = if bare.contains('?') { '&' } else { '?' };
        let url = format!("{bare}{joint}bodySHA256={}", sign::body_sha256(body.as_bytes()));
        let signature = sign::signature(&auth_token, &sign::signed_url(&url, port), &[]);
        let token = self.ids().sid("");
        Some(Outgoing {
            method: "POST",
            url,
            headers: headers(signature, Some("application/json"), &token),
            body: Bytes::from(body.to_owned()),
        })
    }
}

fn headers(signature: String, content_type: Option<&str>, token: &str) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("User-Agent", "TwilioProxy/1.1".to_owned()),
        ("Accept", "*/*".to_owned()),
        ("X-Twilio-Signature", signature),
        ("I-Twilio-Idempotency-Token", token.to_owned()),
    ];
    if let Some(content_type) = content_type {
        all.push(("Content-Type", content_type.to_owned()));
    }
    all
}

fn inbound_params(base_url: &str, message: &Message, media: &[(String, String)]) -> Vec<(String, String)> {
    let mut params: Vec<(String, String)> = Vec::with_capacity(24);
    let mut add = |name: &str, value: &str| params.push((name.to_owned(), value.to_owned()));
    add("ToCountry", if message.to.starts_with("+1") { "US" } else { "" });
    add("ToState", "");
    add("ToCity", "");
    add("ToZip", "");
    add("FromCountry", if message.from.as_deref().is_some_and(|from| from.starts_with("+1")) { "US" } else { "" });
    add("FromState", "");
    add("FromCity", "");
    add("FromZip", "");
    add("SmsMessageSid", &message.sid);
    add("SmsSid", &message.sid);
    add("MessageSid", &message.sid);
    add("NumMedia", &media.len().to_string());
    add("NumSegments", &message.num_segments().to_string());
    add("SmsStatus", "received");
    add("Body", &message.body);
    add("To", &message.to);
    add("From", message.from.as_deref().unwrap_or_default());
    add("AccountSid", &message.account);
    add("ApiVersion", API);
    if let Some(service) = &message.service {
        add("MessagingServiceSid", service);
    }
    for (index, (id, content_type)) in media.iter().enumerate() {
        add(&format!("MediaUrl{index}"), &format!("{base_url}{}/Media/{id}", message.uri()));
        add(&format!("MediaContentType{index}"), content_type);
    }
    params
}

/// The address an inbound message of this number goes to: the service's, the number's own, or the default.
fn target_of(state: &State, line: &str, default: Option<String>) -> Option<Target> {
    let number = state.numbers.get(line)?;
    let service = number
        .service
        .as_ref()
        .and_then(|sid| state.services.get(sid))
        .filter(|service| service.field("UseInboundWebhookOnNumber") != "true");
    let (url, verb, fallback, fallback_verb) = match service {
        Some(service) => (
            service.field("InboundRequestUrl"),
            service.field("InboundMethod"),
            service.field("FallbackUrl"),
            service.field("FallbackMethod"),
        ),
        None => {
            (number.sms_url.as_str(), number.sms_method.as_str(), number.sms_fallback_url.as_str(), number.sms_fallback_method.as_str())
        }
    };
    let url = if url.is_empty() { default? } else { url.to_owned() };
    Some(Target {
        account: number.account.clone(),
        url,
        method: method(verb),
        fallback: fallback.to_owned(),
        fallback_method: method(fallback_verb),
        answer_from: None,
    })
}

/// Which failures are tried again.
struct Policy {
    connection: bool,
    timeout: bool,
    client_errors: bool,
    server_errors: bool,
}

impl Policy {
    fn applies(&self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::NoConnection => self.connection,
            Outcome::TimedOut => self.timeout,
            Outcome::Answered { status, .. } => match status {
                400..500 => self.client_errors,
                500..600 => self.server_errors,
                _ => false,
            },
        }
    }
}

/// The retry count and policy in the address's fragment: `#rc=3&rp=all`.
fn overrides(url: &str) -> (u32, Policy) {
    let fragment = url.split_once('#').map_or("", |(_, fragment)| fragment);
    let fields = crate::kit::respond::Fields::parse(fragment.as_bytes());
    let retries = fields.get("rc").and_then(|text| text.parse().ok()).unwrap_or(1_u32).min(5);
    let named = fields.get("rp").unwrap_or("ct");
    let has = |name: &str| named.split(',').any(|part| part == name || part == "all");
    let policy = Policy { connection: has("ct"), timeout: has("rt"), client_errors: has("4xx"), server_errors: has("5xx") };
    (retries, policy)
}

/// The texts of the `<Message>` elements of an answer.
fn replies(xml: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find("<Message") {
        let Some(open) = rest[start..].find('>') else { break };
        let content = &rest[start + open + 1..];
        let Some(end) = content.find("</Message>") else { break };
        let inner = content[..end].replace("<Body>", "").replace("</Body>", "");
        let text = inner.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&");
        if !text.trim().is_empty() {
            found.push(text.trim().to_owned());
        }
        rest = &content[end..];
    }
    found
}

/// The location fields of channels other than plain SMS.
pub(crate) fn location_params(place: &Place) -> Vec<(String, String)> {
    let mut all = vec![("Latitude".to_owned(), place.lat.to_string()), ("Longitude".to_owned(), place.long.to_string())];
    if !place.label.is_empty() {
        all.push(("Label".to_owned(), place.label.clone()));
        all.push(("Address".to_owned(), place.label.clone()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_word_is_an_opt_out_word() {
        for word in ["stop", " STOP ", "Unsubscribe", "OPTOUT", "revoke"] {
            assert_eq!(Keyword::of(word), Some(Keyword::Stop), "{word}");
        }
        assert_eq!(Keyword::of("unstop"), Some(Keyword::Start));
        assert_eq!(Keyword::of("info"), Some(Keyword::Help));
        for other in ["please stop", "stop it", "", "stopp"] {
            assert_eq!(Keyword::of(other), None, "{other}");
        }
    }

    #[test]
    fn answers_are_read_for_messages() {
        assert_eq!(replies("<Response/>"), Vec::<String>::new());
        assert_eq!(replies("<Response><Message>a &amp; b</Message><Message to=\"x\"><Body>c</Body></Message></Response>"), ["a & b", "c"]);
    }

    #[test]
    fn the_fragment_overrides_retries() {
        let refused = Outcome::NoConnection;
        let error = Outcome::Answered { status: 500, content_type: String::new(), body: Bytes::new() };
        let (retries, policy) = overrides("http://h/x");
        assert_eq!((retries, policy.applies(&refused), policy.applies(&error)), (1, true, false));
        let (retries, policy) = overrides("http://h/x#rc=9&rp=all");
        assert_eq!((retries, policy.applies(&refused), policy.applies(&error)), (5, true, true));
    }
}
