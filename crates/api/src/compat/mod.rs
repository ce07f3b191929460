//! The compatible surface: what published clients of the messaging protocol connect to.
//!
//! Discovery, log-in, the agents' socket and the file links, byte for byte as those clients expect. The protocol's own
//! names live here and nowhere else. Nothing here decides anything: each request becomes one use case of `antiphon_app`.

mod app_install;
mod asker;
mod consumer;
mod discovery;
mod failure;
mod feature_grants;
mod files;
#[cfg(test)]
mod fixtures;
mod history;
pub(crate) mod identity;
mod idp;
mod links;
mod login;
mod pace;
mod render;
mod send;
mod sentinel;
mod signed;
mod socket;
mod webhooks;
mod wire;

use crate::throttle::Throttle;
pub use webhooks::Webhooks;

use antiphon_app::App;
use antiphon_domain::account::Network;
use antiphon_domain::id::Version;
use antiphon_domain::{AccountId, ConversationId, DialogNumber, Sequence, SourceId};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderValue, Method, StatusCode, header};
pub use pace::Rate;
use pace::{Paces, TokenPaces};
use render::Protocol;
use socket::consumer::presence::Visitors;
use socket::frames::Frames;
use socket::presence::Presence;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// What the compatible surface is made with.
#[derive(Clone)]
pub struct CompatState {
    /// The use cases.
    pub app: Arc<App>,
    /// What discovery returns, as `HOST:PORT`.
    pub public_host: String,
    /// Turns true when the server stops: sockets close with 1001.
    pub shutdown: watch::Receiver<bool>,
    /// Whether something in front of us speaks TLS, so that cookies are `Secure` on every connection.
    pub secure_cookies: bool,
    /// Whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The bounds.
    pub limits: CompatLimits,
}

/// Bounds of the compatible surface.
#[derive(Clone, Debug)]
pub struct CompatLimits {
    /// Requests per second of one socket, on average.
    pub requests_per_second: NonZeroU32,
    /// Requests of one socket at once.
    pub requests_at_once: u32,
    /// Largest frame that is worked on, in bytes; a larger one is answered with an error.
    pub frame_bytes: usize,
    /// Largest frame that is read at all, in bytes; beyond it the connection ends.
    pub hard_frame_bytes: usize,
    /// A socket on which nothing comes for so long is closed, in milliseconds. Clients ping each minute.
    pub idle_ms: i64,
    /// How long a client may take to read what is sent, in milliseconds.
    pub send_ms: i64,
    /// How long a log-in's body may take to arrive, in milliseconds.
    pub body_ms: i64,
    /// How long an upload may take, in milliseconds.
    pub upload_ms: i64,
    /// Uploads under way at once: each is held in memory until it is whole.
    pub uploads: usize,
    /// Log-ins per minute from one address, on average.
    pub sign_ins_per_min: NonZeroU32,
    /// Log-ins from one address at once.
    pub sign_ins_at_once: u32,
    /// Requests per second of one consumer's connection, on average.
    pub consumer_requests_per_second: NonZeroU32,
    /// Requests of one consumer's connection at once.
    pub consumer_requests_at_once: u32,
    /// Consumers' connections of one account.
    pub consumer_sockets: u32,
    /// Connections of one consumer.
    pub sockets_of_consumer: u32,
    /// Connections that have not said yet whose they are, of the whole installation.
    pub waiting_sockets: u32,
    /// How long a consumer may take to say who they are, in milliseconds.
    pub introduction_ms: i64,
    /// Longest request of the Send API that carries no file, in characters.
    pub request_characters: usize,
    /// Largest request of the Send API, in bytes.
    pub request_bytes: usize,
    /// Requests per second of one app over the Send API, on average.
    pub sends_per_second: NonZeroU32,
    /// Requests of one app over the Send API at once.
    pub sends_at_once: NonZeroU32,
    /// Requests for apps' tokens from one address.
    pub app_tokens_per_address: Rate,
    /// Requests for the token of one app.
    pub app_tokens_per_app: Rate,
    /// Tokens of consumers that one app gets.
    pub consumer_tokens_per_app: Rate,
    /// Tokens of visitors that one address gets: many people may be behind one.
    pub visitor_tokens_per_address: Rate,
}

const REQUESTS: NonZeroU32 = at_least_one(500);
const CONSUMER_REQUESTS: NonZeroU32 = at_least_one(50);
const SIGN_INS: NonZeroU32 = at_least_one(120);
const SENDS: NonZeroU32 = at_least_one(2_000);
const SENDS_AT_ONCE: NonZeroU32 = at_least_one(4_000);

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Default for CompatLimits {
    fn default() -> Self {
        Self {
            requests_per_second: REQUESTS,
            requests_at_once: 2_000,
            frame_bytes: 256 << 10,
            hard_frame_bytes: 1 << 20,
            idle_ms: 100_000,
            send_ms: 30_000,
            body_ms: 10_000,
            upload_ms: 60_000,
            uploads: 16,
            sign_ins_per_min: SIGN_INS,
            sign_ins_at_once: 120,
            consumer_requests_per_second: CONSUMER_REQUESTS,
            consumer_requests_at_once: 200,
            consumer_sockets: 50_000,
            sockets_of_consumer: 32,
            waiting_sockets: 2_000,
            introduction_ms: 10_000,
            request_characters: 5_000,
            request_bytes: 64 << 10,
            sends_per_second: SENDS,
            sends_at_once: SENDS_AT_ONCE,
            app_tokens_per_address: Rate::new(600, 600),
            app_tokens_per_app: Rate::new(600, 600),
            consumer_tokens_per_app: Rate::new(12_000, 2_000),
            visitor_tokens_per_address: Rate::new(120, 240),
        }
    }
}

/// What all handlers and connections share.
pub(crate) struct Shared {
    app: Arc<App>,
    public_host: String,
    shutdown: watch::Receiver<bool>,
    secure_cookies: bool,
    trusted_proxies: Vec<Network>,
    sign_ins: Paces,
    sends: Throttle<(AccountId, SourceId)>,
    paces: TokenPaces,
    uploads: Semaphore,
    limits: CompatLimits,
    presence: Arc<Presence>,
    visitors: Arc<Visitors>,
    conversations: Frames<(ConversationId, Version, Protocol)>,
    events: Frames<(ConversationId, DialogNumber, Sequence)>,
}

impl Shared {
    fn new(state: CompatState) -> Self {
        let CompatState { app, public_host, shutdown, secure_cookies, trusted_proxies, limits } = state;
        Self {
            app,
            public_host,
            shutdown,
            secure_cookies,
            trusted_proxies,
            sign_ins: Paces::new(),
            sends: Throttle::per_second(limits.sends_per_second, limits.sends_at_once),
            paces: TokenPaces::new(),
            uploads: Semaphore::new(limits.uploads),
            limits,
            presence: Arc::default(),
            visitors: Arc::default(),
            conversations: Frames::default(),
            events: Frames::default(),
        }
    }
}

impl Shared {
    /// Waits for something, but only so long.
    async fn within<T>(&self, ms: i64, what: impl Future<Output = T>) -> Option<T> {
        let clock = self.app.clock();
        tokio::select! {
            done = what => Some(done),
            () = clock.sleep_until(clock.now().plus_ms(ms)) => None,
        }
    }
}

/// The routes of the compatible surface.
pub fn routes(state: CompatState) -> Router {
    let shared = Arc::new(Shared::new(state));
    let open_to_pages = Router::new()
        .route("/api/account/{account}/service/baseURI.json", get(discovery::list))
        .route("/api/account/{account}/service/{service}/{form}", get(discovery::one))
        .route("/csdr/account/{account}/service/baseURI.json", get(discovery::list))
        .route("/csdr/account/{account}/service/baseURI.lpCsds", get(discovery::list_jsonp))
        .route("/csdr/account/{account}/service/{service}/{form}", get(discovery::one))
        .route("/api/account/{account}/login", post(login::login))
        .route("/api/account/{account}/refresh", post(login::refresh))
        .route("/api/account/{account}/logout", post(login::logout))
        .route("/v1/AUTH_async-images/{account}/{*file}", get(files::get).put(files::put))
        .route("//v1/AUTH_async-images/{account}/{*file}", get(files::get).put(files::put))
        .route("/api/account/{account}/messaging/consumer/conversation", post(send::open))
        .route("/api/account/{account}/messaging/consumer/conversation/send", post(send::send))
        .route("/messaging_history/api/account/{account}/conversations/conversation/search", post(history::by_conversation))
        .route("/messaging_history/api/account/{account}/conversations/consumer/search", post(history::by_consumer))
        .route("/messaging_history/api/account/{account}/agent-view/status", post(history::status))
        .merge(idp::routes())
        .merge(sentinel::routes())
        .merge(app_install::routes())
        .merge(feature_grants::routes())
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), signed::believe))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), see_through))
        .layer(middleware::from_fn(cross_origin));
    Router::new()
        .merge(open_to_pages)
        .merge(sentinel::pages().layer(middleware::from_fn_with_state(Arc::clone(&shared), see_through)))
        .route("/ws_api/account/{account}/messaging/brand/{bearer}", get(socket::upgrade))
        .route("/ws_api/account/{account}/messaging/consumer", get(socket::consumer::upgrade))
        .route("/ws_api/account/{account}/messaging/consumer/{token}", get(socket::consumer::upgrade_with_token))
        .with_state(shared)
}

/// What a request began is done, whether or not its caller waits.
async fn see_through(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    shared.app.see_through(next.run(request)).await
}

/// Lets pages of any origin call: published browser clients do. No cookie goes along, because credentials are not allowed.
async fn cross_origin(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut response = if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, PUT, POST, DELETE, OPTIONS"));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("content-type, accept, authorization, if-match, x-lp-on-behalf, client-properties"),
        );
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    }
    response
}
