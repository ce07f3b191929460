//! `POST …/apps/{id}/test`.

use super::{kind_named, named};
use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_domain::Privilege;
use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppTest {
    /// Only this one; every endpoint when not given.
    #[serde(default)]
    event_type: Option<String>,
}

/// What came of a test.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppTested {
    calls: Vec<TestCall>,
}

/// One call of a test.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestCall {
    event_type: &'static str,
    endpoint: String,
    /// Whether it would have counted as delivered: 200 or 201 in time.
    delivered: bool,
    /// HTTP status of the answer.
    #[schema(required)]
    status: Option<u16>,
    duration_ms: u32,
    /// What went wrong, in a sentence.
    #[schema(required)]
    error: Option<String>,
}

/// Sends a made-up notification of a conversation that does not exist, signed like any other, to each endpoint of an app, and tells
/// what came back. Needs `manage_sources`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/apps/{id}/test", tag = "app notifications", request_body = AppTest,
    responses((status = 200, body = AppTested)))]
pub(crate) async fn test_app(ask: Ask) -> Result<Json<AppTested>, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let (_, app) = named(&ask)?;
    let wanted: AppTest = ask.json()?;
    let kind = wanted.event_type.as_deref().map(kind_named).transpose()?;
    let calls = ask.app().test_app(&ask.act()?, &app, kind).await?;
    let shown = |call: antiphon_app::administration::notifications::TestCall| TestCall {
        event_type: call.kind.name(),
        endpoint: call.url,
        delivered: call.error.is_none(),
        status: call.status,
        duration_ms: call.duration_ms,
        error: call.error,
    };
    Ok(Json(AppTested { calls: calls.into_iter().map(shown).collect() }))
}
