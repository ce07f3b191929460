//! The consumers' socket: `/ws_api/account/{account}/messaging/consumer`.
//!
//! Who connects may name their token in the `Authorization` header, in the path (an older form), or in their first request:
//! browsers can't set headers. Here is the upgrade; `visit` is one connection, `requests` what it may ask, `notify` what it is
//! told. A connection reaches its own consumer's conversations only, and a token never appears in a log.

mod client;
mod notify;
pub(in crate::compat) mod presence;
mod requests;
mod subscribe;
#[cfg(test)]
mod tests;
mod visit;

use super::super::Shared;
use super::super::asker::Asker;
use super::{READ_BUFFER, WRITE_BUFFER};
use crate::options::Connection;
use antiphon_domain::AccountId;
use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use std::collections::BTreeMap;
use std::sync::Arc;
use visit::Opening;

/// The header in which a program says what it is.
const CLIENT: &str = "client-properties";

type Parameters = Query<BTreeMap<String, String>>;

/// Upgrades a consumer's connection.
pub(in crate::compat) async fn upgrade(
    state: State<Arc<Shared>>,
    Path(account): Path<String>,
    parameters: Parameters,
    connection: Option<Extension<Connection>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::trim);
    let token = authorization.map(|text| text.split_once(char::is_whitespace).map_or(text, |(_, token)| token.trim()).to_owned());
    begin(state, &account, token.filter(|token| !token.is_empty()), parameters, connection, &headers, upgrade)
}

/// The same with the token in the path, as retired clients have it.
pub(in crate::compat) async fn upgrade_with_token(
    state: State<Arc<Shared>>,
    Path((account, token)): Path<(String, String)>,
    parameters: Parameters,
    connection: Option<Extension<Connection>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    begin(state, &account, Some(token), parameters, connection, &headers, upgrade)
}

fn begin(
    State(shared): State<Arc<Shared>>,
    account: &str,
    token: Option<String>,
    Query(parameters): Parameters,
    connection: Option<Extension<Connection>>,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if parameters.get("v").is_some_and(|v| !matches!(v.as_str(), "3" | "3.0")) {
        return (StatusCode::BAD_REQUEST, "v: consumers' connections speak version 3\n").into_response();
    }
    let Some(account) = account.parse::<AccountId>().ok().filter(|id| shared.app.directory().account(id).is_some()) else {
        return (StatusCode::NOT_FOUND, "there is no such account\n").into_response();
    };
    let address = Asker::of(&shared, connection.map(|Extension(connection)| connection).unwrap_or_default(), headers).address;
    let said = headers.get(CLIENT).and_then(|value| value.to_str().ok());
    let client = client::read(said, &parameters, address);
    // A wrong token is not refused here: browsers would not learn why. It closes the connection with the code that says so.
    let opening = Opening { account, token, client, address };
    let limits = &shared.limits;
    let Some(waiting) = shared.visitors.wait(limits.waiting_sockets) else {
        metrics::counter!("antiphon_socket_refused_total", "reason" => "waiting").increment(1);
        return (StatusCode::TOO_MANY_REQUESTS, "too many connections that have not said who they are\n").into_response();
    };
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(limits.hard_frame_bytes)
        .max_frame_size(limits.hard_frame_bytes);
    upgrade.on_upgrade(move |socket| Box::pin(visit::run(socket, shared, opening, waiting)))
}
