//! `GET /widget.js`, which pages of any origin include, and the files of the frame.

use crate::built::{self, IMMUTABLE, plain};
use axum::extract::Path;
use axum::response::Response;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};

const SCRIPT: &str = "widget/widget.js";
/// For how long a browser uses the script without asking: pages see an upgrade after some minutes.
const KEPT: &str = "public, max-age=300";

pub(super) async fn show(method: Method, headers: HeaderMap) -> Response {
    let more = [
        (header::CACHE_CONTROL, KEPT),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    let script = built::file(SCRIPT, &headers, method == Method::HEAD, &more);
    script.unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "This server was built without the web widget. Run `make build`.\n"))
}

pub(super) async fn asset(method: Method, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("widget/assets/{name}");
    let more = [(header::CACHE_CONTROL, IMMUTABLE), (HeaderName::from_static("cross-origin-resource-policy"), "same-origin")];
    let found = built::exists(&path).then(|| built::file(&path, &headers, method == Method::HEAD, &more)).flatten();
    found.unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "There is nothing here.\n"))
}
