//! What installed apps are told: the log of their notifications, where they stand, a test, and sending again.

mod list;
mod redrive;
mod show;
mod standing;
mod test;

use crate::ask::Ask;
use crate::compat::identity::dialog_id;
use crate::error::ApiError;
use crate::state::Api;
use antiphon_app::AccountView;
use antiphon_app::ports::store::{NotificationAbout, NotificationRow};
use antiphon_app::ports::store::{NotificationKind, NotificationState as Stored};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_app_notifications))
        .routes(routes!(show::show_app_notification))
        .routes(routes!(standing::show_app_state))
        .routes(routes!(test::test_app))
        .routes(routes!(redrive::redrive_app_notifications))
}

/// Where a notification stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NotificationState {
    Waiting,
    Delivered,
    Dropped,
}

impl From<Stored> for NotificationState {
    fn from(state: Stored) -> Self {
        match state {
            Stored::Waiting => Self::Waiting,
            Stored::Delivered => Self::Delivered,
            Stored::Dropped => Self::Dropped,
        }
    }
}

/// One notification to an app.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppNotification {
    /// `ntf_` and 16 hex digits; ascending in time.
    id: String,
    /// When it was caused.
    at: i64,
    /// As the app's settings name it.
    event_type: &'static str,
    conversation_id: String,
    /// Of a numbered event.
    #[schema(required)]
    dialog_id: Option<String>,
    /// Of a numbered event.
    #[schema(required)]
    sequence: Option<u64>,
    state: NotificationState,
    /// How often it was tried since it was last put in the queue.
    attempts: u32,
    /// When it was last tried, or given up.
    #[schema(required)]
    last_attempt_at: Option<i64>,
    /// HTTP status of the last answer.
    #[schema(required)]
    status: Option<u16>,
    duration_ms: u32,
    /// Where it went, or will go; null when the app has another endpoint by now.
    #[schema(required)]
    endpoint: Option<String>,
    /// What went wrong, in a sentence.
    #[schema(required)]
    error: Option<String>,
    /// When it was asked for again.
    #[schema(required)]
    requeued_at: Option<i64>,
}

fn shown(ask: &Ask, view: &AccountView, app: &str, row: &NotificationRow) -> AppNotification {
    let event = match &row.about {
        NotificationAbout::Event { dialog, sequence } => Some((*dialog, *sequence)),
        NotificationAbout::State(_) => None,
    };
    AppNotification {
        id: row.id.to_string(),
        at: row.at.0,
        event_type: row.kind.name(),
        conversation_id: row.conversation.to_string(),
        dialog_id: event.map(|(dialog, _)| dialog_id(row.conversation, dialog)),
        sequence: event.map(|(_, sequence)| sequence),
        state: row.state.into(),
        attempts: row.tries.attempts,
        last_attempt_at: row.tries.at.map(|at| at.0),
        status: row.tries.status,
        duration_ms: row.tries.duration_ms,
        endpoint: ask.app().is_told_there(view, app, row),
        error: row.tries.error.as_deref().map(str::to_owned),
        requeued_at: row.tries.requeued_at.map(|at| at.0),
    }
}

/// The account's configuration, and the app that the path names.
fn named(ask: &Ask) -> Result<(Arc<AccountView>, String), ApiError> {
    let view = ask.view()?;
    let id: String = ask.id("app")?;
    if view.connector_apps.contains_key(&id) { Ok((view, id)) } else { Err(ApiError::not_found("app")) }
}

/// A kind by its name in settings.
fn kind_named(name: &str) -> Result<NotificationKind, ApiError> {
    let known = || NotificationKind::ALL.map(NotificationKind::name).join(", ");
    NotificationKind::named(name).ok_or_else(|| ApiError::invalid("event_type", format!("must be one of {}", known())))
}
