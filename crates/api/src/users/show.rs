//! `GET …/users/{id}`.

use super::{User, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::Revision;
use antiphon_domain::{Privilege, UserId};
use axum::response::Response;
use http::StatusCode;

/// One user. Needs `manage_users`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/users/{id}", tag = "users", responses((status = 200, body = User)))]
pub(crate) async fn show_user(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageUsers])?;
    let view = ask.view()?;
    let user = view.users.get(&ask.id::<UserId>("user")?).ok_or_else(|| ApiError::not_found("user"))?;
    Ok(tagged(StatusCode::OK, Revision::from(&**user), shown(&ask, user).await?))
}
