//! kill -9 in a loop under load. What was acknowledged must be stored once, in order, and shown; each reply must go out once or be marked unknown;
//! and an installed app must be told all of it in order, at least once.
//!
//! Consumers behave like the vendor: a message without a 200 is sent again under the same id. The agent behaves like a client with
//! a cursor: after each cut it logs in again, reads what it missed, and repeats unanswered replies under the same client key.

use crate::agent::{self, Agent, Session};
use crate::http::Connection;
use crate::machine::Random;
use crate::product::{self, Server};
use crate::sink::Sink;
use crate::sms;
use crate::stored::{self, Conversation};
use crate::webhooks::{self, Hooks};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Consumers that write at the same time, each in their own conversation.
const CONSUMERS: u64 = 64;
/// Between a success and the next message: enough load to be cut in the middle, not more than can be read back in the end.
const PAUSE: Duration = Duration::from_millis(40);
/// The agent answers each so-many-th message.
const ANSWERED: u64 = 8;
/// How long the last deliveries may take after the last start.
const SETTLE: Duration = Duration::from_secs(90);

/// What the outside world believes to have happened.
#[derive(Default)]
struct World {
    /// Acknowledged messages per consumer: always 0 to n − 1, because a consumer waits for each.
    acknowledged: Mutex<HashMap<u64, u64>>,
    /// Replies with a success, by text.
    replied: Mutex<HashSet<String>>,
    stop: AtomicBool,
}

/// Runs the loop for so long; true when nothing was lost, doubled or out of order.
pub async fn run(binary: &Path, seconds: u64, seed: u64) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let bootstrap = folder.path().join("bootstrap.toml");
    let (sink, sink_address) = Sink::start().await?;
    sink.remembers.store(true, Ordering::Relaxed);
    let (hooks, hooks_address) = Hooks::start().await?;
    hooks.remembers.store(true, Ordering::Relaxed);
    std::fs::write(&bootstrap, webhooks::with_apps(&product::bootstrap(1, 1_000, sink_address), 1, hooks_address))?;
    let mut server = product::start(binary, &data, "127.0.0.1:0", Some(&bootstrap)).await?;
    let address = server.address;
    let listen = address.to_string();

    let world = Arc::new(World::default());
    let consumers: Vec<_> = (0..CONSUMERS).map(|number| tokio::spawn(consume(world.clone(), address, number))).collect();
    let agent = tokio::spawn(answer(world.clone(), address));
    let mut random = Random(seed);
    let (started, mut kills, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    while started.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(Duration::from_millis(300 + random.below(2_200))).await;
        server.kill().await?;
        kills += 1;
        server = product::start(binary, &data, &listen, Some(&bootstrap)).await?;
        slowest = slowest.max(server.started_in);
    }
    // The last server lives: let everybody finish their sentence.
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.stop.store(true, Ordering::Relaxed);
    for consumer in consumers {
        consumer.await?;
    }
    agent.await?;
    settle(&server).await?;
    let problems = compare(&world, &sink, &hooks, address).await?;
    let sent: u64 = world.acknowledged.lock().expect("no holder panics").values().sum();
    let replies = world.replied.lock().expect("no holder panics").len();
    for problem in problems.iter().take(30) {
        println!("{problem}");
    }
    println!(
        "crash: {kills} kills, {sent} messages acknowledged, {replies} replies, {} notifications, slowest start {:.2} s, {} problems",
        hooks.taken.load(Ordering::Relaxed),
        slowest.as_secs_f64(),
        problems.len()
    );
    ensure!(sent > 0 && replies > 0, "nothing was exchanged, so nothing was shown");
    Ok(problems.is_empty())
}

/// One consumer: writes message after message, each until it is acknowledged.
async fn consume(world: Arc<World>, address: SocketAddr, consumer: u64) {
    let signer = sms::Signer::new(address);
    let from = sms::consumer(consumer);
    let mut connection = None;
    let mut number = 0;
    while !world.stop.load(Ordering::Relaxed) {
        let request = signer.request(&format!("{consumer}a{number}"), &from, &format!("{consumer}-{number}"));
        if connection.is_none() {
            connection = Connection::open(address).await.ok();
        }
        let status = match connection.as_mut() {
            Some(open) => open.send(&request).await.map(|answer| answer.status).ok(),
            None => None,
        };
        if status == Some(200) {
            number += 1;
            world.acknowledged.lock().expect("no holder panics").insert(consumer, number);
            tokio::time::sleep(PAUSE).await;
        } else {
            connection = None;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// What the agent knows across cuts.
#[derive(Default)]
struct Memory {
    /// The next number to read, per conversation.
    next: HashMap<String, u64>,
    /// Conversations whose missed events were read on this connection.
    current: HashSet<String>,
    /// Replies that have no success yet, in the order in which they are to go out: dialog and text.
    open: VecDeque<(String, String)>,
    /// The log-in, which outlives the server's deaths.
    session: Option<Session>,
}

/// The agent: works on a connection until it breaks, then on the next.
async fn answer(world: Arc<World>, address: SocketAddr) {
    let mut memory = Memory::default();
    while !world.stop.load(Ordering::Relaxed) {
        // An error is a cut connection: expected here, and answered by a new one.
        let _ = work(&world, address, &mut memory).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn work(world: &World, address: SocketAddr, memory: &mut Memory) -> Result<()> {
    let session = match memory.session.take() {
        Some(session) => session,
        None => agent::log_in(address, "agent0").await?,
    };
    let (agent, mut notifications) = Agent::connect(address, &session).await?;
    memory.session = Some(session);
    memory.current.clear();
    let agent = Arc::new(agent);
    agent.start_work(false, "ONLINE").await?;
    while !world.stop.load(Ordering::Relaxed) {
        let Ok(next) = tokio::time::timeout(Duration::from_millis(100), notifications.recv()).await else {
            say(world, &agent, memory).await?;
            continue;
        };
        let (_, notification) = next.context("the socket closed")?;
        agent.accept_rings(&notification);
        for conversation in agent::conversations(&notification) {
            if memory.current.insert(conversation.clone()) {
                catch_up(&agent, memory, &conversation).await?;
            }
        }
        if let Some(conversation) = notification["body"]["dialogId"].as_str().filter(|_| notification["body"]["sequence"].is_u64()) {
            // An event that is not the next one shows a gap: the cursor fills it.
            if !memory.take(conversation, &notification["body"]) {
                catch_up(&agent, memory, conversation).await?;
            }
        }
        say(world, &agent, memory).await?;
    }
    Ok(())
}

impl Memory {
    /// Takes one event; false when an earlier one is missing.
    fn take(&mut self, conversation: &str, event: &Value) -> bool {
        let next = self.next.entry(conversation.to_owned()).or_default();
        let Some(sequence) = event["sequence"].as_u64() else { return true };
        if sequence == *next {
            *next += 1;
            if let Some(text) = reply_to(event) {
                self.open.push_back((conversation.to_owned(), text));
            }
        }
        sequence < *next
    }
}

/// Reads what is new in a conversation, page by page.
async fn catch_up(agent: &Agent, memory: &mut Memory, conversation: &str) -> Result<()> {
    loop {
        let next = memory.next.get(conversation).copied().unwrap_or(0);
        let events = agent.demand(".ams.ms.QueryMessages", json!({ "dialogId": conversation, "newerThanSequence": next })).await?;
        for event in events.as_array().into_iter().flatten() {
            memory.take(conversation, event);
        }
        if memory.next.get(conversation).copied().unwrap_or(0) == next {
            return Ok(());
        }
    }
}

/// The reply to an event, for those that get one.
fn reply_to(event: &Value) -> Option<String> {
    let text = event["event"]["message"].as_str()?;
    let number: u64 = text.split_once('-')?.1.parse().ok()?;
    (event["originatorMetadata"]["role"] == "CONSUMER" && number.is_multiple_of(ANSWERED)).then(|| format!("re {text}"))
}

/// Publishes all open replies, each under its own key.
async fn say(world: &World, agent: &Agent, memory: &mut Memory) -> Result<()> {
    while let Some((dialog, text)) = memory.open.front() {
        agent.publish(dialog, text, Some(text)).await?;
        let Some((_, text)) = memory.open.pop_front() else { break };
        world.replied.lock().expect("no holder panics").insert(text);
    }
    Ok(())
}

/// Waits until no delivery is on its way any more.
async fn settle(server: &Server) -> Result<()> {
    let session = agent::log_in(server.address, "admin").await?;
    let started = Instant::now();
    while stored::waiting_deliveries(server.address, &session.bearer).await?
        + stored::waiting_notifications(server.address, &session.bearer).await?
        > 0
    {
        ensure!(started.elapsed() < SETTLE, "deliveries or notifications are still waiting {} s after the last start", SETTLE.as_secs());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Everything that the outside believes and the server does not show, or shows differently.
async fn compare(world: &World, sink: &Sink, hooks: &Hooks, address: SocketAddr) -> Result<Vec<String>> {
    let acknowledged = world.acknowledged.lock().expect("no holder panics").clone();
    let replied = world.replied.lock().expect("no holder panics").clone();
    let conversations = stored::conversations(address).await?;
    let mut problems = compare_stored(&acknowledged, &replied, &conversations);
    problems.extend(webhooks::compare(&hooks.told(), &conversations));
    let bad = hooks.bad.load(Ordering::Relaxed);
    problems.extend((bad > 0).then(|| format!("{bad} notifications were wrongly signed, or made no sense")));
    let arrived = sink.counts();
    problems.extend(
        arrived
            .iter()
            .filter(|(_, times)| **times > 1)
            .map(|(text, times)| format!("doubled at the vendor: `{text}` arrived {times} times")),
    );
    let session = agent::log_in(address, "admin").await?;
    let missing: HashSet<&String> = replied.iter().filter(|text| !arrived.contains_key(*text)).collect();
    for conversation in conversations.iter().filter(|conversation| conversation.texts.iter().any(|stored| missing.contains(&stored.text))) {
        let states = stored::delivery_states(address, &session.bearer, &conversation.id).await?;
        for stored in conversation.texts.iter().filter(|stored| missing.contains(&stored.text)) {
            let state = states.get(&stored.text).map_or("without a delivery", String::as_str);
            if state != "unknown" {
                problems.push(format!("lost on the way out: `{}` never arrived and is {state}", stored.text));
            }
        }
    }
    for consumer in acknowledged.keys() {
        let numbers: Vec<u64> =
            sink.texts_to(&sms::consumer(*consumer)).iter().filter_map(|text| text.rsplit('-').next()?.parse().ok()).collect();
        if let Some(pair) = numbers.windows(2).find(|pair| pair[0] > pair[1]) {
            problems.push(format!("inverted at the vendor: consumer {consumer} got the reply to {} before that to {}", pair[0], pair[1]));
        }
    }
    Ok(problems)
}

/// The part of the comparison that needs only what was read back.
fn compare_stored(acknowledged: &HashMap<u64, u64>, replied: &HashSet<String>, conversations: &[Conversation]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut shown: HashMap<u64, Vec<u64>> = HashMap::new();
    let mut replies: HashMap<&str, u64> = HashMap::new();
    for conversation in conversations {
        problems.extend(conversation.gaps.iter().map(|gap| format!("gap in {}: {gap}", conversation.id)));
        for text in &conversation.texts {
            if text.role == "CONSUMER" {
                let numbers = text.text.split_once('-').and_then(|(consumer, number)| Some((consumer.parse().ok()?, number.parse().ok()?)));
                match numbers {
                    Some((consumer, number)) => shown.entry(consumer).or_default().push(number),
                    None => problems.push(format!("stored and never sent: `{}` at {} of {}", text.text, text.sequence, conversation.id)),
                }
            } else {
                *replies.entry(&text.text).or_insert(0) += 1;
            }
        }
    }
    for (consumer, count) in acknowledged {
        let numbers = shown.get(consumer).map_or(&[][..], Vec::as_slice);
        let distinct: HashSet<u64> = numbers.iter().copied().collect();
        let lost = (0..*count).filter(|number| !distinct.contains(number)).count();
        if lost > 0 {
            problems.push(format!("lost: {lost} acknowledged messages of consumer {consumer}"));
        }
        if distinct.len() != numbers.len() {
            problems.push(format!("doubled: {} messages of consumer {consumer}", numbers.len() - distinct.len()));
        }
        if numbers.windows(2).any(|pair| pair[0] > pair[1]) {
            problems.push(format!("inverted: messages of consumer {consumer}"));
        }
    }
    problems.extend(
        replied
            .iter()
            .filter(|text| !replies.contains_key(text.as_str()))
            .map(|text| format!("lost: the reply `{text}` had a success and is not stored")),
    );
    problems.extend(
        replies.iter().filter(|(_, times)| **times > 1).map(|(text, times)| format!("doubled: the reply `{text}` is stored {times} times")),
    );
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::Stored;

    fn conversation(texts: &[(&str, &str)]) -> Conversation {
        let texts = texts
            .iter()
            .enumerate()
            .map(|(at, (role, text))| Stored { sequence: at as u64, role: (*role).into(), text: (*text).into() })
            .collect();
        Conversation { id: "c".into(), texts, gaps: Vec::new() }
    }

    #[track_caller]
    fn check(texts: &[(&str, &str)], expected: &[&str]) {
        let acknowledged = HashMap::from([(0, 2)]);
        let replied = HashSet::from(["re 0-0".to_owned()]);
        let found = compare_stored(&acknowledged, &replied, &[conversation(texts)]);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found} instead of {expected}");
        }
    }

    #[test]
    fn losses_doubles_and_inversions_are_told_apart() {
        const C: &str = "CONSUMER";
        const A: &str = "ASSIGNED_AGENT";
        check(&[(C, "0-0"), (C, "0-1"), (A, "re 0-0")], &[]);
        // One more than was acknowledged is fine: the answer was cut off.
        check(&[(C, "0-0"), (C, "0-1"), (C, "0-2"), (A, "re 0-0")], &[]);
        check(&[(C, "0-0"), (A, "re 0-0")], &["lost: 1"]);
        check(&[(C, "0-0"), (C, "0-0"), (C, "0-1"), (A, "re 0-0")], &["doubled"]);
        check(&[(C, "0-1"), (C, "0-0"), (A, "re 0-0")], &["inverted"]);
        check(&[(C, "0-0"), (C, "0-1")], &["lost: the reply"]);
        check(&[(C, "0-0"), (C, "0-1"), (A, "re 0-0"), (A, "re 0-0")], &["doubled: the reply"]);
    }
}
