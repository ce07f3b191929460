//! `POST /api/v1/session/password`.

use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_app::session::ChangeError;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// The caller's own password, old and new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    current_password: String,
    new_password: String,
}

/// Changes the caller's own password and ends their other sessions. A bad new one is refused with a sentence per broken rule, one on each line.
#[utoipa::path(post, path = "/api/v1/session/password", tag = "session", request_body = ChangePassword, responses((status = 204)))]
pub(crate) async fn change_password(ask: Ask) -> Result<StatusCode, ApiError> {
    let given: ChangePassword = ask.json()?;
    // Guessing the current password is throttled like signing in.
    ask.api.sign_ins.check(&ask.origin().peer, ask.app().clock()).map_err(ApiError::too_many)?;
    ask.app()
        .change_password(ask.caller(), Some(ask.session()?.session.token_hash), &given.current_password, &given.new_password)
        .await
        .map_err(|error| match error {
            ChangeError::WrongCurrent => ApiError::invalid("current_password", "the current password is wrong"),
            ChangeError::Weak(sentences) => ApiError::invalid("new_password", sentences.join("\n")).remedy("choose another password"),
            ChangeError::Unavailable(error) => error.into(),
        })?;
    Ok(StatusCode::NO_CONTENT)
}
