//! `antiphon serve`: runs until it is told to stop.

use crate::cli::say;
use crate::config::Config;
use crate::serve::{Options, Running, start};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// Everything that keeps it from serving.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    // Before anything else, so that an early signal is not lost.
    let signals = Signals::new()?;
    let running = start(&config, Options::default()).await?;
    until_told(running, signals).await;
    Ok(())
}

/// The signals that end the server.
pub struct Signals {
    term: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens for them from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Tells where it listens, waits for a signal, and stops.
pub async fn until_told(running: Running, mut signals: Signals) {
    if let Some(link) = &running.setup_link {
        say(&format!("no account yet: set one up at {link}"));
    }
    say(&format!("listening http://{}", running.http));
    if let Some(https) = running.https {
        say(&format!("listening https://{https}"));
    }
    tracing::info!(public.url = %running.addresses.public_url, data = %running.folder().display(), "started");
    signals.any().await;
    tracing::info!("stopping");
    running.stop().await;
    tracing::info!("stopped");
}
