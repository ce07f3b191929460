//! The web files: built beforehand, embedded, and served from memory with their compressed variants.
//!
//! Nothing is compressed or read at request time. Who may frame or load a file says the caller, by headers.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Built;

/// For files that may change at any time: asked about again with every use.
pub(crate) const REVALIDATED: &str = "no-cache";
/// For files whose name holds a hash of their content: they never change.
pub(crate) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Whether there is such a file. The compressed variants are not files of their own.
pub(crate) fn exists(path: &str) -> bool {
    !path.ends_with(".br") && !path.ends_with(".gz") && Built::get(path).is_some()
}

/// A file with further headers, or `None` when there is none.
pub(crate) fn file(path: &str, headers: &HeaderMap, head: bool, more: &[(HeaderName, &str)]) -> Option<Response> {
    let (encoding, found) = variant(path, headers)?;
    // A client that holds the file keeps its old headers, so the tag stands for these too.
    let mut digest = Sha256::new_with_prefix(found.metadata.sha256_hash());
    for (name, value) in more {
        digest.update(name.as_str());
        digest.update(value);
    }
    let tag = tag_of(&digest.finalize());
    let known = is_known(headers, &tag);
    let kind = mime_of(path);
    let length = found.data.len();
    let body = match found.data {
        _ if known || head => Bytes::new(),
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let mut response = Response::new(Body::from(body));
    let put = |headers: &mut HeaderMap, name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    let out = response.headers_mut();
    put(out, header::ETAG, &tag);
    put(out, header::VARY, "Accept-Encoding");
    put(out, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    for (name, value) in more {
        put(out, name.clone(), value);
    }
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Some(response);
    }
    put(out, header::CONTENT_TYPE, kind);
    if let Some(encoding) = encoding {
        put(out, header::CONTENT_ENCODING, encoding);
    }
    if head {
        put(out, header::CONTENT_LENGTH, &length.to_string());
    }
    Some(response)
}

/// An entity tag of a digest.
pub(crate) fn tag_of(digest: &[u8]) -> String {
    format!("\"{}\"", hex::encode(&digest[..12]))
}

/// Whether the client holds what has this tag.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*"))
}

/// A sentence in plain text.
pub(crate) fn plain(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The smallest variant that the client takes.
fn variant(path: &str, headers: &HeaderMap) -> Option<(Option<&'static str>, EmbeddedFile)> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let variants = [("br", "br"), ("gzip", "gz")];
    let fitting = variants.into_iter().filter(|(encoding, _)| accepts(accepted, encoding));
    let compressed = fitting.filter_map(|(encoding, end)| Some((Some(encoding), Built::get(&format!("{path}.{end}"))?))).next();
    compressed.or_else(|| Some((None, Built::get(path)?)))
}

fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        let named = words.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = words.any(|word| word.strip_prefix("q=").is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0)));
        named && !refused
    })
}

fn mime_of(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_taken_as_the_client_says() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("gzip;q=0.5", "gzip"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("", "gzip"));
    }
}
