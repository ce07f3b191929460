//! Keys of the admin API. One that was revoked by hand stays revoked until the file gives it another secret.

use super::super::read::ApiKeyEntry;
use super::{Object, Planner, later};
use antiphon_app::administration::{MOST_API_KEYS, key_privileges};
use antiphon_app::api_keys::kept_of_secret;
use antiphon_app::ports::store::Write;
use antiphon_domain::{ApiKey, ApiKeyId, Timestamp, UserId};
use std::collections::HashMap;

impl Planner<'_> {
    /// `users` are those of the account by log-in name in lower case, those to come included.
    pub(super) fn api_keys(&mut self, wanted: &[ApiKeyEntry], known: &[(ApiKey, Option<Timestamp>)], users: &HashMap<String, UserId>) {
        let fresh = |entry: &&ApiKeyEntry| !known.iter().any(|(key, _)| key.name == entry.name);
        if let Some(last) = wanted.iter().rfind(fresh).filter(|_| known.len() + wanted.iter().filter(fresh).count() > MOST_API_KEYS) {
            self.problems.add(&last.place, "account.api_key", format!("an account has at most {MOST_API_KEYS} API keys"));
        }
        for wanted in wanted {
            self.api_key(wanted, known.iter().map(|(key, _)| key).find(|key| key.name == wanted.name), users);
        }
    }

    fn api_key(&mut self, wanted: &ApiKeyEntry, known: Option<&ApiKey>, users: &HashMap<String, UserId>) {
        let mut object = Object::new(format!("api_key/{}", wanted.name), known.is_some());
        let Some(user) = users.get(&wanted.user.to_lowercase()).copied() else {
            self.problems.add(&wanted.place, "account.api_key.user", format!("there is no user `{}`", wanted.user));
            return;
        };
        let secret = wanted.secret.as_ref().map(|secret| secret.value.as_str());
        if known.is_none() && secret.is_none() {
            self.problems.add(&wanted.place, "account.api_key.secret", "is missing: give it, or secret_file or secret_env");
            return;
        }
        if known.is_none() && secret.is_some_and(|secret| self.was_applied(&object, "secret", secret)) {
            return;
        }
        let mut key = known.cloned().unwrap_or_else(|| ApiKey {
            id: ApiKeyId((self.next_id)()),
            name: wanted.name.clone(),
            user,
            scopes: Vec::new(),
            privileges: Vec::new(),
            networks: Vec::new(),
            hash: [0; 32],
            beginning: String::new(),
            expires_at: None,
            created_at: self.now,
            updated_at: self.now,
        });
        if let Some(secret) = secret
            && self.applies(&mut object, "secret", secret, true)
        {
            (key.hash, key.beginning) = kept_of_secret(secret);
        }
        if self.applies(&mut object, "user", &wanted.user.to_lowercase(), false) {
            key.user = user;
        }
        let scopes: Vec<String> = wanted.scopes.value.iter().map(ToString::to_string).collect();
        if self.applies(&mut object, "scopes", &scopes.join(" "), false) {
            key.scopes.clone_from(&wanted.scopes.value);
            // Whoever runs the installation may everything: the key is bounded by its scopes and its user.
            key.privileges = key_privileges(&wanted.scopes.value, |_| true);
        }
        let networks = |networks: &Vec<_>| networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        self.set(&mut object, "networks", &wanted.networks, networks, &mut key.networks);
        if let Some(at) = &wanted.expires_at
            && self.applies(&mut object, "expires_at", &at.value.0.to_string(), false)
        {
            key.expires_at = Some(at.value);
        }
        key.updated_at = later(known.map(|known| known.updated_at), self.now);
        self.finish(object, "api_key", &key.id.to_string(), Write::PutApiKey(key));
    }
}
