//! `GET …/sources/{id}/templates`.

use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_app::channel::{MessageTemplate, SlotKind, TemplateSlot};
use antiphon_app::templates::NoTemplates;
use antiphon_domain::{Privilege, SourceId};
use axum::Json;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A message that the channel's vendor approved beforehand. It goes out although the reply window is closed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Template {
    name: String,
    /// As the vendor writes it, for example `en_US`.
    language: String,
    /// What it is for, as the vendor sorts it.
    #[schema(required)]
    category: Option<String>,
    /// How far the vendor's approval is, in the vendor's word.
    state: String,
    /// Whether it can be sent now.
    usable: bool,
    /// How it reads; a gap is its name in double braces.
    text: String,
    /// The gaps to fill, all of them.
    slots: Vec<Slot>,
    /// The labels of its buttons.
    buttons: Vec<String>,
}

/// A gap of a template.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TemplateSlot)]
pub(crate) struct Slot {
    name: String,
    kind: Kind,
    #[schema(required)]
    example: Option<String>,
}

/// What goes into a gap: words, or the https address of a file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TemplateSlotKind)]
pub(crate) enum Kind {
    Text,
    Image,
    Video,
    Document,
}

/// The templates of a source, as its vendor lists them, at most some minutes old; `?fresh=true` asks the vendor now. Needs one of
/// `handle_conversations`, `manage_sources`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/sources/{id}/templates", tag = "sources", params(("fresh" = Option<bool>, Query, description = "ask the vendor now")), responses((status = 200, body = Page<Template>)))]
pub(crate) async fn list_templates(ask: Ask) -> Result<Json<Page<Template>>, ApiError> {
    ask.require(&[Privilege::HandleConversations, Privilege::ManageSources])?;
    let view = ask.view()?;
    let source = view.sources.get(&ask.id::<SourceId>("source")?).ok_or_else(|| ApiError::not_found("source"))?;
    let mut query = ask.query()?;
    let fresh = query.parsed::<bool>("fresh")?.unwrap_or(false);
    query.finish()?;
    let listed = ask.app().templates(&view, source, fresh).await.map_err(|error| match &error {
        NoTemplates::NotOnThisChannel => ApiError::new(StatusCode::NOT_FOUND, "not_found", error.to_string()),
        NoTemplates::Refused(_) => ApiError::new(StatusCode::BAD_GATEWAY, "vendor_refused", error.to_string()),
    })?;
    Ok(Json(Page::whole(listed.iter().map(shown).collect())))
}

fn shown(template: &MessageTemplate) -> Template {
    let kind = |kind| match kind {
        SlotKind::Text => Kind::Text,
        SlotKind::Image => Kind::Image,
        SlotKind::Video => Kind::Video,
        SlotKind::Document => Kind::Document,
    };
    let slot = |slot: &TemplateSlot| Slot { name: slot.name.clone(), kind: kind(slot.kind), example: slot.example.clone() };
    Template {
        name: template.name.clone(),
        language: template.language.clone(),
        category: template.category.clone(),
        state: template.state.clone(),
        usable: template.usable,
        text: template.text.clone(),
        slots: template.slots.iter().map(slot).collect(),
        buttons: template.buttons.clone(),
    }
}
