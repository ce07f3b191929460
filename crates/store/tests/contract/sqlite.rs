//! What is promised of the SQLite adapter beyond the contract: opening, crashes, full disks, backups.

use antiphon_app::ports::Store;
use antiphon_app::ports::store::{CommitError, Write};
use antiphon_store::contract::fixtures::*;
use antiphon_store::{OpenError, Options, SqliteStore, sqlite};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, Arc::new(TestSecrets), Options::default())
}

/// The newest migration's number.
fn newest() -> i64 {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/migrations/sqlite")).expect("the folder of migrations");
    let number = |name: &str| name.strip_prefix('V')?.split("__").next()?.parse().ok();
    folder.filter_map(|entry| number(entry.ok()?.file_name().to_str()?)).max().expect("a migration")
}

/// The error of an opening that must fail.
fn refused(path: &Path) -> OpenError {
    match open(path) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_store_in_memory_is_a_store() {
    let store = SqliteStore::in_memory(Arc::new(TestSecrets)).unwrap();
    let conversation = open_conversation(&store, 1, 1, None, 10).await;
    assert_eq!(store.conversation(&account_id(), conversation.id).await.unwrap(), Some(conversation));
    assert_eq!(store.schema_version(), newest());
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("antiphon.db");
    drop(open(&path).unwrap());
    let newer = rusqlite::Connection::open(&path).unwrap();
    let sql =
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (1000, 'later', '2030-01-01T00:00:00Z', '1')";
    newer.execute(sql, []).unwrap();
    drop(newer);
    let error = refused(&path);
    assert_eq!(error, OpenError::NewerSchema { found: 1000, known: newest() });
    assert!(error.to_string().contains("schema 1000"), "{error}");
    assert_eq!(sqlite::inspect(&path), Ok((1000, newest())));
}

#[test]
fn a_second_opening_is_refused_until_the_first_is_gone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("antiphon.db");
    let first = open(&path).unwrap();
    assert!(matches!(refused(&path), OpenError::Locked(_)));
    drop(first);
    drop(open(&path).unwrap());
}

#[test]
fn what_is_no_database_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("antiphon.db");
    std::fs::write(&path, "this is a letter to the editor, not a database. ".repeat(100)).unwrap();
    assert!(matches!(refused(&path), OpenError::Corrupt(_)));
    assert!(matches!(refused(&folder.path().join("nowhere/antiphon.db")), OpenError::Io(_)));
    assert!(matches!(sqlite::inspect(&folder.path().join("nothing.db")), Err(OpenError::Io(_))));
}

#[cfg(unix)]
#[test]
fn the_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("antiphon.db");
    let _store = open(&path).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("antiphon.db") && !entry.file_name().to_string_lossy().ends_with(".lock") {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
        }
    }
}

/// What lies on disk at the moment of an answer holds what was answered: a copy of the files is what a killed process leaves.
#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("antiphon.db");
    let store = open(&path).unwrap();
    let mut conversation = open_conversation(&store, 1, 1, None, 10).await;
    for round in 0..5 {
        let was = conversation.version;
        let event = consumer_writes(&mut conversation, "again", 11 + round);
        commit(&store, [once(&format!("SM{round}"), 1), put(&conversation, was), add(&conversation, &event)]).await;
        let killed = TempDir::new().unwrap();
        // The log first: what is moved into the database meanwhile is then in both.
        for name in ["antiphon.db-wal", "antiphon.db"] {
            std::fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
        }
        let after = open(&killed.path().join("antiphon.db")).unwrap();
        assert_eq!(after.conversation(&account_id(), conversation.id).await.unwrap().as_ref(), Some(&conversation));
        assert_eq!(attempt(&after, [once(&format!("SM{round}"), 2)]).await, Err(CommitError::Duplicate));
    }
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_heals() {
    let store = SqliteStore::in_memory(Arc::new(TestSecrets)).unwrap();
    let conversation = open_conversation(&store, 1, 1, None, 10).await;
    store.bound_size(Some(1)).await.unwrap();
    let large: Arc<str> = "x".repeat(300_000).into();
    let entry = |id| {
        Write::AddChannelLog(Arc::new(antiphon_app::ports::store::ChannelLogRow { request: Arc::clone(&large), ..channel_log(id, 1) }))
    };
    let units = (0..5).map(|id| attempt(&store, [once(&format!("SM{id}"), 1), entry(id)]));
    let results = futures_util::future::join_all(units).await;
    assert!(results.iter().all(|result| matches!(result, Err(CommitError::Unavailable(_)))), "{results:?}");
    // Reads go on, and nothing of the refused units is there.
    assert_eq!(store.conversation(&account_id(), conversation.id).await.unwrap(), Some(conversation));
    assert!(store.channel_log(&account_id(), &Default::default(), None, 9).await.unwrap().is_empty());
    store.bound_size(None).await.unwrap();
    let units = (0..5).map(|id| attempt(&store, [once(&format!("SM{id}"), 1), entry(id)]));
    let results = futures_util::future::join_all(units).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    store.ready().await.unwrap();
}

#[tokio::test]
async fn a_backup_opens_with_everything_in_it() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder.path().join("antiphon.db")).unwrap();
    let conversation = open_conversation(&store, 1, 1, None, 10).await;
    commit(&store, [once("SM1", 1), Write::PutLogin(login(7))]).await;
    let copies = [folder.path().join("one.db"), folder.path().join("two.db")];
    store.backup(&copies[0]).await.unwrap();
    // Another process does it from outside, while the store is open.
    sqlite::backup_file(&folder.path().join("antiphon.db"), &copies[1]).unwrap();
    for copy in copies {
        let copy = open(&copy).unwrap();
        assert_eq!(copy.conversation(&account_id(), conversation.id).await.unwrap().as_ref(), Some(&conversation));
        assert!(copy.login(&account_id(), antiphon_domain::UserId(7)).await.unwrap() == Some(login(7)));
        assert_eq!(attempt(&copy, [once("SM1", 1)]).await, Err(CommitError::Duplicate));
    }
}

/// Beyond one transaction's and the queue's size: everyone is answered, once.
#[tokio::test]
async fn more_units_than_the_queue_holds_are_all_answered() {
    let store = SqliteStore::in_memory(Arc::new(TestSecrets)).unwrap();
    let keys: Vec<String> = (0..10_000).map(|number| format!("SM{number}")).collect();
    let results = futures_util::future::join_all(keys.iter().map(|key| attempt(&store, [once(key, 1)]))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(attempt(&store, [once("SM9999", 1)]).await, Err(CommitError::Duplicate));
}

/// Seals like the suite's secrets, under another key.
struct OtherKey;

impl antiphon_app::ports::Secrets for OtherKey {
    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        TestSecrets.seal(&format!("other/{context}"), plain)
    }
    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, antiphon_app::ports::secrets::SealBroken> {
        TestSecrets.open(&format!("other/{context}"), sealed)
    }
    fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        TestSecrets.sign(purpose, message)
    }
    fn hash_password<'a>(&'a self, password: &'a str) -> futures_util::future::BoxFuture<'a, String> {
        TestSecrets.hash_password(password)
    }
    fn check_password<'a>(&'a self, password: &'a str, hash: &'a str) -> futures_util::future::BoxFuture<'a, bool> {
        TestSecrets.check_password(password, hash)
    }
}

#[tokio::test]
async fn another_master_key_is_named_not_guessed_around() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("antiphon.db");
    let store = open(&path).unwrap();
    commit(&store, [Write::PutAccount(account(account_id())), Write::PutSource(source(5, "+1"))]).await;
    store.close().await;
    let store = SqliteStore::open(&path, Arc::new(OtherKey), Options::default()).unwrap();
    let error = store.directory().await.unwrap_err();
    assert!(matches!(&error, antiphon_app::ports::store::ReadError::Corrupt(what) if what.contains("master key")), "{error}");
}
