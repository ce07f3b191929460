//! Fetching inbound media: right after the commit, through the guarded client, with the outbox's patience.

use crate::channel::Disposition;
use crate::channel_log::{About, Recorder};
use crate::ports::bus::Announcement;
use crate::ports::store::{UnitOfWork, Write};
use crate::{App, Unavailable};
use antiphon_domain::delivery::backoff_ms;
use antiphon_domain::{AccountId, FileId, FileState, StoredFile, Timestamp};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Fetches what is pending until the product stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping();
    let busy: Arc<Mutex<HashSet<FileId>>> = Arc::default();
    loop {
        let wake_at = match start_due(&app, &busy).await {
            Ok(wake_at) => wake_at,
            Err(error) => {
                tracing::warn!(%error, "pending media can't be read; trying again");
                Some(app.clock.now().plus_ms(1_000))
            }
        };
        let timer = async {
            match wake_at {
                Some(at) => app.clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = app.media.notified() => {}
            () = timer => {}
        }
    }
}

/// Starts what is due and fits; returns when to look again.
async fn start_due(app: &Arc<App>, busy: &Arc<Mutex<HashSet<FileId>>>) -> Result<Option<Timestamp>, Unavailable> {
    let under_way = busy.lock().unwrap_or_else(PoisonError::into_inner).len();
    if under_way >= app.limits.media_fetches {
        return Ok(None);
    }
    let now = app.clock.now();
    for (account, file) in app.store.pending_files(app.limits.media_fetches + under_way).await? {
        let due = file.fetch.as_ref().map_or(now, |fetch| fetch.next_at);
        if due > now {
            return Ok(Some(due));
        }
        let mut set = busy.lock().unwrap_or_else(PoisonError::into_inner);
        if set.len() >= app.limits.media_fetches || !set.insert(file.id) {
            continue;
        }
        drop(set);
        let (app, busy) = (Arc::clone(app), Arc::clone(busy));
        let worker = Arc::clone(&app);
        app.spawn(async move {
            let id = file.id;
            if let Err(error) = one(&worker, &account, file).await {
                tracing::warn!(file = %id, %error, "a fetched file was not stored; it will be fetched again");
                worker.clock.sleep_until(worker.clock.now().plus_ms(1_000)).await;
            }
            busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            worker.media.notify_one();
        });
    }
    Ok(None)
}

async fn one(app: &Arc<App>, account: &AccountId, mut file: StoredFile) -> Result<(), Unavailable> {
    let Some(mut fetch) = file.fetch.clone() else { return Ok(()) };
    let directory = app.directory();
    let way = directory.account(account).and_then(|view| {
        let source = view.sources.get(&fetch.source)?;
        Some((view, source, app.channel(&source.channel)?))
    });
    match way.and_then(|(view, source, channel)| Some((view, source, channel, channel.media()?))) {
        None => file.state = FileState::Failed("The page or number that it came over is no longer connected.".to_owned()),
        Some((view, source, channel, media)) => {
            let conversation = file.shown_in.map(|(conversation, _, _)| conversation);
            let net = Recorder::new(app, view, source, &**channel, About { conversation, delivery: None });
            let outcome = match app.signed_in(view, source, &**channel).await {
                Ok(keys) => media.fetch(&keys, &fetch.url, app.limits.file_bytes, &net).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(fetched) => {
                    file.declared_type = file.declared_type.or(fetched.content_type);
                    file.name = file.name.or(fetched.name);
                    app.keep(&mut file, fetched.bytes).await?;
                }
                Err(error) => {
                    fetch.attempts += 1;
                    let (again, after_ms, most) = match error.disposition {
                        Disposition::Retry { after_ms, max_attempts } => (true, after_ms, max_attempts.unwrap_or(u32::MAX)),
                        Disposition::Throttled { after_ms } => (true, after_ms, u32::MAX),
                        // A read may be repeated whatever came of it.
                        Disposition::Unknown => (true, None, u32::MAX),
                        Disposition::Failed
                        | Disposition::Misconfigured { .. }
                        | Disposition::NeedsReauthorisation
                        | Disposition::OptedOut => (false, None, 0),
                    };
                    if again && fetch.attempts < most.min(app.limits.media_attempts) {
                        fetch.next_at = app.clock.now().plus_ms(backoff_ms(fetch.attempts, app.ids.dice(), after_ms));
                    } else {
                        file.state = FileState::Failed(error.reason.message.to_string());
                    }
                }
            }
        }
    }
    file.fetch = (file.state == FileState::Pending).then_some(fetch);
    let mut unit = UnitOfWork::new(account.clone());
    unit.write(Write::PutFile(file.clone()));
    app.commit(unit).await?;
    if file.state != FileState::Pending {
        let state = app.account_state(account);
        let conversation = file.shown_in.and_then(|(id, _, _)| state.live.conversation(id));
        let users: Vec<_> = conversation.map(|conversation| crate::users_of(&conversation).collect()).unwrap_or_default();
        app.announce(account, &users, Announcement::File(Arc::new(file)));
    }
    Ok(())
}
