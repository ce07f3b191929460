//! Who uses a key of the admin API: found by the hash of its secret in the configuration, so that no request reads the store for
//! it. Making and revoking keys is in `administration`.

use crate::ports::store::{UnitOfWork, Write};
use crate::session::hash;
use crate::{AccountView, App, Caller};
use antiphon_domain::{ApiKey, ApiKeyId, Timestamp};
use serde_json::json;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use subtle::ConstantTimeEq;

/// How every secret of a key begins, so that people and scanners of leaked secrets recognise one.
pub const API_KEY_PREFIX: &str = "antk_";
/// Characters of a secret behind its prefix: 32 random bytes in hexadecimal.
pub const API_KEY_DIGITS: usize = 64;
/// Characters of a secret that are shown to tell keys apart, the prefix included.
const SHOWN_CHARACTERS: usize = 11;
/// So often at most is it stored that a key was used.
const USE_PAUSE_MS: i64 = 60_000;

/// Whether a text has the form of a key's secret.
pub fn is_api_key(text: &str) -> bool {
    let digits = text.strip_prefix(API_KEY_PREFIX).unwrap_or_default();
    digits.len() == API_KEY_DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What is kept of a secret: its hash, and its beginning.
pub fn kept_of_secret(secret: &str) -> ([u8; 32], String) {
    (hash(secret), secret.chars().take(SHOWN_CHARACTERS).collect())
}

/// Who uses a key, and the key.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    /// In whose name, with what the key may do.
    pub caller: Caller,
    /// The key.
    pub key: Arc<ApiKey>,
}

/// Why a key is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// There is none with that secret, or it was revoked.
    #[error("there is no such API key; it may have been revoked")]
    Unknown,
    /// It has ended.
    #[error("the API key has expired")]
    Expired,
    /// In whose name it acts can't sign in themselves.
    #[error("the user of the API key is disabled")]
    UserDisabled,
    /// It may not be used from there.
    #[error("the API key may not be used from {0}")]
    Elsewhere(IpAddr),
}

/// When keys were last used, by this process.
#[derive(Default)]
pub(crate) struct Uses(Mutex<HashMap<ApiKeyId, Used>>);

#[derive(Clone, Copy)]
struct Used {
    at: Timestamp,
    stored_at: Timestamp,
}

impl Uses {
    /// Notes a use; whether it is time to store that.
    fn note(&self, key: ApiKeyId, now: Timestamp) -> bool {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(used) = uses.get_mut(&key) else {
            uses.insert(key, Used { at: now, stored_at: now });
            return true;
        };
        used.at = used.at.max(now);
        let due = now.since(used.stored_at) >= USE_PAUSE_MS;
        if due {
            used.stored_at = now;
        }
        due
    }

    fn last(&self, key: ApiKeyId) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).map(|used| used.at)
    }

    /// Forgets a key that is gone.
    pub(crate) fn forget(&self, key: ApiKeyId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}

impl App {
    /// Who uses this key, from there.
    ///
    /// # Errors
    /// When it is unknown, has ended, is used from elsewhere, or its user is disabled. All but the first are audited.
    pub fn authenticate_key(self: &Arc<Self>, secret: &str, peer: IpAddr) -> Result<KeyHolder, KeyRefused> {
        let wanted = hash(secret);
        let directory = self.directory();
        let found = directory.api_key(&wanted).filter(|(_, key)| key.hash.ct_eq(&wanted).into());
        let Some((view, key)) = found.filter(|_| is_api_key(secret)) else {
            metrics::counter!("antiphon_refused_api_keys_total").increment(1);
            return Err(KeyRefused::Unknown);
        };
        let now = self.clock().now();
        let account = &view.account.id;
        let user = view.users.get(&key.user).filter(|user| user.enabled);
        let refused = match user {
            _ if key.has_expired(now) => Err(KeyRefused::Expired),
            _ if !key.allows_from(peer) => Err(KeyRefused::Elsewhere(peer)),
            None => Err(KeyRefused::UserDisabled),
            Some(user) => Ok(user),
        };
        let user = refused.inspect_err(|refused| {
            metrics::counter!("antiphon_refused_api_keys_total").increment(1);
            let id = key.id.to_string();
            self.audit_often(
                account,
                "api_key.refused",
                ("api_key", &id),
                || json!({"reason": refused.to_string(), "remote": peer.to_string()}),
            );
        })?;
        let profile = Arc::new(key.profile(&view.profile_of(user)));
        let caller = Caller { account: account.clone(), user: Arc::clone(user), profile, key: Some(key.id) };
        if self.key_uses.note(key.id, now) {
            self.store_use(view, key.id, now);
        }
        Ok(KeyHolder { caller, key: Arc::clone(key) })
    }

    /// When a key was last used: to the minute, if that was before the last start.
    pub fn api_key_used(&self, view: &AccountView, key: ApiKeyId) -> Option<Timestamp> {
        self.key_uses.last(key).max(view.keys_used.get(&key).copied())
    }

    /// Beside the request: nobody should wait, or be refused, because of it.
    fn store_use(&self, view: &AccountView, key: ApiKeyId, now: Timestamp) {
        let mut unit = UnitOfWork::new(view.account.id.clone());
        unit.write(Write::ApiKeyUsed(key, now));
        let store = Arc::clone(&self.store);
        self.spawn(async move {
            if let Err(error) = store.commit(unit).await {
                tracing::debug!(%key, %error, "the use of an API key was not stored");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_form() {
        let digits = "0123456789abcdef".repeat(4);
        assert!(is_api_key(&format!("antk_{digits}")));
        for bad in [String::new(), digits.clone(), format!("antk_{}", digits.to_uppercase()), format!("antk_{digits}0"), "antk_".into()] {
            assert!(!is_api_key(&bad), "{bad}");
        }
    }

    #[test]
    fn uses_are_stored_once_a_minute_and_known_at_once() {
        let uses = Uses::default();
        let at = |at| uses.note(ApiKeyId(1), Timestamp(at));
        assert_eq!([at(0), at(10), at(59_999), at(60_000), at(60_001)], [true, false, false, true, false]);
        assert_eq!(uses.last(ApiKeyId(1)), Some(Timestamp(60_001)));
        uses.forget(ApiKeyId(1));
        assert_eq!(uses.last(ApiKeyId(1)), None);
    }
}
