//! `GET …/apps/{id}/notifications`.

use super::{AppNotification, named, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_app::ports::store::NotificationList;
use antiphon_domain::{ConversationId, NotificationId, Privilege};
use axum::Json;
use std::str::FromStr;

/// A place in the queue.
struct Place(ConversationId, NotificationId);

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (conversation, id) = text.split_once(' ').ok_or(())?;
        Ok(Self(conversation.parse().map_err(drop)?, id.parse().map_err(drop)?))
    }
}

#[derive(Clone, Copy)]
enum Shown {
    Waiting,
    Dropped,
}

/// An app's notifications, newest first. With `state=dropped` those that were given up; with `state=waiting` those that wait, by
/// conversation and in the order in which they will go. Needs `view_channel_log`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/apps/{id}/notifications", tag = "app notifications",
    params(("state" = Option<String>, Query), ("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<AppNotification>)))]
pub(crate) async fn list_app_notifications(ask: Ask) -> Result<Json<Page<AppNotification>>, ApiError> {
    ask.require(&[Privilege::ViewChannelLog])?;
    let (view, app) = named(&ask)?;
    let mut query = ask.query()?;
    let page = query.page()?;
    let state = query.one_of("state", &[("waiting", Shown::Waiting), ("dropped", Shown::Dropped)])?;
    query.finish()?;
    let list = match state {
        None => NotificationList::All(page.after()?),
        Some(Shown::Dropped) => NotificationList::Dropped(page.after()?),
        Some(Shown::Waiting) => NotificationList::Waiting(page.after::<Place>()?.map(|Place(conversation, id)| (conversation, id))),
    };
    let rows = ask.app().store().notifications(ask.account(), &app, list, page.limit + 1).await?;
    let key = |row: &antiphon_app::ports::store::NotificationRow| match state {
        Some(Shown::Waiting) => format!("{} {}", row.conversation, row.id),
        _ => row.id.to_string(),
    };
    Ok(Json(Page::of(rows, page.limit, key, |row| shown(&ask, &view, &app, &row))))
}
