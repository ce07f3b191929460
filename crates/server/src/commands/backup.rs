//! `antiphon backup` and `antiphon restore`. A backup is a folder: the database of one moment, the files that it names, and what the
//! master key is checked with; never the master key itself.
//!
//! The database is copied first: files are written before the database names them, so every named file is found afterwards.

use crate::adapters::master_key;
use crate::cli::say;
use crate::config::{Config, FilePlace, Keys};
use crate::paths;
use antiphon_store::sqlite;
use anyhow::Context;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Says what a backup is; written last, so that a half-written one is told from a whole one.
const ABOUT: &str = "backup.json";

/// Copies the data folder's content into a new folder, also while a server runs.
///
/// # Errors
/// When there is no data, the target is not empty, or the disk refuses.
pub fn backup(config: &Config, to: &Path) -> anyhow::Result<()> {
    let data = &config.server.data;
    let database = data.join(paths::DATABASE);
    anyhow::ensure!(database.exists(), "{} holds no data; name the folder with --data", data.display());
    let (schema, _) = sqlite::inspect(&database)?;
    empty(to, "a backup goes into a new folder")?;
    sqlite::backup_file(&database, &to.join(paths::DATABASE)).map_err(anyhow::Error::msg).context("the database could not be copied")?;
    let files = match &config.files.place {
        FilePlace::Folder(_) => {
            let folder = config.files.folder(data).context("it is a folder")?;
            copy_folder(&folder, &to.join(paths::FILES))?
        }
        FilePlace::Bucket(bucket) => {
            say(&format!("files are not included: they lie in {}; protect them there, by versions or a copy of the bucket", bucket.name()));
            0
        }
    };
    let check = data.join(master_key::CHECK);
    if check.exists() {
        fs::copy(&check, to.join(master_key::CHECK)).with_context(|| format!("{} could not be copied", check.display()))?;
    }
    let about = serde_json::json!({"program": "antiphon", "version": env!("CARGO_PKG_VERSION"), "schema": schema, "files": files});
    fs::write(to.join(ABOUT), format!("{about:#}\n"))?;
    say(&format!("backed up database and {files} files to {}", to.display()));
    let key = match &config.keys {
        Keys::Data => data.join(master_key::FILE).display().to_string(),
        Keys::File(path) => path.display().to_string(),
        Keys::Given(_) => "the one of the environment or configuration".to_owned(),
    };
    say(&format!("the master key is not included: keep a copy of it ({key}) elsewhere; without it the backup's secrets can't be opened"));
    Ok(())
}

/// Copies a backup into an empty data folder.
///
/// # Errors
/// When the folder is not empty, the backup is none or of a newer program, or the disk refuses.
pub fn restore(config: &Config, from: &Path) -> anyhow::Result<()> {
    let database = from.join(paths::DATABASE);
    let whole = database.exists() && from.join(ABOUT).exists();
    anyhow::ensure!(whole, "{} is no backup: `antiphon backup` leaves {} and {ABOUT} in it", from.display(), paths::DATABASE);
    let data = &config.server.data;
    empty(data, "a backup is restored into an empty folder")?;
    let restored = data.join(paths::DATABASE);
    // The copy is a database at rest: copied as it is, so that a backup on read-only media can be restored too.
    fs::copy(&database, &restored).and_then(|_| fs::File::open(&restored)?.sync_all()).context("the database could not be copied")?;
    let (found, known) = sqlite::inspect(&restored)?;
    if found > known {
        fs::remove_file(&restored)?;
        anyhow::bail!("the backup has schema {found}, this program knows only up to {known}: restore it with the newer program");
    }
    let files = match config.files.folder(data) {
        Some(folder) => copy_folder(&from.join(paths::FILES), &folder)?,
        None if from.join(paths::FILES).exists() => {
            let remedy = "start once with files.store = \"folder\", or copy the backup's folder into the bucket";
            anyhow::bail!("the backup holds files, and files.store is a bucket: {remedy}");
        }
        None => 0,
    };
    let check = from.join(master_key::CHECK);
    if check.exists() {
        fs::copy(&check, data.join(master_key::CHECK)).with_context(|| format!("{} could not be copied", check.display()))?;
    }
    say(&format!("restored database and {files} files to {}", data.display()));
    if matches!(config.keys, Keys::Data) {
        say(&format!("now put the master key back as {} (mode 0600) before the first start", data.join(master_key::FILE).display()));
    }
    Ok(())
}

/// Makes a folder, or takes an empty one.
fn empty(folder: &Path, rule: &str) -> anyhow::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(|| format!("{}", folder.display()))?;
    let mut inside = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    anyhow::ensure!(inside.next().is_none(), "{} is not empty: {rule}", folder.display());
    Ok(())
}

/// Copies files with their folders; what disappears meanwhile was deleted on purpose. Gives how many there were.
fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<u64> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error).with_context(|| format!("{}", from.display())),
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(to).with_context(|| format!("{}", to.display()))?;
    let mut copied = 0;
    for entry in entries {
        let entry = entry.with_context(|| format!("{}", from.display()))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        // What begins with a dot is not finished yet.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copied += copy_folder(&path, &target)?;
            continue;
        }
        match fs::copy(&path, &target) {
            Ok(_) => {
                fs::File::open(&target)?.sync_all()?;
                copied += 1;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("{} could not be copied", path.display())),
        }
    }
    Ok(copied)
}
