//! The phone pages: `/simulators` with one phone per channel, and each simulator's control API beside it, on one origin.
//! Static files are embedded. Nothing here is inline, so the pages work under `default-src 'self'`.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use bytes::Bytes;
use http::Response;
use rust_embed::RustEmbed;
use serde_json::{Value, json};

use crate::kit::respond;
use crate::pages::page_file;
use crate::{Shop, Simulator};

#[derive(RustEmbed)]
#[folder = "src/phone/static"]
struct Files;

/// What the pages may load: their own files, pictures they make themselves, nothing from elsewhere.
const POLICY: &str =
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Serves the phones: `/simulators`, its files below `/simulators/static/`, the list of channels at `/simulators/channels`
/// and each simulator's control API at `/simulators/api/{channel}/…`; with a shop, that too, at `/simulators/shop`. It has no sign-in: for
/// the demo on loopback only.
pub fn phone_router(sims: impl IntoIterator<Item = Simulator>, shop: Option<Shop>) -> Router {
    let sims: Vec<Simulator> = sims.into_iter().collect();
    let channels: Vec<Value> = sims.iter().map(|sim| json!({ "channel": sim.channel(), "title": sim.title() })).collect();
    let has_shop = shop.is_some();
    let mut router = Router::new()
        .route("/simulators", get(|| async { file("index.html") }))
        .route("/simulators/", get(|| async { respond::redirect(308, "/simulators") }))
        .route("/simulators/static/{name}", get(|Path(name): Path<String>| async move { file(&name) }))
        .route(
            "/simulators/channels",
            get(move || {
                let list = json!({ "channels": channels, "shop": has_shop });
                async move { respond::json(200, &list) }
            }),
        );
    for sim in &sims {
        router = router.nest(&format!("/simulators/api/{}", sim.channel()), sim.control_router());
    }
    match shop {
        Some(shop) => router.merge(shop.router()),
        None => router,
    }
}

fn file(name: &str) -> Response<Body> {
    match Files::get(name) {
        Some(found) => page_file(name, Bytes::from(found.data.into_owned()), POLICY),
        None => respond::bytes(404, "text/plain; charset=utf-8", "no such file".into()),
    }
}
