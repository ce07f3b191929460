//! Runs the steps of `make lint` and `make test` one after another, shows their output as it comes, and counts the tests.
//!
//! It must never hide a failure: a step that fails without a failed test in its output counts as one failure itself.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// One command with a title.
pub struct Step {
    title: &'static str,
    folder: &'static str,
    command: &'static [&'static str],
    /// Without this step's result the later ones make no sense.
    essential: bool,
}

const fn step(title: &'static str, folder: &'static str, command: &'static [&'static str]) -> Step {
    Step { title, folder, command, essential: false }
}

const fn essential(title: &'static str, folder: &'static str, command: &'static [&'static str]) -> Step {
    Step { title, folder, command, essential: true }
}

/// The lints: web, formatting, clippy and the repository's own rules.
pub fn lint() -> Vec<Step> {
    vec![
        essential("web: packages", "web", &["npm", "ci", "--no-audit", "--no-fund"]),
        step("web: generated types", "web", &["npm", "run", "--silent", "generate", "--", "--check"]),
        step("web: lint", "web", &["npm", "run", "--silent", "lint"]),
        step("web: types", "web", &["npm", "run", "--silent", "typecheck"]),
        essential("web: build", "web", &["npm", "run", "--silent", "build"]),
        step("rust: format", ".", &["cargo", "fmt", "--all", "--check"]),
        step("repository rules", ".", &["cargo", "run", "--quiet", "--locked", "-p", "xtask", "--", "tidy"]),
        step("rust: lint", ".", &["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"]),
    ]
}

/// Everything: the lints, the tests of both languages, then browser, client and crash tests against the debug binary.
pub fn test() -> Vec<Step> {
    let mut steps = lint();
    steps.extend([
        step("web: tests", "web", &["npm", "run", "--silent", "test"]),
        step("rust: tests", ".", &["cargo", "test", "--workspace", "--locked", "--no-fail-fast"]),
        essential(
            "debug binaries",
            ".",
            &["cargo", "build", "--locked", "-p", "antiphon-server", "-p", "antiphon-bench", "-p", "antiphon-examples"],
        ),
        essential("examples: packages", "examples/typescript", &["npm", "ci", "--no-audit", "--no-fund"]),
        essential("examples: build", "examples/typescript", &["npm", "run", "--silent", "build"]),
        essential("e2e: packages", "e2e", &["npm", "ci", "--no-audit", "--no-fund"]),
        step("e2e: against the debug binary", "e2e", &["npm", "run", "--silent", "test"]),
        step("crash round", ".", &["target/debug/antiphon-bench", "crash", "--seconds", "20", "--binary", "target/debug/antiphon"]),
    ]);
    steps
}

/// Passed and failed tests, as the runners themselves report them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
}

/// Runs the steps in the root's folders; true when all succeeded.
pub fn run(root: &Path, steps: &[Step]) -> Result<bool> {
    let (mut total, mut failures) = (Count::default(), Vec::new());
    for step in steps {
        println!("\n── {} ─ {}", step.title, step.command.join(" "));
        let started = Instant::now();
        let (good, count) = run_step(root, step)?;
        println!("── {}: {} in {} s", step.title, if good { "good" } else { "FAILED" }, started.elapsed().as_secs());
        total.passed += count.passed;
        total.failed += count.failed;
        if good && count == Count::default() {
            total.passed += 1;
        }
        if !good {
            total.failed += u64::from(count.failed == 0);
            failures.push(step.title);
            if step.essential {
                println!("The steps after this one need it and were not run.");
                break;
            }
        }
    }
    println!();
    for title in &failures {
        println!("failed: {title}");
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(failures.is_empty())
}

/// Runs one step, passes its output through line by line and counts.
fn run_step(root: &Path, step: &Step) -> Result<(bool, Count)> {
    let (program, arguments) = step.command.split_first().context("a step without a command")?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(root.join(step.folder))
        .env("NO_COLOR", "1")
        .env("CARGO_TERM_COLOR", "never")
        .env("CI", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {program}"))?;
    let mut count = Count::default();
    for line in BufReader::new(child.stdout.take().context("no output to read")?).split(b'\n') {
        let bytes = line?;
        let line = String::from_utf8_lossy(&bytes);
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}")?;
        let found = counted(&line);
        count.passed += found.passed;
        count.failed += found.failed;
    }
    Ok((child.wait()?.success(), count))
}

/// Reads one summary line of `cargo test`, Vitest or Node's test runner; any other line counts nothing.
fn counted(line: &str) -> Count {
    let words: Vec<&str> = line.split_whitespace().collect();
    let before = |label: &str| {
        words
            .iter()
            .position(|word| word.trim_end_matches([';', ',', '|']) == label)
            .and_then(|at| words.get(at.wrapping_sub(1)))
            .and_then(|number| number.parse().ok())
            .unwrap_or(0)
    };
    match words.as_slice() {
        ["test", "result:", ..] | ["Tests", ..] if before("passed") + before("failed") > 0 => {
            Count { passed: before("passed"), failed: before("failed") }
        }
        ["ℹ" | "#", "pass", number] => Count { passed: number.parse().unwrap_or(0), failed: 0 },
        ["ℹ" | "#", "fail", number] => Count { passed: 0, failed: number.parse().unwrap_or(0) },
        _ => Count::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, passed: u64, failed: u64) {
        assert_eq!(counted(line), Count { passed, failed }, "{line}");
    }

    #[test]
    fn counts_the_summaries_of_all_three_runners() {
        check("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s", 12, 0);
        check("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s", 3, 2);
        check("      Tests  7 passed (7)", 7, 0);
        check("      Tests  1 failed | 6 passed (7)", 6, 1);
        check("ℹ pass 5", 5, 0);
        check("ℹ fail 1", 0, 1);
        check("# pass 5", 5, 0);
    }

    #[test]
    fn other_lines_count_nothing() {
        check(" Test Files  2 passed (2)", 0, 0);
        check("test users::wrong_password_is_refused ... ok", 0, 0);
        check("Tests are fun", 0, 0);
    }
}
