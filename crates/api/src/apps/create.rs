//! `POST …/apps`.

use super::{InstalledApp, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{AppGuard, ConnectorAppInput, Revision};
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An outside program to be installed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApp {
    /// Unique in the account: letters, digits, dots, dashes and underscores.
    client_id: String,
    client_secret: String,
    /// The client id when not given.
    #[serde(default)]
    name: String,
    #[serde(default)]
    skill_id: Option<String>,
    /// Webhooks, retention time and scope, as the bootstrap file names them.
    #[serde(default)]
    settings: Map<String, Value>,
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

/// Installs an outside program. Needs `manage_sources`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/apps", tag = "apps", request_body = NewApp, responses((status = 201, body = InstalledApp)))]
pub(crate) async fn create_app(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let new: NewApp = ask.json()?;
    let input = ConnectorAppInput {
        client_id: Some(new.client_id),
        name: new.name,
        client_secret: Some(new.client_secret),
        keep_secret_s: 0,
        skill: given::optional_id("skill_id", new.skill_id.as_ref())?,
        settings: Value::Object(new.settings).to_string(),
        enabled: new.enabled,
    };
    let app = ask.app().put_connector_app(&ask.act()?, input, AppGuard::Fresh).await?;
    Ok(tagged(StatusCode::CREATED, Revision::from(&*app), shown(&app)))
}
