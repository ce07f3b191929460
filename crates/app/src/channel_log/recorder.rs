//! The net as a connector gets it: every call is left for the channel log.

use super::{About, Line};
use crate::channel::Channel;
use crate::ports::net::{Net, NetAnswer, NetError, NetRequest};
use crate::ports::store::ChannelLogRow;
use crate::{AccountView, App};
use antiphon_domain::{RowId, Source};
use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex, PoisonError};

/// Records what goes through it.
pub(crate) struct Recorder<'a> {
    app: &'a App,
    view: &'a AccountView,
    source: &'a Source,
    line: Arc<Line>,
    about: About,
    /// Rows that are not to be left before it is known whether anybody would miss them.
    held: Option<Mutex<Vec<ChannelLogRow>>>,
    /// Bodies are not kept: they carry credentials that nobody knows yet.
    veiled: bool,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(app: &'a App, view: &'a Arc<AccountView>, source: &'a Arc<Source>, channel: &dyn Channel, about: About) -> Self {
        Self { app, view, source, line: app.line(view, source, channel), about, held: None, veiled: false }
    }

    /// Keeps what it records until it is told to leave it.
    pub(crate) fn holding(app: &'a App, view: &'a Arc<AccountView>, source: &'a Arc<Source>, channel: &dyn Channel) -> Self {
        Self { held: Some(Mutex::default()), ..Self::new(app, view, source, channel, About::default()) }
    }

    /// Records the calls, but not what they say.
    pub(crate) fn veiled(app: &'a App, view: &'a Arc<AccountView>, source: &'a Arc<Source>, channel: &dyn Channel) -> Self {
        Self { veiled: true, ..Self::new(app, view, source, channel, About::default()) }
    }

    fn shown<'b>(&self, body: &'b [u8]) -> &'b [u8] {
        if self.veiled { b"(not kept)" } else { body }
    }

    /// Leaves what was held.
    pub(crate) fn leave_held(self) {
        for row in self.held.into_iter().flat_map(|held| held.into_inner().unwrap_or_else(PoisonError::into_inner)) {
            self.app.channel_log.leave(&self.view.account.id, row.at, || row);
        }
    }
}

impl Net for Recorder<'_> {
    fn call<'a>(&'a self, request: NetRequest) -> BoxFuture<'a, Result<NetAnswer, NetError>> {
        Box::pin(async move {
            let (at, started) = (self.app.clock.now(), self.app.clock.ticks_us());
            let (method, url) = (request.method.clone(), request.url.clone());
            let (headers, body) = (request.headers.clone(), request.body.clone());
            let outcome = self.line.net.call(request).await;
            let row = || {
                let mask = &self.line.mask;
                ChannelLogRow {
                    id: RowId(self.app.ids.ascending(at)),
                    at,
                    source: Some(self.source.id),
                    inbound: false,
                    method: method.as_str().into(),
                    url: mask.url(&url),
                    status: outcome.as_ref().ok().map(|answer| answer.status),
                    duration_ms: self.app.milliseconds_since(started),
                    request: mask.message(&headers, self.shown(&body)),
                    answer: outcome.as_ref().map_or_else(|_| "".into(), |answer| mask.message(&answer.headers, self.shown(&answer.body))),
                    error: outcome.as_ref().err().map(|error| mask.text(&error.to_string())),
                    conversation: self.about.conversation,
                    delivery: self.about.delivery,
                }
            };
            match &self.held {
                Some(held) => held.lock().unwrap_or_else(PoisonError::into_inner).push(row()),
                None => self.app.channel_log.leave(&self.view.account.id, at, row),
            }
            outcome
        })
    }
}
