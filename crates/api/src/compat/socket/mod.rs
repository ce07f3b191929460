//! The agents' socket: `/ws_api/account/{account}/messaging/brand/{bearer}`; the consumers' is in `consumer`.
//!
//! Here is the upgrade: who may connect is settled before it. `connection` is one connection's life, `session` an agent's,
//! `requests` leads to the requests (one file each), `notify` turns announcements into frames. A bearer token never appears in
//! a log.

mod agent_request_conversation;
mod connection;
pub(super) mod consumer;
pub(super) mod envelope;
mod extension_subscribe;
mod extensions;
pub(super) mod frames;
mod generate_url;
mod get_clock;
mod get_user_profile;
mod init_connection;
mod notify;
pub(super) mod presence;
pub(super) mod publish_event;
pub(super) mod query_messages;
mod requests;
mod resync;
mod session;
mod set_agent_state;
mod subscribe_agents_state;
mod subscribe_ex_conversations;
mod subscribe_routing_tasks;
mod subscriptions;
#[cfg(test)]
mod tests;
mod unsubscribe_ex_conversations;
pub(super) mod update_conversation_field;
mod update_ring_state;

use super::Shared;
use super::render::Protocol;
use antiphon_app::session::{AuthError, Authenticated};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use session::Opening;
use std::sync::Arc;

/// In place of the bearer: "my session is in the cookie".
const BY_COOKIE: &str = "-";
/// The workspace's cookie.
const COOKIE: &str = "antiphon_session";
/// What a connection reads at once, in bytes; most of what an idle connection costs.
const READ_BUFFER: usize = 2048;
/// What is gathered before it is written, in bytes: an event and the change of its conversation go out together.
const WRITE_BUFFER: usize = 4096;

#[derive(Deserialize)]
pub(super) struct Version {
    v: Option<String>,
}

/// Upgrades an agent's connection.
pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    Path((account, bearer)): Path<(String, String)>,
    Query(version): Query<Version>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(protocol) = Protocol::named(version.v.as_deref()) else {
        return (StatusCode::BAD_REQUEST, "v: this server speaks versions 2, 2.0 and 2.1\n").into_response();
    };
    let bearer = match &*bearer {
        BY_COOKIE if !same_origin(&shared, &headers) => {
            return (StatusCode::FORBIDDEN, "a session cookie is taken from this server's own pages only\n").into_response();
        }
        BY_COOKIE => cookie(&headers, COOKIE).unwrap_or_default().to_owned(),
        _ => bearer,
    };
    let authenticated = match authenticate(&shared, &account, &bearer).await {
        Ok(authenticated) => authenticated,
        Err(refusal) => return *refusal,
    };
    let caller = &authenticated.caller;
    let directory = shared.app.directory();
    let most = directory.account(&caller.account).map_or(0, |view| view.account.settings.max_sockets);
    let Some(place) = shared.presence.enter(&shared.app, &caller.account, caller.id(), most) else {
        metrics::counter!("antiphon_socket_refused_total", "reason" => "account").increment(1);
        return (StatusCode::TOO_MANY_REQUESTS, format!("the account has {most} sockets, as many as it may\n")).into_response();
    };
    let limits = &shared.limits;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(limits.hard_frame_bytes)
        .max_frame_size(limits.hard_frame_bytes);
    let opening = Opening { shared, authenticated, bearer: bearer.into(), protocol, place };
    upgrade.on_upgrade(move |socket| Box::pin(session::run(socket, opening)))
}

async fn authenticate(shared: &Shared, account: &str, bearer: &str) -> Result<Authenticated, Box<Response>> {
    match shared.app.authenticate(bearer).await {
        Ok(authenticated) if authenticated.caller.account.as_str() == account => Ok(authenticated),
        Err(AuthError::Unavailable(_)) => Err((StatusCode::SERVICE_UNAVAILABLE, "try again in a few seconds\n").into_response().into()),
        Ok(_) | Err(_) => Err((StatusCode::UNAUTHORIZED, "sign in again\n").into_response().into()),
    }
}

/// A cookie's value.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Whether a browser's page is one of ours. A browser always names a page's origin when it opens a socket, and no page can forge it.
fn same_origin(shared: &Shared, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let Some((_, origin)) = text(header::ORIGIN).and_then(|origin| origin.split_once("://")) else { return false };
    let public = shared.app.public_url().split_once("://").map(|(_, host)| host);
    let ours = [text(header::HOST), Some(&*shared.public_host), public];
    ours.into_iter().flatten().any(|host| host.eq_ignore_ascii_case(origin))
}
