//! `POST …/api-keys`.

use super::{ApiKey, scopes, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{NewApiKey as New, Revision};
use antiphon_domain::{Privilege, Timestamp};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An API key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiKey {
    /// Unique in the account.
    name: String,
    /// In whose name it acts: it can never do what they may not, and is refused while they are disabled. Your own when not given;
    /// another user must not have privileges that you don't have.
    #[serde(default)]
    user_id: Option<String>,
    /// What it opens; at least one.
    scopes: Vec<String>,
    /// Where it may be used from, as `address/prefix`; everywhere when empty.
    #[serde(default)]
    networks: Vec<String>,
    /// Refused from then on, UTC milliseconds; never when not given.
    #[serde(default)]
    expires_at: Option<i64>,
}

/// An API key, with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeApiKey {
    key: ApiKey,
    /// Goes into `Authorization: Bearer …`. Shown this once: null when this `Idempotency-Key` was answered before.
    #[schema(required)]
    secret: Option<String>,
}

/// Makes an API key and shows its secret this once. Needs `manage_api_keys`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/api-keys", tag = "API keys", request_body = NewApiKey, responses((status = 201, body = MadeApiKey)))]
pub(crate) async fn create_api_key(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageApiKeys])?;
    let new: NewApiKey = ask.json()?;
    let new = New {
        name: new.name,
        user: given::optional_id("user_id", new.user_id.as_ref())?,
        scopes: scopes(&new.scopes)?,
        networks: new.networks,
        expires_at: new.expires_at.map(Timestamp),
    };
    let made = ask.app().create_api_key(&ask.act()?, new).await?;
    let body = MadeApiKey { key: shown(&ask, &made.key)?, secret: made.secret };
    Ok(tagged(StatusCode::CREATED, Revision::from(&*made.key), body))
}
