//! `GET …/settings`.

use super::{Settings, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::Revision;
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;

/// The account's settings. Needs `manage_settings`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/settings", tag = "settings", responses((status = 200, body = Settings)))]
pub(crate) async fn show_settings(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSettings])?;
    let view = ask.view()?;
    Ok(tagged(StatusCode::OK, Revision::from(&view.account), shown(&view.account)))
}
