//! `GET` or `POST /sentinel/api/account/{account}/authorize`: an app sends a user here to sign in to it.
//!
//! What can't be told to the app is told to the user, on a page: nobody is sent to an address that the app did not register.

use super::page::{self, Page};
use super::{admitted_address, bad_body};
use crate::compat::Shared;
use crate::compat::asker::{Asker, Parameters};
use crate::compat::failure::Refusal;
use antiphon_app::identity::{Asked, AskedError, SignInPlan};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::sync::Arc;

/// The parameters that a sign-in is made of.
pub(super) const PARAMETERS: [&str; 7] =
    ["client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method", "nonce"];

/// Checks the request and sends the user on to the page where they sign in.
pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    admitted_address(&shared, asker)?;
    let parameters = Parameters::of(&shared, query.as_deref(), &headers, body).await.map_err(bad_body)?;
    if let Err(error) = plan(&shared, &account, &parameters) {
        return Ok(refused(error));
    }
    let mut address = url::form_urlencoded::Serializer::new(String::new());
    for name in PARAMETERS {
        if let Some(value) = parameters.get(name) {
            address.append_pair(name, value);
        }
    }
    Ok(redirect(StatusCode::FOUND, &format!("/sentinel/api/account/{account}/sign-in?{}", address.finish())))
}

/// The sign-in that the parameters ask for.
pub(super) fn plan(shared: &Shared, account: &str, parameters: &Parameters) -> Result<SignInPlan, AskedError> {
    let asked = Asked {
        client_id: parameters.get("client_id"),
        redirect_uri: parameters.get("redirect_uri"),
        response_type: parameters.get("response_type"),
        state: parameters.get("state"),
        challenge: parameters.get("code_challenge"),
        challenge_method: parameters.get("code_challenge_method"),
        nonce: parameters.get("nonce"),
    };
    shared.app.plan_sign_in(account, asked)
}

/// What becomes of a sign-in that does not begin.
pub(super) fn refused(error: AskedError) -> Response {
    let status = match &error {
        AskedError::Back(address) => return redirect(StatusCode::FOUND, address),
        AskedError::NoSuchApp => StatusCode::UNAUTHORIZED,
        AskedError::Redirect(_) => StatusCode::BAD_REQUEST,
    };
    page::show(status, &Page::Dead { reason: &error.to_string() }, None)
}

/// Sends the browser on, in the form that no cache keeps.
pub(super) fn redirect(status: StatusCode, address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(address) => {
            let mut response = (status, [(header::LOCATION, address)]).into_response();
            page::guard(response.headers_mut());
            response
        }
        Err(_) => page::show(StatusCode::BAD_REQUEST, &Page::Dead { reason: "the address that you would be sent to is malformed" }, None),
    }
}
