//! `PATCH …/settings`.

use super::{Settings, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{Revision, SettingsPatch};
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// Changes of the settings; what is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsChanges {
    name: Option<String>,
    timezone: Option<String>,
    /// Null: none.
    #[serde(default, deserialize_with = "given::nullable")]
    #[schema(value_type = Option<String>)]
    default_skill_id: Option<Option<String>>,
    allow_private_endpoints: Option<Vec<String>>,
    auto_accept: Option<bool>,
    ring_expiration_s: Option<i64>,
    offline_after_s: Option<i64>,
    return_to_queue_after_s: Option<i64>,
    response_time_s: Option<i64>,
    idle_logout_s: Option<i64>,
    channel_log_days: Option<i64>,
    max_sockets: Option<u32>,
}

/// Changes the account's settings. Needs `manage_settings`.
#[utoipa::path(patch, path = "/api/v1/accounts/{account}/settings", tag = "settings", request_body = SettingsChanges, responses((status = 200, body = Settings)))]
pub(crate) async fn update_settings(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSettings])?;
    let changes: SettingsChanges = ask.json()?;
    let patch = SettingsPatch {
        name: changes.name,
        timezone: changes.timezone,
        default_skill: changes.default_skill_id.map(|skill| given::optional_id("default_skill_id", skill.as_ref())).transpose()?,
        allow_private_endpoints: changes.allow_private_endpoints,
        auto_accept: changes.auto_accept,
        ring_expiration_s: changes.ring_expiration_s,
        offline_after_s: changes.offline_after_s,
        return_to_queue_after_s: changes.return_to_queue_after_s,
        response_time_s: changes.response_time_s,
        idle_logout_s: changes.idle_logout_s,
        channel_log_days: changes.channel_log_days,
        max_sockets: changes.max_sockets,
    };
    let account = ask.app().update_settings(&ask.act()?, patch, ask.expected()?.as_ref()).await?;
    Ok(tagged(StatusCode::OK, Revision::from(&account), shown(&account)))
}
