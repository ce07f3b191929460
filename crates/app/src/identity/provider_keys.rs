//! Public keys of the brand's log-ins: one in PEM, or a set behind an address that is fetched over the guarded way out.
//!
//! Sets are remembered for a while. A key that is not in one makes us look again, but not more often than every half minute:
//! who makes up key ids must not make us call somebody else's server. A set that can't be fetched goes on being used for a day.

use super::jwt;
use crate::ports::net::NetRequest;
use crate::{AccountView, App};
use antiphon_domain::{AccountId, Timestamp};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use moka::sync::Cache;
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How long a set is used without looking again, in milliseconds.
const FRESH_MS: i64 = 10 * 60_000;
/// Least time between two looks, in milliseconds.
const PAUSE_MS: i64 = 30_000;
/// How long a set is used that can't be fetched any more, in milliseconds.
const STALE_MS: i64 = 24 * 3_600_000;
/// How long a fetch may take, in milliseconds.
const FETCH_MS: u64 = 5_000;
/// Largest set, in bytes.
const MOST_BYTES: u64 = 256 << 10;
/// Most keys of a set that are used.
const MOST_KEYS: usize = 100;
/// Sets remembered at once.
const MOST_SETS: u64 = 1_000;

/// Keys of one provider.
pub(super) type KeySource = Arc<[ProviderKey]>;

/// A public key of a provider.
#[derive(Debug)]
pub(super) struct ProviderKey {
    kid: Option<String>,
    alg: &'static str,
    key: ParsedPublicKey,
}

/// The sets that were fetched, by account and address.
pub(super) struct Fetched(Cache<(AccountId, String), Arc<Mutex<Set>>>);

#[derive(Default)]
struct Set {
    keys: Option<(KeySource, Timestamp)>,
    looked_at: Option<Timestamp>,
    problem: String,
}

impl Default for Fetched {
    fn default() -> Self {
        Self(Cache::new(MOST_SETS))
    }
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Whether a text is one public key in PEM that tokens can be verified with.
pub fn is_public_key(pem: &str) -> bool {
    ProviderKey::from_pem(pem).is_some()
}

impl ProviderKey {
    /// A public key in PEM: RSA of at least 2048 bits, or on the curve P-256.
    pub(super) fn from_pem(pem: &str) -> Option<Self> {
        let body = pem.trim();
        let body = ["PUBLIC KEY", "RSA PUBLIC KEY"].into_iter().find_map(|name| {
            let rest = body.strip_prefix(&format!("-----BEGIN {name}-----"))?;
            rest.strip_suffix(&format!("-----END {name}-----"))
        })?;
        let der = STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()?;
        let rsa = || {
            let large = aws_lc_rs::rsa::PublicKey::from_der(&der).is_ok_and(|key| key.modulus_len() >= 256);
            let key = large.then(|| ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der).ok())??;
            Some(Self { kid: None, alg: "RS256", key })
        };
        let curve = || Some(Self { kid: None, alg: "ES256", key: ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &der).ok()? });
        rsa().or_else(curve)
    }

    fn from_jwk(jwk: Jwk) -> Option<Self> {
        let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let (alg, key) = match jwk.kty.as_str() {
            "RSA" => {
                let strip = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
                let components = RsaPublicKeyComponents { n: strip(bytes(jwk.n)?), e: strip(bytes(jwk.e)?) };
                if components.n.len() < 256 {
                    return None;
                }
                ("RS256", components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()?)
            }
            "EC" if jwk.crv.as_deref() == Some("P-256") => {
                let point = [&[4][..], &bytes(jwk.x)?, &bytes(jwk.y)?].concat();
                ("ES256", ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?)
            }
            _ => return None,
        };
        let meant = jwk.alg.as_deref().is_none_or(|own| own == alg) && jwk.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        meant.then_some(Self { kid: jwk.kid, alg, key })
    }

    /// Whether a token with that header could be this key's.
    pub(super) fn fits(&self, alg: &str, kid: Option<&str>) -> bool {
        self.alg == alg && (kid.is_none() || self.kid.is_none() || self.kid.as_deref() == kid)
    }

    /// Whether it signed that.
    pub(super) fn signed(&self, parts: &jwt::Parts<'_>) -> bool {
        self.key.verify_sig(parts.signed, &parts.signature).is_ok()
    }
}

impl App {
    /// The set behind an address; looked at again when it is old, or when `kid` is not in it.
    pub(super) async fn provider_keys(&self, view: &AccountView, url: &str, kid: Option<&str>) -> Result<KeySource, String> {
        let key = (view.account.id.clone(), url.to_owned());
        let set = self.identity.provider_keys.0.get_with(key, Arc::default);
        let mut set = set.lock().await;
        let now = self.clock.now();
        let knows = |keys: &KeySource| kid.is_none_or(|kid| keys.iter().any(|key| key.kid.is_none() || key.kid.as_deref() == Some(kid)));
        if let Some((keys, _)) = set.keys.as_ref().filter(|(keys, at)| now.since(*at) < FRESH_MS && knows(keys)) {
            return Ok(Arc::clone(keys));
        }
        if set.looked_at.is_none_or(|at| now.since(at) >= PAUSE_MS) {
            set.looked_at = Some(now);
            match self.fetch_keys(view, url).await {
                Ok(keys) => set.keys = Some((keys, now)),
                Err(problem) => {
                    tracing::warn!(account = %view.account.id, problem, "the keys of an identity provider can't be fetched");
                    metrics::counter!("antiphon_identity_provider_failures_total").increment(1);
                    set.problem = problem;
                }
            }
        }
        let kept = set.keys.as_ref().filter(|(_, at)| now.since(*at) < STALE_MS);
        kept.map(|(keys, _)| Arc::clone(keys)).ok_or_else(|| set.problem.clone())
    }

    async fn fetch_keys(&self, view: &AccountView, url: &str) -> Result<KeySource, String> {
        let net = self.net.for_account(&view.account.allow_private_endpoints, None);
        let mut request = NetRequest::new(http::Method::GET, url);
        request.headers.insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
        request.timeout_ms = FETCH_MS;
        request.max_answer_bytes = MOST_BYTES;
        request.redirects = 2;
        let answer = net.call(request).await.map_err(|error| error.to_string())?;
        if answer.status != 200 {
            return Err(format!("its address answers {}", answer.status));
        }
        let set: Jwks = serde_json::from_slice(&answer.body).map_err(|_| "its address answers with no set of keys".to_owned())?;
        let keys = set.keys.into_iter().filter_map(|key| ProviderKey::from_jwk(serde_json::from_value(key).ok()?));
        let keys: Vec<ProviderKey> = keys.take(MOST_KEYS).collect();
        if keys.is_empty() { Err("its set has no key for RS256 or ES256".to_owned()) } else { Ok(keys.into()) }
    }
}
