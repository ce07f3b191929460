//! The brand's own log-ins.

use super::super::read::IdentityProviderEntry;
use super::{Object, Planner, later};
use antiphon_app::ports::store::{IdentityProvider, ProviderKeys, Write};

impl Planner<'_> {
    pub(super) fn identity_provider(&mut self, wanted: &IdentityProviderEntry, known: Option<&IdentityProvider>) {
        let mut object = Object::new(format!("identity_provider/{}", wanted.issuer), known.is_some());
        let mut provider = known.cloned().unwrap_or_else(|| IdentityProvider {
            issuer: wanted.issuer.clone(),
            keys: wanted.keys.value.clone(),
            audience: None,
            enabled: true,
            created_at: self.now,
            updated_at: self.now,
        });
        let (name, text) = match &wanted.keys.value {
            ProviderKeys::Jwks(url) => ("jwks_url", url),
            ProviderKeys::Pem(pem) => ("public_key_pem", pem),
        };
        if self.applies(&mut object, name, text, false) {
            provider.keys = wanted.keys.value.clone();
        }
        if let Some(audience) = &wanted.audience
            && self.applies(&mut object, "audience", &audience.value, false)
        {
            provider.audience = Some(audience.value.clone());
        }
        self.set(&mut object, "enabled", &wanted.enabled, bool::to_string, &mut provider.enabled);
        provider.updated_at = later(known.map(|known| known.updated_at), self.now);
        self.finish(object, "identity_provider", &wanted.issuer, Write::PutIdentityProvider(provider));
    }
}
