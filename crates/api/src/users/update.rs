//! `PATCH …/users/{id}`.

use super::{GivenKey, User, UserKind, keys, shown, skills};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{Revision, UserPatch};
use antiphon_domain::{Privilege, UserId};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// Changes of a user; what is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChanges {
    login: Option<String>,
    nickname: Option<String>,
    full_name: Option<String>,
    /// Null removes it.
    #[serde(default, deserialize_with = "given::nullable")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    kind: Option<UserKind>,
    profile: Option<String>,
    skill_ids: Option<Vec<String>>,
    max_conversations: Option<u32>,
    enabled: Option<bool>,
    /// All keys that the user has from now on.
    api_keys: Option<Vec<GivenKey>>,
}

/// Changes a user. Needs `manage_users`, and every privilege that the user has.
#[utoipa::path(patch, path = "/api/v1/accounts/{account}/users/{id}", tag = "users", request_body = UserChanges, responses((status = 200, body = User)))]
pub(crate) async fn update_user(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageUsers])?;
    let id: UserId = ask.id("user")?;
    let changes: UserChanges = ask.json()?;
    let patch = UserPatch {
        login: changes.login,
        nickname: changes.nickname,
        full_name: changes.full_name,
        email: changes.email.map(|email| email.filter(|email| !email.is_empty())),
        kind: changes.kind.map(Into::into),
        profile: changes.profile,
        skills: changes.skill_ids.as_deref().map(skills).transpose()?,
        max_conversations: changes.max_conversations,
        enabled: changes.enabled,
        api_keys: changes.api_keys.map(keys),
    };
    let user = ask.app().update_user(&ask.act()?, id, patch, ask.expected()?.as_ref()).await?;
    Ok(tagged(StatusCode::OK, Revision::from(&*user), shown(&ask, &user).await?))
}
