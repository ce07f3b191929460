//! Receiving a webhook: find the source, verify, parse, ingest each item, and only then answer.

use crate::channel::{Answer, Channel, DeadLetter, InboundItem, Keys, RawRequest, Refusal};
use crate::channel_log::{About, Recorder, Trace};
use crate::ingest::Ingested;
use crate::ports::store::{DeadLetterRow, UnitOfWork, Write};
use crate::{AccountView, App, Unavailable};
use antiphon_domain::{RowId, Source, SourceId};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::HashMap;
use std::sync::Arc;

/// Whom a webhook was addressed to, as written in the path, percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookTarget {
    /// A source, by address or id.
    Source(String),
    /// A vendor app, by id or name: each item names its source.
    App(String),
}

/// An item with the source it is for.
type Destined = (Arc<AccountView>, Arc<Source>, InboundItem);

/// The source or app behind a target.
struct Addressed {
    view: Arc<AccountView>,
    keys: Keys,
}

impl App {
    /// Receives a webhook. Success is answered only after everything in it is durable.
    pub async fn receive_webhook(self: &Arc<Self>, channel: &str, target: &WebhookTarget, request: RawRequest) -> Answer {
        let Some(connector) = self.channel(channel).cloned() else {
            return text(404, "There is no such channel.");
        };
        let Some(addressed) = self.addressed(channel, target) else {
            return text(404, "There is no such source or app.");
        };
        let trace = Trace::begin(self);
        if let Some(handshake) = connector.handshake(&request, &addressed.keys) {
            return match handshake {
                Ok(answer) => {
                    self.log_webhook(&addressed.view, &addressed.keys, &*connector, &request, &answer, trace);
                    answer
                }
                Err(refusal) => self.refuse(channel, &addressed, &refusal),
            };
        }
        let verified = match connector.verify(&request, &addressed.keys) {
            Ok(verified) => verified,
            Err(refusal) => return self.refuse(channel, &addressed, &refusal),
        };
        let items = connector.parse(verified, &addressed.keys, self.clock.now());
        metrics::counter!("antiphon_webhooks_total", "channel" => connector.describe().id).increment(1);
        let answer = match self.take_in(&*connector, &addressed, &request, items, &trace).await {
            Ok(()) => {
                self.confirm(&connector, &addressed, &request);
                connector.acknowledgement(&request, &addressed.keys)
            }
            Err(error) => {
                metrics::counter!("antiphon_webhooks_unavailable_total", "channel" => connector.describe().id).increment(1);
                tracing::warn!(channel, %error, "a webhook could not be stored and was not acknowledged");
                trace.failed(|| error.to_string());
                text(503, "Nothing was stored. Please send it again.")
            }
        };
        self.log_webhook(&addressed.view, &addressed.keys, &*connector, &request, &answer, trace);
        answer
    }

    fn addressed(&self, channel: &str, target: &WebhookTarget) -> Option<Addressed> {
        let directory = self.directory();
        match target {
            WebhookTarget::Source(name) => {
                let by_id =
                    name.parse::<SourceId>().ok().and_then(|id| directory.source(id)).filter(|(_, source)| source.channel == channel);
                let (view, source) = by_id.or_else(|| directory.source_at(channel, name))?;
                Some(Addressed { view: Arc::clone(view), keys: view.keys(source) })
            }
            WebhookTarget::App(name) => {
                let (view, app) = directory.channel_app(channel, name)?;
                Some(Addressed { view: Arc::clone(view), keys: Keys { source: None, app: Some(Arc::clone(app)) } })
            }
        }
    }

    fn refuse(&self, channel: &str, addressed: &Addressed, refusal: &Refusal) -> Answer {
        let (status, label) = match refusal {
            Refusal::BadSignature(why) => (401, *why),
            Refusal::NoSecret(_) => (401, "no secret"),
            Refusal::BadToken => (403, "bad token"),
        };
        metrics::counter!("antiphon_webhooks_refused_total", "channel" => channel.to_owned(), "why" => label).increment(1);
        let source = addressed.keys.source.as_ref().map(|source| source.id.to_string());
        tracing::info!(channel, source, why = label, "a webhook was refused");
        text(status, if status == 403 { "The verify token is wrong." } else { "The signature is missing or wrong." })
    }

    /// Ingests items: those of one consumer in their order, others side by side.
    async fn take_in(
        self: &Arc<Self>,
        connector: &dyn Channel,
        addressed: &Addressed,
        request: &RawRequest,
        items: Vec<Result<InboundItem, DeadLetter>>,
        trace: &Trace,
    ) -> Result<(), Unavailable> {
        let mut lanes: HashMap<(SourceId, String), Vec<Destined>> = HashMap::new();
        let mut order = Vec::new();
        let mut dead = Vec::new();
        for item in items {
            let item = match item {
                Ok(item) => item,
                Err(letter) => {
                    dead.push((addressed.keys.source.clone(), letter));
                    continue;
                }
            };
            match self.source_of(connector, addressed, item.source_address.as_deref()) {
                Some((view, source)) if source.enabled => {
                    let lane = (source.id, lane_of(&item));
                    if !lanes.contains_key(&lane) {
                        order.push(lane.clone());
                    }
                    lanes.entry(lane).or_default().push((view, source, item));
                }
                Some((_, source)) => {
                    let reason = "the source is switched off; switch it on and redrive this".to_owned();
                    dead.push((Some(source), DeadLetter { source_address: item.source_address, code: "source_off", reason }));
                }
                None => {
                    let name = item.source_address.clone().unwrap_or_default();
                    let reason = format!("no source of this app has the address {name}; connect it and redrive this");
                    dead.push((None, DeadLetter { source_address: item.source_address, code: "unknown_source", reason }));
                }
            }
        }
        if let (1, true, Some(lane)) = (order.len(), dead.is_empty(), order.first()) {
            return self.take_in_lane(connector, lanes.remove(lane).unwrap_or_default(), request, trace).await;
        }
        let mut running = FuturesUnordered::new();
        let mut waiting = order.into_iter();
        loop {
            while running.len() < self.limits.webhook_concurrency {
                let Some(lane) = waiting.next() else { break };
                running.push(self.take_in_lane(connector, lanes.remove(&lane).unwrap_or_default(), request, trace));
            }
            match running.next().await {
                Some(outcome) => outcome?,
                None => break,
            }
        }
        for (source, letter) in dead {
            self.bury(connector, &addressed.view, source.as_deref(), request, &letter, trace).await?;
        }
        Ok(())
    }

    /// Makes the call that the vendor waits for, in the background.
    fn confirm(self: &Arc<Self>, connector: &Arc<dyn Channel>, addressed: &Addressed, request: &RawRequest) {
        let awaited = connector.confirm().is_some_and(|confirm| confirm.awaited(request));
        let Some(source) = addressed.keys.source.clone().filter(|source| awaited && source.enabled) else { return };
        let (app, connector, view, request) = (Arc::clone(self), Arc::clone(connector), Arc::clone(&addressed.view), request.clone());
        self.spawn(async move {
            let Some(confirm) = connector.confirm() else { return };
            let net = Recorder::new(&app, &view, &source, &*connector, About::default());
            let done = match app.signed_in(&view, &source, &*connector).await {
                Ok(keys) => confirm.confirm(&request, &keys, &net).await,
                Err(error) => Err(error),
            };
            if done.is_err() {
                metrics::counter!("antiphon_signals_failed_total", "channel" => connector.describe().id).increment(1);
            }
        });
    }

    async fn take_in_lane(
        self: &Arc<Self>,
        connector: &dyn Channel,
        items: Vec<Destined>,
        request: &RawRequest,
        trace: &Trace,
    ) -> Result<(), Unavailable> {
        for (view, source, item) in items {
            match self.ingest(&view, &source, connector, item).await? {
                Ingested::Stored(about) => trace.saw(Some(source.id), about),
                Ingested::Repeated(about) => {
                    trace.saw(Some(source.id), about);
                    metrics::counter!("antiphon_duplicates_total", "channel" => connector.describe().id).increment(1);
                }
                Ingested::Unusable(letter) => self.bury(connector, &view, Some(&source), request, &letter, trace).await?,
            }
        }
        Ok(())
    }

    fn source_of(&self, connector: &dyn Channel, addressed: &Addressed, address: Option<&str>) -> Option<(Arc<AccountView>, Arc<Source>)> {
        let own = addressed.keys.source.as_ref();
        match (own, address) {
            (Some(source), None) => Some((Arc::clone(&addressed.view), Arc::clone(source))),
            (Some(source), Some(address)) if source.address == address => Some((Arc::clone(&addressed.view), Arc::clone(source))),
            (_, Some(address)) => {
                let directory = self.directory();
                let (view, source) = directory.source_at(connector.describe().id, address)?;
                // The signature proved the app's secret, so only sources of that app may be written to.
                let app = addressed.keys.app.as_ref()?;
                (source.app == Some(app.id)).then(|| (Arc::clone(view), Arc::clone(source)))
            }
            (None, None) => None,
        }
    }

    /// Keeps what can't be used, where the administrator sees it and can redrive it.
    async fn bury(
        &self,
        connector: &dyn Channel,
        view: &AccountView,
        source: Option<&Source>,
        request: &RawRequest,
        letter: &DeadLetter,
        trace: &Trace,
    ) -> Result<(), Unavailable> {
        let now = self.clock.now();
        trace.saw(source.map(|source| source.id), About::default());
        trace.failed(|| format!("It could not be used and became a dead letter: {}.", letter.reason));
        metrics::counter!("antiphon_dead_letters_total", "channel" => connector.describe().id, "code" => letter.code).increment(1);
        let mut unit = UnitOfWork::new(view.account.id.clone());
        unit.write(Write::AddDeadLetter(DeadLetterRow {
            id: RowId(self.ids.ascending(now)),
            channel: connector.describe().id.into(),
            source: source.map(|source| source.id),
            at: now,
            code: letter.code.into(),
            reason: letter.reason.as_str().into(),
            request: stored_request(request).into(),
            redriven_at: None,
        }));
        Ok(self.commit(unit).await?)
    }

    /// Works through a buried request again, as if it came now; its signature was checked when it came.
    ///
    /// # Errors
    /// When the store is unavailable, or the kept request can't be read.
    pub(crate) async fn redrive(self: &Arc<Self>, view: &Arc<AccountView>, letter: &DeadLetterRow) -> Result<(), Unavailable> {
        let connector =
            self.channel(&letter.channel).cloned().ok_or_else(|| Unavailable(format!("channel {} is not built in", letter.channel)))?;
        let request = read_request(&letter.request).ok_or_else(|| Unavailable("the kept request can't be read".to_owned()))?;
        let source = letter.source.and_then(|id| view.sources.get(&id)).cloned();
        let keys = match &source {
            Some(source) => view.keys(source),
            None => Keys { source: None, app: view.channel_apps.values().find(|app| app.channel == *letter.channel).cloned() },
        };
        let items = connector.parse(crate::channel::Verified { request: &request }, &keys, self.clock.now());
        let addressed = Addressed { view: Arc::clone(view), keys };
        // The exchange itself is in the log since it came.
        self.take_in(&*connector, &addressed, &request, items, &Trace::begin(self)).await
    }
}

fn text(status: u16, body: &str) -> Answer {
    Answer { status, content_type: "text/plain; charset=utf-8", body: body.to_owned() }
}

/// Items of one consumer keep their order; receipts by id belong to nobody in particular.
fn lane_of(item: &InboundItem) -> String {
    use crate::channel::{InboundKind, ReceiptOf};
    match &item.kind {
        InboundKind::Message { from, .. }
        | InboundKind::Typing { from, .. }
        | InboundKind::Note { from, .. }
        | InboundKind::Handle { from, .. }
        | InboundKind::Consent { from, .. } => from.clone(),
        InboundKind::Echo { to, .. } => to.clone(),
        InboundKind::Receipt { of: ReceiptOf::UpTo { consumer, .. }, .. } => consumer.clone(),
        InboundKind::Receipt { .. } | InboundKind::Health { .. } | InboundKind::Ignored(_) => String::new(),
    }
}

fn stored_request(request: &RawRequest) -> String {
    let headers: Vec<(&str, &str)> =
        request.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    serde_json::json!({
        "method": request.method.as_str(),
        "urls": request.urls,
        "tail": request.tail,
        "query": request.query,
        "headers": headers,
        "body_hex": hex::encode(&request.body),
    })
    .to_string()
}

fn read_request(text: &str) -> Option<RawRequest> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut headers = http::HeaderMap::new();
    for pair in value.get("headers")?.as_array()? {
        let name = http::HeaderName::from_bytes(pair.get(0)?.as_str()?.as_bytes()).ok()?;
        headers.append(name, http::HeaderValue::from_str(pair.get(1)?.as_str()?).ok()?);
    }
    Some(RawRequest {
        method: value.get("method")?.as_str()?.parse().ok()?,
        urls: value.get("urls")?.as_array()?.iter().filter_map(|url| Some(url.as_str()?.to_owned())).collect(),
        tail: value.get("tail")?.as_str()?.to_owned(),
        query: value.get("query")?.as_str()?.to_owned(),
        headers,
        body: hex::decode(value.get("body_hex")?.as_str()?).ok()?.into(),
    })
}

/// A kept request's body, for people.
pub fn readable_body(request: &str) -> String {
    read_request(request).map(|request| String::from_utf8_lossy(&request.body).into_owned()).unwrap_or_default()
}
