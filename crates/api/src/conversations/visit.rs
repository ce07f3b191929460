//! `GET …/conversations/{id}/visit`: what the consumer's page or program told beside what they wrote.
//!
//! Bounded where it was taken. It is shown to whoever may see the conversation, as data: nothing in it is believed.

use super::READERS;
use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_domain::ConversationId;
use antiphon_domain::consumer::ConsumerProfile;
use axum::Json;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// What was told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Visit {
    /// Engagement attributes that the page or program told; anybody can tell anything.
    #[schema(value_type = Vec<Object>)]
    told: Vec<Value>,
    /// What one of the brand's log-ins signed; null when nobody vouches for the consumer.
    #[schema(required)]
    vouched: Option<Vouched>,
    contact: Introduction,
    /// Campaign and engagement that led to the conversation.
    #[schema(required, value_type = Option<Object>)]
    campaign: Option<Value>,
    /// Where the conversation began.
    #[schema(required, value_type = Option<Object>)]
    context: Option<Value>,
    /// What the consumer's program says of itself.
    #[schema(required, value_type = Option<Object>)]
    client: Option<Value>,
}

/// Who vouches, and for what.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Vouched {
    issuer: String,
    #[schema(value_type = Vec<Object>)]
    attributes: Vec<Value>,
}

/// How the consumer calls themselves, and where else they are reached, by their program's word.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Introduction {
    #[schema(required)]
    first_name: Option<String>,
    #[schema(required)]
    last_name: Option<String>,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    phone: Option<String>,
    /// The brand's own id of them.
    #[schema(required)]
    external_id: Option<String>,
}

/// What the consumer's page told, if the caller may see the conversation.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/conversations/{id}/visit", tag = "conversations", responses((status = 200, body = Visit)))]
pub(crate) async fn show_visit(ask: Ask) -> Result<Json<Visit>, ApiError> {
    ask.require(&READERS)?;
    let id: ConversationId = ask.id("conversation")?;
    let conversation = ask.app().conversation(ask.caller(), id).await?;
    let consumer = ask.app().consumer_of(&conversation).await?;
    let profile = consumer.as_ref().and_then(|consumer| consumer.profile.as_deref());
    let claims = profile.and_then(|profile| profile.claims.as_ref());
    let origin = conversation.origin.as_deref();
    Ok(Json(Visit {
        told: list(profile.and_then(|profile| profile.attributes.as_ref())),
        vouched: claims.map(|claims| Vouched { issuer: claims.issuer.to_string(), attributes: list(Some(&claims.attributes)) }),
        contact: profile.map(contact).unwrap_or_default(),
        campaign: origin.and_then(|origin| object(origin.campaign.as_ref())),
        context: origin.and_then(|origin| object(origin.context.as_ref())),
        client: origin.and_then(|origin| object(origin.client.as_ref())),
    }))
}

fn contact(profile: &ConsumerProfile) -> Introduction {
    let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
    Introduction {
        first_name: text(&profile.first_name),
        last_name: text(&profile.last_name),
        email: text(&profile.email),
        phone: text(&profile.phone),
        external_id: text(&profile.external_id),
    }
}

fn list(json: Option<&Arc<str>>) -> Vec<Value> {
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

fn object(json: Option<&Arc<str>>) -> Option<Value> {
    json.and_then(|json| serde_json::from_str(json).ok()).filter(Value::is_object)
}
