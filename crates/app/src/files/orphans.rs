//! Clearing away what nobody will ask for: uploads that were never published, and bytes without a row.
//!
//! A little at a time, and nothing needs to be remembered over a restart: rows say what is old, and a walk over the stored bytes begins
//! anew. The row goes before the bytes, so that a crash in between leaves bytes without a row, which the walk finds.

use super::{account_of, small};
use crate::ports::store::{UnitOfWork, Write};
use crate::{App, Unavailable};
use antiphon_domain::{AccountId, StoredFile, Timestamp};
use std::sync::Arc;

/// How long nothing is done between two bites, in milliseconds.
const PAUSE_MS: i64 = 60_000;
/// How long a walk over the stored bytes rests at its end, in milliseconds: what it looks for is rare, and a bucket counts calls.
const REST_MS: i64 = 3_600_000;
/// How many rows or stored files one bite looks at.
const BITE: usize = 500;
/// After its time an upload can't be published any more; so much later it goes. In milliseconds.
const GRACE_MS: i64 = 10 * 60_000;

/// Works until the product stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping();
    let (mut after, mut resting_until) = (None, app.clock.now());
    loop {
        let timer = app.clock.sleep_until(app.clock.now().plus_ms(PAUSE_MS));
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = timer => {}
        }
        if app.limits.orphan_hours == 0 {
            continue;
        }
        if let Err(error) = unpublished(&app).await {
            tracing::warn!(%error, "uploads that were never published could not be deleted");
        }
        if app.clock.now() < resting_until {
            continue;
        }
        match rowless(&app, after.take()).await {
            Ok(None) => resting_until = app.clock.now().plus_ms(REST_MS),
            Ok(next) => after = next,
            Err(error) => tracing::warn!(%error, "stored files without a row could not be deleted"),
        }
    }
}

impl App {
    /// Whether an upload that no event shows has had its time.
    pub(super) fn has_lapsed(&self, file: &StoredFile) -> bool {
        self.limits.orphan_hours > 0 && file.created_at < self.orphaned_before()
    }

    fn orphaned_before(&self) -> Timestamp {
        self.clock.now().plus_s(-i64::from(self.limits.orphan_hours) * 3_600)
    }
}

/// Uploads that no event shows.
async fn unpublished(app: &App) -> Result<(), Unavailable> {
    let before = app.orphaned_before().plus_ms(-GRACE_MS);
    for (account, file) in app.store.unshown_files(before, BITE).await? {
        let mut unit = UnitOfWork::new(account.clone());
        if file.shown_in.is_some() || file.fetch.is_some() {
            // Of before this was kept: shown, and now known to be.
            unit.write(Write::PutFile(file));
            app.commit(unit).await?;
            continue;
        }
        unit.write(Write::DropUnshownFile(file.id));
        app.commit(unit).await?;
        if app.store.file(&account, &file.path).await?.is_none() {
            forget(app, &file.path).await?;
            metrics::counter!("antiphon_orphans_deleted_total", "kind" => "upload").increment(1);
        }
    }
    Ok(())
}

async fn forget(app: &App, path: &str) -> Result<(), Unavailable> {
    for key in [small::thumbnail_path(path), path.to_owned()] {
        app.blobs.delete(&key).await.map_err(|error| Unavailable(error.to_string()))?;
    }
    Ok(())
}

/// Stored bytes that no row names. Returns where to go on, or nothing at the end of a walk.
async fn rowless(app: &App, after: Option<String>) -> Result<Option<String>, Unavailable> {
    let page = app.blobs.list(after.as_deref(), BITE).await.map_err(|error| Unavailable(error.to_string()))?;
    let before = app.orphaned_before().plus_ms(-GRACE_MS);
    let next = page.last().filter(|_| page.len() >= BITE).map(|last| last.key.clone());
    for blob in page {
        // Whatever is not of our making is left alone.
        let path = small::picture_of(&blob.key).unwrap_or(&blob.key);
        let Some(account) = account_of(path) else { continue };
        if blob.written_at >= before || is_named(app, &account, path).await? {
            continue;
        }
        app.blobs.delete(&blob.key).await.map_err(|error| Unavailable(error.to_string()))?;
        metrics::counter!("antiphon_orphans_deleted_total", "kind" => "bytes").increment(1);
    }
    Ok(next)
}

async fn is_named(app: &App, account: &AccountId, path: &str) -> Result<bool, Unavailable> {
    Ok(app.store.file(account, path).await?.is_some())
}
