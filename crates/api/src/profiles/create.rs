//! `POST …/profiles`.

use super::{Profile, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::{self, Revision};
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// A profile to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProfile {
    /// Lower-case letters, digits and underscores.
    name: String,
    /// Within your own.
    privileges: Vec<String>,
}

/// Makes a custom profile. Needs `manage_users`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/profiles", tag = "profiles", request_body = NewProfile, responses((status = 201, body = Profile)))]
pub(crate) async fn create_profile(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageUsers])?;
    let new: NewProfile = ask.json()?;
    let new = administration::NewProfile { name: new.name, privileges: new.privileges };
    let profile = ask.app().create_profile(&ask.act()?, new).await?;
    Ok(tagged(StatusCode::CREATED, Revision::from(&*profile), shown(&profile)))
}
