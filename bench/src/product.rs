//! Starts the server (or one of our own helper processes) on a folder and a free port, and ends it.
//!
//! It must never leave a process behind: dropping a [`Server`] kills it.

use crate::{machine, sms};
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The account of all scenarios.
pub const ACCOUNT: &str = "bench";
/// The password of all users.
pub const PASSWORD: &str = "correct-horse-9A-battery";
/// How long a start may take before it counts as hung.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running process that listens for HTTP.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From spawning to the `listening` line.
    pub started_in: Duration,
}

impl Server {
    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// The processor time it has used so far.
    pub fn processor_time(&self) -> Duration {
        machine::processor_time(self.id())
    }

    /// SIGKILL, then waits until it is gone.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("could not kill the server")
    }
}

/// Starts the product on a data folder; its log goes to `server.log` beside the folder.
pub async fn start(binary: &Path, data: &Path, listen: &str, bootstrap: Option<&Path>) -> Result<Server> {
    let log = std::fs::File::options().create(true).append(true).open(data.with_extension("log"))?;
    let mut command = Command::new(binary);
    command.arg("serve").arg("--data").arg(data).args(["--listen", listen]).stderr(log);
    // One program at one address is all the load that there is: what is measured is the server, not its bounds.
    command.env("ANTIPHON__HTTP__APP_REQUESTS_PER_S", "1000000").env("ANTIPHON__HTTP__CONSUMER_TOKENS_PER_MIN", "1000000");
    if let Some(file) = bootstrap {
        command.arg("--bootstrap").arg(file);
    }
    spawn(command).await.with_context(|| format!("the server did not start; its log:\n{}", tail(&data.with_extension("log"))))
}

/// Starts this program itself with other arguments.
pub async fn spawn_self(arguments: &[&str]) -> Result<Server> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    spawn(command).await
}

async fn spawn(mut command: Command) -> Result<Server> {
    let spawned = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("could not start {:?}", command.as_std().get_program()))?;
    let mut lines = BufReader::new(child.stdout.take().context("no output to read")?).lines();
    let wait = async {
        while let Some(line) = lines.next_line().await? {
            if let Some(rest) = line.strip_prefix("listening http://") {
                return Ok(rest.trim().trim_end_matches('/').parse()?);
            }
        }
        bail!("it ended before it listened")
    };
    let address = tokio::time::timeout(START_TIMEOUT, wait).await.context("it did not listen in time")??;
    let started_in = spawned.elapsed();
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(Server { child, address, started_in })
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

/// A bootstrap file: an administrator, so many agents with so much room, and one text-message source whose vendor is the sink.
pub fn bootstrap(agents: u64, room: u32, sink: SocketAddr) -> String {
    let mut text = format!(
        "[[account]]\nid = \"{ACCOUNT}\"\nname = \"Bench\"\ntimezone = \"UTC\"\ndefault_skill = \"General\"\n\n[[account.skill]]\nname = \"General\"\n\n{}",
        user("admin", "administrator", 1)
    );
    for number in 0..agents {
        text += &user(&format!("agent{number}"), "agent", room);
    }
    text += &format!(
        "[[account.source]]\nchannel = \"twilio_sms\"\nname = \"Line\"\naddress = \"{}\"\nskill = \"General\"\napi_base_url = \"http://{sink}\"\n[account.source.credentials]\naccount_sid = \"{}\"\nauth_token = \"{}\"\n",
        sms::NUMBER,
        sms::ACCOUNT_SID,
        sms::AUTH_TOKEN
    );
    text
}

fn user(login: &str, profile: &str, room: u32) -> String {
    format!(
        "[[account.user]]\nlogin = \"{login}\"\npassword = \"{PASSWORD}\"\nnickname = \"{login}\"\nkind = \"human\"\nprofile = \"{profile}\"\nskills = [\"General\"]\nmax_conversations = {room}\n\n"
    )
}
