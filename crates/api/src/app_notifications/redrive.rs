//! `POST …/apps/{id}/redrive`.

use super::named;
use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_app::administration::notifications::Redrive;
use antiphon_domain::{NotificationId, Privilege, Timestamp};
use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is sent again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppRedrive {
    /// Caused at or after.
    from: i64,
    /// Caused before; now when not given.
    #[serde(default)]
    to: Option<i64>,
    /// Only what was given up; otherwise also what was delivered.
    #[serde(default)]
    only_dropped: bool,
    /// The next part of a long range: `next` of the answer before.
    #[serde(default)]
    after: Option<String>,
}

/// What will be sent again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppRedriven {
    /// How many.
    queued: usize,
    /// The range has more: ask again with this as `after`. Null at its end.
    #[schema(required)]
    next: Option<String>,
}

/// Sends an app's notifications of a range of time again, each conversation's before whatever came since. At most 50,000 at once.
/// Needs `manage_sources`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/apps/{id}/redrive", tag = "app notifications", request_body = AppRedrive,
    responses((status = 200, body = AppRedriven)))]
pub(crate) async fn redrive_app_notifications(ask: Ask) -> Result<Json<AppRedriven>, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let (_, app) = named(&ask)?;
    let wanted: AppRedrive = ask.json()?;
    let bad = |error: antiphon_domain::id::BadId| ApiError::invalid("after", error.to_string());
    let after: Option<NotificationId> = wanted.after.as_deref().map(str::parse).transpose().map_err(bad)?;
    let to = wanted.to.map_or_else(|| ask.app().clock().now().plus_ms(1), Timestamp);
    let what = Redrive { from: Timestamp(wanted.from), to, only_dropped: wanted.only_dropped, after };
    let done = ask.app().redrive_notifications(&ask.act()?, &app, what).await?;
    Ok(Json(AppRedriven { queued: done.queued, next: done.next.map(|next| next.to_string()) }))
}
