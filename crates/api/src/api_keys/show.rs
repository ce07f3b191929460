//! `GET …/api-keys/{id}`.

use super::{ApiKey, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::Revision;
use antiphon_domain::{ApiKeyId, Privilege};
use axum::response::Response;
use http::StatusCode;

/// One API key. Needs `manage_api_keys`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/api-keys/{id}", tag = "API keys", responses((status = 200, body = ApiKey)))]
pub(crate) async fn show_api_key(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageApiKeys])?;
    let view = ask.view()?;
    let key = view.api_keys.get(&ask.id::<ApiKeyId>("API key")?).ok_or_else(|| ApiError::not_found("API key"))?;
    Ok(tagged(StatusCode::OK, Revision::from(&**key), shown(&ask, key)?))
}
