//! `PATCH …/profiles/{id}`.

use super::{Profile, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::{ProfilePatch, Revision};
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// Changes of a profile.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileChanges {
    /// All that it has from now on.
    privileges: Option<Vec<String>>,
}

/// Changes a custom profile. Needs `manage_users`, and every privilege that it has and gets.
#[utoipa::path(patch, path = "/api/v1/accounts/{account}/profiles/{id}", tag = "profiles", request_body = ProfileChanges, responses((status = 200, body = Profile)))]
pub(crate) async fn update_profile(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageUsers])?;
    let name: String = ask.id("profile")?;
    let changes: ProfileChanges = ask.json()?;
    let patch = ProfilePatch { privileges: changes.privileges };
    let profile = ask.app().update_profile(&ask.act()?, &name, patch, ask.expected()?.as_ref()).await?;
    Ok(tagged(StatusCode::OK, Revision::from(&*profile), shown(&profile)))
}
