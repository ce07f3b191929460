//! The web widget: the script that a brand's page includes, the frame that it opens, and what both are told of a source.
//!
//! Everything here is public. Which pages may show the widget is enforced twice: the browser does not draw the frame inside
//! any other page, and the script of another page is told nothing. Inside the frame speaks the consumer socket, like any client.

mod config;
mod frame;
mod script;

use crate::state::Api;
use antiphon_app::identity::WEB_CHANNEL;
use antiphon_app::{AccountView, Directory};
use antiphon_domain::{AccountId, Source, SourceId};
use axum::Router;
use axum::routing::get;
use std::sync::Arc;

/// `/widget.js`, and below `/widget/` all that it loads.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/widget.js", get(script::show))
        .route("/widget/assets/{name}", get(script::asset))
        .route("/widget/config/{account}/{source}", get(config::show))
        .route("/widget/frame/{account}/{source}", get(frame::show))
}

/// The source that a page names by its address or id, if visitors may come over it.
fn source_named<'d>(directory: &'d Directory, account: &str, name: &str) -> Option<(&'d Arc<AccountView>, &'d Arc<Source>)> {
    let view = directory.account(&account.parse::<AccountId>().ok()?)?;
    let open = |source: &&Arc<Source>| source.enabled && source.channel == WEB_CHANNEL;
    let by_id = name.parse::<SourceId>().ok().and_then(|id| view.sources.get(&id)).filter(open);
    let found = by_id.or_else(|| view.sources.values().filter(open).find(|source| source.address == name));
    found.map(|source| (view, source))
}
