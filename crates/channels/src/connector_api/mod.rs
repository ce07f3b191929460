//! The Connector API: programs of others that bring their own consumers.
//!
//! An app that is installed in the account is a source of this channel; its address is the app's client id. What the app sends
//! and gets is served by the API, so there is nothing here but the description.

use crate::kit::hosted;
use antiphon_app::channel::{
    Adapted, Channel, ChannelKind, DeadLetter, InboundItem, Keys, Outbound, OutboundContent, RawRequest, Refusal, SendError, Sent, Verified,
};
use antiphon_app::ports::net::Net;
use antiphon_content::Capabilities;
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct ConnectorApi;

static KIND: ChannelKind = ChannelKind {
    id: "connector_api",
    name: "Connector API",
    published_as: "CONNECTOR_API",
    address_label: "client id of the app",
    credentials: &[],
    app_credentials: &[],
    settings: &[],
    consent_keywords: false,
    carrier_answers_keywords: false,
    hosted: true,
};

impl Channel for ConnectorApi {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn capabilities(&self, _keys: &Keys) -> Capabilities {
        hosted::capabilities()
    }

    fn verify<'a>(&self, _request: &'a RawRequest, _keys: &Keys) -> Result<Verified<'a>, Refusal> {
        Err(hosted::refuse())
    }

    fn parse(&self, _verified: Verified<'_>, _keys: &Keys, _now: Timestamp) -> Vec<Result<InboundItem, DeadLetter>> {
        hosted::nothing()
    }

    fn adapt(&self, _content: &OutboundContent, _can: &Capabilities) -> Adapted {
        Adapted::default()
    }

    fn send<'a>(&'a self, _out: &'a Outbound, _net: &'a dyn Net) -> BoxFuture<'a, Result<Sent, SendError>> {
        Box::pin(async { Err(hosted::no_vendor()) })
    }
}
