//! `POST …/sources`.

use super::{Source, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{self, Revision};
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A source to be connected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSource {
    /// A registered channel's id.
    channel: String,
    name: String,
    /// Unique over the active sources of the installation.
    address: String,
    #[serde(default)]
    skill_id: Option<String>,
    #[serde(default)]
    app_id: Option<String>,
    /// An active source needs everything that its channel requires.
    #[serde(default = "yes")]
    enabled: bool,
    /// One server in the place of all the vendor's hosts.
    #[serde(default)]
    api_base_url: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<std::collections::BTreeMap<String, Option<String>>>)]
    credentials: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    #[schema(value_type = Option<std::collections::BTreeMap<String, Option<String>>>)]
    settings: Option<BTreeMap<String, serde_json::Value>>,
}

fn yes() -> bool {
    true
}

/// Connects a source. Needs `manage_sources`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/sources", tag = "sources", request_body = NewSource, responses((status = 201, body = Source)))]
pub(crate) async fn create_source(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let new: NewSource = ask.json()?;
    let new = administration::NewSource {
        channel: new.channel,
        name: new.name,
        address: new.address,
        skill: given::optional_id("skill_id", new.skill_id.as_ref())?,
        app: given::optional_id("app_id", new.app_id.as_ref())?,
        enabled: new.enabled,
        api_base_url: new.api_base_url.filter(|url| !url.is_empty()),
        credentials: given::values("credentials", new.credentials)?,
        settings: given::values("settings", new.settings)?,
    };
    let source = ask.app().create_source(&ask.act()?, new).await?;
    Ok(tagged(StatusCode::CREATED, Revision::from(&*source), shown(&ask, &source)))
}
