//! The binary's entry: reads the command line and exits with the command's code. Everything else is in the library.

use std::process::ExitCode;

/// Much of the work is short-lived text, made by one thread and dropped by another: the system's allocator took a seventh of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    antiphon_server::cli::main()
}
