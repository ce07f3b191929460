//! Where logs go: standard error, as text or JSON. Standard output belongs to commands' results.

use crate::config::{Format, Log};
use tracing_subscriber::EnvFilter;

/// Starts logging. A second start in the same process changes nothing.
pub fn start(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // The only failure is that logging was started before.
    let _ = match log.format {
        Format::Text => builder.with_ansi(false).try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
}
