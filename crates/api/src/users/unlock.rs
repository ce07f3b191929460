//! `POST …/users/{id}/unlock`.

use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_domain::{Privilege, UserId};
use http::StatusCode;

/// Lifts the lock that failed log-ins put on a user. Needs `manage_users`, and every privilege that the user has.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/users/{id}/unlock", tag = "users", responses((status = 204)))]
pub(crate) async fn unlock_user(ask: Ask) -> Result<StatusCode, ApiError> {
    ask.require(&[Privilege::ManageUsers])?;
    let id: UserId = ask.id("user")?;
    ask.app().unlock_user(&ask.act()?, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
