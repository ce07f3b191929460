//! Many webhooks at 64 connections, a third of them repeated and all of them shuffled a little: each must be stored once, without gap or inversion.
//!
//! *Inversion*: a message whose success was known before another was first sent must stand before it. Anything else is the network's order.

use crate::http::Connection;
use crate::machine::Random;
use crate::scenarios::{CONVERSATIONS, Stage};
use crate::{sms, stored};
use anyhow::Result;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// When a message was first sent and first acknowledged.
#[derive(Clone, Copy)]
struct Times {
    sent: Instant,
    acknowledged: Instant,
}

/// Floods a fresh server; true when everything is stored as it must be.
pub async fn run(binary: &Path, count: u64, seed: u64) -> Result<bool> {
    let stage = Stage::set(binary).await?;
    let plan = Arc::new(plan(count, seed));
    let distinct = plan.iter().max().map_or(0, |most| most + 1);
    let signer = sms::Signer::new(stage.server.address);
    let next = Arc::new(AtomicUsize::new(0));
    let times: Arc<Mutex<HashMap<u64, Times>>> = Arc::default();
    let started = Instant::now();
    let mut workers = Vec::new();
    for _ in 0..64 {
        let (plan, next, times, signer, address) = (plan.clone(), next.clone(), times.clone(), signer.clone(), stage.server.address);
        workers.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            while let Some(&number) = plan.get(next.fetch_add(1, Ordering::Relaxed)) {
                let request = signer.request(&number.to_string(), &sms::consumer(number % CONVERSATIONS), &number.to_string());
                let sent = Instant::now();
                let answer = connection.send(&request).await?;
                anyhow::ensure!(answer.status == 200, "a webhook was answered with {}", answer.status);
                let found = Times { sent, acknowledged: Instant::now() };
                times
                    .lock()
                    .expect("no holder panics")
                    .entry(number)
                    .and_modify(|known| {
                        known.sent = known.sent.min(found.sent);
                        known.acknowledged = known.acknowledged.min(found.acknowledged);
                    })
                    .or_insert(found);
            }
            Ok(())
        }));
    }
    for worker in workers {
        worker.await??;
    }
    let took = started.elapsed().as_secs_f64();
    let times = times.lock().expect("no holder panics").clone();
    let (mut seen, mut gaps, mut inversions) = (HashMap::<u64, u64>::new(), 0, 0);
    for conversation in stored::conversations(stage.server.address).await? {
        gaps += conversation.gaps.len();
        let mut latest_sent: Option<Instant> = None;
        for text in conversation.texts.iter().filter(|text| text.role == "CONSUMER") {
            let Ok(number) = text.text.parse::<u64>() else { continue };
            *seen.entry(number).or_insert(0) += 1;
            let Some(time) = times.get(&number) else { continue };
            inversions += usize::from(latest_sent.is_some_and(|latest| time.acknowledged < latest));
            latest_sent = latest_sent.max(Some(time.sent));
        }
    }
    let lost = (0..distinct).filter(|number| !seen.contains_key(number)).count();
    let doubled = seen.values().filter(|times| **times > 1).count();
    println!(
        "flood: {count} webhooks ({distinct} messages) in {took:.1} s, {:.0}/s; {lost} lost, {doubled} doubled, {gaps} gaps, {inversions} inversions",
        count as f64 / took
    );
    Ok(lost + doubled + gaps + inversions == 0)
}

/// The numbers in the order of sending: three in ten requests repeat an earlier message, and neighbours change places within a window.
fn plan(count: u64, seed: u64) -> Vec<u64> {
    let mut random = Random(seed);
    let mut fresh = 0;
    let mut plan: Vec<u64> = (0..count)
        .map(|_| {
            if fresh > 0 && random.below(10) < 3 {
                return fresh - 1 - random.below(fresh.min(5_000));
            }
            fresh += 1;
            fresh - 1
        })
        .collect();
    for at in 0..plan.len() {
        let other = (at + random.below(200) as usize).min(plan.len() - 1);
        plan.swap(at, other);
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn three_in_ten_repeat_and_no_message_is_left_out() {
        let plan = plan(10_000, 7);
        let distinct: HashSet<_> = plan.iter().collect();
        assert!((6_700..7_300).contains(&distinct.len()), "{}", distinct.len());
        assert_eq!(distinct.len() as u64, plan.iter().max().expect("some") + 1);
        assert!(plan.windows(2).any(|pair| pair[0] > pair[1]));
    }
}
