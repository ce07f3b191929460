//! Signing keys and the brand's log-ins. Private keys and account secrets are sealed as they are, without a record around them.

use super::codec::{Decoder, Encoder};
use crate::sqlite::failure::Failure;
use antiphon_app::ports::store::{IdentityProvider, KeyUse, ProviderKeys};

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
