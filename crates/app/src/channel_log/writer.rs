//! The task that writes the log: waits a moment for rows to gather, commits them as one unit per account, and goes on.

use super::Waiting;
use crate::App;
use crate::ports::store::{UnitOfWork, Write};
use std::sync::Arc;
use tokio::sync::mpsc;

/// The most rows in one unit: a millisecond or two of the store's time.
const BATCH: usize = 256;
/// How long rows gather, in milliseconds: a sync for each of them would slow down everything else.
const GATHER_MS: i64 = 100;
/// How often a unit is tried when the store can't take it, and the pause between, in milliseconds. The queue fills meanwhile.
const TRIES: u32 = 60;
const PAUSE_MS: i64 = 500;

/// Writes until the log ends and nothing is left.
pub(crate) async fn run(app: Arc<App>, mut queue: mpsc::Receiver<Waiting>) {
    let mut ending = app.channel_log.ending();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let end = *ending.borrow_and_update();
        if end {
            queue.close();
        }
        tokio::select! {
            biased;
            taken = queue.recv_many(&mut batch, BATCH) => if taken == 0 { return },
            _ = ending.changed(), if !end => continue,
        }
        if batch.len() < BATCH && !end {
            tokio::select! {
                () = app.clock.sleep_until(app.clock.now().plus_ms(GATHER_MS)) => {}
                _ = ending.changed() => {}
            }
            while batch.len() < BATCH
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
        }
        for unit in units(&mut batch) {
            write(&app, unit).await;
        }
    }
}

/// One unit per account, each in the order in which its rows came.
fn units(batch: &mut Vec<Waiting>) -> Vec<UnitOfWork> {
    let mut units: Vec<UnitOfWork> = Vec::new();
    for (account, row) in batch.drain(..) {
        let at = match units.iter().position(|unit| unit.account == account) {
            Some(at) => at,
            None => {
                units.push(UnitOfWork::new(account));
                units.len() - 1
            }
        };
        units[at].write(Write::AddChannelLog(row));
    }
    units
}

async fn write(app: &Arc<App>, unit: UnitOfWork) {
    let rows = unit.writes.len() as u64;
    let mut ending = app.channel_log.ending();
    for tried in 1..=TRIES {
        let Err(error) = app.store.commit(unit.clone()).await else {
            metrics::counter!("antiphon_channel_log_rows_total").increment(rows);
            return;
        };
        tracing::debug!(%error, tried, "exchanges are not in the channel log yet");
        if *ending.borrow() {
            break;
        }
        tokio::select! {
            () = app.clock.sleep_until(app.clock.now().plus_ms(PAUSE_MS)) => {}
            _ = ending.wait_for(|end| *end) => {}
        }
    }
    app.channel_log.dropped(rows, app.clock.now(), "the store does not take them");
}
