//! Opening the file store that the configuration names.

use crate::config::{Config, FilePlace};
use antiphon_app::ports::Blobs;
use antiphon_app::ports::blobs::BlobError;
use antiphon_store::FolderBlobs;
use antiphon_store::blobs::open_bucket;
use anyhow::Context;
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;

/// The key of what [`probe`] writes, reads and deletes again.
const PROBE: &str = "/probe/antiphon";

/// Opens it. A bucket is not called yet: whether it answers is seen when it is used.
///
/// # Errors
/// When the folder can't be made, or the bucket's settings make no address.
pub async fn open(config: &Config) -> anyhow::Result<Arc<dyn Blobs>> {
    open_with(config, FolderBlobs::open).await
}

/// Opens it beside a server that may have it open.
///
/// # Errors
/// As [`open`].
pub async fn open_beside(config: &Config) -> anyhow::Result<Arc<dyn Blobs>> {
    open_with(config, FolderBlobs::beside).await
}

async fn open_with(config: &Config, open: fn(&Path) -> Result<FolderBlobs, BlobError>) -> anyhow::Result<Arc<dyn Blobs>> {
    match &config.files.place {
        FilePlace::Folder(_) => {
            let folder = config.files.folder(&config.server.data).context("it is a folder")?;
            Ok(Arc::new(tokio::task::spawn_blocking(move || open(&folder)).await??))
        }
        FilePlace::Bucket(settings) => {
            let mut settings = settings.clone();
            if let Some(path) = &config.outbound.extra_ca {
                settings.extra_ca = Some(std::fs::read(path).with_context(|| format!("{}", path.display()))?);
            }
            Ok(open_bucket(&settings)?)
        }
    }
}

/// Writes, reads and deletes something.
///
/// # Errors
/// What went wrong, in a sentence.
pub async fn probe(blobs: &dyn Blobs) -> Result<(), String> {
    let bytes = Bytes::from_static(b"May be deleted.\n");
    blobs.put(PROBE, bytes.clone()).await.map_err(|error| format!("nothing can be written: {error}"))?;
    match blobs.get(PROBE).await {
        Ok(Some(found)) if found == bytes => {}
        Ok(_) => return Err("what was written does not come back".to_owned()),
        Err(error) => return Err(format!("nothing can be read: {error}")),
    }
    blobs.delete(PROBE).await.map_err(|error| format!("nothing can be deleted: {error}"))
}
