//! `PATCH …/identity-providers/{id}`.

use super::{IdentityProvider, keys, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{IdentityProviderInput, Revision};
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// Changes of an identity provider; what is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityProviderChanges {
    /// Takes the place of whatever keys there were.
    jwks_url: Option<String>,
    /// Takes the place of whatever keys there were.
    public_key_pem: Option<String>,
    /// Null: tokens that name an audience must name the account.
    #[serde(default, deserialize_with = "given::nullable")]
    #[schema(value_type = Option<String>)]
    audience: Option<Option<String>>,
    enabled: Option<bool>,
}

/// Changes an identity provider. Needs `manage_sources`.
#[utoipa::path(patch, path = "/api/v1/accounts/{account}/identity-providers/{id}", tag = "identity providers", request_body = IdentityProviderChanges, responses((status = 200, body = IdentityProvider)))]
pub(crate) async fn update_identity_provider(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let view = ask.view()?;
    let found = view.identity_providers.get(&ask.id::<String>("identity provider")?);
    let before = found.ok_or_else(|| ApiError::not_found("identity provider"))?;
    let changes: IdentityProviderChanges = ask.json()?;
    // What was read is what is merged into: a change in between is refused.
    let read = ask.expected()?.unwrap_or_else(|| Revision::from(&**before));
    let input = IdentityProviderInput {
        issuer: before.issuer.clone(),
        keys: keys(changes.jwks_url, changes.public_key_pem)?,
        audience: changes.audience.unwrap_or_else(|| before.audience.clone()),
        enabled: changes.enabled.unwrap_or(before.enabled),
    };
    let provider = ask.app().put_identity_provider(&ask.act()?, input, false, Some(&read)).await?;
    Ok(tagged(StatusCode::OK, Revision::from(&*provider), shown(&provider)))
}
