//! `GET …/profiles/{id}`.

use super::{Profile, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::Revision;
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;

/// One profile. Needs `manage_users`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/profiles/{id}", tag = "profiles", responses((status = 200, body = Profile)))]
pub(crate) async fn show_profile(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageUsers])?;
    let view = ask.view()?;
    let profile = view.profiles.get(&ask.id::<String>("profile")?).ok_or_else(|| ApiError::not_found("profile"))?;
    Ok(tagged(StatusCode::OK, Revision::from(&**profile), shown(profile)))
}
