//! Identity providers: the brand's own log-ins, whose signed identities make consumers known.

mod create;
mod list;
mod show;
mod update;

use crate::error::ApiError;
use crate::state::Api;
use antiphon_app::ports::store::{self, ProviderKeys};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_identity_providers, create::create_identity_provider))
        .routes(routes!(show::show_identity_provider, update::update_identity_provider))
}

/// A log-in of the brand's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityProvider {
    /// Its issuer.
    id: String,
    issuer: String,
    #[schema(required)]
    jwks_url: Option<String>,
    #[schema(required)]
    public_key_pem: Option<String>,
    /// Null: tokens that name an audience must name the account.
    #[schema(required)]
    audience: Option<String>,
    enabled: bool,
    created_at: i64,
    updated_at: i64,
}

fn shown(provider: &store::IdentityProvider) -> IdentityProvider {
    let (jwks_url, public_key_pem) = match &provider.keys {
        ProviderKeys::Jwks(url) => (Some(url.clone()), None),
        ProviderKeys::Pem(pem) => (None, Some(pem.clone())),
    };
    IdentityProvider {
        id: provider.issuer.clone(),
        issuer: provider.issuer.clone(),
        jwks_url,
        public_key_pem,
        audience: provider.audience.clone(),
        enabled: provider.enabled,
        created_at: provider.created_at.0,
        updated_at: provider.updated_at.0,
    }
}

/// The keys that a body names; one of the two at most.
fn keys(jwks_url: Option<String>, public_key_pem: Option<String>) -> Result<Option<ProviderKeys>, ApiError> {
    match (jwks_url, public_key_pem) {
        (Some(_), Some(_)) => Err(ApiError::invalid("public_key_pem", "give one of jwks_url and public_key_pem")),
        (Some(url), None) => Ok(Some(ProviderKeys::Jwks(url))),
        (None, Some(pem)) => Ok(Some(ProviderKeys::Pem(pem))),
        (None, None) => Ok(None),
    }
}
