//! Webhooks in the log: what came, what it was about, and what we answered.

use super::{About, Mask};
use crate::channel::{Answer, Channel, Keys, RawRequest};
use crate::ports::store::ChannelLogRow;
use crate::{AccountView, App};
use antiphon_domain::{RowId, Source, SourceId, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// One webhook may be about many conversations: so many of them get a row of it.
const MOST_ROWS: usize = 16;

/// What a webhook turned out to be about, gathered while it is worked on.
pub(crate) struct Trace {
    at: Timestamp,
    started_us: u64,
    seen: Mutex<Vec<(Option<SourceId>, About)>>,
    error: Mutex<Option<String>>,
}

impl Trace {
    pub(crate) fn begin(app: &App) -> Self {
        Self { at: app.clock.now(), started_us: app.clock.ticks_us(), seen: Mutex::default(), error: Mutex::default() }
    }

    /// An item was for that source, and about that.
    pub(crate) fn saw(&self, source: Option<SourceId>, about: About) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Several items of one conversation are one exchange with it.
        if let Some((_, known)) = seen.iter_mut().find(|(other, known)| *other == source && known.conversation == about.conversation) {
            known.delivery = known.delivery.filter(|delivery| about.delivery == Some(*delivery));
        } else if seen.len() < MOST_ROWS {
            seen.push((source, about));
        }
    }

    /// Something in it could not be used, or not be stored.
    pub(crate) fn failed(&self, why: impl FnOnce() -> String) {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(why);
    }
}

impl App {
    /// Leaves a verified webhook, or an answered handshake, for the channel log.
    pub(crate) fn log_webhook(
        &self,
        view: &Arc<AccountView>,
        keys: &Keys,
        channel: &dyn Channel,
        request: &RawRequest,
        answer: &Answer,
        trace: Trace,
    ) {
        let Trace { at, started_us, seen, error } = trace;
        let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        if seen.is_empty() {
            seen.push((keys.source.as_ref().map(|source| source.id), About::default()));
        }
        let error: Option<Arc<str>> = error.into_inner().unwrap_or_else(PoisonError::into_inner).map(Into::into);
        let duration_ms = self.milliseconds_since(started_us);
        for (source, about) in seen {
            let source: Option<&Arc<Source>> = source.and_then(|id| view.sources.get(&id));
            self.channel_log.leave(&view.account.id, at, || {
                let line = source.map(|source| self.line(view, source, channel));
                let of_app;
                let mask = match &line {
                    Some(line) => &line.mask,
                    None => {
                        of_app = Mask::new(keys.secrets(channel.describe()));
                        &of_app
                    }
                };
                ChannelLogRow {
                    id: RowId(self.ids.ascending(at)),
                    at,
                    source: source.map(|source| source.id),
                    inbound: true,
                    method: request.method.as_str().into(),
                    url: mask.url(request.urls.first().map_or("", String::as_str)),
                    status: Some(answer.status),
                    duration_ms,
                    request: mask.message(&request.headers, &request.body),
                    answer: mask.text(&answer.body),
                    error: error.clone(),
                    conversation: about.conversation,
                    delivery: about.delivery,
                }
            });
        }
    }
}
