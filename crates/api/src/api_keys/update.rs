//! `PATCH …/api-keys/{id}`.

use super::{ApiKey, scopes, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{ApiKeyPatch, Revision};
use antiphon_domain::{ApiKeyId, Privilege, Timestamp};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// Changes of an API key; what is not given stays. Its secret and its user never change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKeyChanges {
    name: Option<String>,
    /// All that it opens from now on, as far as you may do it.
    scopes: Option<Vec<String>>,
    /// All that it may be used from.
    networks: Option<Vec<String>>,
    /// Null: never.
    #[serde(default, deserialize_with = "given::nullable")]
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Option<i64>>,
}

/// Changes an API key. Needs `manage_api_keys`.
#[utoipa::path(patch, path = "/api/v1/accounts/{account}/api-keys/{id}", tag = "API keys", request_body = ApiKeyChanges, responses((status = 200, body = ApiKey)))]
pub(crate) async fn update_api_key(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageApiKeys])?;
    let id: ApiKeyId = ask.id("API key")?;
    let changes: ApiKeyChanges = ask.json()?;
    let patch = ApiKeyPatch {
        name: changes.name,
        scopes: changes.scopes.as_deref().map(scopes).transpose()?,
        networks: changes.networks,
        expires_at: changes.expires_at.map(|at| at.map(Timestamp)),
    };
    let key = ask.app().update_api_key(&ask.act()?, id, patch, ask.expected()?.as_ref()).await?;
    Ok(tagged(StatusCode::OK, Revision::from(&*key), shown(&ask, &key)?))
}
