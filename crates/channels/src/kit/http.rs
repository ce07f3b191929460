//! Building calls and reading answers.

use antiphon_app::ports::net::{NetAnswer, NetRequest};
use antiphon_domain::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// A header's text; absent when it is not ASCII.
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Sets a header that names a credential: it is marked so that logs leave it out.
pub fn authorize(request: &mut NetRequest, value: &str) {
    // A credential with control characters can't be sent; the vendor then answers that it is missing.
    if let Ok(mut value) = HeaderValue::from_str(value) {
        value.set_sensitive(true);
        request.headers.insert(header::AUTHORIZATION, value);
    }
}

/// The `Authorization` value for a name and a password.
pub fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

/// A POST with a body.
pub fn post(url: String, content_type: &str, body: impl Into<bytes::Bytes>) -> NetRequest {
    let mut request = NetRequest::new(Method::POST, url);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        request.headers.insert(header::CONTENT_TYPE, value);
    }
    request.body = body.into();
    request
}

/// A GET that wants JSON.
pub fn get(url: String) -> NetRequest {
    let mut request = NetRequest::new(Method::GET, url);
    request.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    request
}

/// What the answer's `Retry-After` asks for, in milliseconds.
pub fn retry_after(answer: &NetAnswer, now: Timestamp) -> Option<i64> {
    super::time::retry_after(header(&answer.headers, "retry-after")?, now)
}

/// A file's name as `Content-Disposition` gives it, without any path.
pub fn file_name(headers: &HeaderMap) -> Option<String> {
    let disposition = header(headers, HeaderName::from_static("content-disposition").as_str())?;
    let after = disposition.split(';').map(str::trim).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("filename").then_some(value.trim())
    })?;
    let name = after.trim_matches('"').rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    (!name.is_empty() && name != "." && name != "..").then_some(name)
}

/// Scheme, host and port of an address, in lower case; nothing if it has none.
pub fn origin(address: &str) -> Option<String> {
    let parsed = url::Url::parse(address).ok()?;
    let host = parsed.host_str()?;
    Some(format!("{}://{host}:{}", parsed.scheme(), parsed.port_or_known_default()?))
}

/// One part of a multipart body.
pub struct FormPart<'a> {
    /// Its name.
    pub name: &'a str,
    /// The file's name, if it is one.
    pub file_name: Option<&'a str>,
    /// Its media type; none for plain fields.
    pub content_type: Option<&'a str>,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// A `multipart/form-data` body and its content type. `seed` makes the boundary; it is varied until no part contains it.
pub fn multipart(seed: &str, parts: &[FormPart<'_>]) -> (String, Vec<u8>) {
    let contained =
        |boundary: &str| parts.iter().any(|part| part.bytes.windows(boundary.len()).any(|window| window == boundary.as_bytes()));
    let mut boundary = format!("part-{seed}");
    while contained(&boundary) {
        boundary.push('x');
    }
    // Quotes and line ends would break out of the header.
    let plain = |text: &str| text.chars().map(|c| if c.is_control() || c == '"' || c == '\\' { '_' } else { c }).collect::<String>();
    let mut body = Vec::new();
    for part in parts {
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", plain(part.name));
        if let Some(name) = part.file_name {
            head.push_str(&format!("; filename=\"{}\"", plain(name)));
        }
        if let Some(content_type) = part.content_type {
            head.push_str(&format!("\r\nContent-Type: {}", plain(content_type)));
        }
        head.push_str("\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(part.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}
