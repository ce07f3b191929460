//! `DELETE …/api-keys/{id}`.

use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_domain::{ApiKeyId, Privilege};
use http::StatusCode;

/// Revokes an API key: it is refused from now on, and gone from the list. Needs `manage_api_keys`.
#[utoipa::path(delete, path = "/api/v1/accounts/{account}/api-keys/{id}", tag = "API keys", responses((status = 204)))]
pub(crate) async fn revoke_api_key(ask: Ask) -> Result<StatusCode, ApiError> {
    ask.require(&[Privilege::ManageApiKeys])?;
    let id: ApiKeyId = ask.id("API key")?;
    ask.app().revoke_api_key(&ask.act()?, id, ask.expected()?.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
