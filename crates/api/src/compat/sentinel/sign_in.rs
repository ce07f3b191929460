//! `GET` and `POST /sentinel/api/account/{account}/sign-in`: the page where a user signs in to an app.
//!
//! The page works without script. A log-in counts only from a page that this browser was shown within ten minutes: its form
//! carries what its cookie carries, so that no other page can sign anybody in.

use super::authorize::{plan, redirect, refused};
use super::page::{self, Page};
use super::{bad_body, unavailable};
use crate::compat::Shared;
use crate::compat::asker::{Asker, Parameters};
use crate::compat::failure::Refusal;
use crate::compat::socket::cookie;
use antiphon_app::session::SignInError;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The cookie's name, as published.
const COOKIE: &str = "ibs_id";
/// How long the page may be open, in seconds.
const OPEN_S: u32 = 600;
/// Longest log-in name or password that is looked at, in bytes.
const MOST_FIELD: usize = 1_024;

/// Shows the page.
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    asker: Asker,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let parameters = Parameters::of(&shared, query.as_deref(), &HeaderMap::new(), Body::empty()).await.map_err(bad_body)?;
    let plan = match plan(&shared, &account, &parameters) {
        Ok(plan) => plan,
        Err(error) => return Ok(refused(error)),
    };
    let ticket = cookie(&headers, COOKIE).filter(|ticket| is_ticket(ticket)).map(str::to_owned);
    let ticket = ticket.unwrap_or_else(|| hex::encode(shared.app.ids().token()));
    let page = Page::Form { plan: &plan, ticket: &ticket, login: "", problem: None };
    let mut response = page::show(StatusCode::OK, &page, Some(&plan.redirect_uri));
    keep(&mut response, &shared, asker, &ticket, OPEN_S);
    Ok(response)
}

/// Takes the form: sends the user back to the app, or shows the page again with what is wrong.
pub(super) async fn take(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    asker: Asker,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    // What stands in the address decides, whatever the form says.
    let asked = Parameters::of(&shared, query.as_deref(), &HeaderMap::new(), Body::empty()).await.map_err(bad_body)?;
    let form = Parameters::of(&shared, None, &headers, body).await.map_err(bad_body)?;
    let plan = match plan(&shared, &account, &asked) {
        Ok(plan) => plan,
        Err(error) => return Ok(refused(error)),
    };
    let login = form.get("username").unwrap_or_default().trim();
    let password = form.get("password").unwrap_or_default();
    let ticket = cookie(&headers, COOKIE).filter(|ticket| is_ticket(ticket)).unwrap_or_default();
    let given = form.get("ticket").unwrap_or_default();
    let fresh = || hex::encode(shared.app.ids().token());
    let again = |status: StatusCode, ticket: &str, problem: &str| {
        let shown = login.get(..login.len().min(MOST_FIELD)).unwrap_or_default();
        let page = Page::Form { plan: &plan, ticket, login: shown, problem: Some(problem) };
        let mut response = page::show(status, &page, Some(&plan.redirect_uri));
        keep(&mut response, &shared, asker, ticket, OPEN_S);
        response
    };
    if ticket.is_empty() || !bool::from(ticket.as_bytes().ct_eq(given.as_bytes())) {
        let problem = "This page was open for too long, or your browser keeps no cookies. Please sign in now.";
        return Ok(again(StatusCode::BAD_REQUEST, &fresh(), problem));
    }
    let (limits, now_us) = (&shared.limits, shared.app.clock().ticks_us());
    let step_us = 60_000_000 / u64::from(limits.sign_ins_per_min.get());
    if !shared.sign_ins.admit(asker.address, now_us, step_us, limits.sign_ins_at_once) {
        let problem = "There were too many log-ins from your network. Please wait a minute and try again.";
        return Ok(again(StatusCode::TOO_MANY_REQUESTS, ticket, problem));
    }
    if login.is_empty() || password.is_empty() || login.len() > MOST_FIELD || password.len() > MOST_FIELD {
        return Ok(again(StatusCode::BAD_REQUEST, ticket, "Please give your log-in name and your password."));
    }
    let remote = asker.address.to_string();
    match shared.app.sign_in_to_app(&account, &plan, login.to_owned(), password.to_owned(), &remote).await {
        Ok(address) => {
            let mut response = redirect(StatusCode::SEE_OTHER, &address);
            keep(&mut response, &shared, asker, "", 0);
            Ok(response)
        }
        Err(SignInError::UnknownOrWrong) => Ok(again(StatusCode::UNAUTHORIZED, ticket, "The log-in name or the password is wrong.")),
        Err(SignInError::Locked { .. }) => {
            let problem = "There were too many failed log-ins. Please wait, or ask an administrator to unlock you.";
            Ok(again(StatusCode::UNAUTHORIZED, ticket, problem))
        }
        Err(SignInError::Unavailable(_)) => Err(unavailable().into()),
    }
}

fn is_ticket(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Sets the cookie for so long; nothing forgets it.
fn keep(response: &mut Response, shared: &Shared, asker: Asker, ticket: &str, seconds: u32) {
    let secure = if shared.secure_cookies || asker.https { "; Secure" } else { "" };
    let text = format!("{COOKIE}={ticket}; Path=/sentinel; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
