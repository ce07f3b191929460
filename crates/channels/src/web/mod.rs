//! Web messaging: consumers on the brand's pages and in its apps, over the consumer socket.
//!
//! What their clients send and get is served by the API, so there is nothing here but the description.

use crate::kit::hosted;
use antiphon_app::channel::{
    Adapted, Channel, ChannelKind, DeadLetter, InboundItem, Keys, Outbound, OutboundContent, RawRequest, Refusal, SendError, Sent, Verified,
};
use antiphon_app::ports::net::Net;
use antiphon_app::widget;
use antiphon_content::Capabilities;
use antiphon_domain::Timestamp;
use futures_util::future::BoxFuture;

/// The connector.
#[derive(Clone, Copy, Debug)]
pub struct Web;

static KIND: ChannelKind = ChannelKind {
    id: "web",
    name: "Web messaging",
    published_as: "SHARK",
    address_label: "name of the site or app",
    credentials: &[],
    app_credentials: &[],
    settings: &widget::FIELDS,
    consent_keywords: false,
    carrier_answers_keywords: false,
    hosted: true,
};

impl Channel for Web {
    fn describe(&self) -> &'static ChannelKind {
        &KIND
    }

    fn check_setting(&self, name: &str, value: &str) -> Result<(), String> {
        widget::check(name, value)
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
