//! Service discovery: every service of the protocol under our one public host.
//!
//! No authentication, as published; it tells nothing but that host, and whether an account exists.

use super::Shared;
use antiphon_domain::AccountId;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Every service we publish. Names are case-sensitive.
pub(super) const SERVICES: [&str; 22] = [
    "agentVep",
    "facadeMsg",
    "asyncMessagingEnt",
    "idp",
    "sentinel",
    "msgHist",
    "swift",
    "accountConfigReadOnly",
    "accountConfigReadWrite",
    "runtimeFormLogic",
    "tokenizer",
    "leDataReporting",
    "liveEngageUI",
    "smt",
    "visitorFeed",
    "etool",
    "engHistDomain",
    "agentManagerWorkspace",
    "agentActivityDomain",
    "messagingRestApiDomain",
    "mtlsGateway",
    "thirdPartyBots",
];

/// One service, as clients expect it: no scheme, no trailing slash.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BaseUri {
    service: &'static str,
    account: String,
    #[serde(rename = "baseURI")]
    base_uri: String,
}

#[derive(Serialize)]
struct List {
    #[serde(rename = "baseURIs")]
    base_uris: Vec<BaseUri>,
}

/// Both shapes in circulation at once: the lone object's keys, and a list of one.
#[derive(Serialize)]
struct One {
    #[serde(flatten)]
    lone: BaseUri,
    #[serde(rename = "baseURIs")]
    base_uris: [BaseUri; 1],
}

#[derive(Serialize)]
struct Missing<'a> {
    error: Problem<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    message: &'a str,
    internal_code: u16,
    response_status: &'static str,
}

#[derive(Deserialize)]
pub(super) struct Callback {
    cb: Option<String>,
}

/// All services of an account.
pub(super) fn all(shared: &Shared, account: &AccountId) -> Vec<BaseUri> {
    SERVICES.iter().map(|service| base_uri(shared, account, service)).collect()
}

fn base_uri(shared: &Shared, account: &AccountId, service: &'static str) -> BaseUri {
    BaseUri { service, account: account.to_string(), base_uri: shared.public_host.clone() }
}

fn known(shared: &Shared, account: &str) -> Result<AccountId, Box<Response>> {
    let id = account.parse().ok().filter(|id| shared.app.directory().account(id).is_some());
    id.ok_or_else(|| missing("there is no such account").into())
}

fn missing(message: &str) -> Response {
    let error = Problem { message, internal_code: 404, response_status: "NOT_FOUND" };
    (StatusCode::NOT_FOUND, Json(Missing { error })).into_response()
}

/// `…/service/baseURI.json`
pub(super) async fn list(State(shared): State<Arc<Shared>>, Path(account): Path<String>) -> Response {
    match known(&shared, &account) {
        Ok(account) => Json(List { base_uris: all(&shared, &account) }).into_response(),
        Err(refusal) => *refusal,
    }
}

/// `…/service/baseURI.lpCsds?cb=…`
pub(super) async fn list_jsonp(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    Query(callback): Query<Callback>,
) -> Response {
    match known(&shared, &account) {
        Ok(account) => jsonp(callback.cb.as_deref(), &all(&shared, &account)),
        Err(refusal) => *refusal,
    }
}

/// `…/service/{service}/baseURI.json`, or `…/baseURI.lpCsds?cb=…` as a script.
pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    Path((account, service, form)): Path<(String, String, String)>,
    Query(callback): Query<Callback>,
) -> Response {
    let account = match known(&shared, &account) {
        Ok(account) => account,
        Err(refusal) => return *refusal,
    };
    let Some(service) = SERVICES.into_iter().find(|known| *known == service) else { return missing("there is no such service") };
    let lone = base_uri(&shared, &account, service);
    match form.as_str() {
        "baseURI.json" => Json(One { base_uris: [lone.clone()], lone }).into_response(),
        "baseURI.lpCsds" => jsonp(callback.cb.as_deref(), &[lone]),
        _ => missing("ask for baseURI.json or baseURI.lpCsds"),
    }
}

fn jsonp(callback: Option<&str>, services: &[BaseUri]) -> Response {
    let data: Vec<_> = services
        .iter()
        .map(|one| serde_json::json!({ "service": one.service, "account": one.account, "lpServer": one.base_uri }))
        .collect();
    script(callback, "cb", &serde_json::json!({ "ResultSet": { "lpData": data } }).to_string())
}

/// A script that calls the client's function with JSON. The function's name becomes code, so only a name passes; `parameter`
/// is where it came in.
pub(super) fn script(callback: Option<&str>, parameter: &str, json: &str) -> Response {
    let Some(callback) = callback.filter(|name| is_function_name(name)) else {
        let problem = format!("{parameter}: name the function to call: letters, digits, _, $ and dots, at most 64\n");
        return (StatusCode::BAD_REQUEST, problem).into_response();
    };
    let headers = [(header::CONTENT_TYPE, "application/javascript; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, format!("{callback}({json});")).into_response()
}

pub(super) fn is_function_name(name: &str) -> bool {
    let word = |word: &str| {
        word.bytes().next().is_some_and(|first| !first.is_ascii_digit())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$')
    };
    name.len() <= 64 && name.split('.').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_functions_become_code() {
        for name in ["domainCallback", "jQuery_1", "a.b.$c"] {
            assert!(is_function_name(name), "{name}");
        }
        for name in ["", "1a", "a()", "a;b", "a.", ".a", "<script>", &"a".repeat(65)] {
            assert!(!is_function_name(name), "{name}");
        }
    }
}
