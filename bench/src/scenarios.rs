//! What is measured on the product: ingest, latency to the socket, new conversations, outbound, sockets' memory, starts.
//!
//! Each scenario starts its own server on a fresh folder, so that none depends on what ran before it.

use crate::agent::{self, Agent};
use crate::histogram::Histogram;
use crate::load::{self, Make, Outcome};
use crate::product::{self, Server};
use crate::sink::Sink;
use crate::{machine, sms, stored};
use anyhow::{Context, Result};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;

/// Conversations of the ingest and latency scenarios.
pub const CONVERSATIONS: u64 = 300;
/// Room of an agent who is to hold everything: the most there is.
pub const ROOM: u32 = 1_000;
/// Agents of the scenario with new conversations, so that each of those can ring somewhere.
const RINGERS: u64 = 60;
/// Agents of the outbound scenario, and the conversations that each holds. A socket answers its requests one after the other, so
/// what is asked at once grows with the agents, not with their conversations.
const WRITERS: u64 = 64;
const HELD: u64 = 4;
/// How long set-up steps may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on a fresh folder with a sink as its vendor.
pub struct Stage {
    /// The server.
    pub server: Server,
    /// Its vendor.
    pub sink: Arc<Sink>,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Starts it all.
    pub async fn set(binary: &Path) -> Result<Self> {
        Self::set_with(binary, 1, ROOM).await
    }

    async fn set_with(binary: &Path, agents: u64, room: u32) -> Result<Self> {
        Self::set_on(binary, |sink| product::bootstrap(agents, room, sink)).await
    }

    /// Starts it on a bootstrap file that is made for the vendor's address.
    pub async fn set_on(binary: &Path, bootstrap: impl FnOnce(SocketAddr) -> String) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (sink, sink_address) = Sink::start().await?;
        let text = bootstrap(sink_address);
        let bootstrap = folder.path().join("bootstrap.toml");
        std::fs::write(&bootstrap, text)?;
        let server = product::start(binary, &folder.path().join("data"), "127.0.0.1:0", Some(&bootstrap)).await?;
        Ok(Self { server, sink, folder })
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

/// What a scenario found, and what it cost the server.
pub struct Measured<T> {
    /// What was found.
    pub found: T,
    /// Processor time of the server for each thing that it did, in microseconds: it depends less on what else the machine does.
    pub each_us: f64,
}

/// Counts the server's processor time from now on.
struct Cost<'a> {
    server: &'a Server,
    before: Duration,
}

impl<'a> Cost<'a> {
    fn from_now(server: &'a Server) -> Self {
        Self { server, before: server.processor_time() }
    }

    fn of<T>(self, found: T, things: u64) -> Measured<T> {
        let used = self.server.processor_time().saturating_sub(self.before);
        Measured { found, each_us: used.as_secs_f64() * 1e6 / things.max(1) as f64 }
    }
}

/// An agent at work, its notifications, and the conversations it has accepted.
pub struct Staff {
    /// Their client.
    pub agent: Arc<Agent>,
    notifications: UnboundedReceiver<agent::Notification>,
    conversations: HashSet<String>,
}

impl Staff {
    /// Signs an agent in and sets it to work.
    pub async fn hire(stage: &Stage, login: &str) -> Result<Self> {
        let session = agent::log_in(stage.server.address, login).await?;
        let (agent, notifications) = Agent::connect(stage.server.address, &session).await?;
        let agent = Arc::new(agent);
        agent.start_work(false, "ONLINE").await?;
        Ok(Self { agent, notifications, conversations: HashSet::new() })
    }

    /// Accepts rings until it holds so many conversations.
    pub async fn hold(&mut self, wanted: u64) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while (self.conversations.len() as u64) < wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            let (_, notification) = tokio::time::timeout(left, self.notifications.recv())
                .await
                .with_context(|| format!("only {} of {wanted} conversations reached the agent", self.conversations.len()))?
                .context("the agent's socket closed")?;
            self.agent.accept_rings(&notification);
            self.conversations.extend(agent::conversations(&notification));
        }
        Ok(())
    }
}

/// One agent who holds the conversations of so many consumers.
pub async fn staffed(stage: &Stage, conversations: u64) -> Result<Staff> {
    let mut staff = Staff::hire(stage, "agent0").await?;
    stored::open_conversations(stage.server.address, conversations).await?;
    staff.hold(conversations).await?;
    Ok(staff)
}

/// Signed webhooks on 300 conversations that an agent holds, closed loop.
pub async fn ingest(binary: &Path, connections: usize, time: Duration) -> Result<Measured<Outcome>> {
    let stage = Stage::set(binary).await?;
    let Staff { agent, notifications: _open, .. } = staffed(&stage, CONVERSATIONS).await?;
    agent.counts_only.store(true, Ordering::Relaxed);
    let signer = sms::Signer::new(stage.server.address);
    let make: Make = Arc::new(move |number| {
        signer.request(&number.to_string(), &sms::consumer(number % CONVERSATIONS), "A message of ordinary length, as people send them.")
    });
    let cost = Cost::from_now(&stage.server);
    let outcome = load::closed(stage.server.address, connections, time, 200, make).await?;
    anyhow::ensure!(agent.frames.load(Ordering::Relaxed) > 0, "the agent's socket saw nothing");
    let count = outcome.histogram.count();
    Ok(cost.of(outcome, count))
}

/// Open loop at a fixed rate: from sending the webhook to the event on the agent's socket.
pub async fn latency(binary: &Path, rate: u64, time: Duration) -> Result<Histogram> {
    let stage = Stage::set(binary).await?;
    let Staff { agent: _open, mut notifications, .. } = staffed(&stage, CONVERSATIONS).await?;
    let signer = sms::Signer::new(stage.server.address);
    let sent_at: Arc<Mutex<HashMap<u64, Instant>>> = Arc::default();
    let (note, total) = (sent_at.clone(), rate * time.as_secs());
    let listener = tokio::spawn(async move {
        let mut histogram = Histogram::new();
        while histogram.count() < total {
            let Some((arrived, notification)) = notifications.recv().await else { break };
            let text = notification["body"]["event"]["message"].as_str().unwrap_or("");
            let Some(number) = text.strip_prefix("timed ").and_then(|number| number.parse().ok()) else { continue };
            if let Some(sent) = sent_at.lock().expect("no holder panics").remove(&number) {
                histogram.add(arrived.saturating_duration_since(sent));
            }
        }
        histogram
    });
    let make: Make =
        Arc::new(move |number| signer.request(&number.to_string(), &sms::consumer(number % CONVERSATIONS), &format!("timed {number}")));
    let sent = Arc::new(move |number, at| {
        note.lock().expect("no holder panics").insert(number, at);
    });
    load::open(stage.server.address, 64, rate, time, make, sent).await?;
    tokio::time::timeout(Duration::from_secs(10), listener)
        .await
        .context("some events never reached the agent's socket")?
        .map_err(Into::into)
}

/// Each webhook opens a conversation, with consumer, routing and ring.
pub async fn new_conversations(binary: &Path, time: Duration) -> Result<Measured<Outcome>> {
    let stage = Stage::set_with(binary, RINGERS, ROOM).await?;
    let mut ringers = Vec::new();
    for number in 0..RINGERS {
        let staff = Staff::hire(&stage, &format!("agent{number}")).await?;
        staff.agent.counts_only.store(true, Ordering::Relaxed);
        ringers.push(staff);
    }
    let signer = sms::Signer::new(stage.server.address);
    let make: Make = Arc::new(move |number| signer.request(&number.to_string(), &sms::consumer(1_000 + number), "hello"));
    let cost = Cost::from_now(&stage.server);
    let outcome = load::closed(stage.server.address, 64, time, 200, make).await?;
    let opened = outcome.histogram.count();
    // A ring is one frame; what is still on its way gets a moment.
    let rung = || ringers.iter().map(|staff| staff.agent.frames.load(Ordering::Relaxed)).sum::<u64>();
    let wanted = opened.min(RINGERS * u64::from(ROOM));
    let started = Instant::now();
    while rung() < wanted {
        anyhow::ensure!(started.elapsed() < PATIENCE, "only {} of {wanted} new conversations rang", rung());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(cost.of(outcome, opened))
}

/// Agents answer in all their conversations at once; what arrives at the vendor per second, and what they could publish per second.
pub async fn outbound(binary: &Path, time: Duration) -> Result<Measured<(f64, f64)>> {
    let stage = Stage::set_with(binary, WRITERS, HELD as u32).await?;
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        writers.push(Staff::hire(&stage, &format!("agent{number}")).await?);
    }
    stored::open_conversations(stage.server.address, WRITERS * HELD).await?;
    for writer in &mut writers {
        writer.hold(HELD).await?;
    }
    let cost = Cost::from_now(&stage.server);
    let started = Instant::now();
    let before = stage.sink.taken.load(Ordering::Relaxed);
    let mut workers = FuturesUnordered::new();
    for Staff { agent, conversations, .. } in &writers {
        for dialog in conversations.clone() {
            let agent = agent.clone();
            workers.push(tokio::spawn(async move {
                let mut published = 0_u64;
                while started.elapsed() < time {
                    agent.publish(&dialog, "An answer of ordinary length, as agents write them.", None).await?;
                    published += 1;
                }
                anyhow::Ok(published)
            }));
        }
    }
    let mut published = 0;
    while let Some(worker) = workers.next().await {
        published += worker??;
    }
    let publishing = started.elapsed();
    while stage.sink.taken.load(Ordering::Relaxed) - before < published {
        anyhow::ensure!(
            started.elapsed() < time + PATIENCE,
            "only {} of {published} answers arrived at the vendor",
            stage.sink.taken.load(Ordering::Relaxed) - before
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let rates = (published as f64 / started.elapsed().as_secs_f64(), published as f64 / publishing.as_secs_f64());
    Ok(cost.of(rates, published))
}

/// Memory of so many idle agent sockets: bytes for each.
pub async fn idle_sockets(binary: &Path, count: usize) -> Result<f64> {
    let stage = Stage::set(binary).await?;
    let session = agent::log_in(stage.server.address, "agent0").await?;
    let address = stage.server.address;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = machine::resident(stage.server.id());
    let mut sockets = Vec::with_capacity(count);
    while sockets.len() < count {
        let batch = (count - sockets.len()).min(100);
        let opened = futures_util::future::join_all((0..batch).map(|_| agent::open_socket(address, &session.bearer))).await;
        for socket in opened {
            sockets.push(socket.with_context(|| format!("after {} sockets", sockets.len()))?);
        }
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = machine::resident(stage.server.id());
    Ok(after.saturating_sub(before) as f64 / count as f64)
}

/// A server that holds many open conversations.
pub struct Laden {
    /// Resident memory when they had all come in, in bytes.
    pub memory: u64,
    /// The same some seconds after a kill and a start on them.
    pub restarted_memory: u64,
    /// How long that start took.
    pub start: Duration,
}

/// Memory of a server with so many open conversations, all waiting in one queue, and its start on them.
pub async fn laden(binary: &Path, conversations: u64) -> Result<Laden> {
    let stage = Stage::set(binary).await?;
    let data = stage.data();
    stored::open_many_conversations(stage.server.address, conversations).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let memory = machine::resident(stage.server.id());
    stage.server.kill().await?;
    let server = product::start(binary, &data, "127.0.0.1:0", None).await?;
    let start = server.started_in;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let restarted_memory = machine::resident(server.id());
    server.kill().await?;
    Ok(Laden { memory, restarted_memory, start })
}

/// Start times and memory of an idle server.
pub struct Starts {
    /// On an empty folder.
    pub empty: Duration,
    /// On a folder whose server was killed under load.
    pub after_kill: Duration,
    /// Resident memory some seconds after an empty start, in bytes.
    pub idle_memory: u64,
}

/// Measures starts and idle memory.
pub async fn starts(binary: &Path) -> Result<Starts> {
    let folder = tempfile::tempdir()?;
    let mut empty = Duration::MAX;
    let mut idle_memory = 0;
    for round in 0..3 {
        let server = product::start(binary, &folder.path().join(format!("empty{round}")), "127.0.0.1:0", None).await?;
        empty = empty.min(server.started_in);
        if round == 2 {
            tokio::time::sleep(Duration::from_secs(3)).await;
            idle_memory = machine::resident(server.id());
        }
        server.kill().await?;
    }
    let stage = Stage::set(binary).await?;
    let signer = sms::Signer::new(stage.server.address);
    let (address, data) = (stage.server.address, stage.data());
    let make: Make = Arc::new(move |number| signer.request(&number.to_string(), &sms::consumer(number % CONVERSATIONS), "hello"));
    let load = tokio::spawn(load::closed(address, 64, Duration::from_secs(60), 200, make));
    tokio::time::sleep(Duration::from_secs(5)).await;
    stage.server.kill().await?;
    // The load ends with a connection error, as it must.
    let _ = load.await?;
    let server = product::start(binary, &data, "127.0.0.1:0", None).await?;
    let after_kill = server.started_in;
    server.kill().await?;
    Ok(Starts { empty, after_kill, idle_memory })
}
