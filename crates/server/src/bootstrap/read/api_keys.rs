//! `[[account.api_key]]`: keys of the admin API whose secrets whoever runs the installation has made.

use super::{ApiKeyEntry, Reader, Valued};
use crate::document::Section;
use antiphon_app::administration::MOST_KEY_NETWORKS;
use antiphon_app::api_keys::{API_KEY_DIGITS, API_KEY_PREFIX, is_api_key};
use antiphon_domain::{Scope, Timestamp};

impl Reader<'_> {
    pub(super) fn account_api_key(&mut self, mut section: Section) -> Option<ApiKeyEntry> {
        let name = self.name(&mut section, "name", 80);
        let user = self.name(&mut section, "user", 80);
        let place = section.place.clone();
        let scopes = self.scopes(&mut section);
        let networks = self.networks(&mut section, "networks");
        if networks.as_ref().is_some_and(|networks| networks.value.len() > MOST_KEY_NETWORKS) {
            self.problems.add(&place, section.key("networks"), format!("a key has at most {MOST_KEY_NETWORKS} networks"));
        }
        let expires_at = section.number("expires_at", 0, i64::MAX, &mut self.problems);
        let expires_at = expires_at.map(|at| Valued { value: Timestamp(at), place: place.clone() });
        let secret = self.secret(&mut section, ["secret", "secret_file", "secret_env"]);
        if let Some(secret) = secret.as_ref().filter(|secret| !is_api_key(&secret.value)) {
            let what =
                format!("must be `{API_KEY_PREFIX}` and {API_KEY_DIGITS} lower-case hex digits, best made by `openssl rand -hex 32`");
            self.problems.add(&secret.place, section.key("secret"), what);
        }
        section.finish(&mut self.problems);
        Some(ApiKeyEntry { name: name?, user: user?, place, scopes: scopes?, networks, expires_at, secret })
    }

    fn scopes(&mut self, section: &mut Section) -> Option<Valued<Vec<Scope>>> {
        let Some(texts) = section.texts("scopes", &mut self.problems).filter(|texts| !texts.is_empty()) else {
            self.problems.add(&section.place, section.key("scopes"), "must name at least one scope: a key opens nothing else");
            return None;
        };
        let mut scopes = Vec::new();
        for (text, place) in texts {
            match Scope::from_name(&text) {
                Some(scope) => scopes.push(scope),
                None => {
                    let known: Vec<String> = Scope::all().map(|scope| scope.to_string()).collect();
                    let what = format!("there is no scope `{text}`; there are {}", known.join(", "));
                    self.problems.add(&place, section.key("scopes"), what);
                }
            }
        }
        scopes.sort_unstable();
        scopes.dedup();
        Some(Valued { value: scopes, place: section.place.clone() })
    }
}
