//! Closed and open loops over raw connections.
//!
//! The closed loop finds out how much goes through; the open loop keeps a fixed rate and measures from the moment a request *should*
//! have left, so that a slow server cannot hide its slowness by slowing the generator.

use crate::histogram::Histogram;
use crate::http::Connection;
use anyhow::{Result, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Makes the bytes of the n-th request.
pub type Make = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// What a loop found.
pub struct Outcome {
    /// Accepted requests per second.
    pub rate: f64,
    /// Time from sending to the answer.
    pub histogram: Histogram,
}

/// Sends as fast as answers come, on so many connections, for so long. Any answer but `good` is an error: a bench of failures is worthless.
pub async fn closed(address: SocketAddr, connections: usize, time: Duration, good: u16, make: Make) -> Result<Outcome> {
    let next = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut workers = Vec::new();
    for _ in 0..connections {
        let (next, make) = (next.clone(), make.clone());
        workers.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut histogram = Histogram::new();
            while started.elapsed() < time {
                let request = make(next.fetch_add(1, Ordering::Relaxed));
                let sent = Instant::now();
                let answer = connection.send(&request).await?;
                histogram.add(sent.elapsed());
                if answer.status != good {
                    bail!("the server answered {} instead of {good}: {}", answer.status, String::from_utf8_lossy(&answer.body));
                }
            }
            Ok(histogram)
        }));
    }
    let mut histogram = Histogram::new();
    for worker in workers {
        histogram.merge(&worker.await??);
    }
    Ok(Outcome { rate: histogram.count() as f64 / started.elapsed().as_secs_f64(), histogram })
}

/// Sends `rate` requests per second for so long, spread over the connections, and tells `sent` when each should have left.
pub async fn open(
    address: SocketAddr,
    connections: u64,
    rate: u64,
    time: Duration,
    make: Make,
    sent: Arc<dyn Fn(u64, Instant) + Send + Sync>,
) -> Result<Outcome> {
    let total = rate * time.as_secs();
    let started = Instant::now() + Duration::from_millis(100);
    let mut workers = Vec::new();
    for lane in 0..connections {
        let (make, sent) = (make.clone(), sent.clone());
        workers.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut histogram = Histogram::new();
            let mut number = lane;
            while number < total {
                let due = started + Duration::from_secs_f64(number as f64 / rate as f64);
                let request = make(number);
                tokio::time::sleep_until(due.into()).await;
                // The timer's granularity is a millisecond; what is measured starts when the bytes leave, unless this lane is late.
                let now = Instant::now();
                sent(number, if now - due < Duration::from_millis(2) { now } else { due });
                let answer = connection.send(&request).await?;
                histogram.add(now.elapsed());
                if answer.status != 200 {
                    bail!("the server answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
                }
                number += connections;
            }
            Ok(histogram)
        }));
    }
    let mut histogram = Histogram::new();
    for worker in workers {
        histogram.merge(&worker.await??);
    }
    Ok(Outcome { rate: histogram.count() as f64 / started.elapsed().as_secs_f64(), histogram })
}
