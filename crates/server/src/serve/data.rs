//! Opening the data folder: lock, key, database. Every command that works on the data goes through here.

use crate::adapters::SealedSecrets;
use crate::adapters::lock::DataLock;
use crate::adapters::master_key;
use crate::config::Config;
use crate::paths;
use antiphon_app::ports::Secrets;
use antiphon_store::{Options, SqliteStore};
use anyhow::Context;
use std::path::PathBuf;
use std::sync::Arc;

/// An open data folder. Nobody else has it open.
pub struct Data {
    /// Where it is.
    pub folder: PathBuf,
    /// The store.
    pub store: Arc<SqliteStore>,
    /// Sealing with the folder's master key.
    pub secrets: Arc<SealedSecrets>,
    _lock: DataLock,
}

/// How a data folder is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenData {
    /// Only if there is data already.
    pub existing: bool,
}

impl OpenData {
    /// Opens the configured folder.
    ///
    /// # Errors
    /// When somebody else has it, the key is missing or wrong, or the database can't be opened by this program.
    pub async fn open(self, config: &Config) -> anyhow::Result<Data> {
        let folder = config.server.data.clone();
        if self.existing && !folder.join(paths::DATABASE).exists() {
            anyhow::bail!("{} holds no data; name the folder with --data", folder.display());
        }
        let lock = DataLock::take(&folder)?;
        let found = master_key::unlock(&config.keys, &folder)?;
        if let Some(path) = &found.made {
            tracing::warn!(path = %path.display(), "a master key was made: keep a copy of it apart from the data; without it all secrets are lost");
        }
        let secrets = Arc::new(found.secrets);
        let (path, sealing) = (folder.join(paths::DATABASE), Arc::clone(&secrets) as Arc<dyn Secrets>);
        let opening = tokio::task::spawn_blocking(move || SqliteStore::open(&path, sealing, Options::default()));
        let store = opening.await?.with_context(|| format!("{}", folder.join(paths::DATABASE).display()))?;
        Ok(Data { folder, store: Arc::new(store), secrets, _lock: lock })
    }
}
