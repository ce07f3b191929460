//! The one way out: HTTP calls to vendors, brands' endpoints and media hosts.
//!
//! The implementation resolves the host once, refuses private addresses (except where allowed), connects to the
//! address it checked, re-checks redirects, and bounds time and size.

use antiphon_domain::account::Network;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// A call.
#[derive(Clone, Debug)]
pub struct NetRequest {
    /// The method.
    pub method: http::Method,
    /// The absolute address.
    pub url: String,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body's bytes.
    pub body: Bytes,
    /// Milliseconds for the whole call.
    pub timeout_ms: u64,
    /// An answer with a longer body is an error. Bytes.
    pub max_answer_bytes: u64,
    /// Only the beginning of the answer is wanted: a longer body is cut off there and is no error.
    pub cut_answer: bool,
    /// How many redirects are followed; credentials are not sent to another host.
    pub redirects: u8,
}

impl NetRequest {
    /// A call without headers and body: 15 s, 1 MiB, no redirects.
    pub fn new(method: http::Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: http::HeaderMap::new(),
            body: Bytes::new(),
            timeout_ms: 15_000,
            max_answer_bytes: 1 << 20,
            cut_answer: false,
            redirects: 0,
        }
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct NetAnswer {
    /// HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The address is not one that may be called; nothing was sent.
    #[error("the address is not allowed: {0}")]
    Forbidden(String),
    /// No connection: nothing was sent.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// The request may have been processed, but no answer came in time.
    #[error("no answer within {0} ms")]
    Timeout(u64),
    /// The connection broke after the request was, or may have been, written.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The answer is larger than allowed.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(u64),
}

impl NetError {
    /// Whether the other side certainly did not get the request.
    pub fn certainly_not_sent(&self) -> bool {
        matches!(self, NetError::Forbidden(_) | NetError::NoConnection(_))
    }
}

/// Makes clients for an account's calls.
pub trait NetFactory: Send + Sync {
    /// A client that besides public addresses reaches the given private networks, and the host of `trusted_base` wherever that is.
    fn for_account(&self, allow: &[Network], trusted_base: Option<&str>) -> Arc<dyn Net>;
    /// A client that reaches the given networks and nothing else: for what must not leave them.
    fn inside(&self, networks: &[Network]) -> Arc<dyn Net>;
}

/// Outbound HTTP.
pub trait Net: Send + Sync {
    /// Makes one call.
    fn call<'a>(&'a self, request: NetRequest) -> BoxFuture<'a, Result<NetAnswer, NetError>>;
}
