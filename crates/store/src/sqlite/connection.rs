//! Opening connections, each kind with its own settings.

use super::{OpenError, Options};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;
use std::time::Duration;

mod embedded {
    refinery::embed_migrations!("src/migrations/sqlite");
}

/// Page size in bytes; SQLite's default, written down because the log's size is counted in it.
pub const PAGE_BYTES: u64 = 4096;

/// How long a connection waits for a lock: nobody here holds one for long.
pub const BUSY: Duration = Duration::from_secs(2);

/// The newest schema that this build knows.
pub fn newest_schema() -> i64 {
    embedded::migrations::runner().get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
}

/// The schema of a database; 0 for an empty one.
pub fn schema_of(connection: &Connection) -> Result<i64, rusqlite::Error> {
    let known: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'refinery_schema_history')",
        [],
        |row| row.get(0),
    )?;
    if !known {
        return Ok(0);
    }
    connection.query_row("SELECT coalesce(max(version), 0) FROM refinery_schema_history", [], |row| row.get(0))
}

/// Opens the one connection that writes, creating the file (readable by its owner only) and bringing its schema up to date.
pub fn open_writer(path: &Path, options: &Options) -> Result<Connection, OpenError> {
    create_private(path)?;
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| open_error(path, &error))?;
    let set_up = || -> Result<i64, rusqlite::Error> {
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "page_size", PAGE_BYTES as i64)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", if options.durable { "FULL" } else { "OFF" })?;
        // The checkpoint thread does it, and the writer itself when the log has grown long.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "foreign_keys", false)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "cache_size", -options.writer_cache_kib)?;
        schema_of(&connection)
    };
    let found = set_up().map_err(|error| open_error(path, &error))?;
    stable_plans(&connection).map_err(|error| open_error(path, &error))?;
    connection.set_prepared_statement_cache_capacity(128);
    let known = newest_schema();
    if found > known {
        return Err(OpenError::NewerSchema { found, known });
    }
    if found < known {
        embedded::migrations::runner().run(&mut connection).map_err(|error| OpenError::Corrupt(format!("{}: {error}", path.display())))?;
    }
    Ok(connection)
}

/// Opens a connection that reads.
pub fn open_reader(path: &Path, mmap_bytes: u64) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "mmap_size", i64::try_from(mmap_bytes).unwrap_or(i64::MAX))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    stable_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Plans depend on the query alone. Otherwise SQLite prepares a statement anew when it is given other values, in case those
/// deserve another plan: that was a third of the writer's time, and plans are what the tests look at.
fn stable_plans(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Opens the checkpoint thread's connection.
pub fn open_checkpointer(path: &Path, options: &Options) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "synchronous", if options.durable { "FULL" } else { "OFF" })?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

fn create_private(path: &Path) -> Result<(), OpenError> {
    let mut how = std::fs::OpenOptions::new();
    how.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        how.mode(0o600);
    }
    how.open(path).map(drop).map_err(|error| OpenError::Io(format!("{}: {error}", path.display())))
}

/// SQLite's error at opening, in the words of whoever runs it.
pub fn open_error(path: &Path, error: &rusqlite::Error) -> OpenError {
    let what = format!("{}: {error}", path.display());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked(what),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => OpenError::Corrupt(what),
        _ => OpenError::Io(what),
    }
}
