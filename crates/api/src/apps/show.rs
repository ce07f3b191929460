//! `GET …/apps/{id}`.

use super::{InstalledApp, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::Revision;
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;

/// One outside program. Needs `manage_sources`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/apps/{id}", tag = "apps", responses((status = 200, body = InstalledApp)))]
pub(crate) async fn show_app(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let view = ask.view()?;
    let app = view.connector_apps.get(&ask.id::<String>("app")?).ok_or_else(|| ApiError::not_found("app"))?;
    Ok(tagged(StatusCode::OK, Revision::from(&**app), shown(app)))
}
