//! What consumers ask for over our own protocols, whichever way it comes in: by the Send API or by their socket.
//!
//! One request becomes one use case; how the answer is wrapped is the caller's business. Who asks was authenticated before.

pub(super) mod opening;
pub(super) mod profile;
pub(super) mod publishing;
mod updating;

use super::links;
use super::socket::envelope::{Failure, Request, unknown};
use antiphon_app::files::{FileOwner, Link};
use antiphon_app::{App, ConsumerCaller};
use antiphon_domain::{ConversationId, Sequence};
use std::sync::Arc;

/// What a fulfilled request is answered with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// The sequence of what was published; 0 for what is not numbered.
    Published(Sequence),
    /// A conversation was opened.
    Opened(ConversationId),
    /// One of the protocol's sentences.
    Said(&'static str),
    /// A link to the file store.
    Linked(Link),
}

/// Fulfils a request. `key` is the caller's own id of it: the same key is fulfilled once, for 24 h.
pub(super) async fn fulfil(app: &Arc<App>, caller: &ConsumerCaller, request: &Request<'_>, key: Option<&str>) -> Result<Done, Failure> {
    match request.name.as_str() {
        "PublishEvent" => publishing::publish(app, caller, request, key, None).await,
        "UpdateConversationField" => updating::update(app, caller, request, key).await,
        "SetUserProfile" => profile::set(app, caller, request).await,
        "ConsumerRequestConversation" => opening::open(app, caller, opening::read(request, caller, key)?).await,
        "GenerateURLForUploadFile" => links::upload(app, &FileOwner::Consumer(caller), request).await.map(Done::Linked),
        "GenerateURLForDownloadFile" => links::download(app, &FileOwner::Consumer(caller), request).await.map(Done::Linked),
        "GenerateUploadToken" => Err(Failure::not_offered("type: secure forms are not offered by this server")),
        "AgentRequestConversation" | "UpdateRingState" | "SetAgentState" | "SubscribeRoutingTasks" | "SubscribeAgentsState" => {
            Err(Failure::forbidden(format!("type: {} is for agents; you are a consumer", request.name)))
        }
        other => Err(unknown(other)),
    }
}
