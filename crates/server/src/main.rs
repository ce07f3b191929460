//! The binary's entry: reads the command line and exits with the command's code. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    antiphon_server::cli::main()
}
