//! What administrators are shown of notifications, and the calls that they ask for.

use super::lane::Committed;
use super::notified::Notified;
use super::{Notifier, send};
use crate::administration::notifications::{AppStatus, COUNTED, EndpointStatus, test_event};
use crate::ports::notifications::News;
use crate::ports::store::{NotificationAbout, NotificationKind, NotificationRow};
use crate::{AccountView, App};
use antiphon_domain::event::Party;
use antiphon_domain::{AccountId, Conversation, DialogNumber, Event, Timestamp};
use bytes::Bytes;
use std::sync::Arc;

/// A call to an app as it was made, secrets masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldRequest {
    /// The address.
    pub url: String,
    /// The headers; the values of those that an app is told besides are masked.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCall {
    /// Of which kind.
    pub kind: NotificationKind,
    /// Where.
    pub url: String,
    /// The answer's status.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// What went wrong.
    pub error: Option<String>,
}

const MASK: &str = "•••";

impl Notifier {
    /// Where an app stands; `None` is one that is told nothing.
    pub(crate) fn status(&self, to: Option<&Arc<Notified>>, waiting: usize, now: Timestamp) -> AppStatus {
        let mut status =
            AppStatus { standing: None, since: None, paused_until: None, waiting: waiting.min(COUNTED + 1), endpoints: Vec::new() };
        let Some(to) = to else { return status };
        let mut lanes = self.lanes();
        let installed = lanes.look_at(&to.account, &to.client_id, now);
        status.standing = Some(installed.map_or(super::Standing::Up, |installed| installed.standing));
        status.since = installed.map(|installed| installed.since).filter(|since| since.0 > 0);
        status.paused_until = installed.and_then(|installed| installed.paused_until).filter(|until| *until > now);
        for kind in NotificationKind::ALL {
            let Some(endpoint) = to.endpoint(kind) else { continue };
            let known = installed.and_then(|installed| installed.endpoint(to.fingerprint(kind)));
            status.endpoints.push(EndpointStatus {
                kind,
                url: endpoint.url.clone(),
                failing: known.map_or(0, |(gate, _)| gate.failing()),
                under_way: known.map_or(0, |(gate, _)| gate.under_way()),
                paused_until: known.and_then(|(gate, _)| gate.paused_until()).filter(|until| *until > now),
                fared: known.map(|(_, fared)| fared.clone()).unwrap_or_default(),
            });
        }
        status
    }

    /// The call that tells a notification.
    pub(crate) fn request(
        &self,
        app: &App,
        view: &AccountView,
        to: &Notified,
        row: &NotificationRow,
        event: Option<&Event>,
    ) -> Option<ToldRequest> {
        let endpoint = to.endpoint(row.kind)?;
        let what = match (&row.about, event) {
            (NotificationAbout::State(state), _) => Committed::State(Arc::clone(state)),
            (NotificationAbout::Event { .. }, Some(event)) => Committed::Event(row.conversation, Arc::new(event.clone())),
            (NotificationAbout::Event { .. }, None) => return None,
        };
        let body = send::body(app, view, &what);
        let secret = self.wire.secret_headers();
        let headers = send::headers(app, to, endpoint, &body);
        let own: Vec<&http::HeaderName> = endpoint.headers.iter().map(|(name, _)| name).collect();
        let shown = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            let hidden = secret.contains(&name.as_str()) || own.contains(&name);
            let value = if hidden { MASK } else { value.to_str().unwrap_or(MASK) };
            (name.as_str().to_owned(), value.to_owned())
        };
        let headers = headers.iter().map(shown).collect();
        Some(ToldRequest { url: endpoint.url.clone(), headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// Calls an endpoint with something made up.
    pub(crate) async fn test(
        &self,
        app: &App,
        view: &AccountView,
        to: &Notified,
        kind: NotificationKind,
        conversation: &Conversation,
    ) -> TestCall {
        let Some(endpoint) = to.endpoint(kind) else {
            return TestCall { kind, url: String::new(), status: None, duration_ms: 0, error: Some("there is no endpoint".to_owned()) };
        };
        let event = test_event(conversation, kind, conversation.started_at);
        let party = Party::Consumer(conversation.consumer);
        let news = match &event {
            Some(event) => News::Event { conversation: conversation.id, event },
            None if kind == NotificationKind::ChatState => {
                News::ChatState { conversation, dialog: DialogNumber::MAIN, party, state: "COMPOSING" }
            }
            None => News::State(conversation),
        };
        let body: Bytes = self.wire.body(view, news);
        let called = send::call(app, view, to, endpoint, body).await;
        let (status, error) = match called.outcome {
            Ok(answer) => (Some(answer.status), (!send::is_success(answer.status)).then(|| send::wrong_status(answer.status))),
            Err(error) => (None, Some(error.to_string())),
        };
        TestCall { kind, url: endpoint.url.clone(), status, duration_ms: called.duration_ms, error }
    }

    /// Returns when every outcome so far is stored.
    pub(crate) async fn store_outcomes(&self, app: &App) {
        self.outcomes.store_all(app).await;
    }

    /// An app's rows are to be read anew.
    pub(crate) fn reload(&self, account: &AccountId, client_id: &str) {
        self.lanes().reload(account, client_id);
        self.changed.notify_one();
    }
}
