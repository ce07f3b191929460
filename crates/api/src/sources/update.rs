//! `PATCH …/sources/{id}`.

use super::{Source, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{Revision, SourcePatch};
use antiphon_domain::{Privilege, SourceId};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Changes of a source; what is not given stays, also inside `credentials` and `settings`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceChanges {
    name: Option<String>,
    address: Option<String>,
    /// Null: the account's default skill.
    #[serde(default, deserialize_with = "given::nullable")]
    #[schema(value_type = Option<String>)]
    skill_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given::nullable")]
    #[schema(value_type = Option<String>)]
    app_id: Option<Option<String>>,
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "given::nullable")]
    #[schema(value_type = Option<String>)]
    api_base_url: Option<Option<String>>,
    /// Null removes a value.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Option<String>>>)]
    credentials: Option<BTreeMap<String, serde_json::Value>>,
    /// Null removes a value.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Option<String>>>)]
    settings: Option<BTreeMap<String, serde_json::Value>>,
}

/// Changes a source; new credentials end "needs re-authorisation". Needs `manage_sources`.
#[utoipa::path(patch, path = "/api/v1/accounts/{account}/sources/{id}", tag = "sources", request_body = SourceChanges, responses((status = 200, body = Source)))]
pub(crate) async fn update_source(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let id: SourceId = ask.id("source")?;
    let changes: SourceChanges = ask.json()?;
    let patch = SourcePatch {
        name: changes.name,
        address: changes.address,
        skill: changes.skill_id.map(|skill| given::optional_id("skill_id", skill.as_ref())).transpose()?,
        app: changes.app_id.map(|app| given::optional_id("app_id", app.as_ref())).transpose()?,
        enabled: changes.enabled,
        api_base_url: changes.api_base_url.map(|url| url.filter(|url| !url.is_empty())),
        credentials: given::values("credentials", changes.credentials)?,
        settings: given::values("settings", changes.settings)?,
    };
    let source = ask.app().update_source(&ask.act()?, id, patch, ask.expected()?.as_ref()).await?;
    Ok(tagged(StatusCode::OK, Revision::from(&*source), shown(&ask, &source)))
}
