//! The session: signing in and out, who I am, my password.

mod change_password;
mod report_activity;
mod show;
mod sign_in;
mod sign_out;

use crate::ask::{SESSION_COOKIE, guard_token};
use crate::error::ApiError;
use crate::state::Api;
use crate::users::UserKind;
use antiphon_app::App;
use antiphon_app::session::Authenticated;
use http::HeaderValue;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show::show_session, sign_in::sign_in, sign_out::sign_out))
        .routes(routes!(change_password::change_password))
        .routes(routes!(report_activity::report_activity))
}

/// Who is signed in, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    account: SessionAccount,
    user: SessionUser,
    /// Names of privileges; unknown ones may come with a newer server.
    privileges: Vec<String>,
    /// Goes into the header `X-CSRF-Token` of every changing request that is signed in by cookie.
    csrf: String,
    /// When the session ends whatever happens, UTC milliseconds.
    expires_at: i64,
    /// Null where inactivity does not end the session: it is no browser's, or no person's.
    #[schema(required)]
    idle: Option<IdleLogOut>,
    /// Whether this is the demo.
    demo: bool,
    /// The bearer token, where the sign-in asked for one; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    bearer: Option<String>,
}

/// The account that the session is of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionAccount {
    id: String,
    name: String,
    timezone: String,
    #[schema(required)]
    default_skill_id: Option<String>,
}

/// The user whose session it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionUser {
    id: String,
    pid: String,
    login: String,
    nickname: String,
    full_name: String,
    kind: UserKind,
    profile: String,
    skill_ids: Vec<String>,
    max_conversations: u32,
}

/// What inactivity will do to the session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdleLogOut {
    /// The session ends when nobody does anything for so long, in milliseconds.
    after_ms: i64,
    /// What is left of that time, in milliseconds.
    left_ms: i64,
}

impl IdleLogOut {
    fn of(app: &App, authenticated: &Authenticated) -> Option<Self> {
        app.idle_log_out(authenticated).map(|idle| Self { after_ms: idle.after_ms, left_ms: idle.left_ms })
    }
}

fn shown(api: &Api, authenticated: &Authenticated) -> Result<Session, ApiError> {
    let caller = &authenticated.caller;
    let directory = api.app.directory();
    let view = directory.account(&caller.account).ok_or_else(ApiError::unauthenticated)?;
    let (account, user) = (&view.account, &caller.user);
    Ok(Session {
        account: SessionAccount {
            id: account.id.to_string(),
            name: account.name.clone(),
            timezone: account.timezone.clone(),
            default_skill_id: account.default_skill.map(|skill| skill.to_string()),
        },
        user: SessionUser {
            id: user.id.to_string(),
            pid: user.pid.to_string(),
            login: user.login.clone(),
            nickname: user.nickname.clone(),
            full_name: user.full_name.clone(),
            kind: user.kind.into(),
            profile: user.profile.clone(),
            skill_ids: user.skills.iter().map(ToString::to_string).collect(),
            max_conversations: user.max_conversations,
        },
        privileges: caller.profile.privileges.iter().map(|privilege| privilege.name().to_owned()).collect(),
        csrf: guard_token(&api.app, authenticated),
        expires_at: authenticated.session.expires_at.0,
        idle: IdleLogOut::of(&api.app, authenticated),
        demo: api.options.demo,
        bearer: None,
    })
}

/// The cookie with a bearer token, or without one: then it is forgotten.
fn cookie(bearer: &str, seconds: i64, secure: bool) -> Result<HeaderValue, ApiError> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{SESSION_COOKIE}={bearer}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).map_err(|_| ApiError::internal())
}
