//! Agent log-in, refresh and log-out as the published clients call them.
//!
//! The session cookie holds the bearer token. A refresh is refused with 401 only when the session is truly gone or its csrf
//! token is wrong, because clients answer a 401 by connecting anew. Secrets are never logged.

use super::asker::Asker;
use super::failure::{failed, too_fast, unavailable};
use super::socket::cookie;
use super::{Shared, discovery};
use antiphon_app::ports::store::BotKey;
use antiphon_app::session::{AuthError, SignIn, SignInError, Signed, SignedIn};
use antiphon_domain::Privilege;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, body};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The cookie's name; the published clients replay whatever they got.
const COOKIE: &str = "session_id";
/// Longest body, in bytes.
const MAX_BODY: usize = 16 << 10;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    username: Option<String>,
    password: Option<String>,
    app_key: Option<String>,
    secret: Option<String>,
    access_token: Option<String>,
    access_token_secret: Option<String>,
    assertion: Option<String>,
}

#[derive(Deserialize)]
struct Csrf {
    csrf: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoggedIn<'a> {
    csrf: &'a str,
    bearer: &'a str,
    session_id: &'a str,
    /// Milliseconds, as a string; the spelling is the protocol's.
    #[serde(rename = "sessionTTl")]
    session_ttl: String,
    wsuk: &'static str,
    config: Config<'a>,
    csds_collection_response: Discovered,
    account_data: AccountData,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    user_id: String,
    user_pid: String,
    login_name: &'a str,
    user_privileges: Vec<u16>,
    server_current_time: i64,
    time_diff: i64,
    server_time_zone_name: &'static str,
    #[serde(rename = "serverTimeGMTDiff")]
    server_time_gmt_diff: i64,
    #[serde(rename = "isLPA")]
    is_lpa: bool,
    is_admin: bool,
    account_time_zone_id: &'a str,
}

#[derive(Serialize)]
struct Discovered {
    #[serde(rename = "baseURIs")]
    base_uris: Vec<discovery::BaseUri>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountData {
    agent_groups_data: Groups,
}

#[derive(Serialize)]
struct Groups {
    items: [Group; 1],
    revision: u8,
}

#[derive(Serialize)]
struct Group {
    id: i8,
    deleted: bool,
    name: &'static str,
}

/// `POST …/login`: by password, by a bot's four keys, or by a request that is signed with them.
pub(super) async fn login(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    asker: Asker,
    signed: Option<Extension<Signed>>,
    body: body::Body,
) -> Response {
    let peer = asker.address;
    let (limits, now_us) = (&shared.limits, shared.app.clock().ticks_us());
    let step_us = 60_000_000 / u64::from(limits.sign_ins_per_min.get());
    if !shared.sign_ins.admit(peer, now_us, step_us, limits.sign_ins_at_once) {
        return too_fast(&shared, "too many log-ins from this address; wait and try again", step_us.div_ceil(1_000_000) + 1);
    }
    let asked: Login = match read(&shared, body).await {
        Ok(asked) => asked,
        Err(refusal) => return *refusal,
    };
    let how = match signed {
        Some(Extension(signed)) if asked.username.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(&signed.user.login)) => {
            Ok(signed.sign_in())
        }
        Some(_) => Err("username: the request is signed with another user's keys"),
        None => sign_in_of(asked),
    };
    let how = match how {
        Ok(how) => how,
        Err(message) => return failed(&shared, StatusCode::BAD_REQUEST, 1, message),
    };
    match shared.app.sign_in(&account, how, &peer.to_string()).await {
        Ok(signed_in) => logged_in(&shared, &signed_in, shared.secure_cookies || asker.https),
        Err(error @ SignInError::UnknownOrWrong) => failed(&shared, StatusCode::UNAUTHORIZED, 10, &error.to_string()),
        Err(error @ SignInError::Locked { .. }) => failed(&shared, StatusCode::UNAUTHORIZED, 11, &error.to_string()),
        Err(SignInError::Unavailable(_)) => unavailable(&shared),
    }
}

fn sign_in_of(asked: Login) -> Result<SignIn, &'static str> {
    if asked.assertion.is_some() {
        return Err("assertion: this server signs users in by password or by keys, not by SAML");
    }
    let login = asked.username.ok_or("username: name the user")?;
    match (asked.password, asked.app_key, asked.secret, asked.access_token, asked.access_token_secret) {
        (Some(password), ..) => Ok(SignIn::Password { login, password, browser: false }),
        (None, Some(app_key), Some(secret), Some(access_token), Some(access_token_secret)) => {
            Ok(SignIn::Keys { login, keys: BotKey { app_key, secret, access_token, access_token_secret } })
        }
        _ => Err("password: give it, or all of appKey, secret, accessToken and accessTokenSecret"),
    }
}

fn logged_in(shared: &Shared, signed_in: &SignedIn, secure: bool) -> Response {
    let caller = &signed_in.caller;
    let now = shared.app.clock().now();
    let directory = shared.app.directory();
    let time_zone = directory.account(&caller.account).map_or("UTC", |view| &view.account.timezone);
    let body = LoggedIn {
        csrf: &signed_in.csrf,
        bearer: &signed_in.bearer,
        session_id: &signed_in.bearer,
        session_ttl: signed_in.expires_at.since(now).to_string(),
        wsuk: "",
        config: Config {
            user_id: caller.id().to_string(),
            user_pid: caller.user.pid.to_string(),
            login_name: &caller.user.login,
            user_privileges: privileges(&signed_in.caller),
            server_current_time: now.0,
            time_diff: 0,
            server_time_zone_name: "UTC",
            server_time_gmt_diff: 0,
            is_lpa: false,
            is_admin: caller.may(Privilege::ManageUsers) && caller.may(Privilege::ManageSources),
            account_time_zone_id: time_zone,
        },
        csds_collection_response: Discovered { base_uris: discovery::all(shared, &caller.account) },
        account_data: AccountData {
            agent_groups_data: Groups { items: [Group { id: -1, deleted: false, name: "Main Group" }], revision: 1 },
        },
    };
    let mut response = Json(body).into_response();
    set_cookie(&mut response, &signed_in.bearer, secure);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Numbers of our own for the privileges that a user has; the published ones are not public.
fn privileges(caller: &antiphon_app::Caller) -> Vec<u16> {
    let numbered = (1..).zip(Privilege::ALL);
    numbered.filter(|(_, privilege)| caller.may(*privilege)).map(|(number, _)| number).collect()
}

/// `POST …/refresh`: keeps the session alive.
pub(super) async fn refresh(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: body::Body,
) -> Response {
    let csrf = match read::<Csrf>(&shared, body).await {
        Ok(asked) => asked.csrf.unwrap_or_default(),
        Err(refusal) => return *refusal,
    };
    let bearer = match bearer_of(&shared, &account, &headers).await {
        Ok(bearer) => bearer,
        Err(refusal) => return *refusal,
    };
    match shared.app.refresh(&bearer, &csrf).await {
        Ok(()) => Json(serde_json::json!({})).into_response(),
        Err(AuthError::Unavailable(_)) => unavailable(&shared),
        Err(error) => failed(&shared, StatusCode::UNAUTHORIZED, 10, &error.to_string()),
    }
}

/// `POST …/logout`: ends the session; its sockets are closed with 4401.
pub(super) async fn logout(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: body::Body,
) -> Response {
    let csrf = match read::<Csrf>(&shared, body).await {
        Ok(asked) => asked.csrf.unwrap_or_default(),
        Err(refusal) => return *refusal,
    };
    let bearer = match bearer_of(&shared, &account, &headers).await {
        Ok(bearer) => bearer,
        Err(refusal) => return *refusal,
    };
    match shared.app.authenticate(&bearer).await {
        Ok(authenticated) if shared.app.check_csrf(&authenticated.session, &csrf) => {}
        Ok(_) => return failed(&shared, StatusCode::UNAUTHORIZED, 10, "the request lacks the session's csrf token"),
        Err(AuthError::Unavailable(_)) => return unavailable(&shared),
        Err(error) => return failed(&shared, StatusCode::UNAUTHORIZED, 10, &error.to_string()),
    }
    match shared.app.sign_out(&bearer).await {
        Ok(()) => {
            let mut response = Json(serde_json::json!({})).into_response();
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static("session_id=; Path=/; Max-Age=0; HttpOnly"));
            response
        }
        Err(_) => unavailable(&shared),
    }
}

/// The bearer token of the session cookie, or of the `Authorization` header; of a session of this account.
async fn bearer_of(shared: &Shared, account: &str, headers: &HeaderMap) -> Result<String, Box<Response>> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = cookie(headers, COOKIE).or_else(|| authorization.and_then(|value| value.strip_prefix("Bearer ")));
    let refuse = |message: &str| Err(failed(shared, StatusCode::UNAUTHORIZED, 10, message).into());
    let Some(token) = token else { return refuse("the session cookie is missing; sign in") };
    match shared.app.authenticate(token).await {
        Ok(authenticated) if authenticated.caller.account.as_str() == account => Ok(token.to_owned()),
        Ok(_) => refuse("the session belongs to another account"),
        Err(AuthError::Unavailable(_)) => Err(unavailable(shared).into()),
        Err(error) => refuse(&error.to_string()),
    }
}

async fn read<T: for<'a> Deserialize<'a>>(shared: &Shared, body: body::Body) -> Result<T, Box<Response>> {
    let bytes: Bytes = match shared.within(shared.limits.body_ms, body::to_bytes(body, MAX_BODY)).await {
        Some(Ok(bytes)) => bytes,
        None => return Err(failed(shared, StatusCode::REQUEST_TIMEOUT, 14, "the body took too long to arrive").into()),
        Some(Err(_)) => return Err(failed(shared, StatusCode::PAYLOAD_TOO_LARGE, 13, "the body is too large").into()),
    };
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text)
        .map_err(|_| failed(shared, StatusCode::BAD_REQUEST, 1, "the body is not a JSON object of this request").into())
}

fn set_cookie(response: &mut Response, value: &str, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    if let Ok(cookie) = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{secure}").parse() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_of_log_in_is_told_apart() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let mode = sign_in_of(serde_json::from_str(text).expect(text)).map(|how| match how {
                SignIn::Password { .. } => "password",
                SignIn::Keys { .. } => "keys",
            });
            assert_eq!(mode, expected, "{text}");
        };
        check(r#"{"username":"u","password":"p"}"#, Ok("password"));
        check(r#"{"username":"u","appKey":"a","secret":"b","accessToken":"c","accessTokenSecret":"d"}"#, Ok("keys"));
        check(r#"{"username":"u","appKey":"a"}"#, Err("password: give it, or all of appKey, secret, accessToken and accessTokenSecret"));
        check(r#"{"password":"p"}"#, Err("username: name the user"));
        check(r#"{"jwt":"dummy","assertion":"x"}"#, Err("assertion: this server signs users in by password or by keys, not by SAML"));
    }
}
