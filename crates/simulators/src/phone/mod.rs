//! The phone pages: `/simulators` with one phone per channel, and each simulator's control API beside it, on one origin.
//! Static files are embedded. Nothing here is inline, so the pages work under `default-src 'self'`.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
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

/// Serves the phones: `/simulators`, its files below `/simulators/static/`, the list of channels at `/simulators/channels`, their changes at
/// `/simulators/events`
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
    let all = sims.clone();
    router = router.route("/simulators/events", get(move || events(all.clone())));
    for sim in &sims {
        router = router.nest(&format!("/simulators/api/{}", sim.channel()), sim.control_router());
    }
    match shop {
        Some(shop) => router.merge(shop.router()),
        None => router,
    }
}

/// The changes of all simulators in one stream: a `change` with the channel's id. A browser holds six connections to a server, so a stream
/// for each phone would leave none for anything else.
async fn events(sims: Vec<Simulator>) -> Response<Body> {
    let changes = sims.into_iter().map(|sim| {
        let mut receiver = sim.watch_changes();
        receiver.mark_changed();
        let changes = stream::unfold((sim, receiver), |(sim, mut receiver)| async move {
            receiver.changed().await.ok()?;
            let event = Event::default().event("change").data(sim.channel());
            Some((Ok::<_, Infallible>(event), (sim, receiver)))
        });
        changes.boxed()
    });
    Sse::new(stream::select_all(changes)).keep_alive(KeepAlive::default()).into_response()
}

fn file(name: &str) -> Response<Body> {
    match Files::get(name) {
        Some(found) => page_file(name, Bytes::from(found.data.into_owned()), POLICY),
        None => respond::bytes(404, "text/plain; charset=utf-8", "no such file".into()),
    }
}
