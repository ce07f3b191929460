//! Installing apps: the published manifest, kept as the account's outside programs.
//!
//! `ac-revision` is one number for all apps of the account; it comes back in `If-Match` as it is. Bodies of GET and DELETE are
//! never read: a published client sends anything there.

mod installation;
mod list;
mod put;
mod remove;
mod show;

use super::Shared;
use super::asker;
use super::failure::{Refusal, failed, failed_at, unavailable};
use antiphon_app::administration::{AdminError, AdminErrorKind, AppGuard, apps_revision};
use antiphon_app::session::AuthError;
use antiphon_app::{AccountView, Caller};
use antiphon_domain::Privilege;
use axum::Json;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use std::sync::Arc;

/// The revision's header.
const REVISION: &str = "ac-revision";
/// Largest manifest, in bytes.
const MOST: usize = 64 << 10;

/// The routes, each also with a slash at its end.
pub(super) fn routes() -> Router<Arc<Shared>> {
    let all = || get(list::list).post(put::install);
    let one = || get(show::show).put(put::replace).delete(remove::remove);
    Router::new()
        .route("/api/account/{account}/configuration/app-install/installations", all())
        .route("/api/account/{account}/configuration/app-install/installations/", all())
        .route("/api/account/{account}/configuration/app-install/installations/{id}", one())
        .route("/api/account/{account}/configuration/app-install/installations/{id}/", one())
}

/// An administrator of the account, by their bearer token.
pub(super) async fn administrator(shared: &Shared, account: &str, headers: &HeaderMap) -> Result<(Caller, Arc<AccountView>), Refusal> {
    let refuse = |message: &str| Err(failed(shared, StatusCode::UNAUTHORIZED, 10, message).into());
    let caller = match shared.app.authenticate(asker::token(headers)).await {
        Ok(authenticated) if authenticated.caller.account.as_str() == account => authenticated.caller,
        Ok(_) => return refuse("the session belongs to another account"),
        Err(AuthError::Unavailable(_)) => return Err(unavailable(shared).into()),
        Err(error) => return refuse(&error.to_string()),
    };
    if !caller.may(Privilege::ManageSources) {
        let message = "your profile lacks the privilege `manage_sources`; ask an administrator";
        return Err(failed(shared, StatusCode::FORBIDDEN, 12, message).into());
    }
    match view(shared, &caller) {
        Some(view) => Ok((caller, view)),
        None => refuse("there is no such account"),
    }
}

fn view(shared: &Shared, caller: &Caller) -> Option<Arc<AccountView>> {
    shared.app.directory().account(&caller.account).cloned()
}

/// An answer with the revision that holds now.
fn answer(shared: &Shared, caller: &Caller, status: StatusCode, body: &Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    let revision = view(shared, caller).map(|view| apps_revision(&view)).unwrap_or_default();
    if let Ok(revision) = HeaderValue::from_str(&revision) {
        response.headers_mut().insert(REVISION, revision);
    }
    // The secret is in it.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What the caller expects to be unchanged.
fn guard(headers: &HeaderMap) -> AppGuard<'_> {
    let revision = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match revision.trim().trim_matches('"') {
        "" | "*" => AppGuard::Anything,
        revision => AppGuard::AllUnchanged(revision),
    }
}

pub(super) fn refused(shared: &Shared, error: &AdminError) -> Refusal {
    let (status, code) = match error.kind {
        AdminErrorKind::Forbidden => (StatusCode::FORBIDDEN, 12),
        AdminErrorKind::NotFound => (StatusCode::NOT_FOUND, 4),
        AdminErrorKind::Invalid | AdminErrorKind::Unfit => (StatusCode::BAD_REQUEST, 1),
        AdminErrorKind::Taken => (StatusCode::CONFLICT, 9),
        AdminErrorKind::Stale => (StatusCode::PRECONDITION_FAILED, 7),
        AdminErrorKind::Unavailable => return unavailable(shared).into(),
    };
    let field = error.field.as_deref().map(wire_name);
    let mut message = match &field {
        Some(field) => format!("{field}: {}", error.message),
        None => error.message.clone(),
    };
    if let Some(remedy) = &error.remedy {
        message = format!("{message}; {remedy}");
    }
    failed_at(shared, status, code, &message, field.as_deref()).into()
}

fn no_such_app(shared: &Shared) -> Refusal {
    failed(shared, StatusCode::NOT_FOUND, 4, "there is no such app").into()
}

/// A member as the manifest names it.
fn wire_name(field: &str) -> String {
    match field {
        "name" => "client_name".to_owned(),
        _ => field.strip_prefix("settings.").unwrap_or(field).to_owned(),
    }
}
