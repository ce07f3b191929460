//! `[[account.identity_provider]]`: the brand's own log-ins.

use super::{IdentityProviderEntry, Reader, Valued};
use crate::document::Section;
use antiphon_app::administration::check_identity_provider;
use antiphon_app::ports::store::ProviderKeys;
use antiphon_domain::account::Network;

impl Reader<'_> {
    pub(super) fn identity_provider(&mut self, mut section: Section) -> Option<IdentityProviderEntry> {
        let issuer = section.required("issuer", &mut self.problems);
        let url = section.text("jwks_url", &mut self.problems);
        let pem = section.text("public_key_pem", &mut self.problems);
        let keys = match (url, pem) {
            (Some((url, place)), None) => Some(Valued { value: ProviderKeys::Jwks(url), place }),
            (None, Some((pem, place))) => Some(Valued { value: ProviderKeys::Pem(pem), place }),
            _ => {
                self.problems.add(&section.place, section.key("jwks_url"), "give one of jwks_url and public_key_pem");
                None
            }
        };
        let audience = section.text("audience", &mut self.problems).map(|(value, place)| Valued { value, place });
        let enabled = self.flag(&mut section, "enabled");
        section.finish(&mut self.problems);
        Some(IdentityProviderEntry { issuer: issuer?.0, keys: keys?, audience, enabled })
    }

    /// The parts of identity providers, as the admin API would take them.
    pub(super) fn check_identity_providers(&mut self, providers: &[IdentityProviderEntry], allow: &[Network]) {
        for provider in providers {
            let audience = provider.audience.as_ref().map(|audience| audience.value.as_str());
            if let Err((field, problem)) = check_identity_provider(&provider.issuer, &provider.keys.value, audience, allow) {
                self.problems.add(&provider.keys.place, format!("account.identity_provider.{field}"), problem);
            }
        }
    }
}
