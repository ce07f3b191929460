//! Handing one delivery over, and storing what came of it.

use super::Outcome;
use crate::channel::{Channel, Disposition, LookedUp, Outbound, OutboundFile, SendError, Sent};
use crate::channel_log::{About, Recorder};
use crate::ingest::{Climb, Place, opted_out_reason};
use crate::ports::net::Net;
use crate::ports::store::{CommitError, UnitOfWork, Write};
use crate::{AccountView, App, Unavailable};
use antiphon_domain::delivery::{Reason, backoff_ms};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{AccountId, Delivery, DeliveryId, DeliveryStatus, Source, SourceId, Timestamp};
use std::sync::Arc;

/// How long a source in trouble is left alone when the channel names no time, in milliseconds.
const PAUSE_MS: i64 = 1_000;
/// After an unknown outcome: when to look it up, in milliseconds.
const LOOKUPS_MS: [i64; 4] = [1_000, 5_000, 15_000, 40_000];

struct Way {
    view: Arc<AccountView>,
    source: Arc<Source>,
    channel: Arc<dyn Channel>,
}

fn way(app: &App, account: &AccountId, delivery: &Delivery) -> Option<Way> {
    let directory = app.directory();
    let view = Arc::clone(directory.account(account)?);
    let source = Arc::clone(view.sources.get(&delivery.source)?);
    let channel = Arc::clone(app.channel(&source.channel)?);
    Some(Way { view, source, channel })
}

/// Hands over a lane's head.
pub(super) async fn one(app: &Arc<App>, account: &AccountId, mut delivery: Delivery) -> Outcome {
    let Some(way) = way(app, account, &delivery) else { return Outcome::Hold(Box::new(delivery)) };
    if !way.source.enabled || way.source.health.state == HealthState::NeedsReauthorisation {
        if delivery.handed_over_at.take().is_some() {
            delivery.attempts = 0;
            if let Err(error) = put(app, account, &delivery).await {
                return after_store_trouble(app, delivery, &error);
            }
        }
        return Outcome::Hold(Box::new(delivery));
    }
    if app.has_opted_out(&way.view, &delivery).await {
        delivery.climb(DeliveryStatus::Cancelled, Some(opted_out_reason()), app.clock.now());
        return settle(app, account, &way, delivery).await;
    }
    let now = app.clock.now();
    // Durable before the call: if the process ends in the middle, nobody resends what may have gone out. What goes out at
    // once was marked by the commit that queued it.
    if delivery.handed_over_at.is_none() {
        let before = delivery.clone();
        delivery.attempts += 1;
        delivery.handed_over_at = Some(now);
        // The id of an earlier hand-over is not this one's.
        delivery.vendor_id = None;
        if let Err(error) = put(app, account, &delivery).await {
            return after_store_trouble(app, before, &error);
        }
    }
    let mut out = match outbound(app, &way, &delivery, None, now).await {
        // Here and nowhere else: a look-up must not use up what answers once.
        Ok(out) => Outbound { reply_token: reply_token(app, &way, &delivery, now), ..out },
        Err(reason) => {
            delivery.climb(DeliveryStatus::Failed, Some(reason), app.clock.now());
            return settle(app, account, &way, delivery).await;
        }
    };
    let net = Recorder::new(app, &way.view, &way.source, &*way.channel, About::delivery(&delivery));
    let mut outcome = hand_over(app, &way, &mut out, &net).await;
    if app.pass_was_refused(&way.source, &*way.channel, &outcome) {
        outcome = hand_over(app, &way, &mut out, &net).await;
    }
    metrics::counter!("antiphon_sends_total", "channel" => way.channel.describe().id, "ok" => if outcome.is_ok() { "yes" } else { "no" })
        .increment(1);
    match outcome {
        Ok(sent) => {
            delivery.vendor_id = Some(sent.vendor_id.as_str().into());
            delivery.climb(DeliveryStatus::Sent, None, app.clock.now());
            app.outbox.worked(delivery.source, sent.usage, app.clock.now());
            healthy(app, &way).await;
            settle(app, account, &way, delivery).await
        }
        Err(error) => trouble(app, account, &way, delivery, out, error).await,
    }
}

/// One call that sends, signed in.
async fn hand_over(app: &App, way: &Way, out: &mut Outbound, net: &dyn Net) -> Result<Sent, SendError> {
    out.keys = app.signed_in(&way.view, &way.source, &*way.channel).await?;
    way.channel.send(out, net).await
}

fn reply_token(app: &App, way: &Way, delivery: &Delivery, now: Timestamp) -> Option<String> {
    app.account_known(&way.view.account.id)?.live.take_reply_token(delivery.source, &delivery.address, now)
}

async fn outbound(
    app: &App,
    way: &Way,
    delivery: &Delivery,
    first_attempt_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Outbound, Reason> {
    let file = match &delivery.file {
        None => None,
        Some(path) => Some(app.outbound_file(&way.view.account.id, path).await.map_err(|message| Reason {
            code: "file_missing".into(),
            vendor_code: None,
            message: message.into(),
            remedy: Some("Attach the file again.".into()),
        })?),
    };
    let state = app.account_known(&way.view.account.id);
    let conversation = state.and_then(|state| state.live.conversation(delivery.conversation));
    let last_consumer_at = match conversation {
        Some(conversation) => conversation.last_consumer_at,
        None => app.store.conversation(&way.view.account.id, delivery.conversation).await.ok().flatten().and_then(|c| c.last_consumer_at),
    };
    Ok(Outbound {
        keys: way.view.keys(&way.source),
        to: delivery.address.to_string(),
        delivery: delivery.id,
        payload: delivery.payload.to_string(),
        file: file as Option<OutboundFile>,
        callback_url: format!("{}/webhooks/{}/{}?delivery={}", app.public_url, way.source.channel, way.source.id, delivery.id),
        reply_token: None,
        last_consumer_at,
        first_attempt_at,
        now,
    })
}

async fn trouble(app: &Arc<App>, account: &AccountId, way: &Way, mut delivery: Delivery, out: Outbound, error: SendError) -> Outcome {
    let now = app.clock.now();
    let reason = error.reason;
    match error.disposition {
        Disposition::Retry { after_ms, max_attempts } => {
            let most = max_attempts.unwrap_or(app.limits.delivery_attempts).min(app.limits.delivery_attempts);
            if delivery.attempts >= most {
                delivery.climb(DeliveryStatus::Failed, Some(reason), now);
                return settle(app, account, way, delivery).await;
            }
            let at = now.plus_ms(backoff_ms(delivery.attempts.saturating_sub(1), app.ids.dice(), after_ms));
            match later(app, account, delivery, reason, at).await {
                Outcome::Later(at, delivery) => Outcome::Failing(at, delivery),
                other => other,
            }
        }
        Disposition::Throttled { after_ms } => {
            let at = now.plus_ms(after_ms.unwrap_or(PAUSE_MS).clamp(100, 3_600_000));
            delivery.attempts = delivery.attempts.saturating_sub(1);
            match later(app, account, delivery, reason, at).await {
                Outcome::Later(at, delivery) => Outcome::Pause(at, delivery),
                other => other,
            }
        }
        Disposition::Failed => {
            delivery.climb(DeliveryStatus::Failed, Some(reason), now);
            settle(app, account, way, delivery).await
        }
        Disposition::Misconfigured { pause_ms } => {
            delivery.climb(DeliveryStatus::Failed, Some(reason.clone()), now);
            let source = delivery.source;
            let done = settle(app, account, way, delivery).await;
            if let Some(pause_ms) = pause_ms {
                app.outbox.pause(source, now.plus_ms(pause_ms));
            }
            report(app, account, source, &reason).await;
            done
        }
        Disposition::OptedOut => {
            let opted_out = *reason.code == *"opted_out";
            delivery.climb(DeliveryStatus::Failed, Some(reason.clone()), now);
            let address = Arc::clone(&delivery.address);
            let done = settle(app, account, way, delivery).await;
            if opted_out {
                let state = app.account_state(account);
                let place = Place { view: &way.view, source: &way.source, channel: &*way.channel, state: &state };
                // What the channel refuses once it refuses again, so a ledger entry that is missed comes with the next send.
                let _ = app.opt_out(&place, &address, &reason).await;
            }
            done
        }
        Disposition::NeedsReauthorisation => {
            delivery.handed_over_at = None;
            delivery.reason = Some(reason.clone());
            delivery.updated_at = now;
            let health = Health { state: HealthState::NeedsReauthorisation, message: sentence(&reason), since: now };
            if let Err(error) = app.change_health(&way.view, &way.source, health).await {
                tracing::warn!(source = %way.source.id, %error, "a source's health was not stored");
            }
            match put(app, account, &delivery).await {
                Ok(()) => Outcome::Hold(Box::new(delivery)),
                Err(error) => after_store_trouble(app, delivery, &error),
            }
        }
        Disposition::Unknown => {
            delivery.climb(DeliveryStatus::Unknown, Some(reason), now);
            if let Err(error) = put(app, account, &delivery).await {
                return after_store_trouble(app, delivery, &error);
            }
            announce(app, account, &delivery);
            resolve(app, account, way, delivery, out).await
        }
    }
}

/// Looks an unknown outcome up, where the channel lets us; the lane waits meanwhile, so that order holds if it must be resent.
async fn resolve(app: &Arc<App>, account: &AccountId, way: &Way, mut delivery: Delivery, mut out: Outbound) -> Outcome {
    let Some(lookup) = way.channel.lookup() else { return Outcome::Settled };
    for wait in LOOKUPS_MS {
        app.clock.sleep_until(app.clock.now().plus_ms(wait)).await;
        let current = app.store.delivery(account, delivery.id).await.ok().flatten();
        match current {
            Some(current) if current.status != DeliveryStatus::Unknown => return Outcome::Settled,
            Some(current) => delivery = current,
            None => continue,
        }
        out.now = app.clock.now();
        out.first_attempt_at = delivery.handed_over_at;
        let net = Recorder::new(app, &way.view, &way.source, &*way.channel, About::delivery(&delivery));
        match lookup.lookup(&out, &net).await {
            Ok(LookedUp::Found(vendor_id)) => {
                delivery.vendor_id = Some(vendor_id.into());
                delivery.climb(DeliveryStatus::Sent, None, app.clock.now());
                return settle(app, account, way, delivery).await;
            }
            Ok(LookedUp::Absent) => {
                let now = app.clock.now();
                let attempts = delivery.attempts;
                if attempts >= app.limits.delivery_attempts {
                    let reason = Reason {
                        code: "not_delivered".into(),
                        vendor_code: None,
                        message: "The channel did not get it, as often as it was sent.".into(),
                        remedy: Some("Try again later, or reach the consumer another way.".into()),
                    };
                    delivery.climb(DeliveryStatus::Failed, Some(reason), now);
                    return settle(app, account, way, delivery).await;
                }
                delivery.retry(now);
                delivery.attempts = attempts;
                let reason = Reason {
                    code: "resent".into(),
                    vendor_code: None,
                    message: "The channel did not get it the first time; it is sent again.".into(),
                    remedy: None,
                };
                return later(app, account, delivery, reason, now).await;
            }
            Ok(LookedUp::Unclear) | Err(_) => {}
        }
    }
    Outcome::Settled
}

/// A delivery that was handed over when the process ended.
pub(super) async fn interrupted(app: &Arc<App>, account: &AccountId, mut delivery: Delivery) -> Result<(), Unavailable> {
    let reason = Reason {
        code: "interrupted".into(),
        vendor_code: None,
        message: "The server stopped while this was on its way; it may have arrived.".into(),
        remedy: Some("Ask the consumer, or try again if a second copy does no harm.".into()),
    };
    delivery.climb(DeliveryStatus::Unknown, Some(reason), app.clock.now());
    put(app, account, &delivery).await?;
    if let Some(way) = way(app, account, &delivery)
        && way.channel.lookup().is_some()
        && let Ok(out) = outbound(app, &way, &delivery, delivery.handed_over_at, app.clock.now()).await
    {
        let (app, account) = (Arc::clone(app), account.clone());
        let again = Arc::clone(&app);
        app.spawn(async move {
            if let Outcome::Later(_, delivery) = resolve(&again, &account, &way, delivery, out).await {
                again.outbox.push(&account, vec![*delivery]);
            }
        });
    }
    Ok(())
}

async fn later(app: &Arc<App>, account: &AccountId, mut delivery: Delivery, reason: Reason, at: Timestamp) -> Outcome {
    delivery.handed_over_at = None;
    delivery.next_at = at;
    delivery.reason = Some(reason);
    delivery.updated_at = app.clock.now();
    match put(app, account, &delivery).await {
        Ok(()) => {
            announce(app, account, &delivery);
            Outcome::Later(at, Box::new(delivery))
        }
        Err(error) => after_store_trouble(app, delivery, &error),
    }
}

/// Stores a final outcome until it is stored: the channel has spoken, and that must not be forgotten.
async fn settle(app: &Arc<App>, account: &AccountId, way: &Way, delivery: Delivery) -> Outcome {
    let mut stopping = app.stopping();
    loop {
        match put(app, account, &delivery).await {
            Ok(()) => break,
            Err(error) => {
                tracing::warn!(delivery = %delivery.id, source = %way.source.id, %error, "an outcome is not stored yet; trying again");
                let again = app.clock.sleep_until(app.clock.now().plus_ms(500));
                tokio::select! {
                    _ = stopping.wait_for(|stop| *stop) => break,
                    () = again => {}
                }
            }
        }
    }
    announce(app, account, &delivery);
    Outcome::Settled
}

/// Applies the receipts that overtook a send. Call it after the delivery is no longer in flight: whatever comes later finds its row.
pub(super) async fn apply_early(app: &Arc<App>, account: &AccountId, source: SourceId, id: DeliveryId) {
    let Ok(Some(delivery)) = app.store.delivery(account, id).await else { return };
    let vendor_id = delivery.vendor_id.as_deref().unwrap_or_default().to_owned();
    for key in [vendor_id, id.to_string()] {
        let Some(early) = app.outbox.take_early(source, &key) else { continue };
        let Some(way) = way(app, account, &delivery) else { return };
        let state = app.account_state(account);
        let place = Place { view: &way.view, source: &way.source, channel: &*way.channel, state: &state };
        let climb = Climb { status: early.status, reason: early.reason, vendor_id: early.vendor_id.as_deref(), again: early.again };
        if app.climb(&place, delivery.conversation, &[id], &climb).await.is_err() {
            tracing::debug!(delivery = %id, "a receipt that came early was not stored");
        }
    }
}

/// Tells the administrator that a source is in trouble: many conversations wait for it.
pub(super) async fn breaker_opened(app: &Arc<App>, account: &AccountId, source: SourceId, reason: &Reason) {
    metrics::counter!("antiphon_breakers_opened_total").increment(1);
    report(app, account, source, reason).await;
}

/// Marks a source as failing, with the reason for its administrator.
async fn report(app: &Arc<App>, account: &AccountId, source: SourceId, reason: &Reason) {
    let directory = app.directory();
    let Some((view, source)) = directory.source(source).filter(|(view, _)| view.account.id == *account) else { return };
    let health = Health { state: HealthState::Failing, message: sentence(reason), since: app.clock.now() };
    if let Err(error) = app.change_health(view, source, health).await {
        tracing::warn!(source = %source.id, %error, "a source's health was not stored");
    }
}

async fn healthy(app: &Arc<App>, way: &Way) {
    if way.source.health.state != HealthState::Ok {
        let health = Health { state: HealthState::Ok, message: String::new(), since: app.clock.now() };
        if let Err(error) = app.change_health(&way.view, &way.source, health).await {
            tracing::warn!(source = %way.source.id, %error, "a source's health was not stored");
        }
    }
}

async fn put(app: &App, account: &AccountId, delivery: &Delivery) -> Result<(), CommitError> {
    let mut unit = UnitOfWork::new(account.clone());
    unit.write(Write::PutDelivery(delivery.clone()));
    app.commit(unit).await
}

fn announce(app: &Arc<App>, account: &AccountId, delivery: &Delivery) {
    let state = app.account_state(account);
    app.announce_deliveries(account, delivery.conversation, vec![delivery.clone()], &state);
}

fn after_store_trouble(app: &App, delivery: Delivery, error: &CommitError) -> Outcome {
    tracing::warn!(delivery = %delivery.id, %error, "the outbox can't store; trying again");
    Outcome::Later(app.clock.now().plus_ms(500), Box::new(delivery))
}

fn sentence(reason: &Reason) -> String {
    match &reason.remedy {
        Some(remedy) => format!("{} {}", reason.message, remedy),
        None => reason.message.to_string(),
    }
}
