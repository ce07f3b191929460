//! `GET …/apps/{id}/state`.

use super::named;
use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_app::administration::notifications::{COUNTED, EndpointStatus, Standing};
use antiphon_domain::Privilege;
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether an app takes what it is told.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AppStanding {
    /// It does.
    Up,
    /// Something failed and waits for its next try.
    Failed,
    /// It does again, and what was kept is on its way.
    InTransition,
    /// What was kept is sent; what came meanwhile follows.
    Recovered,
}

impl From<Standing> for AppStanding {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Up => Self::Up,
            Standing::Failed => Self::Failed,
            Standing::InTransition => Self::InTransition,
            Standing::Recovered => Self::Recovered,
        }
    }
}

/// Where an app stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppState {
    /// Null while it is switched off or has no endpoints.
    #[schema(required)]
    state: Option<AppStanding>,
    /// Since when; null when it was never otherwise since the server started.
    #[schema(required)]
    since: Option<i64>,
    /// All of it is left alone until then.
    #[schema(required)]
    paused_until: Option<i64>,
    /// How many notifications wait; counted up to 10,000.
    waiting: usize,
    /// More than that wait.
    more_waiting: bool,
    endpoints: Vec<EndpointState>,
}

/// How an endpoint fares.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointState {
    event_type: &'static str,
    endpoint: String,
    /// Conversations whose notifications failed since the last one that worked.
    failing_conversations: usize,
    calls_under_way: usize,
    /// It is left alone until then.
    #[schema(required)]
    paused_until: Option<i64>,
    #[schema(required)]
    last_success_at: Option<i64>,
    #[schema(required)]
    last_failure_at: Option<i64>,
    #[schema(required)]
    last_error: Option<String>,
    /// Since when every call took longer than 2.5 seconds.
    #[schema(required)]
    slow_since: Option<i64>,
}

fn shown(endpoint: EndpointStatus) -> EndpointState {
    EndpointState {
        event_type: endpoint.kind.name(),
        endpoint: endpoint.url,
        failing_conversations: endpoint.failing,
        calls_under_way: endpoint.under_way,
        paused_until: endpoint.paused_until.map(|until| until.0),
        last_success_at: endpoint.fared.worked_at.map(|at| at.0),
        last_failure_at: endpoint.fared.failed_at.map(|at| at.0),
        last_error: endpoint.fared.error.as_deref().map(str::to_owned),
        slow_since: endpoint.fared.slow_since.map(|since| since.0),
    }
}

/// Whether an app takes what it is told, and how each of its endpoints fares. Needs `manage_sources` or `view_channel_log`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/apps/{id}/state", tag = "app notifications", responses((status = 200, body = AppState)))]
pub(crate) async fn show_app_state(ask: Ask) -> Result<Json<AppState>, ApiError> {
    ask.require(&[Privilege::ManageSources, Privilege::ViewChannelLog])?;
    let (_, app) = named(&ask)?;
    let status = ask.app().app_status(ask.account(), &app).await?;
    Ok(Json(AppState {
        state: status.standing.map(AppStanding::from),
        since: status.since.map(|since| since.0),
        paused_until: status.paused_until.map(|until| until.0),
        waiting: status.waiting.min(COUNTED),
        more_waiting: status.waiting > COUNTED,
        endpoints: status.endpoints.into_iter().map(shown).collect(),
    }))
}
