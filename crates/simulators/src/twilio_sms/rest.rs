//! The vendor's REST surface: routes, credentials, error envelope, accounts. Messages and numbers have files of their own.
//! Strict where the vendor is strict; a mistake of a connector must surface here as it would in production.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::TwilioSim;
use super::model::{API, Account, State};
use crate::kit::dates::rfc2822;
use crate::kit::lock;
use crate::kit::respond::{self, Fields};

/// An answer with the vendor's error envelope.
pub(crate) struct Refused {
    pub status: u16,
    pub code: u32,
    pub message: String,
}

pub(crate) type Answer = Result<Response<Body>, Refused>;

pub(crate) fn refuse(status: u16, code: u32, message: impl Into<String>) -> Refused {
    Refused { status, code, message: message.into() }
}

pub(crate) fn not_found(path: &str) -> Refused {
    refuse(404, 20404, format!("The requested resource {path} was not found"))
}

impl Refused {
    fn into_response(self) -> Response<Body> {
        let mut response = respond::json(
            self.status,
            &json!({
                "code": self.code,
                "message": self.message,
                "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
                "status": self.status,
            }),
        );
        if self.status == 401 {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Twilio API\""));
        }
        response
    }
}

/// One request on the vendor's surface, already taken apart.
pub(crate) struct Call<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    pub query: Fields,
    pub form: Fields,
    /// The account the credentials belong to.
    pub account: Account,
}

/// The credentials of a request, or `None` where there are none or they are malformed.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, secret) = decoded.split_once(':')?;
    Some((user.to_owned(), secret.to_owned()))
}

fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}

/// The account that these headers sign in, by account sid and token or by API key.
pub(crate) fn authenticate(state: &State, headers: &HeaderMap) -> Result<Account, Refused> {
    let denied = || refuse(401, 20003, "Authenticate");
    let (user, secret) = basic(headers).ok_or_else(denied)?;
    let account = state
        .accounts
        .get(&user)
        .filter(|account| same(&account.auth_token, &secret))
        .or_else(|| {
            let account = state.accounts.get(state.keys.get(&user)?)?;
            let expected = account.api_keys.get(&user)?;
            same(expected, &secret).then_some(account)
        })
        .ok_or_else(denied)?;
    if account.status == "closed" {
        return Err(refuse(401, 20005, "Account not active"));
    }
    Ok(account.clone())
}

impl TwilioSim {
    /// Answers a request on the vendor's surface.
    pub(crate) async fn answer(&self, parts: &Parts, body: Bytes) -> Response<Body> {
        match self.route(parts, body).await {
            Ok(response) => response,
            Err(refused) => refused.into_response(),
        }
    }

    async fn route(&self, parts: &Parts, body: Bytes) -> Answer {
        let path = parts.uri.path();
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        if let ["_storage", id] = segments[..] {
            return Ok(self.storage(id, &parts.headers));
        }
        if let [API, "Accounts", account, "Messages", message, "Media", media] = segments[..]
            && parts.method == Method::GET
            && !media.ends_with(".json")
        {
            return self.media_redirect(&parts.headers, account, message, media);
        }
        let account = authenticate(&lock(&self.inner.state), &parts.headers)?;
        let form = match parts.method {
            Method::POST if !body.is_empty() => {
                if respond::media_type(&parts.headers) != "application/x-www-form-urlencoded" {
                    return Err(refuse(415, 20415, "Unsupported media type: send application/x-www-form-urlencoded"));
                }
                Fields::parse(&body)
            }
            _ => Fields::default(),
        };
        let call =
            Call { method: &parts.method, path, query: Fields::parse(parts.uri.query().unwrap_or_default().as_bytes()), form, account };
        match segments[..] {
            [API, "Accounts.json"] => self.accounts(&call),
            [API, "Accounts", last] => self.account(&call, trim_json(last, path)?),
            [API, "Accounts", sid, ref rest @ ..] => {
                let owner = self.reachable_account(&call, sid)?;
                match *rest {
                    ["Messages.json"] => self.messages(&call, &owner).await,
                    ["Messages", last] => self.message(&call, &owner, trim_json(last, path)?),
                    ["Messages", message, "Media.json"] => self.media_list(&call, &owner, message),
                    ["Messages", message, "Media", last] => self.media_item(&call, &owner, message, trim_json(last, path)?),
                    ["IncomingPhoneNumbers.json"] => self.numbers(&call, &owner),
                    ["IncomingPhoneNumbers", last] => self.number(&call, &owner, trim_json(last, path)?),
                    ["AvailablePhoneNumbers", country, last] => self.available(&call, &owner, country, trim_json(last, path)?),
                    _ => Err(not_found(path)),
                }
            }
            ["v1", "Services"] => self.services(&call),
            ["v1", "Services", sid] => self.service(&call, sid),
            ["v1", "Services", sid, "PhoneNumbers"] => self.pool(&call, sid),
            ["v1", "Services", sid, "PhoneNumbers", number] => self.pooled(&call, sid, number),
            _ => Err(not_found(path)),
        }
    }

    /// The account named in the path: the caller's own or one of its subaccounts.
    fn reachable_account(&self, call: &Call<'_>, sid: &str) -> Result<Account, Refused> {
        if sid == call.account.sid {
            return Ok(call.account.clone());
        }
        lock(&self.inner.state)
            .accounts
            .get(sid)
            .filter(|account| account.owner == call.account.sid)
            .cloned()
            .ok_or_else(|| not_found(call.path))
    }

    fn accounts(&self, call: &Call<'_>) -> Answer {
        let mut state = lock(&self.inner.state);
        match *call.method {
            Method::GET => {
                let mut all: Vec<&Account> = state
                    .accounts
                    .values()
                    .filter(|account| account.owner == call.account.sid || account.sid == call.account.sid)
                    .collect();
                all.sort_by(|a, b| a.sid.cmp(&b.sid));
                let all: Vec<Value> = all.into_iter().map(account_json).collect();
                Ok(respond::json(200, &page("accounts", &all, call, &format!("/{API}/Accounts.json"))))
            }
            Method::POST => {
                let sub = Account {
                    sid: self.ids().sid("AC"),
                    auth_token: self.ids().sid(""),
                    owner: call.account.sid.clone(),
                    friendly_name: call.form.get("FriendlyName").unwrap_or("SubAccount").to_owned(),
                    created_ms: self.now_ms(),
                    api_keys: std::collections::HashMap::new(),
                    ..call.account.clone()
                };
                let json = account_json(&sub);
                state.accounts.insert(sub.sid.clone(), sub);
                Ok(respond::json(201, &json))
            }
            _ => Err(refuse(405, 20004, "Method not allowed")),
        }
    }

    fn account(&self, call: &Call<'_>, sid: &str) -> Answer {
        let owner = self.reachable_account(call, sid)?;
        if *call.method == Method::GET {
            return Ok(respond::json(200, &account_json(&owner)));
        }
        let mut state = lock(&self.inner.state);
        let account = state.accounts.get_mut(sid).ok_or_else(|| not_found(call.path))?;
        if let Some(name) = call.form.get("FriendlyName") {
            name.clone_into(&mut account.friendly_name);
        }
        if let Some(status) = call.form.get("Status") {
            if !["active", "suspended", "closed"].contains(&status) {
                return Err(refuse(400, 20001, "Status must be active, suspended or closed"));
            }
            status.clone_into(&mut account.status);
        }
        Ok(respond::json(200, &account_json(account)))
    }
}

/// The last path segment without its `.json`, which the vendor requires.
fn trim_json<'a>(segment: &'a str, path: &str) -> Result<&'a str, Refused> {
    segment.strip_suffix(".json").ok_or_else(|| not_found(path))
}

fn account_json(account: &Account) -> Value {
    let base = format!("/{API}/Accounts/{}", account.sid);
    json!({
        "sid": account.sid,
        "owner_account_sid": account.owner,
        "friendly_name": account.friendly_name,
        "auth_token": account.auth_token,
        "status": account.status,
        "type": if account.trial { "Trial" } else { "Full" },
        "date_created": rfc2822(account.created_ms),
        "date_updated": rfc2822(account.created_ms),
        "uri": format!("{base}.json"),
        "subresource_uris": {
            "messages": format!("{base}/Messages.json"),
            "incoming_phone_numbers": format!("{base}/IncomingPhoneNumbers.json"),
            "available_phone_numbers": format!("{base}/AvailablePhoneNumbers.json"),
        },
    })
}

/// The page size asked for: 50 unless given, at most 1,000.
pub(crate) fn page_size(call: &Call<'_>) -> usize {
    call.query.get("PageSize").and_then(|size| size.parse().ok()).unwrap_or(50_usize).clamp(1, 1_000)
}

/// A page of a short list, cut by page number, with the vendor's paging fields.
pub(crate) fn page(name: &str, all: &[Value], call: &Call<'_>, uri: &str) -> Value {
    let size = page_size(call);
    let number: usize = call.query.get("Page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let start = number.saturating_mul(size).min(all.len());
    let end = start.saturating_add(size).min(all.len());
    let next = (end < all.len()).then(|| format!("Page={}", number + 1));
    let previous = number.checked_sub(1).map(|page| format!("Page={page}"));
    envelope(name, &all[start..end], call, uri, (number, size, start), (next, previous))
}

/// The list envelope with first, next and previous addresses; the filters of the call are carried along.
pub(crate) fn envelope(
    name: &str,
    items: &[Value],
    call: &Call<'_>,
    uri: &str,
    (number, size, start): (usize, usize, usize),
    (next, previous): (Option<String>, Option<String>),
) -> Value {
    let mut filters = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in &call.query.0 {
        if !["Page", "PageSize", "PageToken"].contains(&key.as_str()) {
            filters.append_pair(key, value);
        }
    }
    let filters = filters.append_pair("PageSize", &size.to_string()).finish();
    let link = |extra: String| format!("{uri}?{filters}&{extra}");
    let mut list = json!({
        "page": number,
        "page_size": size,
        "start": start,
        "end": (start + items.len()).saturating_sub(1),
        "uri": link(format!("Page={number}")),
        "first_page_uri": link("Page=0".to_owned()),
        "next_page_uri": next.map(&link),
        "previous_page_uri": previous.map(&link),
    });
    list[name] = Value::from(items.to_vec());
    list
}
