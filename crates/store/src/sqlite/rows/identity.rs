//! Keys of the admin API, signing keys, the brand's log-ins and what users let apps have. Private keys and account secrets are sealed as they are, without a record around them.

use super::codec::{Decoder, Encoder};
use crate::sqlite::failure::Failure;
use antiphon_app::ports::store::{AppGrant, AppGrantKind, IdentityProvider, KeyUse, ProviderKeys};
use antiphon_domain::account::Network;
use antiphon_domain::{ApiKey, ApiKeyId, Privilege, Scope, UserId};

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

pub fn encode_api_key(key: &ApiKey) -> Vec<u8> {
    let mut to = Encoder::new();
    // By name, not by place: both lists will be added to anywhere.
    to.i64(key.user.0)
        .list(key.scopes.iter(), |to, scope| {
            to.text(&scope.to_string());
        })
        .list(key.privileges.iter(), |to, privilege| {
            to.text(privilege.name());
        })
        .list(key.networks.iter(), |to, network| {
            to.text(&network.to_string());
        })
        .text(&key.beginning)
        .option_time(key.expires_at)
        .time(key.created_at)
        .time(key.updated_at);
    to.finish()
}

pub fn decode_api_key(id: ApiKeyId, name: String, hash: [u8; 32], data: &[u8]) -> Result<ApiKey, Failure> {
    let from = &mut Decoder::new(data);
    Ok(ApiKey {
        id,
        name,
        hash,
        user: UserId(from.i64()?),
        scopes: from.list(|from| Scope::from_name(from.text()?).ok_or_else(|| Failure::corrupt("an API key names an unknown scope")))?,
        privileges: from
            .list(|from| Privilege::from_name(from.text()?).ok_or_else(|| Failure::corrupt("an API key names an unknown privilege")))?,
        networks: from.list(|from| Network::parse(from.text()?).ok_or_else(|| Failure::corrupt("an address range is unreadable")))?,
        beginning: from.string()?,
        expires_at: from.option(|from| from.time())?,
        created_at: from.time()?,
        updated_at: from.time()?,
    })
}
