//! The task that writes the log: waits a moment for rows to gather, commits them as one unit per account, and goes on.

use super::Waiting;
use crate::App;
use crate::ports::store::{ChannelLogRow, UnitOfWork, Write};
use antiphon_domain::AccountId;
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
        for (account, rows) in by_account(&mut batch) {
            write(&app, account, rows).await;
        }
    }
}

/// What was taken by account, each in the order in which its rows came.
fn by_account(batch: &mut Vec<Waiting>) -> Vec<(AccountId, Vec<Arc<ChannelLogRow>>)> {
    let mut all: Vec<(AccountId, Vec<Arc<ChannelLogRow>>)> = Vec::new();
    let most = batch.len();
    for (account, row) in batch.drain(..) {
        match all.iter_mut().find(|(known, _)| *known == account) {
            Some((_, rows)) => rows.push(row),
            None => {
                let mut rows = Vec::with_capacity(most);
                rows.push(row);
                all.push((account, rows));
            }
        }
    }
    all
}

async fn write(app: &Arc<App>, account: AccountId, rows: Vec<Arc<ChannelLogRow>>) {
    let count = rows.len() as u64;
    let mut ending = app.channel_log.ending();
    for tried in 1..=TRIES {
        let writes = rows.iter().map(|row| Write::AddChannelLog(Arc::clone(row))).collect();
        let Err(error) = app.store.commit(UnitOfWork { account: account.clone(), writes }).await else {
            metrics::counter!("antiphon_channel_log_rows_total").increment(count);
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
    app.channel_log.dropped(count, app.clock.now(), "the store does not take them");
}
