//! What whoever wires the server hands in, and what a connection carries along.

use crate::compat::CompatLimits;
use antiphon_domain::account::Network;
use axum::Router;
use futures_util::future::BoxFuture;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::watch;

/// Asks whether the installation can serve; the error is a sentence for whoever runs it.
pub type Readiness = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// What the HTTP interface is made with.
#[derive(Clone)]
pub struct ApiOptions {
    /// What discovery returns, as `HOST:PORT`.
    pub public_host: String,
    /// Whether this is the demo with its simulated phones.
    pub demo: bool,
    /// Turns true when the server stops: sockets close.
    pub shutdown: watch::Receiver<bool>,
    /// Writes all metrics in the Prometheus text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Checks the store, the migrations and the disk.
    pub readiness: Readiness,
    /// Cookies are `Secure` on every connection: something in front of us speaks TLS. On our own TLS listener they always are.
    pub secure_cookies: bool,
    /// Whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// Further pages, for example the simulators' phones.
    pub extra: Option<Router>,
    /// How often one may ask, and how much.
    pub limits: ApiLimits,
    /// The same for the compatible protocols.
    pub compat: CompatLimits,
}

/// Bounds of the HTTP interface.
#[derive(Clone, Debug)]
pub struct ApiLimits {
    /// Requests per second of one user, on average.
    pub requests_per_s: NonZeroU32,
    /// Requests of one user at once.
    pub requests_burst: NonZeroU32,
    /// Log-ins per minute from one address, on average; an office behind one address signs in at nine together.
    pub sign_ins_per_min: NonZeroU32,
    /// Log-ins from one address at once.
    pub sign_ins_burst: NonZeroU32,
    /// Largest body of an admin request, in bytes.
    pub body_bytes: usize,
    /// Largest webhook, in bytes.
    pub webhook_bytes: usize,
    /// Milliseconds that one admin request may take.
    pub request_ms: i64,
    /// Milliseconds that one webhook may take, its body included.
    pub webhook_ms: i64,
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            requests_per_s: at_least_one(50),
            requests_burst: at_least_one(300),
            sign_ins_per_min: at_least_one(60),
            sign_ins_burst: at_least_one(120),
            body_bytes: 1 << 20,
            webhook_bytes: 4 << 20,
            request_ms: 30_000,
            webhook_ms: 30_000,
        }
    }
}

/// The connection that a request came over. The server puts one into every request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Who is at the other end.
    pub peer: IpAddr,
    /// Whether it is our TLS listener.
    pub https: bool,
}

impl Default for Connection {
    fn default() -> Self {
        Self { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), https: false }
    }
}
