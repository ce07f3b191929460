//! `POST /api/v1/session`: the one endpoint of the admin API that needs no session.

use super::{Session, cookie, shown};
use crate::ask::{connection, json, read_body};
use crate::error::ApiError;
use crate::state::Api;
use antiphon_app::session::{SignIn, SignInError};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

/// Largest body, in bytes: anybody may send one.
const MOST_BODY: usize = 16 << 10;

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The account's id.
    account: String,
    login: String,
    password: String,
    /// For programs: the token comes in the answer, and no cookie is set.
    #[serde(default)]
    bearer: bool,
}

/// Signs in: sets the session cookie, or gives a bearer token.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = Credentials, responses((status = 200, body = Session)))]
pub(crate) async fn sign_in(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    refuse_foreign_page(&parts.headers)?;
    let origin = api.origin(connection(&parts), &parts.headers, parts.uri.host());
    api.sign_ins.check(&origin.peer, api.app.clock()).map_err(ApiError::too_many)?;
    let body = read_body(body, MOST_BODY).await?;
    let given: Credentials = json(&parts.headers, &body)?;
    let how = SignIn::Password { login: given.login, password: given.password, browser: !given.bearer };
    let signed_in = api.app.sign_in(&given.account, how, &origin.peer.to_string()).await.map_err(|error| refused(&api, error))?;
    let authenticated = api.app.authenticate(&signed_in.bearer).await?;
    let mut session = shown(&api, &authenticated)?;
    if given.bearer {
        session.bearer = Some(signed_in.bearer);
        return Ok(Json(session).into_response());
    }
    let seconds = signed_in.expires_at.since(api.app.clock().now()) / 1_000;
    let cookie = cookie(&signed_in.bearer, seconds, origin.https || api.options.secure_cookies)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(session)).into_response())
}

/// Another site must not sign somebody in to an account of its choice.
fn refuse_foreign_page(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get("sec-fetch-site").and_then(|value| value.to_str().ok()) {
        Some("cross-site" | "same-site") => Err(ApiError::forbidden("you can only sign in from our own page")),
        _ => Ok(()),
    }
}

fn refused(api: &Api, error: SignInError) -> ApiError {
    match error {
        SignInError::UnknownOrWrong => ApiError::new(StatusCode::UNAUTHORIZED, "login_failed", "account, log-in name or password is wrong"),
        SignInError::Locked { until } => {
            let seconds = u64::try_from(until.since(api.app.clock().now()) / 1_000).unwrap_or(0).max(1);
            let error =
                ApiError::new(StatusCode::TOO_MANY_REQUESTS, "login_locked", "too many failed log-ins: you are locked out for a while");
            let remedy = format!("wait {} minutes, or ask an administrator to unlock you", seconds.div_ceil(60));
            ApiError { retry_after_s: Some(seconds), ..error }.remedy(remedy)
        }
        SignInError::Unavailable(error) => error.into(),
    }
}
