//! The contract suite, run on the SQLite adapter, and what is promised of that adapter beyond it.

#[cfg(feature = "s3")]
mod blobs;
mod sqlite;

use antiphon_app::ports::Store;
use antiphon_store::contract::fixtures::TestSecrets;
use antiphon_store::contract::{Harness, Subject};
use antiphon_store::{Options, SqliteStore};
use futures_util::future::BoxFuture;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

struct Sqlite;

struct SqliteSubject {
    store: Option<Arc<SqliteStore>>,
    options: Options,
    folder: TempDir,
}

impl SqliteSubject {
    fn boxed(options: Options) -> Box<dyn Subject> {
        let folder = TempDir::new().expect("a temporary folder");
        let mut subject = Self { store: None, options, folder };
        subject.store = Some(Arc::new(subject.open()));
        Box::new(subject)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("antiphon.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), Arc::new(TestSecrets), self.options).expect("the store opens")
    }
}

impl Harness for Sqlite {
    fn open(&self) -> BoxFuture<'_, Box<dyn Subject>> {
        Box::pin(async { SqliteSubject::boxed(Options { durable: false, ..Options::default() }) })
    }

    fn open_with_colliding_hashes(&self) -> BoxFuture<'_, Box<dyn Subject>> {
        Box::pin(async { SqliteSubject::boxed(Options { durable: false, guard_hash: |_| 42, ..Options::default() }) })
    }
}

impl Subject for SqliteSubject {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().expect("it is open")
    }

    fn reopen(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Some(store) = self.store.take() {
                store.close().await;
            }
            self.store = Some(Arc::new(self.open()));
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let folder = std::fs::read_dir(self.folder.path()).expect("the folder");
        folder.flat_map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file")).collect()
    }
}

antiphon_store::contract!(Sqlite);
