//! `GET …/apps/{id}/notifications/{notification}`.

use super::{AppNotification, named, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_domain::{NotificationId, Privilege};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// A notification with the call that tells it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppNotificationCall {
    notification: AppNotification,
    /// Made again from what was committed; null when that was erased, or the app is no longer told this.
    #[schema(required)]
    request: Option<CallShown>,
}

/// A call, secrets masked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallShown {
    method: &'static str,
    url: String,
    headers: Vec<HeaderShown>,
    body: String,
}

/// A header; the values of the signature and of the endpoint's own headers are masked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeaderShown {
    name: String,
    value: String,
}

/// One notification, with what the app is called with. Needs `view_channel_log`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/apps/{id}/notifications/{notification}", tag = "app notifications",
    responses((status = 200, body = AppNotificationCall)))]
pub(crate) async fn show_app_notification(ask: Ask) -> Result<Json<AppNotificationCall>, ApiError> {
    ask.require(&[Privilege::ViewChannelLog])?;
    let (view, app) = named(&ask)?;
    let missing = || ApiError::not_found("notification");
    let id: NotificationId = ask.param("notification").and_then(|text| text.parse().ok()).ok_or_else(missing)?;
    let row = ask.app().store().notification(ask.account(), &app, id).await?.ok_or_else(missing)?;
    let request = ask.app().told_request(&view, &app, &row).await?.map(|request| CallShown {
        method: "POST",
        url: request.url,
        headers: request.headers.into_iter().map(|(name, value)| HeaderShown { name, value }).collect(),
        body: request.body,
    });
    Ok(Json(AppNotificationCall { notification: shown(&ask, &view, &app, &row), request }))
}
