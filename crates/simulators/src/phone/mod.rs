//! The phone pages: `/simulators` with one phone per channel, and each simulator's control API beside it, on one origin.
//! Static files are embedded. Nothing here is inline, so the pages work under `default-src 'self'`.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderValue, Response};
use rust_embed::RustEmbed;
use serde_json::{Value, json};

use crate::Simulator;
use crate::kit::respond;

#[derive(RustEmbed)]
#[folder = "src/phone/static"]
struct Files;

/// What the pages may load: their own files, pictures they make themselves, nothing from elsewhere.
const POLICY: &str =
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Serves the phones: `/simulators`, its files below `/simulators/static/`, the list of channels at `/simulators/channels`
/// and each simulator's control API at `/simulators/api/{channel}/…`. It has no sign-in: for the demo on loopback only.
pub fn phone_router(sims: impl IntoIterator<Item = Simulator>) -> Router {
    let sims: Vec<Simulator> = sims.into_iter().collect();
    let channels: Vec<Value> = sims.iter().map(|sim| json!({ "channel": sim.channel(), "title": sim.title() })).collect();
    let mut router = Router::new()
        .route("/simulators", get(|| async { file("index.html") }))
        .route("/simulators/", get(|| async { respond::redirect(308, "/simulators") }))
        .route("/simulators/static/{name}", get(|Path(name): Path<String>| async move { file(&name) }))
        .route(
            "/simulators/channels",
            get(move || {
                let list = json!({ "channels": channels });
                async move { respond::json(200, &list) }
            }),
        );
    for sim in &sims {
        router = router.nest(&format!("/simulators/api/{}", sim.channel()), sim.control_router());
    }
    router
}

fn file(name: &str) -> Response<Body> {
    let Some(found) = Files::get(name) else {
        return respond::bytes(404, "text/plain; charset=utf-8", "no such file".into());
    };
    let content_type = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let mut response = respond::bytes(200, content_type, Bytes::from(found.data.into_owned()));
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
