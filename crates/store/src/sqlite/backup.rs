//! A consistent copy of the database while everything goes on.

use super::connection::open_reader;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};

/// Copies a database into a new file. The copy is taken in one step under one read transaction, so it is one moment's
/// state and writers go on; it gets its name only when it is whole and on disk.
///
/// # Errors
/// In a sentence: the target exists, is not writable, or the source can't be read.
pub fn copy(from: &Path, to: &Path) -> Result<(), String> {
    if to.exists() {
        return Err(format!("{} exists already: a backup goes into a new file", to.display()));
    }
    let partial = partial_name(to);
    let written = write(from, &partial).and_then(|()| publish(&partial, to));
    if written.is_err() && partial.exists() {
        // What is half written helps nobody; if it can't be removed either, the first error says more.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

fn partial_name(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_os_string();
    name.push(".partial");
    to.with_file_name(name)
}

fn write(from: &Path, partial: &Path) -> Result<(), String> {
    let sqlite = |error: rusqlite::Error| error.to_string();
    let source = open_reader(from, 0).map_err(sqlite)?;
    let mut target =
        Connection::open_with_flags(partial, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE).map_err(sqlite)?;
    let backup = Backup::new(&source, &mut target).map_err(sqlite)?;
    match backup.step(-1).map_err(sqlite)? {
        StepResult::Done => Ok(()),
        other => Err(format!("the copy stopped half way: {other:?}")),
    }
}

fn publish(partial: &Path, to: &Path) -> Result<(), String> {
    let io = |error: std::io::Error| error.to_string();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(partial, std::fs::Permissions::from_mode(0o600)).map_err(io)?;
    }
    std::fs::File::open(partial).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(partial, to).map_err(io)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
}
