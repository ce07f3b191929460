//! Signing keys, the brand's log-ins and what users let apps have. Private keys and account secrets are sealed as they are, without a record around them.

use super::codec::{Decoder, Encoder};
use crate::sqlite::failure::Failure;
use antiphon_app::ports::store::{AppGrant, AppGrantKind, IdentityProvider, KeyUse, ProviderKeys};
use antiphon_domain::UserId;

/// The context under which a private key is sealed: keys belong to the installation, not to an account.
pub fn key_context(purpose: KeyUse, id: &str) -> String {
    format!("/signing_keys/pkcs8/{}/{id}", purpose.name())
}

pub fn encode_provider(provider: &IdentityProvider) -> Vec<u8> {
    let mut to = Encoder::new();
    match &provider.keys {
        ProviderKeys::Jwks(url) => to.u8(0).text(url),
        ProviderKeys::Pem(pem) => to.u8(1).text(pem),
    };
    to.option_text(provider.audience.as_deref()).bool(provider.enabled).time(provider.created_at).time(provider.updated_at);
    to.finish()
}

pub fn decode_provider(issuer: String, data: &[u8]) -> Result<IdentityProvider, Failure> {
    let from = &mut Decoder::new(data);
    Ok(IdentityProvider {
        issuer,
        keys: match (from.u8()?, from.string()?) {
            (0, url) => ProviderKeys::Jwks(url),
            (1, pem) => ProviderKeys::Pem(pem),
            _ => return Err(Failure::corrupt("an identity provider has unknown keys")),
        },
        audience: from.option(|from| from.string())?,
        enabled: from.bool()?,
        created_at: from.time()?,
        updated_at: from.time()?,
    })
}

pub fn encode_grant(grant: &AppGrant) -> Vec<u8> {
    let mut to = Encoder::new();
    to.text(&grant.app).i64(grant.user.0).time(grant.created_at).time(grant.expires_at);
    match &grant.kind {
        AppGrantKind::Code { redirect_uri, challenge, nonce } => {
            to.u8(0).option_text(redirect_uri.as_deref()).option_text(challenge.as_deref()).option_text(nonce.as_deref());
        }
        AppGrantKind::Renewal => {
            to.u8(1);
        }
    }
    to.finish()
}

pub fn decode_grant(token_hash: [u8; 32], data: &[u8]) -> Result<AppGrant, Failure> {
    let from = &mut Decoder::new(data);
    Ok(AppGrant {
        token_hash,
        app: from.string()?,
        user: UserId(from.i64()?),
        created_at: from.time()?,
        expires_at: from.time()?,
        kind: match from.u8()? {
            0 => AppGrantKind::Code {
                redirect_uri: from.option(|from| from.string())?,
                challenge: from.option(|from| from.string())?,
                nonce: from.option(|from| from.string())?,
            },
            1 => AppGrantKind::Renewal,
            _ => return Err(Failure::corrupt("the kind of an app's grant is unknown")),
        },
    })
}
