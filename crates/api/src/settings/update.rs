//! `PATCH …/settings`.

use super::{Settings, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{Revision, SettingsPatch};
use antiphon_domain::Privilege;
use antiphon_domain::account::SignatureForm;
use antiphon_domain::conversation::ResponseTimeKind;
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
    urgent_response_time_s: Option<i64>,
    prioritized_response_time_s: Option<i64>,
    /// `NORMAL`, `URGENT` or `PRIORITIZED`.
    default_response_time: Option<String>,
    suggestion_s: Option<i64>,
    /// Null: nobody asks.
    #[serde(default, deserialize_with = "given::nullable")]
    #[schema(value_type = Option<String>)]
    survey_app: Option<Option<String>>,
    survey_idle_s: Option<i64>,
    auto_close_s: Option<i64>,
    idle_logout_s: Option<i64>,
    /// `sha1_base64`, `sha1_hex`, `sha256_base64` or `sha256_hex`.
    notification_signature: Option<String>,
    channel_log_days: Option<i64>,
    max_sockets: Option<u32>,
    file_sharing: Option<bool>,
    consumer_file_kib: Option<i64>,
    agent_file_kib: Option<i64>,
    /// `en`, `de`, `es` or `fr`.
    consumer_language: Option<String>,
    image_hosts: Option<Vec<String>>,
}

fn kind_of(name: &str) -> Result<ResponseTimeKind, ApiError> {
    ResponseTimeKind::from_name(name).ok_or_else(|| ApiError::invalid("default_response_time", "must be NORMAL, URGENT or PRIORITIZED"))
}

fn form_of(name: &str) -> Result<SignatureForm, ApiError> {
    let known = || SignatureForm::ALL.map(SignatureForm::name).join(", ");
    SignatureForm::from_name(name).ok_or_else(|| ApiError::invalid("notification_signature", format!("must be one of {}", known())))
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
        urgent_response_time_s: changes.urgent_response_time_s,
        prioritized_response_time_s: changes.prioritized_response_time_s,
        default_response_time: changes.default_response_time.map(|name| kind_of(&name)).transpose()?,
        suggestion_s: changes.suggestion_s,
        survey_app: changes.survey_app,
        survey_idle_s: changes.survey_idle_s,
        auto_close_s: changes.auto_close_s,
        idle_logout_s: changes.idle_logout_s,
        notification_signature: changes.notification_signature.map(|name| form_of(&name)).transpose()?,
        channel_log_days: changes.channel_log_days,
        max_sockets: changes.max_sockets,
        file_sharing: changes.file_sharing,
        consumer_file_kib: changes.consumer_file_kib,
        agent_file_kib: changes.agent_file_kib,
        consumer_language: changes.consumer_language,
        image_hosts: changes.image_hosts,
    };
    let account = ask.app().update_settings(&ask.act()?, patch, ask.expected()?.as_ref()).await?;
    Ok(tagged(StatusCode::OK, Revision::from(&account), shown(&account)))
}
