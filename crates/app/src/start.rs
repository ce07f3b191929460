//! Starting and stopping.

use crate::channel::Channel;
use crate::channel_log::{self, ChannelLog, Lines};
use crate::ports::store::Swept;
use crate::ports::{Blobs, Bus, Clock, Ids, NotificationWire, Secrets, Store, net::NetFactory};
use crate::{App, Directory, Limits, Unavailable, media, notify, outbox};
use antiphon_domain::AccountId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What the product is made of.
pub struct AppParts {
    /// Keeps everything.
    pub store: Arc<dyn Store>,
    /// Announces.
    pub bus: Arc<dyn Bus>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// Reaches out.
    pub net: Arc<dyn NetFactory>,
    /// Keeps files.
    pub blobs: Arc<dyn Blobs>,
    /// Seals and signs.
    pub secrets: Arc<dyn Secrets>,
    /// Every connector.
    pub channels: Vec<Arc<dyn Channel>>,
    /// Words notifications to apps.
    pub notifications: Arc<dyn NotificationWire>,
    /// The bounds.
    pub limits: Limits,
    /// The public address, without a trailing slash.
    pub public_url: String,
}

/// The product can't start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The store can't be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl App {
    /// Loads the configuration, rebuilds dispatchers and outbox, and starts the background work.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn start(parts: AppParts) -> Result<Arc<App>, StartError> {
        let directory = parts.store.directory().await.map_err(Unavailable::from)?;
        let identity = crate::identity::Identity::new(parts.store.signing_keys().await.map_err(Unavailable::from)?)?;
        let limits = parts.limits;
        let (channel_log, rows) = ChannelLog::new(limits.channel_log_queue);
        let app = Arc::new(App {
            store: parts.store,
            bus: parts.bus,
            clock: parts.clock,
            ids: parts.ids,
            net: parts.net,
            blobs: parts.blobs,
            secrets: parts.secrets,
            channels: parts.channels,
            outbox: Arc::new(outbox::Outbox::new(limits.sends_per_source)),
            notifier: Arc::new(notify::Notifier::new(parts.notifications, &limits)),
            channel_log,
            lines: Lines::default(),
            listed_templates: crate::templates::ListedTemplates::new(10_000),
            limits,
            public_url: parts.public_url,
            directory: arc_swap::ArcSwap::from_pointee(Directory::new(directory)),
            reloading: tokio::sync::Mutex::new(()),
            accounts: Mutex::new(HashMap::new()),
            media: Arc::new(tokio::sync::Notify::new()),
            shrinking: Arc::new(tokio::sync::Semaphore::new(1)),
            passes: crate::sign_in::Passes::default(),
            sessions: crate::session::SessionCache::default(),
            signers: crate::session::Signers::default(),
            key_uses: crate::api_keys::Uses::default(),
            identity,
            stopping: tokio::sync::watch::channel(false).0,
            tasks: Mutex::new(tokio::task::JoinSet::new()),
        });
        let accounts: Vec<AccountId> = app.directory().accounts().map(|view| view.account.id.clone()).collect();
        for account in &accounts {
            app.account_state(account);
        }
        app.channel_log.start(channel_log::run(Arc::clone(&app), rows));
        outbox::load(&app).await?;
        app.spawn(outbox::run(Arc::clone(&app)));
        app.spawn(crate::catch_up::run(Arc::clone(&app)));
        app.notifier.configure(&app);
        app.spawn(notify::run(Arc::clone(&app)));
        app.spawn(notify::store_outcomes(Arc::clone(&app)));
        app.spawn(media::run(Arc::clone(&app)));
        app.spawn(crate::files::clear_orphans(Arc::clone(&app)));
        app.spawn(sweep(Arc::clone(&app)));
        app.spawn(crate::idle::run(Arc::clone(&app)));
        Ok(app)
    }

    /// Stops the background work and waits for what is in flight; the store is closed by whoever opened it.
    pub async fn stop(&self) {
        self.stopping.send_replace(true);
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
        // Last, because what ended just now may have left something to write.
        self.channel_log.end().await;
    }

    /// The live state of an account, if it has any yet.
    pub(crate) fn account_known(&self, account: &AccountId) -> Option<Arc<crate::AccountState>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).get(account).cloned()
    }
}

/// Deletes what has aged out, a little at a time.
async fn sweep(app: Arc<App>) {
    const PAUSE_MS: i64 = 60_000;
    /// Between two bites, so that what arrives meanwhile does not wait.
    const SHORT_PAUSE_MS: i64 = 50;
    let mut stopping = app.stopping();
    let mut pause_ms = PAUSE_MS;
    loop {
        let timer = app.clock.sleep_until(app.clock.now().plus_ms(pause_ms));
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = timer => {}
        }
        pause_ms = match app.store.sweep(app.clock.now(), app.limits.channel_log_rows).await {
            Ok(Swept { rows, more }) => {
                metrics::counter!("antiphon_swept_rows_total").increment(rows);
                if more { SHORT_PAUSE_MS } else { PAUSE_MS }
            }
            Err(error) => {
                tracing::warn!(%error, "what has aged out could not be deleted");
                PAUSE_MS
            }
        };
    }
}
