//! `POST …/users/{id}/password`.

use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_domain::{Privilege, UserId};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// Another user's new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetPassword {
    /// Must keep the log-in policy.
    new_password: String,
}

/// Sets another user's password and lifts their lock. Needs `manage_users`, and every privilege that the user has.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/users/{id}/password", tag = "users", request_body = SetPassword, responses((status = 204)))]
pub(crate) async fn set_user_password(ask: Ask) -> Result<StatusCode, ApiError> {
    ask.require(&[Privilege::ManageUsers])?;
    let id: UserId = ask.id("user")?;
    let wanted: SetPassword = ask.json()?;
    ask.app().set_password(&ask.act()?, id, &wanted.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}
