//! `antiphon check`: every problem of a bootstrap or configuration file, with its place.

use crate::bootstrap;
use crate::cli::{complain, say};
use crate::config::Config;
use crate::document::Problem;
use std::path::Path;
use std::process::ExitCode;

/// Checks what is given.
///
/// # Errors
/// When nothing is given.
pub fn check(config: Option<&Path>, file: Option<&Path>, environment: Vec<(String, String)>) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(config.is_some() || file.is_some(), "name a file to check with --bootstrap FILE or --config FILE");
    let mut problems: Vec<Problem> = Vec::new();
    let mut advice: Vec<Problem> = Vec::new();
    if let Some(path) = config {
        problems.extend(Config::load(Some(path), environment, Vec::new()).err().map(|found| found.0).unwrap_or_default());
    }
    if let Some(path) = file {
        let (found, hints) = bootstrap::check(path, &antiphon_channels::list::all());
        problems.extend(found);
        advice.extend(hints);
    }
    for problem in &problems {
        complain(&problem.to_string());
    }
    for hint in &advice {
        complain(&format!("advice: {hint}"));
    }
    if problems.is_empty() {
        let also = match advice.len() {
            0 => "",
            1 => ", 1 piece of advice",
            many => &format!(", {many} pieces of advice"),
        };
        for path in config.iter().chain(&file) {
            say(&format!("{}: no problems{}", path.display(), if Some(*path) == file { also } else { "" }));
        }
        return Ok(ExitCode::SUCCESS);
    }
    complain(&format!("{} problem{}", problems.len(), if problems.len() == 1 { "" } else { "s" }));
    Ok(ExitCode::FAILURE)
}
