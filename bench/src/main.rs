//! Measures Antiphon beside its own baselines, and breaks it on purpose: load generator, kill -9 loop, flood.
//!
//! It must know the product only from outside: a binary, a bootstrap file, HTTP and the agent socket. It links none of our crates.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod agent;
mod baseline;
mod connector;
mod crash;
mod fanout;
mod flood;
mod histogram;
mod http;
mod load;
mod machine;
mod product;
mod report;
mod scenarios;
mod sink;
mod sms;
mod stored;
mod webhooks;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Load generator and crash loop for Antiphon.
#[derive(Parser)]
#[command(name = "antiphon-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Both baselines, then every scenario; writes the results file.
    All {
        /// The server to measure.
        #[arg(long, default_value = "target/release/antiphon")]
        binary: PathBuf,
        /// Where the figures go.
        #[arg(long, default_value = "bench/RESULTS.md")]
        results: PathBuf,
        /// Seconds for each measured round.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// One scenario, printed only: ingest, socket, new, outbound, send, webhooks, fanout, sockets, memory, start.
    One {
        /// Its name.
        scenario: String,
        /// The server to measure.
        #[arg(long, default_value = "target/release/antiphon")]
        binary: PathBuf,
        /// Seconds for each measured round.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// The baselines alone.
    Baseline {
        /// Seconds for each measured round.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// kill -9 in a loop under load; exit 1 on anything lost, doubled or out of order.
    Crash {
        /// How long to go on killing.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
        /// The server to kill.
        #[arg(long, default_value = "target/release/antiphon")]
        binary: PathBuf,
        /// Seed of the moments at which it is killed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Webhooks, a third of them repeated and reordered; exit 1 unless each is stored once and in order.
    Flood {
        /// How many requests.
        #[arg(long, default_value_t = 100_000)]
        count: u64,
        /// The server to flood.
        #[arg(long, default_value = "target/release/antiphon")]
        binary: PathBuf,
        /// Seed of repetitions and order.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// The baseline's server, as a process of its own (used by the other commands).
    #[command(hide = true)]
    BaselineServer {
        /// An empty folder for its database.
        folder: PathBuf,
    },
    /// A sink for outbound requests, as a process of its own (used by the other commands).
    #[command(hide = true)]
    SinkServer,
}

fn main() -> ExitCode {
    if let Some(code) = machine::raise_file_limit() {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be built");
    match runtime.block_on(run(Arguments::parse().command)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("antiphon-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<bool> {
    match command {
        Command::All { binary, results, seconds } => report::all(&binary, &results, seconds).await.map(|()| true),
        Command::One { scenario, binary, seconds } => report::one(&scenario, &binary, seconds).await.map(|()| true),
        Command::Baseline { seconds } => report::baselines(seconds).await.map(|()| true),
        Command::Crash { seconds, binary, seed } => crash::run(&binary, seconds, seed).await,
        Command::Flood { count, binary, seed } => flood::run(&binary, count, seed).await,
        Command::BaselineServer { folder } => baseline::serve(&folder).await.map(|()| true),
        Command::SinkServer => sink::serve_alone().await.map(|()| true),
    }
}
