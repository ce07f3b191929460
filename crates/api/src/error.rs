//! The one shape of an error answer. Whoever refuses names the field, the problem and the remedy; nothing here shows
//! what is inside a 5xx.

use antiphon_app::Unavailable;
use antiphon_app::administration::{AdminError, AdminErrorKind};
use antiphon_app::api_keys::KeyRefused;
use antiphon_app::ports::store::ReadError;
use antiphon_app::query::ReadRefused;
use antiphon_app::session::AuthError;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use std::borrow::Cow;

/// How long a client should wait after "unavailable", in seconds.
const RETRY_AFTER_S: u64 = 2;

/// A refused request.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
    pub(crate) field: Option<String>,
    pub(crate) remedy: Option<Cow<'static, str>>,
    /// Seconds until another try makes sense.
    pub(crate) retry_after_s: Option<u64>,
}

/// The body of every error answer.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct ErrorBody {
    /// Stable: programs decide by it.
    pub(crate) code: String,
    /// What is wrong, in a sentence.
    pub(crate) message: String,
    /// The member at fault; dotted for nested ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// What to do about it, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
    /// Stands in the server's log too.
    pub(crate) request_id: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), field: None, remedy: None, retry_after_s: None }
    }

    pub(crate) fn invalid(field: &str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation_failed", message).field(field)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "you are not signed in").remedy("sign in")
    }

    pub(crate) fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub(crate) fn too_many(retry_after_s: u64) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "you ask too often");
        Self { retry_after_s: Some(retry_after_s), ..error }.remedy("wait as long as Retry-After says")
    }

    /// The store can't answer; the reason goes to the log only.
    pub(crate) fn unavailable(reason: &str) -> Self {
        tracing::warn!(reason, "a request could not be served");
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the server can't do that right now; nothing was changed");
        Self { retry_after_s: Some(RETRY_AFTER_S), ..error }.remedy("try again in a moment")
    }

    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on the server")
            .remedy("tell whoever runs the server the request id")
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The answer, with the request's id in it.
    pub(crate) fn respond(&self, request_id: &str) -> Response {
        let body = ErrorBody {
            code: self.code.to_owned(),
            message: self.message.clone().into_owned(),
            field: self.field.clone(),
            remedy: self.remedy.as_deref().map(str::to_owned),
            request_id: request_id.to_owned(),
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for ApiError {
    /// Leaves itself in the response's extensions, so that the guard around all routes can put the request's id in.
    fn into_response(self) -> Response {
        let mut response = self.respond("");
        response.extensions_mut().insert(self);
        response
    }
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        let (status, code) = match error.kind {
            AdminErrorKind::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            AdminErrorKind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            AdminErrorKind::Invalid => (StatusCode::BAD_REQUEST, "validation_failed"),
            AdminErrorKind::Taken => (StatusCode::CONFLICT, "taken"),
            AdminErrorKind::Stale => (StatusCode::PRECONDITION_FAILED, "stale"),
            AdminErrorKind::Unfit => (StatusCode::CONFLICT, "not_possible"),
            AdminErrorKind::Unavailable => return Self::unavailable(&error.message),
        };
        let remedy = error.remedy.map(Cow::Owned);
        Self { status, code, message: error.message.into(), field: error.field, remedy, retry_after_s: None }
    }
}

impl From<ReadRefused> for ApiError {
    fn from(refused: ReadRefused) -> Self {
        match refused {
            ReadRefused::NotFound => Self::not_found("object"),
            ReadRefused::Forbidden => Self::forbidden("you may not see this"),
            ReadRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<Unavailable> for ApiError {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(&error.to_string())
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        Self::unavailable(&error.to_string())
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::NoSession => Self::unauthenticated(),
            AuthError::Expired => Self::new(StatusCode::UNAUTHORIZED, "session_expired", "your session has ended").remedy("sign in again"),
            AuthError::BadCsrf => bad_csrf(),
            AuthError::Unavailable(error) => error.into(),
        }
    }
}

impl From<KeyRefused> for ApiError {
    fn from(refused: KeyRefused) -> Self {
        let (status, code, remedy) = match refused {
            KeyRefused::Unknown => (StatusCode::UNAUTHORIZED, "api_key_unknown", "let an administrator make a new one"),
            KeyRefused::Expired => {
                (StatusCode::UNAUTHORIZED, "api_key_expired", "let an administrator make a new one, or change when it ends")
            }
            KeyRefused::UserDisabled => (StatusCode::UNAUTHORIZED, "api_key_disabled", "enable the user, or make a key for another one"),
            KeyRefused::Elsewhere(_) => (StatusCode::FORBIDDEN, "api_key_elsewhere", "let an administrator add the network to the key"),
        };
        Self::new(status, code, refused.to_string()).remedy(remedy)
    }
}

pub(crate) fn bad_csrf() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "csrf", "a changing request with the session cookie needs the session's guard token")
        .remedy("send the `csrf` of GET /api/v1/session in the header X-CSRF-Token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_the_use_cases_have_a_status_each() {
        #[track_caller]
        fn check(kind: AdminErrorKind, status: u16, code: &str) {
            let error = AdminError { kind, field: Some("name".into()), message: "No.".into(), remedy: None };
            let error = ApiError::from(error);
            assert_eq!((error.status.as_u16(), error.code), (status, code));
        }
        check(AdminErrorKind::Invalid, 400, "validation_failed");
        check(AdminErrorKind::Forbidden, 403, "forbidden");
        check(AdminErrorKind::NotFound, 404, "not_found");
        check(AdminErrorKind::Taken, 409, "taken");
        check(AdminErrorKind::Unfit, 409, "not_possible");
        check(AdminErrorKind::Stale, 412, "stale");
        check(AdminErrorKind::Unavailable, 503, "unavailable");
    }

    #[test]
    fn an_unavailable_store_says_when_to_come_back_and_not_why() {
        let response = ApiError::unavailable("disk full at /data").respond("req_1");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert!(!ApiError::unavailable("disk full").message.contains("disk"));
    }
}
