//! Requests that a bot signs one by one with its keys, in the place of signing in: OAuth 1.0a, as far as it is not wire.
//!
//! The secret halves of the keys never travel, so only the wire's own code knows what was signed; here is whose keys they are, that
//! no request is believed twice, and none that was made at another time.

use super::{SignIn, SignInError};
use crate::ports::store::BotKey;
use crate::{AccountView, App, Unavailable};
use antiphon_domain::{AccountId, Timestamp, User, UserId, UserKind};
use moka::sync::Cache;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How far a request's time may be from ours, in milliseconds.
const WINDOW_MS: i64 = 300_000;
/// Requests that are remembered, so that none is believed twice; when there are more within the window, further ones are refused.
const MOST_NONCES: usize = 200_000;
/// Keys whose bot, and whose session, is remembered.
const MOST_KEYS: u64 = 10_000;

/// What is remembered of those who sign.
pub(crate) struct Signers {
    users: Cache<[u8; 32], UserId>,
    sessions: Cache<[u8; 32], String>,
    nonces: Mutex<HashMap<[u8; 32], Timestamp>>,
}

impl Default for Signers {
    fn default() -> Self {
        Self { users: Cache::new(MOST_KEYS), sessions: Cache::new(MOST_KEYS), nonces: Mutex::default() }
    }
}

impl Signers {
    /// Whether a request is new and of our time.
    fn is_new(&self, request: [u8; 32], made_at: Timestamp, now: Timestamp) -> bool {
        if (now.since(made_at)).abs() > WINDOW_MS {
            return false;
        }
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        if nonces.len() >= MOST_NONCES {
            nonces.retain(|_, made_at| now.since(*made_at) <= WINDOW_MS);
        }
        nonces.len() < MOST_NONCES && nonces.insert(request, made_at).is_none()
    }
}

/// What a signed request says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Signature<'a> {
    /// Names the keys, with the next.
    pub app_key: &'a str,
    /// Names the keys.
    pub access_token: &'a str,
    /// Makes the request a different one.
    pub nonce: &'a str,
    /// When it was made, in seconds.
    pub made_at_s: i64,
}

/// Who signed a request.
#[derive(Clone, Debug)]
pub struct Signed {
    /// In which account.
    pub account: AccountId,
    /// The bot.
    pub user: Arc<User>,
    /// Its keys.
    pub keys: BotKey,
}

impl Signed {
    /// What they would sign in with.
    pub fn sign_in(&self) -> SignIn {
        SignIn::Keys { login: self.user.login.clone(), keys: self.keys.clone() }
    }
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

impl App {
    /// Whether these keys were found before. Others are looked for at every bot: let nobody ask for that often.
    pub fn knows_signer(&self, account: &str, given: Signature<'_>) -> bool {
        self.signers.users.contains_key(&digest(&[account, given.app_key, given.access_token]))
    }

    /// Who made a signed request; `right` compares the signature, given the secret halves.
    ///
    /// # Errors
    /// `UnknownOrWrong` for unknown keys, a wrong signature, a time that is not now, and a request that came before: not told which.
    pub async fn believe_signature(
        &self,
        account: &str,
        given: Signature<'_>,
        remote: &str,
        right: impl Fn(&BotKey) -> bool,
    ) -> Result<Signed, SignInError> {
        let directory = self.directory();
        let view = account.parse::<AccountId>().ok().and_then(|id| directory.account(&id)).ok_or(SignInError::UnknownOrWrong)?;
        let Some((user, keys)) = self.keys_named(view, given.app_key, given.access_token).await? else {
            return Err(SignInError::UnknownOrWrong);
        };
        let request = digest(&[account, given.app_key, given.access_token, &given.made_at_s.to_string(), given.nonce]);
        let made_at = Timestamp(given.made_at_s.saturating_mul(1_000));
        // A nonce counts as used only by whoever knows the secrets.
        if right(&keys) && self.signers.is_new(request, made_at, self.clock.now()) {
            return Ok(Signed { account: view.account.id.clone(), user, keys });
        }
        metrics::counter!("antiphon_failed_logins_total").increment(1);
        self.audit_often(&view.account.id, "signature.refused", ("user", &user.id.to_string()), || json!({"remote": remote}));
        Err(SignInError::UnknownOrWrong)
    }

    /// The session of whoever signed: begun by the first request, and kept for those that follow.
    ///
    /// # Errors
    /// As [`App::sign_in`].
    pub async fn session_of_signer(self: &Arc<Self>, signed: &Signed, remote: &str) -> Result<String, SignInError> {
        let key = digest(&[signed.account.as_str(), &signed.keys.app_key, &signed.keys.access_token]);
        if let Some(bearer) = self.signers.sessions.get(&key)
            && self.authenticate(&bearer).await.is_ok()
        {
            return Ok(bearer);
        }
        let signed_in = self.sign_in(signed.account.as_str(), signed.sign_in(), remote).await?;
        self.signers.sessions.insert(key, signed_in.bearer.clone());
        Ok(signed_in.bearer)
    }

    /// The bot whose keys have these public halves. Found by looking at every bot's once; afterwards it is remembered.
    async fn keys_named(&self, view: &AccountView, app_key: &str, access_token: &str) -> Result<Option<(Arc<User>, BotKey)>, Unavailable> {
        let key = digest(&[view.account.id.as_str(), app_key, access_token]);
        let known = self.signers.users.get(&key).and_then(|id| view.users.get(&id));
        let bots = || view.users.values().filter(|user| user.kind == UserKind::Bot);
        for user in known.into_iter().chain(bots()).filter(|user| user.enabled) {
            let Some(login) = self.store.login(&view.account.id, user.id).await? else { continue };
            let own = login.api_keys.into_iter().find(|own| own.app_key == app_key && own.access_token == access_token);
            if let Some(own) = own {
                self.signers.users.insert(key, user.id);
                return Ok(Some((Arc::clone(user), own)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_believed_once_and_in_its_time() {
        let signers = Signers::default();
        let check = |request: u8, made_at: i64, now: i64, expected: bool| {
            assert_eq!(signers.is_new([request; 32], Timestamp(made_at), Timestamp(now)), expected, "{request} {made_at} {now}");
        };
        check(1, 1_000_000, 1_000_000, true);
        check(1, 1_000_000, 1_000_001, false);
        check(2, 1_000_000, 1_300_000, true);
        check(3, 1_000_000, 1_300_001, false);
        check(4, 1_300_001, 1_000_000, false);
    }
}
