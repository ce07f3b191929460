//! The Graph surface: routes, tokens, proofs, usage headers. Sending, set-up and threads have files of their own.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;

use super::MessengerSim;
use super::model::{Bearer, INSTAGRAM_TOKEN_MS, State, Token};
use crate::kit::lock;
use crate::kit::respond::{self, Fields};
use crate::meta::errors::{GraphError, graph, graph_sub, unknown_object};
use crate::meta::sign::appsecret_proof;

pub(crate) type Answer = Result<Response<Body>, GraphError>;

/// A file that came with a multipart request.
pub(crate) struct FilePart {
    pub content_type: String,
    pub name: String,
    pub bytes: Bytes,
}

/// One Graph call, already taken apart.
pub(crate) struct Call {
    pub method: Method,
    pub path: String,
    /// Query and body together; the body wins.
    pub params: Map<String, Value>,
    pub file: Option<FilePart>,
    pub token: Token,
    pub access_token: String,
}

impl Call {
    /// A parameter as text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.params.get(name).and_then(Value::as_str)
    }

    /// A parameter as JSON; forms carry objects as text.
    pub(crate) fn object(&self, name: &str) -> Option<Value> {
        match self.params.get(name)? {
            Value::String(text) => serde_json::from_str(text).ok(),
            other => Some(other.clone()),
        }
    }

    /// The page named in the path, which must be the token's own.
    pub(crate) fn page(&self, id: &str) -> Result<String, GraphError> {
        match &self.token.bearer {
            Bearer::Page(page) if id == "me" || id == page => Ok(page.clone()),
            _ => Err(unknown_object(id)),
        }
    }
}

fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| major.parse::<u32>().is_ok() && minor.parse::<u32>().is_ok())
}

impl MessengerSim {
    /// Answers a request on the vendor's surface.
    pub(crate) async fn answer(&self, parts: Parts, body: Bytes) -> Response<Body> {
        let path = parts.uri.path().to_owned();
        let mut segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        if let ["_cdn", id] = segments[..] {
            return self.cdn(id);
        }
        if segments.first().is_some_and(|first| is_version(first)) {
            segments.remove(0);
        }
        let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let open = match segments[..] {
            ["dialog", "oauth"] => Some(self.dialog(&query)),
            ["oauth", "access_token"] => Some(self.exchange(&query)),
            ["refresh_access_token"] => Some(self.refresh(&query)),
            _ => None,
        };
        let trace = self.ids().sid("A");
        if let Some(result) = open {
            return result.unwrap_or_else(|error| error.into_response(&trace));
        }
        let call = match self.read(parts, query, body).await {
            Ok(call) => call,
            Err(error) => return error.into_response(&trace),
        };
        let usage = self.spend(&call.token);
        let result = match usage.refusal {
            Some(error) => Err(error),
            None => self.route(&call, &segments).await,
        };
        let mut response = result.unwrap_or_else(|error| error.into_response(&trace));
        for (name, value) in usage.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    /// Lengthens a token of Instagram's own log-in: it must be a day old and not have ended.
    fn refresh(&self, query: &Fields) -> Answer {
        let given = query.get("access_token").unwrap_or_default();
        let now = self.now_ms();
        let mut state = lock(&self.inner.state);
        check_token(&state, given, now)?;
        let token = state.tokens.get_mut(given).filter(|_| query.get("grant_type") == Some("ig_refresh_token"));
        let token = token.ok_or_else(|| graph(100, "(#100) grant_type must be ig_refresh_token"))?;
        let age = token.expires_ms.map_or(0, |end| INSTAGRAM_TOKEN_MS - (end - now));
        if age < 24 * 3_600_000 {
            return Err(graph(100, "(#100) The token must be at least 24 hours old to be refreshed"));
        }
        token.expires_ms = Some(now + INSTAGRAM_TOKEN_MS);
        Ok(respond::json(200, &json!({ "access_token": given, "token_type": "bearer", "expires_in": INSTAGRAM_TOKEN_MS / 1_000 })))
    }

    async fn route(&self, call: &Call, segments: &[&str]) -> Answer {
        let get = call.method == Method::GET;
        let post = call.method == Method::POST;
        match *segments {
            ["debug_token"] if get => self.debug_token(call),
            ["me", "accounts"] if get => self.pages_of_user(call),
            [id, "messages"] if post => self.send(call, id).await,
            [id, "message_attachments"] if post => self.upload(call, id).await,
            [id, "subscribed_apps"] => self.subscribed_apps(call, id),
            [id, "subscriptions"] => self.subscriptions(call, id).await,
            [id, "messenger_profile"] => self.messenger_profile(call, id),
            [id, "personas"] => self.personas(call, id),
            [id, "conversations"] if get => self.conversations(call, id),
            [id, "thread_owner"] if get => self.thread_owner(call, id),
            [id, "secondary_receivers"] if get => self.secondary_receivers(call, id),
            [id, action] if post && action.ends_with("_thread_control") => self.thread_control(call, id, action),
            [id] if get => self.node(call, id),
            [id, ..] => Err(unknown_object(id)),
            [] => Err(unknown_object("")),
        }
    }

    /// Reads parameters from query and body, then checks token and proof.
    async fn read(&self, parts: Parts, query: Fields, body: Bytes) -> Result<Call, GraphError> {
        let mut params = Map::new();
        for (name, value) in query.0 {
            params.insert(name, Value::String(value));
        }
        let mut file = None;
        let bearer = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("OAuth ")))
            .map(str::to_owned);
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        match respond::media_type(&parts.headers).as_str() {
            _ if body.is_empty() => {}
            "application/json" => match serde_json::from_slice::<Value>(&body) {
                Ok(Value::Object(object)) => params.extend(object),
                _ => return Err(graph(100, "(#100) The request body is not a JSON object")),
            },
            "multipart/form-data" => file = read_multipart(parts, body, &mut params).await?,
            "application/x-www-form-urlencoded" => {
                for (name, value) in Fields::parse(&body).0 {
                    params.insert(name, Value::String(value));
                }
            }
            other => return Err(graph(100, format!("(#100) Unsupported content type {other}"))),
        }
        let access_token = params.get("access_token").and_then(Value::as_str).map(str::to_owned).or(bearer);
        let access_token =
            access_token.ok_or_else(|| graph(2_500, "An active access token must be used to query information about the current user."))?;
        let token = {
            let state = lock(&self.inner.state);
            let token = check_token(&state, &access_token, self.now_ms())?;
            check_proof(&state, &token, &access_token, params.get("appsecret_proof").and_then(Value::as_str))?;
            token
        };
        Ok(Call { method, path, params, file, token, access_token })
    }
}

async fn read_multipart(parts: Parts, body: Bytes, params: &mut Map<String, Value>) -> Result<Option<FilePart>, GraphError> {
    let bad = || graph(100, "(#100) The multipart body is malformed");
    let mut request = Request::from_parts(parts, Body::from(body));
    DefaultBodyLimit::disable().apply(&mut request);
    let mut multipart = Multipart::from_request(request, &()).await.map_err(|_| bad())?;
    let mut file = None;
    while let Some(field) = multipart.next_field().await.map_err(|_| bad())? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "filedata" {
            file = Some(FilePart {
                content_type: field.content_type().unwrap_or("application/octet-stream").to_owned(),
                name: field.file_name().unwrap_or_default().to_owned(),
                bytes: field.bytes().await.map_err(|_| bad())?,
            });
        } else {
            let text = field.text().await.map_err(|_| bad())?;
            params.insert(name, Value::String(text));
        }
    }
    Ok(file)
}

/// The token's record, or the 190 it deserves.
pub(crate) fn check_token(state: &State, access_token: &str, now: i64) -> Result<Token, GraphError> {
    if let Some((app_id, secret)) = access_token.split_once('|') {
        let fits = state.apps.get(app_id).is_some_and(|app| bool::from(app.secret.as_bytes().ct_eq(secret.as_bytes())));
        if fits {
            return Ok(Token { bearer: Bearer::App, app: app_id.to_owned(), revoked: None, expires_ms: None, messaging: true });
        }
        return Err(graph(190, "Invalid OAuth access token signature."));
    }
    let token = state.tokens.get(access_token).ok_or_else(|| graph(190, "Invalid OAuth access token - Cannot parse access token"))?;
    if let Some(subcode) = token.revoked {
        let why = match subcode {
            458 => "Error validating access token: The user has not authorized application.",
            459 => "Error validating access token: You cannot access the app till you log in and follow the instructions given.",
            460 => "Error validating access token: The session has been invalidated because the user changed their password.",
            463 => "Error validating access token: Session has expired.",
            464 => "Error validating access token: Sessions for the user are not allowed because the user is not a confirmed user.",
            492 => "Error validating access token: The user must be an administrator, editor, or moderator of the page.",
            _ => "Error validating access token: The session is invalid.",
        };
        return Err(graph_sub(190, subcode, why));
    }
    if token.expires_ms.is_some_and(|expires| expires <= now) {
        return Err(graph_sub(190, 463, "Error validating access token: Session has expired."));
    }
    Ok(token.clone())
}

fn check_proof(state: &State, token: &Token, access_token: &str, proof: Option<&str>) -> Result<(), GraphError> {
    let Some(app) = state.apps.get(&token.app) else { return Ok(()) };
    match proof {
        None if app.require_proof => Err(graph(100, "API calls from the server require an appsecret_proof argument")),
        None => Ok(()),
        Some(proof) => {
            let expected = appsecret_proof(&app.secret, access_token);
            if bool::from(expected.as_bytes().ct_eq(proof.as_bytes())) {
                Ok(())
            } else {
                Err(graph(100, "Invalid appsecret_proof provided in the API argument"))
            }
        }
    }
}

/// What a call costs.
struct Spent {
    headers: Vec<(&'static str, String)>,
    refusal: Option<GraphError>,
}

impl MessengerSim {
    /// Counts a call against the page's scripted budget. Without a script there are no headers, as for small apps.
    fn spend(&self, token: &Token) -> Spent {
        let mut spent = Spent { headers: Vec::new(), refusal: None };
        let Bearer::Page(id) = &token.bearer else { return spent };
        let mut state = lock(&self.inner.state);
        let Some(page) = state.pages.get_mut(id) else { return spent };
        let usage = &mut page.usage;
        if usage.percent == 0 && usage.step == 0 {
            return spent;
        }
        let percent = usage.percent.min(100);
        if percent >= 100 {
            let code = usage.code.unwrap_or(80_006);
            let text = match code {
                4 => "(#4) Application request limit reached",
                17 => "(#17) User request limit reached",
                32 => "(#32) Page request limit reached",
                613 => "(#613) Calls to this api have exceeded the rate limit.",
                _ => "(#80006) There have been too many calls to this Messenger account. Wait a bit and try again.",
            };
            spent.refusal = Some(graph(code, text));
        }
        usage.percent = usage.percent.saturating_add(usage.step);
        let regain = if percent >= 100 { 5 } else { 0 };
        spent
            .headers
            .push(("x-app-usage", json!({ "call_count": percent, "total_time": percent / 4, "total_cputime": percent / 5 }).to_string()));
        let detail = json!({
            "type": "messenger", "call_count": percent, "total_cputime": percent / 5,
            "total_time": percent / 4, "estimated_time_to_regain_access": regain,
        });
        spent.headers.push(("x-business-use-case-usage", json!({ id.as_str(): [detail] }).to_string()));
        spent
    }

    /// Hosted attachments: no credentials, but the address dies.
    fn cdn(&self, id: &str) -> Response<Body> {
        let ttl = lock(&self.inner.state).settings.attachment_ttl_ms;
        match self.media().get(id) {
            Some(media) if self.now_ms() >= media.created_ms.saturating_add(ttl) => {
                respond::bytes(403, "text/plain", "URL signature expired".into())
            }
            Some(media) => respond::bytes(200, &media.content_type, media.bytes),
            None => respond::bytes(404, "text/plain", "Content not found".into()),
        }
    }
}
