//! The web workspace, from the embedded files. Whatever is no file and no API address is the workspace's own route.

use crate::built::{self, IMMUTABLE, REVALIDATED, plain};
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};

/// What a page may load: itself, pictures that it made, and its own sockets.
const PAGE_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Files whose name holds a hash of their content live here and never change.
const HASHED: &str = "assets/";

/// First segments of paths that belong to protocols: a miss there is never the workspace's page.
const PROTOCOLS: [&str; 8] = ["api", "csdr", "webhooks", "v1", "v2", "ws_api", "simulators", "widget"];

/// The widget's files stand among the workspace's, and are served under other rules.
const OTHERS: &str = "widget/";

/// Serves a file, or the page for one of its own routes.
pub(crate) async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "There is nothing here to change.\n");
    }
    let path = request.uri().path().trim_start_matches('/');
    let head = *request.method() == Method::HEAD;
    if !path.starts_with(OTHERS) && built::exists(path) {
        return file(path, request.headers(), head);
    }
    if !is_page(path, request.headers()) {
        return plain(StatusCode::NOT_FOUND, "There is nothing here.\n");
    }
    if !built::exists("index.html") {
        return plain(StatusCode::NOT_FOUND, "This server was built without the web workspace. Run `make build`.\n");
    }
    file("index.html", request.headers(), head)
}

fn file(path: &str, headers: &HeaderMap, head: bool) -> Response {
    let more = [
        (header::CACHE_CONTROL, if path.starts_with(HASHED) { IMMUTABLE } else { REVALIDATED }),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    built::file(path, headers, head, &more).unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "There is nothing here.\n"))
}

fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let named = path.rsplit('/').next().unwrap_or_default().contains('.');
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let wants_page = accept.contains("text/html") || accept.contains("*/*");
    !PROTOCOLS.contains(&first) && !path.starts_with(HASHED) && !named && wants_page
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

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
        check("widget/frame/12345678/shop", "text/html", false);
    }
}
