//! The clients: one per set of allowed networks, so that no account rides on a connection that only another one may open.
//!
//! Connections are pooled and kept alive. Origins that an administrator named as a source's `api_base_url` are trusted
//! wherever they are, and have a client of their own.

use crate::call::{self, Origin};
use crate::resolve::{Judging, Reach, Resolver, SystemResolver};
use antiphon_app::ports::net::{Net, NetAnswer, NetError, NetFactory, NetRequest};
use antiphon_domain::account::Network;
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many different sets of allowed networks have their own connections; beyond, the sets' clients are made anew.
const MOST_CLIENTS: usize = 256;
/// Idle connections kept per host.
const IDLE_PER_HOST: usize = 256;
/// Shorter than most vendors' own limit, so that a call seldom meets a connection that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// A connection, with its TLS handshake, that takes longer is given up; a call's own limit may be shorter.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How the clients are made.
#[derive(Clone)]
pub struct NetOptions {
    /// Certificates (PEM, any number) of authorities trusted besides the system's.
    pub extra_ca_pem: Vec<u8>,
    /// Sent as `User-Agent` where a call brings none.
    pub user_agent: String,
    /// Finds names' addresses.
    pub resolver: Arc<dyn Resolver>,
}

impl Default for NetOptions {
    fn default() -> Self {
        Self { extra_ca_pem: Vec::new(), user_agent: "Antiphon".to_owned(), resolver: Arc::new(SystemResolver) }
    }
}

/// Outbound calls can't be made at all.
#[derive(Debug, thiserror::Error)]
pub enum NetSetupError {
    /// The extra certificates are no PEM.
    #[error("extra_ca: not a PEM file with certificates: {0}")]
    BadCertificate(String),
    /// The client could not be built.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}

/// Makes guarded clients.
pub struct GuardedNet {
    options: NetOptions,
    roots: Vec<reqwest::Certificate>,
    /// For accounts that allow nothing: nearly all.
    public: reqwest::Client,
    /// For trusted origins.
    open: reqwest::Client,
    others: Mutex<HashMap<String, reqwest::Client>>,
}

impl GuardedNet {
    /// Reads the certificates and makes the first clients.
    ///
    /// # Errors
    /// When the certificates can't be read or TLS can't be set up.
    pub fn new(options: NetOptions) -> Result<Self, NetSetupError> {
        let roots = if options.extra_ca_pem.is_empty() {
            Vec::new()
        } else {
            let read = reqwest::Certificate::from_pem_bundle(&options.extra_ca_pem);
            let roots = read.map_err(|error| NetSetupError::BadCertificate(call::chain(&error)))?;
            if roots.is_empty() {
                return Err(NetSetupError::BadCertificate("it holds none".to_owned()));
            }
            roots
        };
        let setup = |error: reqwest::Error| NetSetupError::Client(call::chain(&error));
        let public = client(&options, &roots, Reach::PublicAnd(Arc::from([]))).map_err(setup)?;
        let open = client(&options, &roots, Reach::Everywhere).map_err(setup)?;
        Ok(Self { options, roots, public, open, others: Mutex::new(HashMap::new()) })
    }

    fn client_for(&self, reach: &Reach) -> Result<reqwest::Client, String> {
        let (networks, only) = match reach {
            Reach::Everywhere => return Ok(self.open.clone()),
            Reach::PublicAnd(networks) if networks.is_empty() => return Ok(self.public.clone()),
            Reach::PublicAnd(networks) => (networks, ""),
            Reach::Only(networks) => (networks, "only"),
        };
        let mut key: Vec<String> = networks.iter().map(Network::to_string).collect();
        key.push(only.to_owned());
        key.sort_unstable();
        key.dedup();
        let key = key.join(" ");
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = others.get(&key) {
            return Ok(known.clone());
        }
        let made = client(&self.options, &self.roots, reach.clone()).map_err(|error| call::chain(&error))?;
        if others.len() >= MOST_CLIENTS {
            others.clear();
        }
        others.insert(key, made.clone());
        Ok(made)
    }
}

impl GuardedNet {
    fn net(&self, reach: Reach, trusted: Option<Origin>) -> Arc<dyn Net> {
        Arc::new(AccountNet { guarded: self.client_for(&reach), open: self.open.clone(), reach, trusted })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one HTTP client")]
fn client(options: &NetOptions, roots: &[reqwest::Certificate], reach: Reach) -> Result<reqwest::Client, reqwest::Error> {
    let builder = || {
        reqwest::Client::builder()
            .user_agent(options.user_agent.as_str())
            // Redirects are followed by `call`, which judges each; proxies from the environment would undo the guard.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .dns_resolver(Judging { resolver: Arc::clone(&options.resolver), reach: reach.clone() })
    };
    builder().tls_certs_merge(roots.iter().cloned()).build().or_else(|error| {
        // A bare machine has no certificates of authorities: plain HTTP and the configured authorities still work.
        tracing::warn!(error = %call::chain(&error), "the system's certificates of authorities can't be used: install ca-certificates");
        builder().tls_certs_only(roots.iter().cloned()).build()
    })
}

impl NetFactory for GuardedNet {
    fn for_account(&self, allow: &[Network], trusted_base: Option<&str>) -> Arc<dyn Net> {
        self.net(Reach::PublicAnd(Arc::from(allow)), trusted_base.and_then(Origin::parse))
    }

    fn inside(&self, networks: &[Network]) -> Arc<dyn Net> {
        self.net(Reach::Only(Arc::from(networks)), None)
    }
}

/// One account's client.
pub(crate) struct AccountNet {
    pub guarded: Result<reqwest::Client, String>,
    pub open: reqwest::Client,
    pub reach: Reach,
    pub trusted: Option<Origin>,
}

impl Net for AccountNet {
    fn call<'a>(&'a self, request: NetRequest) -> BoxFuture<'a, Result<NetAnswer, NetError>> {
        Box::pin(call::call(self, request))
    }
}
