//! The installation's signing keys: one RSA pair per use at a time, renewed by age, and kept in public for as long as anything
//! that was signed with it may still be shown to us.

use super::jwt;
use crate::ports::store::{AuditRow, CommitError, KeyUse, SigningKey, UnitOfWork, Write};
use crate::{App, Unavailable};
use antiphon_domain::{AccountId, RowId, Timestamp};
use arc_swap::ArcSwap;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair};
use std::sync::Arc;
use tokio::sync::Mutex;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// The keys that there are.
pub(super) struct Keys {
    all: ArcSwap<Vec<Arc<OwnKey>>>,
    making: Mutex<()>,
}

/// A key, ready to sign and to verify.
pub(super) struct OwnKey {
    purpose: KeyUse,
    id: String,
    created_at: Timestamp,
    pair: RsaKeyPair,
    public: ParsedPublicKey,
}

/// A public key for whoever verifies our tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its id.
    pub id: String,
    /// The modulus, without leading zeros.
    pub modulus: Vec<u8>,
    /// The exponent, without leading zeros.
    pub exponent: Vec<u8>,
}

/// How a use's keys age, in days; `None` is never.
struct Ageing {
    renewed_after: Option<i64>,
    /// Counted from the day on which the next one came.
    kept_for: Option<i64>,
}

fn ageing(purpose: KeyUse) -> Ageing {
    match purpose {
        KeyUse::AppFixed => Ageing { renewed_after: None, kept_for: None },
        KeyUse::App | KeyUse::User => Ageing { renewed_after: Some(30), kept_for: Some(2) },
        // These tokens never expire, so their keys are kept for ever.
        KeyUse::Consumer => Ageing { renewed_after: Some(365), kept_for: None },
        // Both live a month at most.
        KeyUse::Visitor | KeyUse::Anonymous => Ageing { renewed_after: Some(30), kept_for: Some(33) },
    }
}

fn prefix(purpose: KeyUse) -> &'static str {
    match purpose {
        KeyUse::User => "idtoken",
        _ => "appjwt",
    }
}

/// The day of a time, as keys name it: two digits each of day, month and year.
fn day(at: Timestamp) -> String {
    // Days since 1 March of the year 0, in eras of 400 years.
    let days = at.0.div_euclid(DAY_MS) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{day:02}-{month:02}-{:02}", year.rem_euclid(100))
}

impl OwnKey {
    fn new(stored: SigningKey) -> Result<Self, Unavailable> {
        let unusable = || Unavailable(format!("the signing key {} ({}) can't be used", stored.id, stored.purpose.name()));
        let pair = RsaKeyPair::from_pkcs8(&stored.pkcs8).map_err(|_| unusable())?;
        let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()).map_err(|_| unusable())?;
        Ok(Self { purpose: stored.purpose, id: stored.id, created_at: stored.created_at, pair, public })
    }

    fn sign(&self, claims: &serde_json::Value) -> Result<String, Unavailable> {
        let unsigned = jwt::unsigned(&self.id, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // This padding takes no randomness; the library's signature demands a source all the same.
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), unsigned.as_bytes(), &mut signature)
            .map_err(|_| Unavailable(format!("the signing key {} does not sign", self.id)))?;
        Ok(jwt::signed(&unsigned, &signature))
    }

    /// Whether it signed that.
    pub(super) fn signed(&self, parts: &jwt::Parts<'_>) -> bool {
        self.public.verify_sig(parts.signed, &parts.signature).is_ok()
    }

    fn public(&self) -> PublicKey {
        let key = self.pair.public_key();
        PublicKey {
            id: self.id.clone(),
            modulus: key.modulus().big_endian_without_leading_zero().to_vec(),
            exponent: key.exponent().big_endian_without_leading_zero().to_vec(),
        }
    }
}

impl Keys {
    pub(super) fn new(stored: Vec<SigningKey>) -> Result<Self, Unavailable> {
        let keys = stored.into_iter().map(|key| OwnKey::new(key).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { all: ArcSwap::from_pointee(keys), making: Mutex::new(()) })
    }

    /// The key of that use and id.
    pub(super) fn find(&self, purpose: KeyUse, id: &str) -> Option<Arc<OwnKey>> {
        self.all.load().iter().find(|key| key.purpose == purpose && key.id == id).cloned()
    }

    /// The newest of that use, if it is young enough.
    fn current(&self, purpose: KeyUse, now: Timestamp) -> Option<Arc<OwnKey>> {
        let newest = self.newest(purpose)?;
        let aged = ageing(purpose).renewed_after.is_some_and(|days| now.since(newest.created_at) >= days * DAY_MS);
        (!aged).then_some(newest)
    }

    fn newest(&self, purpose: KeyUse) -> Option<Arc<OwnKey>> {
        self.all.load().iter().filter(|key| key.purpose == purpose).max_by_key(|key| key.created_at).cloned()
    }

    /// Ids of keys of that use that nothing living was signed with, once a new one begins now.
    fn spent(&self, purpose: KeyUse, now: Timestamp) -> Vec<String> {
        let Some(days) = ageing(purpose).kept_for else { return Vec::new() };
        let all = self.all.load();
        let mut of_use: Vec<&Arc<OwnKey>> = all.iter().filter(|key| key.purpose == purpose).collect();
        of_use.sort_by_key(|key| key.created_at);
        let replaced_at = of_use.iter().skip(1).map(|next| next.created_at);
        let spent = of_use.iter().zip(replaced_at).filter(|(_, at)| now.since(*at) >= days * DAY_MS);
        spent.map(|(key, _)| key.id.clone()).collect()
    }
}

impl App {
    /// Signs claims with the current key of a use; makes one when there is none, or when it has grown old.
    pub(super) async fn sign_token(&self, account: &AccountId, purpose: KeyUse, claims: &serde_json::Value) -> Result<String, Unavailable> {
        let keys = &self.identity.keys;
        let now = self.clock.now();
        let key = match keys.current(purpose, now) {
            Some(key) => key,
            None => {
                let _one_at_a_time = keys.making.lock().await;
                match keys.current(purpose, now) {
                    Some(key) => key,
                    None => self.make_key(account, purpose, now).await?,
                }
            }
        };
        key.sign(claims)
    }

    async fn make_key(&self, account: &AccountId, purpose: KeyUse, now: Timestamp) -> Result<Arc<OwnKey>, Unavailable> {
        let keys = &self.identity.keys;
        let id = format!("{}-{}", prefix(purpose), day(now));
        if let Some(known) = keys.find(purpose, &id) {
            // The clock was set back behind a key of today.
            return Ok(known);
        }
        let spent = keys.spent(purpose, now);
        let stored = SigningKey { purpose, id: id.clone(), created_at: now, pkcs8: self.ids.signing_key().await };
        let made = Arc::new(OwnKey::new(stored.clone())?);
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::AddSigningKey(stored));
        for id in &spent {
            unit.write(Write::DeleteSigningKey { purpose, id: id.as_str().into() });
        }
        unit.write(Write::AddAudit(AuditRow {
            id: RowId(self.ids.ascending(now)),
            at: now,
            by: None,
            by_key: None,
            action: "signing_key.created".into(),
            object_kind: "signing_key".into(),
            object_id: id.as_str().into(),
            detail: serde_json::json!({"use": purpose.name(), "removed": spent}).to_string().into(),
        }));
        match self.commit(unit).await {
            Ok(()) => {}
            Err(CommitError::Taken(_)) => return self.other_key(purpose, &id).await,
            Err(error) => return Err(error.into()),
        }
        metrics::counter!("antiphon_signing_keys_made_total", "use" => purpose.name()).increment(1);
        let all = keys.all.load();
        let kept = all.iter().filter(|key| key.purpose != purpose || !spent.contains(&key.id)).cloned();
        keys.all.store(Arc::new(kept.chain([Arc::clone(&made)]).collect()));
        Ok(made)
    }

    /// Another process was first: its key is the one.
    async fn other_key(&self, purpose: KeyUse, id: &str) -> Result<Arc<OwnKey>, Unavailable> {
        let fresh = Keys::new(self.store.signing_keys().await?)?;
        self.identity.keys.all.store(fresh.all.load_full());
        self.identity.keys.find(purpose, id).ok_or_else(|| Unavailable(format!("the signing key {id} is nowhere")))
    }

    /// The public keys with which others verify tokens of apps and of users, oldest first.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let keys = self.identity.keys.all.load();
        keys.iter().filter(|key| matches!(key.purpose, KeyUse::App | KeyUse::User)).map(|key| key.public()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_after_its_day() {
        let check = |ms: i64, expected: &str| assert_eq!(day(Timestamp(ms)), expected);
        check(0, "01-01-70");
        check(1_709_164_800_000, "29-02-24");
        check(1_709_251_199_999, "29-02-24");
        check(1_709_251_200_000, "01-03-24");
        check(1_764_028_800_000, "25-11-25");
        check(4_107_542_399_999, "28-02-00");
        check(-1, "31-12-69");
    }
}
