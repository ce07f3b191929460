//! `POST …/dead-letters/{id}/redrive`.

use super::{DeadLetter, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_domain::{Privilege, RowId};
use axum::Json;

/// Works through a dead letter again, after its cause was mended. What is still unusable becomes a new one. Needs `view_channel_log`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/dead-letters/{id}/redrive", tag = "dead letters", responses((status = 200, body = DeadLetter)))]
pub(crate) async fn redrive_dead_letter(ask: Ask) -> Result<Json<DeadLetter>, ApiError> {
    ask.require(&[Privilege::ViewChannelLog])?;
    let id: RowId = ask.id("dead letter")?;
    let row = ask.app().redrive_dead_letter(&ask.act()?, id).await?;
    Ok(Json(shown(&row, true)))
}
