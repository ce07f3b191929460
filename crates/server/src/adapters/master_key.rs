//! The master key: found, or made for new data, and checked against the data before anything else happens.
//!
//! Beside the data lies `key.check`, sealed with the key: a wrong key is noticed at once and not by damaged secrets later. The key's
//! value never appears in a message.

use super::ids;
use super::secrets::SealedSecrets;
use crate::config::Keys;
use antiphon_app::ports::Secrets;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The file's name in the data folder.
pub const FILE: &str = "master.key";
/// What the key is checked with.
pub const CHECK: &str = "key.check";

/// The key: 32 bytes, wiped from memory when it is dropped.
pub type MasterKey = Zeroizing<[u8; 32]>;

/// Why there is no key to work with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The data is sealed, and the key is not there.
    #[error(
        "the master key is missing: {0} does not exist, but the data is sealed with a key; put the key file back, or name it with keys.master_key_file"
    )]
    Missing(String),
    /// It is not 64 hex digits.
    #[error("the master key of {0} is no key: it must be 64 hex digits")]
    Malformed(String),
    /// It is another one.
    #[error("the master key of {0} is not the key that this data is sealed with: put the right one back")]
    Wrong(String),
    /// Everybody may read it.
    #[error("the master key file {path} may be read by others (mode {mode:o}): chmod 600 it")]
    Exposed {
        /// The file.
        path: String,
        /// Its mode.
        mode: u32,
    },
    /// The disk refuses.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
}

/// What was found or made.
pub struct Found {
    /// Sealing with the key.
    pub secrets: SealedSecrets,
    /// The file that was made just now, to be announced.
    pub made: Option<PathBuf>,
}

/// Finds the key, makes one for a data folder that has no data yet, and checks it.
///
/// # Errors
/// See [`KeyError`]; nothing is changed then.
pub fn unlock(from: &Keys, data: &Path) -> Result<Found, KeyError> {
    let used = data.join(CHECK).exists() || data.join(crate::paths::DATABASE).exists();
    let (key, made, name) = match from {
        Keys::Given(text) => (decode(text, "keys.master_key")?, None, "keys.master_key".to_owned()),
        Keys::File(path) => (read(path)?, None, path.display().to_string()),
        Keys::Data => {
            let path = data.join(FILE);
            let name = path.display().to_string();
            if path.exists() {
                (read(&path)?, None, name)
            } else if used {
                return Err(KeyError::Missing(name));
            } else {
                (make(&path)?, Some(path), name)
            }
        }
    };
    let secrets = SealedSecrets::new(key);
    check(&secrets, &data.join(CHECK), &name)?;
    Ok(Found { secrets, made })
}

const CONTEXT: &str = "installation/master key";
const PLAIN: &[u8] = b"This data is sealed with this key.";

fn check(secrets: &SealedSecrets, path: &Path, key: &str) -> Result<(), KeyError> {
    let io = |error| KeyError::Io { path: path.display().to_string(), error };
    match std::fs::read(path) {
        Ok(sealed) => {
            let opened = secrets.open(CONTEXT, &sealed);
            if opened.as_deref() == Ok(PLAIN) { Ok(()) } else { Err(KeyError::Wrong(key.to_owned())) }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => write_private(path, &secrets.seal(CONTEXT, PLAIN)).map_err(io),
        Err(error) => Err(io(error)),
    }
}

fn read(path: &Path) -> Result<MasterKey, KeyError> {
    let name = path.display().to_string();
    let io = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => KeyError::Missing(name.clone()),
        _ => KeyError::Io { path: name.clone(), error },
    };
    let mode = std::fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
    // A group may have it: that is how service managers hand secrets in.
    if mode & 0o007 != 0 {
        return Err(KeyError::Exposed { path: name, mode });
    }
    let bytes = Zeroizing::new(std::fs::read(path).map_err(io)?);
    match std::str::from_utf8(&bytes) {
        Ok(text) => decode(text, &name),
        Err(_) => Err(KeyError::Malformed(name)),
    }
}

fn decode(text: &str, name: &str) -> Result<MasterKey, KeyError> {
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), key.as_mut_slice()).map_err(|_| KeyError::Malformed(name.to_owned()))?;
    Ok(key)
}

fn make(path: &Path) -> Result<MasterKey, KeyError> {
    let mut key = Zeroizing::new([0; 32]);
    ids::fill(key.as_mut_slice());
    let text = Zeroizing::new(format!("{}\n", hex::encode(key.as_slice())));
    write_private(path, text.as_bytes()).map_err(|error| KeyError::Io { path: path.display().to_string(), error })?;
    Ok(key)
}

/// Writes a new file that only its owner may read, whole and on disk before it bears its name.
///
/// # Errors
/// What the system says.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&partial, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(from: &Keys, data: &Path) -> String {
        unlock(from, data).err().expect("it must be refused").to_string()
    }

    #[test]
    fn new_data_gets_a_key_and_keeps_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = unlock(&Keys::Data, folder.path()).expect("new data");
        assert_eq!(first.made, Some(folder.path().join(FILE)));
        let mode = std::fs::metadata(folder.path().join(FILE)).expect("it was made").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let sealed = first.secrets.seal("a/b", b"hush");
        let second = unlock(&Keys::Data, folder.path()).expect("the same key");
        assert_eq!(second.made, None);
        assert_eq!(second.secrets.open("a/b", &sealed).as_deref(), Ok(&b"hush"[..]));
    }

    #[test]
    fn a_missing_wrong_or_exposed_key_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        unlock(&Keys::Data, folder.path()).expect("new data");
        let path = folder.path().join(FILE);
        let good = std::fs::read(&path).expect("it was made");
        std::fs::remove_file(&path).expect("it can go");
        assert!(refused(&Keys::Data, folder.path()).contains("missing"));
        assert!(!path.exists(), "no second key is made over sealed data");
        std::fs::write(&path, "not the key").expect("it can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("ours");
        assert!(refused(&Keys::Data, folder.path()).contains("64 hex digits"));
        std::fs::write(&path, "00".repeat(32)).expect("it can be written");
        assert!(refused(&Keys::Data, folder.path()).contains("not the key that this data is sealed with"));
        std::fs::write(&path, &good).expect("it can be written");
        unlock(&Keys::Data, folder.path()).expect("the right key again");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o604)).expect("ours");
        assert!(refused(&Keys::Data, folder.path()).contains("chmod 600"));
        let text = String::from_utf8(good).expect("hex");
        unlock(&Keys::Given(text), folder.path()).expect("the same key from the environment");
    }
}
