//! What `GET /readyz` and `GET /metrics` answer.

use crate::adapters::disk;
use antiphon_api::Readiness;
use antiphon_app::App;
use antiphon_app::ports::Clock;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::task::JoinSet;

/// Histograms are folded together this often, so that they stay small when nobody asks.
const UPKEEP_MS: i64 = 10_000;

/// One per process: metrics are the process's.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Gives the text of all metrics. Safe to call more than once in a process.
pub fn metrics(tasks: &mut JoinSet<()>, clock: &Arc<dyn Clock>) -> Arc<dyn Fn() -> String + Send + Sync> {
    let handle = RECORDER.get_or_init(|| {
        let installed = PrometheusBuilder::new().install_recorder();
        installed.inspect_err(|error| tracing::warn!(%error, "metrics can't be recorded")).ok()
    });
    if let Some(handle) = handle {
        let (handle, clock) = (handle.clone(), Arc::clone(clock));
        tasks.spawn(async move {
            loop {
                clock.sleep_until(clock.now().plus_ms(UPKEEP_MS)).await;
                handle.run_upkeep();
            }
        });
    }
    Arc::new(move || handle.as_ref().map(PrometheusHandle::render).unwrap_or_default())
}

/// Ready: the store takes writes (its migrations are done once it is open), and the disk has room.
pub fn readiness(app: &Arc<App>, data: &Path, min_free: u64) -> Readiness {
    let (app, data) = (Arc::clone(app), data.to_owned());
    Arc::new(move || {
        let (app, data) = (Arc::clone(&app), data.clone());
        Box::pin(async move {
            app.store().ready().await.map_err(|error| error.to_string())?;
            enough_room(&data, min_free)
        })
    })
}

fn enough_room(data: &Path, min_free: u64) -> Result<(), String> {
    let free = disk::free_bytes(data).map_err(|error| format!("the disk of {} can't be asked: {error}", data.display()))?;
    if free < min_free {
        return Err(format!(
            "only {} MiB are free on the disk of {}; storage.min_free_mib asks for {}",
            free >> 20,
            data.display(),
            min_free >> 20
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told() {
        assert_eq!(enough_room(Path::new("/"), 0), Ok(()));
        let refused = enough_room(Path::new("/"), u64::MAX).expect_err("no disk is that large");
        assert!(refused.contains("MiB are free"), "{refused}");
    }
}
