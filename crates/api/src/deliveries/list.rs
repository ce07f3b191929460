//! `GET …/deliveries`.

use super::{Delivery, shown};
use crate::ask::Ask;
use crate::conversations::READERS;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_app::ports::store::DeliveryFilter;
use antiphon_domain::{DeliveryId, DeliveryStatus, Privilege};
use axum::Json;

/// Deliveries, newest first: of one conversation that the caller may see, or with `view_all_conversations` or
/// `view_channel_log` of the whole account.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/deliveries", tag = "deliveries",
    params(("state" = Option<String>, Query), ("conversation" = Option<String>, Query), ("source" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<Delivery>)))]
pub(crate) async fn list_deliveries(ask: Ask) -> Result<Json<Page<Delivery>>, ApiError> {
    let all = [Privilege::ViewAllConversations, Privilege::ViewChannelLog];
    ask.require(&[READERS[0], all[0], all[1]])?;
    let mut query = ask.query()?;
    let page = query.page()?;
    let statuses = DeliveryStatus::ALL.map(|status| (status.name(), status));
    let filter = DeliveryFilter {
        status: query.one_of("state", &statuses)?,
        conversation: query.parsed("conversation")?,
        source: query.parsed("source")?,
    };
    query.finish()?;
    match filter.conversation {
        Some(conversation) if ask.require(&all).is_err() => {
            ask.app().conversation(ask.caller(), conversation).await?;
        }
        Some(_) => {}
        None => ask.require(&all)?,
    }
    let rows = ask.app().store().deliveries(ask.account(), &filter, page.after::<DeliveryId>()?, page.limit + 1).await?;
    Ok(Json(Page::of(rows, page.limit, |row| row.id.to_string(), |row| shown(&row))))
}
