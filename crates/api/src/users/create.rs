//! `POST …/users`.

use super::{GivenKey, User, UserKind, keys, shown, skills};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::{self, Revision};
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// A user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// Unique in the account, without spaces.
    login: String,
    /// The log-in name when not given.
    #[serde(default)]
    nickname: String,
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default = "human")]
    kind: UserKind,
    /// Name of a profile within your own privileges; `agent` when not given.
    #[serde(default = "agent")]
    profile: String,
    #[serde(default)]
    skill_ids: Vec<String>,
    #[serde(default = "ten")]
    max_conversations: u32,
    #[serde(default = "yes")]
    enabled: bool,
    /// Must keep the log-in policy. Without one the user signs in with keys, or not at all.
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    api_keys: Vec<GivenKey>,
}

fn human() -> UserKind {
    UserKind::Human
}

fn agent() -> String {
    "agent".to_owned()
}

fn ten() -> u32 {
    10
}

fn yes() -> bool {
    true
}

/// Makes a user. Needs `manage_users`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/users", tag = "users", request_body = NewUser, responses((status = 201, body = User)))]
pub(crate) async fn create_user(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageUsers])?;
    let new: NewUser = ask.json()?;
    let new = administration::NewUser {
        login: new.login,
        nickname: new.nickname,
        full_name: new.full_name,
        email: new.email.filter(|email| !email.is_empty()),
        kind: new.kind.into(),
        profile: new.profile,
        skills: skills(&new.skill_ids)?,
        max_conversations: new.max_conversations,
        enabled: new.enabled,
        password: new.password,
        api_keys: keys(new.api_keys),
    };
    let user = ask.app().create_user(&ask.act()?, new).await?;
    Ok(tagged(StatusCode::CREATED, Revision::from(&*user), shown(&ask, &user).await?))
}
