//! `POST …/identity-providers`.

use super::{IdentityProvider, keys, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::{IdentityProviderInput, Revision};
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// A log-in of the brand's to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewIdentityProvider {
    /// What its tokens name as issuer, letter for letter; unique in the account.
    issuer: String,
    /// Where its public keys are; this or `public_key_pem`.
    jwks_url: Option<String>,
    /// Its one public key: RSA of at least 2048 bits, or on the curve P-256.
    public_key_pem: Option<String>,
    /// What its tokens must name as audience. Without it, tokens that name one must name the account.
    audience: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

/// Adds an identity provider. Needs `manage_sources`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/identity-providers", tag = "identity providers", request_body = NewIdentityProvider, responses((status = 201, body = IdentityProvider)))]
pub(crate) async fn create_identity_provider(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let new: NewIdentityProvider = ask.json()?;
    let keys = keys(new.jwks_url, new.public_key_pem)?;
    let input = IdentityProviderInput { issuer: new.issuer, keys, audience: new.audience, enabled: new.enabled };
    let provider = ask.app().put_identity_provider(&ask.act()?, input, true, None).await?;
    Ok(tagged(StatusCode::CREATED, Revision::from(&*provider), shown(&provider)))
}
