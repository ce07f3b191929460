//! `GET …/channel-log`.

use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_app::ports::store::ChannelLogFilter;
use antiphon_domain::{Privilege, RowId};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// An exchange with a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelLogEntry {
    id: String,
    at: i64,
    #[schema(required)]
    source_id: Option<String>,
    direction: LogDirection,
    method: String,
    /// Secrets masked.
    url: String,
    /// HTTP status of the answer.
    #[schema(required)]
    status: Option<u16>,
    duration_ms: u32,
    /// Secrets masked; at most 4 KiB.
    request: String,
    /// Secrets masked; at most 4 KiB.
    response: String,
    /// What went wrong, in a sentence.
    #[schema(required)]
    error: Option<String>,
    #[schema(required)]
    conversation_id: Option<String>,
    #[schema(required)]
    delivery_id: Option<String>,
}

/// Who called whom.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogDirection {
    /// They called us.
    In,
    /// We called them.
    Out,
}

/// Exchanges with channels, newest first. Needs `view_channel_log`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/channel-log", tag = "channel log",
    params(("source" = Option<String>, Query), ("conversation" = Option<String>, Query), ("delivery" = Option<String>, Query),
        ("direction" = Option<LogDirection>, Query),
        ("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<ChannelLogEntry>)))]
pub(crate) async fn list_channel_log(ask: Ask) -> Result<Json<Page<ChannelLogEntry>>, ApiError> {
    ask.require(&[Privilege::ViewChannelLog])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    let filter = ChannelLogFilter {
        source: query.parsed("source")?,
        conversation: query.parsed("conversation")?,
        delivery: query.parsed("delivery")?,
        inbound: query.one_of("direction", &[("in", true), ("out", false)])?,
    };
    query.finish()?;
    let rows = ask.app().store().channel_log(ask.account(), &filter, page.after::<RowId>()?, page.limit + 1).await?;
    Ok(Json(Page::of(
        rows,
        page.limit,
        |row| row.id.to_string(),
        |row| ChannelLogEntry {
            id: row.id.to_string(),
            at: row.at.0,
            source_id: row.source.map(|source| source.to_string()),
            direction: if row.inbound { LogDirection::In } else { LogDirection::Out },
            method: row.method.to_string(),
            url: row.url.to_string(),
            status: row.status,
            duration_ms: row.duration_ms,
            request: row.request.to_string(),
            response: row.answer.to_string(),
            error: row.error.as_deref().map(str::to_owned),
            conversation_id: row.conversation.map(|id| id.to_string()),
            delivery_id: row.delivery.map(|id| id.to_string()),
        },
    )))
}
