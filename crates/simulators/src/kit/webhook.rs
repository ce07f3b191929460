//! Sends webhooks: one attempt at a time, journaled, with the webhook faults applied. Retry rules belong to the vendor.
//! It must send bytes exactly as given: they are already signed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use url::Url;

use super::faults::Side;
use super::{Direction, Kit, lock};

/// A webhook ready to go. `url` is the configured one, over which a signature may stand.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer arrived.
    Answered { status: u16, content_type: String, body: Bytes },
    /// Refused, reset, unreachable or a malformed address.
    NoConnection,
    /// Connected, but no answer in time.
    TimedOut,
}

impl Outcome {
    pub(crate) fn is_success(&self) -> bool {
        matches!(self, Self::Answered { status, .. } if (200..300).contains(status))
    }
}

/// A delivery that may be run several times (duplicates).
pub(crate) type Deliver = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A webhook held back so that its successor overtakes it.
pub(crate) struct Held {
    lane: u64,
    seq: u64,
    deliver: Deliver,
}

/// How long a held webhook waits for a successor, in virtual milliseconds.
const HELD_MS: i64 = 3_000;
/// Answer bodies read; more is cut off.
const MAX_ANSWER: usize = 64 * 1024;
/// Files fetched from the brand; more is refused.
const MAX_FETCH: usize = 32 * 1024 * 1024;

impl Kit {
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator plays the vendor: its calls must not pass through the product's guarded client"
    )]
    fn client(&self) -> &reqwest::Client {
        self.client.get_or_init(|| {
            reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_secs(5))
                .timeout(Duration::from_secs(15))
                .build()
                .expect("these options do not depend on input")
        })
    }

    /// The address really connected to: the configured one, its origin replaced where the target says so.
    fn reachable(&self, url: &str) -> Option<Url> {
        let mut url = Url::parse(url).ok()?;
        url.set_fragment(None);
        let Some(origin) = lock(&self.webhook).as_ref().and_then(|target| target.connect_to.clone()) else {
            return Some(url);
        };
        let origin = Url::parse(&origin).ok()?;
        url.set_scheme(origin.scheme()).ok()?;
        url.set_host(origin.host_str()).ok()?;
        url.set_port(origin.port()).ok()?;
        Some(url)
    }

    /// One attempt, journaled.
    pub(crate) async fn attempt(&self, out: &Outgoing) -> Outcome {
        let headers = out.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let entry = self.journal.record(self.now_ms(), Direction::Webhook, out.method, out.url.clone(), headers, out.body.clone());
        let outcome = self.send(out).await;
        if let Outcome::Answered { status, .. } = &outcome {
            entry.set_status(*status);
        }
        self.changed();
        outcome
    }

    async fn send(&self, out: &Outgoing) -> Outcome {
        let cut = {
            let plan = self.faults.plan_cut(&out.url);
            plan.close || plan.reset_before || plan.reset_after
        };
        let Some(url) = self.reachable(&out.url).filter(|_| !cut) else {
            return Outcome::NoConnection;
        };
        let mut request = match out.method {
            "GET" => self.client().get(url),
            _ => self.client().post(url).body(out.body.clone()),
        };
        for (name, value) in &out.headers {
            request = request.header(*name, value);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_timeout() && !error.is_connect() => return Outcome::TimedOut,
            Err(_) => return Outcome::NoConnection,
        };
        let status = response.status().as_u16();
        let content_type = header(&response, "content-type");
        let body = bounded(response, MAX_ANSWER).await.unwrap_or_default();
        Outcome::Answered { status, content_type, body }
    }

    /// Runs a delivery on its lane, as often and as late as the webhook faults say.
    pub(crate) fn deliver(&self, lane: u64, url: &str, deliver: Deliver) {
        let plan = self.faults.plan_shape(url);
        let due = self.now_ms().saturating_add(plan.delay_ms);
        for _ in 0..plan.copies {
            let again = Arc::clone(&deliver);
            self.pump.schedule(due, lane, move || again());
        }
        if !plan.reorder {
            self.pump.schedule(due, lane, move || deliver());
            self.release_held();
            return;
        }
        let earlier = lock(&self.held).take();
        if let Some(earlier) = earlier {
            self.pump.schedule(due, lane, move || deliver());
            self.pump.schedule(due, lane, move || (earlier.deliver)());
            return;
        }
        let seq = self.ids.number();
        *lock(&self.held) = Some(Held { lane, seq, deliver });
        let kit = self.me.clone();
        self.pump.schedule(due.saturating_add(HELD_MS), lane, move || async move {
            let Some(kit) = kit.upgrade() else { return };
            let mine = lock(&kit.held).take_if(|held| held.seq == seq);
            if let Some(held) = mine {
                (held.deliver)().await;
            }
        });
    }

    /// Lets a held webhook go at once.
    pub(crate) fn release_held(&self) {
        let held = lock(&self.held).take();
        if let Some(held) = held {
            self.pump.schedule(self.now_ms(), held.lane, move || (held.deliver)());
        }
    }

    /// Fetches a file the brand gave by address, following up to three redirects. The error says what was wrong.
    pub(crate) async fn fetch(&self, url: &str) -> Result<(String, Bytes), String> {
        let mut target = self.reachable_media(url)?;
        for _ in 0..4 {
            let response = self.client().get(target.clone()).send().await.map_err(|_| "no answer".to_owned())?;
            let status = response.status();
            if status.is_redirection() {
                let location = header(&response, "location");
                target = target.join(&location).map_err(|_| "bad redirect".to_owned())?;
                continue;
            }
            if !status.is_success() {
                return Err(format!("status {}", status.as_u16()));
            }
            let content_type = header(&response, "content-type");
            let bytes = bounded(response, MAX_FETCH).await.ok_or_else(|| "too large".to_owned())?;
            return Ok((content_type, bytes));
        }
        Err("too many redirects".to_owned())
    }

    /// Files below the brand's public origin are reached where the webhooks are; others where they say.
    fn reachable_media(&self, url: &str) -> Result<Url, String> {
        let url = Url::parse(url).map_err(|_| "not a URL".to_owned())?;
        let ours = lock(&self.webhook)
            .as_ref()
            .and_then(|target| Url::parse(&target.url).ok())
            .is_some_and(|target| target.origin() == url.origin());
        if ours {
            return self.reachable(url.as_str()).ok_or_else(|| "not a URL".to_owned());
        }
        Ok(url)
    }
}

impl super::Faults {
    /// Counts down only what cuts a webhook; asked once per attempt.
    fn plan_cut(&self, url: &str) -> super::faults::Plan {
        self.plan_of(Side::Webhook, url, super::faults::Trouble::cuts)
    }

    /// Counts down only what shapes a delivery; asked once per webhook.
    fn plan_shape(&self, url: &str) -> super::faults::Plan {
        self.plan_of(Side::Webhook, url, |trouble| !trouble.cuts())
    }
}

fn header(response: &reqwest::Response, name: &str) -> String {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

async fn bounded(mut response: reqwest::Response, limit: usize) -> Option<Bytes> {
    let mut all = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        if all.len() + chunk.len() > limit {
            return None;
        }
        all.extend_from_slice(&chunk);
    }
    Some(Bytes::from(all))
}
