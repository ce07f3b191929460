//! What every handler shares.

use crate::options::{ApiOptions, Connection};
use crate::throttle::Throttle;
use antiphon_app::App;
use http::{HeaderMap, header};
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) app: Arc<App>,
    pub(crate) options: ApiOptions,
    pub(crate) requests: Throttle<String>,
    pub(crate) sign_ins: Throttle<IpAddr>,
}

impl Deref for Api {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// A request as its sender made it, behind any trusted proxy.
pub(crate) struct Origin {
    pub(crate) peer: IpAddr,
    pub(crate) https: bool,
    /// As the sender addressed us; empty when they did not say.
    pub(crate) host: String,
}

impl Api {
    pub(crate) fn new(app: Arc<App>, options: ApiOptions) -> Self {
        let limits = &options.limits;
        let requests = Throttle::per_second(limits.requests_per_s, limits.requests_burst);
        let sign_ins = Throttle::per_minute(limits.sign_ins_per_min, limits.sign_ins_burst);
        Self(Arc::new(Shared { requests, sign_ins, app, options }))
    }

    /// Who asks, and how they addressed us. Forwarded headers count only from trusted proxies.
    pub(crate) fn origin(&self, connection: Connection, headers: &HeaderMap, uri_host: Option<&str>) -> Origin {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let host = || text(header::HOST.as_str()).or(uri_host).unwrap_or_default().to_owned();
        let trusted = self.options.trusted_proxies.iter().any(|network| network.contains(connection.peer));
        if !trusted {
            return Origin { peer: connection.peer, https: connection.https, host: host() };
        }
        // A proxy appends: the last value is what the one next to us saw.
        let last = |name: &str| text(name).and_then(|value| value.rsplit(',').next()).map(str::trim).filter(|value| !value.is_empty());
        Origin {
            peer: last("x-forwarded-for").and_then(|peer| peer.parse().ok()).unwrap_or(connection.peer),
            https: last("x-forwarded-proto").map_or(connection.https, |scheme| scheme.eq_ignore_ascii_case("https")),
            host: last("x-forwarded-host").map_or_else(host, str::to_owned),
        }
    }
}
