//! `GET …/audit`.

use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_domain::{Privilege, RowId};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// An administrative act.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    id: String,
    at: i64,
    /// A user's id; null for the bootstrap file and the command line.
    #[schema(required)]
    by: Option<String>,
    /// The API key that they used; null when they signed in.
    #[schema(required)]
    by_api_key: Option<String>,
    /// For example `user.created`.
    action: String,
    /// For example `user`.
    object_kind: String,
    object_id: String,
    /// Changed members with their values before and after; of secrets only that they were set.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

/// Administrative acts, newest first. Needs `view_audit`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/audit", tag = "audit",
    params(("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<AuditEntry>)))]
pub(crate) async fn list_audit(ask: Ask) -> Result<Json<Page<AuditEntry>>, ApiError> {
    ask.require(&[Privilege::ViewAudit])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    query.finish()?;
    let rows = ask.app().store().audit(ask.account(), page.after::<RowId>()?, page.limit + 1).await?;
    Ok(Json(Page::of(
        rows,
        page.limit,
        |row| row.id.to_string(),
        |row| AuditEntry {
            id: row.id.to_string(),
            at: row.at.0,
            by: row.by.map(|user| user.to_string()),
            by_api_key: row.by_key.map(|key| key.to_string()),
            action: row.action.to_string(),
            object_kind: row.object_kind.to_string(),
            object_id: row.object_id.to_string(),
            detail: serde_json::from_str(&row.detail).unwrap_or_default(),
        },
    )))
}
