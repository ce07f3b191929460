//! The brand's own log-ins whose signed identities the account accepts.

use super::{Act, AdminError, Changes, Revision, expect_revision, later, validate};
use crate::App;
use crate::identity::is_public_key;
use crate::ports::store::{IdentityProvider, ProviderKeys, UnitOfWork, Write};
use antiphon_domain::Privilege;
use antiphon_domain::account::Network;
use std::sync::Arc;

/// Most identity providers of an account.
const MOST_PROVIDERS: usize = 100;
/// Longest issuer, address and audience, in characters.
const MOST_TEXT: usize = 500;
/// Longest public key, in characters.
const MOST_KEY: usize = 8_000;

/// A log-in of the brand's, whole.
#[derive(Clone, Debug)]
pub struct IdentityProviderInput {
    /// What its tokens name as issuer; unique in the account, never changes.
    pub issuer: String,
    /// Where its public keys come from; `None` keeps what there is.
    pub keys: Option<ProviderKeys>,
    /// What its tokens must name as audience.
    pub audience: Option<String>,
    /// One that is off vouches for nobody.
    pub enabled: bool,
}

/// Looks at the parts of an identity provider as each of its faces takes them.
///
/// # Errors
/// The member at fault and what is wrong with it.
pub fn check_identity_provider(
    issuer: &str,
    keys: &ProviderKeys,
    audience: Option<&str>,
    allow: &[Network],
) -> Result<(), (&'static str, String)> {
    let plain = |text: &str, most: usize| (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if !plain(issuer, MOST_TEXT) || issuer.trim() != issuer {
        return Err(("issuer", format!("must be 1 to {MOST_TEXT} characters, exactly as the tokens say it")));
    }
    if audience.is_some_and(|audience| !plain(audience, MOST_TEXT)) {
        return Err(("audience", format!("must be 1 to {MOST_TEXT} characters")));
    }
    match keys {
        ProviderKeys::Pem(pem) if pem.len() > MOST_KEY || !is_public_key(pem) => {
            Err(("public_key_pem", "must be one public key in PEM: RSA of at least 2048 bits, or on the curve P-256".to_owned()))
        }
        ProviderKeys::Jwks(url) if url.len() > MOST_TEXT || !may_be_fetched(url, allow) => Err((
            "jwks_url",
            "must be an https:// address without a user name; plain http is for networks that allow_private_endpoints names".to_owned(),
        )),
        _ => Ok(()),
    }
}

fn may_be_fetched(url: &str, allow: &[Network]) -> bool {
    let Ok(parsed) = url::Url::parse(url) else { return false };
    let bare = parsed.has_host() && parsed.username().is_empty() && parsed.password().is_none() && parsed.fragment().is_none();
    let reachable = match (parsed.scheme(), parsed.host()) {
        ("https", _) => true,
        ("http", Some(url::Host::Ipv4(address))) => allow.iter().any(|network| network.contains(address.into())),
        ("http", Some(url::Host::Ipv6(address))) => allow.iter().any(|network| network.contains(address.into())),
        // Which address a name has is looked at with each call.
        ("http", Some(url::Host::Domain(_))) => !allow.is_empty(),
        _ => false,
    };
    bare && reachable
}

impl App {
    /// Adds or replaces an identity provider.
    ///
    /// # Errors
    /// Without `manage_sources`, for bad values, when `fresh` and there is one, and when it is no longer the one that was read.
    pub async fn put_identity_provider(
        self: &Arc<Self>,
        act: &Act<'_>,
        input: IdentityProviderInput,
        fresh: bool,
        expected: Option<&Revision>,
    ) -> Result<Arc<IdentityProvider>, AdminError> {
        act.require(Privilege::ManageSources)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let none = || AdminError::not_found("identity provider");
        if let Some(answer) = self.answered_before(act).await? {
            return view.identity_providers.get(&*answer).cloned().ok_or_else(none);
        }
        let before = view.identity_providers.get(&input.issuer);
        match before {
            Some(_) if fresh => {
                return Err(AdminError::taken("issuer", "there is an identity provider of that issuer").remedy("change that one"));
            }
            Some(before) => expect_revision(expected, Revision::from(&**before))?,
            None if expected.is_some() => return Err(none()),
            None if view.identity_providers.len() >= MOST_PROVIDERS => {
                return Err(AdminError::invalid("issuer", format!("an account has at most {MOST_PROVIDERS} identity providers")));
            }
            None => {}
        }
        let keys = input.keys.or_else(|| before.map(|before| before.keys.clone()));
        let keys = keys.ok_or_else(|| AdminError::invalid("jwks_url", "is missing: give it, or public_key_pem"))?;
        let issuer = validate::text("issuer", &input.issuer, 1, MOST_TEXT)?;
        check_identity_provider(&input.issuer, &keys, input.audience.as_deref(), &view.account.allow_private_endpoints)
            .map_err(|(field, message)| AdminError::invalid(field, message))?;
        let now = self.clock().now();
        let provider = IdentityProvider {
            issuer: issuer.clone(),
            keys,
            audience: input.audience,
            enabled: input.enabled,
            created_at: before.map_or(now, |before| before.created_at),
            updated_at: before.map_or(now, |before| later(before.updated_at, now)),
        };
        let mut changes = Changes::default();
        let address = |provider: &IdentityProvider| match &provider.keys {
            ProviderKeys::Jwks(url) => Some(url.clone()),
            ProviderKeys::Pem(_) => None,
        };
        let pem = |provider: &IdentityProvider| match &provider.keys {
            ProviderKeys::Jwks(_) => None,
            ProviderKeys::Pem(pem) => Some(pem.clone()),
        };
        let old = before.map(|before| &**before);
        changes.note("jwks_url", old.and_then(address), address(&provider));
        changes.note("public_key_pem", old.and_then(pem), pem(&provider));
        changes.note("audience", old.and_then(|before| before.audience.clone()), provider.audience.clone());
        changes.note("enabled", old.map(|before| before.enabled), provider.enabled);
        if let Some(before) = before.filter(|_| changes.is_empty()) {
            return Ok(Arc::clone(before));
        }
        let action = if before.is_some() { "identity_provider.updated" } else { "identity_provider.created" };
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutIdentityProvider(provider.clone()));
        unit.write(self.audit(act, now, action, ("identity_provider", issuer.clone()), changes));
        self.remember(act, &mut unit, &issuer, now);
        self.commit_configuration(unit).await?;
        Ok(Arc::new(provider))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_names_its_member() {
        let allow = [Network::parse("127.0.0.0/8").expect("a network")];
        let check = |issuer: &str, keys: ProviderKeys, audience: Option<&str>, expected: Option<&str>| {
            let found = check_identity_provider(issuer, &keys, audience, &allow).err().map(|(field, _)| field);
            assert_eq!(found, expected, "{issuer} {keys:?}");
        };
        let jwks = |url: &str| ProviderKeys::Jwks(url.into());
        check("https://shop.example", jwks("https://shop.example/jwks?x=1"), None, None);
        check("shop", jwks("http://127.0.0.1:9/jwks"), Some("us"), None);
        check("", jwks("https://shop.example/"), None, Some("issuer"));
        check(" a", jwks("https://shop.example/"), None, Some("issuer"));
        check("a", jwks("https://shop.example/"), Some(""), Some("audience"));
        for bad in ["http://10.0.0.1/", "ftp://a/", "https://u@a.example/", "https://a.example/#x", "jwks", "file:///etc/passwd"] {
            check("a", jwks(bad), None, Some("jwks_url"));
        }
        for bad in ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"] {
            check("a", ProviderKeys::Pem(bad.into()), None, Some("public_key_pem"));
        }
    }
}
