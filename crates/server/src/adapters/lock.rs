//! One process per data folder. The lock goes with the process, however it ends; the file names its holder.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The lock's file in the data folder.
pub const FILE: &str = "lock";

/// Why the folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the data folder {folder} is in use by process {holder}: stop that process first")]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The process's number, as far as it is known.
        holder: String,
    },
    /// The disk refuses.
    #[error("the data folder {folder} can't be used: {error}")]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

/// A locked data folder; dropping it lets it go.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// Makes the folder if it is missing, for its owner only, and locks it.
    ///
    /// # Errors
    /// When another process has it, or the disk refuses.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let io = |error| LockError::Io { folder: folder.to_owned(), error };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        let path = folder.join(FILE);
        let mut file = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who holds it is only a help: the refusal stands without it.
                let _ = file.read_to_string(&mut holder);
                let holder = Some(holder.trim()).filter(|holder| !holder.is_empty()).unwrap_or("(unknown)").to_owned();
                return Err(LockError::Held { folder: folder.to_owned(), holder });
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(io(error)),
        }
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(io)?;
        Ok(Self { _file: file })
    }

    /// Who has the folder now, if anybody.
    pub fn holder(folder: &Path) -> Option<String> {
        let mut file = File::options().read(true).write(true).open(folder.join(FILE)).ok()?;
        match file.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).ok()?;
                Some(holder.trim().to_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_refused_and_told_who_has_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("deep/data");
        let first = DataLock::take(&data).expect("nobody has it");
        let refused = DataLock::take(&data).expect_err("it is taken").to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        assert_eq!(DataLock::holder(&data), Some(std::process::id().to_string()));
        drop(first);
        assert_eq!(DataLock::holder(&data), None);
        DataLock::take(&data).expect("it is free again");
    }
}
