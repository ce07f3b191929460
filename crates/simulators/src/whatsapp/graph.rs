//! The Graph surface: routes, tokens, and reading a request. What each call does has files of its own.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, Request, Response};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use super::WhatsappSim;
use super::model::{Number, Token};
use crate::kit::lock;
use crate::kit::respond::{self, Fields};
use crate::meta::errors::{GraphError, graph, unknown_object};

pub(crate) type Answer = Result<Response<Body>, GraphError>;

/// A file that came with a multipart request.
pub(crate) struct FilePart {
    pub content_type: String,
    pub name: String,
    pub bytes: Bytes,
}

/// One call, already taken apart.
pub(crate) struct Call {
    pub method: Method,
    /// Query and body together; the body wins.
    pub params: Map<String, Value>,
    pub file: Option<FilePart>,
    pub token: Token,
}

impl Call {
    /// A parameter as text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.params.get(name).and_then(Value::as_str)
    }
}

impl WhatsappSim {
    /// Answers a request on the vendor's surface.
    pub(crate) async fn answer(&self, parts: Parts, body: Bytes) -> Response<Body> {
        let path = parts.uri.path().to_owned();
        let mut segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        if segments.first().is_some_and(|first| first.starts_with('v') && first.contains('.')) {
            segments.remove(0);
        }
        let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let trace = self.ids().sid("A");
        if let ["oauth", "access_token"] = segments[..] {
            return self.exchange(&query).unwrap_or_else(|error| error.into_response(&trace));
        }
        let outcome = match self.read(parts, query, body).await {
            Ok(call) => self.route(&call, &segments).await,
            Err(error) => Err(error),
        };
        outcome.unwrap_or_else(|error| error.into_response(&trace))
    }

    async fn route(&self, call: &Call, segments: &[&str]) -> Answer {
        let get = call.method == Method::GET;
        let post = call.method == Method::POST;
        match *segments {
            ["_media", secret] if get => self.download(secret),
            ["debug_token"] if get => self.debug_token(call),
            [id, "messages"] if post => self.send(call, id).await,
            [id, "media"] if post => self.upload(call, id),
            [id, "phone_numbers"] => self.phone_numbers(call, id),
            [id, "subscribed_apps"] => self.subscribed_apps(call, id).await,
            [id, "message_templates"] => self.message_templates(call, id),
            [id, "register"] if post => self.register(call, id),
            [id, "deregister"] if post => self.deregister(call, id),
            [id, "request_code"] if post => self.request_code(call, id),
            [id, "verify_code"] if post => self.verify_code(call, id),
            [id] if lock(&self.inner.state).numbers.contains_key(id) => self.number_node(call, id).await,
            [id] => self.media_node(call, id),
            [id, ..] => Err(unknown_object(id)),
            [] => Err(unknown_object("")),
        }
    }

    async fn read(&self, parts: Parts, query: Fields, body: Bytes) -> Result<Call, GraphError> {
        let mut params = Map::new();
        for (name, value) in query.0 {
            params.insert(name, Value::String(value));
        }
        let bearer = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("OAuth ")))
            .map(str::to_owned);
        let method = parts.method.clone();
        let mut file = None;
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
        let access_token = access_token.ok_or_else(|| graph(190, "Invalid OAuth access token - Cannot parse access token"))?;
        let token = self.token(&access_token)?;
        Ok(Call { method, params, file, token })
    }

    pub(crate) fn token(&self, access_token: &str) -> Result<Token, GraphError> {
        let state = lock(&self.inner.state);
        if let Some((app, secret)) = access_token.split_once('|') {
            let fits = state.apps.get(app).is_some_and(|known| bool::from(known.secret.as_bytes().ct_eq(secret.as_bytes())));
            let token = Token { app: app.to_owned(), accounts: Vec::new(), revoked: None };
            return if fits { Ok(token) } else { Err(graph(190, "Invalid OAuth access token signature.")) };
        }
        let token = state.tokens.get(access_token).ok_or_else(|| graph(190, "Invalid OAuth access token - Cannot parse access token"))?;
        match token.revoked {
            Some(190) => Err(graph(190, "Error validating access token: Session has expired.")),
            Some(code) => Err(graph(code, format!("(#{code}) Permission denied"))),
            None => Ok(token.clone()),
        }
    }

    /// A number that the token may use.
    pub(crate) fn number(&self, call: &Call, id: &str) -> Result<Number, GraphError> {
        let state = lock(&self.inner.state);
        let number = state.numbers.get(id).ok_or_else(|| unknown_object(id))?;
        self.may(call, &number.account).then(|| number.clone()).ok_or_else(|| unknown_object(id))
    }

    /// Whether the token may use a business account.
    pub(crate) fn may(&self, call: &Call, account: &str) -> bool {
        call.token.accounts.iter().any(|own| own == account)
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
        if name == "file" {
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
