//! `PATCH …/apps/{id}`.

use super::{InstalledApp, shown, unmask};
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

/// Changes of an outside program; what is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppChanges {
    client_secret: Option<String>,
    /// For how many seconds a secret that is replaced goes on being accepted; at most 30 days.
    #[serde(default)]
    keep_secret_s: i64,
    name: Option<String>,
    /// Null: the account's default skill.
    #[serde(default, deserialize_with = "given::nullable")]
    #[schema(value_type = Option<String>)]
    skill_id: Option<Option<String>>,
    /// All settings that the app has from now on.
    settings: Option<Map<String, Value>>,
    enabled: Option<bool>,
}

/// Changes an outside program. Needs `manage_sources`.
#[utoipa::path(patch, path = "/api/v1/accounts/{account}/apps/{id}", tag = "apps", request_body = AppChanges, responses((status = 200, body = InstalledApp)))]
pub(crate) async fn update_app(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let view = ask.view()?;
    let before = view.connector_apps.get(&ask.id::<String>("app")?).ok_or_else(|| ApiError::not_found("app"))?;
    let changes: AppChanges = ask.json()?;
    // What was read is what is merged into: a change in between is refused.
    let read = Revision::from(&**before);
    if ask.expected()?.is_some_and(|expected| expected != read) {
        return Err(ApiError::new(StatusCode::PRECONDITION_FAILED, "stale", "the object changed since you read it")
            .remedy("read it again and repeat your change"));
    }
    let settings = match changes.settings {
        Some(settings) => {
            let mut settings = Value::Object(settings);
            unmask(&mut settings, &serde_json::from_str(&before.settings).unwrap_or_default());
            settings.to_string()
        }
        None => before.settings.clone(),
    };
    let input = ConnectorAppInput {
        client_id: Some(before.client_id.clone()),
        name: changes.name.unwrap_or_else(|| before.name.clone()),
        client_secret: changes.client_secret,
        keep_secret_s: changes.keep_secret_s,
        skill: match changes.skill_id {
            Some(skill) => given::optional_id("skill_id", skill.as_ref())?,
            None => before.skill,
        },
        settings,
        enabled: changes.enabled.unwrap_or(before.enabled),
    };
    let app = ask.app().put_connector_app(&ask.act()?, input, AppGuard::Unchanged(&read)).await?;
    Ok(tagged(StatusCode::OK, Revision::from(&*app), shown(&app)))
}
