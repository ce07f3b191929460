//! What the figures were measured on, and what the bench needs from it.
//!
//! It must never name the host or the person: model, cores, memory and kernel are enough to compare.

use std::process::{Command, ExitCode};
use std::time::Duration;

/// Sockets of the largest scenario, with room for files.
const FILES_NEEDED: u64 = 12_000;
/// Set on the second start, so that a limit that cannot be raised does not loop.
const MARK: &str = "ANTIPHON_BENCH_LIMIT_RAISED";

/// Starts this program again below a shell that raised the file limit, when it is too low; gives that run's exit code.
pub fn raise_file_limit() -> Option<ExitCode> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let soft: u64 = limits.lines().find(|line| line.starts_with("Max open files"))?.split_whitespace().nth(3)?.parse().ok()?;
    if soft >= FILES_NEEDED || std::env::var_os(MARK).is_some() {
        return None;
    }
    let status = Command::new("sh")
        .args(["-c", "ulimit -n \"$(ulimit -H -n)\"; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().ok()?)
        .args(std::env::args_os().skip(1))
        .env(MARK, "1")
        .status()
        .ok()?;
    Some(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)))
}

/// One line: processor, cores, memory, kernel.
pub fn describe() -> String {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes: u64 =
        memory.lines().next().and_then(|line| line.split_whitespace().nth(1)).and_then(|number| number.parse().ok()).unwrap_or(0);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let version = kernel.trim().split('-').next().unwrap_or("?").to_owned();
    format!("{model}, {cores} cores, {:.0} GB memory, Linux {version}", kilobytes as f64 / 1e6)
}

/// The resident memory of a process, in bytes.
pub fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// The processor time that a process has used so far, in all its threads.
pub fn processor_time(process: u32) -> Duration {
    /// Linux counts in hundredths for everybody, whatever its own clock does.
    const TICK_MS: u64 = 10;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name before the last parenthesis may hold spaces; user and system time are the twelfth and thirteenth after it.
    let ticks = stat.rsplit(')').next().unwrap_or("").split_whitespace().skip(11).take(2).filter_map(|number| number.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * TICK_MS)
}

/// A tiny seeded generator (splitmix64): enough for moments and orders, not for secrets.
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
}
