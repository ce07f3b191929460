//! `POST …/installations` and `PUT …/installations/{id}`.
//!
//! POST with the id of an app that is there changes that app, and so does POST with its name when `If-Match` says that the
//! caller has read it: a published client installs again like this. Without, a name that is in use is refused.

use super::installation::{self, Given};
use super::{MOST, administrator, answer, guard, no_such_app, refused};
use crate::compat::Shared;
use crate::compat::asker::{self, BadBody};
use crate::compat::failure::{Refusal, failed, failed_at};
use antiphon_app::administration::{Act, AppGuard};
use antiphon_app::ports::store::ConnectorApp;
use antiphon_app::{AccountView, Caller};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

/// Installs an app.
pub(super) async fn install(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let (caller, view, given) = asked(&shared, &account, &headers, body).await?;
    let by_name = given.text("client_name").filter(|_| !matches!(guard(&headers), AppGuard::Anything));
    let named = by_name.and_then(|name| view.connector_apps.values().find(|app| app.name == name.trim())).cloned();
    let id = given.text("client_id").map(str::to_owned).or_else(|| named.map(|app| app.client_id.clone()));
    let before = id.as_ref().and_then(|id| view.connector_apps.get(id).or_else(|| view.removed_apps.get(id))).cloned();
    let living = before.as_ref().is_some_and(|app| !app.removed);
    // One that was removed is installed afresh.
    let before = before.map(|app| if app.removed { Arc::new(ConnectorApp { enabled: true, ..ConnectorApp::clone(&app) }) } else { app });
    let status = if living { StatusCode::OK } else { StatusCode::CREATED };
    store(&shared, &caller, (given, id, before.as_deref()), &headers, status).await
}

/// Changes an app.
pub(super) async fn replace(
    State(shared): State<Arc<Shared>>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let (caller, view, given) = asked(&shared, &account, &headers, body).await?;
    let before = view.connector_apps.get(&id).ok_or_else(|| no_such_app(&shared))?;
    store(&shared, &caller, (given, Some(id), Some(before)), &headers, StatusCode::OK).await
}

async fn asked(shared: &Shared, account: &str, headers: &HeaderMap, body: Body) -> Result<(Caller, Arc<AccountView>, Given), Refusal> {
    let (caller, view) = administrator(shared, account, headers).await?;
    let bytes = asker::bytes(shared, body, MOST).await.map_err(|problem| match problem {
        BadBody::TooSlow => failed(shared, StatusCode::REQUEST_TIMEOUT, 14, "the body took too long to arrive"),
        BadBody::TooLarge | BadBody::Malformed => {
            failed(shared, StatusCode::PAYLOAD_TOO_LARGE, 13, &format!("the manifest is larger than {MOST} bytes"))
        }
    })?;
    match Given::read(&bytes) {
        Some(given) => Ok((caller, view, given)),
        None => Err(failed(shared, StatusCode::BAD_REQUEST, 1, "the body is not a JSON object").into()),
    }
}

async fn store(
    shared: &Shared,
    caller: &Caller,
    (given, id, before): (Given, Option<String>, Option<&ConnectorApp>),
    headers: &HeaderMap,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let input = given.input(id, before).map_err(|problem| {
        let message = format!("{}: {}", problem.field, problem.message);
        failed_at(shared, StatusCode::BAD_REQUEST, 1, &message, Some(&problem.field))
    })?;
    let app = shared.app.put_connector_app(&Act::of(caller), input, guard(headers)).await;
    let app = app.map_err(|error| refused(shared, &error))?;
    Ok(answer(shared, caller, status, &installation::of(&app)))
}
