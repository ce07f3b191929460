//! The repository's rules, checked by reading manifests and sources: what a reviewer would otherwise have to remember.
//!
//! Each rule is a pure function over texts, so that each has a test with a bad example. It must never change a file.

mod channels;
mod documents;
mod glossary;
mod licences;
mod manifests;
mod sources;

use anyhow::{Context, Result};
use std::fmt;
use std::path::Path;
use std::process::Command;

/// A broken rule: where, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    place: String,
    text: String,
}

impl Problem {
    fn new(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { place: place.into(), text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// A text file of the repository; `path` is relative to the root, with `/`.
#[derive(Debug, Clone)]
pub struct File {
    path: String,
    text: String,
}

/// Folders that hold nothing of ours. A `data` folder counts only at the root.
const FOREIGN: [&str; 6] = ["target", "node_modules", "dist", ".git", "data", "data-demo"];

/// Checks every rule, prints what is broken, and says whether all hold.
pub fn run(root: &Path) -> Result<bool> {
    let mut files = Vec::new();
    read_folder(root, "", &mut files)?;
    let mut problems = Vec::new();
    problems.extend(manifests::check(&files));
    problems.extend(files.iter().flat_map(sources::check));
    problems.extend(channels::check(&files));
    problems.extend(documents::check(&files));
    problems.extend(glossary::check(&files));
    problems.extend(licences::check_lock_files(&files));
    problems.extend(licences::check_crates(&metadata(root)?));
    problems.sort();
    for problem in &problems {
        println!("{problem}");
    }
    println!("tidy: {} files, {} problems", files.len(), problems.len());
    Ok(problems.is_empty())
}

fn read_folder(root: &Path, folder: &str, files: &mut Vec<File>) -> Result<()> {
    for entry in std::fs::read_dir(root.join(folder)).with_context(|| format!("could not list {folder}"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !FOREIGN.contains(&name.as_str()) || (name == "data" && !folder.is_empty()) {
                read_folder(root, &path, files)?;
            }
        } else if kind.is_file() {
            // Pictures and other bytes are no text and have no rules.
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.push(File { path, text });
            }
        }
    }
    Ok(())
}

/// What cargo knows about all locked packages.
fn metadata(root: &Path) -> Result<serde_json::Value> {
    let output = Command::new("cargo").args(["metadata", "--format-version", "1", "--locked"]).current_dir(root).output()?;
    anyhow::ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}
