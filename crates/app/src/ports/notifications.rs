//! How apps are told: bodies and headers in the words of the published protocol, made where that protocol is known.

use crate::AccountView;
use antiphon_domain::account::SignatureForm;
use antiphon_domain::event::Party;
use antiphon_domain::{AccountId, Conversation, ConversationId, DialogNumber, Event};
use bytes::Bytes;

/// What an app is told.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// A numbered event.
    Event {
        /// Of which conversation.
        conversation: ConversationId,
        /// The event.
        event: &'a Event,
    },
    /// Somebody types or stopped.
    ChatState {
        /// Where.
        conversation: &'a Conversation,
        /// In which dialog.
        dialog: DialogNumber,
        /// Who.
        party: Party,
        /// The published name: `COMPOSING`, `PAUSE` …
        state: &'a str,
    },
    /// A conversation's state. Its last content may be missing.
    State(&'a Conversation),
}

/// Whom it is told, and with which secret it is signed.
#[derive(Clone, Copy)]
pub struct Addressee<'a> {
    /// The account.
    pub account: &'a AccountId,
    /// The app.
    pub client_id: &'a str,
    /// The app's secret.
    pub secret: &'a str,
    /// How it is signed.
    pub form: SignatureForm,
}

/// The published protocol.
pub trait NotificationWire: Send + Sync {
    /// The body: the same for every app, and the same each time.
    fn body(&self, view: &AccountView, news: News<'_>) -> Bytes;
    /// The protocol's own headers of a call with that body, its signature among them.
    fn headers(&self, to: Addressee<'_>, body: &[u8]) -> http::HeaderMap;
    /// The names of headers that prove who calls: their values never appear in a log.
    fn secret_headers(&self) -> &'static [&'static str];
}
