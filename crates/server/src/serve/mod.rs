//! The running server: opens the data, applies the bootstrap file, starts the use cases, listens, and stops again.
//!
//! The order matters: nothing listens before the store is open and the configuration applied, and nothing is closed before
//! what is in flight has been answered.

mod addresses;
mod data;
mod listener;
mod probes;
mod setup;

pub use addresses::Addresses;
pub use data::{Data, OpenData};

use crate::adapters::{SystemClock, SystemIds, disk, files};
use crate::bootstrap::{self, Bootstrap};
use crate::config::Config;
use crate::paths;
use crate::tls::Certificate;
use antiphon_api::ApiOptions;
use antiphon_api::compat::Webhooks;
use antiphon_app::channel::Channel;
use antiphon_app::ports::{Clock, Ids, Store};
use antiphon_app::{App, AppParts};
use antiphon_bus::InProcess;
use antiphon_net::{GuardedNet, NetOptions};
use anyhow::Context;
use axum::Router;
use futures_util::future::BoxFuture;
use listener::Acceptor;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Connections have so long to end after the signal …
const CONNECTIONS_END: Duration = Duration::from_secs(5);
/// … and the background work after that. Together with the store's last commit this stays below ten seconds.
const WORK_ENDS: Duration = Duration::from_secs(3);
const STORE_CLOSES: Duration = Duration::from_millis(1500);

/// What a start adds to the configuration: the demo does.
#[derive(Default)]
pub struct Stage {
    /// A further bootstrap file: its name for messages, and its text.
    pub bootstrap: Option<(String, String)>,
    /// Further pages.
    pub pages: Option<Router>,
    /// Whether it is the demo.
    pub demo: bool,
}

/// Prepares what depends on the addresses that are known only once the ports are bound.
pub type Prepare<'a> = Box<dyn FnOnce(Addresses) -> BoxFuture<'a, anyhow::Result<Stage>> + Send + 'a>;

/// How a server starts.
#[derive(Default)]
pub struct Options<'a> {
    /// Asked when the ports are bound.
    pub prepare: Option<Prepare<'a>>,
    /// The only account that the data folder may hold.
    pub only_account: Option<&'a str>,
}

/// A server that answers.
pub struct Running {
    /// Where plain HTTP listens.
    pub http: SocketAddr,
    /// Where HTTPS listens.
    pub https: Option<SocketAddr>,
    /// What it tells others about where it is.
    pub addresses: Addresses,
    /// The use cases.
    pub app: Arc<App>,
    /// A new installation's one-time link.
    pub setup_link: Option<String>,
    data: Data,
    shutdown: watch::Sender<bool>,
    all_closed: mpsc::Receiver<()>,
    tasks: JoinSet<()>,
}

/// Starts a server.
///
/// # Errors
/// Everything that keeps it from serving, with the remedy where there is one; problems of files are [`crate::document::Problems`].
pub async fn start(config: &Config, options: Options<'_>) -> anyhow::Result<Running> {
    let files = disk::lift_file_limit();
    tracing::debug!(?files, "limit of open files");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let ids: Arc<dyn Ids> = Arc::new(SystemIds::new());
    let data = OpenData::default().open(config).await?;
    if let Some(only) = options.only_account {
        let rows = data.store.directory().await?;
        if let Some(other) = rows.accounts.iter().find(|rows| rows.account.id.as_str() != only) {
            anyhow::bail!(
                "{} holds the account {}: the demo needs a folder of its own; give another one with --data",
                config.server.data.display(),
                other.account.id
            );
        }
    }

    let http = bind(config.server.listen, "server.listen").await?;
    let https = match config.server.tls_listen {
        Some(address) => Some(bind(address, "server.tls_listen").await?),
        None => None,
    };
    let addresses = Addresses::new(config, http.local_addr()?, https.as_ref().map(TcpListener::local_addr).transpose()?);
    let stage = match options.prepare {
        Some(prepare) => prepare(addresses.clone()).await?,
        None => Stage::default(),
    };

    let channels = antiphon_channels::list::all();
    if let Some(path) = &config.server.bootstrap {
        let (file, problems, advice) = bootstrap::read_file(path, &channels);
        applied(file, problems, &advice, &data, &*ids, &*clock).await?;
    }
    if let Some((name, text)) = &stage.bootstrap {
        let (file, problems, advice) = bootstrap::read(name, text, &channels);
        applied(file, problems, &advice, &data, &*ids, &*clock).await?;
    }

    let app = start_app(config, &data, &addresses, channels, &clock, &ids).await?;
    let (shutdown, shutting_down) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let metrics = probes::metrics(&mut tasks, &clock);
    let mut pages = stage.pages.unwrap_or_default();
    let mut setup_link = None;
    if app.directory().accounts().next().is_none() {
        let (router, link) = setup::router(&app, &addresses.public_url);
        pages = pages.merge(router);
        setup_link = Some(link);
    }
    let router = antiphon_api::router(
        Arc::clone(&app),
        ApiOptions {
            public_host: addresses.public_host.clone(),
            demo: stage.demo,
            shutdown: shutting_down.clone(),
            metrics,
            readiness: probes::readiness(&app, &config.server.data, config.storage.min_free_bytes),
            secure_cookies: addresses.public_url.starts_with("https://") && https.is_none(),
            trusted_proxies: config.server.trusted_proxies.clone(),
            extra: Some(pages),
            limits: config.http.api.clone(),
            compat: config.http.compat.clone(),
        },
    );

    let (open, all_closed) = mpsc::channel(1);
    let acceptor = Acceptor {
        router,
        places: Arc::new(Semaphore::new(config.server.max_connections)),
        header_timeout: Duration::from_secs(config.server.header_timeout_s),
        shutdown: shutting_down,
        open,
    };
    let http_address = http.local_addr()?;
    let mut https_address = None;
    if let Some(https) = https {
        https_address = Some(https.local_addr()?);
        let certificate = certificate(config, &addresses, &*clock)?;
        let tls = TlsAcceptor::from(Arc::new(certificate.server_config()?));
        tasks.spawn(certificate.keep_fresh(Arc::clone(&clock)));
        tasks.spawn(acceptor.clone().run(https, Some(tls)));
    }
    tasks.spawn(acceptor.run(http, None));
    Ok(Running { http: http_address, https: https_address, addresses, app, setup_link, data, shutdown, all_closed, tasks })
}

async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("{key}: can't listen on {address}; is another server running there?"))
}

async fn applied(
    file: Bootstrap,
    problems: crate::document::Problems,
    advice: &crate::document::Problems,
    data: &Data,
    ids: &dyn Ids,
    clock: &dyn Clock,
) -> anyhow::Result<()> {
    for advice in &advice.0 {
        tracing::warn!("{advice}");
    }
    let done = bootstrap::apply(&file, problems, &*data.store, &*data.secrets, ids, clock).await?;
    if done.writes > 0 {
        tracing::info!(accounts = done.accounts, writes = done.writes, "the bootstrap file was applied");
    }
    Ok(())
}

async fn start_app(
    config: &Config,
    data: &Data,
    addresses: &Addresses,
    channels: Vec<Arc<dyn Channel>>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn Ids>,
) -> anyhow::Result<Arc<App>> {
    let extra_ca_pem = match &config.outbound.extra_ca {
        Some(path) => std::fs::read(path).with_context(|| format!("outbound.extra_ca: {} can't be read", path.display()))?,
        None => Vec::new(),
    };
    let user_agent = concat!("Antiphon/", env!("CARGO_PKG_VERSION")).to_owned();
    let net = GuardedNet::new(NetOptions { extra_ca_pem, user_agent, ..NetOptions::default() })?;
    let blobs = files::open(config).await?;
    if let Err(error) = blobs.list(None, 1).await {
        tracing::warn!(%error, "the file store does not answer; files can't be taken or given until it does");
    }
    let parts = AppParts {
        store: Arc::clone(&data.store) as _,
        bus: Arc::new(InProcess::new()),
        clock: Arc::clone(clock),
        ids: Arc::clone(ids),
        net: Arc::new(net),
        blobs,
        secrets: Arc::clone(&data.secrets) as _,
        channels,
        notifications: Arc::new(Webhooks),
        limits: config.limits.clone(),
        public_url: addresses.public_url.clone(),
    };
    Ok(App::start(parts).await?)
}

fn certificate(config: &Config, addresses: &Addresses, clock: &dyn Clock) -> anyhow::Result<Arc<Certificate>> {
    let made = match &config.tls.given {
        Some((certificate, key)) => Certificate::given(certificate, key)?,
        None => Certificate::own(&config.server.data.join(paths::TLS), addresses.certified_hosts(config), clock.now())?,
    };
    Ok(Arc::new(made))
}

impl Running {
    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.data.folder
    }

    /// Stops: accepts no more, lets sockets close and requests end, finishes the background work and closes the store.
    pub async fn stop(mut self) {
        self.shutdown.send_replace(true);
        if tokio::time::timeout(CONNECTIONS_END, self.all_closed.recv()).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut");
        }
        if tokio::time::timeout(WORK_ENDS, self.app.stop()).await.is_err() {
            tracing::warn!("some background work did not end in time; it goes on after the next start");
        }
        self.tasks.shutdown().await;
        if tokio::time::timeout(STORE_CLOSES, self.data.store.close()).await.is_err() {
            tracing::warn!("the store did not close in time; nothing that was acknowledged is lost");
        }
    }
}
