//! Asking channels now and then for what their webhooks failed to bring: some repeat a call that was not acknowledged, some don't, and
//! none for ever.
//!
//! What is found is taken in like a webhook's item, under the same key, so that what did come changes nothing. Nothing older than the
//! source's last change is asked for: what was said before it was connected, or while it was off, is not ours to open conversations for.

use crate::channel::{Channel, InboundItem};
use crate::channel_log::Recorder;
use crate::ingest::Ingested;
use crate::{AccountView, App, Unavailable};
use antiphon_domain::source::HealthState;
use antiphon_domain::{Source, SourceId, Timestamp};
use futures_util::stream::{self, StreamExt};
use std::collections::HashMap;
use std::sync::Arc;

/// How often it is looked whether a source is due, and how long after the start for the first time, in milliseconds: what was missed
/// while the process was away is being repeated by the channels just then.
const TICK_MS: i64 = 60_000;
/// How far the first round looks back, in milliseconds.
const FIRST_MS: i64 = 24 * 3_600_000;
/// How far every other round looks back at least, in milliseconds.
const LEAST_MS: i64 = 3_600_000;
/// What is younger than this may still come by itself, with more to it than a list tells. In milliseconds.
const FRESH_MS: i64 = 5 * 60_000;
/// Sources that are asked at once.
const AT_ONCE: usize = 8;

/// Works until the product stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping();
    let mut due: HashMap<SourceId, Timestamp> = HashMap::new();
    loop {
        let timer = app.clock.sleep_until(app.clock.now().plus_ms(TICK_MS));
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = timer => {}
        }
        let now = app.clock.now();
        let mut round = Vec::new();
        for view in app.directory().accounts() {
            for source in view.sources.values() {
                let Some(channel) = app.channel(&source.channel).cloned() else { continue };
                let Some(every_ms) = channel.catch_up().map(|catch_up| catch_up.every_ms()) else { continue };
                let dead = !source.enabled || source.health.state == HealthState::NeedsReauthorisation;
                if dead || due.get(&source.id).is_some_and(|at| *at > now) {
                    continue;
                }
                let back_ms = if due.contains_key(&source.id) { (every_ms * 2).max(LEAST_MS) } else { FIRST_MS };
                due.insert(source.id, now.plus_ms(every_ms));
                let since = now.plus_ms(-back_ms).max(source.created_at).max(source.updated_at);
                round.push((Arc::clone(view), Arc::clone(source), channel, since));
            }
        }
        let asked = stream::iter(round).for_each_concurrent(AT_ONCE, |(view, source, channel, since)| {
            let app = Arc::clone(&app);
            async move {
                if let Err(error) = one(&app, &view, &source, &*channel, since).await {
                    tracing::warn!(source = %source.id, %error, "what a channel has could not be stored; it is asked again");
                }
            }
        });
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = asked => {}
        }
    }
}

async fn one(
    app: &Arc<App>,
    view: &Arc<AccountView>,
    source: &Arc<Source>,
    channel: &dyn Channel,
    since: Timestamp,
) -> Result<(), Unavailable> {
    let Some(catch_up) = channel.catch_up() else { return Ok(()) };
    let kind = channel.describe();
    let now = app.clock.now();
    let net = Recorder::holding(app, view, source, channel);
    let found = match app.signed_in(view, source, channel).await {
        Ok(keys) => catch_up.missed(&keys, since, now, &net).await,
        Err(error) => Err(error),
    };
    let mut stored = 0;
    let failed = found.is_err();
    match found {
        Ok(items) => {
            for item in items.into_iter().filter(|item| is_due(item, since, now)) {
                if let Ingested::Stored(_) = app.ingest(view, source, channel, item).await? {
                    stored += 1;
                }
            }
        }
        Err(error) => {
            // Sends tell whether a source is well; here a missing permission to read costs nothing else.
            metrics::counter!("antiphon_catch_ups_failed_total", "channel" => kind.id).increment(1);
            tracing::info!(source = %source.id, reason = %error.reason.message, "a channel could not be asked for what was missed");
        }
    }
    if stored > 0 {
        metrics::counter!("antiphon_caught_up_total", "channel" => kind.id).increment(stored);
        tracing::warn!(source = %source.id, stored, "webhooks failed to bring messages; they were fetched");
    }
    // A round that found nothing is no exchange that anybody will ask about.
    if failed || stored > 0 {
        net.leave_held();
    }
    Ok(())
}

fn is_due(item: &InboundItem, since: Timestamp, now: Timestamp) -> bool {
    item.at.is_some_and(|at| at >= since && at <= now.plus_ms(-FRESH_MS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::InboundKind;

    #[test]
    fn what_may_still_come_by_itself_is_left_to_its_webhook() {
        let due = |at: Option<i64>| {
            let item = InboundItem { source_address: None, key: "k".to_owned(), at: at.map(Timestamp), kind: InboundKind::Ignored("x") };
            is_due(&item, Timestamp(1_000), Timestamp(1_000_000))
        };
        assert!(due(Some(1_000)) && due(Some(1_000_000 - FRESH_MS)));
        assert!(!due(Some(999)) && !due(Some(1_000_001 - FRESH_MS)) && !due(None));
    }
}
