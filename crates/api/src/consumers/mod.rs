//! Consumers: the people outside, as one channel address at one source knows them.

mod list;
mod show;

use crate::ask::Ask;
use crate::error::ApiError;
use crate::state::Api;
use antiphon_app::ports::store::ConversationFilter;
use antiphon_domain as domain;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most conversations that are counted.
const MOST_COUNTED: usize = 100;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list::list_consumers)).routes(routes!(show::show_consumer))
}

/// Someone outside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Consumer {
    /// 64 hex digits.
    id: String,
    source_id: String,
    channel: String,
    /// A phone number, a page-scoped id …
    address: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    avatar_url: Option<String>,
    profile: ConsumerProfile,
    /// Whether they withdrew their consent for this source.
    opted_out: bool,
    created_at: i64,
    /// How many they had; at most 100 are counted.
    conversations: usize,
}

/// What the channel told about them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsumerProfile {
    /// When it was asked, UTC milliseconds.
    #[schema(required)]
    checked_at: Option<i64>,
}

async fn shown(ask: &Ask, consumer: &domain::Consumer) -> Result<Consumer, ApiError> {
    let filter = ConversationFilter { consumer: Some(consumer.id), ..ConversationFilter::default() };
    let conversations = ask.app().store().conversations(ask.account(), &filter, None, MOST_COUNTED).await?.len();
    let view = ask.view()?;
    Ok(Consumer {
        id: consumer.id.to_string(),
        source_id: consumer.source.to_string(),
        channel: view.sources.get(&consumer.source).map_or_else(String::new, |source| source.channel.clone()),
        address: consumer.address.clone(),
        name: consumer.name.clone(),
        avatar_url: consumer.avatar_url.clone(),
        profile: ConsumerProfile { checked_at: consumer.profile_checked_at.map(|at| at.0) },
        opted_out: consumer.opted_out,
        created_at: consumer.created_at.0,
        conversations,
    })
}
