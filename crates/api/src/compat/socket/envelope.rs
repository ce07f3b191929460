//! The envelope of the sockets: one JSON object for each text frame, requests in, responses and notifications out.
//!
//! Tolerant of what published clients send (numeric ids, absent bodies, odd headers), strict in what it sends: arrays
//! stay arrays, `reqId` is a string, and an error never carries a type that clients transform. Knows no request's meaning.

use axum::extract::ws::Utf8Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The type of responses whose body is a bare string.
pub(in crate::compat) const STRING_RESPONSE: &str = ".ReqBody$StringResp";
/// The type of error responses with title and code.
const ERROR_RESPONSE: &str = ".ReqBody$ErrorResp";
/// Longest `id` of a request, in characters.
const MAX_ID: usize = 64;

/// Frames on their way out, in order.
pub(in crate::compat) type Out = Vec<Utf8Bytes>;

/// A request as it came in.
#[derive(Debug)]
pub(in crate::compat) struct Request<'a> {
    /// Correlates the response; a number is kept as its digits.
    pub id: String,
    /// The last segment of the type, for example `PublishEvent`: both families of names end alike.
    pub name: String,
    /// The body's JSON; absent for some requests.
    pub body: Option<&'a RawValue>,
    /// The envelope's metadata: a JSON array, never empty.
    pub metadata: Option<Cow<'a, str>>,
    /// The envelope's headers, in whatever form: clients send lists, `null`, `{}` and `true`.
    pub headers: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
}

/// Why a request is not fulfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::compat) struct Failure {
    /// HTTP semantics.
    pub code: u16,
    /// What the client is told.
    pub said: Said,
}

/// What a client is told about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::compat) enum Said {
    /// One of the protocol's documented sentences, or one in their form.
    Sentence(Cow<'static, str>),
    /// Our own: a title, details that name field, problem and remedy, and a number below the code.
    Error {
        /// What class of problem.
        title: &'static str,
        /// What exactly, and what to do.
        details: String,
        /// `errorCode` is the code times 100 plus this.
        number: u32,
    },
}

impl Failure {
    /// A failure in the form of the documented sentences.
    pub(in crate::compat) fn sentence(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, said: Said::Sentence(text.into()) }
    }

    fn error(code: u16, number: u32, title: &'static str, details: impl Into<String>) -> Self {
        Self { code, said: Said::Error { title, details: details.into(), number } }
    }

    /// The request makes no sense as it stands.
    pub(in crate::compat) fn bad_request(details: impl Into<String>) -> Self {
        Self::error(400, 0, "Bad request", details)
    }

    /// A parameter is missing.
    pub(in crate::compat) fn missing(details: impl Into<String>) -> Self {
        Self::error(400, 1, "Missing parameter", details)
    }

    /// Nobody knows yet who asks, or their token is not believed.
    pub(in crate::compat) fn unauthorized(title: &'static str, details: impl Into<String>) -> Self {
        Self::error(401, 5, title, details)
    }

    /// The caller may not.
    pub(in crate::compat) fn forbidden(details: impl Into<String>) -> Self {
        Self::error(403, 0, "Forbidden", details)
    }

    /// There is no such thing, or the caller may not know of it.
    pub(in crate::compat) fn not_found(details: impl Into<String>) -> Self {
        Self::error(404, 0, "Not found", details)
    }

    /// The same key was used for something else.
    pub(in crate::compat) fn conflict(details: impl Into<String>) -> Self {
        Self::error(409, 0, "Conflict", details)
    }

    /// Over a size limit.
    pub(in crate::compat) fn too_large(details: impl Into<String>) -> Self {
        Self::error(413, 0, "Too large", details)
    }

    /// Over a rate or count limit.
    pub(in crate::compat) fn too_many(details: impl Into<String>) -> Self {
        Self::error(429, 0, "Too many requests", details)
    }

    /// Known, and not offered.
    pub(in crate::compat) fn not_offered(details: impl Into<String>) -> Self {
        Self::error(501, 1, "Not offered", details)
    }

    /// The store can't take or give anything right now.
    pub(in crate::compat) fn unavailable() -> Self {
        Self::error(503, 1, "Unable to access resource", "nothing was stored; try again in a few seconds")
    }

    /// The conversation or dialog is closed: the documented sentence.
    pub(in crate::compat) fn closed() -> Self {
        Self::sentence(400, "Bad Request, Conversation is close")
    }
}

/// Reads a frame. On failure also returns the request's id, as far as it could be read.
pub(in crate::compat) fn read(text: &str) -> Result<Request<'_>, (Option<String>, Failure)> {
    let frame: Frame<'_> = serde_json::from_str(text)
        .map_err(|error| (None, Failure::bad_request(format!("the frame is not a JSON object of the protocol: {error}"))))?;
    let id = read_id(frame.id).map_err(|failure| (None, failure))?;
    let fail = |failure| (Some(id.clone()), failure);
    if frame.kind.as_deref().is_some_and(|kind| kind != "req") {
        return Err(fail(Failure::bad_request("kind: clients send requests only, so it must be \"req\"")));
    }
    let name = frame.name.ok_or_else(|| fail(Failure::missing("type: name the request, for example \"ms.PublishEvent\"")))?;
    let name = last_segment(&name).ok_or_else(|| fail(unknown(&name)))?.to_owned();
    let metadata = read_metadata(frame.metadata).map_err(fail)?;
    Ok(Request { id, name, body: frame.body, metadata, headers: frame.headers })
}

/// The answer to a type that this server does not know.
pub(in crate::compat) fn unknown(name: &str) -> Failure {
    let shown: String = name.chars().take(80).collect();
    Failure::bad_request(format!("type: {shown:?} is no request of this socket"))
}

fn read_id(raw: Option<&RawValue>) -> Result<String, Failure> {
    let raw = raw.map(RawValue::get).ok_or_else(|| Failure::missing("id: give each request an id of 1 to 64 characters"))?;
    let id = match raw.as_bytes()[0] {
        b'"' => serde_json::from_str::<String>(raw).unwrap_or_default(),
        b'-' | b'0'..=b'9' => raw.to_owned(),
        _ => String::new(),
    };
    let fits = (1..=MAX_ID).contains(&id.chars().count());
    if fits { Ok(id) } else { Err(Failure::bad_request("id: must be a string of 1 to 64 characters, or a number")) }
}

/// Both families of names end in the same word; what comes before it must be one of the known prefixes.
fn last_segment(name: &str) -> Option<&str> {
    let name = name.strip_prefix('.').unwrap_or(name);
    let (prefix, word) = name.rsplit_once('.').unwrap_or(("", name));
    let prefix = prefix.strip_prefix("ams").map_or(prefix, |rest| rest.strip_prefix('.').unwrap_or(rest));
    match prefix {
        "" | "cqm" | "aam" | "ms" | "ms.token" | "cm" | "routing" | "userprofile" | "up" => Some(word),
        "antiphon" if word == "Subscribe" => Some("antiphon.Subscribe"),
        _ => None,
    }
}

fn read_metadata(raw: Option<&RawValue>) -> Result<Option<Cow<'_, str>>, Failure> {
    let Some(raw) = raw.map(RawValue::get) else { return Ok(None) };
    match raw.as_bytes()[0] {
        b'[' if raw[1..].trim_start() == "]" => Ok(None),
        b'[' => Ok(Some(Cow::Borrowed(raw))),
        // A list of one may arrive as its only element.
        b'{' if raw[1..].trim_start() == "}" => Ok(None),
        b'{' => Ok(Some(Cow::Owned(format!("[{raw}]")))),
        _ => Err(Failure::bad_request("metadata: must be a list of objects with a type")),
    }
}

/// Reads a request's body; an absent one is `{}`.
pub(in crate::compat) fn body<'a, T: Deserialize<'a>>(request: &Request<'a>) -> Result<T, Failure> {
    let text = request.body.map_or("{}", RawValue::get);
    serde_json::from_str(text).map_err(|error| Failure::bad_request(format!("body: {error}")))
}

#[derive(Serialize)]
struct Response<'a, B> {
    kind: &'static str,
    #[serde(rename = "reqId", skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
    code: u16,
    #[serde(rename = "type")]
    name: &'a str,
    body: B,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    title: &'a str,
    details: &'a str,
    error_code: u32,
}

#[derive(Serialize)]
struct Notification<'a, B> {
    kind: &'static str,
    #[serde(rename = "type")]
    name: &'a str,
    body: B,
}

/// A response frame.
pub(in crate::compat) fn respond(request: &Request<'_>, code: u16, name: &str, body: impl Serialize) -> Utf8Bytes {
    frame(&Response { kind: "resp", request: Some(&request.id), code, name, body })
}

/// A response frame whose body is a sentence.
pub(in crate::compat) fn respond_sentence(request: &Request<'_>, code: u16, text: &str) -> Utf8Bytes {
    respond(request, code, STRING_RESPONSE, text)
}

/// The response frame of a failure.
pub(in crate::compat) fn respond_failure(request: Option<&str>, failure: &Failure) -> Utf8Bytes {
    let code = failure.code;
    match &failure.said {
        Said::Sentence(text) => frame(&Response { kind: "resp", request, code, name: STRING_RESPONSE, body: text }),
        Said::Error { title, details, number } => {
            let body = ErrorBody { title, details, error_code: u32::from(code) * 100 + number };
            frame(&Response { kind: "resp", request, code, name: ERROR_RESPONSE, body })
        }
    }
}

/// A notification frame.
pub(in crate::compat) fn notify(name: &str, body: impl Serialize) -> Utf8Bytes {
    frame(&Notification { kind: "notification", name, body })
}

fn frame(value: &impl Serialize) -> Utf8Bytes {
    // Our own structs with string keys always serialise.
    serde_json::to_string(value).unwrap_or_default().into()
}

/// A list that a client may have collapsed to its only element.
#[derive(Deserialize)]
#[serde(untagged)]
pub(in crate::compat) enum OneOrMany<T> {
    /// The list.
    Many(Vec<T>),
    /// Its only element.
    One(T),
}

impl<T> OneOrMany<T> {
    /// The list.
    pub(in crate::compat) fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(list) => list,
            Self::One(only) => vec![only],
        }
    }
}

/// A value that clients send as a string or as a number.
#[derive(Deserialize)]
#[serde(untagged)]
pub(in crate::compat) enum TextOrNumber {
    /// As a string.
    Text(String),
    /// As a number.
    Number(i64),
}

impl TextOrNumber {
    /// As a string.
    pub(in crate::compat) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, id: &str, name: &str, body: Option<&str>, metadata: Option<&str>) {
        let request = read(text).expect(text);
        let shown = (request.id.as_str(), request.name.as_str(), request.body.map(RawValue::get), request.metadata.as_deref());
        assert_eq!(shown, (id, name, body, metadata), "{text}");
    }

    #[test]
    fn requests_of_both_families_are_read() {
        check(r#"{"kind":"req","id":"a1","type":"ms.PublishEvent","body":{}}"#, "a1", "PublishEvent", Some("{}"), None);
        check(r#"{"kind":"req","id":1,"type":"GetClock"}"#, "1", "GetClock", None, None);
        check(r#"{"id":"0","type":".GetClock","body":null,"headers":true}"#, "0", "GetClock", None, None);
        check(
            r#"{"kind":"req","id":"x","type":".ams.aam.SubscribeExConversations","headers":{}}"#,
            "x",
            "SubscribeExConversations",
            None,
            None,
        );
        check(r#"{"id":"x","type":"cqm.SubscribeExConversations","headers":null}"#, "x", "SubscribeExConversations", None, None);
        check(r#"{"id":"x","type":".ams.ms.token.GenerateDownloadToken"}"#, "x", "GenerateDownloadToken", None, None);
        check(r#"{"id":"x","type":"antiphon.Subscribe"}"#, "x", "antiphon.Subscribe", None, None);
        check(r#"{"id":"x","type":"up.GetUserProfile","body":"c1"}"#, "x", "GetUserProfile", Some("\"c1\""), None);
        check(r#"{"id":"x","type":"GetClock","metadata":[]}"#, "x", "GetClock", None, None);
        check(r#"{"id":"x","type":"GetClock","metadata":[ {"type":"A"}]}"#, "x", "GetClock", None, Some(r#"[ {"type":"A"}]"#));
        check(r#"{"id":"x","type":"GetClock","metadata":{"type":"A"}}"#, "x", "GetClock", None, Some(r#"[{"type":"A"}]"#));
    }

    #[test]
    fn what_is_no_request_is_answered_with_the_reason() {
        fn check(text: &str, expected: &str) {
            let (id, failure) = read(text).expect_err(text);
            assert_eq!(respond_failure(id.as_deref(), &failure).as_str(), expected, "{text}");
        }
        let error = |id: &str, number: u32, title: &str, details: &str| {
            let id = if id.is_empty() { String::new() } else { format!(r#""reqId":"{id}","#) };
            let body = serde_json::json!({ "details": details });
            let details = body["details"].to_string();
            format!(
                r#"{{"kind":"resp",{id}"code":400,"type":".ReqBody$ErrorResp","body":{{"title":"{title}","details":{details},"errorCode":{number}}}}}"#
            )
        };
        check("{}", &error("", 40001, "Missing parameter", "id: give each request an id of 1 to 64 characters"));
        check(
            r#"{"id":"","type":"GetClock"}"#,
            &error("", 40000, "Bad request", "id: must be a string of 1 to 64 characters, or a number"),
        );
        check(
            r#"{"id":[],"type":"GetClock"}"#,
            &error("", 40000, "Bad request", "id: must be a string of 1 to 64 characters, or a number"),
        );
        check(r#"{"id":"7"}"#, &error("7", 40001, "Missing parameter", "type: name the request, for example \"ms.PublishEvent\""));
        check(r#"{"id":7,"type":"x.y"}"#, &error("7", 40000, "Bad request", "type: \"x.y\" is no request of this socket"));
        check(
            r#"{"kind":"resp","id":"7","type":"GetClock"}"#,
            &error("7", 40000, "Bad request", "kind: clients send requests only, so it must be \"req\""),
        );
        check(
            r#"{"id":"7","type":"GetClock","metadata":7}"#,
            &error("7", 40000, "Bad request", "metadata: must be a list of objects with a type"),
        );
        assert!(read("hello").is_err());
        assert!(read("[1]").is_err());
    }

    #[test]
    fn documented_sentences_keep_their_form() {
        let frame = respond_failure(Some("a1"), &Failure::closed());
        assert_eq!(
            frame.as_str(),
            r#"{"kind":"resp","reqId":"a1","code":400,"type":".ReqBody$StringResp","body":"Bad Request, Conversation is close"}"#
        );
    }
}
