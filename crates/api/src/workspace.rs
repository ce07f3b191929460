//! The web workspace: files built beforehand and embedded, served from memory with their compressed variants.
//!
//! Nothing is compressed or read at request time. Whatever is no file and no API address is the workspace's own route.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Built;

/// What a page may load: itself, pictures that it made, and its own sockets.
const PAGE_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Files whose name holds a hash of their content live here and never change.
const HASHED: &str = "assets/";

/// First segments of paths that belong to protocols: a miss there is never the workspace's page.
const PROTOCOLS: [&str; 7] = ["api", "csdr", "webhooks", "v1", "v2", "ws_api", "simulators"];

/// Serves a file, or the page for one of its own routes.
pub(crate) async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "There is nothing here to change.\n");
    }
    let path = request.uri().path().trim_start_matches('/');
    let head = *request.method() == Method::HEAD;
    if !path.is_empty() && is_public(path) && Built::get(path).is_some() {
        return file(path, request.headers(), head);
    }
    if !is_page(path, request.headers()) {
        return plain(StatusCode::NOT_FOUND, "There is nothing here.\n");
    }
    if Built::get("index.html").is_none() {
        return plain(StatusCode::NOT_FOUND, "This server was built without the web workspace. Run `make build`.\n");
    }
    file("index.html", request.headers(), head)
}

/// The compressed variants are not files of their own.
fn is_public(path: &str) -> bool {
    !path.ends_with(".br") && !path.ends_with(".gz")
}

fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let named = path.rsplit('/').next().unwrap_or_default().contains('.');
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let wants_page = accept.contains("text/html") || accept.contains("*/*");
    !PROTOCOLS.contains(&first) && !path.starts_with(HASHED) && !named && wants_page
}

fn file(path: &str, headers: &HeaderMap, head: bool) -> Response {
    let Some((encoding, found)) = variant(path, headers) else {
        return plain(StatusCode::NOT_FOUND, "There is nothing here.\n");
    };
    let tag = format!("\"{}\"", hex::encode(&found.metadata.sha256_hash()[..12]));
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|known| known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*"));
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
    put(out, header::CACHE_CONTROL, if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" });
    put(out, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(out, header::REFERRER_POLICY, "no-referrer");
    put(out, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(out, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    put(out, HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    put(out, header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    put(out, header::X_FRAME_OPTIONS, "DENY");
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    put(out, header::CONTENT_TYPE, &kind);
    if let Some(encoding) = encoding {
        put(out, header::CONTENT_ENCODING, encoding);
    }
    if head {
        put(out, header::CONTENT_LENGTH, &length.to_string());
    }
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

fn mime_of(path: &str) -> Cow<'static, str> {
    let kind = match path.rsplit('.').next().unwrap_or_default() {
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
    };
    Cow::Borrowed(kind)
}

fn plain(status: StatusCode, body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_workspaces_own_routes_get_its_page() {
        #[track_caller]
        fn check(path: &str, accept: &'static str, page: bool) {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(is_page(path, &headers), page, "{path}");
        }
        check("", "text/html", true);
        check("conversations/019aff00-0102-7304-8506-0708090a0b0c", "text/html,*/*;q=0.8", true);
        check("admin/sources", "*/*", true);
        check("admin/sources", "application/json", false);
        check("api/v1/nonsense", "text/html", false);
        check("webhooks/x", "*/*", false);
        check("assets/gone-abc123.js", "*/*", false);
        check("favicon.ico", "*/*", false);
    }

    #[test]
    fn encodings_are_taken_as_the_client_says() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("gzip;q=0.5", "gzip"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("", "gzip"));
    }
}
