//! Everything that the product says over HTTP: channels' webhooks, the admin API, the compatible protocols, the web
//! workspace, and the probes of whoever runs it.
//!
//! A handler reads a request, calls one use case, and writes the answer. Nothing here decides what happens to a
//! conversation, knows a vendor, or reaches the store but for reads that were authorised. Start at [`router`].

mod agents;
mod api_keys;
mod app_notifications;
mod apps;
mod ask;
mod audit;
mod built;
mod channel_apps;
mod channel_log;
mod channels;
pub mod compat;
mod consents;
mod consumers;
mod conversations;
mod dead_letters;
mod deliveries;
mod error;
mod given;
mod guard;
mod identity_providers;
mod openapi;
mod options;
mod page;
mod previews;
mod probes;
mod profiles;
mod scopes;
mod session;
mod settings;
mod skills;
mod sources;
mod state;
mod stats;
mod throttle;
mod users;
mod webhooks;
mod widget;
mod workspace;

pub use openapi::document as openapi_document;
pub use options::{ApiLimits, ApiOptions, Connection, Readiness};

use crate::error::ApiError;
use crate::state::Api;
use antiphon_app::App;
use axum::Router;
use axum::routing::get;
use http::StatusCode;
use std::sync::Arc;

/// The whole HTTP interface. The server puts a [`Connection`] into the extensions of each request.
pub fn router(app: Arc<App>, options: ApiOptions) -> Router {
    let extra = options.extra.clone();
    let compat = compat::CompatState {
        app: Arc::clone(&app),
        public_host: options.public_host.clone(),
        shutdown: options.shutdown.clone(),
        secure_cookies: options.secure_cookies,
        trusted_proxies: options.trusted_proxies.clone(),
        limits: options.compat.clone(),
    };
    let api = Api::new(app, options);
    // The fallbacks are inside the guard, so that a miss below /api/v1 is an error in its one shape.
    let admin = openapi::described()
        .split_for_parts()
        .0
        .route("/api/v1/openapi.json", get(openapi::show))
        .route("/api/v1/{*rest}", axum::routing::any(nothing_here))
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::middleware::from_fn_with_state(api.clone(), guard::guard));
    let own = Router::new().merge(webhooks::routes()).merge(admin).merge(probes::routes()).merge(widget::routes()).with_state(api);
    let mut all = own.merge(compat::routes(compat));
    if let Some(extra) = extra {
        all = all.merge(extra);
    }
    all.fallback(workspace::serve)
}

async fn nothing_here() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "there is no such address").remedy("see /api/v1/openapi.json")
}

async fn wrong_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "the address knows no such method")
        .remedy("see /api/v1/openapi.json")
}
