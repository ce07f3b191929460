//! The command line. Flags lie over the environment, which lies over the configuration file.

use crate::commands;
use crate::config::{Config, Flag};
use crate::document::Problems;
use clap::{Args, Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// An open messaging contact centre.
#[derive(Parser)]
#[command(name = "antiphon", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Args, Clone, Debug, Default)]
struct Flags {
    /// Configuration file (TOML); `antiphon defaults` prints every setting
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where plain HTTP listens; port 0 picks one
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<String>,
    /// Where HTTPS listens
    #[arg(long, global = true, value_name = "ADDR")]
    tls_listen: Option<String>,
    /// What clients are told to connect to
    #[arg(long, global = true, value_name = "HOST:PORT")]
    public_host: Option<String>,
    /// The address for webhooks, files and signatures
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Bootstrap file that is applied at start
    #[arg(long, global = true, value_name = "FILE")]
    bootstrap: Option<PathBuf>,
    /// Form of the logs on standard error: text or json
    #[arg(long, global = true, value_name = "FORM")]
    log: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Run a server with a demo account, sample data and simulated phones
    Demo {
        /// Listen on addresses that others can reach, although everybody knows the demo's passwords
        #[arg(long)]
        allow_public_demo: bool,
    },
    /// Check a bootstrap file or a configuration file, and name every problem
    Check,
    /// Print every setting with its default and what it means
    Defaults,
    /// Accounts of the data folder
    #[command(subcommand)]
    Account(AccountCommand),
    /// Users of the data folder
    #[command(subcommand)]
    User(UserCommand),
    /// Copy database and files, also of a running server, into a new folder
    Backup {
        /// The new folder
        to: PathBuf,
    },
    /// Copy a backup into an empty data folder
    Restore {
        /// The backup
        from: PathBuf,
    },
    /// Check configuration, store, disk, keys, clock, certificate and sources
    Doctor,
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Make an account
    Create(commands::NewAccount),
}

#[derive(Subcommand)]
enum UserCommand {
    /// Make a user
    Create(commands::NewUser),
    /// Give a user another password, and lift their lock
    SetPassword(commands::WhichUserAndPassword),
    /// Lift the lock that failed log-ins put on a user
    Unlock(commands::WhichUser),
}

/// Runs the command that the command line names; gives the process's exit code: 0 all went well, 1 it did not, 2 the command line is wrong.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("error: no threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => {
            match error.downcast_ref::<Problems>() {
                Some(problems) => complain(&problems.to_string()),
                None => complain(&format!("error: {error:#}")),
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let flags = cli.flags;
    match cli.command {
        Command::Defaults => {
            say(crate::config::DEFAULTS.trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Check => return commands::check(flags.config.as_deref(), flags.bootstrap.as_deref(), environment()),
        Command::Doctor => return commands::doctor(load(&flags, None)).await,
        _ => {}
    }
    let demo = matches!(cli.command, Command::Demo { .. });
    let config = load(&flags, demo.then_some("./data-demo"))?;
    crate::log::start(&config.log);
    match cli.command {
        Command::Serve => commands::serve(config).await?,
        Command::Demo { allow_public_demo } => commands::demo(config, allow_public_demo).await?,
        Command::Account(AccountCommand::Create(new)) => commands::create_account(&config, new).await?,
        Command::User(UserCommand::Create(new)) => commands::create_user(&config, new).await?,
        Command::User(UserCommand::SetPassword(which)) => commands::set_password(&config, which).await?,
        Command::User(UserCommand::Unlock(which)) => commands::unlock(&config, which).await?,
        Command::Backup { to } => commands::backup(&config, &to)?,
        Command::Restore { from } => commands::restore(&config, &from)?,
        Command::Check | Command::Defaults | Command::Doctor => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Lays the layers over each other; the demo has a folder of its own unless a file or variable names one.
fn load(flags: &Flags, data: Option<&str>) -> Result<Config, Problems> {
    let mut layers: Vec<Flag> = Vec::new();
    let path = |path: &PathBuf| path.display().to_string();
    let data = flags.data.as_ref().map(path).or(data.map(str::to_owned));
    let values = [
        ("server", "data", data, "--data"),
        ("server", "listen", flags.listen.clone(), "--listen"),
        ("server", "tls_listen", flags.tls_listen.clone(), "--tls-listen"),
        ("server", "public_host", flags.public_host.clone(), "--public-host"),
        ("server", "public_url", flags.public_url.clone(), "--public-url"),
        ("server", "bootstrap", flags.bootstrap.as_ref().map(path), "--bootstrap"),
        ("log", "format", flags.log.clone(), "--log"),
    ];
    for (section, key, value, flag) in values {
        layers.extend(value.map(|value| (section, key, value, flag)));
    }
    Config::load(flags.config.as_deref(), environment(), layers)
}

fn environment() -> Vec<(String, String)> {
    // A variable that is no Unicode can be none of ours.
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// Writes a line of a command's result. Whoever closed the pipe does not want it.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Writes a line about what went wrong.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        for line in [
            "antiphon serve --config a --data b --listen c --tls-listen d --public-host e --public-url f --bootstrap g",
            "antiphon --data b demo --allow-public-demo",
            "antiphon check --bootstrap a",
            "antiphon account create --id acme",
            "antiphon user create --account acme --login admin --profile administrator --skill General --password-stdin",
            "antiphon user set-password --account acme --login admin",
            "antiphon user unlock --account acme --login admin --data x",
            "antiphon backup to --data x",
            "antiphon restore from --data x",
            "antiphon doctor --data x",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        assert!(Cli::try_parse_from(["antiphon", "serve", "--no-such-flag"]).is_err());
    }
}
