//! Users: who can sign in.

mod create;
mod list;
mod set_password;
mod show;
mod unlock;
mod update;

use crate::ask::Ask;
use crate::error::ApiError;
use crate::state::Api;
use antiphon_app::ports::store;
use antiphon_domain as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_users, create::create_user))
        .routes(routes!(show::show_user, update::update_user))
        .routes(routes!(set_password::set_user_password))
        .routes(routes!(unlock::unlock_user))
}

/// Person or program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserKind {
    /// A person: idle log-out applies.
    Human,
    /// A program.
    Bot,
}

impl From<domain::UserKind> for UserKind {
    fn from(kind: domain::UserKind) -> Self {
        match kind {
            domain::UserKind::Human => Self::Human,
            domain::UserKind::Bot => Self::Bot,
        }
    }
}

impl From<UserKind> for domain::UserKind {
    fn from(kind: UserKind) -> Self {
        match kind {
            UserKind::Human => Self::Human,
            UserKind::Bot => Self::Bot,
        }
    }
}

/// Someone who can sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    /// A number, unique in the account.
    id: String,
    /// A UUID that never changes.
    pid: String,
    login: String,
    nickname: String,
    full_name: String,
    #[schema(required)]
    email: Option<String>,
    kind: UserKind,
    /// Name of the profile.
    profile: String,
    skill_ids: Vec<String>,
    max_conversations: u32,
    enabled: bool,
    /// UTC milliseconds; set while failed log-ins lock the user out.
    #[schema(required)]
    locked_until: Option<i64>,
    /// The public halves of a program's keys.
    api_keys: Vec<ShownKey>,
    created_at: i64,
    updated_at: i64,
}

/// A program's key without its secrets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShownKey {
    app_key: String,
    access_token: String,
}

/// A program's key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GivenKey {
    app_key: String,
    secret: String,
    access_token: String,
    access_token_secret: String,
}

impl From<GivenKey> for store::BotKey {
    fn from(key: GivenKey) -> Self {
        Self { app_key: key.app_key, secret: key.secret, access_token: key.access_token, access_token_secret: key.access_token_secret }
    }
}

fn keys(given: Vec<GivenKey>) -> Vec<store::BotKey> {
    given.into_iter().map(Into::into).collect()
}

fn skills(given: &[String]) -> Result<Vec<domain::SkillId>, ApiError> {
    given.iter().map(|id| crate::given::id("skill_ids", id)).collect()
}

/// A user as the API shows them, with what the store holds of their log-in.
async fn shown(ask: &Ask, user: &domain::User) -> Result<User, ApiError> {
    let login = ask.app().store().login(ask.account(), user.id).await?;
    let now = ask.app().clock().now();
    Ok(User {
        id: user.id.to_string(),
        pid: user.pid.to_string(),
        login: user.login.clone(),
        nickname: user.nickname.clone(),
        full_name: user.full_name.clone(),
        email: user.email.clone(),
        kind: user.kind.into(),
        profile: user.profile.clone(),
        skill_ids: user.skills.iter().map(ToString::to_string).collect(),
        max_conversations: user.max_conversations,
        enabled: user.enabled,
        locked_until: login.as_ref().and_then(|login| login.locked_until).filter(|until| *until > now).map(|until| until.0),
        api_keys: login.map_or_else(Vec::new, |login| {
            login.api_keys.into_iter().map(|key| ShownKey { app_key: key.app_key, access_token: key.access_token }).collect()
        }),
        created_at: user.created_at.0,
        updated_at: user.updated_at.0,
    })
}
