//! Creating, listing, reading, cancelling, redacting and deleting messages, and their media.
//! Creating is the hot path: no step of it looks at more than one message.

use std::ops::Bound;

use axum::body::Body;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Response};
use serde_json::{Value, json};
use url::Url;

use super::TwilioSim;
use super::model::{API, Account, Message, OptOutMode, State, is_e164, is_short_code, is_toll_free};
use super::rest::{Answer, Call, Refused, authenticate, envelope, not_found, page, page_size, refuse};
use super::segments;
use crate::kit::dates::{parse, rfc2822};
use crate::kit::lock;
use crate::kit::respond::{self, Fields};

/// Longest text taken.
const BODY_LIMIT: usize = 1_600;
/// Longest a message may wait for its turn, in seconds.
const LONGEST_QUEUE_S: i64 = 36_000;

impl TwilioSim {
    pub(crate) async fn messages(&self, call: &Call<'_>, account: &Account) -> Answer {
        match *call.method {
            Method::POST => {
                let json = self.create(&call.form, account)?;
                Ok(respond::json(201, &json))
            }
            Method::GET => self.list(call, account),
            _ => Err(refuse(405, 20004, "Method not allowed")),
        }
    }

    /// Takes a message for sending, or refuses it.
    fn create(&self, form: &Fields, account: &Account) -> Result<Value, Refused> {
        if account.status == "suspended" {
            return Err(refuse(403, 20005, "Account is not active"));
        }
        let now = self.now_ms();
        let mut state = lock(&self.inner.state);
        let message = check(&state, form, account, now)?;
        let mut message = Message { sid: self.ids().sid(if message.media.is_empty() { "SM" } else { "MM" }), ..message };
        if form.get("StatusCallback").is_some_and(|url| !callback_is_valid(url)) {
            // The vendor sends the message all the same and only notes the bad address.
            state.alert(21609, &message.status_callback, now);
            message.status_callback.clear();
        }
        let due = if account.test { None } else { Some(self.launch_time(&mut state, &message, now)?) };
        let json = message.to_json();
        state.sent += 1;
        let sid = message.sid.clone();
        let lane = crate::kit::lane_of(&message.to);
        state.insert(message);
        drop(state);
        if let Some(due) = due {
            self.launch(&sid, lane, due);
        }
        if !self.is_sink() {
            self.changed();
        }
        Ok(json)
    }

    /// When the message may leave, by the pace of its sender. A service's choice of sender is made when it leaves.
    fn launch_time(&self, state: &mut State, message: &Message, now: i64) -> Result<i64, Refused> {
        if let Some(at) = message.send_at_ms {
            return Ok(at);
        }
        let Some(from) = &message.from else { return Ok(now) };
        let parts = i64::try_from(message.num_segments()).unwrap_or(1);
        let Some(due) = self.reserve(state, from, parts, now) else {
            return Err(refuse(400, 21611, format!("This From number {from} has exceeded the maximum number of queued messages")));
        };
        Ok(due)
    }

    /// Reserves the sender's next free moment; `None` where its queue is full.
    pub(crate) fn reserve(&self, state: &mut State, from: &str, parts: i64, now: i64) -> Option<i64> {
        let pacing = state.settings.pacing && !self.is_sink();
        let Some(number) = state.numbers.get_mut(from).filter(|number| pacing && number.rate > 0) else {
            return Some(now);
        };
        let due = number.next_free_ms.max(now);
        if due - now > LONGEST_QUEUE_S * 1_000 {
            return None;
        }
        number.next_free_ms = due + parts * 1_000 / i64::from(number.rate);
        Some(due)
    }

    fn list(&self, call: &Call<'_>, account: &Account) -> Answer {
        let state = lock(&self.inner.state);
        let uri = format!("/{API}/Accounts/{}/Messages.json", account.sid);
        let filter = Filter::read(&call.query)?;
        let size = page_size(call);
        let number: usize = call.query.get("Page").and_then(|page| page.parse().ok()).unwrap_or(0);
        // The token names the last message of the page before, so that new arrivals do not shift the pages.
        let before = match call.query.filled("PageToken") {
            None => None,
            Some(token) => {
                let last = token.strip_prefix("PA").and_then(|sid| state.messages.get(sid));
                let last = last.ok_or_else(|| refuse(400, 20001, "PageToken is not valid"))?;
                Some((last.created_ms, last.seq))
            }
        };
        let skip = if before.is_some() { 0 } else { number.saturating_mul(size) };
        let upper = before.map_or(Bound::Unbounded, Bound::Excluded);
        let mut found: Vec<&Message> = Vec::new();
        if let Some(order) = state.order.get(&account.sid) {
            found = order
                .range((Bound::Unbounded, upper))
                .rev()
                .filter_map(|(_, sid)| state.messages.get(sid))
                .filter(|message| filter.fits(message))
                .skip(skip)
                .take(size + 1)
                .collect();
        }
        let more = found.len() > size;
        found.truncate(size);
        let next = found.last().filter(|_| more).map(|last| format!("Page={}&PageToken=PA{}", number + 1, last.sid));
        let items: Vec<Value> = found.into_iter().map(Message::to_json).collect();
        let place = (number, size, number.saturating_mul(size));
        Ok(respond::json(200, &envelope("messages", &items, call, &uri, place, (next, None))))
    }

    pub(crate) fn message(&self, call: &Call<'_>, account: &Account, sid: &str) -> Answer {
        let mut state = lock(&self.inner.state);
        let now = self.now_ms();
        let message = state.messages.get_mut(sid).filter(|message| message.account == account.sid).ok_or_else(|| not_found(call.path))?;
        match *call.method {
            Method::GET => Ok(respond::json(200, &message.to_json())),
            Method::DELETE => {
                if ["queued", "accepted", "sending", "scheduled"].contains(&message.status.as_str()) {
                    return Err(refuse(409, 20009, "Cannot delete message because delivery has not been completed."));
                }
                let key = (message.created_ms, message.seq);
                state.messages.remove(sid);
                if let Some(order) = state.order.get_mut(&account.sid) {
                    order.remove(&key);
                }
                Ok(respond::empty(204))
            }
            Method::POST => {
                if let Some(status) = call.form.get("Status") {
                    if status != "canceled" {
                        return Err(refuse(400, 30410, "Status must be canceled"));
                    }
                    if message.status != "scheduled" {
                        return Err(refuse(400, 30409, "Message is not in a cancellable state"));
                    }
                    message.status = "canceled".to_owned();
                } else if call.form.get("Body") == Some("") {
                    message.body.clear();
                } else {
                    return Err(refuse(400, 20001, "Only an empty Body or Status=canceled may be given"));
                }
                message.updated_ms = now;
                let json = message.to_json();
                drop(state);
                self.changed();
                Ok(respond::json(200, &json))
            }
            _ => Err(refuse(405, 20004, "Method not allowed")),
        }
    }

    pub(crate) fn media_list(&self, call: &Call<'_>, account: &Account, sid: &str) -> Answer {
        let state = lock(&self.inner.state);
        let message = state.messages.get(sid).filter(|message| message.account == account.sid).ok_or_else(|| not_found(call.path))?;
        let all: Vec<Value> = message.media.iter().filter_map(|id| self.media_json(message, id)).collect();
        Ok(respond::json(200, &page("media_list", &all, call, &format!("{}/Media.json", message.uri()))))
    }

    pub(crate) fn media_item(&self, call: &Call<'_>, account: &Account, sid: &str, id: &str) -> Answer {
        let mut state = lock(&self.inner.state);
        let message = state
            .messages
            .get_mut(sid)
            .filter(|message| message.account == account.sid && message.media.iter().any(|media| media == id))
            .ok_or_else(|| not_found(call.path))?;
        if *call.method == Method::DELETE {
            message.media.retain(|media| media != id);
            self.media().remove(id);
            return Ok(respond::empty(204));
        }
        let json = self.media_json(message, id).ok_or_else(|| not_found(call.path))?;
        Ok(respond::json(200, &json))
    }

    fn media_json(&self, message: &Message, id: &str) -> Option<Value> {
        let media = self.media().get(id)?;
        Some(json!({
            "sid": id,
            "account_sid": message.account,
            "parent_sid": message.sid,
            "content_type": media.content_type,
            "date_created": rfc2822(media.created_ms),
            "date_updated": rfc2822(media.created_ms),
            "uri": format!("{}/Media/{id}.json", message.uri()),
        }))
    }

    /// The address a webhook gives for a file: credentials where the account enforces them, then a redirect to the storage.
    pub(crate) fn media_redirect(&self, headers: &HeaderMap, account: &str, sid: &str, id: &str) -> Answer {
        let state = lock(&self.inner.state);
        let missing = || not_found(&format!("/{API}/Accounts/{account}/Messages/{sid}/Media/{id}"));
        let owner = state.accounts.get(account).ok_or_else(missing)?;
        if owner.media_auth || headers.contains_key(AUTHORIZATION) {
            let caller = authenticate(&state, headers)?;
            if caller.sid != owner.sid && caller.sid != owner.owner {
                return Err(missing());
            }
        }
        let message = state.messages.get(sid).ok_or_else(missing)?;
        if message.account != account || !message.media.iter().any(|media| media == id) {
            return Err(missing());
        }
        Ok(respond::redirect(307, &format!("{}/_storage/{id}", self.base_url())))
    }

    /// The storage behind the redirect. Its addresses carry their own proof, so a second one is refused.
    pub(crate) fn storage(&self, id: &str, headers: &HeaderMap) -> Response<Body> {
        if headers.contains_key(AUTHORIZATION) && lock(&self.inner.state).settings.strict_storage {
            return respond::bytes(
                400,
                "application/xml",
                "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>".into(),
            );
        }
        match self.media().get(id) {
            Some(media) => respond::bytes(200, &media.content_type, media.bytes),
            None => respond::bytes(404, "application/xml", "<Error><Code>NoSuchKey</Code></Error>".into()),
        }
    }
}

/// Checks a message in the vendor's order and builds it (without its id).
fn check(state: &State, form: &Fields, account: &Account, now: i64) -> Result<Message, Refused> {
    let bad = |code: u32, text: String| refuse(400, code, text);
    let to = form.filled("To").ok_or_else(|| bad(21604, "A 'To' phone number is required.".into()))?;
    let service = form.filled("MessagingServiceSid");
    let from = form.filled("From");
    if from.is_none() && service.is_none() {
        return Err(bad(21603, "A 'From' phone number is required.".into()));
    }
    let mut body = form.get("Body").unwrap_or_default().to_owned();
    let media = form.all("MediaUrl");
    if body.is_empty() && media.is_empty() && form.filled("ContentSid").is_none() {
        return Err(bad(21602, "Message body is required.".into()));
    }
    if body.chars().count() > BODY_LIMIT {
        return Err(bad(21617, format!("The concatenated message body exceeds the {BODY_LIMIT} character limit.")));
    }
    if media.len() > 10 {
        return Err(bad(21623, "Number of media files exceeds allowed limit".into()));
    }
    let is_web = |url: &String| Url::parse(url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
    if !media.iter().all(is_web) {
        return Err(bad(21620, "Invalid media URL(s)".into()));
    }
    check_recipient(account, to)?;
    if let Some(from) = from {
        check_sender(state, account, from, !media.is_empty())?;
        if from == to {
            return Err(bad(21266, "'To' and 'From' number cannot be the same".into()));
        }
    }
    if let Some(sid) = service {
        let found = state.services.get(sid).filter(|service| service.account == account.sid);
        let found = found.ok_or_else(|| bad(21701, format!("The Messaging Service {sid} does not exist")))?;
        if found.senders.is_empty() {
            return Err(bad(21704, "The Messaging Service contains no phone numbers".into()));
        }
    }
    let scope = service.map_or_else(|| state.opt_out_scope(from.unwrap_or_default()), str::to_owned);
    let enforced = account.opt_out != OptOutMode::SelfManaged || from.is_some_and(is_toll_free);
    if enforced && state.opted_out.contains(&(scope, to.to_owned())) {
        return Err(bad(21610, "Attempt to send to unsubscribed recipient".into()));
    }
    let smart = form.get("SmartEncoded").map_or(service.is_some(), |value| value == "true");
    if smart {
        let encoded = segments::smart_encoded(&body);
        if segments::count(&encoded).gsm {
            body = encoded;
        }
    }
    let validity_s = match form.filled("ValidityPeriod") {
        None => LONGEST_QUEUE_S,
        Some(text) => text
            .parse()
            .ok()
            .filter(|seconds| (1..=LONGEST_QUEUE_S).contains(seconds))
            .ok_or_else(|| bad(21626, "ValidityPeriod must be between 1 and 36000".into()))?,
    };
    let send_at_ms = check_schedule(form, service, now)?;
    let status = match (send_at_ms, service) {
        (Some(_), _) => "scheduled",
        (None, Some(_)) => "accepted",
        (None, None) => "queued",
    };
    let callback = form
        .filled("StatusCallback")
        .or_else(|| Some(state.services.get(service?)?.field("StatusCallback")))
        .or_else(|| Some(state.numbers.get(from?)?.status_callback.as_str()))
        .unwrap_or_default();
    Ok(Message {
        sid: String::new(),
        account: account.sid.clone(),
        from: from.map(str::to_owned),
        to: to.to_owned(),
        body,
        media,
        direction: "outbound-api",
        status: status.to_owned(),
        error_code: None,
        service: service.map(str::to_owned),
        created_ms: now,
        updated_ms: now,
        sent_ms: None,
        status_callback: callback.to_owned(),
        validity_s,
        send_at_ms,
        seq: 0,
    })
}

fn check_recipient(account: &Account, to: &str) -> Result<(), Refused> {
    let bad = |code: u32, text: &str| Err(refuse(400, code, text.replace("{to}", to)));
    match to {
        "+15005550001" => return bad(21211, "The 'To' number {to} is not a valid phone number."),
        "+15005550002" => {
            return bad(21612, "The 'To' phone number {to} is not currently reachable using the 'From' phone number via SMS.");
        }
        "+15005550003" => {
            return bad(21408, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number {to}.");
        }
        "+15005550004" => return bad(21610, "Attempt to send to unsubscribed recipient"),
        "+15005550009" => return bad(21614, "'To' number {to} is not a valid mobile number"),
        _ => {}
    }
    if !is_e164(to) && !is_short_code(to) {
        return bad(21211, "The 'To' number {to} is not a valid phone number.");
    }
    if account.blocked_prefixes.iter().any(|prefix| to.starts_with(prefix)) {
        return bad(21408, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number {to}.");
    }
    if account.trial && !account.verified.contains(to) {
        return bad(21608, "The number {to} is unverified. Trial accounts cannot send messages to unverified numbers.");
    }
    Ok(())
}

fn check_sender(state: &State, account: &Account, from: &str, media: bool) -> Result<(), Refused> {
    let bad = |code: u32, text: &str| Err(refuse(400, code, text.replace("{from}", from)));
    match from {
        "+15005550001" => return bad(21212, "The 'From' number {from} is not a valid phone number, shortcode, or alphanumeric sender ID."),
        "+15005550007" => {
            return bad(
                21606,
                "The 'From' phone number {from} is not a valid, SMS-capable inbound phone number or short code for your account.",
            );
        }
        "+15005550008" => return bad(21611, "This 'From' number {from} has exceeded the maximum number of queued messages"),
        "+15005550006" if account.test => return Ok(()),
        _ => {}
    }
    if !is_e164(from) && !is_short_code(from) {
        return bad(21212, "The 'From' number {from} is not a valid phone number, shortcode, or alphanumeric sender ID.");
    }
    let owned = state.numbers.get(from).filter(|number| number.account == account.sid && number.sms);
    let Some(number) = owned else {
        return bad(
            21606,
            "The 'From' phone number {from} is not a valid, SMS-capable inbound phone number or short code for your account.",
        );
    };
    if media && !number.mms {
        return bad(21622, "MMS has not been enabled for your account or the 'From' number {from}");
    }
    Ok(())
}

fn check_schedule(form: &Fields, service: Option<&str>, now: i64) -> Result<Option<i64>, Refused> {
    let Some(at) = form.filled("SendAt") else { return Ok(None) };
    if form.get("ScheduleType") != Some("fixed") {
        return Err(refuse(400, 35111, "ScheduleType must be fixed where SendAt is given"));
    }
    if service.is_none() {
        return Err(refuse(400, 35118, "MessagingServiceSid is required to schedule a message"));
    }
    let at = parse(at).filter(|(_, exact)| *exact).map(|(ms, _)| ms);
    let at = at.ok_or_else(|| refuse(400, 35114, "SendAt is not an ISO 8601 date and time"))?;
    if !(300_000..=35 * 86_400_000).contains(&(at - now)) {
        return Err(refuse(400, 35115, "SendAt must lie between 300 seconds and 35 days ahead"));
    }
    Ok(Some(at))
}

/// An absolute web address whose host has no underscore.
fn callback_is_valid(url: &str) -> bool {
    url.is_empty()
        || Url::parse(url)
            .is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.host_str().is_some_and(|host| !host.contains('_')))
}

/// The filters of a message list.
struct Filter {
    to: Option<String>,
    from: Option<String>,
    after_ms: i64,
    before_ms: i64,
}

impl Filter {
    fn read(query: &Fields) -> Result<Self, Refused> {
        let bad = |name: &str| refuse(400, 20001, format!("{name} is not a date (YYYY-MM-DD or ISO 8601)"));
        let mut filter = Self {
            to: query.filled("To").map(str::to_owned),
            from: query.filled("From").map(str::to_owned),
            after_ms: i64::MIN,
            before_ms: i64::MAX,
        };
        for (key, value) in &query.0 {
            let Some(relation) = key.strip_prefix("DateSent").filter(|_| !value.is_empty()) else { continue };
            let (ms, exact) = parse(value).ok_or_else(|| bad(key))?;
            let day_end = if exact { ms } else { ms + 86_399_999 };
            match relation {
                ">" => filter.after_ms = ms,
                "<" => filter.before_ms = day_end,
                _ => (filter.after_ms, filter.before_ms) = (ms, day_end),
            }
        }
        Ok(filter)
    }

    fn fits(&self, message: &Message) -> bool {
        let at = message.sent_ms.unwrap_or(message.created_ms);
        (self.after_ms..=self.before_ms).contains(&at)
            && self.to.as_ref().is_none_or(|to| *to == message.to)
            && self.from.as_ref().is_none_or(|from| Some(from) == message.from.as_ref())
    }
}
