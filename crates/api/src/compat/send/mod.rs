//! The Send API: an outside program speaks for its consumers, one HTTP request for each call.
//!
//! Here is who may: the app's token and the consumer's. `batch` opens conversations, `single` is everything else, `answers`
//! are the published bodies. Nothing is parsed before both tokens were believed.

mod answers;
mod batch;
mod single;

pub(super) use batch::open;
pub(super) use single::send;

use super::Shared;
use super::socket::envelope::OneOrMany;
use answers::Refusal;
use antiphon_app::consumers::Client;
use antiphon_app::identity::TokenError;
use antiphon_app::{App, ConsumerCaller};
use antiphon_domain::AccountId;
use axum::body::{self, Body};
use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The scope that an app needs to speak for consumers.
const SCOPE: &str = "msg.consumer";
/// Longest account of itself that a program's header may give, in bytes.
const MAX_CLIENT: usize = 8 << 10;
/// Longest idempotency key, in characters.
const MAX_KEY: usize = 128;

/// The version that a request names.
#[derive(Deserialize)]
pub(super) struct Version {
    v: Option<String>,
}

/// A request whose tokens were believed.
struct Admitted {
    caller: ConsumerCaller,
    bytes: Bytes,
    key: Option<String>,
}

/// Believes the tokens, then reads the body.
async fn admit(shared: &Shared, account: &str, version: &Version, headers: &HeaderMap, body: Body) -> Result<Admitted, Refusal> {
    if version.v.as_deref().is_some_and(|v| !matches!(v, "" | "3" | "3.0")) {
        return Err(Refusal::no_such_version());
    }
    let account: AccountId = account.parse().map_err(|_| Refusal::brand_missing())?;
    let caller = caller(&shared.app, &account, headers)?;
    // An app that floods slows itself only.
    if let Err(seconds) = shared.sends.check(&(account, caller.source), shared.app.clock()) {
        return Err(Refusal::too_many(seconds));
    }
    let most = shared.limits.request_bytes;
    let bytes = match shared.within(shared.limits.body_ms, body::to_bytes(body, most)).await {
        Some(Ok(bytes)) => bytes,
        Some(Err(_)) => return Err(Refusal::bad_request("", "Bad Request")),
        None => return Err(Refusal::timed_out()),
    };
    let key = text(headers, "idempotency-key").map(str::to_owned);
    if key.as_ref().is_some_and(|key| key.is_empty() || key.chars().count() > MAX_KEY) {
        return Err(Refusal::bad_request("", &format!("Idempotency-Key: 1 to {MAX_KEY} characters")));
    }
    Ok(Admitted { caller, bytes, key })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// Who calls, and for whom: both are believed by their tokens only.
fn caller(app: &App, account: &AccountId, headers: &HeaderMap) -> Result<ConsumerCaller, Refusal> {
    let bearer = |value: &'static str| {
        let token = text(headers, value).unwrap_or_default();
        token.strip_prefix("Bearer ").unwrap_or(token).trim()
    };
    let program = app.check_app_token(account, bearer("authorization")).map_err(|error| match error {
        TokenError::Missing => Refusal::app_missing(),
        TokenError::Claim(_) | TokenError::WrongIssuer => Refusal::brand_missing(),
        _ => Refusal::app_invalid(),
    })?;
    let source = program.source.filter(|_| program.scopes.iter().any(|scope| scope == SCOPE)).ok_or_else(Refusal::app_invalid)?;
    let consumer = app.check_consumer_token(account, bearer("x-lp-on-behalf")).map_err(|error| match error {
        TokenError::Missing => Refusal::consumer_missing(),
        _ => Refusal::consumer_invalid(),
    })?;
    // A visitor of the web widget speaks for themselves; no app does.
    if consumer.source.is_some() {
        return Err(Refusal::consumer_invalid());
    }
    Ok(ConsumerCaller {
        account: account.clone(),
        consumer: consumer.consumer,
        source,
        address: consumer.external_id.into(),
        authenticated: consumer.authenticated,
        claims: None,
        client: client(text(headers, "client-properties")),
    })
}

#[derive(Deserialize)]
struct Features {
    features: Option<OneOrMany<String>>,
}

/// What the program says of itself. What can't be read is no reason to fail: published programs break this header.
pub(in crate::compat) fn client(header: Option<&str>) -> Client {
    let Some(json) = header.filter(|json| json.len() <= MAX_CLIENT) else { return Client::default() };
    if serde_json::from_str::<&RawValue>(json).is_err() || !json.starts_with('{') {
        return Client::default();
    }
    let features = serde_json::from_str::<Features>(json).ok().and_then(|read| read.features).map(OneOrMany::into_vec).unwrap_or_default();
    Client { properties: Some(json.into()), features: features.into_iter().map(Into::into).collect() }
}

/// The state that handlers take.
pub(in crate::compat) type SharedState = axum::extract::State<Arc<Shared>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_of_itself_never_fails_a_request() {
        let check = |header: Option<&str>, properties: bool, features: &[&str]| {
            let read = client(header);
            let names: Vec<&str> = read.features.iter().map(|feature| &**feature).collect();
            assert_eq!((read.properties.is_some(), names), (properties, features.to_vec()), "{header:?}");
        };
        check(None, false, &[]);
        check(Some("[object Object]"), false, &[]);
        check(Some("7"), false, &[]);
        check(
            Some(r#"{"type":".ClientProperties","features":["AUTO_MESSAGES","RICH_CONTENT"]}"#),
            true,
            &["AUTO_MESSAGES", "RICH_CONTENT"],
        );
        check(Some(r#"{"type":"ClientProperties","features":[]}"#), true, &[]);
        check(Some(r#"{"features":"RICH_CONTENT"}"#), true, &["RICH_CONTENT"]);
        check(Some(r#"{"features":7}"#), true, &[]);
    }
}
