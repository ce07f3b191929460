//! A signed-in request: who asks, in which account, with what. Every endpoint of the admin API but log-in takes one, so
//! nothing is reachable without a session and its guard token, or an API key and its scope, and the account that either is of.

use crate::error::{ApiError, bad_csrf};
use crate::options::Connection;
use crate::page::Query;
use crate::scopes::scope_of;
use crate::state::{Api, Origin};
use antiphon_app::administration::{Act, Once, Revision};
use antiphon_app::api_keys::API_KEY_PREFIX;
use antiphon_app::ports::store::SessionKind;
use antiphon_app::session::Authenticated;
use antiphon_app::{AccountView, App, Caller};
use antiphon_domain::{AccountId, Privilege};
use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::str::FromStr;
use std::sync::Arc;

/// The cookie that holds the bearer token of a browser.
pub(crate) const SESSION_COOKIE: &str = "antiphon_session";
/// Longest idempotency key, in bytes.
const MOST_KEY: usize = 200;

/// A signed-in request.
pub(crate) struct Ask {
    pub(crate) api: Api,
    who: Who,
    parts: Parts,
    params: Vec<(String, String)>,
    body: Bytes,
    asked: [u8; 32],
}

/// Who asks.
enum Who {
    /// A user who signed in.
    Session(Box<Authenticated>),
    /// Whoever uses a key of theirs.
    Key(Caller),
}

impl Who {
    fn caller(&self) -> &Caller {
        match self {
            Who::Session(authenticated) => &authenticated.caller,
            Who::Key(caller) => caller,
        }
    }
}

impl Ask {
    pub(crate) fn app(&self) -> &Arc<App> {
        &self.api.app
    }

    pub(crate) fn caller(&self) -> &Caller {
        self.who.caller()
    }

    pub(crate) fn account(&self) -> &AccountId {
        &self.caller().account
    }

    /// The caller's session.
    pub(crate) fn session(&self) -> Result<&Authenticated, ApiError> {
        match &self.who {
            Who::Session(authenticated) => Ok(authenticated),
            Who::Key(_) => Err(for_sessions_only()),
        }
    }

    /// The account's configuration as it stands.
    pub(crate) fn view(&self) -> Result<Arc<AccountView>, ApiError> {
        self.app().directory().account(self.account()).cloned().ok_or_else(|| ApiError::not_found("account"))
    }

    /// Refuses a caller who has none of these privileges.
    pub(crate) fn require(&self, any: &[Privilege]) -> Result<(), ApiError> {
        if any.iter().any(|privilege| self.caller().may(*privilege)) {
            return Ok(());
        }
        let names: Vec<&str> = any.iter().map(|privilege| privilege.name()).collect();
        let (whose, remedy) = match self.who {
            Who::Session(_) => ("your profile", "ask an administrator"),
            Who::Key(_) => ("the API key's user, or who made it,", "let a user with that privilege have the key"),
        };
        Err(ApiError::forbidden(format!("{whose} lacks the privilege `{}`", names.join("` or `"))).remedy(remedy))
    }

    /// The object that the path names; a text that can't be its id names nothing.
    pub(crate) fn id<T: FromStr>(&self, what: &str) -> Result<T, ApiError> {
        self.param("id").and_then(|text| text.parse().ok()).ok_or_else(|| ApiError::not_found(what))
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn query(&self) -> Result<Query, ApiError> {
        Query::parse(self.parts.uri.query())
    }

    /// The body as JSON; unknown members, wrong kinds and missing members are named.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        json(&self.parts.headers, &self.body)
    }

    /// The act that the caller commits, with their idempotency key.
    pub(crate) fn act(&self) -> Result<Act<'_>, ApiError> {
        let act = Act::of(self.caller());
        let Some(key) = self.parts.headers.get("idempotency-key") else { return Ok(act) };
        let key = key.to_str().ok().filter(|key| (1..=MOST_KEY).contains(&key.len()));
        let key = key.ok_or_else(|| ApiError::invalid("Idempotency-Key", format!("must be 1 to {MOST_KEY} visible characters")))?;
        Ok(Act { once: Some(Once { key, asked: self.asked }), ..act })
    }

    /// The revision that the caller expects to change: `If-Match`.
    pub(crate) fn expected(&self) -> Result<Option<Revision>, ApiError> {
        let Some(tag) = self.parts.headers.get(header::IF_MATCH) else { return Ok(None) };
        let tag = tag.to_str().map(str::trim).unwrap_or_default();
        if tag == "*" {
            return Ok(None);
        }
        let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).filter(|tag| !tag.contains('"'));
        let inner =
            inner.ok_or_else(|| ApiError::invalid("If-Match", "must be one entity tag").remedy("send the ETag of the object as it is"))?;
        Ok(Some(Revision(inner.to_owned())))
    }

    /// The request's sender, behind any trusted proxy.
    pub(crate) fn origin(&self) -> Origin {
        self.api.origin(connection(&self.parts), &self.parts.headers, self.parts.uri.host())
    }

    /// The bearer token that the request came with.
    pub(crate) fn bearer(&self) -> Option<String> {
        token(&self.parts.headers).map(|(token, _)| token)
    }
}

impl FromRequest<Api> for Ask {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let who = who_asks(api, &parts).await?;
        let caller = who.caller();
        let raw = RawPathParams::from_request_parts(&mut parts, api).await.map_err(|_| ApiError::not_found("object"))?;
        let params: Vec<(String, String)> = raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let foreign = params.iter().any(|(name, value)| name == "account" && value != caller.account.as_str());
        if foreign {
            // The same answer whether there is such an account or not.
            return Err(ApiError::forbidden("you belong to another account").remedy("sign in to this account, or use a key of it"));
        }
        let key = caller.key.map_or_else(|| format!("{}.{}", caller.account, caller.id()), |key| key.to_string());
        api.requests.check(&key, api.app.clock()).map_err(ApiError::too_many)?;
        let body = match parts.method {
            Method::GET | Method::HEAD => Bytes::new(),
            _ => read_body(body, api.options.limits.body_bytes).await?,
        };
        let mut hasher = Sha256::new();
        hasher.update(parts.method.as_str());
        hasher.update(parts.uri.path());
        hasher.update([0]);
        hasher.update(&body);
        let asked = hasher.finalize().into();
        Ok(Self { api: api.clone(), who, parts, params, body, asked })
    }
}

/// A key opens what its scopes name; everything else needs a session.
async fn who_asks(api: &Api, parts: &Parts) -> Result<Who, ApiError> {
    let Some((secret, false)) = token(&parts.headers).filter(|(token, _)| token.starts_with(API_KEY_PREFIX)) else {
        return Ok(Who::Session(Box::new(authenticate(api, &parts.method, &parts.headers).await?)));
    };
    let peer = api.origin(connection(parts), &parts.headers, parts.uri.host()).peer;
    let holder = api.app.authenticate_key(&secret, peer)?;
    let needed = scope_of(parts.method.as_str(), parts.uri.path()).ok_or_else(for_sessions_only)?;
    if !holder.key.opens(needed) {
        let error = ApiError::new(StatusCode::FORBIDDEN, "scope_missing", format!("the API key lacks the scope `{needed}`"));
        return Err(error.remedy("add the scope to the key, or use another key"));
    }
    Ok(Who::Key(holder.caller))
}

fn for_sessions_only() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "session_only", "no API key opens this").remedy("sign in with POST /api/v1/session")
}

pub(crate) fn connection(parts: &Parts) -> Connection {
    parts.extensions.get::<Connection>().copied().unwrap_or_default()
}

/// The whole body, if it is not too large.
pub(crate) async fn read_body(body: axum::body::Body, most: usize) -> Result<Bytes, ApiError> {
    use http_body_util::{BodyExt, LengthLimitError, Limited};
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("the body is larger than {most} bytes")))
        }
        Err(_) => Err(ApiError::new(StatusCode::BAD_REQUEST, "broken_body", "the body could not be read")),
    }
}

/// Reads a JSON body.
pub(crate) fn json<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let error = ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "the body must be JSON");
        return Err(error.remedy("send it with Content-Type: application/json"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        refused(&path, error.inner())
    })?;
    reader.end().map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "malformed", "there is something after the JSON value"))?;
    Ok(value)
}

fn refused(path: &str, error: &serde_json::Error) -> ApiError {
    let text = error.to_string();
    // The reader's position in the body helps nobody who sends it from a program.
    let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
    if !error.is_data() {
        return ApiError::new(StatusCode::BAD_REQUEST, "malformed", format!("the body is no JSON: {text}"));
    }
    let named = ["unknown field `", "missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split('`').next())
        .map(str::to_owned);
    let path = if path == "." { "" } else { path };
    let field = match named {
        Some(name) if path.is_empty() || path == name || path.ends_with(&format!(".{name}")) => {
            if path.is_empty() {
                name
            } else {
                path.to_owned()
            }
        }
        Some(name) => format!("{path}.{name}"),
        None => path.to_owned(),
    };
    let error = ApiError::new(StatusCode::BAD_REQUEST, "validation_failed", message);
    if field.is_empty() { error } else { error.field(field) }
}

/// The bearer token of a request, and whether it came as a cookie.
pub(crate) fn token(headers: &HeaderMap) -> Option<(String, bool)> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| (token.trim().to_owned(), false));
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| (value.to_owned(), true))
}

/// The session behind a request. With the cookie, a changing request must carry the session's guard token.
pub(crate) async fn authenticate(api: &Api, method: &Method, headers: &HeaderMap) -> Result<Authenticated, ApiError> {
    let (token, by_cookie) = token(headers).ok_or_else(ApiError::unauthenticated)?;
    let authenticated = api.app.authenticate(&token).await?;
    if authenticated.session.kind == SessionKind::App {
        // A user let the app use the published interfaces, and not administer the account.
        return Err(ApiError::forbidden("what an app got from a user's sign-in is for the compatible interfaces only")
            .remedy("sign in yourself, or use the keys of a bot"));
    }
    if by_cookie && !matches!(*method, Method::GET | Method::HEAD) {
        let given = headers.get("x-csrf-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !guard_fits(&api.app, &authenticated, given) {
            return Err(bad_csrf());
        }
    }
    Ok(authenticated)
}

/// The guard token of a session: the same for all its tabs, and nothing that must be stored.
pub(crate) fn guard_token(app: &App, authenticated: &Authenticated) -> String {
    hex::encode(app.secrets().sign("csrf", &authenticated.session.token_hash))
}

fn guard_fits(app: &App, authenticated: &Authenticated, given: &str) -> bool {
    use subtle::ConstantTimeEq;
    let own = guard_token(app, authenticated);
    bool::from(own.as_bytes().ct_eq(given.as_bytes())) || app.check_csrf(&authenticated.session, given)
}

/// An object that nobody changes through us, with an entity tag made of what is shown.
pub(crate) fn tagged_by_content(body: impl Serialize) -> Result<Response, ApiError> {
    let text = serde_json::to_vec(&body).map_err(|_| ApiError::internal())?;
    let tag = hex::encode(&Sha256::digest(&text)[..8]);
    Ok(tagged(StatusCode::OK, Revision(tag), body))
}

/// An object with its revision as entity tag.
pub(crate) fn tagged(status: StatusCode, revision: Revision, body: impl Serialize) -> Response {
    let mut response = (status, Json(body)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", revision.0)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "count")]
        _count: u32,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(rename = "name")]
        _name: String,
        #[serde(rename = "inner")]
        _inner: Option<Inner>,
    }

    fn read(body: &str) -> Result<Outer, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        json(&headers, body.as_bytes())
    }

    #[track_caller]
    fn check(body: &str, code: &str, field: Option<&str>) {
        let error = read(body).expect_err(body);
        assert_eq!((error.code, error.field.as_deref()), (code, field), "{body}: {error:?}");
    }

    #[test]
    fn a_bad_body_names_its_member() {
        assert!(read(r#"{"name":"x"}"#).is_ok());
        check(r#"{"name":"x","nam":1}"#, "validation_failed", Some("nam"));
        check("{}", "validation_failed", Some("name"));
        check(r#"{"name":7}"#, "validation_failed", Some("name"));
        check(r#"{"name":"x","inner":{"count":"many"}}"#, "validation_failed", Some("inner.count"));
        check(r#"{"name":"x","inner":{"count":1,"more":2}}"#, "validation_failed", Some("inner.more"));
        check(r#"{"name":"x","inner":{}}"#, "validation_failed", Some("inner.count"));
        check("{", "malformed", None);
        check(r#"{"name":"x"} x"#, "malformed", None);
        assert_eq!(json::<Outer>(&HeaderMap::new(), b"{}").expect_err("no type").status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }

    #[test]
    fn the_token_comes_as_bearer_or_as_cookie() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; antiphon_session=cc; d=e"));
        assert_eq!(token(&headers), Some(("cc".to_owned(), true)));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer dd"));
        assert_eq!(token(&headers), Some(("dd".to_owned(), false)));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic dd"));
        assert_eq!(token(&headers), None, "a header that is there decides");
    }
}
