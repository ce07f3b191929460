//! One conversation that many read: how many frames go out per second, and how long the last reader waits.

use crate::agent;
use crate::histogram::Histogram;
use crate::load::{self, Make};
use crate::scenarios::{self, Stage};
use crate::sms;
use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// Messages per second while the time to the last reader is taken.
const RATE: u64 = 50;
/// How long the last frames may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Begins the text of every message that is counted.
const MARK: &str = "fan out ";

/// What was found.
pub struct FanOut {
    /// Frames per second over all readers.
    pub frames: f64,
    /// At [`RATE`]: from the message's leaving to its arrival at the last reader.
    pub last: Histogram,
}

/// What the readers have seen.
struct Seen {
    frames: AtomicU64,
    /// By the message's number: when it left, and how many readers have it.
    timed: Mutex<HashMap<u64, (Instant, usize)>>,
    last: Mutex<Histogram>,
}

/// Measures it with so many readers, each on a socket of its own.
pub async fn measure(binary: &Path, readers: usize, time: Duration) -> Result<FanOut> {
    let stage = Stage::set(binary).await?;
    let _staff = scenarios::staffed(&stage, 1).await?;
    let session = agent::log_in(stage.server.address, "admin").await?;
    let (frames, timed, last) = (AtomicU64::new(0), Mutex::default(), Mutex::new(Histogram::new()));
    let seen = Arc::new(Seen { frames, timed, last });
    for _ in 0..readers {
        let socket = agent::open_socket(stage.server.address, &session.bearer).await?;
        read(socket, Arc::clone(&seen), readers).await?;
    }
    let signer = sms::Signer::new(stage.server.address);
    let signed = signer.clone();
    let make: Make = Arc::new(move |number| signed.request(&format!("t{number}"), &sms::consumer(0), &format!("{MARK}{number}")));
    let note = Arc::clone(&seen);
    let sent = Arc::new(move |number, at| {
        note.timed.lock().expect("no holder panics").insert(number, (at, 0));
    });
    load::open(stage.server.address, 4, RATE, time, make, sent).await?;
    let timed = RATE * time.as_secs();
    arrive(&seen, timed * readers as u64).await?;
    let last = std::mem::replace(&mut *seen.last.lock().expect("no holder panics"), Histogram::new());
    ensure!(last.count() == timed, "only {} of {timed} messages reached every reader", last.count());

    let before = seen.frames.load(Ordering::Relaxed);
    let make: Make = Arc::new(move |number| signer.request(&format!("c{number}"), &sms::consumer(0), &format!("{MARK}at once")));
    let started = Instant::now();
    let outcome = load::closed(stage.server.address, 4, time, 200, make).await?;
    let wanted = outcome.histogram.count() * readers as u64;
    arrive(&seen, before + wanted).await?;
    Ok(FanOut { frames: wanted as f64 / started.elapsed().as_secs_f64(), last })
}

async fn arrive(seen: &Seen, wanted: u64) -> Result<()> {
    let started = Instant::now();
    while seen.frames.load(Ordering::Relaxed) < wanted {
        ensure!(started.elapsed() < PATIENCE, "only {} of {wanted} frames reached the readers", seen.frames.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

/// Subscribes a socket to everything, then counts what comes.
async fn read<S>(mut socket: tokio_tungstenite::WebSocketStream<S>, seen: Arc<Seen>, readers: usize) -> Result<()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let filter = json!({"kind": "req", "id": "1", "type": ".ams.aam.SubscribeExConversations", "body": {"convState": ["OPEN"]}});
    socket.send(Message::text(filter.to_string())).await?;
    let answer = socket.next().await.context("the socket closed")??;
    ensure!(answer.to_text()?.contains("\"code\":200"), "subscribing was refused: {answer}");
    tokio::spawn(async move {
        while let Some(Ok(frame)) = socket.next().await {
            let Ok(text) = frame.to_text() else { continue };
            let Some((_, rest)) = text.split_once(MARK) else { continue };
            let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or("");
            if let Ok(number) = digits.parse::<u64>() {
                seen.arrived(number, readers);
            }
            seen.frames.fetch_add(1, Ordering::Relaxed);
        }
    });
    Ok(())
}

impl Seen {
    fn arrived(&self, number: u64, readers: usize) {
        let mut timed = self.timed.lock().expect("no holder panics");
        let Some((left, count)) = timed.get_mut(&number) else { return };
        *count += 1;
        if *count == readers {
            self.last.lock().expect("no holder panics").add(left.elapsed());
            timed.remove(&number);
        }
    }
}
