//! `POST …/deliveries/{id}/retry`.

use super::{Delivery, shown};
use crate::ask::Ask;
use crate::conversations::READERS;
use crate::error::ApiError;
use antiphon_domain::{DeliveryId, Privilege};
use axum::Json;

/// Tries a failed, cancelled or unknown delivery again. One of unknown outcome may arrive twice then. For whoever serves
/// the conversation or may join it.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/deliveries/{id}/retry", tag = "deliveries", responses((status = 200, body = Delivery)))]
pub(crate) async fn retry_delivery(ask: Ask) -> Result<Json<Delivery>, ApiError> {
    ask.require(&[READERS[0], Privilege::JoinConversations])?;
    let id: DeliveryId = ask.id("delivery")?;
    let delivery = ask.app().retry_delivery(&ask.act()?, id).await?;
    Ok(Json(shown(&delivery)))
}
