//! `GET …/identity-providers/{id}`.

use super::{IdentityProvider, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::Revision;
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;

/// One identity provider; its id is its issuer, percent-encoded. Needs `manage_sources`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/identity-providers/{id}", tag = "identity providers", responses((status = 200, body = IdentityProvider)))]
pub(crate) async fn show_identity_provider(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let view = ask.view()?;
    let found = view.identity_providers.get(&ask.id::<String>("identity provider")?);
    let provider = found.ok_or_else(|| ApiError::not_found("identity provider"))?;
    Ok(tagged(StatusCode::OK, Revision::from(&**provider), shown(provider)))
}
