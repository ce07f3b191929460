//! Project chores that would be shell scripts elsewhere: `tidy` (repository rules), `lint` and `test` (what `make` calls).
//!
//! It must never be needed by the product: nothing under `crates/` depends on it.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod steps;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = root();
    let command = std::env::args().nth(1).unwrap_or_default();
    let outcome = match command.as_str() {
        "tidy" => tidy::run(&root),
        "lint" => steps::run(&root, &steps::lint()),
        "test" => steps::run(&root, &steps::test()),
        _ => {
            eprintln!("usage: cargo run -p xtask -- tidy | lint | test");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root: the folder above this crate.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies below the root").to_path_buf()
}
