//! Words for notifications that a test can read at a glance: `event 3 hello`, `state 2 open agent 1`, `chat COMPOSING`.

use antiphon_app::AccountView;
use antiphon_app::ports::NotificationWire;
use antiphon_app::ports::notifications::{Addressee, News};
use antiphon_domain::{Content, EventBody};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

/// The wording; it signs with the secret itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestWire;

impl NotificationWire for TestWire {
    fn body(&self, _view: &AccountView, news: News<'_>) -> Bytes {
        let text = match news {
            News::Event { event, .. } => match &event.body {
                EventBody::Content(Content::Text { text, .. }) => format!("event {} {text}", event.sequence),
                EventBody::Content(_) => format!("event {} something", event.sequence),
                EventBody::Accept { status, .. } => format!("event {} {}", event.sequence, status.name()),
            },
            News::ChatState { state, .. } => format!("chat {state}"),
            News::State(conversation) => {
                let open = if conversation.open { "open" } else { "closed" };
                let agent = conversation.assigned_agent().map(|agent| format!(" agent {agent}")).unwrap_or_default();
                format!("state {open}{agent}")
            }
        };
        text.into()
    }

    fn headers(&self, to: Addressee<'_>, _body: &[u8]) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).expect("test values are visible");
        HeaderMap::from_iter([
            (http::HeaderName::from_static("x-app"), value(to.client_id)),
            (http::HeaderName::from_static("x-secret"), value(to.secret)),
            (http::HeaderName::from_static("x-form"), value(to.form.name())),
        ])
    }

    fn secret_headers(&self) -> &'static [&'static str] {
        &["x-secret"]
    }
}
